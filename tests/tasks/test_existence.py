"""Whether something is on a side, by hand."""

from collections import Counter
from typing import Any, cast

import pytest

from qagen.core.answer import YesNo
from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.tasks.existence import AnswerPairs
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, roles, room
from tests.tasks.asking import question, text
from tests.tasks.carousel import EAST, NORTH, SIZE, SOUTH, WEST, carousel

CUBE = (0.4, 0.4, 0.4)
AROUND = [looking("+y"), looking("-y"), looking("+x")]
"""The observer at (0, 0, 1.5) looks along +y, so that right is x; the other images look behind and to the right."""


def ask(views: SceneViews, label: str, direction: str, type_name: str = "existence_oc_mv", frame: int = 0, **red):
    family = load_task(type_name)
    frames = views.video if "video" in type_name else (0, 1, 2)
    marked = roles(views, frames, "bbox", **red) if red else ()
    return cast(Any, family).ask(views, frames, label, direction, frame, marked)


def around(**boxes) -> SceneViews:
    return observe(room(boxes, AROUND))


# A stool 1 m to the right and 3 m ahead, a piano 3 m behind, 0.1 m to the right at 1.9 degrees, and 0.5 m higher.
PLACES = {"stool": at(1, 3, 1.5, CUBE), "piano": at(0.1, -3, 2.0, CUBE)}
OBSERVED = [
    ("stool", "right", "Yes"),
    ("stool", "left", "No"),
    ("stool", "front", "Yes"),
    ("stool", "behind", "No"),
    ("stool", "above", "Skip: ambiguous"),  # level
    ("piano", "behind", "Yes"),
    ("piano", "left", "Skip: ambiguous"),  # 0.1 m to the right is no clear No
    ("piano", "above", "Yes"),
]


@pytest.mark.parametrize(("label", "direction", "expected"), OBSERVED)
def test_one_object_on_a_side_of_the_observer(label: str, direction: str, expected: str) -> None:
    assert text(ask(around(**PLACES), label, direction)) == expected


def test_any_of_several_is_enough_and_all_must_be_elsewhere() -> None:
    # Stools 1 m to the right and 1 m to the left, both 3 m ahead.
    views = around(stool=[at(1, 3, 1.5, CUBE), at(-1, 3, 1.5, CUBE)])
    for direction, expected in (("left", "Yes"), ("right", "Yes"), ("front", "Yes"), ("behind", "No")):
        asked = question(ask(views, "stool", direction))
        assert asked.answer.text == expected
        assert asked.measured["ids"] == [10, 11]


def test_one_that_is_neither_there_nor_surely_elsewhere_refuses_even_a_yes() -> None:
    # The second one is 0.2 m to the right.
    views = around(stool=[at(1, 3, 1.5, CUBE), at(0.2, 3.5, 1.5, CUBE)])
    assert text(ask(views, "stool", "right")) == "Skip: ambiguous"
    assert text(ask(views, "stool", "front")) == "Yes"


def test_what_no_image_shows_does_not_count() -> None:
    # A stool 3 m to the left is in none of the images.
    views = around(stool=[at(1, 3, 1.5, CUBE), at(-3, 0, 1.5, CUBE)], piano=at(-3, 1, 1.5, CUBE))
    assert text(ask(views, "stool", "left")) == "No"
    asked = question(ask(views, "piano", "left"))
    assert asked.answer.text == "No"
    assert asked.measured["ids"] == []
    assert asked.margin_unit == "fraction"


# A table 3 m ahead is marked. Stools are told relative to it as the observer sees them.
BESIDE = [
    ((1, 3, 1.5), "right", "Yes"),
    ((1, 3, 1.5), "left", "No"),
    ((0, 3, 2.2), "above", "Yes"),
    ((0, 3, 2.2), "left", "Skip: ambiguous"),  # straight above
    ((0, 2, 2.2), "closer", "Yes"),  # sqrt(4 + 0.49) = 2.12 against 3: gap 0.88, at least 0.45
    ((0, 2, 2.2), "farther", "No"),
    ((1, -3, 1.5), "right", "Yes"),  # behind the observer
    ((1, -4.2, 1.5), "farther", "Yes"),  # sqrt(1 + 17.64) = 4.32: gap 1.32, at least 0.65
]


@pytest.mark.parametrize(("place", "direction", "expected"), BESIDE)
def test_one_object_on_a_side_of_a_marked_one(place: tuple[float, float, float], direction: str, expected: str) -> None:
    views = around(stool=at(*place, SIZE), table=at(0, 3, 1.5, CUBE))
    assert text(ask(views, "stool", direction, "existence_oo_mv", red="table")) == expected


def test_the_marked_object_is_no_instance_of_the_label() -> None:
    views = around(stool=[at(1, 3, 1.5, CUBE), at(-1, 3, 1.5, CUBE)])
    assert text(ask(views, "stool", "left", "existence_oo_mv", red="stool")) == "Skip: ambiguous label"


@pytest.mark.parametrize(
    ("boxes", "label", "reason"),
    [
        ({"curtain": NORTH}, "curtain", "not countable"),
        ({"book": NORTH}, "book", "often overlooked"),
        ({"toaster": at(0, 2, 1.5, (0.15, 0.15, 0.15))}, "toaster", "often overlooked"),
        ({"chair": NORTH, "armchair": SOUTH}, "chair", "ambiguous label"),
        ({"stove": [NORTH, at(-1, 3, 1.5, (0.06, 0.35, 0.06))]}, "stove", "doubtful sighting"),
    ],
)
def test_refusals(boxes: dict, label: str, reason: str) -> None:
    assert text(ask(around(**boxes), label, "left")) == f"Skip: {reason}"


def test_the_observer_of_a_video_is_the_camera_of_the_named_frame() -> None:
    # Frames 0-7 look north, 8-15 west, 16-23 south, 24-31 east: the bed in the west is left, ahead, right, and behind.
    views = carousel({"stove": NORTH, "bed": WEST})
    expected_of = {(3, "left"): "Yes", (20, "left"): "No", (10, "front"): "Yes", (28, "front"): "No"}
    for (frame, direction), expected in expected_of.items():
        asked = question(ask(views, "bed", direction, "existence_oc_video", frame))
        assert asked.answer.text == expected
        assert asked.facts["frame"] == frame
        assert asked.is_video


def proposed(views: SceneViews, type_name: str, draws: int = 3000, **overrides) -> list[Question | Skip]:
    candidates = load_task(type_name, overrides).propose(views, rng_for(0, type_name))
    return [candidate for candidate, _ in zip(candidates, range(draws), strict=False)]


@pytest.mark.parametrize("type_name", ["existence_oc_video", "existence_oo_video"])
def test_every_yes_has_a_no_in_the_same_words(type_name: str) -> None:
    views = carousel(
        {"stove": NORTH, "bed": [WEST, EAST], "piano": at(1, -3, 1.5, SIZE), "toilet": at(-3, 1, 1.9, SIZE)}
    )
    answers = Counter[tuple[Any, ...]]()
    for found in proposed(views, type_name):
        if isinstance(found, Question):
            answers[found.facts["label"], found.facts["direction"], found.answer.text] += 1
    assert answers
    assert all(answers[(*words, "No" if answer == "Yes" else "Yes")] == n for (*words, answer), n in answers.items())


def asked_of(label: str, holds: bool, number: int, is_shown: bool = True) -> Question:
    return Question(
        frames=(0,),
        facts={"label": label, "direction": "left"},
        answer=YesNo(holds),
        fact=(label, holds, number),
        margin=1.0,
        measured={"ids": [1] if is_shown else []},
    )


def test_a_question_waits_for_its_opposite() -> None:
    pairs, same = AnswerPairs(1.0), ("stool", "left")
    yes, no = asked_of("stool", True, 0), asked_of("stool", False, 1)
    assert pairs.add(yes, same) == []
    assert pairs.add(yes, same) == []  # it is known
    assert pairs.add(asked_of("stool", True, 2), same) == []
    assert pairs.add(no, ("stool", "right")) == []
    assert pairs.add(asked_of("stool", False, 3), same) == [yes, asked_of("stool", False, 3)]


def test_few_noes_are_about_what_is_not_in_view() -> None:
    pairs, same = AnswerPairs(0.25), ("stool", "left")
    passed = []
    for number in range(40):
        passed += pairs.add(asked_of("stool", True, number), same)
        passed += pairs.add(asked_of("stool", False, number, is_shown=number % 2 == 0), same)
    noes = [one for one in passed if one.answer.text == "No"]
    assert len(noes) == len(passed) / 2
    assert 0 < sum(not one.measured["ids"] for one in noes) <= len(noes) / 4
