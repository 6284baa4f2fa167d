"""What lies just beyond the sides of boxes: space that a camera has looked through, and the surface of other things."""

import math

import numpy as np
from numba import njit

from qagen.kernels import F32, F64, I32, I64, Bools


@njit(cache=True)
def mark_known(
    known: Bools,
    points: F64,
    owners: I32,
    T_cw: F64,
    instance: I32,
    K: F64,
    depth: F32,
    K_depth: F64,
    unlabeled_counts: bool,
    free: F64,
    touch_m: float,
    inside_m: float,
) -> None:
    """Mark the points of which a frame shows that they do not belong to their object.

    A point is free where its ray ends farther behind it than the tolerance, and belongs to something else where its
    ray ends at it or behind it on another owner's surface.

    Args:
        known: (n,) bool, set to True at the points found; those that are True already are passed over.
        points: (n, 3) float64, world, meters.
        owners: (n,) int32 the object that each point is tested for.
        T_cw: (4, 4) float64, camera from world.
        instance: (h, w) int32 owner of what each pixel shows, with its intrinsics K (4,).
        depth: (H, W) float32 z in meters with its intrinsics K_depth (4,); what is not finite or not above 0 is none.
        unlabeled_counts: whether pixels of -1 show something else; otherwise they show what nobody knows.
        free: (2,) float64 tolerance of free space, meters and as a share of z; the larger counts.
        touch_m: how far behind the surface of another owner a point may lie, meters.
        inside_m: the same for structure (owner -2), which is solid.

    Points behind the camera, at depth 0 or outside an image are left as they are.
    """
    for i in range(len(points)):
        if known[i]:
            continue
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        depth_z = T_cw[2, 0] * x + T_cw[2, 1] * y + T_cw[2, 2] * z + T_cw[2, 3]
        if depth_z <= 0.0:
            continue
        right = (T_cw[0, 0] * x + T_cw[0, 1] * y + T_cw[0, 2] * z + T_cw[0, 3]) / depth_z
        down = (T_cw[1, 0] * x + T_cw[1, 1] * y + T_cw[1, 2] * z + T_cw[1, 3]) / depth_z
        col = _nearest_pixel(K_depth[0] * right + K_depth[2], depth.shape[1])
        row = _nearest_pixel(K_depth[1] * down + K_depth[3], depth.shape[0])
        if col < 0 or row < 0 or not 0.0 < depth[row, col] < np.inf:
            continue
        behind = np.float64(depth[row, col]) - depth_z
        if behind > max(free[0], free[1] * depth_z):
            known[i] = True
        elif behind >= -max(touch_m, inside_m):
            col = _nearest_pixel(K[0] * right + K[2], instance.shape[1])
            row = _nearest_pixel(K[1] * down + K[3], instance.shape[0])
            if col < 0 or row < 0 or instance[row, col] == owners[i]:
                continue
            if instance[row, col] == -2 or behind >= -touch_m:
                known[i] = instance[row, col] != -1 or unlabeled_counts


@njit(cache=True)
def surface_ahead(
    vertices: F32,
    faces: I32,
    face_owner: I32,
    skip_unlabeled: bool,
    centers: F64,
    rotations: F64,
    halves: F64,
    steps: F64,
    margins: F64,
    back_m: float,
    reach_m: float,
) -> tuple[F32, I32, Bools]:
    """Distance from the sides of boxes, along rays outward, to the surface of something else.

    Args:
        vertices: (n, 3) float32, world, meters.
        faces: (m, 3) int32.
        face_owner: (m,) int32; the faces of box k's own object have k, -1 is unlabeled and -2 structure.
        skip_unlabeled: whether faces of owner -1 count as nothing.
        centers, rotations, halves: (O, 3), (O, 3, 3) with the axes in columns, (O, 3) half extents, meters.
        steps: (G,) places of the rays along an axis of the side, as shares of the half extent.
        margins: (R,) ascending distances beyond the side's edges of more rays at each end, meters.
        back_m, reach_m: how far inside and beyond a side surface counts, meters.

    Returns:
        ahead: (O, 6, E, E) float32 distance, negative inside the box, inf without surface; E = G + 2 R. Sides are
            -x, +x, -y, +y, -z, +z; rays go along the two other axes in their order, from low to high.
        owner: (O, 6, E, E) int32 whose surface that is.
        own: (O, 6, E, E) bool whether surface of the box's own object lies within back_m of the side.
    """
    count, rays = len(centers), len(steps) + 2 * len(margins)
    ahead = np.full((count, 6, rays, rays), np.inf, np.float32)
    owner = np.full((count, 6, rays, rays), -1, np.int32)
    own = np.zeros((count, 6, rays, rays), np.bool_)
    low, high = _face_bounds(vertices, faces)
    widest = max(reach_m, margins.max()) if len(margins) else reach_m
    places, local, triangle = np.empty((3, rays)), np.empty((3, 3)), np.empty((3, 3))
    for item in range(count):
        for axis in range(3):
            _ray_places(places[axis], halves[item, axis], steps, margins)
        chosen = _faces_near(low, high, *_world_bounds(centers[item], rotations[item], halves[item] + widest))
        for face in chosen:
            if skip_unlabeled and face_owner[face] == -1:
                continue
            _to_box(vertices, faces, face, centers, rotations, item, local)
            for side in range(6):
                axis, half = side // 2, halves[item, side // 2]
                sign, near, far = (
                    (1.0, half - back_m, half + reach_m) if side % 2 else (-1.0, -half - reach_m, back_m - half)
                )
                first, second = (1 if axis == 0 else 0), (1 if axis == 2 else 2)
                if not (
                    _reaches(local, axis, near, far)
                    and _reaches(local, first, places[first, 0], places[first, rays - 1])
                    and _reaches(local, second, places[second, 0], places[second, rays - 1])
                ):
                    continue
                for k in range(3):
                    triangle[k, 0], triangle[k, 1] = local[k, first], local[k, second]
                    triangle[k, 2] = sign * local[k, axis] - half
                if face_owner[face] == item:
                    _mark_met(own[item, side], triangle, places[first], places[second], back_m)
                else:
                    found = ahead[item, side], owner[item, side]
                    _keep_nearest(
                        found, triangle, places[first], places[second], back_m, reach_m, int(face_owner[face])
                    )
    return ahead, owner, own


@njit(cache=True)
def count_below(
    points: F64, centers: F64, rotations: F64, halves: F64, floors_m: F64, skin_m: float, margins: F64
) -> I64:
    """Count the points that stand below upright boxes, within their footprints and around them.

    Args:
        points: (n, 3) float64, world, meters.
        centers, rotations, halves: (O, 3), (O, 3, 3) with the axes in columns, (O, 3) half extents, meters.
        floors_m: (O,) height above which points count; NaN for all.
        skin_m: points this close to the lower side do not count.
        margins: (O, M) how far beyond each footprint points count, meters; the last is the widest.

    Returns:
        (O, M) int64; no points or no boxes give zeros.
    """
    counts = np.zeros(margins.shape, np.int64)
    for item in range(len(centers)):
        widest = margins[item, -1]
        away = math.sqrt(halves[item, 0] ** 2 + halves[item, 1] ** 2) + 2.0 * widest
        for i in range(len(points)):
            x, y = points[i, 0] - centers[item, 0], points[i, 1] - centers[item, 1]
            z = points[i, 2] - centers[item, 2]
            if x * x + y * y > away * away or z >= -halves[item, 2] - skin_m or points[i, 2] <= floors_m[item]:
                continue
            along = abs(rotations[item, 0, 0] * x + rotations[item, 1, 0] * y) - halves[item, 0]
            across = abs(rotations[item, 0, 1] * x + rotations[item, 1, 1] * y) - halves[item, 1]
            for k in range(margins.shape[1]):
                counts[item, k] += max(along, across) <= margins[item, k]
    return counts


@njit(cache=True)
def _face_bounds(vertices: F32, faces: I32) -> tuple[F32, F32]:
    """(m, 3) least and (m, 3) greatest coordinates of each face."""
    low, high = np.empty((len(faces), 3), np.float32), np.empty((len(faces), 3), np.float32)
    for face in range(len(faces)):
        for j in range(3):
            a, b, c = vertices[faces[face, 0], j], vertices[faces[face, 1], j], vertices[faces[face, 2], j]
            low[face, j], high[face, j] = min(a, b, c), max(a, b, c)
    return low, high


@njit(cache=True)
def _world_bounds(center: F64, rotation: F64, half: F64) -> tuple[F64, F64]:
    """(3,) least and (3,) greatest coordinates of a box."""
    reach = np.zeros(3)
    for j in range(3):
        for axis in range(3):
            reach[j] += abs(rotation[j, axis]) * half[axis]
    return center - reach, center + reach


@njit(cache=True)
def _faces_near(low: F32, high: F32, box_low: F64, box_high: F64) -> I64:
    """(k,) faces whose bounds share a point with those of a box."""
    x0, y0, z0 = box_low
    x1, y1, z1 = box_high
    chosen = np.empty(len(low), np.int64)
    count = 0
    for face in range(len(low)):
        is_near = low[face, 0] <= x1 and high[face, 0] >= x0 and low[face, 1] <= y1 and high[face, 1] >= y0
        if is_near and low[face, 2] <= z1 and high[face, 2] >= z0:
            chosen[count] = face
            count += 1
    return chosen[:count]


@njit(cache=True)
def _to_box(vertices: F32, faces: I32, face: int, centers: F64, rotations: F64, item: int, local: F64) -> None:
    """Fill (3, 3) with the corners of a face along a box's axes, from its center."""
    for k in range(3):
        x = vertices[faces[face, k], 0] - centers[item, 0]
        y = vertices[faces[face, k], 1] - centers[item, 1]
        z = vertices[faces[face, k], 2] - centers[item, 2]
        for axis in range(3):
            local[k, axis] = rotations[item, 0, axis] * x + rotations[item, 1, axis] * y + rotations[item, 2, axis] * z


@njit(cache=True)
def _ray_places(places: F64, half: float, steps: F64, margins: F64) -> None:
    """Fill (E,) places of the rays along one axis, meters from the middle of the side."""
    ring = len(margins)
    for k in range(ring):
        places[ring - 1 - k] = -half - margins[k]
        places[len(places) - ring + k] = half + margins[k]
    for k in range(len(steps)):
        places[ring + k] = steps[k] * half


@njit(cache=True)
def _reaches(triangle: F64, column: int, low: float, high: float) -> bool:
    """Whether a triangle of corners (3, 3) has some of a coordinate between low and high."""
    a, b, c = triangle[0, column], triangle[1, column], triangle[2, column]
    return min(a, b, c) <= high and max(a, b, c) >= low


@njit(cache=True)
def _distance_at(triangle: F64, u: float, v: float) -> float:
    """Distance at which the ray at u, v meets a triangle, NaN where it does not."""
    ua, ub, uc = triangle[0, 0], triangle[1, 0], triangle[2, 0]
    va, vb, vc = triangle[0, 1], triangle[1, 1], triangle[2, 1]
    side_a = (ub - u) * (vc - v) - (uc - u) * (vb - v)
    side_b = (uc - u) * (va - v) - (ua - u) * (vc - v)
    side_c = (ua - u) * (vb - v) - (ub - u) * (va - v)
    total = side_a + side_b + side_c
    if total == 0.0 or min(side_a, side_b, side_c) < 0.0 < max(side_a, side_b, side_c):
        return np.nan
    return (side_a * triangle[0, 2] + side_b * triangle[1, 2] + side_c * triangle[2, 2]) / total


@njit(cache=True)
def _keep_nearest(
    found: tuple[F32, I32], triangle: F64, us: F64, vs: F64, back_m: float, reach_m: float, owner: int
) -> None:
    """Enter a triangle where it is the nearest surface that the rays of a side meet."""
    for i in range(len(us)):
        if not _reaches(triangle, 0, us[i], us[i]):
            continue
        for j in range(len(vs)):
            if not _reaches(triangle, 1, vs[j], vs[j]):
                continue
            distance = _distance_at(triangle, us[i], vs[j])
            if -back_m <= distance <= reach_m and distance < found[0][i, j]:
                found[0][i, j], found[1][i, j] = distance, owner


@njit(cache=True)
def _mark_met(own: Bools, triangle: F64, us: F64, vs: F64, near_m: float) -> None:
    """Mark the rays of a side that meet a triangle within near_m of it."""
    for i in range(len(us)):
        if not _reaches(triangle, 0, us[i], us[i]):
            continue
        for j in range(len(vs)):
            if _reaches(triangle, 1, vs[j], vs[j]):
                own[i, j] |= abs(_distance_at(triangle, us[i], vs[j])) <= near_m


@njit(cache=True)
def _nearest_pixel(u: float, size: int) -> int:
    """Index of the pixel that covers u, -1 outside [-0.5, size - 0.5] and for NaN."""
    return min(math.floor(u + 0.5), size - 1) if -0.5 <= u <= size - 0.5 else -1
