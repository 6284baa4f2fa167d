"""Hand-made scenes that read like sentences: ``room({"chair": at(1, 2, 0.5)}, [looking("+y", at=(0, 0, 1.5))])``.

Objects are boxes of twelve triangles, the room around them is a box of no object. Images are grids of gray squares that
live in memory; depth, where a test asks for it, is the exact intersection of rays with boxes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.question import MarkedObject
from qagen.core.scene import STRUCTURE, Frame, Mesh, Object3D, Scene, validate_scene
from qagen.sampling.mark_placement import mark
from qagen.tasks._base import MotionConfig
from qagen.tasks.count import CountConfig
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews

CAMERA = Camera(fx=160.0, fy=160.0, cx=159.5, cy=119.5, width=320, height=240)
"""As large as the instance image, so that pixels can be counted on paper: 45 degrees to either side, and a length of
1 m at a depth of 1 m is 160 pixels."""
EYE = (0.0, 0.0, 1.5)
HEADINGS_DEG = {"+x": 0.0, "+y": 90.0, "-x": 180.0, "-y": 270.0}
POINTS_PER_SIDE = 10

_CORNER_FACES = np.array(
    [
        *([0, 2, 3], [0, 3, 1], [4, 5, 7], [4, 7, 6]),
        *([0, 1, 5], [0, 5, 4], [2, 6, 7], [2, 7, 3]),
        *([0, 4, 6], [0, 6, 2], [1, 3, 7], [1, 7, 5]),
    ],
    dtype=np.int32,
)
"""Two triangles for each side of a box, as indices into Box3D.corners."""


@dataclass(frozen=True, slots=True, eq=False)
class MemoryImage:
    """Encoded image bytes without a file."""

    content: bytes
    suffix: str = ".png"
    path: Path | None = None

    def read_bytes(self) -> bytes:
        return self.content


@dataclass(frozen=True, slots=True, eq=False)
class MemoryDepth:
    """A depth image without a file."""

    depth_m: NDArray[np.float32]

    def read_m(self) -> NDArray[np.float32]:
        return self.depth_m


@dataclass(frozen=True, slots=True, eq=False)
class MemoryInstances:
    """An instance image without a file."""

    objects: NDArray[np.int32]

    def read_objects(self) -> NDArray[np.int32]:
        return self.objects


def mesh_in(scene: Scene) -> Mesh:
    """The mesh of a scene that has one."""
    assert scene.mesh is not None
    return scene.mesh


def at(x: float, y: float, z: float, size: tuple[float, float, float] = (0.4, 0.4, 0.4), yaw_deg: float = 0.0) -> Box3D:
    """A box centered at (x, y, z), meters."""
    return Box3D.upright((x, y, z), size, np.radians(yaw_deg))


def looking(
    direction: str = "+y",
    at: Sequence[float] = EYE,
    left_deg: float = 0.0,
    up_deg: float = 0.0,
    roll_deg: float = 0.0,
) -> Pose:
    """``world_from_camera`` of a camera that looks along an axis, then turned left, tilted up and rolled clockwise."""
    heading, elevation, roll = np.radians([HEADINGS_DEG[direction] + left_deg, up_deg, roll_deg])
    forward = np.array(
        [np.cos(elevation) * np.cos(heading), np.cos(elevation) * np.sin(heading), np.sin(elevation)],
    )
    right = np.array([np.sin(heading), -np.cos(heading), 0.0])
    down = np.cross(forward, right)
    rolled_right = np.cos(roll) * right + np.sin(roll) * down
    rolled_down = np.cos(roll) * down - np.sin(roll) * right
    return Pose(np.stack([rolled_right, rolled_down, forward], axis=1), np.array(at, dtype=np.float64))


def facing(target: Sequence[float], at: Sequence[float]) -> Pose:
    """``world_from_camera`` of a level-held camera at ``at`` that looks at a point."""
    x, y, z = np.subtract(target, at)
    return looking("+x", at, left_deg=float(np.degrees(np.arctan2(y, x))), up_deg=_elevation_deg(x, y, z))


def _elevation_deg(x: float, y: float, z: float) -> float:
    return float(np.degrees(np.arctan2(z, np.hypot(x, y))))


HALL = at(0, 0, 1.5, size=(16, 16, 4))
"""Walls, floor and ceiling far enough away to be in nobody's way."""


def room(
    boxes: Mapping[str, Box3D | Sequence[Box3D]],
    cameras: Sequence[Pose],
    shell: Box3D = HALL,
    camera: Camera = CAMERA,
    walls: Sequence[Box3D] = (),
) -> Scene:
    """A scene without depth; several boxes under one label are several objects, ``walls`` are none."""
    named = [(label, box) for label, one_or_more in boxes.items() for box in ([*_listed(one_or_more)])]
    objects = tuple(Object3D(10 + i, label, box, surface_points(box)) for i, (label, box) in enumerate(named))
    frames = tuple(
        Frame(str(i), MemoryImage(_picture(camera.width, camera.height)), None, camera, None, pose, 0.5 * i)
        for i, pose in enumerate(cameras)
    )
    mesh = mesh_of([shell, *walls, *(box for _, box in named)], [*[STRUCTURE] * (1 + len(walls)), *range(len(named))])
    return validate_scene(Scene("handmade", "room", Path("room"), frames, objects, mesh))


def _listed(one_or_more: Box3D | Sequence[Box3D]) -> Sequence[Box3D]:
    return [one_or_more] if isinstance(one_or_more, Box3D) else one_or_more


def mesh_of(boxes: Sequence[Box3D], owners: Iterable[int]) -> Mesh:
    """The boxes' surfaces, each owned by an object or by -1."""
    vertices = np.concatenate([box.corners for box in boxes]).astype(np.float32)
    faces = np.concatenate([_CORNER_FACES + 8 * i for i in range(len(boxes))]).astype(np.int32)
    return Mesh(vertices, faces, np.repeat(np.array([*owners], dtype=np.int32), len(_CORNER_FACES)))


def surface_points(box: Box3D) -> NDArray[np.float32]:
    """(600, 3) points on a box: on each side the middles of ten by ten equal cells."""
    steps = (np.arange(POINTS_PER_SIDE) + 0.5) / POINTS_PER_SIDE - 0.5
    u, v = (grid.ravel() for grid in np.meshgrid(steps, steps))
    sides = []
    for axis in range(3):
        for end in (-0.5, 0.5):
            side = np.insert(np.stack([u, v], axis=1), axis, end, axis=1)
            sides.append(side * box.size @ box.rotation.T + box.center)
    return np.concatenate(sides).astype(np.float32)


@cache
def _picture(width: int, height: int, square: int = 20) -> bytes:
    rows, cols = np.indices((height, width)) // square
    return _encoded((80 + 23 * ((3 * rows + 5 * cols) % 7)).astype(np.uint8))


def _encoded(pixels: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def with_depth(
    scene: Scene, camera: Camera = CAMERA, also: Sequence[Box3D] = (), without: Sequence[str] = (), shell: Box3D = HALL
) -> Scene:
    """The scene with measured depth.

    Args:
        scene: a scene without depth.
        camera: pinhole of the depth images.
        also: things that are measured but not in the mesh.
        without: labels of objects that are in the mesh but not measured, as if they had been carried away.
        shell: the room that ``scene`` was made with.
    """
    solid = [item.box for item in scene.objects if item.label not in without]
    frames = tuple(
        replace(
            frame,
            depth=MemoryDepth(ray_depth(camera, frame.world_from_camera, [shell, *solid, *also])),
            depth_camera=camera,
        )
        for frame in scene.frames
    )
    return validate_scene(replace(scene, frames=frames))


def painted(scene: Scene) -> Scene:
    """The scene with pictures of what its depth measures: brightness goes with the place in the world."""

    def picture(frame: Frame) -> MemoryImage:
        assert frame.depth is not None
        assert frame.depth_camera is not None
        depth = frame.depth.read_m()
        x, y, z = np.moveaxis(
            frame.world_from_camera @ (frame.depth_camera.rays() * depth[..., None]).reshape(-1, 3), 1, 0
        )
        bright = 128 + 40 * np.sin(3 * x + 2 * z) + 40 * np.sin(4 * y - 3 * z) + 30 * np.sin(5 * x + 4 * y)
        small = np.clip(bright, 0, 255).astype(np.uint8).reshape(depth.shape)
        return MemoryImage(_encoded(cv2.resize(small, (frame.camera.width, frame.camera.height))))

    return replace(scene, frames=tuple(replace(frame, color=picture(frame)) for frame in scene.frames))


def boxes_only(scene: Scene) -> Scene:
    """The scene without mesh and surface points."""
    return validate_scene(
        replace(scene, mesh=None, objects=tuple(replace(item, points=None) for item in scene.objects))
    )


def with_instances(scene: Scene, walls: Sequence[Box3D] = (), shell: Box3D = HALL) -> Scene:
    """The scene with exact instance images: on each pixel's ray the first of the boxes that make the scene."""

    def shown(frame: Frame) -> MemoryInstances:
        solid = [item.box for item in scene.objects] + [*walls, shell]
        depths = np.stack([ray_depth(frame.camera, frame.world_from_camera, [box]) for box in solid])
        first = np.argmin(np.where(depths > 0, depths, np.inf), axis=0)
        return MemoryInstances(np.where(first < len(scene.objects), first, -1).astype(np.int32))

    frames = tuple(replace(frame, instances=shown(frame)) for frame in scene.frames)
    return validate_scene(replace(scene, frames=frames))


def ray_depth(camera: Camera, world_from_camera: Pose, boxes: Sequence[Box3D]) -> NDArray[np.float32]:
    """(height, width) depth z in meters of the first side of any box on each pixel's ray, 0 where there is none."""
    rays = camera.rays()
    nearest = np.full(rays.shape[:2], np.inf)
    for box in boxes:
        origin = (world_from_camera.translation - box.center) @ box.rotation
        directions = rays @ (box.rotation.T @ world_from_camera.rotation).T
        entry, leave = np.full(nearest.shape, -np.inf), np.full(nearest.shape, np.inf)
        for axis in range(3):
            with np.errstate(divide="ignore", invalid="ignore"):
                low, high = ((side * box.size[axis] / 2 - origin[axis]) / directions[..., axis] for side in (-1, 1))
            entry, leave = np.fmax(entry, np.minimum(low, high)), np.fmin(leave, np.maximum(low, high))
        hit = np.where(entry > 0, entry, leave)
        nearest = np.where((entry <= leave) & (hit > 0), np.minimum(nearest, hit), nearest)
    return np.where(np.isfinite(nearest), nearest, 0).astype(np.float32)


def roles(
    views: SceneViews, frames: tuple[int, ...], kind: str = "point", **cast: str | tuple[str, int]
) -> tuple[MarkedObject, ...]:
    """Roles by color: ``red="chair"`` marks the chair in image 0, ``red=("chair", 2)`` in image 2."""
    labels = [item.label for item in views.scene.objects]
    placed = {color: part if isinstance(part, tuple) else (part, 0) for color, part in cast.items()}
    return tuple(
        mark(views, frames, color, labels.index(label), image, kind)  # pyright: ignore[reportArgumentType]
        for color, (label, image) in placed.items()
    )


STUDIO = at(0, 0, 1.4, size=(7, 6, 2.8))
CLOSET = (at(-2.7, -2.5, 1.4, (0.05, 1, 2.8)), at(-3.1, -2.0, 1.4, (0.8, 0.05, 2.8)))


@cache
def studio(with_more: bool = False) -> Scene:
    """A furnished room with measured depth, seen by cameras that walk around and through it: rich enough for any type.

    Some labels repeat, some objects hide behind others, and some cameras stand in view of others. With more, there are
    three clocks and two lamps.
    """
    boxes = {
        "table": at(0.1, 0.2, 0.4, (1.2, 0.8, 0.8), 10),
        "chair": [at(-1.0, 0.5, 0.45, (0.5, 0.5, 0.9), 20), at(1.2, -0.6, 0.45, (0.5, 0.5, 0.9), -35)],
        "lamp": at(0.35, 0.3, 1.05, (0.25, 0.25, 0.5), 15),
        "cabinet": at(-2.9, 1.6, 0.9, (0.8, 1.2, 1.8), 0),
        "shelf": at(2.9, 1.3, 1.0, (0.6, 1.4, 2.0), 3),
        "couch": at(1.7, 2.4, 0.4, (1.8, 0.8, 0.8), -5),
        "box": [at(-1.6, -1.9, 0.25, (0.5, 0.5, 0.5), 45), at(-2.3, -2.2, 0.2, (0.4, 0.4, 0.4), 30)],
        "monitor": at(-0.3, 0.1, 1.0, (0.5, 0.15, 0.4), 70),
        "fridge": at(2.6, -2.2, 0.6, (0.5, 0.5, 1.2), 12),
        "printer": at(-3.25, -2.75, 0.25, (0.4, 0.4, 0.5), 5),
        "clock": at(-0.6, 2.9, 2.2, (0.5, 0.1, 0.5), 0),
    }
    if with_more:
        boxes["clock"] = [at(x, 2.9, 2.2, (0.5, 0.1, 0.5), 0) for x in (-1.6, -0.6, 0.4)]
        boxes["lamp"] = [at(0.35, 0.3, 1.05, (0.25, 0.25, 0.5), 15), at(-1.6, 2.2, 0.6, (0.3, 0.3, 1.2), 15)]
    tour = [  # one thing after the other from close by, so that a video sees them in an order
        facing(target, at=(x + 0.06 * step, y, 1.2))
        for target, x, y in (
            ((-3.2, -2.75, 0.3), -3.1, -2.1),  # inside the closet: nobody else sees what is in there
            ((-2.9, 1.9, 1.0), -2.2, 2.6),
            ((1.7, 2.6, 0.4), 1.4, 1.5),
            ((2.6, -2.4, 0.5), 3.2, -1.4),
            ((-1.9, -2.2, 0.2), -1.4, -1.2),
        )
        for step in range(4)
    ]
    ring = [
        facing((0.1, 0.1, 0.7), at=(2.4 * np.cos(a), 2.1 * np.sin(a), 1.3 + 0.25 * np.sin(3 * a)))
        for a in np.radians(np.arange(7, 367, 15))
    ]
    walk = [
        looking("+y", at=(0.4, -2.8, 1.5), up_deg=-8),
        looking("+y", at=(0.3, -1.8, 1.4), left_deg=12, up_deg=-12),
        looking("-x", at=(3.0, 0.1, 1.5), up_deg=-10, roll_deg=4),
        looking("-x", at=(2.0, -0.2, 1.3), left_deg=-14, up_deg=-15, roll_deg=-3),
        looking("+x", at=(-3.1, -0.4, 1.6), up_deg=-14),
        looking("+x", at=(-2.2, -0.6, 1.5), left_deg=10, up_deg=-10),
    ]
    scene = room(boxes, [*tour, *ring, *walk], shell=STUDIO, walls=CLOSET)
    return with_depth(scene, camera=CAMERA.scaled(160, 120), also=CLOSET, shell=STUDIO)


def driven(x: float, y: float, left_deg: float) -> list[Pose]:
    """A level camera that does one thing after the other, with a rest after each: it moves ahead by 0.8 m and to the
    right by 0.7 m, turns to the right by 48 degrees, and moves back by 0.8 m."""
    poses = []
    for ahead_m, right_m, turn_deg in ((0.087, 0, 0), (0, 0.083, 0), (0, 0, -5.3), (-0.091, 0, 0)):
        for step in range(12):
            if 0 < step < 10:
                heading = np.radians(90 + left_deg)
                x += ahead_m * np.cos(heading) + right_m * np.sin(heading)
                y += ahead_m * np.sin(heading) - right_m * np.cos(heading)
                left_deg += turn_deg
            sway = np.sin(1.7 * len(poses))  # no two views are the same
            place = (x + 0.004 * sway, y - 0.003 * sway, 1.3 + 0.002 * sway)
            poses.append(looking("+y", at=place, left_deg=left_deg + 0.4 * sway, up_deg=0.3 * sway))
    return poses


@cache
def driven_studio() -> Scene:
    """The studio, filmed by a camera that does one thing after the other."""
    scene = studio()
    last = replace(scene.frames[-1], depth=None, depth_camera=None)
    poses = enumerate(driven(-0.9, -2.6, left_deg=20))
    frames = tuple(replace(last, id=str(k), world_from_camera=pose, time_s=0.5 * k) for k, pose in poses)
    return validate_scene(replace(scene, frames=frames))


def studio_for(type_name: str) -> Scene:
    """The studio, filmed such that a type finds something to ask about."""
    config = load_task(type_name).config
    if isinstance(config, MotionConfig):
        return driven_studio()
    return studio(with_more=isinstance(config, CountConfig) and config.labels == 2)


def moved(scene: Scene, world_from_old: Pose) -> Scene:
    """The same scene in a world that is shifted and turned, about z unless it is not level."""
    turn = world_from_old.rotation

    def box(old: Box3D) -> Box3D:
        return Box3D(world_from_old @ old.center, old.size, turn @ old.rotation)

    return _mapped(
        scene,
        lambda points: world_from_old @ points,
        box,
        lambda frame: replace(frame, world_from_camera=world_from_old @ frame.world_from_camera),
    )


TILT = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])
"""A rotation after which nothing that was upright is."""


def tilted(scene: Scene) -> Scene:
    """The same scene in a world whose z axis does not point up."""
    return moved(replace(scene, is_level=False), Pose(TILT, np.array([3.0, -1.0, 7.0])))


def scaled(scene: Scene, factor: float) -> Scene:
    """The same scene with every length multiplied."""

    def frame(old: Frame) -> Frame:
        pose = Pose(old.world_from_camera.rotation, factor * old.world_from_camera.translation)
        depth = None if old.depth is None else MemoryDepth(old.depth.read_m() * np.float32(factor))
        return replace(old, world_from_camera=pose, depth=depth)

    return _mapped(
        scene,
        lambda points: factor * points,
        lambda old: Box3D(factor * old.center, factor * old.size, old.rotation),
        frame,
    )


MIRROR = np.diag([-1.0, 1.0, 1.0])


def mirrored(scene: Scene) -> Scene:
    """The scene in a mirror at x = 0, and its images with left and right exchanged."""

    def frame(old: Frame) -> Frame:
        pose = Pose(MIRROR @ old.world_from_camera.rotation @ MIRROR, MIRROR @ old.world_from_camera.translation)
        picture = cv2.imdecode(np.frombuffer(old.color.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        return replace(
            old,
            world_from_camera=pose,
            color=MemoryImage(_encoded(np.ascontiguousarray(picture[:, ::-1]).astype(np.uint8))),
            camera=_mirrored_camera(old.camera),
            depth=None if old.depth is None else MemoryDepth(np.ascontiguousarray(old.depth.read_m()[:, ::-1])),
            depth_camera=None if old.depth_camera is None else _mirrored_camera(old.depth_camera),
        )

    return _mapped(
        scene,
        lambda points: points @ MIRROR,
        lambda old: Box3D(MIRROR @ old.center, old.size, MIRROR @ old.rotation @ MIRROR),
        frame,
    )


def _mirrored_camera(camera: Camera) -> Camera:
    return replace(camera, cx=camera.width - 1 - camera.cx)


def _mapped(scene: Scene, move_points, move_box, move_frame) -> Scene:
    def points(old: NDArray[np.float32]) -> NDArray[np.float32]:
        return move_points(old.astype(np.float64)).astype(np.float32)

    objects = tuple(
        replace(item, box=move_box(item.box), points=None if item.points is None else points(item.points))
        for item in scene.objects
    )
    mesh = None if scene.mesh is None else replace(scene.mesh, vertices=points(scene.mesh.vertices))
    frames = tuple(move_frame(frame) for frame in scene.frames)
    return validate_scene(replace(scene, objects=objects, mesh=mesh, frames=frames))
