"""Which questions of one type are written in one scene, and the distractors of those written as select.

``RULES`` is the only place that says which kind of answer gets which distractors.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from qagen.core.answer import (
    Answer,
    BoxAnswer,
    CameraMove,
    Choice,
    Count,
    Degrees,
    Directions,
    Extents,
    FrameNumbers,
    FrameSpan,
    ImagePoint,
    ImagePosition,
    LabelOrder,
    LocatedObject,
    MoveOrder,
    Number,
    OneOf,
    Ratio,
    Sector,
    YesNo,
)
from qagen.core.question import Question
from qagen.sampling.distractors.boxes import choose_with_other_boxes
from qagen.sampling.distractors.generated import DistractorMaker
from qagen.sampling.distractors.own import choose_among_own_objects
from qagen.sampling.distractors.shared import choose_with_shared_answers
from qagen.sampling.distractors.words import choose_with_even_words
from qagen.sampling.pool import POOL_FACTOR, Selection, pick_balanced
from qagen.visibility.views import SceneViews

Chooser = Callable[[Sequence[Question], int, Generator, Sequence[str]], Selection]


@dataclass(frozen=True, slots=True)
class Rule:
    """How questions with one kind of answer get their distractors."""

    choose: Chooser | None = None
    """Chooses questions and distractors together, from candidates, quota, random generator and object labels."""
    oversampling: int = 1
    """How many times the quota of questions ``choose`` may choose from."""
    make: Callable[[DistractorMaker, Any], Sequence[Answer] | None] | None = None
    """Makes the distractors of a single answer, where ``choose`` found none for any question."""


RULES: dict[type[Answer], Rule] = {
    Number: Rule(choose_with_shared_answers, 4, DistractorMaker.numbers),
    Ratio: Rule(choose_with_shared_answers, 4),
    Degrees: Rule(choose_with_shared_answers, 4, DistractorMaker.degrees),
    ImagePoint: Rule(choose_with_shared_answers, 2),
    ImagePosition: Rule(choose_with_shared_answers, 2),
    Directions: Rule(choose_with_shared_answers, 4),
    BoxAnswer: Rule(choose_with_shared_answers, 2),
    LocatedObject: Rule(choose_with_other_boxes, POOL_FACTOR),
    Extents: Rule(make=DistractorMaker.sizes),
    Choice: Rule(choose_among_own_objects, 4, DistractorMaker.other_objects),
    YesNo: Rule(make=DistractorMaker.opposite),
    Count: Rule(make=DistractorMaker.counts),
    LabelOrder: Rule(make=DistractorMaker.orders),
    FrameNumbers: Rule(choose_with_shared_answers, POOL_FACTOR),
    OneOf: Rule(make=DistractorMaker.other_words),
    Sector: Rule(choose_with_even_words, 4, DistractorMaker.other_words),
    CameraMove: Rule(make=DistractorMaker.other_moves),
    FrameSpan: Rule(make=DistractorMaker.other_spans),
    MoveOrder: Rule(make=DistractorMaker.move_orders),
}


def choose_with_options(
    pool: list[Question], quota: int, answer: type[Answer], views: SceneViews, rng: Generator
) -> Selection:
    """Choose up to ``quota`` questions of a pool, and distractors that give nothing away.

    Args:
        answer: the kind of answer that the questions have.
    """
    rule = RULES[answer]
    candidates = pick_balanced(pool, quota, views, rng, rule.oversampling)
    if rule.choose is None:
        return Selection(candidates)
    return rule.choose(candidates, quota, rng, [item.label for item in views.scene.objects])


class Distractors:
    """The distractors of the questions of a selection, in one format."""

    def __init__(self, selection: Selection, rng: Generator) -> None:
        self._selection = selection
        self._maker = DistractorMaker(rng)

    def of(self, question: Question) -> Sequence[Answer] | None:
        """Wrong answers of the same kind as the question's own, or None where there are none."""
        make = RULES[type(question.answer)].make
        if make is None or self._selection.distractors or self._selection.only_shared:
            return self._selection.distractors.get(question.key)
        return make(self._maker, question.answer)
