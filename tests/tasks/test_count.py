"""How many there are."""

from collections import Counter
from dataclasses import replace

import pytest

from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from tests.scenes import at
from tests.tasks.asking import question, text
from tests.tasks.carousel import BESIDE, EAST, HIDDEN, NORTH, SIZE, SOUTH, WEST, carousel

CHAIRS = {"chair": [NORTH, BESIDE, WEST]}


def ask(views, label, **overrides):
    return load_task("obj_count", overrides).ask(views, views.video, label)  # pyright: ignore[reportAttributeAccessIssue]


def proposed(views):
    return list(load_task("obj_count").propose(views, rng_for(0, "count")))


def test_instances_of_a_label():
    asked = question(ask(carousel({**CHAIRS, "shelf unit": SOUTH}), "chair"))
    assert asked.answer.text == "3"
    assert asked.facts == {"label": "chair", "plural": "chairs"}
    assert asked.measured["ids"] == [10, 11, 12]
    assert asked.measured["best_frames"] == [0, 0, 8]
    assert asked.margin == pytest.approx(1)
    assert asked.classes == ("count:3",)


@pytest.mark.parametrize(
    ("boxes", "label", "reason"),
    [
        ({"curtain": NORTH}, "curtain", "not countable"),
        ({"chairs": NORTH}, "chairs", "not countable"),
        ({"book": NORTH}, "book", "often overlooked"),
        ({"toaster oven": at(0, 2, 1.5, (0.15, 0.15, 0.15))}, "toaster oven", "often overlooked"),
        ({**CHAIRS, "armchair": EAST}, "chair", "ambiguous label"),
        ({**CHAIRS, "stack of chairs": EAST}, "chair", "ambiguous label"),
        ({"chair": [NORTH, HIDDEN]}, "chair", "not all instances shown"),
    ],
)
def test_refusals(boxes, label, reason):
    assert text(ask(carousel(boxes), label)) == f"Skip: {reason}"


def test_things_that_the_scan_does_not_have():
    views = carousel(CHAIRS)
    lost = replace(views, scene=replace(views.scene, unplaced=frozenset({"office chair"})))
    assert text(ask(lost, "chair")) == "Skip: annotated object without geometry"


def test_more_than_anybody_counts():
    assert text(ask(carousel(CHAIRS), "chair", max_count=2)) == "Skip: too many instances"


def test_single_things_are_asked_no_more_often_than_each_larger_count():
    # Twice two, once three: of three single things, one is asked about.
    boxes = {"chair": [NORTH, BESIDE, WEST], "toilet": SOUTH, "piano": EAST, "bed": at(3, 1, 1.5, SIZE)}
    boxes |= {"stove": [at(-1, 3, 1.5, SIZE), at(1, -3, 1.5, SIZE)]}
    boxes |= {"radiator": [at(-3, 1, 1.5, SIZE), at(3, -1, 1.5, SIZE)]}
    found = proposed(carousel(boxes))
    assert Counter(q.answer.text for q in found if isinstance(q, Question)) == {"1": 1, "2": 2, "3": 1}
    assert found.count(Skip("class quota reached")) == 2


def test_single_things_alone_are_not_asked_about():
    assert proposed(carousel({"toilet": SOUTH, "piano": EAST})) == [Skip("class quota reached")] * 2


def test_no_video():
    assert proposed(carousel(CHAIRS, frames=10)) == [Skip("no video")]
