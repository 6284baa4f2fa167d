"""Whether depth images hold planar depth (z) or the length of the ray: a test on the flatness of walls and floors.

Over a plane the inverse of z is a linear function of the pixel, so its second difference along a row or a column is
zero; of the ray's length it is not, unless the plane is far to the side. Rooms are made of planes, so of the two
readings the true one has the smaller second differences.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.scene import DepthSource

STRIDE = 10
"""Differences are taken over the image's width divided by this."""
QUANTILE = 0.3
"""Quantile of the second differences that is compared: the flat part of a cluttered image."""
CLEAR_RATIO = 1.5
"""Minimum ratio between the two readings' second differences for a verdict."""
MIN_SAMPLES = 1000
"""Minimum number of second differences for a verdict."""


@dataclass(frozen=True, slots=True)
class Flatness:
    """How far from flat the images are under both readings: relative second differences of inverse depth."""

    planar: float
    """Bend of the flat part if the values are z."""
    ray: float
    """Bend of the flat part if the values are lengths of rays."""

    @property
    def is_ray(self) -> bool | None:
        """Whether the values are lengths of rays; None when neither reading is clearly flatter."""
        if self.ray * CLEAR_RATIO < self.planar:
            return True
        return False if self.planar * CLEAR_RATIO < self.ray else None


def measure_flatness(images: Iterable[tuple[NDArray[np.float32], Camera]]) -> Flatness:
    """Flatness over depth images (h, w) in meters, 0 where there is none, with their cameras; NaN without enough."""
    planar: list[NDArray] = []
    ray: list[NDArray] = []
    for depth, camera in images:
        planar.append(_bends(depth))
        ray.append(_bends(depth / ray_lengths(camera)))
    bends = [np.concatenate(values) if values else np.zeros(0) for values in (planar, ray)]
    if min(len(values) for values in bends) < MIN_SAMPLES:
        return Flatness(np.nan, np.nan)
    return Flatness(*(float(np.quantile(values, QUANTILE)) for values in bends))


def _bends(z: NDArray) -> NDArray[np.float64]:
    """Relative second differences of 1 / z along rows and columns, where all three values are known."""
    stride = max(1, z.shape[1] // STRIDE)
    inverse = 1 / np.where(z > 0, z, np.nan).astype(np.float64)
    along = [(inverse[:, : -2 * stride], inverse[:, stride:-stride], inverse[:, 2 * stride :])]
    along.append((inverse[: -2 * stride], inverse[stride:-stride], inverse[2 * stride :]))
    bends = np.concatenate([np.abs((before - 2 * middle + after) / middle).ravel() for before, middle, after in along])
    return bends[np.isfinite(bends)]


def ray_lengths(camera: Camera) -> NDArray[np.float32]:
    """(height, width) length of the ray through each pixel up to z = 1."""
    return camera.ray_lengths().astype(np.float32)


@dataclass(frozen=True, slots=True)
class RayDepth:
    """A depth image that holds lengths of rays, read as planar depth."""

    lengths: DepthSource
    """The image as it is stored."""
    camera: Camera
    """Pinhole of the depth image."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in meters, 0 where there is none. Raises SceneError as the image itself."""
        return self.lengths.read_m() / ray_lengths(self.camera)
