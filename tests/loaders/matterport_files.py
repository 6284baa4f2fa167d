"""Writes a tiny house in Matterport3D's own file formats, for tests of the reader only.

A tripod stood at A (0, 0, 1.5) and at B (0, 2, 1.5); C (2, 2, 1.5) is a viewpoint without images. The mesh has a
floor, a table of 1 m x 0.6 m and a chair; the annotation has a thing without surface and one in a mirror besides.
"""

import gzip
import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.ply_files import write_ply

SCAN = "1LXtFkjw3qL"
SIZE = (16, 12)
A, B, C = "a" * 32, "b" * 32, "c" * 32
INTRINSICS = "intrinsics_matrix 14 0 8.5  0 13 6.2  0 0 1"
NORTH, EAST, SOUTH = (0, 1, 0), (1, 0, 0), (0, -1, 0)
UP = (0, 0, 1)

VERTICES = np.array(
    [
        [[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0]],  # 0-3 floor
        [[1, 1, 0.7], [2, 1, 0.7], [2, 1.6, 0.7], [1, 1.6, 0.7]],  # 4-7 table top
        [[3, 1, 0.4], [3.5, 1, 0.4], [3.5, 1.5, 0.9], [3, 1.5, 0.9]],  # 8-11 chair
    ],
    dtype=np.float64,
).reshape(-1, 3)
FACES = [[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7], [8, 9, 10], [8, 10, 11]]
SEGMENTS = [70, 70, 71, 72, 80, 81]
"""Of each face; 81 belongs to nothing."""
HOUSE = f"""ASCII 1.1
H  {SCAN}  -  4 3 4 1 4 6 5 2 1 1  0 0 0 0 0  0 0 0 4 3 1  0 0 0 0 0
L  0 0  -  0 0 0  0 0 0 4 3 1  0 0 0 0 0
R  0 0  0 0  k  2 1 0  0 0 0 4 3 1  2.5  0 0 0 0
R  1 0  0 0  Z  9 9 0  8 8 0 9 9 1  2.5  0 0 0 0
R  0 0  1  Z  0 0 0  1 1 1  0 0 0 0
S  0 0  0  -  2 1 0  0 0 1  0 0 0 4 3 1  0 0 0 0 0
V  0 0  -  0 0 0  0 0 1  0 0 0
P  {A}  0 0  0  0 0 1.5  0 0 0 0 0
C  0  5 dining#table  5 table  0 0 0 0 0
C  1  4 floor  2 floor  0 0 0 0 0
C  2  9 chair#/otherroom  3 chair  0 0 0 0 0
C  3  7 armchair  3 chair  0 0 0 0 0
C  4  8 vase  39 objects  0 0 0 0 0
O  0 0 1  2 1.5 0  1 0 0  0 1 0  2 1.5 0.01  0 0 0 0 0 0 0 0
O  1 0 0  1.5 1.3 0.35  0 1 0  0 0 1  0.3 0.35 0.5  0 0 0 0 0 0 0 0
O  2 0 3  3.25 1.25 0.65  1 0 0  0 0.8 0.6  0.25 0.4 0.1  0 0 0 0 0 0 0 0
O  3 0 2  9 9 9  1 0 0  0 1 0  1 1 1  0 0 0 0 0 0 0 0
O  4 1 3  9 9 9  1 0 0  0 1 0  1 1 1  0 0 0 0 0 0 0 0
O  5 0 4  1 1 1  1 0 0  0 1 0  0.1 0.1 0.1  0 0 0 0 0 0 0 0
E  0 0  70  1  0 0 0  0 0 0 1 1 1  0 0 0 0 0
E  1 1  71  1  0 0 0  0 0 0 1 1 1  0 0 0 0 0
E  2 1  72  1  0 0 0  0 0 0 1 1 1  0 0 0 0 0
E  3 2  80  1  0 0 0  0 0 0 1 1 1  0 0 0 0 0
"""
"""Table: its first axis is y, its second z, so its third is x: 0.6 m by 0.7 m by 1 m. The chair's box is tilted."""


def opengl_pose(place: tuple, look: tuple, up: tuple = UP) -> str:
    """16 numbers: the columns are right, up, backward and the place."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = np.cross(look, up), up, np.negative(look), place
    return " ".join(f"{value:g}" for value in matrix.ravel())


SHOTS = {
    f"{A}_i0_0": opengl_pose((0, 0, 1.5), (0, 0.8, 0.6), (0, -0.6, 0.8)),
    f"{A}_i1_0": opengl_pose((0, 0, 1.5), NORTH),
    f"{A}_i1_1": opengl_pose((0, 0, 1.5), EAST),
    f"{B}_i1_0": opengl_pose((0, 2, 1.5), SOUTH),
    f"{B}_i1_1": opengl_pose((0, 2, 1.5), NORTH),
    f"{B}_i1_2": opengl_pose((0, 2, 1.5), EAST),
}


def conf_text(shots: dict[str, str] = SHOTS) -> str:
    lines = ["dataset matterport", f"n_images {len(shots)}", "depth_directory undistorted_depth_images"]
    lines += ["color_directory undistorted_color_images", "", INTRINSICS]
    lines += [f"scan {name.replace('_i', '_d')}.png {name}.jpg {pose}" for name, pose in shots.items()]
    return "\n".join(lines) + "\n"


def write_images(scan: Path, size: tuple[int, int] = SIZE) -> None:
    """Gray pictures, and depth of 1.5 m (6000 units) with a hole at the top left."""
    for kind in ("color", "depth"):
        (scan / f"undistorted_{kind}_images").mkdir(parents=True)
    depth = np.full((size[1], size[0]), 6000, np.uint16)
    depth[0, 0] = 0
    for name in SHOTS:
        Image.new("RGB", size, (90, 90, 90)).save(scan / "undistorted_color_images" / f"{name}.jpg")
        Image.fromarray(depth).save(scan / "undistorted_depth_images" / f"{name.replace('_i', '_d')}.png")


def write_mesh(path: Path, faces: list = FACES, segments: list = SEGMENTS) -> None:
    vertex = np.array([tuple(row) for row in VERTICES], dtype=[(axis, "f4") for axis in "xyz"])
    face = np.empty(len(faces), [("vertex_indices", "i4", (3,)), ("material_id", "i4"), ("segment_id", "i4")])
    face["vertex_indices"], face["material_id"], face["segment_id"] = faces, segments, -1
    write_ply(path, {"vertex": vertex, "face": face})


def write_rooms(scan: Path) -> None:
    """Room 0 with floor and table, room 10 with the chair, in the house's vertices; segment ids repeat."""
    folder = scan / "region_segmentations"
    folder.mkdir()
    for room, faces, segments, groups in (
        (0, FACES[:4], [0, 0, 1, 1], [("floor", [0]), ("dining table", [1, 99])]),
        (10, FACES[4:], [0, 1], [("armchair", [0, 1]), ("vase", [7])]),
    ):
        write_mesh(folder / f"region{room}.ply", faces, segments)
        write_json(folder / f"region{room}.fsegs.json", {"segIndices": segments})
        listed = [{"id": k, "objectId": k, "label": label, "segments": ids} for k, (label, ids) in enumerate(groups)]
        write_json(folder / f"region{room}.semseg.json", {"segGroups": listed})


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def viewpoint(name: str, place: tuple, free: list[bool], included: bool = True) -> dict:
    pose = [1, 0, 0, place[0], 0, 0, 1, place[1], 0, -1, 0, place[2], 0, 0, 0, 1]
    return {"image_id": name, "pose": pose, "included": included, "unobstructed": free, "visible": free, "height": 1.5}


GRAPH = [
    viewpoint(A, (0, 0, 1.5), [False, True, False]),
    viewpoint(B, (0, 2, 1.5), [True, False, True]),
    viewpoint(C, (2, 2, 1.5), [False, True, False]),
]
R2R = [
    {"scan": SCAN, "path_id": 7, "path": [A, B], "heading": 0, "distance": 2.0, "instructions": ["Go  on. ", "Walk."]},
    {"scan": "other", "path_id": 8, "path": [A, B], "heading": 0, "distance": 2.0, "instructions": ["Elsewhere."]},
]


def guide(number: int, path: list[str], words: str, language: str = "en-US", scan: str = SCAN) -> dict:
    told = {"split": "train", "instruction_id": number, "annotator_id": 1, "language": language, "path_id": 3}
    return told | {"scan": scan, "path": path, "heading": 0.0, "instruction": words, "timed_instruction": []}


RXR = [
    guide(5, [B, A], "You face a wall."),
    guide(6, [A, B], "यहाँ", language="hi-IN"),
    guide(7, [A, B, C], "Out of sight."),
    guide(8, [A, C], "Through the wall."),
    guide(9, [A], "Stay."),
    guide(10, [A, B], "  "),
    guide(11, [A, B], "Not here.", scan="other"),
]


def write_walks(root: Path) -> None:
    write_json(root / "connectivity" / f"{SCAN}_connectivity.json", GRAPH)
    write_json(root / "R2R" / "R2R_train.json", R2R)
    write_guides(root / "RxR" / "rxr_train_guide.jsonl.gz")


def write_guides(path: Path, guides: list[dict] = RXR) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(told) + "\n" for told in guides)


def write_dataset(root: Path) -> Path:
    """The whole house with its walks; returns the scan's folder."""
    scan = root / "v1" / "scans" / SCAN
    write_images(scan)
    (scan / "undistorted_camera_parameters").mkdir()
    (scan / "undistorted_camera_parameters" / f"{SCAN}.conf").write_text(conf_text())
    (scan / "house_segmentations").mkdir()
    (scan / "house_segmentations" / f"{SCAN}.house").write_text(HOUSE)
    write_mesh(scan / "house_segmentations" / f"{SCAN}.ply")
    write_json(scan / "house_segmentations" / f"{SCAN}.fsegs.json", {"segIndices": SEGMENTS})
    write_walks(root)
    return scan
