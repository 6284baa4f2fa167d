"""What may be believed of an object's box: measured once per scene (tasks.md, section 2).

A side of a box is *sure* where the scan shows that the object ends there. On a grid over the side, a frame has looked
through the space just beyond it, or another annotated surface lies there, or the side itself has been scanned; in a
flat thing that could be its other side, so it counts only where there is no depth. Surface behind an object is never
scanned; walls and floors are taken to go on straight behind it, and other surface between two places where it is seen.

An unsure side may lie as far out as the first slab that is known not to belong to the object, or as far in as the
object's own surface ends.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import rotate
from qagen.core.scene import STRUCTURE, UNLABELED, Frame, Mesh, Object3D, Scene
from qagen.kernels.extents import mark_known, surface_ahead
from qagen.visibility.instances import BoxArrays
from qagen.visibility.thresholds import Thresholds

PIECE_VOXEL_M = 0.1
RAYS = 7
"""Rays along each axis of a side."""
STEPS = (np.arange(RAYS) + 0.5) / RAYS * 2 - 1
AROUND_M = np.array([0.04, 0.1, 0.2])
"""Distances beyond the edges of a side at which surface is looked for that goes on behind the object, meters."""
INNER = slice(len(AROUND_M), len(AROUND_M) + RAYS)
"""The rays that lie on the side itself."""
SLABS = 4
"""Slabs beyond a side in which its true place is looked for."""
WALL_M = 0.1
"""Least thickness of walls and floors, meters."""
FREE_M, FREE_SHARE = 0.02, 0.01
"""Noise of depth behind a point that a frame has looked through: meters, and as a share of the depth."""


def has_sure_center(item: Object3D, surface: NDArray[np.float64], limits: Thresholds, is_level: bool = True) -> bool:
    """Whether the center of the object's box is the center of the object.

    Some annotations join separate objects under one name, and some have a stray patch that stretches the box. Along the
    vertical, surface may be spread unevenly, as that of lamps is; in a world that is not level, no axis is known to be.

    Args:
        surface: (n, 3) points spread evenly over the object's surface, world, meters.
    """
    axes = slice(2 if is_level else 3)
    low, high = np.percentile(rotate(item.box.rotation.T, surface - item.box.center)[:, axes], (10, 90), axis=0)
    stretch_m = math.hypot(*(low + high) / 2)
    if stretch_m > max(limits.max_stretch_m, limits.max_stretch_share * item.box.size[axes].max()):
        return False
    rotation = None if is_level else item.box.rotation
    return item.points is None or _piece_shift_m(item.points, limits.piece_gap_m, rotation) <= limits.max_piece_shift_m


def _piece_shift_m(points: NDArray, gap_m: float, rotation: NDArray[np.float64] | None) -> float:
    """Shift of the box's center when only the largest piece of points (n, 3) is kept, meters.

    The box is upright, or turned by a ``rotation`` (3, 3).
    """
    _, first = np.unique(np.floor(points / PIECE_VOXEL_M), axis=0, return_index=True)
    thinned = np.asarray(points[first], dtype=np.float64)
    pieces = connected_pieces(thinned, gap_m)
    sizes = np.bincount(pieces)
    if len(sizes) == 1:
        return 0.0
    largest = thinned[pieces == sizes.argmax()]
    if rotation is None:
        return math.dist(Box3D.around(largest).center, Box3D.around(thinned).center)
    ends = [rotate(rotation.T, part) for part in (largest, thinned)]
    return math.dist(*((part.min(axis=0) + part.max(axis=0)) / 2 for part in ends))


def connected_pieces(points: NDArray[np.float64], gap_m: float) -> NDArray[np.int32]:
    """(n,) number of the piece of each of points (n, 3), counted from 0; those within ``gap_m`` belong together."""
    near = KDTree(points).query_pairs(gap_m, output_type="ndarray")
    links = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(points), len(points)))
    return connected_components(links, directed=False)[1]


class SideProbe:
    """Points beyond the sides of all boxes, of which frame after frame tells which are known not to be the object."""

    def __init__(self, scene: Scene, limits: Thresholds) -> None:
        self._limits = limits
        self._boxes = [item.box for item in scene.objects]
        self._unlabeled_counts = scene.mesh is None or scene.mesh.is_by_box
        self._has_depth = np.array(any(frame.depth is not None for frame in scene.frames))
        points = [_slab_points(box, limits.side_slab_m) for box in self._boxes]
        self._points = np.concatenate([np.zeros((0, 3)), *points])
        each = 6 * SLABS * RAYS**2
        self._owners = np.repeat(np.arange(len(self._boxes), dtype=np.int32), each)
        self._known = np.zeros(len(self._points), dtype=bool)

    def look(
        self, frame: Frame, instance: NDArray[np.int32], grid: Camera, depth: NDArray[np.float32], depth_grid: Camera
    ) -> None:
        """Mark what one frame shows; ``depth`` (H, W) is z in meters."""
        T_cw = frame.world_from_camera.inverse().matrix
        shown = (instance, grid.intrinsics, depth, depth_grid.intrinsics)
        free = np.array([FREE_M, FREE_SHARE])
        touch_m = self._limits.side_touch_m
        mark_known(self._known, self._points, self._owners, T_cw, *shown, self._unlabeled_counts, free, touch_m, WALL_M)

    def ends_m(self, surface: Mesh, floors_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """(O, 6, RAYS, RAYS) how far beyond each place of a side the object may reach at most, meters; inf: unknown.

        Args:
            surface: everything that was scanned, with its owners.
            floors_m: (O,) height of the floor below each object, NaN where none was scanned.
        """
        slab_m, touch_m = self._limits.side_slab_m, self._limits.side_touch_m
        boxes = BoxArrays.of(self._boxes)
        mesh = surface.vertices, surface.faces, surface.face_object, not self._unlabeled_counts
        ahead, owner, own = surface_ahead(
            *mesh, boxes.centers, boxes.rotations, boxes.bounds[:, 1], STEPS, AROUND_M, touch_m, SLABS * slab_m
        )
        known = self._known.reshape(-1, 6, SLABS, RAYS, RAYS)
        first = np.where(known.any(axis=2), known.argmax(axis=2), np.inf)
        slab = np.where(first > 0, (first + 1) * slab_m, 0.0)
        behind = _going_on(ahead, owner, slab_m)
        ends = np.minimum(slab, np.where(behind <= slab_m, 0.0, behind))
        tells_sides = (2 * boxes.bounds[:, 1] > 2 * touch_m) | ~self._has_depth
        ends[own[..., INNER, INNER] & np.repeat(tells_sides, 2, axis=1)[..., None, None]] = 0.0
        for item, (box, floor_m) in enumerate(zip(self._boxes, floors_m.tolist(), strict=True)):
            if box.center[2] - box.size[2] / 2 - floor_m <= slab_m:
                ends[item, 4 if box.rotation[2, 2] > 0 else 5] = 0.0
        return ends


def _slab_points(box: Box3D, slab_m: float) -> NDArray[np.float64]:
    """(6 * SLABS * RAYS * RAYS, 3) points at the far ends of the slabs beyond a box's sides, world, meters."""
    half = box.size / 2
    beyond = slab_m * np.arange(1, SLABS + 1)
    sides = []
    for axis in range(3):
        first, second = (k for k in range(3) if k != axis)
        for sign in (-1, 1):
            out, u, v = np.meshgrid(
                sign * (half[axis] + beyond), STEPS * half[first], STEPS * half[second], indexing="ij"
            )
            local = np.empty((out.size, 3))
            local[:, axis], local[:, first], local[:, second] = out.ravel(), u.ravel(), v.ravel()
            sides.append(local)
    return box.center + rotate(box.rotation, np.concatenate(sides))


def _going_on(ahead: NDArray[np.float32], owner: NDArray[np.int32], level_m: float) -> NDArray[np.float64]:
    """(O, 6, RAYS, RAYS) distance to the surface ahead of a side, seen or going on behind the object, meters.

    Surface goes on between two places where it is seen, when their distances differ by at most ``level_m``.
    """
    across = _hidden_m(ahead.swapaxes(2, 3), owner.swapaxes(2, 3), level_m).swapaxes(2, 3)
    return np.minimum(ahead, np.minimum(across, _hidden_m(ahead, owner, level_m)))[..., INNER, INNER].astype(np.float64)


def _hidden_m(ahead: NDArray[np.float32], owner: NDArray[np.int32], level_m: float) -> NDArray[np.float32]:
    """(O, 6, E, E) distance of the surface that goes on behind each place along the last axis, inf for none, meters."""
    before, owner_before = _last_seen(ahead, owner)
    after, owner_after = (part[..., ::-1] for part in _last_seen(ahead[..., ::-1], owner[..., ::-1]))
    found = np.where(np.abs(before - after) <= level_m, np.maximum(before, after), np.inf)
    for side, its_owner in ((before, owner_before), (after, owner_after)):
        found = np.where(its_owner == STRUCTURE, np.minimum(found, side), found)
    return found.astype(np.float32)


def _last_seen(ahead: NDArray[np.float32], owner: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Distance and owner of the nearest surface before each place along the last axis; NaN and UNLABELED for none."""
    distance, whose = np.full_like(ahead, np.nan), np.full_like(owner, UNLABELED)
    for k in range(1, ahead.shape[-1]):
        is_seen = np.isfinite(ahead[..., k - 1])
        distance[..., k] = np.where(is_seen, ahead[..., k - 1], distance[..., k - 1])
        whose[..., k] = np.where(is_seen, owner[..., k - 1], whose[..., k - 1])
    return distance, whose


@dataclass(frozen=True, slots=True, eq=False)
class Extents:
    """Which sides of the boxes of the objects (O) are sure: -x, +x, -y, +y, -z, +z along the box's axes."""

    is_sure: NDArray[np.bool_]
    """(O, 6) whether the object ends at the side."""
    slack_m: NDArray[np.float64]
    """(O, 6) how far the side may lie from its true place, 0 where it is sure, meters; inf where nothing tells."""
    center_shift_m: NDArray[np.float64]
    """(O,) how far an unsure side may move the center, meters. Boxes that a dataset ships without points were drawn by
    people or belong to models: their centers are believed."""

    @classmethod
    def of(cls, scene: Scene, ends_m: NDArray[np.float64], clouds: Sequence[NDArray], limits: Thresholds) -> Self:
        """Judge the sides of a scene's boxes.

        Args:
            ends_m: (O, 6, RAYS, RAYS) of SideProbe.ends_m.
            clouds: each object's own surface (n, 3), world, meters.
        """
        needed = math.ceil(limits.side_share * RAYS**2)
        outward = np.sort(ends_m.reshape(-1, 6, RAYS**2), axis=2)[:, :, needed - 1]
        pairs = list(zip((item.box for item in scene.objects), clouds, strict=True))
        inward = np.array([_inward_m(box, cloud) for box, cloud in pairs]).reshape(-1, 6)
        sizes = np.array([np.repeat(box.size, 2) for box, _ in pairs]).reshape(-1, 6)
        has_own = inward <= np.maximum(limits.side_touch_m, limits.side_own_share * sizes)
        slack_m = np.maximum(outward, np.where(has_own, 0.0, inward))
        is_drawn = np.array([item.points is None for item in scene.objects], dtype=bool)
        return cls((outward == 0) & has_own, slack_m, np.where(is_drawn, 0.0, slack_m.max(axis=1, initial=0.0) / 2))


def _inward_m(box: Box3D, cloud: NDArray) -> NDArray[np.float64]:
    """(6,) how far from each side of its box an object's surface ends, meters; inf without surface."""
    if not len(cloud):
        return np.full(6, np.inf)
    local = rotate(box.rotation.T, cloud - box.center)
    low, high = local.min(axis=0) + box.size / 2, box.size / 2 - local.max(axis=0)
    return np.maximum(np.stack([low, high], axis=1).ravel(), 0.0)
