"""What is ahead after a turn on the spot, by hand."""

import math
from typing import Any, cast

import pytest

from qagen.core.pose import Pose
from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import Box3D, at, looking, roles, room
from tests.tasks.asking import question, text

TYPE = "turn_and_look_mv"
ROLES: dict[str, Any] = {"red": "bed", "blue": "desk", "green": "sofa", "yellow": "stove"}
WAYS = ("left", "right", "round")


def left(degrees: float, away: float = 3.0, size: tuple[float, float, float] = (0.4, 0.4, 0.4)) -> Box3D:
    """A box so many degrees to the left of +y."""
    return at(-away * math.sin(math.radians(degrees)), away * math.cos(math.radians(degrees)), 1.5, size)


def ask(way: str, eye: Pose | None = None, **moved: Box3D) -> Question | Skip:
    """The first camera looks along +y, where the bed is; the desk is on its left, the sofa on its right, the stove
    behind. It sees 45 degrees to either side."""
    boxes = {"bed": left(0), "desk": left(90), "sofa": left(-90), "stove": left(180), **moved}
    views = observe(room(boxes, [eye or looking("+y"), looking("-y", at=(0, 6, 1.5))]))
    family = cast(Any, load_task(TYPE))
    return family.ask(views, (0, 1), roles(views, (0, 1), "none", **ROLES), way)


@pytest.mark.parametrize(("way", "ahead"), [("left", "blue"), ("right", "green"), ("round", "yellow")])
def test_each_turn(way: str, ahead: str) -> None:
    found = question(ask(way))
    assert found.answer.text == ahead
    assert {*cast(Any, found.answer).wrong} == {*ROLES} - {ahead}
    assert found.facts == {"way": way}


# Turned to the left, straight ahead is at 90 degrees.
@pytest.mark.parametrize(
    ("desk", "stove", "expected"),
    [
        (56, 180, "blue"),  # 34 degrees off
        (124, 180, "blue"),
        (126, 182, "Skip: ambiguous"),  # 36 degrees off
        (90, 146, "blue"),  # the stove is 56 degrees off
        (90, 144, "Skip: ambiguous"),  # 54 degrees off
        (180, 90, "yellow"),
    ],
)
def test_one_is_ahead_and_no_other_nearly_so(desk: float, stove: float, expected: str) -> None:
    assert text(ask("left", desk=left(desk), stove=left(stove))) == expected


def test_a_camera_is_held_level() -> None:
    assert text(ask("left", looking("+y", up_deg=60))) == "blue"
    assert text(ask("left", looking("+y", up_deg=-60, roll_deg=90))) == "blue"
    assert text(ask("left", looking("+y", up_deg=66))) == "Skip: looks up or down"


def test_all_must_be_beside_the_camera() -> None:
    assert text(ask("left", stove=left(180, 0.45))) == "Skip: too close for a direction"


def test_the_first_image_must_not_show_what_is_ahead() -> None:
    # Its center is 59 degrees to the left, its near end (-1.74, 1.6) at 47; 0.8 m longer, it reaches to 40.
    assert text(ask("left", desk=at(-2.54, 1.5, 1.5, (1.6, 0.2, 0.4)))) == "blue"
    assert text(ask("left", desk=at(-2.54, 1.5, 1.5, (2.4, 0.2, 0.4)))) == "Skip: shown by the observer"


def test_the_first_image_must_leave_a_choice() -> None:
    shown: dict[str, Any] = {"sofa": left(-25), "stove": left(25)}
    assert text(ask("left", **shown)) == "Skip: only one hidden"
    shown["stove"] = left(-100)
    assert text(ask("left", **shown)) == "blue"


def test_long_things_must_not_reach_there() -> None:
    # The stove is at (-1.5, -2.6), 60 degrees from straight ahead. Up to 35 degrees, y is at least -1.05 there. Of 4 m
    # along y, 0.45 m are, 11 %; of 7 m, 1.95 m, 28 %.
    for length, expected in ((4, "blue"), (7, "Skip: reaches to another side")):
        assert text(ask("left", stove=at(-1.5, -2.6, 1.5, (0.02, length, 0.4)))) == expected


def test_what_is_kept() -> None:
    found = question(ask("right", sofa=left(-70), bed=left(20, 2)))
    expected = {"red_deg": -20, "blue_deg": -90, "green_deg": 70, "yellow_deg": 180, "red_m": 2, "green_m": 3}
    assert {name: abs(cast(Any, found.measured[name])) for name in expected} == pytest.approx(
        {name: abs(value) for name, value in expected.items()}
    )
    assert cast(Any, found.measured["red_deg"]) < 0 < cast(Any, found.measured["green_deg"])
    assert found.margin == pytest.approx(35 - 20)
    assert found.classes == ("right", "label: sofa")


def test_every_turn_is_asked_about_and_the_answer_is_never_the_only_one_hidden() -> None:
    # Eight things around a camera that turns once, looking in twelve directions.
    around = {name: left(45 * k + 10, 4, (0.7, 0.7, 0.7)) for k, name in enumerate(
        ("bed", "desk", "sofa", "stove", "toilet", "piano", "bathtub", "refrigerator")
    )}  # fmt: skip
    cameras = [looking("+x", left_deg=30 * k) for k in range(12)]
    views = observe(room(around, cameras))
    family = cast(Any, load_task(TYPE))
    candidates = family.propose(views, rng_for(0, TYPE))
    found = [one for one in (next(candidates) for _ in range(300)) if isinstance(one, Question)]
    assert {one.facts["way"] for one in found} == {*WAYS}
    for one in found:
        hidden = {role.color for role in one.roles if views.absent[one.frames[0], role.object]}
        assert one.answer.text in hidden
        assert len(hidden) >= 2
