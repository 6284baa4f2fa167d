"""The bring-your-own loader: declared conventions, poses of other tools, and every way to get scene.json wrong."""

import json
import math
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from qagen.core.scene import Scene
from qagen.demo.film import Film
from qagen.demo.layouts import posed
from qagen.errors import SceneError
from qagen.loaders.io.axes import UP_AXES, z_up
from qagen.loaders.posed.loader import PosedLoader
from tools.schema import DOCS as PAGES

DOCS = PAGES / "posed.md"
FACING_X = [[0, 0, 1, 3], [-1, 0, 0, 4], [0, -1, 0, 1.5], [0, 0, 0, 1]]
"""World from camera, OpenCV: stands at (3, 4, 1.5), looks along +x, upright."""


def description(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "units": "m",
        "up": "+z",
        "pose": "world_from_camera",
        "camera_axes": "opencv",
        "camera": {"fx": 20, "fy": 20, "cx": 7.5, "cy": 5.5, "width": 16, "height": 12},
        "depth": {"meters_per_unit": 0.001},
        "frames": [{"image": "a.png", "depth": "a.depth.png", "pose": FACING_X}],
        "objects": [{"id": 7, "label": "Chair", "center": [5, 4, 0.5], "size": [0.6, 0.4, 1.0], "yaw_deg": 30}],
    }
    told.update(changes)
    return {key: value for key, value in told.items() if value is not None}


def write(folder: Path, told: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "scene.json").write_text(json.dumps(told))
    Image.new("RGB", (16, 12)).save(folder / "a.png")
    Image.fromarray(np.full((6, 8), 2000, np.uint16)).save(folder / "a.depth.png")
    return folder


def load(folder: Path, **changes: Any) -> Scene:
    return PosedLoader(write(folder, description(**changes)).parent).load(folder.name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kitchen"


def test_a_scene_in_our_own_conventions_comes_through_unchanged(folder: Path) -> None:
    scene = load(folder)
    (frame,), (chair,) = scene.frames, scene.objects
    assert_allclose(frame.world_from_camera.matrix, FACING_X)
    assert (chair.id, chair.label) == (7, "chair")
    assert_allclose(chair.box.center, (5, 4, 0.5))
    assert_allclose(chair.box.size, (0.6, 0.4, 1.0))
    assert math.degrees(chair.box.yaw_rad) == pytest.approx(30)
    assert frame.depth is not None
    assert_allclose(frame.depth.read_m(), np.full((6, 8), 2.0))
    assert frame.depth_camera is not None
    # half the resolution, pixel centers at integers: (7.5 + 0.5) / 2 - 0.5
    assert (frame.depth_camera.fx, frame.depth_camera.cx) == (10, 3.5)


def test_units_scale_places_and_sizes_but_not_depth(folder: Path) -> None:
    told = description(units="cm")
    told["frames"][0]["pose"] = [[0, 0, 1, 300], [-1, 0, 0, 400], [0, -1, 0, 150], [0, 0, 0, 1]]
    told["objects"][0] |= {"center": [500, 400, 50], "size": [60, 40, 100]}
    write(folder, told)
    scene = PosedLoader(folder).load("kitchen")
    assert_allclose(scene.frames[0].world_from_camera.translation, (3, 4, 1.5))
    assert_allclose(scene.objects[0].box.size, (0.6, 0.4, 1.0))
    assert scene.frames[0].depth is not None
    assert scene.frames[0].depth.read_m().max() == pytest.approx(2.0)


def test_a_y_up_world_is_turned_upright(folder: Path) -> None:
    # z_up keeps cyclic order: (x, y, z) with y up becomes (z, x, y)
    told = description(up="+y", floor=[[0, 0], [2, 0], [2, 3]])
    told["objects"][0] |= {"center": [4, 0.5, 5], "size": [0.4, 1.0, 0.6], "yaw_deg": 0}
    write(folder, told)
    scene = PosedLoader(folder.parent).load("kitchen")
    assert_allclose(scene.objects[0].box.center, (5, 4, 0.5))
    assert_allclose(np.ptp(scene.objects[0].box.corners, axis=0), (0.6, 0.4, 1.0))  # the file's z is the new x
    assert scene.room_polygon is not None
    assert_allclose(scene.room_polygon, [[0, 0], [2, 0], [2, 3]])


@pytest.mark.parametrize("up", UP_AXES)
def test_every_vertical_becomes_z_by_a_rotation(up: str) -> None:
    vertical = np.zeros(3)
    vertical["xyz".index(up[1])] = 1 if up[0] == "+" else -1
    assert_allclose(z_up(up) @ vertical, (0, 0, 1))
    assert_allclose(z_up(up) @ z_up(up).T, np.eye(3))
    assert np.linalg.det(z_up(up)) == pytest.approx(1)


def test_inverse_poses_and_opengl_cameras_are_undone(folder: Path) -> None:
    in_opengl = np.array(FACING_X) @ np.diag([1, -1, -1, 1])
    frame = {"image": "a.png", "pose": np.linalg.inv(in_opengl).tolist()}
    scene = load(folder, pose="camera_from_world", camera_axes="opengl", frames=[frame], depth=None, **_mesh(folder))
    assert_allclose(scene.frames[0].world_from_camera.matrix, FACING_X, atol=1e-12)


def _mesh(folder: Path) -> dict[str, Any]:
    """A labeled mesh of one triangle of object 7 and one of nothing, written beside scene.json."""
    folder.mkdir(exist_ok=True)
    header = (
        "ply\nformat binary_little_endian 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        "property ushort thing\nelement face 2\nproperty list uchar int vertex_indices\nend_header\n"
    )
    vertices = np.zeros(4, [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("thing", "<u2")])
    vertices["x"], vertices["z"], vertices["thing"] = [5, 5.2, 5, 6], [0, 0, 1, 1], [7, 7, 9, 9]
    faces = np.zeros(2, [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, [[0, 1, 2], [1, 2, 3]]
    (folder / "mesh.ply").write_bytes(header.encode() + vertices.tobytes() + faces.tobytes())
    return {"mesh": {"path": "mesh.ply", "object_property": "thing"}}


def test_the_mesh_is_labeled_by_a_majority_of_corners(folder: Path) -> None:
    scene = load(folder, **_mesh(folder))
    assert scene.mesh is not None
    assert scene.mesh.face_object.tolist() == [0, -1]  # the second triangle's 9 is no object of the file
    assert_allclose(scene.mesh.vertices[3], (6, 0, 1))


def test_ray_depth_becomes_planar_and_the_invalid_number_becomes_none(folder: Path) -> None:
    folder.mkdir()
    scene = load(folder, depth={"meters_per_unit": 0.001, "kind": "ray", "invalid": 65535})
    stored = np.full((12, 16), 2000, np.uint16)
    stored[0, 0] = 65535
    Image.fromarray(stored).save(folder / "a.depth.png")
    assert scene.frames[0].depth is not None
    depth = PosedLoader(folder).load("kitchen").frames[0].depth
    assert depth is not None
    read = depth.read_m()
    assert read[0, 0] == 0
    # pixel (15, 5): ray (7.5/20, -0.5/20, 1), length 1.0685
    assert read[5, 15] == pytest.approx(2.0 / math.sqrt(1 + 0.375**2 + 0.025**2), abs=1e-6)


def test_instance_images_name_objects_by_their_ids(folder: Path) -> None:
    write(folder, description())
    pixels = np.zeros((12, 16), np.uint8)
    pixels[2:4, 5] = 7
    pixels[0, 0] = 200
    Image.fromarray(pixels).save(folder / "who.png")
    scene = load(folder, frames=[{"image": "a.png", "pose": FACING_X, "instances": "who.png"}])
    assert scene.frames[0].instances is not None
    seen = scene.frames[0].instances.read_objects()
    assert (seen[2, 5], seen[0, 0], seen[5, 5]) == (0, -1, -1)


def test_nerfstudio_frames_are_read_in_their_own_conventions(folder: Path) -> None:
    shot = {"file_path": "./a.png", "transform_matrix": (np.array(FACING_X) @ np.diag([1, -1, -1, 1])).tolist()}
    told = {
        "fl_x": 20,
        "fl_y": 21,
        "cx": 8,
        "cy": 6,
        "w": 16,
        "h": 12,
        "frames": [shot | {"depth_file_path": "a.depth.png"}],
    }
    folder.mkdir()
    (folder / "transforms.json").write_text(json.dumps(told))
    scene = load(folder, frames={"format": "nerfstudio", "path": "transforms.json"}, pose=None, camera_axes=None)
    assert_allclose(scene.frames[0].world_from_camera.matrix, FACING_X)
    assert (scene.frames[0].camera.cx, scene.frames[0].camera.fy) == (7.5, 21)  # from halves to integers
    assert scene.frames[0].depth is not None


def test_tum_lists_are_joined_by_time_and_lost_frames_counted(folder: Path) -> None:
    folder.mkdir()
    half = math.sqrt(0.5)
    (folder / "rgb.txt").write_text("# rgb\n10.00 a.png\n11.00 b.png\n")
    (folder / "depth.txt").write_text("10.01 a.depth.png\n11.50 a.depth.png\n")
    # a quarter turn about z: camera x looks along world y
    (folder / "groundtruth.txt").write_text(f"9.99 1 2 3 0 0 {half} {half}\n10.5 0 0 0 0 0 0 1\n")
    scene = load(folder, frames={"format": "tum", "path": "."}, pose=None, camera_axes=None)
    (frame,) = scene.frames
    assert frame.id == "a"
    assert_allclose(frame.world_from_camera.translation, (1, 2, 3))
    assert_allclose(frame.world_from_camera.rotation[:, 0], (0, 1, 0), atol=1e-12)
    assert frame.depth is not None
    assert scene.dropped == {"frame: invalid pose": 1}


def test_7scenes_frames_are_read_in_order(folder: Path) -> None:
    write(folder, description())
    for index in (1, 0):
        Image.new("RGB", (16, 12)).save(folder / f"frame-00000{index}.color.png")
        (folder / f"frame-00000{index}.depth.png").write_bytes((folder / "a.depth.png").read_bytes())
        rows = [*FACING_X[:2], [0, -1, 0, 1.5 + index], FACING_X[3]]
        (folder / f"frame-00000{index}.pose.txt").write_text("\n".join(" ".join(map(str, row)) for row in rows))
    scene = load(folder, frames={"format": "7scenes", "path": "."}, pose=None, camera_axes=None)
    assert [frame.id for frame in scene.frames] == ["frame-000000", "frame-000001"]
    assert scene.frames[1].world_from_camera.translation[2] == 2.5


def test_a_leaning_box_becomes_the_upright_one_around_it_and_a_wall_is_left_out(folder: Path) -> None:
    lean = math.radians(20)
    axes = [[math.cos(lean), 0, math.sin(lean)], [0, 1, 0], [-math.sin(lean), 0, math.cos(lean)]]
    boxes = [
        {"id": 8, "label": "ladder", "center": [5, 4, 1], "size": [0.1, 0.5, 2], "axes": axes},
        {"id": 9, "label": "wall", "center": [5, 4, 1], "size": [0.1, 4, 2], "yaw_deg": 0},
    ]
    (ladder,) = load(folder, objects=boxes).objects
    assert_allclose(ladder.box.center, (5, 4, 1))
    # 0.1 cos 20 + 2 sin 20 wide, 0.1 sin 20 + 2 cos 20 high
    assert_allclose(np.sort(ladder.box.size), (0.5, 0.77801, 1.91359), atol=1e-5)
    assert PosedLoader(folder).load("kitchen").dropped == {"object: never asked about": 1}


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "units": (lambda told: told.update(units="inch"), "units: found 'inch', expected cm, km, m, mm, a number or null"),
    "up": (
        lambda told: told.update(up="z"),
        "up: found 'z', expected +x, +y, +z, -x, -y, -z or null. Did you mean '-z'?",
    ),
    "no pose direction": (lambda told: told.pop("pose"), "pose: found nothing, expected it"),
    "no axes": (lambda told: told.pop("camera_axes"), "camera_axes: found nothing"),
    "unknown key": (lambda told: told.update(unit="m"), "found unknown key 'unit', expected units, up,"),
    "short matrix": (
        lambda told: told["frames"][0].update(pose=[[1, 0, 0, 0]]),
        "frames[0].pose: found [[1, 0, 0, 0]]",
    ),
    "mirrored": (
        lambda told: told["frames"][0].update(pose=np.diag([1, 1, -1, 1]).tolist()),
        "frames[0].pose: rotation mirrors",
    ),
    "path out": (lambda told: told["frames"][0].update(image="../a.png"), "frames[0].image: found '../a.png'"),
    "absolute path": (
        lambda told: told["frames"][0].update(depth="/etc/passwd"),
        "frames[0].depth: found '/etc/passwd'",
    ),
    "no image": (lambda told: told["frames"][0].update(image="b.png"), "b.png: cannot be read"),
    "other size": (lambda told: told["camera"].update(width=32, height=24), "found 16 x 12 pixels, expected 32 x 24"),
    "depth aspect": (
        lambda told: told["camera"].update(height=16, cy=7.5),
        "a.depth.png: depth image: found 8 x 6 pixels",
    ),
    "depth without unit": (lambda told: told.pop("depth"), "frames[0].depth: found an image, expected a 'depth'"),
    "no camera": (lambda told: told.pop("camera"), "frames[0]: found no camera"),
    "yaw and axes": (lambda told: told["objects"][0].update(axes=np.eye(3).tolist()), "objects[0]: found both"),
    "neither": (lambda told: told["objects"][0].pop("yaw_deg"), "objects[0]: found neither"),
    "depth in meters without meters": (
        lambda told: told.update(units=None),
        "depth.meters_per_unit: found 0.001, expected world_units_per_unit",
    ),
    "two units of depth": (
        lambda told: told["depth"].update(world_units_per_unit=1),
        "depth: found both meters_per_unit and world_units_per_unit, expected one",
    ),
    "no unit of depth": (lambda told: told.update(depth={}), "depth: found neither meters_per_unit"),
    "yaw without up": (lambda told: told.update(up=None), "objects[0].yaw_deg: found a turn about the vertical"),
    "floor without up": (
        lambda told: told.update(up=None, floor=[[0, 0], [1, 0], [1, 1]], objects=[]),
        "floor: found an outline, expected none because up is null",
    ),
    "unit_m": (lambda told: told.update(unit_m=0.01), "unit_m: found 0.01, expected units: m, cm, mm, km"),
    "is_level": (lambda told: told.update(is_level=False), "is_level: found False, expected up:"),
    "flat box": (lambda told: told["objects"][0].update(size=[1, 0, 1]), "objects[0].size"),
    "same id twice": (lambda told: told["objects"].append(told["objects"][0]), "objects: found 1 repeated ids"),
    "same frame twice": (lambda told: told["frames"].append(told["frames"][0]), "frames: found 1 repeated ids"),
    "convention of a format": (
        lambda told: told.update(frames={"format": "tum", "path": "."}),
        "pose: found 'world_from_camera', expected none: tum fixes it",
    ),
    "misspelled": (
        lambda told: told["frames"][0].update(imge="a.png"),
        "frames[0]: found unknown key 'imge', expected image, pose, id, depth, instances, camera or time_s. "
        "Did you mean 'image'?",
    ),
    "text for a number": (lambda told: told["camera"].update(fx="wide"), "camera.fx: found 'wide', expected a number"),
    "NaN": (lambda told: told["camera"].update(cx=math.nan), "camera.cx: found nan, expected a number"),
    "endless": (
        lambda told: told["objects"][0].update(center=[math.inf, 0, 0]),
        "objects[0].center: found [inf, 0.0, 0.0], expected finite numbers",
    ),
    "quaternion": (
        lambda told: told["frames"][0].update(pose=[0, 0, 0, 1, 3, 4, 1.5]),
        "frames[0].pose: found [0, 0, 0, 1, 3, 4, 1.5], expected a list of at most 4 (4 rows of 4 numbers, or 3)",
    ),
    "no label": (lambda told: told["objects"][0].pop("label"), "objects[0].label: found nothing, expected a text"),
    "blank label": (lambda told: told["objects"][0].update(label=" "), "objects[0].label: found ' ', expected a name"),
    "no frames": (lambda told: told.update(frames=[]), "frames: found an empty list, expected at least one"),
    "center alone": (lambda told: told["objects"][0].pop("size"), "objects[0]: found center without size"),
    "depth of another unit": (
        lambda told: told.update(depth={"meters_per_unit": 1}),
        "depth: found a median of 2e+03 in frame a where cameras and boxes span 2.36, expected lengths that agree: the "
        "unit of depth, or that of poses and boxes, is off by about 1000",
    ),
    "boxes of another unit": (
        lambda told: told["objects"][0].update(center=[5000, 4000, 500], size=[600, 400, 1000]),
        "depth: found a median of 2 in frame a where cameras and boxes span 5.36e+03",
    ),
    "another format of frames": (
        lambda told: told.update(frames={"format": "tumm", "path": "."}),
        "frames.format: found 'tumm', expected 7scenes, nerfstudio, polycam, record3d or tum. Did you mean 'tum'?",
    ),
    "missing mesh": (
        lambda told: told.update(mesh={"path": "m.ply", "object_property": "id"}),
        "m.ply: cannot be read",
    ),
}


@pytest.mark.parametrize(("damage", "message"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_with_its_file_and_field(
    folder: Path, damage: Callable[[dict[str, Any]], Any], message: str
) -> None:
    told = description()
    damage(told)
    write(folder, told)
    with pytest.raises(SceneError, match=re.escape(message)):
        PosedLoader(folder).load("kitchen")


BROKEN = {
    "": "found an empty file, expected JSON",
    '{"units": "m",\n "fra': "line 2: ends within a value, expected the rest: was the file cut off?",
    "units: m": "line 1, column 1: found 'units: m', expected a value",
    '{"units": "m", "units": "cm"}': "found key 'units' 2 times in one object, expected it once",
    "\xff": "found binary data at byte 0, expected JSON",
}


@pytest.mark.parametrize(("content", "message"), BROKEN.items(), ids=map(repr, BROKEN))
def test_what_is_no_json_is_told_by_line_and_column(folder: Path, content: str, message: str) -> None:
    write(folder, description())
    (folder / "scene.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(SceneError, match=rf"scene\.json: content: {re.escape(message)}$"):
        PosedLoader(folder).load("kitchen")


def test_an_unknown_mesh_property_is_told_with_the_nearest(folder: Path) -> None:
    mesh = _mesh(folder)
    mesh["mesh"]["object_property"] = "think"
    with pytest.raises(SceneError, match=r"no property 'think' of faces or vertices\. Did you mean 'thing'\?"):
        load(folder, **mesh)


def test_the_demo_in_this_layout_is_the_film_again(small_film: Film, tmp_path: Path) -> None:
    posed.write(small_film, tmp_path)
    loader = PosedLoader(tmp_path)
    assert loader.scene_ids("train") == [posed.SCENE_ID]
    scene = loader.load(posed.SCENE_ID)
    assert len(scene.frames) == len(range(0, len(small_film.poses), posed.STEP))
    for frame, index in zip(scene.frames, range(0, len(small_film.poses), posed.STEP), strict=True):
        assert_allclose(frame.world_from_camera.matrix, small_film.poses[index].matrix, atol=1e-6)
        assert frame.depth is not None
        assert_allclose(frame.depth.read_m(), small_film.depth_mm(index) / 1000, atol=1e-6)
        assert frame.camera == small_film.camera
    for item in scene.objects:
        box = small_film.boxes[item.id - 1]
        assert_allclose(item.box.center, box.center, atol=1e-5)
        assert_allclose(np.sort(item.box.size), np.sort(box.size), atol=1e-5)
    assert scene.mesh is not None
    assert_allclose(scene.mesh.vertices, small_film.vertices, atol=1e-5)
    for index, item in enumerate(scene.objects):
        assert ((scene.mesh.face_object == index) == (small_film.face_object + 1 == item.id)).all()


def test_the_example_of_the_docs_loads(folder: Path) -> None:
    example = re.search(r"```json\n(\{\n.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    (folder / "color").mkdir(parents=True)
    (folder / "depth").mkdir()
    (folder / "scene.json").write_text(example[1])
    Image.new("RGB", (640, 480)).save(folder / "color" / "0000.jpg")
    Image.fromarray(np.full((480, 640), 1000, np.uint16)).save(folder / "depth" / "0000.png")
    scene = PosedLoader(folder.parent).load("kitchen")
    assert [item.label for item in scene.objects] == ["chair"]
    # the camera stands 2.5 m behind the chair's center and looks at it along +x
    seen = scene.frames[0].world_from_camera.inverse() @ scene.objects[0].box.center
    assert_allclose(seen, (-0.2, 0.75, 2.5))


def _nerfstudio(folder: Path, names: list[str], per_frame: dict[str, Any] | None = None, **top: Any) -> Scene:
    """A scan of a transforms.json whose images have these names, read."""
    write(folder, description())
    frames = []
    for index, name in enumerate(names):
        target = folder / name.replace("\\", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((folder / "a.png").read_bytes())
        matrix = (np.array(FACING_X) @ np.diag([1, -1, -1, 1])).tolist()
        matrix[0][3] = index
        frames.append({"file_path": name, "transform_matrix": matrix, "depth_file_path": "a.depth.png"})
        frames[-1].update({} if per_frame is None else per_frame)
    told = {"fl_x": 20, "fl_y": 21, "cx": 8, "cy": 6, "w": 16.0, "h": "12", "frames": frames} | top
    (folder / "transforms.json").write_text(json.dumps(told))
    return load(folder, frames={"format": "nerfstudio", "path": "transforms.json"}, pose=None, camera_axes=None)


def test_dots_in_the_names_of_frames_and_scans_become_underscores(tmp_path: Path) -> None:
    scene = _nerfstudio(tmp_path / "loft.v2", ["rgb/1305031790.645155.png", "rgb/1305031790.7 (1).png"])
    assert scene.id == "loft_v2"
    assert [frame.id for frame in scene.frames] == ["1305031790_645155", "1305031790_7__1_"]


def test_frames_of_one_name_keep_their_folders(folder: Path) -> None:
    assert [frame.id for frame in _nerfstudio(folder, ["left/1.png", "right/1.png"]).frames] == ["left_1", "right_1"]


def test_scans_whose_names_differ_by_a_dot_only_are_told(tmp_path: Path) -> None:
    for name in ("a.b", "a_b"):
        write(tmp_path / name, description())
    with pytest.raises(SceneError, match=r"found 'a[._]b' and 'a[._]b', expected names that differ"):
        PosedLoader(tmp_path).scene_ids("all")


@pytest.mark.parametrize(
    "lens",
    [
        {"k1": -0.3},
        {"k4": "0.01"},
        {"p2": 1e-4},
        {"camera_model": "OPENCV_FISHEYE"},
        {"is_fisheye": True},
        {"distortion_params": [0, 0, 0.1]},
        {"ftheta_p0": 0.2},
    ],
    ids=str,
)
def test_a_lens_that_bends_is_refused_in_a_scene_json(folder: Path, lens: dict[str, Any]) -> None:
    camera = description()["camera"] | lens
    with pytest.raises(SceneError, match=rf"scene.json: camera: found {next(iter(lens))} = .*undistort them first"):
        load(folder, camera=camera)


@pytest.mark.parametrize(
    "lens",
    [
        {"camera_model": "EQUIRECTANGULAR"},
        {"camera_model": "FISHEYE624"},
        {"ftheta_p0": 0.2},
        {"orthographic": True},
        {"k4": "0.01", "camera_model": "OPENCV"},
        {"p1": 0.01, "is_fisheye": True},
        {"k1": 0.1, "camera_model": "PINHOLE"},
        {"distortion_params": [0.1, 0, 0, 0.1, 0, 0]},
        {"s1": 0.1},
    ],
    ids=str,
)
def test_a_lens_that_cannot_be_undone_is_refused_wherever_it_is_told(folder: Path, lens: dict[str, Any]) -> None:
    key = next(iter(lens))
    with pytest.raises(SceneError, match=rf"transforms.json: camera.*: found {key} = .*undistort them first"):
        _nerfstudio(folder, ["1.png"], **lens)
    with pytest.raises(SceneError, match=rf"transforms.json: frames\[0\].*: found {key} = .*undistort them first"):
        _nerfstudio(folder, ["1.png"], lens)


def test_a_lens_without_distortion_is_a_pinhole(folder: Path) -> None:
    straight = {"camera_model": "opencv", "k1": 0.0, "k2": "0", "p1": -0.0, "is_fisheye": False}
    scene = _nerfstudio(folder, ["1.png"], straight, distortion_params=[0, 0, 0, 0])
    camera = scene.frames[0].camera
    assert (camera.width, camera.height, camera.cx) == (16, 12, 7.5)  # "w": 16.0, "h": "12"
    assert load(folder, camera=description()["camera"] | straight).frames[0].camera.cx == 7.5


def test_half_a_pixel_of_width_is_refused(folder: Path) -> None:
    with pytest.raises(SceneError, match=r"transforms.json: frames\[0\]: w: found 16.5, expected a whole number"):
        _nerfstudio(folder, ["1.png"], w=16.5)


def test_frames_of_nerfstudio_follow_the_numbers_in_their_names(folder: Path) -> None:
    names = ["images\\f_10.png", "images\\f_9.png", "images\\f_100.png"]
    assert [frame.id for frame in _nerfstudio(folder, names).frames] == ["f_9", "f_10", "f_100"]


def test_frames_of_nerfstudio_follow_their_times_where_all_have_one(folder: Path) -> None:
    write(folder, description())
    frames = [
        {"file_path": name, "transform_matrix": FACING_X, "time": time} for name, time in (("a.png", 2), ("b.png", 1))
    ]
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    told = {"fl_x": 20, "cx": 8, "cy": 6, "w": 16, "h": 12, "frames": frames}
    (folder / "transforms.json").write_text(json.dumps(told))
    changes = {"frames": {"format": "nerfstudio", "path": "transforms.json"}, "pose": None, "camera_axes": None}
    scene = load(folder, **changes, **_mesh(folder))
    assert [frame.id for frame in scene.frames] == ["b", "a"]


def test_paths_with_a_drive_or_out_of_the_folder_are_refused(folder: Path) -> None:
    for path in ("C:\\scans\\a.png", "..\\a.png", "\\a.png"):
        with pytest.raises(SceneError, match=r"frames\[0\].image: found .*expected a path inside the scene's folder"):
            load(folder, frames=[{"image": path, "pose": FACING_X}])


LOST: dict[str, Any] = {
    "NaN": [[math.nan] * 4] * 4,
    "minus infinity": [[-math.inf] * 4] * 4,
    "words": [["nan"] * 4] * 4,
    "nulls": [[None] * 4] * 4,
    "null": None,
    "zeros": [[0.0] * 4] * 4,
    "zeros above the last row": [[0.0] * 4] * 3 + [[0.0, 0.0, 0.0, 1.0]],
}


@pytest.mark.parametrize("direction", ["world_from_camera", "camera_from_world"])
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_a_lost_pose_is_left_out_in_every_spelling(folder: Path, lost: Any, direction: str) -> None:
    frames = [
        {"image": "a.png", "id": "kept", "depth": "a.depth.png", "pose": FACING_X},
        {"image": "a.png", "id": "lost", "depth": "a.depth.png", "pose": lost},
    ]
    scene = load(folder, frames=frames, pose=direction)
    assert [frame.id for frame in scene.frames] == ["kept"]
    assert scene.dropped == {"frame: invalid pose": 1}
    with pytest.raises(SceneError, match="frames: found no valid pose in 1 frame, expected at least one"):
        load(folder, frames=frames[1:], pose=direction)


@pytest.mark.parametrize("pose", ["nan " * 7, "0 0 0 0 0 0 0", "1 2 3 -nan inf -inf 0", "-1.#IND " * 7, "None " * 7])
def test_a_lost_pose_of_tum_is_left_out_in_every_spelling(folder: Path, pose: str) -> None:
    write(folder, description())
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "rgb.txt").write_text("10.0 a.png\n11.0 b.png\n")
    (folder / "depth.txt").write_text("10.0 a.depth.png\n11.0 a.depth.png\n")
    (folder / "groundtruth.txt").write_text(f"10.0 1 2 3 0 0 0 1\n11.0 {pose}\n")
    scene = load(folder, frames={"format": "tum", "path": "."}, pose=None, camera_axes=None)
    assert [frame.id for frame in scene.frames] == ["a"]
    assert scene.dropped == {"frame: invalid pose": 1}


@pytest.mark.parametrize("pose", ["", "nan " * 16, "0 " * 16, "nan(ind) " * 12])
def test_a_lost_pose_of_7scenes_is_left_out_in_every_spelling(folder: Path, pose: str) -> None:
    write(folder, description())
    for index in (2, 10):
        (folder / f"frame-{index}.color.png").write_bytes((folder / "a.png").read_bytes())
        (folder / f"frame-{index}.depth.png").write_bytes((folder / "a.depth.png").read_bytes())
        (folder / f"frame-{index}.pose.txt").write_text("\n".join(" ".join(map(str, row)) for row in FACING_X))
    told = {"frames": {"format": "7scenes", "path": "."}, "pose": None, "camera_axes": None}
    assert [frame.id for frame in load(folder, **told).frames] == ["frame-2", "frame-10"]
    (folder / "frame-2.pose.txt").write_text(pose)
    scene = load(folder, **told)
    assert [frame.id for frame in scene.frames] == ["frame-10"]
    assert scene.dropped == {"frame: invalid pose": 1}


def test_images_that_are_listed_but_not_there_are_left_out(folder: Path) -> None:
    frames = [
        {"image": "a.png", "depth": "a.depth.png", "pose": FACING_X},
        {"image": "b.png", "depth": "a.depth.png", "pose": FACING_X},
        {"image": "a.png", "id": "c", "depth": "c.depth.png", "pose": FACING_X},
    ]
    scene = load(folder, frames=frames)
    assert [frame.id for frame in scene.frames] == ["a"]
    assert scene.dropped == {"frame: no image": 1, "frame: no depth": 1}


def test_a_scan_without_objects_has_its_mesh_and_frames(folder: Path) -> None:
    scene = load(folder, objects=[], **_mesh(folder))
    assert scene.objects == ()
    assert scene.mesh is not None
    assert scene.mesh.face_object.tolist() == [-1, -1]


def test_times_of_some_frames_only_are_refused(folder: Path) -> None:
    frames = [
        {"image": "a.png", "pose": FACING_X, "time_s": 3.0},
        {"image": "a.png", "id": "b", "pose": FACING_X},
    ]
    with pytest.raises(SceneError, match="time_s: found in 1 of 2 frames, expected in all or none"):
        load(folder, frames=frames)


def _write_noted(path: Path, size: tuple[int, int], orientation: int, note: str = "exif") -> None:
    pixels = Image.fromarray(np.arange(size[0] * size[1] * 3, dtype=np.uint8).reshape(size[1], size[0], 3))
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="{orientation}"/></rdf:RDF>'
    exif = Image.Exif()
    exif[0x0112] = orientation
    if note == "exif":
        pixels.save(path, exif=exif)
    elif path.suffix == ".jpg":
        pixels.save(path, xmp=xmp.encode())
    else:
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp)
        pixels.save(path, pnginfo=info)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("note", ["exif", "xmp"])
def test_a_note_that_turns_an_image_is_taken_out_and_its_pixels_stay(folder: Path, suffix: str, note: str) -> None:
    write(folder, description())
    path = folder / f"b{suffix}"
    _write_noted(path, (16, 12), 6, note)
    assert ImageOps.exif_transpose(Image.open(path)).size == (12, 16)
    frame = {"image": path.name, "depth": "a.depth.png", "pose": FACING_X}
    content = load(folder, frames=[frame]).frames[0].color.read_bytes()
    with Image.open(BytesIO(content)) as shipped, Image.open(path) as stored:
        assert shipped.getexif().get(0x0112) is None
        assert ImageOps.exif_transpose(shipped).size == (16, 12)
        assert np.array_equal(np.asarray(shipped), np.asarray(stored))
    _write_noted(path, (16, 12), 1, note)
    assert load(folder, frames=[frame]).frames[0].color.read_bytes() == path.read_bytes()


def test_a_note_that_turns_an_image_upside_down_is_refused(folder: Path) -> None:
    write(folder, description())
    _write_noted(folder / "b.jpg", (16, 12), 3)
    scene = load(folder, frames=[{"image": "b.jpg", "depth": "a.depth.png", "pose": FACING_X}])
    with pytest.raises(SceneError, match=r"b.jpg: EXIF orientation: found 3 of an image of 16 x 12 pixels, expected 1"):
        scene.frames[0].color.read_bytes()


def test_a_note_that_turns_a_square_image_is_refused(folder: Path) -> None:
    camera = description()["camera"] | {"width": 12, "cx": 5.5}
    write(folder, description())
    _write_noted(folder / "b.jpg", (12, 12), 6)
    scene = load(folder, camera=camera, frames=[{"image": "b.jpg", "pose": FACING_X}], **_mesh(folder))
    with pytest.raises(SceneError, match=r"b.jpg: EXIF orientation: found 6 of an image of 12 x 12 pixels"):
        scene.frames[0].color.read_bytes()


def test_a_camera_of_the_turned_image_is_refused(folder: Path) -> None:
    write(folder, description())
    _write_noted(folder / "b.jpg", (12, 16), 6)
    frames = [{"image": name, "depth": "a.depth.png", "pose": FACING_X} for name in ("a.png", "b.jpg")]
    with pytest.raises(SceneError, match=r"b.jpg: image: found 12 x 16 .* turn the pixels themselves"):
        load(folder, frames=frames)


def test_a_scene_may_say_that_nobody_knows_its_scale(folder: Path) -> None:
    told = description(depth={"world_units_per_unit": 0.0005}) | {"units": None}
    write(folder, told)
    scene = PosedLoader(folder).load("kitchen")
    assert scene.unit_m is None
    assert scene.is_level
    assert_allclose(scene.frames[0].world_from_camera.translation, (3, 4, 1.5))
    assert scene.frames[0].depth is not None
    assert_allclose(scene.frames[0].depth.read_m(), np.full((6, 8), 2000 * 0.0005))


def test_a_scene_may_say_that_nobody_knows_what_is_up(folder: Path) -> None:
    lean = math.radians(20)
    axes = [[math.cos(lean), 0, math.sin(lean)], [0, 1, 0], [-math.sin(lean), 0, math.cos(lean)]]
    box = {"id": 8, "label": "ladder", "center": [5, 4, 1], "size": [0.1, 0.5, 2], "axes": axes}
    write(folder, description(objects=[box]) | {"up": None})
    scene = PosedLoader(folder).load("kitchen")
    assert not scene.is_level
    assert scene.unit_m == 1.0
    (ladder,) = scene.objects  # leans as it is annotated
    assert_allclose(ladder.box.size, (0.1, 0.5, 2))
    assert_allclose(ladder.box.rotation, np.transpose(axes))


def test_depth_may_be_stored_in_units_of_the_world(folder: Path) -> None:
    # a stored 1 is a four-hundredth of a centimeter: 2000 of them are 5 cm
    scene = load(folder, units="cm", depth={"world_units_per_unit": 0.0025})
    assert scene.frames[0].depth is not None
    assert_allclose(scene.frames[0].depth.read_m(), np.full((6, 8), 0.05), rtol=1e-6)
