"""How much floor a scan covers: the area of a concave hull."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError


def hull_area(points: NDArray[np.float64], radius: float) -> float:
    """Area of the alpha shape of points (n, 2): of the largest piece that it has.

    The alpha shape is the union of the Delaunay triangles whose circumscribed circle is smaller than ``radius``
    (Edelsbrunner, Kirkpatrick and Seidel, 1983). It closes gaps in the points up to about twice the radius, follows
    bays that are wider, and leaves larger holes open. Pieces hang together where triangles share an edge, so that what
    was scanned through a window, apart from the room, does not count. 0 when there are no three points off one line.
    """
    try:
        mesh = Delaunay(points)
    except (QhullError, ValueError):
        return 0.0
    area, sides = _measure(points[mesh.simplices])
    kept = sides < 4 * radius * area
    first = np.repeat(np.arange(len(kept)), 3)
    second = mesh.neighbors.ravel()
    joined = (second >= 0) & kept[first] & kept[second]
    links = coo_array((joined[joined], (first[joined], second[joined])), shape=(len(kept), len(kept)))
    pieces = connected_components(links, directed=False)[1]
    return float(np.bincount(pieces, weights=np.where(kept, area, 0.0)).max())


def polygon_area(outline: NDArray[np.float64]) -> float:
    """Area inside a polygon (n, 2) that does not cross itself, whichever way round (shoelace formula)."""
    x, y = outline.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _measure(triangles: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area of triangles (n, 3, 2) and the product of their sides, which is four times area times circumradius."""
    edges = np.roll(triangles, -1, axis=1) - triangles
    area = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]) / 2
    return area, np.linalg.norm(edges, axis=2).prod(axis=1)
