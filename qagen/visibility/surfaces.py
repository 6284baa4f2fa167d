"""Points evenly distributed over the surface of a scene and of its objects."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.scene import UNLABELED, Frame, Mesh, Object3D, Scene
from qagen.kernels.surface import face_normals
from qagen.rng import rng_for
from qagen.visibility.fusion import face_owners
from qagen.visibility.instances import grouped_by_object

COVISIBILITY_POINTS = 20_000
POINTS_PER_OBJECT = 2000
SURFACE_VOXEL_M = 0.05
SURFACE_GRID_PIXELS = 80 * 60
_SIDES = np.array(
    [
        *([0, 2, 3], [0, 3, 1], [4, 5, 7], [4, 7, 6], [0, 1, 5], [0, 5, 4]),
        *([2, 6, 7], [2, 7, 3], [0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5]),
    ],
    dtype=np.int32,
)
"""Two triangles for each side of a box, as indices into Box3D.corners."""


def sample_surface(mesh: Mesh, count: int) -> NDArray[np.float64]:
    """(count, 3) points evenly distributed over the area of a mesh, world, meters; the same for the same faces."""
    return sample_faces(mesh, count)[0]


def sample_faces(mesh: Mesh, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """As sample_surface, and (count,) the face that each point lies on."""
    normals = face_normals(mesh.vertices, mesh.faces)
    cumulative = np.cumsum(np.sqrt((normals * normals).sum(axis=1)))
    steps = (np.arange(count) + 0.5) / count * cumulative[-1]
    face = np.minimum(np.searchsorted(cumulative, steps), len(cumulative) - 1)
    chosen = mesh.vertices[mesh.faces[face]].astype(np.float64)
    u, v = rng_for(0, "surface").random((2, count))
    flip = u + v > 1
    u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
    edges = chosen[:, 1:] - chosen[:, :1]
    return chosen[:, 0] + u[:, None] * edges[:, 0] + v[:, None] * edges[:, 1], face


def scene_surface(scene: Scene, frames: Sequence[Frame]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(P, 3) at most COVISIBILITY_POINTS points of the mesh, else of the frames' depth, else of boxes; else none.

    And (P,) whether each belongs to something that is annotated. Images of instances show everything there is, unless
    they are of a short list of classes; then, as without a mesh or such images, only what lies in boxes is annotated.
    """
    if scene.mesh is not None:
        points, face = sample_faces(scene.mesh, COVISIBILITY_POINTS)
        return points, scene.mesh.face_object[face] != UNLABELED
    with_depth = [frame for frame in frames if frame.depth is not None]
    if not with_depth and not scene.objects:
        return np.zeros((0, 3)), np.zeros(0, dtype=bool)
    if not with_depth:
        points = sample_surface(box_mesh([item.box for item in scene.objects]), COVISIBILITY_POINTS)
        return points, np.ones(len(points), dtype=bool)
    points = measured_surface(with_depth, COVISIBILITY_POINTS)
    if all(frame.instances is not None for frame in scene.frames) and not scene.has_closed_classes:
        return points, np.ones(len(points), dtype=bool)
    return points, face_owners(points.astype(np.float32), scene, 0.0) >= 0


def measured_surface(frames: Sequence[Frame], count: int) -> NDArray[np.float64]:
    """(n, 3) at most ``count`` points of the frames' depth images, one per SURFACE_VOXEL_M, world, meters.

    The voxels are aligned with the first camera, so that the world's axes and origin do not matter.
    """
    first_from_world = frames[0].world_from_camera.inverse()
    cloud = np.zeros((0, 3))
    for frame in frames:
        cloud = _thinned(np.concatenate([cloud, first_from_world @ back_projected(frame, SURFACE_GRID_PIXELS)]))
    if len(cloud) > count:
        cloud = cloud[np.sort(rng_for(0, "surface").choice(len(cloud), count, replace=False))]
    return frames[0].world_from_camera @ cloud


def _thinned(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first point of every voxel, in the order of the points."""
    _, first = np.unique(np.floor(points / SURFACE_VOXEL_M).astype(np.int64), axis=0, return_index=True)
    return points[np.sort(first)]


def back_projected(frame: Frame, pixels: int) -> NDArray[np.float64]:
    """(n, 3) the points that about ``pixels`` pixels of a frame's depth image show, world, meters."""
    if frame.depth is None or frame.depth_camera is None:
        return np.zeros((0, 3))
    camera, depth = frame.depth_camera, frame.depth.read_m()
    step = max(1, round(np.sqrt(depth.size / pixels)))
    rows, cols = (
        part.ravel() for part in np.mgrid[step // 2 : depth.shape[0] : step, step // 2 : depth.shape[1] : step]
    )
    z = depth[rows, cols].astype(np.float64)
    cloud = camera.unproject(np.stack([cols, rows], axis=1), z)
    return frame.world_from_camera @ cloud[(z > 0) & np.isfinite(z)]


def box_mesh(boxes: Sequence[Box3D]) -> Mesh:
    """The sides of boxes as a mesh whose faces belong to the boxes in their order."""
    vertices = np.concatenate([box.corners for box in boxes]).astype(np.float32)
    faces = np.concatenate([_SIDES + 8 * i for i in range(len(boxes))])
    return Mesh(vertices, faces, np.repeat(np.arange(len(boxes), dtype=np.int32), len(_SIDES)))


def splats(points: NDArray[np.float64]) -> Mesh:
    """A square across each axis at each of points (n, 3), world, meters, as a mesh of no object."""
    half = SURFACE_VOXEL_M / 2
    corners = half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    squares = np.stack([np.insert(corners, axis, 0.0, axis=1) for axis in range(3)]).reshape(-1, 3)
    vertices = (points[:, None] + squares).reshape(-1, 3).astype(np.float32)
    faces = (np.arange(3 * len(points))[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    return Mesh(vertices, faces.astype(np.int32), np.full(len(faces), UNLABELED, dtype=np.int32))


def object_surfaces(scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(n, 3) points on the objects' surfaces, object after object, world, meters, and (O + 1,) their starts."""
    grouped = None if scene.mesh is None or scene.mesh.is_by_box else grouped_by_object(scene.mesh)
    clouds = [_object_surface(item, index, grouped) for index, item in enumerate(scene.objects)]
    starts = np.concatenate([[0], np.cumsum([len(cloud) for cloud in clouds])]).astype(np.int64)
    return np.concatenate([np.zeros((0, 3)), *clouds]), starts


def _object_surface(item: Object3D, index: int, grouped: Mesh | None) -> NDArray[np.float64]:
    """(n, 3) points on an object: on its part of a mesh that knows its objects, else its own points, else its box."""
    if grouped is not None:
        start, stop = np.searchsorted(grouped.face_object, (index, index + 1))
        if stop > start:
            own = Mesh(grouped.vertices, grouped.faces[start:stop], grouped.face_object[start:stop])
            return sample_surface(own, POINTS_PER_OBJECT)
    elif item.points is not None:
        points = _thinned(np.asarray(item.points, dtype=np.float64) - item.box.center) + item.box.center
        return points[:: max(1, len(points) // POINTS_PER_OBJECT)]
    return sample_surface(box_mesh([item.box]), POINTS_PER_OBJECT)
