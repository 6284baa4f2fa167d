"""Objects that lie on, under and between furniture. Each function returns parts on z = 0, with the front along −y."""

import numpy as np

from qagen.demo.apartment.furniture import BLACK, CERAMIC, DARK_STEEL, OFF_WHITE, STEEL, wooden
from qagen.demo.apartment.materials import Paint, Rgb, shaded
from qagen.demo.apartment.shapes import (
    Part,
    ball,
    bar,
    box,
    box_sides,
    cylinder,
    faced_box,
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

FINE_M = 0.025
"""Longest edge of the triangles of small objects."""


def plain(color: Rgb) -> Paint:
    return Paint("plain", color)


def cup(color: Rgb) -> list[Part]:
    r, h = 0.042, 0.095
    body = turned_profile(
        [(0, 0), (r * 0.85, 0), (r, h), (r - 0.005, h), (r * 0.8, 0.01), (0, 0.01)], plain(color), FINE_M
    )
    handle = turned([ring(0.026, 0.006, (0, 0, 0), plain(color), 0.012)], x=r + 0.012, z=h / 2)
    return [body, *handle, cylinder(r * 0.86, 0.004, (0, 0, h * 0.75), plain((0.25, 0.15, 0.09)), edge_m=FINE_M)]


def bowl(color: Rgb, radius: float = 0.13) -> list[Part]:
    outside = smooth_profile([(0, 0), (0.45 * radius, 0), (0.85 * radius, 0.04), (radius, 0.085)], 8)
    inside = smooth_profile([(radius - 0.006, 0.085), (0.8 * radius, 0.045), (0.4 * radius, 0.012), (0, 0.01)], 8)
    return [turned_profile(np.vstack([outside, inside]), plain(color), FINE_M * 2)]


def fruit() -> list[Part]:
    """A bowl with apples and oranges."""
    colors = ((0.80, 0.16, 0.12), (0.93, 0.55, 0.12), (0.55, 0.70, 0.18), (0.90, 0.78, 0.20))
    round_ones = [
        ball(0.038, (0.055 * np.cos(a), 0.055 * np.sin(a), 0.075), plain(colors[k % 4]), 0.02)
        for k, a in enumerate(np.arange(4) * np.pi / 2)
    ]
    return [*bowl((0.30, 0.45, 0.55)), *round_ones, ball(0.04, (0, 0, 0.115), plain(colors[0]), 0.02)]


def plate(color: Rgb) -> list[Part]:
    return [
        turned_profile(
            [(0, 0), (0.075, 0), (0.13, 0.018), (0.128, 0.022), (0.075, 0.006), (0, 0.006)], plain(color), 0.04
        )
    ]


def bottle(color: Rgb, height: float = 0.30) -> list[Part]:
    r = 0.13 * height
    outline = smooth_profile(
        [(0, 0), (r, 0.002), (r, 0.55 * height), (0.4 * r, 0.75 * height), (0.38 * r, 0.95 * height)], 12
    )
    label = turned_profile(
        [(r + 0.001, 0.18 * height), (r + 0.001, 0.45 * height)], Paint("label_print", repeat_m=2 * np.pi * r), FINE_M
    )
    return [
        turned_profile(outline, Paint("plain", color, mirror=0.04), FINE_M),
        label,
        cylinder(0.42 * r, 0.06 * height, (0, 0, 0.94 * height), DARK_STEEL, edge_m=FINE_M),
    ]


def vase(color: Rgb, height: float = 0.26) -> list[Part]:
    outline = smooth_profile([(0, 0), (0.06, 0), (0.095, 0.4 * height), (0.04, 0.85 * height), (0.055, height)], 14)
    stems = [
        bar(
            (0, 0, 0.7 * height),
            (0.08 * np.cos(a), 0.08 * np.sin(a), 1.55 * height + 0.03 * np.sin(3 * a)),
            0.004,
            plain((0.3, 0.5, 0.2)),
            0.1,
        )
        for a in np.arange(5) * 1.26
    ]
    heads = [
        ball(
            0.032,
            (0.08 * np.cos(a), 0.08 * np.sin(a), 1.56 * height + 0.03 * np.sin(3 * a)),
            plain((0.92, 0.45, 0.20 + 0.5 * (k % 2))),
            0.02,
        )
        for k, a in enumerate(np.arange(5) * 1.26)
    ]
    return [turned_profile(outline, plain(color), 0.03), joined(stems), joined(heads[::2]), joined(heads[1::2])]


def candle(color: Rgb) -> list[Part]:
    return [
        cylinder(0.035, 0.12, (0, 0, 0), plain(color), edge_m=FINE_M),
        bar((0, 0, 0.12), (0, 0, 0.135), 0.002, plain(BLACK)),
    ]


def book(color: Rgb, size: tuple[float, float, float] = (0.16, 0.23, 0.03)) -> list[Part]:
    """Lying flat."""
    cover = Paint("leather", color, 0.3)
    covers = [box((size[0], size[1], 0.004), (0, 0, z), cover, 0.05) for z in (0.002, size[2] - 0.002)]
    spine = box((0.004, size[1], size[2]), (-size[0] / 2, 0, size[2] / 2), cover, 0.05)
    title = panel(
        (-size[0] * 0.3, size[1] * 0.1, size[2] + 0.0006),
        (size[0] * 0.6, 0, 0),
        (0, size[1] * 0.2, 0),
        Paint("label_print"),
        is_fit=True,
    )
    return [
        joined([*covers, spine]),
        title,
        box(
            (size[0] - 0.012, size[1] - 0.012, size[2] - 0.008),
            (0, 0, size[2] / 2),
            Paint("stripes", (0.98, 0.96, 0.9), 0.02),
        ),
    ]


def book_row(width: float, height: float, tint: Rgb) -> list[Part]:
    """Books side by side on a shelf."""
    edge = Paint("plain", (0.55, 0.5, 0.45))
    return faced_box((width, 0.19, height), (0, 0, height / 2), edge, Paint("book_spines", tint))


def magazine() -> list[Part]:
    return faced_box((0.21, 0.28, 0.008), (0, 0, 0.004), plain(OFF_WHITE), Paint("magazine_cover"), "top")


def papers(count: int = 3) -> list[Part]:
    sheets = []
    for k in range(count):
        sheets += turned(
            faced_box((0.21, 0.297, 0.004), (0, 0, 0.002), plain(OFF_WHITE), Paint("page"), "top"),
            0.025 * k,
            0.02 * k,
            0.0045 * k,
            11 * k - 8,
        )
    return sheets


def laptop(body: Rgb) -> list[Part]:
    case = Paint("metal", body, 0.4)
    base = faced_box((0.34, 0.235, 0.016), (0, 0, 0.008), case, Paint("keyboard_keys", (1.6, 1.6, 1.6)), "top")
    lid = box((0.34, 0.010, 0.225), (0, 0, 0.1125), case)
    screen = panel(
        (-0.16, -0.0056, 0.012),
        (0.32, 0, 0),
        (0, 0, 0.20),
        Paint("screen_desktop", glow=0.75, depth_loss=0.5),
        is_fit=True,
    )
    return [*base, *turned([lid, screen], y=0.115, z=0.016, rotation=rotation_x(-18))]


def keyboard() -> list[Part]:
    return faced_box(
        (0.44, 0.14, 0.02), (0, 0, 0.01), plain((0.2, 0.2, 0.21)), Paint("keyboard_keys", (1.3, 1.3, 1.3)), "top"
    )


def mouse() -> list[Part]:
    return [soft_box((0.065, 0.11, 0.04), (0, 0, 0.019), plain((0.16, 0.16, 0.18)), 2.6, FINE_M)]


def remote_control() -> list[Part]:
    return [
        box((0.05, 0.19, 0.02), (0, 0, 0.01), plain(BLACK), 0.05),
        panel((-0.02, -0.08, 0.0206), (0.04, 0, 0), (0, 0.15, 0), Paint("keyboard_keys", (1.8, 1.8, 1.8)), is_fit=True),
    ]


def telephone(color: Rgb) -> list[Part]:
    return [
        soft_box((0.20, 0.20, 0.07), (0, 0, 0.034), plain(color), 6, 0.04),
        turned_profile([(0.05, 0.072), (0.0, 0.076)], plain((0.9, 0.9, 0.88)), FINE_M),
        tube([(-0.11, 0.05, 0.085), (-0.06, 0.05, 0.11), (0.06, 0.05, 0.11), (0.11, 0.05, 0.085)], 0.02, plain(color)),
    ]


def scissors(color: Rgb) -> list[Part]:
    """Open, lying flat, about 22 cm long."""
    halves = []
    for side in (-1, 1):
        blade = box((0.016, 0.13, 0.006), (0, 0.055, 0.005 + 0.003 * side), STEEL, FINE_M)
        loop = turned(
            [ring(0.026, 0.008, (0, 0, 0), plain(color), 0.01)],
            x=0.020 * side,
            y=-0.045,
            z=0.009,
            rotation=rotation_x(90),
        )
        halves += turned([blade, *loop], yaw_deg=-16 * side)
    return halves


def pillow(color: Rgb, texture: str = "fabric", size: tuple[float, float] = (0.45, 0.45)) -> list[Part]:
    """Lying flat."""
    return [soft_box((size[0], size[1], 0.15), (0, 0, 0.075), Paint(texture, color, 0.25), 2.8, 0.05)]


def cardboard_box(size: tuple[float, float, float], tint: Rgb = (1.0, 1.0, 1.0)) -> list[Part]:
    sides = box_sides(size, (0, 0, size[2] / 2), Paint("cardboard", tint, max(size)))
    top = sides.pop("top")
    return [joined(list(sides.values())), top]


def basket(color: Rgb, radius: float = 0.2, height: float = 0.3) -> list[Part]:
    """Open, with something soft inside."""
    weave = Paint("wicker", color, 0.25)
    shell = turned_profile(
        [(0, 0), (0.8 * radius, 0), (radius, height), (radius - 0.015, height), (0.8 * radius, 0.02), (0, 0.02)], weave
    )
    filling = turned(
        [soft_box((1.5 * radius, 1.4 * radius, 0.16), (0, 0, 0), Paint("stripes", (0.75, 0.82, 0.95), 0.2), 3)],
        z=height - 0.07,
    )
    return [shell, *filling]


def trash_can(color: Rgb, radius: float = 0.14, height: float = 0.32) -> list[Part]:
    return [
        turned_profile(
            [(0, 0), (0.8 * radius, 0), (radius, height), (radius - 0.008, height), (0.78 * radius, 0.01), (0, 0.01)],
            plain(color),
        ),
        turned_profile([(radius + 0.006, height - 0.03), (radius + 0.006, height)], plain((0.2, 0.2, 0.2))),
    ]


def shoes(color: Rgb) -> list[Part]:
    """A pair, toes along −y."""
    pair = []
    for side in (-1, 1):
        x = 0.06 * side
        sole = soft_box((0.095, 0.28, 0.035), (x, 0, 0.0175), plain(OFF_WHITE), 4, 0.03)
        toe = soft_box((0.09, 0.17, 0.075), (x, -0.05, 0.055), Paint("leather", color, 0.2), 3, 0.03)
        heel = soft_box((0.085, 0.13, 0.11), (x, 0.07, 0.075), Paint("leather", color, 0.2), 4, 0.03)
        pair += [sole, joined([toe, heel])]
    return pair


def slippers(color: Rgb) -> list[Part]:
    pair = []
    for side in (-1, 1):
        pair += [
            soft_box((0.10, 0.26, 0.025), (0.065 * side, 0, 0.0125), plain((0.9, 0.86, 0.8)), 4, 0.03),
            soft_box((0.105, 0.13, 0.08), (0.065 * side, -0.06, 0.04), Paint("fur", color, 0.2), 3, 0.03),
        ]
    return pair


def backpack(color: Rgb) -> list[Part]:
    cloth, dark = Paint("fabric", color, 0.12), Paint("fabric", shaded(color, 0.6), 0.12)
    straps = [
        tube(
            [(sx * 0.09, 0.11, 0.42), (sx * 0.10, 0.17, 0.32), (sx * 0.10, 0.16, 0.15), (sx * 0.11, 0.10, 0.05)],
            0.018,
            dark,
        )
        for sx in (-1, 1)
    ]
    return [
        soft_box((0.32, 0.21, 0.46), (0, 0, 0.23), cloth, 4),
        soft_box((0.25, 0.12, 0.22), (0, -0.10, 0.15), dark, 4),
        joined(straps),
    ]


def suitcase(color: Rgb) -> list[Part]:
    shell = Paint("radiator_ribs", color, 1.1)
    feet = [ball(0.03, (sx * 0.16, sy * 0.07, 0.03), DARK_STEEL, 0.03) for sx in (-1, 1) for sy in (-1, 1)]
    handle = tube([(-0.09, 0.08, 0.64), (-0.09, 0.08, 0.92), (0.09, 0.08, 0.92), (0.09, 0.08, 0.64)], 0.010, STEEL)
    return [soft_box((0.42, 0.24, 0.62), (0, 0, 0.36), shell, 8), joined(feet), handle]


def umbrella(color: Rgb) -> list[Part]:
    """Closed, upright, point down."""
    a = np.linspace(0, np.pi, 8)
    crook = np.stack([0.04 * np.cos(a) - 0.04, 0 * a, 0.80 + 0.04 * np.sin(a)], axis=1)
    cloth = turned_profile(
        smooth_profile([(0.008, 0.05), (0.05, 0.40), (0.035, 0.58), (0.012, 0.62)], 10),
        Paint("stripes", color, 0.2),
        0.03,
    )
    return [
        bar((0, 0, 0), (0, 0, 0.72), 0.008, DARK_STEEL),
        tube(np.vstack([[0, 0, 0.70], crook]), 0.013, wooden()),
        cloth,
    ]


def teddy_bear(color: Rgb) -> list[Part]:
    """Sitting."""
    fur, light = Paint("fur", color, 0.25), Paint("fur", shaded(color, 1.25), 0.25)
    body = ball((0.11, 0.10, 0.14), (0, 0, 0.14), fur, 0.035)
    head = ball((0.095, 0.09, 0.09), (0, -0.01, 0.33), fur, 0.03)
    ears = [ball((0.035, 0.02, 0.035), (sx * 0.075, 0, 0.41), fur, 0.02) for sx in (-1, 1)]
    limbs = [ball((0.045, 0.10, 0.045), (sx * 0.085, -0.13, 0.05), fur, 0.03) for sx in (-1, 1)]
    limbs += [ball((0.04, 0.08, 0.045), (sx * 0.125, -0.05, 0.19), fur, 0.03) for sx in (-1, 1)]
    eyes = [ball(0.011, (sx * 0.035, -0.09, 0.36), plain(BLACK), 0.008) for sx in (-1, 1)]
    return [
        body,
        joined([head, *ears]),
        joined(limbs),
        ball((0.04, 0.035, 0.03), (0, -0.09, 0.315), light, 0.02),
        joined([*eyes, ball(0.012, (0, -0.125, 0.325), plain(BLACK), 0.008)]),
    ]


def toy_ball(radius: float, color: Rgb) -> list[Part]:
    return [ball(radius, (0, 0, radius), Paint("stripes", color, 2 * np.pi * radius / 2), 0.05)]


def globe() -> list[Part]:
    stand = [cylinder(0.09, 0.02, (0, 0, 0), wooden(), edge_m=0.03), bar((0, 0, 0.02), (0, 0, 0.08), 0.012, wooden())]
    arc = turned([ring(0.145, 0.006, (0, 0, 0), Paint("metal", (0.8, 0.65, 0.3)), 0.04)], z=0.22)
    return [joined(stand), ball(0.135, (0, 0, 0.22), Paint("globe_map", repeat_m=0.42), 0.03), *arc]


def alarm_clock(color: Rgb) -> list[Part]:
    case = turned(
        [cylinder(0.05, 0.05, (0, 0, 0), plain(color), edge_m=FINE_M)], y=0.025, z=0.06, rotation=rotation_x(90)
    )
    face = panel((-0.034, -0.0262, 0.026), (0.068, 0, 0), (0, 0, 0.068), Paint("clock_face"), is_fit=True)
    bells = [ball(0.02, (sx * 0.03, 0, 0.115), STEEL, 0.015) for sx in (-1, 1)]
    feet = [bar((sx * 0.03, 0, 0.0), (sx * 0.02, 0, 0.02), 0.006, DARK_STEEL) for sx in (-1, 1)]
    return [*case, face, joined(bells), joined(feet)]


def toaster() -> list[Part]:
    slots = [box((0.20, 0.025, 0.004), (0, sy * 0.035, 0.191), plain(BLACK), 0.05) for sy in (-1, 1)]
    return [
        soft_box((0.28, 0.17, 0.18), (0, 0, 0.10), STEEL, 7, 0.04),
        joined(slots),
        box((0.02, 0.03, 0.02), (0.145, 0, 0.13), plain(BLACK), FINE_M),
    ]


def kettle(color: Rgb) -> list[Part]:
    body = turned_profile(
        smooth_profile([(0, 0.015), (0.085, 0.015), (0.08, 0.12), (0.055, 0.20), (0.02, 0.215), (0, 0.22)], 12),
        Paint("plain", color, mirror=0.05),
        0.03,
    )
    handle = tube([(0.05, 0, 0.20), (0.11, 0, 0.21), (0.13, 0, 0.13), (0.10, 0, 0.04)], 0.012, plain(BLACK))
    spout = bar((-0.065, 0, 0.13), (-0.11, 0, 0.19), 0.016, plain(color))
    return [body, handle, spout, cylinder(0.09, 0.015, (0, 0, 0), plain(BLACK), edge_m=0.03)]


def coffee_maker() -> list[Part]:
    dark = plain((0.15, 0.15, 0.16))
    housing = [
        box((0.20, 0.24, 0.03), (0, 0, 0.015), dark),
        box((0.20, 0.09, 0.30), (0, 0.075, 0.18), dark),
        box((0.20, 0.24, 0.10), (0, 0, 0.33), dark),
    ]
    jug = turned_profile(
        smooth_profile([(0, 0.032), (0.06, 0.032), (0.068, 0.09), (0.05, 0.16), (0.0, 0.165)], 9),
        Paint("plain", (0.30, 0.18, 0.10), mirror=0.1),
        FINE_M,
    )
    return [joined(housing), *turned([jug], y=-0.04), box((0.10, 0.004, 0.03), (0, -0.123, 0.33), STEEL, FINE_M)]


def microwave() -> list[Part]:
    return faced_box(
        (0.48, 0.34, 0.27), (0, 0, 0.14), Paint("metal", (0.78, 0.79, 0.80)), Paint("microwave_front", depth_loss=0.2)
    )


def knife_block() -> list[Part]:
    block = turned([box((0.10, 0.14, 0.20), (0, 0, 0.10), wooden())], z=0.01, rotation=rotation_x(-14))
    handles = [
        part
        for k in range(5)
        for part in turned(
            [box((0.016, 0.022, 0.09), (0, 0, 0.045), plain(BLACK), FINE_M)],
            -0.035 + 0.0175 * k,
            0.02 + 0.03 * (k % 2),
            0.205,
            rotation=rotation_x(-14),
        )
    ]
    return [*block, joined(handles)]


def paper_towel() -> list[Part]:
    return [
        cylinder(0.075, 0.012, (0, 0, 0), wooden(), edge_m=0.03),
        cylinder(0.058, 0.24, (0, 0, 0.012), Paint("dots", (1, 1, 1), 0.3), edge_m=0.03),
        bar((0, 0, 0.25), (0, 0, 0.30), 0.01, wooden()),
    ]


def pot(color: Rgb) -> list[Part]:
    body = turned_profile(
        [(0, 0), (0.11, 0), (0.115, 0.13), (0.12, 0.135), (0.03, 0.165), (0, 0.17)],
        Paint("plain", color, mirror=0.04),
        0.04,
    )
    ears = [
        tube(
            [(sx * 0.11, -0.03, 0.10), (sx * 0.145, -0.02, 0.105), (sx * 0.145, 0.02, 0.105), (sx * 0.11, 0.03, 0.10)],
            0.008,
            plain(BLACK),
        )
        for sx in (-1, 1)
    ]
    return [body, joined(ears), ball(0.018, (0, 0, 0.18), plain(BLACK), FINE_M)]


def printer() -> list[Part]:
    light, dark = plain((0.85, 0.85, 0.86)), plain((0.2, 0.2, 0.22))
    tray = turned([box((0.24, 0.004, 0.20), (0, 0, 0.10), plain(OFF_WHITE))], y=0.14, z=0.20, rotation=rotation_x(-25))
    return [
        soft_box((0.44, 0.36, 0.20), (0, 0, 0.10), light, 10),
        box((0.34, 0.02, 0.06), (0, -0.178, 0.09), dark),
        box((0.26, 0.14, 0.006), (0, -0.23, 0.06), plain(OFF_WHITE)),
        *tray,
    ]


def vacuum_cleaner(color: Rgb) -> list[Part]:
    body = soft_box((0.26, 0.40, 0.22), (0, 0, 0.14), plain(color), 3, 0.05)
    wheels = [
        turned(
            [cylinder(0.08, 0.03, (0, 0, -0.015), DARK_STEEL, edge_m=0.05)],
            sx * 0.13,
            0.08,
            0.08,
            rotation=rotation_y(90),
        )
        for sx in (-1, 1)
    ]
    hose = tube(
        [
            (0, -0.18, 0.18),
            (0.0, -0.34, 0.34),
            (0.06, -0.36, 0.60),
            (0.10, -0.22, 0.85),
            (0.12, -0.12, 0.95),
            (0.14, -0.28, 0.55),
            (0.15, -0.42, 0.10),
        ],
        0.02,
        DARK_STEEL,
    )
    return [
        body,
        *(part for wheel in wheels for part in wheel),
        hose,
        soft_box((0.28, 0.12, 0.06), (0.15, -0.45, 0.03), plain(BLACK), 5, 0.04),
    ]


def towel(width: float, height: float, paint: Paint) -> list[Part]:
    """Hangs over a rail at z = 0, its back near y = 0."""
    rail = bar((-width / 2 - 0.08, -0.06, 0), (width / 2 + 0.08, -0.06, 0), 0.009, STEEL)
    front = soft_box((width, 0.025, height), (0, -0.078, -height / 2 + 0.02), paint, 9)
    return [
        joined(
            [
                rail,
                *(
                    bar((sx * (width / 2 + 0.08), 0, 0), (sx * (width / 2 + 0.08), -0.06, 0), 0.009, STEEL)
                    for sx in (-1, 1)
                ),
            ]
        ),
        front,
        soft_box((width, 0.02, height * 0.7), (0, -0.045, -height * 0.35 + 0.01), paint, 9),
    ]


def toilet_paper() -> list[Part]:
    """A roll on a holder whose middle is at z = 0."""
    outline = [(0.02, 0), (0.055, 0), (0.055, 0.10), (0.02, 0.10), (0.02, 0)]
    roll = turned_profile(outline, Paint("fabric", repeat_m=0.1), FINE_M)
    holder = [bar((-0.07, -0.07, 0), (0.07, -0.07, 0), 0.01, STEEL), bar((0.07, -0.07, 0), (0.07, 0, 0), 0.01, STEEL)]
    return [*turned([roll], x=-0.05, y=-0.07, rotation=rotation_y(90)), *holder]


def scale() -> list[Part]:
    return [
        soft_box((0.30, 0.30, 0.045), (0, 0, 0.0225), plain((0.25, 0.28, 0.32)), 9, 0.05),
        panel((-0.05, 0.06, 0.0462), (0.1, 0, 0), (0, 0.05, 0), plain((0.65, 0.75, 0.68))),
    ]


def soap_dispenser(color: Rgb) -> list[Part]:
    return [
        cylinder(0.035, 0.13, (0, 0, 0), plain(color), top_radius=0.03, edge_m=FINE_M),
        tube([(0, 0, 0.13), (0, 0, 0.165), (0, -0.02, 0.175), (0, -0.05, 0.168)], 0.007, STEEL),
    ]


def toothbrush_cup() -> list[Part]:
    brushes = [
        bar((0, 0, 0.02), (0.035 * np.cos(a), 0.035 * np.sin(a), 0.19), 0.005, plain(c))
        for a, c in ((0.3, (0.8, 0.2, 0.2)), (2.5, (0.2, 0.4, 0.8)))
    ]
    return [
        turned_profile([(0, 0), (0.032, 0), (0.036, 0.10), (0.033, 0.10), (0.03, 0.008), (0, 0.008)], CERAMIC, FINE_M),
        *brushes,
    ]


def cube_toys() -> list[Part]:
    colors = ((0.85, 0.2, 0.2), (0.2, 0.45, 0.8), (0.95, 0.8, 0.2), (0.3, 0.65, 0.3))
    spots = ((-0.06, 0, 0), (0.03, 0.02, 0), (0.10, -0.05, 0), (-0.015, 0.01, 0.07))
    return [
        part
        for (x, y, z), c, k in zip(spots, colors, range(4), strict=True)
        for part in turned([box((0.07, 0.07, 0.07), (0, 0, 0.035), plain(c), 0.04)], x, y, z, 25 * k)
    ]


def blanket(paint: Paint) -> list[Part]:
    """Folded."""
    return [soft_box((0.5, 0.42, 0.05), (0, 0, 0.025 + 0.045 * k), paint, 7) for k in range(2)]
