"""Scans of phones as their apps export them, unpacked.

```
keyframes/                              Polycam, "raw data"
    corrected_cameras/<time>.json       fx fy cx cy width height, t_00 ... t_23: 3 x 4; else cameras/
    corrected_images/<time>.jpg         else images/
    depth/<time>.png                    16-bit
metadata                                Record3D, an .r3d (a zip): w h, K by columns, poses [[qx qy qz qw x y z], ...],
rgbd/<number>.jpg                       and perhaps perFrameIntrinsicCoeffs [[fx fy cx cy], ...], frameTimestamps
rgbd/<number>.png                       16-bit depth, written by the user: that of the .r3d is packed by lzfse
```

Poses are camera to world with OpenGL axes, in ARKit's world: meters, y up. Confidence is not read.

Sources: github.com/PolyCam/polyform, github.com/nerfstudio-project/nerfstudio (process_data), programs that read .r3d.
"""

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.errors import SceneError
from qagen.loaders.io.axes import opencv_axes, rotation_of_quaternion
from qagen.loaders.io.poses import UNKNOWN, PosedImage
from qagen.loaders.io.text import list_folder, natural, read_json

PIXEL_CENTER = 0.5
"""Coordinate of the center of the top-left pixel: ARKit measures from the image's corner."""
IMAGES = {"corrected_cameras": "corrected_images", "cameras": "images"}
"""Polycam's folders of cameras and of their images, better ones first."""

Positive = Annotated[float, msgspec.Meta(gt=0)]
Side = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Columns = Annotated[list[float], msgspec.Meta(min_length=9, max_length=9, description="a 3 x 3 matrix by columns")]
Seven = Annotated[list[float], msgspec.Meta(min_length=7, max_length=7, description="qx qy qz qw x y z")]
Four = Annotated[list[Positive], msgspec.Meta(min_length=4, max_length=4, description="fx fy cx cy")]
_ENTRIES = [f"t_{row}{column}" for row in range(3) for column in range(4)]


class _PolycamCamera(msgspec.Struct):
    fx: Positive
    fy: Positive
    cx: Positive
    cy: Positive
    width: Side
    height: Side


class _Record3D(msgspec.Struct):
    w: Side
    h: Side
    K: Columns
    poses: list[Seven]
    perFrameIntrinsicCoeffs: list[Four] | None = None  # noqa: N815 - the file's spelling
    frameTimestamps: list[float] | None = None  # noqa: N815


def read_polycam(folder: Path) -> list[PosedImage]:
    """The frames of a ``keyframes`` folder in the order of their times. Raises SceneError where there are none."""
    cameras = next((folder / name for name in IMAGES if (folder / name).is_dir()), None)
    if cameras is None:
        raise SceneError(folder, f"found no {' or '.join(IMAGES)}, expected Polycam's raw data: its keyframes folder")
    paths = sorted((path for path in list_folder(cameras) if path.suffix == ".json"), key=lambda one: natural(one.name))
    if not paths:
        raise SceneError(cameras, "found no <time>.json, expected one a frame")
    images = folder / IMAGES[cameras.name]
    return [_polycam_frame(path, images, folder / "depth") for path in paths]


def _polycam_frame(path: Path, images: Path, depths: Path) -> PosedImage:
    lens, pose = read_json(path, _PolycamCamera), read_json(path, dict[str, object])
    numbers = [pose.get(name) for name in _ENTRIES]
    missing = [name for name, number in zip(_ENTRIES, numbers, strict=True) if not isinstance(number, int | float)]
    if missing:
        raise SceneError(path, f"{missing[0]}: found {pose.get(missing[0])!r}, expected a number")
    depth = depths / f"{path.stem}.png"
    return PosedImage(
        name=path.stem,
        image=images / f"{path.stem}.jpg",
        depth=depth if depth.is_file() else None,
        matrix=_opencv(np.vstack([np.array(numbers, np.float64).reshape(3, 4), [0, 0, 0, 1]])),
        camera=_camera(lens.fx, lens.fy, lens.cx, lens.cy, lens.width, lens.height),
        time_s=None,
    )


def read_record3d(folder: Path) -> list[PosedImage]:
    """The frames of an unpacked .r3d. Raises SceneError where ``metadata`` is damaged or its lists do not match."""
    path = folder / "metadata"
    file = read_json(path, _Record3D)
    for name in ("perFrameIntrinsicCoeffs", "frameTimestamps"):
        listed = getattr(file, name)
        if listed is not None and len(listed) != len(file.poses):
            raise SceneError(path, f"{name}: found {len(listed)} entries, expected {len(file.poses)}, one a pose")
    shared = [file.K[0], file.K[4], file.K[6], file.K[7]]
    frames: list[PosedImage] = []
    for index, pose in enumerate(file.poses):
        image, depth = (folder / "rgbd" / f"{index}.{ending}" for ending in ("jpg", "png"))
        numbers = file.perFrameIntrinsicCoeffs[index] if file.perFrameIntrinsicCoeffs else shared
        fx, fy, cx, cy = numbers
        frames.append(
            PosedImage(
                name=str(index),
                image=image,
                depth=depth if depth.is_file() else None,
                matrix=_matrix(pose, path, f"poses[{index}]"),
                camera=_camera(fx, fy, cx, cy, file.w, file.h),
                time_s=file.frameTimestamps[index] if file.frameTimestamps else None,
            )
        )
    return frames


def _matrix(pose: list[float], path: Path, where: str) -> NDArray[np.float64]:
    """(4, 4); NaN where tracking was lost. Raises SceneError."""
    if not np.isfinite(pose).all() or not any(pose[:4]):
        return UNKNOWN
    matrix = np.eye(4)
    try:
        matrix[:3, :3], matrix[:3, 3] = rotation_of_quaternion(pose[0], pose[1], pose[2], pose[3]), pose[4:]
    except ValueError as error:
        raise SceneError(path, f"{where}: {error}, expected qx qy qz qw x y z") from error
    return _opencv(matrix)


def _opencv(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 4) camera to world with OpenCV's axes from one with OpenGL's."""
    matrix[:3, :3] = opencv_axes(matrix[:3, :3])
    return matrix


def _camera(fx: float, fy: float, cx: float, cy: float, width: int, height: int) -> Camera:
    return Camera(fx, fy, cx - PIXEL_CENTER, cy - PIXEL_CENTER, width, height)
