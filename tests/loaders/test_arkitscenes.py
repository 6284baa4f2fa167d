"""ARKitScenes: world-to-camera trajectories, times that fit, boxes by rows, and damage."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.demo.film import Film
from qagen.demo.layouts import arkitscenes
from qagen.errors import SceneError
from qagen.loaders.arkitscenes import ARKitScenesLoader

SCAN = "40753679"
THIRD = 2 * math.pi / 3 / math.sqrt(3)
"""A rotation vector (v, v, v) of 120 degrees takes x to y, y to z and z to x."""


TRIANGLE = """ply
format ascii 1.0
element vertex 3
property float x
property float y
property float z
element face 1
property list uchar int vertex_indices
end_header
0 0 0
1 0 0
0 1 0
3 0 1 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "3dod" / "Training" / SCAN
    frames = folder / f"{SCAN}_frames"
    for name in ("lowres_wide", "lowres_depth", "lowres_wide_intrinsics"):
        (frames / name).mkdir(parents=True)
    for time, pincam in (("10.100", "10.100"), ("10.200", "10.201")):
        Image.new("RGB", (16, 12)).save(frames / "lowres_wide" / f"{SCAN}_{time}.png")
        Image.fromarray(np.full((12, 16), 1500, np.uint16)).save(frames / "lowres_depth" / f"{SCAN}_{time}.png")
        (frames / "lowres_wide_intrinsics" / f"{SCAN}_{pincam}.pincam").write_text("16 12 20 21 7.5 5.5")
    # camera x is world y ... : p_camera = R p_world + t with R the third of a turn and t = (1, 2, 3)
    (frames / "lowres_wide.traj").write_text(f"10.101 {THIRD} {THIRD} {THIRD} 1 2 3\n10.199 0 0 0 0 0 0\n")
    rows = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]
    obb = {"centroid": [5, 4, 0.5], "axesLengths": [0.6, 0.4, 1.0], "normalizedAxes": np.ravel(rows).tolist()}
    things = [{"label": label, "segments": {"obbAligned": obb}} for label in ("tv_monitor", "wall")]
    (folder / f"{SCAN}_3dod_annotation.json").write_text(json.dumps({"data": things, "skipped": False}))
    return folder


def test_poses_are_inverted_and_matched_by_time(folder: Path) -> None:
    scene = ARKitScenesLoader(folder.parents[2]).load(SCAN)
    first = scene.frames[0]
    # world from camera: R^T (p - t); the camera stands at -R^T t, and R^T takes y to x: -(2, 3, 1)
    rotation = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    assert first.id == "10_100"
    assert_allclose(first.world_from_camera.translation, -rotation.T @ (1, 2, 3), atol=1e-12)
    assert [frame.time_s for frame in scene.frames] == [10.1, 10.2]


def test_boxes_have_their_axes_in_rows(folder: Path) -> None:
    scene = ARKitScenesLoader(folder.parents[2]).load(SCAN)
    (screen,) = scene.objects
    assert screen.label == "TV monitor"
    # the first side, 0.6 long, lies along the row (0, 1, 0)
    assert_allclose(np.ptp(screen.box.corners, axis=0), (0.4, 0.6, 1.0), atol=1e-12)
    assert scene.dropped == {"object: never asked about": 1}


def test_a_picture_without_a_pose_is_left_out_and_counted(folder: Path) -> None:
    (folder / f"{SCAN}_frames" / "lowres_wide.traj").write_text("10.199 0 0 0 0 0 0\n")
    scene = ARKitScenesLoader(folder.parents[2]).load(SCAN)
    assert [frame.id for frame in scene.frames] == ["10_200"]
    assert scene.dropped["frame: no pose"] == 1


def test_splits_are_the_datasets_folds(folder: Path) -> None:
    loader = ARKitScenesLoader(folder.parents[2])
    assert loader.scene_ids("train") == [SCAN]
    assert loader.scene_ids("all") == [SCAN]
    with pytest.raises(SceneError, match="none of the 1 scans is of 'val', expected Validation"):
        loader.scene_ids("val")
    with pytest.raises(SceneError, match=r"no 'valid'\. Did you mean 'val'"):
        loader.scene_ids("valid")


DAMAGE = {
    "lowres_wide.traj": ("10.1 1 2 x\n", "lowres_wide.traj: line 1: found '10.1 1 2 x', expected a time"),
    "lowres_wide_intrinsics/40753679_10.100.pincam": ("16 12 20", "10.100.pincam: camera: found '16 12 20'"),
    "../40753679_3dod_annotation.json": ("{", "3dod_annotation.json: content: "),
}


@pytest.mark.parametrize(("file", "content", "message"), [(k, *v) for k, v in DAMAGE.items()], ids=DAMAGE)
def test_damage_is_told_with_its_file(folder: Path, file: str, content: str, message: str) -> None:
    (folder / f"{SCAN}_frames" / file).write_text(content)
    with pytest.raises(SceneError, match=re.escape(message)):
        ARKitScenesLoader(folder.parents[2]).load(SCAN)


def test_axes_that_are_no_rotation_are_told(folder: Path) -> None:
    path = folder / f"{SCAN}_3dod_annotation.json"
    told = json.loads(path.read_text())
    told["data"][0]["segments"]["obbAligned"]["normalizedAxes"][0] = 0.5
    path.write_text(json.dumps(told))
    with pytest.raises(SceneError, match=r"annotation.json: data\[0\].segments.obbAligned: found axes"):
        ARKitScenesLoader(folder.parents[2]).load(SCAN)


def test_the_demo_in_this_layout_is_the_film_again(small_film: Film, tmp_path: Path) -> None:
    arkitscenes.write(small_film, tmp_path)
    scene = ARKitScenesLoader(tmp_path).load(arkitscenes.SCENE_ID)
    indices = range(0, len(small_film.poses), arkitscenes.STEP)
    for frame, index in zip(scene.frames, indices, strict=True):
        assert_allclose(frame.world_from_camera.matrix, small_film.poses[index].matrix, atol=1e-6)
    for item in scene.objects:
        assert_allclose(item.box.center, small_film.boxes[item.id].center, atol=1e-6)
        assert item.label == small_film.labels[item.id]
    assert scene.mesh is not None


@pytest.mark.parametrize(
    "line", ["10.101 nan nan nan nan nan nan", "10.101 0 0 0 inf 0 0", "10.101 " + "-nan(ind) " * 6]
)
def test_a_lost_pose_is_left_out_and_counted(folder: Path, line: str) -> None:
    (folder / f"{SCAN}_frames" / "lowres_wide.traj").write_text(f"{line}\n\n10.199 0 0 0 0 0 0\n")
    scene = ARKitScenesLoader(folder.parents[2]).load(SCAN)
    assert [frame.id for frame in scene.frames] == ["10_200"]
    assert scene.dropped["frame: invalid pose"] == 1


def test_a_room_without_objects_has_frames_and_surface(folder: Path) -> None:
    (folder / f"{SCAN}_3dod_annotation.json").write_text('{"data": [], "skipped": false}')
    (folder / f"{SCAN}_3dod_mesh.ply").write_text(TRIANGLE)
    scene = ARKitScenesLoader(folder.parents[2]).load(SCAN)
    assert (len(scene.frames), scene.objects) == (2, ())
    assert scene.mesh is not None
    assert scene.mesh.face_object.tolist() == [-1]


def test_an_image_without_intrinsics_is_left_out_and_counted(folder: Path) -> None:
    (folder / f"{SCAN}_frames" / "lowres_wide_intrinsics" / f"{SCAN}_10.100.pincam").unlink()
    scene = ARKitScenesLoader(folder.parents[2]).load(SCAN)
    assert [frame.id for frame in scene.frames] == ["10_200"]
    assert scene.dropped["frame: no intrinsics"] == 1


def test_sizes_may_be_written_with_a_point_but_not_with_a_half(folder: Path) -> None:
    path = folder / f"{SCAN}_frames" / "lowres_wide_intrinsics" / f"{SCAN}_10.100.pincam"
    path.write_text("16.0 12.0 20 21 7.5 5.5")
    camera = ARKitScenesLoader(folder.parents[2]).load(SCAN).frames[0].camera
    assert {camera.width, camera.height} == {16, 12}
    path.write_text("16.5 12 20 21 7.5 5.5")
    with pytest.raises(SceneError, match=r"10.100.pincam: width: found 16.5, expected a whole number"):
        ARKitScenesLoader(folder.parents[2]).load(SCAN)


def test_with_objects_from_elsewhere_the_annotation_may_be_missing(folder: Path) -> None:
    (folder / f"{SCAN}_3dod_annotation.json").unlink()
    loader = ARKitScenesLoader(folder.parents[2])
    with pytest.raises(SceneError, match="found no scene"):
        loader.scene_ids("train")
    loader.objects_elsewhere = True
    assert loader.scene_ids("train") == [SCAN]
    assert len(loader.load(SCAN).frames) == 2
