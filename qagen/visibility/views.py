"""What every frame shows of every object, measured once per scene; the only thing that tasks look at.

Everything follows from one instance-ID image per frame, at half resolution (qagen.visibility.instances): the
dataset's own, or the labelled mesh held against the depth image, or the depth pixels that fall into exactly one box
(tasks.md, sections 1 and 2).

Surfaces come from the best that the scene has. That of an object, of which a share lies inside the image, is its part
of a mesh that knows its objects, else its points, else its box. That of the scene, of which frames share a part, is
the mesh, else the depth images of the frames put together and thinned to a point every ``SURFACE_VOXEL_M``, else the
objects' boxes.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.labels import kind_of
from qagen.core.pose import to_degrees
from qagen.core.reasons import BLURRED, MISSING_DEPTH, NO_GROUND, NO_SURE_CENTER, REPEATED_VIEW
from qagen.core.scene import Frame, Object3D, Scene
from qagen.errors import SceneError
from qagen.kernels.boxes import projected_box
from qagen.kernels.overlap import inside_fraction, points_seen, shared_fraction
from qagen.kernels.visibility import instance_stats
from qagen.visibility.extents import has_sure_center
from qagen.visibility.instances import NEAR_M, InstanceRenderer
from qagen.visibility.surfaces import _object_points, _surface
from qagen.visibility.thresholds import Thresholds

GRID_PIXELS = 320 * 240
REFERENCE_PIXELS = 640 * 480
VIDEO_FRAMES = 32
SHARPNESS_WIDTH = 320
MAX_CLAIM = 4
"""A colour image of more than so many times its camera's pixels is not decoded."""


@dataclass(frozen=True, eq=False)
class SceneViews:
    """Measurements over frames (F) and objects (O), in the order of ``frames`` and ``scene.objects``.

    Image positions and boxes are fractions of width and height, the image spanning [0, 1] edge to edge.
    """

    scene: Scene
    """The scene that was looked at."""
    frames: tuple[Frame, ...]
    """The frames that were looked at, in time order."""
    usable: NDArray[np.bool_]
    """(F,) frames that a question about single images may show; the others belong to the video or a walk only."""
    exact: NDArray[np.bool_]
    """(F,) frames of which annotation tells what they show of an object: the dataset's instance image, or its labelled
    mesh. In the others only boxes do: ``visible_box`` is loose there, and its edges are nothing to ask about."""
    video: tuple[int, ...]
    """Indices of the 32 frames of the scene's video, in time order; empty when the scene has fewer frames."""
    unused: Mapping[str, int]
    """Frames and objects that are not used: reason to count."""
    cameras: NDArray[np.float64]
    """(F, 4, 4) world from camera, metres."""
    centers: NDArray[np.float64]
    """(F, O, 3) box centres in each frame's camera, metres."""
    center_xy: NDArray[np.float64]
    """(F, O, 2) projected centre, NaN behind the camera; may lie outside the image."""
    distance: NDArray[np.float64]
    """(F, O) distance from the camera's centre to the box centre, metres."""
    visible_pixels: NDArray[np.float64]
    """(F, O) visible pixels, scaled to a 640 x 480 image."""
    visible_fraction: NDArray[np.float64]
    """(F, O) visible pixels over the pixels that the object alone would cover inside the image; in frames that are not
    exact, and without a mesh, over the outline of its box, which is less."""
    in_image_fraction: NDArray[np.float64]
    """(F, O) share of the object's surface that projects inside the image."""
    visible_box: NDArray[np.float64]
    """(F, O, 4) left, top, right, bottom of what is visible; NaN when nothing is."""
    projected_box: NDArray[np.float64]
    """(F, O, 4) left, top, right, bottom of the 3D box, clipped to the image; NaN when outside."""
    mark_xy: NDArray[np.float64]
    """(F, O, 2) a visible pixel of the object that measured depth confirms; NaN when there is none."""
    askable: NDArray[np.bool_]
    """(F, O) seen well enough to be asked about."""
    absent: NDArray[np.bool_]
    """(F, O) nothing of the object can be visible. Neither askable nor absent means doubtful."""
    surface: NDArray[np.float64]
    """(P, 3) points spread evenly over the scanned surface, world, metres."""
    sees: NDArray[np.bool_]
    """(F, P) which of them a frame shows."""
    covisible: NDArray[np.float64]
    """(F, F) share of the surface seen in the first frame that the second sees too."""
    rotation_deg: NDArray[np.float64]
    """(F, F) angle of the rotation between two cameras, degrees."""
    baseline_m: NDArray[np.float64]
    """(F, F) distance between two camera centres, metres."""

    @property
    def depth(self) -> NDArray[np.float64]:
        """(F, O) depth z of the box centres, metres; negative behind the camera."""
        return self.centers[..., 2]

    @cached_property
    def world_centers(self) -> NDArray[np.float64]:
        """(O, 3) box centres in the world, metres."""
        return world_centers(self.scene.objects)

    @cached_property
    def kinds(self) -> NDArray[np.int64]:
        """(O,) a number that objects of one kind share."""
        return np.unique([kind_of(item.label) for item in self.scene.objects], return_inverse=True)[1]


def observe(scene: Scene, thresholds: Thresholds | None = None) -> SceneViews:
    """Measure a validated scene.

    Raises:
        SceneError: an image that is needed cannot be decoded, or no frame can be used.
    """
    thresholds = thresholds or Thresholds()
    steady, unused = _sharp_frames(scene, thresholds)
    video = video_frames(scene.frames)
    shown = {*video, *(name for walk in scene.walks for name in walk.frames)}
    observer = _Observer(scene, thresholds, [frame for frame in scene.frames if frame.id in steady])
    looks: list[tuple[Frame, _FrameMeasurements, bool]] = []
    for frame in scene.frames:
        if frame.id not in steady and frame.id not in shown:
            continue
        depth = None if frame.depth is None else frame.depth.read_m()
        has_depth = depth is None or bool(np.mean(depth <= 0) <= thresholds.max_missing_depth)
        unused[MISSING_DEPTH] += not has_depth
        has_ground = observer.grounds.has(frame)
        unused[NO_GROUND] += not has_ground
        is_usable = has_depth and has_ground
        if is_usable or frame.id in shown:
            looks.append((frame, observer.look(frame, depth), is_usable and frame.id in steady))
    if not looks:
        reasons = ", ".join(f"{count} {reason.removeprefix('frame: ')}" for reason, count in (+unused).items())
        raise SceneError(scene.source, f"frames: found none of {len(scene.frames)} usable ({reasons}), expected one")
    unused[NO_SURE_CENTER] = int((~observer.has_center).sum())
    return _assemble(scene, looks, video, +unused, observer, thresholds)


def world_centers(objects: Sequence[Object3D]) -> NDArray[np.float64]:
    """(O, 3) box centres in the world, metres."""
    return np.array([item.box.center for item in objects]).reshape(-1, 3)


def video_frames(frames: tuple[Frame, ...]) -> list[str]:
    """Ids of the 32 frames that stand for the scene's video, spread evenly; none when the scene has fewer."""
    if len(frames) < VIDEO_FRAMES:
        return []
    return [frames[i].id for i in np.linspace(0, len(frames) - 1, VIDEO_FRAMES).astype(int)]


def _sharp_frames(scene: Scene, thresholds: Thresholds) -> tuple[set[str], Counter[str]]:
    """Ids of frames that are neither repeats nor blurred, and the counts of those that are."""
    steady = spread_frames(scene.frames, thresholds)
    sharpness = np.array([_sharpness(frame) for frame in steady])
    is_sharp = sharpness >= thresholds.min_sharpness * np.median(sharpness)
    sharp = {frame.id for frame, is_kept in zip(steady, is_sharp, strict=True) if is_kept}
    unused = {REPEATED_VIEW: len(scene.frames) - len(steady), BLURRED: len(steady) - len(sharp)}
    return sharp, Counter(unused)


def spread_frames(frames: tuple[Frame, ...], thresholds: Thresholds) -> list[Frame]:
    """Frames whose camera moved or turned since the last one kept, thinned evenly to ``max_frames``."""
    kept = [frames[0]]
    for frame in frames[1:]:
        step = kept[-1].world_from_camera.inverse() @ frame.world_from_camera
        moved = math.hypot(*step.translation) >= thresholds.frame_step_m
        if moved or rotation_angle_deg(step.rotation) >= thresholds.frame_step_deg:
            kept.append(frame)
    if len(kept) <= thresholds.max_frames:
        return kept
    return [kept[i] for i in np.linspace(0, len(kept) - 1, thresholds.max_frames).astype(int)]


def rotation_angle_deg(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle of rotations (..., 3, 3), degrees, 0 to 180."""
    trace = np.trace(rotation, axis1=-2, axis2=-1)
    return to_degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def _sharpness(frame: Frame) -> float:
    """Variance of the Laplacian of the small grey image (Pech-Pacheco et al., 2000)."""
    import cv2

    reduce = (
        cv2.IMREAD_REDUCED_GRAYSCALE_2 if frame.camera.width < 2 * SHARPNESS_WIDTH else cv2.IMREAD_REDUCED_GRAYSCALE_4
    )
    content = frame.color.read_bytes()
    _check_claim(content, frame)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), reduce)
    except cv2.error:  # no pixels behind the header
        image = None
    if image is None:
        raise _undecodable(frame)
    return float(cv2.Laplacian(image, cv2.CV_64F).var())


def _check_claim(content: bytes, frame: Frame) -> None:
    """Raises SceneError before anything is allocated for a header that claims far more pixels than the camera has."""
    from PIL import Image

    try:
        with Image.open(BytesIO(content)) as image:
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _undecodable(frame) from error
    camera = frame.camera
    if width * height > MAX_CLAIM * camera.width * camera.height:
        found, expected = f"{width} x {height}", f"{camera.width} x {camera.height}"
        raise SceneError(frame.color.path or frame.id, f"colour image: found {found} pixels, expected {expected}")


def _undecodable(frame: Frame) -> SceneError:
    return SceneError(frame.color.path or frame.id, "colour image cannot be decoded, expected JPEG or PNG")


@dataclass(frozen=True, slots=True, eq=False)
class _FrameMeasurements:
    """One frame's measurements; shapes as in SceneViews without F."""

    visible_pixels: NDArray[np.float64]
    visible_fraction: NDArray[np.float64]
    confirmed_fraction: NDArray[np.float64]
    possible: NDArray[np.bool_]
    in_image_fraction: NDArray[np.float64]
    visible_box: NDArray[np.float64]
    projected_box: NDArray[np.float64]
    mark_xy: NDArray[np.float64]
    seen_points: NDArray[np.bool_]


class _Observer:
    """What stays the same from frame to frame of one scene."""

    def __init__(self, scene: Scene, thresholds: Thresholds, steady: list[Frame]) -> None:
        self.objects = scene.objects
        self.thresholds = thresholds
        self.corners = [item.box.corners for item in scene.objects]
        self.grounds = InstanceRenderer(scene, thresholds)
        self.surface = _surface(scene, steady)
        self.object_points, self.starts = _object_points(scene)
        clouds = [self.object_points[a:b] for a, b in pairwise(self.starts)]
        self.has_center = np.array(
            [has_sure_center(item, cloud, thresholds) for item, cloud in zip(scene.objects, clouds, strict=True)],
            dtype=bool,
        )

    def look(self, frame: Frame, measured: NDArray[np.float32] | None) -> _FrameMeasurements:
        grid = scaled_to(frame.camera, GRID_PIXELS)
        T_cw = frame.world_from_camera.inverse().matrix
        image = self.grounds.draw(frame, grid, measured)
        centers = frame.world_from_camera.inverse() @ world_centers(self.objects)
        limits = self.thresholds
        inset = max(1, round(limits.mark_inset * grid.width))
        pixels, boxes, marks = instance_stats(image.visible, image.confirmed, grid.project(centers), inset)
        shown = image.visible[image.confirmed]
        return _FrameMeasurements(
            confirmed_fraction=np.bincount(shown, minlength=len(pixels)) / np.maximum(pixels, 1),
            possible=image.possible,
            visible_pixels=pixels * np.float64(REFERENCE_PIXELS / (grid.width * grid.height)),
            visible_fraction=pixels / np.maximum(image.unoccluded, 1),
            in_image_fraction=inside_fraction(
                self.object_points, self.starts, T_cw, grid.intrinsics, grid.width, grid.height, NEAR_M
            ),
            visible_box=_box_fraction(boxes, grid),
            projected_box=_box_fraction(self._projected_boxes(grid, T_cw), grid),
            mark_xy=grid.to_fraction(marks),
            seen_points=points_seen(
                self.surface, T_cw, grid.intrinsics, image.depth, limits.depth_tolerance_m, limits.depth_tolerance_rel
            ),
        )

    def _projected_boxes(self, grid: Camera, T_cw: NDArray) -> NDArray[np.float64]:
        image = grid.intrinsics, grid.width, grid.height, NEAR_M
        return np.array([projected_box(corners, T_cw, *image) for corners in self.corners])


def scaled_to(camera: Camera, pixels: int) -> Camera:
    """The camera at the size of its aspect that has about so many pixels."""
    scale = np.sqrt(pixels / (camera.width * camera.height))
    return camera.scaled(max(1, round(camera.width * scale)), max(1, round(camera.height * scale)))


def _box_fraction(boxes: NDArray, grid: Camera) -> NDArray[np.float64]:
    return grid.to_fraction(boxes.reshape(-1, 2, 2)).reshape(-1, 4)


def _assemble(
    scene: Scene,
    looks: list[tuple[Frame, _FrameMeasurements, bool]],
    video: list[str],
    unused: Mapping[str, int],
    observer: _Observer,
    limits: Thresholds,
) -> SceneViews:
    frames, seen = tuple(frame for frame, _, _ in looks), [look for _, look, _ in looks]
    index = {frame.id: position for position, frame in enumerate(frames)}
    n_frames, n_objects = len(frames), len(scene.objects)
    world = world_centers(scene.objects)
    cameras = np.array([frame.world_from_camera.matrix for frame in frames]).reshape(-1, 4, 4)
    centers = np.array([frame.world_from_camera.inverse() @ world for frame in frames]).reshape(n_frames, n_objects, 3)
    center_xy = np.array(
        [frame.camera.to_fraction(frame.camera.project(c)) for frame, c in zip(frames, centers, strict=True)]
    ).reshape(n_frames, n_objects, 2)

    def stack(name: str, *shape: int) -> NDArray[np.float64]:
        return np.array([getattr(look, name) for look in seen], dtype=np.float64).reshape(n_frames, n_objects, *shape)

    visible_pixels, mark_xy = stack("visible_pixels"), stack("mark_xy", 2)
    visible_fraction, in_image_fraction = stack("visible_fraction"), stack("in_image_fraction")
    depth = centers[..., 2]
    exact = np.array([observer.grounds.is_exact(frame) for frame in frames], dtype=bool)
    seen_enough = (
        (visible_fraction >= limits.loose_visible_fraction)
        & (in_image_fraction >= limits.loose_in_image_fraction)
        & (visible_pixels >= limits.loose_visible_pixels)
    )
    askable = (
        observer.has_center
        & (exact[:, None] | seen_enough)
        & (visible_fraction >= limits.visible_fraction)
        & (in_image_fraction >= limits.in_image_fraction)
        & (visible_pixels >= limits.visible_pixels)
        & (stack("confirmed_fraction") >= limits.min_confirmed)
        & (depth >= limits.min_depth_m)
        & (depth <= limits.max_depth_m)
        & np.isfinite(mark_xy).all(axis=-1)
    )
    positions = cameras[:, :3, 3]
    rotations = cameras[:, :3, :3]
    relative = np.einsum("iab,jac->ijbc", rotations, rotations)
    sees = np.array([look.seen_points for look in seen], dtype=bool).reshape(n_frames, -1)
    return SceneViews(
        scene=scene,
        frames=frames,
        usable=np.array([is_usable for _, _, is_usable in looks], dtype=bool),
        exact=exact,
        video=tuple(index[name] for name in video),
        unused=unused,
        cameras=cameras,
        centers=centers,
        center_xy=center_xy,
        distance=np.linalg.norm(centers, axis=-1),
        visible_pixels=visible_pixels,
        visible_fraction=visible_fraction,
        in_image_fraction=in_image_fraction,
        visible_box=stack("visible_box", 4),
        projected_box=stack("projected_box", 4),
        mark_xy=mark_xy,
        askable=askable,
        absent=~np.array([look.possible for look in seen], dtype=bool).reshape(n_frames, n_objects),
        surface=observer.surface,
        sees=sees,
        covisible=shared_fraction(sees),
        rotation_deg=rotation_angle_deg(relative),
        baseline_m=np.linalg.norm(positions[:, None] - positions[None], axis=-1),
    )
