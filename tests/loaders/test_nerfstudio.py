"""transforms.json in the variants that tools write: lenses, sizes, paths, angles instead of focal lengths."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.core.camera import Camera
from qagen.core.scene import Scene
from qagen.errors import SceneError
from qagen.loaders.io.lens import Lens, read_lens
from qagen.loaders.io.nerfstudio import read_nerfstudio
from qagen.loaders.io.undistorted import UndistortedDepth, UndistortedImage, fisheye_pinhole
from qagen.loaders.posed.loader import PosedLoader

CAMERA = {"fl_x": 100.0, "fl_y": 102.0, "cx": 81.0, "cy": 59.0, "w": 160.0, "h": 120.0}
SIZE = (160, 120)


def frame(name: str, **own: Any) -> dict[str, Any]:
    return {"file_path": name, "transform_matrix": np.eye(4).tolist(), **own}


def write(folder: Path, frames: Sequence[dict[str, Any]], size: Any = SIZE, **told: Any) -> Path:
    """A transforms.json and an image for each of its frames; a frame's "at" says where its image lies instead."""
    folder.mkdir(exist_ok=True)
    for entry in frames:
        place = folder / str(entry.pop("at", entry["file_path"]))
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.name != "none":
            Image.new("RGB", size, (90, 120, 200)).save(place)
    path = folder / "transforms.json"
    path.write_text(json.dumps({**told, "frames": list(frames)}))
    return path


def camera_of(folder: Path, frames: Sequence[dict[str, Any]], size: Any = SIZE, **told: Any) -> Camera:
    camera = read_nerfstudio(folder, write(folder, frames, size, **told))[0].camera
    assert camera is not None
    return camera


def load(folder: Path, **changes: Any) -> Scene:
    told = {"units": None, "up": None, "objects": [], "frames": {"format": "nerfstudio", "path": "transforms.json"}}
    (folder / "scene.json").write_text(json.dumps({**told, **changes}))
    return PosedLoader(folder).load(folder.name)


def test_sizes_may_be_whole_floats(tmp_path: Path) -> None:
    # pixel centers at halves become centers at integers
    assert camera_of(tmp_path, [frame("a.png")], **CAMERA) == Camera(100, 102, 80.5, 58.5, 160, 120)


def test_intrinsics_are_scaled_to_the_image_that_is_found(tmp_path: Path) -> None:
    # half the size: fx 50, fy 51; the point (81, 59) from the corner is (40.5, 29.5) from it
    camera = camera_of(tmp_path, [frame("a.png")], (80, 60), **CAMERA)
    assert_allclose((camera.fx, camera.fy, camera.cx, camera.cy), (50, 51, 40, 29))
    assert (camera.width, camera.height) == (80, 60)


@pytest.mark.parametrize("size", [(120, 160), (160, 100), (158, 120)])
def test_an_image_of_another_shape_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(SceneError, match=rf"a.png: image: found {size[0]} x {size[1]} pixels, expected the shape of"):
        camera_of(tmp_path, [frame("a.png")], size, **CAMERA)


def test_a_smaller_copy_stands_for_an_image_that_is_not_there(tmp_path: Path) -> None:
    camera = camera_of(tmp_path, [frame("images/a.png", at="images_4/a.png")], (40, 30), **CAMERA)
    assert (camera.fx, camera.width) == (25, 40)


def test_a_copy_that_is_no_whole_number_smaller_is_refused(tmp_path: Path) -> None:
    # of the same shape within a pixel, but cut: 160 / 42 is 3.8
    with pytest.raises(SceneError, match=r"found 42 x 31 pixels, expected 160 x 120 divided by a whole number"):
        camera_of(tmp_path, [frame("images/a.png", at="images_4/a.png")], (42, 31), **CAMERA)


def test_a_smaller_copy_needs_the_full_size(tmp_path: Path) -> None:
    told = {"fl_x": 100.0}
    with pytest.raises(SceneError, match="found no w and h, expected those of images/"):
        camera_of(tmp_path, [frame("images/a.png", at="images_4/a.png")], (40, 30), **told)


def test_an_angle_stands_for_a_focal_length(tmp_path: Path) -> None:
    # 90 degrees across 160 pixels: focal length 80; the middle of 160 x 120 pixels is (79.5, 59.5)
    camera = camera_of(tmp_path, [frame("./train/r_0", at="train/r_0.png")], camera_angle_x=math.pi / 2)
    assert_allclose((camera.fx, camera.fy, camera.cx, camera.cy), (80, 80, 79.5, 59.5))
    both = {"x_fov": 90.0, "camera_angle_y": 2 * math.atan(60 / 70)}
    camera = camera_of(tmp_path, [frame("a.png")], **both)
    assert_allclose((camera.fx, camera.fy), (80, 70))


@pytest.mark.parametrize("told", [{"camera_angle_x": 0}, {"camera_angle_x": 3.2}, {"fl_x": -5}, {"fl_x": 0}])
def test_a_focal_length_that_is_none_is_refused(tmp_path: Path, told: dict[str, float]) -> None:
    with pytest.raises(SceneError, match=r"found a focal length of .* pixels along x, expected one above 0"):
        camera_of(tmp_path, [frame("a.png")], **told)


def test_a_file_without_any_focal_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"frames\[0\]: found no fl_x and no camera_angle_x"):
        camera_of(tmp_path, [frame("a.png")], w=160, h=120)


def test_frames_may_have_intrinsics_and_lenses_of_their_own(tmp_path: Path) -> None:
    frames = [frame("a.png", **CAMERA, k1=0.1), frame("b.png", **(CAMERA | {"fl_x": 90.0}))]
    first, second = read_nerfstudio(tmp_path, write(tmp_path, frames, k1=0.0, aabb_scale=16))
    assert first.camera is not None
    assert second.camera is not None
    assert (first.camera.fx, second.camera.fx) == (100, 90)
    assert (first.lens.distortion, second.lens.distortion) == ((0.1, 0, 0, 0, 0), ())


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_missing_images_are_counted_up_to_half(tmp_path: Path, missing: int) -> None:
    frames = [frame(f"{k}.png", at="none" if k < missing else f"{k}.png") for k in range(4)]
    write(tmp_path, frames, **CAMERA)
    if missing <= 2:
        scene = load(tmp_path)
        assert (len(scene.frames), scene.dropped) == (4 - missing, {"frame: no image": missing})
    else:
        with pytest.raises(
            SceneError, match=r"frames: found 1 of 4 images, expected at least half; .*0.png is missing"
        ):
            load(tmp_path)


def test_what_serves_training_is_passed_over(tmp_path: Path) -> None:
    extra = {
        "aabb_scale": 4,
        "scale": 0.5,
        "offset": [0.5, 0.5, 0.5],
        "orientation_override": "none",
        "applied_scale": 0.3,
        "applied_transform": [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0]],
        "ply_file_path": "sparse_pc.ply",
        "rolling_shutter": [0, 0, 0, 0],
        "train_filenames": ["a.png"],
    }
    write(tmp_path, [frame("a.png", sharpness=31.7, mask_path="masks/a.png", colmap_im_id=3)], **CAMERA, **extra)
    assert [item.id for item in load(tmp_path).frames] == ["a"]


def test_a_folder_with_a_transforms_json_alone_is_a_scene(tmp_path: Path) -> None:
    write(tmp_path / "loft", [frame("a.png"), frame("b.png")], **CAMERA)
    loader = PosedLoader(tmp_path)
    assert loader.scene_ids("all") == ["loft"]
    scene = loader.load("loft")
    assert (len(scene.frames), scene.unit_m, scene.is_level, scene.objects) == (2, None, False, ())
    mirrored = np.diag([1, -1, 1, 1]).tolist()
    write(tmp_path / "loft", [frame("a.png", transform_matrix=mirrored)], **CAMERA)
    with pytest.raises(SceneError, match=r"transforms.json: frames\[0\].transform_matrix: rotation mirrors"):
        loader.load("loft")
    (tmp_path / "loft" / "scene.json").write_text("{}")
    with pytest.raises(SceneError, match=r"scene.json: units: found nothing, expected cm, km, m, mm, a number or null"):
        loader.load("loft")


@pytest.mark.parametrize("key", ["from_mitsuba", "from_na", "rolling_shutter", "transform_matrix_start"])
def test_poses_of_another_meaning_are_refused_by_name(tmp_path: Path, key: str) -> None:
    write(tmp_path, [frame("a.png")], **CAMERA, **{key: [0, 0, 0.1, 0]})
    with pytest.raises(SceneError, match=rf"frames\[0\]: found {key} = .*, expected"):
        load(tmp_path)


BROWN = {"k1": 0.2, "k2": -0.1, "p1": 0.01, "p2": -0.02, "k3": 0.03}


@pytest.mark.parametrize(
    ("told", "lens"),
    [
        ({"camera_model": "OPENCV", **BROWN}, Lens((0.2, -0.1, 0.01, -0.02, 0.03))),
        ({"distortion_params": [0.2, -0.1, 0.03, 0.0, 0.01, -0.02]}, Lens((0.2, -0.1, 0.01, -0.02, 0.03))),
        ({"camera_model": "FULL_OPENCV", "k1": 1, "k6": "6"}, Lens((1, 0, 0, 0, 0, 0, 0, 6))),
        ({"camera_model": "SIMPLE_RADIAL", "k1": 0.2}, Lens((0.2, 0, 0, 0, 0))),
        ({"camera_model": "PINHOLE", "k1": 0.0}, Lens()),
        ({}, Lens()),
        ({"is_fisheye": False, "k1": 0.0}, Lens()),
        ({"is_fisheye": True, "k1": 0.1, "k4": 0.4, "p1": 0}, Lens((0.1, 0, 0, 0.4), True)),
        ({"camera_model": "OPENCV_FISHEYE"}, Lens((0, 0, 0, 0), True)),
        ({"camera_type": "RADIAL_FISHEYE", "k1": 0.1}, Lens((0.1, 0, 0, 0), True)),
    ],
)
def test_every_way_to_tell_a_lens(told: dict[str, Any], lens: Lens) -> None:
    assert read_lens(told, Path("transforms.json"), "camera") == lens


@pytest.mark.parametrize("value", ["wide", [1], math.nan, math.inf])
def test_a_coefficient_that_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(SceneError, match=r"camera: found k2 = .*, expected a finite number"):
        read_lens({"k1": 0.1, "k2": value}, Path("transforms.json"), "camera")


def _bent_cross(camera: Camera, lens: Lens) -> tuple[np.ndarray, np.ndarray]:
    """An image with five dots as the lens shows them, and the rays (5, 3) of the dots."""
    rays = np.array([[0, 0, 1], [-0.45, -0.3, 1], [0.45, -0.3, 1], [-0.45, 0.3, 1], [0.45, 0.3, 1.0]])
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
    project = cv2.fisheye.projectPoints if lens.is_fisheye else cv2.projectPoints
    pixels = project(rays.reshape(-1, 1, 3), np.zeros(3), np.zeros(3), matrix, np.array(lens.distortion))[0]
    image = np.full((camera.height, camera.width, 3), 30, np.uint8)
    for x, y in np.asarray(pixels).reshape(-1, 2):
        cv2.circle(image, (round(16 * x), round(16 * y)), 16 * 5, (255, 255, 255), -1, cv2.LINE_AA, 4)
    return image, rays


@pytest.mark.parametrize(
    "told",
    [
        {"camera_model": "OPENCV", "k1": 0.12, "k2": -0.05, "p1": 0.004, "p2": -0.003},
        {"camera_model": "OPENCV", "k1": -0.2, "k2": 0.04},
        {"camera_model": "OPENCV_FISHEYE", "k1": -0.03, "k2": 0.01, "k3": 0.0, "k4": 0.0},
    ],
)
def test_what_a_lens_bends_lies_where_the_pinhole_sees_it(tmp_path: Path, told: dict[str, Any]) -> None:
    size = {"w": 640, "h": 480, "fl_x": 500.0, "fl_y": 505.0, "cx": 322.5, "cy": 238.5}
    path = write(tmp_path, [frame("a.png", depth_file_path="d.png")], (640, 480), **size, **told)
    image, rays = _bent_cross(Camera(500, 505, 322, 238, 640, 480), read_lens(told, path, "camera"))
    cv2.imwrite(str(tmp_path / "a.png"), image)
    cv2.imwrite(str(tmp_path / "d.png"), np.where(image[..., 0] > 128, 2000, 0).astype(np.uint16)[::2, ::2])
    (shot,) = load(tmp_path, depth={"world_units_per_unit": 0.001}).frames
    assert isinstance(shot.color, UndistortedImage)
    assert isinstance(shot.depth, UndistortedDepth)
    assert shot.depth_camera is not None
    for pixels, camera in (
        (shot.color.pixels()[..., 0] > 128, shot.camera),
        (shot.depth.read_m() > 0, shot.depth_camera),
    ):
        count, _, _, centers = cv2.connectedComponentsWithStats(pixels.astype(np.uint8))
        assert count == 6
        for expected in camera.project(rays):
            assert np.linalg.norm(centers[1:] - expected, axis=1).min() < 0.8
    assert shot.color.pixels().min() > 0  # no empty rim


def test_a_lens_that_folds_its_image_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [frame("a.png")], **CAMERA, k1=-1.5)
    with pytest.raises(SceneError, match=r"scene.json: frame a: distortion: found \[-1.5.*undistort the images"):
        load(tmp_path)


def test_a_fisheye_that_sees_less_than_its_pinhole_part_is_refused() -> None:
    with pytest.raises(ValueError, match=r"of a fisheye, expected one that sees more"):
        fisheye_pinhole(Camera(100, 100, 79.5, 59.5, 160, 120), (0.9, 0.0, 0.0, 0.0))


@pytest.mark.parametrize("factor", [1.0, 0.01, 100.0])
def test_the_unit_of_poses_does_not_matter_where_nothing_tells_their_scale(tmp_path: Path, factor: float) -> None:
    # Cameras at x = 0, 1 ... 10: the middle 80 % lie from 1 to 9, a length of 8 that becomes 10.
    frames = [frame(f"{index}.png") for index in range(11)]
    for index, entry in enumerate(frames):
        entry["transform_matrix"][0][3] = factor * index
    write(tmp_path, frames, **CAMERA)
    centers = [one.world_from_camera.translation[0] for one in load(tmp_path).frames]
    assert_allclose(centers, np.arange(11) * 10 / 8, atol=1e-8)
    in_meters = load(tmp_path, units="m").frames[-1].world_from_camera.translation[0]
    assert in_meters == pytest.approx(10 * factor)
