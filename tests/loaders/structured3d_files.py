"""Writes a tiny house in Structured3D's own file formats, for tests of the reader only.

Room 5 is 4 m x 3 m, room 12 an L beside it. Every view looks along +y from (2, 0.5, 1.5) at a wall at y = 3 and at a
chair before it, a box of 1.0 x 0.6 x 0.8 m round (2.2, 2.5, 1.5) whose near side stands at y = 2.2.
"""

import json
import math
from pathlib import Path

import numpy as np
from PIL import Image

NAME = "scene_00042"
WIDTH, HEIGHT, FOCAL = 64, 48, 40.0
CHAIR, SHELF, HIDDEN, BOXLESS = 7, 3, 9, 20
"""Box ids: the chair, something of no class of its own, something never seen, a lamp that has no box."""
BACKGROUND = 65535
TURNED, UPRIGHT = [[1, 0, 0], [0, -1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
BOXES = [
    # rows are the axes; half extents; the second axis and its half are both turned round
    {"ID": CHAIR, "basis": TURNED, "coeffs": [500, -300, 400], "centroid": [2200, 2500, 1500]},
    {"ID": SHELF, "basis": UPRIGHT, "coeffs": [100, 10, 100], "centroid": [1000, 3000, 1500]},
    {"ID": HIDDEN, "basis": [[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]], "coeffs": [100, 50, 9], "centroid": [9, 9, 9]},
]
# eye mm, direction, up (not square to it), half angles of view
CAMERA_POSE = f"2000 500 1500 0 2 0 0 0.3 1 {math.atan(WIDTH / 2 / FOCAL)!r} {math.atan(HEIGHT / 2 / FOCAL)!r} 1\n"


def make_images() -> dict[str, np.ndarray]:
    """Depth in mm, ids and classes of a view.

    The chair's near side is 1.7 m away, from 0.3 m left to 0.7 m right and 0.4 m up and down: columns 31.5 - 7.06 to
    31.5 + 16.47, rows 23.5 -+ 9.41.
    """
    depth = np.full((HEIGHT, WIDTH), 2500, np.uint16)
    ids = np.full((HEIGHT, WIDTH), BACKGROUND, np.uint16)
    classes = np.ones((HEIGHT, WIDTH), np.uint8)  # wall
    depth[15:33, 25:48], ids[15:33, 25:48], classes[15:33, 25:48] = 1700, CHAIR, 5
    classes[15:33, 25:29] = 4  # 4 of its 23 columns are called a bed
    ids[22:26, 14:17], classes[22:26, 14:17] = SHELF, 39  # other furniture
    ids[40:44, 50:60], classes[40:44, 50:60] = BOXLESS, 35  # lamp
    classes[2:8, 2:12] = 11  # a picture that is in no box
    return {"depth": depth, "instance": ids, "semantic": classes}


def write_view(folder: Path, images: dict[str, np.ndarray] | None = None) -> None:
    folder.mkdir(parents=True)
    for name, pixels in (images or make_images()).items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    Image.new("RGB", (WIDTH, HEIGHT), (90, 80, 70)).save(folder / "rgb_rawlight.png")
    (folder / "camera_pose.txt").write_text(CAMERA_POSE)


def make_structure() -> dict:
    """Room 5: 4 m x 3 m = 12 m2. Room 12: an L of 3 m x 2 m without a corner of 1 m x 1 m = 5 m2, clockwise."""
    rooms = {
        5: [(0, 0), (4, 0), (4, 3), (0, 3)],
        12: [(5, 0), (5, 2), (7, 2), (7, 1), (8, 1), (8, 0)],
    }
    document: dict = {"junctions": [], "lines": [], "planes": [{"ID": 0, "type": "wall"}], "semantics": []}
    plane_lines: list[list[int]] = [[]]
    line_ends: list[list[int]] = []
    for room, corners in rooms.items():
        first = len(document["junctions"])
        document["junctions"] += [
            {"ID": first + k, "coordinate": [1000 * x, 1000 * y, 0]} for k, (x, y) in enumerate(corners)
        ]
        ends = [[first + k, first + (k + 1) % len(corners)] for k in range(len(corners))]
        plane_lines.append(list(range(len(line_ends), len(line_ends) + len(ends))))
        line_ends += ends[1:] + ends[:1]  # in no useful order
        document["semantics"].append({"ID": room, "type": "study", "planeID": [0, len(document["planes"])]})
        document["planes"].append({"ID": len(document["planes"]), "type": "floor"})
    document["semantics"].append({"ID": 99, "type": "outwall", "planeID": [0]})
    document["planeLineMatrix"] = [[int(k in lines) for k in range(len(line_ends))] for lines in plane_lines]
    count = len(document["junctions"])
    document["lineJunctionMatrix"] = [[int(k in ends) for k in range(count)] for ends in line_ends]
    return document  # fmt: skip


def write_house(root: Path) -> Path:
    """A house with three views; returns its folder."""
    folder = root / NAME
    for room, position in ((12, 0), (5, 10), (5, 2)):
        write_view(folder / "2D_rendering" / str(room) / "perspective" / "full" / str(position))
    (folder / "bbox_3d.json").write_text(json.dumps(BOXES))
    (folder / "annotation_3d.json").write_text(json.dumps(make_structure()))
    return folder
