"""Hypersim: tilted lenses taken apart, asset units, distances along rays, names by vote, and damage."""

import re
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import ArrayLike
from PIL import Image
from scipy.spatial.transform import Rotation

from qagen.core.scene import Scene
from qagen.demo.film import Film
from qagen.demo.layouts import hypersim
from qagen.errors import SceneError
from qagen.loaders.hypersim.loader import HypersimLoader
from qagen.loaders.hypersim.tilt_shift import decompose_lens

SCENE = "ai_001_002"
WIDTH, HEIGHT = 16, 12
PLAIN = np.array([[0.5, 0, 0], [0, 0.375, 0], [0, 0, -1]])
"""Half the image's width is 0.5 of the distance: fx = 8 / 0.5 = 16, fy = 6 / 0.375 = 16."""
BOXES = "_detail/mesh/metadata_semantic_instance_bounding_box_object_aligned_2d"
FRAME = "images/scene_cam_00_geometry_hdf5/frame.0000"


def save(path: Path, values: ArrayLike) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["dataset"] = np.asarray(values)


def ray(matrix: np.ndarray, x: float, y: float) -> np.ndarray:
    """The dataset's own rule for the ray of a pixel, in a camera that looks along -z with y up."""
    return matrix @ ((x + 0.5) / WIDTH * 2 - 1, 1 - (y + 0.5) / HEIGHT * 2, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / SCENE
    names = ",".join(f"M_cam_from_uv_{i}{j}" for i in range(3) for j in range(3))
    values = ",".join(map(str, PLAIN.ravel()))
    (tmp_path / "metadata_camera_parameters.csv").write_text(f"scene_name,{names}\n{SCENE},{values}\n")
    (folder / "_detail").mkdir(parents=True)
    (folder / "_detail" / "metadata_scene.csv").write_text(
        "parameter_name,parameter_value\nmeters_per_asset_unit,0.01\n"
    )
    (folder / "_detail" / "metadata_cameras.csv").write_text("camera_name\ncam_00\n")
    preview = folder / "images" / "scene_cam_00_final_preview"
    preview.mkdir(parents=True)
    for number in range(2):
        Image.new("RGB", (WIDTH, HEIGHT)).save(preview / f"frame.{number:04d}.tonemap.jpg")
    # looks along +x: the camera's -z is world x, its y is world z, its x is world -y
    save(folder / "_detail/cam_00/camera_keyframe_orientations.hdf5", [[[0, 0, -1], [-1, 0, 0], [0, 1, 0]]] * 2)
    save(folder / "_detail/cam_00/camera_keyframe_positions.hdf5", [[300.0, 400.0, 150.0]] * 2)
    save(folder / f"{FRAME}.depth_meters.hdf5", np.full((HEIGHT, WIDTH), 2.0, np.float16))
    instances = np.full((HEIGHT, WIDTH), -1, np.int16)
    instances[4:8, 4:8] = 1
    instances[0, 0] = 2
    save(folder / f"{FRAME}.semantic_instance.hdf5", instances)
    save(
        folder / f"{FRAME}.semantic.hdf5", np.where(instances == 1, 5, np.where(instances == 2, 1, -1)).astype(np.int16)
    )
    unused = [np.inf] * 3
    save(folder / f"{BOXES}_positions.hdf5", [unused, [500.0, 400.0, 50.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    save(folder / f"{BOXES}_extents.hdf5", [unused, [60.0, 40.0, 100.0], [1.0, 500.0, 250.0], [10.0, 10.0, 10.0]])
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    save(folder / f"{BOXES}_orientations.hdf5", np.stack([np.full((3, 3), np.inf), turn, np.eye(3), np.eye(3)]))
    return folder


def load(folder: Path) -> Scene:
    return HypersimLoader(folder.parent).load(SCENE)


def test_asset_units_become_meters_and_cameras_opencv(folder: Path) -> None:
    scene = load(folder)
    (frame,) = scene.frames
    assert frame.id == "cam_00_0000"
    assert_allclose(frame.world_from_camera.translation, (3, 4, 1.5))
    # x right is world -y, y down is world -z, z forward is world x
    assert_allclose(frame.world_from_camera.rotation, [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], atol=1e-9)
    assert (frame.camera.fx, frame.camera.fy) == pytest.approx((16, 16))
    assert (frame.camera.cx, frame.camera.cy) == pytest.approx((7.5, 5.5))
    assert scene.dropped["frame: no depth"] == 1


def test_distances_along_rays_become_planar_depth(folder: Path) -> None:
    depth = load(folder).frames[0].depth
    assert depth is not None
    # pixel (15, 5): ray (7.5/16, -0.5/16, 1), length 1.10489
    assert depth.read_m()[5, 15] == pytest.approx(2 / np.sqrt(1 + (7.5 / 16) ** 2 + (0.5 / 16) ** 2), abs=1e-3)


def test_boxes_are_named_by_the_classes_of_their_pixels(folder: Path) -> None:
    scene = load(folder)
    (chair,) = scene.objects
    assert (chair.id, chair.label) == (1, "chair")
    assert_allclose(chair.box.center, (5, 4, 0.5))
    assert_allclose(np.ptp(chair.box.corners, axis=0), (0.4, 0.6, 1.0), atol=1e-9)  # its 0.6 lies along world y
    assert scene.dropped["object: never asked about"] == 1  # the wall
    assert scene.dropped["object: never seen"] == 1
    assert scene.frames[0].instances is not None
    seen = scene.frames[0].instances.read_objects()
    assert (seen[5, 5], seen[0, 0], seen[11, 11]) == (0, -1, -1)


def test_a_plain_lens_is_a_pinhole() -> None:
    lens = decompose_lens(PLAIN)
    assert_allclose(lens.rotation, np.eye(3), atol=1e-12)
    assert_allclose(lens.center, (0, 0), atol=1e-12)


def test_a_tilted_and_shifted_lens_is_a_turned_pinhole() -> None:
    turn = Rotation.from_euler("xy", (5, -3), degrees=True).as_matrix()
    matrix = turn @ PLAIN @ np.array([[1, 0, 0.2], [0, 1, -0.1], [0, 0, 1]])
    lens = decompose_lens(matrix)
    camera = lens.camera(WIDTH, HEIGHT)
    for x, y in ((0, 0), (15, 3), (7, 11)):
        pinhole = np.array([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1.0])
        expected = np.diag([1, -1, -1]) @ ray(matrix, x, y)  # to OpenCV axes
        assert_allclose(np.cross(lens.rotation @ pinhole, expected), 0, atol=1e-9)
        assert (lens.rotation @ pinhole) @ expected > 0


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((3, 3)), "no inverse"),
        (np.diag([0.5, 0.4, 1.0]), "mirrors"),
        (PLAIN @ np.array([[1, 0.3, 0], [0, 1, 0], [0, 0, 1]]), "skewed pixels"),
    ],
)
def test_what_is_no_lens_is_refused(matrix: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decompose_lens(matrix)


def text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content)


def array(values: ArrayLike) -> Callable[[Path], object]:
    return lambda path: save(path, values)


DAMAGE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "scale": (
        "_detail/metadata_scene.csv",
        text("parameter_name,parameter_value\n"),
        "meters_per_asset_unit: found 'no such line'",
    ),
    "cameras": ("_detail/metadata_cameras.csv", text("camera_name\n../x\n"), "camera_name: found ['../x']"),
    "no hdf5": ("_detail/cam_00/camera_keyframe_positions.hdf5", text("no"), "positions.hdf5: cannot be read as HDF5"),
    "shape": (
        "_detail/cam_00/camera_keyframe_orientations.hdf5",
        array(np.zeros((3, 3))),
        "found 3 x 3 numbers, expected 2 x 3 x 3",
    ),
    "size": (f"{FRAME}.semantic.hdf5", array(np.zeros((3, 4), np.int16)), "found 3 x 4 numbers, expected 12 x 16"),
    "classes": (
        f"{FRAME}.semantic.hdf5",
        array(np.full((12, 16), 77, np.int16)),
        "classes: found 77 to 77, expected -1 to 40",
    ),
    "instances": (f"{FRAME}.semantic_instance.hdf5", array(np.full((12, 16), -5)), "instances: found -5 to -5"),
    "box": (f"{BOXES}_orientations.hdf5", array(np.ones((4, 3, 3))), "box of instance 1: found axes"),
    "lens": (
        "../metadata_camera_parameters.csv",
        text(",".join(["scene_name", *(f"M_cam_from_uv_{k // 3}{k % 3}" for k in range(9))]) + "\nai_001_003\n"),
        "no 'ai_001_002' here. Did you mean",
    ),
}


@pytest.mark.parametrize(("file", "damage", "message"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_told_with_its_file(folder: Path, file: str, damage: Callable[[Path], object], message: str) -> None:
    damage(folder / file)
    with pytest.raises(SceneError, match=re.escape(message)):
        load(folder)


def test_a_file_that_claims_a_huge_array_takes_no_memory(folder: Path) -> None:
    path = folder / "_detail/cam_00/camera_keyframe_positions.hdf5"
    with h5py.File(path, "w") as file:
        file.create_dataset("dataset", shape=(10**12, 3), dtype="f8", chunks=(1024, 3))
    with pytest.raises(SceneError, match="found 1000000000000 x 3 numbers, expected n x 3"):
        load(folder)


def test_the_demo_in_this_layout_is_the_film_again(small_film: Film, tmp_path: Path) -> None:
    hypersim.write(small_film, tmp_path)
    scene = HypersimLoader(tmp_path).load(hypersim.SCENE_ID)
    for frame, index in zip(scene.frames, range(0, len(small_film.poses), hypersim.STEP), strict=True):
        assert_allclose(frame.world_from_camera.matrix, small_film.poses[index].matrix, atol=1e-9)
        assert frame.camera.fx == pytest.approx(small_film.camera.fx)
        assert frame.camera.cy == pytest.approx(small_film.camera.cy)
        assert frame.depth is not None
        assert_allclose(frame.depth.read_m(), small_film.depth_mm(index) / 1000, rtol=1e-3)
        assert frame.instances is not None
        objects = frame.instances.read_objects()
        for position, item in enumerate(scene.objects):
            assert ((objects == position) == (small_film.objects(index) == item.id - 1)).all()
    for item in scene.objects:
        assert_allclose(item.box.center, small_film.boxes[item.id - 1].center, atol=1e-9)


def test_a_trajectory_that_is_listed_but_not_released_is_passed_over(folder: Path) -> None:
    (folder / "_detail" / "metadata_cameras.csv").write_text("camera_name\ncam_00\ncam_01\ncam_02\n")
    preview = folder / "images" / "scene_cam_02_final_preview"
    preview.mkdir()
    Image.new("RGB", (WIDTH, HEIGHT)).save(preview / "frame.0000.tonemap.jpg")
    scene = load(folder)
    assert {frame.id for frame in scene.frames} == {"cam_00_0000"}
    assert scene.dropped["frame: no pose"] == 1  # the image of cam_02, whose keyframes are missing


def test_a_scene_without_boxes_has_its_frames(folder: Path) -> None:
    for kind, shape in (("positions", (0, 3)), ("extents", (0, 3)), ("orientations", (0, 3, 3))):
        save(folder / f"{BOXES}_{kind}.hdf5", np.zeros(shape))
    scene = load(folder)
    assert (len(scene.frames), scene.objects) == (1, ())
