"""Sizes, by hand."""

import numpy as np
import pytest

from qagen.core.answer import Extents
from qagen.core.question import Question, Skip
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import at, looking, room
from tests.tasks.asking import ask, question, text

DESK = at(0, 3, 1.0, (0.6, 1.2, 0.75), yaw_deg=25)
FRONT, ASIDE = looking("+y"), looking("+x", at=(-3, 3, 2.0), up_deg=-15)
LAMP = at(1.5, 4, 1.5, (0.2, 0.3, 0.4))
CUP = at(-1.5, 3, 1.5, (0.09, 0.3, 0.4))


def test_length_is_the_longer_side_on_the_floor_plan_and_height_is_vertical() -> None:
    asked = question(ask("spatial_volume_infer", room({"desk": DESK, "lamp": LAMP}, [FRONT, ASIDE]), red="desk"))
    # 0.6 m along its first axis and 1.2 m along its second: the longer one is the length.
    assert asked.answer.text == "120,60,75"
    assert asked.measured["size_m"] == pytest.approx([0.6, 1.2, 0.75])
    # The lamp is 0.2 m by 0.3 m, 0.4 m high: a true size of something else.
    assert isinstance(asked.answer, Extents)
    # Seen whole and wide open, so the margin is the share of the surface inside the image over the 0.9 required.
    assert asked.margin == pytest.approx(1 / 0.9 - 1)
    assert asked.margin_unit == "fraction"


def test_centimeters_are_rounded_not_cut() -> None:
    scene = room({"box": at(0, 3, 1.0, (0.606, 0.404, 0.755), 20)}, [FRONT, ASIDE])
    assert text(ask("spatial_volume_infer", scene, red="box")) == "61,40,76"


def test_thin_things_are_not_measured() -> None:
    # 9 cm.
    scene = room({"desk": DESK, "cup": CUP}, [FRONT, ASIDE])
    assert text(ask("spatial_volume_infer", scene, red="cup")) == "Skip: too thin"
    asked = question(ask("spatial_volume_infer", scene, red="desk"))
    assert asked.answer == Extents(120, 60, 75)


def test_an_object_that_leaves_the_image_is_not_measured() -> None:
    # At a depth of about 3 m the image ends at x 3: of a meter of couch from x 2.3 on, more than a tenth is outside.
    scene = room({"couch": at(2.8, 3, 1.0, (1, 1, 0.8))}, [FRONT, ASIDE])
    assert text(ask("spatial_volume_infer", scene, red="couch")) == "Skip: cut off by the image"


def test_an_object_more_than_half_hidden_is_not_measured() -> None:
    # The post covers x -0.5 to 0.15 at 1.5 m, so -1.0 to 0.3 at the desk's 3 m: some two thirds of the desk.
    post = at(-0.175, 1.5, 1.2, (0.65, 0.1, 2.4))
    scene = room({"desk": at(0, 3, 1.0, (1.2, 0.6, 0.75)), "post": post}, [FRONT, ASIDE])
    assert text(ask("spatial_volume_infer", scene, red="desk")) == "Skip: mostly occluded"


def test_it_asks_about_every_sight_of_every_object_once() -> None:
    views = observe(room({"desk": DESK, "lamp": LAMP, "cup": CUP}, [FRONT, ASIDE]))
    found = list(load_task("spatial_volume_infer").propose(views, np.random.default_rng(0)))
    assert len(found) == int(views.askable.sum())
    assert Skip("too thin") in found
    shown = [(each.frames[0], each.roles[0].object) for each in found if isinstance(each, Question)]
    assert len(set(shown)) == len(shown) >= 3


# The desk is 0.6 m by 1.2 m, 0.75 m high: its width is its longer horizontal side, and its longest side the same.
@pytest.mark.parametrize(
    ("asks", "size", "expected"),
    [
        ("height", (0.6, 1.2, 0.81), "0.8"),
        ("width", (0.6, 1.2, 0.75), "1.2"),
        ("width", (1.0, 0.4, 0.75), "1.0"),
        ("longest", (0.6, 1.2, 0.75), "1.2"),
        ("longest", (0.6, 0.7, 1.3), "1.3"),
        # 0.75 m prints as 0.8, an error of 6.7 %; 1.25 m as 1.2, one of 4 %.
        ("height", (0.6, 1.2, 0.75), "Skip: unit too coarse"),
        ("longest", (0.6, 1.25, 0.75), "1.2"),
    ],
)
def test_one_side(asks: str, size: tuple[float, float, float], expected: str) -> None:
    scene = room({"desk": at(0, 3, 1.0, size, yaw_deg=50), "lamp": LAMP}, [FRONT, ASIDE])
    assert text(ask(f"object_{asks}", scene, red="desk")) == expected


def test_a_side_that_points_at_the_camera_is_not_asked() -> None:
    # The camera at the origin sees the bench 3 m ahead end on, and as high as it is.
    scene = room({"bench": at(0, 3, 1.0, (0.4, 1.2, 0.8)), "lamp": LAMP}, [FRONT, ASIDE])
    assert text(ask("object_width", scene, red="bench")) == "Skip: seen end on"
    assert text(ask("object_height", scene, red="bench")) == "0.8"
    assert text(ask("spatial_volume_infer", scene, red="bench")) == "120,40,80"
