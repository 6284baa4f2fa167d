"""Questions that choose one of a few directions in words.

Which of them are asked is chosen such that no word is right more often than it is an option, neither in all questions
nor in those that name an object of one label in one role (qagen.sampling.balance): behind who stands at a wall is
seldom anything, and what hangs above eye level is mostly across the room.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Sector
from qagen.core.question import Question
from qagen.sampling.balance import choose_balanced, cue_bias
from qagen.sampling.pool import Selection


def choose_with_even_words(
    candidates: Sequence[Question], quota: int, rng: Generator, labels: Sequence[str] = ()
) -> Selection:
    """Choose up to ``quota`` questions, in the order of the candidates, none of which adds to the bias of the others.

    Args:
        labels: names of the scene's objects.
    """
    by_count: dict[int, list[int]] = defaultdict(list)
    for position, question in enumerate(candidates):
        by_count[len(_options(question))].append(position)
    chosen: list[int] = []
    for positions in by_count.values():
        bias = cue_bias(_cues([candidates[position] for position in positions], labels))
        chosen += [positions[row] for row in choose_balanced(bias, np.arange(len(positions))[:, None], quota)]
    return Selection([candidates[position] for position in sorted(chosen)[:quota]])


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
