"""The walk of the person who films the apartment: through every room, looking around, never through an object."""

import numpy as np
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from qagen.core.pose import Pose

# Each row is the position of the camera (x, y, z) and the point that it looks at (x, y, z), meters.
HALL_AND_STUDY = (
    (8.30, 5.12, 1.55, 5.0, 5.1, 1.5),
    (7.75, 5.20, 1.52, 7.4, 4.5, 1.1),
    (7.45, 5.30, 1.55, 7.6, 9.0, 1.75),
    (7.45, 6.25, 1.55, 7.7, 9.0, 0.8),
    (7.50, 6.75, 1.50, 8.7, 7.3, 0.5),
    (7.70, 6.95, 1.48, 8.9, 6.2, 0.4),
    (7.75, 7.05, 1.50, 8.8, 8.9, 0.7),
    (7.45, 7.35, 1.45, 7.6, 9.0, 0.75),
    (7.20, 7.75, 1.40, 7.2, 8.9, 0.75),
    (7.20, 7.90, 1.45, 6.6, 8.2, 0.5),
    (7.35, 7.70, 1.50, 6.4, 7.2, 1.0),
    (7.75, 7.55, 1.52, 6.5, 6.9, 1.65),
    (7.85, 7.60, 1.50, 7.9, 6.0, 1.2),
    (7.75, 7.00, 1.52, 7.4, 5.0, 1.0),
    (7.45, 6.00, 1.55, 7.4, 4.6, 1.0),
)
HALL_AND_BATHROOM = (
    (7.30, 5.22, 1.50, 6.2, 5.5, 0.5),
    (7.05, 5.05, 1.30, 6.2, 5.6, 0.3),
    (6.60, 4.98, 1.45, 5.0, 5.3, 0.7),
    (5.45, 5.05, 1.55, 4.9, 6.5, 1.0),
    (5.12, 5.60, 1.55, 4.7, 7.6, 0.7),
    (5.12, 5.95, 1.55, 5.1, 9.2, 1.7),
    (5.10, 6.40, 1.55, 5.1, 8.8, 0.5),
    (5.10, 6.62, 1.52, 4.2, 7.2, 1.1),
    (5.15, 7.35, 1.50, 4.3, 8.6, 0.5),
    (5.08, 7.60, 1.50, 5.6, 8.9, 0.5),
    (5.00, 8.00, 1.48, 4.2, 8.5, 0.6),
    (4.98, 8.25, 1.50, 6.0, 7.9, 0.6),
    (5.00, 8.20, 1.50, 5.8, 6.9, 0.8),
    (5.02, 8.10, 1.52, 4.5, 6.3, 1.0),
    (5.08, 7.40, 1.55, 5.8, 6.4, 0.6),
    (5.12, 6.50, 1.55, 5.1, 4.6, 1.2),
)
HALL_AND_BEDROOM = (
    (5.05, 5.45, 1.52, 3.6, 5.0, 0.9),
    (4.50, 5.10, 1.50, 1.4, 5.1, 1.6),
    (3.90, 5.10, 1.50, 2.4, 5.0, 0.8),
    (3.10, 5.12, 1.50, 1.0, 4.9, 0.6),
    (2.75, 5.35, 1.55, 2.2, 7.5, 0.9),
    (2.66, 5.80, 1.55, 1.9, 8.8, 1.75),
    (2.62, 6.25, 1.55, 1.0, 8.0, 0.6),
    (2.55, 6.60, 1.52, 1.4, 6.1, 0.9),
    (2.55, 6.75, 1.25, 1.0, 7.2, 0.2),
    (2.70, 7.00, 1.45, 0.3, 7.6, 0.7),
    (2.78, 7.45, 1.55, 3.5, 8.8, 0.9),
    (2.72, 7.95, 1.50, 2.6, 9.3, 0.7),
    (2.55, 8.40, 1.50, 1.2, 9.2, 0.9),
    (2.35, 8.85, 1.48, 0.4, 8.7, 0.6),
    (1.55, 9.00, 1.45, 0.4, 8.2, 0.6),
    (1.00, 8.98, 1.50, 0.8, 7.2, 0.6),
    (1.05, 8.98, 1.52, 2.2, 6.6, 0.7),
    (1.75, 8.95, 1.50, 3.5, 6.7, 0.6),
    (2.45, 8.70, 1.50, 3.5, 7.0, 0.5),
    (2.70, 7.70, 1.50, 2.4, 6.2, 0.6),
    (2.35, 6.78, 1.50, 0.9, 6.5, 0.7),
    (1.60, 6.72, 1.45, 0.3, 6.8, 0.5),
    (1.30, 6.70, 1.45, 0.5, 8.0, 0.7),
    (1.70, 6.72, 1.50, 3.0, 8.9, 0.8),
    (2.45, 6.55, 1.52, 3.6, 6.4, 0.5),
    (2.60, 6.20, 1.55, 2.8, 4.8, 1.2),
)
HALL_AND_LIVING_ROOM = (
    (2.62, 5.50, 1.50, 1.4, 4.8, 0.6),
    (2.20, 5.15, 1.30, 0.6, 5.4, 0.4),
    (2.10, 5.10, 1.45, 1.0, 4.7, 0.7),
    (2.60, 5.10, 1.52, 3.4, 4.4, 1.5),
    (3.60, 5.05, 1.55, 7.0, 5.1, 1.6),
    (4.30, 4.95, 1.55, 4.0, 2.5, 0.9),
    (4.35, 4.20, 1.55, 2.2, 1.6, 1.7),
    (4.33, 3.90, 1.55, 2.0, 1.8, 0.6),
    (4.25, 3.55, 1.52, 5.1, 1.2, 0.6),
    (4.10, 3.05, 1.50, 2.6, 0.6, 0.7),
    (3.90, 2.60, 1.52, 1.0, 2.0, 0.5),
    (3.70, 2.15, 1.50, 2.0, 4.1, 0.9),
    (3.70, 1.50, 1.52, 0.8, 3.8, 0.8),
    (3.75, 1.25, 1.50, 5.2, 1.3, 0.6),
    (3.65, 1.05, 1.45, 5.2, 0.4, 1.0),
    (3.55, 1.10, 1.45, 3.0, 0.5, 0.5),
    (3.25, 1.30, 1.42, 1.9, 0.6, 0.5),
    (2.85, 1.60, 1.40, 1.8, 2.0, 0.4),
    (2.75, 2.10, 1.45, 0.5, 1.6, 0.5),
    (2.75, 2.60, 1.30, 1.7, 2.1, 0.4),
    (2.60, 3.10, 1.45, 1.0, 4.1, 1.0),
    (2.20, 3.68, 1.48, 0.7, 3.7, 0.7),
    (1.35, 3.70, 1.45, 1.2, 2.0, 0.4),
    (1.15, 3.62, 1.45, 0.4, 1.0, 0.6),
    (1.20, 3.62, 1.50, 2.6, 0.9, 0.5),
    (1.45, 3.70, 1.50, 4.8, 1.5, 0.6),
    (2.30, 3.65, 1.48, 3.3, 3.2, 0.3),
    (2.80, 3.35, 1.50, 3.2, 4.2, 0.9),
    (3.60, 3.10, 1.50, 5.4, 3.3, 1.0),
)
KITCHEN_AND_HALL = (
    (4.80, 3.22, 1.55, 7.3, 2.7, 0.8),
    (5.40, 3.20, 1.55, 7.3, 2.2, 1.6),
    (5.65, 3.18, 1.55, 7.3, 2.4, 0.8),
    (6.00, 3.00, 1.52, 7.4, 2.8, 0.7),
    (6.08, 2.40, 1.50, 7.0, 0.4, 0.9),
    (6.15, 1.65, 1.52, 7.5, 0.3, 0.9),
    (6.50, 1.30, 1.52, 6.2, 0.3, 0.9),
    (7.05, 1.28, 1.48, 7.3, 0.3, 1.0),
    (7.55, 1.25, 1.48, 8.3, 0.3, 0.9),
    (8.10, 1.30, 1.45, 8.9, 0.4, 1.0),
    (8.30, 1.55, 1.48, 7.4, 2.7, 0.6),
    (8.38, 1.95, 1.50, 9.0, 1.3, 0.4),
    (8.40, 2.30, 1.42, 7.6, 2.7, 0.7),
    (8.42, 2.80, 1.40, 7.5, 2.85, 0.7),
    (8.38, 3.05, 1.50, 9.0, 3.6, 0.9),
    (8.35, 3.45, 1.52, 8.9, 2.5, 0.5),
    (8.30, 3.75, 1.52, 6.6, 2.0, 0.7),
    (7.95, 3.96, 1.55, 7.4, 1.2, 1.7),
    (7.75, 3.98, 1.55, 7.6, 1.2, 0.8),
    (7.20, 3.95, 1.50, 7.4, 2.9, 0.6),
    (6.60, 3.80, 1.52, 8.2, 0.6, 0.9),
    (6.42, 3.70, 1.52, 5.8, 3.0, 0.8),
    (6.40, 3.95, 1.55, 6.5, 5.4, 0.9),
    (6.42, 4.75, 1.55, 6.2, 5.8, 0.8),
    (6.75, 4.98, 1.52, 7.6, 4.6, 1.0),
    (6.95, 5.15, 1.52, 8.9, 5.3, 0.8),
)
WALK = np.array((*HALL_AND_STUDY, *HALL_AND_BATHROOM, *HALL_AND_BEDROOM, *HALL_AND_LIVING_ROOM, *KITCHEN_AND_HALL))

STEP_M = 0.16
STEP_DEG = 9.0


def walk_poses(count: int) -> list[Pose]:
    """``count`` poses, world from camera, evenly spaced by the effort of walking and turning."""
    eye, to = WALK[:, :3], WALK[:, 3:] - WALK[:, :3]
    yaw = np.unwrap(np.arctan2(to[:, 1], to[:, 0]))
    pitch = np.arctan2(to[:, 2], np.hypot(to[:, 0], to[:, 1]))
    angles = np.stack([yaw, pitch], axis=1)
    meters = np.linalg.norm(np.diff(eye, axis=0), axis=1)
    degrees = np.rad2deg(np.abs(np.diff(angles, axis=0)).max(axis=1))
    effort = np.concatenate([[0], np.cumsum(np.hypot(meters / STEP_M, degrees / STEP_DEG))])
    at = np.linspace(0, effort[-1], count)
    eyes = PchipInterpolator(effort, eye)(at)
    turns = PchipInterpolator(effort, angles)(at)
    return [_swayed(eye, yaw, pitch, k) for k, (eye, (yaw, pitch)) in enumerate(zip(eyes, turns, strict=True))]


def _swayed(eye: NDArray, yaw: float, pitch: float, k: int) -> Pose:
    """The pose with the bob of a step and the tremor of a hand, by sines whose sum never repeats."""
    bob = np.array([0.008 * np.sin(1.1 * k), 0.008 * np.sin(1.7 * k + 1), 0.018 * np.sin(2.3 * k)])
    yaw = yaw + np.deg2rad(1.3) * np.sin(0.9 * k + 0.5)
    pitch = pitch + np.deg2rad(1.4) * np.sin(0.63 * k + 2)
    roll = np.deg2rad(1.8) * np.sin(0.41 * k) + np.deg2rad(0.7) * np.sin(1.9 * k)
    return Pose(view_rotation(yaw, pitch, roll), eye + bob)


def view_rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """(3, 3) world from camera, radians: heading from +x toward +y, elevation, then a turn about the optical axis."""
    forward = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    down = np.cross(forward, right)
    cosine, sine = np.cos(roll), np.sin(roll)
    return np.stack([cosine * right + sine * down, cosine * down - sine * right, forward], axis=1)


def clearance_m(scene: EmbreeScene, poses: list[Pose]) -> NDArray[np.float64]:
    """(n,) meters from each camera to the nearest surface, over 200 directions."""
    k = np.arange(200) + 0.5
    z, angle = 1 - 2 * k / 200, k * np.pi * (3 - np.sqrt(5))
    sphere = np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], axis=1)
    eyes = np.repeat([pose.translation for pose in poses], 200, axis=0).astype(np.float32)
    hit = scene.run(eyes, np.tile(sphere, (len(poses), 1)).astype(np.float32), query="DISTANCE")
    return hit.reshape(len(poses), 200).min(axis=1).astype(np.float64)


def blocked_steps(scene: EmbreeScene, poses: list[Pose]) -> list[int]:
    """Indices of frames whose way to the next frame goes through a surface."""
    eyes = np.array([pose.translation for pose in poses])
    way = np.diff(eyes, axis=0)
    hit = scene.run(eyes[:-1].astype(np.float32), way.astype(np.float32), query="DISTANCE")
    return np.flatnonzero(hit < 1).tolist()
