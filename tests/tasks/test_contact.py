"""How two objects meet, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from qagen.core.answer import OneOf
from qagen.core.box import Box3D
from qagen.core.question import Question, Skip
from qagen.core.scene import Object3D, Scene, validate_scene
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import at, boxes_only, looking, mesh_in, room, with_depth
from tests.tasks.asking import ask, question, text

TABLE = at(0, 4, 0.5, (2, 2, 1))
CAMERAS = [
    looking("+y", at=(1.1, -0.5, 2.2), up_deg=-18),
    looking("-x", at=(5, 4, 2.2), up_deg=-18),
    looking("+x", at=(-5, 4, 2.2), up_deg=-18),
    looking("-y", at=(0, 7.8, 2.4), up_deg=-22),
]
"""From all four sides, so that every side of a box is observed."""


def furnished(**boxes: Box3D) -> Scene:
    return with_depth(room(boxes, CAMERAS))


def cube(bottom: float, x: float = 0.0) -> Box3D:
    """A unit cube whose lower end is at a height."""
    return at(x, 4, bottom + 0.5, (1, 1, 1))


# The table's top is at z = 1. A cube of 1 m may be 3 cm higher or lower; 5 cm are neither on it nor 10 cm apart.
@pytest.mark.parametrize(
    ("bottom", "expected"),
    [
        (1.00, "on"),
        (1.02, "on"),
        (0.98, "on"),
        (1.05, "Skip: unclear contact"),
        (0.94, "Skip: unclear contact"),
        (1.20, "apart"),
        (1.70, "Skip: far apart"),
    ],
)
def test_a_cube_over_a_table(bottom: float, expected: str) -> None:
    assert text(ask("contact", furnished(cube=cube(bottom), table=TABLE), red="cube", blue="table")) == expected


# A board of 1 cm lies on the table's top at z = 1, from x = -1 to 0. A cube around x = 0 is over it with 0.5 m, one
# around x = 0.3 with 0.2 m, and one around 0.52 stands beside it.
@pytest.mark.parametrize(
    ("bottom", "x", "expected"),
    [(1.01, 0.0, "Skip: unclear contact"), (1.01, 0.3, "Skip: unclear contact"), (1.00, 0.52, "on")],
)
def test_a_cube_on_a_board_on_a_table(bottom: float, x: float, expected: str) -> None:
    scene = furnished(cube=cube(bottom, x), table=TABLE, board=at(-0.5, 4, 1.005, (1, 1, 0.01)))
    assert text(ask("contact", scene, red="cube", blue="table")) == expected


def test_a_cube_is_on_a_table_if_half_of_it_is() -> None:
    # The table ends at x = 1: of a cube around x = 0.9, 0.6 m are over it; around x = 1.2, 0.3 m, which is too little
    # for "on" and too much for side by side.
    for x, expected in ((0.9, "on"), (1.2, "Skip: unclear contact")):
        assert text(ask("contact", furnished(cube=cube(1.0, x), table=TABLE), red="cube", blue="table")) == expected


def test_a_table_that_carries_a_cube_is_not_asked_how_it_meets_it() -> None:
    # It touches the cube, but nobody would say only that.
    scene = furnished(cube=cube(1.0), table=TABLE)
    assert text(ask("contact", scene, red="table", blue="cube")) == "Skip: unclear contact"


# The table's side is at x = 1.
@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (0.0, "touching"),
        (0.009, "touching"),
        (0.02, "Skip: unclear contact"),
        (0.095, "Skip: unclear contact"),
        (0.2, "apart"),
        (0.65, "Skip: far apart"),
    ],
)
def test_a_box_beside_a_table(gap: float, expected: str) -> None:
    # 0.8 m long: 1 % of that is less than the scan's accuracy of 1 cm.
    scene = furnished(box=at(1.4 + gap, 4, 0.4, (0.8, 0.8, 0.8)), table=TABLE)
    for red, blue in (("box", "table"), ("table", "box")):
        assert text(ask("contact", scene, red=red, blue=blue)) == expected


def test_what_a_scan_has_fused_is_not_said_to_touch() -> None:
    scene = furnished(box=at(1.4, 4, 0.4, (0.8, 0.8, 0.8)), table=TABLE)
    mesh = mesh_in(scene)
    owner = mesh.face_object.copy()
    # One of the box's twelve triangles belongs to the table, so that both have its corners.
    owner[np.flatnonzero(owner == 0)[0]] = 1
    fused = validate_scene(replace(scene, mesh=replace(mesh, face_object=owner)))
    assert text(ask("contact", fused, red="box", blue="table")) == "Skip: unclear contact"


def test_what_it_measures_and_how_sure_it_is() -> None:
    asked = question(ask("contact", furnished(cube=cube(1.02), table=TABLE), red="cube", blue="table"))
    assert asked.answer == OneOf("on", ("in", "touching", "apart"), ("touching",))
    # 3 cm are allowed, 2 cm are measured.
    assert asked.margin == pytest.approx(0.01)
    measured = {name: asked.measured[name] for name in ("gap_m", "above_m", "over", "inside", "resting")}
    assert measured == pytest.approx({"gap_m": 0.02, "above_m": 0.02, "over": 1, "inside": 0, "resting": 1}, abs=0.06)
    # A foot of 5 cm, of which 2 cm are more than 5 cm from the table.


def shelf(height: float = 0.6) -> list[Box3D]:
    """Boards that make a case that is open to the front, 1.2 m wide, 0.4 m deep."""
    return [
        at(0, 4, 1.0, (1.2, 0.4, 0.02)),
        at(0, 4, 1.0 + height, (1.2, 0.4, 0.02)),
        at(0, 4.19, 1.0 + height / 2, (1.2, 0.02, height)),
        at(-0.59, 4, 1.0 + height / 2, (0.02, 0.4, height)),
        at(0.59, 4, 1.0 + height / 2, (0.02, 0.4, height)),
    ]


def joined(scene: Scene, label: str, count: int) -> Scene:
    """The scene in which the first ``count`` objects are parts of one."""
    mesh = mesh_in(scene)
    parts, others = scene.objects[:count], scene.objects[count:]
    points = np.concatenate([part.points for part in parts if part.points is not None])
    corners = np.concatenate([part.box.corners for part in parts])
    whole = Object3D(parts[0].id, label, Box3D.around(corners), points)
    owner = np.where(mesh.face_object < 0, mesh.face_object, np.maximum(mesh.face_object - (count - 1), 0))
    return validate_scene(
        replace(scene, objects=(whole, *others), mesh=replace(mesh, face_object=owner.astype(np.int32)))
    )


def test_what_stands_in_a_case_with_five_sides_is_in_it() -> None:
    books = at(0, 4, 1.16, (0.7, 0.3, 0.3))
    scene = joined(with_depth(room({"part": shelf(), "books": books}, CAMERAS)), "shelf", 5)
    # The case reaches from 0.99 to 1.61, the books from 1.01 to 1.31: wholly inside, with boards on all sides but one.
    assert text(ask("contact", scene, red="books", blue="shelf")) == "in"


def test_what_lies_on_a_seat_is_not_in_the_chair_nor_on_top_of_it() -> None:
    seat, back = at(0, 4, 0.5, (1, 1, 0.1)), at(0, 4.45, 1.0, (1, 0.1, 0.9))
    cushion = at(0, 3.95, 0.65, (0.6, 0.6, 0.2))
    # The cushion lies inside the chair's box, which reaches up to the back's end at 1.45, but with two of six sides.
    scene = joined(with_depth(room({"part": [seat, back], "cushion": cushion}, CAMERAS)), "chair", 2)
    assert text(ask("contact", scene, red="cushion", blue="chair")) == "Skip: unclear contact"


def test_a_place_behind_something_is_not_asked_about() -> None:
    # The post hides the side at x = 1 from the first camera, and no more of the box than half.
    boxes = {"box": at(1.4, 4, 0.4, (0.8, 0.8, 0.8)), "table": TABLE, "post": at(1.1, 2, 0.8, (0.4, 0.1, 1.6))}
    scene = with_depth(room(boxes, CAMERAS))
    assert text(ask("contact", scene, red="box", blue="table")) == "Skip: contact hidden"


def test_a_narrow_gap_is_not_seen_from_afar() -> None:
    # 0.12 m at 4.5 m are less than 3 %; at 3 m they are more.
    boxes = {"box": at(1.52, 4, 0.4, (0.8, 0.8, 0.8)), "table": TABLE}
    cameras = [*CAMERAS, looking("+y", at=(1.2, 0.9, 1.4), up_deg=-15)]
    views = observe(with_depth(room(boxes, cameras)))
    assert text(ask("contact", views, (0,), red="box", blue="table")) == "Skip: contact hidden"
    assert text(ask("contact", views, (4,), red="box", blue="table")) == "apart"


def test_boxes_alone_do_not_tell() -> None:
    scene = boxes_only(furnished(cube=cube(1.0), table=TABLE))
    assert list(load_task("contact").propose(observe(scene), np.random.default_rng(0))) == [
        Skip("no surface of objects")
    ]


def test_no_more_are_apart_than_meet() -> None:
    stools = [at(1.5 + 0.7 * k, 4, 0.3, (0.5, 0.5, 0.6)) for k in range(3)]
    scene = with_depth(room({"table": TABLE, "box": at(0.5, 3.5, 1.2, (0.4, 0.4, 0.4)), "stool": stools}, CAMERAS))
    found = list(load_task("contact").propose(observe(scene), np.random.default_rng(0)))
    words = [each.answer.text for each in found if isinstance(each, Question)]
    # The box is on the table. The stools, 0.2 m from one another and 0.25 m from the table, make three pairs.
    assert words.count("apart") == words.count("on") >= 2
    assert words[:2] == ["on", "apart"]  # in turn, so that a small quota has both
    assert Skip("class quota reached") in found
