"""DL3DV-10K: the folders of the downloads, smaller copies of images, distortion, and what is not known."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.demo.film import Film
from qagen.demo.layouts import dl3dv
from qagen.errors import SceneError
from qagen.loaders.dl3dv import DL3DVLoader
from qagen.loaders.io.undistorted import UndistortedImage


@pytest.fixture(scope="module")
def written(small_film: Film, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("dl3dv")
    dl3dv.write(small_film, root)
    return root


@pytest.fixture
def root(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "DL3DV-10K"))


@pytest.fixture
def home(root: Path) -> Path:
    return root / dl3dv.SUBSET / dl3dv.SCENE_ID


def test_the_film_comes_back_in_the_unit_of_colmap_and_a_leaning_world(small_film: Film, root: Path) -> None:
    scene = DL3DVLoader(root).load(dl3dv.SCENE_ID)
    assert (scene.unit_m, scene.is_level, scene.objects, scene.mesh) == (None, False, (), None)
    poses = small_film.poses[: dl3dv.FRAMES]
    expected = np.array([dl3dv.FILE_FROM_WORLD @ pose.translation for pose in poses])
    # COLMAP's unit: the box around the middle 80 % of the cameras is 10 long
    expected *= 10 / np.linalg.norm(np.subtract(*np.percentile(expected, (90, 10), axis=0)))
    for frame, pose, center in zip(scene.frames, poses, expected, strict=True):
        assert_allclose(frame.world_from_camera.rotation, dl3dv.FILE_FROM_WORLD @ pose.rotation, atol=1e-9)
        assert_allclose(frame.world_from_camera.translation, center, atol=1e-7)
    assert [frame.id for frame in scene.frames][:2] == ["frame_00001", "frame_00002"]


def test_an_undistorted_image_is_the_film_as_its_pinhole_sees_it(
    small_film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the brightness of blue and green is three times the film's column and row
    columns, rows = np.meshgrid(np.arange(small_film.camera.width), np.arange(small_film.camera.height))
    places = 3 * np.stack([columns, rows, rows], axis=-1).astype(np.uint8)
    monkeypatch.setattr(Film, "color_bgr", lambda film, index: places)
    dl3dv.write(small_film, tmp_path)
    color = DL3DVLoader(tmp_path).load(dl3dv.SCENE_ID).frames[0].color
    assert isinstance(color, UndistortedImage)
    assert color.pinhole is not None
    shown = color.pixels()[..., :2] / 3
    assert_allclose(shown, small_film.camera.project(color.pinhole.rays()), atol=0.5)
    with Image.open(tmp_path / dl3dv.SUBSET / dl3dv.SCENE_ID / "images_4/frame_00001.png") as image:
        bent = np.asarray(image)[..., :0:-1] / 3
    assert np.abs(bent - small_film.camera.project(color.pinhole.rays())).max() > 0.6


@pytest.mark.parametrize("place", ["", "1K", "1K/SCENE", "1K/SCENE/.."])
def test_the_root_may_be_the_dataset_a_subset_or_a_scene(root: Path, place: str) -> None:
    loader = DL3DVLoader(root / place.replace("SCENE", dl3dv.SCENE_ID))
    assert loader.scene_ids("train") == [dl3dv.SCENE_ID]
    assert loader.load(dl3dv.SCENE_ID).frames


@pytest.mark.parametrize("place", ["nerfstudio", "gaussian_splat"])
def test_the_benchmark_is_one_folder_deeper(root: Path, home: Path, place: str) -> None:
    shutil.move(home, root / "aside")
    shutil.move(root / "aside", home / place)
    loader = DL3DVLoader(root)
    assert loader.scene_ids("all") == [dl3dv.SCENE_ID]
    assert loader.load(dl3dv.SCENE_ID).frames


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_the_unit_of_the_file_does_not_matter(root: Path, home: Path, factor: float) -> None:
    before = DL3DVLoader(root).load(dl3dv.SCENE_ID)
    told = json.loads((home / "transforms.json").read_text())
    for entry in told["frames"]:
        for row in entry["transform_matrix"][:3]:
            row[3] *= factor
    (home / "transforms.json").write_text(json.dumps(told))
    after = DL3DVLoader(root).load(dl3dv.SCENE_ID)
    for one, other in zip(before.frames, after.frames, strict=True):
        assert_allclose(one.world_from_camera.matrix, other.world_from_camera.matrix, atol=1e-8)


def test_copies_of_any_size_are_read_by_their_size(home: Path) -> None:
    first = DL3DVLoader(home).load(dl3dv.SCENE_ID).frames[0].camera
    for path in (home / "images_4").iterdir():
        with Image.open(path) as image:
            image.resize((image.width // 2, image.height // 2)).save(path)
    half = DL3DVLoader(home).load(dl3dv.SCENE_ID).frames[0].camera
    assert (half.width, half.height) == (first.width // 2, first.height // 2)
    assert half.fx == pytest.approx(first.fx / 2, rel=0.01)


def test_images_that_were_cut_are_refused(home: Path) -> None:
    for path in (home / "images_4").iterdir():
        with Image.open(path) as image:
            image.crop((0, 0, image.width - 3, image.height - 2)).save(path)
    with pytest.raises(SceneError, match="divided by a whole number; were its pixels cut or undistorted"):
        DL3DVLoader(home).load(dl3dv.SCENE_ID)


def test_missing_images_and_lost_poses_are_counted(home: Path) -> None:
    (home / "images_4" / "frame_00002.png").unlink()
    path = home / "transforms.json"
    told = json.loads(path.read_text())
    told["frames"][2]["transform_matrix"] = [[float("nan")] * 4] * 4
    path.write_text(json.dumps(told))
    scene = DL3DVLoader(home).load(dl3dv.SCENE_ID)
    assert len(scene.frames) == len(told["frames"]) - 2
    assert scene.dropped == {"frame: no image": 1, "frame: invalid pose": 1}
    # frames 1 and 4 remain of the first four: at 0.2 and 0.8 seconds
    assert_allclose([frame.time_s for frame in scene.frames[:2]], (0.2, 0.8))


def test_a_folder_without_images_is_refused(home: Path) -> None:
    shutil.rmtree(home / "images_4")
    with pytest.raises(SceneError, match=r"transforms.json: frames: found 0 of \d+ images, expected at least half"):
        DL3DVLoader(home).load(dl3dv.SCENE_ID)
