"""Where the tin is by the compass on which the mug is north of the cup, worked out by hand."""

from typing import Any, cast

import pytest

from qagen.core.question import Question, Skip
from qagen.core.scene import Scene
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import Box3D, at, looking, roles, room
from tests.tasks.asking import question, text

SMALL = (0.1, 0.1, 0.1)


def scene(tin: Box3D, jar: Box3D | None = None, mug: Box3D | None = None) -> Scene:
    """The cup at the origin, the mug 2 m from it in +x: north is +x, east is -y. The jar is at (1, 3)."""
    boxes = {
        "cup": at(0, 0, 1, SMALL),
        "mug": mug or at(2, 0, 1.5, SMALL),
        "jar": jar or at(1, 3, 0.8, SMALL),
        "tin": tin,
    }
    return room(boxes, [looking("+y", at=(0, -7, 3), up_deg=-15), looking("+x", at=(-7, 0, 3), up_deg=-15)])


def ask(shown: Scene, place: str = "yellow", **overrides: Any) -> Question | Skip:
    """Where the tin is from the jar, or from the mug or the cup, which are blue and green."""
    family, views = cast(Any, load_task("direction_cardinal_mv", overrides)), observe(shown)
    named = {"green": "cup", "blue": "mug", "red": "tin"} | ({"yellow": "jar"} if place == "yellow" else {})
    return family.ask(views, (0, 1), roles(views, (0, 1), "none", **named), place)


def asked(x: float, y: float, place: str = "yellow") -> str:
    """The answer for a tin that is x north and y west of the object that directions are told from."""
    from_x, from_y = {"yellow": (1, 3), "green": (0, 0), "blue": (2, 0)}[place]
    return text(ask(scene(at(from_x + x, from_y + y, 1.2, SMALL)), place))


# Meters north and west, and the angle from north.
AROUND = [
    (2, 0, "north"),
    (2, -2, "northeast"),
    (0, -2, "east"),
    (-1.5, -1.5, "southeast"),
    (-2, 0, "south"),
    (-1.5, 1.5, "southwest"),
    (0.1, 2, "west"),
    (1.6, 1.5, "northwest"),
    (2, 0.6, "north"),  # 16.7 degrees: 5.8 from the edge at 22.5
    (2, 0.7, "Skip: ambiguous"),  # 19.3 degrees
    (2, 1.0, "Skip: ambiguous"),  # 26.6 degrees
    (2, 1.1, "northwest"),  # 28.8 degrees
    (0.3, -0.3, "Skip: at the observer"),  # 0.42 m away
]


@pytest.mark.parametrize(("north", "west", "expected"), AROUND)
def test_from_a_fourth_object(north: float, west: float, expected: str) -> None:
    assert asked(north, west) == expected


@pytest.mark.parametrize(("north", "west", "expected"), AROUND[:8])
@pytest.mark.parametrize("place", ["green", "blue"])
def test_from_one_of_the_two_that_tell_where_north_is(place: str, north: float, west: float, expected: str) -> None:
    north += 0.5 * (west == 0 and place == "green" and north > 0)  # behind the mug, not in its place
    assert asked(north, west, place) == expected


def test_north_is_where_the_mug_is_and_not_an_axis_of_the_world() -> None:
    # The mug is in -y of the cup; who looks there has +x on the left, in the west.
    assert text(ask(scene(at(3.5, 3, 1, SMALL), mug=at(0, -2, 1, SMALL)))) == "west"


def test_north_must_be_known() -> None:
    tin = at(3, 3, 1, SMALL)
    assert text(ask(scene(tin, mug=at(0.45, 0, 1, SMALL)))) == "Skip: north undefined"
    # A table whose center is 1 m away but that reaches under the cup.
    assert text(ask(scene(tin, mug=at(1, 0, 0.3, (2.4, 1, 0.1))))) == "Skip: north undefined"


def test_what_lies_on_it_is_in_no_direction_from_it() -> None:
    # The tin 0.7 m from the middle of a bed that is 2 m long.
    assert text(ask(scene(at(1.7, 3, 1, SMALL), jar=at(1, 3, 0.3, (2, 1.5, 0.6))))) == "Skip: at the observer"


def test_half_of_it_must_lie_there() -> None:
    # 1 m north of the jar, 22.5 degrees are 0.41 m to either side: of a width of 1.6 m they hold 52 %, of 1.8 m 46 %.
    for width, expected in ((1.6, "north"), (1.8, "Skip: reaches to another side")):
        assert text(ask(scene(at(2, 3, 1, (0.02, width, 0.2))))) == expected


def test_options_are_quarter_turns() -> None:
    answer = cast(Any, question(ask(scene(at(3, 1, 1, SMALL)))).answer)
    assert answer.word == "northeast"
    assert set(answer.others) == {"southeast", "southwest", "northwest"}
    assert answer.mirrored().word == "northwest"
    assert set(answer.mirrored().others) == {"southeast", "southwest", "northeast"}


def test_what_is_kept() -> None:
    # From the jar, 2 m north and 2 m east: 22.5 degrees inside a sector, where 5 are enough.
    found = question(ask(scene(at(3, 1, 1, SMALL))))
    expected = {"apart_m": 2, "away_m": 8**0.5, "bearing_deg": 45, "inside_deg": 22.5, "share": 1}
    assert found.measured == pytest.approx(expected)
    assert found.margin == pytest.approx(17.5)
    assert found.classes == ("yellow: northeast",)
    assert found.facts == {"place": "yellow"}
