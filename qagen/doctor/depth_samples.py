"""Frames with their depth decoded at a small size, for the checks to compare."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.scene import Frame, Scene
from qagen.core.spacing import evenly_spaced
from qagen.stages import each
from qagen.visibility.instances import resampled_depth
from qagen.visibility.views import rotation_angle_deg, scaled_to

GRID_PIXELS = 160 * 120
ANCHORS = 16
THINNED_POINTS = 600
PARTNERS = 3
SEARCHED_FRAMES = 400
TURN_DEG = (6.0, 40.0)
"""Range of the rotation from an anchor to its partners: enough to tell conventions apart, with a shared view."""


@dataclass(frozen=True, eq=False)
class DepthSample:
    """One frame's depth on a small grid."""

    frame: Frame
    """The frame."""
    camera: Camera
    """Pinhole of the grid."""
    depth: NDArray[np.float32]
    """(h, w) z in meters as the loader gave it, 0 where there is none."""

    @property
    def cloud(self) -> NDArray[np.float64]:
        """(h, w, 3) the point that each pixel shows, camera frame, meters; the origin where there is no depth."""
        return self.camera.rays() * self.depth[..., None]

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """(n, 3) the points of the pixels that have depth, camera frame, meters."""
        return self.cloud[self.depth > 0]

    @cached_property
    def thinned_points(self) -> NDArray[np.float64]:
        """(n, 3) about THINNED_POINTS of the points."""
        return self.points[:: max(1, len(self.points) // THINNED_POINTS)]

    def as_kind(self, power: int) -> "DepthSample":
        """The sample with z multiplied by a power of the ray's length: -1 makes planar depth of ray lengths."""
        return replace(self, depth=(self.depth * self.camera.ray_lengths() ** power).astype(np.float32))

    def thinned(self, step: int) -> "DepthSample":
        """The sample with every ``step``-th pixel of every ``step``-th row."""
        camera, depth = self.camera, np.ascontiguousarray(self.depth[::step, ::step])
        lens = {name: getattr(camera, name) / step for name in ("fx", "fy", "cx", "cy")}
        return replace(self, depth=depth, camera=replace(camera, **lens, width=depth.shape[1], height=depth.shape[0]))

    def zoomed(self, factor: float) -> "DepthSample":
        """The sample with all four intrinsics multiplied by a factor."""
        camera = self.camera
        focal = {"fx": camera.fx * factor, "fy": camera.fy * factor, "cx": camera.cx * factor, "cy": camera.cy * factor}
        return replace(self, camera=replace(camera, **focal))


SampleGroups = list[tuple[DepthSample, list[DepthSample]]]
"""Anchors, each with its partners."""


def sample_groups(scene: Scene) -> SampleGroups:
    """Frames evenly spaced over the scene, each with up to PARTNERS that are rotated a little against it.

    Raises:
        SceneError: a depth image cannot be decoded.
    """
    frames = evenly_spaced([frame for frame in scene.frames if frame.depth is not None], SEARCHED_FRAMES)
    groups = []
    for anchor in each("reading depth", evenly_spaced(range(len(frames)), ANCHORS)):
        first = read_sample(frames[anchor])
        partners = [read_sample(frame) for frame in _partners(frames, anchor)]
        known = [partner for partner in partners if partner is not None]
        if first is not None and known:
            groups.append((first, known))
    return groups


def read_sample(frame: Frame) -> DepthSample | None:
    """The frame's depth on the grid, or None where it has none at all."""
    if frame.depth is None or frame.depth_camera is None:
        return None
    grid = scaled_to(frame.depth_camera, GRID_PIXELS)
    depth = resampled_depth(frame.depth.read_m(), frame.depth_camera, grid)
    return DepthSample(frame, grid, depth) if (depth > 0).any() else None


def _partners(frames: list[Frame], anchor: int) -> list[Frame]:
    """The frames nearest in time that are rotated by TURN_DEG against the anchor, or without any, just the nearest."""
    rotations = np.array([frame.world_from_camera.rotation for frame in frames])
    turn_deg = rotation_angle_deg(np.einsum("ba,fbc->fac", rotations[anchor], rotations))
    suitable = np.flatnonzero((turn_deg >= TURN_DEG[0]) & (turn_deg <= TURN_DEG[1]))
    if len(suitable) == 0:
        suitable = np.delete(np.arange(len(frames)), anchor)
    nearest = suitable[np.argsort(np.abs(suitable - anchor), kind="stable")][:PARTNERS]
    return [frames[i] for i in nearest]


def all_samples(groups: SampleGroups) -> list[DepthSample]:
    """Every sample of the groups once."""
    found = {sample.frame.id: sample for first, others in groups for sample in (first, *others)}
    return list(found.values())
