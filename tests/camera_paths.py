"""Camera paths from formulas, as rows of SpatialVID's poses: ``tx ty tz qx qy qz qw``, world to camera, float32.

Yaw is positive to the right, pitch upwards, roll clockwise, in degrees; a row lasts 0.2 s.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

ROW_S = 0.2
REAL = Path(os.environ.get("QAGEN_REAL", Path(__file__).parents[1] / "../shared/real")) / "spatialvid"


def path(
    centers: ArrayLike, yaw: ArrayLike = 0.0, pitch: ArrayLike = 0.0, roll: ArrayLike = 0.0
) -> NDArray[np.float32]:
    """(N, 7) rows from centers (N, 3) in units and angles in degrees, each one or N."""
    centers = np.asarray(centers, np.float64)
    angles = [np.broadcast_to(np.asarray(angle, np.float64), len(centers)) for angle in (yaw, pitch, roll)]
    camera_from_world = Rotation.from_euler("YXZ", np.column_stack(angles), degrees=True).inv()
    quaternions = camera_from_world.as_quat()
    quaternions = np.where(quaternions[:, 3:] < 0, -quaternions, quaternions)
    return np.hstack([-camera_from_world.apply(centers), quaternions]).astype(np.float32)


def along(direction: ArrayLike, lengths: ArrayLike) -> NDArray[np.float64]:
    """(N, 3) centers on a line from the origin."""
    return np.outer(np.asarray(lengths, np.float64), np.asarray(direction, np.float64))


def world_from_camera(rows: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, 3, 3) rotations and (N, 3) centers of rows."""
    rotations = Rotation.from_quat(np.asarray(rows[:, 3:], np.float64)).inv()
    return rotations.as_matrix(), -rotations.apply(np.asarray(rows[:, :3], np.float64))


def times(rows: NDArray) -> NDArray[np.float64]:
    """(N,) seconds of rows at 5 a second."""
    return np.arange(len(rows), dtype=np.float64) * ROW_S


def _circle() -> NDArray[np.float32]:
    degrees = 6.0 * np.arange(60)
    angles = np.radians(degrees)
    return path(np.column_stack([np.sin(angles), 0 * angles, 1 - np.cos(angles)]), yaw=-degrees)


def _turn_then_walk() -> NDArray[np.float32]:
    i = np.arange(75)
    return path(along((1, 0, 0), 0.05 * np.maximum(i - 30, 0)), yaw=3.0 * np.minimum(i, 30))


def named_paths() -> dict[str, NDArray[np.float32]]:
    """Paths for which the outputs of the published programs are known."""
    i, forward, aside = np.arange(60), (0, 0, 1), (0.5**0.5, 0, 0.5**0.5)
    return {
        "forward 60": path(along(forward, 0.05 * i)),
        "forward 17": path(along(forward, 0.05 * i[:17])),
        "pan": path(np.zeros((60, 3)), yaw=2.0 * i),
        "forward, stop": path(along(forward, 0.05 * np.minimum(i, 30))),
        "forth and back": path(along(forward, 0.05 * np.minimum(i, 59 - i))),
        "heading 180": path(along(forward, -0.05 * i[:40]), yaw=180.0),
        "heading 45": path(along(aside, 0.05 * i[:40]), yaw=45.0),
        "pan off the origin": path(np.tile((0, 0, 2), (40, 1)), yaw=1.0 * i[:40]),
        "turn, walk": _turn_then_walk(),
        "circle": _circle(),
        "still": path(np.zeros((60, 3))),
        "aside": path(along((1, 0, 0), 0.05 * i[:40])),
    }


def segments_of(text: str) -> dict[str, list[str]]:
    """``0->2 Stay, 2->29 Dolly In+Pan Right`` as the contents of an instruction file."""
    pairs = (part.strip().split(" ", 1) for part in text.split(","))
    return {key: labels.split("+") for key, labels in pairs}


def real_rows(name: str) -> NDArray[np.float32]:
    """Rows of a real clip; the test is skipped where there is none."""
    file = REAL / "astra_poses" / f"{name}.npy"
    if not file.is_file():
        pytest.skip(f"{file} is not here")
    return np.load(file)


def real_outputs(name: str) -> Mapping:
    """A file of recorded outputs; the test is skipped where there is none."""
    file = REAL / "golden" / f"{name}.json"
    if not file.is_file():
        pytest.skip(f"{file} is not here")
    return json.loads(file.read_text())
