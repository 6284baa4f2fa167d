"""Wrong options for answers that have no peers: other objects, and numbers invented near a lonely truth.

Letters and ranks are dealt from decks, so that each comes equally often (tasks.md, section 4).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Box2D, LocatedObject, Number
from qagen.kernels.boxes import box_iou
from qagen.peers import GROUP, apart

SMALLEST_NUMBER_M = 0.1
STEPS = (1.18, 1.3)
"""Each invented number is so many times the one below it."""
MAX_IOU = 0.3
RANK_LEAD = 1
"""A rank may have been the truth's so much more often than another."""
TRIES = 40

T = TypeVar("T")
R = TypeVar("R")
Look = tuple[str, str, int | None]


class Deck(Generic[T]):
    """Deals values so that each comes equally often."""

    def __init__(self, cards: Iterable[T], rng: Generator) -> None:
        self._cards = list(cards)
        self._rng = rng
        self._left: list[T] = []

    def deal(self, play: Callable[[T], R | None]) -> R | None:
        """Offer the cards left in random order; the first that ``play`` can use is spent. None when none can be."""
        self._left = self._left or list(self._cards)
        for position in self._rng.permutation(len(self._left)):
            result = play(self._left[position])
            if result is not None:
                del self._left[position]
                return result
        return None

    def draw(self) -> T:
        """The next card, whichever it is."""
        self._left = self._left or list(self._cards)
        return self._left.pop(int(self._rng.integers(len(self._left))))


class OptionMaker:
    """Makes the wrong options of one type's questions in one scene."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._ranks = Deck(list(range(GROUP)) * 5, rng)
        self._seen_looks: Counter[Look] = Counter()

    def numbers(self, truth: Number) -> list[Number] | None:
        """Three numbers, apart from the truth and each other, so that the truth's rank is even."""
        return self._ranks.deal(lambda rank: self._numbers_at_rank(truth, rank))

    def _numbers_at_rank(self, truth: Number, rank: int) -> list[Number] | None:
        """Even steps, so that neither the gaps nor the ends tell which is true, and small ones: all are as usual."""
        for step in self._rng.uniform(*STEPS, TRIES):
            values = [round(truth.value * step ** (place - rank), 1) for place in range(GROUP)]
            if values[0] >= SMALLEST_NUMBER_M and all(apart(low, high) for low, high in pairwise(values)):
                return [Number(value) for place, value in enumerate(values) if place != rank]
        return None

    def located(self, truth: LocatedObject, asked_for: str = "") -> list[LocatedObject] | None:
        """Three other objects, told by their boxes.

        Near things fill large boxes that reach far down. So the others are chosen such that the truth's rank in both is
        even, and its images those of the others, over all truths that are ``asked_for`` alike.
        """
        drawn = [choice for _ in range(TRIES) if (choice := self._draw_located(truth))]
        even = [choice for choice in drawn if self._is_rank_even(truth, choice, asked_for)]
        if not even:
            return None
        best = min(even, key=lambda choice: sum(self._seen_looks[look] for look in _looks(truth, choice, asked_for)))
        self._seen_looks.update(_looks(truth, best, asked_for))
        self._seen_looks[asked_for, "image", truth.image] -= GROUP - 1
        return best

    def _is_rank_even(self, truth: LocatedObject, others: Sequence[LocatedObject], asked_for: str) -> bool:
        for _, name, rank in _looks(truth, others, asked_for)[:2]:
            counts = [self._seen_looks[asked_for, name, other] for other in range(GROUP)]
            if self._seen_looks[asked_for, name, rank] - min(counts) >= RANK_LEAD:
                return False
        return True

    def _draw_located(self, truth: LocatedObject) -> list[LocatedObject] | None:
        chosen = [truth]
        for other in self.shuffled(truth.decoys):
            if all(other.image != one.image or _overlap(other.box, one.box) < MAX_IOU for one in chosen):
                chosen.append(other)
            if len(chosen) == GROUP:
                return chosen[1:]
        return None

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """The values in random order."""
        return [values[i] for i in self._rng.permutation(len(values))]


def _overlap(box: Box2D, other: Box2D) -> float:
    return box_iou(np.array(box, dtype=np.float64), np.array(other, dtype=np.float64))


def _looks(truth: LocatedObject, others: Sequence[LocatedObject], asked_for: str) -> list[Look]:
    """What tells the truth from the others without a look at the images: ranks of its box, and their images."""
    size = sum(_area(other.box) < _area(truth.box) for other in others)
    bottom = sum(other.box[3] < truth.box[3] for other in others)
    images = [(asked_for, "image", other.image) for other in others]
    return [(asked_for, "size", size), (asked_for, "bottom", bottom), *images]


def _area(box: Box2D) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
