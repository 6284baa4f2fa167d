"""The smallest distance between two surfaces, exact, by descending two trees of bounding boxes."""

import numpy as np
from numba import njit

from qagen.kernels import F64, I64, Point

LEAF = 4
"""Pieces of a leaf of the tree."""
BITS = 16
"""Bits of each coordinate of a Morton code."""
STACK = 256
"""Pairs of nodes that may wait; a tree of 2^48 pieces needs no more."""


def bounding_tree(pieces: F64) -> tuple[F64, F64]:
    """Order the pieces of a surface along a Morton curve and bound them by a binary tree of boxes (Lauterbach, 2009).

    Args:
        pieces: (n, k, 3) float64, world, meters; triangles for k = 3, points for k = 1; n at least 1.

    Returns:
        (n, k, 3) the pieces in the order of the leaves, LEAF to each, and (2, 2 * L, 3) the lowest and the highest
        corners of the nodes: node 1 is the root, 2 i and 2 i + 1 are the children of i, the last L are the leaves. A
        node without pieces has its lowest corner at inf and its highest at -inf.
    """
    low, high = pieces.min(axis=1), pieces.max(axis=1)
    pieces = pieces[_morton_codes((low + high) / 2).argsort(kind="stable")]
    starts = np.arange(0, len(pieces), LEAF)
    leaves = 1 << (len(starts) - 1).bit_length()
    bounds = np.empty((2, 2 * leaves, 3))
    bounds[0], bounds[1] = np.inf, -np.inf
    bounds[0, leaves : leaves + len(starts)] = np.minimum.reduceat(pieces.min(axis=1), starts)
    bounds[1, leaves : leaves + len(starts)] = np.maximum.reduceat(pieces.max(axis=1), starts)
    while leaves > 1:
        leaves //= 2
        children = bounds[:, 2 * leaves : 4 * leaves]
        bounds[0, leaves : 2 * leaves] = np.minimum(children[0, ::2], children[0, 1::2])
        bounds[1, leaves : 2 * leaves] = np.maximum(children[1, ::2], children[1, 1::2])
    return pieces, bounds


def _morton_codes(points: F64) -> I64:
    """(n,) int64 codes that are similar for points (n, 3) near each other."""
    low = points.min(axis=0)
    side = float((points.max(axis=0) - low).max()) or 1.0
    cells = ((points - low) * ((2**BITS - 1) / side)).astype(np.int64)
    codes = np.zeros(len(points), dtype=np.int64)
    for bit in range(BITS):
        for axis in range(3):
            codes |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return codes


@njit(cache=True)
def smallest_distance(first: F64, first_bounds: F64, second: F64, second_bounds: F64) -> float:
    """Smallest distance between two surfaces; 0 where they cross. Only surfaces count, not what they enclose.

    Args:
        first, second: (n, k, 3) float64 triangles or points, world, meters, in the order of ``bounding_tree``.
        first_bounds, second_bounds: (2, 2 * L, 3) float64 corners of the nodes of ``bounding_tree``.

    Returns:
        The distance, meters; inf where a surface is empty.
    """
    leaves = first_bounds.shape[1] // 2, second_bounds.shape[1] // 2
    waiting, lower = np.empty((STACK, 2), np.int64), np.empty(STACK)
    waiting[0], lower[0], count, best = 1, 0.0, 1, np.inf
    while count:
        count -= 1
        a, b = waiting[count]
        if lower[count] >= best:
            continue
        if a >= leaves[0] and b >= leaves[1]:
            ends = min(len(first), (a - leaves[0] + 1) * LEAF), min(len(second), (b - leaves[1] + 1) * LEAF)
            for i in range((a - leaves[0]) * LEAF, ends[0]):
                for j in range((b - leaves[1]) * LEAF, ends[1]):
                    best = min(best, _between_pieces(first, i, second, j))
            continue
        splits_first = b >= leaves[1] or (a < leaves[0] and _diagonal(first_bounds, a) >= _diagonal(second_bounds, b))
        pairs = ((2 * a, b), (2 * a + 1, b)) if splits_first else ((a, 2 * b), (a, 2 * b + 1))
        gaps = (
            _between_nodes(first_bounds, pairs[0][0], second_bounds, pairs[0][1]),
            _between_nodes(first_bounds, pairs[1][0], second_bounds, pairs[1][1]),
        )
        for k in (0, 1) if gaps[0] > gaps[1] else (1, 0):  # the nearer one comes off the stack first
            if gaps[k] < best:
                waiting[count, 0], waiting[count, 1], lower[count] = pairs[k][0], pairs[k][1], gaps[k]
                count += 1
    return np.sqrt(best)


@njit(cache=True)
def _diagonal(bounds: F64, node: int) -> float:
    """Squared diagonal of a node's box."""
    total = 0.0
    for axis in range(3):
        total += (bounds[1, node, axis] - bounds[0, node, axis]) ** 2
    return total


@njit(cache=True)
def _between_nodes(first: F64, a: int, second: F64, b: int) -> float:
    """Squared distance of two nodes' boxes; inf where one is empty."""
    total = 0.0
    for axis in range(3):
        total += max(first[0, a, axis] - second[1, b, axis], second[0, b, axis] - first[1, a, axis], 0.0) ** 2
    return total


@njit(cache=True)
def _between_pieces(first: F64, i: int, second: F64, j: int) -> float:
    """Squared distance of two points or triangles.

    The closest points of two triangles lie on an edge of each, or one of them is a corner; else they cross.
    """
    corners = first.shape[1], second.shape[1]
    best = np.inf
    for k in range(corners[0]):
        p, p_end = _point(first, i, k), _point(first, i, (k + 1) % corners[0])
        for m in range(corners[1]):
            q, q_end = _point(second, j, m), _point(second, j, (m + 1) % corners[1])
            best = min(best, _between_edges(p, p_end, q, q_end))
        if corners[1] == 3:
            best = min(best, _to_face(p, p_end, _point(second, j, 0), _point(second, j, 1), _point(second, j, 2)))
    if corners[0] == 3:
        for m in range(corners[1]):
            q, q_end = _point(second, j, m), _point(second, j, (m + 1) % corners[1])
            best = min(best, _to_face(q, q_end, _point(first, i, 0), _point(first, i, 1), _point(first, i, 2)))
    return best


@njit(cache=True)
def _between_edges(p: Point, p_end: Point, q: Point, q_end: Point) -> float:
    """Squared distance of two segments, each of which may be a point."""
    u, v, w = _minus(p_end, p), _minus(q_end, q), _minus(p, q)
    best = min(min(_to_edge(p, q, v), _to_edge(p_end, q, v)), min(_to_edge(q, p, u), _to_edge(q_end, p, u)))
    uu, uv, vv, uw, vw = _dot(u, u), _dot(u, v), _dot(v, v), _dot(u, w), _dot(v, w)
    area = uu * vv - uv * uv
    if area > 0:
        s, t = (uv * vw - vv * uw) / area, (uu * vw - uv * uw) / area
        if 0 < s < 1 and 0 < t < 1:
            between = _minus(_plus(w, s, u), (t * v[0], t * v[1], t * v[2]))
            best = min(best, _dot(between, between))
    return best


@njit(cache=True)
def _to_edge(point: Point, start: Point, along: Point) -> float:
    """Squared distance of a point and the segment from ``start`` to ``start + along``."""
    offset, length = _minus(point, start), _dot(along, along)
    share = min(1.0, max(0.0, _dot(offset, along) / length)) if length > 0 else 0.0
    offset = _plus(offset, -share, along)
    return _dot(offset, offset)


@njit(cache=True)
def _to_face(p: Point, p_end: Point, a: Point, b: Point, c: Point) -> float:
    """Squared distance of p and the inside of a triangle a, b, c: 0 where the segment to ``p_end`` passes through it.

    inf where p does not lie above or below the inside, or the triangle has none.
    """
    u, v = _minus(b, a), _minus(c, a)
    normal = u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
    area = _dot(normal, normal)
    if area <= 0:
        return np.inf
    offset = _minus(p, a)
    height, end = _dot(offset, normal), _dot(_minus(p_end, a), normal)
    if height * end < 0 and _is_above(_plus(offset, height / (height - end), _minus(p_end, p)), u, v):
        return 0.0
    return height * height / area if _is_above(offset, u, v) else np.inf


@njit(cache=True)
def _is_above(offset: Point, u: Point, v: Point) -> bool:
    """Whether a point lies above or below the triangle of two edges; all are offsets from their common corner."""
    uu, uv, vv, ou, ov = _dot(u, u), _dot(u, v), _dot(v, v), _dot(offset, u), _dot(offset, v)
    area = uu * vv - uv * uv
    s, t = vv * ou - uv * ov, uu * ov - uv * ou
    return s >= 0 and t >= 0 and s + t <= area


@njit(cache=True)
def _point(pieces: F64, i: int, corner: int) -> Point:
    return pieces[i, corner, 0], pieces[i, corner, 1], pieces[i, corner, 2]


@njit(cache=True)
def _minus(a: Point, b: Point) -> Point:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@njit(cache=True)
def _plus(a: Point, times: float, b: Point) -> Point:
    return a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]


@njit(cache=True)
def _dot(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
