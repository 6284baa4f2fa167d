"""Writes videos of single objects of the film in WildRGB-D's layout (github.com/wildrgbd/wildrgbd, its README).

Each shows frames of the film in which the object is large enough; their numbers there are their ids. The world is that
of the first of them.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from qagen.core.spacing import evenly_spaced
from qagen.demo.film import Film

SUBJECTS = {"clock": "alarm clock", "remote_control": "remote control"}
"""Category to the object's name in the film."""
OTHERWISE = "box"
"""Name and category of the object of a film that has none of the subjects."""
MAX_FRAMES = 80
LEAST_PIXELS = 0.004
"""Share of the image that the object must cover."""


def write(film: Film, root: Path) -> None:
    """One scene for each of the subjects that the film shows."""
    subjects = {category: label for category, label in SUBJECTS.items() if label in film.labels}
    for category, label in (subjects or {OTHERWISE: OTHERWISE}).items():
        _write_scene(film, film.labels.index(label), root / category)


def _write_scene(film: Film, item: int, category: Path) -> None:
    name = "scenes_000"
    folder = category / "scenes" / name
    for kind in ("rgb", "depth", "masks"):
        (folder / kind).mkdir(parents=True)
    c = film.camera
    columns = [c.fx, 0.0, 0.0, 0.0, c.fy, 0.0, c.cx, c.cy, 1.0]
    (folder / "metadata").write_text(json.dumps({"w": c.width, "h": c.height, "K": columns}), encoding="utf-8")
    (category / "types.json").write_text(json.dumps({name: "single"}), encoding="utf-8")
    masks = {index: film.objects(index) == item for index in range(len(film.poses))}
    shown = evenly_spaced([index for index, mask in masks.items() if mask.mean() >= LEAST_PIXELS], MAX_FRAMES)
    first_from_world = film.poses[shown[0]].inverse()
    lines = []
    for index in shown:
        images = {"rgb": film.color_bgr(index), "depth": film.depth_mm(index), "masks": masks[index] * np.uint8(255)}
        for kind, pixels in images.items():
            cv2.imwrite(str(folder / kind / f"{index:05d}.png"), pixels, (cv2.IMWRITE_PNG_COMPRESSION, 1))
        matrix = (first_from_world @ film.poses[index]).matrix
        lines.append(" ".join([str(index), *(f"{value:.9f}" for value in matrix.ravel())]) + "\n")
    (folder / "cam_poses.txt").write_text("".join(lines), encoding="utf-8")
