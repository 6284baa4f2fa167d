"""Writes the film as a scan that somebody described by hand: one scene.json beside ordinary images (docs/posed.md).

Its conventions differ from those of qagen wherever the format allows: centimeters, y up, OpenGL cameras, poses from
world to camera, and pixel centers at halves.
"""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose
from qagen.demo.film import Film
from qagen.demo.layouts.geometry import positions, write_ply

SCENE_ID = "demo_flat"
STEP = 2
"""Step between the frames that are kept."""
UNITS_PER_M = 100.0
FILE_FROM_WORLD = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""Rotation from z up to y up."""
OPENGL = np.diag([1.0, -1.0, -1.0])


def write(film: Film, root: Path) -> None:
    """Write one scene folder below ``root``."""
    folder = root / SCENE_ID
    for name in ("color", "depth"):
        (folder / name).mkdir(parents=True)
    frames = [_write_frame(film, index, folder) for index in range(0, len(film.poses), STEP)]
    object_ids = (film.face_object + 1).astype("<u2")
    write_ply(folder / "mesh.ply", positions(_to_file(film.vertices)), film.faces, object_id=object_ids)
    c = film.camera
    camera = {"fx": c.fx, "fy": c.fy, "cx": c.cx + 0.5, "cy": c.cy + 0.5, "width": c.width, "height": c.height}
    document = {
        "units": "cm",
        "up": "+y",
        "pose": "camera_from_world",
        "camera_axes": "opengl",
        "pixel_center": 0.5,
        "camera": camera,
        "depth": {"meters_per_unit": 0.001},
        "frames": frames,
        "objects": [_object(film, index) for index in range(len(film.labels))],
        "mesh": {"path": "mesh.ply", "object_property": "object_id"},
    }
    (folder / "scene.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


def _write_frame(film: Film, index: int, folder: Path) -> dict[str, Any]:
    color, depth = f"color/{index:04d}.jpg", f"depth/{index:04d}.png"
    (folder / color).write_bytes(film.color_jpeg(index))
    cv2.imwrite(str(folder / depth), film.depth_mm(index), (cv2.IMWRITE_PNG_COMPRESSION, 1))
    rotation, position = film.poses[index].rotation, film.poses[index].translation
    file_from_camera = Pose(FILE_FROM_WORLD @ rotation @ OPENGL, UNITS_PER_M * (FILE_FROM_WORLD @ position))
    camera_from_file = file_from_camera.inverse()
    return {"image": color, "depth": depth, "pose": camera_from_file.matrix.round(9).tolist()}


def _object(film: Film, index: int) -> dict[str, Any]:
    box = film.boxes[index]
    return {
        "id": index + 1,
        "label": film.labels[index],
        "center": _to_file(box.center).round(4).tolist(),
        "size": (UNITS_PER_M * box.size).round(4).tolist(),
        "axes": (FILE_FROM_WORLD @ box.rotation).T.round(9).tolist(),
    }


def _to_file(points: NDArray) -> NDArray[np.float64]:
    return UNITS_PER_M * (np.asarray(points, np.float64) @ FILE_FROM_WORLD.T)
