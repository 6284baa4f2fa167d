"""The demo flat: five rooms round a hall, 9.2 m × 9.4 m, ceiling at 2.6 m; z up, metres, the floor at z = 0.

    y = 9.4  bedroom | bathroom | study
    y = 5.8  hall (4.4 – 5.8), front door at x = 9.2
    y = 4.3  living room | kitchen
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.demo import furniture as f
from qagen.demo import small_things as s
from qagen.demo.materials import Paint, Rgb
from qagen.demo.shapes import (
    Part,
    box,
    joined,
    panel,
    rotation_x,
    turned,
    wall_with_openings,
)

CEILING_M = 2.6
COARSE_M = 0.15
"""Edge of walls and ceilings."""
FLOOR_EDGE_M = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One annotated object."""

    label: str
    """Its name, as an annotator would type it."""
    parts: tuple[Part, ...]
    """Its pieces in the flat's frame, metres."""


@dataclass(frozen=True, slots=True)
class Room:
    """An upright rectangle of floor."""

    name: str
    """What it is called."""
    x: tuple[float, float]
    """West and east, metres."""
    y: tuple[float, float]
    """South and north, metres."""
    wall: Paint
    """All four walls."""
    floor: Paint
    """Seen from above."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A hole in a wall: a doorway through it, or a window in its outer side."""

    normal: int
    """The axis across the wall: 0 for x, 1 for y."""
    across: tuple[float, float]
    """Where the wall begins and ends along that axis, metres."""
    along: tuple[float, float]
    """Where the hole begins and ends along the wall, metres."""
    height: tuple[float, float]
    """Its bottom and top, metres."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """A source of light for baking."""

    centre: tuple[float, float, float]
    """Metres."""
    half_u: tuple[float, float, float]
    """Half side of its rectangle, metres."""
    half_v: tuple[float, float, float]
    """The other half side; the light falls on the side of half_u × half_v."""
    power: float
    """Radiance × area, arbitrary but common units."""
    color: Rgb
    """Its tint."""


ROOMS = (
    Room("living room", (0.0, 5.4), (0.0, 4.3), Paint("plaster", (0.95, 0.91, 0.83), 1.5), Paint("planks", (0.82, 0.62, 0.42), 1.1, mirror=0.02)),
    Room("kitchen", (5.52, 9.2), (0.0, 4.3), Paint("plaster", (0.97, 0.93, 0.72), 1.5), Paint("checker_tiles", (0.93, 0.91, 0.86), 1.6, mirror=0.03)),
    Room("hall", (0.0, 9.2), (4.42, 5.82), Paint("plaster", (0.86, 0.88, 0.84), 1.5), Paint("planks", (0.66, 0.48, 0.34), 1.1, mirror=0.02)),
    Room("bedroom", (0.0, 3.9), (5.94, 9.4), Paint("wallpaper", (0.80, 0.87, 0.95), 1.0), Paint("carpet", (0.80, 0.74, 0.66), 0.5)),
    Room("bathroom", (4.02, 6.2), (5.94, 9.4), Paint("tiles", (0.82, 0.94, 0.94), 0.6, mirror=0.02), Paint("mosaic", (0.62, 0.70, 0.74), 0.8)),
    Room("study", (6.32, 9.2), (5.94, 9.4), Paint("plaster", (0.78, 0.85, 0.76), 1.5), Paint("planks", (0.56, 0.38, 0.26), 1.1, mirror=0.02)),
)  # fmt: skip

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


def furnish() -> list[Thing]:
    """Every annotated thing of the flat; the position in the list is its object id."""
    return [
        *build_shell(),
        *furnish_living_room(),
        *furnish_kitchen(),
        *furnish_hall(),
        *furnish_bedroom(),
        *furnish_bathroom(),
        *furnish_study(),
    ]


def place(
    label: str,
    parts: Sequence[Part],
    x: float,
    y: float,
    z: float = 0.0,
    yaw_deg: float = 0.0,
    rotation: NDArray | None = None,
) -> Thing:
    """Put parts into the flat; at yaw 0 a front looks south (−y), at 90° east, at 180° north, at −90° west."""
    return Thing(label, tuple(turned(parts, x, y, z, yaw_deg, rotation)))


def build_shell() -> list[Thing]:
    things = []
    for room in ROOMS:
        things += [_floor(room), _ceiling(room), *_walls(room)]
    for opening in DOORWAYS:
        things += [Thing("doorframe", tuple(_door_frame(opening))), Thing("floor", (_threshold(opening),))]
    things.append(Thing("doorframe", tuple(_door_frame(FRONT_DOOR))))
    things += [Thing("window", tuple(_window(opening))) for opening in WINDOWS]
    return things


def lamps() -> list[Lamp]:
    """Daylight through the windows and the lamps of each room."""
    daylight = [_daylight(opening) for opening in WINDOWS]
    warm: Rgb = (1.0, 0.90, 0.76)
    spots = [(2.6, 2.1, 2.40), (7.3, 2.75, 1.60), (7.3, 1.2, 2.45), (1.8, 5.1, 2.42), (4.6, 5.1, 2.42), (7.6, 5.1, 2.42), (1.9, 7.7, 2.42), (5.1, 7.5, 2.42), (7.7, 7.6, 2.42)]
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
    return Lamp((*middle, float(np.mean(opening.height))), tuple(along), (0, 0, half_height), 4.2 * area, (0.93, 0.97, 1.0))


def _floor(room: Room) -> Thing:
    (x0, x1), (y0, y1) = room.x, room.y
    return Thing("floor", (panel((x0, y0, 0), (x1 - x0, 0, 0), (0, y1 - y0, 0), room.floor, FLOOR_EDGE_M),))


def _ceiling(room: Room) -> Thing:
    (x0, x1), (y0, y1) = room.x, room.y
    white = Paint("plaster", (0.98, 0.98, 0.97), 1.5)
    return Thing("ceiling", (panel((x0, y1, CEILING_M), (x1 - x0, 0, 0), (0, y0 - y1, 0), white, COARSE_M),))


def _walls(room: Room) -> list[Thing]:
    (x0, x1), (y0, y1) = room.x, room.y
    corners = [np.array(c) for c in ((x0, y0), (x0, y1), (x1, y1), (x1, y0), (x0, y0))]
    return [_wall(a, b, room.wall) for a, b in zip(corners[:-1], corners[1:], strict=True)]


def _wall(start: NDArray, end: NDArray, paint: Paint) -> Thing:
    along = end - start
    length = float(np.linalg.norm(along))
    holes = [hole for opening in (*DOORWAYS, FRONT_DOOR, *WINDOWS) for hole in _hole_in(opening, start, along / length, length)]
    wall = wall_with_openings((*start, 0), (*along, 0), CEILING_M, holes, paint, COARSE_M)
    return Thing("wall", (wall, _skirting(start, along / length, length, holes)))


def _hole_in(opening: Opening, start: NDArray, direction: NDArray, length: float) -> list[tuple[float, float, float, float]]:
    """The opening in the wall's own coordinates, or nothing when it belongs to another wall."""
    axis = opening.normal
    if abs(direction[axis]) > 0.5 or not np.isclose(opening.across, start[axis]).any():
        return []
    ends = sorted((np.array(opening.along) - start[1 - axis]) * direction[1 - axis])
    if ends[0] < 0 or ends[1] > length:
        return []
    return [(float(ends[0]), float(ends[1]), *opening.height)]


def _skirting(start: NDArray, direction: NDArray, length: float, holes: Sequence[tuple[float, float, float, float]]) -> Part:
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


def _in_wall(opening: Opening, across: tuple[float, float], along: tuple[float, float], z: tuple[float, float], paint: Paint) -> Part:
    """A box given across and along an opening's wall."""
    spans = [along, along]
    spans[opening.normal] = across
    low, high = np.array([(*pair,) for pair in (*spans, z)]).T
    return box(high - low, (low + high) / 2, paint, 0.12)


def _door_frame(opening: Opening) -> list[Part]:
    white = Paint("plain", (0.93, 0.92, 0.89))
    (a0, a1), (l0, l1), (_, top) = opening.across, opening.along, opening.height
    thick, wide = (a0 - 0.012, a1 + 0.012), 0.07
    jambs = [_in_wall(opening, thick, (l0 - 0.001, l0 + 0.03), (0, top - 0.03), white), _in_wall(opening, thick, (l1 - 0.03, l1 + 0.001), (0, top - 0.03), white)]
    head = _in_wall(opening, thick, (l0, l1), (top - 0.03, top + 0.001), white)
    casing = []
    for side in ((a0 - 0.02, a0), (a1, a1 + 0.02)):
        casing.append(_in_wall(opening, side, (l0 - wide, l0 + 0.004), (0, top + wide), white))
        casing.append(_in_wall(opening, side, (l1 - 0.004, l1 + wide), (0, top + wide), white))
        casing.append(_in_wall(opening, side, (l0, l1), (top - 0.004, top + wide), white))
    return [joined([*jambs, head]), joined(casing)]


def _threshold(opening: Opening) -> Part:
    return _in_wall(opening, opening.across, opening.along, (-0.02, 0.004), Paint("wood", (0.5, 0.36, 0.25), 0.5))


def _window(opening: Opening) -> list[Part]:
    white = Paint("plain", f.OFF_WHITE)
    (a0, a1), (l0, l1), (z0, z1) = opening.across, opening.along, opening.height
    inside = 1.0 if a0 < 0 else -1.0
    face, back = (a1, a0) if inside > 0 else (a0, a1)
    deep = (min(face, back), max(face, back))
    reveal = [_in_wall(opening, deep, (l0 - 0.001, l0 + 0.025), (z0, z1), white), _in_wall(opening, deep, (l1 - 0.025, l1 + 0.001), (z0, z1), white),
              _in_wall(opening, deep, (l0, l1), (z1 - 0.025, z1 + 0.001), white)]
    sill_across = sorted((back, face + 0.05 * inside))
    sill = _in_wall(opening, (sill_across[0], sill_across[1]), (l0 - 0.03, l1 + 0.03), (z0 - 0.03, z0), white)
    pane_at = face - 0.13 * inside
    middle = (l0 + l1) / 2
    bar_across = (pane_at - 0.02, pane_at + 0.02)
    bars = [_in_wall(opening, bar_across, (u - 0.03, u + 0.03), (z0, z1), white) for u in (l0 + 0.05, middle, l1 - 0.05)]
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


def furnish_living_room() -> list[Thing]:
    blue, shelf, gold = Paint("fabric", (0.30, 0.42, 0.56), 0.12), f.wooden(f.WALNUT), f.wooden((0.75, 0.6, 0.35))
    white = (0.96, 0.94, 0.9)
    top = 0.42
    return [
        place("rug", f.rug(2.5, 1.8, Paint("persian_rug")), 1.95, 1.95, yaw_deg=0),
        place("couch", f.sofa(2.15, blue, 3), 0.63, 1.95, yaw_deg=90),
        place("pillow", s.pillow((0.90, 0.62, 0.20)), 0.63, 1.28, 0.50, 90, rotation_x(62)),
        place("pillow", s.pillow((0.75, 0.22, 0.20), "checks"), 0.61, 2.62, 0.50, 80, rotation_x(62)),
        place("pillow", s.pillow((0.45, 0.62, 0.50), "dots"), 0.66, 2.18, 0.50, 95, rotation_x(58)),
        place("blanket", s.blanket(Paint("checks", (0.72, 0.30, 0.26), 0.3)), 0.73, 1.72, 0.462, 12),
        place("coffee table", f.table(0.62, 1.15, top, f.wooden(f.OAK)), 1.85, 1.95, 0.012),
        place("cup", s.cup((0.86, 0.25, 0.20)), 1.70, 2.30, top + 0.012),
        place("cup", s.cup((0.25, 0.48, 0.70)), 2.02, 1.62, top + 0.012, 140),
        place("magazine", s.magazine(), 1.80, 1.66, top + 0.012, 75),
        place("remote control", s.remote_control(), 1.98, 2.02, top + 0.012, 50),
        place("candle", s.candle((0.94, 0.90, 0.80)), 1.86, 2.42, top + 0.012),
        place("armchair", f.sofa(0.92, Paint("fabric", (0.75, 0.45, 0.22), 0.12), 1), 2.05, 0.69, yaw_deg=168),
        place("ottoman", f.ottoman(Paint("leather", (0.45, 0.27, 0.17), 0.3)), 1.75, 3.30, yaw_deg=8),
        place("tv stand", f.chest(1.6, 0.42, 0.48, f.wooden(f.OAK), "doors_4"), 5.16, 1.25, yaw_deg=-90),
        place("tv", f.tv(1.15), 5.16, 1.25, 0.50, -90),
        place("speaker", f.speaker(shelf), 5.18, 0.22, yaw_deg=-90),
        place("speaker", f.speaker(shelf), 5.18, 2.28, yaw_deg=-90),
        place("bookshelf", f.bookshelf(1.25, 1.95, 5, shelf), 1.05, 4.15),
        *[place("books", s.book_row(w, h, tint), 1.05 + dx, 4.11, f.shelf_height(1.95, 5, k) + 0.001) for k, dx, w, h, tint in (
            (1, -0.28, 0.55, 0.25, (1.0, 0.9, 0.8)), (2, 0.15, 0.75, 0.27, (0.9, 1.0, 1.0)), (3, -0.2, 0.7, 0.24, (1.1, 1.0, 0.9)), (4, 0.2, 0.6, 0.26, (1.0, 1.0, 1.2)))],
        place("vase", s.vase((0.25, 0.50, 0.55)), 0.78, 4.12, f.shelf_height(1.95, 5, 5)),
        place("box", s.cardboard_box((0.30, 0.22, 0.20), (0.75, 0.85, 0.95)), 1.35, 4.13, f.shelf_height(1.95, 5, 0) + 0.001),
        place("plant", f.plant(1.25, 26, (0.78, 0.42, 0.28), 3), 0.52, 3.56),
        place("lamp", f.floor_lamp((0.98, 0.88, 0.66)), 0.33, 0.42),
        place("guitar", f.guitar((0.82, 0.50, 0.22)), 2.45, 4.02, 0.02, 0, rotation_x(-11)),
        place("basket", s.basket((0.85, 0.68, 0.45)), 3.15, 4.02),
        place("radiator", f.radiator(1.3), 3.05, 0.10, yaw_deg=180),
        place("side table", f.round_table(0.24, 0.55, f.wooden(f.OAK)), 2.98, 0.55),
        place("book", s.book((0.20, 0.40, 0.30)), 2.91, 0.50, 0.55, 30),
        place("cup", s.cup((0.95, 0.93, 0.88)), 3.10, 0.66, 0.55, 70),
        place("curtains", [*f.curtain(0.40, 2.3, Paint("fabric", (0.85, 0.76, 0.60), 0.12), 4), *turned(f.curtain(0.40, 2.3, Paint("fabric", (0.85, 0.76, 0.60), 0.12), 4), x=2.1), *turned([f.curtain_rod(2.7)], x=1.05, z=2.31)], 0.13, 0.95, 0.10, 90),
        place("curtain", [*f.curtain(0.45, 2.3, Paint("fabric", (0.80, 0.70, 0.56), 0.12), 4), *turned([f.curtain_rod(0.5)], z=2.31)], 4.15, 0.13, 0.10, 180),
        place("picture", f.picture(0.75, 0.50, "painting_hills", gold), 5.398, 0.35, 1.75, -90),
        place("picture", f.picture(0.62, 0.45, "painting_sea", f.wooden(white)), 2.45, 4.298, 1.65),
        place("clock", f.wall_clock(0.15, Paint("plain", (0.25, 0.2, 0.18))), 3.25, 4.298, 1.85),
        place("ceiling light", f.ceiling_lamp(), 2.6, 2.1, CEILING_M),
        place("ball", s.toy_ball(0.11, (0.95, 0.45, 0.30)), 3.75, 3.55),
        place("toy", s.cube_toys(), 3.10, 2.75, 0.0),
    ]


def furnish_kitchen() -> list[Thing]:
    cream, stone = Paint("wood", (0.93, 0.90, 0.82), 0.6), Paint("granite", (0.42, 0.42, 0.44), 0.5, mirror=0.04)
    red_seat, frame = Paint("leather", (0.70, 0.18, 0.16), 0.3), f.wooden(f.PINE)
    worktop, table = 0.90, 0.75
    base = f.chest(2.04, 0.58, 0.84, cream, "doors_4", 0.08)
    return [
        place("refrigerator", f.refrigerator(), 5.92, 0.36, yaw_deg=180),
        place("stove", f.stove(), 6.62, 0.32, yaw_deg=180),
        place("range hood", f.range_hood(), 6.62, 0.32, 1.62, 180),
        place("kitchen cabinets", base, 8.0, 0.31, yaw_deg=180),
        place("kitchen counter", f.counter(2.24, 0.62, (-0.28 - 0.04, 0.24), stone), 8.06, 0.315, yaw_deg=180),
        place("sink", f.kitchen_sink(), 8.10, 0.315, worktop - 0.002, 180),
        place("kitchen cabinets", turned(f.chest(0.62, 0.34, 0.72, cream, "doors_2", 0.0)), 7.18, 0.18, 1.50, 180),
        place("kitchen cabinets", f.chest(0.36, 0.34, 0.72, cream, "doors_2", 0.0), 8.98, 0.18, 1.50, 180),
        place("microwave", s.microwave(), 8.92, 0.32, worktop, 150),
        place("toaster", s.toaster(), 7.10, 0.30, worktop, 180),
        place("kettle", s.kettle((0.75, 0.20, 0.18)), 7.48, 0.24, worktop, 60),
        place("knife block", s.knife_block(), 7.08, 0.12, worktop, 160),
        place("soap dispenser", s.soap_dispenser((0.45, 0.70, 0.45)), 7.72, 0.16, worktop, 180),
        place("paper towel roll", s.paper_towel(), 8.53, 0.17, worktop),
        place("pot", s.pot((0.80, 0.82, 0.84)), 6.48, 0.22, 0.908, 20),
        place("bottle", s.bottle((0.25, 0.45, 0.25)), 7.60, 0.42, worktop),
        place("plant", f.plant(0.34, 12, (0.9, 0.88, 0.8), 8), 8.36, 0.0, 1.12),
        place("dining table", f.table(1.35, 0.85, table, f.wooden(f.OAK)), 7.3, 2.75),
        place("chair", f.chair(red_seat, frame), 6.95, 2.12, yaw_deg=184),
        place("chair", f.chair(red_seat, frame), 7.65, 2.10, yaw_deg=172),
        place("chair", f.chair(Paint("leather", (0.22, 0.42, 0.40), 0.3), frame), 6.95, 3.38, yaw_deg=-6),
        place("chair", f.chair(Paint("leather", (0.22, 0.42, 0.40), 0.3), frame), 7.72, 3.48, yaw_deg=14),
        place("fruit bowl", s.fruit(), 7.32, 2.82, table),
        place("plate", s.plate((0.95, 0.95, 0.92)), 6.95, 2.52, table),
        place("plate", s.plate((0.55, 0.68, 0.80)), 7.70, 2.52, table),
        place("cup", s.cup((0.95, 0.78, 0.25)), 6.78, 2.70, table, 30),
        place("cup", s.cup((0.35, 0.60, 0.40)), 7.92, 2.68, table, 200),
        place("bottle", s.bottle((0.80, 0.50, 0.20), 0.27), 7.02, 2.95, table),
        place("scissors", s.scissors((0.85, 0.30, 0.15)), 7.62, 2.98, table, 40),
        place("book", s.book((0.75, 0.30, 0.35), (0.20, 0.26, 0.025)), 7.82, 3.00, table, -20),
        place("ceiling lamp", f.pendant(0.72, (0.85, 0.36, 0.22)), 7.3, 2.75, CEILING_M),
        place("ceiling light", f.ceiling_lamp(), 7.3, 1.2, CEILING_M),
        place("cabinet", f.chest(0.85, 0.40, 0.92, f.wooden(f.PINE), "doors_2"), 8.98, 3.55, yaw_deg=-90),
        place("coffee maker", s.coffee_maker(), 9.0, 3.38, 0.94, -90),
        place("bowl", s.bowl((0.88, 0.62, 0.30)), 8.96, 3.76, 0.94),
        place("trash can", s.trash_can((0.55, 0.57, 0.60), 0.17, 0.55), 8.95, 2.60),
        place("stool", f.stool(Paint("wood", f.OAK, 0.4), Paint("plain", (0.2, 0.2, 0.22))), 8.85, 1.35),
        place("picture", f.picture(0.45, 0.60, "painting_flowers", f.wooden(f.WALNUT)), 9.198, 3.50, 1.62, -90),
        place("clock", f.wall_clock(0.14, Paint("plain", (0.75, 0.2, 0.18))), 9.198, 2.2, 1.95, -90),
        place("basket", s.basket((0.55, 0.62, 0.42), 0.16, 0.26), 5.78, 4.02),
        place("curtain", [*f.curtain(1.18, 0.40, Paint("checks", (0.95, 0.75, 0.55), 0.35), 9), *turned([f.curtain_rod(1.22)], z=0.40)], 8.15, 0.10, 1.82, 180),
    ]  # fmt: skip


def furnish_hall() -> list[Thing]:
    return [
        place("door", f.door_leaf(0.86, 2.0, (0.42, 0.26, 0.20)), 9.25, 4.71, 0.0, 90),
        place("doormat", f.rug(0.80, 0.50, Paint("carpet", (0.45, 0.38, 0.30), 0.4)), 8.72, 5.13, yaw_deg=90),
        place("bench", f.bench(1.05, 0.34, 0.46, f.wooden(f.OAK), Paint("fabric", (0.55, 0.60, 0.50), 0.12)), 6.20, 5.62),
        place("shoes", s.shoes((0.55, 0.16, 0.14)), 5.92, 5.60, 0.0, 6),
        place("shoes", s.shoes((0.20, 0.28, 0.45)), 6.25, 5.61, 0.0, -4),
        place("shoes", s.shoes((0.28, 0.22, 0.18)), 6.55, 5.60, 0.0, 3),
        place("backpack", s.backpack((0.20, 0.45, 0.42)), 6.48, 5.64, 0.475, 8),
        place("coat rack", f.coat_rack(), 6.18, 5.82, 1.72),
        place("coat", f.coat((0.65, 0.50, 0.20)), 5.80, 5.80, 1.70),
        place("coat", f.coat((0.25, 0.30, 0.42)), 6.32, 5.80, 1.70),
        place("cabinet", f.chest(0.95, 0.32, 0.82, f.wooden((0.90, 0.88, 0.84)), "drawers_6"), 7.55, 4.60, yaw_deg=180),
        place("mirror", f.mirror(0.60, 0.85, f.wooden(f.WALNUT)), 7.55, 4.422, 1.50, 180),
        place("vase", s.vase((0.75, 0.42, 0.30), 0.22), 7.25, 4.58, 0.84),
        place("telephone", s.telephone((0.72, 0.15, 0.15)), 7.82, 4.60, 0.84, 175),
        place("umbrella", s.umbrella((0.80, 0.25, 0.25)), 8.52, 4.53, 0.01, 0, rotation_x(6)),
        place("bicycle", f.bicycle((0.15, 0.42, 0.62)), 1.05, 4.72, 0.0, 0, rotation_x(4)),
        place("box", s.cardboard_box((0.50, 0.38, 0.36)), 0.32, 5.55, 0.0, 4),
        place("box", s.cardboard_box((0.38, 0.30, 0.26), (0.92, 0.88, 0.82)), 0.30, 5.56, 0.361, -12),
        place("vacuum cleaner", s.vacuum_cleaner((0.70, 0.15, 0.18)), 1.05, 5.52, 0.0, 95),
        place("plant", f.plant(0.80, 18, (0.30, 0.36, 0.42), 5), 8.45, 5.46),
        place("rug", f.rug(2.6, 0.75, Paint("striped_rug")), 4.75, 5.12),
        place("picture", f.picture(0.50, 0.70, "painting_shapes", f.wooden(f.BLACK)), 3.30, 4.422, 1.60, 180),
        place("picture", f.picture(0.60, 0.42, "painting_hills", f.wooden((0.9, 0.88, 0.84))), 3.85, 5.818, 1.60),
        place("picture", f.picture(0.42, 0.55, "painting_flowers", f.wooden(f.OAK)), 5.42, 4.422, 1.62, 180),
        *[place("ceiling light", f.ceiling_lamp(), x, 5.1, CEILING_M) for x in (1.8, 4.6, 7.6)],
    ]


def furnish_bedroom() -> list[Thing]:
    frame, lilac = f.wooden(f.WALNUT), Paint("fabric", (0.62, 0.56, 0.76), 0.15)
    sheet = Paint("fabric", (0.96, 0.95, 0.93), 0.15)
    return [
        place("bed", f.bed(2.05, 1.55, frame, sheet, lilac), 1.09, 7.85, yaw_deg=90),
        place("pillow", s.pillow((0.97, 0.96, 0.94), "fabric", (0.62, 0.42)), 0.36, 7.48, 0.55, 90, rotation_x(14)),
        place("pillow", s.pillow((0.97, 0.96, 0.94), "fabric", (0.62, 0.42)), 0.36, 8.22, 0.55, 90, rotation_x(14)),
        place("pillow", s.pillow((0.90, 0.55, 0.55), "dots", (0.40, 0.40)), 0.62, 7.86, 0.62, 84, rotation_x(40)),
        place("stuffed animal", s.teddy_bear((0.68, 0.46, 0.28)), 1.02, 7.55, 0.612, 70),
        place("box", s.cardboard_box((0.55, 0.40, 0.20), (0.90, 0.78, 0.78)), 1.35, 7.25, 0.0, 5),
        place("suitcase", s.suitcase((0.16, 0.36, 0.48)), 3.62, 6.95, 0.0, -82),
        place("nightstand", f.chest(0.44, 0.38, 0.50, frame, "drawers_2"), 0.24, 6.78, yaw_deg=90),
        place("nightstand", f.chest(0.44, 0.38, 0.50, frame, "drawers_2"), 0.24, 8.92, yaw_deg=90),
        place("lamp", f.table_lamp((0.30, 0.52, 0.58), (0.98, 0.92, 0.80)), 0.20, 6.74, 0.52),
        place("lamp", f.table_lamp((0.30, 0.52, 0.58), (0.98, 0.92, 0.80)), 0.20, 8.96, 0.52),
        place("alarm clock", s.alarm_clock((0.82, 0.22, 0.25)), 0.36, 6.88, 0.52, 70),
        place("book", s.book((0.24, 0.30, 0.55)), 0.33, 8.84, 0.52, 80),
        place("wardrobe", f.chest(1.30, 0.58, 2.05, f.wooden(f.PINE), "doors_2", 0.08), 3.60, 8.70, yaw_deg=-90),
        place("dresser", f.chest(1.15, 0.44, 0.80, frame, "drawers_6"), 1.42, 6.17, yaw_deg=180),
        place("mirror", f.mirror(0.70, 0.70, f.wooden(f.OAK)), 1.42, 5.942, 1.45, 180),
        place("jewelry box", f.chest(0.22, 0.16, 0.11, f.wooden((0.62, 0.30, 0.22)), "drawers_2", 0.0), 1.12, 6.12, 0.82, 170),
        place("bottle", s.bottle((0.75, 0.50, 0.60), 0.17), 1.78, 6.10, 0.82),
        place("picture", f.picture(0.95, 0.55, "painting_sea", f.wooden(f.OAK)), 0.002, 7.85, 1.62, 90),
        place("rug", f.rug(1.45, 0.95, Paint("striped_rug")), 2.62, 7.75, yaw_deg=90),
        place("slippers", s.slippers((0.80, 0.50, 0.58)), 1.45, 6.82, 0.0, 100),
        place("laundry basket", s.basket((0.92, 0.90, 0.86), 0.23, 0.52), 3.58, 6.28),
        place("chair", f.chair(lilac, f.wooden((0.93, 0.91, 0.88))), 2.95, 8.96, yaw_deg=-20),
        place("clothes", s.blanket(Paint("stripes", (0.45, 0.60, 0.75), 0.3)), 2.94, 8.94, 0.483, 12),
        place("curtains", [*f.curtain(0.42, 2.25, Paint("fabric", (0.60, 0.64, 0.80), 0.12), 4), *turned(f.curtain(0.42, 2.25, Paint("fabric", (0.60, 0.64, 0.80), 0.12), 4), x=1.95), *turned([f.curtain_rod(2.6)], x=0.98, z=2.26)], 1.02, 9.28, 0.12),
        place("plant", f.plant(0.40, 14, (0.85, 0.55, 0.40), 12), 1.75, 9.38, 0.95),
        place("ceiling light", f.ceiling_lamp(), 1.9, 7.7, CEILING_M),
        place("door", f.door_leaf(0.80, 2.0, (0.93, 0.92, 0.88)), 3.07, 5.99, 0.0, 82),
    ]


def furnish_bathroom() -> list[Thing]:
    wood = f.wooden((0.62, 0.46, 0.32))
    return [
        place("bathtub", f.bathtub(1.68, 0.76), 5.815, 8.50, yaw_deg=90),
        place("shower curtain", [*f.curtain(0.62, 1.75, Paint("dots", (0.62, 0.82, 0.90), 0.35), 6), *turned([f.curtain_rod(1.72)], x=0.5, z=1.76)], 5.40, 8.0, 0.32, 90),
        place("toilet", f.toilet(), 4.45, 8.72, yaw_deg=90),
        place("toilet paper", s.toilet_paper(), 4.022, 8.20, 0.75, 90),
        place("bathroom cabinet", f.vanity(0.74, wood), 4.26, 7.18, yaw_deg=90),
        place("sink", f.basin(0.76), 4.26, 7.18, 0.812, 90),
        place("mirror", f.mirror(0.66, 0.80, f.STEEL), 4.022, 7.18, 1.55, 90),
        place("toothbrush cup", s.toothbrush_cup(), 4.10, 6.70, 0.90),
        place("shelf", [box((0.30, 0.15, 0.02), (0, 0, -0.01), wood)], 4.10, 6.63, 0.90, 90),
        place("soap dispenser", s.soap_dispenser((0.90, 0.55, 0.60)), 4.08, 6.56, 0.90, 90),
        place("washing machine", f.washing_machine(), 5.89, 6.90, yaw_deg=-90),
        place("bottle", s.bottle((0.30, 0.50, 0.80), 0.24), 5.98, 6.75, 0.85),
        place("towel", turned([*s.blanket(Paint("stripes", (0.95, 0.65, 0.50), 0.2))], rotation=np.diag([0.7, 0.8, 1.2])), 5.84, 7.02, 0.85, 5),
        place("towel", s.towel(0.40, 0.65, Paint("stripes", (0.40, 0.66, 0.68), 0.2)), 4.33, 5.942, 1.45, 180),
        place("towel", s.towel(0.46, 0.65, Paint("fabric", (0.92, 0.55, 0.42), 0.1)), 4.62, 9.398, 1.35, 0),
        place("bath mat", f.rug(0.85, 0.52, Paint("fur", (0.40, 0.58, 0.62), 0.4)), 5.08, 8.45, yaw_deg=90),
        place("trash can", s.trash_can((0.92, 0.92, 0.90), 0.12, 0.27), 4.20, 7.92),
        place("scale", s.scale(), 4.95, 7.30, 0.0, 15),
        place("laundry basket", s.basket((0.55, 0.65, 0.72), 0.20, 0.45), 5.95, 6.28),
        place("shampoo bottle", s.bottle((0.92, 0.45, 0.25), 0.20), 6.15, 7.90, 0.56),
        place("shampoo bottle", s.bottle((0.35, 0.65, 0.35), 0.20), 6.15, 8.12, 0.56),
        place("ceiling light", f.ceiling_lamp(), 5.1, 7.5, CEILING_M),
    ]


def furnish_study() -> list[Thing]:
    desk, shelf = 0.74, f.wooden(f.OAK)
    dark = Paint("fabric", (0.22, 0.24, 0.28), 0.12)
    return [
        place("desk", f.table(1.65, 0.72, desk, f.DARK_STEEL, f.wooden(f.PINE), 0.05), 7.62, 9.02),
        place("monitor", f.monitor(), 7.52, 9.15, desk, 4),
        place("monitor", f.monitor(), 8.12, 9.08, desk, -18),
        place("keyboard", s.keyboard(), 7.84, 8.80, desk),
        place("mouse", s.mouse(), 8.14, 8.80, desk, 5),
        place("laptop", s.laptop((0.78, 0.79, 0.81)), 7.02, 8.92, desk, 14),
        place("lamp", f.desk_lamp((0.85, 0.35, 0.20)), 6.92, 9.20, desk, 30),
        place("cup", s.cup((0.40, 0.28, 0.55)), 8.32, 8.80, desk, 20),
        place("papers", s.papers(), 7.41, 8.80, desk, 4),
        place("office chair", f.office_chair(dark), 7.65, 8.20, yaw_deg=165),
        place("trash can", s.trash_can((0.25, 0.28, 0.34)), 8.20, 9.12),
        place("bookshelf", f.bookshelf(1.10, 1.80, 4, shelf), 6.47, 7.25, yaw_deg=90),
        *[place("books", s.book_row(w, h, tint), 6.50, 7.25 + dy, f.shelf_height(1.80, 4, k) + 0.001, 90) for k, dy, w, h, tint in (
            (0, 0.1, 0.80, 0.30, (0.9, 0.9, 1.1)), (2, -0.15, 0.65, 0.28, (1.1, 0.95, 0.9)), (3, 0.12, 0.7, 0.26, (0.95, 1.1, 1.0)))],
        place("globe", s.globe(), 6.48, 7.05, f.shelf_height(1.80, 4, 4)),
        place("box", s.cardboard_box((0.28, 0.22, 0.24), (0.70, 0.75, 0.85)), 6.48, 7.45, f.shelf_height(1.80, 4, 1) + 0.001, 90),
        place("file cabinet", f.chest(0.46, 0.55, 0.70, Paint("metal", (0.62, 0.66, 0.68), 0.4), "drawers_3", 0.03), 8.88, 8.92, yaw_deg=-90),
        place("printer", s.printer(), 8.88, 8.90, 0.72, -90),
        place("box", s.cardboard_box((0.46, 0.40, 0.38)), 8.92, 6.22, 0.0, 3),
        place("box", s.cardboard_box((0.40, 0.34, 0.30), (0.95, 0.92, 0.88)), 8.93, 6.22, 0.381, 14),
        place("armchair", f.sofa(0.88, Paint("leather", (0.36, 0.50, 0.38), 0.3), 1), 8.66, 7.42, yaw_deg=-82),
        place("pillow", s.pillow((0.92, 0.85, 0.70), "stripes", (0.40, 0.40)), 8.70, 7.42, 0.50, -82, rotation_x(62)),
        place("ball", s.toy_ball(0.20, (0.45, 0.55, 0.80)), 8.95, 6.70),
        place("plant", f.plant(1.0, 22, (0.92, 0.90, 0.86), 21), 6.74, 8.16),
        place("whiteboard", f.flat_board(1.05, 0.75, Paint("whiteboard_notes", mirror=0.03), f.STEEL), 8.53, 5.942, 1.50, 180),
        place("map", f.flat_board(0.90, 0.62, Paint("chest_map"), f.wooden(f.WALNUT)), 7.35, 9.398, 1.75),
        place("rug", f.rug(1.7, 1.2, Paint("checks", (0.75, 0.48, 0.36), 0.5)), 7.55, 7.25),
        place("radiator", f.radiator(1.0), 9.10, 8.05, yaw_deg=-90),
        place("ceiling light", f.ceiling_lamp(), 7.7, 7.6, CEILING_M),
        place("door", f.door_leaf(0.80, 2.0, (0.93, 0.92, 0.88)), 7.04, 5.99, 0.0, 98),
    ]
