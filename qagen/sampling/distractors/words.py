"""Questions that choose one of a few directions in words.

Which of them are asked is chosen such that no word is right more often than it is an option, neither in all questions
nor in those that name an object of one label in one role (qagen.sampling.balance): behind who stands at a wall is
seldom anything, and what hangs above eye level is mostly across the room.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Sector
from qagen.core.question import Question
from qagen.sampling.distractors.own import choose_with_even_cues
from qagen.sampling.pool import Selection


def choose_with_even_words(
    candidates: Sequence[Question], quota: int, rng: Generator, labels: Sequence[str] = ()
) -> Selection:
    """Choose up to ``quota`` questions, in the order of the candidates, none of which adds to the bias of the others.

    Args:
        labels: names of the scene's objects.
    """
    return choose_with_even_cues(candidates, quota, _options, partial(_cues, labels=labels))


def _cues(questions: Sequence[Question], labels: Sequence[str]) -> list[NDArray[np.int64]]:
    """(n, options) the word of each option, alone and with the label of each object in its role."""
    numbers: dict[tuple[str, ...], int] = {}
    names = [{"": "", **{role.color: labels[role.object] for role in question.roles}} for question in questions]
    found = []
    for color in dict.fromkeys(color for name in names for color in name):
        cues = [
            [numbers.setdefault((color, name.get(color, ""), word), len(numbers)) for word in _options(question)]
            for question, name in zip(questions, names, strict=True)
        ]
        found.append(np.array(cues))
    return found


def _options(question: Question) -> tuple[str, ...]:
    """The words to choose from, the right one first."""
    assert isinstance(question.answer, Sector)
    return question.answer.text, *question.answer.others
