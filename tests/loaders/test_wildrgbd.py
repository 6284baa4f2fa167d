"""WildRGB-D: files written by hand, whose values are worked out here, and a block whose box is known."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial.transform import Rotation

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.reasons import (
    FOOT_NOT_SEEN,
    HARDLY_MEASURED,
    INVALID_POSE,
    NO_DEPTH,
    NO_IMAGE,
    NO_MASK,
    NO_POSE,
    SEVERAL_IN_MASK,
)
from qagen.core.scene import Scene
from qagen.demo import demo_root
from qagen.demo.film import Film
from qagen.errors import SceneError
from qagen.loaders import wildrgbd
from qagen.loaders.wildrgbd import WildRgbdLoader, read_intrinsic, read_poses
from tests.loaders.masked_files import CAMERA, SIZE, TABLE, View, orbit

K = [600, 0, 0, 0, 601, 0, 241, 321, 1]
"""Column by column: fx 600, fy 601, cx 241, cy 321."""
WIDTH, HEIGHT = 480, 640


def write_scene(
    root: Path, matrices: dict[str, NDArray], kind: str = "multi", category: str = "cup", name: str = "scenes_012"
) -> Path:
    """A scene whose images are 480 x 640 and empty, with a line for each matrix; returns its folder."""
    folder = root / category / "scenes" / name
    for part, mode, size in (("rgb", "RGB", (48, 64)), ("depth", "I;16", (48, 64)), ("masks", "L", (48, 64))):
        (folder / part).mkdir(parents=True)
        for frame_id in matrices:
            Image.new(mode, size).save(folder / part / f"{int(float(frame_id)):05d}.png")
    lines = [f"{frame_id} " + " ".join(map(str, matrix.ravel())) for frame_id, matrix in matrices.items()]
    (folder / "cam_poses.txt").write_text("\n".join(lines) + "\n")
    (folder / "metadata").write_text(json.dumps({"w": WIDTH, "h": HEIGHT, "K": K}))
    (root / category / "types.json").write_text(json.dumps({name: kind}))
    return folder


def moved(x: float) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[0, 3] = x
    return matrix


def six() -> dict[str, NDArray[np.float64]]:
    return {str(k): moved(k) for k in range(6)}


def load(folder: Path) -> Scene:
    (scene_id,) = WildRgbdLoader(folder).scene_ids("train")
    return WildRgbdLoader(folder).load(scene_id)


# --- conventions ------------------------------------------------------------------------------------------------------


def test_k_lists_columns() -> None:
    matrix = read_intrinsic(K, Path("metadata"))
    assert matrix.tolist() == [[600, 0, 241], [0, 601, 321], [0, 0, 1]]
    assert read_intrinsic([[600, 0, 0], [0, 601, 0], [241, 321, 1]], Path("metadata")).tolist() == matrix.tolist()


def test_the_camera_has_the_size_of_the_images(tmp_path: Path) -> None:
    scene = load(write_scene(tmp_path, six()))
    # images are a tenth of w and h: 60, 60.1; (241 + 0.5) / 10 - 0.5 = 23.65, (321 + 0.5) / 10 - 0.5 = 31.65
    expected = Camera(60.0, 60.1, 23.65, 31.65, 48, 64)
    assert scene.frames[0].camera.intrinsics == pytest.approx(expected.intrinsics)
    assert (scene.frames[0].camera.width, scene.frames[0].camera.height) == (48, 64)
    assert scene.frames[0].depth_camera == scene.frames[0].camera


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([600, 0, 241, 0, 601, 321, 0, 0, 1], "K: found a matrix row by row"),
        ([600, 0, 0, 0, 601, 0, 241, 321], "K: found 8 numbers, expected 9"),
        ([600, 0, 0, 0, 601, 0, 0, 0, 1], "K: found .*, expected fx, 0, 0, 0, fy, 0, cx, cy, 1"),
        ([-600, 0, 0, 0, 601, 0, 241, 321, 1], "K: found .*, expected fx"),
        ([600, 0, 0, 0, 601, 0, 300, 321, 1], "principal point"),  # 300 of 480: 12.6 % off the middle
        ([600, 0, 0, 0, 601, 0, float("nan"), 321, 1], "K: found 9 numbers, expected 9 finite ones"),
        ("none", "K"),
    ],
)
def test_a_k_of_another_kind_is_refused_by_name(tmp_path: Path, numbers: object, message: str) -> None:
    folder = write_scene(tmp_path, six())
    (folder / "metadata").write_text(json.dumps({"w": WIDTH, "h": HEIGHT, "K": numbers}))
    with pytest.raises(SceneError, match=f"metadata.*{message}"):
        load(folder)


def test_images_of_another_aspect_are_refused(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six())
    Image.new("RGB", (64, 48)).save(folder / "rgb" / "00002.png")
    with pytest.raises(SceneError, match="metadata"):
        load(folder)


@pytest.mark.parametrize("kind", ["depth", "masks"])
def test_depth_and_masks_have_the_aspect_of_their_image(tmp_path: Path, kind: str) -> None:
    folder = write_scene(tmp_path, six())
    Image.new("I;16" if kind == "depth" else "L", (48, 48)).save(folder / kind / "00003.png")
    with pytest.raises(SceneError, match=rf"{kind}/00003.png.*48 x 48 pixels beside color of 48 x 64"):
        load(folder)


def test_masks_that_claim_to_be_huge_are_not_decoded(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six())
    Image.new("L", (480, 640)).save(folder / "masks" / "00003.png")
    with pytest.raises(SceneError, match=r"masks/00003.png: mask: found 480 x 640 pixels beside color of 48 x 64"):
        load(folder)


def test_frames_are_found_by_their_ids_in_the_order_of_these(tmp_path: Path) -> None:
    """Frame 4 is the third line and the first frame; the official script would show it 00002.png."""
    folder = write_scene(tmp_path, {"10": moved(1.0), "7.0": moved(2.0), "00004": moved(3.0)})
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["4", "7", "10"]
    assert [frame.color.path for frame in scene.frames] == [folder / "rgb" / f"000{k}.png" for k in ("04", "07", "10")]
    assert [frame.world_from_camera.translation[0] for frame in scene.frames] == [3.0, 2.0, 1.0]
    assert (scene.unit_m, scene.is_level, scene.has_closed_classes) == (1.0, False, True)
    assert [frame.time_s for frame in scene.frames] == pytest.approx([4 / 30, 7 / 30, 10 / 30])


def test_depth_is_millimeters_up_to_five_meters(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six())
    stored = np.zeros((64, 48), np.uint16)
    stored[0, :4] = 0, 1500, 5000, 5001
    Image.fromarray(stored).save(folder / "depth" / "00000.png")
    depth = load(folder).frames[0].depth
    assert depth is not None
    assert depth.read_m()[0, :4].tolist() == [0, 1.5, 5, 0]


@pytest.mark.parametrize("form", ["0 and 1", "0 and 255", "black and white", "palette"])
def test_masks_in_every_form(tmp_path: Path, form: str) -> None:
    shown = np.array([[0, 1], [1, 0]], np.uint8)
    image = Image.fromarray(shown * 255 if form == "0 and 255" else shown)
    if form == "black and white":
        image = Image.fromarray(shown * 255).convert("1")
    if form == "palette":
        image = Image.frombytes("P", (2, 2), shown.tobytes())
        image.putpalette([0, 0, 0, 128, 0, 0])
    image.save(tmp_path / "mask.png")
    assert wildrgbd.MaskImage(tmp_path / "mask.png").read_mask().tolist() == (shown > 0).tolist()


def test_soft_masks_are_cut_at_the_middle_and_colored_ones_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 127, 128, 255]], np.uint8)).save(tmp_path / "mask.png")
    assert wildrgbd.MaskImage(tmp_path / "mask.png").read_mask().tolist() == [[False, False, True, True]]
    Image.new("RGB", (4, 1)).save(tmp_path / "mask.png")
    with pytest.raises(SceneError, match="mask: found pixels of type RGB"):
        wildrgbd.MaskImage(tmp_path / "mask.png").read_mask()


# --- poses and missing files ------------------------------------------------------------------------------------------

ROW = "7 " + "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ROW.rpartition(" ")[0], "line 1: found 15 numbers after the id, expected 16"),
        (ROW + " 1", "line 1: found 17 numbers after the id, expected 16"),
        (f"{ROW}\n\n00{ROW}", "line 3: found frame 007 more than once, expected it once"),
        (ROW.replace("0", "zero"), "line 1: .*zero"),
        ("", "found no poses"),
    ],
)
def test_damaged_poses_are_refused_by_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "cam_poses.txt").write_text(text)
    with pytest.raises(SceneError, match=f"cam_poses.txt: {message}"):
        read_poses(tmp_path / "cam_poses.txt")


def test_poses_that_are_lost_or_no_rotations_are_left_out(tmp_path: Path) -> None:
    mirrored = np.diag([-1.0, 1, 1, 1])
    scene = load(write_scene(tmp_path, six() | {"6": np.full((4, 4), np.nan), "7": mirrored}))
    assert len(scene.frames) == 6
    assert scene.dropped[INVALID_POSE] == 2


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        (lambda matrix: matrix.T, r"last row \[1.0, 2.0, 3.0, 1.0\], expected \[0, 0, 0, 1\]"),
        (lambda matrix: np.diag([-1.0, 1, 1, 1]) @ matrix, "rotation mirrors"),
        (lambda matrix: matrix * 2, "last row"),
    ],
)
def test_matrices_of_another_meaning_are_refused(tmp_path: Path, turn: Callable, message: str) -> None:
    matrix = np.eye(4)
    matrix[:3, 3] = 1, 2, 3
    folder = write_scene(tmp_path, {str(k): turn(matrix) for k in range(6)})
    with pytest.raises(SceneError, match=f"cam_poses.txt: poses: found 6 of 6 that are not rigid .*{message}"):
        load(folder)


def test_frames_without_a_file_and_files_without_a_frame_are_counted(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, {str(k): moved(k) for k in range(9)}, kind="single")
    for part, number in (("rgb", 0), ("depth", 1), ("masks", 2)):
        (folder / part / f"0000{number}.png").unlink()
    Image.new("RGB", (48, 64)).save(folder / "rgb" / "00100.png")
    scene = load(folder)
    assert [frame.id for frame in scene.frames] == ["3", "4", "5", "6", "7", "8"]
    assert scene.dropped == {NO_IMAGE: 1, NO_DEPTH: 1, NO_MASK: 1, NO_POSE: 1, HARDLY_MEASURED: 1}


def test_a_video_without_objects_needs_no_masks(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six())
    (folder / "masks" / "00001.png").unlink()
    assert len(load(folder).frames) == 6


def test_more_than_half_missing_is_an_incomplete_download(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six())
    for number in range(3):
        (folder / "depth" / f"0000{number}.png").unlink()
    assert len(load(folder).frames) == 3
    (folder / "depth" / "00003.png").unlink()
    with pytest.raises(SceneError, match=r"scenes_012: frames: found 4 of 6 with no depth, expected at most half"):
        load(folder)


def test_two_images_of_one_frame_are_refused(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six())
    Image.new("RGB", (48, 64)).save(folder / "rgb" / "3.png")
    with pytest.raises(SceneError, match=r"rgb: found 00003.png and 3.png, expected one image of a frame"):
        load(folder)


# --- kinds of video, names, roots -------------------------------------------------------------------------------------


def test_several_objects_have_no_box_but_are_remembered(tmp_path: Path) -> None:
    scene = load(write_scene(tmp_path, six(), category="remote_control"))
    assert (scene.objects, scene.dropped) == ((), {SEVERAL_IN_MASK: 1})
    assert scene.unplaced == {"remote control"}
    assert all(frame.instances is None for frame in scene.frames)


def test_an_object_in_a_hand_is_refused(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six(), kind="hand")
    with pytest.raises(SceneError, match=r"types.json: scenes_012: found 'hand'.*what is held moves"):
        load(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"scenes_013": "single"}', "scenes_012: found no such scene among 1"),
        ('{"scenes_012": "singel"}', "Did you mean 'single'"),
        ('{"scenes_012": 1', "content"),
        ("[]", "keys with values"),
        (None, "cannot be read"),
    ],
)
def test_the_kind_of_video_must_be_known(tmp_path: Path, content: str | None, message: str) -> None:
    folder = write_scene(tmp_path, six())
    types = tmp_path / "cup" / "types.json"
    types.unlink()
    if content is not None:
        types.write_text(content)
    with pytest.raises(SceneError, match=f"types.json: .*{message}"):
        load(folder)


def test_kinds_may_be_listed_by_the_scene_s_number(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six())
    (tmp_path / "cup" / "types.json").write_text('{"012": "multi"}')
    assert load(folder).id == "cup_scenes_012"


def test_the_root_may_be_the_dataset_a_category_its_scenes_or_a_scene(tmp_path: Path) -> None:
    folder = write_scene(tmp_path, six())
    write_scene(tmp_path, six(), category="TV")
    assert WildRgbdLoader(tmp_path).scene_ids("train") == ["TV_scenes_012", "cup_scenes_012"]
    for root in (tmp_path / "cup", tmp_path / "cup" / "scenes", folder):
        assert WildRgbdLoader(root).scene_ids("train") == ["cup_scenes_012"]
        assert WildRgbdLoader(root).load("cup_scenes_012").source == folder
    assert WildRgbdLoader(tmp_path).load("TV_scenes_012").unplaced == {"TV"}
    assert WildRgbdLoader(tmp_path).files_beside(folder) == [tmp_path / "cup" / "types.json"]
    with pytest.raises(SceneError, match="Did you mean 'cup_scenes_012'"):
        WildRgbdLoader(tmp_path).load("cup_scenes_013")
    with pytest.raises(SceneError, match=r"expected <category>/scenes/scenes_<id>"):
        WildRgbdLoader(folder / "rgb").scene_ids("train")


# --- the object -------------------------------------------------------------------------------------------------------

TURN = Pose(Rotation.from_rotvec([0.9, -0.4, 0.3]).as_matrix(), np.array([0.3, -0.2, 0.1]))
"""The recording's world, by the upright one."""


def write_block(root: Path, table: float = TABLE, count: int = 24) -> Path:
    """The block of masked_files on its table, in a world that is turned."""
    poses = orbit(count)
    folder = write_scene(root, {str(k): (TURN @ pose).matrix for k, pose in enumerate(poses)}, "single", "box")
    c = CAMERA
    columns = [c.fx, 0, 0, 0, c.fy, 0, c.cx, c.cy, 1]
    (folder / "metadata").write_text(json.dumps({"w": c.width, "h": c.height, "K": columns}))
    for k, pose in enumerate(poses):
        view = View(pose, table)
        images = {
            "rgb": np.zeros((c.height, c.width, 3), np.uint8),
            "depth": np.round(1000 * view.read_m()).astype(np.uint16),
            "masks": view.read_mask() * np.uint8(255),
        }
        for part, pixels in images.items():
            Image.fromarray(pixels).save(folder / part / f"{k:05d}.png")
    return folder


def test_the_block_stands_upright_in_a_level_world(tmp_path: Path) -> None:
    scene = load(write_block(tmp_path))
    assert scene.is_level
    (item,) = scene.objects
    assert (item.label, item.id) == ("box", 1)
    assert item.box.size == pytest.approx(SIZE, abs=0.006)
    # the middle of the block, 7.5 cm above the table, is TURN (0, 0, 0.075) in the recording's world
    assert scene.world_from_source @ (TURN @ np.array([0, 0, 0.075])) == pytest.approx(item.box.center, abs=0.006)
    assert scene.world_from_source.rotation @ TURN.rotation[:, 2] == pytest.approx([0, 0, 1], abs=2e-3)
    first, view = scene.frames[0], View(orbit()[0])
    assert first.world_from_camera.matrix == pytest.approx((scene.world_from_source @ TURN @ orbit()[0]).matrix)
    assert first.instances is not None
    assert np.array_equal(first.instances.read_objects() == 0, view.read_mask())


def test_without_a_table_nobody_knows_the_vertical(tmp_path: Path) -> None:
    scene = load(write_block(tmp_path, table=0.0))
    assert not scene.is_level
    assert scene.world_from_source.matrix.tolist() == np.eye(4).tolist()
    width, height, length = np.sort(scene.objects[0].box.size)
    assert (width, length) == pytest.approx((0.1, 0.2), abs=0.006)
    assert height < 0.156


def test_nine_frames_give_no_box(tmp_path: Path) -> None:
    scene = load(write_block(tmp_path, count=9))
    assert (scene.objects, scene.dropped, scene.unplaced) == ((), {HARDLY_MEASURED: 1}, {"box"})


def test_what_stands_on_something_else_has_no_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qagen.loaders.io.masked_objects.upright_object", lambda surface, floor: None)
    scene = load(write_block(tmp_path))
    assert (scene.objects, scene.dropped, scene.is_level) == ((), {FOOT_NOT_SEEN: 1}, True)
    assert all(frame.instances is None for frame in scene.frames)


def test_the_same_files_give_the_same_numbers(tmp_path: Path) -> None:
    folder = write_block(tmp_path)
    first, second = (load(folder).objects[0] for _ in range(2))
    assert first.box.size.tolist() == second.box.size.tolist()
    assert first.points is not None
    assert np.array_equal(first.points, second.points)  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_boxes_of_the_demo_are_those_of_its_things() -> None:
    """Within 4 mm on each side: voxels are 3 mm, and a sensor's depth at half a meter is right to 1 mm."""
    root = demo_root("wildrgbd")
    film = Film.read(next(root.parent.glob("tabletop-film-*")))
    loader = WildRgbdLoader(root)
    for scene_id, label in (("clock_scenes_000", "alarm clock"), ("remote_control_scenes_000", "remote control")):
        scene = loader.load(scene_id)
        assert scene.is_level
        true, found = (_sides(box) for box in (film.boxes[film.labels.index(label)], scene.objects[0].box))
        assert found == pytest.approx(true, abs=0.004)


def _sides(box: Box3D) -> list[float]:
    return [*sorted(box.size[:2].tolist()), float(box.size[2])]
