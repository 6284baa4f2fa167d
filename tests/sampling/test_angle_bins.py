"""Bins of angles."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qagen.rng import rng_for
from qagen.sampling.angle_bins import BINS, MAX_BIAS, BinQuota, angle_bin, in_turns


def test_the_bin_of_an_angle() -> None:
    assert angle_bin(np.array([0, 29.9, 30, 49.9, 50, 104.9, 105, 170])).tolist() == [0, 0, 1, 1, 2, 3, 4, 4]


def test_a_bin_may_lead_the_rarest_by_so_many() -> None:
    quota = BinQuota()
    assert sum(quota.admits(20) for _ in range(50)) == MAX_BIAS
    for angle in (40, 60, 90, 120):  # one more of each other bin admits one more of this one
        assert not quota.admits(20)
        assert quota.admits(angle)
    assert quota.admits(20)
    assert not quota.admits(20)


@given(st.lists(st.tuples(st.floats(0, 180), st.integers(0, 3)), max_size=60), st.integers(0, 2**31))
def test_every_candidate_comes_once_and_bins_take_turns(candidates: list[tuple[float, int]], seed: int) -> None:
    angles = np.array([angle for angle, _ in candidates], dtype=np.float64)
    other = np.array([value for _, value in candidates], dtype=np.int64)
    order = in_turns(angles, other, (0, 180), rng_for(seed))
    assert sorted(order.tolist()) == list(range(len(candidates)))
    bins = angle_bin(angles)[order].tolist()
    counts = Counter(bins)
    for end in range(len(bins) + 1):  # at no time does a bin lead one that is not yet exhausted by more than one
        seen = Counter(bins[:end])
        left = [seen[k] for k in range(BINS) if seen[k] < counts[k]]
        assert not left or max(seen.values(), default=0) - min(left) <= 1


def test_within_a_bin_the_other_values_take_turns() -> None:
    angles, other = np.full(12, 20.0), np.array([0] * 9 + [1] * 3)
    order = in_turns(angles, other, (15, 170), rng_for(0))
    assert sorted(other[order[:2]]) == sorted(other[order[2:4]]) == [0, 1]


def test_angles_that_are_not_asked_come_last() -> None:
    angles = np.array([5.0, 20.0, 175.0, 40.0, 10.0, 60.0, 22.0])
    order = in_turns(angles, np.zeros(7, dtype=np.int64), (15, 170), rng_for(0))
    assert set(order[:3].tolist()) in ({1, 3, 5}, {6, 3, 5})
    assert set(order[4:].tolist()) == {0, 2, 4}
