"""Images that surely do not show what a question needs."""

from dataclasses import replace

import numpy as np
import pytest

from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.sampling.frame_sets import FrameSets
from qagen.sampling.twins import unanswerable_twin
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room
from tests.tasks.asking import ask, question

SIZE = (0.6, 0.6, 0.6)
NORTH, WEST, SOUTH, EAST = at(0, 3, 1.5, SIZE), at(-3, 0, 1.5, SIZE), at(0, -3, 1.5, SIZE), at(3, 0, 1.5, SIZE)
FOUR = {"stove": NORTH, "bed": WEST, "toilet": SOUTH, "piano": EAST}
TURN = 80
"""Frames of one turn, 4.5 degrees from each to the next; every fifth one is a frame of a video of 16."""


def turning(boxes=FOUR) -> SceneViews:
    """A camera that turns left once, beginning in the north."""
    cameras = [looking("+y", left_deg=360 * i / TURN) for i in range(TURN)]
    return observe(room(boxes, cameras), video_frames=16)


def standing_at(views: SceneViews, stand: str, facing: str, asked: str) -> Question:
    shown = ask(
        "spatial_imagination_oc_video_hard",
        views,
        views.video,
        green=(stand, 0),
        blue=(facing, 4),
        red=(asked, 8),
    )
    return question(shown)


def twin_of(views: SceneViews, asked: Question, *labels: str) -> Question | Skip:
    return unanswerable_twin(FrameSets(views), asked, [(label,) for label in labels], rng_for(0, "twins"))


def test_frames_that_show_the_object_give_way_to_the_nearest_others():
    views = turning()
    assert views.video == tuple(int(k * 79 / 15 + 1e-9) for k in range(16))  # 0, 5, 10, 15, 21, ...
    asked = standing_at(views, "stove", "bed", "toilet")
    twin = question(twin_of(views, asked, "stove"))
    # The stove spans 6.3 degrees to either side of the north at its front edge, and the camera sees 45: from frame 12
    # to 68 (54 and 306 degrees) nothing of it is in view, in frames 11 and 69 (49.5 degrees) something is.
    assert not views.absent[[11, 69], 0].any()
    assert views.absent[12:69, 0].all()
    # Of the video, 0, 5, 10, 73 and 79 show it. The nearest to the first three are 12, 13 and 14, to the last two, of
    # which 68 is in the video, 67 and 66.
    assert [frame for frame in views.video if not 12 <= frame <= 68] == [0, 5, 10, 73, 79]
    assert 68 in views.video
    assert twin.frames == tuple(sorted({*views.video, 12, 13, 14, 67, 66} - {0, 5, 10, 73, 79}))
    assert twin.is_twin
    assert twin.roles == asked.roles
    assert twin.measured["absent"] == ["stove"]


def test_a_question_about_each_of_the_needed_objects_is_tried():
    views = turning()
    asked = standing_at(views, "stove", "bed", "toilet")
    found = {
        str(question(twin).measured["absent"])
        for twin in (
            unanswerable_twin(FrameSets(views), asked, [("stove",), ("toilet",)], rng_for(k, "t")) for k in range(9)
        )
    }
    assert found == {"['stove']", "['toilet']"}


@pytest.mark.parametrize("other", ["gas stove", "stove top stove"])
def test_what_may_go_by_the_name_must_be_absent_too(other):
    # Another one in the south leaves no frame without any: each covers more than a quarter of the turn, and together
    # they are in view in more than half of the video.
    views = turning({**FOUR, "toilet": at(-3, -3, 1.5, SIZE), other: SOUTH})
    asked = standing_at(views, "bed", "piano", "toilet")
    assert twin_of(views, asked, "stove") == Skip("no images without the object")


def test_all_that_may_go_by_the_name_are_absent():
    # The gas stove, 1.5 m to the right of the stove, is 27 degrees from it.
    views = turning({**FOUR, "gas stove": at(1.5, 3, 1.5, SIZE)})
    twin = question(twin_of(views, standing_at(views, "bed", "piano", "toilet"), "stove"))
    assert views.absent[list(twin.frames)][:, [0, 4]].all()
    assert not views.absent[list(views.video), 4].all()


@pytest.mark.parametrize(("label", "size"), [("backpack", SIZE), ("stove", (0.15, 0.15, 0.15))])
def test_absence_of_what_annotators_overlook_is_not_believed(label, size):
    views = turning({**FOUR, label: at(0, 3, 1.5, size)})
    asked = standing_at(views, "bed", "piano", "toilet")
    assert twin_of(views, asked, label) == Skip("no images without the object")


def test_what_is_doubtful_is_not_absent():
    views = turning()
    asked = standing_at(views, "stove", "bed", "toilet")
    nowhere = replace(views, absent=np.zeros_like(views.absent))
    assert twin_of(nowhere, asked, "stove") == Skip("no images without the object")


def test_unannotated_surface_and_objects_without_a_place():
    views = turning()
    asked = standing_at(views, "stove", "bed", "toilet")
    lost = replace(views, scene=replace(views.scene, unplaced=frozenset({"oven stove"})))
    assert twin_of(lost, asked, "stove") == Skip("no images without the object")
    bare = replace(views, labeled=np.zeros_like(views.labeled))
    assert twin_of(bare, asked, "stove") == Skip("no images without the object")


def test_other_images_of_a_set():
    views = turning()
    asked = replace(standing_at(views, "stove", "bed", "toilet"), frames=(0, 5), is_video=False)
    twin = question(twin_of(views, asked, "stove"))
    assert len(twin.frames) == 2
    assert all(12 <= frame <= 68 for frame in twin.frames)
    # Sets that show both the bed, in the west, and the toilet, in the south, come before others.
    assert views.seen[list(twin.frames)][:, [1, 2]].any(axis=0).all()


def test_what_each_family_needs():
    from qagen.tasks.registry import load_task

    views = turning()
    seen_from = load_task("spatial_imagination_oc_video_hard")
    asked = standing_at(views, "stove", "bed", "toilet")
    assert seen_from.lost_without(asked, views) == [("stove",), ("toilet",)]  # not what is faced
    assert load_task("spatial_imagination_oc_video").lost_without(asked, views) == ()  # boxes are drawn
    distance = load_task("distance_prediction_oo_video", {"mark": "none"})
    assert distance.lost_without(asked, views) == [("stove",), ("bed",), ("toilet",)]
    nearest = load_task("distance_infer_center_oo_video", {"mark": "none"})
    assert nearest.lost_without(asked, views) == [("stove",)]  # to measure from
    assert load_task("distance_infer_center_oc_mv").lost_without(asked, views) == ()
    assert load_task("room_size").lost_without(asked, views) == ()
    assert load_task("obj_count").lost_without(asked, views) == ()
