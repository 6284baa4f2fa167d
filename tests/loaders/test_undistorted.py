"""Lenses with distortion: any number of coefficients that OpenCV takes, and pinholes that see no empty place."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from qagen.core.camera import Camera
from qagen.loaders.io.undistorted import pinhole_without_gaps, undistorted

LENS = Camera(fx=80.0, fy=80.0, cx=79.5, cy=59.5, width=160, height=120)


@pytest.mark.parametrize("count", [4, 5, 8, 12, 14])
def test_a_lens_without_distortion_is_its_own_pinhole(count: int) -> None:
    pinhole = pinhole_without_gaps(LENS, (0.0,) * count)
    assert_allclose(pinhole.intrinsics, LENS.intrinsics, atol=1e-3)


@pytest.mark.parametrize("k1", [-0.1, 0.1])
def test_no_place_of_the_image_is_beyond_the_lens(k1: float) -> None:
    white = np.full((120, 160), 255, np.uint8)
    distortion = (k1, *[0.0] * 11)
    pinhole = pinhole_without_gaps(LENS, distortion)
    assert undistorted(white, LENS, distortion, pinhole)[1:-1, 1:-1].min() == 255
    # barrel distortion squeezes the edges: the pinhole of the lens's own intrinsics sees less, the refitted one as much
    assert (pinhole.fx < LENS.fx) == (k1 < 0)


def test_a_point_stays_on_its_ray() -> None:
    # k1 = 0.1, pinhole coordinates (0.5, 0.25): r^2 = 0.3125, factor 1.03125 -> lens pixel (79.5 + 80 * 0.515625,
    # 59.5 + 80 * 0.2578125) = (120.75, 80.125)
    distortion = (0.1, *[0.0] * 11)
    image = np.zeros((120, 160), np.uint8)
    image[79:82, 120:123] = 255
    pinhole = pinhole_without_gaps(LENS, distortion)
    rows, columns = np.nonzero(undistorted(image, LENS, distortion, pinhole) > 200)
    x, y = (columns.mean() - pinhole.cx) / pinhole.fx, (rows.mean() - pinhole.cy) / pinhole.fy
    assert_allclose([x, y], [0.5, 0.25], atol=0.01)


def test_coefficients_that_are_no_lens_are_refused() -> None:
    with pytest.raises(ValueError, match="found 6 coefficients, expected 4, 5, 8, 12 or 14"):
        pinhole_without_gaps(LENS, (0.0,) * 6)
    with pytest.raises(ValueError, match="expected the distortion of a lens"):
        pinhole_without_gaps(LENS, (-3.0, *[0.0] * 11))
