"""Choosing samples whose true options look like the others."""

import numpy as np
import pytest

from qagen.sampling.balance import bias, choose_balanced


def test_a_look_gives_away_what_the_true_option_has_more_often_than_the_others() -> None:
    # Two samples of four options, the first true. Look 7 is only the true one's: 1 - 1/4; look 5 is one other's: -1/4.
    given_away = bias([np.array([[7, 5, 6, 6], [5, 5, 7, 7]])]).toarray()
    assert given_away == pytest.approx(np.array([[-0.25, -0.5, 0.75], [0.5, 0, -0.5]]))
    summed = bias([np.array([[7, 5, 6, 6], [5, 5, 7, 7]])], 2).toarray()
    assert summed == pytest.approx(np.array([[0.25, -0.5, 0.25]]))


def test_only_what_evens_out_is_chosen() -> None:
    # The true option is the largest in seventy samples, and has each other rank in ten: forty are even.
    ranks = np.repeat([3, 2, 1, 0], [70, 10, 10, 10])
    looks = bias([(ranks[:, None] + np.arange(4)) % 4])
    places = np.arange(100)[:, None]
    chosen = choose_balanced(looks, places, 100)
    assert np.bincount(ranks[chosen]).tolist() == pytest.approx([10] * 4, abs=1)
    filled = choose_balanced(looks, places, 50, slack=np.inf)
    assert np.bincount(ranks[filled]).tolist() == [10, 10, 10, 20]


def test_no_two_rows_share_a_member() -> None:
    looks = np.array([[0, 1], [1, 0], [0, 1], [1, 0]])
    members = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    assert choose_balanced(bias([looks]), members, 4, slack=np.inf) in ([0, 3], [0, 2])
