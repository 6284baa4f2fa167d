"""Boxes of another annotation: plain pickles only, both info formats, and the worlds they are told in."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import FileSource, Frame, Mesh, Object3D, Scene
from qagen.errors import SceneError
from qagen.loaders._base import Loader
from qagen.loaders.io.box_files import read_boxes
from qagen.loaders.io.safe_pickle import read_safe_pickle
from qagen.loaders.scannet.loader import ScanNetLoader
from qagen.loaders.with_boxes import AnnotatedLoader
from tests.loaders.scannet_files import ALIGNMENT, COLOR_K, DEPTH_K, NAME, make_shots, write_scene

QUARTER = np.array([[0.0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 0], [0, 0, 0, 1]])
"""A quarter turn about z, then a shift: the aligned world from the dataset's own."""


def save(path: Path, content: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def infos(**sample: Any) -> dict[str, Any]:
    # in the aligned world at (1, 2.5, 0.5): 0.5 along the own world's x from the origin
    box = {"bbox_3d": [1.0, 2.5, 0.5, 2.0, 1.0, 0.8, 0.0, 0.0, 0.0], "bbox_label_3d": 3}
    told = {"sample_idx": "scannet/scene0000_00", "axis_align_matrix": QUARTER, "instances": [box]}
    return {"metainfo": {"categories": {"chair": 3, "wall": 4}}, "data_list": [{**told, **sample}]}


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_of_every_protocol_comes_through(tmp_path: Path, protocol: int) -> None:
    content = {
        "numbers": [1, 2.5, 10**30, True, None],
        "texts": ("a", b"\x00\xff", {"b"}),
        "float": np.float32(1.5),
        "c": np.arange(6, dtype=np.int64).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "ordered": OrderedDict(x=1),
    }
    read = read_safe_pickle(save(tmp_path / "plain.pkl", content, protocol))
    assert read["numbers"] == content["numbers"]
    assert read["texts"] == content["texts"]
    assert read["float"] == np.float32(1.5)
    assert_allclose(read["c"], content["c"])
    assert_allclose(read["fortran"], content["fortran"])
    assert read["ordered"] == {"x": 1}


class Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch ran",)


def test_nothing_that_a_pickle_names_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "evil.pkl", {"data_list": Runs()})
    with pytest.raises(SceneError, match=r"evil.pkl: pickle: found posix.system, expected plain data"):
        read_safe_pickle(tmp_path / "evil.pkl")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"not a pickle", pickle.dumps(infos())[:-40], b"\x80\x05K\x01\x85R."])
def test_a_damaged_pickle_is_told_with_its_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "half.pkl").write_bytes(content)
    with pytest.raises(SceneError, match=r"half.pkl: pickle: "):
        read_safe_pickle(tmp_path / "half.pkl")


def test_an_array_of_a_huge_claimed_shape_takes_no_memory(tmp_path: Path) -> None:
    array = np.arange(3.0)
    text = pickle.dumps(array, 2).replace(b"K\x03\x85", b"J\xff\xff\xff\x7f\x85")
    (tmp_path / "huge.pkl").write_bytes(text)
    with pytest.raises(SceneError, match=r"huge.pkl: pickle: "):
        read_safe_pickle(tmp_path / "huge.pkl")


def test_embodiedscan_boxes_are_taken_back_to_the_datasets_own_world(tmp_path: Path) -> None:
    (box,) = read_boxes(save(tmp_path / "infos.pkl", infos()))["scene0000_00"]
    # inverse of the quarter turn and shift: (x, y) -> (y - 2, 1 - x)
    assert_allclose(box.center, (0.5, 0.0, 0.5), atol=1e-12)
    assert_allclose(box.axes[:, 0], (0, -1, 0), atol=1e-12)
    assert (box.label, box.size.tolist()) == ("chair", [2.0, 1.0, 0.8])


def test_the_first_angle_turns_about_the_vertical(tmp_path: Path) -> None:
    told = infos(axis_align_matrix=np.eye(4))
    told["data_list"][0]["instances"][0]["bbox_3d"][6] = np.pi / 6
    (box,) = read_boxes(save(tmp_path / "infos.pkl", told))["scene0000_00"]
    assert_allclose(box.axes[:, 0], (np.cos(np.pi / 6), 0.5, 0), atol=1e-12)


def test_mmdetection3d_infos_are_read_too(tmp_path: Path) -> None:
    points = {"lidar_path": "scene0191_00.bin", "axis_align_matrix": np.eye(4)}
    sample = {"lidar_points": points, "instances": [{"bbox_3d": [1, 2, 3, 1, 1, 1], "bbox_label_3d": 0}]}
    told = {"metainfo": {"categories": ["cabinet"]}, "data_list": [sample]}
    (box,) = read_boxes(save(tmp_path / "infos.pkl", told))["scene0191_00"]
    assert (box.label, box.center.tolist()) == ("cabinet", [1, 2, 3])


def test_regions_of_a_building_are_joined(tmp_path: Path) -> None:
    told = infos(sample_idx="matterport3d/17DRP5sb8fy/region0")
    told["data_list"].append({**told["data_list"][0], "sample_idx": "matterport3d/17DRP5sb8fy/region1"})
    assert len(read_boxes(save(tmp_path / "infos.pkl", told))["17DRP5sb8fy"]) == 2


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "label": (
        {"instances": [{"bbox_3d": [0] * 6, "bbox_label_3d": 9}]},
        r"data_list\[0\].instances\[0\].bbox_label_3d: found 9",
    ),
    "size": ({"instances": [{"bbox_3d": [0] * 6, "bbox_label_3d": 3}]}, r"instances\[0\].bbox_3d: expected"),
    "numbers": ({"instances": [{"bbox_3d": [1] * 5, "bbox_label_3d": 3}]}, r"instances\[0\].bbox_3d: expected"),
    "not finite": ({"instances": [{"bbox_3d": [np.nan] * 6, "bbox_label_3d": 3}]}, r"instances\[0\].bbox_3d: expected"),
    "matrix": ({"axis_align_matrix": np.ones((4, 4))}, "axis_align_matrix: last row"),
    "no matrix": ({"axis_align_matrix": None}, "found no axis_align_matrix"),
    "instances": ({"instances": 3}, "instances: found int, expected a list"),
    "no name": ({"sample_idx": None}, "expected a dictionary with 'lidar_points'"),
}


@pytest.mark.parametrize(("sample", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_entry_is_told_with_its_place(tmp_path: Path, sample: dict[str, Any], message: str) -> None:
    path = save(tmp_path / "infos.pkl", infos(**sample))
    with pytest.raises(SceneError, match=message):
        read_boxes(path)


class OneRoom(Loader):
    """A scene whose world is its own turned back: aligned from own is QUARTER."""

    name = "scannet"

    def scene_ids(self, split: str) -> list[str]:
        return ["scene0000_00", "scene0001_00"]

    def load(self, scene_id: str) -> Scene:
        camera = Camera(20, 20, 7.5, 5.5, 16, 12)
        frame = Frame("0", FileSource(self.root), None, camera, None, Pose.identity(), 0.0)
        table = Object3D(1, "table", Box3D.upright((0, 0, 0), (1, 1, 1)), None)
        vertices = np.array(
            [[0.6, 2.4, 0.6], [1.4, 2.4, 0.6], [1, 2.6, 0.8], [5, 5, 0], [5, 6, 0], [6, 5, 0]], np.float32
        )
        mesh = Mesh(vertices, np.array([[0, 1, 2], [3, 4, 5]], np.int32), np.array([-1, 0], np.int32))
        dropped = {"frame: invalid pose": 2, "object: never asked about": 5}
        own = Pose.from_matrix(QUARTER)
        return Scene("scannet", scene_id, self.root, (frame,), (table,), mesh, world_from_source=own, dropped=dropped)


def test_the_boxes_replace_the_objects_in_the_scenes_world(tmp_path: Path) -> None:
    told = infos()
    told["data_list"][0]["instances"].append({"bbox_3d": [0, 0, 1, 4, 4, 2], "bbox_label_3d": 4})
    loader = AnnotatedLoader(OneRoom(tmp_path), save(tmp_path / "infos.pkl", told))
    assert loader.name == "scannet"
    assert loader.scene_ids("train") == ["scene0000_00"]
    scene = loader.load("scene0000_00")
    (chair,) = scene.objects
    assert chair.label == "chair"
    assert_allclose(chair.box.center, (1.0, 2.5, 0.5), atol=1e-9)  # aligned again
    assert_allclose(chair.box.size, (2.0, 1.0, 0.8))
    assert scene.mesh is not None
    assert scene.mesh.face_object.tolist() == [0, -1]
    assert scene.dropped == {"frame: invalid pose": 2, "object: never asked about": 1}


def test_a_file_of_other_scenes_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "infos.pkl", infos(sample_idx="scannet/scene0700_00"))
    with pytest.raises(SceneError, match=r"found none of the 2 in .*, expected some\. Did you mean 'scene0700_00'"):
        AnnotatedLoader(OneRoom(tmp_path), path).scene_ids("train")


@pytest.mark.parametrize(
    "name",
    [
        "arkitscenes/Training/40990000",
        "ARKitScenes\\Validation\\40990000",
        "Training_40990000.npy",
        "arkitscenes/3dod/Training/40990000",
        "matterport3d/40990000/region0",
        "40990000",
        40990000,
        np.int64(40990000),
    ],
)
def test_a_scan_is_found_in_names_of_any_number_of_parts(tmp_path: Path, name: object) -> None:
    boxes = read_boxes(save(tmp_path / "infos.pkl", infos(sample_idx=name)))
    assert len(boxes["40990000"]) == 1
    assert not {"Training", "Validation", "arkitscenes"} & boxes.keys()


@pytest.mark.parametrize("name", ["scannet.scene0000_00", "scannet/scans/scene0000_00", "points/scene0000_00.bin"])
def test_what_stands_around_a_scans_name_is_taken_off(tmp_path: Path, name: str) -> None:
    assert "scene0000_00" in read_boxes(save(tmp_path / "infos.pkl", infos(sample_idx=name)))


def test_a_scan_may_begin_with_the_name_of_a_folder(tmp_path: Path) -> None:
    for name in ("mine/test_kitchen", "mine/valley"):
        assert name[5:] in read_boxes(save(tmp_path / "infos.pkl", infos(sample_idx=name)))


def test_numbers_of_numpy_are_categories(tmp_path: Path) -> None:
    told = infos() | {"metainfo": {"categories": {"garbagebin": np.int64(3)}}}
    (box,) = read_boxes(save(tmp_path / "infos.pkl", told))["scene0000_00"]
    assert box.label == "garbagebin"


def write_posed_images(folder: Path) -> None:
    """What mmdetection3d and EmbodiedScan export of a recording of ScanNet."""
    folder.mkdir(parents=True)
    for shot in make_shots():
        stem = folder / f"{shot.index:05d}"
        stem.with_suffix(".jpg").write_bytes(shot.color)
        Image.fromarray(shot.depth_mm.astype(np.uint16)).save(stem.with_suffix(".png"))
        np.savetxt(stem.with_suffix(".txt"), shot.pose)
    np.savetxt(folder / "intrinsic.txt", COLOR_K)
    np.savetxt(folder / "depth_intrinsic.txt", DEPTH_K)


def scannet_infos() -> dict[str, Any]:
    # in the recording's world at (1, 2, 0.5), upright there
    center = ALIGNMENT[:3, :3] @ (1, 2, 0.5) + ALIGNMENT[:3, 3]
    box = {"bbox_3d": [*center, 0.4, 0.3, 0.6, 0, 0, 0], "bbox_label_3d": 0}
    sample = {"sample_idx": f"scannet/{NAME}", "axis_align_matrix": ALIGNMENT, "instances": [box]}
    return {"metainfo": {"categories": {"garbagebin": 0}}, "data_list": [sample]}


@pytest.mark.parametrize("root", ["", "posed_images"])
def test_posed_images_and_boxes_are_enough_for_scannet(tmp_path: Path, root: str) -> None:
    write_posed_images(tmp_path / "posed_images" / NAME)
    loader = AnnotatedLoader(ScanNetLoader(tmp_path / root), save(tmp_path / "infos.pkl", scannet_infos()))
    assert loader.scene_ids("train") == [NAME]
    scene = loader.load(NAME)
    (bin_,) = scene.objects
    assert bin_.label == "trash can"
    assert_allclose(bin_.box.center, (1, 2, 0.5), atol=1e-9)  # without <scene>.txt the recording's world stays
    assert [frame.id for frame in scene.frames] == ["0", "1", "2"]
    frame = scene.frames[1]
    assert_allclose(frame.world_from_camera.translation, (0.25, 0, 1.5))
    assert (frame.camera.fx, frame.depth_camera and frame.depth_camera.fx) == (14, 7)
    assert frame.depth is not None
    assert frame.depth.read_m()[1, 1] == pytest.approx(1.101)
    assert scene.mesh is None


def test_depth_of_posed_images_may_share_the_color_cameras_intrinsics(tmp_path: Path) -> None:
    write_posed_images(tmp_path / "posed_images" / NAME)
    (tmp_path / "posed_images" / NAME / "depth_intrinsic.txt").unlink()
    loader = AnnotatedLoader(ScanNetLoader(tmp_path), save(tmp_path / "infos.pkl", scannet_infos()))
    camera = loader.load(NAME).frames[0].depth_camera
    assert camera is not None
    assert (camera.fx, camera.width, camera.cx) == (7, 8, 3.5)


@pytest.mark.parametrize("missing", [".aggregation.json", "_vh_clean_2.0.010000.segs.json", "_vh_clean_2.ply"])
def test_scannet_with_boxes_needs_none_of_its_own_annotation(tmp_path: Path, missing: str) -> None:
    folder = write_scene(tmp_path / "scans" / NAME)
    (folder / f"{NAME}{missing}").unlink()
    write_posed_images(tmp_path / "posed_images" / NAME)
    scene = AnnotatedLoader(ScanNetLoader(tmp_path), save(tmp_path / "infos.pkl", scannet_infos())).load(NAME)
    assert [item.label for item in scene.objects] == ["trash can"]
    assert_allclose(scene.objects[0].box.center, ALIGNMENT[:3, :3] @ (1, 2, 0.5) + ALIGNMENT[:3, 3], atol=1e-9)
    assert (scene.mesh is None) == (missing == "_vh_clean_2.ply")


def test_scannet_without_annotation_is_told_about_boxes(tmp_path: Path) -> None:
    write_posed_images(tmp_path / "posed_images" / NAME)
    with pytest.raises(SceneError, match=r"found no scene, expected .*with --boxes also images alone"):
        ScanNetLoader(tmp_path).scene_ids("train")
