"""Distractors made for a single question: numbers, sizes and orders near the true one, the question's own objects, and
the other words of a list.

Ranks of the true value are drawn without replacement, so that each comes equally often (tasks.md, section 4).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from qagen.core.answer import (
    CameraMove,
    Choice,
    Count,
    Degrees,
    Extents,
    FrameSpan,
    LabelOrder,
    MoveOrder,
    Number,
    OneOf,
    YesNo,
)
from qagen.sampling.balance import BalancedDraw
from qagen.sampling.distractors.shared import GAP_SHARE, GROUP, apart, degrees_apart

MAX_WORDS = 3
"""Largest number of wrong words, for four letters."""
SMALLEST_NUMBER_M = 0.1
STEPS = (1.18, 1.3)
"""Range of the ratio between neighboring generated options."""
PRIOR_STEPS = (1.25, 1.27)
"""As STEPS, for quantities with a known prior, such as the area of a room. Small steps leak less of the answer, but
a ratio below the first of these cannot be judged by eye."""
SIDE_STEPS = (1.18, 1.22)
"""As STEPS, for one side of an object."""
DEGREE_STEPS = (20, 25, 30, 35, 40, 45)
"""Differences between neighboring generated angles."""
DEGREE_RANGE = (10, 175)
"""Smallest and largest generated angle."""
TRIES = 40
COUNT_STEP = 0.15
"""Least difference of neighboring counts, as a share of the true one; at least 1."""
LATIN_SQUARES = (
    ((0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0)),
    ((0, 1, 2, 3), (1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2)),
    ((0, 1, 2, 3), (1, 3, 0, 2), (3, 2, 1, 0), (2, 0, 3, 1)),
    ((0, 1, 2, 3), (2, 3, 1, 0), (1, 0, 3, 2), (3, 2, 0, 1)),
)
"""The groups of permutations of four that have each element at each position once: applied to any of its own orders, a
group gives the same four, so that nothing in the four tells with which one it began."""


class DistractorMaker:
    """Makes distractors for the questions of one type in one scene and format."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._ranks = BalancedDraw(list(range(GROUP)) * 5, rng)
        self._count_ranks = BalancedDraw(list(range(GROUP)), rng)
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

    def opposite(self, truth: YesNo) -> list[YesNo]:
        """No where Yes is true, and Yes where No is."""
        return [YesNo(not truth.holds)]

    def counts(self, truth: Count) -> list[Count] | None:
        """Three other counts from 1 on, or None where the rank that is due would need a count below that.

        So small counts, which are the smallest of their options or nearly so, are asked no more often than large ones.
        """
        step = max(1, round(COUNT_STEP * truth.value))

        def at_rank(rank: int) -> list[Count] | None:
            values = [truth.value + step * (index - rank) for index in range(GROUP)]
            return [Count(value) for value in values if value != truth.value] if values[0] >= 1 else None

        return self._count_ranks.draw_usable(at_rank)

    def orders(self, truth: LabelOrder) -> list[LabelOrder]:
        """Three other orders of four labels; in the four orders each label is at each position once."""
        square = LATIN_SQUARES[int(self._rng.integers(len(LATIN_SQUARES)))]
        others = [square[i] for i in 1 + self._rng.permutation(GROUP - 1)]
        return [LabelOrder(tuple(truth.labels[i] for i in order)) for order in others]

    def move_orders(self, truth: MoveOrder) -> list[MoveOrder]:
        """As many orders as there are moves, two to four, with the true one; each move is at each position once."""
        count = len(truth.labels)
        if count == GROUP:
            return [MoveOrder(order.labels) for order in self.orders(LabelOrder(truth.labels))]
        turned = [MoveOrder(truth.labels[k:] + truth.labels[:k]) for k in range(1, count)]
        return [turned[i] for i in self._rng.permutation(len(turned))]

    def degrees(self, truth: Degrees) -> list[Degrees] | None:
        """Three angles apart from the true one and each other, all differences alike, or None where there are none."""

        def at_rank(rank: int) -> list[Degrees] | None:
            for step in self._rng.permutation(DEGREE_STEPS).tolist():
                values = [truth.rounded + step * (index - rank) for index in range(GROUP)]
                is_possible = values[0] >= DEGREE_RANGE[0] and values[-1] <= DEGREE_RANGE[1]
                if is_possible and all(degrees_apart(low, high) for low, high in pairwise(values)):
                    return [Degrees(value) for index, value in enumerate(values) if index != rank]
            return None

        return self._ranks.draw_usable(at_rank)

    def sizes(self, truth: Extents) -> list[Extents] | None:
        """Three sizes that differ from the true one in one side, or None where there are none."""
        sides = [truth.length, truth.width, truth.height]
        exact = list(truth.exact or sides)

        def at_rank(side_and_rank: tuple[int, int]) -> list[Extents] | None:
            side, rank = side_and_rank
            for step in self._rng.uniform(*SIDE_STEPS, TRIES):
                values = [round(sides[side] * step ** (index - rank)) for index in range(GROUP)]
                if all(high - low >= GAP_SHARE * high for low, high in pairwise(values)):
                    others = [index for index in range(GROUP) if index != rank]
                    return [
                        _extents(
                            _with_side(sides, side, values[index]),
                            _with_side(exact, side, exact[side] * step ** (index - rank)),
                        )
                        for index in others
                    ]
            return None

        return self._sides_and_ranks.draw_usable(at_rank)

    def other_objects(self, truth: Choice) -> Sequence[Choice]:
        """The objects that the question chooses from besides the true one, shuffled."""
        return [Choice(truth.wrong[i], ()) for i in self._rng.permutation(len(truth.wrong))]

    def other_words(self, truth: OneOf) -> Sequence[OneOf]:
        """The other words of the list, shuffled; three of a longer one."""
        return [type(truth)(truth.others[i]) for i in self._rng.permutation(len(truth.others))[:MAX_WORDS]]

    def other_moves(self, truth: CameraMove) -> Sequence[CameraMove]:
        """The other moves to choose from, shuffled."""
        return [CameraMove(truth.others[i]) for i in self._rng.permutation(len(truth.others))]

    def other_spans(self, truth: FrameSpan) -> Sequence[FrameSpan]:
        """The other parts to choose from, shuffled."""
        return [FrameSpan(*truth.others[i]) for i in self._rng.permutation(len(truth.others))]


def _with_side(sides: Sequence[float], side: int, value: float) -> list[float]:
    return [*sides[:side], value, *sides[side + 1 :]]


def _extents(sides: Sequence[float], exact: Sequence[float]) -> Extents:
    """Length, width and height from two horizontal sides and the height."""
    (a, b, height), (first, second, exact_height) = sides, exact
    unrounded = max(first, second), min(first, second), exact_height
    return Extents(max(a, b), min(a, b), height, exact=unrounded)


def _numbers_at(truth: Number, step: float, rank: int) -> list[Number] | None:
    """The others of a geometric series in which the true number has the given rank; None where two are too close."""
    values = [float(truth.value * step ** (index - rank)) for index in range(GROUP)]
    printed = [round(value, 1) for value in values]
    if printed[0] < SMALLEST_NUMBER_M or not all(apart(low, high, is_close=True) for low, high in pairwise(printed)):
        return None
    return [replace(truth, value=value) for index, value in enumerate(values) if index != rank]
