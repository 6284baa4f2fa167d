"""The demo apartment: five rooms round a hall, 9.2 m × 9.4 m, ceiling at 2.6 m; z up, meters, the floor at z = 0.

y = 9.4  bedroom | bathroom | study
y = 5.8  hall (4.4 – 5.8), front door at x = 9.2
y = 4.3  living room | kitchen
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qagen.demo.apartment import furniture as f
from qagen.demo.apartment.materials import Paint, Rgb
from qagen.demo.apartment.shapes import Part, Vector, box, joined, panel, wall_with_openings

CEILING_M = 2.6
COARSE_M = 0.13
"""Longest edge of the triangles of walls and ceilings."""
FLOOR_EDGE_M = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class PlacedObject:
    """One annotated object."""

    label: str
    """Its name, as an annotator would type it."""
    parts: tuple[Part, ...]
    """Its pieces in the apartment's frame, meters."""


@dataclass(frozen=True, slots=True)
class Room:
    """An upright rectangle of floor."""

    name: str
    """Its name."""
    x: tuple[float, float]
    """West and east, meters."""
    y: tuple[float, float]
    """South and north, meters."""
    wall: Paint
    """Paint of all four walls."""
    floor: Paint
    """Paint of the floor."""

    @property
    def polygon(self) -> NDArray[np.float64]:
        """(4, 2) corners counter-clockwise, world xy, meters."""
        (x0, x1), (y0, y1) = self.x, self.y
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


@dataclass(frozen=True, slots=True)
class Opening:
    """A hole in a wall: a doorway through it, or a window in its outer side."""

    normal: int
    """The axis across the wall: 0 for x, 1 for y."""
    across: tuple[float, float]
    """Where the wall begins and ends along that axis, meters."""
    along: tuple[float, float]
    """Where the hole begins and ends along the wall, meters."""
    height: tuple[float, float]
    """Its bottom and top, meters."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """A source of light for baking."""

    center: Vector
    """Metres."""
    half_u: Vector
    """Half side of its rectangle, meters."""
    half_v: Vector
    """The other half side, meters; the light falls on the side of half_u × half_v."""
    power: float
    """Radiance × area, arbitrary but common units."""
    color: Rgb
    """Its tint."""


def _plaster(color: Rgb) -> Paint:
    return Paint("plaster", color, 1.5)


def _boards(color: Rgb) -> Paint:
    return Paint("planks", color, 1.1, mirror=0.02)


_KITCHEN_FLOOR = Paint("checker_tiles", (0.93, 0.91, 0.86), 1.6, mirror=0.03)
_BATHROOM_WALL, _BATHROOM_FLOOR = Paint("tiles", (0.82, 0.94, 0.94), 0.6), Paint("mosaic", (0.62, 0.70, 0.74), 0.8)
_WALLPAPER, _CARPET = Paint("wallpaper", (0.80, 0.87, 0.95), 1.0), Paint("carpet", (0.80, 0.74, 0.66), 0.5)
ROOMS = (
    Room("living room", (0.0, 5.4), (0.0, 4.3), _plaster((0.95, 0.91, 0.83)), _boards((0.82, 0.62, 0.42))),
    Room("kitchen", (5.52, 9.2), (0.0, 4.3), _plaster((0.98, 0.95, 0.80)), _KITCHEN_FLOOR),
    Room("hall", (0.0, 9.2), (4.42, 5.82), _plaster((0.86, 0.88, 0.84)), _boards((0.66, 0.48, 0.34))),
    Room("bedroom", (0.0, 3.9), (5.94, 9.4), _WALLPAPER, _CARPET),
    Room("bathroom", (4.02, 6.2), (5.94, 9.4), _BATHROOM_WALL, _BATHROOM_FLOOR),
    Room("study", (6.32, 9.2), (5.94, 9.4), _plaster((0.78, 0.85, 0.76)), _boards((0.56, 0.38, 0.26))),
)

DOOR_TOP_M = 2.05
DOORWAYS = (
    Opening(1, (4.3, 4.42), (3.9, 4.8), (0.0, DOOR_TOP_M)),  # living room – hall
    Opening(1, (4.3, 4.42), (6.0, 6.88), (0.0, DOOR_TOP_M)),  # kitchen – hall
    Opening(0, (5.4, 5.52), (2.75, 3.75), (0.0, DOOR_TOP_M)),  # living room – kitchen
    Opening(1, (5.82, 5.94), (2.2, 3.08), (0.0, DOOR_TOP_M)),  # hall – bedroom
    Opening(1, (5.82, 5.94), (4.7, 5.54), (0.0, DOOR_TOP_M)),  # hall – bathroom
    Opening(1, (5.82, 5.94), (7.0, 7.88), (0.0, DOOR_TOP_M)),  # hall – study
)
FRONT_DOOR = Opening(0, (9.2, 9.4), (4.68, 5.60), (0.0, DOOR_TOP_M))
WINDOWS = (
    Opening(0, (-0.2, 0.0), (1.0, 3.0), (0.95, 2.25)),  # living room, west
    Opening(1, (-0.2, 0.0), (2.2, 3.9), (0.95, 2.25)),  # living room, south
    Opening(1, (-0.2, 0.0), (7.55, 8.75), (1.12, 2.15)),  # kitchen
    Opening(1, (9.4, 9.6), (1.1, 2.9), (0.95, 2.25)),  # bedroom
    Opening(1, (9.4, 9.6), (4.75, 5.45), (1.55, 2.2)),  # bathroom
    Opening(0, (9.2, 9.4), (6.9, 8.5), (0.95, 2.25)),  # study
)


def build_shell() -> list[PlacedObject]:
    """Walls, floors, ceilings, doorframes and windows."""
    objects = []
    white, wood = Paint("plaster", (0.98, 0.98, 0.97), 1.5), Paint("wood", (0.5, 0.36, 0.25), 0.5)
    for room in ROOMS:
        (x0, x1), (y0, y1) = room.x, room.y
        floor = panel((x0, y0, 0), (x1 - x0, 0, 0), (0, y1 - y0, 0), room.floor, FLOOR_EDGE_M)
        ceiling = panel((x0, y1, CEILING_M), (x1 - x0, 0, 0), (0, y0 - y1, 0), white, 0.2)
        objects += [PlacedObject("floor", (floor,)), PlacedObject("ceiling", (ceiling,))]
        corners = room.polygon[[0, 3, 2, 1, 0]]  # clockwise, so that walls face inward
        objects += [_wall(a, b, room.wall) for a, b in pairwise(corners)]
    for opening in DOORWAYS:
        objects.append(PlacedObject("doorframe", tuple(_door_frame(opening))))
        threshold = _in_wall(opening, opening.across, opening.along, (-0.02, 0.004), wood)
        objects.append(PlacedObject("floor", (threshold,)))
    objects.append(PlacedObject("doorframe", tuple(_door_frame(FRONT_DOOR))))
    objects += [PlacedObject("window", tuple(_window(opening))) for opening in WINDOWS]
    return objects


def lamps() -> list[Lamp]:
    """Daylight through the windows and the lamps of each room."""
    daylight = [_daylight(opening) for opening in WINDOWS]
    warm: Rgb = (1.0, 0.90, 0.76)
    spots = [
        (2.6, 2.1, 2.40),
        (7.3, 2.75, 1.60),
        (7.3, 1.2, 2.45),
        (1.8, 5.1, 2.42),
        (4.6, 5.1, 2.42),
        (7.6, 5.1, 2.42),
        (1.9, 7.7, 2.42),
        (5.1, 7.5, 2.42),
        (7.7, 7.6, 2.42),
    ]
    return daylight + [Lamp(spot, (0.16, 0, 0), (0, -0.16, 0), 2.6, warm) for spot in spots]


def _daylight(opening: Opening) -> Lamp:
    inside = 1.0 if opening.across[0] < 0 else -1.0
    face = opening.across[1] if inside > 0 else opening.across[0]
    half_width, half_height = np.ptp(opening.along) / 2, np.ptp(opening.height) / 2
    middle = [float(np.mean(opening.along))] * 2
    middle[opening.normal] = face - 0.03 * inside
    along = [0.0, 0.0, 0.0]
    # half_u × up points along +x for an along of +y, and along −y for an along of +x
    along[1 - opening.normal] = half_width * (inside if opening.normal == 0 else -inside)
    area = 4 * half_width * half_height
    return Lamp(
        (*middle, float(np.mean(opening.height))), tuple(along), (0, 0, half_height), 4.2 * area, (0.93, 0.97, 1.0)
    )


def _wall(start: NDArray, end: NDArray, paint: Paint) -> PlacedObject:
    along = end - start
    length = math.hypot(*along)
    direction = along / length
    holes = []
    for opening in (*DOORWAYS, FRONT_DOOR, *WINDOWS):
        axis = opening.normal
        is_in_plane = abs(direction[axis]) <= 0.5 and np.isclose(opening.across, start[axis]).any()
        first, last = sorted((np.array(opening.along) - start[1 - axis]) * direction[1 - axis])
        if is_in_plane and first >= 0 and last <= length:
            holes.append((float(first), float(last), *opening.height))
    wall = wall_with_openings((*start, 0), (*along, 0), CEILING_M, holes, paint, COARSE_M)
    return PlacedObject("wall", (wall, _skirting(start, direction, length, holes)))


def _skirting(
    start: NDArray, direction: NDArray, length: float, holes: Sequence[tuple[float, float, float, float]]
) -> Part:
    gaps = sorted((a - 0.07, b + 0.07) for a, b, bottom, _ in holes if bottom == 0)
    begins, ends = [0.0, *(b for _, b in gaps)], [*(a for a, _ in gaps), length]
    white, inwards = Paint("plain", f.OFF_WHITE), np.array([direction[1], -direction[0]])
    boards = []
    for a, b in zip(begins, ends, strict=True):
        if b > a:
            middle = start + (a + b) / 2 * direction + 0.006 * inwards
            size = np.abs((b - a) * direction) + np.abs(0.012 * inwards)
            boards.append(box((*size, 0.08), (*middle, 0.04), white, COARSE_M))
    return joined(boards)


def _in_wall(
    opening: Opening, across: tuple[float, float], along: tuple[float, float], z: tuple[float, float], paint: Paint
) -> Part:
    """A box given across and along an opening's wall."""
    spans = [along, along]
    spans[opening.normal] = across
    low, high = np.array([(*pair,) for pair in (*spans, z)]).T
    return box(high - low, (low + high) / 2, paint, 0.12)


def _door_frame(opening: Opening) -> list[Part]:
    white = Paint("plain", (0.93, 0.92, 0.89))
    (a0, a1), (l0, l1), (_, top) = opening.across, opening.along, opening.height
    thick, wide = (a0 - 0.012, a1 + 0.012), 0.07
    jambs = [
        _in_wall(opening, thick, (l0 - 0.001, l0 + 0.03), (0, top - 0.03), white),
        _in_wall(opening, thick, (l1 - 0.03, l1 + 0.001), (0, top - 0.03), white),
    ]
    head = _in_wall(opening, thick, (l0, l1), (top - 0.03, top + 0.001), white)
    casing = []
    for side in ((a0 - 0.02, a0), (a1, a1 + 0.02)):
        casing.append(_in_wall(opening, side, (l0 - wide, l0 + 0.004), (0, top + wide), white))
        casing.append(_in_wall(opening, side, (l1 - 0.004, l1 + wide), (0, top + wide), white))
        casing.append(_in_wall(opening, side, (l0, l1), (top - 0.004, top + wide), white))
    return [joined([*jambs, head]), joined(casing)]


def _window(opening: Opening) -> list[Part]:
    white = Paint("plain", f.OFF_WHITE)
    (a0, a1), (l0, l1), (z0, z1) = opening.across, opening.along, opening.height
    inside = 1.0 if a0 < 0 else -1.0
    face, back = (a1, a0) if inside > 0 else (a0, a1)
    deep = (min(face, back), max(face, back))
    reveal = [
        _in_wall(opening, deep, (l0 - 0.001, l0 + 0.025), (z0, z1), white),
        _in_wall(opening, deep, (l1 - 0.025, l1 + 0.001), (z0, z1), white),
        _in_wall(opening, deep, (l0, l1), (z1 - 0.025, z1 + 0.001), white),
    ]
    sill_across = sorted((back, face + 0.05 * inside))
    sill = _in_wall(opening, (sill_across[0], sill_across[1]), (l0 - 0.03, l1 + 0.03), (z0 - 0.03, z0), white)
    pane_at = face - 0.13 * inside
    middle = (l0 + l1) / 2
    bar_across = (pane_at - 0.02, pane_at + 0.02)
    bars = [
        _in_wall(opening, bar_across, (u - 0.03, u + 0.03), (z0, z1), white) for u in (l0 + 0.05, middle, l1 - 0.05)
    ]
    bars += [_in_wall(opening, bar_across, (l0, l1), (z - 0.03, z + 0.03), white) for z in (z0 + 0.03, z1 - 0.05)]
    return [joined(reveal), sill, joined(bars), _pane(opening, pane_at, inside)]


def _pane(opening: Opening, at: float, inside: float) -> Part:
    glass = Paint("view_outside", (1.0, 1.0, 1.0), glow=1.25, mirror=0.02, depth_loss=0.55)
    (l0, l1), (z0, z1) = opening.along, opening.height
    corner, side = [l0, l0], [0.0, 0.0, 0.0]
    corner[opening.normal], side[1 - opening.normal] = at, l1 - l0
    if (inside > 0) == (opening.normal == 1):
        corner[1 - opening.normal], side[1 - opening.normal] = l1, l0 - l1
    return panel((*corner, z0), side, (0, 0, z1 - z0), glass, is_fit=True)
