import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.box import Box3D
from qagen.kernels.boxes import box_iou, box_ious, projected_box
from tests import naive
from tests.kernels.randomness import random_intrinsics, random_transform, seeds

K = np.array([10.0, 10.0, 4.5, 3.5])


def box_at(center, size):
    """Projected box in a 10 x 8 image of the camera at the origin; its axes are the world's."""
    return projected_box(Box3D.upright(center, size).corners, np.eye(4), K, 10, 8, 0.05)


def test_by_hand_box():
    # Near face at z = 1.5, far face at 2.5; the near one is wider: 10 * 0.3 / 1.5 = 2 pixels around (4.5, 3.5).
    np.testing.assert_allclose(box_at([0, 0, 2], [0.6, 0.6, 1]), [2.5, 1.5, 6.5, 5.5])


def test_by_hand_box_is_clipped_to_the_image():
    np.testing.assert_allclose(box_at([0.75, 0, 2], [1.5, 0.6, 1]), [4.5, 1.5, 9.5, 5.5])


def test_by_hand_box_through_the_near_plane():
    # x from 0.005 to 0.105, y from -0.01 to 0.01, z from -1 to 1, cut at 0.05: left edge where it is farthest,
    # 10 * 0.005 / 1 + 4.5 = 4.55; the others at the cut: top and bottom 3.5 -+ 10 * 0.01 / 0.05 = 1.5 and 5.5,
    # right 10 * 0.105 / 0.05 + 4.5 = 25.5, clipped to 9.5.
    np.testing.assert_allclose(box_at([0.055, 0, 0], [0.1, 0.02, 2]), [4.55, 1.5, 9.5, 5.5])


def test_by_hand_box_around_the_camera_fills_the_image():
    np.testing.assert_allclose(box_at([0, 0, 0], [4, 4, 4]), [-0.5, -0.5, 9.5, 7.5])


@pytest.mark.parametrize(
    "center",
    [
        pytest.param([0, 0, -2], id="behind"),
        pytest.param([0, 0, -0.5], id="its face at depth 0"),
        pytest.param([0, 0, -0.46], id="its face nearer than the near plane"),
        pytest.param([3, 0, 2], id="right of the image"),
        pytest.param([-3, 0, 2], id="left of the image"),
        pytest.param([0, 3, 2], id="below the image"),
        pytest.param([0, -3, 2], id="above the image"),
    ],
)
def test_nothing_in_the_image(center):
    assert np.isnan(box_at(center, [1, 1, 1])).all()


@given(seeds)
def test_equals_twin(seed):
    rng = np.random.default_rng(seed)
    box = Box3D.upright(rng.uniform(-2, 2, 3), rng.uniform(0.1, 3, 3), rng.uniform(0, 6))
    arguments = box.corners, random_transform(rng), random_intrinsics(rng, 64, 48), 64, 48, 0.3
    np.testing.assert_allclose(projected_box(*arguments), naive.projected_box(*arguments), rtol=1e-9, atol=1e-9)


@given(seeds)
def test_moving_world_and_camera_leaves_the_box(seed):
    rng = np.random.default_rng(seed)
    corners = Box3D.upright(rng.uniform(-2, 2, 3), rng.uniform(0.1, 3, 3), rng.uniform(0, 6)).corners
    T_cw, move = random_transform(rng), random_transform(rng, reach_m=5)
    moved = projected_box(naive.to_camera(corners, move), T_cw @ np.linalg.inv(move), K, 10, 8, 0.3)
    np.testing.assert_allclose(moved, projected_box(corners, T_cw, K, 10, 8, 0.3), rtol=1e-8, atol=1e-8)


whole_boxes = st.tuples(*[st.integers(0, 6)] * 4).map(lambda box: np.array(box, np.float64))


@given(whole_boxes, whole_boxes)
def test_iou_equals_twin(a, b):
    assert box_iou(a, b) == pytest.approx(naive.box_iou(a, b))
    assert box_iou(a, b) == box_iou(b, a)
    assert box_ious(np.array([a, b]), b[None]).tolist() == [[box_iou(a, b)], [box_iou(b, b)]]


def test_by_hand_iou():
    # 2 x 2 boxes that share one unit cell: 1 / (4 + 4 - 1).
    assert box_iou(np.array([0.0, 0, 2, 2]), np.array([1.0, 1, 3, 3])) == pytest.approx(1 / 7)


def test_iou_of_a_box_that_is_nowhere():
    assert box_iou(np.full(4, np.nan), np.array([0.0, 0, 2, 2])) == 0
