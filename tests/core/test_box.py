"""Boxes: corners, and the upright box of least footprint around points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.box import Box3D

meters = st.floats(-5, 5)
clouds = st.lists(st.tuples(meters, meters, meters), min_size=1, max_size=20).map(np.array)
yaws = st.floats(-3.1, 3.1)


def local(box: Box3D, points: np.ndarray) -> np.ndarray:
    return (points - box.center) @ box.rotation


def footprint(box: Box3D) -> list[float]:
    return sorted(box.size[:2])


def test_corners_count_in_bits() -> None:
    # A box of 2 x 4 x 6 at (10, 0, 0), unturned: bit 0 is +x, bit 1 +y, bit 2 +z.
    corners = Box3D.upright((10, 0, 0), (2, 4, 6)).corners
    assert corners[0].tolist() == [9, -2, -3]
    assert corners[1].tolist() == [11, -2, -3]
    assert corners[2].tolist() == [9, 2, -3]
    assert corners[4].tolist() == [9, -2, 3]
    # A quarter turn to the left takes +x to +y: bit 0 is now +y.
    turned = Box3D.upright((10, 0, 0), (2, 4, 6), np.pi / 2).corners
    assert np.allclose(turned[1] - turned[0], [0, 2, 0])


@given(st.floats(0.2, 3), st.floats(0.2, 3), st.floats(0.1, 3), yaws)
def test_a_known_box_is_found_again(length: float, width: float, height: float, yaw: float) -> None:
    known = Box3D.upright((1, -2, 0.5), (length, width, height), yaw)
    found = Box3D.around(known.corners)
    assert np.allclose(found.center, known.center, atol=1e-9)
    assert np.allclose(footprint(found), footprint(known), atol=1e-9)
    assert found.size[2] == pytest.approx(height)
    quarter_turns = (found.yaw_rad - yaw) / (np.pi / 2)
    assert quarter_turns == pytest.approx(round(quarter_turns), abs=1e-6)


def test_the_least_footprint_is_not_the_axes_own() -> None:
    # A square on its tip, corners 1 m from the center: its own box is sqrt(2) x sqrt(2), the axes' box 2 x 2.
    tips = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 1.0]])
    assert footprint(Box3D.around(tips)) == pytest.approx([np.sqrt(2), np.sqrt(2)])


def test_a_cut_corner_does_not_turn_the_box() -> None:
    # A table of 2 x 1 m without one corner: along the cut the box would be 1.5 sqrt(2) x 1.25 sqrt(2).
    table = np.array([[0, 0, 0], [2, 0, 0], [2, 0.5, 0], [1.5, 1, 0], [0, 1, 0]])
    assert footprint(Box3D.around(table)) == pytest.approx([1, 2])


@given(clouds)
def test_no_other_yaw_has_a_smaller_footprint(points: np.ndarray) -> None:
    found = np.prod(Box3D.around(points).size[:2])
    for yaw in np.radians(np.arange(0, 90, 3)):
        turn = Box3D.upright((0, 0, 0), (1, 1, 1), yaw).rotation
        assert found <= np.prod(np.ptp(points @ turn, axis=0)[:2]) + 1e-6


@given(clouds)
def test_all_points_lie_inside(points: np.ndarray) -> None:
    box = Box3D.around(points)
    assert (np.abs(local(box, points)) <= box.size / 2 + 1e-9).all()
    assert (box.size >= 0).all()
    assert np.allclose(box.rotation @ box.rotation.T, np.eye(3))
    assert np.linalg.det(box.rotation) == pytest.approx(1)


@given(clouds, yaws, meters, meters)
def test_the_box_moves_with_its_points(points: np.ndarray, yaw: float, x: float, y: float) -> None:
    turn = Box3D.upright((0, 0, 0), (1, 1, 1), yaw).rotation
    box, moved = Box3D.around(points), Box3D.around(points @ turn.T + (x, y, 0))
    assert np.prod(moved.size[:2]) == pytest.approx(np.prod(box.size[:2]), abs=1e-6)
    assert moved.size[2] == pytest.approx(box.size[2], abs=1e-9)


def test_a_lone_point_and_a_line_have_boxes() -> None:
    point = Box3D.around([[1, 2, 3]])
    assert point.center.tolist() == [1, 2, 3]
    assert point.size.tolist() == [0, 0, 0]
    # A line from (0, 0) to (3, 4), 5 m long, standing 1 m high at its end.
    line = Box3D.around([[0, 0, 0], [1.5, 2, 0], [3, 4, 1]])
    assert footprint(line) == pytest.approx([0, 5])
    assert line.center == pytest.approx([1.5, 2, 0.5])


def test_no_points_have_no_box() -> None:
    with pytest.raises(ValueError, match="no points to put a box around"):
        Box3D.around(np.zeros((0, 3)))


@given(yaws)
def test_yaw_is_the_heading_of_the_first_axis(yaw: float) -> None:
    assert Box3D.upright((0, 0, 0), (1, 2, 3), yaw).yaw_rad == pytest.approx(yaw)


# From (0, -2, 0), a board along y is seen end on; along x, from the front; turned by 30 degrees from y, half of it.
@pytest.mark.parametrize(
    ("size", "yaw_deg", "sides", "expected"),
    [
        ((0.2, 1.0, 0.3), 0, (0, 1), 0.0),
        ((0.2, 1.0, 0.3), 90, (0, 1), 1.0),
        ((0.2, 1.0, 0.3), 30, (0, 1), 0.5),
        ((0.2, 1.0, 0.3), 0, (2,), 1.0),
        ((0.95, 1.0, 0.3), 0, (0, 1), 1.0),  # the other side looks as long, and is seen from the front
        ((0.85, 1.0, 0.3), 0, (0, 1), 0.0),
        ((0.2, 1.0, 1.1), 0, (0, 1, 2), 1.0),
    ],
)
def test_how_much_of_a_side_is_seen(size: tuple, yaw_deg: float, sides: tuple, expected: float) -> None:
    box = Box3D.upright((0, 0, 0), size, np.radians(yaw_deg))
    assert box.unforeshortened(sides, np.array([0.0, -2, 0])) == pytest.approx(expected)


def test_a_height_is_not_seen_from_straight_above() -> None:
    box = Box3D.upright((0, 0, 0), (1, 1, 2))
    assert box.unforeshortened((2,), np.array([0.0, 0, 5])) == 0
    assert box.unforeshortened((2,), np.array([0.0, 3, 4])) == pytest.approx(0.6)  # 3 across, 5 away
    assert box.unforeshortened((2,), np.zeros(3)) == 0
