"""Depth and instance images whose conventions are declared."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qagen.core.camera import Camera
from qagen.errors import SceneError

_DEPTH_MODES = ("I;16", "I;16B", "I", "L")


@dataclass(frozen=True, slots=True)
class MetricDepth:
    """A depth image and what its numbers mean."""

    path: Path
    """8- or 16-bit grey PNG or PGM."""
    own: Camera | None
    """Its camera where that is not the colour camera at another resolution."""
    color: Camera
    """The frame's colour camera."""
    meters_per_unit: float
    """What a stored 1 means."""
    is_ray: bool
    """Whether numbers count along the pixel's ray, and not along the optical axis."""
    invalid: int
    """The stored number that means "no depth", besides 0."""

    @property
    def camera(self) -> Camera:
        """Its pinhole. Raises SceneError when the size of the image cannot be read or is of another aspect."""
        width, height = _size(self.path)
        if self.own is not None:
            if (width, height) != (self.own.width, self.own.height):
                expected = f"{self.own.width} x {self.own.height}, as depth.camera says"
                raise SceneError(self.path, f"depth image: found {width} x {height} pixels, expected {expected}")
            return self.own
        if abs(width * self.color.height / (height * self.color.width) - 1) > 0.02:
            found = f"{width} x {height} pixels beside colour of {self.color.width} x {self.color.height}"
            raise SceneError(self.path, f"depth image: found {found}, expected the same aspect, or a depth.camera")
        return self.color.scaled(width, height)

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) planar depth in metres, 0 where there is none. Raises SceneError."""
        stored = _decode(self.path)
        depth = np.where(stored == self.invalid, 0, stored).astype(np.float32) * np.float32(self.meters_per_unit)
        return depth / _ray_lengths(self.camera) if self.is_ray else depth


@dataclass(frozen=True, slots=True)
class InstanceImage:
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


def _ray_lengths(camera: Camera) -> NDArray[np.float32]:
    """(height, width) length of each pixel's ray where z is 1."""
    x = (np.arange(camera.width) - camera.cx) / camera.fx
    y = (np.arange(camera.height) - camera.cy) / camera.fy
    return np.sqrt(1 + x[None, :] ** 2 + y[:, None] ** 2).astype(np.float32)


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SceneError(path, f"image: cannot be decoded ({error})") from error


def _decode(path: Path) -> NDArray[np.int64]:
    try:
        with Image.open(path) as image:
            if image.mode not in _DEPTH_MODES:
                raise SceneError(path, f"image: found pixels of type {image.mode}, expected 8- or 16-bit grey")
            return np.asarray(image).astype(np.int64)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SceneError(path, f"image: cannot be decoded ({error})") from error
