"""In which frames an object can be seen."""

import pytest

from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from tests.scenes import roles
from tests.tasks.asking import question, text
from tests.tasks.carousel import BESIDE, EAST, HIDDEN, NORTH, SPECK, WEST, carousel


def ask(views, **red):
    return load_task("obj_frame_locate").ask(views, views.video, roles(views, views.video, "bbox", **red))  # pyright: ignore[reportAttributeAccessIssue]


def proposed(views, seed=0):
    return list(load_task("obj_frame_locate").propose(views, rng_for(seed, "locate")))


def test_the_frames_that_look_its_way():
    views = carousel({"stove": NORTH, "bed": [WEST, EAST]})
    assert text(ask(views, red=("stove", 3))) == "0, 1, 2, 3, 4, 5, 6, 7"
    # The first bed; the other one, in the east, is another instance.
    asked = question(ask(views, red=("bed", 8)))
    assert asked.answer.text == "8, 9, 10, 11, 12, 13, 14, 15"
    assert asked.measured["shown"] == list(range(8, 16))
    assert asked.margin == pytest.approx(1)  # nothing hides it in any frame
    assert asked.classes == ("shown:6 or more",)


def test_a_doubtful_frame_makes_it_doubtful():
    views = carousel({"stove": NORTH, "mop": SPECK})
    assert text(ask(views, red=("mop", 0))) == "Skip: doubtful sighting"


def test_what_is_proposed():
    views = carousel({"stove": NORTH, "bed": BESIDE, "sink": HIDDEN})
    found = proposed(views)
    assert [item for item in found if isinstance(item, Skip)] == [Skip("not in the video")]
    asked = [item for item in found if isinstance(item, Question)]
    assert len(asked) == 2  # the camera stands still while either is shown, so only one frame of each is a new view
    assert {q.roles[0].image for q in asked} <= set(range(8))
    assert len({q.key for q in asked}) == 2


def test_no_video():
    assert proposed(carousel({"stove": NORTH}, frames=10)) == [Skip("no video")]
