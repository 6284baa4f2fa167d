"""Lenses as transforms.json and scene.json tell them.

A transforms.json may tell distortion, which is undone by qagen.loaders.io.undistorted; a scene.json must be of images
without any.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qagen.errors import SceneError

PINHOLES = frozenset({"PINHOLE", "SIMPLE_PINHOLE"})
BROWN = frozenset({"OPENCV", "FULL_OPENCV", "SIMPLE_RADIAL", "RADIAL", "PERSPECTIVE"})
"""Models of Brown and Conrady: k1, k2, p1, p2, k3."""
FISHEYES = frozenset({"OPENCV_FISHEYE", "FISHEYE", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE"})
"""Models of Kannala and Brandt: k1 to k4."""
_MODEL = re.compile(r"camera_(?:model|type)")
_BENT = re.compile(
    r"[kps]\d|distortion\w*|(?:is_)?fisheye\w*|ftheta\w*|latlong|equirectangular|omnidirectional|orthographic"
)
"""Keys that bend rays unless they are zero or false."""
_LIST = "distortion_params"
_LIST_ORDER = ("k1", "k2", "k3", "k4", "p1", "p2")
"""Order of the numbers of nerfstudio's distortion_params."""
_BROWN_ORDER = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")
_FISHEYE_ORDER = ("k1", "k2", "k3", "k4")


@dataclass(frozen=True, slots=True)
class Lens:
    """How a lens bends rays."""

    distortion: tuple[float, ...] = ()
    """Coefficients in OpenCV's order: k1, k2, p1, p2, k3 to k6, or k1 to k4 of a fisheye; none for a pinhole."""
    is_fisheye: bool = False
    """Whether the coefficients are those of OpenCV's fisheye model."""


STRAIGHT = Lens()


def is_lens(key: str) -> bool:
    """Whether a key of a camera is about its lens."""
    return bool(_MODEL.fullmatch(key) or _BENT.fullmatch(key))


def check_pinhole(camera: Mapping[str, Any], path: Path, where: str) -> None:
    """Raise SceneError where one of the keys says that a camera is no pinhole; ``where`` begins the message."""
    _refuse([key for key, value in camera.items() if _bends(key, value)], camera, path, where)


def read_lens(camera: Mapping[str, Any], path: Path, where: str) -> Lens:
    """The lens that the keys of a camera in a transforms.json tell.

    Raises:
        SceneError: it is no pinhole, Brown or fisheye lens, or its keys contradict each other.
    """
    model = next((str(value).upper() for key, value in camera.items() if _MODEL.fullmatch(key) and value), "")
    is_fisheye = model in FISHEYES or _is_set(camera.get("is_fisheye", False))
    order = _FISHEYE_ORDER if is_fisheye else _BROWN_ORDER if model == "FULL_OPENCV" else _BROWN_ORDER[:5]
    numbers = _coefficients(camera, path, where)
    unread = [key for key, value in numbers.items() if value and key not in order]
    if unread and _is_set(camera.get(_LIST)):
        unread = [_LIST]
    known = {*_LIST_ORDER, *_BROWN_ORDER, _LIST, "is_fisheye"}
    unread += [key for key, value in camera.items() if _bends(key, value) and key not in known]
    _refuse([key for key in unread if model not in FISHEYES or not _MODEL.fullmatch(key)], camera, path, where)
    distortion = tuple(numbers.get(key, 0.0) for key in order)
    if model in PINHOLES and any(distortion):
        _refuse([key for key in order if numbers.get(key)], camera, path, f"{where} of a {model}")
    return Lens(distortion, is_fisheye) if any(distortion) or is_fisheye else STRAIGHT


def _coefficients(camera: Mapping[str, Any], path: Path, where: str) -> dict[str, float]:
    """Coefficients by name; those of a list, where there is one, go before those with keys of their own."""
    told = {key: camera[key] for key in _BROWN_ORDER if camera.get(key) is not None}
    listed = camera.get(_LIST)
    if _is_set(listed):
        if not isinstance(listed, list) or len(listed) not in (4, len(_LIST_ORDER)):
            raise SceneError(path, f"{where}: found {_LIST} = {str(listed)[:80]}, expected {', '.join(_LIST_ORDER)}")
        told = dict(zip(_LIST_ORDER, listed, strict=False))
    return {key: _number(key, value, path, where) for key, value in told.items()}


def _number(key: str, value: Any, path: Path, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise SceneError(path, f"{where}: found {key} = {str(value)[:40]}, expected a finite number")
    return number


def _refuse(keys: list[str], camera: Mapping[str, Any], path: Path, where: str) -> None:
    if keys:
        found = ", ".join(f"{key} = {camera.get(key)}" for key in dict.fromkeys(keys))[:200]
        raise SceneError(path, f"{where}: found {found}, expected undistorted pinhole images; undistort them first")


def _bends(key: str, value: Any) -> bool:
    if _MODEL.fullmatch(key):
        return value is not None and str(value).upper() not in PINHOLES | BROWN
    return bool(_BENT.fullmatch(key)) and _is_set(value)


def _is_set(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in ("", "none", "false", "perspective") and value.strip(" 0.+-") != ""
    if isinstance(value, Mapping):
        return any(map(_is_set, value.values()))
    return any(map(_is_set, value)) if isinstance(value, list) else bool(value)
