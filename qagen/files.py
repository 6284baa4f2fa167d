"""Files: the only module that writes them, the readers of JSON lines and YAML, and where qagen's own files lie.

Every file, link and folder appears whole: until it is complete, it has a hidden name beside its own.
"""

import codecs
import errno
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
import yaml

from qagen.errors import ConfigError, QagenError

# Data files lie beside the package in a checkout, inside it in a wheel.
_PACKAGE = Path(__file__).resolve().parent
_HOME = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent
TEMPLATES = _HOME / "templates"
TASK_CONFIGS = _HOME / "task_configs"
PRESETS = TASK_CONFIGS / "presets"
MIXES = _HOME / "data_jsons" / "mixes"

MAX_YAML_BYTES = 1_000_000
MAX_SCALAR_CHARS = 1000

T = TypeVar("T")

SIGNS = {
    b"\xef\xbb\xbf": "a byte order mark, expected UTF-8 without one",
    b"\xff\xfe": "UTF-16, expected UTF-8",
    b"\xfe\xff": "UTF-16, expected UTF-8",
    b"PAR1": "parquet, expected JSON lines",
    b"PK\x03\x04": "a zip archive or an Excel file, expected JSON lines",
    b"\x1f\x8b": "gzip, expected JSON lines",
}
"""What is not JSON, by the bytes that it begins with."""


class OutputError(QagenError):
    """The output folder cannot be written."""


def cache_dir() -> Path:
    """The user's cache folder for qagen (``QAGEN_CACHE``, else ``XDG_CACHE_HOME``, else ``~/.cache``)."""
    if "QAGEN_CACHE" in os.environ:
        return Path(os.environ["QAGEN_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qagen"


# --- writing ----------------------------------------------------------------------------------------------------------


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError into an OutputError that names ``path``."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def is_special(path: Path) -> bool:
    """Whether a device, a pipe or a socket stands there."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def _writing_anew(path: Path) -> Iterator[None]:
    """As ``writing``; refuses what a rename would remove for good, such as /dev/null."""
    with writing(path):
        if is_special(path):
            raise OSError(errno.EINVAL, "found a device or a pipe there, expected none")
        yield


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A free name beside ``path``; what is created under it replaces ``path``, and is removed after an error."""
    with _writing_anew(path):
        if path.is_dir():  # a rename would find it only once everything is written
            raise IsADirectoryError(errno.EISDIR, "found a folder there, expected none")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            yield unfinished
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)  # a rename onto a hard link of the same file does nothing


@contextmanager
def open_atomic(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file for writing that replaces ``path`` when the block ends without an error."""
    with _replacing(path) as unfinished, unfinished.open("xb") as file:
        yield file
        file.close()  # before the rename


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file; under its name stands the old one or the whole new one, never half."""
    with open_atomic(path) as file:
        file.write(content)


def link_atomic(path: Path, target: Path) -> None:
    """Hard-link ``path`` to ``target``, or symbolically across file systems, in place of whatever stands there."""
    with _replacing(path) as unfinished:
        try:
            unfinished.hardlink_to(target.resolve())
        except OSError:
            unfinished.symlink_to(target.resolve())


@contextmanager
def atomic_folder(path: Path, replace: bool = False) -> Iterator[Path]:
    """A new folder to write in that becomes ``path`` when the block ends, and vanishes after an error.

    Args:
        replace: whether a folder that stands there then is replaced; otherwise it stays, with an OutputError.
    """
    with _writing_anew(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
            unfinished = Path(scratch) / "new"
            unfinished.mkdir()
            yield unfinished
            if replace and path.exists():
                path.rename(Path(scratch) / "old")
            unfinished.rename(path)


# --- JSON lines -------------------------------------------------------------------------------------------------------


def parse_json(text: bytes, where: object) -> Any:
    """Any JSON, also with the NaN that Python writes and a byte order mark.

    Raises:
        QagenError: it is other text, or an object has a key twice; the message begins with ``where``.
    """
    try:
        return json.loads(text.removeprefix(codecs.BOM_UTF8), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise QagenError(f"{where}: is not JSON: {_found_instead(text) or error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"found {next(key for key in keys if keys.count(key) > 1)!r} twice, expected it once")
    return values


def _found_instead(text: bytes) -> str | None:
    """What a text is that is no JSON; None where only the parser can tell."""
    if not text.strip():
        return "found an empty line"
    if b"\0" in text and not text.startswith(tuple(SIGNS)):
        return "found NUL bytes: was the file cut off while it was written?"
    return next((f"found {what}" for sign, what in SIGNS.items() if text.startswith(sign)), None)


def decode_json(text: bytes, kind: type[T], where: object) -> T:
    """JSON of one kind. Raises QagenError, beginning with ``where``, for other text."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise QagenError(f"{where}: not a record: {_found_instead(text) or error}{_keys_found(text, error)}") from error


def _keys_found(text: bytes, error: Exception) -> str:
    """The keys of an object that has others than those expected."""
    if "missing required field" not in str(error) or "at `$" in str(error):
        return ""
    return f", found {', '.join(msgspec.json.decode(text, type=dict[str, Any])) or 'none'}"


def read_json_lines(path: Path, kind: type[T]) -> Iterator[tuple[int, int, T]]:
    """Line number from 1, first byte, and value of each line. Raises QagenError, with the line, for any other text."""
    start = 0
    with path.open("rb") as stream:
        for number, text in enumerate(stream, 1):
            yield number, start, decode_json(text, kind, f"{path}:{number}")
            start += len(text)


def read_json_line(path: Path, start: int, kind: type[T], where: object) -> T:
    """The value of the line that begins at byte ``start``. Raises QagenError as ``decode_json`` does."""
    with path.open("rb") as stream:
        stream.seek(start)
        return decode_json(stream.readline(), kind, where)


# --- YAML -------------------------------------------------------------------------------------------------------------


class _StrictLoader(yaml.SafeLoader):
    """Plain values only: no repeated key, no alias (a few unfold to more than memory), no endless number."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise ConfigError(f"line {event.start_mark.line + 1}: found alias *{event.anchor}, expected its value")
        return super().compose_node(parent, index)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        if len(node.value) > MAX_SCALAR_CHARS:
            found = f"a value of {len(node.value)} characters"
            raise ConfigError(f"line {node.start_mark.line + 1}: found {found}, expected at most {MAX_SCALAR_CHARS}")
        return super().construct_scalar(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise ConfigError(f"line {key.start_mark.line + 1}: {key.value}: found a second time, expected once")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file; none of an empty one.

    Raises:
        ConfigError: the file cannot be read, is too large, is not YAML, repeats a key or uses an alias.
    """
    try:
        if path.stat().st_size > MAX_YAML_BYTES:
            raise ConfigError(f"{path}: {path.stat().st_size} bytes, expected at most {MAX_YAML_BYTES}")
        text = path.read_text(encoding="utf-8")
        try:
            content = yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # PyYAML passes on the ValueErrors of int and date
        raise ConfigError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: found a {type(content).__name__}, expected keys and values")
    return content
