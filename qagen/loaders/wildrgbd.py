"""WildRGB-D: 20,000 videos that go round an object of 46 categories, with the depth of a phone's lidar.

Xia et al., CVPR 2024, https://github.com/wildrgbd/wildrgbd; archives unpack to::

    <root>/
    └── remote_control/
        ├── types.json                                  kind of each video: single, multi or hand
        ├── nvs_list.json, camera_eval_list.json        not read: splits of other tasks
        └── scenes/
            └── scenes_012/
                ├── rgb/, depth/, masks/<frame id>.png  8-bit color, 16-bit millimeters, the object
                ├── metadata                            JSON: w, h, K
                └── cam_poses.txt                       a line for each frame: its id and a matrix of 4 x 4

What is undone here
* ``K`` lists a matrix of 3 x 3 column by column.
* Files are found by the frame's id, which is not its line's number.
* Poses are camera to world, meters, OpenCV axes. Nobody knows the world's vertical: where the object stands on a plane
  that the frames show well (qagen.loaders.io.plane), the world is turned so that this is level.
* Depth beyond 5 m is none.
* There are no boxes: the object is what the masks show (qagen.loaders.io.masked_objects), and is called like its
  category. Everything else in the images has no annotation.
* Nobody knows what the masks of a video of several objects show, so it has no object. Videos of an object in a hand are
  refused: what is held moves.

A scene is called by its category and its folder: ``remote_control_scenes_012``.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import (
    HARDLY_MEASURED,
    INVALID_POSE,
    NO_DEPTH,
    NO_IMAGE,
    NO_MASK,
    NO_POSE,
    SEVERAL_IN_MASK,
)
from qagen.core.scene import FileSource, Frame, Scene
from qagen.errors import SceneError, did_you_mean
from qagen.loaders._base import FolderLoader, ObjectList, absolute
from qagen.loaders.io.axes import is_lost, valid_pose
from qagen.loaders.io.depth_images import depth_camera
from qagen.loaders.io.images import image_size, read_pixels
from qagen.loaders.io.masked_objects import measure_masked, place_object
from qagen.loaders.io.rgbd import ASPECT_TOLERANCE, FRAMES_PER_SECOND, DepthImage, fit_camera
from qagen.loaders.io.text import list_folder, natural, parse_numbers, read_json, read_text, safe_name, whole

POSES, METADATA, TYPES = "cam_poses.txt", "metadata", "types.json"
SINGLE, MULTI, HAND = "single", "multi", "hand"
UNITS_PER_M, MAX_DEPTH_M = 1000.0, 5.0
MAX_POSE_BYTES = 1 << 26
MAX_MISSING = 0.5
"""Largest share of the frames whose files may be missing, and of those whose pose may be something else."""
MAX_LARGER = 2
"""Masks that are more times as wide as their image are not decoded."""
SHOWN = 128
"""Least value of a mask's pixel that shows the object, unless the mask has none above 1."""
NAMES = {"scissor": "scissors"}
"""What people call the objects of a category, where it is not called so."""


class _Metadata(msgspec.Struct):
    w: float
    h: float
    K: list[float | list[float]]


@dataclass(frozen=True, slots=True)
class LidarDepth:
    """A depth image without what lies beyond the sensor's range."""

    image: DepthImage
    """The image as it is stored."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in meters, 0 where there is none. Raises SceneError when it cannot be decoded."""
        depth = self.image.read_m()
        depth[depth > MAX_DEPTH_M] = 0
        return depth


@dataclass(frozen=True, slots=True)
class MaskImage:
    """A gray image that is bright, or 1, where it shows the object."""

    path: Path
    """The file."""

    def read_mask(self) -> NDArray[np.bool_]:
        """(height, width) whether each pixel shows the object. Raises SceneError when it cannot be decoded."""
        pixels = read_pixels(self.path, "1- or 8-bit gray", "mask")
        return pixels >= (SHOWN if pixels.max(initial=0) > 1 else 1)

    def read_objects(self) -> NDArray[np.int32]:
        """(height, width) 0 where the one object of the scene is shown, -1 elsewhere. Raises SceneError."""
        return self.read_mask().astype(np.int32) - 1


@dataclass(frozen=True, slots=True)
class _PosedFiles:
    """One line of cam_poses.txt and the files that belong to it, some of which may be missing."""

    name: str
    """Id of the frame."""
    matrix: NDArray[np.float64]
    """(4, 4) camera to world."""
    color: Path | None
    depth: Path | None
    mask: Path | None


class WildRgbdLoader(FolderLoader):
    """Reads the dataset, one category or one scene. The splits of its own tasks are not used."""

    name = "wildrgbd"
    expected = f"<category>/scenes/scenes_<id> that hold {POSES}, beside <category>/{TYPES}"

    def is_scene(self, folder: Path) -> bool:
        is_named = absolute(folder).name.startswith("scenes_")
        return is_named and ((folder / POSES).is_file() or (folder / "rgb").is_dir())

    def scene_id(self, folder: Path) -> str:
        return f"{safe_name(category_of(folder).name)}_{super().scene_id(folder)}"

    def folder(self, scene_id: str) -> Path:
        category, _, number = scene_id.rpartition("_scenes_")
        direct = self.root / category / "scenes" / f"scenes_{number}"
        is_direct = category and self.scene_name.fullmatch(scene_id) and self.is_scene(direct)
        return direct if is_direct else super().folder(scene_id)

    def _homes(self) -> list[Path]:
        if absolute(self.root).name == "scenes":
            return [self.root]
        own = self.root / "scenes"
        return [own] if own.is_dir() else sorted(path for path in self.root.glob("*/scenes") if path.is_dir())

    def files_beside(self, source: Path) -> list[Path]:
        return [path for path in [category_of(source) / TYPES] if path.is_file()]

    def read(self, scene_id: str, folder: Path) -> Scene:
        kind = read_kind(folder)
        dropped: Counter[str] = Counter()
        pairs = _read_frames(folder, kind == SINGLE, dropped)
        objects = ObjectList(dropped)
        label = objects.name(NAMES.get(category_of(folder).name, category_of(folder).name))
        level: Pose | None = None
        if label is not None and kind == MULTI:
            objects.leave_out(SEVERAL_IN_MASK, label)
        elif label is not None:
            level = _find_object(pairs, label, objects)
        frames = tuple(_placed(*pair, level, bool(objects.kept)) for pair in pairs)
        return Scene(
            dataset=self.name,
            id=scene_id,
            source=folder,
            frames=frames,
            objects=tuple(objects.kept),
            mesh=None,
            world_from_source=level or Pose.identity(),
            is_level=level is not None,
            unplaced=frozenset(objects.unplaced),
            has_closed_classes=True,
            dropped=dict(+dropped),
        )


def category_of(folder: Path) -> Path:
    """The folder of the category that a scene's folder belongs to."""
    return absolute(folder).parent.parent


def read_kind(folder: Path) -> str:
    """What a scene shows: SINGLE or MULTI.

    Raises:
        SceneError: types.json is missing, damaged or does not name the scene, or it is a video of a hand.
    """
    path, name = category_of(folder) / TYPES, absolute(folder).name
    kinds = {key.removeprefix("scenes_"): kind for key, kind in read_json(path, dict[str, str]).items()}
    kind = kinds.get(name.removeprefix("scenes_"))
    if kind is None:
        raise SceneError(path, f"{name}: found no such scene among {len(kinds)}, expected its kind of video")
    if kind == HAND:
        found = f"found {HAND!r}, a video of an object in a hand, expected {SINGLE!r} or {MULTI!r}"
        raise SceneError(path, f"{name}: {found}; what is held moves, so poses and depth do not fit together")
    if kind not in (SINGLE, MULTI):
        raise SceneError(path, f"{name}: unknown kind of video {kind!r}.{did_you_mean(kind, (SINGLE, MULTI, HAND))}")
    return kind


def _read_frames(folder: Path, has_object: bool, dropped: Counter[str]) -> list[tuple[Frame, MaskImage | None]]:
    """The frames with valid poses, in the order of their ids, and their masks; those left out are counted."""
    listed = list(_list_files(folder, dropped))
    kept: list[tuple[_PosedFiles, Pose]] = []
    missing: Counter[str] = Counter()
    for files in listed:
        reason = _what_is_missing(files, has_object)
        pose = valid_pose(files.matrix)
        if reason is not None:
            missing[reason] += 1
        elif pose is None:
            dropped[INVALID_POSE] += 1
        else:
            kept.append((files, pose))
    if missing.total() > MAX_MISSING * len(listed):
        found = ", ".join(f"{count} of {len(listed)} with {name.partition(': ')[2]}" for name, count in missing.items())
        raise SceneError(folder, f"frames: found {found}, expected at most half; check that the download is complete")
    _check_rigid([files.matrix for files in listed], folder / POSES)
    dropped.update(missing)
    lens = _Lens.read(folder / METADATA)
    return [_read_frame(*pair, lens, index) for index, pair in enumerate(kept)]


def _check_rigid(matrices: Sequence[NDArray[np.float64]], path: Path) -> None:
    """Raise SceneError where most matrices are no poses although their numbers are finite: they mean something else."""
    faults: list[str] = []
    for matrix in matrices:
        try:
            Pose.from_matrix(matrix)
        except ValueError as error:
            if not is_lost(matrix):
                faults.append(str(error))
    if len(faults) > MAX_MISSING * len(matrices):
        found = f"{len(faults)} of {len(matrices)} that are not rigid ({faults[0]})"
        raise SceneError(path, f"poses: found {found}, expected camera to world, row by row")


def _what_is_missing(files: _PosedFiles, has_object: bool) -> str | None:
    """The reason for which a frame is left out, if a file of it is not there."""
    if files.color is None:
        return NO_IMAGE
    if files.depth is None:
        return NO_DEPTH
    return NO_MASK if has_object and files.mask is None else None


def _list_files(folder: Path, dropped: Counter[str]) -> Iterator[_PosedFiles]:
    """The lines of cam_poses.txt with their files, in the order of their ids; images without a line are counted."""
    colors, depths, masks = (_by_id(folder / name) for name in ("rgb", "depth", "masks"))
    poses = read_poses(folder / POSES)
    dropped[NO_POSE] += len(colors.keys() - poses.keys())
    for key in sorted(poses, key=natural):
        yield _PosedFiles(key, poses[key], colors.get(key), depths.get(key), masks.get(key))


def read_poses(path: Path) -> dict[str, NDArray[np.float64]]:
    """(4, 4) camera to world of each frame, by its id without leading zeros.

    Raises:
        SceneError: the file is missing or empty, a line has other than 17 words, or an id comes twice.
    """
    poses: dict[str, NDArray[np.float64]] = {}
    for number, line in enumerate(read_text(path, MAX_POSE_BYTES).splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 17:
            raise SceneError(path, f"line {number}: found {len(words) - 1} numbers after the id, expected 16")
        key = _key(words[0])
        if key in poses:
            raise SceneError(path, f"line {number}: found frame {words[0]} more than once, expected it once")
        poses[key] = parse_numbers(" ".join(words[1:]), path, f"line {number}", (16,)).reshape(4, 4)
    if not poses:
        raise SceneError(path, "found no poses, expected a line for each frame")
    return poses


def _by_id(folder: Path) -> dict[str, Path]:
    """The images of a folder by the id of their frame; none where there is no folder. Raises SceneError."""
    images: dict[str, Path] = {}
    for path in list_folder(folder) if folder.is_dir() else ():
        if path.suffix.lower() != ".png":
            continue
        key = _key(path.stem)
        if key in images:
            raise SceneError(folder, f"found {images[key].name} and {path.name}, expected one image of a frame")
        images[key] = path
    return images


def _key(word: str) -> str:
    """An id as files and lines share it: "7" for 7, 00007 and 7.0."""
    match = re.fullmatch(r"0*(\d+)(?:\.0*)?(?:[eE]\+?0+)?", word)
    return safe_name(match[1] if match else word)


@dataclass(frozen=True, slots=True, eq=False)
class _Lens:
    """The pinhole that a metadata file describes."""

    path: Path
    """The file."""
    intrinsic: NDArray[np.float64]
    """(3, 3), pixels."""
    size: tuple[int, int]
    """Width and height of the images that it is for."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises SceneError."""
        file = read_json(path, _Metadata)
        return cls(path, read_intrinsic(file.K, path), (whole(file.w, path, "w"), whole(file.h, path, "h")))

    def camera(self, image: Path) -> Camera:
        """The pinhole of a color image. Raises SceneError where K does not fit its size."""
        return fit_camera(self.intrinsic, self.size, image_size(FileSource(image), image), self.path, "color")


def read_intrinsic(numbers: Sequence[float | list[float]], path: Path) -> NDArray[np.float64]:
    """(3, 3) intrinsics of ``K``, which lists its columns. Raises SceneError."""
    flat = np.concatenate([np.atleast_1d(np.asarray(part, np.float64)) for part in numbers or [[]]])
    if flat.shape != (9,) or not np.isfinite(flat).all():
        raise SceneError(path, f"K: found {flat.size} numbers, expected 9 finite ones, column by column")
    columns = flat.reshape(3, 3)
    for matrix, is_as_expected in ((columns.T, True), (columns, False)):
        below = (matrix[1, 0], *matrix[2])
        if np.allclose(below, (0, 0, 0, 1)) and matrix[0, 0] > 0 and matrix[1, 1] > 0 and matrix[:2, 2].all():
            if is_as_expected:
                return matrix
            raise SceneError(path, f"K: found a matrix row by row {numbers}, expected column by column")
    raise SceneError(path, f"K: found {numbers}, expected fx, 0, 0, 0, fy, 0, cx, cy, 1")


def _read_frame(files: _PosedFiles, pose: Pose, lens: _Lens, index: int) -> tuple[Frame, MaskImage | None]:
    assert files.color is not None  # frames without files are left out
    assert files.depth is not None
    camera = lens.camera(files.color)
    own_camera = depth_camera(files.depth, None, camera)
    depth = LidarDepth(DepthImage(files.depth, own_camera.width, own_camera.height, UNITS_PER_M))
    time_s = float(files.name if files.name.isdigit() else index) / FRAMES_PER_SECOND
    frame = Frame(files.name, FileSource(files.color), depth, camera, own_camera, pose, time_s)
    if files.mask is None:
        return frame, None
    width, height = image_size(FileSource(files.mask), files.mask)
    is_alike = abs(width * camera.height / (height * camera.width) - 1) <= ASPECT_TOLERANCE
    if not is_alike or width > MAX_LARGER * camera.width:
        found = f"{width} x {height} pixels beside color of {camera.width} x {camera.height}"
        raise SceneError(files.mask, f"mask: found {found}, expected the same aspect, and about as many")
    return frame, MaskImage(files.mask)


def _find_object(pairs: Sequence[tuple[Frame, MaskImage | None]], label: str, objects: ObjectList) -> Pose | None:
    """Add what the masks show, or count why not; returns the turn that makes the world level, where one is known."""
    surface = measure_masked([(frame, mask) for frame, mask in pairs if mask is not None])
    if surface is None:
        objects.leave_out(HARDLY_MEASURED, label)
        return None
    return place_object(surface, [frame for frame, _ in pairs], label, objects)


def _placed(frame: Frame, mask: MaskImage | None, level: Pose | None, has_object: bool) -> Frame:
    """The frame in the level world, with the pixels of the scene's one object."""
    pose = frame.world_from_camera if level is None else level @ frame.world_from_camera
    return replace(frame, world_from_camera=pose, instances=mask if has_object else None)
