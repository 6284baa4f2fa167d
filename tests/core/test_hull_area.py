"""Areas of hulls, held against plans that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.floor import hull_area, polygon_area
from qagen.rng import rng_for


def floor(x: tuple[float, float], y: tuple[float, float], per_m2: int = 60) -> np.ndarray:
    """Points spread over an upright rectangle and, closer together, along its sides."""
    rng = rng_for(0, f"{x}{y}")
    low, high = np.array([x[0], y[0]]), np.array([x[1], y[1]])
    inside = rng.uniform(low, high, (int(per_m2 * np.prod(high - low)), 2))
    steps = np.linspace(0, 1, int(10 * (high - low).sum()))
    sides = [
        np.stack([low[0] + steps * (high - low)[0], np.full(len(steps), edge)], axis=1) for edge in (low[1], high[1])
    ]
    ends = [
        np.stack([np.full(len(steps), edge), low[1] + steps * (high - low)[1]], axis=1) for edge in (low[0], high[0])
    ]
    return np.concatenate([inside, *sides, *ends])


def without(points: np.ndarray, x: tuple[float, float], y: tuple[float, float]) -> np.ndarray:
    """The points outside a rectangle: a hole in the scan."""
    low, high = np.array([x[0], y[0]]), np.array([x[1], y[1]])
    return points[~((points > low) & (points < high)).all(axis=1)]


def test_a_rectangle():
    assert hull_area(floor((0, 4), (0, 3)), 0.5) == pytest.approx(12, rel=0.001)


def test_an_l_shaped_room_with_holes():
    # 6 x 5 without its 3 x 2.5 corner: 30 - 7.5 = 22.5. Two holes of 0.8 m x 0.8 m, as behind furniture, are closed.
    room = np.concatenate([floor((0, 6), (0, 2.5)), floor((0, 3), (2.5, 5))])
    scanned = without(without(room, (1, 1.8), (1, 1.8)), (4, 4.8), (0.5, 1.3))
    assert hull_area(scanned, 0.5) == pytest.approx(22.5, rel=0.03)


def test_a_hole_wider_than_the_circle_stays_open():
    # 6 x 6 with a hole of 3 x 3: 36 - 9 = 27, and a circle leaves a little of each of its corners.
    assert hull_area(without(floor((0, 6), (0, 6)), (1.5, 4.5), (1.5, 4.5)), 0.5) == pytest.approx(27, abs=1.2)


def test_what_lies_apart_does_not_count():
    # The patch is 1.5 m away, farther than two radii.
    scanned = np.concatenate([floor((0, 4), (0, 3)), floor((5.5, 7), (0, 3))])
    assert hull_area(scanned, 0.5) == pytest.approx(12, rel=0.001)


@pytest.mark.parametrize("points", [[], [[0, 0]], [[0, 0], [1, 1]], [[0, 0], [1, 1], [2, 2], [3, 3]]])
def test_too_few_points_have_no_area(points):
    assert hull_area(np.array(points, dtype=float).reshape(-1, 2), 1.0) == 0


def test_polygons():
    # The L-shaped room again, both ways round.
    outline = np.array([(0, 0), (6, 0), (6, 2.5), (3, 2.5), (3, 5), (0, 5)], dtype=float)
    assert polygon_area(outline) == pytest.approx(22.5)
    assert polygon_area(outline[::-1]) == pytest.approx(22.5)


@given(st.floats(0.5, 3), st.floats(-10, 10))
def test_a_larger_room_has_a_larger_area(factor, shift):
    points = floor((0, 2), (0, 1))
    area = hull_area(points, 0.5)
    assert hull_area(factor * points + shift, factor * 0.5) == pytest.approx(factor**2 * area, rel=1e-3)
