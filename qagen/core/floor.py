"""The floor plan: simplified paths, and the area that a scan covers."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError


def corners_of(path: NDArray[np.float64], tolerance: float) -> list[int]:
    """Indices of the points of ``path`` (n, 2), n ≥ 2, that remain when it is simplified, first and last included.

    No point is farther than ``tolerance`` from the leg that replaces it (Ramer, 1972; Douglas and Peucker, 1973).
    """
    corners, open_legs = {0, len(path) - 1}, [(0, len(path) - 1)]
    while open_legs:
        start, end = open_legs.pop()
        away = distance_to_leg(path[start : end + 1], path[start], path[end])
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
    try:
        mesh = Delaunay(points)
    except (QhullError, ValueError):
        return [0.0] * len(radii)
    area, sides = _measure(points[mesh.simplices])
    first = np.repeat(np.arange(len(area)), 3)
    second = mesh.neighbors.ravel()
    areas = []
    for radius in radii:
        kept = sides < 4 * radius * area
        joined = (second >= 0) & kept[first] & kept[second]
        links = coo_array((joined[joined], (first[joined], second[joined])), shape=(len(kept), len(kept)))
        pieces = connected_components(links, directed=False)[1]
        areas.append(float(np.bincount(pieces, weights=np.where(kept, area, 0.0)).max()))
    return areas


def polygon_area(outline: NDArray[np.float64]) -> float:
    """Area inside a polygon (n, 2) that does not cross itself, whichever way round (shoelace formula)."""
    x, y = outline.T
    return float(abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2)


def _measure(triangles: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area of triangles (n, 3, 2) and the product of their sides, which is four times area times circumradius."""
    edges = np.roll(triangles, -1, axis=1) - triangles
    area = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]) / 2
    return area, np.linalg.norm(edges, axis=2).prod(axis=1)
