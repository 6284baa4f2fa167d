"""The iPhone's stream of a ScanNet++ scene: video, depth sensor, and poses by ARKit or by COLMAP.

Its conventions
* Images are numbered from 0; ``frame_000012`` is the same moment in the video, the depth file and the poses.
* ``aligned_pose`` is camera-to-world in the mesh's world with OpenCV axes. ``pose`` is ARKit's own world; not used.
* ``intrinsic`` is meant for 1920x1440 pixels and changes a little from frame to frame.
* COLMAP's poses are more exact, so they are taken where there are any; frames that it did not register are left out.
  Its lens has distortion (OPENCV), which is taken out of images and depth as they are read.
* Depth is registered to color: the same view at 256x192 pixels, millimeters.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import INVALID_POSE, NO_DEPTH, NO_IMAGE, NOT_REGISTERED
from qagen.core.scene import DepthSource, FileSource, Frame, ImageSource
from qagen.errors import SceneError
from qagen.loaders.io.axes import valid_pose
from qagen.loaders.io.colmap import ColmapCamera, read_cameras, read_images
from qagen.loaders.io.images import image_size
from qagen.loaders.io.rendered_depth import Surface, with_rendered_depth
from qagen.loaders.io.rgbd import DepthImage, fit_camera
from qagen.loaders.io.text import list_folder, posix, read_json
from qagen.loaders.io.undistorted import Distortion, UndistortedDepth, UndistortedImage
from qagen.loaders.io.video import list_video
from qagen.loaders.scannetpp.depth import HEIGHT, WIDTH, DepthFile

POSES = "pose_intrinsic_imu.json"
VIDEOS = ("rgb.mkv", "rgb.mp4")
NATIVE_SIZE = (1920, 1440)
"""Width and height of the images that ``intrinsic`` is meant for, pixels."""
FRAMES_PER_SECOND = 60.0
UNITS_PER_M = 1000.0
_NAME = re.compile(r"frame_(\d{1,9})")
_Row3 = tuple[float, float, float]
_Row4 = tuple[float | None, float | None, float | None, float | None]
"""Null is one way to write NaN."""
_NO_DISTORTION: Distortion = ()


class _IPhoneFrame(msgspec.Struct):
    """One frame's entry; what the phone's motion sensor said is passed over."""

    intrinsic: tuple[_Row3, _Row3, _Row3]
    aligned_pose: tuple[_Row4, _Row4, _Row4, _Row4] | None = None
    timestamp: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Where a frame was taken and by which lens."""

    world_from_camera: Pose
    camera: Camera
    """Camera of images of the actual size."""
    distortion: Distortion


@dataclass(frozen=True, slots=True, eq=False)
class _Sensor:
    """Depth images as they were measured."""

    source: Callable[[int], DepthSource | None]
    """The image of a frame's number, or None."""
    size: tuple[int, int]
    """Width and height of all of them, pixels."""


def has_iphone(folder: Path) -> bool:
    """Whether an ``iphone`` folder has images."""
    return (folder / "rgb").is_dir() or any((folder / name).is_file() for name in VIDEOS)


def read_iphone(folder: Path, surface: Surface | None, dropped: Counter[str]) -> tuple[Frame, ...]:
    """Frames in time order; those left out are counted.

    Args:
        folder: the scene's ``iphone`` folder.
        surface: what depth is rendered from where there is neither ``depth/`` nor ``depth.bin``, or None.
        dropped: counts by reason.

    Raises:
        SceneError: a file is missing, damaged, or contradicts another.
    """
    colors = _list_colors(folder)
    size = image_size(next(iter(colors.values())), folder)
    has_colmap = (folder / "colmap" / "images.txt").is_file()
    entries = {} if has_colmap and not (folder / POSES).exists() else _read_entries(folder / POSES)
    views = _colmap_views(folder / "colmap", size) if has_colmap else _arkit_views(folder / POSES, entries, size)
    dropped[NO_IMAGE] += len(views.keys() - colors.keys())
    if has_colmap:
        dropped[NOT_REGISTERED] += len(colors.keys() - views.keys())
    else:
        dropped[INVALID_POSE] += len(entries) - len(views)
    used = sorted(views.keys() & colors.keys())
    times, sensor = _times(entries, used), _find_sensor(folder)
    frames: list[Frame] = []
    for index in used:
        view, color = views[index], colors[index]
        if any(view.distortion):
            color = UndistortedImage(color, view.camera, view.distortion)
        frame = Frame(f"frame_{index:06d}", color, None, view.camera, None, view.world_from_camera, times[index])
        if sensor is None:
            frames.append(frame if surface is None else with_rendered_depth(frame, surface))
        elif (depth := sensor.source(index)) is None:
            dropped[NO_DEPTH] += 1
        else:
            camera = view.camera.scaled(*sensor.size)
            if any(view.distortion):
                depth = UndistortedDepth(depth, camera, view.distortion)
            frames.append(replace(frame, depth=depth, depth_camera=camera))
    return tuple(frames)


def _list_colors(folder: Path) -> Mapping[int, ImageSource]:
    """Color images by number: extracted frames where there are any, else the frames of the video."""
    if (folder / "rgb").is_dir():
        found = {index: FileSource(path) for index, path in _numbered(folder / "rgb", (".jpg", ".png")).items()}
        if not found:
            raise SceneError(folder / "rgb", "images: found no frame_<number>.jpg, expected some")
        return found
    video = next(folder / name for name in VIDEOS if (folder / name).is_file())
    return dict(enumerate(list_video(video)))


def _find_sensor(folder: Path) -> _Sensor | None:
    if (folder / "depth").is_dir():
        paths = _numbered(folder / "depth", (".png",))
        if not paths:
            raise SceneError(folder / "depth", "images: found no frame_<number>.png, expected some")
        first = next(iter(paths.values()))
        size = image_size(FileSource(first), first)
        return _Sensor(lambda i: DepthImage(paths[i], *size, UNITS_PER_M) if i in paths else None, size)
    if (folder / "depth.bin").is_file():
        return _Sensor(DepthFile(folder / "depth.bin").source, (WIDTH, HEIGHT))
    return None


def _numbered(folder: Path, suffixes: tuple[str, ...]) -> dict[int, Path]:
    paths = [path for path in list_folder(folder) if path.suffix.lower() in suffixes and _NAME.fullmatch(path.stem)]
    return dict(sorted((_number(path.stem), path) for path in paths))


def _number(stem: str) -> int:
    return int(stem.removeprefix("frame_"))


def _read_entries(path: Path) -> dict[int, _IPhoneFrame]:
    entries: dict[int, _IPhoneFrame] = {}
    for name, entry in read_json(path, dict[str, _IPhoneFrame]).items():
        if not _NAME.fullmatch(name):
            raise SceneError(path, f"key: found {name[:40]!r}, expected frame_000000 and so on")
        entries[_number(name)] = entry
    if not entries:
        raise SceneError(path, "frames: found none, expected some")
    return entries


def _times(entries: Mapping[int, _IPhoneFrame], used: Sequence[int]) -> dict[int, float]:
    """Seconds since the first frame by the phone's clock when it only goes forward, else by the frame rate."""
    stamps = [entries[index].timestamp if index in entries else None for index in used]
    known = [stamp for stamp in stamps if stamp is not None]
    if len(known) == len(used) and all(a < b for a, b in pairwise(known)):
        return {index: stamp - known[0] for index, stamp in zip(used, known, strict=True)}
    return {index: index / FRAMES_PER_SECOND for index in used}


def _arkit_views(path: Path, entries: Mapping[int, _IPhoneFrame], size: tuple[int, int]) -> dict[int, _View]:
    """Views of the frames whose aligned pose is valid."""
    views: dict[int, _View] = {}
    for index, entry in entries.items():
        pose = valid_pose(np.array(entry.aligned_pose, dtype=np.float64))
        if pose is not None:
            camera = fit_camera(np.array(entry.intrinsic), NATIVE_SIZE, size, path, f"frame_{index:06d}")
            views[index] = _View(pose, camera, _NO_DISTORTION)
    return views


def _colmap_views(folder: Path, size: tuple[int, int]) -> dict[int, _View]:
    """Views of the frames that COLMAP registered."""
    path = folder / "images.txt"
    lenses: dict[int, ColmapCamera] = {}
    for key, lens in read_cameras(folder / "cameras.txt").items():
        camera = lens.camera
        matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
        native = (camera.width, camera.height)
        fitted = fit_camera(matrix, native, size, folder / "cameras.txt", f"camera {key}")
        lenses[key] = ColmapCamera(fitted, lens.distortion)
    views: dict[int, _View] = {}
    for image in read_images(path):
        stem = posix(image.name).stem
        if not _NAME.fullmatch(stem):
            raise SceneError(path, f"name: found {image.name[:60]!r}, expected frame_<number>.jpg")
        if image.camera_id not in lenses:
            found = f"camera {image.camera_id} for {stem}"
            raise SceneError(path, f"camera_id: found {found}, expected one of {sorted(lenses)}")
        lens = lenses[image.camera_id]
        if image.world_from_camera is not None:
            views[_number(stem)] = _View(image.world_from_camera, lens.camera, lens.distortion)
    return views
