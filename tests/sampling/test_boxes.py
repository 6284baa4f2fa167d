"""Boxes of other objects as distractors that a text-only model cannot exploit."""

from collections import Counter

import numpy as np
import pytest

from qagen.core.answer import LocatedObject
from qagen.core.question import Question
from qagen.rng import rng_for
from qagen.sampling.distractors.boxes import choose_with_other_boxes
from qagen.sampling.pool import Selection


def ask(answer: LocatedObject, number: int = 0, extreme: str = "closest") -> Question:
    return Question(frames=(number,), facts={"extreme": extreme}, answer=answer, margin=1, measured={})


def options_of(question: Question) -> list[LocatedObject] | None:
    found = choose_with_other_boxes([question], 1, rng_for(0)).distractors.get(question.key)
    assert found is None or all(isinstance(option, LocatedObject) for option in found)
    return found  # type: ignore[return-value]


def test_options_are_other_objects_where_there_are_three() -> None:
    box = (600, 600, 700, 700)
    others = tuple(LocatedObject("chair", 1, (x, 0, x + 100, 100)) for x in (0, 200, 400))
    wrong = options_of(ask(LocatedObject("lamp", 1, box, others)))
    assert wrong is not None
    assert {option.box for option in wrong} == {other.box for other in others}
    # In another image the same box is another place.
    elsewhere = LocatedObject("vase", 0, box)
    wrong = options_of(ask(LocatedObject("lamp", 1, box, (*others[:2], elsewhere))))
    assert wrong is not None
    assert elsewhere in wrong


def test_only_boxes_of_objects_are_options() -> None:
    # A box nearly on the truth's in the same image is no option, so only two others are left.
    box, twin = (600, 600, 700, 700), LocatedObject("vase", 1, (605, 605, 705, 705))
    others = tuple(LocatedObject("chair", 1, (x, 0, x + 100, 100)) for x in (0, 200))
    assert options_of(ask(LocatedObject("lamp", 1, box, (*others, twin)))) is None


def test_distractors_do_not_overlap_each_other_much() -> None:
    # Five boxes 100 wide at steps of 50: neighbors share a third, so only every second one may stand beside another.
    others = tuple(LocatedObject("chair", None, (x, 0, x + 100, 100)) for x in range(0, 250, 50))
    wrong = options_of(ask(LocatedObject("lamp", None, (600, 600, 700, 700), others)))
    assert wrong is not None
    assert sorted(option.box[0] for option in wrong) == [0, 100, 200]


def boxes_of_six(rng: np.random.Generator, turn: int) -> tuple[LocatedObject, ...]:
    """The truth is mostly, but not always, the largest and lowest of six."""
    edges = sorted(int(edge) for edge in rng.choice(np.arange(100, 400, 20), 6, replace=False))
    boxes = [(160 * i, 0, 160 * i + edge // 3, edge) for i, edge in enumerate(edges)]
    place = 5 if turn % 3 else int(rng.integers(5))
    things = [LocatedObject("thing", None, box) for box in boxes]
    return (things.pop(place), *things)


@pytest.mark.parametrize("extreme", ["closest", "farthest"])
def test_neither_the_largest_nor_the_lowest_box_is_a_hint(extreme: str) -> None:
    rng = rng_for(0, "boxes")
    questions = []
    for turn in range(300):
        truth, *others = boxes_of_six(rng, turn)
        questions.append(ask(LocatedObject("lamp", None, truth.box, tuple(others)), turn, extreme))
    assert all(len(question.answer.others) == 5 for question in questions)  # type: ignore[union-attr]
    selection = choose_with_other_boxes(questions, 100, rng_for(1))
    chosen, options = selection.questions, selection.distractors
    assert len(chosen) == 100
    ranks = Counter(
        sum(option.box[3] < question.answer.box[3] for option in options[question.key])  # type: ignore[union-attr]
        for question in chosen
        if question.key in options
    )
    assert ranks.total() >= 40
    assert max(ranks.values()) <= 0.31 * ranks.total()


def test_questions_without_options_fill_the_quota_for_other_formats() -> None:
    # Always the largest of four: asking one such question for a letter would tell that the largest is true.
    others = tuple(LocatedObject("thing", None, (200 * i, 500, 200 * i + 50, 550)) for i in range(1, 4))
    questions = [ask(LocatedObject("lamp", None, (0, 600, 190, 990), others), number) for number in range(10)]
    selection = choose_with_other_boxes(questions, 8, rng_for(0))
    assert len(selection.questions) == 8
    assert len(selection.distractors) == 1
    assert choose_with_other_boxes([], 8, rng_for(0)) == Selection([])
