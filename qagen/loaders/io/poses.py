"""Frames as other tools write them: nerfstudio's transforms.json, TUM RGB-D lists, 7-Scenes folders.

```
transforms.json                         nerfstudio: intrinsics, and per frame file_path, transform_matrix (OpenGL,
                                        camera to world), depth_file_path
rgb.txt depth.txt groundtruth.txt       TUM RGB-D: "time file" and "time tx ty tz qx qy qz qw" (OpenCV, camera to world)
frame-000000.{color.png,depth.png,pose.txt}   7-Scenes: 4 x 4 camera to world (OpenCV)
```

Sources: docs.nerf.studio (data conventions), the file formats of the TUM RGB-D benchmark (Sturm et al., 2012) and of
7-Scenes (Shotton et al., 2013).
"""

from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.errors import SceneError
from qagen.loaders.io.axes import OPENCV_FROM_OPENGL, rotation_of_quaternion
from qagen.loaders.io.text import inside, list_folder, parse_matrix, read_json, read_text

TUM_MAX_GAP_S = 0.02
"""Pictures, depth and poses farther apart in time do not belong together (the benchmark's own choice)."""
NERFSTUDIO_PIXEL_CENTER = 0.5
"""Its intrinsics come from COLMAP, where the top-left pixel's center is (0.5, 0.5)."""
MAX_LIST_BYTES = 1 << 26
DISTORTION = ("k1", "k2", "k3", "k4", "p1", "p2")
PINHOLES = ("PINHOLE", "SIMPLE_PINHOLE", "OPENCV")


@dataclass(frozen=True, slots=True, eq=False)
class PosedImage:
    """A frame in the file's own units and world, with OpenCV camera axes."""

    id: str
    """Name of the frame, not yet made safe for ids."""
    image: Path
    """Color image."""
    depth: Path | None
    """Depth image."""
    matrix: NDArray[np.float64]
    """(4, 4) camera to world; not finite where the pose is unknown."""
    camera: Camera | None
    """Of the color image, where the file has it; pixel centers at integers."""
    time_s: float | None
    """Seconds, where the file has them."""


class _Intrinsics(msgspec.Struct, kw_only=True):
    fl_x: float | None = None
    fl_y: float | None = None
    cx: float | None = None
    cy: float | None = None
    w: int | None = None
    h: int | None = None


class _NerfstudioFrame(_Intrinsics):
    file_path: str
    transform_matrix: list[list[float]]
    depth_file_path: str | None = None


class _NerfstudioFile(_Intrinsics):
    frames: list[_NerfstudioFrame]
    camera_model: str = "OPENCV"
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    p1: float = 0.0
    p2: float = 0.0


def read_nerfstudio(folder: Path, path: Path) -> list[PosedImage]:
    """The frames of a transforms.json whose images lie below ``folder``.

    Raises:
        SceneError: it is damaged, its images are distorted, or its intrinsics are incomplete.
    """
    told = read_json(path, _NerfstudioFile)
    bent = {name: getattr(told, name) for name in DISTORTION if getattr(told, name)}
    if bent or told.camera_model not in PINHOLES:
        found = ", ".join(f"{name} = {value:g}" for name, value in bent.items()) or told.camera_model
        raise SceneError(
            path, f"camera_model: found {found}, expected undistorted pinhole images; undistort them first"
        )
    return [_nerfstudio_frame(folder, path, told, shot, index) for index, shot in enumerate(told.frames)]


def _nerfstudio_frame(
    folder: Path, path: Path, told: _NerfstudioFile, shot: _NerfstudioFrame, index: int
) -> PosedImage:
    where = f"frames[{index}]"
    matrix = np.array([row for row in shot.transform_matrix if len(row) == 4], dtype=np.float64)
    if matrix.shape not in ((4, 4), (3, 4)):
        raise SceneError(path, f"{where}.transform_matrix: found no 4 x 4 matrix, expected one")
    full = np.eye(4)
    full[: len(matrix)] = matrix
    full[:3, :3] = full[:3, :3] @ OPENCV_FROM_OPENGL
    depth = shot.depth_file_path
    return PosedImage(
        id=Path(shot.file_path).stem,
        image=inside(folder, shot.file_path, path, f"{where}.file_path"),
        depth=None if depth is None else inside(folder, depth, path, f"{where}.depth_file_path"),
        matrix=full,
        camera=_nerfstudio_camera(path, told, shot, where),
        time_s=None,
    )


def _nerfstudio_camera(path: Path, told: _NerfstudioFile, shot: _NerfstudioFrame, where: str) -> Camera:
    values = {}
    for name in ("fl_x", "fl_y", "cx", "cy", "w", "h"):
        own = getattr(shot, name)
        values[name] = getattr(told, name) if own is None else own
    missing = [name for name, value in values.items() if value is None]
    if missing == ["fl_y"]:
        values["fl_y"] = values["fl_x"]
    elif missing:
        raise SceneError(path, f"{where}: found no {missing[0]} for the frame or the file, expected one of them")
    center = NERFSTUDIO_PIXEL_CENTER
    return Camera(
        values["fl_x"], values["fl_y"], values["cx"] - center, values["cy"] - center, values["w"], values["h"]
    )


def read_tum(folder: Path) -> list[PosedImage]:
    """The frames of a TUM RGB-D folder: each picture with the depth and the pose that are nearest in time.

    Pictures without a pose within 20 ms get one that is not finite; those without depth have none.

    Raises:
        SceneError: a list is missing or damaged.
    """
    pictures = _read_list(folder / "rgb.txt", 1)
    depths = _read_list(folder / "depth.txt", 1)
    poses = _read_list(folder / "groundtruth.txt", 7)
    return [_tum_frame(folder, time_s, words[0], depths, poses) for time_s, words in pictures]


_Timed = list[tuple[float, list[str]]]


def _tum_frame(folder: Path, time_s: float, name: str, depths: _Timed, poses: _Timed) -> PosedImage:
    depth, pose = _nearest(depths, time_s), _nearest(poses, time_s)
    matrix = np.full((4, 4), np.nan)
    if pose is not None:
        matrix = _tum_matrix(pose, folder / "groundtruth.txt")
    return PosedImage(
        id=Path(name).stem,
        image=inside(folder, name, folder / "rgb.txt", f"file at {time_s:.6f}"),
        depth=None if depth is None else inside(folder, depth[0], folder / "depth.txt", f"file near {time_s:.6f}"),
        matrix=matrix,
        camera=None,
        time_s=time_s,
    )


def _tum_matrix(words: list[str], path: Path) -> NDArray[np.float64]:
    try:
        values = [float(word) for word in words]
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = rotation_of_quaternion(*values[3:]), values[:3]
    except ValueError as error:
        raise SceneError(path, f"pose {' '.join(words)[:80]!r}: {error}, expected tx ty tz qx qy qz qw") from error
    return matrix


def _nearest(entries: _Timed, time_s: float) -> list[str] | None:
    after = bisect_left(entries, time_s, key=lambda entry: entry[0])
    gap_s, words = min(((abs(time - time_s), words) for time, words in entries[max(after - 1, 0) : after + 1]))
    return words if gap_s <= TUM_MAX_GAP_S else None


def _read_list(path: Path, count: int) -> _Timed:
    """Lines "time word ...", comments aside, in time order. Raises SceneError."""
    entries: _Timed = []
    for number, line in enumerate(read_text(path, MAX_LIST_BYTES).splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            time_s = float(words[0])
        except ValueError:
            time_s = np.nan
        if len(words) != count + 1 or not np.isfinite(time_s):
            raise SceneError(path, f"line {number}: found {line[:80]!r}, expected a time and {count} more words")
        entries.append((time_s, words[1:]))
    if not entries:
        raise SceneError(path, "found no entries, expected at least one")
    return sorted(entries)


def read_7scenes(folder: Path) -> list[PosedImage]:
    """The frames of a 7-Scenes folder, in the order of their numbers. Raises SceneError."""
    frames = []
    for image in (path for path in list_folder(folder) if path.name.endswith(".color.png")):
        stem = image.name.removesuffix(".color.png")
        pose, depth = folder / f"{stem}.pose.txt", folder / f"{stem}.depth.png"
        matrix = parse_matrix(read_text(pose), pose, "pose")
        frames.append(PosedImage(stem, image, depth if depth.is_file() else None, matrix, None, None))
    if not frames:
        raise SceneError(folder, "found no frame-*.color.png, expected some")
    return frames
