"""Writes the film as NICE-SLAM's render of a Replica scene, beside the scene's own annotation.

Layouts: github.com/cvg/nice-slam (scripts/download_replica.sh) and github.com/facebookresearch/Replica-Dataset.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from qagen.core.pose import rotate
from qagen.demo.film import Film
from qagen.demo.layouts.geometry import positions, write_ply

RENDER, SCENE = "flat0", "flat_0"
STEP = 2
UNITS_PER_M = 6553.5
MM_PER_M = 1000.0


def write(film: Film, root: Path) -> None:
    """Write one render and one annotated scene below ``root``."""
    results, habitat = root / RENDER / "results", root / SCENE / "habitat"
    results.mkdir(parents=True)
    habitat.mkdir(parents=True)
    lines = []
    for number, index in enumerate(range(0, len(film.poses), STEP)):
        (results / f"frame{number:06d}.jpg").write_bytes(film.color_jpeg(index))
        depth = np.rint(film.depth_mm(index) * (UNITS_PER_M / MM_PER_M)).clip(0, 65535).astype(np.uint16)
        cv2.imwrite(str(results / f"depth{number:06d}.png"), depth, (cv2.IMWRITE_PNG_COMPRESSION, 1))
        lines.append(" ".join(f"{value:.12e}" for value in film.poses[index].matrix.ravel()))
    (root / RENDER / "traj.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    c = film.camera
    camera = {"w": c.width, "h": c.height, "fx": c.fx, "fy": c.fy, "cx": c.cx, "cy": c.cy, "scale": UNITS_PER_M}
    (root / "cam_params.json").write_text(json.dumps({"camera": camera}), encoding="utf-8")
    _write_annotation(habitat / "info_semantic.json", film)
    quads = film.faces[:, [0, 1, 2, 2]]  # the dataset's meshes have no triangles
    write_ply(habitat / "mesh_semantic.ply", positions(film.vertices), quads, object_id=film.face_object)


def _write_annotation(path: Path, film: Film) -> None:
    classes = sorted(set(film.labels))
    objects = []
    for index, (label, box) in enumerate(zip(film.labels, film.boxes, strict=True)):
        half_rad = box.yaw_rad / 2
        abb = {"center": rotate(box.rotation.T, box.center).tolist(), "sizes": box.size.tolist()}
        turn = {"rotation": [0.0, 0.0, float(np.sin(half_rad)), float(np.cos(half_rad))], "translation": [0.0] * 3}
        name = label.replace(" ", "-")
        objects.append({"id": index, "class_id": classes.index(label), "class_name": name})
        objects[-1]["oriented_bbox"] = {"abb": abb, "orientation": turn}
    document = {"classes": [{"id": number, "name": name} for number, name in enumerate(classes)], "objects": objects}
    path.write_text(json.dumps({**document, "gravity_dir": [0.0, 0.0, -1.0]}), encoding="utf-8")
