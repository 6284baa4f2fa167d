"""Oriented 3D boxes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull, QhullError

from qagen.core.pose import rotate

DECIMALS = 12
"""Decimals of sines, cosines and compared lengths and areas, because libraries differ in the last digits."""
SIDE_AXES = {"height": (2,), "width": (0, 1), "longest": (0, 1, 2)}
"""Axes of an upright box whose longest side is meant: the height, the longer horizontal side, the longest side."""
ALIKE_SIDES = 0.9
"""Sides at least this share of the longest one look as long as it."""
_CORNER_SIGNS = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Box3D:
    """A box in the world frame."""

    center: NDArray[np.float64]
    """(3,) center, meters, world."""
    size: NDArray[np.float64]
    """(3,) full extents along the box's own axes, meters."""
    rotation: NDArray[np.float64]
    """(3, 3), the columns are the box's axes in the world."""

    @classmethod
    def upright(cls, center: ArrayLike, size: ArrayLike, yaw_rad: float = 0.0) -> Self:
        """A gravity-aligned box turned by ``yaw_rad`` about world z."""
        return cls(np.asarray(center, dtype=np.float64), np.asarray(size, dtype=np.float64), _turn(yaw_rad))

    @classmethod
    def around(cls, points: ArrayLike) -> Self:
        """The upright box of least footprint around points (n, 3), world, meters; its first axis is the longer side.

        The footprint is the minimum-area rectangle of the points' horizontal convex hull, one side of which
        always lies along a hull edge (Freeman and Shapira, 1975). Of equally good ones, the one that is turned least.

        Raises:
            ValueError: there are no points.
        """
        points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        if len(points) == 0:
            raise ValueError("no points to put a box around")
        axes = _turn(_least_footprint_yaw(points[:, :2]))
        length, width, _ = np.ptp(rotate(axes.T, points), axis=0).round(DECIMALS)
        if length < width:
            axes = np.stack([axes[:, 1], -axes[:, 0], axes[:, 2]], axis=1)
        local = rotate(axes.T, points)
        low, high = local.min(axis=0), local.max(axis=0)
        return cls(rotate(axes, (low + high) / 2), high - low, axes)

    @property
    def yaw_rad(self) -> float:
        """Heading of the first axis about world z, radians."""
        return float(np.arctan2(self.rotation[1, 0], self.rotation[0, 0]))

    @property
    def corners(self) -> NDArray[np.float64]:
        """(8, 3) corners in the world; bit 0 of the index is +x, bit 1 +y, bit 2 +z of the box's axes."""
        return self.center + rotate(self.rotation, _CORNER_SIGNS * self.size / 2)

    def longest(self, sides: Sequence[int]) -> float:
        """Length of the longest of some sides, meters."""
        return max(float(self.size[side]) for side in sides)

    def unforeshortened(self, sides: Sequence[int], eye: NDArray[np.float64]) -> float:
        """How much of the length of the longest of some sides an eye sees: 1 from the front, 0 end on.

        This is the sine of the angle between the side and the line of sight to the center. Of sides that look alike in
        length, the best seen counts. ``eye`` is (3,), world, meters.
        """
        x, y, z = rotate(self.rotation.T, self.center - eye).tolist()
        away = math.hypot(x, y, z)
        across = (math.hypot(y, z), math.hypot(x, z), math.hypot(x, y))
        seen = [across[side] for side in sides if self.size[side] >= ALIKE_SIDES * self.longest(sides)]
        return max(seen) / away if away else 0.0


def _turn(yaw_rad: float) -> NDArray[np.float64]:
    """(3, 3) rotation about z."""
    c, s = np.round(np.cos(yaw_rad), DECIMALS), np.round(np.sin(yaw_rad), DECIMALS)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def _least_footprint_yaw(xy: NDArray[np.float64]) -> float:
    """Yaw of the rectangle of least area around points (n, 2), radians, from 0 to below a quarter turn."""
    try:
        hull = xy[ConvexHull(xy).vertices]
    except (QhullError, ValueError):  # fewer than three points, or all on one line
        x, y = (xy - xy.mean(axis=0)).T
        return float(_quarter(np.arctan2(2 * (x * y).sum(), (x * x - y * y).sum()) / 2))
    edges = np.roll(hull, -1, axis=0) - hull
    yaws = np.unique(_quarter(np.arctan2(edges[:, 1], edges[:, 0])))
    along = np.outer(np.cos(yaws), hull[:, 0]) + np.outer(np.sin(yaws), hull[:, 1])
    across = np.outer(np.cos(yaws), hull[:, 1]) - np.outer(np.sin(yaws), hull[:, 0])
    area = np.ptp(along, axis=1) * np.ptp(across, axis=1)
    return float(yaws[np.argmin(area.round(DECIMALS))])


def _quarter(yaw_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Headings of lines to the yaws of boxes with such a side, from 0 to below a quarter turn."""
    return np.round(yaw_rad % (np.pi / 2), DECIMALS) % np.round(np.pi / 2, DECIMALS)
