"""The objects in the rooms of the apartment (shell.py)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qagen.demo.apartment import furniture as f
from qagen.demo.apartment import small_objects as s
from qagen.demo.apartment.materials import Paint
from qagen.demo.apartment.shapes import Part, box, rotation_x, turned
from qagen.demo.apartment.shell import CEILING_M, PlacedObject, build_shell

OAK, WALNUT, PINE, GILT = f.wooden(f.OAK), f.wooden(f.WALNUT), f.wooden(f.PINE), f.wooden((0.75, 0.6, 0.35))
BATHROOM_WOOD = f.wooden((0.62, 0.46, 0.32))
COUCH_CLOTH = Paint("fabric", (0.30, 0.42, 0.56), 0.12)
CREAM, STONE = Paint("wood", (0.93, 0.90, 0.82), 0.6), Paint("granite", (0.42, 0.42, 0.44), 0.5, mirror=0.04)
RED_SEAT, GREEN_SEAT = Paint("leather", (0.70, 0.18, 0.16), 0.3), Paint("leather", (0.22, 0.42, 0.40), 0.3)
LILAC, SHEET = Paint("fabric", (0.62, 0.56, 0.76), 0.15), Paint("fabric", (0.96, 0.95, 0.93), 0.15)
COFFEE_TABLE_M, DINING_TABLE_M, DESK_M, WORKTOP_M = 0.42, 0.75, 0.74, 0.90
"""Heights of the tops."""


def furnish() -> list[PlacedObject]:
    """All annotated objects of the apartment; the index is the object id."""
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
) -> PlacedObject:
    """Place parts in the apartment. At yaw 0 a front looks south (−y), at 90° east, at 180° north, at −90° west."""
    return PlacedObject(label, tuple(turned(parts, x, y, z, yaw_deg, rotation)))


def furnish_living_room() -> list[PlacedObject]:
    return [
        *_couch_corner(),
        *_coffee_table(),
        *_seats_and_tv(),
        *_bookshelf_wall(),
        *_living_room_edges(),
        *_living_room_walls(),
    ]


def _couch_corner() -> list[PlacedObject]:
    return [
        place("rug", f.rug(2.5, 1.8, Paint("persian_rug")), 1.95, 1.95, yaw_deg=0),
        place("couch", f.sofa(2.15, COUCH_CLOTH, 3), 0.63, 1.95, yaw_deg=90),
        place("pillow", s.pillow((0.90, 0.62, 0.20)), 0.63, 1.28, 0.50, 90, rotation_x(62)),
        place("pillow", s.pillow((0.75, 0.22, 0.20), "checks"), 0.61, 2.62, 0.50, 80, rotation_x(62)),
        place("pillow", s.pillow((0.45, 0.62, 0.50), "dots"), 0.66, 2.18, 0.50, 95, rotation_x(58)),
        place("blanket", s.blanket(Paint("checks", (0.72, 0.30, 0.26), 0.3)), 0.73, 1.72, 0.462, 12),
    ]


def _coffee_table() -> list[PlacedObject]:
    return [
        place("coffee table", f.table(0.62, 1.15, COFFEE_TABLE_M, f.wooden(f.OAK)), 1.85, 1.95, 0.012),
        place("cup", s.cup((0.86, 0.25, 0.20)), 1.70, 2.30, COFFEE_TABLE_M + 0.012),
        place("cup", s.cup((0.25, 0.48, 0.70)), 2.02, 1.62, COFFEE_TABLE_M + 0.012, 140),
        place("magazine", s.magazine(), 1.80, 1.66, COFFEE_TABLE_M + 0.012, 75),
        place("remote control", s.remote_control(), 1.98, 2.02, COFFEE_TABLE_M + 0.012, 50),
        place("candle", s.candle((0.94, 0.90, 0.80)), 1.86, 2.42, COFFEE_TABLE_M + 0.012),
    ]


def _seats_and_tv() -> list[PlacedObject]:
    return [
        place("armchair", f.sofa(0.92, Paint("fabric", (0.75, 0.45, 0.22), 0.12), 1), 2.05, 0.69, yaw_deg=168),
        place("ottoman", f.ottoman(Paint("leather", (0.45, 0.27, 0.17), 0.3)), 1.75, 3.30, yaw_deg=8),
        place("tv stand", f.chest(1.6, 0.42, 0.48, f.wooden(f.OAK), "doors_4"), 5.16, 1.25, yaw_deg=-90),
        place("tv", f.tv(1.15), 5.16, 1.25, 0.50, -90),
        place("speaker", f.speaker(WALNUT), 5.18, 0.22, yaw_deg=-90),
        place("speaker", f.speaker(WALNUT), 5.18, 2.28, yaw_deg=-90),
    ]


def _bookshelf_wall() -> list[PlacedObject]:
    return [
        place("bookshelf", f.bookshelf(1.25, 1.95, 5, WALNUT), 1.05, 4.15),
        *[
            place("books", s.book_row(w, h, tint), 1.05 + dx, 4.11, f.shelf_height(1.95, 5, k) + 0.001)
            for k, dx, w, h, tint in (
                (1, -0.28, 0.55, 0.25, (1.0, 0.9, 0.8)),
                (2, 0.15, 0.75, 0.27, (0.9, 1.0, 1.0)),
                (3, -0.2, 0.7, 0.24, (1.1, 1.0, 0.9)),
                (4, 0.2, 0.6, 0.26, (1.0, 1.0, 1.2)),
            )
        ],
        place("vase", s.vase((0.25, 0.50, 0.55)), 0.78, 4.12, f.shelf_height(1.95, 5, 5)),
        place(
            "box",
            s.cardboard_box((0.30, 0.22, 0.20), (0.75, 0.85, 0.95)),
            1.35,
            4.13,
            f.shelf_height(1.95, 5, 0) + 0.001,
        ),
    ]


def _living_room_edges() -> list[PlacedObject]:
    return [
        place("plant", f.plant(1.15, 26, (0.78, 0.42, 0.28), 3), 0.50, 3.62),
        place("lamp", f.floor_lamp((0.98, 0.88, 0.66)), 0.33, 0.42),
        place("guitar", f.guitar((0.82, 0.50, 0.22)), 2.45, 4.02, 0.02, 0, rotation_x(-11)),
        place("basket", s.basket((0.85, 0.68, 0.45)), 3.15, 4.02),
        place("radiator", f.radiator(1.3), 3.05, 0.10, yaw_deg=180),
        place("side table", f.round_table(0.24, 0.55, f.wooden(f.OAK)), 2.98, 0.55),
        place("book", s.book((0.20, 0.40, 0.30)), 2.91, 0.50, 0.55, 30),
        place("cup", s.cup((0.95, 0.93, 0.88)), 3.10, 0.66, 0.55, 70),
    ]


def _living_room_walls() -> list[PlacedObject]:
    return [
        place(
            "curtains",
            f.curtain_pair(0.40, 2.3, Paint("fabric", (0.85, 0.76, 0.60), 0.12), 2.1),
            0.13,
            0.95,
            0.10,
            90,
        ),
        place(
            "curtain",
            f.hung_curtain(0.45, 2.3, Paint("fabric", (0.80, 0.70, 0.56), 0.12), 4, (-0.25, 0.25)),
            4.15,
            0.13,
            0.10,
            180,
        ),
        place("picture", f.picture(0.75, 0.50, "painting_hills", GILT), 5.398, 0.35, 1.75, -90),
        place("picture", f.picture(0.62, 0.45, "painting_sea", f.wooden((0.96, 0.94, 0.9))), 2.45, 4.298, 1.65),
        place("clock", f.wall_clock(0.15, Paint("plain", (0.25, 0.2, 0.18))), 3.25, 4.298, 1.85),
        place("ceiling light", f.ceiling_lamp(), 2.6, 2.1, CEILING_M),
        place("ball", s.toy_ball(0.11, (0.95, 0.45, 0.30)), 3.75, 3.55),
        place("toy", s.cube_toys(), 3.45, 3.00, 0.0),
    ]


def furnish_kitchen() -> list[PlacedObject]:
    return [*_kitchen_units(), *_worktop(), *_dining_corner(), *_kitchen_rest()]


def _kitchen_units() -> list[PlacedObject]:
    return [
        place("refrigerator", f.refrigerator(), 5.92, 0.36, yaw_deg=180),
        place("stove", f.stove(), 6.62, 0.32, yaw_deg=180),
        place("range hood", f.range_hood(), 6.62, 0.32, 1.62, 180),
        place("kitchen cabinets", f.chest(2.04, 0.58, 0.84, CREAM, "doors_4", 0.08), 8.0, 0.31, yaw_deg=180),
        place("kitchen counter", f.counter(2.24, 0.62, (-0.28 - 0.04, 0.24), STONE), 8.06, 0.315, yaw_deg=180),
        place("sink", f.kitchen_sink(), 8.10, 0.315, WORKTOP_M - 0.002, 180),
        place("kitchen cabinets", turned(f.chest(0.62, 0.34, 0.72, CREAM, "doors_2", 0.0)), 7.24, 0.18, 1.50, 180),
        place("kitchen cabinets", f.chest(0.36, 0.34, 0.72, CREAM, "doors_2", 0.0), 8.98, 0.18, 1.50, 180),
    ]


def _worktop() -> list[PlacedObject]:
    return [
        place("microwave", s.microwave(), 8.92, 0.32, WORKTOP_M, 150),
        place("toaster", s.toaster(), 7.10, 0.30, WORKTOP_M, 180),
        place("kettle", s.kettle((0.75, 0.20, 0.18)), 7.48, 0.24, WORKTOP_M, 60),
        place("knife block", s.knife_block(), 7.08, 0.12, WORKTOP_M, 160),
        place("soap dispenser", s.soap_dispenser((0.45, 0.70, 0.45)), 7.72, 0.16, WORKTOP_M, 180),
        place("paper towel roll", s.paper_towel(), 8.60, 0.17, WORKTOP_M),
        place("pot", s.pot((0.80, 0.82, 0.84)), 6.48, 0.22, 0.908, 20),
        place("bottle", s.bottle((0.25, 0.45, 0.25)), 7.60, 0.42, WORKTOP_M),
        place("plant", f.plant(0.34, 12, (0.9, 0.88, 0.8), 8), 8.36, -0.02, 1.12),
    ]


def _dining_corner() -> list[PlacedObject]:
    return [
        place("dining table", f.table(1.35, 0.85, DINING_TABLE_M, f.wooden(f.OAK)), 7.3, 2.75),
        place("chair", f.chair(RED_SEAT, PINE), 6.95, 2.12, yaw_deg=184),
        place("chair", f.chair(RED_SEAT, PINE), 7.65, 2.10, yaw_deg=172),
        place("chair", f.chair(GREEN_SEAT, PINE), 6.95, 3.38, yaw_deg=-6),
        place("chair", f.chair(GREEN_SEAT, PINE), 7.72, 3.48, yaw_deg=14),
        place("fruit bowl", s.fruit(), 7.32, 2.82, DINING_TABLE_M),
        place("plate", s.plate((0.95, 0.95, 0.92)), 6.95, 2.52, DINING_TABLE_M),
        place("plate", s.plate((0.55, 0.68, 0.80)), 7.70, 2.52, DINING_TABLE_M),
        place("cup", s.cup((0.95, 0.78, 0.25)), 6.78, 2.70, DINING_TABLE_M, 30),
        place("cup", s.cup((0.35, 0.60, 0.40)), 7.92, 2.68, DINING_TABLE_M, 200),
        place("bottle", s.bottle((0.80, 0.50, 0.20), 0.27), 7.02, 2.95, DINING_TABLE_M),
        place("scissors", s.scissors((0.85, 0.30, 0.15)), 7.62, 2.98, DINING_TABLE_M, 40),
        place("book", s.book((0.75, 0.30, 0.35), (0.20, 0.26, 0.025)), 7.82, 3.00, DINING_TABLE_M, -20),
    ]


def _kitchen_rest() -> list[PlacedObject]:
    return [
        place("ceiling lamp", f.pendant(0.72, (0.85, 0.36, 0.22)), 7.3, 2.75, CEILING_M),
        place("ceiling light", f.ceiling_lamp(), 7.3, 1.2, CEILING_M),
        place("cabinet", f.chest(0.85, 0.40, 0.92, f.wooden(f.PINE), "doors_2"), 8.98, 3.55, yaw_deg=-90),
        place("coffee maker", s.coffee_maker(), 9.0, 3.38, 0.94, -90),
        place("bowl", s.bowl((0.88, 0.62, 0.30)), 8.96, 3.76, 0.94),
        place("trash can", s.trash_can((0.55, 0.57, 0.60), 0.17, 0.55), 8.95, 2.60),
        place("stool", f.stool(Paint("wood", f.OAK, 0.4), Paint("plain", (0.2, 0.2, 0.22))), 8.85, 1.35),
        place("picture", f.picture(0.45, 0.60, "painting_flowers", f.wooden(f.WALNUT)), 9.198, 3.50, 1.62, -90),
        place(
            "calendar",
            f.flat_board(0.32, 0.46, Paint("page", (1.0, 0.98, 0.92)), Paint("plain", (0.8, 0.3, 0.2))),
            9.198,
            1.15,
            1.45,
            -90,
        ),
        place("clock", f.wall_clock(0.14, Paint("plain", (0.75, 0.2, 0.18))), 9.198, 2.2, 1.95, -90),
        place("basket", s.basket((0.55, 0.62, 0.42), 0.16, 0.26), 5.78, 4.02),
        place(
            "curtain",
            f.hung_curtain(1.18, 0.40, Paint("checks", (0.95, 0.75, 0.55), 0.35), 9, (-0.61, 0.61)),
            8.15,
            0.10,
            1.82,
            180,
        ),
    ]


def furnish_hall() -> list[PlacedObject]:
    return [*_front_door_and_bench(), *_hall_cabinet(), *_hall_rest()]


def _front_door_and_bench() -> list[PlacedObject]:
    return [
        place("door", f.door_leaf(0.86, 2.0, (0.42, 0.26, 0.20)), 9.25, 4.71, 0.0, 90),
        place("doormat", f.rug(0.80, 0.50, Paint("carpet", (0.45, 0.38, 0.30), 0.4)), 8.72, 5.13, yaw_deg=90),
        place(
            "bench", f.bench(1.05, 0.34, 0.46, f.wooden(f.OAK), Paint("fabric", (0.55, 0.60, 0.50), 0.12)), 6.20, 5.62
        ),
        place("shoes", s.shoes((0.55, 0.16, 0.14)), 5.92, 5.60, 0.0, 6),
        place("shoes", s.shoes((0.20, 0.28, 0.45)), 6.25, 5.61, 0.0, -4),
        place("shoes", s.shoes((0.28, 0.22, 0.18)), 6.55, 5.60, 0.0, 3),
        place("backpack", s.backpack((0.20, 0.45, 0.42)), 6.48, 5.64, 0.475, 8),
        place("coat rack", f.coat_rack(), 6.18, 5.82, 1.72),
        place("coat", f.coat((0.65, 0.50, 0.20)), 5.80, 5.80, 1.70),
        place("coat", f.coat((0.25, 0.30, 0.42)), 6.32, 5.80, 1.70),
    ]


def _hall_cabinet() -> list[PlacedObject]:
    return [
        place("cabinet", f.chest(0.95, 0.32, 0.82, f.wooden((0.90, 0.88, 0.84)), "drawers_6"), 7.55, 4.60, yaw_deg=180),
        place("mirror", f.mirror(0.60, 0.85, f.wooden(f.WALNUT)), 7.55, 4.422, 1.50, 180),
        place("vase", s.vase((0.75, 0.42, 0.30), 0.22), 7.25, 4.58, 0.84),
        place("telephone", s.telephone((0.72, 0.15, 0.15)), 7.82, 4.60, 0.84, 175),
        place("umbrella", s.umbrella((0.80, 0.25, 0.25)), 8.52, 4.53, 0.01, 0, rotation_x(6)),
    ]


def _hall_rest() -> list[PlacedObject]:
    return [
        place("bicycle", f.bicycle((0.15, 0.42, 0.62)), 1.05, 4.72, 0.0, 0, rotation_x(4)),
        place("box", s.cardboard_box((0.50, 0.38, 0.36)), 0.32, 5.55, 0.0, 4),
        place("box", s.cardboard_box((0.38, 0.30, 0.26), (0.92, 0.88, 0.82)), 0.30, 5.56, 0.361, -12),
        place("vacuum cleaner", s.vacuum_cleaner((0.70, 0.15, 0.18)), 1.05, 5.52, 0.0, 95),
        place("plant", f.plant(0.80, 18, (0.30, 0.36, 0.42), 5), 8.45, 5.46),
        place("rug", f.rug(2.6, 0.75, Paint("striped_rug")), 4.75, 5.12),
        place("picture", f.picture(0.50, 0.70, "painting_shapes", f.wooden(f.BLACK)), 3.30, 4.422, 1.60, 180),
        place("picture", f.picture(0.60, 0.42, "painting_hills", f.wooden((0.9, 0.88, 0.84))), 3.85, 5.818, 1.60),
        place("picture", f.picture(0.70, 0.50, "painting_sea", f.wooden(f.WALNUT)), 2.25, 4.422, 1.55, 180),
        place("picture", f.picture(0.42, 0.55, "painting_flowers", f.wooden(f.OAK)), 5.42, 4.422, 1.62, 180),
        *[place("ceiling light", f.ceiling_lamp(), x, 5.1, CEILING_M) for x in (1.8, 4.6, 7.6)],
    ]


def furnish_bedroom() -> list[PlacedObject]:
    return [*_bed_corner(), *_nightstands(), *_bedroom_storage(), *_bedroom_rest()]


def _bed_corner() -> list[PlacedObject]:
    return [
        place("bed", f.bed(2.05, 1.55, WALNUT, SHEET, LILAC), 1.09, 7.85, yaw_deg=90),
        place("pillow", s.pillow((0.97, 0.96, 0.94), "fabric", (0.62, 0.42)), 0.36, 7.48, 0.55, 90, rotation_x(14)),
        place("pillow", s.pillow((0.97, 0.96, 0.94), "fabric", (0.62, 0.42)), 0.36, 8.22, 0.55, 90, rotation_x(14)),
        place("pillow", s.pillow((0.90, 0.55, 0.55), "dots", (0.40, 0.40)), 0.62, 7.86, 0.62, 84, rotation_x(40)),
        place("stuffed animal", s.teddy_bear((0.68, 0.46, 0.28)), 1.02, 7.55, 0.612, 70),
        place("box", s.cardboard_box((0.55, 0.40, 0.20), (0.90, 0.78, 0.78)), 1.35, 7.25, 0.0, 5),
        place("suitcase", s.suitcase((0.16, 0.36, 0.48)), 3.62, 6.95, 0.0, -82),
    ]


def _nightstands() -> list[PlacedObject]:
    return [
        place("nightstand", f.chest(0.44, 0.38, 0.50, WALNUT, "drawers_2"), 0.24, 6.78, yaw_deg=90),
        place("nightstand", f.chest(0.44, 0.38, 0.50, WALNUT, "drawers_2"), 0.24, 8.92, yaw_deg=90),
        place("lamp", f.table_lamp((0.30, 0.52, 0.58), (0.98, 0.92, 0.80)), 0.20, 6.74, 0.52),
        place("lamp", f.table_lamp((0.30, 0.52, 0.58), (0.98, 0.92, 0.80)), 0.20, 8.96, 0.52),
        place("alarm clock", s.alarm_clock((0.82, 0.22, 0.25)), 0.36, 6.88, 0.52, 70),
        place("book", s.book((0.24, 0.30, 0.55)), 0.33, 8.84, 0.52, 80),
    ]


def _bedroom_storage() -> list[PlacedObject]:
    return [
        place("wardrobe", f.chest(1.30, 0.58, 2.05, f.wooden(f.PINE), "doors_2", 0.08), 3.60, 8.70, yaw_deg=-90),
        place("dresser", f.chest(1.15, 0.44, 0.80, WALNUT, "drawers_6"), 1.42, 6.17, yaw_deg=180),
        place("mirror", f.mirror(0.70, 0.70, f.wooden(f.OAK)), 1.42, 5.942, 1.45, 180),
        place(
            "jewelry box",
            f.chest(0.22, 0.16, 0.11, f.wooden((0.62, 0.30, 0.22)), "drawers_2", 0.0),
            1.12,
            6.12,
            0.82,
            170,
        ),
        place("bottle", s.bottle((0.75, 0.50, 0.60), 0.17), 1.78, 6.10, 0.82),
    ]


def _bedroom_rest() -> list[PlacedObject]:
    return [
        place("picture", f.picture(0.95, 0.55, "painting_sea", f.wooden(f.OAK)), 0.002, 7.85, 1.62, 90),
        place("rug", f.rug(1.45, 0.95, Paint("striped_rug")), 2.62, 7.75, yaw_deg=90),
        place("slippers", s.slippers((0.80, 0.50, 0.58)), 1.45, 6.82, 0.0, 100),
        place("laundry basket", s.basket((0.92, 0.90, 0.86), 0.23, 0.52), 3.58, 6.28),
        place("chair", f.chair(LILAC, f.wooden((0.93, 0.91, 0.88))), 2.95, 8.96, yaw_deg=-20),
        place("clothes", s.blanket(Paint("stripes", (0.45, 0.60, 0.75), 0.3)), 2.94, 8.94, 0.483, 12),
        place(
            "curtains",
            f.curtain_pair(0.42, 2.25, Paint("fabric", (0.60, 0.64, 0.80), 0.12), 1.95),
            1.02,
            9.28,
            0.12,
        ),
        place("plant", f.plant(0.40, 14, (0.85, 0.55, 0.40), 12), 1.75, 9.38, 0.95),
        place("ceiling light", f.ceiling_lamp(), 1.9, 7.7, CEILING_M),
        place("door", f.door_leaf(0.80, 2.0, (0.93, 0.92, 0.88)), 3.07, 5.99, 0.0, 82),
    ]


def furnish_bathroom() -> list[PlacedObject]:
    return [*_bath_and_toilet(), *_wash_corner(), *_bathroom_rest()]


def _bath_and_toilet() -> list[PlacedObject]:
    return [
        place("bathtub", f.bathtub(1.68, 0.76), 5.815, 8.50, yaw_deg=90),
        place(
            "shower curtain",
            f.hung_curtain(0.62, 1.75, Paint("dots", (0.62, 0.82, 0.90), 0.35), 6, (-0.36, 1.36)),
            5.40,
            8.0,
            0.32,
            90,
        ),
        place("toilet", f.toilet(), 4.45, 8.72, yaw_deg=90),
        place("toilet paper", s.toilet_paper(), 4.022, 8.20, 0.75, 90),
    ]


def _wash_corner() -> list[PlacedObject]:
    return [
        place("bathroom cabinet", f.vanity(0.74, BATHROOM_WOOD), 4.26, 7.18, yaw_deg=90),
        place("sink", f.basin(0.76), 4.26, 7.18, 0.812, 90),
        place("mirror", f.mirror(0.66, 0.80, f.STEEL), 4.022, 7.18, 1.55, 90),
        place("toothbrush cup", s.toothbrush_cup(), 4.10, 6.70, 0.90),
        place("shelf", [box((0.30, 0.15, 0.02), (0, 0, -0.01), BATHROOM_WOOD)], 4.10, 6.63, 0.90, 90),
        place("soap dispenser", s.soap_dispenser((0.90, 0.55, 0.60)), 4.08, 6.56, 0.90, 90),
    ]


def _bathroom_rest() -> list[PlacedObject]:
    return [
        place("washing machine", f.washing_machine(), 5.89, 6.90, yaw_deg=-90),
        place("bottle", s.bottle((0.30, 0.50, 0.80), 0.24), 5.98, 6.75, 0.85),
        place(
            "towel",
            turned([*s.blanket(Paint("stripes", (0.95, 0.65, 0.50), 0.2))], rotation=np.diag([0.7, 0.8, 1.2])),
            5.84,
            7.02,
            0.85,
            5,
        ),
        place("towel", s.towel(0.40, 0.65, Paint("stripes", (0.40, 0.66, 0.68), 0.2)), 4.33, 5.942, 1.45, 180),
        place("towel", s.towel(0.46, 0.65, Paint("fabric", (0.92, 0.55, 0.42), 0.1)), 4.62, 9.398, 1.35, 0),
        place("bath mat", f.rug(0.85, 0.52, Paint("fur", (0.40, 0.58, 0.62), 0.4)), 5.08, 8.45, yaw_deg=90),
        place("trash can", s.trash_can((0.92, 0.92, 0.90), 0.12, 0.27), 4.20, 7.92),
        place("scale", s.scale(), 4.95, 7.30, 0.0, 15),
        place("laundry basket", s.basket((0.55, 0.65, 0.72), 0.20, 0.45), 5.95, 6.28),
        place("shampoo bottle", s.bottle((0.92, 0.45, 0.25), 0.20), 6.14, 8.72, 0.56),
        place("shampoo bottle", s.bottle((0.35, 0.65, 0.35), 0.20), 6.14, 8.92, 0.56),
        place("ceiling light", f.ceiling_lamp(), 5.1, 7.5, CEILING_M),
    ]


def furnish_study() -> list[PlacedObject]:
    return [*_desk(), *_study_shelves(), *_study_rest()]


def _desk() -> list[PlacedObject]:
    return [
        place("desk", f.table(1.65, 0.72, DESK_M, f.DARK_STEEL, f.wooden(f.PINE), 0.05), 7.62, 9.02),
        place("monitor", f.monitor(), 7.52, 9.15, DESK_M, 4),
        place("monitor", f.monitor(), 8.12, 9.08, DESK_M, -18),
        place("keyboard", s.keyboard(), 7.84, 8.80, DESK_M),
        place("mouse", s.mouse(), 8.14, 8.80, DESK_M, 5),
        place("laptop", s.laptop((0.78, 0.79, 0.81)), 7.02, 8.92, DESK_M, 14),
        place("lamp", f.desk_lamp((0.85, 0.35, 0.20)), 6.92, 9.20, DESK_M, 30),
        place("cup", s.cup((0.40, 0.28, 0.55)), 8.32, 8.80, DESK_M, 20),
        place("papers", s.papers(), 7.41, 8.80, DESK_M, 4),
        place("office chair", f.office_chair(Paint("fabric", (0.22, 0.24, 0.28), 0.12)), 7.65, 8.20, yaw_deg=165),
        place("trash can", s.trash_can((0.25, 0.28, 0.34)), 8.20, 9.12),
    ]


def _study_shelves() -> list[PlacedObject]:
    return [
        place("bookshelf", f.bookshelf(1.10, 1.80, 4, OAK), 6.47, 7.25, yaw_deg=90),
        *[
            place("books", s.book_row(w, h, tint), 6.50, 7.25 + dy, f.shelf_height(1.80, 4, k) + 0.001, 90)
            for k, dy, w, h, tint in (
                (0, 0.1, 0.80, 0.30, (0.9, 0.9, 1.1)),
                (2, -0.15, 0.65, 0.28, (1.1, 0.95, 0.9)),
                (3, 0.12, 0.7, 0.26, (0.95, 1.1, 1.0)),
            )
        ],
        place("globe", s.globe(), 6.48, 7.05, f.shelf_height(1.80, 4, 4)),
        place(
            "box",
            s.cardboard_box((0.28, 0.22, 0.24), (0.70, 0.75, 0.85)),
            6.48,
            7.45,
            f.shelf_height(1.80, 4, 1) + 0.001,
            90,
        ),
    ]


def _study_rest() -> list[PlacedObject]:
    return [
        place(
            "file cabinet",
            f.chest(0.46, 0.55, 0.70, Paint("metal", (0.62, 0.66, 0.68), 0.4), "drawers_3", 0.03),
            8.88,
            8.92,
            yaw_deg=-90,
        ),
        place("printer", s.printer(), 8.88, 8.90, 0.72, -90),
        place("box", s.cardboard_box((0.46, 0.40, 0.38)), 8.92, 6.22, 0.0, 3),
        place("box", s.cardboard_box((0.40, 0.34, 0.30), (0.95, 0.92, 0.88)), 8.93, 6.22, 0.381, 14),
        place("armchair", f.sofa(0.88, Paint("leather", (0.36, 0.50, 0.38), 0.3), 1), 8.66, 7.42, yaw_deg=-82),
        place("pillow", s.pillow((0.92, 0.85, 0.70), "stripes", (0.40, 0.40)), 8.70, 7.42, 0.50, -82, rotation_x(62)),
        place("ball", s.toy_ball(0.20, (0.45, 0.55, 0.80)), 8.95, 6.70),
        place("plant", f.plant(1.0, 22, (0.92, 0.90, 0.86), 21), 6.74, 8.16),
        place(
            "whiteboard",
            f.flat_board(1.05, 0.75, Paint("whiteboard_notes", mirror=0.03), f.STEEL),
            8.53,
            5.942,
            1.50,
            180,
        ),
        place("map", f.flat_board(0.90, 0.62, Paint("wall_map"), f.wooden(f.WALNUT)), 7.35, 9.398, 1.75),
        place("rug", f.rug(1.7, 1.2, Paint("checks", (0.75, 0.48, 0.36), 0.5)), 7.55, 7.25),
        place("radiator", f.radiator(1.0), 9.10, 8.05, yaw_deg=-90),
        place("ceiling light", f.ceiling_lamp(), 7.7, 7.6, CEILING_M),
        place("door", f.door_leaf(0.80, 2.0, (0.93, 0.92, 0.88)), 7.04, 5.99, 0.0, 98),
    ]
