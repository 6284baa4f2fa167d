"""Sampled surface: normals of faces, and how crowded points are."""

import numpy as np
from numba import njit

from qagen.kernels import F32, F64, I32, I64


@njit(cache=True)
def face_normals(vertices: F32 | F64, faces: I32) -> F64:
    """Cross product of two sides of each face, which is normal to it and twice as long as its area.

    Args:
        vertices: (n, 3) float32 or float64, meters.
        faces: (m, 3) int32 indices into vertices.

    Returns:
        (m, 3) float64, square meters; 0 for faces that are a line or a point.
    """
    normals = np.empty((len(faces), 3), np.float64)
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        x, y, z = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
        bx, by, bz = vertices[b, 0] - x, vertices[b, 1] - y, vertices[b, 2] - z
        cx, cy, cz = vertices[c, 0] - x, vertices[c, 1] - y, vertices[c, 2] - z
        normals[face, 0] = by * cz - bz * cy
        normals[face, 1] = bz * cx - bx * cz
        normals[face, 2] = bx * cy - by * cx
    return normals


def count_near(points: F64, cloud: F64, reach_m: float) -> I64:
    """How many points of a cloud lie within a distance of each point.

    Args:
        points: (n, 3) float64, meters.
        cloud: (m, 3) float64, meters.
        reach_m: the distance, above 0, meters.

    Returns:
        (n,) int64; no points or an empty cloud give zeros.
    """
    if not len(points) or not len(cloud):
        return np.zeros(len(points), np.int64)
    low = np.minimum(points.min(axis=0), cloud.min(axis=0)) - reach_m
    cells = np.floor((cloud - low) / reach_m).astype(np.int64)
    shape = cells.max(axis=0) + 2
    keys = (cells[:, 0] * shape[1] + cells[:, 1]) * shape[2] + cells[:, 2]
    order = np.argsort(keys, kind="stable")
    own = np.floor((points - low) / reach_m).astype(np.int64)
    return _count_in_cells(points, own, cloud[order], keys[order], shape, reach_m)


@njit(cache=True)
def _count_in_cells(points: F64, own: I64, cloud: F64, keys: I64, shape: I64, reach_m: float) -> I64:
    """Compare each point with the cloud in its cell and those around, whose keys along z are consecutive."""
    counts = np.zeros(len(points), np.int64)
    for i in range(len(points)):
        for x in range(own[i, 0] - 1, min(own[i, 0] + 2, shape[0])):
            for y in range(own[i, 1] - 1, min(own[i, 1] + 2, shape[1])):
                first = (x * shape[1] + y) * shape[2] + own[i, 2] - 1
                last = min(first + 2, (x * shape[1] + y + 1) * shape[2] - 1)
                for k in range(np.searchsorted(keys, first), np.searchsorted(keys, last, side="right")):
                    away = 0.0
                    for axis in range(3):
                        away += (points[i, axis] - cloud[k, axis]) ** 2
                    counts[i] += away <= reach_m * reach_m
    return counts
