"""How a camera moved and turned, by hand."""

from dataclasses import replace

import pytest

from qagen.core.pose import Pose
from qagen.errors import ConfigError
from qagen.tasks.registry import load_task
from tests.scenes import EYE, at, looking, room
from tests.tasks.asking import ask, question, text

BOXES = {"chair": at(0, 3, 1)}


def change(first: Pose, second: Pose, **overrides: object) -> str:
    return text(ask("view_change_infer", room(BOXES, [first, second]), (0, 1), overrides))


def test_all_five_at_once() -> None:
    # From (0, 0, 1.5) along +y: 1.6 along x is right, 0.3 lower is down, 0.5 along y is forward.
    second = looking("+y", at=(1.6, 0.5, 1.2), left_deg=75, up_deg=15)
    assert change(looking("+y"), second) == "move_right:1.6,move_down:0.3,move_forward:0.5,rotate_up:15,rotate_left:75"


def test_all_five_the_other_way() -> None:
    second = looking("+y", at=(-1.6, -0.5, 1.8), left_deg=-75, up_deg=-15)
    assert change(looking("+y"), second) == "move_left:1.6,move_up:0.3,move_backward:0.5,rotate_down:15,rotate_right:75"


def test_moves_are_along_the_first_cameras_axes() -> None:
    # Looking along -x, the camera's right is +y: 1 m along y is right, 0.5 m along x is backward.
    second = looking("-x", at=(0.5, 1, 1.5), left_deg=10)
    assert change(looking("-x"), second) == "move_right:1.0,move_down:0,move_backward:0.5,rotate_up:0,rotate_left:10"


def test_the_cameras_own_axes_or_level_ones() -> None:
    # The first camera looks up by 30 degrees; 1 m along the floor is cos 30 = 0.87 along its axis and sin 30 = 0.5 down
    # in its image.
    first, second = looking("+y", up_deg=30), looking("+y", at=(0, 1, 1.5), up_deg=30)
    assert change(first, second) == "move_right:0,move_down:0.5,move_forward:0.9,rotate_up:0,rotate_left:0"
    level = change(first, second, frame="level")
    assert level == "move_right:0,move_down:0,move_forward:1.0,rotate_up:0,rotate_left:0"


def test_level_axes_turn_with_the_heading() -> None:
    # Heading along -x and looking down: 1 m along y is right, 0.5 m up is up, 0.3 m along -x is forward.
    first, second = looking("-x", up_deg=-40), looking("-x", at=(-0.3, 1, 2.0), up_deg=-40)
    expected = "move_right:1.0,move_up:0.5,move_forward:0.3,rotate_up:0,rotate_left:0"
    assert change(first, second, frame="level") == expected


def test_headings_go_around() -> None:
    # From 170 to 190 degrees is 20 to the left, not 340 to the right.
    first, second = looking("+x", left_deg=170), looking("+x", left_deg=-170)
    assert change(first, second).endswith("rotate_left:20")
    assert change(second, first).endswith("rotate_right:20")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (looking("+y"), looking("+y", up_deg=71), "Skip: looks up or down"),
        (looking("+y", up_deg=-71), looking("+y"), "Skip: looks up or down"),
        (looking("+y"), looking("+y", up_deg=69), "rotate_up:70,rotate_left:0"),
        (looking("+y"), looking("+y", left_deg=20, roll_deg=16), "Skip: roll differs"),
        (looking("+y", roll_deg=-8), looking("+y", left_deg=20, roll_deg=8), "Skip: roll differs"),
        (looking("+y"), looking("+y", left_deg=20, roll_deg=14), "rotate_up:0,rotate_left:20"),
        (looking("+y", roll_deg=30), looking("+y", left_deg=20, roll_deg=30), "rotate_up:0,rotate_left:20"),
        (looking("+y"), looking("+y", left_deg=176), "Skip: half turn"),
        (looking("+y"), looking("+y", left_deg=-176), "Skip: half turn"),
        (looking("+y"), looking("+y", left_deg=174), "rotate_left:175"),
        (looking("+y"), looking("+y", left_deg=-174), "rotate_right:175"),
        (looking("+y"), looking("+y", at=(0.04, 0.04, 1.54), left_deg=2), "Skip: no change"),
        (looking("+y"), looking("+y", at=(0.06, 0, 1.5)), "move_right:0.1"),
        (looking("+y"), looking("+y", left_deg=2.6), "rotate_left:5"),
    ],
)
def test_what_is_told_and_what_is_not(first: Pose, second: Pose, expected: str) -> None:
    # A second frame that repeats the first view is not looked at: thresholds of views.py do not matter here, because
    # every pair is at least 5 cm or 4 degrees apart or is led by a third camera.
    scene = room(BOXES, [first, looking("-y", at=(3, 3, 1)), second])
    assert expected in text(ask("view_change_infer", scene, (0, 2)))


def test_the_margin_is_in_degrees() -> None:
    # Roll 4 of 15 leaves 11; 40 degrees up leave 70 - 40 = 30.
    second = looking("+y", at=(1, 0, 1.5), up_deg=40, roll_deg=4)
    asked = question(ask("view_change_infer", room(BOXES, [looking("+y", at=EYE), second]), (0, 1)))
    assert (asked.margin, asked.margin_unit) == (pytest.approx(11), "deg")
    assert asked.measured["roll_deg"] == pytest.approx(4)


def test_the_margin_counts_the_half_turn_too() -> None:
    # A turn of 172 degrees is 3 short of what is called a half turn.
    asked = question(ask("view_change_infer", room(BOXES, [looking("+y"), looking("+y", left_deg=172)]), (0, 1)))
    assert asked.margin == pytest.approx(3)


def angles(first: Pose, second: Pose) -> str:
    return text(ask("view_change_angles", room(BOXES, [first, second]), (0, 1)))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # The way does not matter; held level, the angles are those of view_change_infer.
        (looking("+y"), looking("+y", at=(1.6, 0.5, 1.2), left_deg=75, up_deg=15), "rotate_up:15,rotate_left:75"),
        (looking("+y"), looking("+y", at=(1, 0, 1.5), left_deg=-75, up_deg=-15), "rotate_down:15,rotate_right:75"),
        (looking("+y", up_deg=10), looking("+y", up_deg=35), "rotate_up:25,rotate_left:0"),
        (looking("+y"), looking("+y", at=(1, 0, 1.5), left_deg=9.9, up_deg=9.9), "Skip: no change"),
        (looking("+y"), looking("+y", at=(1, 0, 1.5), left_deg=10.1, up_deg=2), "rotate_up:0,rotate_left:10"),
        (looking("+y"), looking("+y", up_deg=71), "Skip: looks up or down"),
        # From 40 down to 31 up is a tilt of 71, from 40 down to 29 up one of 69.
        (looking("+y", up_deg=-40), looking("+y", up_deg=31), "Skip: looks up or down"),
        (looking("+y", up_deg=-40), looking("+y", up_deg=29), "rotate_up:70,rotate_left:0"),
        # From 75 to 85 down, where view_change_infer knows no heading.
        (looking("+y", up_deg=-75), looking("+y", up_deg=-85), "rotate_down:10,rotate_left:0"),
        (looking("+y"), looking("+y", left_deg=176), "Skip: half turn"),
        (looking("+y"), looking("+y", left_deg=-174), "rotate_up:0,rotate_right:175"),
        (looking("+y"), looking("+y", left_deg=20, roll_deg=16), "Skip: roll differs"),
        (looking("+y"), looking("+y", left_deg=20, roll_deg=14), "rotate_up:0,rotate_left:20"),
    ],
)
def test_angles_alone(first: Pose, second: Pose, expected: str) -> None:
    assert angles(first, second) == expected


def test_angles_are_in_the_first_cameras_own_axes() -> None:
    # Both look 30 degrees down, 20 apart in heading. The second's axis is (sin 20 cos 30, cos 20 cos 30, -sin 30) =
    # (0.2962, 0.8138, -0.5) to the right, along the floor and up. Ahead of the first is 0.8138 cos 30 + 0.5 sin 30 =
    # 0.9548, up for it is 0.8138 sin 30 - 0.5 cos 30 = -0.0261: atan(0.2962 / 0.9548) = 17.2, asin(-0.0261) = -1.5.
    first, second = looking("+y", up_deg=-30), looking("+y", left_deg=-20, up_deg=-30)
    asked = question(ask("view_change_angles", room(BOXES, [first, second]), (0, 1)))
    assert (asked.measured["up_deg"], asked.measured["left_deg"]) == pytest.approx((-1.5, -17.2), abs=0.05)
    assert asked.answer.text == "rotate_up:0,rotate_right:15"


def test_a_rolled_camera_takes_its_side_for_left_and_right() -> None:
    # Rolled by 90 degrees, clockwise as it looks, its up is to the right: what is a turn to the right for others is
    # one up for it.
    first, second = looking("+y", roll_deg=90), looking("+y", left_deg=-30, roll_deg=90)
    expected = {"rotate_up:30,rotate_left:0", "rotate_down:30,rotate_left:0"}
    assert angles(first, second) in expected
    assert {angles(first, second), angles(second, first)} == expected


def test_the_margin_of_angles_counts_the_least_turn() -> None:
    # 12 degrees to the left are 2 more than are asked about; 4 up and no roll leave more.
    scene = room(BOXES, [looking("+y"), looking("+y", left_deg=12, up_deg=4)])
    assert question(ask("view_change_angles", scene, (0, 1))).margin == pytest.approx(2)


def test_angles_need_neither_meters_nor_gravity() -> None:
    scene = replace(room(BOXES, [looking("+y"), looking("+y", left_deg=30)]), unit_m=None, is_level=False)
    assert load_task("view_change_angles").lacking(scene) is None
    assert load_task("view_change_infer").lacking(scene) == "no metric scale"
    assert text(ask("view_change_angles", scene, (0, 1))) == "rotate_up:0,rotate_left:30"


def test_angles_are_never_level() -> None:
    with pytest.raises(ConfigError, match=r"overrides.view_change_angles: expected frame: camera"):
        load_task("view_change_angles", {"frame": "level"})
