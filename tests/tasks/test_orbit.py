"""How far a camera went around an object, by hand."""

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
from tests.scenes import at, facing, roles, room
from tests.tasks.asking import ask, question, text

CHAIR = at(0, 0, 1, (0.5, 0.5, 1.0))


def around(*bearings_deg: float, away_m: float = 2.5, height_m: float = 1.5) -> list[Pose]:
    """Cameras that look at the chair from these directions, counterclockwise from x as seen from above."""
    angles = np.radians(bearings_deg)
    return [facing((0, 0, 1), at=(away_m * np.cos(a), away_m * np.sin(a), height_m)) for a in angles]


def orbit(cameras: Sequence[Pose], frames: tuple[int, int], **overrides: Any) -> Question | Skip:
    return ask("object_orbit", room({"chair": CHAIR}, cameras), frames, overrides, red="chair")


def test_a_quarter_around() -> None:
    # From the east of the chair to its north is a quarter turn counterclockwise; the way back has the other sign.
    views = observe(room({"chair": CHAIR}, around(0, 30, 60, 90)))
    there, back = (question(ask("object_orbit", views, frames, red="chair")) for frames in ((0, 3), (3, 0)))
    assert there.answer.text == back.answer.text == "90"
    assert there.measured["orbit_deg"] == pytest.approx(90)
    assert back.measured["orbit_deg"] == pytest.approx(-90)
    assert there.margin_unit == "deg"
    # 0.05 m at 2.5 m are 1.146 degrees, at both ends 2.292 of 5: the nearest of all limits.
    assert there.margin == pytest.approx(5 - 2.2922, abs=1e-3)


def test_height_does_not_count() -> None:
    # Both cameras are over the same line on the floor, at 40 degrees and at 100; one is 1.5 m higher.
    cameras = [*around(40, height_m=0.8), *around(100, height_m=2.3)]
    assert text(orbit(cameras, (0, 1))) == "60"


def test_where_the_camera_looks_does_not_count() -> None:
    straight, turned = around(0), around(45)
    aside = [replace(pose, rotation=facing((0, 0.8, 1), at=pose.translation.tolist()).rotation) for pose in turned]
    assert text(orbit([*straight, *aside], (0, 1))) == "45"


@pytest.mark.parametrize(
    ("bearings", "expected"),
    [
        ((0, 14.9), "Skip: angle too small"),
        ((0, 15.1), "15"),
        ((0, 60, 120, 169.9), "170"),
        ((0, 60, 120, 170.1), "Skip: half turn"),
        ((0, -60, -120, -169.9), "170"),
        ((0, 60, 120, 180, 240), "Skip: half turn"),  # 240 one way round, and not 120 the other
        ((0, 60, 120, 60, 30), "30"),  # there and back again
        ((170, -170), "20"),  # across the line where angles jump
        ((0, 27.4), "25"),
        ((0, 27.6), "30"),
    ],
)
def test_the_way_is_followed_from_frame_to_frame(bearings: tuple[float, ...], expected: str) -> None:
    assert text(orbit(around(*bearings), (0, len(bearings) - 1))) == expected


def test_a_whole_way_that_ends_where_a_short_one_would_is_not_asked() -> None:
    # 340 degrees around end 20 degrees beside the start.
    assert text(orbit(around(*range(0, 341, 20)), (0, 17))) == "Skip: half turn"


def test_too_close_to_the_axis() -> None:
    # An error of 0.05 m is 2.5 degrees at 1.147 m: at 1.1 m from both ends it is 5.2 degrees, at 1.2 m 4.8.
    assert text(orbit(around(0, 40, away_m=1.1), (0, 1))) == "Skip: camera too close to the object"
    assert text(orbit(around(0, 40, away_m=1.2), (0, 1))) == "40"
    assert text(orbit(around(0, 40, away_m=1.1), (0, 1), center_error_m=0.02)) == "40"


def test_not_from_above_the_object() -> None:
    # The table reaches sqrt(1.6 * 1.6 + 1.2 * 1.2) / 2 = 1 m from its center.
    for away_m, expected in ((0.95, "Skip: camera too close to the object"), (1.05, "30")):
        scene = room({"table": at(0, 0, 0.6, (1.6, 1.2, 0.2))}, around(0, 30, away_m=away_m, height_m=3))
        assert text(ask("object_orbit", scene, (0, 1), {"center_error_m": 0}, red="table")) == expected


def test_both_images_must_show_it() -> None:
    away = facing((9, 0, 1), at=(2.5, 0.1, 1.5))
    assert text(orbit([*around(0, 40), away], (0, 2))) == "Skip: no object in both images"


def test_an_object_that_was_moved_is_not_asked_about() -> None:
    views = observe(room({"chair": CHAIR}, around(0, 40)))
    moved = replace(views, moved=np.array([[False], [True]]))
    assert text(ask("object_orbit", moved, (0, 1), red="chair")) == "Skip: object moved"


# --- video ------------------------------------------------------------------------------------------------------------


def film(bearings: Sequence[float]) -> SceneViews:
    return observe(room({"chair": CHAIR}, around(*bearings)))


def in_video(views: SceneViews, first: int, last: int, marked: int) -> Question | Skip:
    family = cast(Any, load_task("object_orbit_video"))
    return family.ask(views, views.video, roles(views, views.video, "bbox", red=("chair", marked)), first, last)


def test_between_two_frames_of_the_video() -> None:
    # 5 degrees from each of 32 frames to the next.
    views = film([5 * k for k in range(32)])
    asked = question(in_video(views, 4, 17, marked=17))
    assert asked.answer.text == "65"
    assert asked.facts == {"first": 4, "last": 17}
    assert asked.roles[0].image == 17
    assert asked.measured["swept_deg"] == pytest.approx(65)


def test_a_camera_that_goes_back_on_its_way_is_not_asked_about() -> None:
    # 40 degrees one way and back by 2 are 42 for 38, more than a tenth too much; back by 1 are 41 for 39.
    there = [5 * k for k in range(9)]
    for back, expected in ((2.0, "Skip: camera turns back"), (1.0, "40")):
        bearings = [*there, 40 - back, *(100 + 5 * k for k in range(22))]
        assert text(in_video(film(bearings), 0, 9, marked=0)) == expected


# --- what is proposed -------------------------------------------------------------------------------------------------


def proposed(type_name: str, views: SceneViews) -> list[Question | Skip]:
    return list(load_task(type_name).propose(views, rng_for(0, type_name)))


def test_large_angles_are_asked_about_as_often_as_small_ones() -> None:
    # 32 cameras on half a circle: of their pairs, more than half are less than 75 degrees apart.
    found = proposed("object_orbit", film([5.5 * k for k in range(32)]))
    bins = Counter(one.classes[0] for one in found if isinstance(one, Question))
    assert len(bins) == 5
    assert max(bins.values()) - min(bins.values()) <= 20
    assert {one.reason for one in found if isinstance(one, Skip)} == {
        "angle too small",
        "half turn",
        "class quota reached",
    }
    first = Counter(one.classes[0] for one in found[:25] if isinstance(one, Question))
    assert max(first.values()) - min(first.values()) <= 1  # the bins take turns


def test_marks_and_images_come_in_either_order() -> None:
    views = film([5.5 * k for k in range(32)])
    pairs = [one.frames for one in proposed("object_orbit", views) if isinstance(one, Question)]
    later_first = sum(first > second for first, second in pairs)
    assert 0.3 < later_first / len(pairs) < 0.7
    in_frames = [one for one in proposed("object_orbit_video", views) if isinstance(one, Question)]
    marked_late = sum(one.roles[0].image == one.facts["last"] for one in in_frames)
    assert 0.3 < marked_late / len(in_frames) < 0.7


def test_no_video_and_no_object() -> None:
    assert proposed("object_orbit_video", observe(room({"chair": CHAIR}, around(0, 40)))) == [Skip("no video")]
    assert proposed("object_orbit", observe(room({"chair": CHAIR}, around(0)))) == [Skip("no object in both images")]
