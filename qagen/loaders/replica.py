"""Replica: 18 rooms and flats scanned at high quality, with the renders that NICE-SLAM made of eight of them.

The renders (Zhu et al., CVPR 2022) have images, depth and poses; boxes and the labeled mesh come from the dataset
itself (Straub et al., 2019, https://github.com/facebookresearch/Replica-Dataset), whose names have an underscore::

    <root>/
    ├── cam_params.json                     camera of all renders, and depth units per meter
    ├── room0/
    │   ├── traj.txt                        one line a frame: camera to world, 16 numbers
    │   └── results/{frame000000.jpg,depth000000.png}
    └── room_0/habitat/                     of the dataset; or room0/habitat/
        ├── info_semantic.json              classes, objects and their boxes
        └── mesh_semantic.ply               quads with object_id; optional

What is undone here
* A box has axes of its own: ``orientation`` is a quaternion x, y, z, w and a translation that bring them to the
  world, ``abb`` has the center and the full sizes in them.
* Objects of no class, and those that the annotators could not name, are left out.
* Depth counts ``scale`` units per meter. Poses have OpenCV axes; the world is the mesh's, meters, z up.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import INVALID_POSE, NEVER_ASKED, NO_IMAGE
from qagen.core.scene import FileSource, Frame, Mesh, Scene
from qagen.errors import SceneError
from qagen.loaders._base import FolderLoader, ObjectList, absolute
from qagen.loaders.io.axes import rotation_of_quaternion, valid_pose
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.ply import object_indices, read_owned_mesh
from qagen.loaders.io.rgbd import FRAMES_PER_SECOND, DepthImage
from qagen.loaders.io.text import parse_pose, read_json, read_text

CAMERA_FILE = "cam_params.json"
MAX_TRAJECTORY_BYTES = 1 << 26
NAMELESS = frozenset({"undefined", "other-leaf", "non-plane", "anonymize_picture", "anonymize_text"})
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


class ReplicaLoader(FolderLoader):
    """Reads NICE-SLAM's renders with the dataset's own annotation."""

    name = "replica"
    scene_name = re.compile(r"[a-z]+\d+")
    expected = "room0/traj.txt with room_0/habitat/info_semantic.json, and so on"
    shared_names = (CAMERA_FILE,)

    def is_scene(self, folder: Path) -> bool:
        return (folder / "traj.txt").is_file() and (_habitat(folder) / "info_semantic.json").is_file()

    def read(self, scene_id: str, folder: Path) -> Scene:
        dropped: Counter[str] = Counter()
        annotation = _habitat(folder) / "info_semantic.json"
        listed = read_json(annotation, _ReplicaAnnotation).objects
        objects = _list_objects(listed, annotation, dropped)
        frames = _read_frames(folder, self.shared_file(CAMERA_FILE), dropped)
        surface, mesh = _habitat(folder) / "mesh_semantic.ply", None
        if surface.is_file():
            vertices, faces, owner = read_owned_mesh(surface, "object_id")
            annotated = {item.id: item.class_name for item in listed if item.class_id >= 0}
            mesh = Mesh(vertices.astype(np.float32), faces, object_indices(owner, objects.kept, annotated))
        return Scene(self.name, scene_id, folder, frames, tuple(objects.kept), mesh, dropped=dict(dropped))


def _habitat(folder: Path) -> Path:
    """The annotation's folder: of the render, or of the dataset's own scene beside it."""
    own = folder / "habitat"
    folder = absolute(folder)
    return own if own.is_dir() else folder.parent / re.sub(r"(?<=[a-z])(?=\d)", "_", folder.name) / "habitat"


def _list_objects(listed: list[_ReplicaObject], path: Path, dropped: Counter[str]) -> ObjectList:
    """The objects that may be asked about. Raises SceneError."""
    objects = ObjectList(dropped)
    for item in listed:
        if item.class_id < 0 or item.class_name in NAMELESS:
            objects.leave_out(NEVER_ASKED)
            continue
        label = objects.name(item.class_name.replace("-", " "))
        if label is None:
            continue
        center, sizes = item.oriented_bbox.abb.center, item.oriented_bbox.abb.sizes
        orientation = item.oriented_bbox.orientation
        try:
            rotation = rotation_of_quaternion(*orientation.rotation)
            world_from_box = Pose(rotation, np.array(orientation.translation, dtype=np.float64))
            box = upright_box(world_from_box @ np.array(center), rotation.T, sizes)
        except ValueError as error:
            raise SceneError(path, f"oriented_bbox of object {item.id}: {error}") from error
        objects.add(item.id, label, box)
    return objects


def _read_frames(folder: Path, camera_file: Path, dropped: Counter[str]) -> tuple[Frame, ...]:
    """All frames with an image and a pose. Raises SceneError."""
    params = read_json(camera_file, _CameraFile).camera
    camera = Camera(params.fx, params.fy, params.cx, params.cy, params.w, params.h)
    path = folder / "traj.txt"
    frames: list[Frame] = []
    for index, line in enumerate(read_text(path, MAX_TRAJECTORY_BYTES).rstrip().splitlines()):
        pose = valid_pose(parse_pose(line, path, f"line {index + 1}"))
        image = folder / "results" / f"frame{index:06d}.jpg"
        depth = folder / "results" / f"depth{index:06d}.png"
        if not image.is_file():
            dropped[NO_IMAGE] += 1
        elif pose is None:
            dropped[INVALID_POSE] += 1
        else:
            has_depth = depth.is_file()
            frames.append(
                Frame(
                    id=f"{index:06d}",
                    color=FileSource(image),
                    depth=DepthImage(depth, camera.width, camera.height, params.scale) if has_depth else None,
                    camera=camera,
                    depth_camera=camera if has_depth else None,
                    world_from_camera=pose,
                    time_s=index / FRAMES_PER_SECOND,
                )
            )
    return tuple(frames)
