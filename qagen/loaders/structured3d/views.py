"""The perspective views of a Structured3D house: cameras, images, depth."""

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import INVALID_POSE, NO_IMAGE, NO_POSE
from qagen.core.scene import FileSource, Frame
from qagen.errors import SceneError
from qagen.loaders.io.depth_kind import RayDepth, measure_flatness
from qagen.loaders.io.images import image_size
from qagen.loaders.io.rgbd import DepthImage
from qagen.loaders.io.text import list_folder, parse_numbers, read_text

UNITS_PER_M = 1000.0
DEPTH_SAMPLES = 8
"""Number of depth images that decide whether they hold z or the length of the ray."""
FOCAL_DECIMALS = 9
"""Decimals of focal lengths in pixels; math libraries differ in the last digit of a tangent."""
_NEEDED = {"rgb_rawlight.png": NO_IMAGE, "camera_pose.txt": NO_POSE}
"""Files without which a view is left out, and the reason."""
_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True, eq=False)
class PerspectiveView:
    """One position in one room."""

    folder: Path
    """Where its images are."""
    room: str
    """Id of the room."""
    frame: Frame
    """Color, depth and camera."""

    @property
    def ids(self) -> Path:
        """Which box each pixel shows."""
        return self.folder / "instance.png"

    @property
    def classes(self) -> Path:
        """Which class each pixel has."""
        return self.folder / "semantic.png"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of all images of the view, pixels."""
        return self.frame.camera.width, self.frame.camera.height


def read_views(rendering: Path, dropped: Counter[str]) -> list[PerspectiveView]:
    """All views of furnished rooms, room by room; those left out are counted by reason.

    Args:
        rendering: the folder ``2D_rendering`` of a house.

    Raises:
        SceneError: a file is missing or damaged.
    """
    views: list[PerspectiveView] = []
    rooms = [room for room in _numbered(rendering) if (room / "perspective" / "full").is_dir()]
    positions = [(room.name, position) for room in rooms for position in _numbered(room / "perspective" / "full")]
    for room, folder in positions:
        missing = [reason for name, reason in _NEEDED.items() if not (folder / name).is_file()]
        if missing:
            dropped[missing[0]] += 1
            continue
        frame = _read_frame(folder, f"{room}_{folder.name}", float(len(views)))
        if frame is None:
            dropped[INVALID_POSE] += 1
        else:
            views.append(PerspectiveView(folder, room, frame))
    with_depth = [view.frame for view in views if view.frame.depth is not None]
    chosen = with_depth[:: max(1, len(with_depth) // DEPTH_SAMPLES)]
    flatness = measure_flatness((frame.depth.read_m(), frame.camera) for frame in chosen if frame.depth is not None)
    if not flatness.is_ray:
        return views
    return [
        replace(view, frame=replace(view.frame, depth=RayDepth(view.frame.depth, view.frame.camera)))
        if view.frame.depth is not None
        else view
        for view in views
    ]


def _numbered(folder: Path) -> list[Path]:
    paths = [path for path in list_folder(folder) if _NUMBER.fullmatch(path.name)]
    return sorted(paths, key=lambda path: int(path.name))


def _read_frame(folder: Path, name: str, time_s: float) -> Frame | None:
    color = FileSource(folder / "rgb_rawlight.png")
    path = folder / "camera_pose.txt"
    numbers = parse_numbers(read_text(path), path, "camera", (12, 11, 0))  # the last is always 1
    if not len(numbers) or not np.isfinite(numbers).all():
        return None
    half = numbers[9:11]
    if not ((half > 0) & (half < np.pi / 2)).all():
        found = f"half angles of view {half.tolist()}"
        raise SceneError(path, f"camera: found {found}, expected radians between 0 and {np.pi / 2:.4f}")
    size = width, height = image_size(color, color.path)
    fx, fy = (round(float(focal), FOCAL_DECIMALS) for focal in np.array(size) / 2 / np.tan(half))
    # the middle of the image lies between its two middle pixels
    camera = Camera(fx=fx, fy=fy, cx=(width - 1) / 2, cy=(height - 1) / 2, width=width, height=height)
    try:
        pose = look(numbers[:3] / UNITS_PER_M, numbers[3:6], numbers[6:9])
    except ValueError:  # counted by the caller
        return None
    depth = None
    if (folder / "depth.png").is_file():
        depth = DepthImage(folder / "depth.png", camera.width, camera.height, UNITS_PER_M)
    return Frame(name, color, depth, camera, camera if depth else None, pose, time_s)


def look(eye: NDArray[np.float64], direction: NDArray[np.float64], up: NDArray[np.float64]) -> Pose:
    """World from camera of a camera at ``eye``, meters. Raises ValueError when two of the vectors are parallel."""
    forward = _unit(direction)
    right = _unit(np.cross(forward, _unit(up)))
    rotation = np.stack([right, np.cross(forward, right), forward], axis=1)
    return Pose.from_matrix(np.hstack([rotation, eye[:, None]]))


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = math.hypot(*vector)
    if not 1e-6 < length < np.inf:
        raise ValueError(f"a direction of length {length:g}")
    return vector / length
