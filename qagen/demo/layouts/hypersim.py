"""Writes the film as a scene of Hypersim (github.com/apple/ml-hypersim, README): asset units, distances, no names."""

import csv
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import ArrayLike

from qagen.core.camera import Camera
from qagen.demo.film import Film
from qagen.demo.layouts.scannet import nyu40_id

SCENE_ID = "ai_900_001"
TRAJECTORY = "cam_00"
STEP = 3
METERS_PER_UNIT = 0.0254
"""The scene is modeled in inches."""
OPENGL = np.diag([1.0, -1.0, -1.0])


def write(film: Film, root: Path) -> None:
    """Write one scene below ``root``."""
    detail, images = root / SCENE_ID / "_detail", root / SCENE_ID / "images"
    previews, geometry = images / f"scene_{TRAJECTORY}_final_preview", images / f"scene_{TRAJECTORY}_geometry_hdf5"
    for folder in (detail / TRAJECTORY, detail / "mesh", previews, geometry):
        folder.mkdir(parents=True)
    chosen = range(0, len(film.poses), STEP)
    classes = np.array([nyu40_id(label) for label in film.labels])
    for number, index in enumerate(chosen):
        (previews / f"frame.{number:04d}.tonemap.jpg").write_bytes(film.color_jpeg(index))
        stem, objects = f"{geometry}/frame.{number:04d}", film.objects(index)
        distance = film.depth_mm(index) / 1000 * film.camera.ray_lengths()
        _write_array(f"{stem}.depth_meters.hdf5", np.where(distance > 0, distance, np.inf).astype(np.float16))
        _write_array(f"{stem}.semantic.hdf5", np.where(objects < 0, -1, classes[objects]).astype(np.int16))
        _write_array(f"{stem}.semantic_instance.hdf5", np.where(objects < 0, -1, objects + 1).astype(np.int16))
    poses = [film.poses[index] for index in chosen]
    keyframes = f"{detail / TRAJECTORY}/camera_keyframe"
    _write_array(f"{keyframes}_positions.hdf5", [pose.translation / METERS_PER_UNIT for pose in poses])
    _write_array(f"{keyframes}_orientations.hdf5", [pose.rotation @ OPENGL for pose in poses])
    _write_boxes(film, f"{detail}/mesh/metadata_semantic_instance_bounding_box_object_aligned_2d")
    scale = [{"parameter_name": "meters_per_asset_unit", "parameter_value": str(METERS_PER_UNIT)}]
    _write_table(detail / "metadata_scene.csv", scale)
    _write_table(detail / "metadata_cameras.csv", [{"camera_name": TRAJECTORY}])
    _write_table(root / "metadata_camera_parameters.csv", [_lens_row(film.camera)])


def _write_boxes(film: Film, stem: str) -> None:
    """One row per instance number; number 0 is not used."""
    unused = np.full(3, np.inf)
    centers = [unused, *(box.center / METERS_PER_UNIT for box in film.boxes)]
    _write_array(f"{stem}_positions.hdf5", centers)
    _write_array(f"{stem}_extents.hdf5", [unused, *(box.size / METERS_PER_UNIT for box in film.boxes)])
    _write_array(f"{stem}_orientations.hdf5", [np.full((3, 3), np.inf), *(box.rotation for box in film.boxes)])


def _write_array(path: str, values: ArrayLike) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("dataset", data=np.asarray(values), compression="gzip", compression_opts=1)


def _lens_row(camera: Camera) -> dict[str, str]:
    """The matrix from image positions to rays; u and v run from -1 to 1, left to right and bottom to top."""
    half_width, half_height = camera.width / 2, camera.height / 2
    matrix = np.array(
        [
            [half_width / camera.fx, 0.0, (half_width - 0.5 - camera.cx) / camera.fx],
            [0.0, half_height / camera.fy, -(half_height - 0.5 - camera.cy) / camera.fy],
            [0.0, 0.0, -1.0],
        ]
    )
    row = {"scene_name": SCENE_ID, "settings_output_img_width": str(camera.width)}
    row["settings_output_img_height"] = str(camera.height)
    return row | {f"M_cam_from_uv_{i}{j}": repr(float(matrix[i, j])) for i in range(3) for j in range(3)}


def _write_table(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
