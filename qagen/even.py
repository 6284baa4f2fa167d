"""Choosing samples so that nothing about an option tells whether it is true.

What a reader of the text alone can go by are looks: an option is the largest, stands in the second image, is the
smallest and the question says "lamp". A look gives nothing away when true options have it as often as it is to be
expected of any option. So samples are chosen one after the other, always the one that makes up best for what the
earlier ones give away, and none that adds to it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def surplus(looks: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """(n, k) how much more often than an option of its set the true option has each look.

    Args:
        looks: (n, options) arrays of numbers from 0, each a way to look at the options of n samples; the first option
            of each is the true one.
    """
    columns = []
    for look in looks:
        has = look[:, :, None] == np.unique(look)
        columns.append(has[:, 0] - has.mean(axis=1, dtype=np.float32))
    return np.concatenate(columns, axis=1, dtype=np.float32)


def choose_even(given_away: NDArray[np.float32], owner: NDArray[np.int64], count: int) -> list[int]:
    """Choose up to ``count`` rows, no two of one owner, whose sum stays near 0; early rows where others do no better.

    Args:
        given_away: (n, k) what each sample gives away.
        owner: (n,) samples of which only one may be chosen have the same number.
    """
    total = np.zeros(given_away.shape[1], dtype=np.float32)
    own = np.square(given_away).sum(axis=1)
    free = np.ones(len(given_away), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        shift = given_away @ total
        best = int(np.argmin(np.where(free, 2 * shift + own, np.inf)))
        if shift[best] > 1e-6:
            break
        chosen.append(best)
        total += given_away[best]
        free &= owner != owner[best]
    return chosen
