"""Speed of each kernel against plain numpy, one thread, on a synthetic room or on a scanned mesh.

    python -m benchmarks.kernels [MESH.ply]

Prints milliseconds, the median over views that look around from the middle of the mesh.
"""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import trimesh
from rich.console import Console
from rich.table import Table
from scipy.spatial import KDTree

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.kernels.boxes import projected_box
from qagen.kernels.closest import bounding_tree, smallest_distance
from qagen.kernels.overlap import inside_fraction, points_seen, shared_fraction
from qagen.kernels.raster import make_patches, rasterize
from qagen.kernels.visibility import compare_with_depth, instance_stats

WIDTH, HEIGHT = 320, 240
K = np.array([290.0, 290.0, 159.5, 119.5])
K_DEPTH = np.array([580.0, 580.0, 319.5, 239.5])
NEAR_M = 0.05
TOLERANCE_M, TOLERANCE_REL = 0.05, 0.025
INSET = 4
N_OBJECTS = 50
N_VIEWS = 12


class Surface(NamedTuple):
    """A mesh whose faces are split into N_OBJECTS runs of equal length, the first of them no object."""

    vertices: np.ndarray
    faces: np.ndarray
    face_object: np.ndarray


def split(vertices: np.ndarray, faces: np.ndarray) -> Surface:
    face_object = np.arange(len(faces)) * (N_OBJECTS + 1) // len(faces) - 1
    return Surface(vertices.astype(np.float32), faces.astype(np.int32), face_object.astype(np.int32))


def build_room(n: int = 158) -> Surface:
    """The inside of a bumpy 6 x 5 x 3 m room of 12 * n * n triangles."""
    s, t = (grid.ravel() for grid in np.meshgrid(np.linspace(-1, 1, n + 1), np.linspace(-1, 1, n + 1)))
    corner = np.arange(len(s)).reshape(n + 1, n + 1)
    a, b, c, d = (part.ravel() for part in (corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]))
    sheet = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    height = 1 + 0.02 * np.sin(30 * s) * np.sin(30 * t)
    sides = [np.roll(np.stack([s, t, sign * height], axis=1), axis, axis=1) for axis in range(3) for sign in (-1, 1)]
    faces = np.concatenate([sheet + len(s) * side for side in range(6)])
    return split(np.concatenate(sides) * (3, 2.5, 1.5), faces)


def read_mesh(path: Path) -> Surface:
    mesh = trimesh.load_mesh(path, process=False)
    return split(np.asarray(mesh.vertices), np.asarray(mesh.faces))


def look_around(vertices: np.ndarray) -> list[np.ndarray]:
    """T_cw of level cameras in the middle of the mesh."""
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    views = []
    for heading in np.linspace(0, 2 * np.pi, N_VIEWS, endpoint=False):
        forward = np.array([np.cos(heading), np.sin(heading), 0])
        right = np.array([np.sin(heading), -np.cos(heading), 0])
        world_from_camera = Pose(np.column_stack([right, (0, 0, -1), forward]), middle.astype(np.float64))
        views.append(np.ascontiguousarray(world_from_camera.inverse().matrix))
    return views


def numpy_project(points, T_cw, K):
    camera = points @ T_cw[:3, :3].T + T_cw[:3, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        uv = np.where(camera[:, 2:] > 0, camera[:, :2] * K[:2] / camera[:, 2:] + K[2:], np.nan)
    return np.column_stack([uv, camera[:, 2]])


def numpy_rasterize(mesh, T_cw, K, width, height, near_m, n_objects):
    """Test all pixel centers in all faces' bounding boxes at once; leaves out faces that cross the near plane."""
    uvz = numpy_project(mesh.vertices, T_cw, K)
    faces, face_object = mesh.faces, np.repeat(mesh.objects, np.diff(mesh.face_starts))
    faces, face_object = (part[(uvz[faces, 2] >= near_m).all(axis=1)] for part in (faces, face_object))
    uv, z = uvz[faces, :2], uvz[faces, 2]
    low = np.ceil(np.maximum(uv.min(axis=1), 0)).astype(np.int64)
    high = np.floor(np.minimum(uv.max(axis=1), (width - 1, height - 1))).astype(np.int64)
    size = np.maximum(high - low + 1, 0)
    count = size.prod(axis=1)
    face = np.repeat(np.arange(len(faces)), count)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    col, row = low[face, 0] + nth % size[face, 0], low[face, 1] + nth // size[face, 0]
    (ua, va), (ub, vb), (uc, vc) = (uv[face, corner].T - (col, row) for corner in range(3))
    sides = np.stack([ub * vc - uc * vb, uc * va - ua * vc, ua * vb - ub * va])
    total = sides.sum(axis=0)
    hit = ((sides >= 0).all(axis=0) | (sides <= 0).all(axis=0)) & (total != 0)
    pixel, owner = (row * width + col)[hit], face_object[face[hit]]
    z_hit = (total[hit] / (sides[:, hit] / z[face[hit]].T).sum(axis=0)).astype(np.float32)
    far_first = np.argsort(-z_hit, kind="stable")
    depth, instance = np.full(width * height, np.inf, np.float32), np.full(width * height, -1, np.int32)
    depth[pixel[far_first]], instance[pixel[far_first]] = z_hit[far_first], owner[far_first]
    of_object = owner >= 0
    own = np.unique(owner[of_object].astype(np.int64) * width * height + pixel[of_object])
    unoccluded = np.bincount(own // (width * height), minlength=n_objects)
    return depth.reshape(height, width), instance.reshape(height, width), unoccluded


def numpy_hold(instance, mesh_depth, K, measured, K_measured, tolerance_m, tolerance_rel):
    rows, cols = np.indices(instance.shape)
    u = np.floor((cols - K[2]) / K[0] * K_measured[0] + K_measured[2] + 0.5).astype(np.int64)
    v = np.floor((rows - K[3]) / K[1] * K_measured[1] + K_measured[3] + 0.5).astype(np.int64)
    inside = (u >= 0) & (v >= 0) & (u < measured.shape[1]) & (v < measured.shape[0])
    found = np.where(inside, measured[v * inside, u * inside], 0)
    known = np.isfinite(found) & (found > 0)
    with np.errstate(invalid="ignore"):
        tolerance = np.maximum(tolerance_m, tolerance_rel * mesh_depth)
        visible = np.where(known & (found < mesh_depth - tolerance), -1, instance)
        confirmed = (visible >= 0) & known & (found <= mesh_depth + tolerance)
    passed = (instance >= 0) & known & (found > mesh_depth + tolerance)
    return visible, confirmed, passed, np.where(known, found, mesh_depth)


def numpy_stats(visible, markable, centers_uv, _inset):
    """Marks are the nearest markable pixels only."""
    pixels, boxes, marks = np.zeros(len(centers_uv), int), [], []
    for item, center in enumerate(centers_uv):
        rows, cols = np.nonzero(visible == item)
        pixels[item] = len(rows)
        if len(rows):
            boxes.append([cols.min() - 0.5, rows.min() - 0.5, cols.max() + 0.5, rows.max() + 0.5])
            marks.append(
                np.nanargmin(np.where(markable[rows, cols], np.hypot(cols - center[0], rows - center[1]), 1e9))
            )
    return pixels, boxes, marks


def numpy_seen(points, T_cw, K, composite, tolerance_m, tolerance_rel):
    u, v, z = numpy_project(points, T_cw, K).T
    height, width = composite.shape
    inside = (u >= -0.5) & (v >= -0.5) & (u < width - 0.5) & (v < height - 0.5)
    seen = np.zeros(len(points), bool)
    at = np.floor(v[inside] + 0.5).astype(int), np.floor(u[inside] + 0.5).astype(int)
    seen[inside] = np.abs(z[inside] - composite[at]) <= np.maximum(tolerance_m, tolerance_rel * z[inside])
    return seen


def numpy_inside(points, starts, T_cw, K, width, height, near_m):
    u, v, z = numpy_project(points, T_cw, K).T
    inside = (z >= near_m) & (u >= -0.5) & (u <= width - 0.5) & (v >= -0.5) & (v <= height - 0.5)
    return np.add.reduceat(inside, starts[:-1], dtype=np.float64) / np.diff(starts)


def numpy_shared(seen):
    common = seen.astype(np.float32) @ seen.astype(np.float32).T
    return common / np.maximum(np.diag(common), 1)[:, None]


def numpy_box(corners, T_cw, K, width, height, near_m):
    camera = corners @ T_cw[:3, :3].T + T_cw[:3, 3]
    i, j = np.array([(i, i ^ bit) for i in range(8) for bit in (1, 2, 4)]).T
    p, q = camera[i], camera[j]
    cut = (p[:, 2] >= near_m) & (q[:, 2] < near_m)
    t = (p[cut, 2] - near_m) / (p[cut, 2] - q[cut, 2])
    kept = np.concatenate([camera[camera[:, 2] >= near_m], p[cut] + t[:, None] * (q[cut] - p[cut])])
    if len(kept) == 0:
        return np.full(4, np.nan)
    uv = kept[:, :2] / kept[:, 2:] * K[:2] + K[2:]
    return np.clip([*uv.min(axis=0), *uv.max(axis=0)], -0.5, [width - 0.5, height - 0.5] * 2)


def corner_distance(first, _first_bounds, second, _second_bounds):
    """Of the corners alone, with scipy's tree."""
    return KDTree(second.reshape(-1, 3)).query(first.reshape(-1, 3))[0].min()


def median_ms(function: Callable, calls: list[tuple]) -> float:
    function(*calls[0])  # compiles, or warms up
    durations_s = []
    for arguments in calls:
        start_s = time.perf_counter()
        function(*arguments)
        durations_s.append(time.perf_counter() - start_s)
    return 1e3 * float(np.median(durations_s))


def gather_calls(surface: Surface, rng: np.random.Generator) -> list[tuple[str, Callable, Callable, list[tuple]]]:
    """What each kernel and its numpy twin are called with: (name, kernel, twin, one argument tuple a view)."""
    views = look_around(surface.vertices)
    image = K, WIDTH, HEIGHT, NEAR_M
    vertices, faces, owners = surface
    mesh = make_patches(vertices, faces, owners)
    to_draw = [(mesh, T_cw, K, WIDTH, HEIGHT, NEAR_M, N_OBJECTS) for T_cw in views]
    drawn = [(depth, instance) for depth, instance, _ in (rasterize(*arguments) for arguments in to_draw)]
    measured = [np.kron(depth, np.ones((2, 2), np.float32)) * np.float32(0.98) for depth, _ in drawn]
    to_hold = [(i, d, K, m, K_DEPTH, TOLERANCE_M, TOLERANCE_REL) for (d, i), m in zip(drawn, measured, strict=True)]
    centers = rng.uniform(0, 240, (N_OBJECTS, 2))
    held = [compare_with_depth(*arguments) for arguments in to_hold]
    to_count = [(visible, confirmed, centers, INSET) for visible, confirmed, *_ in held]
    to_see = [(surface.vertices, T, K, d, TOLERANCE_M, TOLERANCE_REL) for T, (d, _) in zip(views, drawn, strict=True)]
    seen = np.repeat([points_seen(*arguments) for arguments in to_see], 10, axis=0)
    starts = np.linspace(0, len(surface.vertices), N_OBJECTS + 1).astype(np.int64)
    triangles = [surface.vertices[faces[owners == item]].astype(np.float64) for item in range(0, N_OBJECTS, 4)]
    trees = [bounding_tree(each) for each in triangles]
    to_measure = [(*first, *second) for first, second in pairwise(trees)]
    corners = Box3D.around(surface.vertices[:: len(surface.vertices) // 100]).corners
    return [
        ("rasterize", rasterize, numpy_rasterize, to_draw),
        ("compare_with_depth", compare_with_depth, numpy_hold, to_hold),
        ("instance_stats", instance_stats, numpy_stats, to_count),
        ("points_seen", points_seen, numpy_seen, to_see),
        ("inside_fraction", inside_fraction, numpy_inside, [(surface.vertices, starts, T, *image) for T in views]),
        (f"shared_fraction of {len(seen)} frames", shared_fraction, numpy_shared, [(seen,)] * 3),
        (f"smallest_distance of {len(triangles[0])} faces", smallest_distance, corner_distance, to_measure),
        ("projected_box", projected_box, numpy_box, [(corners, T_cw, *image) for T_cw in views]),
    ]


@click.command()
@click.argument("mesh", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(mesh: Path | None) -> None:
    """Time the kernels on MESH (PLY), or on a synthetic room."""
    surface = read_mesh(mesh) if mesh else build_room()
    size = f"{len(surface.vertices)} vertices, {len(surface.faces)} faces, {WIDTH} x {HEIGHT}"
    table = Table("kernel", "numba ms", "numpy ms", "times faster", title=f"{mesh.name if mesh else 'room'}: {size}")
    for name, kernel, twin, calls in gather_calls(surface, np.random.default_rng(0)):
        kernel_ms, twin_ms = median_ms(kernel, calls), median_ms(twin, calls)
        table.add_row(name, f"{kernel_ms:.3f}", f"{twin_ms:.3f}", f"{twin_ms / kernel_ms:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
