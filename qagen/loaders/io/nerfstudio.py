"""transforms.json, as nerfstudio, instant-ngp, Blender exports of NeRF scenes and DL3DV have it.

```
{
    "camera_model": "OPENCV", "k1": 0.05, ...         the lens, for all frames or in each
    "fl_x": 1375.5, "fl_y": 1374.5, "cx": 554.6, "cy": 965.3, "w": 1080.0, "h": 1920.0
    "camera_angle_x": 0.748                           or only this: radians across the width, center in the middle
    "frames": [{"file_path": "./train/r_0", "transform_matrix": [[...], ...], "depth_file_path": ...}, ...]
}
```

* A frame's own numbers go before those of the file. Poses are camera to world, OpenGL axes.
* Intrinsics are of images of w x h pixels; they are scaled to the image that is found. Where ``images/`` is not there,
  its smaller copies ``images_2``, ``images_4`` and ``images_8`` are taken, largest first.
* A path without an ending is that of a .png, .jpg or .jpeg.
* What serves training alone is passed over: aabb_scale, scale, offset, sharpness, orientation_override, masks, point
  clouds, and applied_transform and applied_scale, which are in the poses already.

Sources: docs.nerf.studio (data conventions), github.com/NVlabs/instant-ngp (src/nerf_loader.cu, scripts).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import FileSource
from qagen.errors import SceneError
from qagen.loaders.io.axes import is_lost, opencv_axes
from qagen.loaders.io.images import image_size
from qagen.loaders.io.lens import read_lens
from qagen.loaders.io.poses import UNKNOWN, PosedImage, stem_of
from qagen.loaders.io.text import convert_json, inside, natural, read_unique_json, whole

PIXEL_CENTER = 0.5
"""Coordinate of the center of the top-left pixel, as in COLMAP, where intrinsics come from."""
MAX_SIDE_PX = 100_000
MAX_MISSING = 0.5
"""Share of the listed images that may be missing; where there are more, the download or the paths are wrong."""
ENDINGS = ("", ".png", ".jpg", ".jpeg", ".PNG", ".JPG", ".JPEG")
COPIES = ("images", "images_2", "images_4", "images_8")
"""Folders of an image in several sizes, largest first."""
_STAMPS = ("timestamp", "time")
"""Keys of a frame's time, in whatever unit."""
_OTHER_POSES = {
    "from_mitsuba": "poses in the axes of cameras that look along -z",
    "from_na": "poses in the axes of cameras that look along -z",
    "rolling_shutter": "one pose a frame; export undistorted images of a global shutter",
    "transform_matrix_start": "one transform_matrix a frame",
}
"""Keys of poses that mean something else, and what is expected instead."""


class _Intrinsics(msgspec.Struct, kw_only=True):
    fl_x: float | None = None
    fl_y: float | None = None
    cx: float | None = None
    cy: float | None = None
    w: float | None = None
    h: float | None = None
    camera_angle_x: float | None = None
    camera_angle_y: float | None = None
    x_fov: float | None = None
    y_fov: float | None = None


_NUMBERS = _Intrinsics.__struct_fields__


class _Frame(_Intrinsics):
    file_path: str
    transform_matrix: list[list[float | None]] | None = None
    depth_file_path: str | None = None
    depth_path: str | None = None
    """instant-ngp's name of depth_file_path."""


class _File(_Intrinsics):
    frames: list[_Frame]


def read_nerfstudio(folder: Path, path: Path) -> list[PosedImage]:
    """The frames of a transforms.json whose images lie below ``folder``; those whose image is missing have no camera.

    They are in the order of their times where all have one, else of their names: the file's own order is COLMAP's.

    Raises:
        SceneError: it is damaged, its lens cannot be undone, its intrinsics are incomplete or of images of another
            shape, or most images are missing.
    """
    content = read_unique_json(path, dict[str, Any])
    transforms = convert_json(content, _File, path)
    told: list[dict[str, Any]] = content["frames"]
    shared = {key: value for key, value in content.items() if key != "frames"}
    read_lens(shared, path, "camera")
    images = [
        _read_frame(folder, path, transforms, frame, shared | told[index], f"frames[{index}]")
        for index, frame in enumerate(transforms.frames)
    ]
    _check_missing(images, path)
    stamps = _stamps(told)
    return [images[k] for k in sorted(range(len(images)), key=lambda k: (stamps[k], natural(images[k].name)))]


def _read_frame(
    folder: Path, path: Path, shared: _Intrinsics, frame: _Frame, told: Mapping[str, Any], where: str
) -> PosedImage:
    for key, expected in _OTHER_POSES.items():
        value = told.get(key)
        if value and value != [0] * 4:
            raise SceneError(path, f"{where}: found {key} = {str(value)[:60]}, expected {expected}")
    image = find_image(folder, frame.file_path, path, f"{where}.file_path")
    depth = frame.depth_file_path or frame.depth_path
    numbers = {key: value for key, value in msgspec.structs.asdict(shared).items() if key in _NUMBERS}
    numbers |= {key: value for key in _NUMBERS if (value := getattr(frame, key)) is not None}
    is_copy = image.parent != inside(folder, frame.file_path, path, where).parent
    return PosedImage(
        name=stem_of(frame.file_path),
        image=image,
        depth=inside(folder, depth, path, f"{where}.depth_file_path") if depth else None,
        matrix=_matrix(frame, path, where),
        camera=_camera(path, numbers, where, image, is_copy) if image.is_file() else None,
        time_s=None,
        lens=read_lens(told, path, where),
    )


def find_image(folder: Path, name: str, source: Path, field: str) -> Path:
    """The image that a file names, or the largest of its copies; the path as it stands where there is none."""
    named = inside(folder, name, source, field)
    places = [place for copy in _copies(named.relative_to(folder).parts) for place in _endings(folder.joinpath(*copy))]
    return next((place for place in [*_endings(named), *places] if place.is_file()), named)


def _endings(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ENDINGS]


def _copies(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The path with its one folder of images exchanged for each of the others; nothing where there is none or two."""
    at = [k for k, part in enumerate(parts[:-1]) if part in COPIES]
    if len(at) == 1:
        yield from ((*parts[: at[0]], copy, *parts[at[0] + 1 :]) for copy in COPIES)


def _check_missing(images: Sequence[PosedImage], path: Path) -> None:
    """Raise SceneError where most images are missing."""
    missing = [image.image for image in images if not image.image.is_file()]
    if len(missing) > MAX_MISSING * len(images):
        found = f"{len(images) - len(missing)} of {len(images)} images"
        raise SceneError(path, f"frames: found {found}, expected at least half; {missing[0]} is missing")


def _stamps(frames: Sequence[dict[str, Any]]) -> list[float]:
    """The frames' times; zeros where not all have one."""
    for key in _STAMPS:
        times = [frame.get(key) for frame in frames]
        if all(isinstance(time, int | float) and math.isfinite(time) for time in times):
            return times  # pyright: ignore[reportReturnType] - numbers, as the line above says
    return [0.0] * len(frames)


def _matrix(frame: _Frame, path: Path, where: str) -> NDArray[np.float64]:
    """(4, 4) camera to world with OpenCV axes; NaN where the frame has none."""
    if not frame.transform_matrix:
        return UNKNOWN
    rows = np.array([row for row in frame.transform_matrix if len(row) == 4], dtype=np.float64)
    if rows.shape not in ((4, 4), (3, 4)):
        sides = " + ".join(str(len(row)) for row in frame.transform_matrix)
        expected = "4 (or 3) rows of 4, camera to world"
        raise SceneError(path, f"{where}.transform_matrix: found rows of {sides} numbers, expected {expected}")
    matrix = np.eye(4)
    matrix[: len(rows)] = rows
    matrix[:3, :3] = opencv_axes(matrix[:3, :3])
    if not is_lost(matrix):
        try:
            Pose.from_matrix(matrix)
        except ValueError as error:
            raise SceneError(path, f"{where}.transform_matrix: {error}") from error
    return matrix


def _camera(path: Path, told: Mapping[str, float | None], where: str, image: Path, is_copy: bool) -> Camera:
    """The camera of an image as it is found. Raises SceneError."""
    actual = image_size(FileSource(image), image)
    size = _size(path, told, where)
    if size is None and is_copy:
        raise SceneError(path, f"{where}: found no w and h, expected those of {COPIES[0]}/, because {image} is smaller")
    width, height = size or actual
    _check_shape(image, actual, (width, height), is_copy)
    fx, fy = _focal(path, told, where, "x", width), _focal(path, told, where, "y", height)
    if fx is None and fy is None:
        expected = "one of them for the frame or the file"
        raise SceneError(path, f"{where}: found no fl_x and no camera_angle_x, expected {expected}")
    cx, cy = told["cx"], told["cy"]
    camera = Camera(
        fx=fx or fy or 0.0,
        fy=fy or fx or 0.0,
        cx=(width / 2 if cx is None else cx) - PIXEL_CENTER,
        cy=(height / 2 if cy is None else cy) - PIXEL_CENTER,
        width=width,
        height=height,
    )
    return camera if actual == (width, height) else camera.scaled(*actual)


def _size(path: Path, told: Mapping[str, float | None], where: str) -> tuple[int, int] | None:
    """Width and height of the images that intrinsics are of, where the file has them. Raises SceneError."""
    width, height = told["w"], told["h"]
    if width is None and height is None:
        return None
    if width is None or height is None:
        raise SceneError(path, f"{where}: found w = {width} and h = {height}, expected both or none")
    sides = whole(width, path, f"{where}: w"), whole(height, path, f"{where}: h")
    if not all(0 < side <= MAX_SIDE_PX for side in sides):
        found = f"w = {sides[0]} and h = {sides[1]}"
        raise SceneError(path, f"{where}: found {found}, expected sides of 1 to {MAX_SIDE_PX} pixels")
    return sides


def _focal(path: Path, told: Mapping[str, float | None], where: str, axis: str, side: int) -> float | None:
    """Focal length, pixels, told as such or by the angle across the image. Raises SceneError."""
    focal, angle, degrees = told[f"fl_{axis}"], told[f"camera_angle_{axis}"], told[f"{axis}_fov"]
    if focal is None:
        angle = math.radians(degrees) if angle is None and degrees is not None else angle
        if angle is None:
            return None
        focal = side / 2 / math.tan(angle / 2) if 0 < angle < math.pi else math.nan
    if not (math.isfinite(focal) and focal > 0):
        raise SceneError(path, f"{where}: found a focal length of {focal:g} pixels along {axis}, expected one above 0")
    return focal


def _check_shape(image: Path, actual: tuple[int, int], told: tuple[int, int], is_copy: bool) -> None:
    """Raise SceneError unless an image is that of its camera at another size; copies are a whole number smaller.

    An image that COLMAP has undistorted is of nearly the same shape, and would get a wrong scale.
    """
    (width, height), found = told, f"{actual[0]} x {actual[1]} pixels"
    if is_copy:
        step = max(1, round(width / actual[0]))
        if max(abs(actual[0] - width / step), abs(actual[1] - height / step)) <= 1:
            return
        expected = f"{width} x {height} divided by a whole number; were its pixels cut or undistorted?"
        raise SceneError(image, f"image: found {found}, expected {expected}")
    if abs(actual[0] * height - actual[1] * width) > max(told):
        hint = "; turn the pixels themselves where a note (EXIF orientation) does" if actual == told[::-1] else ""
        raise SceneError(image, f"image: found {found}, expected the shape of {width} x {height} pixels{hint}")
