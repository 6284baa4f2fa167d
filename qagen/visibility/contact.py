"""How two objects meet, measured on their parts of the mesh and on their boxes (tasks.md, section 10)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from qagen.core.box import Box3D
from qagen.core.pose import rotate
from qagen.core.scene import Frame, Scene
from qagen.visibility.closest import Gaps
from qagen.visibility.instances import grouped_by_object

STEP_M = 0.02
"""Spacing of the points that stand for a surface where exact distances do not matter, meters."""
FOOT_M = 0.05
"""Surface that lies no higher above the lower end of an object is its foot, meters."""
RESTING_M = 0.05
"""A foot rests on surface that is no farther away than this, meters: a scan blurs the edge between two things."""
DEPTH_STEP = 4
"""Every so many pixels of a depth image are kept to tell what hides a place."""
CLOSE_M = 0.03
"""Surface that is no farther away than this may touch, meters: STEP_M and a little blur."""
COVER_SHARE = 0.8
"""Two footprints are about the same where they share at least this much of the larger one."""
MEETING_M = 0.01
"""Surface that is farther away than the closest by no more than this is where two objects meet, meters."""
MAX_PLACES = 64
"""Largest number of places where two objects meet, about evenly spread."""
MAX_PARTS = 100
"""Largest number of pieces into which an edge of a triangle is cut."""
WALL_CELLS, WALL_SHARE = 4, 0.75
"""A wall covers at least this share of the cells into which a side is divided, so many along each edge."""
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Contact:
    """How one object meets another."""

    gap_m: float
    """Smallest distance between their surfaces, meters."""
    places: NDArray[np.float64]
    """(n, 3) where they meet or come closest, world, meters: middles between points of the two surfaces."""
    above_m: float
    """How far the lower end of the first object's box lies above the upper end of the second's, meters."""
    over: float
    """Share of the first box's footprint that lies in the second's."""
    under: float
    """Share of the second box's footprint that lies in the first's."""
    inside: float
    """Share of the first box that lies in the second."""
    resting: float
    """Share of the first object's foot that the second's surface is close to; of surfaces that touch."""
    patch_m: float
    """Diagonal of the part of the first object's surface that is close to the second's, meters."""
    walls: int
    """How many of the six sides of the first box have the second object's surface before most of them."""


@dataclass(eq=False)
class Contacts:
    """The contacts of the objects of a scene with a mesh that knows its objects; of others, only how boxes lie."""

    scene: Scene
    """The scene."""
    gaps: Gaps
    """The gaps between its objects."""
    _points: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    _trees: dict[int, KDTree] = field(default_factory=dict)
    _found: dict[tuple[int, int], Contact] = field(default_factory=dict)
    _depth: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @cached_property
    def _triangles(self) -> list[NDArray[np.float64]]:
        """(n, 3, 3) each object's triangles, world, meters."""
        assert self.scene.mesh is not None
        mesh = grouped_by_object(self.scene.mesh)
        starts = np.searchsorted(mesh.face_object, range(len(self.scene.objects) + 1))
        return [mesh.vertices[mesh.faces[a:b]].astype(np.float64) for a, b in pairwise(starts)]

    @cached_property
    def _corners(self) -> list[NDArray[np.int32]]:
        """(n,) the vertices of each object's triangles."""
        assert self.scene.mesh is not None
        mesh = self.scene.mesh
        return [np.unique(mesh.faces[mesh.face_object == item]) for item in range(len(self.scene.objects))]

    @cached_property
    def _bounds(self) -> NDArray[np.float64]:
        """(2, O, 3) lowest and highest corner of each object's surface; inf and -inf without any."""
        ends = np.full((2, len(self._triangles), 3), np.inf)
        ends[1] *= -1
        for item, triangles in enumerate(self._triangles):
            if len(triangles):
                ends[:, item] = triangles.min(axis=(0, 1)), triangles.max(axis=(0, 1))
        return ends

    @cached_property
    def ends_m(self) -> NDArray[np.float64]:
        """(2, O) heights of the lower and the upper ends of the objects' boxes, meters."""
        return np.array([_ends_m(one.box) for one in self.scene.objects]).reshape(-1, 2).T.round(6)

    def least_gaps_m(self) -> NDArray[np.float64]:
        """(O, O) lower bounds of the distances between the objects' surfaces, meters; inf without surface."""
        low, high = self._bounds
        apart = np.maximum(low[:, None] - high[None], low[None] - high[:, None]).clip(0.0)
        return np.sqrt((apart * apart).sum(axis=2))

    def of(self, first: int, second: int) -> Contact:
        """How object ``first`` meets object ``second``; both have surface."""
        if (first, second) not in self._found:
            self._found[first, second] = self._measure(first, second)
        return self._found[first, second]

    def over(self, first: int, second: int) -> float:
        """Share of the first box's footprint that lies in the second's."""
        box, other = (self.scene.objects[item].box for item in (first, second))
        return round(_shared_area(box, other) / _area(box), 6)

    def shown(self, frame: Frame, contact: Contact, slack_m: float) -> NDArray[np.float64]:
        """(n, 3) places of a contact that a frame shows: inside its image, nothing before them by ``slack_m``."""
        points = frame.world_from_camera.inverse() @ contact.places
        u, v = frame.camera.to_fraction(frame.camera.project(points)).T
        is_shown = (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)  # NaN behind the camera
        if frame.depth is not None and is_shown.any():
            if frame.id not in self._depth:
                self._depth[frame.id] = frame.depth.read_m()[::DEPTH_STEP, ::DEPTH_STEP].copy()
            depth = self._depth[frame.id]
            rows, columns = (
                np.clip(np.where(is_shown, part, 0.0) * count, 0, count - 1).astype(np.int64)
                for part, count in zip((v, u), depth.shape, strict=True)
            )
            measured = depth[rows, columns]
            is_shown &= (measured <= 0) | (measured >= points[:, 2] - slack_m)
        return contact.places[is_shown]

    def gap_m(self, first: int, second: int) -> float:
        """Smallest distance between the surfaces of two objects, meters."""
        return round(self.gaps.between(first, second).surfaces_m, 6)

    def is_fused(self, first: int, second: int) -> bool:
        """Whether two objects are parts of one surface, as a scan makes of things that nearly touch."""
        return bool(np.isin(self._corners[first], self._corners[second]).any())

    def _measure(self, first: int, second: int) -> Contact:
        box, other = (self.scene.objects[item].box for item in (first, second))
        shared = _shared_area(box, other)
        lower, upper = _ends_m(box), _ends_m(other)
        height = max(0.0, min(lower[1], upper[1]) - max(lower[0], upper[0]))
        points, gap_m = self._points_of(first), self.gap_m(first, second)
        low, high, reach_m = *self._bounds[:, second], gap_m + RESTING_M
        near = points[((points >= low - reach_m) & (points <= high + reach_m)).all(axis=1)]
        away, nearest = self._nearest_points(second, near, gap_m)
        closest = np.flatnonzero(away <= away.min() + MEETING_M)
        closest = closest[:: math.ceil(len(closest) / MAX_PLACES)]
        close = near[away <= CLOSE_M]
        is_foot = near[:, 2] <= self._bounds[0, first, 2] + FOOT_M
        feet = int((points[:, 2] <= self._bounds[0, first, 2] + FOOT_M).sum())
        return Contact(
            gap_m=gap_m,
            places=(near[closest] + self._points_of(second)[nearest[closest]]) / 2,
            above_m=round(lower[0] - upper[1], 6),
            over=round(shared / _area(box), 6),
            under=round(shared / _area(other), 6),
            inside=round(shared / _area(box) * height / max(float(box.size[2]), 1e-9), 6),
            resting=round(int((is_foot & (away <= RESTING_M)).sum()) / max(feet, 1), 6),
            patch_m=round(math.dist(close.min(axis=0), close.max(axis=0)), 6) if len(close) else 0.0,
            walls=_walls(box, self._points_of(second)),
        )

    def _points_of(self, item: int) -> NDArray[np.float64]:
        if item not in self._points:
            self._points[item] = _spread(self._triangles[item])
        return self._points[item]

    def _nearest_points(
        self, item: int, points: NDArray[np.float64], gap_m: float
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """How far points (n, 3) are from an object's surface, and which of its points are nearest; inf where that is
        farther than a contact is measured."""
        if item not in self._trees:
            self._trees[item] = KDTree(self._points_of(item))
        reach_m = max(RESTING_M, gap_m + 2 * STEP_M) + MEETING_M
        away, nearest = self._trees[item].query(points, distance_upper_bound=reach_m)
        if np.min(away) + MEETING_M > reach_m:  # triangles so large that their points are farther apart than STEP_M
            away, nearest = self._trees[item].query(points)
        return np.asarray(away), np.asarray(nearest)


def are_covers(boxes: Sequence[Box3D]) -> NDArray[np.bool_]:
    """(O,) objects that lie flush on another one of about the same footprint, as a counter on its cabinets.

    People see both as one thing, whose height is that of neither.
    """
    covers = np.zeros(len(boxes), dtype=bool)
    ends = np.array([_ends_m(box) for box in boxes]).reshape(-1, 2)
    areas = np.array([_area(box) for box in boxes])
    alike = np.minimum(areas[:, None], areas) >= COVER_SHARE * np.maximum(areas[:, None], areas)
    for item, other in np.argwhere((np.abs(ends[:, None, 0] - ends[None, :, 1]) <= FOOT_M) & alike).tolist():
        shared = _shared_area(boxes[item], boxes[other])
        covers[item] |= item != other and shared >= COVER_SHARE * max(areas[item], areas[other])
    return covers


def _spread(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, 3) points on triangles (n, 3, 3), their corners among them, no farther than STEP_M from the next ones."""
    edges = triangles[:, 1:] - triangles[:, :1]
    longest = np.sqrt((edges * edges).sum(axis=2).max(axis=1))
    parts = np.ceil(longest / STEP_M).astype(np.int64).clip(1, MAX_PARTS)
    found = []
    for count in np.unique(parts):
        u, v = np.divmod(np.arange((count + 1) ** 2), count + 1)
        kept = u + v <= count
        u, v = u[kept, None] / count, v[kept, None] / count
        chosen, sides = triangles[parts == count], edges[parts == count]
        found.append((chosen[:, None, 0] + u * sides[:, None, 0] + v * sides[:, None, 1]).reshape(-1, 3))
    return np.concatenate(found)


def _walls(box: Box3D, points: NDArray[np.float64]) -> int:
    """In how many directions along a box's axes points (n, 3), world, meters, cover most of the box's side."""
    local = rotate(box.rotation.T, points - box.center)
    cells = np.array(np.floor((local / np.maximum(box.size, 1e-9) + 0.5) * WALL_CELLS), dtype=np.int64)
    is_beside = (cells >= 0) & (cells < WALL_CELLS)
    count = 0
    for axis in range(3):
        first, second = (k for k in range(3) if k != axis)
        is_before = is_beside[:, first] & is_beside[:, second]
        for sign in (-1, 1):
            chosen = cells[is_before & (sign * local[:, axis] > 0)]
            covered = len(np.unique(chosen[:, first] * WALL_CELLS + chosen[:, second]))
            count += covered >= WALL_SHARE * WALL_CELLS**2
    return count


def _ends_m(box: Box3D) -> tuple[float, float]:
    """Heights of the lower and the upper end of an upright box, meters."""
    return float(box.center[2] - box.size[2] / 2), float(box.center[2] + box.size[2] / 2)


def _area(box: Box3D) -> float:
    """Area of an upright box's footprint, square meters."""
    return max(float(box.size[0] * box.size[1]), 1e-9)


def _shared_area(first: Box3D, second: Box3D) -> float:
    """Area that the footprints of two upright boxes share, square meters (Sutherland and Hodgman, 1974)."""
    shape, edges = _footprint(first), _footprint(second)
    for (ax, ay), (bx, by) in zip(edges, [*edges[1:], edges[0]], strict=True):
        sides = [(bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in shape]
        clipped: list[Point] = []
        for k, here in enumerate(shape):
            there, side, next_side = shape[(k + 1) % len(shape)], sides[k], sides[(k + 1) % len(shape)]
            if side >= 0:
                clipped.append(here)
            if (side >= 0) != (next_side >= 0):
                t = side / (side - next_side)
                clipped.append((here[0] + t * (there[0] - here[0]), here[1] + t * (there[1] - here[1])))
        shape = clipped
    return math.fsum(x * v - u * y for (x, y), (u, v) in zip(shape, [*shape[1:], *shape[:1]], strict=True)) / 2


def _footprint(box: Box3D) -> list[Point]:
    """Corners of an upright box's footprint, counterclockwise."""
    corners = box.corners[:, :2].tolist()
    shape = [(corners[k][0], corners[k][1]) for k in (0, 1, 3, 2)]
    is_clockwise = (box.rotation[0, 0] * box.rotation[1, 1] - box.rotation[0, 1] * box.rotation[1, 0]) < 0
    return shape[::-1] if is_clockwise else shape
