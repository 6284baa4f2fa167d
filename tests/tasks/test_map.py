"""Places on a map, by hand."""

from typing import Any

import pytest

from qagen.core.answer import Placement
from qagen.core.pose import Pose
from qagen.core.question import Question
from qagen.core.units import Units
from qagen.files import TEMPLATES
from qagen.rng import rng_for
from qagen.sampling.choose import Distractors
from qagen.sampling.pool import Selection
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from qagen.wording.formats import Formatter, Turns
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import at, looking, room, studio
from tests.tasks.asking import ask, question, text

SMALL = (0.2, 0.2, 0.2)
BOXES = {"cup": at(3, -2, 1, SMALL), "mug": at(3, -3, 0.5, SMALL), "tin": at(0, -1, 2, SMALL)}
BACK = looking("-x", (6, -2, 1.5))
"""Sees all of them, so that the first camera may be held as it likes."""
CAST: dict[str, Any] = {"object0": ("cup", 1), "object1": ("mug", 1), "object2": ("tin", 1)}


def mapped(first: Pose) -> str:
    return text(ask("spatial_imagination_map_mv", room(BOXES, [first, BACK]), (0, 1), **CAST))


# From (1, -2) along +x, right is -y: the cup is 2 m ahead, the mug 1 m right of it, the tin 1 m left and 1 m behind.
LEVEL = "object0: (0.0, 2.0), object1: (1.0, 2.0), object2: (-1.0, -1.0)"


@pytest.mark.parametrize("how", [{}, {"up_deg": -30}, {"up_deg": 20, "roll_deg": 15}, {"up_deg": -30, "roll_deg": -40}])
def test_the_map_is_level_however_the_camera_is_held(how: dict[str, float]) -> None:
    assert mapped(looking("+x", (1, -2, 1.5), **how)) == LEVEL


def test_the_map_turns_with_the_first_camera() -> None:
    # Heading 30 degrees left of +x: ahead is (0.866, 0.5), right is (0.5, -0.866). Cup (2, 0): right 1.0, ahead 1.73;
    # mug (2, -1): right 1.87, ahead 1.23; tin (-1, 1): right -1.37, ahead -0.37.
    expected = "object0: (1.0, 1.7), object1: (1.9, 1.2), object2: (-1.4, -0.4)"
    assert mapped(looking("+x", (1, -2, 1.5), left_deg=30)) == expected


def test_the_first_camera_is_the_origin() -> None:
    # 0.5 m further along +x and 0.2 m to the left, at another height.
    expected = "object0: (0.2, 1.5), object1: (1.2, 1.5), object2: (-0.8, -1.5)"
    assert mapped(looking("+x", (1.5, -1.8, 2.0))) == expected


@pytest.mark.parametrize(("up_deg", "skips"), [(-69, False), (-71, True)])
def test_a_camera_that_looks_down_has_no_heading(up_deg: float, skips: bool) -> None:
    seen = room(BOXES, [looking("+x", (1, -2, 1.5), up_deg=up_deg), BACK])
    asked = ask("spatial_imagination_map_mv", seen, (0, 1), **CAST)
    assert text(asked) == ("Skip: looks up or down" if skips else LEVEL)
    assert skips or question(asked).margin == pytest.approx(1)


def test_the_question_names_all_it_asks_about() -> None:
    seen = room(BOXES, [looking("+x", (1, -2, 1.5)), BACK])
    asked = question(ask("spatial_imagination_map_mv", seen, (0, 1), **CAST))
    assert asked.facts == {"objects": ("object0", "object1", "object2")}
    assert [role.alias for role in asked.roles] == ["object0", "object1", "object2"]
    assert asked.measured["heading_deg"] == pytest.approx(0)
    assert asked.measured["places_m"] == [pytest.approx(place, abs=1e-9) for place in ([0, 2], [1, 2], [-1, -1])]


def test_objects_are_named_by_label_and_number() -> None:
    family, seen = load_task("spatial_imagination_map_mv"), room(BOXES, [looking("+x", (1, -2, 1.5)), BACK])
    asked = question(ask("spatial_imagination_map_mv", seen, (0, 1), **CAST))
    distractors = Distractors(Selection([]), rng_for(0))
    turns = Formatter(family, seen, Units(), Phrasebook(TEMPLATES), distractors, rng_for(0)).write(asked, "sentence")
    assert isinstance(turns, Turns)
    assert "the cup (object0), the mug (object1), and the tin (object2)" in turns.human
    assert all(f"the {label} (object{i})" in turns.gpt for i, label in enumerate(("cup", "mug", "tin")))
    assert all(place in turns.gpt for place in ("(0.0, 2.0)", "(1.0, 2.0)", "(-1.0, -1.0)"))


def test_three_to_seven_objects_are_asked_about() -> None:
    views, counts = observe(studio()), set()
    for _, asked in zip(range(200), load_task("spatial_imagination_map_mv").propose(views, rng_for(0)), strict=False):
        if isinstance(asked, Question):
            assert isinstance(asked.answer, Placement)
            assert len(asked.answer.places) == len(asked.roles)
            counts.add(len(asked.roles))
    assert counts == {3, 4, 5, 6, 7}
