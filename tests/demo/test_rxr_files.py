"""The demo in Matterport3D's layout: read straight from the formats' tables, and as the loader sees it."""

import gzip
import json
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from qagen.demo.film import Film
from qagen.demo.layouts import rxr
from qagen.demo.layouts.rxr import HOUSE, SCAN, WALKS
from qagen.loaders.matterport.loader import MatterportLoader
from tests.films import BOX


@pytest.fixture(scope="module")
def root(small_film: Film, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("matterport")
    rxr.write(small_film, folder)
    return folder


@pytest.fixture(scope="module")
def scan(root: Path) -> Path:
    return root / "v1" / "scans" / SCAN


def house_lines(scan: Path, letter: str) -> list[list[str]]:
    text = (scan / "house_segmentations" / f"{SCAN}.house").read_text()
    return [line.split() for line in text.splitlines() if line.split()[0] == letter]


def test_cameras_are_opengl_and_images_lie_beside(small_film, scan):
    lines = (scan / "undistorted_camera_parameters" / f"{SCAN}.conf").read_text().splitlines()
    shots = [line.split() for line in lines if line.startswith("scan ")]
    assert f"n_images {len(small_film.poses)}" in lines
    assert len(shots) == len(small_film.poses)
    # fx = fy = 72; the middle of 80 x 60 pixels, from the corner.
    assert "intrinsics_matrix 72 0 40  0 72 30  0 0 1" in lines
    for index, (_, depth, color, *numbers) in enumerate(shots):
        matrix = np.array(numbers, dtype=float).reshape(4, 4)
        true = HOUSE @ small_film.poses[index]
        assert matrix[:3, 3] == pytest.approx(true.translation)
        assert -matrix[:3, 2] == pytest.approx(true.rotation[:, 2], abs=1e-8)
        assert matrix[:3, 1] == pytest.approx([0, 0, 1], abs=1e-8)  # the film's camera is level
        assert (scan / "undistorted_color_images" / color).read_bytes() == small_film.color_jpeg(index)
        units = cv2.imread(str(scan / "undistorted_depth_images" / depth), cv2.IMREAD_UNCHANGED)
        assert (units == 4 * small_film.depth_mm(index).astype(int)).all()


def test_no_camera_has_more_than_six_images_at_a_viewpoint(scan):
    names = [path.stem for path in (scan / "undistorted_color_images").iterdir()]
    assert len(set(names)) == len(names)
    assert {name.partition("_i")[2] for name in names} <= {f"1_{yaw}" for yaw in range(6)}


def test_the_house_counts_its_lines(scan):
    header = [int(word) for word in house_lines(scan, "H")[0][3:13]]
    images, panoramas, vertices, surfaces, segments, objects, categories, regions, _, levels = header
    for letter, count in zip("IPVSEOCRL", (images, panoramas, vertices, surfaces, segments, objects, categories,
                                           regions, levels), strict=True):  # fmt: skip
        assert len(house_lines(scan, letter)) == count, letter


def test_boxes_of_the_house(small_film, scan):
    number, _, category, *numbers = house_lines(scan, "O")[BOX][1:]
    values = np.array(numbers[:12], dtype=float)
    box = small_film.boxes[BOX]
    assert int(number) == BOX
    assert house_lines(scan, "C")[int(category)][3] == "box"
    assert values[:3] == pytest.approx(HOUSE @ box.center, abs=1e-4)
    assert 2 * values[9:] == pytest.approx(box.size, abs=1e-4)
    # The mesh's corners lie within the box along its axes.
    axes = np.stack([values[3:6], values[6:9], np.cross(values[3:6], values[6:9])])
    points = HOUSE @ small_film.vertices[small_film.vertex_object == BOX]
    assert np.abs((points - values[:3]) @ axes.T).max(axis=0) == pytest.approx(values[9:], abs=1e-3)


def test_blanks_of_names_are_coded(scan):
    assert "nameless#gadget" in {words[3] for words in house_lines(scan, "C")}


def test_faces_have_a_segment_an_object_and_a_category(small_film, scan):
    data = (scan / "house_segmentations" / f"{SCAN}.ply").read_bytes()
    header, _, body = data.partition(b"end_header\n")
    assert b"property int material_id\nproperty int segment_id\nproperty int category_id" in header
    vertex_bytes = 8 * 4 + 3
    assert len(body) == vertex_bytes * len(small_film.vertices) + 25 * len(small_film.faces)
    count, *rest = struct.unpack_from("<B6i", body, vertex_bytes * len(small_film.vertices))
    assert (count, rest[:3]) == (3, small_film.faces[0].tolist())
    assert rest[3:5] == [small_film.face_part[0], small_film.face_object[0]]
    owner = {int(words[3]): int(words[2]) for words in house_lines(scan, "E")}
    listed = json.loads((scan / "house_segmentations" / f"{SCAN}.fsegs.json").read_text())["segIndices"]
    assert [owner[segment] for segment in listed] == small_film.face_object.tolist()


def test_the_loader_finds_the_film_again(small_film, root):
    scene = MatterportLoader(root).load(SCAN)
    for frame, pose in zip(scene.frames, small_film.poses, strict=True):
        assert frame.world_from_camera.matrix == pytest.approx((HOUSE @ pose).matrix, abs=1e-6)
        assert frame.camera == small_film.camera
    assert {item.label for item in scene.objects} == {"box", "nameless gadget"}
    box = next(item for item in scene.objects if item.label == "box")
    assert box.box.corners.min(axis=0) == pytest.approx((HOUSE @ small_film.boxes[BOX].corners).min(axis=0), abs=1e-4)


def test_walks_are_told_of_the_flat_alone(root):
    assert json.loads((root / "R2R" / "R2R_train.json").read_text()) == []
    assert gzip.decompress((root / "RxR" / "rxr_train_guide.jsonl.gz").read_bytes()) == b""
    assert MatterportLoader(root).load(SCAN).walks == ()


def test_near_viewpoints_are_linked_where_nothing_is_between(small_film):
    # The box stands at x = 0.6 to 1.4 m, y = 3.1 to 3.9 m and is 0.8 m high: in the way of the knees alone. From
    # (1.8, 3.5) to (0.4, 2.6) one would cross x = 1.4 at y = 3.24.
    places = np.array([[0.2, 3.5, 1.5], [1.8, 3.5, 1.5], [0.4, 2.6, 1.5], [3.9, 0.2, 1.5]])
    free = rxr._unobstructed(small_film, HOUSE @ places)
    assert np.argwhere(free).tolist() == [[0, 2], [2, 0]]


def test_what_is_said_is_said_once_and_plainly():
    said = [words.strip() for way in WALKS for words in (*way.texts, way.guide)]
    assert len(set(said)) == len(said) == 4 * len(WALKS)
    assert all(words.endswith(".") and "  " not in words for words in said)
