"""Questions that choose among their own objects, or among marked places.

Which of them are asked is chosen such that no cue of an option tells whether it is correct (qagen.sampling.balance): no
name is correct more often than it is listed, the object marked in the frame next to the anchor's no more often than the
others, and the lowest place of an image no more often than the highest.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Choice
from qagen.core.question import Question
from qagen.sampling.balance import choose_balanced, cue_bias
from qagen.sampling.pool import Selection

Cues = list[tuple]
"""One cue of the options of a question, the correct one first; cues are compared across questions."""


def choose_among_own_objects(
    candidates: Sequence[Question], quota: int, rng: Generator, labels: Sequence[str] = ()
) -> Selection:
    """Choose up to ``quota`` questions, in the order of the candidates, none of which adds to the bias of the others.

    Args:
        labels: names of the scene's objects.
    """
    return choose_with_even_cues(candidates, quota, _options, partial(_columns, labels=labels))


def choose_with_even_cues(
    candidates: Sequence[Question],
    quota: int,
    options_of: Callable[[Question], Sequence[str]],
    cues_of: Callable[[Sequence[Question]], Sequence[NDArray[np.int64]]],
) -> Selection:
    """Choose up to ``quota`` questions, in the order of the candidates, none of which adds to the bias of the others.

    Args:
        options_of: what a question lets choose from.
        cues_of: cues (n, options) of the options of questions with as many options each, the correct one first.
    """
    by_count: dict[int, list[int]] = defaultdict(list)
    for position, question in enumerate(candidates):
        by_count[len(options_of(question))].append(position)
    chosen: list[int] = []
    for positions in by_count.values():
        bias = cue_bias(cues_of([candidates[position] for position in positions]))
        chosen += [positions[row] for row in choose_balanced(bias, np.arange(len(positions))[:, None], quota)]
    return Selection([candidates[position] for position in sorted(chosen)[:quota]])


def _columns(questions: Sequence[Question], labels: Sequence[str]) -> list[NDArray[np.int64]]:
    """Each kind of cue of the options of all questions."""
    cues = [_cues_of(question, labels) for question in questions]
    return [_numbered(column) for column in zip(*cues, strict=True)]


def _options(question: Question) -> list[str]:
    """The roles to choose from, the correct one first."""
    assert isinstance(question.answer, Choice)
    return [question.answer.right, *question.answer.wrong]


def _cues_of(question: Question, labels: Sequence[str]) -> list[Cues]:
    """The cues that each option gives."""
    return _cues_of_places(question) if question.places else _cues_of_objects(question, labels)


def _cues_of_places(question: Question) -> list[Cues]:
    """How far down in the image each place is, and how far from the place asked about, if there is one."""
    places = {place.color: place.place for place in question.places}
    options = [places[color] for color in _options(question)]
    low = _ranks([y for _, y in options])
    if len(options) == len(places):
        return [[(rank,) for rank in low]]
    x, y = question.places[0].place
    return [[(rank,) for rank in low], [(rank,) for rank in _ranks([abs(a - x) + abs(b - y) for a, b in options])]]


def _cues_of_objects(question: Question, labels: Sequence[str]) -> list[Cues]:
    """What each object to choose from is called, and how far from the first object's frame it is marked, where that is
    none of them."""
    asked = next((question.facts[name] for name in ("extreme", "side", "relation") if name in question.facts), None)
    roles = {role.color: role for role in question.roles}
    options = [roles[color] for color in _options(question)]
    names: Cues = [(asked, labels[option.object]) for option in options]
    if question.roles[0] in options:
        return [names]
    ranks = _ranks([abs(option.image - question.roles[0].image) for option in options])
    return [[(asked, rank) for rank in ranks], names]


def _ranks(values: Sequence[int]) -> list[int]:
    """How many of the values are smaller than each."""
    return [sum(other < value for other in values) for value in values]


def _numbered(column: Sequence[Cues]) -> NDArray[np.int64]:
    """(n, options) a number for each cue, the same for equal ones."""
    numbers: dict[tuple, int] = {}
    return np.array([[numbers.setdefault(cue, len(numbers)) for cue in cues] for cues in column], dtype=np.int64)
