"""Where a second camera stands and looks for the first, by hand."""

from typing import Any, cast

import pytest

from qagen.core.pose import Pose
from qagen.core.question import Question
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import at, looking, room
from tests.tasks.asking import question, text


def ask(asks: str, first: Pose, second: Pose, parts: str = "") -> Any:
    name = "camera_relation_mv" if asks == "place" else f"camera_relation_{asks}_mv"
    family = cast(Any, load_task(name))
    return family.ask(observe(room({"chair": at(0, 3, 1)}, [first, second])), (0, 1), parts)


# The first camera stands at (0, 0) and looks along +y: x is to its right, y is ahead of it.
@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0, 1, "front"),
        (1, 1, "front-right"),
        (1, 0, "right"),
        (1, -1, "back-right"),
        (0, -1, "back"),
        (-1, -1, "back-left"),
        (-1, 0, "left"),
        (-1, 1, "front-left"),
        (1, 2.2, "Skip: ambiguous"),  # at 24.4, 1.9 degrees inside
        (0.3, 0.3, "Skip: too close for a direction"),  # 0.42 m
    ],
)
def test_eight_places(x: float, y: float, expected: str) -> None:
    assert text(ask("place", looking("+y", up_deg=-30), looking("+y", at=(x, y, 1.5)))) == expected


def test_places_turn_with_the_first_camera() -> None:
    # Along -x, what lies along +y is to the right.
    assert text(ask("place", looking("-x"), looking("-x", at=(0, 1, 1.5)))) == "right"


# The first camera is at z = 1.5.
@pytest.mark.parametrize(("z", "expected"), [(1.75, "higher"), (1.2, "lower"), (1.65, "Skip: ambiguous")])
def test_heights(z: float, expected: str) -> None:
    assert text(ask("height", looking("+y"), looking("+y", at=(0, 0.5, z)))) == expected


# 4 m apart, 0.3 m are less than a tenth and 0.45 m more.
@pytest.mark.parametrize(("z", "expected"), [(1.8, "Skip: ambiguous"), (1.95, "higher")])
def test_heights_of_cameras_far_apart_differ_by_more(z: float, expected: str) -> None:
    assert text(ask("height", looking("+y"), looking("+y", at=(0, 4, z)))) == expected


@pytest.mark.parametrize(
    ("left_deg", "expected"),
    [
        (20, "turned left"),
        (-20, "turned right"),
        (160, "turned left"),
        (10, "Skip: ambiguous"),
        (170, "Skip: ambiguous"),
    ],
)
def test_turns(left_deg: float, expected: str) -> None:
    assert text(ask("turn", looking("+x", left_deg=170), looking("+x", left_deg=170 + left_deg))) == expected


# 1 m to the left and 0.3 m higher, turned 30 degrees to the right.
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ("place and height", "left and higher"),
        ("place and turn", "left and turned right"),
        ("height and turn", "higher and turned right"),
    ],
)
def test_two_together(parts: str, expected: str) -> None:
    second = looking("+y", at=(-1, 0.5, 1.8), left_deg=-30)
    found = question(ask("pair", looking("+y"), second, parts))
    assert found.answer.text == expected
    assert found.measured["right_m"] == pytest.approx(-1)
    assert found.measured["up_m"] == pytest.approx(0.3)
    assert found.measured["left_deg"] == pytest.approx(-30)


def test_both_of_two_must_be_clear() -> None:
    # 0.3 m to the right and 1 m ahead is at 16.7 degrees, less than 20 degrees from straight ahead.
    second = looking("+y", at=(0.3, 1, 1.8), left_deg=30)
    assert text(ask("pair", looking("+y"), second, "place and height")) == "Skip: ambiguous"
    assert isinstance(ask("pair", looking("+y"), second, "height and turn"), Question)


def test_steep_cameras_have_no_heading() -> None:
    assert text(ask("turn", looking("+y"), looking("+y", left_deg=40, up_deg=-70))) == "Skip: looks up or down"
