"""The Matterport3D reader on a tiny hand-made house, on damaged files, and on real walks where there are some."""

import gzip
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qagen.core.scene import STRUCTURE, UNLABELED, Scene
from qagen.errors import SceneError
from qagen.loaders.io.labels import LabelEntry
from qagen.loaders.matterport.labels import hidden_name, name_house_object
from qagen.loaders.matterport.loader import MatterportLoader, headings_along
from qagen.loaders.matterport.walks import read_connectivity, read_r2r
from tests.loaders.matterport_files import (
    GRAPH,
    R2R,
    RXR,
    SCAN,
    SEGMENTS,
    SHOTS,
    A,
    B,
    conf_text,
    guide,
    opengl_pose,
    write_dataset,
    write_guides,
    write_json,
    write_mesh,
    write_rooms,
)
from tests.scenes import mesh_in

REAL = Path(os.environ.get("QAGEN_REAL", Path(__file__).parents[2] / "../shared/real")) / "matterport"
needs_real_walks = pytest.mark.skipif(
    not (REAL / "connectivity").is_dir(), reason=f"no real graphs at {REAL}; set QAGEN_REAL to a folder with some"
)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_dataset(tmp_path)


def root_of(scan: Path) -> Path:
    return scan.parents[2]


def load(scan: Path) -> Scene:
    return MatterportLoader(root_of(scan)).load(scan.name)


def conf_of(scan: Path) -> Path:
    return scan / "undistorted_camera_parameters" / f"{SCAN}.conf"


def house_of(scan: Path) -> Path:
    return scan / "house_segmentations" / f"{SCAN}.house"


# --- a house as it is downloaded ---------------------------------------------------------------------------------


def test_cameras_become_opencv_with_pixels_from_the_top(scan):
    frames = {frame.id: frame for frame in load(scan).frames}
    assert list(frames) == list(SHOTS)
    north = frames[f"{A}_i1_0"]
    # Looks along +y, its right is +x, its down is -z.
    assert north.world_from_camera.rotation == pytest.approx(np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]))
    assert north.world_from_camera.translation == pytest.approx([0, 0, 1.5])
    # Of 12 rows, cy is 6.2 from the bottom edge: 5.8 from the top edge, 5.3 from the center of the top row.
    camera = north.camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((14, 13, 8.0, 5.3))
    assert (camera.width, camera.height) == (16, 12)
    # A place 2 m north, 1 m above the camera is seen above the middle: 5.3 - 13 / 2 = -1.2.
    there = north.world_from_camera.inverse() @ np.array([0, 2, 2.5])
    assert camera.project(there) == pytest.approx([8.0, -1.2])
    up = frames[f"{A}_i0_0"].world_from_camera.rotation[:, 2]
    assert up == pytest.approx([0, 0.8, 0.6])


def test_depth_has_4000_units_a_meter(scan):
    frame = load(scan).frames[0]
    assert frame.depth is not None
    depth = frame.depth.read_m()
    assert depth.shape == (12, 16)
    assert depth[0, 0] == 0
    assert depth[1, 0] == pytest.approx(1.5)
    assert frame.depth_camera == frame.camera


def test_images_that_were_shrunk_keep_their_aspect(scan):
    # Made for 1280 x 1024 with the principal point 10 px right of and 12 px above the middle, shrunk to an eighth.
    conf_of(scan).write_text(conf_text().replace("14 0 8.5  0 13 6.2", "1072 0 650  0 1080 524"))
    for kind in ("color", "depth"):
        for path in (scan / f"undistorted_{kind}_images").iterdir():
            Image.open(path).resize((160, 128)).save(path)
    camera = load(scan).frames[0].camera
    # Edges: 650 / 8 = 81.25 from the left, (1024 - 524) / 8 = 62.5 from the top; pixel centers are half a pixel less.
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((134, 135, 80.75, 62.0))


def test_things_of_the_house_file(scan):
    scene = load(scan)
    assert [(item.id, item.label) for item in scene.objects] == [(1, "dining table"), (2, "armchair")]
    table, chair = (item.box for item in scene.objects)
    # Radii 0.3 along y, 0.35 along z and 0.5 along x.
    assert table.center == pytest.approx([1.5, 1.3, 0.35])
    assert {round(side, 6) for side in table.size[:2]} == {0.6, 1.0}
    assert table.size[2] == pytest.approx(0.7)
    assert np.ptp(table.corners, axis=0) == pytest.approx([1.0, 0.6, 0.7])
    # The chair's box is tilted: the upright box of its one face takes its place (0.5 m x 0.5 m x 0.5 m).
    assert np.ptp(chair.corners, axis=0) == pytest.approx([0.5, 0.5, 0.5])
    assert scene.dropped["object: never asked about"] == 2  # floor, "chair /otherroom"
    assert scene.dropped["object: in a region of reflections"] == 1
    assert scene.dropped["object: no surface"] == 1
    assert scene.unplaced == {"chair", "vase"}
    assert scene.room_polygon is None


def test_faces_belong_to_objects(scan):
    # Two faces of floor, two of the table, one of the chair, and one whose segment belongs to nothing.
    scene = load(scan)
    assert mesh_in(scene).face_object.tolist() == [STRUCTURE, STRUCTURE, 0, 0, 1, UNLABELED]
    table = scene.objects[0].points
    assert table is not None
    assert len(table) == 4
    assert set(table[:, 2]) == {np.float32(0.7)}


def test_segments_of_faces_are_in_the_mesh_as_well(scan):
    (scan / "house_segmentations" / f"{SCAN}.fsegs.json").unlink()
    assert mesh_in(load(scan)).face_object.tolist() == [STRUCTURE, STRUCTURE, 0, 0, 1, UNLABELED]


def test_without_a_house_mesh_the_rooms_are_read(scan):
    (scan / "house_segmentations" / f"{SCAN}.ply").unlink()
    write_rooms(scan)
    scene = load(scan)
    assert [(item.id, item.label) for item in scene.objects] == [(1, "dining table"), (2, "armchair")]
    assert mesh_in(scene).face_object.tolist() == [STRUCTURE, STRUCTURE, 0, 0, 1, 1]
    assert scene.objects[0].box.center == pytest.approx([1.5, 1.3, 0.7])
    assert scene.unplaced == {"vase"}
    shutil.rmtree(scan / "house_segmentations")
    assert len(load(scan).objects) == 2


def test_without_any_mesh_there_are_boxes(scan):
    (scan / "house_segmentations" / f"{SCAN}.ply").unlink()
    scene = load(scan)
    assert scene.mesh is None
    assert [(item.label, item.points) for item in scene.objects] == [
        ("dining table", None), ("armchair", None), ("vase", None)
    ]  # fmt: skip


def test_images_and_depth_may_be_missing(scan):
    (scan / "undistorted_color_images" / f"{A}_i0_0.jpg").unlink()
    shutil.rmtree(scan / "undistorted_depth_images")
    scene = load(scan)
    assert len(scene.frames) == 5
    assert scene.dropped["frame: no image"] == 1
    assert {frame.depth for frame in scene.frames} == {frame.depth_camera for frame in scene.frames} == {None}


def test_the_number_of_images_may_be_written_with_a_point(scan):
    change_text(conf_of(scan), "n_images 6", "n_images 6.0")
    assert load(scan).frames


def test_invalid_poses_are_dropped(scan):
    shots = dict(SHOTS)
    shots[f"{A}_i0_0"] = " ".join(["nan"] * 16)
    shots[f"{A}_i1_1"] = "2 0 0 0 0 2 0 0 0 0 2 0 0 0 0 1"
    conf_of(scan).write_text(conf_text(shots))
    assert load(scan).dropped["frame: invalid pose"] == 2


@pytest.mark.parametrize("nested", [f"{SCAN}/{{}}", f"{{0}}/{SCAN}/{{0}}"])
def test_archives_may_be_unpacked_where_they_lie(scan, nested):
    for folder in list(scan.iterdir()):
        target = scan / nested.format(folder.name)
        folder.rename(scan / "moved")
        target.parent.mkdir(parents=True, exist_ok=True)
        (scan / "moved").rename(target)
    assert len(load(scan).frames) == 6
    assert MatterportLoader(root_of(scan)).scene_ids("train") == [SCAN]


@pytest.mark.parametrize("root", ["v1/scans", f"v1/scans/{SCAN}"])
def test_the_root_may_be_further_down(scan, root):
    loader = MatterportLoader(root_of(scan) / root)
    assert loader.scene_ids("train") == [SCAN]
    assert len(loader.load(SCAN).walks) == 2


def test_splits(scan):
    root = root_of(scan)
    assert MatterportLoader(root).scene_ids("train") == [SCAN]
    (root / "scenes_train.txt").write_text(f"{SCAN}\nother\n")
    (root / "scenes_val.txt").write_text("another\n")
    assert MatterportLoader(root).scene_ids("train") == [SCAN]
    assert MatterportLoader(root).scene_ids("all") == [SCAN]
    with pytest.raises(SceneError, match=r"scenes_val.txt: none of the 1 scenes listed here exist"):
        MatterportLoader(root).scene_ids("val")
    with pytest.raises(SceneError, match=r"no scenes_vall.txt. Did you mean 'val'"):
        MatterportLoader(root).scene_ids("vall")


def test_wrong_roots_and_names(scan, tmp_path):
    with pytest.raises(SceneError, match="no such folder"):
        MatterportLoader(tmp_path / "nowhere").scene_ids("train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SceneError, match="found no scene, expected"):
        MatterportLoader(tmp_path / "empty").scene_ids("train")
    for name in (f"{SCAN[:-1]}M", "../scans"):
        with pytest.raises(SceneError, match=r"scene: no .* here"):
            MatterportLoader(root_of(scan)).load(name)


# --- walks -------------------------------------------------------------------------------------------------------


def test_walks_show_the_images_that_look_along_the_way(scan):
    scene = load(scan)
    told = {walk.id: (walk.frames, walk.instruction) for walk in scene.walks}
    # From A, B is north: image 0; one arrives at B looking north: image 1. Back from B to A it is south: image 0 of B;
    # A has no level image that looks south.
    assert (
        told
        == {
            "r2r_7_0": ((f"{A}_i1_0", f"{B}_i1_1"), "Go on."),
            "r2r_7_1": ((f"{A}_i1_0", f"{B}_i1_1"), "Walk."),
        }
        | {}
    )
    assert {reason: count for reason, count in scene.dropped.items() if reason.startswith("walk")} == {
        "walk: not in English": 1,
        "walk: leaves the connectivity graph": 1,
        "walk: fewer than two viewpoints": 1,
        "walk: no words": 1,
        "walk: a viewpoint has no image along the way": 2,
    }


def test_the_walk_back(scan):
    shots = {**SHOTS, f"{A}_i1_2": SHOTS[f"{B}_i1_0"].replace(" 2 ", " 0 ")}
    conf_of(scan).write_text(conf_text(shots))
    folder = scan / "undistorted_color_images"
    shutil.copy(folder / f"{A}_i1_1.jpg", folder / f"{A}_i1_2.jpg")
    walks = {walk.id: walk.frames for walk in load(scan).walks}
    assert walks["rxr_5"] == (f"{B}_i1_0", f"{A}_i1_2")


def test_images_that_look_up_show_no_way(scan):
    shots = {**SHOTS, f"{A}_i0_3": opengl_pose((0, 0, 1.5), (0, -0.8, 0.6), (0, 0.6, 0.8))}
    conf_of(scan).write_text(conf_text(shots))
    folder = scan / "undistorted_color_images"
    shutil.copy(folder / f"{A}_i1_1.jpg", folder / f"{A}_i0_3.jpg")
    assert "rxr_5" not in {walk.id for walk in load(scan).walks}


def test_directions_pass_over_stairs():
    # East, then straight up, then north: up counts as the step before it; the last place has that of arrival.
    places = np.array([[0, 0, 0], [2, 0, 0], [2, 0, 3], [2, 1, 3]], dtype=float)
    assert headings_along(places).tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    assert headings_along(places[1:]).tolist() == [[0, 1], [0, 1], [0, 1]]
    assert headings_along(places[1:3]).tolist() == [[0, 0], [0, 0]]


def test_walks_are_of_one_split(scan):
    root = root_of(scan)
    unseen = [R2R[0] | {"path_id": 99}]
    write_json(root / "R2R" / "R2R_val_seen.json", unseen)
    assert "r2r_99_0" not in {walk.id for walk in load(scan).walks}
    write_json(root / "R2R" / "R2R_train.json", R2R[1:])
    assert "r2r_99_0" in {walk.id for walk in load(scan).walks}


def test_guides_need_not_be_packed(scan):
    packed = root_of(scan) / "RxR" / "rxr_train_guide.jsonl.gz"
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert load(scan).dropped["walk: not in English"] == 1


def test_no_graph_no_walks(scan):
    shutil.rmtree(root_of(scan) / "connectivity")
    scene = load(scan)
    assert scene.walks == ()
    assert scene.dropped["walk: no connectivity graph"] == 2 + 6
    for name in ("R2R", "RxR"):
        shutil.rmtree(root_of(scan) / name)
    assert "walk: no connectivity graph" not in load(scan).dropped


def test_viewpoints_that_are_not_included_cannot_be_walked_to(scan):
    graph = [GRAPH[0], GRAPH[1] | {"included": False}, GRAPH[2]]
    write_json(root_of(scan) / "connectivity" / f"{SCAN}_connectivity.json", graph)
    assert load(scan).walks == ()


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "mpcat40", "name"),
    [
        ("dining table", "table", "dining table"),
        ("wall", "wall", None),
        ("wallpaper", "wall", None),
        ("rug", "floor", "rug"),
        ("floor /outside", "floor", None),
        ("stone floor", "floor", None),
        ("landing", "floor", None),
        ("decoration", "objects", None),
        ("window/door", "window", None),
        ("unknown", "unlabeled", None),
        ("sofa#chair", "sofa", "sofa#chair"),
        ("tv", "tv_monitor", "TV"),
    ],
)
def test_names(raw, mpcat40, name):
    assert name_house_object(raw, mpcat40, {}) == name


def test_names_of_the_category_mapping():
    label_map = {"centertable": LabelEntry("coffee table", "table")}
    assert name_house_object("center table", "table", label_map) == "coffee table"


def test_names_of_what_is_hidden():
    assert hidden_name("chair /otherroom") == "chair"
    assert hidden_name("window/door") == "window"
    assert hidden_name("/otherroom") == ""
    assert hidden_name("chair") is None


# --- damage ------------------------------------------------------------------------------------------------------


def change_text(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


CONF_DAMAGE = {
    ("n_images 6", "n_images 7"): r"scan lines: found 6, expected as many as n_images says \(n_images 7\)",
    ("n_images 6", "n_images six"): r"line 2 \(n_images\): word 1: found 'six', expected a whole number",
    ("n_images 6\n", ""): r"scan lines: found 6, .*no n_images",
    (
        "undistorted_color_images",
        "../elsewhere",
    ): r"line 4 \(color_directory\): found '../elsewhere', expected the name",
    ("undistorted_depth_images", "/tmp"): r"line 3 \(depth_directory\): found '/tmp'",
    ("14 0 8.5", "14 1 8.5"): r"line 6 \(intrinsics_matrix\): found '14 1 8.5 .*expected fx 0 cx 0 fy cy 0 0 1",
    ("14 0 8.5", "0 0 8.5"): r"\(intrinsics_matrix\): found fx 0, fy 13, expected finite numbers above 0",
    ("14 0 8.5", "14 0"): r"\(intrinsics_matrix\): found 9 words, expected 10",
    ("14 0 8.5", "x 0 8.5"): r"\(intrinsics_matrix\): .*'x', expected 9 numbers",
    ("8.5  0 13 6.2", "85  0 13 62"): r"principal point .* expected the middle",
    ("intrinsics_matrix", "intrinsics"): r"\(scan\): found no intrinsics_matrix before it",
    (f"{A}_i1_0.jpg", f"../{A}_i1_0.jpg"): r"line 8 \(scan\): found '../aaa.*expected <viewpoint>_i<camera>_<yaw>.jpg",
    (f"{A}_d1_0.png", f"{A}_d1_1.png"): r"\(scan\): found 'a+_d1_1.png', expected a+_d1_0.png beside",
    (f"{A}_d1_1.png {A}_i1_1.jpg", f"{A}_d1_0.png {A}_i1_0.jpg"): r"found a+_i1_0.jpg more than once",
    ("0 0 0 1\n", "0 0 0\n"): r"\(scan\): found 18 words, expected 19",
}


@pytest.mark.parametrize(("old", "new", "message"), [(*key, message) for key, message in CONF_DAMAGE.items()])
def test_damaged_camera_files(scan, old, new, message):
    change_text(conf_of(scan), old, new)
    with pytest.raises(SceneError, match=message) as caught:
        load(scan)
    assert caught.value.path == conf_of(scan)


HOUSE_DAMAGE = {
    ("ASCII 1.1", "ASCII 1.0"): "first line: found 'ASCII 1.0', expected 'ASCII 1.1'",
    ("H  ", "X  "): "second line: found no header",
    (" 4 6 5 2 1 1", " 4 7 5 2 1 1"): "O lines: found 6, expected 7 as the header says",
    (" 4 6 5 2 1 1", " 5 6 5 2 1 1"): "E lines: found 4, expected 5",
    (" 4 6 5 2 1 1", " 4 6 6 2 1 1"): "C lines: found 5, expected 6",
    ("O  1 0 0 ", "O  1 0 77 "): r"line 16 \(O\): found category 77, expected one of the file's 5 or -1",
    ("O  1 0 0 ", "O  0 0 0 "): "O lines: found 0 more than once",
    ("1.5 1.3 0.35", "1.5 x 0.35"): r"line 16 \(O\): words 4 to 15: .*'x', expected 12 numbers",
    ("E  1 1  71", "E  1 9  71"): r"line 22 \(E\): found object 9, expected one of the file's 6 or -1",
    ("E  1 1  71", "E  1 1  y"): r"line 22 \(E\): word 3: found 'y', expected a whole number",
    ("C  4  8 vase  39 objects  0 0 0 0 0", "C  4  8 vase"): r"\(C\): found 4 words, expected 6",
}


@pytest.mark.parametrize(("old", "new", "message"), [(*key, message) for key, message in HOUSE_DAMAGE.items()])
def test_damaged_house_files(scan, old, new, message):
    change_text(house_of(scan), old, new)
    with pytest.raises(SceneError, match=message) as caught:
        load(scan)
    assert caught.value.path == house_of(scan)


def test_house_files_that_are_no_text(scan):
    house_of(scan).write_bytes(b"ASCII 1.1\n\xff\xfe")
    with pytest.raises(SceneError, match="found binary data at byte 10, expected text"):
        load(scan)
    house_of(scan).write_text("")
    with pytest.raises(SceneError, match="first line: found 'nothing'"):
        load(scan)


@pytest.mark.parametrize("radii", ["nan 1 1", "0 0 0", "-1 -1 -1"])
def test_boxes_that_are_none_are_counted(scan, radii):
    change_text(house_of(scan), "0.3 0.35 0.5", radii)
    scene = load(scan)
    assert [item.label for item in scene.objects] == ["armchair"]
    assert scene.dropped["object: no box"] == 1
    assert "dining table" in scene.unplaced


def test_damaged_meshes(scan):
    folder = scan / "house_segmentations"
    write_json(folder / f"{SCAN}.fsegs.json", {"segIndices": SEGMENTS[1:]})
    with pytest.raises(SceneError, match=r"fsegs.json: segIndices: found 5 entries, expected 6, one for each face"):
        load(scan)
    write_json(folder / f"{SCAN}.fsegs.json", {"segIndices": [5] * 6})
    with pytest.raises(SceneError, match=r"ply: faces: found none that belongs to an object"):
        load(scan)
    (folder / f"{SCAN}.fsegs.json").write_text('{"segIndices": ["')
    with pytest.raises(SceneError, match=r"fsegs.json: content: "):
        load(scan)
    mesh = folder / f"{SCAN}.ply"
    mesh.write_bytes(mesh.read_bytes()[:-5])
    with pytest.raises(SceneError, match=r"ply: mesh: cannot be read"):
        load(scan)


@pytest.mark.parametrize("name", ["region10.fsegs.json", "region10.semseg.json", "region10.ply"])
def test_damaged_rooms(scan, name):
    (scan / "house_segmentations" / f"{SCAN}.ply").unlink()
    write_rooms(scan)
    path = scan / "region_segmentations" / name
    path.write_bytes(path.read_bytes()[:12])
    with pytest.raises(SceneError) as caught:
        load(scan)
    assert caught.value.path == path


def test_no_annotation(scan):
    shutil.rmtree(scan / "house_segmentations")
    with pytest.raises(SceneError, match=rf"{SCAN}.house: annotation: found neither this file nor region_seg"):
        load(scan)


def test_damaged_images(scan):
    color = scan / "undistorted_color_images" / f"{A}_i1_0.jpg"
    color.write_bytes(b"no image")
    with pytest.raises(SceneError, match=r"i1_0.jpg: image: cannot be decoded"):
        load(scan)
    Image.new("RGB", (12, 12)).save(color)
    with pytest.raises(SceneError, match=r"principal point|same aspect"):
        load(scan)
    for path in (scan / "undistorted_color_images").iterdir():
        path.unlink()
    with pytest.raises(SceneError, match=r"images: found none of the 6 of .*conf"):
        load(scan)
    shutil.rmtree(scan / "undistorted_color_images")
    with pytest.raises(SceneError, match=r"undistorted_color_images: cannot be listed"):
        load(scan)


def test_depth_of_another_kind(scan):
    path = scan / "undistorted_depth_images" / f"{A}_d0_0.png"
    Image.new("L", (16, 12)).save(path)
    depth = load(scan).frames[0].depth
    assert depth is not None
    with pytest.raises(SceneError, match="found pixels of type L, expected 16-bit gray"):
        depth.read_m()


GRAPH_DAMAGE = {
    "pose": (GRAPH[0] | {"pose": [1.0] * 12}, r"\[0\].pose: found 12 numbers, expected 16"),
    "nan": (GRAPH[0] | {"pose": ["x"] * 16}, r"\[0\].pose\[0\]: found 'x', expected a number"),
    "unobstructed": (GRAPH[0] | {"unobstructed": [True]}, r"\[0\].unobstructed: found 1 entries, expected 3"),
    "twice": (GRAPH[1], r"image_id: found b+ more than once"),
    "missing": ({"image_id": A}, r"\[0\].pose: found nothing"),
}


@pytest.mark.parametrize("kind", GRAPH_DAMAGE)
def test_damaged_graphs(scan, kind):
    damaged, message = GRAPH_DAMAGE[kind]
    path = root_of(scan) / "connectivity" / f"{SCAN}_connectivity.json"
    write_json(path, [damaged, *GRAPH[1:]])
    with pytest.raises(SceneError, match=message) as caught:
        load(scan)
    assert caught.value.path == path


def test_damaged_paths(scan):
    path = root_of(scan) / "R2R" / "R2R_train.json"
    write_json(path, [R2R[0] | {"path": "x"}])
    with pytest.raises(SceneError, match=r"R2R_train.json: \[0\].path: found 'x', expected a list"):
        load(scan)
    path.write_text('[{"scan": ')
    with pytest.raises(SceneError, match=r"R2R_train.json: content: "):
        load(scan)


def test_damaged_guides(scan):
    path = root_of(scan) / "RxR" / "rxr_train_guide.jsonl.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(SceneError, match=r"jsonl.gz: line \d+: cannot be read"):
        load(scan)
    path.write_bytes(b"no archive")
    with pytest.raises(SceneError, match=r"jsonl.gz: line 1: cannot be read"):
        load(scan)
    path.write_bytes(gzip.compress(json.dumps(RXR[0]).encode() + b"\n{\n"))
    with pytest.raises(SceneError, match=r"jsonl.gz: line 2: "):
        load(scan)
    write_guides(path, [RXR[0], guide(12, [A, B], "x" * (1 << 23))])
    with pytest.raises(SceneError, match=r"jsonl.gz: line 2: found over 4194304 bytes"):
        load(scan)


def test_a_mesh_header_that_promises_too_much(scan):
    mesh = scan / "house_segmentations" / f"{SCAN}.ply"
    write_mesh(mesh)
    mesh.write_bytes(re.sub(rb"element face 6", b"element face 99999999999", mesh.read_bytes()))
    with pytest.raises(SceneError, match=r"expected a count of what fits"):
        load(scan)


# --- real walks --------------------------------------------------------------------------------------------------


@needs_real_walks
def test_real_paths_are_as_long_as_they_say():
    for graph_file in sorted((REAL / "connectivity").glob("*_connectivity.json")):
        scan, graph = graph_file.name.removesuffix("_connectivity.json"), read_connectivity(graph_file)
        for file in sorted(REAL.glob("R2R_*.json")):
            said = {f"r2r_{path['path_id']}_0": path["distance"] for path in json.loads(file.read_bytes())}
            for told in read_r2r(file, scan):
                assert graph.is_walkable(told.path)
                if told.id in said:
                    assert graph.length_m(told.path) == pytest.approx(said[told.id], abs=0.01)
