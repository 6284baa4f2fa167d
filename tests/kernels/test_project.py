import numpy as np
import pytest
from hypothesis import given

from qagen.kernels.project import project_points
from tests import naive
from tests.kernels.randomness import dtypes, random_intrinsics, random_transform, seeds

K = np.array([10.0, 20.0, 4.5, 3.5])


def test_by_hand():
    # u = 10 * 1 / 2 + 4.5 = 9.5; v = 20 * 0.5 / 2 + 3.5 = 8.5. At depth 0 and behind: no pixel, but the depth is told.
    points = np.array([[1, 0.5, 2], [1, 0.5, 0], [1, 0.5, -2]])
    expected = [[9.5, 8.5, 2], [np.nan, np.nan, 0], [np.nan, np.nan, -2]]
    np.testing.assert_allclose(project_points(points, np.eye(4), K), expected)


def test_by_hand_moved_camera():
    # The camera stands at x = 3, so the point at world x = 4 is 1 m to its right.
    T_cw = np.eye(4)
    T_cw[0, 3] = -3
    np.testing.assert_allclose(project_points(np.array([[4, 0.5, 2]]), T_cw, K), [[9.5, 8.5, 2]])


@given(seeds, dtypes)
def test_equals_twin(seed, dtype):
    rng = np.random.default_rng(seed)
    T_cw, intrinsics = random_transform(rng), random_intrinsics(rng, 64, 48)
    points = rng.normal(size=(30, 3)).astype(dtype)
    expected = naive.project_points(points, T_cw, intrinsics)
    np.testing.assert_allclose(project_points(points, T_cw, intrinsics), expected, rtol=1e-9, atol=1e-9)


@given(seeds)
def test_unprojecting_gives_the_point_back(seed):
    rng = np.random.default_rng(seed)
    T_cw, intrinsics = random_transform(rng), random_intrinsics(rng, 64, 48)
    camera = rng.uniform([-3, -3, 0.1], [3, 3, 9], (30, 3))
    world = naive.to_camera(camera, np.linalg.inv(T_cw))
    u, v, z = project_points(world, T_cw, intrinsics).T
    back = np.column_stack([(u - intrinsics[2]) / intrinsics[0] * z, (v - intrinsics[3]) / intrinsics[1] * z, z])
    np.testing.assert_allclose(back, camera, atol=1e-9)


@given(seeds)
def test_moving_world_and_camera_leaves_pixels(seed):
    rng = np.random.default_rng(seed)
    T_cw, move = random_transform(rng), random_transform(rng, reach_m=5)
    camera = rng.uniform([-3, -3, 0.1], [3, 3, 9], (30, 3))
    world = naive.to_camera(camera, np.linalg.inv(T_cw))
    moved = project_points(naive.to_camera(world, move), T_cw @ np.linalg.inv(move), K)
    np.testing.assert_allclose(moved, project_points(world, T_cw, K), atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_points(dtype):
    assert project_points(np.empty((0, 3), dtype), np.eye(4), K).shape == (0, 3)


def test_point_that_is_not_finite_has_no_pixel():
    assert np.isnan(project_points(np.array([[np.nan, 0, 2]]), np.eye(4), K)[0, :2]).all()
