"""Writes a house as Structured3D lays it out on disk (github.com/bertjiazheng/Structured3D, data_organization.md).

Every fifth frame is a view of the room in which the camera stands. Walls, floors and ceilings have no boxes, as in the
dataset. The house is shifted and turned, so that a loader that ignores its frame fails.
"""

import json
import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose, product
from qagen.demo.film import Film
from qagen.demo.layouts.scannet import nyu40_id

SCENE_ID = "scene_00900"
VIEW_STEP = 5
FIRST_ROOM_ID = 485100
BACKGROUND = 65535
MM_PER_M = 1000.0
CEILING_M = 2.6
HOUSE = Pose(np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]), np.array([12.5, -3.25, 0.0]))
"""The house's world from the film's world."""
NO_BOX = frozenset({"wall", "floor", "ceiling"})


def write(film: Film, root: Path) -> None:
    """One house with boxes, structure and views."""
    scene = root / "Structured3D" / SCENE_ID
    scene.mkdir(parents=True)
    (scene / "bbox_3d.json").write_text(json.dumps(_boxes(film)), encoding="utf-8")
    (scene / "annotation_3d.json").write_text(json.dumps(structure(film)), encoding="utf-8")
    object_class = np.array([nyu40_id(label) for label in film.labels] + [0], np.uint8)  # -1 takes the last
    has_box = np.array([label not in NO_BOX for label in film.labels] + [False])
    positions = dict.fromkeys(range(len(film.rooms)), 0)
    for index in range(0, len(film.poses), VIEW_STEP):
        room = film.room_at(film.poses[index].translation)
        folder = scene / f"2D_rendering/{FIRST_ROOM_ID + room}/perspective/full/{positions[room]}"
        positions[room] += 1
        folder.mkdir(parents=True)
        objects = film.objects(index)
        cv2.imwrite(str(folder / "rgb_rawlight.png"), film.color_bgr(index))
        cv2.imwrite(str(folder / "depth.png"), film.depth_mm(index))
        cv2.imwrite(str(folder / "semantic.png"), object_class[objects])
        cv2.imwrite(str(folder / "instance.png"), np.where(has_box[objects], objects, BACKGROUND).astype(np.uint16))
        (folder / "camera_pose.txt").write_text(camera_pose(film, index))


def _boxes(film: Film) -> list[dict[str, object]]:
    """Boxes in millimeters: the axes are rows; the sizes are halves, some of them negative."""
    entries: list[dict[str, object]] = []
    for index, (label, box) in enumerate(zip(film.labels, film.boxes, strict=True)):
        if label not in NO_BOX:
            basis, halves = product(HOUSE.rotation, box.rotation).T, MM_PER_M * box.size / 2 * (1, -1, 1)
            center = MM_PER_M * (HOUSE @ box.center)
            entries.append(
                {"ID": index, "basis": basis.tolist(), "coeffs": halves.tolist(), "centroid": center.tolist()}
            )
    return entries


def camera_pose(film: Film, index: int) -> str:
    """Eye, direction, up, and half the angles of view."""
    pose, camera = HOUSE @ film.poses[index], film.camera
    half = np.arctan(np.array([camera.width / 2 / camera.fx, camera.height / 2 / camera.fy]))
    numbers = [*(MM_PER_M * pose.translation), *pose.rotation[:, 2], *-pose.rotation[:, 1], *half, 1]
    return " ".join(f"{number:.8g}" for number in numbers)


def structure(film: Film) -> dict[str, object]:
    """Junctions, lines and planes of the rooms' floors and ceilings; each room has its own."""
    document: dict[str, list] = {"junctions": [], "lines": [], "planes": [], "semantics": []}
    on_plane: list[list[int]] = []
    of_line: list[list[int]] = []
    for number, room in enumerate(film.rooms):
        planes = [len(on_plane), len(on_plane) + 1]
        for kind, height in (("floor", 0.0), ("ceiling", CEILING_M)):
            up = 1 if kind == "floor" else -1
            plane = {"ID": len(on_plane), "type": kind, "normal": [0, 0, up], "offset": -up * MM_PER_M * height}
            document["planes"].append(plane)
            corners = HOUSE @ np.column_stack([room.polygon, np.full(len(room.polygon), height)])
            on_plane.append(_add_loop(document, of_line, MM_PER_M * corners))
        document["semantics"].append({"ID": FIRST_ROOM_ID + number, "type": room.name, "planeID": planes})
    matrices = {
        "planeLineMatrix": _matrix(on_plane, len(of_line)),
        "lineJunctionMatrix": _matrix(of_line, len(document["junctions"])),
    }
    return {**document, **matrices, "cuboids": [], "manhattan": []}


def _add_loop(document: dict[str, list], of_line: list[list[int]], corners_mm: NDArray[np.float64]) -> list[int]:
    """Add junctions (n, 3) and the lines between them; returns the numbers of the lines."""
    first, count = len(document["junctions"]), len(corners_mm)
    lines = list(range(len(of_line), len(of_line) + count))
    for k, corner in enumerate(corners_mm):
        along = corners_mm[(k + 1) % count] - corner
        direction = (along / math.hypot(*along)).tolist()
        document["junctions"].append({"ID": first + k, "coordinate": corner.tolist()})
        document["lines"].append({"ID": lines[k], "point": corner.tolist(), "direction": direction})
        of_line.append([first + k, first + (k + 1) % count])
    return lines


def _matrix(ones: list[list[int]], width: int) -> list[list[int]]:
    matrix = np.zeros((len(ones), width), int)
    for row, columns in enumerate(ones):
        matrix[row, columns] = 1
    return matrix.tolist()
