"""Straight legs of a path."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qagen.core.floor import corners_of, distance_to_leg, slip_back, wrap_deg

PATHS = arrays(np.float64, st.tuples(st.integers(2, 30), st.just(2)), elements=st.floats(-10, 10))


def test_a_corner_stays_and_a_wobble_goes():
    path = np.array([(0, 0), (1, 0.1), (2, 0), (2.1, 1), (2, 2)])
    assert corners_of(path, 0.25) == [0, 2, 4]
    assert corners_of(path, 0.05) == [0, 1, 2, 3, 4]


def test_a_way_out_and_back_has_a_corner_at_its_far_end():
    assert corners_of(np.array([(0.0, 0), (1, 0), (2, 0), (1, 0), (0, 0)]), 0.25) == [0, 2, 4]


@given(PATHS, st.floats(0.01, 5))
def test_no_point_is_farther_from_its_leg_than_allowed(path, tolerance):
    corners = corners_of(path, tolerance)
    assert corners[0] == 0
    assert corners[-1] == len(path) - 1
    for start, end in pairwise(corners):
        assert distance_to_leg(path[start : end + 1], path[start], path[end]).max() <= tolerance


def test_distances_to_a_leg():
    # Beside its middle, beyond its end (3-4-5), and to a leg without length.
    points = np.array([(1.0, 0.5), (5, 4)])
    assert distance_to_leg(points, np.zeros(2), np.array([2.0, 0])) == pytest.approx([0.5, 5])
    assert distance_to_leg(points[1:], np.array([2.0, 0]), np.array([2.0, 0])) == pytest.approx([5])


def test_slipping_back():
    # Forward to 3, back to 1.5, forward to 4: back by 1.5. Sideways does not count.
    path = np.array([(0.0, 0), (3, 1), (1.5, 0), (4, 0)])
    assert slip_back(path, path[0], path[-1]) == pytest.approx(1.5)
    assert slip_back(path[:2], path[0], path[1]) == 0


@pytest.mark.parametrize(("angle", "wrapped"), [(0, 0), (180, 180), (-180, 180), (190, -170), (-350, 10), (725, 5)])
def test_wrapping(angle, wrapped):
    assert wrap_deg(angle) == pytest.approx(wrapped)
