"""Writes the film as the media of SPAR-7M-RGBD: images, depth, poses, intrinsics and a video, without boxes."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.demo.film import Film

SCENE_ID = "scene9000_00"
STEP = 3
"""Step between the frames that are images."""
VIDEO_FRAMES = 32


def write(film: Film, root: Path) -> None:
    """Write one scene folder below ``root``."""
    folder = root / SCENE_ID
    for index in range(0, len(film.poses), STEP):
        _write_frame(film, index, folder, "image", "pose", str(index))
    video = np.linspace(0, len(film.poses) - 1, VIDEO_FRAMES).astype(int).tolist()
    for position, index in enumerate(video):
        _write_frame(film, index, folder, "video", "video_pose", f"frame{position}_{index}")
    (folder / "video_idx.txt").write_text("".join(f"{index}\n" for index in video), encoding="utf-8")
    matrix = np.eye(4)
    matrix[[0, 1, 0, 1], [0, 1, 2, 2]] = film.camera.intrinsics
    for kind in ("color", "depth"):
        _write_matrix(folder / "intrinsic" / f"intrinsic_{kind}.txt", matrix)
        _write_matrix(folder / "intrinsic" / f"extrinsic_{kind}.txt", np.eye(4))


def _write_frame(film: Film, index: int, folder: Path, prefix: str, pose: str, name: str) -> None:
    color, depth = (folder / f"{prefix}_{kind}" for kind in ("color", "depth"))
    for target in (color, depth):
        target.mkdir(parents=True, exist_ok=True)
    (color / f"{name}.jpg").write_bytes(film.color_jpeg(index))
    cv2.imwrite(str(depth / f"{name}.png"), film.depth_mm(index), (cv2.IMWRITE_PNG_COMPRESSION, 1))
    _write_matrix(folder / pose / f"{name}.txt", film.poses[index].matrix)


def _write_matrix(path: Path, matrix: NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(" ".join(f"{value:.6f}" for value in row) + "\n" for row in matrix), encoding="utf-8")
