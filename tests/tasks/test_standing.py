"""An observer at the cup who faces the mug, or turns away from it: where the tin is, worked out by hand."""

from typing import Any

import pytest

from qagen.core.scene import Scene
from qagen.tasks.sectors import footprint, is_over, share_between
from tests.scenes import Box3D, at, looking, room
from tests.tasks.asking import ask, question, text

ROLES: dict[str, Any] = {"green": "cup", "blue": "mug", "red": "tin"}
SMALL = (0.1, 0.1, 0.1)


def scene(tin: Box3D, mug: Box3D | None = None) -> Scene:
    """The cup at the origin, the mug 2 m from it in +x: ahead is +x, right is -y."""
    boxes = {"cup": at(0, 0, 1, SMALL), "mug": mug or at(2, 0, 1, SMALL), "tin": tin}
    return room(boxes, [looking("+y", at=(0, -6, 3), up_deg=-20)])


def asked(name: str, x: float, y: float, **overrides: Any) -> str:
    return text(ask(name, scene(at(x, y, 1.3, SMALL)), overrides=overrides, **ROLES))


# x ahead, y to the left, and the answers as easy, medium, hard, and of four sectors.
FACING = [
    # 45 degrees to the right.
    (1, -1, "right", "right", "front-right", "Skip: ambiguous"),
    # 116.6 degrees to the left.
    (-1, 2, "left", "left", "back-left", "left"),
    # 166 degrees to the left: 14 from straight behind.
    (-2, 0.5, "left", "back", "back-left", "back"),
    # 153 degrees to the right.
    (-2, -1, "right", "back", "back-right", "back"),
    # 8.1 degrees to the left: of two or three, nearly ahead is neither.
    (3.5, 0.5, "Skip: ambiguous", "Skip: ambiguous", "Skip: ambiguous", "front"),
    # 126.9 and 143.1 degrees: 8.1 from 135.
    (-1.5, 2, "left", "Skip: ambiguous", "back-left", "Skip: ambiguous"),
    (-2, 1.5, "left", "Skip: ambiguous", "back-left", "Skip: ambiguous"),
    # 85 degrees to the right: 5 from the edge between front and back.
    (0.2, -2.3, "right", "right", "Skip: ambiguous", "right"),
    # 0.45 m away.
    (0, -0.45, *["Skip: at the observer"] * 4),
]


@pytest.mark.parametrize(("x", "y", "easy", "medium", "hard", "four"), FACING)
def test_facing_the_mug(x: float, y: float, easy: str, medium: str, hard: str, four: str) -> None:
    found = [asked(f"relative_direction_{level}_video", x, y) for level in ("easy", "medium", "hard")]
    assert found == [easy, medium, hard]
    assert asked("direction_standing_at_mv", x, y) == four


@pytest.mark.parametrize(("x", "y", "easy", "medium", "hard", "four"), FACING)
def test_with_the_back_to_it_the_other_half_is_ahead(
    x: float, y: float, easy: str, medium: str, hard: str, four: str
) -> None:
    # The same places turned by half a circle.
    found = [asked(f"relative_direction_backward_{level}_video", -x, -y) for level in ("easy", "medium", "hard")]
    assert found == [easy, medium, hard]


def test_eight_sectors_offer_quarter_turns() -> None:
    eight = question(
        ask("direction_standing_at_mv", scene(at(1, -1, 1, SMALL)), overrides={"sectors": "eight"}, **ROLES)
    )
    assert eight.answer.text == "front-right"
    assert set(getattr(eight.answer, "others")) == {"back-right", "back-left", "front-left"}  # noqa: B009
    # 18.4 degrees to the left: 4.1 from the edge at 22.5.
    assert asked("direction_standing_at_mv", 3, 1, sectors="eight", min_inside_deg=5) == "Skip: ambiguous"


def test_the_observer_must_have_a_heading() -> None:
    tin = at(1, -1, 1, SMALL)
    near = ask("relative_direction_easy_video", scene(tin, at(0.45, 0, 1, SMALL)), **ROLES)
    assert text(near) == "Skip: heading undefined"
    # A table whose center is 1 m away but that reaches over the cup.
    over = ask("relative_direction_easy_video", scene(at(-2, -1, 1, SMALL), at(1, 0, 0.3, (2.4, 1, 0.1))), **ROLES)
    assert text(over) == "Skip: heading undefined"


def test_most_of_the_object_must_lie_on_that_side() -> None:
    # The center is 0.4 m to the right at 1.5 m ahead, 14.9 degrees. Of a width of 1.6 m along y, 0.4 m is on the left,
    # a quarter, so three quarters are just enough; of 1.8 m, 0.5 m are, 28 %.
    for width, expected in ((1.59, "right"), (1.8, "Skip: reaches to another side")):
        tin = at(1.5, -0.4, 1, (0.2, width, 0.2))
        assert text(ask("relative_direction_easy_video", scene(tin), **ROLES)) == expected


def test_shares_of_a_turned_footprint() -> None:
    # A square of diagonal 2 around (0, 2), standing on a corner: half of it on either side, all of it ahead; the sector
    # up to 45 degrees to the right holds the right half, whose farthest corner (1, 2) is at 26.6 degrees.
    box = Box3D.upright((0, 2, 0), (2**0.5, 2**0.5, 1), 0.25 * 3.141592653589793)
    corners, ahead = footprint(box), (0.0, 3.0)
    assert sorted((round(x, 9), round(y, 9)) for x, y in corners) == [(-1, 2), (0, 1), (0, 3), (1, 2)]
    assert share_between(corners, (0, 0), ahead, (0, 45)) == pytest.approx(0.5)
    assert share_between(corners, (0, 0), ahead, (-45, 45)) == pytest.approx(1)
    assert share_between(corners, (0, 0), ahead, (135, 225)) == 0
    # From (0, 2), its middle, every quadrant has a quarter.
    assert share_between(corners, (0, 2), ahead, (90, 180)) == pytest.approx(0.25)
    assert is_over(box, (0.4, 2.4))
    assert not is_over(box, (0.6, 2.6))


def test_what_is_kept() -> None:
    # 1 m right and 2 m back: 180 - 26.57 = 153.43 degrees.
    found = question(ask("relative_direction_medium_video", scene(at(-2, -1, 1, SMALL)), **ROLES))
    expected = {"ahead_m": 2, "away_m": 5**0.5, "right_m": 1, "front_m": -2, "bearing_deg": 153.435, "share": 1}
    assert {name: found.measured[name] for name in expected} == pytest.approx(expected, abs=1e-3)
    assert found.margin == pytest.approx(8.435, abs=1e-3)
    assert found.is_video
    assert found.classes == ("back",)


def test_the_direction_must_be_the_same_from_all_around_a_large_place() -> None:
    # 101.6 degrees to the left of who stands in the middle. 0.5 m back and 0.375 m to the right of it, the mug is at
    # atan(0.375 / 3.8) = 5.6 to the left, the tin at atan2(4.475, -0.34) = 94.3: 88.7 from each other.
    tin, mug = at(-0.84, 4.1, 1, SMALL), at(3.3, 0, 1, SMALL)
    for size, expected in (((0.6, 0.4, 0.1), "back-left"), ((2.0, 1.5, 0.1), "Skip: ambiguous")):
        boxes = {"cup": at(0, 0, 1, size), "mug": mug, "tin": tin}
        seen = room(boxes, [looking("+y", at=(0, -6, 3), up_deg=-20)])
        assert text(ask("relative_direction_hard_video", seen, **ROLES)) == expected
        assert text(ask("relative_direction_easy_video", seen, **ROLES)) == "left"
