"""The object that each pixel shows: a z-buffer over the labeled mesh."""

import math

import numpy as np
from numba import njit

from qagen.kernels import F32, F64, I32, I64, U8, Point

_NEARER, _LEFT, _RIGHT, _ABOVE, _BELOW = 1, 2, 4, 8, 16


@njit(cache=True)
def rasterize(
    vertices: F32,
    faces: I32,
    face_object: I32,
    T_cw: F64,
    K: F64,
    width: int,
    height: int,
    near_m: float,
    n_objects: int,
) -> tuple[F32, I32, I64]:
    """Draw a mesh, both sides of each face, sampled at pixel centers with perspective-correct depth.

    A pixel center on an edge belongs to both neighbors, so a closed surface shows no gaps. Of two faces at the same
    float32 depth the earlier one is shown.

    Args:
        vertices: (n, 3) float32, world, meters, finite.
        faces: (m, 3) int32 indices into vertices.
        face_object: (m,) int32 index of the object, below n_objects, or -1; the faces of an object are consecutive.
        T_cw: (4, 4) float64, camera from world.
        K: (4,) float64, fx, fy, cx, cy in pixels.
        width, height: image size in pixels.
        near_m: depth above 0 at which faces are cut, meters; nearer parts, those at depth 0 and those
            behind the camera are not drawn.
        n_objects: number of objects.

    Returns:
        depth: (height, width) float32 z in meters, inf where no face is.
        instance: (height, width) int32 object index, -1 where there is no face or a face of no object.
        unoccluded: (n_objects,) int64 pixels that each object would cover if there were nothing else.
        Without faces or vertices these are all inf, -1 and 0.
    """
    depth = np.full((height, width), np.inf, np.float32)
    instance = np.full((height, width), -1, np.int32)
    stamp = np.full((height, width), -1, np.int32)
    unoccluded = np.zeros(n_objects, np.int64)
    screen, outside = _project_vertices(vertices, T_cw, K, width, height, near_m)
    polygon = np.empty((4, 3), np.float64)
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        if outside[a] & outside[b] & outside[c]:
            continue
        item = face_object[face]
        if (outside[a] | outside[b] | outside[c]) & _NEARER:
            corners = _cut_at_near(vertices, screen, outside, faces[face], T_cw, K, near_m, polygon)
            for last in range(2, corners):
                _draw(polygon, 0, last - 1, last, item, depth, instance, stamp, unoccluded)
        elif (  # most faces of a scan lie between pixel centers, and skipping them here saves the call
            _has_pixel(screen[a, 0], screen[b, 0], screen[c, 0], width)
            and _has_pixel(screen[a, 1], screen[b, 1], screen[c, 1], height)
        ):
            _draw(screen, a, b, c, item, depth, instance, stamp, unoccluded)
    return depth, instance, unoccluded


@njit(cache=True)
def _project_vertices(vertices: F32, T_cw: F64, K: F64, width: int, height: int, near_m: float) -> tuple[F64, U8]:
    """(n, 3) u, v, 1 / z and (n,) the bits of the frustum planes that each vertex lies outside of.

    The side planes pass through the camera center, so their tests hold at any depth, behind the camera too.
    """
    screen = np.empty((len(vertices), 3), np.float64)
    outside = np.empty(len(vertices), np.uint8)
    fx, fy, cx, cy = K[0], K[1], K[2], K[3]
    for i in range(len(vertices)):
        x, y, z = _to_camera(vertices, i, T_cw)
        bits = 0 if z >= near_m else _NEARER
        x_px, y_px = fx * x + cx * z, fy * y + cy * z
        if x_px < -0.5 * z:
            bits |= _LEFT
        if x_px > (width - 0.5) * z:
            bits |= _RIGHT
        if y_px < -0.5 * z:
            bits |= _ABOVE
        if y_px > (height - 0.5) * z:
            bits |= _BELOW
        outside[i] = bits
        if z >= near_m:
            screen[i, 0] = x_px / z
            screen[i, 1] = y_px / z
            screen[i, 2] = 1.0 / z
    return screen, outside


@njit(cache=True)
def _to_camera(vertices: F32, i: int, T_cw: F64) -> Point:
    """x, y, z of a vertex in the camera, meters."""
    x, y, z = vertices[i, 0], vertices[i, 1], vertices[i, 2]
    return (
        T_cw[0, 0] * x + T_cw[0, 1] * y + T_cw[0, 2] * z + T_cw[0, 3],
        T_cw[1, 0] * x + T_cw[1, 1] * y + T_cw[1, 2] * z + T_cw[1, 3],
        T_cw[2, 0] * x + T_cw[2, 1] * y + T_cw[2, 2] * z + T_cw[2, 3],
    )


@njit(cache=True)
def _cut_at_near(
    vertices: F32, screen: F64, outside: U8, face: I32, T_cw: F64, K: F64, near_m: float, polygon: F64
) -> int:
    """Fill polygon (4, 3) with u, v, 1 / z of the part of a face beyond near_m, and return its number of corners."""
    corners = 0
    for side in range(3):
        i, j = face[side], face[(side + 1) % 3]
        i_nearer, j_nearer = outside[i] & _NEARER, outside[j] & _NEARER
        if not i_nearer:
            polygon[corners] = screen[i]
            corners += 1
        if i_nearer != j_nearer:
            # always from the kept end, so that both faces at this edge get the same point to the last bit
            kept, cut = (j, i) if i_nearer else (i, j)
            polygon[corners] = _meet_near(_to_camera(vertices, kept, T_cw), _to_camera(vertices, cut, T_cw), K, near_m)
            corners += 1
    return corners


@njit(cache=True)
def _meet_near(kept: Point, cut: Point, K: F64, near_m: float) -> Point:
    """u, v, 1 / z where the segment between two camera points passes depth near_m."""
    t = (kept[2] - near_m) / (kept[2] - cut[2])
    x = kept[0] + t * (cut[0] - kept[0])
    y = kept[1] + t * (cut[1] - kept[1])
    return K[0] * x / near_m + K[2], K[1] * y / near_m + K[3], 1.0 / near_m


@njit(cache=True)
def _has_pixel(a: float, b: float, c: float, size: int) -> bool:
    """Whether a pixel center of an image axis lies between the least and the greatest of three coordinates."""
    first, last = _span(a, b, c, size)
    return first <= last


@njit(cache=True)
def _span(a: float, b: float, c: float, size: int) -> tuple[int, int]:
    """First and last pixel center of an image axis between the least and the greatest of three coordinates."""
    return math.ceil(max(min(a, b, c), 0.0)), math.floor(min(max(a, b, c), size - 1.0))


@njit(cache=True)
def _draw(
    screen: F64, a: int, b: int, c: int, item: int, depth: F32, instance: I32, stamp: I32, unoccluded: I64
) -> None:
    """Draw one triangle of rows a, b, c of screen (u, v, 1 / z) over the pixel centers that it covers."""
    height, width = depth.shape
    ua, va = screen[a, 0], screen[a, 1]
    ub, vb = screen[b, 0], screen[b, 1]
    uc, vc = screen[c, 0], screen[c, 1]
    left, right = _span(ua, ub, uc, width)
    top, bottom = _span(va, vb, vc, height)
    for row in range(top, bottom + 1):
        for col in range(left, right + 1):
            # Each side is the cross product of the vectors from the pixel to the side's ends: rounding keeps it exactly
            # antisymmetric in the ends and never gives it the wrong sign, so no pixel falls between two neighbors.
            side_a = (ub - col) * (vc - row) - (uc - col) * (vb - row)
            side_b = (uc - col) * (va - row) - (ua - col) * (vc - row)
            side_c = (ua - col) * (vb - row) - (ub - col) * (va - row)
            total = side_a + side_b + side_c
            if total == 0.0 or min(side_a, side_b, side_c) < 0.0 < max(side_a, side_b, side_c):
                continue
            z = np.float32(total / (side_a * screen[a, 2] + side_b * screen[b, 2] + side_c * screen[c, 2]))
            if item >= 0 and stamp[row, col] != item:
                stamp[row, col] = item
                unoccluded[item] += 1
            if z < depth[row, col]:
                depth[row, col] = z
                instance[row, col] = item
