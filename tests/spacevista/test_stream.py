"""Lists are read item by item, with the values of Python's json; what is no list is told with the item's number."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.reasons import REPEATED_KEY
from qagen.errors import QagenError
from qagen.spacevista import stream
from qagen.spacevista.forms import ItemError
from qagen.spacevista.stream import open_list, read_items
from tests.spacevista.values import TEXTS, VALUES, exactly


def read(path: Path, content: bytes | str) -> list[dict[str, Any]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [entry.item() for entry in read_items(path)]


OBJECTS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=4)


@pytest.mark.parametrize("chunk", [1, 3, 64, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
def test_items_are_those_of_json_wherever_a_chunk_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, indent: int | None
) -> None:
    monkeypatch.setattr(stream, "CHUNK", chunk)
    odd = [1.0, -1, 10**30, 1e-7, float("-inf"), float("nan"), True, None, 'é\\"\u2028😀\ud800', "\ude00\ud83d", [], {}]
    content = [{"a": odd, "é": {"b": [odd, {}]}}, {}, {"long": "x" * 200, "😀": "\ud83d"}]
    assert exactly(read(tmp_path / "a.json", json.dumps(content, indent=indent))) == exactly(content)
    text = json.dumps(content, indent=indent, ensure_ascii=False).encode("utf-8", "backslashreplace")
    assert exactly(read(tmp_path / "a.json", text)) == exactly(content)


@given(OBJECTS)
def test_written_lists_are_those_of_json(tmp_path_factory: pytest.TempPathFactory, content: list) -> None:
    path = tmp_path_factory.getbasetemp() / "written.json"
    with open_list(path) as add:
        for item in content:
            add(item)
    expected = json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")
    assert path.read_bytes() == expected
    assert exactly([entry.value for entry in read_items(path)]) == exactly(content)


def test_lines_are_items_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1}\n\n{"id": 2}')
    assert [(entry.number, entry.value) for entry in read_items(path)] == [(1, {"id": 1}), (3, {"id": 2})]
    path.write_text('{"id": 1}\n[1]\n')
    with pytest.raises(QagenError, match=r"a.jsonl: line 2: found \[1\], expected an object"):
        list(read_items(path))


GOOD = b'[{"id": 1}, '


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "a.json: found the end of the file, expected a list of items"),
        (b"  \n", "a.json: found the end of the file, expected a list of items"),
        (b'{"data": []}', "a.json: found an object, expected a list of items"),
        (b'"text"', "a.json: found a string, expected a list of items"),
        (b"48", "a.json: found a number, expected a list of items"),
        (b"\xef\xbb\xbf[]", "a.json: found a byte order mark, expected UTF-8 without one"),
        (b"\x1f\x8b\x08\x00", "a.json: found gzip, expected a JSON list"),
        (b"[", "a.json: item 1: found the end of the file, expected an object"),
        (b"[,]", "a.json: item 1: found text that begins with ',', expected an object"),
        (GOOD + b"3]", "a.json: item 2: found a number, expected an object"),
        (GOOD + b"[]]", "a.json: item 2: found a list, expected an object"),
        (GOOD + b"null]", "a.json: item 2: found null, expected an object"),
        (GOOD + b"]", "a.json: item 2: found the end of the list, expected an object"),
        (GOOD, "a.json: item 2: found the end of the file, expected an object"),
        (GOOD + b'{"id": ', "a.json: item 2: found the end of the file inside the item; is the file complete?"),
        (GOOD + b'{"id": "abc', "a.json: item 2: found the end of the file inside the item"),
        (GOOD + b'{"id": 2}', "a.json: item 2: found the end of the file after it, expected a comma or the end"),
        (GOOD + b'{"id": 2} {"id": 3}]', 'a.json: item 2: found "{" after it, expected a comma'),
        (GOOD + b'{"id": 2}] x', 'a.json: found "x" after the list, expected nothing'),
        (GOOD + b'{"id": 2}][]', 'a.json: found "[]" after the list, expected nothing'),
        (GOOD + b"{'id': 2, " + b" " * 50 + b"}]", "a.json: item 2: is not JSON: Expecting property name"),
        (GOOD + b'{"id": 2,}' + b" " * 50 + b"]", "a.json: item 2: is not JSON: "),
        (GOOD + b'{"id": "\xff"}]', "a.json: item 2: found bytes that are no UTF-8 (invalid start byte at byte 20)"),
        (GOOD + b'{"id": "\xc3', "a.json: item 2: found bytes that are no UTF-8 (unexpected end of data at byte 20)"),
        (GOOD + b'{"id": 2}]\xc3', "a.json: item 2: found bytes that are no UTF-8 (unexpected end of data at byte 22)"),
        (GOOD + b'{"id": "\xed\xa0\x80"}]', "a.json: item 2: found bytes that are no UTF-8"),
        (GOOD + b'{"id": "a\nb"' + b" " * 50 + b"}]", "a.json: item 2: is not JSON: Invalid control character"),
        (GOOD + b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "a.json: item 2: is not JSON that can be read"),
        (GOOD + b'{"id": ' + b"9" * 5000 + b"}]", "a.json: item 2: is not JSON that can be read: Exceeds the limit"),
    ],
)
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_what_is_no_list_of_objects_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str, chunk: int
) -> None:
    monkeypatch.setattr(stream, "CHUNK", chunk)
    with pytest.raises(QagenError) as caught:
        read(tmp_path / "a.json", content)
    assert str(caught.value).startswith(f"{tmp_path}/{says}")


def test_items_before_the_damage_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(GOOD + b'{"id": "\xff"}]')
    entries = read_items(tmp_path / "a.json")
    assert next(entries).value == {"id": 1}
    with pytest.raises(QagenError):
        next(entries)


def test_a_mistake_is_found_without_reading_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows is not read, so the bytes there, which are no UTF-8, are not what is told."""
    monkeypatch.setattr(stream, "CHUNK", 64)
    with pytest.raises(QagenError, match="is not JSON: Expecting ',' delimiter"):
        read(tmp_path / "a.json", GOOD + b'{"id" : 2 "a": 3}' + b" " * 64 + b"\xff" * 1000)


def test_an_item_of_endless_length_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 64)
    monkeypatch.setattr(stream, "MAX_ITEM", 1000)
    with pytest.raises(QagenError, match="item 1: found more than 1,000 characters, expected a shorter item"):
        read(tmp_path / "a.json", b'[{"a": "' + b"x" * 5000)


def test_a_key_that_stands_twice_is_an_error_of_the_item(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"a": 1}, {"a": {"b": 1, "c": 2, "b": 3}}, {"d": 1}]')
    first, second, third = read_items(tmp_path / "a.json")
    assert (first.item(), third.item()) == ({"a": 1}, {"d": 1})
    with pytest.raises(ItemError, match="b: found a second time in one object, expected once") as caught:
        second.item()
    assert caught.value.reason == REPEATED_KEY


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(QagenError, match=r"none.json: cannot be read \(No such file"):
        list(read_items(tmp_path / "none.json"))


def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    """Opened, it would wait for somebody who writes."""
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(QagenError, match=r"pipe\.json: found a device or a pipe, expected a file"):
        list(read_items(tmp_path / "pipe.json"))
