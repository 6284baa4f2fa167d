"""Depth and instance images whose conventions are declared."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qagen.core.camera import Camera
from qagen.core.scene import FileSource
from qagen.errors import SceneError
from qagen.loaders.io.rgbd import ASPECT_TOLERANCE, image_size

_DEPTH_MODES = ("I;16", "I;16B", "I", "L")


@dataclass(frozen=True, slots=True)
class MetricDepth:
    """A depth image and what its numbers mean."""

    path: Path
    """8- or 16-bit grey PNG or PGM."""
    meters_per_unit: float
    """What a stored 1 means."""
    invalid: int
    """The stored number that means "no depth", besides 0."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth in metres, 0 where there is none. Raises SceneError."""
        stored = _decode(self.path)
        return np.where(stored == self.invalid, 0, stored).astype(np.float32) * np.float32(self.meters_per_unit)


def depth_camera(path: Path, own: Camera | None, color: Camera) -> Camera:
    """The pinhole of a depth image: its own, or the colour camera at its resolution.

    Raises:
        SceneError: the size of the image cannot be read, or does not fit the camera.
    """
    width, height = image_size(FileSource(path), path)
    if own is not None:
        if (width, height) != (own.width, own.height):
            expected = f"{own.width} x {own.height}, as depth.camera says"
            raise SceneError(path, f"depth image: found {width} x {height} pixels, expected {expected}")
        return own
    if abs(width * color.height / (height * color.width) - 1) > ASPECT_TOLERANCE:
        found = f"{width} x {height} pixels beside colour of {color.width} x {color.height}"
        raise SceneError(path, f"depth image: found {found}, expected the same aspect, or a depth.camera")
    return color.scaled(width, height)


@dataclass(frozen=True, slots=True)
class InstanceFile:
    """An image of object ids."""

    path: Path
    """8- or 16-bit grey PNG; 0 is no object."""
    ids: tuple[int, ...]
    """Object ids in the order of Scene.objects."""

    def read_objects(self) -> NDArray[np.int32]:
        """(height, width) index into Scene.objects, -1 for everything else. Raises SceneError."""
        stored = _decode(self.path)
        index = np.full(int(stored.max(initial=0)) + 1, -1, dtype=np.int32)
        for position, name in enumerate(self.ids):
            if name < len(index):
                index[name] = position
        return index[stored]


def _decode(path: Path) -> NDArray[np.int64]:
    try:
        with Image.open(path) as image:
            if image.mode not in _DEPTH_MODES:
                raise SceneError(path, f"image: found pixels of type {image.mode}, expected 8- or 16-bit grey")
            return np.asarray(image).astype(np.int64)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SceneError(path, f"image: cannot be decoded ({error})") from error
