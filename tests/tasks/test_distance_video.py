"""Distances in a video, by hand."""

import pytest

from qagen.core.question import Skip
from qagen.errors import ConfigError
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility.views import VIDEO_FRAMES, observe
from tests.scenes import at, looking, room
from tests.tasks.asking import ask, question

BOXES = {"chair": at(0, 2, 1.5), "table": at(1, 3, 2.5)}


def test_each_object_is_marked_in_a_frame_of_its_own() -> None:
    views = observe(room(BOXES, [looking("+y", at=(0, 0.01 * i, 1.5)) for i in range(VIDEO_FRAMES)]))
    asked = question(ask("distance_prediction_oo_video", views, views.video, red="chair", blue=("table", 30)))
    # One meter to the side, one further, one up: sqrt(3) = 1.73.
    assert asked.answer.text == "1.7"
    assert asked.is_video
    assert len(asked.frames) == VIDEO_FRAMES
    assert [(role.color, role.image) for role in asked.roles] == [("red", 0), ("blue", 30)]
    family = load_task("distance_prediction_oo_video")
    drawn = question(next(family.propose(views, rng_for(0))))
    assert drawn.answer.text == "1.7"
    assert drawn.is_video


def test_a_short_recording_has_no_video() -> None:
    views = observe(room(BOXES, [looking("+y")]))
    assert next(load_task("distance_prediction_oo_video").propose(views, rng_for(0))) == Skip("no video")


def test_a_video_has_no_observer() -> None:
    with pytest.raises(ConfigError, match="asks: oc, because a video has no single observer"):
        load_task("distance_prediction_oc", {"views": "video"})
