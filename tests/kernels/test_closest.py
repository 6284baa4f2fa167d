import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.box import Box3D
from qagen.kernels.closest import bounding_tree, smallest_distance
from tests import naive
from tests.kernels.randomness import seeds

HALF_DIAGONAL = math.sqrt(0.5)
QUADS = ((0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5))
counts = st.integers(1, 5)


def distance(first, second):
    return smallest_distance(*bounding_tree(np.asarray(first, float)), *bounding_tree(np.asarray(second, float)))


def box(center, size=(1, 1, 1), yaw_deg=0.0):
    """(12, 3, 3) the sides of a box."""
    corners = Box3D.upright(center, size, math.radians(yaw_deg)).corners
    return np.array([corners[[q[0], *pair]] for q in QUADS for pair in (q[1:3], q[2:4])])


def pieces(rng, count, corners, spread=1.0):
    return rng.normal(0, spread, (count, 1, 3)) + rng.normal(0, 0.5, (count, corners, 3))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Side to side: 2 between the centers, half a meter to each side.
        (box((0, 0, 0.5)), box((2, 0, 0.5)), 1.0),
        # One above the other.
        (box((0, 0, 0)), box((0.3, 0.2, 2.5)), 1.5),
        # Corner to corner, one meter along each axis.
        (box((0, 0, 0)), box((2, 2, 2)), math.sqrt(3)),
        # The upright edge of the turned box stands before the side of the other.
        (box((0, 0, 0)), box((2, 0, 0), yaw_deg=45), 1.5 - HALF_DIAGONAL),
        # Edge to edge, and the same with one of them a meter higher than the other ends.
        (box((0, 0, 0), yaw_deg=45), box((2, 0, 0), yaw_deg=45), 2 - 2 * HALF_DIAGONAL),
        (box((0, 0, 0), yaw_deg=45), box((2, 0, 2), yaw_deg=45), math.hypot(2 - 2 * HALF_DIAGONAL, 1)),
        # A corner of the turned box's bottom over the other's top edge: 0.2 m beside it and 0.5 m above.
        (box((0, 0, 0)), box((0.7 + HALF_DIAGONAL, 0, 1.5), yaw_deg=45), math.hypot(0.2, 0.5)),
        # A bar through a box touches no corner and no edge of it.
        (box((0, 0, 0)), box((0, 0, 0), (5, 0.1, 0.1)), 0.0),
        # Only surfaces count: half a meter from the inner box to the outer one.
        (box((0, 0, 0)), box((0, 0, 0), (2, 2, 2)), 0.5),
    ],
)
def test_by_hand_boxes(first, second, expected):
    assert distance(first, second) == pytest.approx(expected, abs=1e-12)
    assert distance(second, first) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([[(0, 0, 0)]], [[(3, 4, 0)]], 5.0),
        # A point over the inside of a triangle, beside an edge, beyond a corner.
        ([[(0.2, 0.2, 0.7)]], [[(0, 0, 0), (1, 0, 0), (0, 1, 0)]], 0.7),
        ([[(0.5, -0.3, 0.4)]], [[(0, 0, 0), (1, 0, 0), (0, 1, 0)]], 0.5),
        ([[(-0.3, -0.4, 0)]], [[(0, 0, 0), (1, 0, 0), (0, 1, 0)]], 0.5),
        # Two edges that cross at right angles, one meter apart in height.
        ([[(-1, 0, 0), (1, 0, 0), (0, 0, -1)]], [[(0, -1, 1), (0, 1, 1), (0, 0, 2)]], 1.0),
        # One triangle stands in the other, no edges meet.
        ([[(-5, -5, 0), (5, -5, 0), (0, 5, 0)]], [[(0, 0, -1), (0, 0, 1), (0.1, 0, 1)]], 0.0),
        # A triangle without area is a segment.
        ([[(0, 0, 0), (1, 0, 0), (2, 0, 0)]], [[(1.5, 0, 2)]], 2.0),
    ],
)
def test_by_hand_pieces(first, second, expected):
    assert distance(first, second) == pytest.approx(expected, abs=1e-12)
    assert distance(second, first) == pytest.approx(expected, abs=1e-12)


@given(seeds, counts, counts, st.sampled_from([1, 3]), st.sampled_from([1, 3]))
def test_it_is_the_naive_distance_of_all_pairs(seed, n, m, corners, other_corners):
    rng = np.random.default_rng(seed)
    first, second = pieces(rng, n, corners), pieces(rng, m, other_corners) + rng.normal(0, 2, 3)
    assert distance(first, second) == pytest.approx(naive.smallest_distance(first, second), abs=1e-7)


@given(seeds, st.integers(1, 300), st.integers(1, 300))
def test_it_is_a_distance_of_sets(seed, n, m):
    rng = np.random.default_rng(seed)
    first, second, third = pieces(rng, n, 3), pieces(rng, m, 3) + 4, pieces(rng, n, 1) + 8
    between = distance(first, second)
    assert distance(second, first) == pytest.approx(between, abs=1e-9)
    assert distance(rng.permutation(first), second) == pytest.approx(between, abs=1e-9)
    assert distance(first, first) == pytest.approx(0, abs=1e-9)
    # A set reaches from its closest place to the one to that to the other.
    across = float(np.linalg.norm(np.ptp(second, axis=(0, 1))))
    assert distance(first, third) <= between + across + distance(second, third) + 1e-9
    # Moving one surface changes it by no more than the move, and more surface makes it no larger.
    step = rng.normal(0, 1, 3)
    assert abs(distance(first + step, second) - between) <= np.linalg.norm(step) + 1e-9
    assert distance(np.concatenate([first, third.repeat(3, axis=1)]), second) <= between + 1e-9


def test_the_tree_holds_every_piece_once():
    rng = np.random.default_rng(0)
    given_pieces = pieces(rng, 1001, 3)
    ordered, bounds = bounding_tree(given_pieces)
    assert sorted(map(tuple, ordered.reshape(-1, 9).tolist())) == sorted(map(tuple, given_pieces.reshape(-1, 9)))
    np.testing.assert_array_equal(bounds[0, 1], given_pieces.min(axis=(0, 1)))
    np.testing.assert_array_equal(bounds[1, 1], given_pieces.max(axis=(0, 1)))


@pytest.mark.slow
def test_two_sofas_of_half_a_million_points_take_little_memory():
    rng = np.random.default_rng(0)
    sofas = [rng.random((500_000, 1, 3)) * (2, 0.9, 0.8) + (0, start, 0) for start in (0, 2.4)]
    tracemalloc.start()
    between = distance(*sofas)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 0.9 to 2.4 along y; the closest of so many points are less than a centimeter farther apart.
    assert 1.5 <= between < 1.51
    assert peak_bytes < 300e6
