"""Balanced sampling: choose samples so that no surface cue of an option tells whether it is correct.

A text-only model can exploit surface cues: an option is the largest, stands in the second image, or is the smallest
where the question says "lamp". A cue gives nothing away when correct options have it as often as a random option of
their set. So samples are chosen greedily: always the one that best compensates the bias of those chosen before it, and
none that adds to it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

ROUNDING = 1e-4
"""Error of sums of 32-bit numbers."""


def cue_bias(cues: Sequence[NDArray[np.int64]], group_size: int = 1) -> csr_array:
    """How much more often than a random option of its set the correct option has each value of each cue.

    Args:
        cues: (n, options) arrays, each one cue of the options of n samples; the first option of each is correct.
        group_size: number of consecutive samples whose bias is summed.

    Returns:
        (n / group_size, k), one column for each value of each cue.
    """
    count, options = cues[0].shape
    weight = np.full((count, options), -1 / options, dtype=np.float32)
    weight[:, 0] += 1
    rows = np.repeat(np.arange(count) // group_size, options)
    columns, offset = [], 0
    for cue in cues:
        values, column = np.unique(cue, return_inverse=True)
        columns.append(offset + column.ravel())
        offset += len(values)
    indices = (np.tile(rows, len(cues)), np.concatenate(columns))
    return coo_array((np.tile(weight.ravel(), len(cues)), indices), shape=(count // group_size, offset)).tocsr()


def choose_balanced(bias: csr_array, members: NDArray[np.int64], count: int, slack: float = 0.0) -> list[int]:
    """Choose up to ``count`` rows without a common member whose summed bias stays near 0; ties go to the first.

    Args:
        bias: (n, k) bias of each row.
        members: (n, j) questions that each row consists of.
        slack: stop where every row would add to the sum by more than this share of its own squared length. 0 takes only
            rows that reduce the bias; infinity fills the count with the least bias possible.
    """
    shift = np.zeros(len(members), dtype=np.float32)
    own = bias.power(2).sum(axis=1)
    free = np.ones(len(shift), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        best = int(np.argmin(np.where(free, 2 * shift + own, np.inf)))
        if shift[best] > ROUNDING and shift[best] > slack * own[best]:
            break
        chosen.append(best)
        shift += bias @ bias[[best]].toarray()[0]
        free &= ~np.isin(members, members[best]).any(axis=1)
    return chosen


T = TypeVar("T")
R = TypeVar("R")


class BalancedDraw(Generic[T]):
    """Draws values without replacement and starts over when all are used, so that each comes equally often."""

    def __init__(self, values: Iterable[T], rng: Generator) -> None:
        self._values = list(values)
        self._rng = rng
        self._left: list[T] = []

    def draw(self) -> T:
        """The next value."""
        self._left = self._left or list(self._values)
        return self._left.pop(int(self._rng.integers(len(self._left))))

    def draw_usable(self, use: Callable[[T], R | None]) -> R | None:
        """Try the values left in random order; the first for which ``use`` returns something is used up.

        Returns:
            What ``use`` made of it, or None when it refused all values.
        """
        self._left = self._left or list(self._values)
        for position in self._rng.permutation(len(self._left)):
            result = use(self._left[position])
            if result is not None:
                del self._left[position]
                return result
        return None
