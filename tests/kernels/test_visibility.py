import numpy as np
from hypothesis import given

from qagen.kernels.visibility import compare_with_depth, instance_stats, mean_luminance
from tests import naive
from tests.kernels.randomness import random_intrinsics, seeds

K = np.array([10.0, 10.0, 2.0, 0.0])
INF = np.inf


def test_by_hand_depth_decides():
    # One row of pixels at 2 m, tolerance max(0.05, 0.025 * 2 = 0.05) m. Measured: nothing, the mesh itself, 0.1 m
    # nearer (something before it), 0.1 m farther (the mesh is not there), and 1 m where there is no mesh at all.
    instance = np.array([[0, 0, 0, 0, -1]], np.int32)
    mesh = np.array([[2, 2, 2, 2, INF]], np.float32)
    measured = np.array([[0, 2.04, 1.9, 2.1, 1]], np.float32)
    visible, confirmed, passed, composite = compare_with_depth(instance, mesh, K, measured, K, 0.05, 0.025)
    assert visible.tolist() == [[0, 0, -1, 0, -1]]
    assert confirmed.tolist() == [[False, True, False, False, False]]
    assert passed.tolist() == [[False, False, False, True, False]]
    np.testing.assert_array_equal(composite, np.array([[2, 2, 1.9, 2, 1]], np.float32))


def test_by_hand_tolerance_grows_with_depth():
    # At 8 m the tolerance is 0.025 * 8 = 0.2 m: 7.85 is the mesh, 7.75 something else.
    instance, mesh = np.zeros((1, 2), np.int32), np.full((1, 2), 8, np.float32)
    measured = np.array([[7.85, 7.75]], np.float32)
    assert compare_with_depth(instance, mesh, K, measured, K, 0.05, 0.025)[0].tolist() == [[0, -1]]


def test_by_hand_depth_of_another_resolution():
    # The depth camera has a third of the pixels: u' = u / 3 (fx 10 to 10/3, both principal points on pixel 0), so
    # columns 0 1 | 2 3 4 | 5 see depth columns 0, 1 and 2. The last of those is outside the two columns there are.
    intrinsics, K_measured = np.array([10.0, 10, 0, 0]), np.array([10 / 3, 10 / 3, 0, 0])
    instance, mesh = np.zeros((1, 6), np.int32), np.full((1, 6), 4, np.float32)
    measured = np.array([[4, 3]], np.float32)
    visible, _, _, composite = compare_with_depth(instance, mesh, intrinsics, measured, K_measured, 0.05, 0.025)
    assert visible.tolist() == [[0, 0, -1, -1, -1, 0]]
    assert composite.tolist() == [[4, 4, 3, 3, 3, 4]]


@given(seeds)
def test_holding_equals_twin(seed):
    rng = np.random.default_rng(seed)
    (height, width), (rows, cols) = rng.integers(1, 9, 2), rng.integers(1, 9, 2)
    instance = rng.integers(-1, 3, (height, width)).astype(np.int32)
    mesh = rng.choice([0.5, 1, 4], (height, width)).astype(np.float32)
    mesh[(instance < 0) & (rng.random(mesh.shape) < 0.5)] = np.inf
    measured = rng.choice([0, -1, np.nan, np.inf, 0.48, 0.53, 1, 3.95, 4.2], (rows, cols)).astype(np.float32)
    K_image, K_measured = random_intrinsics(rng, width, height), random_intrinsics(rng, cols, rows)
    arguments = instance, mesh, K_image, measured, K_measured, 0.05, 0.025
    for found, expected in zip(compare_with_depth(*arguments), naive.compare_with_depth(*arguments), strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@given(seeds)
def test_no_measurement_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    instance = rng.integers(-1, 3, (4, 5)).astype(np.int32)
    mesh = rng.uniform(1, 4, (4, 5)).astype(np.float32)
    for measured in (np.zeros((4, 5), np.float32), np.empty((0, 0), np.float32)):
        visible, confirmed, passed, composite = compare_with_depth(instance, mesh, K, measured, K, 0.05, 0.025)
        np.testing.assert_array_equal(visible, instance)
        assert not confirmed.any()
        assert not passed.any()
        np.testing.assert_array_equal(composite, mesh)


def stats_of(rows, center, closed=(), inset=3):
    """Stats of the only object of a picture in words: "#" is the object, anything else is not."""
    visible = np.array([[0 if sign == "#" else -1 for sign in row] for row in rows], np.int32)
    markable = visible >= 0
    for row, col in closed:
        markable[row, col] = False
    pixels, boxes, marks = instance_stats(visible, markable, np.array([center], np.float64), inset)
    return int(pixels[0]), boxes[0].tolist(), marks[0].tolist()


BLOCK = [".......", ".#####.", ".#####.", ".#####.", "......."]


def test_by_hand_center_inside_the_object_is_the_mark():
    # Columns 1 to 5 and rows 1 to 3: edges 0.5, 0.5, 5.5, 3.5; 15 pixels. (2.4, 2.3) falls on pixel column 2, row 2.
    assert stats_of(BLOCK, (2.4, 2.3)) == (15, [0.5, 0.5, 5.5, 3.5], [2.4, 2.3])


def test_by_hand_center_at_the_rim_moves_inside():
    # (1, 1) is the upper left corner of the block; the pixels that are two deep are columns 2 to 4 of row 2.
    assert stats_of(BLOCK, (1, 1))[2] == [2, 2]


def test_by_hand_center_beside_the_object_moves_to_its_inside():
    assert stats_of(BLOCK, (0, 0))[2] == [2, 2]


def test_by_hand_closed_center_moves():
    # (3, 2) itself may not carry a mark, so column 2 or 4 of its row; the left one.
    assert stats_of(BLOCK, (3, 2), closed=[(2, 3)])[2] == [2, 2]


def test_by_hand_deep_enough_is_enough():
    # A 9 x 9 block from (1, 1) to (9, 9), center projected to (0, 5). Depth 2 begins at column 2, depth 3 at column 3.
    block = ["." * 11, *["." + "#" * 9 + "."] * 9, "." * 11]
    assert stats_of(block, (0, 5), inset=1)[2] == [1, 5]
    assert stats_of(block, (0, 5), inset=3)[2] == [3, 5]
    assert stats_of(block, (0, 5), inset=9)[2] == [5, 5]


def test_by_hand_where_all_is_rim_the_nearest_pixel():
    # Two rows have no inside. From (9, 9) the nearest pixel is the lower right one.
    assert stats_of(["....", ".##.", ".##.", "...."], (9, 9))[2] == [2, 2]


def test_by_hand_ties_go_up_then_left():
    # Four corners at the same distance from the middle.
    assert stats_of(["#.#", "...", "#.#"], (1, 1))[2] == [0, 0]


def test_by_hand_the_image_border_is_a_rim():
    # All of a 4 x 4 image: two deep are columns and rows 1 and 2. From (-3, 1.2) the nearest is (1, 1).
    assert stats_of(["####"] * 4, (-3, 1.2))[2] == [1, 1]


def test_by_hand_center_behind_the_camera():
    # The mean of the visible pixels is (3, 2).
    assert stats_of(BLOCK, (np.nan, np.nan))[2] == [3, 2]


def test_by_hand_wholly_closed_object_has_no_mark():
    pixels, box, mark = stats_of(["#"], (0, 0), closed=[(0, 0)])
    assert (pixels, box) == (1, [-0.5, -0.5, 0.5, 0.5])
    assert np.isnan(mark).all()


@given(seeds)
def test_stats_equal_twin(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 14, 2)
    blocks = rng.integers(-1, 4, (-(-height // 4), -(-width // 4))).astype(
        np.int32
    )  # of 4 x 4, so that some have inside
    visible = np.kron(blocks, np.ones((4, 4), np.int32))[:height, :width].copy()
    visible[rng.random((height, width)) < 0.1] = -1
    markable = (visible >= 0) & (rng.random((height, width)) < 0.7)
    centers = rng.uniform(-3, 14, (5, 2)).round(rng.integers(0, 3))
    centers[rng.random(5) < 0.2] = np.nan
    inset = int(rng.integers(1, 5))
    found = instance_stats(visible, markable, centers, inset)
    expected = naive.instance_stats(visible, markable, centers, inset)
    for array, twin in zip(found, expected, strict=True):
        np.testing.assert_array_equal(array, twin)


def test_luminance_of_what_is_visible():
    # Each pixel of the gray image stands for two by two of the instance image. Object 0: 10 and 30; object 1: 200.
    visible = np.array([[0, 0, -1, 1], [-1, -1, -1, 1], [0, 0, -1, -1]], np.int32).repeat(2, axis=0)[:6]
    gray = np.array([[10, 200], [90, 200], [30, 90]], np.uint8)
    assert mean_luminance(visible, gray, 3).tolist() == [20, 200, 0]


@given(seeds)
def test_luminance_equals_twin(seed):
    rng = np.random.default_rng(seed)
    visible = rng.integers(-1, 4, rng.integers(1, 9, 2)).astype(np.int32)
    gray = rng.integers(0, 256, rng.integers(1, 20, 2)).astype(np.uint8)
    np.testing.assert_array_equal(mean_luminance(visible, gray, 5), naive.mean_luminance(visible, gray, 5))


def test_empty_inputs():
    none = np.empty((0, 0), np.int32)
    empty = np.empty((0, 0), np.float32)
    visible, confirmed, passed, composite = compare_with_depth(none, empty, K, empty, K, 0.05, 0.025)
    assert visible.shape == confirmed.shape == passed.shape == composite.shape == (0, 0)
    assert mean_luminance(none, np.empty((0, 0), np.uint8), 2).tolist() == [0, 0]
    pixels, boxes, marks = instance_stats(none, none.astype(bool), np.zeros((2, 2)), 4)
    assert pixels.tolist() == [0, 0]
    assert np.isnan(boxes).all()
    assert np.isnan(marks).all()
    pixels, boxes, marks = instance_stats(np.full((3, 3), -1, np.int32), np.zeros((3, 3), bool), np.empty((0, 2)), 4)
    assert pixels.shape == (0,)
    assert boxes.shape == (0, 4)
    assert marks.shape == (0, 2)
