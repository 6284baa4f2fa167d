import numpy as np
from hypothesis import given, settings

from qagen.kernels.choice import CROWDED, group_fitting, pick_least_used
from tests import naive
from tests.kernels.randomness import seeds


def random_features(rng):
    """Features of candidates, each of a candidate once, and the same as starts and flat numbers."""
    rows = [rng.permutation(6)[: rng.integers(0, 5)].tolist() for _ in range(rng.integers(1, 30))]
    flat = np.array([feature for row in rows for feature in row], dtype=np.int64)
    return rows, np.cumsum([0, *map(len, rows)]), flat


@given(seeds)
@settings(deadline=None)
def test_least_used_features_come_first(seed):
    rng = np.random.default_rng(seed)
    rows, starts, features = random_features(rng)
    weights, cap = rng.choice([0.5, 1.0, 4.0], 6), rng.integers(1, 8, 6)
    jitter, count = rng.integers(0, 4, len(rows)) / 8, int(rng.integers(0, len(rows) + 1))
    picked = pick_least_used(starts, features, weights, cap, jitter, count).tolist()
    assert picked == naive.pick_least_used(rows, weights, cap, jitter, count, CROWDED)


@given(seeds)
@settings(deadline=None)
def test_groups_start_with_whom_fewest_fit(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 40))
    fits = rng.random((n, n)) < rng.random()
    fits = (fits | fits.T) & ~np.eye(n, dtype=bool)
    groups, ungrouped = group_fitting(fits, 4)
    assert (groups.tolist(), ungrouped.tolist()) == naive.group_fitting(fits, 4)


def test_by_hand_least_used():
    # Candidates 0 and 1 have feature 0, candidate 2 has feature 1. 0 comes first; 2, since feature 0 was used; then 1.
    starts, features = np.array([0, 1, 2, 3]), np.array([0, 0, 1])
    assert pick_least_used(starts, features, np.ones(2), np.array([9, 9]), np.zeros(3), 3).tolist() == [0, 2, 1]


def test_by_hand_groups():
    # A path 0-1-2 and a triangle 3-4-5: of pairs, 0 has one partner and takes 1; then 2 has none; 3 takes 4; 5 is left.
    fits = np.zeros((6, 6), dtype=bool)
    for a, b in ((0, 1), (1, 2), (3, 4), (4, 5), (3, 5)):
        fits[a, b] = fits[b, a] = True
    groups, ungrouped = group_fitting(fits, 2)
    assert groups.tolist() == [[0, 1], [3, 4]]
    assert ungrouped.tolist() == [2, 5]
