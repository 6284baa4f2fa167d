"""Files of items, read and written one item at a time, so that a list of any length needs little memory."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from qagen import cli
from qagen.core.reasons import REPEATED_KEY
from qagen.errors import ConfigError, QagenError
from qagen.files import SIGNS, is_special, open_atomic
from qagen.spacevista.forms import ItemError

CHUNK = 1 << 20
"""Bytes read at a time."""
MAX_ITEM = 1 << 26
"""Characters of an item; official ones have about 5,400."""
CUT = 16
"""Where a text is cut, json finds a mistake at most this many characters before the end, unless a string is open."""
LINES = (".jsonl", ".ndjson")
"""Suffixes of files that have one item a line."""
KINDS = {
    "{": "an object", "[": "a list", "]": "the end of the list", '"': "a string",
    "t": "true", "f": "false", "n": "null", "": "the end of the file",
}  # fmt: skip
"""What begins with a character of JSON."""
_BLANK = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of a file."""

    number: int
    """From 1: which item of the list, or which line."""
    value: dict[str, Any]
    repeated: str | None
    """A key that an object of the item has twice; None where there is none."""

    def item(self) -> dict[str, Any]:
        """The item. Raises ItemError where a key is repeated, because ``value`` has lost what stood under it before."""
        if self.repeated is not None:
            raise ItemError(REPEATED_KEY, f"{self.repeated}: found a second time in one object, expected once")
        return self.value

    @property
    def name(self) -> str:
        """How messages call it."""
        names = (self.value.get(key) for key in ("problem_id", "id", "Question Number"))
        found = next((name for name in names if isinstance(name, str | int)), None)
        return f"item {self.number}" if found is None else f"item {self.number} ({str(found)[:60]})"


# --- reading ----------------------------------------------------------------------------------------------------------


def read_items(path: Path, bar: cli.Bar | None = None) -> Iterator[Entry]:
    """The items of a JSON list, or of JSON lines where the name ends so.

    Values are those of Python's json: numbers with a point are doubles, others whole numbers of any size, and NaN and
    Infinity are understood.

    Args:
        bar: learns of the bytes read.

    Raises:
        ConfigError: the file cannot be read.
        QagenError: it is no such file. The message has the number of the item.
    """
    try:
        if is_special(path):  # commands read a file more than once, and a pipe may never end
            raise ConfigError(f"{path}: found a device or a pipe, expected a file")
        with path.open("rb") as file:
            _check_sign(path, file)
            yield from _lines(path, file, bar) if path.suffix in LINES else _list(_Window(path, file, bar))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error


def _check_sign(path: Path, file: BinaryIO) -> None:
    start = file.read(4)
    file.seek(0)
    for sign, found in SIGNS.items():
        if start.startswith(sign):
            raise QagenError(f"{path}: found {found.replace('JSON lines', 'a JSON list')}")


def kind_of(first: str) -> str:
    """What begins with a character."""
    return KINDS.get(first) or ("a number" if first in "-0123456789" else f"text that begins with {first!r}")


class _Decoder(json.JSONDecoder):
    """Decodes objects and notes a key that one of them has twice."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=self._unite)
        self.repeated: str | None = None

    def _unite(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            keys = [key for key, _ in pairs]
            self.repeated = next(key for key in keys if keys.count(key) > 1)
        return values


class _Window:
    """The part of a file that is decoded and not yet consumed."""

    def __init__(self, path: Path, file: BinaryIO, bar: cli.Bar | None) -> None:
        self.text, self.at, self.number, self.has_ended = "", 0, 0, False
        self._path, self._file, self._bar = path, file, bar
        self._size, self._read, self._broken = path.stat().st_size, 0, ""
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    def error(self, message: str) -> QagenError:
        return QagenError(f"{self._path}: item {self.number}: {message}" if self.number else f"{self._path}: {message}")

    def grow(self) -> None:
        """Read on; what was consumed is forgotten. Raises QagenError where bytes are no UTF-8."""
        if self._broken:
            raise self.error(self._broken)
        rest = self.text[self.at :]
        if len(rest) > MAX_ITEM:
            raise self.error(f"found more than {MAX_ITEM:,} characters, expected a shorter item")
        part = self._file.read(max(CHUNK, len(rest)))  # an item of many chunks is decoded a few times only
        self._read += len(part)
        self.text, self.at = rest + self._decode(part), 0
        self.has_ended = not part and not self._broken
        if self._bar:
            self._bar.update(self._read, self._size, f"Reading {self._path.name}")

    def _decode(self, part: bytes) -> str:
        """Text up to the first bytes that are no UTF-8; they are an error only once they are reached."""
        try:
            return self._utf8.decode(part, final=not part)
        except UnicodeDecodeError as error:
            place = self._read - len(error.object) + error.start
            self._broken = f"found bytes that are no UTF-8 ({error.reason} at byte {place}), expected UTF-8"
            return error.object[: error.start].decode()

    def peek(self) -> str:
        """The next character that is not blank; "" at the end."""
        while True:
            blank = _BLANK.match(self.text, self.at)
            self.at = blank.end() if blank else self.at
            if self.at < len(self.text) or self.has_ended:
                return self.text[self.at : self.at + 1]
            self.grow()

    def take(self, decoder: _Decoder) -> Entry:
        """Decode the object that begins here."""
        if (first := self.peek()) != "{":
            raise self.error(f"found {kind_of(first)}, expected an object")
        while True:
            decoder.repeated = None
            try:
                value, self.at = decoder.raw_decode(self.text, self.at)
                return Entry(self.number, value, decoder.repeated)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated") or error.pos > len(self.text) - CUT
                if not is_cut or self.has_ended:
                    raise self.error(self._mistake(error, is_cut)) from error
                self.grow()
            except (ValueError, RecursionError) as error:  # a number of too many digits, or brackets in brackets
                raise self.error(f"is not JSON that can be read: {error}") from error

    def _mistake(self, error: json.JSONDecodeError, is_cut: bool) -> str:
        if is_cut:
            return "found the end of the file inside the item; is the file complete?"
        return f"is not JSON: {error.msg}, found {json.dumps(self.text[error.pos : error.pos + 20])}"


def _list(window: _Window) -> Iterator[Entry]:
    """The items of a list."""
    if (first := window.peek()) != "[":
        raise window.error(f"found {kind_of(first)}, expected a list of items")
    window.at += 1
    decoder, is_open = _Decoder(), window.peek() != "]"
    while is_open:
        window.number += 1
        yield window.take(decoder)
        if (mark := window.peek()) not in (",", "]") or not mark:
            found = json.dumps(mark) if mark else "the end of the file"
            raise window.error(f"found {found} after it, expected a comma or the end of the list")
        is_open = mark == ","
        window.at += is_open
    window.at += 1
    if window.peek():
        window.number = 0
        raise window.error(
            f"found {json.dumps(window.text[window.at : window.at + 20])} after the list, expected nothing"
        )


def _lines(path: Path, file: BinaryIO, bar: cli.Bar | None) -> Iterator[Entry]:
    """The objects of lines; blank lines are passed over."""
    decoder, size, read = _Decoder(), path.stat().st_size, 0
    number = 0
    while line := file.readline(MAX_ITEM):
        number, read = number + 1, read + len(line)
        if not line.strip():
            continue
        decoder.repeated = None
        try:
            value = decoder.decode(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise QagenError(f"{path}: line {number}: is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise QagenError(f"{path}: line {number}: found {json.dumps(value)[:60]}, expected an object")
        if bar and number % 1000 == 0:
            bar.update(read, size, f"Reading {path.name}")
        yield Entry(number, value, decoder.repeated)


# --- writing ----------------------------------------------------------------------------------------------------------

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def json_text(value: Any) -> str:
    """A value as one line of JSON, as Python writes it; characters beyond ASCII stay."""
    return _ENCODER.encode(value)


@contextmanager
def open_list(path: Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A function that adds an item to a JSON list; the file appears when the block ends without an error.

    The bytes are those that json.dump writes with ``indent=2, ensure_ascii=False``; half of a surrogate pair, which no
    UTF-8 can have, is written as an escape.
    """
    with open_atomic(path) as file:
        separator = b"[\n  "

        def add(item: dict[str, Any]) -> None:
            nonlocal separator
            content = _indented(item)
            file.write(separator)
            file.write(content)
            separator = b",\n  "

        yield add
        file.write(b"[]" if separator.startswith(b"[") else b"\n]")


def _indented(item: dict[str, Any]) -> bytes:
    """An item as it stands in a list. Raises RecursionError where it is nested too deeply."""
    try:
        text = msgspec.json.format(_ENCODER.encode(item).encode("utf-8", "backslashreplace"), indent=2)
    except msgspec.DecodeError:  # NaN and halves of surrogate pairs, which are no JSON to msgspec
        text = json.dumps(item, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")
    return text.replace(b"\n", b"\n  ")
