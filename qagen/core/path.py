"""Ways over the floor: a walked path as few straight legs."""

import numpy as np
from numpy.typing import NDArray


def corners_of(path: NDArray[np.float64], tolerance: float) -> list[int]:
    """Indices of the points of ``path`` (n, 2), n ≥ 2, that stay when it is told by straight legs (first and last do).

    No point is farther than ``tolerance`` from the leg that replaces it (Ramer, 1972; Douglas and Peucker, 1973).
    """
    corners, open_legs = {0, len(path) - 1}, [(0, len(path) - 1)]
    while open_legs:
        start, end = open_legs.pop()
        away = distance_to_leg(path[start : end + 1], path[start], path[end])
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            corners.add(start + worst)
            open_legs += [(start, start + worst), (start + worst, end)]
    return sorted(corners)


def distance_to_leg(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n,) distance of points (n, 2) to the straight leg from ``start`` to ``end``, both (2,); they may coincide."""
    along = end - start
    share = np.clip((points - start) @ along / max(float(along @ along), np.finfo(float).tiny), 0, 1)
    return np.linalg.norm(points - start - share[:, None] * along, axis=1)


def slip_back(points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    """How far, at most, a path (n, 2) goes back along the direction from ``start`` to ``end`` (2,)."""
    direction = (end - start) / max(float(np.linalg.norm(end - start)), np.finfo(float).tiny)
    progress = (points - start) @ direction
    return float((np.maximum.accumulate(progress) - progress).max())


def wrap_deg(angle_deg: float) -> float:
    """To (-180, 180]."""
    return float(180 - (180 - angle_deg) % 360)
