"""Pinholes: projection, and sizes that keep pixel centers at integers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.camera import Camera

CAMERA = Camera(fx=500, fy=400, cx=319.5, cy=239.5, width=640, height=480)
sizes = st.integers(1, 2000)
coordinates = st.floats(-5, 5)
points = st.tuples(coordinates, coordinates, st.floats(0.1, 10)).map(np.array)


def test_projection_by_hand() -> None:
    # x 1 m right, y 0.5 m down, 2 m ahead: u = 500 * 1 / 2 + 319.5, v = 400 * 0.5 / 2 + 239.5.
    assert CAMERA.project(np.array([1, 0.5, 2])).tolist() == [569.5, 339.5]


def test_nothing_behind_the_camera_projects() -> None:
    uv = CAMERA.project(np.array([[0, 0, -1.0], [0, 0, 0], [0, 0, 1]]))
    assert np.isnan(uv[:2]).all()
    assert uv[2].tolist() == [319.5, 239.5]


def test_halving_keeps_pixel_centers_at_integers() -> None:
    # Pixels 0 and 1 become pixel 0, whose center lay at 0.5: u' = (u + 0.5) / 2 - 0.5.
    half = CAMERA.scaled(320, 240)
    assert (half.fx, half.fy, half.cx, half.cy) == (250, 200, 159.5, 119.5)
    corner = Camera(fx=500, fy=400, cx=0.5, cy=0.5, width=640, height=480).scaled(320, 240)
    assert (corner.cx, corner.cy) == (0, 0)


def test_the_image_spans_from_edge_to_edge() -> None:
    assert CAMERA.to_fraction(np.array([[-0.5, -0.5], [639.5, 479.5], [319.5, 239.5]])).tolist() == [
        [0, 0],
        [1, 1],
        [0.5, 0.5],
    ]


@given(points, sizes, sizes)
def test_a_point_stays_at_its_fraction_of_the_image(point: np.ndarray, width: int, height: int) -> None:
    other = CAMERA.scaled(width, height)
    assert np.allclose(other.to_fraction(other.project(point)), CAMERA.to_fraction(CAMERA.project(point)))
    assert (other.width, other.height) == (width, height)


@given(points, st.floats(0.1, 10))
def test_points_of_one_ray_share_a_pixel(point: np.ndarray, stretch: float) -> None:
    assert np.allclose(CAMERA.project(point), CAMERA.project(stretch * point))


def test_unprojection_by_hand() -> None:
    # 250 pixels right of the principal point at 500 pixels per unit of x / z, 100 below at 400; 2 m ahead.
    assert CAMERA.unproject(np.array([569.5, 339.5]), 2.0).tolist() == [1, 0.5, 2]


@given(points, points)
def test_unprojection_undoes_projection(first: np.ndarray, second: np.ndarray) -> None:
    pair = np.stack([first, second])
    assert np.allclose(CAMERA.unproject(CAMERA.project(pair), pair[:, 2]), pair)


def test_each_ray_projects_to_its_pixel() -> None:
    camera = CAMERA.scaled(32, 24)
    rays = camera.rays()
    rows, cols = np.indices((24, 32))
    assert (rays[..., 2] == 1).all()
    assert np.allclose(camera.project(rays), np.stack([cols, rows], axis=-1))
    assert np.allclose(camera.ray_lengths(), np.linalg.norm(rays, axis=-1))
