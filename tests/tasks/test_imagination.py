"""An observer at green who faces blue: every word by hand, and what is too close to call."""

from typing import Any

import pytest

from qagen.core.scene import Scene
from tests.scenes import Box3D, at, looking, room
from tests.tasks.asking import ask, question, text

SMALL = (0.1, 0.1, 0.1)
Place = tuple[float, float, float]


def small(place: Place) -> Box3D:
    return at(*place, SMALL)


OC: dict[str, Any] = {"green": "cup", "blue": "mug", "red": "tin"}
OO: dict[str, Any] = OC | {"yellow": "jar"}


def scene(**places: Place) -> Scene:
    """Cup, mug, tin and jar, seen from a place that has none of them hide another."""
    boxes = {OO[color]: small(place) for color, place in places.items()}
    return room(boxes, [looking("+y", at=(2, -6, 3), up_deg=-20)])


# The observer is at (0, 0, 1) and faces (2, 0, 1), along +x: right is -y, ahead is +x. A shift of the faced point by
# 0.10 m is a turn of atan(0.1 / 2) = 2.9 degrees.
AFTER = [
    ((1, -1, 1.6), "right, above, front"),
    ((-1, 1, 0.4), "left, below, behind"),
    ((1, 1, 0.4), "left, below, front"),
    ((-1, -1, 1.6), "right, above, behind"),
    # 0.1 m to the left, at 2.5 m ahead 2.3 degrees: neither left nor right.
    ((2.5, 0.1, 1), ", , front"),
    # 0.1 m ahead: neither in front nor behind.
    ((0.1, -1, 1), "right, ,"),
    ((0, 0, 2), ", above,"),
    # 0.1 m to the right of the upright plane, 1.2 m up: 4.8 degrees, although on the floor plan they would be 63.
    ((0.05, -0.1, 2.2), ", above,"),
    # The same at 0.4 m up: 14 degrees are more than 10.
    ((0.05, -0.1, 1.4), "Skip: ambiguous"),
    ((0.2, -1, 1), "Skip: ambiguous"),
    ((1, -0.2, 1), "Skip: ambiguous"),
    ((1, -1, 1.2), "Skip: ambiguous"),
    # 0.4 m to the right, at 5 m ahead 4.6 degrees.
    ((5, -0.4, 1), "Skip: ambiguous"),
    # 0.29 m from the observer; at 0.31 m ahead it is in front.
    ((0.29, 0, 1), "Skip: at the observer"),
    ((0.31, 0, 1), ", , front"),
]


@pytest.mark.parametrize(("red", "expected"), AFTER)
def test_red_for_the_moved_observer(red: Place, expected: str) -> None:
    asked = ask("spatial_imagination_oc_video", scene(green=(0, 0, 1), blue=(2, 0, 1), red=red), **OC)
    assert text(asked) == expected


@pytest.mark.parametrize(
    ("green", "blue", "expected"),
    [
        # Red is 1 m in +x, 2 m in +y and 0.5 m up from green. Facing +y, -y, -x: right is +x, -x, +y.
        ((0, 0, 1), (0, 2, 1), "right, above, front"),
        ((0, 0, 1), (0, -2, 1), "left, above, behind"),
        ((0, 0, 1), (-2, 0, 1), "right, above, behind"),
    ],
)
def test_the_observer_turns_to_blue(green: Place, blue: Place, expected: str) -> None:
    asked = ask("spatial_imagination_oc_video", scene(green=green, blue=blue, red=(1, 2, 1.5)), **OC)
    assert text(asked) == expected


def test_front_is_level_however_high_blue_is() -> None:
    # Blue is 1 m ahead and 1.8 m up. Red is 0.5 m back and 1.5 m up: along the tilted gaze (1, 1.8) / 2.06 it would be
    # 1.07 m ahead, but on the floor plan it is behind.
    asked = ask("spatial_imagination_oc_video", scene(green=(0, 0, 1), blue=(1, 0, 2.8), red=(-0.5, -1, 2.5)), **OC)
    assert text(asked) == "right, above, behind"


def test_blue_must_lie_aside() -> None:
    # 0.49 m aside and 1 m up is steeper than anyone faces; 0.51 m will do.
    for ahead_m, expected in ((0.49, "Skip: heading undefined"), (0.51, "right, , front")):
        seen = scene(green=(0, 0, 1), blue=(ahead_m, 0, 2), red=(1, -1, 1))
        assert text(ask("spatial_imagination_oc_video", seen, **OC)) == expected


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("red", "expected"),
    [
        # 0.6 m aside at 4 m ahead: 8.5 degrees. Blue at 0.6 m may be off by atan(0.1 / 0.6) = 9.5, at 3 m by 1.9.
        ((4, -0.6, 1), "{side}, , front"),
        # 0.4 m ahead at 4 m aside: 5.7 degrees before the side.
        ((0.4, -4, 1), "{side}, , front"),
        ((-0.4, -4, 1), "{side}, , behind"),
    ],
)
def test_what_depends_on_the_exact_aim_is_not_told(red: Place, expected: str, side: int) -> None:
    places = {"green": (0, 0, 1), "red": (red[0], side * red[1], red[2])}
    near, far = (scene(**places, blue=(ahead_m, 0, 1)) for ahead_m in (0.6, 3))
    assert text(ask("spatial_imagination_oc_video", near, **OC)) == "Skip: unsure heading"
    expected = expected.format(side="right" if side > 0 else "left")
    assert text(ask("spatial_imagination_oc_video", far, **OC)) == expected
    assert text(ask("spatial_imagination_oc_video", near, overrides={"aim_error_m": 0.0}, **OC)) == expected


@pytest.mark.parametrize(("red", "yellow"), [("tin", "jar"), ("jar", "tin")])
def test_which_is_in_front_must_not_depend_on_the_aim_either(red: str, yellow: str) -> None:
    # The tin is 0.4 m ahead at 4 m aside, as above; the jar is 3 m back and 0.5 m to the other side.
    near, far = (
        scene(green=(0, 0, 1), blue=(ahead_m, 0, 1), red=(0.4, -4, 1), yellow=(-3, 0.5, 1)) for ahead_m in (0.6, 3)
    )
    parts: dict[str, Any] = OC | {"red": red, "yellow": yellow}
    assert text(ask("spatial_imagination_oo_video", near, **parts)) == "Skip: unsure heading"
    expected = "right, , farther, front, behind" if red == "tin" else "left, , closer, behind, front"
    assert text(ask("spatial_imagination_oo_video", far, **parts)) == expected


# Observer and gaze as above. Told of red relative to yellow: left/right, above/below, closer/farther, then which of
# them is in front and which behind.
PAIRS = [
    # 1 m right against 1 m left, 0.5 m lower, 1.41 m against sqrt(9 + 1 + 0.25) = 3.20 m.
    ((1, -1, 1), (3, 1, 1.5), "right, below, closer, front, front"),
    ((-1, -1, 1), (3, 1, 1.5), "right, below, closer, behind, front"),
    # 1 m left against 1 m right; 2.24 m against 1.41 m.
    ((-2, 1, 1), (1, -1, 1), "left, , farther, behind, front"),
    # Both 1 m right; 2.24 m against 1.41 m. 45 against 27 degrees are no side.
    ((2, -1, 1), (1, -1, 1), "Skip: ambiguous"),
    # Both 1 m right at 45 degrees, equally far: that one is in front and one behind does not place red by yellow.
    ((1, -1, 1), (-1, -1, 1), "Skip: no clear direction"),
    # 1.0 m right against 1.5 m right, 1.41 m against sqrt(1 + 2.25) = 1.80 m: gap 0.39, at least 0.30; bearing 45
    # against 56.3 degrees.
    ((1, -1, 1), (1, -1.5, 1), "left, , closer, front, front"),
]


@pytest.mark.parametrize(("red", "yellow", "expected"), PAIRS)
def test_red_relative_to_yellow_for_the_moved_observer(red: Place, yellow: Place, expected: str) -> None:
    seen = scene(green=(0, 0, 1), blue=(2, 0, 1), red=red, yellow=yellow)
    assert text(ask("spatial_imagination_oo_video", seen, **OO)) == expected


# Camera at (0, -6, 1.5) along +y. The observer moves to (0, 0, 1) and faces (-2, 0, 1), along -x: right is +y.
CAMERA = looking("+y", at=(0, -6, 1.5))


def test_before_and_after() -> None:
    # Before: 1 m right, 0.4 m up, 8 m ahead. After: 2 m right, 0.9 m up, 1 m behind.
    boxes = {"cup": small((0, 0, 1)), "mug": small((-2, 0, 1)), "tin": small((1, 2, 1.9))}
    asked = question(ask("spatial_imagination_oc", room(boxes, [CAMERA]), **OC))
    assert asked.answer.text == "right, above, behind"
    assert asked.facts == {
        "before_left_right": "right",
        "before_above_below": "above",
        "before_front_behind": "front",
    }
    expected = {"ahead_m": 2, "away_m": (4 + 0.81 + 1) ** 0.5, "before_right_m": 1, "before_up_m": 0.4}
    expected |= {"before_front_m": 8, "after_right_m": 2, "after_up_m": 0.9, "after_front_m": -1}
    assert {name: asked.measured[name] for name in expected} == pytest.approx(expected)
    assert asked.margin == pytest.approx(0.1)  # 0.4 m up before, against 0.3
    assert set(asked.classes) == {
        *("left_right:right", "above_below:above", "front_behind:behind"),
        *("before_left_right:right", "before_above_below:above", "before_front_behind:front"),
    }


def test_before_must_be_sure_too() -> None:
    # 0.2 m higher than the camera: the moved observer has it 0.7 m up, but what held before is open.
    boxes = {"cup": small((0, 0, 1)), "mug": small((-2, 0, 1)), "tin": small((1, 2, 1.7))}
    assert text(ask("spatial_imagination_oc", room(boxes, [CAMERA]), **OC)) == "Skip: ambiguous"
    assert text(ask("spatial_imagination_oc_video", room(boxes, [CAMERA]), **OC)) == "right, above, behind"


def test_the_first_image_sets_before() -> None:
    # Image 0 looks along +y from (0, -3, 1.5), image 1 along -y from (0, 3, 1.5). The tin is 1 m left of and 2 m behind
    # the first camera; for the moved observer, who faces +y, it is 1 m left and 5 m back.
    boxes = {"cup": small((0, 0, 1)), "mug": small((0.5, 1.5, 1)), "tin": small((-1, -5, 1.55))}
    seen = room(boxes, [looking("+y", at=(0, -3, 1.5)), looking("-y", at=(0, 3, 1.5))])
    asked = question(ask("spatial_imagination_oc_mv", seen, (0, 1), green="cup", blue="mug", red=("tin", 1)))
    assert [asked.facts[f"before_{axis}"] for axis in ("left_right", "above_below", "front_behind")] == [
        *("left", "", "behind")
    ]
    # Facing (0.5, 1.5): ahead is (0.316, 0.949), right is (0.949, -0.316). Red at (-1, -5): right 0.63, ahead -5.06;
    # 0.63 m at 5.06 m are 7.1 degrees, and the aim is sure to atan(0.1 / 1.58) = 3.6.
    assert asked.answer.text == "right, above, behind"


def test_the_pair_before_and_after() -> None:
    # Before: red 1 m right, yellow 1 m left, 14 degrees in all; 0.6 m lower; sqrt(1 + 64 + 0.25) = 8.08 against 8.06 m.
    # After, facing -x with +y to the right: both 2 m right at 63 and 60 degrees; sqrt(5) = 2.24 against 2.32 m; red 1 m
    # behind, yellow 1 m ahead.
    boxes = {"cup": small((0, 0, 1)), "mug": small((-2, 0, 1)), "tin": small((1, 2, 1)), "jar": small((-1, 2, 1.6))}
    asked = question(ask("spatial_imagination_oo", room(boxes, [CAMERA]), **OO))
    assert asked.answer.text == ", below,"
    assert asked.facts == {"before_left_right": "right", "before_above_below": "below", "before_closer_farther": ""}
    facing = question(ask("spatial_imagination_oo_mv", room(boxes, [CAMERA]), **OO))
    assert facing.answer.text == ", below, , behind, front"
    assert facing.facts["before_first_front_behind"] == facing.facts["before_second_front_behind"] == "front"


def test_nothing_to_tell() -> None:
    # As above with red and yellow level: after the move both are 2 m right and 2.24 m away.
    boxes = {"cup": small((0, 0, 1)), "mug": small((-2, 0, 1)), "tin": small((1, 2, 1)), "jar": small((-1, 2, 1))}
    assert text(ask("spatial_imagination_oo", room(boxes, [CAMERA]), **OO)) == "Skip: no clear direction"
    # Facing (1, 1.2), ahead is (0.64, 0.77) and right (0.77, -0.64): red at (1, 2) is 0.51 m left and 2.18 m ahead,
    # yellow at (-1, 2) 2.05 m left and 0.90 m ahead: 13 and 66 degrees, 2.24 m both. That can be stated,
    boxes["mug"] = small((1, 1.2, 1))
    assert text(ask("spatial_imagination_oo", room(boxes, [CAMERA]), **OO)) == "right, ,"
    # but not where before, seen from their middle, one was 1 m ahead and one 1 m behind.
    middle = room(boxes, [looking("+x", at=(0, 2, 1)), looking("+y", at=(0, -6, 1.5))])
    roles: dict[str, Any] = {color: (label, 1) for color, label in OO.items()}
    assert text(ask("spatial_imagination_oo_mv", middle, (0, 1), **roles)) == "Skip: no clear direction"
    assert text(ask("spatial_imagination_oo_video", middle, (0, 1), **roles)) == "right, , , front, front"


def test_videos_tell_only_what_holds_after() -> None:
    asked = question(
        ask("spatial_imagination_oc_video_hard", scene(green=(0, 0, 1), blue=(2, 0, 1), red=(1, -1, 1.6)), **OC)
    )
    assert asked.is_video
    assert not asked.facts
    assert [(role.color, role.alias) for role in asked.roles] == [
        *(("green", "Object0"), ("blue", "Object1"), ("red", "Object2"))
    ]


@pytest.mark.parametrize(
    ("red", "blue", "min_away_m", "margin"),
    [
        # 0.35 m up is 0.05 above what is needed; right and front have 0.7.
        ((1, -1, 1.35), (2, 0, 1), 0.3, 0.05),
        # Blue 0.56 m ahead is 0.06 above what is needed; a level red has 0.15 until it is unlike.
        ((1, -1, 1), (0.56, 0, 1), 0.3, 0.06),
        # Red 0.54 m away, where 0.5 is needed.
        ((0.54, 0, 1), (2, 0, 1), 0.5, 0.04),
    ],
)
def test_the_margin_is_that_of_what_is_least_sure(red: Place, blue: Place, min_away_m: float, margin: float) -> None:
    seen = scene(green=(0, 0, 1), blue=blue, red=red)
    asked = question(ask("spatial_imagination_oc_video", seen, overrides={"min_away_m": min_away_m}, **OC))
    assert asked.margin == pytest.approx(margin)


def test_thresholds_are_the_tasks_to_set() -> None:
    seen = scene(green=(0, 0, 1), blue=(0.4, 0, 1), red=(0.2, 0, 1))
    loose = {"min_ahead_m": 0.3, "min_away_m": 0.1, "sure": {"state_m": 0.1, "empty_m": 0.05}}
    assert text(ask("spatial_imagination_oc_video", seen, overrides=loose, **OC)) == ", , front"
