"""The path of the camera: along the front of the desk, round its ends and over it, looking at the things."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from qagen.core.pose import Pose
from qagen.demo.apartment.camera_path import view_rotation
from qagen.demo.tabletop.desk import DESK_M

# Each row is the position of the camera (x, y, z) and the point that it looks at (x, y, z), meters, z above the desk.
APPROACH = (
    (0.55, -1.10, 0.60, 0.15, 0.00, -0.15),
    (-0.10, -1.18, 0.62, -0.02, 0.00, -0.15),
    (-0.70, -0.95, 0.50, -0.30, 0.00, -0.08),
)
FRONT = (
    (-0.80, -0.52, 0.34, -0.50, -0.06, 0.03),
    (-0.45, -0.60, 0.36, -0.42, -0.04, 0.03),
    (0.00, -0.62, 0.38, -0.02, -0.02, 0.03),
    (0.42, -0.60, 0.36, 0.38, -0.03, 0.03),
    (0.80, -0.50, 0.36, 0.48, -0.02, 0.03),
)
RIGHT_END = (
    (0.98, -0.15, 0.38, 0.48, 0.02, 0.02),
    (0.96, 0.16, 0.42, 0.46, 0.06, 0.02),
    (0.80, 0.22, 0.48, 0.36, 0.04, 0.00),
)
OVER_THE_BACK = (
    (0.52, 0.16, 0.56, 0.34, 0.02, 0.00),
    (0.18, 0.05, 0.60, 0.10, 0.08, 0.00),
    (-0.20, 0.02, 0.60, -0.20, 0.10, 0.00),
    (-0.50, 0.12, 0.56, -0.36, 0.02, 0.00),
)
LEFT_END = (
    (-0.82, 0.22, 0.48, -0.36, 0.06, 0.00),
    (-0.98, 0.12, 0.42, -0.46, 0.05, 0.02),
    (-0.98, -0.20, 0.36, -0.48, 0.00, 0.02),
)
CLOSE = (
    (-0.72, -0.50, 0.28, -0.50, -0.10, 0.02),
    (-0.40, -0.46, 0.26, -0.34, -0.06, 0.02),
    (-0.10, -0.46, 0.30, -0.08, 0.02, 0.02),
    (0.20, -0.44, 0.28, 0.18, 0.00, 0.02),
    (0.52, -0.46, 0.28, 0.44, -0.04, 0.02),
    (0.84, -0.34, 0.30, 0.50, -0.04, 0.02),
)
PATH = np.array((*APPROACH, *FRONT, *RIGHT_END, *OVER_THE_BACK, *LEFT_END, *CLOSE))

STEP_M, STEP_DEG = 0.04, 6.0


def hand_poses(count: int) -> list[Pose]:
    """``count`` poses, world from camera, evenly spaced by the effort of moving and turning."""
    eye, to = PATH[:, :3] + (0, 0, DESK_M), PATH[:, 3:] - PATH[:, :3]
    yaw = np.unwrap(np.arctan2(to[:, 1], to[:, 0]))
    angles = np.stack([yaw, np.arctan2(to[:, 2], np.hypot(to[:, 0], to[:, 1]))], axis=1)
    meters = np.linalg.norm(np.diff(eye, axis=0), axis=1)
    degrees = np.rad2deg(np.abs(np.diff(angles, axis=0)).max(axis=1))
    effort = np.concatenate([[0], np.cumsum(np.hypot(meters / STEP_M, degrees / STEP_DEG))])
    at = np.linspace(0, effort[-1], count)
    eyes, turns = PchipInterpolator(effort, eye)(at), PchipInterpolator(effort, angles)(at)
    return [_shaken(eye, yaw, pitch, k) for k, (eye, (yaw, pitch)) in enumerate(zip(eyes, turns, strict=True))]


def _shaken(eye: NDArray, yaw: float, pitch: float, k: int) -> Pose:
    """The pose with the tremor of a hand, by sines whose sum never repeats."""
    drift = 0.004 * np.array([np.sin(1.1 * k), np.sin(1.7 * k + 1), np.sin(2.3 * k)])
    yaw = yaw + np.deg2rad(1.2) * np.sin(0.9 * k + 0.5)
    pitch = pitch + np.deg2rad(1.2) * np.sin(0.63 * k + 2)
    roll = np.deg2rad(2.0) * np.sin(0.41 * k) + np.deg2rad(0.7) * np.sin(1.9 * k)
    return Pose(view_rotation(yaw, pitch, roll), eye + drift)
