"""Frames with their depth decoded at a small size, for the checks to compare."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.scene import Frame, Scene
from qagen.visibility.instances import resampled_depth
from qagen.visibility.views import rotation_angle_deg, scaled_to

GRID_PIXELS = 160 * 120
ANCHORS = 16
SAMPLED = 600
PARTNERS = 3
SEARCHED = 400
TURN_DEG = (6.0, 40.0)
"""Partners are turned this much: enough to tell conventions apart, little enough to see the same things."""


@dataclass(frozen=True, eq=False)
class DepthSample:
    """One frame's depth on a small grid."""

    frame: Frame
    """The frame."""
    camera: Camera
    """Pinhole of the grid."""
    depth: NDArray[np.float32]
    """(h, w) z in metres as the loader gave it, 0 where there is none."""

    @property
    def rays(self) -> NDArray[np.float64]:
        """(h, w, 3) directions of the pixels, of z 1."""
        rows, cols = np.indices(self.depth.shape)
        camera = self.camera
        return np.stack([(cols - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy, np.ones(rows.shape)], axis=-1)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """(n, 3) what the depth shows, in the camera, metres."""
        return (self.rays * self.depth[..., None])[self.depth > 0]

    @cached_property
    def sample(self) -> NDArray[np.float64]:
        """About SAMPLED of the points."""
        return self.points[:: max(1, len(self.points) // SAMPLED)]

    def as_kind(self, power: int) -> "DepthSample":
        """The shot with z multiplied by the length of the ray to some power: -1 makes planar depth of ray lengths."""
        lengths = np.linalg.norm(self.rays, axis=-1)
        return replace(self, depth=(self.depth * lengths**power).astype(np.float32))

    def zoomed(self, factor: float) -> "DepthSample":
        """The shot with other intrinsics: all four multiplied."""
        camera = self.camera
        focal = {"fx": camera.fx * factor, "fy": camera.fy * factor, "cx": camera.cx * factor, "cy": camera.cy * factor}
        return replace(self, camera=replace(camera, **focal))


def take(frame: Frame) -> DepthSample | None:
    """The frame's shot, or None where it has no depth at all. Raises SceneError when depth cannot be decoded."""
    if frame.depth is None or frame.depth_camera is None:
        return None
    grid = scaled_to(frame.depth_camera, GRID_PIXELS)
    depth = resampled_depth(frame.depth.read_m(), frame.depth_camera, grid)
    return DepthSample(frame, grid, depth) if (depth > 0).any() else None


def take_groups(scene: Scene) -> list[tuple[DepthSample, list[DepthSample]]]:
    """Frames spread over the scene, each with up to PARTNERS that are turned a little against it."""
    frames = [frame for frame in scene.frames if frame.depth is not None]
    frames = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, SEARCHED).astype(int))] if frames else []
    anchors = np.unique(np.linspace(0, len(frames) - 1, ANCHORS).astype(int)) if frames else []
    groups = []
    for anchor in anchors:
        first = take(frames[anchor])
        others = [take(frames[i]) for i in _partners(frames, int(anchor))]
        known = [other for other in others if other is not None]
        if first is not None and known:
            groups.append((first, known))
    return groups


def _partners(frames: Sequence[Frame], anchor: int) -> list[int]:
    rotations = np.array([frame.world_from_camera.rotation for frame in frames])
    turned = rotation_angle_deg(np.einsum("ba,fbc->fac", rotations[anchor], rotations))
    able = np.flatnonzero((turned >= TURN_DEG[0]) & (turned <= TURN_DEG[1]))
    if len(able) == 0:
        able = np.delete(np.arange(len(frames)), anchor)
    return able[np.argsort(np.abs(able - anchor), kind="stable")][:PARTNERS].tolist()


def all_shots(groups: list[tuple[DepthSample, list[DepthSample]]]) -> list[DepthSample]:
    """Every shot of the groups once."""
    found = {shot.frame.id: shot for first, others in groups for shot in (first, *others)}
    return list(found.values())
