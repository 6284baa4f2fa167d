"""The object that each pixel shows: a z-buffer over the labeled mesh."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from qagen.kernels import F32, F64, I32, I64, U8, Point

PATCH_FACES = 160
"""Maximum number of faces of a patch."""
_SLACK = 1e-3
"""Pixels by which the columns of a row that are looked at reach beyond the triangle."""
_NEARER, _LEFT, _RIGHT, _ABOVE, _BELOW = 1, 2, 4, 8, 16


class Patches(NamedTuple):
    """A mesh in patches of neighboring faces of one object, each with vertices of its own."""

    vertices: F32
    """(v, 3) float32, world, meters, patch after patch."""
    faces: I32
    """(m, 3) int32, patch after patch, as indices into vertices."""
    objects: I32
    """(p,) int32 the object of each patch, ascending; below 0 for none."""
    vertex_starts: I64
    """(p + 1,) int64; patch k owns vertices[vertex_starts[k] : vertex_starts[k + 1]]."""
    face_starts: I64
    """(p + 1,) int64; patch k owns faces[face_starts[k] : face_starts[k + 1]]."""
    bounds: F64
    """(p, 2, 3) float64 least and greatest coordinates of each patch's vertices, world, meters."""


def make_patches(vertices: F32, faces: I32, face_object: I32) -> Patches:
    """Sort a mesh into patches, for `rasterize`.

    Args:
        vertices: (n, 3) float32, world, meters, finite.
        faces: (m, 3) int32 indices into vertices.
        face_object: (m,) int32 index of the object, below 0 for none.
    """
    order = np.argsort((face_object.astype(np.int64) << 30) + _morton(vertices, faces), kind="stable")
    faces, face_object = faces[order], face_object[order]
    of_object = np.flatnonzero(np.diff(face_object, prepend=-(2**31)))  # first face of each object
    sizes = np.diff(of_object, append=len(faces))
    starts = [np.arange(first, first + size, PATCH_FACES) for first, size in zip(of_object, sizes, strict=True)]
    face_starts = np.concatenate([*starts, [len(faces)]]).astype(np.int64)
    local, used, vertex_starts = _separate(faces, face_starts, len(vertices))
    corners = vertices[used]
    bounds = np.empty((len(face_starts) - 1, 2, 3), np.float64)
    if len(bounds):
        bounds[:, 0] = np.minimum.reduceat(corners, vertex_starts[:-1])
        bounds[:, 1] = np.maximum.reduceat(corners, vertex_starts[:-1])
    return Patches(corners, local, face_object[face_starts[:-1]], vertex_starts, face_starts, bounds)


@njit(cache=True)
def _morton(vertices: F32, faces: I32) -> I64:
    """(m,) numbers below 2 ** 30 that are near for faces that are near: the bits of x, y, z in turn (Morton, 1966)."""
    code = np.zeros(len(faces), np.int64)
    if not len(faces):
        return code
    low, size = np.empty(3, np.float64), 1e-9
    for axis in range(3):
        low[axis] = vertices[:, axis].min()
        size = max(size, vertices[:, axis].max() - low[axis])
    for face in range(len(faces)):
        for axis in range(3):
            cell = np.int64((vertices[faces[face, 0], axis] - low[axis]) / size * 1023)
            for bit in range(10):
                code[face] |= ((cell >> bit) & 1) << (3 * bit + axis)
    return code


@njit(cache=True)
def _separate(faces: I32, face_starts: I64, n_vertices: int) -> tuple[I32, I64, I64]:
    """Faces whose vertices belong to one patch only.

    Returns:
        (m, 3) faces, (v,) the vertex that each of theirs was, (p + 1,) where the vertices of each patch start.
    """
    local, used = np.empty(faces.shape, np.int32), np.empty(faces.size, np.int64)
    vertex_starts = np.zeros(len(face_starts), np.int64)
    known = np.full(n_vertices, -1, np.int64)
    count = 0
    for patch in range(len(face_starts) - 1):
        first = count
        for face in range(face_starts[patch], face_starts[patch + 1]):
            for corner in range(3):
                vertex = faces[face, corner]
                if known[vertex] < first:
                    known[vertex] = count
                    used[count] = vertex
                    count += 1
                local[face, corner] = known[vertex]
        vertex_starts[patch + 1] = count
    return local, used[:count].copy(), vertex_starts


@njit(cache=True)
def rasterize(
    mesh: Patches, T_cw: F64, K: F64, width: int, height: int, near_m: float, n_objects: int
) -> tuple[F32, I32, I64]:
    """Draw a mesh, both sides of each face, sampled at pixel centers with perspective-correct depth.

    A pixel center on an edge belongs to both neighbors, so a closed surface shows no gaps. Of two faces at the same
    float32 depth the earlier one is shown.

    Args:
        mesh: of ``make_patches``.
        T_cw: (4, 4) float64, camera from world.
        K: (4,) float64, fx, fy, cx, cy in pixels.
        width, height: image size in pixels.
        near_m: depth above 0 at which faces are cut, meters; nearer parts, those at depth 0 and those
            behind the camera are not drawn.
        n_objects: number of objects.

    Returns:
        depth: (height, width) float32 z in meters, inf where no face is.
        instance: (height, width) int32 object index, below 0 where there is no face or a face of no object.
        unoccluded: (n_objects,) int64 pixels that each object would cover if there were nothing else.
        Without faces or vertices these are all inf, -1 and 0.
    """
    depth = np.full((height, width), np.inf, np.float32)
    instance = np.full((height, width), -1, np.int32)
    stamp = np.full((height, width), -1, np.int32)
    unoccluded = np.zeros(n_objects, np.int64)
    polygon, planes = np.empty((4, 3), np.float64), _frustum(T_cw, K, width, height, near_m)
    largest = 0
    for patch in range(len(mesh.objects)):
        largest = max(largest, mesh.vertex_starts[patch + 1] - mesh.vertex_starts[patch])
    screen, outside = np.empty((largest, 3), np.float64), np.empty(largest, np.uint8)
    for patch in range(len(mesh.objects)):
        if _is_outside(mesh.bounds[patch], planes):
            continue
        item, first = mesh.objects[patch], mesh.vertex_starts[patch]
        vertices = mesh.vertices[first : mesh.vertex_starts[patch + 1]]
        _project_vertices(vertices, T_cw, K, width, height, near_m, screen, outside)
        for face in range(mesh.face_starts[patch], mesh.face_starts[patch + 1]):
            a, b, c = mesh.faces[face, 0] - first, mesh.faces[face, 1] - first, mesh.faces[face, 2] - first
            if outside[a] & outside[b] & outside[c]:
                continue
            if (outside[a] | outside[b] | outside[c]) & _NEARER:
                corners = _cut_at_near(vertices, screen, outside, (a, b, c), T_cw, K, near_m, polygon)
                for last in range(2, corners):
                    _draw(polygon, 0, last - 1, last, item, depth, instance, stamp, unoccluded)
            elif (  # most faces of a scan lie between pixel centers, and skipping them here saves the call
                _has_pixel(screen[a, 0], screen[b, 0], screen[c, 0], width)
                and _has_pixel(screen[a, 1], screen[b, 1], screen[c, 1], height)
            ):
                _draw(screen, a, b, c, item, depth, instance, stamp, unoccluded)
    return depth, instance, unoccluded


@njit(cache=True)
def _frustum(T_cw: F64, K: F64, width: int, height: int, near_m: float) -> F64:
    """(5, 4) planes of the view in the world: n . p + d >= 0 within; a pixel and a millionth wider than the image."""
    x, y, z = T_cw[0], T_cw[1], T_cw[2]
    planes = np.empty((5, 4), np.float64)
    planes[0] = z
    planes[0, 3] -= near_m * (1 - 1e-6)
    planes[1] = K[0] * x + (K[2] + 1.5) * z
    planes[2] = (width + 0.5 - K[2]) * z - K[0] * x
    planes[3] = K[1] * y + (K[3] + 1.5) * z
    planes[4] = (height + 0.5 - K[3]) * z - K[1] * y
    return planes


@njit(cache=True)
def _is_outside(bounds: F64, planes: F64) -> bool:
    """Whether a box (2, 3) lies wholly beyond one of some planes (k, 4)."""
    for k in range(len(planes)):
        reach = planes[k, 3]
        for axis in range(3):
            reach += planes[k, axis] * bounds[1 if planes[k, axis] > 0 else 0, axis]
        if reach < 0:
            return True
    return False


@njit(cache=True)
def _project_vertices(
    vertices: F32, T_cw: F64, K: F64, width: int, height: int, near_m: float, screen: F64, outside: U8
) -> None:
    """Fill screen with u, v, 1 / z and outside with the bits of the frustum planes that each vertex lies outside of.

    The side planes pass through the camera center, so their tests hold at any depth, behind the camera too.
    """
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
    vertices: F32, screen: F64, outside: U8, face: tuple[int, int, int], T_cw: F64, K: F64, near_m: float, polygon: F64
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
    ua, va, za = screen[a, 0], screen[a, 1], screen[a, 2]
    ub, vb, zb = screen[b, 0], screen[b, 1], screen[b, 2]
    uc, vc, zc = screen[c, 0], screen[c, 1], screen[c, 2]
    left, right = _span(ua, ub, uc, width)
    top, bottom = _span(va, vb, vc, height)
    slope_a, slope_b, slope_c = _slope(ub, vb, uc, vc), _slope(uc, vc, ua, va), _slope(ua, va, ub, vb)
    for row in range(top, bottom + 1):
        first, last = left, right
        if slope_a + slope_b + slope_c < np.inf:
            least, greatest = _widen(np.inf, -np.inf, row, ub, vb, vc, slope_a)
            least, greatest = _widen(least, greatest, row, uc, vc, va, slope_b)
            least, greatest = _widen(least, greatest, row, ua, va, vb, slope_c)
            first, last = max(left, math.ceil(least - _SLACK)), min(right, math.floor(greatest + _SLACK))
        ya, yb, yc = va - row, vb - row, vc - row
        for col in range(first, last + 1):
            # Each side is the cross product of the vectors from the pixel to the side's ends: rounding keeps it exactly
            # antisymmetric in the ends and never gives it the wrong sign, so no pixel falls between two neighbors.
            xa, xb, xc = ua - col, ub - col, uc - col
            side_a = xb * yc - xc * yb
            side_b = xc * ya - xa * yc
            side_c = xa * yb - xb * ya
            total = side_a + side_b + side_c
            is_left = (side_a < 0.0) | (side_b < 0.0) | (side_c < 0.0)
            is_right = (side_a > 0.0) | (side_b > 0.0) | (side_c > 0.0)
            if is_left == is_right:
                continue
            z = np.float32(total / (side_a * za + side_b * zb + side_c * zc))
            if item >= 0 and stamp[row, col] != item:
                stamp[row, col] = item
                unoccluded[item] += 1
            if z < depth[row, col]:
                depth[row, col] = z
                instance[row, col] = item


@njit(cache=True)
def _slope(u: float, v: float, other_u: float, other_v: float) -> float:
    """Columns a row of a side; inf where it is so flat or far away that rounding moves its pixels."""
    along, across = other_v - v, other_u - u
    if abs(across) >= 1e3 * abs(along) or max(abs(u), abs(v), abs(other_u), abs(other_v)) > 1e5:
        return np.inf
    return across / along


@njit(cache=True)
def _widen(
    least: float, greatest: float, row: int, u: float, v: float, other_v: float, slope: float
) -> tuple[float, float]:
    """The range of columns of a row with the one where a side crosses it, if it does."""
    if min(v, other_v) - _SLACK <= row <= max(v, other_v) + _SLACK:
        col = u + (row - v) * slope
        return min(least, col), max(greatest, col)
    return least, greatest
