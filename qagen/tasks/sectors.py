"""Horizontal directions by sectors: in which part of the circle around an observer a point lies, and how surely."""

import math
from dataclasses import dataclass

from qagen.core.pose import to_degrees

MIN_AWAY_M = 0.5
"""Least horizontal distance of what has a direction, meters, at room scale."""


@dataclass(frozen=True, slots=True)
class Sectors:
    """A division of the circle. Bearings are degrees clockwise from straight ahead, as seen from above, -180 to 180."""

    names: tuple[str, ...]
    """The sectors, clockwise."""
    starts_deg: tuple[float, ...]
    """Bearing at which each sector begins, ascending from -180 on; the last one ends where the first begins."""

    def find(self, bearing_deg: float) -> tuple[str, float]:
        """The sector of a bearing, and how far from the nearest edge the bearing lies, degrees."""
        ends = (*self.starts_deg[1:], self.starts_deg[0] + 360)
        inside = (bearing_deg - self.starts_deg[0]) % 360 + self.starts_deg[0]
        index = max(i for i, start in enumerate(self.starts_deg) if start <= inside)
        return self.names[index], min(inside - self.starts_deg[index], ends[index] - inside)


LEFT_RIGHT = Sectors(("left", "right"), (-180.0, 0.0))
LEFT_RIGHT_BACK = Sectors(("left", "right", "back"), (-135.0, 0.0, 135.0))
"""What lies ahead is on the left or on the right; behind is what one must turn by more than 135 degrees to face."""
QUADRANTS = Sectors(("back-left", "front-left", "front-right", "back-right"), (-180.0, -90.0, 0.0, 90.0))
AHEAD_HALF_DEG = 10.0
SIDES = Sectors(("left", "front", "right"), (-180.0, -AHEAD_HALF_DEG, AHEAD_HALF_DEG))
"""What an image shows is to the left, straight ahead, or to the right."""
FOUR = Sectors(("left", "front", "right", "back"), (-135.0, -45.0, 45.0, 135.0))
EIGHT = Sectors(
    ("back-left", "left", "front-left", "front", "front-right", "right", "back-right", "back"),
    (-157.5, -112.5, -67.5, -22.5, 22.5, 67.5, 112.5, 157.5),
)
COMPASS = Sectors(
    ("southwest", "west", "northwest", "north", "northeast", "east", "southeast", "south"), EIGHT.starts_deg
)
"""Sectors of a bearing that counts from north."""


def bearing_deg(ahead: tuple[float, float], offset: tuple[float, float]) -> float:
    """Bearing of a horizontal offset (x, y) for an observer who looks along another; both in a world whose z is up."""
    right = offset[0] * ahead[1] - offset[1] * ahead[0]
    front = offset[0] * ahead[0] + offset[1] * ahead[1]
    return float(to_degrees(math.atan2(right, front)))
