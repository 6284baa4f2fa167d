"""Masks of SpaceVista: NumPy files in several forms, and the ids that say which objects of a file are meant.

| array | ``object_ids`` |
|---|---|
| (H, W) bool or 0 and 1 | null, ``[true]`` or 1 |
| (H, W) of ids, 0 for none | ids, or null for all of them |
| (K, H, W) or (H, W, K), one channel an object | channels from 0, K bools, or null for all of them |

The published programs open pickles, take everything where the ids select nothing, and guess which axis of a small array
holds the channels; all of these are errors here.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.core.reasons import UNUSABLE_MASK
from qagen.errors import SceneError
from qagen.loaders.io.npy import ObjectArrayError, read_npy
from qagen.spacevista.forms import ItemError

MAX_MASK_PX = 64_000_000
"""Larger arrays are refused by their header."""
MAX_CHANNELS = 16
"""An axis shorter than this may hold channels."""
MAX_ASPECT_ERROR = 0.02
"""Largest relative difference between the aspect ratios of a mask and its frame."""
Mask = NDArray[np.bool_]


class MaskError(ItemError):
    """A mask that cannot be used; the message tells why."""

    def __init__(self, message: str) -> None:
        super().__init__(UNUSABLE_MASK, message)


def read_mask(path: Path, object_ids: Any, size: tuple[int, int]) -> Mask:
    """(h, w) the objects of a mask file, in the pixels of a frame of ``size`` (w, h).

    Raises:
        MaskError: the file is no mask, ``object_ids`` select nothing, or the mask does not fit the frame.
    """
    try:
        return fit_mask(select_mask(read_npy(path, MAX_MASK_PX), object_ids), size)
    except ObjectArrayError as error:
        raise MaskError(f"{error}; convert it: np.save(path, np.load(path, allow_pickle=True).astype(int))") from error
    except SceneError as error:
        raise MaskError(str(error)) from error
    except MaskError as error:
        raise MaskError(f"{path}: {error}") from error


def select_mask(array: NDArray, object_ids: Any) -> Mask:
    """(H, W) where the chosen objects are.

    Args:
        array: one of the forms above; leading axes of length 1 are dropped.
        object_ids: null, an int, a bool, or a sequence of ints or of bools.

    Raises:
        MaskError: the array has none of the forms, or an id selects nothing.
    """
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 2 and _is_one_flag(object_ids):
        return _union(_whole(array)[:, :, None], None, _pick_channel)  # of several ids, true could mean any
    if array.ndim == 2:
        return _union(_whole(array), object_ids, _pick_id)
    if array.ndim == 3:
        return _union(_channels_last(array), object_ids, _pick_channel)
    raise MaskError(f"found an array of {_sides(array)} values, expected two axes, or three with channels")


def fit_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask at a frame's ``size`` (w, h), by nearest neighbor.

    Raises:
        MaskError: the aspect ratios differ, or nothing is left of the mask.
    """
    (height, width), (mask_height, mask_width) = (size[1], size[0]), mask.shape
    if abs(mask_width * height - width * mask_height) > MAX_ASPECT_ERROR * width * mask_height:
        raise MaskError(f"found {mask_width} x {mask_height} pixels, expected the shape of {width} x {height}")
    fitted = scale_mask(mask, size)
    if not fitted.any():
        raise MaskError(f"found nothing of it left at {width} x {height} pixels")
    return fitted


def scale_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask at ``size`` (w, h), by nearest neighbor."""
    (width, height), (mask_height, mask_width) = size, mask.shape
    if mask.shape == (height, width):
        return mask
    rows = (2 * np.arange(height) + 1) * mask_height // (2 * height)
    columns = (2 * np.arange(width) + 1) * mask_width // (2 * width)
    return mask[rows[:, None], columns]


def split_ids(object_ids: tuple[int, ...] | None) -> list[tuple[int, ...] | None]:
    """One choice of ids for each object that is chosen; null is a single choice, and so are ids that choose nothing."""
    if object_ids is None or len(object_ids) < 2:
        return [object_ids]
    if all(isinstance(flag, bool) for flag in object_ids):
        places = range(len(object_ids))
        return [tuple(place == other for other in places) for place in places if object_ids[place]] or [object_ids]
    return [(name,) for name in object_ids]


def _union(array: NDArray, object_ids: Any, pick: Callable[[NDArray, int], Mask]) -> Mask:
    """All of ``array`` (H, W) or (H, W, K) for null, else the objects that ``pick`` finds."""
    n_channels = array.shape[2] if array.ndim == 3 else 1
    ids = _listed(object_ids, n_channels)
    if ids is not None:
        masks = [pick(array, name) for name in ids]
    elif array.ndim == 2:
        masks = [array != 0]
    else:
        masks = [_pick_channel(array, channel, may_be_empty=True) for channel in range(n_channels)]
    mask = np.logical_or.reduce(masks)
    if not mask.any():
        raise MaskError("found no object in it, expected one")
    return mask


def _is_one_flag(object_ids: Any) -> bool:
    """Whether it is true, alone or in a list: all of an array that holds a single object."""
    flags = object_ids if isinstance(object_ids, list | tuple) else [object_ids]
    return len(flags) == 1 and flags[0] is True


def _listed(object_ids: Any, n_channels: int) -> list[int] | None:
    """The ids as ints; those of bools are channels, and one bool stands for all of a single channel, like null."""
    if object_ids is None or (n_channels == 1 and _is_one_flag(object_ids)):
        return None
    ids = list(object_ids) if isinstance(object_ids, list | tuple) else [object_ids]
    if ids and all(isinstance(flag, bool) for flag in ids) and len(ids) == n_channels > 1:
        ids = [channel for channel, flag in enumerate(ids) if flag]
    elif not all(type(name) is int for name in ids):
        expected = f"null, ints, or a bool for each of {n_channels} channels" if n_channels > 1 else "null or ints"
        raise MaskError(f"object_ids: found {repr(object_ids)[:80]}, expected {expected}")
    if not ids:
        raise MaskError(f"object_ids: found {repr(object_ids)[:80]}, which select nothing, expected null or ids")
    return ids


def _pick_id(array: NDArray, name: int) -> Mask:
    mask = array == name
    if name == 0 or not mask.any():
        known = [str(value) for value in np.unique(array)[:10].tolist() if value != 0]
        raise MaskError(
            f"object_ids: found {name}, which selects nothing, expected some of {', '.join(known) or 'none'}"
        )
    return mask


def _pick_channel(array: NDArray, channel: int, may_be_empty: bool = False) -> Mask:
    if not 0 <= channel < array.shape[2]:
        last = array.shape[2] - 1
        raise MaskError(f"object_ids: found {channel}, which selects nothing, expected channels from 0 to {last}")
    values = array[:, :, channel]
    mask = values != 0
    if not mask.any():
        if may_be_empty:
            return mask
        raise MaskError(f"object_ids: found {channel}, whose channel is empty, expected an object in it")
    inside = values[mask]
    if inside.min() != inside.max():
        raise MaskError(f"channel {channel}: found {inside.min()} and {inside.max()}, expected 0 and one other value")
    return mask


def _channels_last(array: NDArray) -> NDArray:
    """(H, W, K) of an array whose channels are its first or its last axis."""
    first, second, last = array.shape
    is_first, is_last = first < MAX_CHANNELS, last < MAX_CHANNELS or first == second
    if is_first and is_last:
        raise MaskError(f"found {_sides(array)} values, where either axis may hold the channels; expected H x W")
    return np.moveaxis(_whole(array), 0, 2) if is_first else _whole(array)


def _whole(array: NDArray) -> NDArray:
    """The array; floats must be whole numbers."""
    is_whole = array.dtype.kind in "biu"
    if array.dtype.kind == "f":
        is_whole = bool((np.isfinite(array) & (array == np.rint(array))).all())
    if not is_whole or not array.size:
        found = f"{_sides(array)} values of {array.dtype}"
        raise MaskError(f"found {found}, expected bools or whole numbers")
    return array


def _sides(array: NDArray) -> str:
    return " x ".join(map(str, array.shape)) or "single"
