"""Folders of images and poses that the exporters of the .sens format write.

Python (SensReader/python)::

    color/<i>.jpg   depth/<i>.png   pose/<i>.txt
    intrinsic/{intrinsic,extrinsic}_{color,depth}.txt

Python, as changed for mmdetection3d and EmbodiedScan (``posed_images``)::

    <i>.jpg   <i>.png   <i>.txt   intrinsic.txt   depth_intrinsic.txt

C++ (SensReader/c++), the style of 7-Scenes::

    frame-<i, 6 digits>.{color.jpg,depth.pgm,pose.txt}   _info.txt

A frame is a color image; exports of every n-th frame keep the original numbers and are ordinary.
"""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.reasons import NO_DEPTH, NO_POSE
from qagen.core.scene import FileSource
from qagen.errors import SceneError
from qagen.loaders.io.depth_images import depth_camera as depth_camera_of
from qagen.loaders.io.images import image_size
from qagen.loaders.io.rgbd import FRAMES_PER_SECOND, DepthImage, RawFrame, Recording, check_identity, fit_camera
from qagen.loaders.io.text import (
    list_folder,
    parse_matrix,
    parse_number,
    parse_size,
    read_entries,
    read_matrix,
    read_pose,
)

POSED_IMAGES = "intrinsic.txt"
"""The file that marks a folder of posed images."""
UNITS_PER_M = 1000.0
"""The Python exporter does not write the depth scale; every scan of the dataset has millimeters."""
_JPEG_NAMES = re.compile(r"([0-9]+)\.(?:jpg|jpeg)")
_COLOR_NAMES = re.compile(r"([0-9]+)\.(?:jpg|jpeg|png)")
_DEPTH_NAMES = re.compile(r"([0-9]+)\.png")
_POSE_NAMES = re.compile(r"([0-9]+)\.txt")
_FRAME_COLOR = re.compile(r"frame-([0-9]+)\.color\.(?:jpg|jpeg|png)")
_FRAME_DEPTH = re.compile(r"frame-([0-9]+)\.depth\.(?:pgm|png)")
_FRAME_POSE = re.compile(r"frame-([0-9]+)\.pose\.txt")

Sizes = dict[str, tuple[int, int]]
"""Width and height of the sensor's images: {"color": (1296, 968), "depth": (640, 480)}."""


def find_export(folder: Path, native: Sizes) -> Recording | None:
    """Read the export in a folder or in one of its direct sub-folders, or return None where there is none.

    Args:
        folder: the scene's folder.
        native: size of the sensor's images, which the Python exporter does not write down.

    Raises:
        SceneError: an export is there but damaged.
    """
    for candidate in (folder, *(path for path in list_folder(folder) if path.is_dir())):
        if (candidate / "color").is_dir() and (candidate / "pose").is_dir():
            return read_python_export(candidate, native)
        if (candidate / "_info.txt").is_file():
            return read_cpp_export(candidate)
        if (candidate / POSED_IMAGES).is_file():
            return read_posed_images(candidate, native)
    return None


def read_python_export(folder: Path, native: Sizes) -> Recording:
    """Read ``color/``, ``pose/``, ``intrinsic/`` and, where there is one, ``depth/``. Raises SceneError."""
    colors = _numbered(folder / "color", _COLOR_NAMES)
    depths = _numbered(folder / "depth", _DEPTH_NAMES) if (folder / "depth").is_dir() else {}

    def read_intrinsic(kind: str) -> NDArray[np.float64]:
        extrinsic = folder / "intrinsic" / f"extrinsic_{kind}.txt"
        if extrinsic.exists():
            check_identity(read_matrix(extrinsic, f"extrinsic_{kind}", (4, 3)), extrinsic, f"extrinsic_{kind}")
        return read_matrix(folder / "intrinsic" / f"intrinsic_{kind}.txt", f"intrinsic_{kind}", (4, 3))

    poses = _numbered(folder / "pose", _POSE_NAMES)
    return _assemble(folder / "color", colors, depths, poses, read_intrinsic, native, UNITS_PER_M)


def read_posed_images(folder: Path, native: Sizes) -> Recording:
    """Read images, depth and poses that lie side by side; without intrinsics of its own, depth is the color camera's.

    Raises:
        SceneError: something is missing or damaged.
    """
    colors, depths, poses = (_numbered(folder, names) for names in (_JPEG_NAMES, _DEPTH_NAMES, _POSE_NAMES))

    def read_intrinsic(kind: str) -> NDArray[np.float64] | None:
        path = folder / (POSED_IMAGES if kind == "color" else f"{kind}_{POSED_IMAGES}")
        return read_matrix(path, path.stem, (4, 3)) if kind == "color" or path.is_file() else None

    return _assemble(folder, colors, depths, poses, read_intrinsic, native, UNITS_PER_M)


def read_cpp_export(folder: Path) -> Recording:
    """Read ``_info.txt`` and ``frame-*``. Raises SceneError."""
    info = folder / "_info.txt"
    entries = read_entries(info)

    def read_intrinsic(kind: str) -> NDArray[np.float64]:
        name = f"m_calibration{kind.title()}"
        extrinsic = entries.get(f"{name}Extrinsic")
        if extrinsic is not None:
            check_identity(parse_matrix(extrinsic, info, f"{name}Extrinsic"), info, f"{name}Extrinsic")
        return parse_matrix(entries.get(f"{name}Intrinsic", ""), info, f"{name}Intrinsic")

    native = {
        kind: (parse_size(entries, f"m_{kind}Width", info), parse_size(entries, f"m_{kind}Height", info))
        for kind in ("color", "depth")
    }
    units_per_m = parse_number(entries, "m_depthShift", info)
    colors, depths, poses = (_numbered(folder, names) for names in (_FRAME_COLOR, _FRAME_DEPTH, _FRAME_POSE))
    return _assemble(folder, colors, depths, poses, read_intrinsic, native, units_per_m)


def _assemble(
    source: Path,
    colors: dict[int, Path],
    depths: dict[int, Path],
    poses: dict[int, Path],
    read_intrinsic: Callable[[str], NDArray[np.float64] | None],
    native: Sizes,
    units_per_m: float,
) -> Recording:
    if not colors:
        raise SceneError(source, "color images: found none, expected at least one")
    color_camera = _camera_of(next(iter(colors.values())), read_intrinsic("color"), native["color"], "color")
    assert color_camera is not None
    depth_camera = None
    if depths:
        first = next(iter(depths.values()))
        own = _camera_of(first, read_intrinsic("depth"), native["depth"], "depth")
        depth_camera = own or depth_camera_of(first, None, color_camera)
    dropped: Counter[str] = Counter()
    frames = []
    for index, color in colors.items():
        missing = NO_POSE if index not in poses else NO_DEPTH if depths and index not in depths else None
        if missing:
            dropped[missing] += 1
            continue
        depth = None
        if depth_camera is not None:
            depth = DepthImage(depths[index], depth_camera.width, depth_camera.height, units_per_m)
        matrix = read_pose(poses[index])
        frames.append(RawFrame(index, matrix, FileSource(color), depth, index / FRAMES_PER_SECOND))
    return Recording(color_camera, depth_camera, frames, dict(dropped))


def _camera_of(first: Path, intrinsic: NDArray[np.float64] | None, native: tuple[int, int], name: str) -> Camera | None:
    if intrinsic is None:
        return None
    return fit_camera(intrinsic, native, image_size(FileSource(first), first), first, name)


def _numbered(folder: Path, names: re.Pattern[str]) -> dict[int, Path]:
    """Files of a folder whose whole name matches, by their number. Raises SceneError where a number comes twice."""
    found: dict[int, Path] = {}
    for path in list_folder(folder):
        match = names.fullmatch(path.name)
        if match is None:
            continue
        index = int(match[1])
        if index in found:
            raise SceneError(path, f"frame number: found {index} in {found[index].name} too, expected it once")
        found[index] = path
    return dict(sorted(found.items()))
