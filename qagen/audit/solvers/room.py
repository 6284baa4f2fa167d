"""Floor area of the scanned space."""

import re

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label as label_pieces
from scipy.spatial import Delaunay

from qagen.audit.checks import Check, Verdict, check_number
from qagen.audit.scene import AuditScene
from qagen.audit.solvers.base import NumberSolver, UnreadableError

AGREE_SHARE, DOUBT_SHARE = 0.05, 0.12
"""Largest relative difference of two estimates that agree, and of two that are left undecided."""
ALPHA_M = 0.5
"""Largest circumradius of a triangle of the concave hull."""
SURFACE_POINTS = 40_000
"""Number of points drawn from the surface."""
_AREAS: dict[tuple[str, str], float] = {}
"""Square meters by dataset and scene, of all scenes so far."""


class RoomSolver(NumberSolver):
    """Area of the dataset's outline, or of a concave hull of the scan."""

    family = "room"

    def solve(self) -> None:
        scene = self.truth.scene
        key = scene.dataset, scene.id
        if key not in _AREAS:
            _AREAS[key] = floor_area(scene)
        self.what, self.value = "floor area", _AREAS[key]

    def check_sentence(self, text: str) -> list[Check]:
        stated = re.findall(r"(\d+\.\d) square meters", text)
        if len(stated) != 1:
            raise UnreadableError(f"one area in {text!r}")
        return [self.check_value(float(stated[0]))]

    def check_value(self, stated: float) -> Check:
        """Check a stated area, by its share of the recomputed one: the two estimates do not share their points."""
        if self.truth.scene.outline is not None:
            return check_number(self.what, stated, self.value, 0.1)
        off = abs(stated / self.value - 1)
        verdicts = (Verdict.AGREE, Verdict.UNDECIDED, Verdict.DISAGREE)
        found = verdicts[(off > AGREE_SHARE) + (off > DOUBT_SHARE)]
        return Check(self.what, f"{stated:g}", f"{self.value:.2f}", found, number=self.value)


def floor_area(scene: AuditScene) -> float:
    """Square meters."""
    if scene.outline is not None:
        x, y = scene.outline.T
        return float(abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2)
    if scene.vertices is None or scene.faces is None:
        clouds = [instance.points for instance in scene.instances if instance.points is not None]
        return hull_area(np.concatenate(clouds)[:, :2] if clouds else np.zeros((0, 2)))
    return hull_area(_draw_points(scene.vertices[scene.faces]))


def _draw_points(triangles: NDArray) -> NDArray:
    """(n, 2) points spread evenly over triangles (m, 3, 3), seen from above."""
    rng = np.random.default_rng(0)
    sides = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    area = np.linalg.norm(np.cross(*sides), axis=1)
    chosen = triangles[rng.choice(len(triangles), SURFACE_POINTS, p=area / area.sum())]
    weights = rng.dirichlet((1, 1, 1), SURFACE_POINTS)
    return np.einsum("nk,nkd->nd", weights, chosen)[:, :2]


def hull_area(points: NDArray, cell: float = 0.02) -> float:
    """Area of the largest piece of the concave hull of points (n, 2), counted in cells of a grid.

    A cell belongs to it when the Delaunay triangle around it has a circumscribed circle smaller than ALPHA_M.
    """
    if len(points) < 4:
        return 0.0
    mesh = Delaunay(points)
    a, b, c = (points[mesh.simplices[:, k]] for k in range(3))
    sides = np.linalg.norm(a - b, axis=1) * np.linalg.norm(b - c, axis=1) * np.linalg.norm(c - a, axis=1)
    doubled = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    is_kept = np.append(sides < 2 * ALPHA_M * doubled, False)
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (np.arange(low[k], high[k] + cell, cell) for k in range(2))
    inside = is_kept[mesh.find_simplex(np.stack(np.meshgrid(x, y), axis=-1))]
    pieces = np.zeros(inside.shape, dtype=np.int32)
    label_pieces(inside, output=pieces)
    return float(np.bincount(pieces[inside], minlength=1).max() * cell**2)
