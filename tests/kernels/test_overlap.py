import numpy as np
from hypothesis import given

from qagen.kernels.overlap import inside_fraction, points_seen, shared_fraction
from tests import naive
from tests.kernels.randomness import dtypes, random_intrinsics, random_transform, seeds

K = np.array([10.0, 10.0, 4.5, 3.5])


def test_by_hand_points_seen():
    # The image shows a wall at 2 m; tolerance max(0.05, 0.025 * z). Its right half, columns 5 to 9, is unknown.
    composite = np.full((8, 10), 2, np.float32)
    composite[:, 5:] = np.inf
    points = np.array(
        [
            [-0.2, 0, 2.04],  # u = 10 * -0.2 / 2.04 + 4.5 = 3.5: on the wall
            [-0.2, 0, 2.1],  # 0.1 m behind it, tolerance 0.0525
            [-0.2, 0, 1.9],  # 0.1 m before it
            [0.2, 0, 2],  # u = 5.5, rounded to column 6: unknown
            [-3, 0, 2],  # u = -10.5: outside
            [0, 0, -2],  # behind the camera
            [0, 0, 0],  # at depth 0
        ]
    )
    seen = points_seen(points, np.eye(4), K, composite, 0.05, 0.025)
    assert seen.tolist() == [True, False, False, False, False, False, False]


def test_by_hand_point_on_the_right_edge_of_the_image():
    # u = 10 * 1 / 2 + 4.5 = 9.5, the outer edge of column 9, the only one that shows anything.
    composite = np.full((8, 10), np.inf, np.float32)
    composite[:, 9] = 2
    assert points_seen(np.array([[1, 0, 2.0]]), np.eye(4), K, composite, 0.05, 0.025).tolist() == [True]


@given(seeds, dtypes)
def test_points_seen_equals_twin(seed, dtype):
    rng = np.random.default_rng(seed)
    T_cw, intrinsics = random_transform(rng), random_intrinsics(rng, 10, 8)
    composite = rng.choice([0.5, 1, 2, np.inf], (8, 10)).astype(np.float32)
    points = rng.uniform(-2, 2, (60, 3)).astype(dtype)
    arguments = points, T_cw, intrinsics, composite, 0.2, 0.15
    np.testing.assert_array_equal(points_seen(*arguments), naive.points_seen(*arguments))


def test_by_hand_inside_fraction():
    # Object 0: one of four inside (the others: u = 10 * 1 / 1 + 4.5 = 14.5, behind, and nearer than 0.05 m).
    # Object 1 has no points. Object 2: u = 10 * 0.5 + 4.5 = 9.5, exactly the right edge of a 10 pixel image: inside.
    points = np.array([[0, 0, 1], [1, 0, 1], [0, 0, -1], [0, 0, 0.04], [0.5, 0, 1]])
    shares = inside_fraction(points, np.array([0, 4, 4, 5]), np.eye(4), K, 10, 8, 0.05)
    np.testing.assert_array_equal(shares, [0.25, np.nan, 1])


@given(seeds, dtypes)
def test_inside_fraction_equals_twin(seed, dtype):
    rng = np.random.default_rng(seed)
    T_cw, intrinsics = random_transform(rng), random_intrinsics(rng, 10, 8)
    starts = np.concatenate([[0], np.cumsum(rng.integers(0, 8, 5))])
    points = rng.uniform(-2, 2, (starts[-1], 3)).astype(dtype)
    arguments = points, starts, T_cw, intrinsics, 10, 8, 0.3
    np.testing.assert_array_equal(inside_fraction(*arguments), naive.inside_fraction(*arguments))


def test_by_hand_shared_fraction():
    # Frame 0 sees points 0, 1, 2; frame 1 sees 2, 3; they share one: 1/3 of the first, 1/2 of the second.
    # Frame 2 is blind.
    seen = np.array([[1, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0]], bool)
    np.testing.assert_allclose(shared_fraction(seen), [[1, 1 / 3, 0], [1 / 2, 1, 0], [0, 0, 0]])


@given(seeds)
def test_shared_fraction_equals_twin(seed):
    rng = np.random.default_rng(seed)
    seen = rng.random((rng.integers(1, 6), rng.choice([1, 7, 63, 64, 65, 200]))) < rng.choice([0.02, 0.5, 0.98])
    found = shared_fraction(seen)
    np.testing.assert_allclose(found, naive.shared_fraction(seen))
    np.testing.assert_array_equal(np.diag(found), seen.any(axis=1))


def test_empty_inputs():
    none = np.empty((0, 3), np.float32)
    assert points_seen(none, np.eye(4), K, np.ones((8, 10), np.float32), 0.05, 0.025).shape == (0,)
    assert not points_seen(np.ones((3, 3)), np.eye(4), K, np.empty((0, 0), np.float32), 0.05, 0.025).any()
    assert inside_fraction(none, np.zeros(1, np.int64), np.eye(4), K, 10, 8, 0.05).shape == (0,)
    assert np.isnan(inside_fraction(none, np.zeros(3, np.int64), np.eye(4), K, 10, 8, 0.05)).all()
    assert shared_fraction(np.empty((0, 5), bool)).shape == (0, 0)
    np.testing.assert_array_equal(shared_fraction(np.empty((2, 0), bool)), np.zeros((2, 2)))
