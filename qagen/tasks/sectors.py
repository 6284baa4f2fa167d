"""Horizontal directions by sectors: in which part of the circle around an observer a point lies, and how surely."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qagen.core.box import Box3D
from qagen.core.pose import to_degrees

MIN_AWAY_M = 0.5
"""Least horizontal distance of what has a direction, meters, at room scale."""
QUARTERS = 4
"""Most sectors of a circle that are options together."""


@dataclass(frozen=True, slots=True)
class Sectors:
    """A division of the circle. Bearings are degrees clockwise from straight ahead, as seen from above, -180 to 180."""

    names: tuple[str, ...]
    """The sectors, clockwise."""
    starts_deg: tuple[float, ...]
    """Bearing at which each sector begins, ascending from -180 on; the last one ends where the first begins."""

    def edges(self, name: str) -> tuple[float, float]:
        """Bearings at which a sector begins and ends, degrees."""
        ends = (*self.starts_deg[1:], self.starts_deg[0] + 360)
        index = self.names.index(name)
        return self.starts_deg[index], ends[index]

    def others(self, name: str) -> tuple[str, ...]:
        """The sectors that may be options beside one; of eight those that are quarter turns away.

        Neighbors of one of eight are parted by few degrees, and options with uneven gaps would tell which one is right.
        """
        index, count = self.names.index(name), len(self.names)
        step = count // QUARTERS if count > QUARTERS else 1
        return tuple(self.names[(index + k) % count] for k in range(step, count, step))

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


def footprint(box: Box3D) -> list[tuple[float, float]]:
    """The four corners (x, y) of an upright box as seen from above, one after the other around it."""
    x, y, _ = box.center.tolist()
    (ax, bx, _), (ay, by, _), _ = (box.rotation * (box.size / 2)).tolist()
    return [(x + s * ax + t * bx, y + s * ay + t * by) for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def is_over(box: Box3D, place: tuple[float, float]) -> bool:
    """Whether a place (x, y) lies in the footprint of an upright box."""
    dx, dy = place[0] - float(box.center[0]), place[1] - float(box.center[1])
    (ax, bx, _), (ay, by, _), _ = box.rotation.tolist()
    return abs(dx * ax + dy * ay) <= float(box.size[0]) / 2 and abs(dx * bx + dy * by) <= float(box.size[1]) / 2


def share_between(
    corners: Sequence[tuple[float, float]],
    place: tuple[float, float],
    ahead: tuple[float, float],
    edges_deg: tuple[float, float],
) -> float:
    """Share of the area of a polygon that lies in one sector around an observer.

    Args:
        corners: of a convex polygon (x, y), in order.
        place: the observer (x, y).
        ahead: the horizontal direction in which the observer looks, of any length.
        edges_deg: bearings at which the sector begins and ends, at most 180 degrees apart.
    """
    offsets = [(x - place[0], y - place[1]) for x, y in corners]
    local = [(dx * ahead[1] - dy * ahead[0], dx * ahead[0] + dy * ahead[1]) for dx, dy in offsets]
    start, end = map(math.radians, edges_deg)
    inside = _clipped(local, (math.cos(start), -math.sin(start)))
    inside = _clipped(inside, (-math.cos(end), math.sin(end)))
    whole = _area(local)
    return _area(inside) / whole if whole else 0.0


def _clipped(polygon: Sequence[tuple[float, float]], normal: tuple[float, float]) -> list[tuple[float, float]]:
    """The part of a convex polygon on that side of the origin to which a vector points (Sutherland and Hodgman)."""
    kept: list[tuple[float, float]] = []
    for (x, y), (u, v) in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
        here, there = x * normal[0] + y * normal[1], u * normal[0] + v * normal[1]
        if here >= 0:
            kept.append((x, y))
        if (here >= 0) != (there >= 0):
            cut = here / (here - there)
            kept.append((x + cut * (u - x), y + cut * (v - y)))
    return kept


def _area(polygon: Sequence[tuple[float, float]]) -> float:
    pairs = zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)
    return abs(sum(x * v - u * y for (x, y), (u, v) in pairs)) / 2
