"""Exports of Polycam and Record3D: the same frame, worked out by hand, and every list that may be wrong."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from qagen.core.scene import Scene
from qagen.errors import SceneError
from qagen.loaders.posed.loader import PosedLoader
from tests.loaders.test_posed import description, write

Y_UP = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
FACING_Y = [[1, 0, 0, 3], [0, 0, 1, 4], [0, -1, 0, 1.5], [0, 0, 0, 1]]
"""World from camera, OpenCV: stands at (3, 4, 1.5), looks along +y, upright."""
IN_FILE = Y_UP @ np.array(FACING_Y) @ np.diag([1, -1, -1, 1])
"""The same in ARKit's world, with an OpenGL camera."""
HALF = math.sqrt(0.5)
QUATERNION = [0, -HALF, 0, HALF]
"""The same rotation: x looks along +z, y along +y, z along -x; a quarter turn about -y."""


def test_the_quaternion_is_that_of_the_matrix() -> None:
    assert_allclose(IN_FILE[:3, :3], [[0, 0, -1], [0, 1, 0], [1, 0, 0]], atol=1e-12)


def polycam(folder: Path, names: tuple[str, str] = ("corrected_cameras", "corrected_images")) -> dict[str, Any]:
    told: dict[str, Any] = {f"t_{i}{j}": float(IN_FILE[i, j]) for i in range(3) for j in range(4)}
    told |= {"fx": 20, "fy": 21, "cx": 8, "cy": 6, "width": 16, "height": 12, "blur_score": 100.0}
    for name in (*names, "depth"):
        (folder / "keyframes" / name).mkdir(parents=True)
    (folder / "keyframes" / names[0] / "17.json").write_text(json.dumps(told))
    Image.new("RGB", (16, 12)).save(folder / "keyframes" / names[1] / "17.jpg")
    Image.fromarray(np.full((6, 8), 2000, np.uint16)).save(folder / "keyframes" / "depth" / "17.png")
    return told


def record3d(folder: Path, **changes: Any) -> dict[str, Any]:
    told = {"w": 16, "h": 12, "K": [20, 0, 0, 0, 21, 0, 8, 6, 1], "poses": [[*QUATERNION, *IN_FILE[:3, 3]]], "fps": 30}
    (folder / "rgbd").mkdir(parents=True)
    (folder / "metadata").write_text(json.dumps(told | changes))
    Image.new("RGB", (16, 12)).save(folder / "rgbd" / "0.jpg")
    Image.fromarray(np.full((6, 8), 2000, np.uint16)).save(folder / "rgbd" / "0.png")
    return told


def load(folder: Path, kind: str, path: str) -> Scene:
    told = description(up="+y", frames={"format": kind, "path": path}, objects=[])
    write(folder, {key: value for key, value in told.items() if key not in ("pose", "camera_axes", "camera")})
    return PosedLoader(folder).load(folder.name)


def check(scene: Scene, name: str) -> None:
    (frame,) = scene.frames
    assert frame.id == name
    assert_allclose(frame.world_from_camera.matrix, FACING_Y, atol=1e-7)
    assert (frame.camera.fx, frame.camera.fy, frame.camera.cx, frame.camera.cy) == (20, 21, 7.5, 5.5)
    assert frame.depth is not None
    assert_allclose(frame.depth.read_m(), np.full((6, 8), 2.0))


@pytest.mark.parametrize("names", [("corrected_cameras", "corrected_images"), ("cameras", "images")])
def test_a_frame_of_polycam(tmp_path: Path, names: tuple[str, str]) -> None:
    polycam(tmp_path / "loft", names)
    check(load(tmp_path / "loft", "polycam", "keyframes"), "17")


def test_a_frame_of_record3d(tmp_path: Path) -> None:
    record3d(tmp_path / "loft")
    check(load(tmp_path / "loft", "record3d", "."), "0")


def test_intrinsics_and_times_of_each_frame_of_record3d(tmp_path: Path) -> None:
    record3d(tmp_path / "loft", perFrameIntrinsicCoeffs=[[30, 31, 8, 6]], frameTimestamps=[5.5])
    (frame,) = load(tmp_path / "loft", "record3d", ".").frames
    assert (frame.camera.fx, frame.camera.fy, frame.time_s) == (30, 31, 5.5)


def test_a_lost_pose_of_record3d_is_left_out(tmp_path: Path) -> None:
    pose = [*QUATERNION, *IN_FILE[:3, 3]]
    record3d(tmp_path / "loft", poses=[pose, [0] * 7])
    assert load(tmp_path / "loft", "record3d", ".").dropped == {"frame: invalid pose": 1}


def change(**numbers: Any) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "keyframes" / "corrected_cameras" / "17.json"
        told = json.loads(path.read_text()) | numbers
        path.write_text(json.dumps({key: value for key, value in told.items() if value is not None}))

    return damage


POLYCAM = {
    "no number": (change(t_12=None), "17.json: t_12: found None, expected a number"),
    "a text": (change(t_12="x"), "17.json: t_12: found 'x', expected a number"),
    "no focal": (change(fx=None), "17.json: fx: found nothing, expected a number"),
    "no frames": (lambda folder: (folder / "keyframes/corrected_cameras/17.json").unlink(), "found no <time>.json"),
    "no cameras": (
        lambda folder: (folder / "keyframes/corrected_cameras").rename(folder / "keyframes/poses"),
        "keyframes: found no corrected_cameras or cameras, expected Polycam's raw data: its keyframes folder",
    ),
}


@pytest.mark.parametrize(("damage", "message"), POLYCAM.values(), ids=POLYCAM)
def test_what_is_wrong_with_polycam(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    polycam(tmp_path / "loft")
    damage(tmp_path / "loft")
    with pytest.raises(SceneError, match=re.escape(message)):
        load(tmp_path / "loft", "polycam", "keyframes")


RECORD3D = {
    "six": (
        {"poses": [[0, 0, 0, 1, 3, 4]]},
        "poses[0]: found [0, 0, 0, 1, 3, 4], expected a list of at least 7 (qx qy qz",
    ),
    "long": (
        {"poses": [[0, 0, 0, 5, 1, 2, 3]]},
        "poses[0]: a quaternion of length 5, expected 1, expected qx qy qz qw",
    ),
    "times": ({"frameTimestamps": [1, 2]}, "metadata: frameTimestamps: found 2 entries, expected 1, one a pose"),
    "rows": (
        {"K": [[20, 0, 8], [0, 20, 6], [0, 0, 1]]},
        "metadata: K: found [[20, 0, 8], [0, 20, 6], [0, 0, 1]], expected",
    ),
}


@pytest.mark.parametrize(("changes", "message"), RECORD3D.values(), ids=RECORD3D)
def test_what_is_wrong_with_record3d(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    record3d(tmp_path / "loft", **changes)
    with pytest.raises(SceneError, match=re.escape(message)):
        load(tmp_path / "loft", "record3d", ".")


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("record3d", "metadata", "found a file, 'metadata', expected a folder; unpack archives such as .r3d"),
        ("nerfstudio", "rgbd", "found a folder, 'rgbd', expected the transforms.json"),
    ],
)
def test_a_path_of_another_kind_is_told(tmp_path: Path, kind: str, path: str, expected: str) -> None:
    record3d(tmp_path / "loft")
    with pytest.raises(SceneError, match=re.escape(f"scene.json: frames.path: {expected}")):
        load(tmp_path / "loft", kind, path)
