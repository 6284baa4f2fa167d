"""Files appear whole or not at all; JSON lines and YAML are read strictly."""

import os
from pathlib import Path
from typing import Any

import pytest

from qagen.errors import ConfigError, QagenError
from qagen.files import (
    MAX_YAML_BYTES,
    OutputError,
    atomic_folder,
    decode_json,
    link_atomic,
    open_atomic,
    parse_json,
    read_json_line,
    read_json_lines,
    read_yaml,
    write_atomic,
)


def fail_with(error: BaseException):
    def fail(*_args: object, **_more: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "ended"])
def test_a_failing_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = tmp_path / "folder" / "file.txt"
    write_atomic(path, b"old")
    monkeypatch.setattr(Path, "replace", fail_with(error))
    expected = OutputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected, match=r"cannot be written \(No space" if expected is OutputError else None):
        write_atomic(path, b"a new content that is longer")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_a_new_file_can_be_read_by_all_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "file", b"")
        assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match=r"out/file\.txt: cannot be written \("):
        write_atomic(tmp_path / "out" / "file.txt", b"")


def test_a_pipe_in_the_way_stays(tmp_path: Path) -> None:
    """So does a device: for root, a file in place of /dev/null would be the end of the machine."""
    os.mkfifo(pipe := tmp_path / "pipe")
    for write in (lambda: write_atomic(pipe, b""), lambda: link_atomic(pipe, tmp_path / "file")):
        with pytest.raises(OutputError, match=r"pipe: cannot be written \(found a device or a pipe there, expected"):
            write()
    with pytest.raises(OutputError, match="found a device"), atomic_folder(pipe, replace=True):
        pass
    assert pipe.is_fifo()


def test_a_file_in_the_way_of_a_link_is_named(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("a file")
    with pytest.raises(OutputError, match=r"images/0\.jpg: cannot be written \("):
        link_atomic(tmp_path / "images" / "0.jpg", tmp_path / "images")


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", b"old")

    def write_half() -> None:
        with open_atomic(tmp_path / "file") as file:
            file.write(b"half")
            raise QagenError("no more")

    with pytest.raises(QagenError, match=r"no more"):
        write_half()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"old"}


def test_a_link_replaces_what_stands_there(tmp_path: Path) -> None:
    write_atomic(tmp_path / "target", b"image")
    write_atomic(tmp_path / "link", b"old")
    for _ in range(2):  # the second time, a link to the same file stands there
        link_atomic(tmp_path / "link", tmp_path / "target")
    assert (tmp_path / "link").samefile(tmp_path / "target")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


def fill(path: Path, text: str, replace: bool = False, error: BaseException | None = None) -> None:
    with atomic_folder(path, replace) as folder:
        (folder / "file").write_text(text)
        assert not (path / "file").exists() or (path / "file").read_text() == "old"
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), QagenError("no")])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_that_breaks_off_leaves_the_old_one_or_none(
    tmp_path: Path, error: BaseException, is_there: bool
) -> None:
    if is_there:
        fill(tmp_path / "folder", "old")
    with pytest.raises(OutputError if isinstance(error, OSError) else type(error)):
        fill(tmp_path / "folder", "new", replace=True, error=error)
    assert [path.read_text() for path in tmp_path.glob("*/*")] == ["old"] * is_there
    assert len(list(tmp_path.iterdir())) == is_there


def test_a_folder_that_stands_there_is_replaced_only_if_asked_for(tmp_path: Path) -> None:
    fill(tmp_path / "folder", "old")
    with pytest.raises(OutputError, match=r"folder: cannot be written \("):
        fill(tmp_path / "folder", "new")
    assert (tmp_path / "folder" / "file").read_text() == "old"
    fill(tmp_path / "folder", "new", replace=True)
    assert [path.read_text() for path in tmp_path.glob("*/*")] == ["new"]


def test_json_lines_have_their_number_and_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": 22}\n{"a": "x"}\n')
    lines = read_json_lines(path, dict[str, int])
    assert [next(lines), next(lines)] == [(1, 0, {"a": 1}), (2, 9, {"a": 22})]
    with pytest.raises(QagenError, match=r"lines\.jsonl:3: not a record: Expected `int`, got `str`"):
        next(lines)
    assert read_json_line(path, 9, dict[str, int], path) == {"a": 22}


@pytest.mark.parametrize("text", [b"{", b"\xff", b"[" * 100_000, b""])
def test_text_that_is_not_json_is_named(text: bytes) -> None:
    with pytest.raises(QagenError, match=r"^here: not a record: "):
        decode_json(text, dict[str, Any], "here")
    with pytest.raises(QagenError, match=r"^here: is not JSON: "):
        parse_json(text, "here")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "line 2: a: found a second time, expected once"),
        ("a: {b: 1, b: 2}", "line 1: b: found a second time, expected once"),
        ("a: &x [1]\nb: *x", "line 2: found alias *x, expected its value"),
        ("a: " + "x" * 1001, "line 1: found a value of 1001 characters, expected at most 1000"),
        ("a: !!python/name:os.system", "is not YAML: could not determine a constructor"),
        ("- a", "found a list, expected keys and values"),
        ("#" * (MAX_YAML_BYTES + 1), "1000001 bytes, expected at most 1000000"),
    ],
)
def test_yaml_that_is_not_plain_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_yaml_of_nothing_has_no_keys(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("# nothing\n")
    assert read_yaml(tmp_path / "run.yaml") == {}
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read"):
        read_yaml(tmp_path / "gone.yaml")
