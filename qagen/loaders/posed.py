"""Bring your own: any posed RGB-D images with 3D boxes, described by one JSON file.

```
<root>/                      (or one scene folder)
    <scene>/
        scene.json           what lies where and in which conventions: docs/posed.md, docs/posed.schema.json
        ...                  colour images (JPEG or PNG), depth images (16-bit PNG), a labelled mesh (PLY): any names
```

Nothing is guessed: units, the vertical, camera axes and the direction of poses are declared, or follow from the format
of the file that the frames come from.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import DepthSource, FileSource, Frame, Mesh, Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.axes import OPENCV_FROM_OPENGL, z_up
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.depth_images import InstanceFile, MetricDepth, depth_camera
from qagen.loaders.io.depth_kind import RayDepth
from qagen.loaders.io.labels import name_object
from qagen.loaders.io.ply import object_indices, read_owned_mesh
from qagen.loaders.io.poses import PosedImage, read_7scenes, read_nerfstudio, read_tum
from qagen.loaders.io.rgbd import image_size
from qagen.loaders.io.text import inside, list_folder, read_json

DESCRIPTION = "scene.json"
METERS = {"m": 1.0, "cm": 0.01, "mm": 0.001}
INVALID_POSE = "frame: invalid pose"
NEVER_ASKED_REASON = "object: never asked about"
_NAME = re.compile(r"[A-Za-z0-9_-]+")

Positive = Annotated[float, msgspec.Meta(gt=0)]
Side = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Vector = Annotated[list[float], msgspec.Meta(min_length=3, max_length=3)]
Row = Annotated[list[float], msgspec.Meta(min_length=4, max_length=4)]
Matrix = Annotated[list[Row], msgspec.Meta(min_length=3, max_length=4)]
Point = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2)]


class Intrinsics(msgspec.Struct, forbid_unknown_fields=True):
    """An undistorted pinhole camera, pixels."""

    fx: Positive
    fy: Positive
    cx: float
    cy: float
    width: Side
    height: Side


class DepthFiles(msgspec.Struct, forbid_unknown_fields=True):
    """How depth images are stored."""

    meters_per_unit: Positive
    """What a stored 1 means: 0.001 for millimetres."""
    kind: Literal["z", "ray"] = "z"
    """Along the optical axis, or along the pixel's ray."""
    invalid: Annotated[int, msgspec.Meta(ge=0)] = 0
    """The stored number that means "no depth", besides 0."""
    camera: Intrinsics | None = None
    """Of the depth images, where it is not the colour camera at another resolution."""


class PosedFrame(msgspec.Struct, forbid_unknown_fields=True):
    """One image and where it was taken."""

    image: str
    pose: Matrix
    id: str | None = None
    """Letters, digits, "_" and "-"; the image's name without its ending when left out."""
    depth: str | None = None
    instances: str | None = None
    """8- or 16-bit PNG: the id of the object that each pixel shows, 0 for none."""
    camera: Intrinsics | None = None
    """Where the frame has a camera of its own."""
    time_s: float | None = None


class FramesFile(msgspec.Struct, forbid_unknown_fields=True):
    """Frames that another tool wrote."""

    format: Literal["nerfstudio", "tum", "7scenes"]
    path: str
    """transforms.json, or the folder of a TUM or 7-Scenes recording."""


class Box(msgspec.Struct, forbid_unknown_fields=True):
    """An annotated object."""

    id: Annotated[int, msgspec.Meta(ge=1, le=65_535)]
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    center: Vector
    size: Vector
    """Full extents along the box's own axes."""
    yaw_deg: float | None = None
    """Turn about the vertical, counter-clockwise seen from above; the box's axes are the world's at 0."""
    axes: Annotated[list[Vector], msgspec.Meta(min_length=3, max_length=3)] | None = None
    """Instead of yaw_deg: three unit vectors, the directions of the sides in the order of size."""


class LabelledMesh(msgspec.Struct, forbid_unknown_fields=True):
    """The scanned surface."""

    path: str
    """Binary PLY with triangles."""
    object_property: str
    """Property of its faces or vertices that holds object ids; other numbers belong to no object."""


class SceneFile(msgspec.Struct, forbid_unknown_fields=True):
    """The whole of scene.json."""

    units: Literal["m", "cm", "mm"] | Positive
    """Of poses, boxes and mesh; a number is metres per unit."""
    up: Literal["+x", "-x", "+y", "-y", "+z", "-z"]
    """The world axis that points away from the floor."""
    frames: FramesFile | list[PosedFrame]
    objects: list[Box]
    pose: Literal["world_from_camera", "camera_from_world"] | None = None
    """Direction of the frames' matrices; must be told for frames in this file."""
    camera_axes: Literal["opencv", "opengl"] | None = None
    """opencv: x right, y down, z forward. opengl: x right, y up, z backward. Must be told for frames in this file."""
    camera: Intrinsics | None = None
    """Of colour images without a camera of their own."""
    pixel_center: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.0
    """Where the centre of the top-left pixel is: 0 as OpenCV has it, 0.5 as COLMAP has it."""
    depth: DepthFiles | None = None
    mesh: LabelledMesh | None = None
    floor: Annotated[list[Point], msgspec.Meta(min_length=3)] | None = None
    """Outline of the room: the two horizontal coordinates, in the order of the axes that follow the vertical."""


class PosedLoader(Loader):
    """Reads folders with a scene.json."""

    name = "posed"

    def scene_ids(self, split: str) -> list[str]:
        """Folders that hold a scene.json. There are no official splits."""
        return sorted(self._folders())

    def load(self, scene_id: str) -> Scene:
        """Read one scene; images stay undecoded.

        Raises:
            SceneError: something of the scene is missing, damaged or contradicts itself.
        """
        folder = self._folder(scene_id)
        path = folder / DESCRIPTION
        told = read_json(path, SceneFile)
        world = _World(told)
        objects, dropped = _objects(told, world, path)
        frames, invalid = _frames(folder, told, world, objects, path)
        return validate_scene(
            Scene(
                dataset=self.name,
                id=scene_id,
                source=path.parent,
                frames=frames,
                objects=objects,
                mesh=_mesh(folder, told, world, objects, path),
                room_polygon=world.outline(told.floor),
                dropped={**invalid, **dropped},
            )
        )

    def _folder(self, scene_id: str) -> Path:
        """One scene's folder without listing the rest; the name is checked before it meets a path."""
        if (self.root / DESCRIPTION).is_file() and self.root.absolute().name == scene_id:
            return self.root
        if _NAME.fullmatch(scene_id) and (self.root / scene_id / DESCRIPTION).is_file():
            return self.root / scene_id
        raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self._folders())}")

    def _folders(self) -> dict[str, Path]:
        """Scene folders by name. Raises SceneError where there is none."""
        if (self.root / DESCRIPTION).is_file():
            return {self.root.absolute().name: self.root}
        found = {path.name: path for path in list_folder(self.root) if (path / DESCRIPTION).is_file()}
        if not found:
            raise SceneError(self.root, f"dataset root: found no scene, expected folders that hold a {DESCRIPTION}")
        return found


class _World:
    """The file's world and units, and the way out of them."""

    def __init__(self, told: SceneFile) -> None:
        self.scale = METERS[told.units] if isinstance(told.units, str) else float(told.units)
        self.rotation = z_up(told.up)

    def points(self, points: NDArray) -> NDArray[np.float64]:
        """(n, 3) in the file's world to metres with z up."""
        return self.scale * (np.asarray(points, dtype=np.float64) @ self.rotation.T)

    def pose(self, matrix: NDArray[np.float64]) -> Pose:
        """World from camera. Raises ValueError when it is not finite or no rigid transform."""
        pose = Pose.from_matrix(matrix)
        return Pose(self.rotation @ pose.rotation, self.scale * (self.rotation @ pose.translation))

    def outline(self, floor: list[list[float]] | None) -> NDArray[np.float64] | None:
        """(n, 2) metres. z_up keeps the two axes that follow the vertical; the second may turn round."""
        return None if floor is None else self.scale * np.array(floor) * (1.0, self.rotation[1].sum())


def _objects(told: SceneFile, world: _World, path: Path) -> tuple[tuple[Object3D, ...], dict[str, int]]:
    """Objects that may be asked about, and what was left out."""
    objects: list[Object3D] = []
    never = 0
    for index, box in enumerate(told.objects):
        label = name_object(box.label, {})
        if label is None:
            never += 1
        else:
            objects.append(Object3D(box.id, label, _box(box, world, path, f"objects[{index}]", told.up), None))
    return tuple(objects), {NEVER_ASKED_REASON: never} if never else {}


def _box(box: Box, world: _World, path: Path, where: str, up: str) -> Box3D:
    """The box in metres with z up."""
    if (box.yaw_deg is None) == (box.axes is None):
        found = "neither" if box.axes is None else "both"
        raise SceneError(path, f"{where}: found {found} yaw_deg and axes, expected one")
    axes = np.array(box.axes) if box.yaw_deg is None else _turned(box.yaw_deg, up)
    if min(box.size) <= 0:
        raise SceneError(path, f"{where}.size: found {box.size}, expected full extents above 0")
    try:
        return upright_box(
            world.points(np.array(box.center)), axes @ world.rotation.T, world.scale * np.array(box.size)
        )
    except ValueError as error:
        raise SceneError(path, f"{where}: {error}") from error


def _turned(yaw_deg: float, up: str) -> NDArray[np.float64]:
    """(3, 3) rows: the world's axes turned about the vertical, counter-clockwise seen from above."""
    from scipy.spatial.transform import Rotation

    vertical = np.zeros(3)
    vertical["xyz".index(up[1])] = 1.0 if up[0] == "+" else -1.0
    return Rotation.from_rotvec(np.radians(yaw_deg) * vertical).as_matrix().T


def _frames(
    folder: Path, told: SceneFile, world: _World, objects: tuple[Object3D, ...], path: Path
) -> tuple[tuple[Frame, ...], dict[str, int]]:
    images = (
        _inline(folder, told, path) if isinstance(told.frames, list) else _from_file(folder, told.frames, told, path)
    )
    instances = [frame.instances for frame in told.frames] if isinstance(told.frames, list) else [None] * len(images)
    frames: list[Frame] = []
    invalid = 0
    for index, (image, name) in enumerate(zip(images, instances, strict=True)):
        where = f"frames[{index}]"
        try:
            pose = world.pose(image.matrix)
        except ValueError as error:
            if np.isfinite(image.matrix).all():
                raise SceneError(path, f"{where}.pose: {error}") from error
            invalid += 1  # lost tracking
            continue
        labels = None if name is None else inside(folder, name, path, f"{where}.instances")
        frames.append(_frame(image, index, pose, told, labels, objects, path))
    _check_sizes(frames)
    frames.sort(key=lambda frame: frame.time_s)
    return tuple(frames), {INVALID_POSE: invalid} if invalid else {}


def _check_sizes(frames: list[Frame]) -> None:
    """Of the first image of each camera."""
    for camera, frame in {frame.camera: frame for frame in reversed(frames)}.items():
        assert isinstance(frame.color, FileSource)
        width, height = image_size(frame.color, frame.color.path)
        if (width, height) != (camera.width, camera.height):
            found, expected = f"{width} x {height} pixels", f"{camera.width} x {camera.height} as its camera says"
            raise SceneError(frame.color.path, f"image: found {found}, expected {expected}")


def _frame(
    image: PosedImage,
    index: int,
    pose: Pose,
    told: SceneFile,
    labels: Path | None,
    objects: tuple[Object3D, ...],
    path: Path,
) -> Frame:
    where = f"frames[{index}]"
    camera = image.camera or _camera(told.camera, told.pixel_center)
    if camera is None:
        raise SceneError(path, f"{where}: found no camera of the frame or of the scene, expected one of them")
    if not _NAME.fullmatch(image.id):
        raise SceneError(path, f"{where}.id: found {image.id[:80]!r}, expected letters, digits, '_' and '-'")
    depth, own_camera = _depth(image, camera, told, where, path)
    return Frame(
        id=image.id,
        color=FileSource(image.image),
        depth=depth,
        camera=camera,
        depth_camera=own_camera,
        world_from_camera=pose,
        time_s=float(index) if image.time_s is None else image.time_s,
        instances=None if labels is None else InstanceFile(labels, tuple(item.id for item in objects)),
    )


def _depth(
    image: PosedImage, color: Camera, told: SceneFile, where: str, path: Path
) -> tuple[DepthSource | None, Camera | None]:
    if image.depth is None:
        return None, None
    if told.depth is None:
        raise SceneError(path, f"{where}.depth: found an image but no 'depth' of the scene that tells its unit")
    stored = MetricDepth(image.depth, told.depth.meters_per_unit, told.depth.invalid)
    camera = depth_camera(image.depth, _camera(told.depth.camera, told.pixel_center), color)
    return (RayDepth(stored, camera) if told.depth.kind == "ray" else stored), camera


def _camera(told: Intrinsics | None, pixel_center: float) -> Camera | None:
    if told is None:
        return None
    return Camera(told.fx, told.fy, told.cx - pixel_center, told.cy - pixel_center, told.width, told.height)


def _inline(folder: Path, told: SceneFile, path: Path) -> list[PosedImage]:
    for field in ("pose", "camera_axes"):
        if getattr(told, field) is None:
            raise SceneError(path, f"{field}: found nothing, expected it because the frames' matrices are in this file")
    assert isinstance(told.frames, list)
    return [_inline_frame(folder, told, frame, f"frames[{i}]", path) for i, frame in enumerate(told.frames)]


def _inline_frame(folder: Path, told: SceneFile, frame: PosedFrame, where: str, path: Path) -> PosedImage:
    matrix = np.eye(4)
    matrix[: len(frame.pose)] = frame.pose
    if told.pose == "camera_from_world":
        matrix = _inverted(matrix, path, where)
    if told.camera_axes == "opengl":
        matrix[:3, :3] = matrix[:3, :3] @ OPENCV_FROM_OPENGL
    return PosedImage(
        id=Path(frame.image).stem if frame.id is None else frame.id,
        image=inside(folder, frame.image, path, f"{where}.image"),
        depth=None if frame.depth is None else inside(folder, frame.depth, path, f"{where}.depth"),
        matrix=matrix,
        camera=_camera(frame.camera, told.pixel_center),
        time_s=frame.time_s,
    )


def _inverted(matrix: NDArray[np.float64], path: Path, where: str) -> NDArray[np.float64]:
    try:
        return Pose.from_matrix(matrix).inverse().matrix
    except ValueError as error:
        raise SceneError(path, f"{where}.pose: {error}") from error


def _from_file(folder: Path, source: FramesFile, told: SceneFile, path: Path) -> list[PosedImage]:
    for field in ("pose", "camera_axes"):
        if getattr(told, field) is not None:
            raise SceneError(path, f"{field}: found {getattr(told, field)!r}, expected none: {source.format} fixes it")
    place = inside(folder, source.path, path, "frames.path")
    if source.format == "nerfstudio":
        return read_nerfstudio(place.parent, place)
    return read_tum(place) if source.format == "tum" else read_7scenes(place)


def _mesh(folder: Path, told: SceneFile, world: _World, objects: tuple[Object3D, ...], path: Path) -> Mesh | None:
    if told.mesh is None:
        return None
    place = inside(folder, told.mesh.path, path, "mesh.path")
    vertices, faces, ids = read_owned_mesh(place, told.mesh.object_property)
    return Mesh(world.points(vertices).astype(np.float32), faces, object_indices(ids, objects))
