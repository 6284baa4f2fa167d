"""CA-1M: poses and boxes of the laser's world, half a pixel, depth that two sensors share, archives, and damage."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import Scene
from qagen.demo.film import Film
from qagen.demo.layouts import ca1m
from qagen.errors import SceneError
from qagen.loaders.ca1m.depth import CheckedDepth, MemberDepth
from qagen.loaders.ca1m.loader import Ca1mLoader
from qagen.loaders.io.tar import Member
from tests.loaders import ca1m_files as by_hand
from tests.loaders.ca1m_files import FIRST, SECOND, VIDEO, capture, pack, thing, unpack

WORLD = "world.gt/instances.json"


def load(files: dict[str, bytes], root: Path) -> Scene:
    pack(files, root)
    return Ca1mLoader(root).load(VIDEO)


def with_things(*things: dict[str, Any]) -> dict[str, bytes]:
    return capture() | {WORLD: json.dumps(things).encode()}


def test_poses_lead_from_the_camera_to_the_world(tmp_path: Path) -> None:
    first, second = load(capture(), tmp_path).frames
    assert (first.id, second.id) == (FIRST, SECOND)
    assert (first.time_s, second.time_s) == (0.0, 0.1)
    # 2 m ahead of a camera at (3, 2, 1.5) that looks along +y, and 0.5 m below
    assert_allclose(first.world_from_camera @ np.array([0, 0.5, 2.0]), (3, 4, 1.0), atol=1e-12)


def test_intrinsics_count_pixels_from_the_edge(tmp_path: Path) -> None:
    frame = load(capture(), tmp_path).frames[0]
    # the middle of 16 columns is the edge between columns 7 and 8, whose centers are whole numbers
    assert frame.camera == Camera(20, 21, 7.5, 5.5, 16, 12)
    assert frame.depth_camera == Camera(10, 11, 3.5, 2.5, 8, 6)


def test_boxes_have_their_axes_in_columns_and_full_extents(tmp_path: Path) -> None:
    (stand,) = load(capture(), tmp_path).objects
    assert (stand.id, stand.label) == (0, "TV stand")
    # the first side, 0.6 long, lies along the column (0, 1, 0)
    assert_allclose(np.ptp(stand.box.corners, axis=0), (0.4, 0.6, 1.0), atol=1e-12)
    assert_allclose(stand.box.center, (5, 4, 0.5), atol=1e-12)
    c, s = math.cos(math.radians(30)), math.sin(math.radians(30))
    (turned,) = load(with_things(thing("a", "mug", R=[[c, -s, 0], [s, c, 0], [0, 0, 1]])), tmp_path).objects
    # 30 degrees to the left of x, not to the right
    assert_allclose(math.degrees(turned.box.yaw_rad), 30)


def test_what_has_no_name_is_counted_and_then_no_name_is_complete(tmp_path: Path) -> None:
    structure = [thing(name, name) for name in ("wall", "floor", "ceiling", "door_frame")]
    scene = load(with_things(*structure, thing("b", "mug")), tmp_path)
    assert (scene.lists_all, scene.has_closed_classes) == (True, False)
    assert scene.dropped == {"object: never asked about": 4}
    scene = load(with_things(thing("a", "object"), thing("b", "mug")), tmp_path)
    assert ([item.label for item in scene.objects], scene.objects[0].id) == (["mug"], 1)
    assert (scene.lists_all, scene.has_closed_classes) == (False, True)
    assert scene.dropped == {"object: never asked about": 1}


def test_a_capture_whose_boxes_have_no_names_has_frames_and_depth(tmp_path: Path) -> None:
    scene = load(with_things(thing("a", "object"), thing("b", "object")), tmp_path)
    assert (len(scene.frames), scene.objects) == (2, ())
    assert scene.frames[0].depth is not None


def test_boxes_that_an_upright_one_cannot_stand_for_are_left_out(tmp_path: Path) -> None:
    half = math.sqrt(0.5)
    leaning = thing("a", "mirror", R=[[1, 0, 0], [0, half, -half], [0, half, half]])
    tiny = thing("b", "pin", scale=[0.001, 0.001, 0.001])
    scene = load(with_things(leaning, tiny, thing("c", "mug")), tmp_path)
    assert [item.label for item in scene.objects] == ["mug"]
    assert scene.dropped == {"object: tilted box": 1, "object: too small": 1}
    assert scene.unplaced == {"mirror", "pin"}


def camera(width: int, height: int, focal: float) -> Camera:
    return Camera(focal, focal, width / 2 - 0.5, height / 2 - 0.5, width, height)


def checked(tmp_path: Path, laser_mm: int, device: np.ndarray) -> np.ndarray:
    """The depth of a row of 16 columns, of a laser that sees one depth and a device of 8 columns."""
    laser = np.full((12, 16), laser_mm, np.uint16)
    sources = []
    for name, pixels in (("laser", laser), ("device", np.tile(device.astype(np.uint16), (6, 1)))):
        path = tmp_path / f"{name}.png"
        Image.fromarray(pixels).save(path)
        height, width = pixels.shape
        sources.append(MemberDepth(Member(path, path), camera(width, height, 1.25 * width)))
    return CheckedDepth(*sources).read_m()[5]


def test_the_lasers_depth_counts_where_the_device_saw_about_the_same(tmp_path: Path) -> None:
    # somebody stands at 1 m in the device's columns 4 to 7; column 4 lies beside one that agrees
    row = checked(tmp_path, 2000, np.array([2000] * 4 + [1000] * 4))
    assert_allclose(row, [2.0] * 10 + [0.0] * 6)
    # a tenth of 4 m is more than 20 cm
    assert_allclose(checked(tmp_path, 4000, np.array([4390] * 8)), [4.0] * 16)
    assert_allclose(checked(tmp_path, 4000, np.array([4450] * 8)), [0.0] * 16)
    assert_allclose(checked(tmp_path, 1000, np.array([1190] * 8)), [1.0] * 16)
    assert_allclose(checked(tmp_path, 1000, np.array([1250] * 8)), [0.0] * 16)


def test_the_device_does_not_judge_what_it_cannot_measure(tmp_path: Path) -> None:
    # it has nothing there, or both lie beyond its reach of 5 m
    assert_allclose(checked(tmp_path, 2000, np.zeros(8)), [2.0] * 16)
    assert_allclose(checked(tmp_path, 8000, np.array([5300] * 8)), [8.0] * 16)
    # but 8 m cannot be where it measures 3 m
    assert_allclose(checked(tmp_path, 8000, np.array([3000] * 8)), [0.0] * 16)


def test_the_laser_alone_counts_where_the_device_has_no_depth(tmp_path: Path) -> None:
    files = {name: content for name, content in capture().items() if "wide/depth" not in name}
    depth = load(files, tmp_path).frames[0].depth
    assert depth is not None
    assert_allclose(depth.read_m(), np.full((6, 8), 1.5))


def test_a_device_that_is_turned_gives_images_of_one_shape(tmp_path: Path) -> None:
    # the third image was taken with the device on its side, and was turned upright with its pose
    rolled = np.array(by_hand.place(3.2))
    quarter = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    third = by_hand.frame("21859997734958", by_hand.place(3.2), size=(12, 16))
    scene = load(capture() | third, tmp_path)
    assert {(frame.camera.width, frame.camera.height) for frame in scene.frames} == {(16, 12)}
    found = scene.frames[2]
    assert_allclose(abs(found.world_from_camera.rotation.T @ rolled[:3, :3]), abs(quarter), atol=1e-12)
    pixels = found.color.read_bytes()
    assert pixels.startswith(b"\x89PNG")
    assert found.depth is not None
    assert found.depth.read_m().shape == (6, 8)


def test_poses_that_contradict_gravity_are_left_out(tmp_path: Path) -> None:
    # pitched down by 30 degrees, so that down has a part ahead, while the pose says level
    c, s = math.cos(math.radians(30)), math.sin(math.radians(30))
    pitched = [[1, 0, 0], [0, c, -s], [0, s, c]]
    wrong = by_hand.frame("21859997734958", by_hand.place(3.2), gravity=pitched)
    scene = load(capture() | wrong, tmp_path)
    assert [frame.id for frame in scene.frames] == [FIRST, SECOND]
    assert scene.dropped["frame: pose against gravity"] == 1
    # a pose that is pitched as well: T_gravity leads from the level camera to this one, the pose back
    rotation = np.array(by_hand.place(0))[:3, :3] @ np.transpose(pitched)
    right = by_hand.frame("21859997734958", Pose(rotation, np.array([3.2, 2, 1.5])).matrix.tolist(), gravity=pitched)
    assert len(load(capture() | right, tmp_path).frames) == 3


def test_a_world_whose_vertical_is_not_z_is_refused(tmp_path: Path) -> None:
    lying = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    files = capture() | {f"{stamp}.gt/RT.json": json.dumps(lying).encode() for stamp in (FIRST, SECOND)}
    with pytest.raises(SceneError, match=r"tar: vertical: found 2 of 2 frames .* expected a world with z up"):
        load(files, tmp_path)


MISSING = {
    "wide/image.png": "frame: no image",
    "gt/RT.json": "frame: no pose",
    "wide/image/K.json": "frame: no intrinsics",
    "gt/depth.png": "frame: no depth",
    "gt/depth/K.json": "frame: no depth",
}


@pytest.mark.parametrize("name", MISSING)
def test_a_frame_that_lacks_a_file_is_left_out_and_counted(tmp_path: Path, name: str) -> None:
    files = capture()
    del files[f"{FIRST}.{name}"]
    scene = load(files, tmp_path)
    assert [frame.id for frame in scene.frames] == [SECOND]
    assert scene.dropped == {MISSING[name]: 1}


@pytest.mark.parametrize("pose", ["[" + ",".join(["NaN"] * 16) + "]", json.dumps([[2, 0, 0, 0]] * 4)])
def test_a_lost_pose_is_left_out_and_counted(tmp_path: Path, pose: str) -> None:
    scene = load(capture() | {f"{FIRST}.gt/RT.json": pose.encode()}, tmp_path)
    assert [frame.id for frame in scene.frames] == [SECOND]
    assert scene.dropped == {"frame: invalid pose": 1}


def test_matrices_may_be_written_as_one_list(tmp_path: Path) -> None:
    flat = json.dumps(np.ravel(by_hand.place(3.0)).tolist()).encode()
    frame = load(capture() | {f"{FIRST}.gt/RT.json": flat}, tmp_path).frames[0]
    assert_allclose(frame.world_from_camera.translation, (3, 2, 1.5))


def test_archives_and_folders_give_the_same_scene(tmp_path: Path) -> None:
    pack(capture(), tmp_path)
    for folder in (f"un/{VIDEO}", f"two/ca1m-val-{VIDEO}/{VIDEO}", f"three/val/{VIDEO}"):
        unpack(capture(), tmp_path / folder)
    packed = Ca1mLoader(tmp_path).load(VIDEO)
    for root in ("un", f"un/{VIDEO}", "two", f"two/ca1m-val-{VIDEO}", "three", f"ca1m-val-{VIDEO}.tar"):
        loader = Ca1mLoader(tmp_path / root)
        assert loader.scene_ids("val") == [VIDEO]
        scene = loader.load(VIDEO)
        for frame, other in zip(scene.frames, packed.frames, strict=True):
            assert frame.color.read_bytes() == other.color.read_bytes()
            assert frame.depth is not None
            assert other.depth is not None
            assert_allclose(frame.depth.read_m(), other.depth.read_m())
            assert_allclose(frame.world_from_camera.matrix, other.world_from_camera.matrix)
        assert len(scene.objects) == len(packed.objects)


def test_an_archive_may_lie_beside_its_folder(tmp_path: Path) -> None:
    pack(capture(), tmp_path)
    unpack(capture(), tmp_path / f"ca1m-val-{VIDEO}" / VIDEO)
    assert Ca1mLoader(tmp_path).scene_ids("val") == [VIDEO]
    assert len(Ca1mLoader(tmp_path).load(VIDEO).frames) == 2


def test_splits_are_told_by_names(tmp_path: Path) -> None:
    pack(capture(), tmp_path, "val")
    unpack(capture(), tmp_path / "train" / "1")
    loader = Ca1mLoader(tmp_path)
    assert loader.scene_ids("val") == [VIDEO]
    assert loader.scene_ids("train") == ["1"]
    assert loader.scene_ids("all") == ["1", VIDEO]
    with pytest.raises(SceneError, match=r"no 'valid'\. Did you mean 'val'"):
        loader.scene_ids("valid")
    with pytest.raises(SceneError, match="no '2' here"):
        loader.load("2")


def test_a_split_without_captures_is_told(tmp_path: Path) -> None:
    pack(capture(), tmp_path, "val")
    with pytest.raises(SceneError, match="none of the 1 captures is of 'train', expected ca1m-train-<number>"):
        Ca1mLoader(tmp_path).scene_ids("train")


BROKEN = {
    WORLD: {
        b"{": "instances.json: content: ",
        b'[{"id": "a"}]': "instances.json: [0].category: found nothing, expected a text",
        json.dumps([thing("a", "mug"), thing("a", "cup")]).encode(): "id: found a more than once",
        json.dumps([thing("a", "mug", R=[[2, 0, 0], [0, 1, 0], [0, 0, 1]])]).encode(): "[0] (a): found axes 3 from",
        json.dumps([thing("a", "mug", scale=[1, -1, 1])]).encode(): "[0] (a): found sides [1.0, -1.0, 1.0]",
        json.dumps([thing("a", "mug", position=[math.nan, 0, 0])]).encode(): "[0] (a): found a number that is not fin",
        json.dumps([thing("a", "mug", corners=[[9, 9, 9]] * 8)]).encode(): "[0] (a): found corners 8 m from",
    },
    f"{FIRST}.gt/RT.json": {
        b"[1, 2]": "RT.json: matrix: found [1, 2], expected 4 x 4 numbers",
        json.dumps([["x"] * 4] * 4).encode(): "RT.json: matrix: found [['x'",
        b"[" * 100_000: "RT.json: size: found more than 65536 bytes",
    },
    f"{FIRST}.wide/image/K.json": {b"[[1, 0, 0], [0, 1, 0]]": "K.json: matrix: found [[1, 0, 0], [0, 1, 0]]"},
    f"{FIRST}.wide/T_gravity.json": {b"[[1,0,0],[0,3,0],[0,0,1]]": "T_gravity.json: rotation: found axes 8 from"},
    f"{FIRST}.wide/image.png": {b"GIF89a": "image.png: image: found b'GIF89a"},
}


@pytest.mark.parametrize(
    ("file", "content", "message"), [(file, *case) for file, cases in BROKEN.items() for case in cases.items()]
)
def test_damage_is_told_with_its_file(tmp_path: Path, file: str, content: bytes, message: str) -> None:
    with pytest.raises(SceneError, match=re.escape(message)) as error:
        load(capture() | {file: content}, tmp_path)
    assert f"ca1m-val-{VIDEO}.tar/{VIDEO}/{file}" in str(error.value)


def test_corners_that_fit_are_no_fault(tmp_path: Path) -> None:
    box = load(capture(), tmp_path).objects[0].box
    scene = load(with_things(thing("a", "mug", corners=box.corners.tolist())), tmp_path)
    assert len(scene.objects) == 1


def test_depth_of_another_size_is_told_when_it_is_read(tmp_path: Path) -> None:
    scene = load(capture() | {f"{FIRST}.wide/depth.png": by_hand.png(np.zeros((3, 4), np.uint8))}, tmp_path)
    depth = scene.frames[0].depth
    assert depth is not None
    with pytest.raises(SceneError, match=r"wide/depth.png: depth image: found pixels of type L, expected 16-bit gray"):
        depth.read_m()


def test_a_capture_without_frames_is_told(tmp_path: Path) -> None:
    files = capture()
    for stamp in (FIRST, SECOND):
        del files[f"{stamp}.gt/RT.json"]
    with pytest.raises(SceneError, match=r"frames: found none of 2 complete \(2 frame: no pose\)"):
        load(files, tmp_path)


def test_the_boxes_must_be_there(tmp_path: Path) -> None:
    files = capture()
    del files[WORLD]
    with pytest.raises(SceneError, match=r"tar/world.gt/instances.json: cannot be read"):
        load(files, tmp_path)


def test_a_renamed_archive_is_told(tmp_path: Path) -> None:
    pack(capture(), tmp_path).rename(tmp_path / "ca1m-val-1.tar")
    with pytest.raises(SceneError, match=r"found none of 19 below 1/, expected the capture's"):
        Ca1mLoader(tmp_path).load("1")


def test_the_demo_in_this_layout_is_the_film_again(small_film: Film, tmp_path: Path) -> None:
    ca1m.write(small_film, tmp_path)
    scene = Ca1mLoader(tmp_path).load(ca1m.SCENE_ID)
    for frame, pose in zip(scene.frames, small_film.poses, strict=True):
        assert_allclose(frame.world_from_camera.matrix, pose.matrix, atol=1e-9)
    for item in scene.objects:
        assert_allclose(item.box.center, small_film.boxes[item.id].center, atol=1e-9)
        assert item.label == small_film.labels[item.id]
    assert_allclose(scene.frames[0].camera.intrinsics, small_film.camera.scaled(*ca1m.SIZE).intrinsics, atol=1e-9)
    assert scene.dropped == {"object: never asked about": 3}
