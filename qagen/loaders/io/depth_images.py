"""Depth images whose conventions are declared."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.scene import FileSource
from qagen.errors import SceneError
from qagen.loaders.io.images import image_size, read_pixels
from qagen.loaders.io.rgbd import ASPECT_TOLERANCE


@dataclass(frozen=True, slots=True)
class MetricDepth:
    """A depth image and what its numbers mean."""

    path: Path
    """8- or 16-bit gray PNG or PGM."""
    meters_per_unit: float
    """What a stored 1 means."""
    invalid: int
    """The stored number that means "no depth", besides 0."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth in meters, 0 where there is none. Raises SceneError."""
        stored = read_pixels(self.path, "8- or 16-bit gray")
        return np.where(stored == self.invalid, 0, stored).astype(np.float32) * np.float32(self.meters_per_unit)


def depth_camera(path: Path, own: Camera | None, color: Camera) -> Camera:
    """The pinhole of a depth image: its own, or the color camera at its resolution.

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
        found = f"{width} x {height} pixels beside color of {color.width} x {color.height}"
        raise SceneError(path, f"depth image: found {found}, expected the same aspect, or a depth.camera")
    return color.scaled(width, height)
