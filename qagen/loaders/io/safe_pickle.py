"""Pickles of plain data, read without running what they say.

A pickle is a program: loading one with the standard loader runs any function that it names. Here only containers,
numbers, strings and numpy arrays can come of it; whatever else a file names is refused before it is called.
"""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from qagen.errors import SceneError

MAX_BYTES = 4 << 30
DAMAGED = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    MemoryError, UnicodeDecodeError, ImportError, RecursionError, AssertionError,
)  # fmt: skip
"""What a damaged pickle makes the reader raise."""


def read_safe_pickle(path: Path) -> Any:
    """The data of a pickle file.

    Raises:
        SceneError: the file cannot be read, is no pickle, or holds anything but plain data.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SceneError(path, f"size: found {path.stat().st_size} bytes, expected at most {MAX_BYTES}")
        with path.open("rb") as file:
            return _SafeUnpickler(file).load()
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error
    except DAMAGED as error:
        raise SceneError(path, f"pickle: {error}") from error


class _SafeUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _PLAIN:
            raise pickle.UnpicklingError(f"found {module[:80]}.{name[:80]}, expected plain data and numpy arrays only")
        return _PLAIN[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("found a reference to something outside, expected plain data")


def _empty_array(kind: type, shape: tuple[int, ...], code: bytes) -> np.ndarray:
    """What numpy's own _reconstruct does, but for the room that a file could ask for; the state brings the shape."""
    if kind is not np.ndarray:
        raise pickle.UnpicklingError(f"found an array of type {kind!r}, expected numpy.ndarray")
    return np.ndarray((0,), "b")


def _number(dtype: np.dtype, data: bytes) -> Any:
    if dtype.hasobject:
        raise pickle.UnpicklingError("found a number that holds objects, expected a plain one")
    return np.frombuffer(data, dtype, count=1)[0]


def _array(data: bytes, dtype: np.dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    return np.frombuffer(data, dtype).reshape(shape, order="F" if order == "F" else "C")


def _bytes(text: str, encoding: str) -> bytes:
    """How protocol 2 spells bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"found bytes in {encoding[:20]!r}, expected latin1")
    return text.encode("latin1")


def _dtype(code: str, *flags: bool) -> np.dtype:
    return np.dtype(str(code)[:40])


_FUNCTIONS: dict[str, Callable[..., Any]] = {"_reconstruct": _empty_array, "scalar": _number}
_PLAIN: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _bytes,
    ("collections", "OrderedDict"): dict,
    **{(module, "set"): set for module in ("builtins", "__builtin__")},
    **{(f"numpy.{core}.multiarray", name): made for core in ("core", "_core") for name, made in _FUNCTIONS.items()},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _array for core in ("core", "_core")},
}
