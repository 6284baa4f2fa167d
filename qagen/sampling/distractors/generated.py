"""Wrong options for answers that have no peers: numbers and sizes invented near a lonely truth.

Letters and ranks are dealt from decks, so that each comes equally often (tasks.md, section 4).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Extents, Number
from qagen.sampling.balance import Deck, T
from qagen.sampling.distractors.shared import GAP_SHARE, GROUP, apart

SMALLEST_NUMBER_M = 0.1
STEPS = (1.18, 1.3)
"""Each invented number is so many times the one below it."""
USUAL_STEPS = (1.18, 1.22)
"""The same for numbers of which a usual one is known: the smaller, the less it tells."""
SIDE_STEPS = (1.18, 1.22)
"""The same for a side of a thing."""
TRIES = 40


class OptionMaker:
    """Makes the wrong options of one type's questions in one scene."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._ranks = Deck(list(range(GROUP)) * 5, rng)
        self._sides = Deck([(side, rank) for side in range(3) for rank in range(GROUP)], rng)

    def numbers(self, truth: Number) -> list[Number] | None:
        """Three numbers, apart from the truth and each other, so that the truth's rank is even."""
        if truth.usual is not None:
            return self._usual_rank(truth, truth.usual)
        return self._ranks.deal(lambda rank: self._numbers_at_rank(truth, rank))

    def _numbers_at_rank(self, truth: Number, rank: int) -> list[Number] | None:
        """Even steps, so that neither the gaps nor the ends tell which is true, and small ones: all are as usual."""
        for step in self._rng.uniform(*STEPS, TRIES):
            values = [round(truth.value * step ** (place - rank), 1) for place in range(GROUP)]
            if values[0] >= SMALLEST_NUMBER_M and all(apart(low, high) for low, high in pairwise(values)):
                return [Number(value) for place, value in enumerate(values) if place != rank]
        return None

    def _usual_rank(self, truth: Number, usual: tuple[float, float]) -> list[Number] | None:
        """Numbers around what is usual: whichever of the four it is, the truth could have led to them as easily.

        With the truth in the middle on average, the one nearest to what is usual would be true too often. So the middle
        of the four keeps to what is usual, as closely as makes the four equally likely when truths spread as told.
        """
        for step in self._rng.uniform(*USUAL_STEPS, TRIES):
            middles = np.log(truth.value / usual[0]) + np.log(step) * ((GROUP - 1) / 2 - np.arange(GROUP))
            spread = max(usual[1] ** 2 - np.log(step) ** 2 * (GROUP**2 - 1) / 12, 0.1 * usual[1] ** 2)
            weights = np.exp(-np.square(middles) / (2 * spread))
            rank = int(self._rng.choice(GROUP, p=weights / weights.sum()))
            values = [round(truth.value * step ** (place - rank), 1) for place in range(GROUP)]
            if values[0] >= SMALLEST_NUMBER_M and all(apart(low, high) for low, high in pairwise(values)):
                return [Number(value) for place, value in enumerate(values) if place != rank]
        return None

    def sizes(self, truth: Extents) -> list[Extents] | None:
        """Three sizes that differ from the truth in one side, so that the truth's rank in it is even."""
        return self._sides.deal(lambda card: self._sizes_at_rank(truth, *card))

    def _sizes_at_rank(self, truth: Extents, side: int, rank: int) -> list[Extents] | None:
        sides = [truth.length_cm, truth.width_cm, truth.height_cm]
        for step in self._rng.uniform(*SIDE_STEPS, TRIES):
            values = [round(sides[side] * step ** (place - rank)) for place in range(GROUP)]
            if all(high - low >= GAP_SHARE * high for low, high in pairwise(values)):
                made = [[*sides[:side], value, *sides[side + 1 :]] for value in values]
                return [Extents(max(a, b), min(a, b), h) for place, (a, b, h) in enumerate(made) if place != rank]
        return None

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """The values in random order."""
        return [values[i] for i in self._rng.permutation(len(values))]
