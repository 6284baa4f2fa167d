"""Furniture and fixtures. Each function returns parts that stand on z = 0 round the z axis, with the front along −y."""

import numpy as np

from qagen.demo.apartment.materials import Paint, Rgb
from qagen.demo.apartment.shapes import (
    Part,
    ball,
    bar,
    box,
    cylinder,
    faced_box,
    grid_surface,
    joined,
    panel,
    ring,
    rotation_x,
    smooth_profile,
    soft_box,
    tube,
    turned,
    turned_profile,
)

OAK: Rgb = (0.80, 0.62, 0.42)
WALNUT: Rgb = (0.48, 0.32, 0.22)
PINE: Rgb = (0.92, 0.76, 0.54)
OFF_WHITE: Rgb = (0.95, 0.94, 0.91)
BLACK: Rgb = (0.09, 0.09, 0.10)
STEEL = Paint("metal", (0.82, 0.83, 0.85), 0.4, mirror=0.06, depth_loss=0.05)
DARK_STEEL = Paint("metal", (0.22, 0.22, 0.24), 0.4)
CERAMIC = Paint("plain", (0.98, 0.98, 0.97), 1.0, mirror=0.04)


def wooden(color: Rgb = OAK) -> Paint:
    return Paint("wood", color, 0.6)


def four_legs(width: float, depth: float, height: float, side: float, paint: Paint, inset: float = 0.02) -> list[Part]:
    x, y = width / 2 - side / 2 - inset, depth / 2 - side / 2 - inset
    return [box((side, side, height), (sx * x, sy * y, height / 2), paint) for sx in (-1, 1) for sy in (-1, 1)]


def table(
    width: float, depth: float, height: float, paint: Paint, top: Paint | None = None, leg: float = 0.06
) -> list[Part]:
    plate = box((width, depth, 0.035), (0, 0, height - 0.0175), top or paint)
    apron = [box((width - 0.12, 0.02, 0.07), (0, sy * (depth / 2 - 0.05), height - 0.07), paint) for sy in (-1, 1)]
    return [plate, joined(four_legs(width, depth, height - 0.035, leg, paint)), joined(apron)]


def round_table(radius: float, height: float, paint: Paint) -> list[Part]:
    top = cylinder(radius, 0.025, (0, 0, height - 0.025), paint)
    legs = [
        bar((0, 0, height - 0.03), (0.8 * radius * np.cos(a), 0.8 * radius * np.sin(a), 0.0), 0.015, DARK_STEEL)
        for a in (0.5, 2.6, 4.7)
    ]
    return [top, joined(legs)]


def chair(seat: Paint, frame: Paint) -> list[Part]:
    legs = four_legs(0.44, 0.44, 0.44, 0.035, frame, inset=0.0)
    posts = [box((0.035, 0.03, 0.46), (sx * 0.2, 0.205, 0.67), frame) for sx in (-1, 1)]
    slats = [box((0.37, 0.018, 0.055), (0, 0.205, z), frame) for z in (0.60, 0.70)]
    top = box((0.40, 0.022, 0.11), (0, 0.205, 0.835), frame)
    return [soft_box((0.45, 0.45, 0.055), (0, 0, 0.455), seat, 8), joined(legs), joined([*posts, *slats, top])]


def stool(seat: Paint, frame: Paint, height: float = 0.62) -> list[Part]:
    legs = [
        bar((0.10 * sx, 0.10 * sy, height - 0.03), (0.17 * sx, 0.17 * sy, 0), 0.016, frame)
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    rung = ring(0.145, 0.010, (0, 0, 0), frame)
    return [
        cylinder(0.17, 0.04, (0, 0, height - 0.04), seat),
        joined(legs),
        *turned([rung], z=0.22, rotation=rotation_x(90)),
    ]


def office_chair(seat: Paint) -> list[Part]:
    arms = []
    for k in range(5):
        a = 2 * np.pi * k / 5
        tip = np.array([0.29 * np.cos(a), 0.29 * np.sin(a), 0.07])
        arms += [bar((0, 0, 0.10), tip, 0.02, DARK_STEEL), ball(0.03, tip - (0, 0, 0.04), DARK_STEEL, 0.04)]
    rests = [
        part
        for sx in (-1, 1)
        for part in (
            box((0.05, 0.26, 0.03), (sx * 0.27, 0.0, 0.67), DARK_STEEL),
            box((0.03, 0.05, 0.2), (sx * 0.27, 0.05, 0.57), DARK_STEEL),
        )
    ]
    back = turned([soft_box((0.46, 0.07, 0.55), (0, 0, 0.28), seat, 5)], y=0.24, z=0.53, rotation=rotation_x(-8))
    post = bar((0, 0, 0.08), (0, 0, 0.42), 0.028, DARK_STEEL)
    return [soft_box((0.50, 0.48, 0.10), (0, 0, 0.46), seat, 5), *back, joined(arms), post, joined(rests)]


def sofa(width: float, fabric: Paint, seats: int) -> list[Part]:
    depth, arm = 0.90, 0.18
    base = box((width - 0.04, depth - 0.06, 0.22), (0, 0.02, 0.19), fabric)
    arms = [soft_box((arm, depth, 0.56), (sx * (width - arm) / 2, 0, 0.35), fabric, 9) for sx in (-1, 1)]
    inner = width - 2 * arm
    cushions, backs = [], []
    for k in range(seats):
        x = inner * ((k + 0.5) / seats - 0.5)
        cushions.append(soft_box((inner / seats - 0.01, depth - 0.26, 0.17), (x, -0.12, 0.375), fabric, 9))
        back = soft_box((inner / seats - 0.02, 0.20, 0.48), (0, 0, 0.24), fabric, 6)
        backs += turned([back], x, 0.25, 0.40, rotation=rotation_x(-10))
    rear = box((width - 0.08, 0.14, 0.58), (0, depth / 2 - 0.09, 0.43), fabric)
    feet = four_legs(width, depth, 0.08, 0.05, wooden(WALNUT), 0.05)
    return [base, joined(arms), joined(cushions), joined(backs), rear, joined(feet)]


def ottoman(paint: Paint) -> list[Part]:
    return [
        soft_box((0.56, 0.50, 0.34), (0, 0, 0.25), paint, 9),
        joined(four_legs(0.5, 0.44, 0.09, 0.05, wooden(WALNUT))),
    ]


def bookshelf(width: float, height: float, shelves: int, paint: Paint) -> list[Part]:
    """Shelf tops stand at ``shelf_height(height, shelves, k)``."""
    depth, t = 0.28, 0.025
    sides = [box((t, depth, height), (sx * (width - t) / 2, 0, height / 2), paint) for sx in (-1, 1)]
    boards = [
        box((width - 2 * t, depth - 0.01, t), (0, 0, shelf_height(height, shelves, k) - t / 2), paint)
        for k in range(shelves + 1)
    ]
    back = panel((-width / 2 + t, depth / 2 - 0.012, 0), (width - 2 * t, 0, 0), (0, 0, height), paint)
    return [joined(sides), joined(boards), back]


def shelf_height(height: float, shelves: int, k: int) -> float:
    return 0.08 + k * (height - 0.08) / shelves


def chest(width: float, depth: float, height: float, paint: Paint, front: str, legs: float = 0.05) -> list[Part]:
    """A cabinet, dresser, wardrobe or nightstand with painted doors or drawers."""
    body = faced_box((width, depth, height - legs), (0, 0, (height + legs) / 2), paint, Paint(front, paint.tint))
    top = box((width + 0.02, depth + 0.02, 0.02), (0, 0, height + 0.01), paint)
    base = box((width - 0.06, depth - 0.06, legs), (0, 0.01, legs / 2), DARK_STEEL)
    return [*body, top, base]


def bed(length: float, width: float, frame: Paint, sheet: Paint, cover: Paint) -> list[Part]:
    """The head is at +y; feet are high enough for a box below."""
    rails = [box((0.04, length, 0.14), (sx * (width - 0.04) / 2, 0, 0.35), frame) for sx in (-1, 1)]
    foot = box((width, 0.04, 0.16), (0, -length / 2 + 0.02, 0.36), frame)
    head = box((width, 0.05, 1.0), (0, length / 2 + 0.025, 0.55), frame)
    legs = four_legs(width, length, 0.32, 0.07, frame, 0.0)
    slats = box((width - 0.08, length - 0.04, 0.02), (0, 0, 0.33), frame)
    mattress = soft_box((width - 0.05, length - 0.06, 0.22), (0, 0, 0.45), sheet, 14)
    duvet = soft_box((width + 0.07, length * 0.66, 0.17), (0, -length * 0.165, 0.525), cover, 12)
    fold = soft_box((width + 0.08, 0.25, 0.06), (0, length * 0.155, 0.605), sheet, 6)
    return [joined([*rails, foot, head, *legs]), slats, mattress, duvet, fold]


def bench(width: float, depth: float, height: float, paint: Paint, cushion: Paint) -> list[Part]:
    seat = box((width, depth, 0.03), (0, 0, height - 0.055), paint)
    legs = [
        box((0.05, depth - 0.04, height - 0.07), (sx * (width / 2 - 0.06), 0, (height - 0.07) / 2), paint)
        for sx in (-1, 1)
    ]
    return [seat, joined(legs), soft_box((width - 0.04, depth - 0.02, 0.06), (0, 0, height - 0.012), cushion, 8)]


def floor_lamp(shade: Rgb) -> list[Part]:
    foot = cylinder(0.15, 0.025, (0, 0, 0), DARK_STEEL)
    pole = bar((0, 0, 0.02), (0, 0, 1.35), 0.012, DARK_STEEL)
    return [foot, pole, lamp_shade(0.13, 0.21, 0.28, 1.33, shade)]


def lamp_shade(top: float, bottom: float, height: float, z: float, color: Rgb, glow: float = 0.9) -> Part:
    outside = [(bottom, z), (top, z + height), (top - 0.006, z + height), (bottom - 0.006, z)]
    return turned_profile(outside, Paint("fabric", color, 0.15, glow=glow))


def table_lamp(base: Rgb, shade: Rgb) -> list[Part]:
    foot = turned_profile(
        smooth_profile([(0.0, 0), (0.07, 0.0), (0.075, 0.05), (0.03, 0.17), (0.012, 0.22), (0.012, 0.30)]),
        Paint("plain", base),
        0.03,
    )
    return [foot, lamp_shade(0.09, 0.14, 0.18, 0.28, shade)]


def desk_lamp(color: Rgb) -> list[Part]:
    paint = Paint("plain", color)
    arm = [bar((0, 0.08, 0.02), (0.0, 0.16, 0.26), 0.009, paint), bar((0, 0.16, 0.26), (0, -0.06, 0.40), 0.009, paint)]
    head = turned(
        [turned_profile([(0.075, 0), (0.025, 0.10), (0.0, 0.10)], paint, 0.03)],
        y=-0.10,
        z=0.335,
        rotation=rotation_x(-18),
    )
    bulb = ball(0.03, (0, -0.10, 0.365), Paint("plain", (1, 0.95, 0.8), glow=1.5), 0.02)
    return [cylinder(0.09, 0.02, (0, 0.08, 0), paint, edge_m=0.04), joined(arm), *head, bulb]


def pendant(drop: float, color: Rgb) -> list[Part]:
    """Hangs from z = 0 downward."""
    cord = bar((0, 0, 0), (0, 0, -drop), 0.006, Paint("plain", BLACK))
    outer = smooth_profile([(0.24, -drop - 0.22), (0.20, -drop - 0.10), (0.05, -drop), (0.0, -drop)])
    bulb = ball(0.055, (0, 0, -drop - 0.15), Paint("plain", (1, 0.95, 0.85), glow=2.2), 0.03)
    return [cord, turned_profile(outer, Paint("plain", color), 0.05), bulb]


def ceiling_lamp() -> list[Part]:
    glass = Paint("plain", (1, 0.97, 0.90), glow=1.9)
    bowl = turned_profile(smooth_profile([(0.0, -0.12), (0.12, -0.10), (0.19, -0.03), (0.19, 0.0)], 8), glass, 0.09)
    return [bowl, cylinder(0.21, 0.02, (0, 0, -0.02), STEEL)]


def tv(width: float) -> list[Part]:
    """On a foot; its screen shows a match."""
    height = width * 0.58
    black, screen = Paint("plain", BLACK, mirror=0.05), Paint("screen_tv", glow=0.75, mirror=0.03, depth_loss=0.7)
    body = box((width, 0.05, height), (0, 0, 0.07 + height / 2), black)
    picture = panel((-width / 2 + 0.02, -0.027, 0.09), (width - 0.04, 0, 0), (0, 0, height - 0.04), screen, is_fit=True)
    foot = [box((0.3, 0.2, 0.015), (0, 0.02, 0.0075), black), box((0.08, 0.03, 0.07), (0, 0.02, 0.045), black)]
    return [body, picture, joined(foot)]


def monitor() -> list[Part]:
    black = Paint("plain", (0.14, 0.14, 0.15))
    screen = Paint("screen_desktop", glow=0.75, mirror=0.03, depth_loss=0.6)
    body = box((0.56, 0.04, 0.34), (0, 0, 0.30), black)
    picture = panel((-0.265, -0.022, 0.145), (0.53, 0, 0), (0, 0, 0.31), screen, is_fit=True)
    foot = [
        cylinder(0.11, 0.012, (0, 0.04, 0), black, edge_m=0.05),
        bar((0, 0.05, 0.01), (0, 0.03, 0.25), 0.018, black),
    ]
    return [body, picture, joined(foot)]


def speaker(paint: Paint) -> list[Part]:
    cone = Paint("plain", (0.2, 0.2, 0.21))
    rims = [
        turned(
            [turned_profile([(r, 0), (r - 0.01, 0.012), (0.3 * r, 0.004), (0, 0.012)], cone, 0.04)],
            y=-0.13,
            z=z,
            rotation=rotation_x(90),
        )
        for r, z in ((0.085, 0.25), (0.05, 0.48))
    ]
    return [box((0.24, 0.26, 0.62), (0, 0, 0.31), paint), *(part for rim in rims for part in rim)]


def radiator(width: float) -> list[Part]:
    paint = Paint("radiator_ribs", OFF_WHITE, 0.6)
    legs = [box((0.04, 0.04, 0.12), (sx * (width / 2 - 0.1), 0, 0.06), Paint("plain", OFF_WHITE)) for sx in (-1, 1)]
    return [box((width, 0.09, 0.52), (0, 0, 0.38), paint), joined(legs)]


def curtain(width: float, height: float, paint: Paint, folds: int) -> list[Part]:
    """A hanging cloth in waves, its middle on the y = 0 plane."""

    def surface(s: np.ndarray, t: np.ndarray) -> np.ndarray:
        depth = 0.035 * np.sin(2 * np.pi * folds * s) * (0.6 + 0.4 * (1 - t)) + 0.008 * np.sin(5 * s + 4 * t)
        return np.stack([width * (s - 0.5), depth, height * t], axis=-1)

    s, t = np.linspace(0, 1, 8 * folds + 1), np.linspace(0, 1, 2 + int(height / 0.12))
    return [grid_surface(surface, s, t, (width / paint.repeat_m, height / paint.repeat_m), paint)]


def hung_curtain(width: float, height: float, paint: Paint, folds: int, rod: tuple[float, float]) -> list[Part]:
    """A curtain on a rod that runs from rod[0] to rod[1] in x."""
    z = height + 0.01
    return [*curtain(width, height, paint, folds), bar((rod[0], 0, z), (rod[1], 0, z), 0.014, DARK_STEEL)]


def curtain_pair(width: float, height: float, paint: Paint, apart: float) -> list[Part]:
    """Two curtains on one rod; the second hangs ``apart`` further along x."""
    first = hung_curtain(width, height, paint, 4, (-0.3, apart + 0.3))
    return [*first, *turned(curtain(width, height, paint, 4), x=apart)]


def rug(width: float, depth: float, paint: Paint) -> list[Part]:
    return faced_box((width, depth, 0.012), (0, 0, 0.006), Paint("carpet", (0.7, 0.6, 0.5), 0.4), paint, "top")


def refrigerator() -> list[Part]:
    body = box((0.68, 0.62, 1.78), (0, 0.02, 0.90), Paint("metal", (0.80, 0.82, 0.84), 0.8))
    door = Paint("metal", (0.86, 0.87, 0.89), 0.8, mirror=0.06, depth_loss=0.05)
    doors = [box((0.67, 0.04, 1.12), (0, -0.31, 1.225), door), box((0.67, 0.04, 0.60), (0, -0.31, 0.345), door)]
    handles = [
        bar((0.27, -0.36, 0.80), (0.27, -0.36, 1.35), 0.012, DARK_STEEL),
        bar((0.27, -0.36, 0.30), (0.27, -0.36, 0.58), 0.012, DARK_STEEL),
    ]
    return [body, joined(doors), joined(handles)]


def stove(width: float = 0.60) -> list[Part]:
    side = Paint("metal", (0.85, 0.85, 0.86), 0.5)
    body = faced_box((width, 0.60, 0.88), (0, 0, 0.44), side, Paint("oven_front", depth_loss=0.15))
    top = faced_box((width, 0.62, 0.025), (0, 0, 0.895), side, Paint("cooker_top", mirror=0.08, depth_loss=0.35), "top")
    handle = bar((-0.24, -0.34, 0.66), (0.24, -0.34, 0.66), 0.012, STEEL)
    return [*body, *top, handle]


def range_hood(width: float = 0.60) -> list[Part]:
    """Hangs with its lower edge at z = 0."""
    skirt = box((width, 0.48, 0.07), (0, 0, 0.035), STEEL)
    cone = turned_profile([(0.27, 0.07), (0.15, 0.28)], STEEL, center=(0, 0, 0))
    return [skirt, cone, box((0.24, 0.24, 0.62), (0, 0.10, 0.57), STEEL)]


def counter(width: float, depth: float, gap: tuple[float, float], top: Paint) -> list[Part]:
    """A worktop at 0.90 m with a rectangular cut-out from gap[0] to gap[1] in x for the sink."""
    z, thick, sink = 0.88, 0.04, 0.40
    pieces = []
    for a, b in ((-width / 2, gap[0]), (gap[1], width / 2)):
        pieces.append(box((b - a, depth, thick), ((a + b) / 2, 0, z), top))
    rim = (depth - sink) / 2
    for sy in (-1, 1):
        pieces.append(box((gap[1] - gap[0], rim, thick), (sum(gap) / 2, sy * (depth - rim) / 2, z), top))
    return [joined(pieces), box((width, 0.015, 0.09), (0, depth / 2 - 0.008, z + 0.065), top)]


def kitchen_sink(width: float = 0.56) -> list[Part]:
    """Its rim lies on z = 0, the bowl hangs below, the tap stands at the back."""
    d, w = 0.38, width - 0.02
    walls = [box((w, 0.012, 0.17), (0, sy * (d / 2), -0.085), STEEL) for sy in (-1, 1)] + [
        box((0.012, d, 0.17), (sx * w / 2, 0, -0.085), STEEL) for sx in (-1, 1)
    ]
    floor = box((w, d, 0.01), (0, 0, -0.17), STEEL)
    return [joined([*walls, floor]), faucet(0.24, 0.22)]


def faucet(y: float, height: float) -> Part:
    a = np.linspace(0, np.pi, 9)
    arch = np.stack([0 * a, y - 0.06 + 0.06 * np.cos(a), height - 0.02 + 0.06 * np.sin(a)], axis=1)
    path = np.vstack([[0, y, 0], [0, y, height / 2], arch, [0, y - 0.12, height - 0.06]])
    return joined([tube(path, 0.013, STEEL), bar((0.04, y, 0.0), (0.04, y, 0.06), 0.012, STEEL)])


def toilet() -> list[Part]:
    """The cistern is at +y."""
    foot = turned(
        [
            turned_profile(
                smooth_profile(
                    [
                        (0.0, 0),
                        (0.15, 0),
                        (0.12, 0.15),
                        (0.17, 0.33),
                        (0.185, 0.385),
                        (0.13, 0.385),
                        (0.10, 0.25),
                        (0.0, 0.2),
                    ],
                    20,
                ),
                CERAMIC,
                0.05,
            )
        ],
        y=-0.08,
        rotation=np.diag([1.0, 1.25, 1.0]),
    )
    seat = turned(
        [turned_profile([(0.19, 0.39), (0.19, 0.41), (0.12, 0.41), (0.12, 0.39)], CERAMIC, 0.05)],
        y=-0.08,
        rotation=np.diag([1.0, 1.25, 1.0]),
    )
    lid = turned([soft_box((0.38, 0.03, 0.44), (0, 0, 0.22), CERAMIC, 4)], y=0.165, z=0.42, rotation=rotation_x(-8))
    tank = [box((0.42, 0.18, 0.36), (0, 0.30, 0.60), CERAMIC), box((0.44, 0.20, 0.03), (0, 0.30, 0.795), CERAMIC)]
    return [
        *foot,
        *seat,
        *lid,
        joined(tank),
        cylinder(0.02, 0.012, (0, 0.30, 0.81), STEEL, edge_m=0.03),
        box((0.22, 0.24, 0.40), (0, 0.16, 0.20), CERAMIC),
    ]


def bathtub(length: float, width: float) -> list[Part]:
    """Long side along x."""
    h, t, skin = 0.56, 0.07, CERAMIC
    outer = [box((length, t, h), (0, sy * (width - t) / 2, h / 2), skin) for sy in (-1, 1)]
    outer += [box((t, width - 2 * t, h), (sx * (length - t) / 2, 0, h / 2), skin) for sx in (-1, 1)]
    floor = box((length - 2 * t, width - 2 * t, 0.02), (0, 0, 0.16), skin)
    return [joined(outer), floor, *turned([faucet(0.0, 0.18)], length / 2 - 0.03, 0, h, 90)]


def vanity(width: float, paint: Paint) -> list[Part]:
    return [
        *faced_box((width, 0.44, 0.74), (0, 0.0, 0.44), paint, Paint("doors_2", paint.tint)),
        box((width - 0.06, 0.36, 0.07), (0, 0.02, 0.035), DARK_STEEL),
    ]


def basin(width: float) -> list[Part]:
    """A wash basin to stand on a vanity; its tap is at the back."""
    w, d, h, t = width, 0.46, 0.13, 0.03
    sides = [box((w, t, h), (0, sy * (d - t) / 2, h / 2), CERAMIC) for sy in (-1, 1)]
    sides += [box((t, d - 2 * t, h), (sx * (w - t) / 2, 0, h / 2), CERAMIC) for sx in (-1, 1)]
    return [
        joined([*sides, box((w - 2 * t, d - 2 * t, 0.03), (0, 0, 0.02), CERAMIC)]),
        *turned([faucet(0.19, 0.14)], z=h),
    ]


def washing_machine() -> list[Part]:
    white = Paint("plain", OFF_WHITE)
    door = turned(
        [
            turned_profile(
                [(0.19, 0), (0.17, 0.03), (0.13, 0.03), (0.11, 0.0)], Paint("metal", (0.6, 0.62, 0.65), 0.3), 0.05
            )
        ],
        y=-0.29,
        z=0.38,
        rotation=rotation_x(90),
    )
    return [*faced_box((0.60, 0.58, 0.85), (0, 0, 0.425), white, Paint("washer_front", depth_loss=0.1)), *door]


def mirror(width: float, height: float, frame: Paint) -> list[Part]:
    """Hangs with its middle at z = 0, its glass at y = −0.02."""
    glass = panel(
        (-width / 2, -0.021, -height / 2),
        (width, 0, 0),
        (0, 0, height),
        Paint("plain", (0.9, 0.95, 0.95), mirror=0.9, depth_loss=0.97),
    )
    return [glass, frame_bars(width, height, 0.035, 0.03, frame)]


def frame_bars(width: float, height: float, border: float, depth: float, paint: Paint) -> Part:
    upright = [
        box((border, depth, height + 2 * border), (sx * (width + border) / 2, -depth / 2, 0), paint) for sx in (-1, 1)
    ]
    across = [box((width, depth, border), (0, -depth / 2, sz * (height + border) / 2), paint) for sz in (-1, 1)]
    return joined([*upright, *across])


def picture(width: float, height: float, texture: str, frame: Paint) -> list[Part]:
    """A framed picture with its middle at z = 0 and its back on y = 0."""
    canvas = panel((-width / 2, -0.012, -height / 2), (width, 0, 0), (0, 0, height), Paint(texture), is_fit=True)
    return [canvas, frame_bars(width, height, 0.03, 0.025, frame)]


def flat_board(width: float, height: float, paint: Paint, edge: Paint) -> list[Part]:
    """A whiteboard or map on the wall, middle at z = 0."""
    return faced_box((width, 0.02, height), (0, -0.01, 0), edge, paint)


def wall_clock(radius: float, rim: Paint) -> list[Part]:
    face = grid_surface(
        lambda s, t: np.stack([radius * s * np.cos(t), 0 * s - 0.032, radius * s * np.sin(t)], axis=-1),
        np.linspace(0.02, 1, 4),
        np.linspace(0, 2 * np.pi, 25),
        (1, 1),
        Paint("clock_face"),
    )
    uv = 0.5 + 0.5 * face.vertices[:, [0, 2]] / radius
    case = turned(
        [turned_profile([(radius, 0), (radius + 0.015, 0.005), (radius + 0.015, 0.03), (radius, 0.04)], rim, 0.05)],
        rotation=rotation_x(90),
    )
    return [Part(face.vertices, np.tile([0.0, -1.0, 0.0], (len(uv), 1)), uv, face.faces, face.paint), *case]


def plant(height: float, leaves: int, pot: Rgb, seed: int) -> list[Part]:
    """Broad curved leaves on stems in a pot."""
    rng = np.random.default_rng(seed)
    pot_h = 0.30 * height
    r = 0.42 * pot_h + 0.03
    vessel = turned_profile(
        [(0, 0), (0.75 * r, 0), (r, pot_h), (0.88 * r, pot_h), (0.86 * r, 0.88 * pot_h)], Paint("plain", pot), 0.05
    )
    soil = cylinder(0.87 * r, 0.01, (0, 0, 0.87 * pot_h), Paint("soil", repeat_m=0.2), edge_m=0.05)
    blades, stems = [], []
    for k in range(leaves):
        yaw, lift = 137.5 * k + rng.uniform(-15, 15), rng.uniform(0.45, 0.98)
        foot = np.array([0, 0, 0.85 * pot_h])
        reach = height * rng.uniform(0.05, 0.15)
        tip = np.array(
            [np.cos(np.deg2rad(yaw)) * reach, np.sin(np.deg2rad(yaw)) * reach, pot_h + lift * (height - pot_h) * 0.8]
        )
        stems.append(bar(foot, tip, 0.006, Paint("plain", (0.35, 0.48, 0.22)), 0.09))
        blades += turned([_leaf(height * rng.uniform(0.20, 0.29))], *tip, yaw_deg=yaw)
    return [vessel, soil, joined(stems), joined(blades)]


def _leaf(length: float) -> Part:
    def surface(s: np.ndarray, t: np.ndarray) -> np.ndarray:
        half = 0.30 * length * np.sin(np.pi * np.clip(s, 0.02, 0.995) ** 0.8)
        side = half * (2 * t - 1)
        return np.stack([length * s, side, 0.35 * length * s - 0.75 * length * s**2 + 0.25 * np.abs(side)], axis=-1)

    return grid_surface(surface, np.linspace(0, 1, 7), np.linspace(0, 1, 5), (1, 1), Paint("leaf"))


def bicycle(color: Rgb) -> list[Part]:
    """Front wheel at +x."""
    frame, rubber = Paint("plain", color), Paint("plain", (0.10, 0.10, 0.11))
    wheels = [ring(0.33, 0.018, (x, 0, 0.35), rubber, 0.08) for x in (-0.52, 0.52)]
    spokes = [
        bar((x, 0, 0.35), (x + 0.32 * np.cos(a), 0, 0.35 + 0.32 * np.sin(a)), 0.003, STEEL, 0.2)
        for x in (-0.52, 0.52)
        for a in np.arange(8) * np.pi / 4
    ]
    seat, crank, head, rear, front = (
        (-0.20, 0, 0.84),
        (-0.08, 0, 0.32),
        (0.36, 0, 0.80),
        (-0.52, 0, 0.35),
        (0.52, 0, 0.35),
    )
    pairs = [
        (seat, crank),
        (crank, head),
        (seat, head),
        (rear, crank),
        (rear, seat),
        (front, head),
        (head, (0.33, 0, 0.98)),
    ]
    tubes = [bar(a, b, 0.016, frame) for a, b in pairs]
    handle = tube([(0.30, -0.27, 0.99), (0.36, -0.15, 1.0), (0.36, 0.15, 1.0), (0.30, 0.27, 0.99)], 0.014, rubber)
    saddle = soft_box((0.26, 0.14, 0.06), (-0.22, 0, 0.90), rubber, 3)
    pedals = [box((0.09, 0.08, 0.02), (-0.08 + sx * 0.14, sx * 0.10, 0.32 - sx * 0.08), rubber) for sx in (-1, 1)]
    chainset = ring(0.09, 0.008, (-0.08, -0.03, 0.32), STEEL, 0.05)
    return [joined(wheels), joined(spokes), joined(tubes), handle, saddle, joined(pedals), chainset]


def guitar(body: Rgb) -> list[Part]:
    """Upright, its sound hole along −y; lean it with a rotation about x."""
    wood, dark = Paint("wood", body, 0.4, mirror=0.02), Paint("wood", (0.25, 0.16, 0.11), 0.4)
    z = np.linspace(0, 0.48, 13)
    half = np.interp(z, [0, 0.05, 0.16, 0.28, 0.38, 0.45, 0.48], [0.06, 0.15, 0.19, 0.125, 0.145, 0.10, 0.03])

    def shell(s: np.ndarray, t: np.ndarray) -> np.ndarray:
        width = np.interp(t, z, half)
        return np.stack(
            [
                width * np.sign(np.cos(s)) * np.abs(np.cos(s)) ** 0.25,
                0.05 * np.sign(np.sin(s)) * np.abs(np.sin(s)) ** 0.25,
                t,
            ],
            axis=-1,
        )

    sound_box = grid_surface(shell, np.linspace(0, 2 * np.pi, 33), z, (0.06, 1.6), wood)
    hole = turned(
        [cylinder(0.05, 0.004, (0, 0, 0), Paint("plain", BLACK), edge_m=0.03)], y=-0.05, z=0.29, rotation=rotation_x(90)
    )
    neck = box((0.055, 0.03, 0.52), (0, -0.045, 0.70), dark)
    head = box((0.075, 0.025, 0.15), (0, -0.04, 1.03), wood)
    bridge = box((0.14, 0.012, 0.03), (0, -0.055, 0.13), dark)
    return [sound_box, *hole, neck, head, bridge]


def coat_rack() -> list[Part]:
    """A wall board with hooks; the board is at z = 0."""
    return [
        box((1.0, 0.025, 0.10), (0, -0.0125, 0), wooden(WALNUT)),
        joined([bar((x, -0.02, -0.01), (x, -0.08, 0.02), 0.008, STEEL) for x in (-0.4, -0.13, 0.13, 0.4)]),
    ]


def coat(color: Rgb) -> list[Part]:
    """Hangs from z = 0; its back is near y = 0."""
    cloth = Paint("fabric", color, 0.12)
    body = smooth_profile([(0.06, 0.0), (0.15, -0.06), (0.17, -0.35), (0.21, -0.85)], 10)[::-1]
    torso = turned([turned_profile(body, cloth)], y=-0.10, rotation=np.diag([1.0, 0.45, 1.0]))
    sleeves = [
        tube([(sx * 0.15, -0.10, -0.08), (sx * 0.21, -0.11, -0.30), (sx * 0.22, -0.13, -0.62)], 0.05, cloth)
        for sx in (-1, 1)
    ]
    return [*torso, joined(sleeves)]


def door_leaf(width: float, height: float, paint: Rgb) -> list[Part]:
    """Hinged on the z axis, along +x, its front along −y."""
    core = box((width, 0.03, height), (width / 2, 0, height / 2 + 0.01), Paint("plain", paint))
    fronts = [
        panel((0.0, -0.016, 0.01), (width, 0, 0), (0, 0, height), Paint("door_panels", paint), is_fit=True),
        panel((width, 0.016, 0.01), (-width, 0, 0), (0, 0, height), Paint("door_panels", paint), is_fit=True),
    ]
    knobs = [ball(0.028, (width - 0.07, sy * 0.055, 1.02), STEEL, 0.03) for sy in (-1, 1)]
    return [core, *fronts, joined(knobs)]
