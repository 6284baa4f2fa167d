"""SpatialVID as scenes: poses turned round, pixels of fractions, cut depth without what moves, frames by time."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from qagen.__main__ import main
from qagen.core import reasons
from qagen.core.scene import Scene
from qagen.demo.film import Film
from qagen.demo.layouts import spatialvid
from qagen.errors import SceneError
from qagen.loaders.io.images import decode_color
from qagen.loaders.spatialvid.depth import on_depth
from qagen.loaders.spatialvid.files import ClipError
from qagen.loaders.spatialvid.loader import SpatialVidLoader, camera_from_world
from tests.loaders import spatialvid_files as files
from tests.loaders.test_spatialvid_files import REAL, with_real_data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return files.write_clip(tmp_path)


def load(folder: Path) -> Scene:
    return SpatialVidLoader(folder.parents[2]).load(folder.name)


def test_a_clip_is_a_scene_without_meters_objects_or_up(folder: Path) -> None:
    scene = load(folder)
    assert (scene.unit_m, scene.is_level, scene.objects, scene.mesh) == (None, False, (), None)
    assert [frame.id for frame in scene.frames] == ["0", "2", "4", "6"]
    assert_allclose([frame.time_s for frame in scene.frames], [0, 0.2, 0.4, 0.6])
    assert scene.dropped == {}


def test_poses_are_turned_round(folder: Path) -> None:
    # the camera goes ahead: t of world to camera is -0.1 z a row, so that its center is +0.1 z
    assert_allclose(load(folder).frames[3].world_from_camera.translation, [0, 0, 0.3], atol=1e-7)
    # a camera at (1, 2, 3) that has turned right by 90 degrees looks along +x: its z is world x, its x is world -z
    world_from_camera = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0.0]])
    quaternion = Rotation.from_matrix(world_from_camera.T).as_quat()
    pose = camera_from_world(np.array([*(-world_from_camera.T @ (1, 2, 3)), *(1.009 * quaternion)])).inverse()
    assert_allclose(pose.translation, [1, 2, 3], atol=1e-12)
    assert_allclose(pose.rotation, world_from_camera, atol=1e-12)


def test_intrinsics_are_fractions_from_edge_to_edge(folder: Path) -> None:
    camera = load(folder).frames[0].camera
    assert_allclose(camera.intrinsics, [0.8 * 64, 1.4 * 36, 31.5, 17.5], rtol=1e-6)
    assert (camera.width, camera.height) == (64, 36)


def test_frames_are_those_of_the_index(folder: Path) -> None:
    # frame i of the video is 20 i gray
    shown = [decode_color(frame.color).mean() for frame in load(folder).frames]
    assert_allclose(shown, [0, 40, 80, 120], atol=3)


def test_depth_is_one_over_disparity_without_what_moves(folder: Path) -> None:
    frame = load(folder).frames[1]
    assert frame.depth is not None
    assert frame.depth_camera is not None
    assert_allclose(frame.depth_camera.intrinsics, [0.8 * 591, 1.4 * 332, 295, 165.5], rtol=1e-6)
    depth = frame.depth.read_m()
    assert depth.shape == (328, 584)
    # The mask covers x from 21 to 24 and y from 10 to 12 of 64 x 36, in depth x from 193.9 to 221.6 and y from 92.2 to
    # 110.7: the pixels 194 to 220 and 93 to 109 lie in it wholly, 190 and 225, 88 and 114 outside.
    assert not depth[93:110, 194:221].any()
    assert_allclose(depth[:88], 2)
    assert_allclose(depth[114:], 2)
    assert_allclose(depth[:, :190], 2)
    assert_allclose(depth[:, 225:], 2)


def test_a_pixel_of_depth_moves_when_any_pixel_under_it_does() -> None:
    mask = np.zeros((6, 9), bool)
    mask[5, 3] = mask[0, 8] = True
    # three pixels a side become one; the last column is cut off
    assert on_depth(mask, (3, 2), (2, 2)).tolist() == [[False, False], [False, True]]


def test_a_clip_without_depth_and_masks_is_a_scene(folder: Path) -> None:
    shutil.rmtree(folder.parents[2] / "depths")
    (folder / "dyn_masks.npz").unlink()
    scene = load(folder)
    assert all(frame.depth is None and frame.depth_camera is None for frame in scene.frames)


def test_a_row_whose_depth_cannot_be_decoded_is_kept_without_it_and_counted(folder: Path) -> None:
    archive = folder.parents[2] / "depths" / files.GROUP / f"{files.CLIP}.zip"
    good = files.exr_bytes(Z=np.full((328, 584), 0.5, np.float16))
    files.write_depth(archive, {"00000.exr": good, "00001.exr": b"no image", "00002.exr": good, "00003.exr": good})
    scene = load(folder)
    assert [frame.depth is None for frame in scene.frames] == [False, True, False, False]
    assert scene.dropped == {reasons.UNREADABLE_DEPTH_IMAGE: 1}


def test_portrait_clips_are_read_alike(folder: Path) -> None:
    files.write_video(folder.parents[2] / "videos" / files.GROUP / f"{files.CLIP}.mp4", size=(36, 64))
    np.savez(folder / "dyn_masks.npz", allow_pickle=False, **files.sparse(files.masks().transpose(0, 2, 1)))
    image = files.exr_bytes(Z=np.full((584, 328), 0.5, np.float16))
    archive = folder.parents[2] / "depths" / files.GROUP / f"{files.CLIP}.zip"
    files.write_depth(archive, {f"{row:05d}.exr": image for row in range(files.ROWS)})
    np.save(folder / "intrinsics.npy", files.INTRINSICS[:, [1, 0, 2, 3]])
    frame = load(folder).frames[0]
    assert (frame.camera.width, frame.camera.height) == (36, 64)
    assert frame.depth_camera is not None
    assert_allclose(frame.depth_camera.intrinsics, [1.4 * 332, 0.8 * 591, 165.5, 295], rtol=1e-6)
    assert decode_color(frame.color).shape == (64, 36, 3)


def test_depth_of_another_aspect_refuses_the_clip(folder: Path) -> None:
    image = files.exr_bytes(Z=np.full((100, 100), 0.5, np.float16))
    archive = folder.parents[2] / "depths" / files.GROUP / f"{files.CLIP}.zip"
    files.write_depth(archive, {f"{row:05d}.exr": image for row in range(files.ROWS)})
    with pytest.raises(SceneError, match="found 100 x 100 pixels beside a video of 64 x 36, expected 584 x 328"):
        load(folder)


def test_the_layout_of_the_pipeline_gives_the_same_scene(folder: Path, tmp_path: Path) -> None:
    released = load(folder)
    clip = tmp_path / "out" / "video_0"
    (clip / "img").mkdir(parents=True)
    reconstructions = clip / "reconstructions"
    reconstructions.mkdir()
    for name in ("poses.npy", "intrinsics.npy", "dyn_masks.npz"):
        shutil.copy(folder / name, reconstructions / name)
    shutil.copy(tmp_path / "depths" / files.GROUP / f"{files.CLIP}.zip", reconstructions / "depth_opt.zip")
    for frame in released.frames:
        (clip / "img" / f"frame_{int(frame.id):06d}.jpg").write_bytes(frame.color.read_bytes())
    scene = SpatialVidLoader(tmp_path / "out").load("video_0")
    for frame, other in zip(scene.frames, released.frames, strict=True):
        assert (frame.id, frame.camera, frame.depth_camera) == (other.id, other.camera, other.depth_camera)
        assert_allclose(frame.world_from_camera.matrix, other.world_from_camera.matrix)
        assert_allclose(frame.time_s, other.time_s)
        assert frame.color.read_bytes() == other.color.read_bytes()
    (clip / "img" / "frame_000004.jpg").unlink()
    with pytest.raises(ClipError, match="rows: poses 4, intrinsics 4, indexes 3, masks 4, depth 4"):
        SpatialVidLoader(tmp_path / "out").load("video_0")


def test_an_id_in_two_groups_is_refused(folder: Path) -> None:
    files.write_clip(folder.parents[2], group="group_0062")
    loader = SpatialVidLoader(folder.parents[2])
    assert loader.scene_ids("train") == [files.CLIP]
    with pytest.raises(ClipError, match="in group_0061 and group_0062, expected it once") as caught:
        loader.load(files.CLIP)
    assert caught.value.reason == reasons.REPEATED_CLIP


def test_video_and_depth_are_inputs_of_a_run(folder: Path) -> None:
    beside = SpatialVidLoader(folder.parents[2]).files_beside(folder)
    assert [path.name for path in beside] == [f"{files.CLIP}.mp4", f"{files.CLIP}.zip"]
    assert SpatialVidLoader(folder.parents[2]).files_beside(folder / "gone") == []


def test_the_demo_is_the_film_without_its_scale(small_film: Film, tmp_path: Path) -> None:
    spatialvid.write(small_film, tmp_path)
    scene = SpatialVidLoader(tmp_path).load(spatialvid.CLIP_ID)
    assert len(scene.frames) == len(small_film.poses)
    first = small_film.poses[0].inverse()
    for row, frame in enumerate(scene.frames):
        expected = first @ small_film.poses[row]
        assert_allclose(frame.world_from_camera.translation, expected.translation / 2.7, atol=1e-6)
        assert_allclose(frame.world_from_camera.rotation, expected.rotation, atol=1e-6)
        assert frame.depth is not None
        assert frame.depth_camera is not None
        depth = frame.depth.read_m()
        # the film is 80 x 60, its middle 44 lines are shown; depth of 606 x 322 or so is cut to multiples of 8
        x, y = frame.camera.project(frame.depth_camera.unproject(np.array([300.0, 160.0]), 1.0))
        stored_m = small_film.depth_mm(row)[round(y) + 8, round(x)] / 1000
        assert_allclose(depth[160, 300], stored_m / 2.7, rtol=2e-3)
        assert np.abs(decode_color(frame.color).astype(float) - small_film.color_bgr(row)[8:52]).mean() < 12


@with_real_data
def test_real_poses_with_a_video_are_a_scene(folder: Path) -> None:
    poses = np.load(REAL / "astra_poses" / "poses1.npy")
    np.save(folder / "poses.npy", poses)
    np.save(folder / "intrinsics.npy", np.tile(files.INTRINSICS[:1], (len(poses), 1)))
    (folder / "indexes.txt").write_text("".join(f"{row} {2 * row}\n" for row in range(len(poses))))
    (folder / "dyn_masks.npz").unlink()
    shutil.rmtree(folder.parents[2] / "depths")
    files.write_video(folder.parents[2] / "videos" / files.GROUP / f"{files.CLIP}.mp4", 30)
    scene = load(folder)
    ahead = [frame.world_from_camera.translation[2] for frame in scene.frames]
    assert ahead[-1] > ahead[0] + 0.05


@pytest.mark.slow
def test_a_run_leaves_out_the_clip_that_does_not_fit_and_goes_on(small_film: Film, tmp_path: Path) -> None:
    root, out = tmp_path / "clips", tmp_path / "out"
    spatialvid.write(small_film, root)
    (whole,) = root.glob("annotations/*/*")
    shutil.copytree(whole, whole.with_name("broken"))
    (whole.with_name("broken") / "poses.npy").unlink()
    words = f"generate --scene spatialvid --root {root} --out {out} --tasks depth_prediction_oo"
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 1
    report = json.loads((out / "spatialvid" / "report.json").read_text())
    assert "poses.npy: cannot be read (no such file)" in report["scenes"]["broken"]["error"]
    assert report["scenes"][whole.name]["frames"] == len(small_film.poses)
    assert report["tasks"]["depth_prediction_oo"]["skips"] == {"no metric scale": 1}

    (video,) = root.glob("videos/*/*.mp4")
    video.write_bytes(video.read_bytes() + bytes(8))
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 2
    assert f"the input has changed since it was read: {whole.name}: {video.name}" in result.stderr
