"""The desk, what stands on it, and the room round it.

Meters, z up; the floor is at z = 0 and the middle of the desk at x = y = 0, with its front along −y.
"""

from collections.abc import Sequence
from itertools import pairwise

from qagen.demo.apartment import furniture as f
from qagen.demo.apartment import small_objects as s
from qagen.demo.apartment.materials import Paint, Rgb
from qagen.demo.apartment.shapes import Part, panel, turned
from qagen.demo.apartment.shell import Lamp, PlacedObject, Room
from qagen.demo.tabletop import things as t

DESK_M, MAT_M = 0.74, 0.003
"""Height of the desk's top, thickness of the mat on it."""
ROOM = Room(
    "study",
    (-1.6, 1.6),
    (-2.2, 0.378),
    Paint("plaster", (0.84, 0.87, 0.84), 0.8),
    Paint("planks", (0.62, 0.46, 0.32), 0.9),
)
CEILING_M = 2.5
WARM: Rgb = (1.0, 0.91, 0.78)


def furnish() -> list[PlacedObject]:
    """All annotated objects; the index is the object id."""
    return [*build_room(), *_furniture(), *_on_the_mat(), *_left(), *_middle(), *_right()]


def lamps() -> list[Lamp]:
    """Daylight from a window on the left, a ceiling lamp, and the lamp on the desk."""
    window = Lamp((-1.55, -0.7, 1.55), (0, 0.6, 0), (0, 0, 0.6), 7.0, (0.93, 0.97, 1.0))
    return [
        window,
        Lamp((0.3, -0.7, 2.42), (0.2, 0, 0), (0, -0.2, 0), 1.7, WARM),
    ]


def build_room() -> list[PlacedObject]:
    """Walls, floor and ceiling."""
    (x0, x1), (y0, y1) = ROOM.x, ROOM.y
    corners = ROOM.polygon[[0, 3, 2, 1, 0]]  # clockwise, so that walls face inward
    white = Paint("plaster", (0.97, 0.97, 0.96), 0.8)
    walls = [
        panel((*a, 0), (*(b - a), 0), (0, 0, CEILING_M), ROOM.wall, 0.06 if k == 1 else 0.2)
        for k, (a, b) in enumerate(pairwise(corners))
    ]
    return [
        PlacedObject("floor", (panel((x0, y0, 0), (x1 - x0, 0, 0), (0, y1 - y0, 0), ROOM.floor, 0.06),)),
        PlacedObject("ceiling", (panel((x0, y1, CEILING_M), (x1 - x0, 0, 0), (0, y0 - y1, 0), white, 0.3),)),
        *(PlacedObject("wall", (wall,)) for wall in walls),
    ]


def _place(
    label: str, parts: Sequence[Part], x: float, y: float, above: float = 0.0, yaw_deg: float = 0.0
) -> PlacedObject:
    """Put parts on the desk, or so much above it. At yaw 0 a front looks along −y, at 90° along +x."""
    return PlacedObject(label, tuple(turned(parts, x, y, DESK_M + above, yaw_deg)))


def _furniture() -> list[PlacedObject]:
    pine, steel = Paint("wood", (0.86, 0.70, 0.50), 0.45), f.DARK_STEEL
    return [
        PlacedObject("desk", tuple(t.desk(1.5, 0.75, DESK_M, pine, steel))),
        _place("desk mat", t.desk_mat(0.62, 0.34, (0.24, 0.27, 0.30)), 0.0, -0.185),
    ]


def _on_the_mat() -> list[PlacedObject]:
    return [
        _place("keyboard", t.keyboard((0.80, 0.81, 0.82), (0.93, 0.93, 0.92)), -0.130, -0.20, MAT_M, 3),
        _place("mouse", t.mouse((0.86, 0.86, 0.87)), 0.085, -0.20, MAT_M, -6),
        _place("notebook", t.notebook((0.20, 0.42, 0.40)), 0.216, -0.175, MAT_M, -4),
    ]


def _left() -> list[PlacedObject]:
    return [
        _place("lamp", t.lamp((0.86, 0.36, 0.20)), -0.63, 0.20, yaw_deg=35),
        _place("book", t.book((0.16, 0.30, 0.46), "cover_atlas", (0.17, 0.24, 0.034)), -0.37, 0.20, yaw_deg=8),
        _place("book", t.book((0.80, 0.34, 0.22), "cover_garden", (0.13, 0.19, 0.024)), -0.368, 0.20, 0.034, -9),
        _place("mug", t.mug((0.84, 0.22, 0.18)), -0.56, 0.005, yaw_deg=-140),
        _place("plate", t.plate(0.10), -0.60, -0.22),
        _place("banana", t.banana(), -0.60, -0.225, 0.0052, 20),
        _place("phone", t.phone(), -0.41, -0.20, yaw_deg=10),
        _place("tape dispenser", t.tape_dispenser((0.20, 0.24, 0.30)), -0.36, 0.0, yaw_deg=-50),
    ]


def _middle() -> list[PlacedObject]:
    return [
        _place("speaker", t.speaker(Paint("wood", (0.44, 0.29, 0.20), 0.3)), -0.17, 0.24, yaw_deg=8),
        _place("speaker", t.speaker(Paint("wood", (0.44, 0.29, 0.20), 0.3)), 0.23, 0.24, yaw_deg=-8),
        _place("alarm clock", t.alarm_clock((0.90, 0.90, 0.88)), 0.03, 0.22, yaw_deg=4),
        _place("stapler", t.stapler((0.75, 0.14, 0.16)), -0.18, 0.065, yaw_deg=55),
        _place("scissors", s.scissors((0.95, 0.55, 0.15)), 0.035, 0.065, yaw_deg=70),
    ]


def _right() -> list[PlacedObject]:
    cup = (0.40, 0.235)
    return [
        _place("book", t.book((0.30, 0.26, 0.20), "cover_physics", (0.15, 0.21, 0.028)), 0.25, 0.078, yaw_deg=84),
        _place("puzzle cube", t.puzzle_cube(), 0.265, 0.08, 0.028, 25),
        _place("pencil cup", t.pencil_cup((0.24, 0.34, 0.52)), *cup),
        _place("pencil", t.pencil((0.93, 0.74, 0.15), (0.024, 0.012), (0.031, 0.015, 0.172)), *cup),
        _place("pencil", t.pencil((0.75, 0.16, 0.16), (-0.022, -0.017), (-0.0265, -0.0205, 0.175)), *cup),
        _place("plant", t.plant((0.82, 0.45, 0.30), 5), 0.62, 0.245),
        _place("bowl", t.bowl((0.30, 0.47, 0.58), 0.085, 0.065), 0.52, 0.02),
        _place("apple", t.apple(), 0.52, 0.02, 0.0085, 40),
        _place("apple", t.apple(0.035, 0.064), 0.375, -0.05, yaw_deg=150),
        _place("mug", t.mug((0.25, 0.45, 0.70)), 0.42, -0.20, yaw_deg=-35),
        _place("remote control", t.remote_control(), 0.60, -0.20, yaw_deg=-25),
    ]
