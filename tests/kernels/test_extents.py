"""What lies beyond the sides of boxes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qagen.kernels.extents import count_below, mark_known, surface_ahead
from tests import naive
from tests.kernels.randomness import random_intrinsics, random_transform, seeds

K = np.array([10.0, 10.0, 0.0, 0.0])
FREE = np.array([0.02, 0.01])
UNIT = np.zeros((1, 3)), np.eye(3)[None], np.ones((1, 3))


def known_at(z, measured, owner, unlabeled_counts=False):
    """Whether a point of object 0 straight ahead at z is known not to belong to it."""
    known = np.zeros(1, np.bool_)
    image, depth = np.array([[owner]], np.int32), np.array([[measured]], np.float32)
    points, owners = np.array([[0.0, 0.0, z]]), np.zeros(1, np.int32)
    mark_known(known, points, owners, np.eye(4), image, K, depth, K, unlabeled_counts, FREE, 0.03, 0.1)
    return bool(known[0])


def test_by_hand_free_space_and_others_surface():
    # At 2 m the ray must end 2 cm behind the point, whatever it shows; 1 cm of 1 m would be the share.
    assert known_at(1.0, 1.05, 0)
    assert not known_at(1.0, 1.01, 0)
    # At the surface of object 1, or 3 cm behind it, the point is not of object 0; 5 cm behind it could be.
    assert known_at(1.0, 1.0, 1)
    assert known_at(1.0, 0.98, 1)
    assert not known_at(1.0, 0.95, 1)
    # Walls (-2) are 10 cm thick; unlabeled surface (-1) may be the object's own.
    assert known_at(1.0, 0.95, -2)
    assert not known_at(1.0, 0.85, -2)
    assert not known_at(1.0, 1.0, -1)
    assert known_at(1.0, 1.0, -1, unlabeled_counts=True)
    assert not known_at(1.0, 0.0, 1)
    assert not known_at(-1.0, 5.0, 1)


@given(seeds, st.booleans())
def test_marks_equal_twin(seed, unlabeled_counts):
    rng = np.random.default_rng(seed)
    (height, width), (rows, cols) = rng.integers(1, 6, 2), rng.integers(1, 6, 2)
    points, owners = rng.uniform(-2, 2, (20, 3)), rng.integers(0, 2, 20).astype(np.int32)
    image = rng.integers(-3, 3, (height, width)).astype(np.int32)
    depth = rng.choice([0, np.nan, np.inf, 0.5, 1, 1.5, 2], (rows, cols)).astype(np.float32)
    K_image, K_depth = random_intrinsics(rng, width, height), random_intrinsics(rng, cols, rows)
    rest = (
        points, owners, random_transform(rng), image, K_image, depth, K_depth, unlabeled_counts, FREE, 0.3, 0.6
    )  # fmt: skip
    known = np.zeros(20, np.bool_)
    mark_known(known, *rest)
    np.testing.assert_array_equal(known, naive.mark_known(*rest))


def test_by_hand_a_wall_beyond_a_side():
    # A square across x = 1.1 behind the upper side of x of a box from -1 to 1: 0.1 m ahead of its middle ray.
    vertices = np.array([[1.1, -2, -2], [1.1, 2, -2], [1.1, 0, 3]], np.float32)
    faces = np.array([[0, 1, 2]], np.int32)
    steps, none = np.array([0.0]), np.empty(0)
    for owner, skip, expected in (
        (-2, True, 0.1),
        (1, True, 0.1),
        (-1, True, np.inf),
        (-1, False, 0.1),
        (0, True, np.inf),
    ):
        whose = np.array([owner], np.int32)
        ahead, owners, own = surface_ahead(vertices, faces, whose, skip, *UNIT, steps, none, 0.03, 0.2)
        assert ahead.shape == (1, 6, 1, 1)
        np.testing.assert_allclose(ahead[0, :, 0, 0], [np.inf, expected, *[np.inf] * 4], rtol=1e-5)
        assert owners[0, 1, 0, 0] == (owner if np.isfinite(expected) else -1)
        assert not own.any()
    on_side = vertices - np.array([0.08, 0, 0], np.float32)
    assert surface_ahead(on_side, faces, np.array([0], np.int32), True, *UNIT, steps, none, 0.03, 0.2)[2][0, 1, 0, 0]


@given(seeds, st.booleans())
def test_rays_equal_twin(seed, skip_unlabeled):
    rng = np.random.default_rng(seed)
    vertices = rng.uniform(-1.5, 1.5, (9, 3)).astype(np.float32)
    faces = np.array([rng.permutation(9)[:3] for _ in range(5)], np.int32)
    owner = rng.integers(-2, 2, 5).astype(np.int32)
    rotations = np.stack([random_transform(rng)[:3, :3] for _ in range(2)])
    boxes = rng.uniform(-0.5, 0.5, (2, 3)), rotations, rng.uniform(0.3, 0.9, (2, 3))
    rest = vertices, faces, owner, skip_unlabeled, *boxes, np.array([-0.5, 0.5]), np.array([0.1, 0.3]), 0.2, 0.4
    *expected, doubtful = naive.surface_ahead(*rest)
    for found, right in zip(surface_ahead(*rest), expected, strict=True):
        assert found.dtype == right.dtype
        np.testing.assert_allclose(found[~doubtful], right[~doubtful], rtol=1e-4, atol=1e-5)


@given(seeds)
def test_counts_equal_twin(seed):
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0, 6, 3)
    turns = np.stack([[[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]] for a in angles])
    boxes = rng.uniform(-1, 1, (3, 3)), turns, rng.uniform(0.1, 0.8, (3, 3))
    floors = np.array([-1.0, np.nan, 0.0])
    rest = rng.uniform(-2, 2, (50, 3)), *boxes, floors, 0.02, np.sort(rng.uniform(0, 1, (3, 2)), axis=1)
    np.testing.assert_array_equal(count_below(*rest), naive.count_below(*rest))


def test_by_hand_what_stands_below():
    # Below the unit box: within its footprint, 0.2 m beside it, and under the floor.
    points = np.array([[0, 0, -1.5], [1.2, 0, -1.5], [0, 0, -3.0], [0, 0, 1.5]])
    counts = count_below(points, *UNIT, np.array([-2.0]), 0.02, np.array([[0.05, 0.3]]))
    assert counts.tolist() == [[1, 2]]
    assert count_below(points[:0], *UNIT, np.array([np.nan]), 0.02, np.array([[0.1]])).tolist() == [[0]]
