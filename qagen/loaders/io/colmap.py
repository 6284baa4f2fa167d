"""COLMAP's text files: cameras.txt and images.txt (colmap.github.io/format.html).

``images.txt`` holds two lines an image: ``id qw qx qy qz tx ty tz camera_id name``, a world-to-camera transform with
OpenCV axes, and a line of its 2D points, which may be empty and is passed over. Pixel coordinates have the top-left
corner of the image at (0, 0), so the center of its first pixel at (0.5, 0.5): half a pixel is taken off here.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scale import scaled_frame
from qagen.core.scene import Frame
from qagen.errors import SceneError
from qagen.loaders.io.text import parse_float, whole

MAX_SIDE_PX = 16384
MAX_LINE_CHARS = 1 << 24
"""The points of an image are a line: about 30 characters for each of some ten thousand."""
_ONE_FOCAL = {"SIMPLE_PINHOLE": 3, "SIMPLE_RADIAL": 4, "RADIAL": 5}
_MODELS = _ONE_FOCAL | {"PINHOLE": 4, "OPENCV": 8, "FULL_OPENCV": 12}
"""Camera models that can be read, and how many parameters they have: f or fx and fy, cx, cy, distortion."""
MIN_DISTORTION = 4
"""OpenCV wants k1, k2, p1 and p2 at least."""


MIDDLE_PERCENT, EXTENT = (10, 90), 10.0
"""Percentiles of camera positions along each axis, and the length of the box between them in COLMAP's own scenes."""


def in_unit_of_colmap(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Frames of unknown scale in the unit that COLMAP itself chooses, or as they are where no camera moves.

    COLMAP makes the box around the middle 80 % of its cameras 10 units long from corner to corner. Programs that use
    its poses multiply them as they like; what is asked must not hang on that.
    """
    if len(frames) < 2:
        return tuple(frames)
    centers = np.array([frame.world_from_camera.translation for frame in frames])
    low, high = np.percentile(centers, MIDDLE_PERCENT, axis=0)
    length = math.dist(low, high)
    return tuple(scaled_frame(frame, EXTENT / length) for frame in frames) if length > 0 else tuple(frames)


@dataclass(frozen=True, slots=True)
class ColmapCamera:
    """One camera of a model."""

    camera: Camera
    """Pinhole part of the camera."""
    distortion: tuple[float, ...]
    """k1, k2, p1, p2 and maybe k3 to k6 as OpenCV has them; zeros for a pinhole."""


@dataclass(frozen=True, slots=True, eq=False)
class ColmapImage:
    """One registered image."""

    name: str
    """The file's name of the image, maybe with folders: never a path to open."""
    camera_id: int
    """Key of its camera."""
    world_from_camera: Pose | None
    """Meters where the model is, OpenCV camera axes; None where the file says that it is not known."""


def read_cameras(path: Path) -> dict[int, ColmapCamera]:
    """Cameras by id. Raises SceneError."""
    cameras: dict[int, ColmapCamera] = {}
    for where, words in _lines(path, skip_points=False):
        if len(words) < 4 or words[1] not in _MODELS:
            expected = f"'id MODEL width height …' with one of {', '.join(_MODELS)}; undistort images of other lenses"
            raise SceneError(path, f"{where}: found {' '.join(words[:4])!r}, expected {expected}")
        numbers = _numbers(path, where, [words[0], *words[2:]])
        if len(numbers) != 3 + _MODELS[words[1]]:
            found = f"{len(numbers) - 3} parameters of {words[1]}"
            raise SceneError(path, f"{where}: found {found}, expected {_MODELS[words[1]]}")
        if not np.isfinite(numbers).all():
            raise SceneError(path, f"{where}: found a number that is not finite, expected finite ones")
        cameras[whole(numbers[0], path, f"{where}: id")] = _camera(path, where, words[1], numbers[1:])
    if not cameras:
        raise SceneError(path, "cameras: found none, expected at least one")
    return cameras


def _camera(path: Path, where: str, model: str, numbers: NDArray[np.float64]) -> ColmapCamera:
    width, height = (whole(side, path, f"{where}: size") for side in numbers[:2])
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise SceneError(path, f"{where}: found {width} x {height} pixels, expected sides of 1 to {MAX_SIDE_PX}")
    parameters = [float(number) for number in numbers[2:]]
    if model in _ONE_FOCAL:
        parameters.insert(1, parameters[0])
    fx, fy, cx, cy, *distortion = parameters
    distortion += [0.0] * (MIN_DISTORTION - len(distortion))
    return ColmapCamera(Camera(fx, fy, cx - 0.5, cy - 0.5, width, height), tuple(distortion))


def read_images(path: Path) -> list[ColmapImage]:
    """Registered images in the order of the file. Raises SceneError."""
    images: list[ColmapImage] = []
    for where, words in _lines(path, skip_points=True):
        if len(words) < 10:
            expected = "'id qw qx qy qz tx ty tz camera_id name' and a line of points below"
            raise SceneError(path, f"{where}: found {len(words)} words, expected {expected}")
        numbers = _numbers(path, where, words[:9])
        camera_id = whole(numbers[8], path, f"{where}: camera_id")
        images.append(ColmapImage(" ".join(words[9:]), camera_id, _pose(path, where, numbers[1:8])))
    if not images:
        raise SceneError(path, "images: found none, expected at least one")
    return images


def _pose(path: Path, where: str, numbers: NDArray[np.float64]) -> Pose | None:
    """World from camera of qw qx qy qz tx ty tz, which are camera from world; None where tracking was lost."""
    if not np.isfinite(numbers).all() or not numbers[:4].any():
        return None
    return Pose(_rotation(path, where, numbers[:4]), numbers[4:]).inverse()


def _rotation(path: Path, where: str, quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) of a unit quaternion w, x, y, z."""
    length = math.hypot(*quaternion)
    if abs(length - 1) > 1e-3:
        raise SceneError(path, f"{where}: found a quaternion of length {length:.3g}, expected 1")
    w, x, y, z = quaternion / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _lines(path: Path, skip_points: bool) -> Iterator[tuple[str, list[str]]]:
    """ "line 5" and its words; comments and, where asked for, the line after each line of words are passed over."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = enumerate(iter(lambda: file.readline(MAX_LINE_CHARS), ""), start=1)
            for number, line in lines:
                if len(line) == MAX_LINE_CHARS:
                    raise SceneError(path, f"line {number}: found over {MAX_LINE_CHARS} characters, expected less")
                words = line.split()
                if not words or words[0].startswith("#"):
                    continue
                yield f"line {number}", words
                if skip_points:
                    next(lines, None)
    except (OSError, UnicodeDecodeError) as error:
        raise SceneError(path, f"cannot be read ({error})") from error


def _numbers(path: Path, where: str, words: list[str]) -> NDArray[np.float64]:
    try:
        return np.array([parse_float(word) for word in words])
    except ValueError as error:
        raise SceneError(path, f"{where}: {error}, expected numbers") from error
