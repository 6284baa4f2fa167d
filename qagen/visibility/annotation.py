"""Whether an object's annotation may be believed: neither cut short nor painted over others (tasks.md, section 2).

*Cut short*: surface that belongs to nothing, or that is called wall or floor, stands below the object, and hardly any
of it lies around the object, as it would for a wall or another thing.

*Over-painted*: a little of the surface makes a side of the box much longer.

A box that the object hardly fills says nothing of its size either: it is around a leaning thing, or around several.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from qagen.core.box import Box3D
from qagen.core.pose import rotate
from qagen.core.scene import STRUCTURE, UNLABELED, Mesh
from qagen.kernels.extents import count_below
from qagen.kernels.surface import face_normals
from qagen.visibility.instances import BoxArrays
from qagen.visibility.surfaces import sample_faces
from qagen.visibility.thresholds import Thresholds

SAMPLES = 100_000
LEVEL = 0.9
"""Least share of the vertical in the normal of a floor."""
FLOOR_REACH_M = 1.0
"""Distance from an object's footprint within which the floor is looked for, meters."""
AROUND_M, AROUND_SHARE = 0.3, 0.5
"""Width of the ring around a footprint in which walls and other things show: meters, and as a share of its length."""
OWN_SHARE = 0.6
"""Least share of the surface in footprint and ring that the footprint holds where an object is cut short."""
SKIN_M = 0.02
"""Distance below or above a box within which surface is noise of the object's own, meters."""
MIN_LOST_M = 0.15
"""Length by which thin parts such as handles and feet may make a side longer, meters."""
MIN_SIDE_M = 0.01
"""Boxes with a shorter side are around flat things, whose hull says nothing, meters."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Points spread evenly over a scanned surface."""

    points: NDArray[np.float64]
    """(n, 3), world, meters."""
    owner: NDArray[np.int32]
    """(n,) Mesh.face_object of each."""
    floor: NDArray[np.float64]
    """(m, 3) those that lie on horizontal structure, sorted along x; none in a world that is not level."""
    is_level: bool = True
    """Whether the world's z axis points up."""

    @classmethod
    def of(cls, mesh: Mesh, is_level: bool = True) -> Self:
        """Sample the mesh of a world whose z axis points up or not."""
        points, face = sample_faces(mesh, SAMPLES)
        owner = mesh.face_object[face]
        normal = face_normals(mesh.vertices, mesh.faces[face])
        is_flat = np.abs(normal[:, 2]) >= LEVEL * np.sqrt((normal * normal).sum(axis=1))
        floor = points[is_flat & (owner == STRUCTURE) & is_level]
        return cls(points, owner, floor[np.argsort(floor[:, 0], kind="stable")], is_level)

    def floors_m(self, boxes: Sequence[Box3D]) -> NDArray[np.float64]:
        """(O,) median height of the floor around each box, meters; NaN where none was scanned."""
        return np.array([self._floor_m(box) for box in boxes], dtype=np.float64)

    def _floor_m(self, box: Box3D) -> float:
        reach = math.hypot(*(box.size[:2] / 2)) + FLOOR_REACH_M
        first, last = np.searchsorted(self.floor[:, 0], box.center[0] + np.array([-1.01, 1.01]) * reach)
        floor = self.floor[first:last]
        away = floor - box.center
        is_near = (away[:, 0] ** 2 + away[:, 1] ** 2 <= reach**2) & (away[:, 2] < 0)
        return float(np.median(floor[is_near, 2])) if is_near.any() else np.nan

    def missing_share(
        self, boxes: Sequence[Box3D], floors_m: NDArray[np.float64], limits: Thresholds
    ) -> NDArray[np.float64]:
        """(O,) area of the surface that seems to be missing from each object, as a share of its own area."""
        foreign = np.isin(self.owner, (UNLABELED, STRUCTURE))
        shapes = BoxArrays.of(boxes)
        ring_m = np.maximum(AROUND_M, AROUND_SHARE * 2 * shapes.bounds[:, 1, :2].max(axis=1))
        counts = count_below(
            self.points[foreign],
            shapes.centers,
            shapes.rotations,
            shapes.bounds[:, 1],
            floors_m + limits.cut_short_above_m,
            SKIN_M,
            np.stack([np.full_like(ring_m, limits.cut_short_margin_m), ring_m], axis=1),
        )
        inside, around = counts.T
        own = np.bincount(self.owner[self.owner >= 0], minlength=len(boxes))
        return np.where(inside >= OWN_SHARE * around, inside, 0) / np.maximum(own, 1)


def is_over_painted(box: Box3D, cloud: NDArray[np.float64], limits: Thresholds) -> bool:
    """Whether little of an object's surface makes a side of its box much longer.

    Args:
        cloud: (n, 3) points spread evenly over the surface, world, meters.
    """
    along = np.sort(rotate(box.rotation.T, cloud - box.center), axis=0)
    kept = math.ceil((1 - limits.trimmed_share) * len(along))
    shortest = (along[kept - 1 :] - along[: len(along) - kept + 1]).min(axis=0)
    lost = box.size - shortest
    return bool((lost > np.maximum(limits.max_trimmed_shrink * box.size, MIN_LOST_M)).any())


def box_fill(box: Box3D, cloud: NDArray[np.float64]) -> float:
    """Share of a box that the convex hull of points (n, 3) fills, world, meters; 1 for flat things."""
    if box.size.min() < MIN_SIDE_M:
        return 1.0
    local = rotate(box.rotation.T, cloud - box.center) / box.size
    try:
        return float(round(ConvexHull(local).volume, 6))
    except (QhullError, ValueError):
        return 1.0
