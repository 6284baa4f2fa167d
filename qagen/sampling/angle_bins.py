"""Angles in bins that are asked about equally often, because real cameras mostly turn a little."""

from collections import Counter

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

EDGES_DEG = (30.0, 50.0, 75.0, 105.0)
"""Angles between two bins."""
BINS = len(EDGES_DEG) + 1
MAX_BIAS = 20
"""Largest number of questions of one bin beyond those of the rarest."""


def angle_bin(angle_deg: float | NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each angle, 0 for the smallest."""
    return np.asarray(np.digitize(angle_deg, EDGES_DEG), dtype=np.int64)


class BinQuota:
    """Counts the questions of each bin, so that none is asked about much more often than the others."""

    def __init__(self) -> None:
        self._asked = Counter(dict.fromkeys(range(BINS), 0))

    def admits(self, angle_deg: float) -> bool:
        """Whether one more question about an angle may be asked; if so, it counts as asked."""
        chosen = int(angle_bin(angle_deg))
        is_admitted = self._asked[chosen] - min(self._asked.values()) < MAX_BIAS
        self._asked[chosen] += is_admitted
        return is_admitted


def in_turns(
    angle_deg: NDArray[np.float64], other: NDArray[np.int64], limits: tuple[float, float], rng: Generator
) -> NDArray[np.int64]:
    """(n,) random order of candidates in which bins take turns, and within a bin the values of ``other``.

    Args:
        angle_deg: (n,) the angle that each asks for.
        other: (n,) what else is spread, such as the object asked about.
        limits: smallest and largest angle that may be asked; candidates outside come last.
    """
    order = rng.permutation(len(angle_deg))
    bins = angle_bin(angle_deg)
    order = order[_take_turns(np.stack([bins, other], axis=1)[order])]
    fits = (angle_deg >= limits[0]) & (angle_deg <= limits[1])
    order, refused = order[fits[order]], order[~fits[order]]
    return np.concatenate([order[_take_turns(bins[order, None])], refused])


def _take_turns(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) order in which the different rows of ``groups`` (n, k) take turns; members of a group keep their order."""
    if not len(groups):
        return np.zeros(0, dtype=np.int64)
    _, group, size = np.unique(groups, axis=0, return_inverse=True, return_counts=True)
    by_group = np.argsort(group.ravel(), kind="stable")
    rank = np.empty(len(groups), dtype=np.int64)
    rank[by_group] = np.arange(len(groups)) - np.repeat(np.cumsum(size) - size, size)
    return np.argsort(rank, kind="stable")
