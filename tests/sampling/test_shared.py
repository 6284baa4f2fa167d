"""Questions that serve as each other's distractors."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator

from qagen.core.answer import (
    Answer,
    BoxAnswer,
    Degrees,
    Directions,
    FrameNumbers,
    ImagePoint,
    ImagePosition,
    Number,
    Slot,
)
from qagen.core.question import MarkedObject, Question
from qagen.core.units import Length
from qagen.kernels.boxes import box_iou
from qagen.rng import rng_for
from qagen.sampling.distractors import shared
from qagen.sampling.distractors.shared import GROUP, choose_with_shared_answers

seeds = st.integers(0, 2**31)


def ask(answer: Answer, given: float | None = None) -> Question:
    facts = {} if given is None else {"given": Length(given)}
    return Question(frames=(0,), facts=facts, answer=answer, margin=1, measured={})


def find_distractors(questions: list[Question], rng: Generator) -> dict[int, Sequence[Answer]]:
    """Position of a question to its distractors, when all may be chosen."""
    marked = [replace(question, frames=(position,)) for position, question in enumerate(questions)]
    return {key[0][0]: wrong for key, wrong in choose_with_shared_answers(marked, len(marked), rng).distractors.items()}


def sets_of(questions: list[Question], seed: int) -> dict[int, tuple[str, ...]]:
    """Position of a question to the texts of all its options, sorted."""
    distractors = find_distractors(questions, rng_for(seed))
    return {
        position: tuple(sorted([questions[position].answer.text, *(option.text for option in wrong)]))
        for position, wrong in distractors.items()
    }


@given(seeds, st.lists(st.floats(0.2, 9), max_size=40))
def test_each_answer_of_a_set_is_right_once(seed: int, values: list[float]) -> None:
    questions = [ask(Number(value)) for value in values]
    sets = sets_of(questions, seed)
    assert len(sets) % GROUP == 0
    right: dict[tuple[str, ...], Counter[str]] = {}
    for position, options in sets.items():
        assert len(set(options)) == GROUP
        right.setdefault(options, Counter())[questions[position].answer.text] += 1
    for options, counts in right.items():
        assert set(counts) == set(options)
        assert len(set(counts.values())) == 1


@given(seeds, st.lists(st.floats(0.2, 9), max_size=40))
def test_numbers_of_a_set_are_apart(seed: int, values: list[float]) -> None:
    for options in sets_of([ask(Number(value)) for value in values], seed).values():
        numbers = sorted(map(float, options))
        gaps = [(high - low, min(max(0.3, 0.15 * high), max(0.2, 0.2 * high))) for low, high in pairwise(numbers)]
        assert all(found >= least - 1e-6 for found, least in gaps)


def test_small_numbers_may_be_closer_where_they_would_have_no_options() -> None:
    # No four of 0.2 to 0.9 lie 0.3 apart. With 0.2 between them, five can be made.
    small = [0.1 * k for k in (2, 3, 4, 5, 6, 7, 8, 9)]
    sets = sets_of([ask(Number(value)) for value in small + small], 0)
    assert {tuple(sorted(options)) for options in sets.values()} <= {
        ("0.2", "0.4", "0.6", "0.8"),
        ("0.2", "0.4", "0.6", "0.9"),
        ("0.2", "0.4", "0.7", "0.9"),
        ("0.2", "0.5", "0.7", "0.9"),
        ("0.3", "0.5", "0.7", "0.9"),
    }
    assert len(sets) >= 8
    # Where numbers lie farther apart, they keep the wider gap.
    wide = [0.5, 0.8, 1.1, 1.4, 1.7, 2.0, 2.3, 2.6]
    assert len(sets_of([ask(Number(value)) for value in wide], 0)) == 8


def test_the_same_answers_have_no_distractors() -> None:
    assert find_distractors([ask(Number(2.0))] * 12, rng_for(0)) == {}
    assert find_distractors([], rng_for(0)) == {}


def test_nearly_all_of_many_find_distractors() -> None:
    questions = [ask(Number(value)) for value in rng_for(0, "values").uniform(1, 6, 100)]
    assert len(find_distractors(questions, rng_for(0))) >= 80


def test_the_truths_rank_is_even() -> None:
    questions = [ask(Number(value)) for value in rng_for(0, "values").uniform(1, 6, 100)]
    ranks = Counter(
        sum(option.value < questions[position].answer.value for option in wrong)  # type: ignore[union-attr]
        for position, wrong in find_distractors(questions, rng_for(0)).items()
    )
    assert set(ranks) == {0, 1, 2, 3}
    assert len(set(ranks.values())) == 1


def test_questions_that_reveal_the_same_share_options() -> None:
    # Forty questions reveal 1.0, forty 5.0: a set of options tells nothing of which it was.
    values = rng_for(1, "values").uniform(1, 6, 80)
    questions = [ask(Number(value), given) for value, given in zip(values, [1.0, 5.0] * 40, strict=True)]
    sets = sets_of(questions, 0)
    hints = {options: {questions[i].facts["given"] for i in sets if sets[i] == options} for options in sets.values()}
    assert sum(len(given) == 1 for given in hints.values()) > 0.7 * len(hints)


def test_places_differ_in_the_image_and_in_depth() -> None:
    rng = rng_for(2, "places")
    questions = [
        ask(ImagePoint(int(x), int(y), float(depth)))
        for x, y, depth in zip(*rng.integers(0, 1001, (2, 60)), rng.uniform(0.5, 6, 60), strict=True)
    ]
    distractors = find_distractors(questions, rng_for(0))
    assert len(distractors) > 30
    for position, wrong in distractors.items():
        truth = questions[position].answer
        assert isinstance(truth, ImagePoint)
        for place in wrong:
            assert isinstance(place, ImagePoint)
            assert max(abs(place.x - truth.x), abs(place.y - truth.y)) >= 100
            assert abs(round(place.depth, 1) - round(truth.depth, 1)) >= 0.3 - 1e-6


def test_places_without_depth_differ_in_the_image() -> None:
    places = rng_for(2, "places").integers(0, 1001, (60, 2)).tolist()
    questions = [ask(ImagePosition(x, y)) for x, y in places]
    distractors = find_distractors(questions, rng_for(0))
    assert len(distractors) > 50
    for position, wrong in distractors.items():
        (x, y), others = places[position], [cast(ImagePosition, answer) for answer in wrong]
        assert all(max(abs(other.x - x), abs(other.y - y)) >= 100 for other in others)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_directions_differ_as_a_whole_but_not_in_height(seed: int) -> None:
    sides, heights, aways = ("left", "right", ""), ("above", "below", ""), ("closer", "farther")
    questions = [
        ask(
            Directions(
                (Slot("left_right", sides[a]), Slot("above_below", heights[b]), Slot("closer_farther", aways[c]))
            )
        )
        for a, b, c in zip(*rng_for(seed, "words").integers(0, (3, 3, 2), (90, 3)).T, strict=True)
    ]
    sets = set(sets_of(questions, seed).values())
    assert sets
    for options in sets:
        assert len(set(options)) == GROUP
        assert len({option.split(", ")[1] for option in options}) == 1


def about(item: int, answer: Answer, place: tuple[int, ...] = (0, 0, 10, 10)) -> Question:
    role = MarkedObject("red", item, 0, "bbox", place)
    return replace(ask(answer), roles=(role,))


def test_questions_about_one_object_share_options_where_they_can() -> None:
    # Object 0 is always near and object 1 always far: who knows them is to know nothing more.
    near, far = rng_for(3, "near").uniform(0.5, 2.5, 40), rng_for(3, "far").uniform(4, 9, 40)
    values = [(0, value) for value in near] + [(1, value) for value in far]
    questions = [about(item, Number(value)) for item, value in values]
    sets = sets_of(questions, 0)
    items = {options: {questions[i].roles[0].object for i in sets if sets[i] == options} for options in sets.values()}
    assert sum(len(item) == 1 for item in items.values()) >= 0.8 * len(items)


def test_boxes_of_a_set_overlap_little_and_were_marked_alike() -> None:
    rng = rng_for(4, "boxes")
    sides = [60, 400] * 40
    boxes = [
        (int(x), int(y), int(x) + side, int(y) + side)
        for side, (x, y) in zip(sides, rng.integers(0, 600, (80, 2)), strict=True)
    ]
    questions = [about(0, BoxAnswer(box), (0, 0, side, side)) for box, side in zip(boxes, sides, strict=True)]
    distractors = find_distractors(questions, rng_for(0))
    assert len(distractors) >= 40
    alike = 0
    for position, wrong in distractors.items():
        options = [questions[position].answer, *wrong]
        assert all(isinstance(option, BoxAnswer) for option in options)
        alike += len({option.box[2] - option.box[0] for option in options}) == 1  # type: ignore[union-attr]
        for one, other in combinations([np.array(option.box, float) for option in options], 2):  # type: ignore[union-attr]
            assert box_iou(one, other) < 0.3
    assert alike >= 0.7 * len(distractors)


def test_a_quota_is_filled_with_whole_groups_first() -> None:
    # 1.0 to 4.0 make one group; the five questions that all say 9.0 fit nobody but one another's like.
    values = [9.0, 9.0, 1.0, 2.0, 9.0, 3.0, 4.0, 9.0, 9.0]
    questions = [replace(ask(Number(value)), frames=(place,)) for place, value in enumerate(values)]
    selection = choose_with_shared_answers(questions, 5, rng_for(0))
    chosen, options = selection.questions, selection.distractors
    assert len(chosen) == 5
    assert len(options) == GROUP
    sets = [{q.answer.text, *(option.text for option in options[q.key])} for q in chosen if q.key in options]
    assert all(len(options) == GROUP and options == sets[0] for options in sets)


def test_no_label_goes_with_large_numbers() -> None:
    # Clocks are mostly far and rugs near, but not always; each of 20 things is asked about ten times.
    rng = rng_for(6, "labels")
    labels = ["clock", "rug", "lamp", "box"] * 5
    usual_m = {"clock": 4.5, "rug": 2.0, "lamp": 3.0, "box": 3.0}
    items = list(range(20)) * 10
    questions = [
        replace(about(item, Number(max(0.3, usual_m[labels[item]] + rng.normal(0, 1.2)))), frames=(number,))
        for number, item in enumerate(items)
    ]
    selection = choose_with_shared_answers(questions, 100, rng_for(0), labels)
    chosen, options = selection.questions, selection.distractors
    assert len(chosen) == len(options) == 100
    ranks: dict[str, list[int]] = {label: [] for label in labels}
    for question in chosen:
        larger = sum(option.value < question.answer.value for option in options[question.key])  # type: ignore[union-attr]
        ranks[labels[question.roles[0].object]].append(larger)
    for ranks_of_label in ranks.values():
        assert np.mean(ranks_of_label) == pytest.approx(1.5, abs=0.2)


@given(st.lists(st.integers(3, 34), min_size=8, max_size=40), seeds)
def test_angles_of_one_set_are_clearly_apart(steps: list[int], seed: int) -> None:
    questions = [ask(Degrees(5.0 * step)) for step in steps]
    for texts in sets_of(questions, seed).values():
        for low, high in pairwise(sorted(map(int, texts))):
            assert high - low >= max(20, 0.2 * high)


def test_angles_share_options_with_those_of_spans_as_long() -> None:
    # Four angles over one frame of the video and four over three: the length of the span does not tell the angle.
    values = {1: (21.0, 46.0, 81.0, 121.0), 3: (22.0, 47.0, 82.0, 122.0)}
    questions = [
        Question(frames=(0,), facts={"first": 0, "last": span}, answer=Degrees(value), margin=1, measured={})
        for span in values
        for value in values[span]
    ]
    found = find_distractors(questions, rng_for(0))
    assert len(found) == len(questions)
    for position, wrong in found.items():
        alike = next(group for group in values.values() if questions[position].answer.value in group)  # pyright: ignore
        assert {option.value for option in wrong} < {*alike}  # pyright: ignore


def test_lists_of_frames_of_a_set_hold_the_marks_of_all_and_differ() -> None:
    lists = [(2, 3, 4, 5), (3, 4, 5, 6, 7), (4, 9), (0, 1, 2, 3, 4), (4, 5, 8, 9, 10), (20, 21), (2, 3, 4, 5, 6)]
    questions = [ask(FrameNumbers(one, 4 if 4 in one else 20, 32)) for one in lists]
    distractors = find_distractors(questions, rng_for(0))
    assert len(distractors) == GROUP
    assert 5 not in distractors  # (20, 21) does not hold frame 4
    for position, wrong in distractors.items():
        shown = [set(lists[position]), *(set(cast(FrameNumbers, one).numbers) for one in wrong)]
        assert all(4 in one for one in shown)
        assert min(len(one ^ other) for one, other in combinations(shown, 2)) >= 2
    assert not {0, 6} <= set(distractors)  # (2, ..., 5) and (2, ..., 6) differ in one frame only


def test_a_label_does_not_tell_on_which_side_an_object_is() -> None:
    # 40 lamps that hang left or right, mostly right; 40 rugs, mostly left. Any sets would let names tell.
    def relation(number: int) -> Question:
        is_lamp, is_usual = number < 40, number % 4 > 0
        side = "right" if is_lamp == is_usual else "left"
        far = ("closer", "farther", "")[number % 3]
        words = (Slot("left_right", side), Slot("above_below", ""), Slot("closer_farther", far))
        role = MarkedObject("red", 0 if is_lamp else 1, 0, "point", (number, 0))
        return Question(frames=(number,), roles=(role,), answer=Directions(words), margin=1, measured={})

    chosen = choose_with_shared_answers([relation(n) for n in range(80)], 32, rng_for(3), ["lamp", "rug"])
    leads = Counter[int]()
    for question in chosen.questions:
        sides = [one.text.split(",")[0] for one in (question.answer, *chosen.distractors.get(question.key, ()))]
        if len(sides) == GROUP:
            leads[question.roles[0].object] += GROUP * (sides[0] == "right") - sides.count("right")
    assert max(map(abs, leads.values())) <= GROUP


def test_lengths_from_a_camera_share_options_within_one_label() -> None:
    # Clocks are far and stools are near, in all images.
    labels = ["clock", "stool"]
    values = [
        *((0, value) for value in (3.1, 3.8, 4.6, 5.5, 6.6, 7.9)),
        *((1, value) for value in (1, 1.4, 1.8, 2.3, 2.8, 3.4)),
    ]
    questions = [
        replace(ask(Number(value)), frames=(number,), roles=(MarkedObject("red", item, 0, "point", (500, 500)),))
        for number, (item, value) in enumerate(values)
    ]
    selection = choose_with_shared_answers(questions, len(questions), rng_for(0), labels)
    by_answer = {question.answer.text: question.roles[0].object for question in questions}
    assert len(selection.distractors) == 8
    assert selection.only_shared
    for question in selection.questions:
        for wrong in selection.distractors.get(question.key, ()):
            assert by_answer[wrong.text] == question.roles[0].object


@pytest.mark.parametrize("at_once", [1, 50, 10_000])
def test_subsets_are_those_of_the_smallest_random_numbers_however_many_are_drawn_at_once(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "DRAWN_AT_ONCE", at_once)
    drawn = shared.draw_subsets(30, 9, 4, rng_for(1))
    assert drawn.tolist() == rng_for(1).random((30, 9)).argsort(axis=1)[:, :4].tolist()
