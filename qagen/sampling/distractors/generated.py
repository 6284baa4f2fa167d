"""Distractors made for a single question: numbers and sizes near the true one, the question's own objects, and
the other words of a list.

Ranks of the true value are drawn without replacement, so that each comes equally often (tasks.md, section 4).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Choice, Extents, Number, OneOf
from qagen.sampling.balance import BalancedDraw
from qagen.sampling.distractors.shared import GAP_SHARE, GROUP, apart

SMALLEST_NUMBER_M = 0.1
STEPS = (1.18, 1.3)
"""Range of the ratio between neighboring generated options."""
PRIOR_STEPS = (1.25, 1.27)
"""As STEPS, for quantities with a known prior, such as the area of a room. Small steps leak less of the answer, but
a ratio below the first of these cannot be judged by eye."""
SIDE_STEPS = (1.18, 1.22)
"""As STEPS, for one side of an object."""
TRIES = 40


class DistractorMaker:
    """Makes distractors for the questions of one type in one scene and format."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._ranks = BalancedDraw(list(range(GROUP)) * 5, rng)
        self._sides_and_ranks = BalancedDraw([(side, rank) for side in range(3) for rank in range(GROUP)], rng)

    def numbers(self, truth: Number) -> list[Number] | None:
        """Three numbers apart from the true one and each other, or None where there are none.

        Ratios are equal, so that neither gaps nor ends tell which is true, and small, so that all are plausible.
        """
        if truth.prior is not None:
            return self._numbers_around(truth, *truth.prior)

        def at_rank(rank: int) -> list[Number] | None:
            steps = self._rng.uniform(*STEPS, TRIES)
            return next((made for step in steps if (made := _numbers_at(truth, step, rank))), None)

        return self._ranks.draw_usable(at_rank)

    def _numbers_around(self, truth: Number, median: float, deviation: float) -> list[Number] | None:
        """Numbers around a known median: any of the four could as easily have led to them if it were true.

        With uniform ranks, the option nearest to the median would be true too often. So the rank is drawn such that the
        middle of the four options spreads around the median as true values do, less the spread of the options.
        """
        for step in self._rng.uniform(*PRIOR_STEPS, TRIES):
            middles = np.log(truth.value / median) + np.log(step) * ((GROUP - 1) / 2 - np.arange(GROUP))
            spread = max(deviation**2 - np.log(step) ** 2 * (GROUP**2 - 1) / 12, 0.1 * deviation**2)
            weights = np.exp(-np.square(middles) / (2 * spread))
            made = _numbers_at(truth, step, int(self._rng.choice(GROUP, p=weights / weights.sum())))
            values = sorted(round(number.value, 1) for number in (truth, *(made or ())))
            if made and all(high >= PRIOR_STEPS[0] * low for low, high in pairwise(values)):
                return made
        return None

    def sizes(self, truth: Extents) -> list[Extents] | None:
        """Three sizes that differ from the true one in one side, or None where there are none."""
        sides = [truth.length, truth.width, truth.height]

        def at_rank(side_and_rank: tuple[int, int]) -> list[Extents] | None:
            side, rank = side_and_rank
            for step in self._rng.uniform(*SIDE_STEPS, TRIES):
                values = [round(sides[side] * step ** (index - rank)) for index in range(GROUP)]
                if all(high - low >= GAP_SHARE * high for low, high in pairwise(values)):
                    made = [[*sides[:side], value, *sides[side + 1 :]] for value in values]
                    return [Extents(max(a, b), min(a, b), h) for i, (a, b, h) in enumerate(made) if i != rank]
            return None

        return self._sides_and_ranks.draw_usable(at_rank)

    def other_objects(self, truth: Choice) -> Sequence[Choice]:
        """The objects that the question chooses from besides the true one, shuffled."""
        return [Choice(truth.wrong[i], ()) for i in self._rng.permutation(len(truth.wrong))]

    def other_words(self, truth: OneOf) -> Sequence[OneOf]:
        """The other words of the list, shuffled."""
        return [OneOf(truth.others[i]) for i in self._rng.permutation(len(truth.others))]


def _numbers_at(truth: Number, step: float, rank: int) -> list[Number] | None:
    """The others of a geometric series in which the true number has the given rank; None where two are too close."""
    values = [float(truth.value * step ** (index - rank)) for index in range(GROUP)]
    printed = [round(value, 1) for value in values]
    if printed[0] < SMALLEST_NUMBER_M or not all(apart(low, high, is_close=True) for low, high in pairwise(printed)):
        return None
    return [replace(truth, value=value) for index, value in enumerate(values) if index != rank]
