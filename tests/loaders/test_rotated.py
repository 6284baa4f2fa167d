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
from qagen.loaders.io.rotated import RotatedImage, quarter_turns_to_upright, rotated_frame, rotated_pose, turns_back

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


def upright_image(roll_deg: int) -> tuple[Pose, tuple[int, int]]:
    """Pose and size of an image of a device that was rolled clockwise, turned upright as CA-1M does."""
    angle = np.radians(roll_deg)
    c, s = np.cos(angle), np.sin(angle)
    taken = UPRIGHT @ Pose(np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]), np.zeros(3))
    turns = round(roll_deg / 90)
    return rotated_pose(taken, turns), (16, 12) if turns % 2 == 0 else (12, 16)


def test_images_that_were_turned_upright_are_turned_back() -> None:
    rolls = [0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 150]
    poses, sizes = zip(*map(upright_image, rolls), strict=True)
    turns = turns_back(poses, sizes)
    # the device was on its side from 45 degrees on, and upside down from 135
    assert turns == [0, 0, 0, 3, 3, 3, 3, 2, 2, 2, 2]
    back = [rotated_pose(pose, count) for pose, count in zip(poses, turns, strict=True)]
    for first, second, step in zip(back, back[1:], np.diff(rolls), strict=False):
        relative = first.rotation.T @ second.rotation
        assert_allclose(np.degrees(np.arctan2(relative[1, 0], relative[0, 0])), step, atol=1e-9)


def test_after_a_jump_the_device_is_held_as_before() -> None:
    # looking down by 30 degrees, and then the other way: the nearest camera would be upside down
    c, s = np.cos(np.radians(30)), np.sin(np.radians(30))
    pitched = UPRIGHT @ Pose(np.array([[1, 0, 0], [0, c, s], [0, -s, c]]), np.zeros(3))
    behind = Pose(np.diag([-1.0, -1.0, 1.0]) @ pitched.rotation, pitched.translation)
    assert turns_back([pitched, behind], [(16, 12), (16, 12)]) == [0, 0]
