"""Media of SPAR-7M-RGBD read back: frames stored once or twice, cameras shared or not, no boxes."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.demo.film import Film
from qagen.demo.layouts import spar_rgbd
from qagen.errors import SceneError
from qagen.loaders.spar_rgbd import SparRgbdLoader

POSE = np.array([[0, 0, 1, 3], [-1, 0, 0, 4], [0, -1, 0, 1.5], [0, 0, 0, 1.0]])


def matrix_text(matrix: np.ndarray) -> str:
    return "\n".join(" ".join(map(str, row)) for row in matrix)


def write_frame(folder: Path, name: str, prefix: str = "image", pose: str = "pose") -> None:
    for kind in (f"{prefix}_color", f"{prefix}_depth", pose, "intrinsic"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 12)).save(folder / f"{prefix}_color" / f"{name}.jpg")
    Image.fromarray(np.full((6, 8), 1500, np.uint16)).save(folder / f"{prefix}_depth" / f"{name}.png")
    (folder / pose / f"{name}.txt").write_text(matrix_text(POSE))


def write_camera(folder: Path, prefix: str = "", side: int = 4, focal: float = 20.0) -> None:
    for kind, scale in (("color", 1.0), ("depth", 0.5)):
        matrix = np.eye(side)
        matrix[0, 0] = matrix[1, 1] = focal * scale
        matrix[0, 2], matrix[1, 2] = 8 * scale - 0.5, 6 * scale - 0.5
        (folder / "intrinsic" / f"{prefix}intrinsic_{kind}.txt").write_text(matrix_text(matrix))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "scene0000_00"
    write_frame(folder, "10")
    write_frame(folder, "9")
    write_frame(folder, "frame0_9", "video", "video_pose")
    write_frame(folder, "frame1_35", "video", "video_pose")
    write_camera(folder)
    return folder


def test_images_and_video_frames_are_one_recording_in_order(folder: Path) -> None:
    scene = SparRgbdLoader(folder.parent).load("scene0000_00")
    assert [frame.id for frame in scene.frames] == ["9", "10", "35"]
    assert scene.frames[0].color.path == folder / "image_color" / "9.jpg"
    assert_allclose(scene.frames[2].world_from_camera.matrix, POSE)
    assert scene.frames[0].depth is not None
    assert_allclose(scene.frames[0].depth.read_m(), np.full((6, 8), 1.5))
    assert scene.frames[0].depth_camera is not None
    assert (scene.frames[0].camera.fx, scene.frames[0].depth_camera.fx) == (20, 10)
    assert scene.objects == ()


def test_intrinsics_may_be_three_by_three_and_a_frame_may_have_its_own(folder: Path) -> None:
    write_camera(folder, side=3)
    write_camera(folder, prefix="9_", focal=25.0)
    scene = SparRgbdLoader(folder.parent).load("scene0000_00")
    assert [frame.camera.fx for frame in scene.frames] == [25, 20, 20]


def test_frames_without_a_pose_are_left_out_and_counted(folder: Path) -> None:
    (folder / "pose" / "10.txt").unlink()
    (folder / "video_pose" / "frame1_35.txt").write_text(matrix_text(np.full((4, 4), -np.inf)))
    scene = SparRgbdLoader(folder.parent).load("scene0000_00")
    assert [frame.id for frame in scene.frames] == ["9"]
    assert scene.dropped == {"frame: no pose": 1, "frame: invalid pose": 1}


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("pose/9.txt", "1 2 3", "pose: found 3 numbers, expected 16"),
        ("intrinsic/intrinsic_color.txt", "1 2", "intrinsic_color: found 2 numbers, expected 16 or 9"),
        ("image_color/9.jpg", "not an image", "9.jpg: image: cannot be decoded"),
        (
            "intrinsic/extrinsic_depth.txt",
            matrix_text(2 * np.eye(4)),
            "extrinsic_depth: found a matrix 1 from the identity",
        ),
    ],
)
def test_damage_is_told_with_its_file(folder: Path, file: str, content: str, message: str) -> None:
    (folder / file).write_text(content)
    with pytest.raises(SceneError, match=message):
        SparRgbdLoader(folder.parent).load("scene0000_00")


def test_a_root_without_scenes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="expected folders <scene> that hold image_color"):
        SparRgbdLoader(tmp_path).scene_ids("train")


def test_the_demo_in_this_layout_is_the_film_again(small_film: Film, tmp_path: Path) -> None:
    spar_rgbd.write(small_film, tmp_path)
    scene = SparRgbdLoader(tmp_path).load(spar_rgbd.SCENE_ID)
    assert len(scene.frames) == len(small_film.poses)  # the video of a film this short has all of them
    for frame in scene.frames:
        assert_allclose(frame.world_from_camera.matrix, small_film.poses[int(frame.id)].matrix, atol=1e-5)
        assert frame.camera == small_film.camera


def test_frames_follow_the_numbers_in_their_names_and_lost_ones_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "scan.v2"
    for name in ("f_10", "f_9", "f_100"):
        write_frame(folder, name)
    write_camera(folder)
    assert [frame.id for frame in SparRgbdLoader(tmp_path).load("scan_v2").frames] == ["f_9", "f_10", "f_100"]
    (folder / "pose" / "f_9.txt").write_text("")
    scene = SparRgbdLoader(tmp_path).load("scan_v2")
    assert [frame.id for frame in scene.frames] == ["f_10", "f_100"]
    assert scene.dropped == {"frame: invalid pose": 1}
    write_frame(folder, "1305031790.645155")
    assert SparRgbdLoader(tmp_path).load("scan_v2").frames[0].id == "1305031790_645155"
