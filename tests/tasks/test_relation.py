"""Directions by hand: every word, empty slots, and what is too close to call."""

import pytest

from qagen.core.answer import OPPOSITE
from qagen.visibility.views import observe
from tests.scenes import Box3D, at, looking, room
from tests.tasks.asking import ask, question, text

SMALL = (0.1, 0.1, 0.1)


def small(x: float, y: float, z: float) -> Box3D:
    return at(x, y, z, SMALL)


# The camera is at (0, 0, 1.5) and looks along +y: right is x, ahead is y. Blue stands 3 m ahead by default.
# Stated from 0.30 m, empty up to 0.15 m; left/right from 5 degrees, empty up to 10; closer/farther from 15 %.
PAIRS = [
    # 0.5 right, 9.5 degrees; distance sqrt(9.25) = 3.04 against 3: empty.
    ((0.5, 3, 1.5), (0, 3, 1.5), "right, ,"),
    ((-0.5, 3, 1.5), (0, 3, 1.5), "left, ,"),
    ((0, 3, 2.0), (0, 3, 1.5), ", above,"),
    ((0, 3, 1.0), (0, 3, 1.5), ", below,"),
    # 2.002 against 3: gap 0.998, at least 15 % of 3 = 0.45. 0.1 up is empty.
    ((0, 2, 1.6), (0, 3, 1.5), ", , closer"),
    # 4.2 against 3: gap 1.2, at least 15 % of 4.2 = 0.63.
    ((0, 4.2, 1.62), (0, 3, 1.5), ", , farther"),
    # 1 left at 26.6 degrees, 0.5 up; sqrt(5.25) = 2.29 against 3: gap 0.71.
    ((-1, 2, 2), (0, 3, 1.5), "left, above, closer"),
    # 1 right at 14 degrees, 0.5 down; sqrt(17.25) = 4.15 against 3: gap 1.15, at least 0.62.
    ((1, 4, 1), (0, 3, 1.5), "right, below, farther"),
    # Between 0.15 and 0.30 m nothing is said: sideways, up, and in distance.
    ((0.2, 3, 1.5), (0, 3, 1.5), "Skip: ambiguous"),
    ((0.5, 3, 1.7), (0, 3, 1.5), "Skip: ambiguous"),
    ((0, 2.8, 1.62), (0, 3, 1.5), "Skip: ambiguous"),
    # 2.602 against 3: gap 0.4 is more than 0.30 m but less than 15 % of 3.
    ((0, 2.6, 1.62), (0, 3, 1.5), "Skip: ambiguous"),
    # 0.4 right, but at 7 m that is 3.3 degrees.
    ((0.4, 7, 1.5), (0, 7, 1.5), "Skip: ambiguous"),
    # 0.4 further right in meters, but the eye sees it further left: 9.5 against 11.3 degrees.
    ((1.0, 6, 1.5), (0.6, 3, 1.5), "Skip: ambiguous"),
    # Only 0.14 right, but so near that it is 10.6 degrees.
    ((0.14, 0.75, 1.5), (0, 0.75, 1.5), "Skip: ambiguous"),
    # 0.1 right, level, 3.002 against 3: nothing can be stated.
    ((0.1, 3, 1.5), (0, 3, 1.5), "Skip: no clear direction"),
]


@pytest.mark.parametrize(("red", "blue", "expected"), PAIRS)
def test_red_relative_to_blue(red: tuple, blue: tuple, expected: str) -> None:
    scene = room({"cup": small(*red), "mug": small(*blue)}, [looking("+y")])
    assert text(ask("obj_spatial_relation_oo", scene, red="cup", blue="mug")) == expected
    if not expected.startswith("Skip"):
        opposite = ", ".join(OPPOSITE.get(word.strip(), "") for word in expected.split(",")).rstrip()
        assert text(ask("obj_spatial_relation_oo", scene, red="mug", blue="cup")) == opposite


def test_above_is_the_worlds_and_not_the_cameras() -> None:
    # From 3 m up, looking down by 60 degrees. Both stand 1 m high, so neither is above, although the nearer one is
    # lower in the image. Distances sqrt(1.2^2 + 2^2) = 2.33 and sqrt(2^2 + 2^2) = 2.83: gap 0.50, 15 % are 0.42.
    scene = room({"cup": small(0, 1.2, 1), "mug": small(0, 2, 1)}, [looking("+y", at=(0, 0, 3), up_deg=-60)])
    assert text(ask("obj_spatial_relation_oo", scene, red="cup", blue="mug")) == ", , closer"


def test_a_rolled_camera_turns_left_and_right_with_it() -> None:
    # Rolled clockwise by 90 degrees the camera's right is the world's down: the cup 1 m below is to the right.
    # Distances sqrt(10) = 3.16 and 3: gap 0.16 is ambiguous; at 0.8 m: sqrt(9.64) = 3.10, gap 0.10, empty.
    scene = room({"cup": small(0, 3, 0.7), "mug": small(0, 3, 1.5)}, [looking("+y", roll_deg=90)])
    assert text(ask("obj_spatial_relation_oo", scene, red="cup", blue="mug")) == "right, below,"


# Image 0 is the observer: at (0, 0, 1.5), looking along +y. The object is marked in whichever image shows it.
AROUND = [looking("+y"), looking("-y"), looking("+x"), looking("-x")]
OBSERVED = [
    ((1, 2, 2), 0, "right, above, front"),
    ((-1, 2, 1), 0, "left, below, front"),
    # Behind, right stays the observer's right: x = 1.
    ((1, -2, 2), 1, "right, above, behind"),
    ((-1, -2, 1), 1, "left, below, behind"),
    # Straight ahead: 0.1 m to the side at 2.9 degrees is empty.
    ((0.1, 2, 1.5), 0, ", , front"),
    # Beside the observer: 0.1 m ahead is empty, 84 degrees to the side.
    ((1, 0.1, 1.5), 2, "right, ,"),
    ((-1, 0.1, 1.5), 3, "left, ,"),
    # 0.2 m ahead is neither in front nor beside.
    ((1, 0.2, 1.5), 2, "Skip: ambiguous"),
    # 0.4 m right at 6 m ahead are 3.8 degrees.
    ((0.4, 6, 1.5), 0, "Skip: ambiguous"),
]


@pytest.mark.parametrize(("red", "image", "expected"), OBSERVED)
def test_red_relative_to_the_observer(red: tuple, image: int, expected: str) -> None:
    scene = room({"cup": small(*red)}, AROUND)
    frames = (0, image) if image else (0, 1)
    assert text(ask("obj_spatial_relation_oc_mv", scene, frames, red=("cup", 1 if image else 0))) == expected


def test_the_pair_and_which_of_it_is_behind() -> None:
    # Cup 1 m right and 2 m ahead, mug 1 m left and 2 m behind: right of it; equally far; in front, behind.
    scene = room({"cup": small(1, 2, 1.5), "mug": small(-1, -2, 1.5)}, AROUND)
    views = observe(scene)
    asked = question(ask("obj_spatial_relation_oo_mv", views, (0, 1), red="cup", green=("mug", 1)))
    assert asked.answer.text == "right, , , front, behind"
    assert asked.facts == {"subject": "red", "reference": "green"}
    assert asked.classes == (
        "left_right:right",
        "above_below:",
        "closer_farther:",
        "first_front_behind:front",
        "second_front_behind:behind",
    )
    other = question(ask("obj_spatial_relation_oo_mv", views, (0, 1), red=("mug", 1), green="cup"))
    assert other.answer.text == "left, , , behind, front"


def test_the_margin_is_that_of_the_least_sure_slot() -> None:
    # Right 0.5: 0.2 above 0.30. Level: 0.15 below empty. Distance gap 0.041: 0.109 below empty, the least.
    scene = room({"cup": small(0.5, 3, 1.5), "mug": small(0, 3, 1.5)}, [looking("+y")])
    asked = question(ask("obj_spatial_relation_oo", scene, red="cup", blue="mug"))
    assert asked.margin == pytest.approx(0.15 - (9.25**0.5 - 3))


def test_the_margin_of_closer_counts_the_share_too() -> None:
    # 5.1 against 6: gap 0.9, and 15 % of 6 are 0.9; at 5.08 the gap of 0.92 is 0.02 above what is needed.
    scene = room({"cup": small(0, 5.08, 1.5), "mug": small(0, 6, 1.62)}, [looking("+y")])
    asked = question(ask("obj_spatial_relation_oo", scene, red="cup", blue="mug"))
    assert asked.answer.text == ", , closer"
    far = (36 + 0.12**2) ** 0.5
    assert asked.margin == pytest.approx((far - 5.08) - 0.15 * far)


def test_thresholds_are_the_tasks_to_set() -> None:
    scene = room({"cup": small(0.2, 3, 1.5), "mug": small(0, 3, 1.5)}, [looking("+y")])
    loose = {"sure": {"state_m": 0.1, "empty_m": 0.05, "state_deg": 1}}
    assert text(ask("obj_spatial_relation_oo", scene, overrides=loose, red="cup", blue="mug")) == "right, ,"
