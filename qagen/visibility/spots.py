"""Places of images whose measured depth is sure: what surface is there, and which way it faces.

Around a place, a window of the depth image as large as a drawn point mark must be measured throughout and be one smooth
surface. On a plane, the inverse of depth is linear in the pixel's column and row, so it is fitted by a plane.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import rotate
from qagen.core.scene import Frame

WINDOW_SHARE, MIN_HALF_PX = 0.015, 4
"""Half of the window's side as a share of the diagonal of the depth image, and its least value."""
MAX_ROUGHNESS = 0.02
"""Largest difference of inverse depth in the window from the fitted plane, as a share of the mean."""
MIN_FACING = 0.15
"""Least cosine between the surface's normal and the direction to the camera; flatter views blur depth."""
CACHED_FRAMES, CACHED_SPOTS = 8, 20_000
"""Decoded depth images, and spots at places, that are kept."""
DECIMALS = 9
"""Decimals to which normals are rounded, so that no decision hangs on the last digit of a sum."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of an image where the surface is sure."""

    depth_m: float
    """Depth z, meters."""
    distance_m: float
    """Distance from the camera's center, meters."""
    point: tuple[float, float, float]
    """The surface there, world, meters."""
    normal: tuple[float, float, float]
    """Unit normal of the surface towards the camera, world."""

    def facing(self, eye: NDArray[np.float64]) -> float:
        """Cosine between the normal and the direction to a point (3,), 1 where the surface is seen from the front."""
        way = [float(end) - start for end, start in zip(eye, self.point, strict=True)]
        return sum(a * b for a, b in zip(way, self.normal, strict=True)) / max(math.hypot(*way), 1e-9)


@dataclass(frozen=True, eq=False)
class Spots:
    """The places of a scene's frames."""

    frames: tuple[Frame, ...]
    """The frames, in the order of SceneViews.frames."""

    def at(self, frame: int, place: tuple[int, int]) -> Spot | None:
        """The spot at a place of a frame's image, thousandths; None where depth is not sure."""
        return self._at(frame, place)

    @cached_property
    def _at(self) -> Callable[[int, tuple[int, int]], Spot | None]:
        return lru_cache(CACHED_SPOTS)(self._find)

    def _find(self, frame: int, place: tuple[int, int]) -> Spot | None:
        camera = self.frames[frame].camera
        uv = np.array(place) / 1000 * (camera.width, camera.height) - 0.5
        return self.along(frame, camera.unproject(uv, 1.0))

    def toward(self, frame: int, point: tuple[float, float, float]) -> Spot | None:
        """The spot that a frame has where a world point projects, nearer or farther than that; None if not sure."""
        local = self.local(frame, point)
        return self.along(frame, local / local[2]) if local[2] > 0 else None

    def local(self, frame: int, point: tuple[float, float, float]) -> NDArray[np.float64]:
        """(3,) a world point in a frame's camera, meters."""
        return self.frames[frame].world_from_camera.inverse() @ np.array(point)

    def along(self, frame: int, ray: NDArray[np.float64]) -> Spot | None:
        """The spot on a ray (3,) of a frame's camera with z = 1; None where depth is not sure."""
        window = self.window(frame, ray)
        if window is None or not (window > 0).all():
            return None
        half = len(window) // 2
        inverse = 1.0 / window.astype(np.float64)
        steps = np.arange(-half, half + 1, dtype=np.float64)
        mean, squares = float(inverse.mean()), float((steps**2).sum()) * len(window)
        right, down = float((inverse * steps).sum()) / squares, float((inverse * steps[:, None]).sum()) / squares
        rest = inverse - (mean + right * steps + down * steps[:, None])
        if round(float(np.abs(rest).max()) / mean, DECIMALS) > MAX_ROUGHNESS:
            return None
        offset = self._pixel(frame, ray) - np.round(self._pixel(frame, ray))
        here = float(inverse[half, half]) + right * float(offset[0]) + down * float(offset[1])
        spot = self._spot(frame, ray, 1.0 / here, (here, right, down))
        return spot if spot.facing(self.frames[frame].world_from_camera.translation) >= MIN_FACING else None

    def _spot(self, frame: int, ray: NDArray[np.float64], depth: float, plane: tuple[float, float, float]) -> Spot:
        """The spot at a depth on a ray; ``plane`` is inverse depth there, and its change by a pixel right and down."""
        pose, camera = self.frames[frame].world_from_camera, self.frames[frame].depth_camera
        assert camera is not None
        mean, right, down = plane
        across, along = right * camera.fx, down * camera.fy
        away = across, along, mean - across * float(ray[0]) - along * float(ray[1])
        size = math.hypot(*away)
        normal = rotate(pose.rotation, [-part / size for part in away]).round(DECIMALS).tolist()
        local = ray * depth
        return Spot(depth, math.hypot(*local.tolist()), tuple((pose @ local).tolist()), tuple(normal))

    def window(self, frame: int, ray: NDArray[np.float64]) -> NDArray[np.float32] | None:
        """(n, n) measured depth around the pixel that a ray (3,) of a frame's camera meets, meters, 0 where there is
        none; n is odd. None without a depth image, or where the window is not all inside it."""
        camera = self.frames[frame].depth_camera
        if camera is None:
            return None
        half = max(MIN_HALF_PX, round(WINDOW_SHARE * math.hypot(camera.width, camera.height)))
        column, row = (round(part) for part in self._pixel(frame, ray).tolist())
        if not (half <= column < camera.width - half and half <= row < camera.height - half):
            return None
        return self._depth(frame)[row - half : row + half + 1, column - half : column + half + 1]

    def _pixel(self, frame: int, ray: NDArray[np.float64]) -> NDArray[np.float64]:
        """(2,) where a ray (3,) of a frame's camera meets its depth image, pixels."""
        camera = self.frames[frame].depth_camera
        assert camera is not None
        return camera.project(ray)

    @cached_property
    def _depth(self) -> Callable[[int], NDArray[np.float32]]:
        return lru_cache(CACHED_FRAMES)(self._read_depth)

    def _read_depth(self, frame: int) -> NDArray[np.float32]:
        depth = self.frames[frame].depth
        assert depth is not None
        return depth.read_m()
