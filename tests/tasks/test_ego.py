"""How far a camera goes and turns, by hand."""

from typing import Any, cast

import pytest

from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room
from tests.tasks.asking import question, text

BOXES = {"chair": [at(0, 3, 1), at(3, 0, 1)]}


def film() -> SceneViews:
    """16 steps of 0.2 m ahead, 8 of 0.2 m to the right, and 7 turns to the left by 10 degrees."""
    ahead = [looking("+y", at=(0, -2 + 0.2 * k, 1)) for k in range(17)]
    aside = [looking("+y", at=(0.2 * k, 1.2, 1)) for k in range(1, 9)]
    turning = [looking("+y", at=(1.6, 1.2, 1), left_deg=10 * k) for k in range(1, 8)]
    return observe(room(BOXES, [*ahead, *aside, *turning]))


def asked(type_name: str, first: int, last: int) -> Question | Skip:
    views = film()
    return cast(Any, load_task(type_name)).ask(views, views.video, first, last)


@pytest.mark.parametrize(
    ("type_name", "first", "last", "expected"),
    [
        ("ego_displacement", 0, 10, "2.0"),
        ("ego_displacement", 10, 22, "1.7"),  # 1.2 m ahead and 1.2 m to the right: 1.697 m
        ("ego_path", 10, 22, "2.4"),
        ("ego_path", 0, 24, "4.8"),
        ("ego_path", 22, 31, "Skip: distance too short"),  # 0.4 m
        ("ego_displacement", 0, 2, "Skip: distance too short"),  # 0.4 m
        ("ego_turn", 24, 31, "70"),
        ("ego_turn", 24, 26, "20"),
        ("ego_turn", 0, 24, "Skip: doubtful motion"),
    ],
)
def test_how_far(type_name: str, first: int, last: int, expected: str) -> None:
    assert text(asked(type_name, first, last)) == expected


def test_turns_to_and_fro_are_added() -> None:
    headings = [*range(0, 60, 6), *range(60, 0, -6), *range(0, 72, 6)]
    views = observe(room(BOXES, [looking("+y", left_deg=a) for a in headings[:32]]))
    there_and_back = question(cast(Any, load_task("ego_turn")).ask(views, views.video, 4, 16))
    # 6 steps of 6 degrees to the left, to 60, and 6 back.
    assert there_and_back.answer.text == "70"
    assert there_and_back.measured["turn_deg"] == pytest.approx(72)
    assert there_and_back.measured["net_deg"] == pytest.approx(0, abs=1e-3)


def test_a_shaking_hand_makes_no_way() -> None:
    # 0.1 m to and fro from frame to frame is 3 m in all, but nothing where every other frame is looked at.
    views = observe(room(BOXES, [looking("+y", at=(0.1 * (k % 2), 0, 1)) for k in range(32)]))
    assert text(cast(Any, load_task("ego_path")).ask(views, views.video, 0, 30)) == "Skip: doubtful motion"


def test_no_video() -> None:
    views = observe(room(BOXES, [looking("+y", at=(0.1 * k, 0, 1)) for k in range(9)]))
    assert list(load_task("ego_path").propose(views, rng_for(0, "ego_path"))) == [Skip("no video")]
