"""What the scan knows of the space around a box: carved free by depth images, or filled by other surface.

Each side of a box stands before layers of sample points at growing distance. A point is free where a depth image saw
beyond it, and filled where surface of something else is near. What is neither was never observed, so that the object
may go on there; unless the side itself was scanned, which in a flat thing could be its other side.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from qagen.audit.scene import AuditScene, UprightBox

CELLS = 8
"""Sample points along each edge of a side."""
SLAB_M = (0.025, 0.045)
"""Distances of the layers that decide whether a side was observed."""
FARTHER_M = tuple(np.arange(0.1, 1.05, 0.1).tolist())
"""Distances of the layers that tell how far the object could go on."""
TOUCH_M, NEAR_TOUCH_M = 0.03, 0.05
"""Distance of other surface that fills a point, and of surface that may fill it."""
FREE_M, FREE_SHARE = 0.02, 0.015
"""How far beyond a free point a depth image sees, meters or a share of the depth; half of it may do."""
RIM_M, SAME_PLANE_M, PARALLEL = 0.3, 0.05, 0.9
"""Surface goes on behind a side where it shows in the rim around it: width of the rim, thickness of a level, and least
cosine between the normals."""
RIM_CELL_M, RIM_COVER = 0.05, 0.25
"""It covers at least this share of the cells of a strip of the rim."""
LEVEL_M, MAIN_LEVEL = 0.05, 0.5
"""Height of one level, and the least surface of the floor's level, as a share of the largest level's."""
POINTS_PER_M2, MOST_POINTS = 2500.0, 2_000_000
SKIP_PIXELS = 2
"""Every n-th row and column of a depth image is kept."""


@dataclass(frozen=True, slots=True)
class SideReading:
    """What was observed beyond one side of a box."""

    known: float
    """Share of the side beyond which space is free or filled."""
    possible: float
    """The same with tolerances relaxed."""
    reach_m: float
    """Distance beyond which space is known again; 0 for a known side, inf for never."""
    least_reach_m: float
    """The same with tolerances relaxed."""


@dataclass(frozen=True, slots=True, eq=False)
class SurfacePoints:
    """Points spread evenly over a surface."""

    places: NDArray[np.float64]
    """(n, 3) world, meters."""
    normals: NDArray[np.float64]
    """(n, 3)."""
    owners: NDArray[np.int64]
    """(n,) index of the instance, -1 for none."""
    is_structure: NDArray[np.bool_]
    """(n,) whether it is annotated as wall, floor or ceiling, or not at all."""

    def where(self, chosen: NDArray) -> "SurfacePoints":
        """Some of the points."""
        return SurfacePoints(self.places[chosen], self.normals[chosen], self.owners[chosen], self.is_structure[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class _DepthImage:
    T_cw: NDArray[np.float64]
    focal: tuple[float, float]
    center: tuple[float, float]
    depth: NDArray[np.float32]


_Trees = tuple[KDTree | None, KDTree | None]
"""The surface of other things, and the object's own."""


class Surroundings:
    """The space of one scene, as its depth images and its surface tell it."""

    def __init__(self, scene: AuditScene) -> None:
        self.scene = scene
        self._sides: dict[int, list[SideReading]] = {}

    @property
    def is_known(self) -> bool:
        """Whether the scene has depth and a labeled surface, so that anything can be said."""
        has_surface = self.scene.faces is not None and self.scene.face_instance is not None
        return has_surface and bool(self._images)

    def sides(self, instance: int) -> list[SideReading]:
        """Readings of the six sides of an instance's box: low and high end of its first, second and third axis."""
        if instance not in self._sides:
            box = self.scene.instances[instance].box
            others, own = self._around(instance, box)
            trees = _tree_of(others.places), _tree_of(own)
            ends = [(axis, sign) for axis in range(3) for sign in (-1, 1)]
            self._sides[instance] = [self._read(box, axis, sign, others, trees) for axis, sign in ends]
        return self._sides[instance]

    @cached_property
    def floor_m(self) -> float:
        """Height of the floor, the lowest level with much horizontal surface; NaN in a world that is not level."""
        if not self.scene.is_level:
            return float("nan")
        is_level = np.abs(self.surface.normals[:, 2]) >= PARALLEL
        heights = self.surface.places[is_level, 2]
        if not len(heights):
            return float(self.surface.places[:, 2].min())
        levels = np.round(heights / LEVEL_M).astype(int)
        counts = np.bincount(levels - levels.min())
        counts = counts + np.append(counts[1:], 0)
        first = int(np.argmax(counts >= MAIN_LEVEL * counts.max()))
        chosen = np.isin(levels - levels.min(), (first, first + 1))
        return float(np.median(heights[chosen]))

    def _read(self, box: UprightBox, axis: int, sign: int, others: SurfacePoints, trees: _Trees) -> SideReading:
        stands = (axis, sign) == (2, -1) and box.center[2] - box.size[2] / 2 - self.floor_m <= NEAR_TOUCH_M
        behind = _surface_behind(box, axis, sign, others)
        if stands or behind[0] == 0:
            return SideReading(1.0, 1.0, 0.0, 0.0)
        tree, own = trees
        layers = [self._known(_layer(box, axis, sign, away), tree) for away in SLAB_M]
        away = _distances(_layer(box, axis, sign, 0.0), own)
        touches = [(away <= touch) & (box.size[axis] > 2 * touch) for touch in (TOUCH_M, NEAR_TOUCH_M)]
        layers.append((touches[0], touches[0] | touches[1]))
        shares = [float(np.any(parts, axis=0).mean()) for parts in zip(*layers, strict=True)]
        shares[1] = 1.0 if behind[1] == 0 else shares[1]
        reaches = [0.0 if share >= 0.5 else most for share, most in zip(shares, behind, strict=True)]
        for away in FARTHER_M if max(reaches) > 0 else ():
            found = [part.mean() for part in self._known(_layer(box, axis, sign, away), tree)]
            reaches = [min(reach, away) if share >= 0.5 else reach for reach, share in zip(reaches, found, strict=True)]
        return SideReading(shares[0], shares[1], reaches[0], reaches[1])

    def _known(self, points: NDArray, tree: KDTree | None) -> tuple[NDArray, NDArray]:
        """(n,) whether points are, and whether they may be, free or filled."""
        is_free, may_be_free = self._seen_through(points)
        away = _distances(points, tree)
        return is_free | (away <= TOUCH_M), may_be_free | (away <= NEAR_TOUCH_M)

    def _seen_through(self, points: NDArray) -> tuple[NDArray, NDArray]:
        """(n,) whether a depth image sees, and whether one may see, beyond points."""
        is_free, may_be_free = np.zeros((2, len(points)), bool)
        for image in self._images:
            x, y, z = image.T_cw[:3, :3] @ points.T + image.T_cw[:3, 3:]
            ahead = np.maximum(z, 0.05)
            u, v = (np.rint(f * k / ahead + c) for k, f, c in zip((x, y), image.focal, image.center, strict=True))
            h, w = image.depth.shape
            inside = np.flatnonzero((u >= 0) & (v >= 0) & (u < w) & (v < h) & (z > 0.05))
            beyond = image.depth[v[inside].astype(int), u[inside].astype(int)] - z[inside]
            least = np.maximum(FREE_M, FREE_SHARE * z[inside])
            is_free[inside] |= beyond >= least
            may_be_free[inside] |= beyond >= least / 2
        return is_free, may_be_free

    @cached_property
    def _images(self) -> list[_DepthImage]:
        images = []
        for view in self.scene.views.values():
            if view.read_depth is not None and view.depth_pinhole is not None:
                pinhole = view.depth_pinhole
                depth = np.nan_to_num(view.read_depth()[::SKIP_PIXELS, ::SKIP_PIXELS], posinf=0).astype(np.float32)
                focal = pinhole.fx / SKIP_PIXELS, pinhole.fy / SKIP_PIXELS
                center = pinhole.cx / SKIP_PIXELS, pinhole.cy / SKIP_PIXELS
                images.append(_DepthImage(view.T_cw, focal, center, depth))
        return images

    def _around(self, instance: int, box: UprightBox) -> tuple[SurfacePoints, NDArray]:
        """The surface near a box that is not the instance's own, and the points (n, 3) of its own."""
        reach = box.size / 2 + FARTHER_M[-1] + NEAR_TOUCH_M
        local = (self.surface.places - box.center) @ box.axes
        is_own = self.surface.owners == instance
        return self.surface.where((np.abs(local) <= reach).all(axis=1) & ~is_own), self.surface.places[is_own]

    @cached_property
    def surface(self) -> SurfacePoints:
        """Points on the whole surface; there must be one."""
        scene = self.scene
        assert scene.vertices is not None
        assert scene.faces is not None
        assert scene.face_instance is not None
        triangles = scene.vertices[scene.faces]
        count = min(MOST_POINTS, int(areas_of(triangles).sum() * POINTS_PER_M2))
        places, normals, chosen = spread_points(triangles, count)
        owners = scene.face_instance[chosen].astype(np.int64)
        is_structure = np.array([*(one.is_structure for one in scene.instances), True])
        return SurfacePoints(places, normals, owners, is_structure[owners])


def _tree_of(points: NDArray) -> KDTree | None:
    return KDTree(points) if len(points) else None


def _distances(points: NDArray, tree: KDTree | None) -> NDArray:
    """(n,) distances from the nearest point of a tree, meters; inf beyond 0.1 m or without one."""
    return np.full(len(points), np.inf) if tree is None else tree.query(points, distance_upper_bound=0.1)[0]


def areas_of(triangles: NDArray) -> NDArray[np.float64]:
    """(n,) areas of triangles (n, 3, 3)."""
    a, b, c = triangles.transpose(1, 0, 2)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def spread_points(triangles: NDArray, count: int) -> tuple[NDArray, NDArray, NDArray]:
    """Points (count, 3) spread evenly over triangles (n, 3, 3), their normals, and the triangles that they lie on."""
    rng, areas = np.random.default_rng(0), areas_of(triangles)
    chosen = rng.choice(len(areas), count, p=areas / areas.sum())
    a, b, c = triangles[chosen].transpose(1, 0, 2)
    s, t = rng.random((2, count, 1))
    s, t = np.where(s + t > 1, 1 - s, s), np.where(s + t > 1, 1 - t, t)
    return a + s * (b - a) + t * (c - a), np.cross(b - a, c - a) / (2 * areas[chosen, None]), chosen


def _layer(box: UprightBox, axis: int, sign: int, away: float) -> NDArray:
    """(CELLS ** 2, 3) points of a grid at a distance beyond a side."""
    steps = (np.arange(CELLS) + 0.5) / CELLS - 0.5
    local = np.insert(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2), axis, sign / 2, axis=1) * box.size
    local[:, axis] += sign * away
    return local @ box.axes.T + box.center


def _surface_behind(box: UprightBox, axis: int, sign: int, others: SurfacePoints) -> tuple[float, float]:
    """Distances beyond a side at which surface parallel to it surely, and may, go on behind the object; inf for none.

    Walls go on from two edges of a side, or maybe from one, and other surface from one edge to the opposite one.
    """
    local = (others.places - box.center) @ box.axes
    beyond = sign * local[:, axis] - box.size[axis] / 2
    near = (np.abs(others.normals @ box.axes[:, axis]) >= PARALLEL) & (beyond >= -SAME_PLANE_M)
    near &= beyond < FARTHER_M[-1]
    levels = np.maximum(beyond[near] / SAME_PLANE_M, 0).astype(int)
    local, is_wall = local[near], others.is_structure[near]
    first, second = (k for k in range(3) if k != axis)
    strips = [(j, k, end) for j, k in ((first, second), (second, first)) for end in (-1, 1)]
    walls = np.stack([_covered_levels(local[is_wall], levels[is_wall], box.size, *strip) for strip in strips])
    anything = np.stack([_covered_levels(local, levels, box.size, *strip) for strip in strips])
    spans = (anything[0] & anything[1]) | (anything[2] & anything[3])
    return _first_level((walls.sum(axis=0) >= 2) | spans), _first_level(walls.any(axis=0) | spans)


def _covered_levels(local: NDArray, levels: NDArray, size: NDArray, across: int, along: int, end: int) -> NDArray:
    """(n,) at which levels surface covers enough of the strip of the rim beyond one edge of a side."""
    beyond = end * local[:, across] - size[across] / 2
    inside = (beyond > 0) & (beyond <= RIM_M) & (np.abs(local[:, along]) <= size[along] / 2)
    cells = np.floor(local[inside][:, [across, along]] / RIM_CELL_M).astype(int)
    found = np.unique(np.column_stack([levels[inside], cells]), axis=0)
    counts = np.bincount(found[:, 0], minlength=round(FARTHER_M[-1] / SAME_PLANE_M) + 1)
    counts[:-1] += counts[1:]
    return counts >= RIM_COVER * (RIM_M / RIM_CELL_M) * max(1.0, size[along] / RIM_CELL_M)


def _first_level(is_covered: NDArray) -> float:
    """Distance of the first level that is covered, meters; inf where none is."""
    return float(np.argmax(is_covered)) * SAME_PLANE_M if is_covered.any() else np.inf
