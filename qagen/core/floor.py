"""The floor plan: simplified paths, and the area that a scan covers."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError


def corners_of(path: NDArray[np.float64], tolerance: float) -> list[int]:
    """Indices of the points of ``path`` (n, 2), n ≥ 2, that remain when it is simplified, first and last included.

    No point is farther than ``tolerance`` from the leg that replaces it (Ramer, 1972; Douglas and Peucker, 1973). Of
    points that are equally far from it, to 1e-6, the first one is the corner.
    """
    corners, open_legs = {0, len(path) - 1}, [(0, len(path) - 1)]
    while open_legs:
        start, end = open_legs.pop()
        away = np.round(distance_to_leg(path[start : end + 1], path[start], path[end]), 6)
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            corners.add(start + worst)
            open_legs += [(start, start + worst), (start + worst, end)]
    return sorted(corners)


def distance_to_leg(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n,) distance of points (n, 2) to the straight leg from ``start`` to ``end``, both (2,); they may coincide."""
    along = end - start
    passed, whole = ((points - start) * along).sum(axis=1), float((along * along).sum())
    share = np.clip(passed / max(whole, np.finfo(float).tiny), 0, 1)
    return np.linalg.norm(points - start - share[:, None] * along, axis=1)


def slip_back(points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    """The longest stretch that a path (n, 2) goes back along the direction from ``start`` to ``end`` (2,)."""
    direction = (end - start) / max(math.dist(start, end), np.finfo(float).tiny)
    progress = ((points - start) * direction).sum(axis=1)
    return float((np.maximum.accumulate(progress) - progress).max())


def wrap_deg(angle_deg: float) -> float:
    """The same angle in (-180, 180], degrees."""
    return float(180 - (180 - angle_deg) % 360)


def hull_area(points: NDArray[np.float64], radius: float) -> float:
    """As `hull_areas`, for one radius."""
    return hull_areas(points, radius)[0]


def hull_areas(points: NDArray[np.float64], *radii: float) -> list[float]:
    """Area of the largest piece of the alpha shape of points (n, 2), for each radius.

    The alpha shape is the union of the Delaunay triangles whose circumscribed circle is smaller than the radius
    (Edelsbrunner, Kirkpatrick and Seidel, 1983). It closes gaps in the points up to about twice the radius, follows
    bays that are wider, and leaves larger holes open. Triangles that share an edge are in one piece, so that points
    scanned through a window, apart from the room, do not count. 0 when all points lie on one line.
    """
    found = _triangulated(points)
    if found is None:
        return [0.0] * len(radii)
    mesh, area, sides = found
    return [float(area[_largest_piece(mesh, area, sides < 4 * radius * area)].sum()) for radius in radii]


def hull_outline(points: NDArray[np.float64], radius: float, step: float) -> NDArray[np.float64]:
    """(k, 2) points along the border of the largest piece of the alpha shape (see hull_areas), ``step`` apart or less.

    The borders of holes are part of it.
    """
    found = _triangulated(points)
    if found is None:
        return np.zeros((0, 2))
    mesh, area, sides = found
    kept = _largest_piece(mesh, area, sides < 4 * radius * area)
    is_border = kept[:, None] & ((mesh.neighbors < 0) | ~kept[mesh.neighbors])
    triangle, opposite = np.nonzero(is_border)
    start, end = (points[mesh.simplices[triangle, (opposite + turn) % 3]] for turn in (1, 2))
    pieces = [
        a + (b - a) * ((np.arange(count) + 0.5) / count)[:, None]
        for a, b in zip(start, end, strict=True)
        if (count := math.ceil(math.dist(a, b) / step))
    ]
    return np.concatenate([np.zeros((0, 2)), *pieces])


def _triangulated(points: NDArray[np.float64]) -> tuple[Delaunay, NDArray[np.float64], NDArray[np.float64]] | None:
    """The Delaunay triangles with what _measure tells of them; None when all points lie on one line."""
    try:
        mesh = Delaunay(points)
    except (QhullError, ValueError):
        return None
    return mesh, *_measure(points[mesh.simplices])


def _largest_piece(mesh: Delaunay, area: NDArray[np.float64], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) whether each triangle belongs to the largest piece of those that are kept."""
    first, second = np.repeat(np.arange(len(area)), 3), mesh.neighbors.ravel()
    joined = (second >= 0) & kept[first] & kept[second]
    links = coo_array((joined[joined], (first[joined], second[joined])), shape=(len(kept), len(kept)))
    pieces = connected_components(links, directed=False)[1]
    return kept & (pieces == np.bincount(pieces, weights=np.where(kept, area, 0.0)).argmax())


def polygon_area(outline: NDArray[np.float64]) -> float:
    """Area inside a polygon (n, 2) that does not cross itself, whichever way round (shoelace formula)."""
    x, y = outline.T
    return float(abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2)


def _measure(triangles: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area of triangles (n, 3, 2) and the product of their sides, which is four times area times circumradius."""
    edges = np.roll(triangles, -1, axis=1) - triangles
    area = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]) / 2
    return area, np.linalg.norm(edges, axis=2).prod(axis=1)
