"""Renders an instance image per frame: the object that each pixel shows. Every question is derived from it.

Each frame uses the first of these sources that it has (tasks.md, section 2):

1. **The dataset's own instance image.** Where the frame has depth as well, a pixel is confirmed when its depth lies in
   its object's box, so that no question is about an object whose box is somewhere else.
2. **The instance-labeled mesh**, rasterized and compared with the depth image where there is one.
3. **Boxes and depth.** A pixel shows the object whose box it falls into, when there is exactly one; of nested boxes
   only the innermost counts, so that the pixels in the toaster's box do not belong to the counter, too. The lowest
   ``FLOOR_M`` of a box (at most a quarter of it) owns no pixels, because the floor runs through it; in a world that is
   not level, the same holds for all sides that face away from the camera.

A mesh whose faces got their objects from boxes, and the third source, are not exact: they cut an object off where its
box ends. Questions then ask for more (qagen.visibility.thresholds) or are not asked (SceneViews.exact).

``unoccluded``, the pixels that an object would cover if there were nothing else, is counted on the mesh where the scene
has one. Without exact sources it is the outline of the box, which is never less than that of the object in it.
``visible_fraction`` is then a lower bound, and an object that it makes look hidden is doubtful.

``possible`` are the objects that may be visible; the others are absent. Without exact sources an object is possible as
soon as one measured pixel lies near its box, shared or not, or when more than ``MAX_UNMEASURED`` of its outline has no
depth, because anything may be behind a pixel without depth. On a mesh whose faces got their objects from boxes, depth
comes from the mesh only in frames that have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import rotate
from qagen.core.scene import Frame, InstanceSource, Mesh, Scene
from qagen.kernels.inside import assign_pixels, own_box_depth
from qagen.kernels.raster import Patches, make_patches, rasterize
from qagen.kernels.visibility import compare_with_depth

NEAR_M = 0.05
FLOOR_M = 0.03
MAX_UNMEASURED = 0.05
NESTED_SHARE = 0.9
"""A box with this share of its volume in a larger one lies within it."""
NESTED_SAMPLES = 6


class DepthTolerance(Protocol):
    """How far measured depth may lie from a surface that it confirms."""

    @property
    def depth_tolerance_m(self) -> float:
        """Meters."""
        ...

    @property
    def depth_tolerance_rel(self) -> float:
        """Share of the depth; the larger of the two tolerances counts."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class InstanceImage:
    """The visible objects (O) of one frame, on a grid of (h, w) pixels."""

    visible: NDArray[np.int32]
    """(h, w) index of the object that each pixel shows, below 0 for none."""
    confirmed: NDArray[np.bool_]
    """(h, w) pixels where measured depth agrees with the object; all that show one where the frame has no depth."""
    passed: NDArray[np.bool_]
    """(h, w) pixels where measured depth lies behind the object on an annotated mesh, as if it were not there."""
    depth: NDArray[np.float32]
    """(h, w) visible z, meters: as measured, else of the mesh or the shown object's box, else inf."""
    unoccluded: NDArray[np.int64]
    """(O,) at least the pixels that each object would cover if there were nothing else."""
    possible: NDArray[np.bool_]
    """(O,) whether anything of each object may be visible."""


@dataclass(frozen=True, slots=True, eq=False)
class BoxArrays:
    """The boxes of the objects (O) as the kernels take them."""

    centers: NDArray[np.float64]
    """(O, 3), world, metres."""
    rotations: NDArray[np.float64]
    """(O, 3, 3), columns are the axes in the world."""
    bounds: NDArray[np.float64]
    """(O, 2, 3) lower and upper ends along the axes, from the center, meters."""
    core: NDArray[np.float64]
    """(O, 2, 3) bounds without the part that the floor may run through, as far as it is known to be the lowest."""
    order: NDArray[np.int64]
    """(O,) from the smallest box to the largest."""
    nested: NDArray[np.bool_]
    """(O, O) [a, b] where the box of a lies within that of b."""

    @classmethod
    def of(cls, boxes: Sequence[Box3D], is_level: bool = True) -> "BoxArrays":
        """Stack boxes, which may be none, of a world whose z axis points up or not."""
        centers = np.array([box.center for box in boxes], dtype=np.float64).reshape(-1, 3)
        rotations = np.array([box.rotation for box in boxes], dtype=np.float64).reshape(-1, 3, 3)
        halves = np.array([box.size / 2 for box in boxes], dtype=np.float64).reshape(-1, 3)
        bounds = np.stack([-halves, halves], axis=1)
        core = above_floor(rotations, halves) if is_level else bounds.copy()
        order = np.argsort(np.prod(halves, axis=1), kind="stable")
        return cls(centers, rotations, bounds, core, order, _nested(centers, rotations, halves))

    def core_behind(self, eye: NDArray[np.float64]) -> NDArray[np.float64]:
        """(O, 2, 3) bounds without the parts that the floor may run through when nobody knows which side is the lowest.

        A camera at ``eye`` (3,), world, meters, sees the floor within a box only beyond sides that face away from it.
        """
        local, half = rotate(self.rotations.transpose(0, 2, 1), eye - self.centers), self.bounds[:, 1]
        lift = np.minimum(FLOOR_M, half / 2)
        core = self.bounds.copy()
        core[:, 0] += np.where(local >= -half, lift, 0.0)
        core[:, 1] -= np.where(local <= half, lift, 0.0)
        return core


def above_floor(rotations: NDArray[np.float64], halves: NDArray[np.float64]) -> NDArray[np.float64]:
    """(O, 2, 3) ends of upright boxes along their axes, from the center, without the part the floor may run through.

    Args:
        rotations: (O, 3, 3), columns are the axes in the world.
        halves: (O, 3) half sizes, meters.
    """
    ends = np.stack([-halves, halves], axis=1)
    lift = np.minimum(FLOOR_M, halves[:, 2] / 2)
    is_up = rotations[:, 2, 2] > 0
    ends[is_up, 0, 2] += lift[is_up]
    ends[~is_up, 1, 2] -= lift[~is_up]
    return ends


def _nested(centers: NDArray, rotations: NDArray, halves: NDArray) -> NDArray[np.bool_]:
    """(O, O) [a, b] where most of a box lies in another one that is larger."""
    steps = (np.arange(NESTED_SAMPLES) + 0.5) / NESTED_SAMPLES * 2 - 1
    unit = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    volume = np.prod(halves, axis=1)
    nested = np.zeros((len(centers), len(centers)), dtype=bool)
    radius = np.sqrt((halves**2).sum(axis=1))
    for a in range(len(centers)):
        distance = np.sqrt(((centers - centers[a]) ** 2).sum(axis=1))
        (around,) = np.nonzero((volume > volume[a]) & (distance <= radius + radius[a]))
        samples = rotate(rotations[a], unit * halves[a]) + centers[a]
        local = rotate(rotations[around].transpose(0, 2, 1)[:, None], samples - centers[around, None])
        nested[a, around] = (np.abs(local) <= halves[around, None]).all(axis=2).mean(axis=1) >= NESTED_SHARE
    return nested


class InstanceRenderer:
    """Renders the instance images of one scene's frames."""

    def __init__(self, scene: Scene, tolerance: DepthTolerance) -> None:
        self.mesh = scene.mesh
        self.objects, self.count = scene.objects, len(scene.objects)
        self.is_level = scene.is_level
        self.tolerance = (tolerance.depth_tolerance_m, tolerance.depth_tolerance_rel)

    @cached_property
    def boxes(self) -> BoxArrays:
        """The objects' boxes, stacked on first use."""
        return BoxArrays.of([item.box for item in self.objects], self.is_level)

    @cached_property
    def _patches(self) -> Patches:
        assert self.mesh is not None
        return make_patches(self.mesh.vertices, self.mesh.faces, self.mesh.face_object)

    def can_render(self, frame: Frame) -> bool:
        """Whether the frame has any source of an instance image, or there is nothing to show in it."""
        return not self.count or self.mesh is not None or frame.instances is not None or frame.depth is not None

    def is_exact(self, frame: Frame) -> bool:
        """Whether the frame's instance image is annotated, by the dataset or on the mesh."""
        return frame.instances is not None or (self.mesh is not None and not self.mesh.is_by_box)

    def render(self, frame: Frame, grid: Camera, measured: NDArray[np.float32] | None) -> InstanceImage:
        """The instance image of a frame.

        Args:
            grid: the frame's camera at the resolution to render.
            measured: (H, W) the frame's decoded depth, meters, or None when it has none.

        Raises:
            SceneError: the dataset's instance image cannot be decoded.
        """
        if frame.instances is not None:
            return self._from_dataset(frame, frame.instances, grid, measured)
        if self.mesh is not None:
            return self._from_mesh(frame, self.mesh.is_by_box, grid, measured)
        return self._from_boxes(frame, grid, measured)

    def _from_dataset(
        self, frame: Frame, source: InstanceSource, grid: Camera, measured: NDArray[np.float32] | None
    ) -> InstanceImage:
        shown = source.read_objects()
        visible = resampled_instances(shown, grid)
        T_cw = frame.world_from_camera.inverse().matrix
        enter, leave = own_box_depth(visible, grid.intrinsics, T_cw, *self._bounds(), NEAR_M)
        if self.mesh is None:
            depth, unoccluded = enter, self._assign_pixels(np.zeros(visible.shape, np.float32), grid, T_cw)[1]
        else:
            depth, _, unoccluded = self._rasterized(grid, T_cw)
        confirmed = visible >= 0
        if measured is not None and frame.depth_camera is not None:
            on_grid = resampled_depth(measured, frame.depth_camera, grid)
            slack = np.maximum(self.tolerance[0], self.tolerance[1] * on_grid)
            confirmed &= (on_grid >= enter - slack) & (on_grid <= np.maximum(leave, enter) + slack) & (on_grid > 0)
            depth = np.where(on_grid > 0, on_grid, depth)
        pixels = np.bincount(shown[shown >= 0].ravel(), minlength=self.count)
        unoccluded = np.maximum(unoccluded, _counts(visible, self.count))
        return InstanceImage(visible, confirmed, np.zeros_like(confirmed), depth, unoccluded, pixels > 0)

    def _from_mesh(
        self, frame: Frame, is_by_box: bool, grid: Camera, measured: NDArray[np.float32] | None
    ) -> InstanceImage:
        T_cw = frame.world_from_camera.inverse().matrix
        depth, instance, unoccluded = self._rasterized(grid, T_cw)
        visible, confirmed, composite = instance, instance >= 0, depth
        passed = np.zeros_like(confirmed)
        if measured is not None and frame.depth_camera is not None:
            visible, confirmed, passed, composite = compare_with_depth(
                instance, depth, grid.intrinsics, measured, frame.depth_camera.intrinsics, *self.tolerance
            )
        possible = _counts(visible, self.count) > 0
        if is_by_box:
            passed, known = np.zeros_like(confirmed), depth
            if measured is not None and frame.depth_camera is not None:
                known = resampled_depth(measured, frame.depth_camera, grid)
            _, outline, touched, unmeasured, _ = self._assign_pixels(known, grid, T_cw)
            possible |= (touched > 0) | (unmeasured > MAX_UNMEASURED * outline)
            unoccluded = np.maximum(unoccluded, outline)
        return InstanceImage(visible, confirmed, passed, composite, unoccluded, possible)

    def _from_boxes(self, frame: Frame, grid: Camera, measured: NDArray[np.float32] | None) -> InstanceImage:
        depth = np.zeros((grid.height, grid.width), np.float32)
        if measured is not None and frame.depth_camera is not None:
            depth = resampled_depth(measured, frame.depth_camera, grid)
        visible, outline, touched, unmeasured, _ = self._assign_pixels(
            depth, grid, frame.world_from_camera.inverse().matrix
        )
        possible = (touched > 0) | (unmeasured > MAX_UNMEASURED * outline)
        seen = np.where(depth > 0, depth, np.float32(np.inf))
        return InstanceImage(visible, visible >= 0, np.zeros(visible.shape, dtype=bool), seen, outline, possible)

    def _assign_pixels(self, depth: NDArray[np.float32], grid: Camera, T_cw: NDArray[np.float64]):
        """Owner of each pixel of a depth image by its box, and the pixel counts of the boxes."""
        boxes = self.boxes
        core = boxes.core if self.is_level else boxes.core_behind(-rotate(T_cw[:3, :3].T, T_cw[:3, 3]))
        own = core, boxes.order, boxes.nested
        return assign_pixels(depth, grid.intrinsics, T_cw, *self._bounds(), *own, NEAR_M, *self.tolerance)

    def _rasterized(self, grid: Camera, T_cw: NDArray[np.float64]):
        """Depth, instance and unoccluded pixels of the mesh alone."""
        return rasterize(self._patches, T_cw, grid.intrinsics, grid.width, grid.height, NEAR_M, self.count)

    def _bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        return self.boxes.centers, self.boxes.rotations, self.boxes.bounds


def grouped_by_object(mesh: Mesh) -> Mesh:
    """The mesh with its faces sorted by object."""
    order = np.argsort(mesh.face_object, kind="stable")
    faces, owners = np.ascontiguousarray(mesh.faces[order]), np.ascontiguousarray(mesh.face_object[order])
    return Mesh(mesh.vertices, faces, owners, mesh.is_by_box)


def resampled_depth(measured: NDArray[np.float32], camera: Camera, grid: Camera) -> NDArray[np.float32]:
    """(h, w) depth on the rays of a grid at the same pose, meters; 0 where there is none."""
    cols = _covering(np.arange(grid.width), grid.cx, grid.fx, camera.cx, camera.fx)
    rows = _covering(np.arange(grid.height), grid.cy, grid.fy, camera.cy, camera.fy)
    height, width = measured.shape
    inside = ((rows >= 0) & (rows < height))[:, None] & ((cols >= 0) & (cols < width))[None, :]
    depth = measured[np.ix_(np.clip(rows, 0, height - 1), np.clip(cols, 0, width - 1))]
    return np.where(inside & (depth > 0) & np.isfinite(depth), depth, np.float32(0))


def _covering(pixels: NDArray, center: float, focal: float, other_center: float, other_focal: float) -> NDArray:
    return np.floor((pixels - center) / focal * other_focal + other_center + 0.5).astype(np.int64)


def resampled_instances(shown: NDArray[np.int32], grid: Camera) -> NDArray[np.int32]:
    """(h, w) an instance image of any resolution at the pixel centers of a grid of the same view."""
    rows = ((np.arange(grid.height) + 0.5) / grid.height * shown.shape[0]).astype(np.int64)
    cols = ((np.arange(grid.width) + 0.5) / grid.width * shown.shape[1]).astype(np.int64)
    return np.ascontiguousarray(shown[np.ix_(rows, cols)], dtype=np.int32)


def _counts(visible: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    return np.bincount(visible[visible >= 0], minlength=count)
