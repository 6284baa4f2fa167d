"""In which order things come into view."""

from dataclasses import replace

import pytest

from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from tests.scenes import at
from tests.tasks.asking import question, text
from tests.tasks.carousel import BESIDE, EAST, NORTH, SOUTH, SPECK, WEST, carousel

FOUR = {"stove": NORTH, "bed": WEST, "toilet": SOUTH, "piano": EAST}


def ask(views, *labels):
    return load_task("appearance_order").ask(views, views.video, labels)  # pyright: ignore[reportAttributeAccessIssue]


def proposed(views):
    return list(load_task("appearance_order").propose(views, rng_for(0, "order")))


def test_four_directions_one_after_the_other():
    asked = question(ask(carousel(FOUR), "piano", "bed", "toilet", "stove"))
    assert asked.answer.text == "stove, bed, toilet, piano"
    assert asked.facts["labels"] == ("piano", "bed", "toilet", "stove")
    assert asked.facts["sightings"] == (("stove", 0), ("bed", 8), ("toilet", 16), ("piano", 24))
    assert asked.measured["first_frames"] == [0, 8, 16, 24]
    assert asked.margin == pytest.approx(8 / 2 - 1)


@pytest.mark.parametrize(("gap", "answer"), [(8, "stove, bed, toilet, piano"), (9, "Skip: first sightings too close")])
def test_first_sightings_need_a_gap(gap, answer):
    views = carousel(FOUR)
    family = load_task("appearance_order", {"min_gap": gap})
    assert text(family.ask(views, views.video, tuple(FOUR))) == answer  # pyright: ignore[reportAttributeAccessIssue]


def test_of_several_the_first_counts():
    views = carousel({**FOUR, "piano": [EAST, BESIDE]})  # a second piano, in the north
    assert text(ask(views, "piano", "bed", "toilet", "stove")) == "Skip: first sightings too close"


@pytest.mark.parametrize("early", ["sofa", "leather couch", "couches"])
def test_what_people_may_call_it_counts_as_it(early):
    # The couch proper is in the west, but something that might be called so is in the north.
    views = carousel({"couch": WEST, early: NORTH, "toilet": SOUTH, "piano": EAST})
    assert text(ask(views, "couch", "toilet", "piano")) == "Skip: unclear first sighting"


def test_a_doubtful_sighting_before_the_first():
    views = carousel({**FOUR, "bed": [WEST, SPECK]})
    assert text(ask(views, *FOUR)) == "Skip: unclear first sighting"


def test_things_that_the_scan_does_not_have():
    views = carousel(FOUR)
    lost = replace(views, scene=replace(views.scene, unplaced=frozenset({"grand piano"})))
    assert text(ask(lost, *FOUR)) == "Skip: unclear first sighting"


@pytest.mark.parametrize(
    ("label", "box"), [("backpack", WEST), ("toaster oven", at(-1, 0, 1.5, (0.15, 0.15, 0.15)))], ids=["kind", "size"]
)
def test_things_that_annotators_overlook(label, box):
    assert text(ask(carousel({**FOUR, label: box}), label, "toilet", "piano")) == "Skip: often overlooked"


def test_names_alike():
    # Both first sighted in the same frame, so that each has a sure first sighting.
    views = carousel({"couch": NORTH, "sofa": BESIDE, "toilet": SOUTH, "piano": EAST})
    assert text(ask(views, "couch", "sofa", "toilet", "piano")) == "Skip: ambiguous label"


def test_what_is_proposed():
    found = proposed(carousel(FOUR))
    assert {q.answer.text for q in found if isinstance(q, Question)} == {"stove, bed, toilet, piano"}
    assert len(found) == 3  # listings of the same four
    assert len({q.facts["labels"] for q in found if isinstance(q, Question)}) > 1


def test_every_set_that_can_be_asked_is_found():
    # Five labels give five sets of four; three of them have both stove and sink, which come into view together.
    found = proposed(carousel({**FOUR, "sink": BESIDE}))
    assert {tuple(sorted(q.classes)) for q in found if isinstance(q, Question)} == {
        ("bed", "piano", "stove", "toilet"),
        ("bed", "piano", "sink", "toilet"),
    }
    assert found.count(Skip("first sightings too close")) == 3


def test_a_label_with_a_comma_would_break_the_list():
    assert proposed(carousel({"stove": NORTH, "bed": WEST, "toilet": SOUTH, "desk, large": EAST})) == [
        Skip("too few labels")
    ]


def test_no_video():
    assert proposed(carousel(FOUR, frames=10)) == [Skip("no video")]
