"""A posed RGB-D recording as it lies on disk, before a loader aligns it: what a reader hands to its loader."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import INVALID_POSE
from qagen.core.scene import DepthSource, Frame, ImageSource
from qagen.errors import SceneError
from qagen.loaders.io.axes import valid_pose
from qagen.loaders.io.images import read_pixels

ASPECT_TOLERANCE = 0.02
"""1296x968 shrunk to 640x480 changes the aspect by 0.4 %; a crop to a square changes it by 25 %."""
OFF_CENTER_TOLERANCE = 0.1
"""How far a principal point may lie from the image center, as a fraction of the image."""
IDENTITY_TOLERANCE = 1e-3
FRAMES_PER_SECOND = 30.0
"""The rate of the sensor, for recordings without usable time stamps."""


@dataclass(frozen=True, slots=True, eq=False)
class RawFrame:
    """One frame with the pose as it was recorded, which may be invalid."""

    index: int
    """Number of the frame in the original recording."""
    pose: NDArray[np.float64]
    """(4, 4) camera-to-world in the recording's own world, meters; not finite where tracking was lost."""
    color: ImageSource
    """Color image."""
    depth: DepthSource | None
    """Depth image, or None when the recording has none."""
    time_s: float
    """Seconds since the start of the recording."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """All frames of a scan and the two cameras that took them."""

    color_camera: Camera
    """Pinhole of every color image."""
    depth_camera: Camera | None
    """Pinhole of every depth image; None when there is no depth."""
    frames: list[RawFrame]
    """Frames by index."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Frames left out, reason to count."""


def posed_frames(recording: Recording, world_from_recording: Pose, dropped: Counter[str]) -> tuple[Frame, ...]:
    """The frames with a valid pose, in a world; the others are counted."""
    dropped.update(recording.dropped)
    frames: list[Frame] = []
    for raw in recording.frames:
        pose = valid_pose(raw.pose)
        if pose is None:
            dropped[INVALID_POSE] += 1
            continue
        frames.append(
            Frame(
                id=str(raw.index),
                color=raw.color,
                depth=raw.depth,
                camera=recording.color_camera,
                depth_camera=recording.depth_camera,
                world_from_camera=world_from_recording @ pose,
                time_s=raw.time_s,
            )
        )
    return tuple(frames)


@dataclass(frozen=True, slots=True)
class DepthImage:
    """A 16-bit PNG or PGM depth image."""

    path: Path
    """The file."""
    width: int
    """Expected width, pixels."""
    height: int
    """Expected height, pixels."""
    units_per_m: float
    """Stored units in a meter."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth in meters, 0 where there is none. Raises SceneError when it cannot be decoded."""
        units = read_pixels(self.path, "16-bit gray", "depth image", (self.width, self.height))
        return units.astype(np.float32) / np.float32(self.units_per_m)


def fit_camera(
    intrinsic: NDArray[np.float64], native: tuple[int, int], actual: tuple[int, int], source: Path, name: str
) -> Camera:
    """The camera of images of ``actual`` size (width, height), given the intrinsics that lie beside them.

    Exported images are often resized while their intrinsics stay those of the sensor. The intrinsics are taken to
    belong to whichever of the two sizes has its center nearer to the principal point, and are rescaled from there.

    Raises:
        SceneError: the principal point is near neither center, or the aspect of the two sizes differs (a crop).
    """
    made_for = min((actual, native), key=lambda size: _off_center(intrinsic, size))
    center = f"principal point ({intrinsic[0, 2]:g}, {intrinsic[1, 2]:g})"
    sizes = " or ".join(f"{width} x {height}" for width, height in dict.fromkeys((actual, native)))
    if not _off_center(intrinsic, made_for) < OFF_CENTER_TOLERANCE:
        raise SceneError(source, f"{name} intrinsics: found {center}, expected the middle of {sizes} pixels")
    stretch = (actual[0] / made_for[0]) / (actual[1] / made_for[1])
    if abs(stretch - 1) > ASPECT_TOLERANCE:
        found = f"images of {actual[0]} x {actual[1]} pixels with the intrinsics of {made_for[0]} x {made_for[1]}"
        raise SceneError(source, f"{name} intrinsics: found {found}, expected the same aspect (cropped images?)")
    return pinhole(intrinsic, made_for).scaled(*actual)


def _off_center(intrinsic: NDArray[np.float64], size: tuple[int, int]) -> float:
    """Distance of the principal point from the center as a fraction of the image; infinite when not a number."""
    offset = (intrinsic[:2, 2] + 0.5) / size - 0.5
    return float(np.abs(offset).max()) if np.isfinite(offset).all() else np.inf


def pinhole(intrinsic: NDArray[np.float64], size: tuple[int, int]) -> Camera:
    """A camera from the upper left of an intrinsic matrix, in pixels, and a size (width, height)."""
    fx, fy, cx, cy = (float(intrinsic[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
    return Camera(fx=fx, fy=fy, cx=cx, cy=cy, width=size[0], height=size[1])


def check_identity(matrix: NDArray[np.float64], source: Path, name: str) -> None:
    """Raise SceneError unless the matrix is the identity: frames have one pose for color and depth."""
    if not np.allclose(matrix, np.eye(len(matrix)), rtol=0, atol=IDENTITY_TOLERANCE):
        off = np.abs(matrix - np.eye(len(matrix))).max()
        raise SceneError(source, f"{name}: found a matrix {off:.3g} from the identity, expected the identity")
