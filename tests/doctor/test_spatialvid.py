"""The doctor on a clip without scale, vertical or objects: what it says of these, inverted poses, depth that is cut."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import Frame, Scene
from qagen.demo import demo_root
from qagen.doctor.__main__ import main
from qagen.doctor.depth_edges import check_depth_edges
from qagen.loaders.io.images import ReencodedImage
from tests.scenes import MemoryDepth

COLOR = Camera(1280 * 0.8, 720 * 1.4, 639.5, 359.5, 1280, 720)
CUT = Camera(591 * 0.8, 332 * 1.4, 295.0, 165.5, 584, 328)
WHOLE = COLOR.scaled(584, 328)


class Painted(ReencodedImage):
    """Pixels in memory."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.image = image

    def pixels(self) -> NDArray[np.uint8]:
        return self.image


def scene_of_posts(shown_by: Camera, read_as: Camera) -> Scene:
    """White posts before a black wall; depth as the camera ``shown_by`` sees it, taken for that of ``read_as``."""
    image = np.zeros((720, 1280, 3), np.uint8)
    for x in range(40, 1240, 97):
        image[:, x : x + 30] = 255
    x = np.arange(584.0)
    column = np.rint(COLOR.project(shown_by.unproject(np.stack([x, 0 * x], axis=1), 1.0))[:, 0]).astype(int)
    depth = np.tile(np.where(image[0, np.clip(column, 0, 1279), 0] > 0, 1.0, 3.0), (328, 1)).astype(np.float32)
    frame = Frame("0", Painted(image), MemoryDepth(depth), COLOR, read_as, Pose.identity(), 0.0)
    return Scene("spatialvid", "posts", Path(), (frame,), (), None, unit_m=None, is_level=False)


def test_edges_tell_cut_depth_from_whole_frames() -> None:
    right = check_depth_edges(scene_of_posts(CUT, CUT))
    wrong = check_depth_edges(scene_of_posts(WHOLE, CUT))
    assert right is not None
    assert wrong is not None
    assert right.verdict == "ok"
    assert wrong.verdict == "warn"
    assert "depth may show whole frames" in wrong.advice


def test_depth_of_whole_frames_has_nothing_to_tell() -> None:
    assert check_depth_edges(scene_of_posts(WHOLE, WHOLE)) is None
    scene = scene_of_posts(CUT, CUT)
    flat = replace(scene.frames[0], depth=MemoryDepth(np.full((328, 584), 2, np.float32)))
    finding = check_depth_edges(replace(scene, frames=(flat,)))
    assert finding is not None
    assert (finding.verdict, finding.found[:15]) == ("ok", "0 jumps of dept")


@pytest.mark.slow
def test_the_demo_is_sound_and_what_it_lacks_is_said() -> None:
    result = CliRunner().invoke(main, ["--scene", "spatialvid"])
    assert result.exit_code == 0, result.output
    assert "0 failed, 0 to look at" in result.stdout
    for text in ("labels: no objects", "sizes: the scale is unknown", "world up: unknown", "depth cut: edges of"):
        assert text in result.stdout


@pytest.mark.slow
def test_poses_from_camera_to_world_are_named(tmp_path: Path) -> None:
    shutil.copytree(demo_root("spatialvid"), tmp_path / "clips")
    (path,) = (tmp_path / "clips").glob("annotations/*/*/poses.npy")
    poses = np.load(path).astype(np.float64)
    turned = Rotation.from_quat(poses[:, 3:]).inv()
    np.save(path, np.concatenate([-turned.apply(poses[:, :3]), turned.as_quat()], axis=1).astype(np.float32))
    result = CliRunner().invoke(main, ["--scene", "spatialvid", "--root", str(tmp_path / "clips")])
    assert result.exit_code == 1
    assert "FAIL  poses" in result.stdout
    assert "poses inverted (they are camera-from-world)" in result.stdout
