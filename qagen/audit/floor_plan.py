"""The scanned space from above: its area, its outline, and how much of the outline is walls."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, KDTree

from qagen.audit.scene import AuditScene
from qagen.audit.surroundings import Surroundings, spread_points

ALPHA_M = 0.5
"""Largest circumradius of a triangle of the concave hull."""
SURFACE_POINTS = 40_000
"""Number of points drawn from the surface."""
JITTER_M = 2e-3
"""Points are moved by up to this much, because many on one line take long."""
WALL_M = (0.15, 0.3)
"""A wall stands at the outline if it is this close, surely and maybe."""
WALL_TOP_M, UPRIGHT = 1.5, 0.3
"""Least height of a wall above the floor, and the largest vertical part of its normal."""
STEP_M = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class FloorPlan:
    """The scanned space from above."""

    area: float
    """Square meters."""
    outline: NDArray[np.float64]
    """(n, 2, 2) its edges, two ends each, meters."""


def floor_plan(scene: AuditScene) -> FloorPlan:
    """Area and outline of the scanned space, of the dataset's own polygon where it has one."""
    if scene.outline is not None:
        x, y = scene.outline.T
        area = float(abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2)
        return FloorPlan(area, np.stack([scene.outline, np.roll(scene.outline, -1, axis=0)], axis=1))
    if scene.vertices is None or scene.faces is None:
        clouds = [instance.points for instance in scene.instances if instance.points is not None]
        return concave_hull(np.concatenate(clouds)[:, :2] if clouds else np.zeros((0, 2)))
    return concave_hull(spread_points(scene.vertices[scene.faces], SURFACE_POINTS)[0][:, :2])


def concave_hull(points: NDArray) -> FloorPlan:
    """The largest piece of the concave hull of points (n, 2): all Delaunay triangles with a small enough circle."""
    if len(points) < 4:
        return FloorPlan(0.0, np.zeros((0, 2, 2)))
    points = points + np.random.default_rng(0).uniform(-JITTER_M, JITTER_M, points.shape)
    mesh = Delaunay(points)
    a, b, c = (points[mesh.simplices[:, k]] for k in range(3))
    sides = np.linalg.norm(a - b, axis=1) * np.linalg.norm(b - c, axis=1) * np.linalg.norm(c - a, axis=1)
    doubled = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    is_kept = sides < 2 * ALPHA_M * doubled
    triangle, edge = np.nonzero(is_kept[:, None] & np.append(is_kept, False)[mesh.neighbors])
    links = coo_array((np.ones(len(triangle)), (triangle, mesh.neighbors[triangle, edge])), (len(sides), len(sides)))
    pieces = connected_components(links)[1]
    areas = np.bincount(pieces, np.where(is_kept, doubled / 2, 0.0))
    inside = is_kept & (pieces == np.argmax(areas))
    triangle, edge = np.nonzero(inside[:, None] & ~np.append(inside, False)[mesh.neighbors])
    ends = [mesh.simplices[triangle, (edge + k) % 3] for k in (1, 2)]
    return FloorPlan(float(areas.max()), np.stack([points[end] for end in ends], axis=1))


def wall_shares(outline: NDArray, around: Surroundings) -> tuple[float, float]:
    """Shares of an outline (n, 2, 2) that surely have, and that may have, a wall close by."""
    lengths = np.linalg.norm(outline[:, 1] - outline[:, 0], axis=1)
    steps = np.maximum(1, np.ceil(lengths / STEP_M)).astype(int)
    along = np.concatenate([(np.arange(n) + 0.5) / n for n in steps])[:, None]
    first, second = np.repeat(outline, steps, axis=0).transpose(1, 0, 2)
    is_wall = np.abs(around.surface.normals[:, 2]) <= UPRIGHT
    is_wall &= around.surface.places[:, 2] >= around.floor_m + WALL_TOP_M
    walls = np.unique(np.round(around.surface.places[is_wall, :2] / STEP_M), axis=0) * STEP_M
    if not len(walls):
        return 0.0, 0.0
    away = KDTree(walls).query(first + along * (second - first), distance_upper_bound=WALL_M[-1])[0]
    weights = np.repeat(lengths / steps, steps)
    sure, maybe = (float(weights[away <= most].sum() / weights.sum()) for most in WALL_M)
    return sure, maybe
