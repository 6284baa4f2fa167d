"""Where the second camera stands in the first image, by hand."""

from dataclasses import replace

import pytest

from qagen.core.answer import ImagePosition
from qagen.tasks.registry import load_task
from tests.scenes import EYE, at, looking, room
from tests.tasks.asking import ask, question, text

BOXES = {"chair": at(0, 3, 1)}


def place(second: tuple[float, float, float]) -> str:
    """The answer when the second camera stands at ``second``, from (0, 0, 1.5) looking along +y."""
    return text(ask("camera_motion_infer", room(BOXES, [looking("+y"), looking("-x", at=second)]), (0, 1)))


def test_ahead_to_the_right_and_below() -> None:
    # 0.5 right, 0.2 down, 2 ahead: u = 159.5 + 160 * 0.25 = 199.5, 200 / 320 = 0.625;
    # v = 119.5 + 160 * 0.1 = 135.5, 136 / 240 = 0.567.
    assert place((0.5, 2, 1.3)) == "(625,567),2.0"


def test_ahead_to_the_left_and_above() -> None:
    # 0.5 left, 0.2 up, 2 ahead: 120 / 320 = 0.375; 104 / 240 = 0.433.
    assert place((-0.5, 2, 1.7)) == "(375,433),2.0"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((0, -1, 1.5), "Skip: second camera not ahead"),
        ((0, 0.29, 1.5), "Skip: second camera not ahead"),
        ((0, 0.31, 1.5), "(500,500),0.3"),
        # The image ends at 45 degrees to the sides and at 0.75 m a meter above and below.
        ((2.02, 2, 1.5), "Skip: second camera outside the image"),
        ((1.98, 2, 1.5), "(995,500),2.0"),
        ((0, 2, 1.5 + 1.52), "Skip: second camera outside the image"),
        ((0, 2, 1.5 + 1.48), "(500,7),2.0"),
        ((0, 2, 1.5 - 1.52), "Skip: second camera outside the image"),
    ],
)
def test_only_where_it_can_be_seen(second: tuple[float, float, float], expected: str) -> None:
    assert place(second) == expected


def test_the_first_camera_is_the_first_of_the_question() -> None:
    # Camera 1 looks along -x from 2 m ahead and 1 m to the right; camera 0 is then 1 m ahead of it and 2 m to its left:
    # outside. Camera 2 looks back from the same place: camera 0 is 2 m ahead and 1 m to its right.
    poses = [looking("+y", at=EYE), looking("-x", at=(1, 2, 1.5)), looking("-y", at=(1, 2, 1.5))]
    scene = room(BOXES, poses)
    assert text(ask("camera_motion_infer", scene, (1, 0))) == "Skip: second camera outside the image"
    assert text(ask("camera_motion_infer", scene, (2, 0))) == "(750,500),2.0"


def test_the_depth_is_measured() -> None:
    asked = question(ask("camera_motion_infer", room(BOXES, [looking("+y"), looking("+y", at=(0.5, 2, 1.3))]), (0, 1)))
    assert asked.measured["second_camera_in_first_m"] == pytest.approx([0.5, 0.2, 2])
    assert asked.margin == pytest.approx(1.7)


def test_the_point_alone() -> None:
    # As above: 0.5 right, 0.2 down, 2 ahead.
    scene = room(BOXES, [looking("+y"), looking("-x", at=(0.5, 2, 1.3))])
    asked = question(ask("camera_motion_point", scene, (0, 1)))
    assert asked.answer == ImagePosition(625, 567)
    assert asked.measured["second_camera_in_first_m"] == pytest.approx([0.5, 0.2, 2])


def test_the_point_alone_needs_neither_meters_nor_gravity() -> None:
    scene = replace(room(BOXES, [looking("+y"), looking("-x", at=(0.5, 2, 1.3))]), unit_m=None, is_level=False)
    assert load_task("camera_motion_point").lacking(scene) is None
    assert load_task("camera_motion_infer").lacking(scene) == "no metric scale"
    assert text(ask("camera_motion_point", scene, (0, 1))) == "(625,567)"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((0, 0.29, 1.5), "Skip: second camera not ahead"),
        ((2.02, 2, 1.5), "Skip: second camera outside the image"),
        ((1.98, 2, 1.5), "(995,500)"),
    ],
)
def test_the_point_alone_only_where_it_can_be_seen(second: tuple[float, float, float], expected: str) -> None:
    scene = room(BOXES, [looking("+y"), looking("-x", at=second)])
    assert text(ask("camera_motion_point", scene, (0, 1))) == expected
