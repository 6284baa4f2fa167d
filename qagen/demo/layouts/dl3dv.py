"""Writes the beginning of the film as a scene of DL3DV-10K, downloaded at 960P (github.com/DL3DV-10K/Dataset).

The film is seen through a lens that bends and shows a little less. The unit is 1.3 meters, and the world leans, which
no file tells.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.demo.film import Film

SCENE_ID = "0d3ad0a96b3b56d4cc41a57b2a2c1c5f2ba4ff5b2ad3b2f2c4b8e77d1d6c0f11"
SUBSET = "1K"
FRAMES = 100
UNIT_M = 1.3
FULL = 4
"""Factor from the images that are there to those whose intrinsics are told."""
OPENGL = np.diag([1.0, -1.0, -1.0])
DISTORTION = {"k1": -0.11, "k2": 0.035, "p1": 0.0011, "p2": -0.0007}
NARROWER = 1.15
"""Factor on the focal length, so that all that the lens shows is in the film."""
FILE_FROM_WORLD = Rotation.from_euler("xyz", (0.4, -0.3, 1.0)).as_matrix()


def write(film: Film, root: Path) -> None:
    """One scene: its poses and distorted images."""
    folder = root / SUBSET / SCENE_ID
    (folder / "images_4").mkdir(parents=True)
    camera = _lens(film)
    document = {
        "w": FULL * camera.width,
        "h": FULL * camera.height,
        "fl_x": FULL * camera.fx,
        "fl_y": FULL * camera.fy,
        "cx": FULL * (camera.cx + 0.5),
        "cy": FULL * (camera.cy + 0.5),
        **DISTORTION,
        "camera_model": "OPENCV",
        "frames": _write_frames(film, folder),
        "applied_transform": [[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0]],
    }
    (folder / "transforms.json").write_text(json.dumps(document, indent=4), encoding="utf-8")


def _write_frames(film: Film, folder: Path) -> list[dict[str, Any]]:
    """Write the images; returns their entries."""
    maps = _bending_maps(film)
    frames: list[dict[str, Any]] = []
    for index, pose in enumerate(film.poses[:FRAMES]):
        name = f"frame_{index + 1:05d}.png"
        bent = cv2.remap(film.color_bgr(index), *maps, cv2.INTER_LINEAR)
        cv2.imwrite(str(folder / "images_4" / name), bent, (cv2.IMWRITE_PNG_COMPRESSION, 1))
        file_from_camera = Pose(FILE_FROM_WORLD @ pose.rotation @ OPENGL, FILE_FROM_WORLD @ pose.translation / UNIT_M)
        entry = {"file_path": f"images/{name}", "transform_matrix": file_from_camera.matrix.round(12).tolist()}
        frames.append({**entry, "colmap_im_id": index + 1})
    return frames


def _lens(film: Film) -> Camera:
    """Pinhole part of the lens; its image has the film's size."""
    return replace(film.camera, fx=NARROWER * film.camera.fx, fy=NARROWER * film.camera.fy)


def _bending_maps(film: Film) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of a bent image lies in the film's, x and y."""
    lens, pinhole = (
        np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
        for camera in (_lens(film), film.camera)
    )
    grid = np.stack(np.meshgrid(np.arange(film.camera.width), np.arange(film.camera.height)), axis=-1)
    pixels = grid.reshape(-1, 1, 2).astype(np.float64)
    straight = cv2.undistortPoints(pixels, lens, np.array([*DISTORTION.values()]), P=pinhole)
    x, y = np.moveaxis(np.asarray(straight, np.float32).reshape(grid.shape), -1, 0)
    return x, y
