"""A scene in the mirror: the world reflected at x = 0, and every image with left and right exchanged.

What is true of a scene is true of its mirror image once left and right are exchanged; lengths, heights and angles stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.question import Fact, MarkedObject, MarkedPlace
from qagen.core.runs import from_runs, to_runs
from qagen.core.scene import DepthSource, Frame, ImageSource, InstanceSource, Mesh, Object3D, Scene
from qagen.core.sides import other_side
from qagen.errors import SceneError

SIGNS = np.array([-1.0, 1.0, 1.0])
"""By what coordinates are multiplied, in the world and in each camera."""
JPEG_QUALITY = 95
MarkT = TypeVar("MarkT", MarkedObject, MarkedPlace)


@dataclass(frozen=True, slots=True)
class MirroredImage:
    """An image with left and right exchanged, which no file holds."""

    source: ImageSource
    """The image as it was taken."""

    @property
    def suffix(self) -> str:
        """JPEG stays JPEG; anything else becomes PNG."""
        return self.source.suffix if self.source.suffix in (".jpg", ".jpeg") else ".png"

    @property
    def path(self) -> None:
        return None

    def read_bytes(self) -> bytes:
        """The encoded image. Raises SceneError when the source cannot be read or decoded."""
        import cv2

        content = self.source.read_bytes()
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
        if pixels is None:
            raise SceneError(self.source.path or "image", "cannot be decoded, expected JPEG or PNG")
        flags = [] if self.suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        return cv2.imencode(self.suffix, np.ascontiguousarray(pixels[:, ::-1]), flags)[1].tobytes()


@dataclass(frozen=True, slots=True)
class MirroredDepth:
    """A depth image with left and right exchanged."""

    source: DepthSource
    """The image as it was taken."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in meters, 0 where there is none."""
        return np.ascontiguousarray(self.source.read_m()[:, ::-1])


@dataclass(frozen=True, slots=True)
class MirroredInstances:
    """An instance image with left and right exchanged."""

    source: InstanceSource
    """The image as it was made."""

    def read_objects(self) -> NDArray[np.int32]:
        """(height, width) index into Scene.objects, -1 for everything else."""
        return np.ascontiguousarray(self.source.read_objects()[:, ::-1])


def mirrored_scene(scene: Scene) -> Scene:
    """The scene in a mirror at x = 0."""
    return replace(
        scene,
        frames=tuple(_frame(frame) for frame in scene.frames),
        objects=tuple(_object(item) for item in scene.objects),
        mesh=None if scene.mesh is None else _mesh(scene.mesh),
        room_polygon=None if scene.room_polygon is None else (scene.room_polygon * SIGNS[:2])[::-1],
        walks=(),
    )


def _frame(frame: Frame) -> Frame:
    return replace(
        frame,
        color=MirroredImage(frame.color),
        depth=None if frame.depth is None else MirroredDepth(frame.depth),
        camera=_camera(frame.camera),
        depth_camera=None if frame.depth_camera is None else _camera(frame.depth_camera),
        world_from_camera=Pose(_turned(frame.world_from_camera.rotation), frame.world_from_camera.translation * SIGNS),
        instances=None if frame.instances is None else MirroredInstances(frame.instances),
    )


def _camera(camera: Camera) -> Camera:
    return replace(camera, cx=camera.width - 1 - camera.cx)


def _turned(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) the rotation between the mirrored axes of both its sides."""
    return rotation * np.outer(SIGNS, SIGNS)


def _object(item: Object3D) -> Object3D:
    box = Box3D(item.box.center * SIGNS, item.box.size, _turned(item.box.rotation))
    return replace(item, box=box, points=None if item.points is None else item.points * SIGNS.astype(np.float32))


def _mesh(mesh: Mesh) -> Mesh:
    """Faces are turned over, so that they still show their outer side."""
    vertices = mesh.vertices * SIGNS.astype(np.float32)
    return replace(mesh, vertices=vertices, faces=np.ascontiguousarray(mesh.faces[:, ::-1]))


def mirrored_mark(mark: MarkT) -> MarkT:
    """The mark of an object or place where the mirrored image shows it."""
    return replace(mark, place=mirrored_place(mark.kind, mark.place))  # pyright: ignore[reportArgumentType]


def mirrored_place(kind: str, place: Sequence[int]) -> tuple[int, ...]:
    """A point or box in thousandths, or a mask's runs, in the mirrored image."""
    if kind == "point":
        return 1000 - place[0], place[1]
    if kind == "bbox":
        return 1000 - place[2], place[1], 1000 - place[0], place[3]
    return to_runs(from_runs(place)[:, ::-1]) if kind == "mask" else tuple(place)


def mirrored_fact(fact: Fact) -> Fact:
    """A fact that is a side, or several, with left and right exchanged; any other as it is."""
    if isinstance(fact, tuple):
        return tuple(mirrored_fact(part) for part in fact)
    return other_side(fact) if isinstance(fact, str) else fact
