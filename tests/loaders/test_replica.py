"""Replica: boxes in axes of their own, quads with object ids, depth in odd units, and damage."""

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.demo.film import Film
from qagen.demo.layouts import replica
from qagen.errors import SceneError
from qagen.loaders.replica import ReplicaLoader

POSE = [0, 0, 1, 3, -1, 0, 0, 4, 0, -1, 0, 1.5, 0, 0, 0, 1]
CAMERA = {"w": 16, "h": 12, "fx": 20, "fy": 20, "cx": 7.5, "cy": 5.5, "scale": 6553.5}


def thing(number: int, class_id: int, name: str, center: list[float]) -> dict[str, Any]:
    half = math.sqrt(0.5)
    turn = {"rotation": [0, 0, half, half], "translation": [0, 0, 0]}  # a quarter turn about z: x to y, y to -x
    box = {"abb": {"center": center, "sizes": [0.6, 0.4, 1.0]}, "orientation": turn}
    return {"id": number, "class_id": class_id, "class_name": name, "oriented_bbox": box}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "cam_params.json").write_text(json.dumps({"camera": CAMERA}))
    (tmp_path / "room0" / "results").mkdir(parents=True)
    Image.new("RGB", (16, 12)).save(tmp_path / "room0" / "results" / "frame000000.jpg")
    Image.fromarray(np.full((12, 16), 13107, np.uint16)).save(tmp_path / "room0" / "results" / "depth000000.png")
    line = " ".join(map(str, POSE))
    (tmp_path / "room0" / "traj.txt").write_text(f"{line}\n{line}\n")
    things = [thing(4, 20, "indoor-plant", [4, -5, 0.5]), thing(5, -1, "undefined", [0, 0, 0])]
    (tmp_path / "room_0" / "habitat").mkdir(parents=True)
    (tmp_path / "room_0" / "habitat" / "info_semantic.json").write_text(json.dumps({"objects": things}))
    return tmp_path


def write_quads(path: Path) -> None:
    header = (
        "ply\nformat binary_little_endian 1.0\nelement vertex 5\nproperty float x\nproperty float y\nproperty float z\n"
    )
    header += "element face 2\nproperty list uchar int vertex_indices\nproperty int object_id\nend_header\n"
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [2, 2, 0]], "<f4")
    faces = np.zeros(2, [("count", "u1"), ("corners", "<i4", 4), ("object_id", "<i4")])
    faces["count"], faces["corners"], faces["object_id"] = 4, [[0, 1, 2, 3], [1, 4, 2, 0]], [4, 5]
    path.write_bytes(header.encode() + vertices.tobytes() + faces.tobytes())


def test_a_box_is_brought_from_its_own_axes_to_the_world(root: Path) -> None:
    (plant,) = ReplicaLoader(root).load("room0").objects
    assert (plant.id, plant.label) == (4, "indoor plant")
    assert_allclose(plant.box.center, (5, 4, 0.5), atol=1e-12)  # (4, -5) turned a quarter is (5, 4)
    assert_allclose(np.ptp(plant.box.corners, axis=0), (0.4, 0.6, 1.0), atol=1e-12)


def test_frames_have_meters_and_those_without_an_image_are_counted(root: Path) -> None:
    scene = ReplicaLoader(root).load("room0")
    (frame,) = scene.frames
    assert frame.depth is not None
    assert_allclose(frame.depth.read_m(), np.full((12, 16), 2.0), atol=1e-6)
    assert_allclose(frame.world_from_camera.matrix.ravel(), POSE)
    assert scene.dropped == {"frame: no image": 1, "object: never asked about": 1}


def test_quads_become_two_triangles_each_of_their_object(root: Path) -> None:
    write_quads(root / "room_0" / "habitat" / "mesh_semantic.ply")
    mesh = ReplicaLoader(root).load("room0").mesh
    assert mesh is not None
    assert mesh.faces.tolist() == [[0, 1, 2], [1, 4, 2], [0, 2, 3], [1, 2, 0]]
    assert mesh.face_object.tolist() == [0, -1, 0, -1]


def test_the_annotation_may_lie_with_the_render(root: Path) -> None:
    (root / "room_0" / "habitat").rename(root / "room0" / "habitat")
    assert ReplicaLoader(root).scene_ids("train") == ["room0"]


DAMAGE = {
    "cam_params.json": ('{"camera": {"w": 0}}', "cam_params.json: camera.w: found 0, expected"),
    "room0/traj.txt": ("1 2 3\n", "traj.txt: line 1: found 3 numbers, expected 16"),
    "room_0/habitat/info_semantic.json": (
        '{"objects": [{"id": -1}]}',
        "info_semantic.json: objects[0].id: found -1, expected",
    ),
    "room_0/habitat/mesh_semantic.ply": ("not a mesh", "mesh_semantic.ply: header: found"),
}


@pytest.mark.parametrize(("file", "content", "message"), [(k, *v) for k, v in DAMAGE.items()], ids=DAMAGE)
def test_damage_is_told_with_its_file(root: Path, file: str, content: str, message: str) -> None:
    (root / file).write_text(content)
    with pytest.raises(SceneError, match=re.escape(message)):
        ReplicaLoader(root).load("room0")


def test_a_quaternion_of_another_length_is_told(root: Path) -> None:
    path = root / "room_0" / "habitat" / "info_semantic.json"
    path.write_text(path.read_text().replace('"rotation": [0, 0,', '"rotation": [1, 1,'))
    with pytest.raises(SceneError, match="oriented_bbox of object 4: a quaternion of length"):
        ReplicaLoader(root).load("room0")


def test_the_demo_in_this_layout_is_the_film_again(small_film: Film, tmp_path: Path) -> None:
    replica.write(small_film, tmp_path)
    scene = ReplicaLoader(tmp_path).load(replica.RENDER)
    for frame, index in zip(scene.frames, range(0, len(small_film.poses), replica.STEP), strict=True):
        assert_allclose(frame.world_from_camera.matrix, small_film.poses[index].matrix, atol=1e-9)
        assert frame.depth is not None
        assert_allclose(frame.depth.read_m(), small_film.depth_mm(index) / 1000, atol=1e-4)
    for item in scene.objects:
        assert_allclose(item.box.center, small_film.boxes[item.id].center, atol=1e-6)
    assert scene.mesh is not None
    assert len(scene.mesh.faces) == 2 * len(small_film.faces)


@pytest.mark.parametrize("lost", ["", "nan " * 16, "0 " * 16, "-inf " * 16])
def test_a_lost_pose_keeps_its_place_and_is_counted(root: Path, lost: str) -> None:
    results = root / "room0" / "results"
    for kind, suffix in (("frame", ".jpg"), ("depth", ".png")):
        shutil.copy(results / f"{kind}000000{suffix}", results / f"{kind}000001{suffix}")
    (root / "room0" / "traj.txt").write_text(f"{lost}\n{' '.join(map(str, POSE))}\n\n")
    scene = ReplicaLoader(root).load("room0")
    assert [frame.id for frame in scene.frames] == ["000001"]
    assert scene.dropped["frame: invalid pose"] == 1


def test_sizes_of_the_camera_may_be_floats_or_text(root: Path) -> None:
    (root / "cam_params.json").write_text(json.dumps({"camera": CAMERA | {"w": 16.0, "h": "12"}}))
    camera = ReplicaLoader(root).load("room0").frames[0].camera
    assert (camera.width, camera.height) == (16, 12)


def test_a_room_without_objects_has_frames_and_mesh(root: Path) -> None:
    habitat = root / "room_0" / "habitat"
    (habitat / "info_semantic.json").write_text('{"objects": []}')
    write_quads(habitat / "mesh_semantic.ply")
    scene = ReplicaLoader(root).load("room0")
    assert (len(scene.frames), scene.objects) == (1, ())
    assert scene.mesh is not None
    assert set(scene.mesh.face_object.tolist()) == {-1}
