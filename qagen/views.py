"""What every frame shows of every object, measured once per scene; the only thing that tasks look at.

The ground is one instance image per frame, at half resolution (qagen.grounds): the dataset's own, or the labelled mesh
held against the depth image, or the depth pixels that fall into exactly one box. Everything here follows from it
(tasks.md, sections 1 and 2).

Surfaces come from the best that the scene has. That of an object, of which a share lies inside the image, is its part
of a mesh that knows its objects, else its points, else its box. That of the scene, of which frames share a part, is
the mesh, else the depth images of the frames put together and thinned to a point every ``SURFACE_VOXEL_M``, else the
objects' boxes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.labels import kind_of
from qagen.core.scene import Frame, Mesh, Object3D, Scene
from qagen.errors import SceneError
from qagen.grounds import NEAR_M, Grounds, grouped_by_object
from qagen.kernels.boxes import projected_box
from qagen.kernels.overlap import inside_fraction, points_seen, shared_fraction
from qagen.kernels.visibility import instance_stats
from qagen.rng import rng_for

GRID_PIXELS = 320 * 240
REFERENCE_PIXELS = 640 * 480
VIDEO_FRAMES = 32
COVISIBILITY_POINTS = 20_000
POINTS_PER_OBJECT = 2000
PIECE_VOXEL_M = 0.1
SURFACE_VOXEL_M = 0.05
SURFACE_GRID_PIXELS = 80 * 60
SHARPNESS_WIDTH = 320
MAX_CLAIM = 4
"""A colour image of more than so many times its camera's pixels is not decoded."""
_SIDES = np.array(
    [
        *([0, 2, 3], [0, 3, 1], [4, 5, 7], [4, 7, 6], [0, 1, 5], [0, 5, 4]),
        *([2, 6, 7], [2, 7, 3], [0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5]),
    ],
    dtype=np.int32,
)
"""Two triangles for each side of a box, as indices into Box3D.corners."""

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When an object may be asked about and a frame used. The defaults are those of tasks.md."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    visible_fraction: Share = 0.25
    """Least share of the object's own pixels that nothing hides."""
    in_image_fraction: Share = 0.5
    """Least share of the object's surface inside the image."""
    visible_pixels: Amount = 400.0
    """Least number of visible pixels of a 640 x 480 image."""
    loose_visible_fraction: Share = 0.4
    """In frames that are not exact (SceneViews.exact): least share of the box's outline that shows the object, ..."""
    loose_in_image_fraction: Share = 0.75
    """... least share of the box's surface inside the image, ..."""
    loose_visible_pixels: Amount = 600.0
    """... and least number of visible pixels of a 640 x 480 image."""
    min_depth_m: Amount = 0.3
    """Nearest depth of the object's centre, metres."""
    max_depth_m: Amount = 8.0
    """Farthest depth of the object's centre, metres."""
    depth_tolerance_m: Amount = 0.05
    """How far measured depth may lie from the mesh, metres, ..."""
    depth_tolerance_rel: Share = 0.025
    """... or as a share of the depth, whichever is more."""
    max_missing_depth: Share = 0.4
    """Frames with a larger share of missing depth are not used."""
    min_confirmed: Share = 0.3
    """Least share of the visible pixels that measured depth confirms, where the frame has depth."""
    min_sharpness: Share = 0.65
    """Frames less sharp than this share of the scene's median are not used."""
    max_frames: Annotated[int, Field(ge=1)] = 300
    """At most so many frames of a scene are looked at, spread over the camera's path."""
    frame_step_m: Amount = 0.05
    """A frame counts as new when the camera moved this far since the one before, metres, ..."""
    frame_step_deg: Amount = 4.0
    """... or turned this far, degrees."""
    piece_gap_m: Amount = 0.3
    """Surface points of an object farther than this from all others are another piece, metres."""
    max_piece_shift_m: Amount = 0.1
    """Objects whose centre would move farther without their smaller pieces are never asked about, metres."""
    max_stretch_m: Amount = 0.2
    """Nor are those whose centre would move farther without the outer tenth of their surface, metres, ..."""
    max_stretch_share: Share = 0.2
    """... and farther than this share of their length."""
    mark_inset: Share = 0.0125
    """Point marks lie this deep inside what is visible of the object where they can, as a share of image width."""


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
    looks: list[tuple[Frame, _Look, bool]] = []
    for frame in scene.frames:
        if frame.id not in steady and frame.id not in shown:
            continue
        depth = None if frame.depth is None else frame.depth.read_m()
        has_depth = depth is None or bool(np.mean(depth <= 0) <= thresholds.max_missing_depth)
        unused["frame: depth missing"] += not has_depth
        has_ground = observer.grounds.has(frame)
        unused["frame: neither depth nor instances"] += not has_ground
        is_usable = has_depth and has_ground
        if is_usable or frame.id in shown:
            looks.append((frame, observer.look(frame, depth), is_usable and frame.id in steady))
    if not looks:
        reasons = ", ".join(f"{count} {reason.removeprefix('frame: ')}" for reason, count in (+unused).items())
        raise SceneError(scene.source, f"frames: found none of {len(scene.frames)} usable ({reasons}), expected one")
    unused["object: no sure center"] = int((~observer.has_center).sum())
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
    unused = {"frame: repeats a view": len(scene.frames) - len(steady), "frame: blurred": len(steady) - len(sharp)}
    return sharp, Counter(unused)


def spread_frames(frames: tuple[Frame, ...], thresholds: Thresholds) -> list[Frame]:
    """Frames whose camera moved or turned since the last one kept, thinned evenly to ``max_frames``."""
    kept = [frames[0]]
    for frame in frames[1:]:
        step = kept[-1].world_from_camera.inverse() @ frame.world_from_camera
        moved = float(np.linalg.norm(step.translation)) >= thresholds.frame_step_m
        if moved or rotation_angle_deg(step.rotation) >= thresholds.frame_step_deg:
            kept.append(frame)
    if len(kept) <= thresholds.max_frames:
        return kept
    return [kept[i] for i in np.linspace(0, len(kept) - 1, thresholds.max_frames).astype(int)]


def rotation_angle_deg(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle of rotations (..., 3, 3), degrees, 0 to 180."""
    trace = np.trace(rotation, axis1=-2, axis2=-1)
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


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
class _Look:
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
        self.grounds = Grounds(scene, thresholds)
        self.surface = _surface(scene, steady)
        self.object_points, self.starts = _object_points(scene)
        clouds = [self.object_points[a:b] for a, b in pairwise(self.starts)]
        self.has_center = np.array(
            [has_sure_center(item, cloud, thresholds) for item, cloud in zip(scene.objects, clouds, strict=True)],
            dtype=bool,
        )

    def look(self, frame: Frame, measured: NDArray[np.float32] | None) -> _Look:
        grid = scaled_to(frame.camera, GRID_PIXELS)
        T_cw = frame.world_from_camera.inverse().matrix
        image = self.grounds.draw(frame, grid, measured)
        centers = frame.world_from_camera.inverse() @ world_centers(self.objects)
        limits = self.thresholds
        inset = max(1, round(limits.mark_inset * grid.width))
        pixels, boxes, marks = instance_stats(image.visible, image.confirmed, grid.project(centers), inset)
        shown = image.visible[image.confirmed]
        return _Look(
            confirmed_fraction=np.bincount(shown, minlength=len(pixels)) / np.maximum(pixels, 1),
            possible=image.possible,
            visible_pixels=pixels * np.float64(REFERENCE_PIXELS / (grid.width * grid.height)),
            visible_fraction=pixels / np.maximum(image.alone, 1),
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


def has_sure_center(item: Object3D, surface: NDArray[np.float64], limits: Thresholds) -> bool:
    """Whether the centre of the object's box is the place of something.

    Some annotations join things that lie apart under one name, and some have a stray patch that stretches the box.

    Args:
        surface: (n, 3) points spread evenly over the object's surface, world, metres.
    """
    low, high = np.percentile((surface - item.box.center) @ item.box.rotation[:, :2], (10, 90), axis=0)
    stretch_m = float(np.linalg.norm((low + high) / 2))
    if stretch_m > max(limits.max_stretch_m, limits.max_stretch_share * item.box.size[:2].max()):
        return False
    return item.points is None or _piece_shift_m(item.points, limits.piece_gap_m) <= limits.max_piece_shift_m


def _piece_shift_m(points: NDArray, gap_m: float) -> float:
    """How far the box's centre moves when only the largest piece of points (n, 3) is kept, metres."""
    _, first = np.unique(np.floor(points / PIECE_VOXEL_M), axis=0, return_index=True)
    thinned = np.asarray(points[first], dtype=np.float64)
    near = KDTree(thinned).query_pairs(gap_m, output_type="ndarray")
    links = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(thinned), len(thinned)))
    count, pieces = connected_components(links, directed=False)
    if count == 1:
        return 0.0
    largest = Box3D.around(thinned[pieces == np.bincount(pieces).argmax()])
    return float(np.linalg.norm(largest.center - Box3D.around(thinned).center))


def scaled_to(camera: Camera, pixels: int) -> Camera:
    """The camera at the size of its aspect that has about so many pixels."""
    scale = np.sqrt(pixels / (camera.width * camera.height))
    return camera.scaled(max(1, round(camera.width * scale)), max(1, round(camera.height * scale)))


def _box_fraction(boxes: NDArray, grid: Camera) -> NDArray[np.float64]:
    return grid.to_fraction(boxes.reshape(-1, 2, 2)).reshape(-1, 4)


def sample_surface(mesh: Mesh, count: int) -> NDArray[np.float64]:
    """``count`` points spread evenly over the surface by area, world, metres; the same for the same faces."""
    triangles = mesh.vertices[mesh.faces].astype(np.float64)
    area = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    cumulative = np.cumsum(area)
    steps = (np.arange(count) + 0.5) / count * cumulative[-1]
    chosen = triangles[np.minimum(np.searchsorted(cumulative, steps), len(area) - 1)]
    u, v = rng_for(0, "surface").random((2, count))
    flip = u + v > 1
    u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
    edges = chosen[:, 1:] - chosen[:, :1]
    return chosen[:, 0] + u[:, None] * edges[:, 0] + v[:, None] * edges[:, 1]


def _surface(scene: Scene, steady: list[Frame]) -> NDArray[np.float64]:
    """Points spread evenly over what the scene is known to have, (P, 3), world, metres; at most COVISIBILITY_POINTS."""
    if scene.mesh is not None:
        return sample_surface(scene.mesh, COVISIBILITY_POINTS)
    with_depth = [frame for frame in steady if frame.depth is not None]
    if with_depth:
        return measured_surface(with_depth, COVISIBILITY_POINTS)
    return sample_surface(box_mesh([item.box for item in scene.objects]), COVISIBILITY_POINTS)


def measured_surface(frames: Sequence[Frame], count: int) -> NDArray[np.float64]:
    """At most ``count`` points, one for every SURFACE_VOXEL_M, of what the frames' depth images show, world, metres.

    The voxels are those of the first camera, so that the world's own axes and origin do not matter.
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
    """(n, 3) what a frame's depth image shows at about so many pixels, world, metres; none without depth."""
    if frame.depth is None or frame.depth_camera is None:
        return np.zeros((0, 3))
    camera, depth = frame.depth_camera, frame.depth.read_m()
    step = max(1, round(np.sqrt(depth.size / pixels)))
    rows, cols = (
        part.ravel() for part in np.mgrid[step // 2 : depth.shape[0] : step, step // 2 : depth.shape[1] : step]
    )
    z = depth[rows, cols].astype(np.float64)
    cloud = np.stack([(cols - camera.cx) / camera.fx * z, (rows - camera.cy) / camera.fy * z, z], axis=1)
    return frame.world_from_camera @ cloud[(z > 0) & np.isfinite(z)]


def box_mesh(boxes: Sequence[Box3D]) -> Mesh:
    """The boxes' sides as a mesh; its faces belong to the boxes in their order."""
    vertices = np.concatenate([box.corners for box in boxes]).astype(np.float32)
    faces = np.concatenate([_SIDES + 8 * i for i in range(len(boxes))])
    return Mesh(vertices, faces, np.repeat(np.arange(len(boxes), dtype=np.int32), len(_SIDES)))


def _object_points(scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points spread evenly over each object's surface, (n, 3), and where each object's begin, (O + 1,)."""
    grouped = None if scene.mesh is None or scene.mesh.is_by_box else grouped_by_object(scene.mesh)
    clouds = [_points_of(item, index, grouped) for index, item in enumerate(scene.objects)]
    starts = np.concatenate([[0], np.cumsum([len(cloud) for cloud in clouds])]).astype(np.int64)
    return np.concatenate([np.zeros((0, 3)), *clouds]), starts


def _points_of(item: Object3D, index: int, grouped: Mesh | None) -> NDArray[np.float64]:
    if grouped is not None:
        start, stop = np.searchsorted(grouped.face_object, (index, index + 1))
        if stop > start:
            own = Mesh(grouped.vertices, grouped.faces[start:stop], grouped.face_object[start:stop])
            return sample_surface(own, POINTS_PER_OBJECT)
    elif item.points is not None:
        points = _thinned(np.asarray(item.points, dtype=np.float64) - item.box.center) + item.box.center
        return points[:: max(1, len(points) // POINTS_PER_OBJECT)]
    return sample_surface(box_mesh([item.box]), POINTS_PER_OBJECT)


def _assemble(
    scene: Scene,
    looks: list[tuple[Frame, _Look, bool]],
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
