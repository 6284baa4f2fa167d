"""Listing folders, JSON, and small text files of numbers: poses, intrinsics and ``key = value`` descriptions.

Files are read as people and their tools write them: 640.0 and "640" are whole numbers, a matrix may hold NaN in every
spelling, paths may have backslashes, and Windows puts a byte order mark before everything.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.json_errors import explained, explained_syntax

MAX_BYTES = 1 << 16
"""No file of this kind comes near it; a larger one is something else."""
MAX_JSON_BYTES = 1 << 30
"""An annotation that names every vertex of a large mesh has a tenth of it."""

_T = TypeVar("_T")
_NOT_FINITE = re.compile(r"[+-]?(?:1\.#\w+|nan\(\w*\)|null|none|n/a)", re.IGNORECASE)
"""NaN and infinity as the C libraries of Windows, Lua and others print them; Python reads the other spellings."""
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")


def list_folder(folder: Path) -> list[Path]:
    """Everything in a folder, sorted. Raises SceneError when it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise SceneError(folder, f"cannot be listed ({error.strerror})") from error


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Read a small text file. Raises SceneError when it is missing, too large or not text."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error
    if len(data) > max_bytes:
        raise SceneError(path, f"size: found more than {max_bytes} bytes, expected a short text file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SceneError(path, f"content: found binary data at byte {error.start}, expected text") from error


def read_json(path: Path, kind: type[_T]) -> _T:
    """Read a JSON file of a declared kind. Raises SceneError when it is missing, damaged or of another kind."""
    return decode_json(_read_large(path), kind, path)


def read_unique_json(path: Path, kind: type[_T]) -> _T:
    """As read_json, of a file that people write or join: a key that comes twice in one object is refused."""
    data = _read_large(path)
    _parse_python_json(data, path, partial(_check_pairs, path))
    return decode_json(data, kind, path)


def _read_large(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_JSON_BYTES:
            raise SceneError(path, f"size: found {size} bytes, expected at most {MAX_JSON_BYTES}")
        return path.read_bytes()
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error


def _check_pairs(path: Path, pairs: list[tuple[str, Any]]) -> None:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        key, count = Counter(keys).most_common(1)[0]
        raise SceneError(path, f"content: found key {key!r} {count} times in one object, expected it once")


def decode_json(data: bytes, kind: type[_T], path: Path) -> _T:
    """JSON of a declared kind; ``path`` goes into the message. Raises SceneError when it is damaged or of another."""
    try:
        return msgspec.json.decode(data, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return convert_json(_parse_python_json(data, path), kind, path)


def _parse_python_json(data: bytes, path: Path, on_object: Callable[[list[tuple[str, Any]]], Any] = dict) -> Any:
    """JSON with the NaN and Infinity that Python writes, or behind a byte order mark."""
    try:
        return json.loads(data, object_pairs_hook=on_object)
    except (ValueError, RecursionError) as error:
        raise SceneError(path, f"content: {explained_syntax(data, error)}") from error


def convert_json(content: Any, kind: type[_T], path: Path) -> _T:
    """Parsed JSON as a declared kind. Raises SceneError when it is of another kind."""
    try:
        return msgspec.convert(content, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SceneError(path, explained(error, content, kind)) from error
    except RecursionError as error:
        raise SceneError(path, f"content: {error}") from error


def check_unique(values: Iterable[object], path: Path, field: str) -> None:
    """Raise SceneError where a value comes more than once; ``path`` and ``field`` go into the message."""
    value, count = next(iter(Counter(values).most_common(1)), ("", 0))
    if count > 1:
        raise SceneError(path, f"{field}: found {value} more than once, expected it once")


def posix(name: str) -> PurePosixPath:
    """A path as a file spells it; Windows writes backslashes."""
    return PurePosixPath(name.replace("\\", "/"))


def inside(folder: Path, name: str, source: Path, field: str) -> Path:
    """The path that a file names relative to ``folder``.

    Raises:
        SceneError: it would lead out of the folder; ``source`` and ``field`` go into the message.
    """
    parts = posix(name)
    has_drive = bool(parts.parts) and parts.parts[0].endswith(":")
    if not name or "\0" in name or has_drive or parts.is_absolute() or ".." in parts.parts:
        raise SceneError(source, f"{field}: found {name[:80]!r}, expected a path inside the scene's folder")
    return folder / parts


def safe_name(name: str) -> str:
    """A name for ids and files: everything but letters, digits, "_" and "-" becomes "_"."""
    return re.sub(r"[^\w-]", "_", name)


def natural(name: str) -> list[Any]:
    """A key that sorts names as people number them: "frame_2" before "frame_10", times by their value."""
    return [Decimal(part) if index % 2 else part for index, part in enumerate(_NUMBER.split(name))]


def read_entries(path: Path) -> dict[str, str]:
    """Read ``key = value`` lines; lines without "=" are passed over. Raises SceneError as read_text."""
    pairs = (line.split("=", 1) for line in read_text(path).splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def parse_numbers(text: str, path: Path, name: str, counts: tuple[int, ...]) -> NDArray[np.float64]:
    """Parse numbers apart by blanks, of one of the ``counts``; they may be "inf" or "nan".

    Raises:
        SceneError: a word is no number, or there are more or fewer; ``path`` and ``name`` go into the message.
    """
    words = text.split()
    expected = " or ".join(map(str, counts))
    if len(words) not in counts:
        raise SceneError(path, f"{name}: found {len(words)} numbers, expected {expected}")
    try:
        return np.array([parse_float(word) for word in words])
    except ValueError as error:
        raise SceneError(path, f"{name}: {error}, expected {expected} numbers") from error


def parse_float(word: str) -> float:
    """A number as Python or other tools print it, NaN and infinity included. Raises ValueError."""
    return math.nan if _NOT_FINITE.fullmatch(word) else float(word)


def whole(value: float, path: Path, name: str) -> int:
    """A whole number that is written as any number: 640 or 640.0. Raises SceneError for 640.5."""
    if not float(value).is_integer():
        raise SceneError(path, f"{name}: found {value:g}, expected a whole number")
    return int(value)


def parse_matrix(text: str, path: Path, name: str, sides: tuple[int, ...] = (4,)) -> NDArray[np.float64]:
    """Parse a square row-major matrix whose side is one of ``sides``. Raises SceneError as parse_numbers.

    Entries may be "inf" or "nan": that is how lost tracking is written.
    """
    values = parse_numbers(text, path, name, tuple(side * side for side in sides))
    side = math.isqrt(len(values))
    return values.reshape(side, side)


def read_matrix(path: Path, name: str, sides: tuple[int, ...] = (4,)) -> NDArray[np.float64]:
    """Read a file that holds one square matrix. Raises SceneError as parse_numbers and read_text."""
    return parse_matrix(read_text(path), path, name, sides)


def parse_pose(text: str, path: Path, name: str = "pose") -> NDArray[np.float64]:
    """Parse a 4 x 4 or 3 x 4 pose as (4, 4); without any number, as where tracking was lost, all entries are NaN.

    Raises:
        SceneError: as parse_numbers; ``path`` and ``name`` go into the message.
    """
    values = parse_numbers(text, path, name, (16, 12, 0)).reshape(-1, 4)
    if not len(values):
        return np.full((4, 4), np.nan)
    return np.vstack([values, [0, 0, 0, 1]])[:4]


def read_pose(path: Path) -> NDArray[np.float64]:
    """Read a file that holds one pose. Raises SceneError as parse_pose and read_text."""
    return parse_pose(read_text(path), path)


def parse_size(entries: dict[str, str], key: str, path: Path) -> int:
    """One whole number above zero out of ``key = value`` entries. Raises SceneError."""
    return whole(parse_number(entries, key, path), path, key)


def parse_number(entries: dict[str, str], key: str, path: Path) -> float:
    """One finite number above zero out of ``key = value`` entries. Raises SceneError."""
    text = entries.get(key, "no such line")
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 < value < np.inf:
        raise SceneError(path, f"{key}: found {text!r}, expected a number above 0")
    return value
