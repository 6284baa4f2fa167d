"""A mesh for scenes that have none, fused from their own depth images.

Every depth image is entered into a truncated signed distance field of sparse voxel blocks (Curless and Levoy, 1996;
open3d's VoxelBlockGrid), and the surface where enough images agree becomes the mesh. A face belongs to the object
whose box its middle lies in, where there is exactly one, of nested boxes the innermost. The lowest part of a box owns
nothing, because the floor runs through it (qagen.visibility.instances.BoxArrays).

Fusing takes about a minute per scene, so the surface is cached in a file. It is fused again when the frames, their
poses, cameras or depth images or the voxel size have changed. The objects of the faces are never cached.
"""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import rotate
from qagen.core.scene import Frame, Mesh, Scene, validate_scene
from qagen.core.spacing import evenly_spaced
from qagen.errors import QagenError, SceneError
from qagen.files import open_atomic
from qagen.kernels.inside import NO_OBJECT, SEVERAL_OBJECTS
from qagen.visibility.instances import BoxArrays

MAX_FRAMES = 600
MAX_DEPTH_M = 6.0
MIN_VIEWS = 2.0
BLOCK_SIDE = 8
FIRST_BLOCKS = 20_000
MAX_BLOCKS = 500_000
"""Blocks of 8 x 8 x 8 voxels of 8 bytes each: 2 GB."""


def fused(scene: Scene, cache: Path) -> Scene:
    """The scene with a mesh, which is fused from its depth (see fuse) unless it has one; without either, unchanged.

    So is a scene that is not level, because the floor below its objects could not be told from them.
    """
    if scene.mesh is not None or not scene.is_level or all(frame.depth is None for frame in scene.frames):
        return scene
    return validate_scene(replace(scene, mesh=fuse(scene, cache)))


def fuse(scene: Scene, cache: Path, voxel_m: float = 0.02) -> Mesh:
    """The surface in a scene's depth images, each face with the object whose box it is in.

    Args:
        scene: a validated scene with depth images.
        cache: file that stores the surface between runs; it and its folder are created when missing.
        voxel_m: side of a voxel, meters; smaller details are lost.

    Raises:
        SceneError: there is no depth, the depth images show no surface or too large a space, or the cache is damaged.
        QagenError: open3d is not installed or lacks a system library, or the cache cannot be written.
    """
    frames = [frame for frame in scene.frames if frame.depth is not None]
    if not frames:
        raise SceneError(scene.source, "frames: found none with depth, expected some to fuse a mesh from")
    chosen = evenly_spaced(frames, MAX_FRAMES)
    digest = _digest(chosen, voxel_m)
    kept = _read(cache, digest)
    if kept is None:
        kept = _surface(scene, chosen, voxel_m)
        with open_atomic(cache) as file:
            np.savez_compressed(file, digest=np.array(digest), vertices=kept[0], faces=kept[1])
    vertices, faces = kept
    return Mesh(vertices, faces, face_owners(vertices[faces].mean(axis=1), scene, voxel_m), is_by_box=True)


def face_owners(middles: NDArray[np.float32], scene: Scene, margin_m: float) -> NDArray[np.int32]:
    """(m,) index of the one object whose box each point (m, 3) lies in, the innermost of nested boxes, or -1.

    Boxes are enlarged by ``margin_m`` on all sides but the lower one.
    """
    boxes = BoxArrays.of([item.box for item in scene.objects], scene.is_level)
    owner = np.full(len(middles), NO_OBJECT, dtype=np.int32)
    for index in boxes.order:
        local = rotate(boxes.rotations[index].T, middles - boxes.centers[index])
        low, high = boxes.core[index]
        widen = margin_m * (boxes.core[index] == boxes.bounds[index])
        is_in = ((local >= low - widen[0]) & (local <= high + widen[1])).all(axis=1)
        keeps = (owner >= 0) & boxes.nested[owner, index]
        owner[is_in & ~keeps] = np.where(owner[is_in & ~keeps] == NO_OBJECT, index, SEVERAL_OBJECTS)
    return np.maximum(owner, NO_OBJECT)


def _surface(scene: Scene, frames: list[Frame], voxel_m: float) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    o3d = _open3d()
    values = ("tsdf", "weight"), (o3d.core.float32, o3d.core.float32), ((1,), (1,))
    cpu = o3d.core.Device("CPU:0")
    grid = o3d.t.geometry.VoxelBlockGrid(*values, voxel_m, BLOCK_SIDE, FIRST_BLOCKS, cpu)
    for frame in frames:
        camera = frame.depth_camera
        if frame.depth is None or camera is None:
            continue
        depth = frame.depth.read_m()
        if not (depth > 0).any():
            continue
        depth = np.where(np.isfinite(depth), depth, 0)
        image = o3d.t.geometry.Image(o3d.core.Tensor(np.ascontiguousarray(depth, dtype=np.float32)))
        matrix = [[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]]
        intrinsic = o3d.core.Tensor(np.array(matrix, dtype=np.float64))
        extrinsic = o3d.core.Tensor(frame.world_from_camera.inverse().matrix)
        blocks = grid.compute_unique_block_coordinates(image, intrinsic, extrinsic, 1.0, MAX_DEPTH_M)
        grid.integrate(blocks, image, intrinsic, extrinsic, 1.0, MAX_DEPTH_M)
        if grid.hashmap().size() > MAX_BLOCKS:
            found = f"a space of over {MAX_BLOCKS} blocks of {BLOCK_SIDE} voxels after frame {frame.id}"
            raise SceneError(scene.source, f"depth: found {found}, expected a room; are poses or depth in other units?")
    mesh = grid.extract_triangle_mesh(MIN_VIEWS) if grid.hashmap().size() else None
    if mesh is None or "positions" not in mesh.vertex or len(mesh.triangle["indices"]) == 0:
        expected = f"one within {MAX_DEPTH_M:g} m that {MIN_VIEWS:g} images agree on; run python -m qagen.doctor"
        raise SceneError(scene.source, f"depth: found no common surface in {len(frames)} images, expected {expected}")
    return _in_order(mesh.vertex["positions"].numpy(), mesh.triangle["indices"].numpy())


def _in_order(vertices: NDArray, faces: NDArray) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The surface in an order that does not depend on threads."""
    order = np.lexsort(vertices.T)
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    ranked = rank[faces]
    turn = (ranked.argmin(axis=1)[:, None] + np.arange(3)) % 3
    ranked = np.take_along_axis(ranked, turn, axis=1)
    return vertices[order].astype(np.float32), ranked[np.lexsort(ranked.T)].astype(np.int32)


def _open3d() -> Any:
    try:
        import open3d
    except (ImportError, OSError) as error:
        raise QagenError(
            f"open3d, which fuses meshes, cannot be loaded: {error}. Install it with 'pip install open3d'; where a "
            "system library is named, 'apt-get install libgl1 libgomp1 libx11-6 libusb-1.0-0' brings what it needs"
        ) from error
    return open3d


def _digest(frames: list[Frame], voxel_m: float) -> str:
    digest = hashlib.sha256(repr(("v2", voxel_m, MAX_DEPTH_M, MIN_VIEWS)).encode())
    for frame in frames:
        digest.update(repr((frame.id, frame.depth_camera)).encode())
        digest.update(np.ascontiguousarray(frame.world_from_camera.matrix).tobytes())
        if frame.depth is not None:
            digest.update(np.ascontiguousarray(frame.depth.read_m()).data)
    return digest.hexdigest()


def _read(cache: Path, digest: str) -> tuple[NDArray[np.float32], NDArray[np.int32]] | None:
    """The cached surface, or None when there is none or it was made from other input."""
    if not cache.is_file():
        return None
    try:
        with np.load(cache, allow_pickle=False) as kept:
            return (kept["vertices"], kept["faces"]) if str(kept["digest"]) == digest else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise SceneError(cache, f"fused mesh: cannot be read ({error}); delete it to have it made again") from error
