"""Choosing samples whose correct options show no cue."""

import numpy as np
import pytest

from qagen.sampling.balance import choose_balanced, cue_bias


def test_a_cue_gives_away_what_the_true_option_has_more_often_than_the_others() -> None:
    # Two samples of four options, the first true. Cue 7 is only the true one's: 1 - 1/4; cue 5 is one other's: -1/4.
    found = cue_bias([np.array([[7, 5, 6, 6], [5, 5, 7, 7]])]).toarray()
    assert found == pytest.approx(np.array([[-0.25, -0.5, 0.75], [0.5, 0, -0.5]]))
    summed = cue_bias([np.array([[7, 5, 6, 6], [5, 5, 7, 7]])], 2).toarray()
    assert summed == pytest.approx(np.array([[0.25, -0.5, 0.25]]))


def test_only_what_evens_out_is_chosen() -> None:
    # The true option is the largest in seventy samples, and has each other rank in ten: forty are even.
    ranks = np.repeat([3, 2, 1, 0], [70, 10, 10, 10])
    cues = cue_bias([(ranks[:, None] + np.arange(4)) % 4])
    places = np.arange(100)[:, None]
    chosen = choose_balanced(cues, places, 100)
    assert np.bincount(ranks[chosen]).tolist() == pytest.approx([10] * 4, abs=1)
    filled = choose_balanced(cues, places, 50, slack=np.inf)
    assert np.bincount(ranks[filled]).tolist() == [10, 10, 10, 20]


def test_no_two_rows_share_a_member() -> None:
    cues = np.array([[0, 1], [1, 0], [0, 1], [1, 0]])
    members = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    assert choose_balanced(cue_bias([cues]), members, 4, slack=np.inf) in ([0, 3], [0, 2])
