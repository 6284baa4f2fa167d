"""Things on a desk, true to life. Each function returns parts on z = 0, with the front along −y; sizes are meters."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qagen.demo.apartment.furniture import BLACK, CERAMIC, DARK_STEEL, OFF_WHITE, STEEL
from qagen.demo.apartment.materials import TEXTURES, Paint, Rgb, shaded
from qagen.demo.apartment.shapes import (
    Part,
    ball,
    bar,
    box,
    box_sides,
    cylinder,
    faced_box,
    grid_surface,
    joined,
    panel,
    ring,
    rotation_x,
    rotation_y,
    smooth_profile,
    soft_box,
    tube,
    turned,
    turned_profile,
)
from qagen.demo.tabletop.pictures import PICTURES

TEXTURES.update(PICTURES)
FINE_M = 0.006
"""Longest edge of the triangles of rounded things."""
TOP_EDGE_M = 0.012
"""Longest edge of the triangles of surfaces on which shadows fall."""


def plain(color: Rgb, mirror: float = 0.0) -> Paint:
    return Paint("plain", color, 0.4, mirror=mirror)


def desk(width: float, depth: float, height: float, top: Paint, frame: Paint) -> list[Part]:
    """A plate of 3 cm on four legs."""
    sides = box_sides((width, depth, 0.03), (0, 0, height - 0.015), top, TOP_EDGE_M)
    x, y, leg = width / 2 - 0.045, depth / 2 - 0.045, (0.05, 0.05, height - 0.03)
    legs = [box(leg, (sx * x, sy * y, leg[2] / 2), frame, 0.05) for sx in (-1, 1) for sy in (-1, 1)]
    apron = [box((width - 0.12, 0.02, 0.07), (0, sy * (depth / 2 - 0.05), height - 0.065), frame) for sy in (-1, 1)]
    return [joined(list(sides.values())), joined([*legs, *apron])]


def desk_mat(width: float, depth: float, color: Rgb) -> list[Part]:
    return [box((width, depth, 0.003), (0, 0, 0.0015), Paint("leather", color, 0.15), TOP_EDGE_M)]


def mug(color: Rgb, radius: float = 0.041, height: float = 0.095) -> list[Part]:
    """Handle along +x."""
    r, paint = radius, plain(color, 0.03)
    outline = [(0, 0), (r - 0.004, 0), (r, 0.005), (r, height), (r - 0.004, height), (r - 0.004, 0.008), (0, 0.006)]
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 13)
    bow = np.stack([r - 0.003 + 0.031 * np.cos(angle), 0 * angle, height / 2 + 0.027 * np.sin(angle)], axis=1)
    coffee = cylinder(r - 0.005, 0.002, (0, 0, 0.72 * height), plain((0.20, 0.11, 0.06), 0.04), edge_m=FINE_M)
    return [turned_profile(outline, paint, FINE_M), tube(bow, 0.005, paint, sides=12), coffee]


def bowl(color: Rgb, radius: float, height: float) -> list[Part]:
    outside = smooth_profile([(0, 0), (0.42 * radius, 0), (0.82 * radius, 0.45 * height), (radius, height)], 14)
    inside = smooth_profile(
        [(radius - 0.004, height), (0.79 * radius, 0.5 * height), (0.4 * radius, 0.010), (0, 0.008)], 14
    )
    return [turned_profile(np.vstack([outside, inside]), plain(color, 0.04), FINE_M)]


def plate(radius: float) -> list[Part]:
    outline = [(0, 0), (0.6 * radius, 0), (radius, 0.016), (radius - 0.002, 0.019), (0.6 * radius, 0.005), (0, 0.005)]
    return [turned_profile(outline, CERAMIC, FINE_M)]


def apple(radius: float = 0.037, height: float = 0.068) -> list[Part]:
    outline = [(0, 0.006), (0.45 * radius, 0), (0.95 * radius, 0.40 * height), (radius, 0.58 * height)]
    outline += [(0.86 * radius, 0.88 * height), (0.42 * radius, height), (0, 0.86 * height)]
    skin = Paint("apple_skin", repeat_m=2 * np.pi * radius, mirror=0.02)
    stem = bar((0, 0, 0.84 * height), (0.004, 0, height + 0.012), 0.0013, plain((0.30, 0.20, 0.10)))
    return [turned_profile(smooth_profile(outline, 26), skin, FINE_M), stem]


def banana(length: float = 0.17, radius: float = 0.017) -> list[Part]:
    """Lying on its side, its ends toward −y."""
    bend, reach = np.deg2rad(62), length / 2 / np.sin(np.deg2rad(62))

    def surface(s: NDArray, t: NDArray) -> NDArray:
        along = bend * (2 * s - 1)
        thick = (
            radius * np.clip(np.sin(np.pi * np.clip(s, 0, 1)), 1e-4, 1) ** 0.42 * (1 - 0.25 * np.abs(2 * s - 1) ** 6)
        )
        out = reach + thick * np.cos(t)
        return np.stack([out * np.sin(along), out * np.cos(along) - 0.75 * reach, radius - thick * np.sin(t)], axis=-1)

    skin = Paint("banana_skin", repeat_m=0.2)
    peel = grid_surface(surface, np.linspace(0.004, 0.996, 30), np.linspace(0, 2 * np.pi, 17), (1.0, 0.09), skin)
    ends = [surface(np.array(s), np.array(0.0)) for s in (0.01, 0.99)]
    tips = [ball((0.005, 0.005, 0.005), (end[0], end[1], radius), plain((0.30, 0.24, 0.12)), 0.004) for end in ends]
    return [peel, joined(tips)]


def book(color: Rgb, cover: str, size: tuple[float, float, float]) -> list[Part]:
    """Lying flat, its spine along −x."""
    width, depth, thick = size
    cloth = Paint("leather", color, 0.2)
    boards = [box((width, depth, 0.003), (0, 0, z), cloth, 0.03) for z in (0.0015, thick - 0.0019)]
    spine = box((0.003, depth, thick - 0.0004), (0.0015 - width / 2, 0, thick / 2 - 0.0002), cloth, 0.03)
    front = panel((-width / 2, -depth / 2, thick), (width, 0, 0), (0, depth, 0), Paint(cover), TOP_EDGE_M, is_fit=True)
    leaves = Paint("stripes", (0.98, 0.96, 0.90), 0.010)
    pages = box((width - 0.010, depth - 0.012, thick - 0.006), (-0.002, 0, thick / 2), leaves, 0.03)
    return [joined([*boards, spine]), front, pages]


def notebook(color: Rgb) -> list[Part]:
    """A5, with a spiral along −x: 15.3 × 21 × 1.2 cm."""
    cover = Paint("leather", color, 0.1)
    boards = [box((0.148, 0.21, 0.0012), (0, 0, z), cover, TOP_EDGE_M) for z in (0.0016, 0.0104)]
    pages = box((0.144, 0.206, 0.0076), (0, 0, 0.006), Paint("stripes", (0.98, 0.97, 0.93), 0.008), 0.03)
    label = panel((-0.035, 0.035, 0.0112), (0.075, 0, 0), (0, 0.04, 0), Paint("label_print"), TOP_EDGE_M, is_fit=True)
    coils = [ring(0.0052, 0.0008, (-0.0735, y, 0.006), STEEL, 0.003) for y in np.linspace(-0.095, 0.095, 26)]
    return [joined(boards), pages, label, joined(coils)]


KEY_ROWS = (
    (1,) * 13 + (2,),
    (1.5,) + (1,) * 12 + (1.5,),
    (1.75,) + (1,) * 11 + (2.25,),
    (2.25,) + (1,) * 10 + (2.75,),
    (1.25, 1.25, 1.25, 6.25, 1.25, 1.25, 1.25, 1.25),
)
"""Widths of the keys of a compact keyboard, in keys, from the back row to the front."""


def keyboard(case: Rgb, caps: Rgb) -> list[Part]:
    """Compact: 29.5 × 10.5 × 2.2 cm."""
    pitch = 0.019
    letters, others, enter = [], [], []
    for row, widths in enumerate(KEY_ROWS):
        x = -7.5 * pitch
        for column, width in enumerate(widths):
            is_enter = (row, column) == (2, 12)
            group, tint = (letters, caps) if width == 1 or width > 6 else (others, shaded(caps, 0.55))
            group, tint = (enter, (0.85, 0.42, 0.20)) if is_enter else (group, tint)
            size, center = (
                (width * pitch - 0.003, pitch - 0.003, 0.010),
                (x + width * pitch / 2, (2 - row) * pitch, 0.017),
            )
            group.append(soft_box(size, center, plain(tint), 9, FINE_M))
            x += width * pitch
    plate = soft_box((0.295, 0.105, 0.016), (0, 0, 0.008), plain(case), 14, 0.012)
    return [plate, joined(letters), joined(others), *enter]


def mouse(color: Rgb) -> list[Part]:
    """6.2 × 10.8 × 3.6 cm."""
    wheel = turned(
        [cylinder(0.009, 0.006, (0, 0, -0.003), plain(BLACK), edge_m=0.004)], 0, -0.028, 0.0265, 0, rotation_y(90)
    )
    return [soft_box((0.062, 0.108, 0.036), (0, 0, 0.018), plain(color, 0.02), 2.6, FINE_M), *wheel]


def phone() -> list[Part]:
    """Lying on its back: 7.2 × 15 × 0.85 cm."""
    screen = Paint("phone_screen", glow=0.35, mirror=0.04, depth_loss=0.10)
    return [
        soft_box((0.072, 0.150, 0.0085), (0, 0, 0.00425), plain((0.10, 0.10, 0.12), 0.04), 12, 0.008),
        panel((-0.0325, -0.0705, 0.0086), (0.065, 0, 0), (0, 0.141, 0), screen, TOP_EDGE_M, is_fit=True),
    ]


def stapler(color: Rgb) -> list[Part]:
    """Mouth along −y: 4 × 15 cm."""
    arm = turned(
        [
            soft_box((0.034, 0.140, 0.026), (0, -0.070, 0.013), plain(color, 0.03), 4, FINE_M),
            box((0.022, 0.128, 0.010), (0, -0.066, -0.003), STEEL, 0.02),
        ],
        y=0.068,
        z=0.024,
        rotation=rotation_x(-5),
    )
    base = soft_box((0.040, 0.150, 0.012), (0, 0, 0.006), plain(BLACK), 8, FINE_M)
    hinge = turned(
        [cylinder(0.012, 0.036, (0, 0, -0.018), DARK_STEEL, edge_m=0.004)], 0, 0.058, 0.022, 0, rotation_y(90)
    )
    anvil = box((0.016, 0.014, 0.003), (0, -0.062, 0.0125), STEEL, 0.01)
    return [base, *arm, *hinge, anvil]


def _extruded(outline: NDArray[np.float64], width: float, x: float, paint: Paint) -> Part:
    """A plate between x ± width / 2 whose (n, 2) outline in y and z is convex, counter-clockwise seen from +x."""
    count, index = len(outline), np.arange(len(outline))
    sides, middle = [], outline.mean(axis=0)
    for sign in (-1, 1):
        points = np.vstack([middle, outline])
        vertices = np.column_stack([np.full(count + 1, x + sign * width / 2), points])
        fan = np.stack([np.zeros(count, int), 1 + index, 1 + (index + 1) % count], axis=1)[:, ::sign]
        sides.append(Part(vertices, np.tile([float(sign), 0, 0], (count + 1, 1)), points / 0.1, fan, paint))
    for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        sides.append(panel((x - width / 2, *a), (0, *(b - a)), (width, 0, 0), paint, 0.01))
    return joined(sides)


def tape_dispenser(color: Rgb) -> list[Part]:
    """Cutter along −y: 5.6 × 14 × 7.4 cm."""
    angle = np.linspace(0.05 * np.pi, 0.95 * np.pi, 14)
    back = np.stack([0.028 + 0.042 * np.cos(angle), 0.032 + 0.030 * np.sin(angle)], axis=1)
    cheek = np.vstack([[(-0.070, 0.0), (0.070, 0.0)], back, [(-0.070, 0.030)]])
    body = [_extruded(cheek, 0.016, x, plain(color, 0.03)) for x in (-0.020, 0.020)]
    block = box((0.024, 0.140, 0.016), (0, 0, 0.008), plain(shaded(color, 0.8)), 0.02)
    outline = [(0.016, 0), (0.034, 0), (0.034, 0.019), (0.016, 0.019), (0.016, 0)]
    roll = turned(
        [turned_profile(outline, plain((0.90, 0.86, 0.70), 0.03), FINE_M)], -0.0095, 0.028, 0.040, 0, rotation_y(90)
    )
    strip = panel((-0.009, -0.066, 0.036), (0.018, 0, 0), (0, 0.090, 0.037), plain((0.93, 0.90, 0.78), 0.03), 0.02)
    return [*body, block, *roll, strip, box((0.024, 0.004, 0.010), (0, -0.068, 0.031), STEEL, 0.01)]


def pencil_cup(color: Rgb, radius: float = 0.040, height: float = 0.100) -> list[Part]:
    """An open cup; its inner bottom stands at 4 mm."""
    r = radius
    outline = [(0, 0), (r, 0), (r, height), (r - 0.002, height), (r - 0.002, 0.004), (0, 0.004)]
    band = turned_profile([(r + 0.0006, 0.070), (r + 0.0006, 0.085)], plain(OFF_WHITE), FINE_M)
    return [turned_profile(outline, plain(color), FINE_M), band]


def pencil(color: Rgb, foot: tuple[float, float], top: tuple[float, float, float]) -> list[Part]:
    """7 mm thick, in a cup, from its eraser at z = 4 mm to its tip at ``top``."""
    start, end = np.array((*foot, 0.0085)), np.array(top)
    neck = start + 0.89 * (end - start)
    cone = np.linspace(neck, end, 5)
    wood = [tube(cone[k : k + 2], 0.0034 * (1 - (k + 0.5) / 4), plain((0.85, 0.66, 0.44)), sides=10) for k in range(3)]
    lead = tube(cone[3:], 0.0006, plain(BLACK))
    return [bar(start, neck, 0.0035, plain(color, 0.02)), joined(wood), lead]


def speaker(body: Paint) -> list[Part]:
    """10.5 × 12 × 18 cm."""
    rim, cone = plain((0.35, 0.35, 0.37), 0.03), plain((0.13, 0.13, 0.14))
    drivers = []
    for r, z in ((0.038, 0.062), (0.018, 0.136)):
        outline = [(r, 0), (r - 0.002, 0.003), (r - 0.005, 0.003), (0.35 * r, 0), (0, 0.0025)]
        drivers += turned(
            [
                turned_profile(outline[:3], rim, FINE_M),
                turned_profile(outline[2:], cone, FINE_M),
            ],
            y=-0.0602,
            z=z,
            rotation=rotation_x(90),
        )
    case = faced_box((0.105, 0.120, 0.180), (0, 0, 0.090), body, Paint("speaker_cloth", (0.42, 0.43, 0.45)))
    return [*case, *drivers]


def alarm_clock(color: Rgb) -> list[Part]:
    """A block with a display: 13 × 5 × 7 cm."""
    display = Paint("clock_display", glow=0.30, depth_loss=0.10)
    return [
        soft_box((0.130, 0.050, 0.070), (0, 0, 0.035), plain(color), 14, 0.008),
        panel((-0.054, -0.0252, 0.014), (0.108, 0, 0), (0, 0, 0.044), display, TOP_EDGE_M, is_fit=True),
    ]


def lamp(color: Rgb) -> list[Part]:
    """Bent toward −y, 38 cm high."""
    paint = plain(color)
    joints = [(0, 0.05, 0.018), (0, 0.08, 0.23), (0, -0.06, 0.345)]
    arms = [bar(a, b, 0.006, paint, 0.03) for a, b in pairwise(joints)]
    shade = turned(
        [
            turned_profile([(0.062, -0.045), (0.024, 0.035), (0, 0.037)], paint, FINE_M),
            turned_profile([(0, 0.034), (0.022, 0.032), (0.060, -0.045)], plain(OFF_WHITE), FINE_M),
        ],
        y=-0.085,
        z=0.335,
        rotation=rotation_x(-20),
    )
    bulb = ball(0.022, (0, -0.088, 0.328), Paint("plain", (1, 0.95, 0.8), glow=1.5), FINE_M)
    elbow = [ball(0.010, joint, DARK_STEEL, 0.004) for joint in joints[1:]]
    base = turned_profile([(0, 0), (0.075, 0), (0.075, 0.012), (0.068, 0.018), (0, 0.018)], paint, FINE_M, (0, 0.05, 0))
    return [base, joined(arms), *shade, bulb, joined(elbow)]


def plant(pot: Rgb, seed: int) -> list[Part]:
    """An aloe in a pot of 11 cm."""
    rng = np.random.default_rng(seed)
    outline = [(0, 0), (0.040, 0), (0.053, 0.085), (0.055, 0.095), (0.049, 0.095), (0.047, 0.080)]
    soil = cylinder(0.0475, 0.004, (0, 0, 0.078), Paint("soil", repeat_m=0.08), edge_m=FINE_M)
    leaves = []
    for k in range(18):
        lift = np.deg2rad(50 + 32 * k / 17 + rng.uniform(-4, 4))
        leaf = _aloe_leaf(rng.uniform(0.11, 0.13) * (0.85 + 0.25 * np.sin(lift)), lift)
        leaves += turned([leaf], 0, 0, 0.080, 137.5 * k)
    return [turned_profile(outline, plain(pot), FINE_M), soil, joined(leaves)]


def _aloe_leaf(length: float, lift: float) -> Part:
    """A thick pointed leaf from the origin along +x, rising by ``lift`` radians and bending down."""

    def surface(s: NDArray, t: NDArray) -> NDArray:
        taper = np.clip(1 - s, 0, 1) ** 0.5
        wide, thick = 0.014 * taper + 0.0004, 0.0045 * taper + 0.0003
        x, z = length * s * np.cos(lift), length * (s * np.sin(lift) - 0.22 * s**2 * np.cos(lift))
        return np.stack(
            [0.008 + x - thick * np.cos(t) * np.sin(lift), wide * np.sin(t), z + thick * np.cos(t)], axis=-1
        )

    green = Paint("leather", (0.36, 0.55, 0.30), 0.06)
    return grid_surface(surface, np.linspace(0, 1, 12), np.linspace(0, 2 * np.pi, 11), (1, 0.1), green)


def puzzle_cube(side: float = 0.057) -> list[Part]:
    faces = box_sides((side,) * 3, (0, 0, side / 2), Paint("cube_face"), side / 6).values()
    shifts = [(k // 2 / 3, k % 3 / 3) for k in range(6)]  # by whole stickers, so that no two sides look the same
    return [replace(face, uv=face.uv / face.uv.max() + shift) for face, shift in zip(faces, shifts, strict=True)]


def remote_control() -> list[Part]:
    """4.6 × 17 × 1.9 cm."""
    body = soft_box((0.046, 0.170, 0.019), (0, 0, 0.0095), plain((0.13, 0.13, 0.14)), 7, FINE_M)
    buttons = [
        soft_box(
            (0.008, 0.006, 0.004), (0.0125 * column, 0.045 - 0.0135 * row, 0.0188), plain((0.55, 0.56, 0.58)), 4, 0.004
        )
        for row in range(7)
        for column in (-1, 0, 1)
    ]
    power = soft_box((0.009, 0.009, 0.004), (-0.0125, 0.066, 0.0188), plain((0.80, 0.15, 0.12)), 3, 0.004)
    return [body, joined(buttons), power]
