"""Choosing samples so that nothing about an option tells whether it is true.

What a reader of the text alone can go by are looks: an option is the largest, stands in the second image, is the
smallest and the question says "lamp". A look gives nothing away when true options have it as often as it is to be
expected of any option. So samples are chosen one after the other, always the one that makes up best for what the
earlier ones give away, and none that adds to it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

ROUNDING = 1e-4
"""So much is no more than the error of sums of 32-bit numbers."""


def bias(looks: Sequence[NDArray[np.int64]], size: int = 1) -> csr_array:
    """(n / size, k) how much more often than an option of its set the true option has each look.

    Args:
        looks: (n, options) arrays of numbers, each a way to look at the options of n samples; the first option of each
            is the true one.
        size: so many samples that follow each other are summed up.
    """
    count, options = looks[0].shape
    weight = np.full((count, options), -1 / options, dtype=np.float32)
    weight[:, 0] += 1
    rows = np.repeat(np.arange(count) // size, options)
    columns, offset = [], 0
    for look in looks:
        values, column = np.unique(look, return_inverse=True)
        columns.append(offset + column.ravel())
        offset += len(values)
    places = (np.tile(rows, len(looks)), np.concatenate(columns))
    return coo_array((np.tile(weight.ravel(), len(looks)), places), shape=(count // size, offset)).tocsr()


def choose_balanced(given_away: csr_array, members: NDArray[np.int64], count: int, slack: float = 0.0) -> list[int]:
    """Choose up to ``count`` rows without a common member whose sum stays near 0; of equally good ones the first.

    Args:
        given_away: (n, k) what each row gives away.
        members: (n, j) questions that each row consists of.
        slack: stop where every row would add to the sum by more than this share of its own length; 0 takes only what
            evens out, infinity fills the count as evenly as can be.
    """
    shift = np.zeros(len(members), dtype=np.float32)
    own = given_away.power(2).sum(axis=1)
    free = np.ones(len(shift), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        best = int(np.argmin(np.where(free, 2 * shift + own, np.inf)))
        if shift[best] > ROUNDING and shift[best] > slack * own[best]:
            break
        chosen.append(best)
        shift += given_away @ given_away[[best]].toarray()[0]
        free &= ~np.isin(members, members[best]).any(axis=1)
    return chosen


T = TypeVar("T")
R = TypeVar("R")


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
