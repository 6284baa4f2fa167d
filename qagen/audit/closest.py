"""Smallest distances between the surfaces of instances, and between the boxes that they may fill.

Surfaces are covered with points at most STEP_M apart. The segment that joins the closest places of two surfaces is
perpendicular to both, or ends at edges and corners, so that points beside these places are farther apart by no more
than Pythagoras' theorem says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from scipy.spatial import KDTree

from qagen.audit.scene import AuditScene, UprightBox

STEP_M = 0.02
"""Largest distance of neighboring points on a triangle."""
EDGE_M = 1e-9
"""Half sides of boxes are at least this long, because the solver needs bounds that differ."""
FARTHEST_M = 10.0
"""How far a side of which nothing is known may go on."""
_QUADS = ((0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5))


@dataclass(eq=False)
class SurfaceGaps:
    """The gaps between the instances of one scene."""

    scene: AuditScene
    """The scene."""
    _trees: dict[int, KDTree] = field(default_factory=dict)
    _ranges: dict[tuple[int, int, bytes], tuple[float, float]] = field(default_factory=dict)

    def range_m(self, first: int, second: int, offset: NDArray) -> tuple[float, float]:
        """Least and largest value that the smallest distance of two instances can have, meters.

        Args:
            offset: (3,) by which the second one is moved against the first, meters.
        """
        if len(self._tree(first).data) > len(self._tree(second).data):
            first, second, offset = second, first, -np.asarray(offset)
        key = first, second, np.asarray(offset, dtype=float).tobytes()
        if key not in self._ranges:
            self._ranges[key] = _range_m(float(self._tree(second).query(self._tree(first).data - offset)[0].min()))
        return self._ranges[key]

    def range_from_place_m(self, place: NDArray, instance: int) -> tuple[float, float]:
        """The same of the smallest distance of an instance from a place (3,), world, meters."""
        return _range_m(float(self._tree(instance).query(place)[0]))

    def _tree(self, instance: int) -> KDTree:
        if instance not in self._trees:
            self._trees[instance] = KDTree(self._points(instance))
        return self._trees[instance]

    def _points(self, instance: int) -> NDArray:
        """(n, 3) points all over an instance's triangles; else its own points; else points all over its box."""
        scene, one = self.scene, self.scene.instances[instance]
        if scene.vertices is not None and scene.faces is not None:
            own = scene.faces[scene.face_instance == instance]
            if len(own):
                return covering(scene.vertices[own].astype(float))
        if one.points is not None:
            return np.asarray(one.points, dtype=float)
        corners = np.array([corner @ one.box.axes.T + one.box.center for corner in _corners(one.box.size)])
        return covering(np.array([corners[list(part)] for q in _QUADS for part in (q[:3], (q[0], q[2], q[3]))]))


def _range_m(most: float) -> tuple[float, float]:
    """Least and largest value of a distance that is measured between points on surfaces."""
    return float(np.sqrt(max(most**2 - (2 * STEP_M / np.sqrt(3)) ** 2, 0.0))), most


def covering(triangles: NDArray) -> NDArray[np.float64]:
    """(n, 3) points of triangles (m, 3, 3), their corners included, at most STEP_M from their neighbors."""
    edges = np.linalg.norm(triangles - np.roll(triangles, 1, axis=1), axis=2).max(axis=1)
    cuts = np.maximum(1, np.ceil(edges / STEP_M).astype(int))
    parts = []
    for cut in np.unique(cuts):
        weights = np.array([(i, j, cut - i - j) for i in range(cut + 1) for j in range(cut + 1 - i)]) / cut
        parts.append(np.einsum("wk,mkx->mwx", weights, triangles[cuts == cut]).reshape(-1, 3))
    return np.concatenate(parts)


def between_boxes_m(first: UprightBox, second: UprightBox) -> float:
    """Smallest distance of two boxes, which may be tilted, meters: 0 if they meet."""
    halves = np.concatenate([first.size, second.size]) / 2 + EDGE_M
    found = lsq_linear(np.hstack([first.axes, -second.axes]), second.center - first.center, (-halves, halves), "bvls")
    return float(np.sqrt(2 * found.cost))


def moved_out(box: UprightBox, by_m: Sequence[float]) -> UprightBox:
    """The box with its six sides moved out, two for each of its axes, the lower one first."""
    by = np.minimum(np.asarray(by_m, dtype=float), FARTHEST_M).reshape(3, 2)
    return UprightBox(box.center + box.axes @ (by[:, 1] - by[:, 0]) / 2, box.size + by.sum(axis=1), box.axes)


def _corners(size: NDArray) -> list[NDArray]:
    return [np.array(signs) * size / 2 for signs in product((-1, 1), repeat=3)]
