"""Replica: 18 scanned rooms and flats of high quality, with the renders that NICE-SLAM made of eight of them.

The renders (Zhu et al., CVPR 2022) have pictures, depth and poses; boxes and the labelled mesh come from the dataset
itself (Straub et al., 2019, https://github.com/facebookresearch/Replica-Dataset), whose names have an underscore::

    <root>/
    ├── cam_params.json                     camera of all renders, and depth units per metre
    ├── room0/
    │   ├── traj.txt                        one line a frame: camera to world, 16 numbers
    │   └── results/{frame000000.jpg,depth000000.png}
    └── room_0/habitat/                     of the dataset; room0/habitat/ will do as well
        ├── info_semantic.json              classes, objects and their boxes
        └── mesh_semantic.ply               quads with object_id; optional

What is undone here
* A box is told in axes of its own: ``orientation`` is a quaternion x, y, z, w and a translation that bring them to the
  world, ``abb`` has the centre and the full sizes in them.
* Objects of no class, and those that the annotators could not name, are left out.
* Depth counts ``scale`` units per metre. Poses have OpenCV axes; the world is the mesh's, metres, z up.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import FileSource, Frame, Mesh, Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.io.axes import rotation_of_quaternion
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.labels import name_object
from qagen.loaders.io.ply import object_indices, read_owned_mesh
from qagen.loaders.io.rgbd import FRAMES_PER_SECOND, DepthImage
from qagen.loaders.io.text import list_folder, parse_matrix, read_json, read_text

MAX_TRAJECTORY_BYTES = 1 << 26
NAMELESS = frozenset({"undefined", "other-leaf", "non-plane", "anonymize_picture", "anonymize_text"})
INVALID_POSE = "frame: invalid pose"
NO_IMAGE = "frame: no image"
NEVER_ASKED = "object: never asked about"
_SCENE_NAME = re.compile(r"[a-z]+\d+")
_Three = Annotated[list[float], msgspec.Meta(min_length=3, max_length=3)]
_Four = Annotated[list[float], msgspec.Meta(min_length=4, max_length=4)]


class _CameraParams(msgspec.Struct):
    w: Annotated[int, msgspec.Meta(ge=1)]
    h: Annotated[int, msgspec.Meta(ge=1)]
    fx: float
    fy: float
    cx: float
    cy: float
    scale: Annotated[float, msgspec.Meta(gt=0)]


class _CameraFile(msgspec.Struct):
    camera: _CameraParams


class _Abb(msgspec.Struct):
    center: _Three
    sizes: _Three


class _Orientation(msgspec.Struct):
    rotation: _Four
    translation: _Three


class _OrientedBox(msgspec.Struct):
    abb: _Abb
    orientation: _Orientation


class _ReplicaObject(msgspec.Struct):
    id: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    class_id: int
    class_name: str
    oriented_bbox: _OrientedBox


class _ReplicaAnnotation(msgspec.Struct):
    objects: list[_ReplicaObject]


class ReplicaLoader(Loader):
    """Reads NICE-SLAM's renders with the dataset's own annotation."""

    name: ClassVar[str] = "replica"

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the renders that have an annotation. There are no official splits."""
        found = [path.name for path in list_folder(self.root) if self._is_scene(path)]
        if not found:
            expected = "room0/traj.txt with room_0/habitat/info_semantic.json, and so on"
            raise SceneError(self.root, f"dataset root: found no scene, expected {expected}")
        return found

    def shared_files(self) -> list[Path]:
        return [self.root / "cam_params.json"]

    def load(self, scene_id: str) -> Scene:
        """Read one scene; images stay undecoded. Raises SceneError when something is missing or damaged."""
        folder = self.root / scene_id
        if not _SCENE_NAME.fullmatch(scene_id) or not self._is_scene(folder):
            raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self.scene_ids(''))}")
        habitat = self._habitat(scene_id)
        objects, dropped = _objects(habitat / "info_semantic.json")
        frames, left_out = _frames(folder, self.root / "cam_params.json")
        surface = habitat / "mesh_semantic.ply"
        return validate_scene(
            Scene(
                dataset=self.name,
                id=scene_id,
                source=folder,
                frames=frames,
                objects=objects,
                mesh=_mesh(surface, objects) if surface.is_file() else None,
                dropped={**left_out, **dropped},
            )
        )

    def _is_scene(self, folder: Path) -> bool:
        return (folder / "traj.txt").is_file() and (self._habitat(folder.name) / "info_semantic.json").is_file()

    def _habitat(self, scene_id: str) -> Path:
        """The annotation's folder: of the render, or of the dataset's own scene beside it."""
        own = self.root / scene_id / "habitat"
        return own if own.is_dir() else self.root / re.sub(r"(?<=[a-z])(?=\d)", "_", scene_id) / "habitat"


def _objects(path: Path) -> tuple[tuple[Object3D, ...], dict[str, int]]:
    """Objects that may be asked about, and what was left out. Raises SceneError."""
    objects: list[Object3D] = []
    never = 0
    for thing in read_json(path, _ReplicaAnnotation).objects:
        nameless = thing.class_id < 0 or thing.class_name in NAMELESS
        label = None if nameless else name_object(thing.class_name.replace("-", " "), {})
        if label is None:
            never += 1
            continue
        try:
            objects.append(Object3D(thing.id, label, _box(thing.oriented_bbox), None))
        except ValueError as error:
            raise SceneError(path, f"oriented_bbox of object {thing.id}: {error}") from error
    return tuple(objects), {NEVER_ASKED: never} if never else {}


def _box(told: _OrientedBox) -> Box3D:
    world_from_box = Pose(
        rotation_of_quaternion(*told.orientation.rotation), np.array(told.orientation.translation, dtype=np.float64)
    )
    return upright_box(world_from_box @ np.array(told.abb.center), world_from_box.rotation.T, told.abb.sizes)


def _mesh(path: Path, objects: tuple[Object3D, ...]) -> Mesh:
    vertices, faces, owner = read_owned_mesh(path, "object_id")
    return Mesh(vertices.astype(np.float32), faces, object_indices(owner, objects))


def _frames(folder: Path, camera_file: Path) -> tuple[tuple[Frame, ...], dict[str, int]]:
    """All frames with an image and a pose, and what was left out. Raises SceneError."""
    told = read_json(camera_file, _CameraFile).camera
    camera = Camera(told.fx, told.fy, told.cx, told.cy, told.w, told.h)
    path = folder / "traj.txt"
    frames: list[Frame] = []
    dropped: Counter[str] = Counter()
    for index, line in enumerate(read_text(path, MAX_TRAJECTORY_BYTES).splitlines()):
        matrix = parse_matrix(line, path, f"line {index + 1}")
        image = folder / "results" / f"frame{index:06d}.jpg"
        frame = _frame(folder, index, image, matrix, camera, told.scale) if image.is_file() else NO_IMAGE
        if isinstance(frame, str):
            dropped[frame] += 1
        else:
            frames.append(frame)
    return tuple(frames), dict(dropped)


def _frame(
    folder: Path, index: int, image: Path, matrix: NDArray[np.float64], camera: Camera, units_per_m: float
) -> Frame | str:
    """The frame, or why there is none."""
    try:
        pose = Pose.from_matrix(matrix)
    except ValueError:
        return INVALID_POSE
    depth = folder / "results" / f"depth{index:06d}.png"
    has_depth = depth.is_file()
    return Frame(
        id=f"{index:06d}",
        color=FileSource(image),
        depth=DepthImage(depth, camera.width, camera.height, units_per_m) if has_depth else None,
        camera=camera,
        depth_camera=camera if has_depth else None,
        world_from_camera=pose,
        time_s=index / FRAMES_PER_SECOND,
    )
