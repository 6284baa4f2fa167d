"""Statistics of a clip's path: the columns of SpatialVID's tables as its program computes them, and right ones beside.

The published columns (utils/evaluation.py of github.com/NJU-3DV/SpatialVID, read and run beside, written anew) come, in
single precision, from the translations of camera_from_world, which also change where a camera only turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.loaders.spatialvid.masks import MovingMasks
from qagen.spatialvid.rows import world_from_camera

DISTANCE_LEVELS = (0.08, 0.28, 0.92, 2.41)
"""Lengths of a path from which on each level counts, units of the poses."""
ANOMALY_UNITS = 0.03
"""Distance from the extrapolated place from which on a row is odd; two of them running are an anomaly."""
ANOMALY_ROWS = 4
"""Fewer rows are an anomaly."""
STILL_UNITS = 1e-8
"""Nearer to the start or to the end a row has no direction."""
TURN_RAD = 0.45
TURN_SIGMA_ROWS = 5
TURN_DISTANCE_ROWS = 5
RIPPLE_RAD = 0.01
"""Peaks that stand out by less are none: on a circle, where all angles are the same, they are those of rounding."""


@dataclass(frozen=True, slots=True)
class PublishedStatistics:
    """Columns of the release but for dynamicRatio, as the published program writes them."""

    anomaly: bool
    """Whether two rows running are off the curve through the three before; also where there are fewer than 4 rows."""
    move_dist: float
    """Sum of the changes of camera_from_world's translation, units."""
    dist_level: int
    """How many of DISTANCE_LEVELS it reaches."""
    rot_angle: float
    """Sum of the angles between rows, radians; a quaternion of the other sign adds a turn."""
    traj_turns: int | None
    """Number of turns of the translation; None where the program fails (no motion) or writes no number (2 rows)."""


@dataclass(frozen=True, slots=True)
class PathStatistics:
    """The same quantities of the camera itself, in double precision."""

    path: float
    """Length of the way of the camera center, units."""
    net: float
    """Distance of its last place from its first, units."""
    rotation: float
    """Sum of the angles between rows, radians."""
    net_rotation: float
    """Angle between the first and the last row, radians."""
    turns: int
    """Number of turns on the way of the center, 1 for a circle; 0 where it stays within 0.08 units of its start."""


def published_statistics(poses: NDArray[np.floating]) -> PublishedStatistics:
    """The published columns of poses (N, 7): tx ty tz qx qy qz qw, world to camera, N at least 1."""
    poses = poses.astype(np.float32)
    length = published_length(poses)
    level = sum(length >= least for least in DISTANCE_LEVELS)
    return PublishedStatistics(_is_anomaly(poses), length, level, _published_rotation(poses), _published_turns(poses))


def published_length(poses: NDArray[np.floating]) -> float:
    """The column moveDist of poses (N, 7), units: rounded at every row, as the program adds up."""
    x, y, z = np.diff(poses[:, :3].astype(np.float32), axis=0).astype(np.float64).T
    squares = (x * x).astype(np.float32)
    for side in (y, z):  # a product and its sum are rounded once, together
        squares = (side * side + squares).astype(np.float32)
    return float(np.sqrt(squares).cumsum(dtype=np.float32)[-1]) if len(squares) else 0.0


def path_statistics(poses: NDArray[np.floating]) -> PathStatistics:
    """What is true of the camera along poses (N, 7): tx ty tz qx qy qz qw, world to camera, N at least 1."""
    (_, centers), quaternions = world_from_camera(poses), _unit(poses[:, 3:])
    reach = float(_lengths(centers - centers[0]).max())
    angles = _turn_angles(centers) if reach >= DISTANCE_LEVELS[0] else np.zeros(0)
    return PathStatistics(
        path=float(_lengths(np.diff(centers, axis=0)).sum()),
        net=float(_lengths(centers[-1:] - centers[:1])[0]),
        rotation=float(_angles(quaternions[:-1], quaternions[1:]).sum()),
        net_rotation=float(_angles(quaternions[:1], quaternions[-1:])[0]),
        turns=_count_turns(angles, RIPPLE_RAD) if len(angles) else 0,
    )


def dynamic_ratio(masks: MovingMasks, rows: Sequence[int]) -> float:
    """Share of the pixels of these rows that show something that moves. Raises ClipError where a mask is damaged."""
    moving = sum(int(np.count_nonzero(masks.read(row))) for row in rows)
    return moving / (len(rows) * masks.height * masks.width)


def _is_anomaly(poses: NDArray[np.float32]) -> bool:
    if len(poses) < ANOMALY_ROWS:
        return True
    places = poses[:, :3]
    steps = np.diff(places, axis=0)[:-1]
    expected = places[2:-1] + steps[1:] + np.float32(0.5) * np.diff(steps, axis=0)
    is_odd = _lengths(expected - places[3:]) > np.float32(ANOMALY_UNITS)
    return bool((is_odd[1:] & is_odd[:-1]).any())


def _published_rotation(poses: NDArray[np.float32]) -> float:
    cosines = (poses[1:, 3:] * poses[:-1, 3:]).sum(axis=1).clip(-1, 1)
    return float((2 * np.arccos(cosines)).sum(dtype=np.float32))


def _published_turns(poses: NDArray[np.float32]) -> int | None:
    angles = _turn_angles(poses[:, :3])
    return _count_turns(angles) if len(angles) else None


def _turn_angles(places: NDArray[np.floating]) -> NDArray[np.floating]:
    """(n,) radians between the ways from the start to a place and from it to the end, of places (N, 3) off both."""
    before, after = places[1:-1] - places[0], places[-1] - places[1:-1]
    lengths = _lengths(before), _lengths(after)
    has_way = (lengths[0] >= STILL_UNITS) & (lengths[1] >= STILL_UNITS)
    dots = (before * after).sum(axis=1)[has_way]
    return np.arccos((dots / (lengths[0] * lengths[1])[has_way]).clip(-1, 1))


def _count_turns(angles: NDArray[np.floating], prominence: float = 0.0) -> int:
    """Peaks of the smoothed angles that stand out by ``prominence``, and their maximum where it is no such peak."""
    from scipy.ndimage import gaussian_filter
    from scipy.signal import find_peaks

    smooth = gaussian_filter(angles.astype(np.float64), TURN_SIGMA_ROWS)
    peaks, _ = find_peaks(smooth, height=TURN_RAD, distance=TURN_DISTANCE_ROWS, prominence=prominence)
    highest = float(smooth.max())
    return len(peaks) + int(highest > TURN_RAD and not (smooth[peaks] == highest).any())


def _unit(quaternions: NDArray[np.floating]) -> NDArray[np.float64]:
    quaternions = quaternions.astype(np.float64)
    return quaternions / _lengths(quaternions)[:, None]


def _angles(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) radians between rotations of unit quaternions (n, 4), whatever their signs; exact also near zero."""
    apart, together = _lengths(first - second), _lengths(first + second)
    return 4 * np.arctan2(np.minimum(apart, together), np.maximum(apart, together))


def _lengths(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    """(n,) Euclidean lengths of vectors (n, k), in their own precision."""
    return np.sqrt((vectors * vectors).sum(axis=1))
