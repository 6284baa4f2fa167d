import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.kernels.surface import count_near, face_normals
from tests import naive
from tests.kernels.randomness import seeds


@given(seeds, st.sampled_from([np.float32, np.float64]))
def test_normals_equal_twin(seed, kind):
    rng = np.random.default_rng(seed)
    vertices, faces = rng.uniform(-3, 3, (9, 3)).astype(kind), rng.integers(0, 9, (12, 3)).astype(np.int32)
    np.testing.assert_array_equal(face_normals(vertices, faces), naive.face_normals(vertices, faces))


@given(seeds)
def test_counts_equal_twin(seed):
    rng = np.random.default_rng(seed)
    points, cloud = (rng.uniform(-1, 1, (rng.integers(0, 30), 3)) * rng.uniform(0.1, 3) for _ in range(2))
    reach_m = float(rng.choice([0.05, 0.3, 5.0]))
    np.testing.assert_array_equal(count_near(points, cloud, reach_m), naive.count_near(points, cloud, reach_m))


def test_by_hand_normal():
    # Sides (2, 0, 0) and (0, 3, 0): the normal is (0, 0, 6), the area half of that.
    vertices = np.array([[1, 1, 1], [3, 1, 1], [1, 4, 1]], np.float32)
    np.testing.assert_array_equal(face_normals(vertices, np.array([[0, 1, 2]], np.int32)), [[0, 0, 6]])


def test_by_hand_count():
    # On the x axis at 0, 1 and 2.5: within 1.5 of 0 lie 0 and 1, of 1 all three, of 2.5 the last two; 9 sees none.
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2.5, 0, 0]])
    assert count_near(np.vstack([line, [[9.0, 0, 0]]]), line, 1.5).tolist() == [2, 3, 2, 0]


@pytest.mark.parametrize(("n", "m"), [(0, 3), (3, 0), (0, 0)])
def test_nothing_is_near_nothing(n, m):
    assert count_near(np.zeros((n, 3)), np.zeros((m, 3)), 0.1).tolist() == [0] * n
