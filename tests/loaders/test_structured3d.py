"""The Structured3D reader on a tiny hand-made house, on damaged files, and on the demo's layout."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qagen.core.camera import Camera
from qagen.core.floor import polygon_area
from qagen.core.scene import Scene
from qagen.demo.film import Film
from qagen.demo.layouts import structured3d as demo_files
from qagen.errors import SceneError
from qagen.loaders import make_loader
from qagen.loaders.io.depth_kind import RayDepth, measure_flatness, ray_lengths
from qagen.loaders.structured3d.floor import join_outlines
from tests.films import BOX
from tests.loaders.structured3d_files import (
    BOXES,
    BOXLESS,
    CAMERA_POSE,
    CHAIR,
    FOCAL,
    HEIGHT,
    NAME,
    WIDTH,
    make_images,
    make_structure,
    write_house,
)

VIEW = "2D_rendering/5/perspective/full/2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_house(tmp_path)


def load(folder: Path) -> Scene:
    return make_loader("structured3d", folder.parent).load(folder.name)


def refusal(folder: Path) -> str:
    with pytest.raises(SceneError) as caught:
        load(folder)
    return str(caught.value)


def views(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.rglob("camera_pose.txt"))


# --- views ------------------------------------------------------------------------------------------------------


def test_views_stand_in_the_order_of_rooms_and_positions(folder: Path) -> None:
    scene = load(folder)
    assert (scene.dataset, scene.id, scene.mesh) == ("structured3d", NAME, None)
    assert [frame.id for frame in scene.frames] == ["5_2", "5_10", "12_0"]
    assert [frame.time_s for frame in scene.frames] == [0, 1, 2]


def test_cameras_are_told_by_direction_and_half_angles(folder: Path) -> None:
    frame = load(folder).frames[0]
    np.testing.assert_allclose(frame.world_from_camera.translation, [2, 0.5, 1.5])
    # right is +x, down is -z, forward is +y; the up vector leans, and only says which side is up
    np.testing.assert_allclose(frame.world_from_camera.rotation, [[1, 0, 0], [0, 0, 1], [0, -1, 0]], atol=1e-12)
    # The half angle reaches the edge, 32 pixels from the middle: fx = 32 / tan(atan(32/40)) = 40
    assert frame.camera.intrinsics.tolist() == pytest.approx([FOCAL, FOCAL, 31.5, 23.5])
    assert frame.depth_camera == frame.camera


def test_depth_is_millimeters(folder: Path) -> None:
    frame = load(folder).frames[0]
    assert frame.depth is not None
    assert frame.depth.read_m()[[0, 20], [0, 30]] == pytest.approx([2.5, 1.7])


def test_lengths_of_rays_are_recognised_and_made_planar(folder: Path) -> None:
    lengths = ray_lengths(Camera(FOCAL, FOCAL, 31.5, 23.5, WIDTH, HEIGHT))
    assert lengths[0, 0] == pytest.approx(np.sqrt(1 + (31.5 / 40) ** 2 + (23.5 / 40) ** 2))
    for view in views(folder):
        stored = np.round(make_images()["depth"] * lengths).astype(np.uint16)
        Image.fromarray(stored).save(view / "depth.png")
    frame = load(folder).frames[0]
    assert isinstance(frame.depth, RayDepth)
    np.testing.assert_allclose(frame.depth.read_m(), make_images()["depth"] / 1000, atol=1e-3)


def test_the_kind_of_depth_is_only_told_where_walls_tell_it(small_film: Film) -> None:
    camera = small_film.camera
    planar = [((small_film.depth_mm(k) / 1000).astype(np.float32), camera) for k in (0, 10, 20)]
    rays = [((depth * ray_lengths(camera)).astype(np.float32), camera) for depth, _ in planar]
    assert measure_flatness(planar).is_ray is False  # with the noise of a sensor
    assert measure_flatness(rays).is_ray is True
    noise = np.random.default_rng(0).uniform(1, 5, (60, 80)).astype(np.float32)
    assert measure_flatness([(noise, camera)]).is_ray is None
    assert measure_flatness([(np.zeros((60, 80), np.float32), camera)]).is_ray is None
    assert measure_flatness([]).is_ray is None


def test_views_without_image_or_direction_are_counted(folder: Path) -> None:
    (folder / VIEW / "rgb_rawlight.png").unlink()
    other = folder / "2D_rendering/5/perspective/full/10/camera_pose.txt"
    other.write_text(CAMERA_POSE.replace("0 2 0 0 0.3 1", "0 0 2 0 0 1"))  # looks along its up vector
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["12_0"]
    assert (scene.dropped["frame: no image"], scene.dropped["frame: invalid pose"]) == (1, 1)


def test_without_depth_the_images_of_instances_are_enough(folder: Path) -> None:
    for view in views(folder):
        (view / "depth.png").unlink()
    scene = load(folder)
    assert all(frame.depth is None and frame.depth_camera is None for frame in scene.frames)
    assert all(frame.instances is not None for frame in scene.frames)


# --- objects ----------------------------------------------------------------------------------------------------


def test_box_has_half_extents_and_is_named_by_most_of_its_pixels(folder: Path) -> None:
    scene = load(folder)
    assert [(item.id, item.label) for item in scene.objects] == [(CHAIR, "chair")]
    box = scene.objects[0].box
    assert box.center == pytest.approx([2.2, 2.5, 1.5])
    assert box.size == pytest.approx([1.0, 0.6, 0.8])
    assert np.ptp(box.corners, axis=0) == pytest.approx([1.0, 0.6, 0.8])
    objects = {reason: count for reason, count in scene.dropped.items() if reason.startswith("object")}
    assert objects == {"object: never asked about": 1, "object: never seen": 1}


def test_axes_of_boxes_are_rows(folder: Path) -> None:
    turned = {**BOXES[0], "basis": [[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]]}
    (folder / "bbox_3d.json").write_text(json.dumps([turned]))
    assert np.degrees(load(folder).objects[0].box.yaw_rad) == pytest.approx(36.87, abs=0.01)


def test_box_without_a_clear_majority_has_no_name(folder: Path) -> None:
    images = make_images()
    images["semantic"][15:33, 25:36] = 4  # 11 of 23 columns are a bed, 11 a chair, and one a table
    images["semantic"][15:33, 36] = 7
    for view in views(folder):
        Image.fromarray(images["semantic"]).save(view / "semantic.png")
    scene = load(folder)
    assert scene.objects == ()
    assert scene.dropped["object: no clear label"] == 1


def test_things_without_a_box_are_known_to_be_there(folder: Path) -> None:
    assert load(folder).unplaced == {"lamp", "picture"}  # an id that no box has, and a class outside of all boxes


def test_instances_are_indices_of_objects(folder: Path) -> None:
    frame = load(folder).frames[0]
    assert frame.instances is not None
    objects = frame.instances.read_objects()
    assert (objects.dtype, objects.shape) == (np.int32, (HEIGHT, WIDTH))
    expected = np.where(make_images()["instance"] == CHAIR, 0, -1)  # whatever is never asked about is -1, too
    assert (make_images()["instance"] == BOXLESS).any()
    np.testing.assert_array_equal(objects, expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [("0 2 0 0 0.3 1", "0 -2 0 0 0.3 1"), ("2000 500 1500", "2 0.5 1.5"), ("2000 500", "500 2000")],
    ids=["looks backwards", "meters", "x and y exchanged"],
)
def test_views_that_do_not_fit_the_boxes_are_noticed(folder: Path, old: str, new: str) -> None:
    for view in views(folder):
        assert old in CAMERA_POSE
        (view / "camera_pose.txt").write_text(CAMERA_POSE.replace(old, new))
    assert "bbox_3d.json: boxes: found boxes of which half hold less than" in refusal(folder)


# --- floors -----------------------------------------------------------------------------------------------------


def test_floor_is_that_of_all_rooms_that_are_shown(folder: Path) -> None:
    outline = load(folder).room_polygon
    assert outline is not None
    assert polygon_area(outline) == pytest.approx(12 + 5)
    shutil.rmtree(folder / "2D_rendering" / "12")
    outline = load(folder).room_polygon
    assert outline is not None
    assert polygon_area(outline) == pytest.approx(12)
    assert sorted(map(tuple, outline.tolist())) == [(0, 0), (0, 3), (4, 0), (4, 3)]


def test_joined_outlines_add_up() -> None:
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    parts = [square, 2 * square[::-1] + 5, 3 * square + [20, -4]]
    assert polygon_area(join_outlines(parts)) == pytest.approx(1 + 4 + 9)


def open_line(document: dict) -> None:
    document["planeLineMatrix"][1][0] = 0


def crossed(document: dict) -> None:
    junctions = document["junctions"]
    junctions[1]["coordinate"], junctions[2]["coordinate"] = junctions[2]["coordinate"], junctions[1]["coordinate"]


def unknown_room(document: dict) -> None:
    document["semantics"][0]["ID"] = 6


@pytest.mark.parametrize("change", [open_line, crossed, unknown_room])
def test_unclear_outlines_leave_the_floor_open(folder: Path, change: Callable[[dict], None]) -> None:
    document = make_structure()
    change(document)
    (folder / "annotation_3d.json").write_text(json.dumps(document))
    scene = load(folder)
    assert scene.room_polygon is None
    assert scene.dropped["room: no clear outline"] == 1


def test_structure_is_optional(folder: Path) -> None:
    (folder / "annotation_3d.json").unlink()
    assert load(folder).room_polygon is None


# --- which scenes -----------------------------------------------------------------------------------------------


def test_splits_are_ranges_of_numbers_without_the_invalid_houses(tmp_path: Path) -> None:
    for number in (0, 2999, 3000, 3249, 3250, 3499, 1155, 3398):
        (tmp_path / f"scene_{number:05d}" / "2D_rendering").mkdir(parents=True)
    (tmp_path / "scene_1").mkdir()
    loader = make_loader("structured3d", tmp_path)
    assert loader.scene_ids("train") == ["scene_00000", "scene_02999"]
    assert loader.scene_ids("val") == ["scene_03000", "scene_03249"]
    assert loader.scene_ids("test") == ["scene_03250", "scene_03499"]
    assert len(loader.scene_ids("all")) == 6
    with pytest.raises(SceneError, match=r"split: no 'tran'. Did you mean 'train'"):
        loader.scene_ids("tran")
    with pytest.raises(SceneError, match="scene_01155 is invalid by the dataset's own errata"):
        loader.load("scene_01155")


def test_split_without_scenes_on_disk_says_so(folder: Path) -> None:
    with pytest.raises(SceneError, match="found none of 'val' among 1 scenes"):
        make_loader("structured3d", folder.parent).scene_ids("val")


def test_root_may_be_a_house_or_have_the_archives_own_folder(folder: Path, tmp_path: Path) -> None:
    assert make_loader("structured3d", folder).scene_ids("train") == [NAME]
    (tmp_path / "unpacked").mkdir()
    shutil.move(folder, tmp_path / "unpacked" / "Structured3D" / NAME)
    loader = make_loader("structured3d", tmp_path / "unpacked")
    assert loader.scene_ids("train") == [NAME]
    assert len(loader.load(NAME).frames) == 3


@pytest.mark.parametrize("name", ["../scene_00042", "/etc", "", "scene_00043"])
def test_scene_names_never_leave_the_root(folder: Path, name: str) -> None:
    with pytest.raises(SceneError, match="scene: no "):
        make_loader("structured3d", folder.parent).load(name)


# --- damage -----------------------------------------------------------------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def put(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


def put_boxes(**change: object) -> Callable[[Path], object]:
    return put(json.dumps([{**BOXES[0], **change}]))


def put_structure(change: Callable[[dict], object]) -> Callable[[Path], object]:
    def apply(path: Path) -> None:
        document = make_structure()
        change(document)
        path.write_text(json.dumps(document))

    return apply


def put_image(size: tuple[int, int], mode: str, value: int = 0) -> Callable[[Path], object]:
    return lambda path: Image.new(mode, size, value).save(path)


POSE, IDS, CLASSES, COLOR, DEPTH = (
    f"{VIEW}/{name}" for name in ("camera_pose.txt", "instance.png", "semantic.png", "rgb_rawlight.png", "depth.png")
)
OBJECTS, STRUCTURE = "bbox_3d.json", "annotation_3d.json"
DAMAGE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "boxes cut": (OBJECTS, cut, "content: "),
    "no boxes": (OBJECTS, lambda path: path.unlink(), "cannot be read"),
    "boxes in an object": (OBJECTS, put("{}"), "bbox_3d.json: found {}, expected a list"),
    "box twice": (OBJECTS, put(json.dumps([BOXES[0], BOXES[0]])), "found 7 more than once"),
    "id beyond the images": (OBJECTS, put_boxes(ID=65535), "[0].ID: found 65535"),
    "skewed basis": (OBJECTS, put_boxes(basis=[[1, 0, 0], [1, 0, 0], [0, 0, 1]]), "box 7: found axes"),
    "basis of two rows": (OBJECTS, put_boxes(basis=[[1, 0, 0], [0, 1, 0]]), "[0].basis: found"),
    "box in meters": (
        OBJECTS,
        put_boxes(coeffs=[0.5, 0.3, 0.4], centroid=[2.2, 2.5, 1.5]),
        "is everything in millimeters?",
    ),
    "structure cut": (STRUCTURE, cut, "content: "),
    "box in centimeters": (OBJECTS, put_boxes(coeffs=[50, 30, 40], centroid=[220, 250, 150]), "is everything in milli"),
    "short matrix": (STRUCTURE, put_structure(lambda d: d["planeLineMatrix"].pop()), "expected 3 rows of 10"),
    "ragged matrix": (STRUCTURE, put_structure(lambda d: d["lineJunctionMatrix"][3].pop()), "expected 10 rows of 10"),
    "unknown plane": (STRUCTURE, put_structure(lambda d: d["semantics"][0]["planeID"].append(9)), "expected 0 to 2"),
    "pose of words": (POSE, put("x " * 12), "could not convert"),
    "short pose": (POSE, put("1 2 3"), "found 3 numbers, expected 12"),
    "whole angles in degrees": (POSE, put("2000 500 1500 0 2 0 0 0 1 80 60 1"), "expected radians"),
    "color is no image": (COLOR, put("nothing"), "cannot be decoded"),
    "instances of another size": (IDS, put_image((32, 24), "I;16"), "found 32 x 24 pixels, expected 64 x 48"),
    "instances of 8 bits": (IDS, put_image((WIDTH, HEIGHT), "L"), "found pixels of type L, expected 16-bit gray"),
    "instances cut": (IDS, cut, "cannot be decoded"),
    "classes in colors": (CLASSES, put_image((WIDTH, HEIGHT), "RGB"), "found pixels of type RGB"),
    "class 41": (CLASSES, put_image((WIDTH, HEIGHT), "L", 41), "found class 41, expected 0 to 40"),
    "depth of another size": (DEPTH, put_image((32, 24), "I;16"), "found 32 x 24 pixels, expected 64 x 48"),
    "depth of 8 bits": (DEPTH, put_image((WIDTH, HEIGHT), "L"), "found pixels of type L"),
}


@pytest.mark.parametrize(("name", "damage", "words"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_laid_to_its_file(folder: Path, name: str, damage: Callable[[Path], object], words: str) -> None:
    damage(folder / name)
    message = refusal(folder)
    assert words in message
    assert message.startswith(f"{folder / name}: ")


# --- the demo's layout ------------------------------------------------------------------------------------------


def test_the_film_comes_back(small_film: Film, tmp_path: Path) -> None:
    demo_files.write(small_film, tmp_path)
    scene = make_loader("structured3d", tmp_path).load(demo_files.SCENE_ID)
    assert [item.label for item in scene.objects] == ["box"]  # a nameless gadget is of the class "otherprop"
    house = demo_files.HOUSE
    expected = house @ small_film.boxes[BOX].corners
    found = scene.objects[0].box.corners
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(expected, axis=0), atol=1e-5)
    for k, frame in enumerate(scene.frames):
        index = k * demo_files.VIEW_STEP
        np.testing.assert_allclose(frame.world_from_camera.matrix, (house @ small_film.poses[index]).matrix, atol=1e-5)
        assert frame.camera.intrinsics.tolist() == pytest.approx(small_film.camera.intrinsics.tolist(), abs=1e-4)
        assert frame.instances is not None
        np.testing.assert_array_equal(frame.instances.read_objects() == 0, small_film.objects(index) == BOX)
    assert scene.room_polygon is not None
    assert polygon_area(scene.room_polygon) == pytest.approx(16)


@pytest.mark.parametrize("pose", ["", "nan " * 12, "2000 500 1500 0 0 0 0 0 1 0.6 0.5 1", None])
def test_a_view_without_a_pose_is_left_out_and_counted(folder: Path, pose: str | None) -> None:
    count = len(load(folder).frames)
    path = folder / VIEW / "camera_pose.txt"
    path.unlink() if pose is None else path.write_text(pose)
    scene = load(folder)
    assert len(scene.frames) == count - 1
    assert scene.dropped["frame: no pose" if pose is None else "frame: invalid pose"] == 1


def test_a_house_without_boxes_has_its_views(folder: Path) -> None:
    (folder / "bbox_3d.json").write_text("[]")
    scene = load(folder)
    assert scene.frames
    assert scene.objects == ()
