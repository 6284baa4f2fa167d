"""The scale of a scene: lengths are measured at room scale, for which all thresholds are tuned, whatever is filmed."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.core.scene import DepthSource, Frame, Mesh, Object3D, Scene
from qagen.core.spacing import evenly_spaced

ROOM_DEPTH_M = (0.8, 5.0)
"""Median depths of what frames show at room scale, meters."""
MEDIAN_DEPTH_M = 2.0
"""Median depth to which a scene is brought that no power of ten brings to room scale, meters."""
DECIMALS, FLOAT32_DECIMALS = 9, 6
"""Decimals to which multiplied lengths are rounded. A copy of another size then has the very numbers of a scene whose
numbers are round, and a threshold that they hit exactly is hit by both."""
SAMPLED_FRAMES = 16
SAMPLED_POINTS = 20_000


def at_room_scale(scene: Scene) -> Scene:
    """The scene with its lengths multiplied such that its frames look as far as those of a room scan do.

    A scene in meters that is at room scale is returned as it is. Other scenes in meters are multiplied by a power of
    ten where one is enough, so that copies of different size become the same scene; ``unit_m`` of the result tells the
    length of its unit. A scene of unknown scale gets a median depth of 2.
    """
    depth = median_depth(scene)
    factor = 1.0 if depth is None else _room_factor(depth, scene.unit_m)
    return scene if factor == 1.0 else scaled(scene, factor)


def median_depth(scene: Scene) -> float | None:
    """Median depth z of what frames show, in the scene's unit, or None where nothing tells it.

    Measured on depth images; without any, on the vertices of the mesh or the centers of the boxes inside the images.
    """
    depths = [part for part in _depths(scene) if len(part)]
    return float(np.median(np.concatenate(depths))) if depths else None


def _depths(scene: Scene) -> Iterator[NDArray]:
    """Depths above 0 of each of some frames."""
    sources = [frame.depth for frame in scene.frames if frame.depth is not None]
    if sources:
        for source in evenly_spaced(tuple(sources), SAMPLED_FRAMES):
            depth = source.read_m()
            yield depth[depth > 0]
        return
    points = _known_points(scene)
    for frame in evenly_spaced(scene.frames, SAMPLED_FRAMES):
        local = frame.world_from_camera.inverse() @ points
        fraction = frame.camera.to_fraction(frame.camera.project(local))
        is_shown = (local[:, 2] > 0) & (fraction >= 0).all(axis=1) & (fraction <= 1).all(axis=1)
        yield local[is_shown, 2]


def _known_points(scene: Scene) -> NDArray:
    """(n, 3) points of the scene's surface, or the centers of its boxes."""
    if scene.mesh is None:
        return np.array([item.box.center for item in scene.objects]).reshape(-1, 3)
    vertices = scene.mesh.vertices
    return vertices[:: max(1, len(vertices) // SAMPLED_POINTS)].astype(np.float64)


def _room_factor(depth: float, unit_m: float | None) -> float:
    """By what the lengths of a scene of this median depth are multiplied."""
    if unit_m is None:
        return MEDIAN_DEPTH_M / depth
    low, high = ROOM_DEPTH_M
    depth_m = depth * unit_m
    power = 0 if low <= depth_m <= high else math.ceil(math.log10(low / depth_m))
    is_enough = depth_m * 10.0**power <= high
    return unit_m * 10.0**power if is_enough else MEDIAN_DEPTH_M / depth


def scaled(scene: Scene, factor: float) -> Scene:
    """The same scene with all lengths multiplied, and units that are shorter by as much."""
    return replace(
        scene,
        frames=tuple(scaled_frame(frame, factor) for frame in scene.frames),
        objects=tuple(_scaled_object(item, factor) for item in scene.objects),
        mesh=None if scene.mesh is None else _scaled_mesh(scene.mesh, factor),
        room_polygon=None if scene.room_polygon is None else _multiplied(scene.room_polygon, factor),
        world_from_source=_scaled_pose(scene.world_from_source, factor),
        unit_m=None if scene.unit_m is None else scene.unit_m / factor,
        source_unit=scene.source_unit / factor,
    )


def scaled_frame(frame: Frame, factor: float) -> Frame:
    """The same frame with all lengths multiplied."""
    if factor == 1.0:
        return frame
    depth = None if frame.depth is None else ScaledDepth(frame.depth, factor)
    return replace(frame, depth=depth, world_from_camera=_scaled_pose(frame.world_from_camera, factor))


def _scaled_object(item: Object3D, factor: float) -> Object3D:
    box = Box3D(_multiplied(item.box.center, factor), _multiplied(item.box.size, factor), item.box.rotation)
    points = None if item.points is None else _multiplied_float32(item.points, factor)
    return replace(item, box=box, points=points)


def _scaled_mesh(mesh: Mesh, factor: float) -> Mesh:
    return replace(mesh, vertices=_multiplied_float32(mesh.vertices, factor))


def _scaled_pose(pose: Pose, factor: float) -> Pose:
    return Pose(pose.rotation, _multiplied(pose.translation, factor))


def _multiplied(lengths: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    return np.round(lengths * factor, DECIMALS)


def _multiplied_float32(lengths: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    return np.round(lengths * np.float64(factor), FLOAT32_DECIMALS).astype(np.float32)


@dataclass(frozen=True, slots=True)
class ScaledDepth:
    """A depth image whose lengths are multiplied."""

    source: DepthSource
    """The depth image."""
    factor: float
    """By what its depths are multiplied."""

    def read_m(self) -> NDArray[np.float32]:
        return _multiplied_float32(self.source.read_m(), self.factor)
