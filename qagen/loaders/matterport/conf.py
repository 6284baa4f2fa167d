"""``undistorted_camera_parameters/<scan>.conf``: the images of a Matterport3D scan and their cameras::

    dataset matterport
    n_images 1800
    depth_directory undistorted_depth_images
    color_directory undistorted_color_images
    intrinsics_matrix <fx> 0 <cx>  0 <fy> <cy>  0 0 1                holds for the scan lines that follow
    scan <viewpoint>_d<camera>_<yaw>.png <viewpoint>_i<camera>_<yaw>.jpg <16 numbers, camera to world, row by row>

Numbers are handed over as the file has them: cameras that look along -z with y up, pixels from the bottom left.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.text import check_unique
from qagen.loaders.matterport.lines import Command, read_commands

_COLOR_NAME = re.compile(r"([0-9A-Za-z-]+)_i([0-9])_([0-9])\.(?:jpg|png)")
_FOLDER_NAME = re.compile(r"[0-9A-Za-z_-]+")
_WORDS_OF_SCAN = 19


@dataclass(frozen=True, slots=True, eq=False)
class ListedImage:
    """One image as it is listed."""

    viewpoint: str
    """Name of the position of the tripod."""
    camera: int
    """0 looks up, 1 straight ahead, 2 down."""
    color: str
    """File name of the color image."""
    depth: str
    """File name of the depth image."""
    intrinsic: NDArray[np.float64]
    """(3, 3), pixels from the bottom left."""
    pose: NDArray[np.float64]
    """(4, 4) camera to world, meters, the camera looking along -z with y up; may be no rigid transform."""


@dataclass(frozen=True, slots=True)
class CameraList:
    """All images of a scan."""

    color_folder: str
    """Folder of the color images beside the file's own."""
    depth_folder: str
    """Folder of the depth images."""
    images: list[ListedImage]
    """Images in the file's order."""


def read_conf(path: Path) -> CameraList:
    """Read the file.

    Raises:
        SceneError: it is missing or damaged, has fewer or more images than it says, or names a file elsewhere.
    """
    folders = {"color_directory": "undistorted_color_images", "depth_directory": "undistorted_depth_images"}
    images: list[ListedImage] = []
    intrinsic, count = None, None
    for line in read_commands(path):
        match line.words[0]:
            case "n_images":
                line.check_count(2)
                count = line.integer(1)
            case "color_directory" | "depth_directory":
                line.check_count(2)
                if not _FOLDER_NAME.fullmatch(line.words[1]):
                    raise line.error(f"found {line.words[1][:80]!r}, expected the name of a folder of the scan")
                folders[line.words[0]] = line.words[1]
            case "intrinsics_matrix":
                intrinsic = _intrinsic(line)
            case "scan":
                images.append(_listed_image(line, intrinsic))
    if count != len(images) or not images:
        said = "no n_images" if count is None else f"n_images {count}"
        raise SceneError(path, f"scan lines: found {len(images)}, expected as many as n_images says ({said})")
    check_unique((image.color for image in images), path, "scan lines")
    return CameraList(folders["color_directory"], folders["depth_directory"], images)


def _intrinsic(line: Command) -> NDArray[np.float64]:
    matrix = line.floats(1, 9).reshape(3, 3)
    if matrix[[0, 1, 2, 2, 2], [1, 0, 0, 1, 2]].tolist() != [0, 0, 0, 0, 1]:
        raise line.error(f"found {' '.join(line.words[1:10])[:120]!r}, expected fx 0 cx 0 fy cy 0 0 1")
    if not np.isfinite(matrix).all() or min(matrix[0, 0], matrix[1, 1]) <= 0:
        raise line.error(f"found fx {matrix[0, 0]:g}, fy {matrix[1, 1]:g}, expected finite numbers above 0")
    return matrix


def _listed_image(line: Command, intrinsic: NDArray[np.float64] | None) -> ListedImage:
    if intrinsic is None:
        raise line.error("found no intrinsics_matrix before it, expected one")
    line.check_count(_WORDS_OF_SCAN)
    depth, color = line.words[1:3]
    parts = _COLOR_NAME.fullmatch(color)
    if parts is None:
        raise line.error(f"found {color[:80]!r}, expected <viewpoint>_i<camera>_<yaw>.jpg")
    expected = f"{parts[1]}_d{parts[2]}_{parts[3]}.png"
    if depth != expected:
        raise line.error(f"found {depth[:80]!r}, expected {expected} beside {color}")
    return ListedImage(parts[1], int(parts[2]), color, depth, intrinsic, line.floats(3, 16).reshape(4, 4))
