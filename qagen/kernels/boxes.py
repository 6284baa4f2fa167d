"""Boxes in the image: the bounding rectangle of a 3D box, and the overlap of two rectangles."""

import numpy as np
from numba import njit

from qagen.kernels import F64


@njit(cache=True)
def projected_box(corners: F64, T_cw: F64, K: F64, width: int, height: int, near_m: float) -> F64:
    """Bounding rectangle of a 3D box in the image.

    The box is cut at depth near_m before it is projected: what is nearer, at depth 0 or behind the camera adds nothing.

    Args:
        corners: (8, 3) float64, world, meters; bit 0 of the index is +x, bit 1 +y, bit 2 +z of the box.
        T_cw: (4, 4) float64, camera from world.
        K: (4,) float64, fx, fy, cx, cy in pixels.
        width, height: image size in pixels.
        near_m: cutting depth above 0, meters.

    Returns:
        (4,) float64 left, top, right, bottom in pixels, clipped to the image's outer edges; NaN when the box is wholly
        nearer than near_m or its rectangle wholly outside the image.
    """
    camera = np.empty((8, 3), np.float64)
    for i in range(8):
        for axis in range(3):
            camera[i, axis] = (T_cw[axis, :3] * corners[i]).sum() + T_cw[axis, 3]
    left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
    for i in range(8):
        for bit in (0, 1, 2, 4):  # bit 0: the corner itself; else the edge to its neighbor, seen from the kept end
            j = i ^ bit
            if camera[i, 2] < near_m or (bit and camera[j, 2] >= near_m):
                continue
            t = (camera[i, 2] - near_m) / (camera[i, 2] - camera[j, 2]) if bit else 0.0
            x, y, z = camera[i] + t * (camera[j] - camera[i])
            u, v = K[0] * x / z + K[2], K[1] * y / z + K[3]
            left, right = min(left, u), max(right, u)
            top, bottom = min(top, v), max(bottom, v)
    if right <= -0.5 or bottom <= -0.5 or left >= width - 0.5 or top >= height - 0.5:
        return np.full(4, np.nan)
    return np.array([max(left, -0.5), max(top, -0.5), min(right, width - 0.5), min(bottom, height - 0.5)])


@njit(cache=True)
def box_ious(boxes: F64, others: F64) -> F64:
    """(n, m) intersection over union of rectangles (n, 4) and (m, 4), as ``box_iou``."""
    overlap = np.empty((len(boxes), len(others)), np.float64)
    for i in range(len(boxes)):
        for j in range(len(others)):
            overlap[i, j] = box_iou(boxes[i], others[j])
    return overlap


@njit(cache=True)
def box_iou(a: F64, b: F64) -> float:
    """Intersection over union of two rectangles (4,) left, top, right, bottom; 0 when either is empty or NaN."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    area_a = (a[2] - a[0]) * (a[3] - a[1])
    area_b = (b[2] - b[0]) * (b[3] - b[1])
    if not (width > 0 and height > 0 and area_a > 0 and area_b > 0):
        return 0.0
    return width * height / (area_a + area_b - width * height)
