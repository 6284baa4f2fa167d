"""Writes the film as a scan of ARKitScenes' download for 3D object detection (github.com/apple/ARKitScenes)."""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose
from qagen.demo.film import FRAME_S, Film
from qagen.demo.layouts.ply import colored_vertices, write_triangles

SCENE_ID = "40990000"
STEP = 2
SIZE = (256, 192)
START_S = 6790.377
UUID = "9000de30-0000-4000-8000-{:012d}"


def write(film: Film, root: Path) -> None:
    """Write one training scan below ``root``."""
    folder = root / "3dod" / "Training" / SCENE_ID
    frames = folder / f"{SCENE_ID}_frames"
    for name in ("lowres_wide", "lowres_depth", "lowres_wide_intrinsics"):
        (frames / name).mkdir(parents=True)
    lines = []
    for index in range(0, len(film.poses), STEP):
        time = f"{START_S + FRAME_S * index:.3f}"
        _write_frame(film, index, frames, f"{SCENE_ID}_{time}")
        lines.append(f"{time} {_trajectory_words(film.poses[index])}")
    (frames / "lowres_wide.traj").write_text("\n".join(lines) + "\n", encoding="utf-8")
    surface = colored_vertices(film.vertices, film.vertex_colors)
    write_triangles(folder / f"{SCENE_ID}_3dod_mesh.ply", surface, film.faces)
    _write_annotation(folder / f"{SCENE_ID}_3dod_annotation.json", film)


def _write_frame(film: Film, index: int, folder: Path, stem: str) -> None:
    picture = cv2.imdecode(np.frombuffer(film.color_jpeg(index), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    small = cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / "lowres_wide" / f"{stem}.png"), small)
    cv2.imwrite(str(folder / "lowres_depth" / f"{stem}.png"), _sampled(film.depth_mm(index)))
    camera = film.camera.scaled(*SIZE)
    words = f"{camera.width} {camera.height} {camera.fx:.6f} {camera.fy:.6f} {camera.cx:.6f} {camera.cy:.6f}\n"
    (folder / "lowres_wide_intrinsics" / f"{stem}.pincam").write_text(words)


def _sampled(image: NDArray) -> NDArray:
    """The pixels where the smaller image has its pixel centres."""
    columns = np.floor((np.arange(SIZE[0]) + 0.5) * image.shape[1] / SIZE[0]).astype(int)
    rows = np.floor((np.arange(SIZE[1]) + 0.5) * image.shape[0] / SIZE[1]).astype(int)
    return image[np.ix_(rows, columns)]


def _trajectory_words(world_from_camera: Pose) -> str:
    """World to camera as an axis-angle vector and a translation."""
    inverse = world_from_camera.inverse()
    turn = cv2.Rodrigues(inverse.rotation)[0].ravel()
    return " ".join(f"{value:.12g}" for value in (*turn, *inverse.translation))


def _write_annotation(path: Path, film: Film) -> None:
    things = []
    for index, (label, box) in enumerate(zip(film.labels, film.boxes, strict=True)):
        obb = {
            "centroid": box.center.tolist(),
            "axesLengths": box.size.tolist(),
            "normalizedAxes": box.rotation.T.ravel().tolist(),
        }
        name = label.replace(" ", "_")
        things.append({"uid": UUID.format(index), "label": name, "segments": {"obb": obb, "obbAligned": obb}})
    path.write_text(json.dumps({"data": things, "skipped": False}), encoding="utf-8")
