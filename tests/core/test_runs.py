"""Masks as run lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qagen.core.runs import MAX_COLUMNS, box_around, from_runs, to_runs

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 15))


@given(SHAPES.flatmap(lambda shape: arrays(bool, shape)))
def test_there_and_back(mask) -> None:
    runs = to_runs(mask)
    assert (from_runs(runs) == mask).all()
    assert min(runs[3:], default=1) > 0


def test_by_hand() -> None:
    # . X .      background 1, object 1, background 1 | 2 ..., row by row
    # X X .
    mask = np.array([[0, 1, 0], [1, 1, 0]], dtype=bool)
    assert to_runs(mask) == (2, 3, 1, 1, 1, 2, 1)
    assert to_runs(~mask) == (2, 3, 0, 1, 1, 1, 2, 1)
    assert to_runs(np.ones((2, 2), dtype=bool)) == (2, 2, 0, 4)
    assert to_runs(np.zeros((2, 2), dtype=bool)) == (2, 2, 4)


def test_the_box_around_a_mask_spans_its_cells_edge_to_edge() -> None:
    # Rows 1 to 2 of 4 and columns 3 to 4 of 10.
    mask = np.zeros((4, 10), dtype=bool)
    mask[1:3, 3:5] = True
    assert box_around(to_runs(mask)) == (300, 250, 500, 750)


@pytest.mark.parametrize(
    "place",
    [(2, 2), (2, 2, 3), (2, 2, 5), (2, 2, 1, 0, 3), (2, 2, -1, 5), (0, 2, 0), (1, MAX_COLUMNS + 1, MAX_COLUMNS + 1)],
)
def test_what_is_no_mask_is_refused(place) -> None:
    with pytest.raises(ValueError, match=r"grid|cells"):
        from_runs(place)
