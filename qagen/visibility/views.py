"""Measurements of every object in every frame, made once per scene; all that tasks see of it.

Everything follows from one instance image per frame, at half resolution (qagen.visibility.instances): the dataset's
own, or the labeled mesh compared with the depth image, or the depth pixels that fall into exactly one box (tasks.md,
sections 1 and 2).

Surfaces come from the best source of the scene (qagen.visibility.surfaces). The share of an object inside the image is
measured on its part of a mesh that knows its objects, else on its points, else on its box. The share of the scene that
two frames both see is measured on the mesh, else on the frames' depth images, else on the objects' boxes.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.labels import is_overlooked, kind_of, may_be_called_alike
from qagen.core.pose import to_degrees
from qagen.core.reasons import BLURRED, MISSING_DEPTH, NO_SOURCE, NO_SURE_CENTER, NOT_OBSERVED, NOT_WHOLE, REPEATED_VIEW
from qagen.core.scale import MEDIAN_DEPTH_M, median_depth
from qagen.core.scene import Frame, Object3D, Scene
from qagen.core.spacing import evenly_spaced
from qagen.core.units import METERS, METERS_ABOVE_M, Units, unit_for
from qagen.errors import SceneError
from qagen.kernels import U8
from qagen.kernels.boxes import projected_box
from qagen.kernels.overlap import inside_fraction, points_seen, shared_fraction
from qagen.kernels.visibility import instance_stats, mean_luminance
from qagen.stages import announce, each
from qagen.visibility.belief import Belief, believe
from qagen.visibility.camera_path import CameraPath
from qagen.visibility.closest import Gap, Gaps
from qagen.visibility.contact import Contacts, are_covers
from qagen.visibility.extents import SideProbe, has_sure_center
from qagen.visibility.instances import NEAR_M, InstanceRenderer
from qagen.visibility.masks import FrameMasks
from qagen.visibility.spots import Spots
from qagen.visibility.surfaces import object_surfaces, scene_surface
from qagen.visibility.thresholds import Thresholds

GRID_PIXELS = 320 * 240
REFERENCE_PIXELS = 640 * 480
VideoFrames = int | Literal["all"]
"""How many frames a video has, evenly spaced; all frames of the recording."""
VIDEO_FRAMES, LEAST_VIDEO_FRAMES = 32, 11
"""Number of frames of a video unless asked otherwise; the least of a scene that has fewer."""
SHARPNESS_WIDTH = 320
MAX_HEADER_RATIO = 4
"""Reject images whose header claims more than this multiple of the camera's pixels."""


@dataclass(frozen=True, eq=False)
class SceneViews:
    """Measurements over frames (F) and objects (O), in the order of ``frames`` and ``scene.objects``.

    Image positions and boxes are fractions of width and height, the image spanning [0, 1] edge to edge.
    """

    scene: Scene
    """The scene that was measured."""
    limits: Thresholds
    """The limits that it was measured with."""
    frames: tuple[Frame, ...]
    """The measured frames, in time order."""
    usable: NDArray[np.bool_]
    """(F,) frames that questions about single images may show; the others belong only to the video or a walk."""
    exact: NDArray[np.bool_]
    """(F,) frames whose instance image is annotated, by the dataset or on its mesh. In the others it comes from boxes:
    ``visible_box`` is loose there, and no question is about its edges."""
    video: tuple[int, ...]
    """Indices of the frames of the scene's video, in time order: as many as were asked for, or all of a scene that has
    fewer but at least 11; empty when the scene has fewer still."""
    unused: Mapping[str, int]
    """Count of the frames and objects that are not used, by reason."""
    cameras: NDArray[np.float64]
    """(F, 4, 4) world from camera, meters."""
    centers: NDArray[np.float64]
    """(F, O, 3) box centers in each frame's camera, meters."""
    center_xy: NDArray[np.float64]
    """(F, O, 2) projected center, NaN behind the camera; may lie outside the image."""
    distance: NDArray[np.float64]
    """(F, O) distance from the camera's center to the box center, meters."""
    visible_pixels: NDArray[np.float64]
    """(F, O) visible pixels, scaled to a 640 x 480 image."""
    visible_fraction: NDArray[np.float64]
    """(F, O) visible pixels over the pixels that the object alone would cover inside the image. In frames that are not
    exact, and without a mesh, the outline of its box stands in for the latter, which makes the fraction smaller."""
    in_image_fraction: NDArray[np.float64]
    """(F, O) share of the object's surface that projects inside the image."""
    visible_box: NDArray[np.float64]
    """(F, O, 4) left, top, right, bottom of the visible pixels; NaN without any."""
    projected_box: NDArray[np.float64]
    """(F, O, 4) left, top, right, bottom of the 3D box, clipped to the image; NaN when outside."""
    mark_xy: NDArray[np.float64]
    """(F, O, 2) a visible pixel of the object that measured depth confirms, off the image's border; NaN when there is
    none."""
    askable: NDArray[np.bool_]
    """(F, O) seen well enough to judge where the object's center is."""
    seen: NDArray[np.bool_]
    """(F, O) a person who looks at the image would say that the object is there."""
    moved: NDArray[np.bool_]
    """(F, O) not at its place when the frame was taken: measured depth passes through it."""
    belief: Belief
    """What of the annotation may be believed."""
    absent: NDArray[np.bool_]
    """(F, O) certainly not visible. An object that is neither seen nor absent is doubtful."""
    surface: NDArray[np.float64]
    """(P, 3) points evenly distributed over the scanned surface, world, meters."""
    labeled: NDArray[np.bool_]
    """(P,) whether each of these points belongs to something that is annotated, walls and floors included."""
    sees: NDArray[np.bool_]
    """(F, P) whether each frame shows each of these points."""
    covisible: NDArray[np.float64]
    """(F, F) share of the surface seen in the first frame that the second sees, too."""
    rotation_deg: NDArray[np.float64]
    """(F, F) angle of the rotation between two cameras, degrees."""
    baseline_m: NDArray[np.float64]
    """(F, F) distance between two camera centers, meters."""

    def labeled_share(self, frames: Sequence[int]) -> float:
        """Share of the surface that frames show which belongs to something annotated."""
        shown = self.sees[list(frames)].any(axis=0)
        return float(self.labeled[shown].mean()) if shown.any() else 0.0

    def is_complete(self, frames: Sequence[int]) -> bool:
        """Whether what is not annotated in frames is not there either, so that absence may be asked about."""
        return not self.scene.has_closed_classes and self.labeled_share(frames) >= self.limits.min_complete

    def lists_all(self, frames: Sequence[int]) -> bool:
        """Whether what frames show of the names that objects of the scene have is annotated: because everything is, or
        because the source says so. Of a name that no object has, only `is_complete` tells."""
        return self.scene.lists_all or self.is_complete(frames)

    def may_show_more(self, frames: Sequence[int], objects: Sequence[int]) -> bool:
        """Whether frames show surface of no object that may be one more object like one of ``objects``."""
        bare = self.surface[self.sees[list(frames)].any(axis=0) & ~self.labeled]
        return self.belief.unclaimed.is_among(bare, objects)

    def mask(self, frame: int, item: int) -> tuple[int, ...]:
        """The visible pixels of an object in a frame as runs (qagen.core.runs); () where no mask would fit them."""
        return self._masks.of(self.frames[frame], item)

    @cached_property
    def _masks(self) -> FrameMasks:
        return FrameMasks(self.scene, self.limits)

    @property
    def depth(self) -> NDArray[np.float64]:
        """(F, O) depth z of the box centers, meters; negative behind the camera."""
        return self.centers[..., 2]

    @cached_property
    def markable(self) -> NDArray[np.bool_]:
        """(F, O) askable in a frame that questions about single images may show, which is never a blurred one."""
        return self.askable & self.usable[:, None]

    @cached_property
    def world_centers(self) -> NDArray[np.float64]:
        """(O, 3) box centers in the world, meters."""
        return world_centers(self.scene.objects)

    @cached_property
    def units(self) -> Units | None:
        """How lengths are told; None where the scale is unknown.

        The unit follows from the median longest side of the objects that may be asked about, else from a quarter of the
        median depth.
        """
        world_m = self.scene.unit_m
        if world_m is None:
            return None
        asked = np.flatnonzero(self.askable.any(axis=0))
        sides = [self.scene.objects[k].box.size.max() for k in asked]
        size = float(np.median(sides)) if sides else (median_depth(self.scene) or MEDIAN_DEPTH_M) / 4
        stays_in_meters = world_m == 1.0 and size >= METERS_ABOVE_M
        return Units(METERS if stays_in_meters else unit_for(size * world_m), world_m)

    @cached_property
    def spots(self) -> Spots:
        """Places of the frames whose measured depth is sure, measured when they are asked for."""
        return Spots(self.frames)

    @cached_property
    def gaps(self) -> Gaps:
        """The gaps between objects, measured when they are asked for."""
        return Gaps(self.scene, self.belief.extents)

    def gap_to_camera(self, frame: int, item: int) -> Gap:
        """The gap between a frame's camera and an object."""
        return self.gaps.from_place(self.cameras[frame, :3, 3], item)

    @cached_property
    def covers(self) -> NDArray[np.bool_]:
        """(O,) objects that lie flush on one of about the same footprint, so that people see one thing in both."""
        return are_covers([item.box for item in self.scene.objects])

    @cached_property
    def contacts(self) -> Contacts:
        """How the objects meet; of a scene without a mesh that knows its objects, only how their boxes lie."""
        return Contacts(self.scene, self.gaps)

    @cached_property
    def path(self) -> CameraPath:
        """How the camera moves through the recording."""
        return CameraPath.of(self.scene)

    @cached_property
    def kinds(self) -> NDArray[np.int64]:
        """(O,) a number that objects of the same kind share."""
        return np.unique([kind_of(item.label) for item in self.scene.objects], return_inverse=True)[1]

    @cached_property
    def alike(self) -> NDArray[np.bool_]:
        """(O, O) pairs of different objects for which a viewer may use one name."""
        labels, index = np.unique([item.label for item in self.scene.objects], return_inverse=True)
        pairs = [[may_be_called_alike(first, second) for second in labels.tolist()] for first in labels.tolist()]
        alike = np.array(pairs, dtype=bool).reshape(len(labels), len(labels))[np.ix_(index, index)]
        return alike & ~np.eye(len(index), dtype=bool)

    def is_named_clearly(self, frames: Sequence[int]) -> NDArray[np.bool_]:
        """(O,) whether an object's label can mean nothing else that frames may show, or that has no known place.

        Never where annotators often leave out some of these: another bag lies on the bed, and the plant has a pot.
        """
        shown = ~self.absent[list(frames)].all(axis=0)
        return self._can_be_named & ~(self.alike & shown).any(axis=1)

    @cached_property
    def _can_be_named(self) -> NDArray[np.bool_]:
        """(O,) whether annotators list all that an object's label could mean, each with its place."""
        names = [
            not is_overlooked(item.label)
            and not any(may_be_called_alike(name, item.label) for name in self.scene.unplaced)
            for item in self.scene.objects
        ]
        return np.array(names, dtype=bool)


def observe(
    scene: Scene,
    thresholds: Thresholds | None = None,
    video_frames: VideoFrames = VIDEO_FRAMES,
    every_frame: bool = False,
) -> SceneViews:
    """Measure a validated scene.

    Args:
        video_frames: how many frames stand for the video of the scene.
        every_frame: whether frames that repeat a view or are blurred are measured as well; they are not usable.

    Raises:
        SceneError: an image that is needed cannot be decoded, or no frame can be used.
    """
    limits = thresholds or Thresholds()
    grays, sharp, unused = _sharp_frames(scene, limits)
    video = _choose_video(scene.frames, video_frames)
    shown = {*video, *(name for walk in scene.walks for name in walk.frames)}
    shown |= {frame.id for frame in scene.frames if every_frame}
    observer = _Observer(scene, limits, [frame for frame in scene.frames if frame.id in sharp])
    measured: list[_MeasuredFrame] = []
    for frame in each("measuring frames", scene.frames):
        if frame.id not in sharp and frame.id not in shown:
            continue
        depth = None if frame.depth is None else frame.depth.read_m()
        has_depth = depth is None or bool(np.mean(depth <= 0) <= limits.max_missing_depth)
        unused[MISSING_DEPTH] += not has_depth
        can_render = observer.renderer.can_render(frame)
        unused[NO_SOURCE] += not can_render
        is_usable = has_depth and can_render
        if is_usable or frame.id in shown:
            gray = grays[frame.id] if frame.id in grays else _small_gray(frame)
            measured.append(observer.measure(frame, depth, gray, is_usable and frame.id in sharp))
    if not measured:
        reasons = ", ".join(f"{count} {reason.removeprefix('frame: ')}" for reason, count in (+unused).items())
        raise SceneError(scene.source, f"frames: found none of {len(scene.frames)} usable ({reasons}), expected one")
    announce("measuring objects")
    belief = believe(scene, observer.surface, observer.clouds, observer.probe, limits)
    is_observed = belief.extents.center_shift_m <= limits.max_center_shift_m
    unused[NO_SURE_CENTER] = int((~observer.has_center).sum())
    unused[NOT_OBSERVED] = int((observer.has_center & ~is_observed).sum())
    unused[NOT_WHOLE] = int((observer.has_center & is_observed & ~belief.is_whole).sum())
    return _assemble(observer, measured, video, +unused, belief)


def world_centers(objects: Sequence[Object3D]) -> NDArray[np.float64]:
    """(O, 3) box centers in the world, meters."""
    return np.array([item.box.center for item in objects]).reshape(-1, 3)


def _choose_video(frames: tuple[Frame, ...], count: VideoFrames) -> list[str]:
    """Ids of the evenly spaced frames of the scene's video, or of all of fewer, but at least 11, frames."""
    if len(frames) < LEAST_VIDEO_FRAMES:
        return []
    return [frame.id for frame in evenly_spaced(frames, len(frames) if count == "all" else count)]


def _sharp_frames(scene: Scene, thresholds: Thresholds) -> tuple[dict[str, U8], set[str], Counter[str]]:
    """Small gray images of the frames that repeat no other, ids of the sharp ones, and counts of the others."""
    spread = spread_frames(scene.frames, thresholds)
    grays = {frame.id: _small_gray(frame) for frame in each("reading frames", spread)}
    sharpness = np.array([_sharpness(grays[frame.id]) for frame in spread])
    is_sharp = sharpness >= thresholds.min_sharpness * np.median(sharpness)
    sharp = {frame.id for frame, is_kept in zip(spread, is_sharp, strict=True) if is_kept}
    unused = {REPEATED_VIEW: len(scene.frames) - len(spread), BLURRED: len(spread) - len(sharp)}
    return grays, sharp, Counter(unused)


def spread_frames(frames: tuple[Frame, ...], thresholds: Thresholds) -> list[Frame]:
    """Frames whose camera moved or turned since the last one kept, thinned to ``max_frames``."""
    kept = [frames[0]]
    for frame in frames[1:]:
        step = kept[-1].world_from_camera.inverse() @ frame.world_from_camera
        moved = math.hypot(*step.translation) >= thresholds.frame_step_m
        if moved or rotation_angle_deg(step.rotation) >= thresholds.frame_step_deg:
            kept.append(frame)
    return evenly_spaced(kept, thresholds.max_frames)


def rotation_angle_deg(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle of rotations (..., 3, 3), degrees, 0 to 180."""
    trace = np.trace(rotation, axis1=-2, axis2=-1)
    return to_degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def _sharpness(gray: U8) -> float:
    """Variance of the Laplacian of a small gray image (Pech-Pacheco et al., 2000)."""
    import cv2

    return float(cv2.Laplacian(gray, cv2.CV_64F).var())


def _small_gray(frame: Frame) -> U8:
    """(h, w) the color image as gray at a half or a quarter of the resolution."""
    import cv2

    reduce = (
        cv2.IMREAD_REDUCED_GRAYSCALE_2 if frame.camera.width < 2 * SHARPNESS_WIDTH else cv2.IMREAD_REDUCED_GRAYSCALE_4
    )
    content = frame.color.read_bytes()
    _check_header(content, frame)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), reduce)
    except cv2.error:  # no pixels behind the header
        image = None
    if image is None:
        raise _undecodable(frame)
    return np.asarray(image, dtype=np.uint8)


def _check_header(content: bytes, frame: Frame) -> None:
    """Raise SceneError before decoding an image whose header claims far more pixels than the camera has."""
    from PIL import Image

    try:
        with Image.open(BytesIO(content)) as image:
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _undecodable(frame) from error
    camera = frame.camera
    if width * height > MAX_HEADER_RATIO * camera.width * camera.height:
        found, expected = f"{width} x {height}", f"{camera.width} x {camera.height}"
        raise SceneError(frame.color.path or frame.id, f"color image: found {found} pixels, expected {expected}")


def _undecodable(frame: Frame) -> SceneError:
    return SceneError(frame.color.path or frame.id, "color image cannot be decoded, expected JPEG or PNG")


@dataclass(frozen=True, slots=True, eq=False)
class _MeasuredFrame:
    """One frame's measurements; arrays have the shapes of SceneViews without F."""

    frame: Frame
    is_usable: bool
    visible_pixels: NDArray[np.float64]
    visible_fraction: NDArray[np.float64]
    confirmed_fraction: NDArray[np.float64]
    passed_fraction: NDArray[np.float64]
    luminance: NDArray[np.float64]
    possible: NDArray[np.bool_]
    in_image_fraction: NDArray[np.float64]
    visible_box: NDArray[np.float64]
    projected_box: NDArray[np.float64]
    mark_xy: NDArray[np.float64]
    seen_points: NDArray[np.bool_]


class _Observer:
    """Measures the frames of one scene."""

    def __init__(self, scene: Scene, limits: Thresholds, sharp: list[Frame]) -> None:
        self.scene, self.limits = scene, limits
        self.corners = [item.box.corners for item in scene.objects]
        self.renderer = InstanceRenderer(scene, limits)
        self.surface, self.labeled = scene_surface(scene, sharp)
        self.probe = SideProbe(scene, limits)
        self.object_points, self.starts = object_surfaces(scene)
        self.clouds = [self.object_points[a:b] for a, b in pairwise(self.starts)]
        self.has_center = np.array(
            [has_sure_center(*pair, limits, scene.is_level) for pair in zip(scene.objects, self.clouds, strict=True)],
            dtype=bool,
        )

    def measure(self, frame: Frame, depth_m: NDArray[np.float32] | None, gray: U8, is_usable: bool) -> _MeasuredFrame:
        """Render a frame's instance image and measure every object in it."""
        limits, grid = self.limits, scaled_to(frame.camera, GRID_PIXELS)
        T_cw = frame.world_from_camera.inverse().matrix
        image = self.renderer.render(frame, grid, depth_m)
        if depth_m is None or frame.depth_camera is None:
            self.probe.look(frame, image.visible, grid, image.depth, grid)
        else:
            self.probe.look(frame, image.visible, grid, depth_m, frame.depth_camera)
        centers = frame.world_from_camera.inverse() @ world_centers(self.scene.objects)
        inset = max(1, round(limits.mark_inset * grid.width))
        may_carry_mark = image.confirmed & _off_border(grid, limits.mark_border)
        pixels, boxes, marks = instance_stats(image.visible, may_carry_mark, grid.project(centers), inset)
        confirmed = np.bincount(image.visible[image.confirmed], minlength=len(pixels))
        passed = np.bincount(image.visible[image.passed], minlength=len(pixels))
        extent = grid.intrinsics, grid.width, grid.height, NEAR_M
        projected = np.array([projected_box(corners, T_cw, *extent) for corners in self.corners])
        tolerance = limits.depth_tolerance_m, limits.depth_tolerance_rel
        return _MeasuredFrame(
            frame=frame,
            is_usable=is_usable,
            confirmed_fraction=confirmed / np.maximum(pixels, 1),
            passed_fraction=passed / np.maximum(passed + confirmed, 1),
            luminance=mean_luminance(image.visible, gray, len(pixels)),
            possible=image.possible,
            visible_pixels=pixels * np.float64(REFERENCE_PIXELS / (grid.width * grid.height)),
            visible_fraction=pixels / np.maximum(image.unoccluded, 1),
            in_image_fraction=inside_fraction(self.object_points, self.starts, T_cw, *extent),
            visible_box=_box_fraction(boxes, grid),
            projected_box=_box_fraction(projected, grid),
            mark_xy=grid.to_fraction(marks),
            seen_points=points_seen(self.surface, T_cw, grid.intrinsics, image.depth, *tolerance),
        )


def scaled_to(camera: Camera, pixels: int) -> Camera:
    """The camera at the same aspect with about ``pixels`` pixels."""
    scale = np.sqrt(pixels / (camera.width * camera.height))
    return camera.scaled(max(1, round(camera.width * scale)), max(1, round(camera.height * scale)))


def _off_border(grid: Camera, share: float) -> NDArray[np.bool_]:
    """(h, w) pixels at least this share of the image's width away from its border."""
    border = math.ceil(share * grid.width)
    off = np.zeros((grid.height, grid.width), dtype=bool)
    off[border : grid.height - border, border : grid.width - border] = True
    return off


def _box_fraction(boxes: NDArray, grid: Camera) -> NDArray[np.float64]:
    return grid.to_fraction(boxes.reshape(-1, 2, 2)).reshape(-1, 4)


def _assemble(
    observer: _Observer, measured: list[_MeasuredFrame], video: list[str], unused: Mapping[str, int], belief: Belief
) -> SceneViews:
    """Stack the measurements of all frames."""
    frames = tuple(one.frame for one in measured)
    shape = len(frames), len(observer.scene.objects)
    index = {frame.id: position for position, frame in enumerate(frames)}
    world = world_centers(observer.scene.objects)
    centers = np.array([frame.world_from_camera.inverse() @ world for frame in frames]).reshape(*shape, 3)
    projected = [frame.camera.project(points) for frame, points in zip(frames, centers, strict=True)]
    center_xy = [frame.camera.to_fraction(uv) for frame, uv in zip(frames, projected, strict=True)]
    cameras = np.array([frame.world_from_camera.matrix for frame in frames])
    positions, rotations = cameras[:, :3, 3], cameras[:, :3, :3]
    sees = np.array([one.seen_points for one in measured], dtype=bool).reshape(len(frames), -1)
    exact = np.array([observer.renderer.is_exact(frame) for frame in frames], dtype=bool)
    is_believed = observer.has_center & belief.is_whole
    is_believed &= belief.extents.center_shift_m <= observer.limits.max_center_shift_m
    askable = [
        is_believed & _askable(*each, observer.limits) for each in zip(measured, centers[..., 2], exact, strict=True)
    ]
    seen = [_seen(*each, observer) for each in zip(measured, exact, strict=True)]

    def stack(name: str, *tail: int) -> NDArray[np.float64]:
        return np.array([getattr(one, name) for one in measured], dtype=np.float64).reshape(*shape, *tail)

    return SceneViews(
        scene=observer.scene,
        limits=observer.limits,
        frames=frames,
        usable=np.array([one.is_usable for one in measured], dtype=bool),
        exact=exact,
        video=tuple(index[name] for name in video),
        unused=unused,
        cameras=cameras,
        centers=centers,
        center_xy=np.array(center_xy).reshape(*shape, 2),
        distance=np.linalg.norm(centers, axis=-1),
        visible_pixels=stack("visible_pixels"),
        visible_fraction=stack("visible_fraction"),
        in_image_fraction=stack("in_image_fraction"),
        visible_box=stack("visible_box", 4),
        projected_box=stack("projected_box", 4),
        mark_xy=stack("mark_xy", 2),
        askable=np.array(askable, dtype=bool).reshape(shape),
        seen=np.array(seen, dtype=bool).reshape(shape),
        moved=stack("passed_fraction") > observer.limits.max_moved,
        belief=belief,
        absent=~np.array([one.possible for one in measured], dtype=bool).reshape(shape),
        surface=observer.surface,
        labeled=observer.labeled,
        sees=sees,
        covisible=shared_fraction(sees),
        rotation_deg=rotation_angle_deg(np.einsum("iab,jac->ijbc", rotations, rotations)),
        baseline_m=np.linalg.norm(positions[:, None] - positions[None], axis=-1),
    )


def _askable(one: _MeasuredFrame, depth: NDArray[np.float64], is_exact: bool, limits: Thresholds) -> NDArray[np.bool_]:
    """(O,) whether an object is seen well enough in a frame; ``depth`` is (O,) z of the box centers, meters."""
    visible_fraction, in_image_fraction = one.visible_fraction, one.in_image_fraction
    seen_enough = (
        (visible_fraction >= limits.loose_visible_fraction)
        & (in_image_fraction >= limits.loose_in_image_fraction)
        & (one.visible_pixels >= limits.loose_visible_pixels)
    )
    return (
        (is_exact | seen_enough)
        & (visible_fraction >= limits.visible_fraction)
        & (in_image_fraction >= limits.in_image_fraction)
        & (one.visible_pixels >= limits.visible_pixels)
        & (one.confirmed_fraction >= limits.min_confirmed)
        & (one.passed_fraction <= limits.max_moved)
        & (depth >= limits.min_depth_m)
        & (depth <= limits.max_depth_m)
        & np.isfinite(one.mark_xy).all(axis=-1)
    )


def _seen(one: _MeasuredFrame, is_exact: bool, observer: _Observer) -> NDArray[np.bool_]:
    """(O,) whether a person who looks at the image would say that the object is there."""
    limits = observer.limits
    return (
        observer.has_center
        & (is_exact | (one.visible_fraction >= limits.loose_visible_fraction))
        & (one.visible_fraction >= limits.seen_fraction)
        & (one.visible_pixels >= limits.seen_pixels)
        & (one.luminance >= limits.seen_luminance)
        & (one.confirmed_fraction >= limits.min_confirmed)
    )
