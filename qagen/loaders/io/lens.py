"""Lenses as transforms.json and scene.json tell them: only those of a pinhole can be read."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qagen.errors import SceneError

PINHOLES = frozenset({"PINHOLE", "SIMPLE_PINHOLE", "PERSPECTIVE", "OPENCV", "FULL_OPENCV", "SIMPLE_RADIAL", "RADIAL"})
"""Camera models that are pinholes where their coefficients are zero."""
_MODEL = re.compile(r"camera_(?:model|type)")
_BENT = re.compile(r"[kps]\d|distortion\w*|(?:is_)?fisheye\w*|ftheta\w*|latlong|equirectangular|omnidirectional")
"""Keys that bend rays unless they are zero or false."""


def is_lens(key: str) -> bool:
    """Whether a key of a camera is about its lens."""
    return bool(_MODEL.fullmatch(key) or _BENT.fullmatch(key))


def check_pinhole(camera: Mapping[str, Any], path: Path, where: str) -> None:
    """Raise SceneError where one of the keys says that a camera is no pinhole; ``where`` begins the message."""
    found = [f"{key} = {value}" for key, value in camera.items() if _bends(key, value)]
    if found:
        expected = "undistorted pinhole images; undistort them first"
        raise SceneError(path, f"{where}: found {', '.join(found)[:200]}, expected {expected}")


def _bends(key: str, value: Any) -> bool:
    if _MODEL.fullmatch(key):
        return value is not None and str(value).upper() not in PINHOLES
    return bool(_BENT.fullmatch(key)) and _is_set(value)


def _is_set(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in ("", "none", "false", "perspective") and value.strip(" 0.+-") != ""
    if isinstance(value, Mapping):
        return any(map(_is_set, value.values()))
    return any(map(_is_set, value)) if isinstance(value, list) else bool(value)
