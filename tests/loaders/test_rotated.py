"""Quarter turns: a point is seen where the turned picture shows it."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import FileSource, Frame
from qagen.errors import SceneError
from qagen.loaders.io.rgbd import DepthImage
from qagen.loaders.io.rotated import RotatedImage, quarter_turns_to_upright, rotated_frame

CAMERA = Camera(fx=20, fy=22, cx=7.0, cy=5.0, width=16, height=12)
UPRIGHT = Pose.from_matrix([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""Looks along +x with the vertical at the picture's top."""


@pytest.fixture
def frame(tmp_path: Path) -> Frame:
    pixels = np.zeros((12, 16, 3), np.uint8)
    pixels[3, 10] = (255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    depth = np.zeros((12, 16), np.uint16)
    depth[3, 10] = 4000
    Image.fromarray(depth).save(tmp_path / "d.png")
    source = DepthImage(tmp_path / "d.png", 16, 12, 1000.0)
    return Frame("0", FileSource(tmp_path / "a.png"), source, CAMERA, CAMERA, UPRIGHT, 0.0)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_picture_depth_camera_and_pose_turn_together(frame: Frame, turns: int) -> None:
    # the red pixel (10, 3) at depth 4 m is one point of the world, however the picture lies
    point = UPRIGHT @ (4.0 * np.array([(10 - 7.0) / 20, (3 - 5.0) / 22, 1.0]))
    turned = rotated_frame(frame, turns)
    x, y = turned.camera.project(turned.world_from_camera.inverse() @ point)
    picture = np.asarray(Image.open(BytesIO(turned.color.read_bytes())))
    assert picture.shape[:2] == (turned.camera.height, turned.camera.width)
    assert picture[round(float(y)), round(float(x))].tolist() == [255, 0, 0]
    assert turned.depth is not None
    assert turned.depth.read_m()[round(float(y)), round(float(x))] == 4.0
    assert_allclose((x, y), np.rint((x, y)), atol=1e-9)


def test_a_clockwise_turn_moves_the_top_left_corner_to_the_right(frame: Frame) -> None:
    picture = np.asarray(Image.open(BytesIO(rotated_frame(frame, 1).color.read_bytes())))
    # (x, y) = (10, 3) of 12 rows goes to (12 - 1 - 3, 10)
    assert picture[10, 8].tolist() == [255, 0, 0]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_turns_that_bring_the_vertical_to_the_top_are_found(frame: Frame, turns: int) -> None:
    lying = rotated_frame(frame, -turns).world_from_camera
    assert quarter_turns_to_upright([lying, lying, UPRIGHT]) == turns


def test_a_damaged_picture_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(SceneError, match=r"a.png: color image cannot be decoded"):
        RotatedImage(FileSource(tmp_path / "a.png"), 1).read_bytes()
