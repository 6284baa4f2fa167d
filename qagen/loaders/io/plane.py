"""Up from a plane: the surface on which an object stands is taken for level where it is large and flat enough.

A world that follows a recording's first camera has no vertical, but people hold cameras upright and film things that
stand on floors and tables. The plane in the surface below the object is found by RANSAC (Fischler and Bolles, 1981) and
fitted by least squares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose, rotate
from qagen.rng import rng_for

TRIALS = 500
"""Planes that are tried, each through three points."""
MAX_TILT_DEG = 45.0
"""Largest angle between the plane's normal and the mean upward direction of the images."""
MIN_UPRIGHT = 0.5
"""Least length of the mean of the images' upward directions; where it is shorter they agree on none."""
MIN_SHARE = 0.4
"""Least share of everything measured beside the object that must lie in the plane."""
MIN_ABOVE = 0.95
"""Least share of the object that must lie above the plane, or in it."""
AROUND = 3.0
"""Distance from the object's middle within which the plane is looked for, in halves of the object's diameter."""
RING = 1.3
"""Horizontal distance within which the object's support is measured, in the largest from its middle to its points."""
MIN_POINTS, MAX_POINTS = 100, 5000
MAX_POLE = 0.999999
DECIMALS = 9
"""Decimals of the plane, because sums are rounded in an order that differs between machines."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The points x with normal · x = offset."""

    normal: Floats
    """(3,) unit vector, upward."""
    offset: float
    """Height of the plane along the normal, in the scene's unit."""

    def heights(self, points: Floats) -> Floats:
        """(n,) heights of points (n, 3) above the plane, in the scene's unit; negative below it."""
        return along(points, self.normal) - self.offset

    def level(self) -> Pose:
        """The smallest turn about the origin that makes the normal +z."""
        x, y, z = self.normal.tolist()
        if z < -MAX_POLE:
            return Pose(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
        across, s = -x * y / (1 + z), 1 / (1 + z)
        return Pose(np.array([[1 - x * x * s, across, -x], [across, 1 - y * y * s, -y], [x, y, z]]), np.zeros(3))


def along(points: Floats, direction: Floats) -> Floats:
    """(...,) scalar products of points (..., 3) with a direction (..., 3), the same on every machine."""
    return points[..., 0] * direction[..., 0] + points[..., 1] * direction[..., 1] + points[..., 2] * direction[..., 2]


def mean_up(poses: Sequence[Pose]) -> Floats | None:
    """(3,) unit vector, the mean of where images taken at poses (world from camera) have up; None if they disagree."""
    up = -np.mean([pose.rotation[:, 1] for pose in poses], axis=0)
    length = float(np.sqrt(along(up, up)))
    return up / length if length >= MIN_UPRIGHT else None


def find_plane(own: Floats, beside: Floats, up: Floats | None, tolerance: float) -> Plane | None:
    """The level plane below an object, or None where none is sure.

    Args:
        own: (n, 3) points of the object's surface.
        beside: (m, 3) what was measured beside the object: as many points of each frame.
        up: (3,) mean_up of the frames.
        tolerance: distance from the plane up to which points lie in it.
    """
    if up is None or not len(own):
        return None
    middle = (own.min(axis=0) + own.max(axis=0)) / 2
    reach = AROUND * _length(own - middle).max()
    below = beside[(_length(beside - middle) <= reach) & (along(beside - middle, up) < 0)]
    if len(below) < MIN_POINTS:
        return None
    plane = _best_plane(below, up, tolerance)
    for _ in range(3 if plane is not None else 0):
        plane = _fitted(plane, beside, tolerance)
    if plane is None or along(plane.normal, up) < np.cos(np.radians(MAX_TILT_DEG)):
        return None
    has_share = np.mean(np.abs(plane.heights(beside)) <= tolerance) >= MIN_SHARE
    is_above = np.mean(plane.heights(own) >= -tolerance) >= MIN_ABOVE
    return plane if has_share and is_above else None


def _length(vectors: Floats) -> Floats:
    return np.sqrt(along(vectors, vectors))


def _best_plane(points: Floats, up: Floats, tolerance: float) -> Plane | None:
    """Of planes through three of the points, the one within MAX_TILT_DEG of up that holds most of them."""
    rng = rng_for(0, "plane")
    if len(points) > MAX_POINTS:
        points = points[np.sort(rng.choice(len(points), MAX_POINTS, replace=False))]
    first, second, third = points[rng.integers(len(points), size=(3, TRIALS))]
    normals = np.cross(second - first, third - first)
    lengths = _length(normals)
    is_plane = lengths > 0
    normals = normals[is_plane] / lengths[is_plane, None]
    tilts = along(normals, up)
    normals, first = normals * np.sign(tilts)[:, None], first[is_plane]
    best, most = None, 0
    for normal, start in zip(normals, first, strict=True):
        if along(normal, up) < np.cos(np.radians(MAX_TILT_DEG)):
            continue
        plane = Plane(normal, float(along(start, normal)))
        held = int((np.abs(plane.heights(points)) <= tolerance).sum())
        if held > most:
            best, most = plane, held
    return best


def _fitted(plane: Plane | None, points: Floats, tolerance: float) -> Plane | None:
    """The plane fitted by least squares to those of the points that lie in a plane; None for points on a line."""
    if plane is None:
        return None
    turn = plane.level()
    held = rotate(turn.rotation, points[np.abs(plane.heights(points)) <= tolerance])
    middle = held.mean(axis=0)
    x, y, z = (held - middle).T
    xx, xy, yy, xz, yz = (float((a * b).sum()) for a, b in ((x, x), (x, y), (y, y), (x, z), (y, z)))
    area = xx * yy - xy * xy
    if not area > 0:
        return None
    slope = np.array([(yz * xy - xz * yy) / area, (xz * xy - yz * xx) / area, 1.0])
    normal = rotate(turn.rotation.T, slope / _length(slope))
    offset = along(rotate(turn.rotation.T, middle), normal)
    return Plane(normal.round(DECIMALS), round(float(offset), DECIMALS))


def support_height(own: Floats, beside: Floats) -> float | None:
    """Height of what an object stands on, in a level world: the median of the surface close around its foot.

    Args:
        own: (n, 3) points of the object's surface.
        beside: (m, 3) what was measured beside the object.
    """
    middle = (own.min(axis=0) + own.max(axis=0)) / 2
    flat = np.array([1.0, 1.0, 0.0])
    reach = RING * _length((own - middle) * flat).max()
    is_foot = (_length((beside - middle) * flat) <= reach) & (beside[:, 2] < middle[2])
    return float(np.median(beside[is_foot, 2])) if is_foot.sum() >= MIN_POINTS else None
