"""Assigns measured pixels to the objects whose 3D boxes they fall into."""

import math

import numpy as np
from numba import njit

from qagen.kernels import F32, F64, I32, I64, Bools, Point

NO_OBJECT = -1
SEVERAL_OBJECTS = -2


@njit(cache=True)
def assign_pixels(
    depth: F32,
    K: F64,
    T_cw: F64,
    centers: F64,
    rotations: F64,
    bounds: F64,
    core: F64,
    order: I64,
    nested: Bools,
    near_m: float,
    tolerance_m: float,
    tolerance_rel: float,
) -> tuple[I32, I64, I64, I64, I64]:
    """Give every measured pixel to the one object whose box it falls into, of nested boxes the innermost.

    The box bounds an object sideways by its outline; along the ray, where depth is noisy, there is a tolerance. A pixel
    of depth z falls into a box when its ray meets the core of the box between enter and leave, and
    ``enter - t <= z <= max(leave, enter + t)`` with ``t = max(tolerance_m, tolerance_rel * z)``: nothing is added
    at the far side, except that even a flat box is t deep.

    Args:
        depth: (h, w) float32 measured z in meters; what is not finite or not above 0 is no measurement.
        K: (4,) float64, fx, fy, cx, cy of this image.
        T_cw: (4, 4) float64, camera from world.
        centers: (O, 3) float64 box centers, world, meters.
        rotations: (O, 3, 3) float64, columns are the box's axes in the world.
        bounds: (O, 2, 3) float64 lower and upper ends along the box's axes, from its center, meters.
        core: (O, 2, 3) float64 ends of the part of the box that owns pixels; within bounds.
        order: (O,) int64 the objects from the smallest box to the largest.
        nested: (O, O) bool, [a, b] where the box of a lies within that of b.
        near_m: what is nearer than this depth, at depth 0 or behind the camera is left out of every box.
        tolerance_m, tolerance_rel: the tolerance, meters and as a share of z.

    Returns:
        owner: (h, w) int32 index of the object, NO_OBJECT, or SEVERAL_OBJECTS where boxes that are not nested
            overlap.
        outline: (O,) int64 pixels whose ray meets the box (its bounds).
        touched: (O,) int64 measured pixels within t of the box (its bounds) along the ray, whoever owns them.
        unmeasured: (O,) int64 pixels of the outline without a measurement.
        hidden: (O,) int64 pixels of the outline that measure something nearer than the box by more than t.
        No pixels or no objects give arrays of these shapes, without owners and counts.
    """
    height, width = depth.shape
    owner = np.full((height, width), NO_OBJECT, np.int32)
    outline = np.zeros(len(centers), np.int64)
    touched = np.zeros(len(centers), np.int64)
    unmeasured = np.zeros(len(centers), np.int64)
    hidden = np.zeros(len(centers), np.int64)
    for item in order:
        origin, turn = _to_box(T_cw, centers[item], rotations[item])
        top, bottom, left, right = _pixel_bounds(
            T_cw, centers[item], rotations[item], bounds[item], K, near_m, height, width
        )
        for row in range(top, bottom):
            for col in range(left, right):
                ray = _ray(row, col, K, turn)
                enter, leave = _clip_ray(origin, ray, bounds[item], near_m)
                if enter > leave:
                    continue
                outline[item] += 1
                z = np.float64(depth[row, col])
                if not 0.0 < z < np.inf:
                    unmeasured[item] += 1
                    continue
                tolerance = max(tolerance_m, tolerance_rel * z)
                touched[item] += enter - tolerance <= z <= leave + tolerance
                hidden[item] += z < enter - tolerance
                enter, leave = _clip_ray(origin, ray, core[item], near_m)
                if enter <= leave and enter - tolerance <= z <= max(leave, enter + tolerance):
                    owner[row, col] = _owner_after(owner[row, col], item, nested)
    return owner, outline, touched, unmeasured, hidden


@njit(cache=True)
def _owner_after(owner: int, item: int, nested: Bools) -> int:
    """The owner of a pixel that has an owner, or none, and falls into the box of item, too."""
    if owner == NO_OBJECT:
        return item
    return owner if owner >= 0 and nested[owner, item] else SEVERAL_OBJECTS


@njit(cache=True)
def own_box_depth(
    instance: I32, K: F64, T_cw: F64, centers: F64, rotations: F64, bounds: F64, near_m: float
) -> tuple[F32, F32]:
    """Where each pixel's ray enters and leaves the box of the object that the pixel shows.

    Args:
        instance: (h, w) int32 object index, below 0 for none.
        K, T_cw, centers, rotations, bounds, near_m: as in assign_pixels.

    Returns:
        enter, leave: (h, w) float32 z in meters; inf and -inf where a pixel shows no object or its ray misses the box.
    """
    enter = np.full(instance.shape, np.inf, np.float32)
    leave = np.full(instance.shape, -np.inf, np.float32)
    origins, turns = np.empty((len(centers), 3)), np.empty((len(centers), 3, 3))
    for item in range(len(centers)):
        origins[item], turns[item] = _to_box(T_cw, centers[item], rotations[item])
    for row in range(instance.shape[0]):
        for col in range(instance.shape[1]):
            item = instance[row, col]
            if item < 0:
                continue
            first, last = _clip_ray(origins[item], _ray(row, col, K, turns[item]), bounds[item], near_m)
            if first <= last:
                enter[row, col], leave[row, col] = first, last
    return enter, leave


@njit(cache=True)
def _to_box(T_cw: F64, center: F64, rotation: F64) -> tuple[F64, F64]:
    """(3,) the camera's center and (3, 3) the rotation of camera directions, both along the box's axes."""
    turn, origin = np.zeros((3, 3)), np.zeros(3)
    for axis in range(3):
        for k in range(3):
            for j in range(3):
                turn[axis, k] += rotation[j, axis] * T_cw[k, j]
    for axis in range(3):
        for k in range(3):
            origin[axis] -= turn[axis, k] * T_cw[k, 3] + rotation[k, axis] * center[k]
    return origin, turn


@njit(cache=True)
def _ray(row: int, col: int, K: F64, turn: F64) -> Point:
    """Direction of a pixel's ray along the box's axes, with z = 1 in the camera, so that its parameter is depth."""
    x, y = (col - K[2]) / K[0], (row - K[3]) / K[1]
    return (
        turn[0, 0] * x + turn[0, 1] * y + turn[0, 2],
        turn[1, 0] * x + turn[1, 1] * y + turn[1, 2],
        turn[2, 0] * x + turn[2, 1] * y + turn[2, 2],
    )


@njit(cache=True)
def _clip_ray(origin: F64, ray: Point, ends: F64, near_m: float) -> tuple[float, float]:
    """Depths between which a ray is inside a box and beyond near_m; the first is the greater where it misses."""
    enter, leave = near_m, np.inf
    for axis in range(3):
        low, high = ends[0, axis] - origin[axis], ends[1, axis] - origin[axis]
        if ray[axis] == 0.0:
            if low > 0.0 or high < 0.0:
                return np.inf, -np.inf
            continue
        a, b = low / ray[axis], high / ray[axis]
        enter, leave = max(enter, min(a, b)), min(leave, max(a, b))
    return enter, leave


@njit(cache=True)
def _pixel_bounds(
    T_cw: F64, center: F64, rotation: F64, ends: F64, K: F64, near_m: float, height: int, width: int
) -> tuple[int, int, int, int]:
    """Rows and columns (top, bottom, left, right; half-open) outside of which no ray meets the box."""
    low_u, high_u, low_v, high_v = np.inf, -np.inf, np.inf, -np.inf
    beyond = 0
    for corner in range(8):
        x, y, z = 0.0, 0.0, 0.0
        for j in range(3):
            world = center[j]
            for axis in range(3):
                world += rotation[j, axis] * ends[(corner >> axis) & 1, axis]
            x += T_cw[0, j] * world
            y += T_cw[1, j] * world
            z += T_cw[2, j] * world
        z += T_cw[2, 3]
        if z < near_m:
            continue
        beyond += 1
        u, v = K[0] * (x + T_cw[0, 3]) / z + K[2], K[1] * (y + T_cw[1, 3]) / z + K[3]
        low_u, high_u, low_v, high_v = min(low_u, u), max(high_u, u), min(low_v, v), max(high_v, v)
    if beyond == 0:
        return 0, 0, 0, 0
    if beyond < 8:
        return 0, height, 0, width
    slack = 1  # rounding at the outline
    return (
        math.floor(min(max(low_v - slack, 0.0), height)),
        math.ceil(min(max(high_v + slack + 1, 0.0), height)),
        math.floor(min(max(low_u - slack, 0.0), width)),
        math.ceil(min(max(high_u + slack + 1, 0.0), width)),
    )
