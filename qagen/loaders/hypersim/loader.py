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
* Positions and boxes are in asset units; depth alone is in meters, and counts along the ray.
* Cameras look along -z with y up. Some are tilted against their image plane: ``M_cam_from_uv`` brings image positions
  to rays, and is decomposed into a pinhole and a rotation of the camera (qagen.loaders.hypersim.tilt_shift).
* Boxes are given by their instance number, without names; the classes of their pixels name them. Rows of numbers that
  are not used are infinite.
* There is no mesh to download. Images of the public release alone are on disk.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from qagen.core.pose import Pose
from qagen.core.reasons import INVALID_POSE, NEVER_SEEN, NO_DEPTH, NO_INSTANCES, NO_LABEL, NO_POSE, TOO_SMALL
from qagen.core.scene import MIN_BOX_SIDE_M, FileSource, Frame, Scene
from qagen.errors import SceneError
from qagen.loaders._base import FolderLoader, ObjectList
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
from qagen.loaders.io.axes import OPENCV_FROM_OPENGL, valid_pose
from qagen.loaders.io.boxes import upright_box
from qagen.loaders.io.depth_kind import RayDepth
from qagen.loaders.io.images import image_size
from qagen.loaders.io.instances import BACKGROUND, ObjectImage, Vote, index_by_id
from qagen.loaders.io.text import list_folder

ORIENTATIONS = "camera_keyframe_orientations.hdf5"
POSITIONS = "camera_keyframe_positions.hdf5"
CAMERA_FILE = "metadata_camera_parameters.csv"
FRAMES_PER_SECOND = 1.0
_IMAGE_NAME = re.compile(r"frame\.(\d{4})\.tonemap\.jpg")
_BOXES = "metadata_semantic_instance_bounding_box_object_aligned_2d"


@dataclass(frozen=True, slots=True, eq=False)
class _HypersimFrame:
    """One image of one trajectory, and which class and instance each pixel shows."""

    frame: Frame
    classes: Hdf5Classes
    instances: Hdf5Instances


class HypersimLoader(FolderLoader):
    """Reads scenes as they are unpacked from the download."""

    name = "hypersim"
    scene_name = re.compile(r"ai_\d{3}_\d{3}")
    expected = "ai_001_001/_detail and so on"
    shared_names = (CAMERA_FILE,)

    def is_scene(self, folder: Path) -> bool:
        return (folder / "_detail" / "metadata_scene.csv").is_file()

    def read(self, scene_id: str, folder: Path) -> Scene:
        """Read one scene; color and depth stay undecoded, classes and instances are read for the labels."""
        lens = read_lens(self.shared_file(CAMERA_FILE), scene_id)
        meters_per_unit = read_meters_per_unit(folder / "_detail" / "metadata_scene.csv")
        dropped: Counter[str] = Counter()
        images = _read_images(folder, lens, meters_per_unit, dropped)
        vote = Vote()
        for image in images:
            vote.add(image.instances.read_ids(), image.classes.read())
        objects = _list_objects(folder / "_detail" / "mesh", meters_per_unit, vote, dropped)
        index = index_by_id(objects.kept)
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=tuple(replace(image.frame, instances=ObjectImage(image.instances, index)) for image in images),
            objects=tuple(objects.kept),
            mesh=None,
            unplaced=vote.unplaced({item.id for item in objects.kept}),
            dropped=dict(+dropped),
        )


def _read_images(folder: Path, lens: Lens, meters_per_unit: float, dropped: Counter[str]) -> list[_HypersimFrame]:
    """All images with depth and instances, trajectory by trajectory; those left out are counted."""
    images: list[_HypersimFrame] = []
    for trajectory in read_trajectories(folder / "_detail" / "metadata_cameras.csv"):
        previews = folder / "images" / f"scene_{trajectory}_final_preview"
        geometry = folder / "images" / f"scene_{trajectory}_geometry_hdf5"
        matches = [(path, _IMAGE_NAME.fullmatch(path.name)) for path in _list_if_there(previews)]
        keyframes = folder / "_detail" / trajectory
        if not all(
            (keyframes / name).is_file() for name in (POSITIONS, ORIENTATIONS)
        ):  # listed, but not part of the release
            dropped[NO_POSE] += sum(match is not None for _, match in matches)
            continue
        poses = _read_poses(keyframes, lens, meters_per_unit)
        for path, match in matches:
            if match is None:
                continue
            number = int(match[1])
            pose = poses[number] if number < len(poses) else None
            prefix = f"{geometry}/frame.{match[1]}"
            if not Path(f"{prefix}.depth_meters.hdf5").is_file():
                dropped[NO_DEPTH] += 1
            elif not all(Path(f"{prefix}.{kind}.hdf5").is_file() for kind in ("semantic", "semantic_instance")):
                dropped[NO_INSTANCES] += 1
            elif pose is None:
                dropped[INVALID_POSE] += 1
            else:
                time_s = len(images) / FRAMES_PER_SECOND
                images.append(_read_image(f"{trajectory}_{match[1]}", path, prefix, pose, lens, time_s))
    return images


def _list_if_there(folder: Path) -> list[Path]:
    return list_folder(folder) if folder.is_dir() else []


def _read_image(frame_id: str, image: Path, prefix: str, pose: Pose, lens: Lens, time_s: float) -> _HypersimFrame:
    color = FileSource(image)
    camera = lens.camera(*image_size(color, image))
    shape = (camera.height, camera.width)
    depth = RayDepth(Hdf5Depth(Path(f"{prefix}.depth_meters.hdf5"), shape), camera)
    instances = Hdf5Instances(Path(f"{prefix}.semantic_instance.hdf5"), shape)
    frame = Frame(frame_id, color, depth, camera, camera, pose, time_s)
    return _HypersimFrame(frame, Hdf5Classes(Path(f"{prefix}.semantic.hdf5"), shape), instances)


def _read_poses(folder: Path, lens: Lens, meters_per_unit: float) -> list[Pose | None]:
    """World from camera of every keyframe; None where it is no pose."""
    positions = read_array(folder / POSITIONS, (None, 3))
    orientations = read_array(folder / ORIENTATIONS, (len(positions), 3, 3))
    camera_from_pinhole = Pose(lens.rotation, np.zeros(3))
    poses: list[Pose | None] = []
    for orientation, position in zip(orientations, positions, strict=True):
        pose = valid_pose(np.column_stack([orientation @ OPENCV_FROM_OPENGL, meters_per_unit * position]))
        poses.append(None if pose is None else pose @ camera_from_pinhole)
    return poses


def _list_objects(folder: Path, meters_per_unit: float, vote: Vote, dropped: Counter[str]) -> ObjectList:
    """The objects that may be asked about, by instance number."""
    positions = meters_per_unit * read_array(folder / f"{_BOXES}_positions.hdf5", (None, 3))
    rotations = read_array(folder / f"{_BOXES}_orientations.hdf5", (len(positions), 3, 3))
    extents = meters_per_unit * read_array(folder / f"{_BOXES}_extents.hdf5", (len(positions), 3))
    objects = ObjectList(dropped)
    for number in range(min(len(positions), BACKGROUND)):
        if not np.isfinite(extents[number]).all():
            continue  # the number is not used
        winner = vote.winner(number)
        if winner is None:
            objects.leave_out(NO_LABEL if vote.is_seen(number) else NEVER_SEEN)
            continue
        label = objects.name(winner)
        if label is None:
            continue
        if extents[number].max() <= MIN_BOX_SIDE_M:
            objects.leave_out(TOO_SMALL)
            continue
        try:
            box = upright_box(positions[number], rotations[number].T, extents[number])
        except ValueError as error:
            raise SceneError(folder, f"box of instance {number}: {error}") from error
        objects.add(number, label, box)
    return objects
