"""Hypersim: 461 photorealistic rooms with depth, classes and instances of every pixel.

Roberts et al., ICCV 2021, https://github.com/apple/ml-hypersim; every .hdf5 file holds one array, ``dataset``::

    <root>/
    ├── metadata_camera_parameters.csv                  of contrib/mikeroberts3000 in the dataset's repository
    └── ai_001_001/
        ├── _detail/
        │   ├── metadata_scene.csv                      meters_per_asset_unit
        │   ├── metadata_cameras.csv                    names of the trajectories
        │   ├── cam_00/camera_keyframe_{positions,orientations}.hdf5
        │   └── mesh/metadata_semantic_instance_bounding_box_object_aligned_2d_{positions,orientations,extents}.hdf5
        └── images/
            ├── scene_cam_00_final_preview/frame.0000.tonemap.jpg
            └── scene_cam_00_geometry_hdf5/frame.0000.{depth_meters,semantic,semantic_instance}.hdf5

What is undone here
* Positions and boxes are in asset units; depth alone is in metres, and counts along the ray.
* Cameras look along -z with y up. Some are tilted against their image plane: ``M_cam_from_uv`` brings image places to
  rays, and is taken apart into a pinhole and a turn of the camera (qagen.loaders.hypersim.tilt_shift).
* Boxes are told by their instance number, without names; the classes of their pixels name them. Rows of numbers that
  are not used are infinite.
* There is no mesh to download. Images of the public release alone are on disk.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose
from qagen.core.scene import MIN_BOX_SIDE_M, FileSource, Frame, Object3D, Scene, validate_scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import Loader
from qagen.loaders.hypersim.files import (
    Hdf5Classes,
    Hdf5Depth,
    Hdf5Instances,
    read_array,
    read_lens,
    read_meters_per_unit,
    read_trajectories,
)
from qagen.loaders.hypersim.tilt_shift import Lens
from qagen.loaders.io.axes import OPENCV_FROM_OPENGL
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.depth_kind import RayDepth
from qagen.loaders.io.labels import name_object
from qagen.loaders.io.nyu40 import BACKGROUND, Vote
from qagen.loaders.io.rgbd import image_size
from qagen.loaders.io.text import list_folder

CAMERA_FILE = "metadata_camera_parameters.csv"
NO_DEPTH = "frame: no depth or instances"
INVALID_POSE = "frame: invalid pose"
NEVER_ASKED = "object: never asked about"
NEVER_SEEN = "object: never seen"
NO_LABEL = "object: no clear label"
TOO_SMALL = "object: too small"
FRAMES_PER_SECOND = 1.0
_SCENE_NAME = re.compile(r"ai_\d{3}_\d{3}")
_IMAGE_NAME = re.compile(r"frame\.(\d{4})\.tonemap\.jpg")


@dataclass(frozen=True, slots=True, eq=False)
class _HypersimFrame:
    """One image of one trajectory."""

    frame: Frame
    classes: Hdf5Classes
    instances: Hdf5Instances


class HypersimLoader(Loader):
    """Reads scenes as they are unpacked from the download."""

    name: ClassVar[str] = "hypersim"

    def scene_ids(self, split: str) -> list[str]:
        """Sorted names of the scenes on disk. Raises SceneError where there is none."""
        found = [path.name for path in list_folder(self.root) if _is_scene(path)]
        if not found:
            raise SceneError(self.root, "dataset root: found no scene, expected ai_001_001/_detail and so on")
        return found

    def shared_files(self) -> list[Path]:
        return [self.root / CAMERA_FILE]

    def load(self, scene_id: str) -> Scene:
        """Read one scene; colour and depth stay undecoded, classes and instances are read for the labels.

        Raises:
            SceneError: something of the scene is missing, damaged or contradicts itself.
        """
        folder = self.root / scene_id
        if not _SCENE_NAME.fullmatch(scene_id) or not _is_scene(folder):
            raise SceneError(self.root, f"scene: no {scene_id!r} here.{did_you_mean(scene_id, self.scene_ids(''))}")
        lens = read_lens(self.root / CAMERA_FILE, scene_id)
        meters_per_unit = read_meters_per_unit(folder / "_detail" / "metadata_scene.csv")
        dropped: Counter[str] = Counter()
        object_of_instance = np.full(BACKGROUND + 1, -1, np.int32)
        shots = _read_shots(folder, lens, meters_per_unit, object_of_instance, dropped)
        vote = Vote()
        for shot in shots:
            vote.add(shot.instances.read_ids(), shot.classes.read())
        objects = _objects(folder / "_detail" / "mesh", meters_per_unit, vote, object_of_instance, dropped)
        placed = {item.id for item in objects}
        unplaced = {*vote.nameless, *(vote.winner(number) or "" for number in vote.seen_ids() if number not in placed)}
        return validate_scene(
            Scene(
                dataset=self.name,
                id=scene_id,
                source=folder,
                frames=tuple(shot.frame for shot in shots),
                objects=objects,
                mesh=None,
                unplaced=frozenset(filter(None, (name_object(name, {}) for name in unplaced))),
                dropped=dict(+dropped),
            )
        )


def _is_scene(folder: Path) -> bool:
    return (folder / "_detail" / "metadata_scene.csv").is_file()


def _read_shots(
    folder: Path, lens: Lens, meters_per_unit: float, object_of_instance: NDArray[np.int32], dropped: Counter[str]
) -> list[_HypersimFrame]:
    """All images with depth and instances, trajectory by trajectory; those left out are counted."""
    shots: list[_HypersimFrame] = []
    for trajectory in read_trajectories(folder / "_detail" / "metadata_cameras.csv"):
        previews = folder / "images" / f"scene_{trajectory}_final_preview"
        geometry = folder / "images" / f"scene_{trajectory}_geometry_hdf5"
        poses = _read_poses(folder / "_detail" / trajectory, lens, meters_per_unit)
        for image in list_folder(previews) if previews.is_dir() else ():
            match = _IMAGE_NAME.fullmatch(image.name)
            if match is None:
                continue
            name = f"{geometry}/frame.{match[1]}"
            if not all(
                Path(f"{name}.{kind}.hdf5").is_file() for kind in ("depth_meters", "semantic", "semantic_instance")
            ):
                dropped[NO_DEPTH] += 1
            elif int(match[1]) >= len(poses) or poses[int(match[1])] is None:
                dropped[INVALID_POSE] += 1
            else:
                time_s = len(shots) / FRAMES_PER_SECOND
                shots.append(
                    _shot(
                        f"{trajectory}_{match[1]}", image, name, poses[int(match[1])], lens, object_of_instance, time_s
                    )
                )
    return shots


def _shot(
    frame_id: str,
    image: Path,
    geometry: str,
    pose: Pose | None,
    lens: Lens,
    object_of_instance: NDArray[np.int32],
    time_s: float,
) -> _HypersimFrame:
    assert pose is not None
    color = FileSource(image)
    camera = lens.camera(*image_size(color, image))
    shape = (camera.height, camera.width)
    instances = Hdf5Instances(Path(f"{geometry}.semantic_instance.hdf5"), shape, object_of_instance)
    depth = RayDepth(Hdf5Depth(Path(f"{geometry}.depth_meters.hdf5"), shape), camera)
    frame = Frame(frame_id, color, depth, camera, camera, pose, time_s, instances)
    return _HypersimFrame(frame, Hdf5Classes(Path(f"{geometry}.semantic.hdf5"), shape), instances)


def _read_poses(folder: Path, lens: Lens, meters_per_unit: float) -> Sequence[Pose | None]:
    """World from camera of every keyframe; None where it is no pose."""
    positions = read_array(folder / "camera_keyframe_positions.hdf5", (None, 3))
    orientations = read_array(folder / "camera_keyframe_orientations.hdf5", (len(positions), 3, 3))
    return [
        _pose(orientation, meters_per_unit * position, lens)
        for orientation, position in zip(orientations, positions, strict=True)
    ]


def _pose(orientation: NDArray, position: NDArray, lens: Lens) -> Pose | None:
    matrix = np.eye(4)
    matrix[:3, :3] = orientation @ OPENCV_FROM_OPENGL
    matrix[:3, 3] = position
    try:
        return Pose.from_matrix(matrix) @ Pose(lens.rotation, np.zeros(3))
    except ValueError:
        return None


def _objects(
    folder: Path, meters_per_unit: float, vote: Vote, object_of_instance: NDArray[np.int32], dropped: Counter[str]
) -> tuple[Object3D, ...]:
    """Objects that may be asked about; fills in the index of each instance among them."""
    prefix = "metadata_semantic_instance_bounding_box_object_aligned_2d"
    positions = meters_per_unit * read_array(folder / f"{prefix}_positions.hdf5", (None, 3))
    rotations = read_array(folder / f"{prefix}_orientations.hdf5", (len(positions), 3, 3))
    extents = meters_per_unit * read_array(folder / f"{prefix}_extents.hdf5", (len(positions), 3))
    objects: list[Object3D] = []
    for number in range(min(len(positions), BACKGROUND)):
        if not np.isfinite(extents[number]).all():
            continue  # the number is not used
        label = _label(number, vote)
        if label in (NEVER_ASKED, NEVER_SEEN, NO_LABEL):
            dropped[label] += 1
        elif extents[number].max() <= MIN_BOX_SIDE_M:
            dropped[TOO_SMALL] += 1
        else:
            object_of_instance[number] = len(objects)
            try:
                box = upright_box(positions[number], rotations[number].T, extents[number])
            except ValueError as error:
                raise SceneError(folder, f"box of instance {number}: {error}") from error
            objects.append(Object3D(number, label, box, None))
    return tuple(objects)


def _label(number: int, vote: Vote) -> str:
    """The object's name, or why it has none."""
    if not vote.counts[number].any():
        return NEVER_SEEN
    winner = vote.winner(number)
    return NO_LABEL if winner is None else name_object(winner, {}) or NEVER_ASKED
