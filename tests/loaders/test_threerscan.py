"""3RScan: pictures on their side, depth with intrinsics of its own, boxes by rows, and damage."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.demo.film import Film
from qagen.demo.layouts import threerscan
from qagen.errors import SceneError
from qagen.loaders.threerscan import ThreeRScanLoader

SCAN = "754e884c-ea24-2175-8b34-cead19d4198d"
SIDEWAYS = np.array([[0, 0, 1, 3], [0, -1, 0, 4], [1, 0, 0, 1.5], [0, 0, 0, 1.0]])
"""Looks along +x; the world's vertical points along the picture's x."""
INFO = """m_colorWidth = 16
m_colorHeight = 12
m_depthWidth = 8
m_depthHeight = 6
m_depthShift = 1000
m_calibrationColorIntrinsic = 20 0 7.5 0 0 21 5.5 0 0 0 1 0 0 0 0 1
m_calibrationDepthIntrinsic = 10 0 3.5 0 0 10.5 2.5 0 0 0 1 0 0 0 0 1
"""
MESH = """ply
format ascii 1.0
element vertex 4
property float x
property float y
property float z
property ushort objectId
element face 2
property list uchar int vertex_indices
end_header
5 4 0 7
5 4.5 0 7
5 4 1 7
9 9 0 0
3 0 1 2
3 1 2 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / SCAN
    (folder / "sequence").mkdir(parents=True)
    (folder / "sequence" / "_info.txt").write_text(INFO)
    Image.new("RGB", (16, 12)).save(folder / "sequence" / "frame-000000.color.jpg")
    depth = np.full((6, 8), 1500, ">u2")
    (folder / "sequence" / "frame-000000.depth.pgm").write_bytes(b"P5\n8 6\n65535\n" + depth.tobytes())
    text = "\n".join(" ".join(map(str, row)) for row in SIDEWAYS)
    (folder / "sequence" / "frame-000000.pose.txt").write_text(text)
    (folder / "labels.instances.annotated.v2.ply").write_text(MESH)
    obb = {"centroid": [5, 4, 0.5], "axesLengths": [0.6, 0.4, 1], "normalizedAxes": [0, 1, 0, -1, 0, 0, 0, 0, 1]}
    groups = [{"objectId": 7, "label": "Armchair", "obb": obb}, {"objectId": 8, "label": "floor", "obb": obb}]
    groups.append({"objectId": 9, "label": "lamp", "obb": obb})
    (folder / "semseg.v2.json").write_text(json.dumps({"segGroups": groups}))
    return folder


def test_pictures_are_turned_clockwise_with_their_cameras(folder: Path) -> None:
    scene = ThreeRScanLoader(folder.parent).load(SCAN)
    (frame,) = scene.frames
    assert (frame.camera.width, frame.camera.height) == (12, 16)
    assert frame.depth_camera is not None
    # fx and fy change places; cx' = 6 - 1 - 2.5
    assert (frame.depth_camera.fx, frame.depth_camera.fy, frame.depth_camera.cx) == (10.5, 10, 2.5)
    assert frame.depth is not None
    assert_allclose(frame.depth.read_m(), np.full((8, 6), 1.5))


def test_a_turned_camera_sees_the_vertical_upward(folder: Path) -> None:
    text = "\n".join(" ".join(map(str, row)) for row in [[0, 0, 1, 3], [0, 1, 0, 4], [-1, 0, 0, 1.5], [0, 0, 0, 1]])
    (folder / "sequence" / "frame-000000.pose.txt").write_text(text)  # the vertical at the stored picture's left
    (frame,) = ThreeRScanLoader(folder.parent).load(SCAN).frames
    up_in_camera = frame.world_from_camera.rotation.T @ (0, 0, 1)
    assert_allclose(up_in_camera, (0, -1, 0), atol=1e-12)


def test_objects_have_the_datasets_boxes_and_their_part_of_the_mesh(folder: Path) -> None:
    scene = ThreeRScanLoader(folder.parent).load(SCAN)
    (chair,) = scene.objects
    assert (chair.id, chair.label) == (7, "armchair")
    assert_allclose(np.ptp(chair.box.corners, axis=0), (0.4, 0.6, 1.0), atol=1e-12)
    assert scene.mesh is not None
    assert scene.mesh.face_object.tolist() == [0, 0]  # two of the second face's three corners are the chair's
    assert scene.dropped == {"object: never asked about": 1, "object: no surface": 1}  # the lamp has no surface


DAMAGE = {
    "semseg.v2.json": ('{"segGroups": [{"objectId": 1}]}', "semseg.v2.json: segGroups[0].label: found nothing"),
    "sequence/_info.txt": ("m_colorWidth = 0", "_info.txt: m_colorWidth: found '0'"),
    "sequence/frame-000000.pose.txt": ("1 2", "frame-000000.pose.txt: pose: found 2 numbers, expected 16"),
    "labels.instances.annotated.v2.ply": (MESH.replace("objectId", "object"), "no property 'objectId'"),
}


@pytest.mark.parametrize(("file", "content", "message"), [(k, *v) for k, v in DAMAGE.items()], ids=DAMAGE)
def test_damage_is_told_with_its_file(folder: Path, file: str, content: str, message: str) -> None:
    (folder / file).write_text(content)
    with pytest.raises(SceneError, match=re.escape(message)):
        ThreeRScanLoader(folder.parent).load(SCAN)


def test_a_packed_sequence_is_told(folder: Path) -> None:
    for path in (folder / "sequence").iterdir():
        path.unlink()
    (folder / "sequence").rmdir()
    with pytest.raises(SceneError, match=r"unpack sequence\.zip"):
        ThreeRScanLoader(folder.parent).scene_ids("train")


def test_the_demo_in_this_layout_is_the_film_again(small_film: Film, tmp_path: Path) -> None:
    threerscan.write(small_film, tmp_path)
    scene = ThreeRScanLoader(tmp_path).load(threerscan.SCENE_ID)
    indices = range(0, len(small_film.poses), threerscan.STEP)
    for frame, index in zip(scene.frames, indices, strict=True):
        assert_allclose(frame.world_from_camera.matrix, small_film.poses[index].matrix, atol=1e-6)
        for name in ("fx", "fy", "cx", "cy", "width", "height"):
            assert getattr(frame.camera, name) == pytest.approx(getattr(small_film.camera, name))
    for item in scene.objects:
        assert_allclose(item.box.center, small_film.boxes[item.id - 1].center, atol=1e-6)


@pytest.mark.parametrize("mesh", [True, False])
def test_with_objects_from_elsewhere_annotation_and_mesh_may_be_missing(folder: Path, mesh: bool) -> None:
    (folder / "semseg.v2.json").unlink()
    if not mesh:
        (folder / "labels.instances.annotated.v2.ply").unlink()
    loader = ThreeRScanLoader(folder.parent)
    loader.objects_elsewhere = True
    assert loader.scene_ids("train") == [SCAN]
    scene = loader.load(SCAN)
    assert (len(scene.frames), scene.objects) == (1, ())
    assert (scene.mesh is not None) == mesh


def test_a_room_without_objects_has_frames_and_mesh(folder: Path) -> None:
    (folder / "semseg.v2.json").write_text('{"segGroups": []}')
    scene = ThreeRScanLoader(folder.parent).load(SCAN)
    assert (len(scene.frames), scene.objects) == (1, ())
    assert scene.mesh is not None
    assert set(scene.mesh.face_object.tolist()) == {-1}
