"""NumPy's own files, read as data: sizes are checked before memory is taken, and objects (pickles) are refused."""

import io
import os
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tokenize import TokenError
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError

MAX_NPY_BYTES = 1 << 30
"""Maximum size of an array; none of the datasets has a tenth of it."""
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""Readers of a header by its version. The third version serves names of fields alone."""
BAD_HEADER = (ValueError, SyntaxError, TypeError, OverflowError, RecursionError, MemoryError, TokenError)
"""What a damaged header makes NumPy raise, whose parser takes it for a Python literal."""
UNZIPPABLE = (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError)
"""What a damaged, encrypted or exotic zip archive makes zipfile raise."""


class ObjectArrayError(SceneError):
    """An array of Python objects, which only running its pickle could read."""


def read_npy(path: Path, max_items: int | None = None) -> NDArray:
    """The array of a .npy file, read-only.

    Args:
        max_items: larger arrays are refused by their header alone.

    Raises:
        SceneError: the file is missing, too large, no array or cut off.
        ObjectArrayError: it holds Python objects.
    """
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MAX_NPY_BYTES:
                raise SceneError(path, f"size: found {size} bytes, expected at most {MAX_NPY_BYTES}")
            header = _read_header(stream, size, path, "array", max_items)
            return _array(stream.read(), header)
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error


def parse_npy(content: bytes, path: Path, name: str) -> NDArray:
    """The array of a .npy file's bytes, read-only; errors name ``path`` and ``name``. Raises as read_npy."""
    stream = io.BytesIO(content)
    header = _read_header(stream, len(content), path, name)
    return _array(memoryview(content)[stream.tell() :], header)


@dataclass(frozen=True, slots=True)
class _Header:
    shape: tuple[int, ...]
    kind: np.dtype
    is_fortran: bool


def _array(content: bytes | memoryview, header: _Header) -> NDArray:
    return np.frombuffer(content, header.kind).reshape(header.shape, order="F" if header.is_fortran else "C")


def _read_header(stream: BinaryIO, size: int, path: Path, name: str, max_items: int | None = None) -> _Header:
    """The header of an array that takes the rest of the ``size`` bytes of its file. Raises as read_npy."""
    try:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"version {version} of the format")
        shape, is_fortran, kind = _HEADERS[version](stream)
    except BAD_HEADER as error:
        raise SceneError(path, f"{name}: found no NumPy array, expected one ({error})") from error
    if kind.hasobject:
        raise ObjectArrayError(path, f"{name}: found Python objects (a pickle), expected numbers; it is not opened")
    count, found = int(np.prod(shape, dtype=object)), size - stream.tell()
    sides = " x ".join(map(str, shape))
    if max_items is not None and count > max_items:
        raise SceneError(path, f"{name}: found {sides} values, expected at most {max_items}")
    if min(shape, default=0) < 0 or not kind.itemsize or count * kind.itemsize != found:
        raise SceneError(path, f"{name}: found {found} bytes, expected those of {sides} {kind} (cut off?)")
    return _Header(shape, kind, is_fortran)


def open_zip(path: Path) -> zipfile.ZipFile:
    """A zip archive. Raises SceneError when it is none or is damaged."""
    try:
        return zipfile.ZipFile(path)
    except UNZIPPABLE as error:
        raise SceneError(path, f"cannot be read as zip ({error})") from error


def kept_zip(path: Path) -> zipfile.ZipFile:
    """A zip archive that stays open for the next call, because its directory is as long as it has members.

    Threads may share it; do not close it. A file that was replaced is opened anew. Raises SceneError as open_zip.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise SceneError(path, f"cannot be read as zip ({error.strerror})") from error
    return _kept_zip(path, found.st_ino, found.st_size, found.st_mtime_ns, os.getpid())


@lru_cache(maxsize=8)
def _kept_zip(path: Path, *_state: int) -> zipfile.ZipFile:
    """Processes do not share an archive: they would move each other's place in the file."""
    return open_zip(path)


def read_member(archive: zipfile.ZipFile, member: str, path: Path, max_bytes: int) -> bytes:
    """A file of a zip archive. Raises SceneError, which names it, where it is missing, larger or damaged."""
    try:
        info = archive.getinfo(member)
    except KeyError as error:
        raise SceneError(path, f"{member}: no such member") from error
    if info.file_size > max_bytes:
        raise SceneError(path, f"{member}: found {info.file_size} bytes unpacked, expected at most {max_bytes}")
    try:
        return archive.read(info)
    except UNZIPPABLE as error:
        raise SceneError(path, f"{member}: cannot be unpacked ({error or type(error).__name__})") from error
