"""Slow and obvious twins of the kernels, written from the definitions unoccluded."""

import math
from itertools import combinations, pairwise, product

import numpy as np

EDGE_SLACK = 1e-6  # barycentric: a ray this close to an edge may fall to either side
DEPTH_SLACK = 1e-5  # relative: surfaces this close to each other may come in either order
GRAZING = 1e-4  # cosine: a face seen this much edge-on has no well-defined depth


def to_camera(points, T_cw):
    homogeneous = np.column_stack([np.asarray(points, np.float64).reshape(-1, 3), np.ones(len(points))])
    return (T_cw @ homogeneous.T).T[:, :3]


def intrinsic_matrix(K):
    return np.array([[K[0], 0, K[2]], [0, K[1], K[3]], [0, 0, 1]])


def project_points(points, T_cw, K):
    uvz = np.full((len(points), 3), np.nan)
    for i, point in enumerate(to_camera(points, T_cw)):
        uvz[i, 2] = point[2]
        if point[2] > 0:
            uvz[i, :2] = (intrinsic_matrix(K) @ point)[:2] / point[2]
    return uvz


def covers(u, v, width, height):
    """Whether an image covers a point (u, v); its outermost pixel edges included."""
    return -0.5 <= u <= width - 0.5 and -0.5 <= v <= height - 0.5


def nearest_pixel(u, v, width, height):
    """(row, col) of the pixel that covers (u, v), or None outside."""
    if not covers(u, v, width, height):
        return None
    return min(math.floor(v + 0.5), height - 1), min(math.floor(u + 0.5), width - 1)


def rasterize(vertices, faces, face_object, T_cw, K, width, height, near_m, n_objects):
    """Cast a ray through every pixel center at every face.

    Returns depth, instance, unoccluded, and doubtful: (height, width) bool, pixels whose value hangs on rounding.
    """
    depth = np.full((height, width), np.inf, np.float32)
    instance = np.full((height, width), -1, np.int32)
    doubtful = np.zeros((height, width), bool)
    unoccluded = np.zeros(n_objects, np.int64)
    corners = to_camera(vertices, T_cw)[faces.reshape(-1, 3)]
    for row in range(height):
        for col in range(width):
            ray = np.linalg.solve(intrinsic_matrix(K), [col, row, 1.0])
            z, weights, cosine = _intersect(ray, corners)
            hit = (weights >= 0).all(axis=1) & (z >= near_m)
            for item in range(n_objects):
                unoccluded[item] += (hit & (face_object == item)).any()
            possible = (weights >= -EDGE_SLACK).all(axis=1) & (z >= near_m * (1 - DEPTH_SLACK))
            certain = (weights >= EDGE_SLACK).all(axis=1) & (z >= near_m * (1 + DEPTH_SLACK)) & (cosine > GRAZING)
            doubtful[row, col] = (possible & ~certain).any()
            if hit.any():
                first = np.flatnonzero(hit)[np.argmin(z[hit])]
                depth[row, col], instance[row, col] = z[first], face_object[first]
                tied = hit & (z <= z[first] * (1 + DEPTH_SLACK))
                doubtful[row, col] |= len(set(face_object[tied])) > 1
    return depth, instance, unoccluded, doubtful


def _intersect(ray, corners):
    """Where a ray (x, y, 1) meets the planes of triangles (m, 3, 3): z, barycentric weights (m, 3), |cosine|."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    with np.errstate(all="ignore"):
        z = (normal * a).sum(axis=1) / (normal @ ray)
        p = z[:, None] * ray
        parts = np.stack([np.cross(b - p, c - p), np.cross(c - p, a - p), np.cross(a - p, b - p)], axis=1)
        weights = (parts * normal[:, None]).sum(axis=2) / (normal**2).sum(axis=1)[:, None]
        cosine = np.abs(normal @ ray) / (np.linalg.norm(normal, axis=1) * np.linalg.norm(ray))
    return z, weights, cosine


def compare_with_depth(instance, mesh_depth, K, measured, K_measured, tolerance_m, tolerance_rel):
    height, width = instance.shape
    visible, confirmed, composite = instance.copy(), np.zeros((height, width), bool), mesh_depth.copy()
    passed = confirmed.copy()
    for row in range(height):
        for col in range(width):
            ray = np.linalg.solve(intrinsic_matrix(K), [col, row, 1.0])
            u, v, _ = intrinsic_matrix(K_measured) @ ray
            at = nearest_pixel(u, v, measured.shape[1], measured.shape[0])
            z = float(measured[at]) if at is not None else 0.0
            mesh_z = float(mesh_depth[row, col])
            tolerance = max(tolerance_m, tolerance_rel * mesh_z) if math.isfinite(mesh_z) else 0.0
            measures = math.isfinite(z) and z > 0
            hidden = measures and z < mesh_z - tolerance
            if hidden:
                visible[row, col] = -1
                composite[row, col] = z
            confirmed[row, col] = visible[row, col] != -1 and measures and z <= mesh_z + tolerance
            passed[row, col] = instance[row, col] >= 0 and measures and z > mesh_z + tolerance
    return visible, confirmed, passed, composite


def instance_stats(visible, markable, centers_uv, inset):
    pixels, boxes, marks = [], [], []
    for item, center in enumerate(centers_uv):
        rows, cols = np.nonzero(visible == item)
        pixels.append(len(rows))
        if len(rows) == 0:
            boxes.append([np.nan] * 4)
        else:
            boxes.append([cols.min() - 0.5, rows.min() - 0.5, cols.max() + 0.5, rows.max() + 0.5])
        marks.append(_mark(visible, markable, item, center, inset))
    return np.array(pixels, np.int64), np.array(boxes).reshape(-1, 4), np.array(marks).reshape(-1, 2)


def mean_luminance(visible, gray, n_objects):
    """The gray image stretched to the size of the other, by repeating and dropping pixels."""
    rows = [int((row + 0.5) / visible.shape[0] * gray.shape[0]) for row in range(visible.shape[0])]
    cols = [int((col + 0.5) / visible.shape[1] * gray.shape[1]) for col in range(visible.shape[1])]
    stretched = gray[rows][:, cols].astype(np.float64)
    found = [stretched[visible == item] for item in range(n_objects)]
    return np.array([values.sum() / len(values) if len(values) else 0.0 for values in found])


def _mark(visible, markable, item, center, inset):
    height, width = visible.shape
    rows, cols = np.nonzero((visible == item) & markable)
    if len(rows) == 0:
        return [np.nan, np.nan]
    if np.isfinite(center).all():
        at = nearest_pixel(center[0], center[1], width, height)
        if at is not None and visible[at] == item and markable[at] and 2 * _depth_inside(visible, at) > inset:
            return list(center)
    else:
        shown_rows, shown_cols = np.nonzero(visible == item)
        center = np.array([shown_cols.sum() / len(shown_cols), shown_rows.sum() / len(shown_rows)])
    row, col = min(
        zip(rows.tolist(), cols.tolist(), strict=True),
        key=lambda at: (
            -min(_depth_inside(visible, at), inset),
            (at[1] - center[0]) ** 2 + (at[0] - center[1]) ** 2,
            *at,
        ),
    )
    return [col, row]


def _depth_inside(visible, at):
    """The largest square around the pixel that shows nothing else tells how deep it lies."""
    row, col = at
    depth = 1
    while True:
        top, left = row - depth, col - depth
        square = visible[max(top, 0) : row + depth + 1, max(left, 0) : col + depth + 1]
        if square.shape != (2 * depth + 1, 2 * depth + 1) or (square != visible[at]).any():
            return depth
        depth += 1


def points_seen(points, T_cw, K, composite, tolerance_m, tolerance_rel):
    seen = np.zeros(len(points), bool)
    for i, (u, v, z) in enumerate(project_points(points, T_cw, K)):
        at = nearest_pixel(u, v, composite.shape[1], composite.shape[0])
        seen[i] = at is not None and abs(z - float(composite[at])) <= max(tolerance_m, tolerance_rel * z)
    return seen


def inside_fraction(points, starts, T_cw, K, width, height, near_m):
    shares = []
    for start, stop in pairwise(starts):
        inside = [
            z >= near_m and covers(u, v, width, height) for u, v, z in project_points(points[start:stop], T_cw, K)
        ]
        shares.append(np.mean(inside) if inside else np.nan)
    return np.array(shares, np.float64)


def shared_fraction(seen):
    sets = [set(np.flatnonzero(row)) for row in seen]
    shares = [[len(a & b) / len(a) if a else 0.0 for b in sets] for a in sets]
    return np.array(shares, np.float64).reshape(len(sets), len(sets))


def projected_box(corners, T_cw, K, width, height, near_m):
    camera = to_camera(corners, T_cw)
    edges = [(i, j) for i in range(8) for j in range(i) if (i ^ j) in (1, 2, 4)]
    kept = [point for point in camera if point[2] >= near_m]
    kept += [_bisect_near(camera[i], camera[j], near_m) for i, j in edges if _crosses(camera[i], camera[j], near_m)]
    if not kept:
        return np.full(4, np.nan)
    uv = np.array([[K[0] * x / z + K[2], K[1] * y / z + K[3]] for x, y, z in kept])
    (left, top), (right, bottom) = uv.min(axis=0), uv.max(axis=0)
    if right <= -0.5 or left >= width - 0.5 or bottom <= -0.5 or top >= height - 0.5:
        return np.full(4, np.nan)
    return np.clip([left, top, right, bottom], -0.5, [width - 0.5, height - 0.5] * 2)


def _crosses(p, q, near_m):
    return (p[2] >= near_m) != (q[2] >= near_m)


def _bisect_near(p, q, near_m):
    far, near = (p, q) if p[2] >= near_m else (q, p)
    for _ in range(80):
        middle = (far + near) / 2
        far, near = (middle, near) if middle[2] >= near_m else (far, middle)
    return far


def box_iou(a, b):
    """For boxes with whole coordinates: count unit cells."""
    cells_a = {(x, y) for x in range(int(a[0]), int(a[2])) for y in range(int(a[1]), int(a[3]))}
    cells_b = {(x, y) for x in range(int(b[0]), int(b[2])) for y in range(int(b[1]), int(b[3]))}
    return len(cells_a & cells_b) / len(cells_a | cells_b) if cells_a and cells_b else 0.0


def box_span(ray, T_cw, center, rotation, ends, near_m):
    """Depths between which a camera ray (x, y, 1) is inside a box, (inf, -inf) for never."""
    T_wc = np.linalg.inv(T_cw)
    origin = rotation.T @ (T_wc[:3, 3] - center)
    direction = rotation.T @ T_wc[:3, :3] @ ray
    with np.errstate(all="ignore"):
        sides = np.sort((ends - origin) / direction, axis=0)
    first, last = max(near_m, sides[0].max()), sides[1].min()
    return (first, last) if first <= last else (np.inf, -np.inf)


def assign_pixels(depth, K, T_cw, centers, rotations, bounds, core, order, nested, near_m, tolerance_m, tolerance_rel):
    owner = np.full(depth.shape, -1, np.int32)
    outline, touched, unmeasured, hidden = np.zeros((4, len(centers)), np.int64)
    for row, col in np.ndindex(depth.shape):
        ray = np.linalg.solve(intrinsic_matrix(K), [col, row, 1.0])
        z = float(depth[row, col])
        t = max(tolerance_m, tolerance_rel * z)
        claimants = []
        for item in order:
            first, last = box_span(ray, T_cw, centers[item], rotations[item], bounds[item], near_m)
            if first > last:
                continue
            outline[item] += 1
            if not (np.isfinite(z) and z > 0):
                unmeasured[item] += 1
                continue
            touched[item] += first - t <= z <= last + t
            hidden[item] += z < first - t
            first, last = box_span(ray, T_cw, centers[item], rotations[item], core[item], near_m)
            if first <= last and first - t <= z <= max(last, first + t):
                claimants.append(item)
        if claimants:
            inner = claimants[0]
            owner[row, col] = inner if all(nested[inner, outer] for outer in claimants[1:]) else -2
    return owner, outline, touched, unmeasured, hidden


def mark_known(points, owners, T_cw, instance, K, depth, K_depth, unlabeled_counts, free, touch_m, inside_m):
    known = np.zeros(len(points), bool)
    for i, (point, camera) in enumerate(zip(points, to_camera(points, T_cw), strict=True)):
        u, v, z = project_points([point], T_cw, K_depth)[0]
        at = nearest_pixel(u, v, depth.shape[1], depth.shape[0]) if z > 0 else None
        measured = float(depth[at]) if at is not None else 0.0
        if not (math.isfinite(measured) and measured > 0):
            continue
        u, v, _ = project_points([point], T_cw, K)[0]
        shown = nearest_pixel(u, v, instance.shape[1], instance.shape[0])
        owner = int(instance[shown]) if shown is not None else None
        is_other = owner is not None and owner != owners[i] and (owner != -1 or unlabeled_counts)
        behind = measured - camera[2]
        slack = max(touch_m, inside_m) if owner == -2 else touch_m
        known[i] = behind > max(free[0], free[1] * camera[2]) or (is_other and behind >= -slack)
    return known


def count_below(points, centers, rotations, halves, floors_m, skin_m, margins):
    counts = np.zeros(margins.shape, np.int64)
    for item in range(len(centers)):
        local = (points - centers[item]) @ rotations[item]
        is_below = (local[:, 2] < -halves[item, 2] - skin_m) & ~(points[:, 2] <= floors_m[item])
        beyond = (np.abs(local[:, :2]) - halves[item, :2]).max(axis=1)
        counts[item] = [(is_below & (beyond <= margin)).sum() for margin in margins[item]]
    return counts


def surface_ahead(
    vertices, faces, face_owner, skip_unlabeled, centers, rotations, halves, steps, margins, back_m, reach_m
):
    """The last array tells where the value hangs on rounding."""
    rays = len(steps) + 2 * len(margins)
    shape = len(centers), 6, rays, rays
    ahead, owner = np.full(shape, np.inf, np.float32), np.full(shape, -1, np.int32)
    own, doubtful = np.zeros(shape, bool), np.zeros(shape, bool)
    for item, side, i, j in np.ndindex(shape):
        half = halves[item]
        places = [np.concatenate([-half[k] - margins[::-1], steps * half[k], half[k] + margins]) for k in range(3)]
        axis, sign = side // 2, 1 if side % 2 else -1
        first, second = (k for k in range(3) if k != axis)
        for face, whose in zip(faces, face_owner, strict=True):
            if whose == -1 and skip_unlabeled:
                continue
            corners = (vertices[face].astype(np.float64) - centers[item]) @ rotations[item]
            flat = np.stack([corners[:, first], corners[:, second], np.ones(3)])
            if abs(np.linalg.det(flat)) < 1e-9:
                continue
            weights = np.linalg.solve(flat, np.array([places[first][i], places[second][j], 1.0]))
            distance = sign * (weights @ corners[:, axis]) - half[axis]
            near = abs(weights).min() < EDGE_SLACK or min(abs(distance + back_m), abs(distance - reach_m)) < EDGE_SLACK
            near |= whose == item and abs(abs(distance) - back_m) < EDGE_SLACK
            doubtful[item, side, i, j] |= near
            if (weights < 0).any():
                continue
            if whose == item:
                own[item, side, i, j] |= abs(distance) <= back_m
            elif -back_m <= distance <= reach_m:
                doubtful[item, side, i, j] |= abs(distance - ahead[item, side, i, j]) < DEPTH_SLACK
                if distance < ahead[item, side, i, j]:
                    ahead[item, side, i, j], owner[item, side, i, j] = distance, whose
    return ahead, owner, own, doubtful


def smallest_distance(first, second):
    """Of all pairs of pieces; pieces are (k, 3) corners."""
    return min((_between_hulls(a, b) for a in first for b in second), default=np.inf)


def _between_hulls(a, b):
    """Of the places closest to each other, each is a mean of some corners: try all choices of corners."""
    choices = [[list(c) for size in range(1, len(p) + 1) for c in combinations(range(len(p)), size)] for p in (a, b)]
    return min(_between_flats(a[i], b[j]) for i, j in product(*choices))


def _between_flats(a, b):
    """Distance of the flats through the corners, inf where the closest places are not within the corners."""
    # a[0] + sum s_i (a[i] - a[0]) = b[0] + sum t_j (b[j] - b[0]), in the sense of least squares
    system = np.column_stack([*(a[1:] - a[0]), *(b[0] - b[1:]), np.zeros(3)])
    weights = np.linalg.lstsq(system, b[0] - a[0], rcond=None)[0]
    s, t = weights[: len(a) - 1], weights[len(a) - 1 : -1]
    if min([1 - s.sum(), 1 - t.sum(), *s, *t]) < -1e-9:
        return np.inf
    return float(np.linalg.norm(system @ weights - (b[0] - a[0])))


def blur(luma, bits):
    """The blurred plane of qagen.kernels.blur as lists of whole numbers, one pixel at a time."""
    weights = {-2: 3571, -1: 16004, 0: 26386, 1: 16004, 2: 3571}
    rows = [[int(value) for value in row] for row in luma]
    height, width = len(rows), len(rows[0])

    def inside(index, size):
        return -index if index < 0 else 2 * (size - 1) - index if index >= size else index

    down = [
        [(sum(w * rows[inside(i + k, height)][j] for k, w in weights.items()) + 2 ** (bits - 1)) // 2**bits
         for j in range(width)] for i in range(height)
    ]  # fmt: skip
    return [
        [(sum(w * down[i][inside(j + k, width)] for k, w in weights.items()) + 2**15) // 2**16
         for j in range(width)] for i in range(height)
    ]  # fmt: skip


def pick_least_used(rows, weights, cap, jitter, count, crowded_cost):
    """Compute all costs anew for each pick."""
    used, picked = [0] * len(weights), []
    for _ in range(count):
        costs = [
            (sum(weights[f] * used[f] for f in row) + jitter[i]) + crowded_cost * any(used[f] >= cap[f] for f in row)
            for i, row in enumerate(rows)
        ]
        best = min((i for i in range(len(rows)) if i not in picked), key=lambda i: costs[i])
        picked.append(best)
        for feature in rows[best]:
            used[feature] += 1
    return picked


def group_fitting(fits, size):
    """Cut the table of what fits down to what is free, again and again."""
    free, groups, ungrouped = list(range(len(fits))), [], []
    while free:
        among = fits[np.ix_(free, free)]
        seed = int(np.argmin(among.sum(axis=1)))
        members, partners = [seed], among[seed].copy()
        while len(members) < size and partners.any():
            candidates = np.flatnonzero(partners)
            members.append(int(candidates[np.argmin(among[candidates].sum(axis=1))]))
            partners &= among[members[-1]]
        if len(members) == size:
            groups.append([free[i] for i in members])
            free = [member for i, member in enumerate(free) if i not in members]
        else:
            ungrouped.append(free.pop(seed))
    return groups, ungrouped


def face_normals(vertices, faces):
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    return np.cross(b - a, c - a)


def count_near(points, cloud, reach_m):
    return [sum(math.dist(point, other) <= reach_m for other in cloud) for point in points]
