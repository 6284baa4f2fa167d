"""Writes a scene as ScanNet++ lays it out on disk (github.com/scannetpp/scannetpp, its README and toolbox).

The iPhone's images keep the film's own size, while its files describe 1920 x 1440 pixels, as they do after somebody has
resized the extracted frames. The lens has no distortion. Every tenth frame is a photograph.
"""

import json
import struct
from pathlib import Path

import lz4.block
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.pose import Pose
from qagen.demo.film import FRAME_S, Film, sampled
from qagen.demo.layouts.geometry import colored_positions, oriented_box, write_ply

SCENE_ID = "9000de3000"
IPHONE_SIZE = (1920, 1440)
DEPTH_SIZE = (256, 192)
FIRST_TIME_S = 8127.25
"""Time of the first frame on the phone's clock, which starts when the phone is switched on."""
PHOTO_STEP = 10
UNREGISTERED_STEP = 57
"""COLMAP did not register every 57th frame."""


def write(film: Film, root: Path) -> None:
    """One scene: the laser scan's mesh with its annotation, the iPhone's recording and a few photographs."""
    scene = root / "data" / SCENE_ID
    for folder in ("scans", "iphone/rgb", "iphone/colmap", "dslr/resized_undistorted_images", "dslr/nerfstudio"):
        (scene / folder).mkdir(parents=True)
    _write_scan(scene / "scans", film)
    _write_iphone(scene / "iphone", film)
    write_colmap(scene / "iphone" / "colmap", film)
    _write_photographs(scene / "dslr", film)


def _write_scan(folder: Path, film: Film) -> None:
    write_ply(folder / "mesh_aligned_0.05.ply", colored_positions(film.vertices, film.vertex_colors), film.faces)
    segments = {"sceneId": SCENE_ID, "segIndices": list(range(len(film.vertices)))}
    _dump(folder / "segments.json", segments)
    members = [np.flatnonzero(film.vertex_object == index) for index in range(len(film.labels))]
    groups = [
        {"id": index + 1, "objectId": index + 1, "partId": index + 1, "label": label, "index": index}
        | {"segments": members[index].tolist(), "obb": obb(film.boxes[index])}
        for index, label in enumerate(film.labels)
    ]
    _dump(folder / "segments_anno.json", {"sceneId": SCENE_ID, "segGroups": groups})


def obb(box: Box3D) -> dict[str, list[float]]:
    """A box as the annotation has it, with the limits of its corners."""
    limits = {"min": box.corners.min(axis=0).tolist(), "max": box.corners.max(axis=0).tolist()}
    return oriented_box(box) | limits


def _write_iphone(folder: Path, film: Film) -> None:
    camera = film.camera.scaled(*IPHONE_SIZE)
    intrinsic = [[camera.fx, 0.0, camera.cx], [0.0, camera.fy, camera.cy], [0.0, 0.0, 1.0]]
    y_up = Pose(np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), np.zeros(3))
    start_from_world = (y_up @ Pose(np.eye(3), -film.poses[0].translation)).matrix  # the origin is where it was started
    entries: dict[str, object] = {}
    with (folder / "depth.bin").open("wb") as depth:
        for index, pose in enumerate(film.poses):
            (folder / "rgb" / f"frame_{index:06d}.jpg").write_bytes(film.color_jpeg(index))
            image = sampled(film.depth_mm(index), *DEPTH_SIZE).astype("<u2")
            block = lz4.block.compress(image.tobytes(), store_size=False)
            depth.write(struct.pack("<I", len(block)) + block)
            entries[f"frame_{index:06d}"] = {
                "timestamp": FIRST_TIME_S + FRAME_S * index,
                "pose": start_from_world @ pose.matrix,
                "intrinsic": intrinsic,
                "imu": {},
                "aligned_pose": pose.matrix,
            }
    _dump(folder / "pose_intrinsic_imu.json", entries)


def write_colmap(folder: Path, film: Film) -> None:
    """A text model; the corners of its pixels, not the centers, are at integers."""
    camera = film.camera.scaled(*IPHONE_SIZE)
    values = [camera.fx, camera.fy, camera.cx + 0.5, camera.cy + 0.5, 0, 0, 0, 0]
    parameters = " ".join(f"{value:.10g}" for value in values)
    size = f"{camera.width} {camera.height}"
    (folder / "cameras.txt").write_text(f"# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n1 OPENCV {size} {parameters}\n")
    lines = ["# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME", "# POINTS2D[] as (X, Y, POINT3D_ID)"]
    for index, pose in enumerate(film.poses):
        if index % UNREGISTERED_STEP != UNREGISTERED_STEP - 1:
            inverse = pose.inverse()
            numbers = " ".join(f"{value:.12g}" for value in (*quaternion(inverse.rotation), *inverse.translation))
            lines += [f"{index + 1} {numbers} 1 frame_{index:06d}.jpg", ""]
    (folder / "images.txt").write_text("\n".join(lines) + "\n")
    (folder / "points3D.txt").write_text("# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n")


def quaternion(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4,) unit quaternion w, x, y, z of a rotation: the eigenvector of a symmetric matrix (Bar-Itzhack, 2000)."""
    (a, b, c), (d, e, f), (g, h, i) = rotation
    matrix = np.array(
        [
            [a + e + i, h - f, c - g, d - b],
            [h - f, a - e - i, b + d, c + g],
            [c - g, b + d, e - a - i, f + h],
            [d - b, c + g, f + h, i - a - e],
        ]
    )
    vector = np.linalg.eigh(matrix)[1][:, -1]
    return vector if vector[0] >= 0 else -vector


def _write_photographs(folder: Path, film: Film) -> None:
    frames: list[dict[str, object]] = []
    for number, index in enumerate(range(0, len(film.poses), PHOTO_STEP)):
        name = f"DSC{1000 + number:05d}.JPG"
        (folder / "resized_undistorted_images" / name).write_bytes(film.color_jpeg(index))
        matrix = film.poses[index].matrix
        matrix[:3, 1:3] *= -1  # OpenGL camera axes
        matrix = matrix[[1, 0, 2, 3]]
        matrix[2] *= -1
        frames.append({"file_path": name, "mask_path": name.replace("JPG", "png"), "transform_matrix": matrix})
    camera = film.camera
    document: dict[str, object] = {"fl_x": camera.fx, "fl_y": camera.fy, "cx": camera.cx, "cy": camera.cy}
    document |= {"w": camera.width, "h": camera.height, "camera_model": "PINHOLE"}
    document |= dict.fromkeys(("k1", "k2", "k3", "k4"), 0.0)
    document |= {"frames": frames, "test_frames": []}
    _dump(folder / "nerfstudio" / "transforms_undistorted.json", document)


def _dump(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, default=lambda array: array.tolist()), encoding="utf-8")
