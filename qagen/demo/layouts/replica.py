"""Writes the film as NICE-SLAM's render of a Replica scene, beside the scene's own annotation.

Layouts: github.com/cvg/nice-slam (scripts/download_replica.sh) and github.com/facebookresearch/Replica-Dataset.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from qagen.demo.film import Film

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
    camera = film.camera
    told = {"w": camera.width, "h": camera.height, "fx": camera.fx, "fy": camera.fy, "cx": camera.cx, "cy": camera.cy}
    (root / "cam_params.json").write_text(json.dumps({"camera": {**told, "scale": UNITS_PER_M}}), encoding="utf-8")
    _write_annotation(habitat / "info_semantic.json", film)
    _write_mesh(habitat / "mesh_semantic.ply", film)


def _write_annotation(path: Path, film: Film) -> None:
    classes = sorted(set(film.labels))
    things = []
    for index, (label, box) in enumerate(zip(film.labels, film.boxes, strict=True)):
        half_rad = box.yaw_rad / 2
        abb = {"center": (box.rotation.T @ box.center).tolist(), "sizes": box.size.tolist()}
        turn = {"rotation": [0.0, 0.0, float(np.sin(half_rad)), float(np.cos(half_rad))], "translation": [0.0] * 3}
        name = label.replace(" ", "-")
        things.append({"id": index, "class_id": classes.index(label), "class_name": name})
        things[-1]["oriented_bbox"] = {"abb": abb, "orientation": turn}
    told = {"classes": [{"id": number, "name": name} for number, name in enumerate(classes)], "objects": things}
    path.write_text(json.dumps({**told, "gravity_dir": [0.0, 0.0, -1.0]}), encoding="utf-8")


def _write_mesh(path: Path, film: Film) -> None:
    """Faces are quads; a triangle becomes one whose last corner comes twice."""
    vertices = film.vertices.astype("<f4")
    faces = np.zeros(len(film.faces), [("count", "u1"), ("corners", "<i4", 4), ("object_id", "<i4")])
    faces["count"], faces["object_id"] = 4, film.face_thing
    faces["corners"][:, :3], faces["corners"][:, 3] = film.faces, film.faces[:, 2]
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertices)}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    lines += [f"element face {len(faces)}", "property list uchar int vertex_indices", "property int object_id"]
    path.write_bytes(("\n".join([*lines, "end_header"]) + "\n").encode() + vertices.tobytes() + faces.tobytes())
