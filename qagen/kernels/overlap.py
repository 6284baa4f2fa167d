"""The share of a surface that a camera sees, and that two cameras share."""

import math

import numpy as np
from numba import njit

from qagen.kernels import F32, F64, I64, U64, Bools


@njit(cache=True)
def points_seen(
    points: F32 | F64, T_cw: F64, K: F64, composite: F32, tolerance_m: float, tolerance_rel: float
) -> Bools:
    """Whether a camera sees each point, which projects inside and agrees with the depth image.

    Args:
        points: (n, 3) float32 or float64, world, meters.
        T_cw: (4, 4) float64, camera from world.
        K: (4,) float64, fx, fy, cx, cy of the depth image.
        composite: (h, w) float32 z of the surface that each pixel shows, meters; inf where nothing is known.
        tolerance_m: absolute tolerance, meters.
        tolerance_rel: tolerance as a share of the point's z.

    Returns:
        (n,) bool. Points behind the camera, at depth 0 or not finite are not seen; no points give (0,).
    """
    height, width = composite.shape
    seen = np.zeros(len(points), np.bool_)
    for i in range(len(points)):
        u, v, z = _project(points, i, T_cw, K)
        col, row = _nearest_pixel(u, width), _nearest_pixel(v, height)
        if col >= 0 and row >= 0:
            seen[i] = abs(z - np.float64(composite[row, col])) <= max(tolerance_m, tolerance_rel * z)
    return seen


@njit(cache=True)
def inside_fraction(points: F32 | F64, starts: I64, T_cw: F64, K: F64, width: int, height: int, near_m: float) -> F64:
    """Share of each object's points that project inside an image, hidden or not.

    Args:
        points: (n, 3) float32 or float64, world, meters, object after object.
        starts: (O + 1,) int64; object k owns points[starts[k] : starts[k + 1]].
        T_cw: (4, 4) float64, camera from world.
        K: (4,) float64, fx, fy, cx, cy in pixels.
        width, height: image size in pixels.
        near_m: points nearer than this depth are outside, and so are those at depth 0 or behind the camera.

    Returns:
        (O,) float64 in [0, 1]; NaN for an object without points.
    """
    shares = np.full(len(starts) - 1, np.nan)
    for item in range(len(shares)):
        inside = 0
        for i in range(starts[item], starts[item + 1]):
            u, v, z = _project(points, i, T_cw, K)
            if z >= near_m and _nearest_pixel(u, width) >= 0 and _nearest_pixel(v, height) >= 0:
                inside += 1
        if starts[item + 1] > starts[item]:
            shares[item] = inside / (starts[item + 1] - starts[item])
    return shares


def shared_fraction(seen: Bools) -> F64:
    """Share of the points seen in one frame that another frame sees too.

    Args:
        seen: (F, n) bool, points_seen of each frame.

    Returns:
        (F, F) float64; [i, j] is the share of the points seen in i that j sees too, 0 where i sees none. (0, 0) without
        frames.
    """
    words = -(-seen.shape[1] // 64)
    packed = np.zeros((len(seen), words * 8), np.uint8)
    packed[:, : -(-seen.shape[1] // 8)] = np.packbits(seen, axis=1)
    common = _count_common(packed.view(np.uint64))
    return common / np.maximum(np.diag(common), 1)[:, None]


@njit(cache=True)
def _count_common(bits: U64) -> I64:
    """(F, F) number of bits that two rows of (F, words) have in common."""
    common = np.zeros((len(bits), len(bits)), np.int64)
    for i in range(len(bits)):
        for j in range(i + 1):
            count = 0
            for k in range(bits.shape[1]):
                count += _count_bits(bits[i, k] & bits[j, k])
            common[i, j] = common[j, i] = count
    return common


@njit(cache=True)
def _count_bits(word: np.uint64) -> int:
    """Number of set bits, clearing the lowest one each time; LLVM turns this loop into one instruction."""
    count = 0
    while word != 0:
        word &= word - np.uint64(1)
        count += 1
    return count


@njit(cache=True)
def _project(points: F32 | F64, i: int, T_cw: F64, K: F64) -> tuple[float, float, float]:
    """u, v, z of a point; u and v are NaN at depth 0 and behind the camera."""
    x, y, z = points[i, 0], points[i, 1], points[i, 2]
    depth = T_cw[2, 0] * x + T_cw[2, 1] * y + T_cw[2, 2] * z + T_cw[2, 3]
    if not depth > 0:
        return np.nan, np.nan, depth
    u = K[0] * (T_cw[0, 0] * x + T_cw[0, 1] * y + T_cw[0, 2] * z + T_cw[0, 3]) / depth + K[2]
    v = K[1] * (T_cw[1, 0] * x + T_cw[1, 1] * y + T_cw[1, 2] * z + T_cw[1, 3]) / depth + K[3]
    return u, v, depth


@njit(cache=True)
def _nearest_pixel(u: float, size: int) -> int:
    """Index of the pixel that covers u, -1 outside [-0.5, size - 0.5] and for NaN."""
    return min(math.floor(u + 0.5), size - 1) if -0.5 <= u <= size - 0.5 else -1
