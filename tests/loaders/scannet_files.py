"""Writes tiny scans in ScanNet's own file formats, for tests of the reader only.

The room: a floor, a table above it and two chairs, one of them a single triangle. The recording's world is the room
turned by 90 degrees about z and shifted, as ALIGNMENT undoes.
"""

import json
import struct
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tests.ply_files import write_ply

NAME = "scene0007_00"
COLOR_SIZE = (16, 12)
DEPTH_SIZE = (8, 6)
COLOR_K = np.array([[14.0, 0, 7.5, 0], [0, 13, 5.5, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
DEPTH_K = np.array([[7.0, 0, 3.5, 0], [0, 6.5, 2.5, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
ALIGNMENT = np.array([[0.0, 1, 0, 5], [-1, 0, 0, 6], [0, 0, 1, -0.5], [0, 0, 0, 1]])
LOST = np.full((4, 4), -np.inf)

ROOM_VERTICES = np.array(
    [
        [[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0]],  # 0-3 floor
        [[1, 1, 0.7], [2, 1, 0.7], [2, 1.6, 0.7], [1, 1.6, 0.7]],  # 4-7 table top
        [[3, 1, 0.4], [3.5, 1, 0.4], [3.5, 1.5, 0.4], [3, 1.5, 0.9]],  # 8-11 chairs
    ],
    dtype=np.float64,
).reshape(-1, 3)
FACES = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7], [8, 9, 10], [8, 10, 11], [3, 4, 5], [0, 4, 8]])
SEGMENTS = [10, 10, 10, 10, 20, 20, 21, 21, 30, 30, 30, 31]
GROUPS = [
    {"id": 0, "objectId": 0, "segments": [10], "label": "floor"},
    {"id": 1, "objectId": 4, "segments": [20, 21], "label": "table"},
    {"id": 2, "objectId": 2, "segments": [30, 31, 99], "label": "office chair"},
    {"id": 3, "objectId": 3, "segments": [98], "label": "lamp"},
]
LABEL_MAP = (
    ("id", "raw_category", "category", "count", "nyu40id", "nyu40class"),
    ("2", "chair", "chair", "9", "5", "chair"),
    ("3", "books", "book", "8", "23", "books"),
    ("4", "trash can", "trash can", "7", "39", "otherfurniture"),
    ("5", "table lamp", "lamp", "6", "35", "lamp"),
    ("6", "wardrobe cabinet", "wardrobe ", "5", "39", "otherfurniture"),
    ("7", "stack of chairs", "chair", "5", "5", "chair"),
    ("8", "staircase", "stairs", "5", "38", "otherstructure"),
    ("9", "partition", "partition", "5", "1", "wall"),
    ("10", "trashcan", "dustbin", "1", "39", "otherfurniture"),
    ("11", "office chair", "chair", "9", "5", "chair"),
)


@dataclass
class Shot:
    """One frame to be written."""

    index: int
    color: bytes
    depth_mm: np.ndarray
    pose: np.ndarray
    time_us: int


@dataclass
class Calibration:
    """What is written about the cameras."""

    color: np.ndarray = field(default_factory=COLOR_K.copy)
    depth: np.ndarray = field(default_factory=DEPTH_K.copy)
    extrinsic_color: np.ndarray = field(default_factory=lambda: np.eye(4))
    extrinsic_depth: np.ndarray = field(default_factory=lambda: np.eye(4))
    color_size: tuple[int, int] = COLOR_SIZE
    depth_size: tuple[int, int] = DEPTH_SIZE


def encode(size: tuple[int, int] = COLOR_SIZE, kind: str = "JPEG", shade: int = 90) -> bytes:
    """An image of one color."""
    data = BytesIO()
    Image.new("RGB", size, (shade, 80, 70)).save(data, format=kind)
    return data.getvalue()


def make_shots(count: int = 3) -> list[Shot]:
    """Cameras along a line, each looking along +y of the recording's world; depth is 1000 mm + 100 index + column."""
    looking_along_y = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 1.5], [0, 0, 0, 1]])
    shots = []
    for index in range(count):
        pose = looking_along_y.copy()
        pose[0, 3] = 0.25 * index
        depth = np.tile(np.arange(DEPTH_SIZE[0], dtype=np.uint16), (DEPTH_SIZE[1], 1)) + np.uint16(1000 + 100 * index)
        depth[0, 0] = 0
        shots.append(Shot(index, encode(shade=90 + index), depth, pose, 500 + index * 40_000))
    return shots


def write_scene(folder: Path, alignment: np.ndarray | None = ALIGNMENT) -> Path:
    """Everything of a scan but its frames; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    name = folder.name
    sizes = {"colorWidth": COLOR_SIZE[0], "colorHeight": COLOR_SIZE[1]}
    sizes |= {"depthWidth": DEPTH_SIZE[0], "depthHeight": DEPTH_SIZE[1]}
    lines = [f"{key} = {value}" for key, value in sizes.items()]
    if alignment is not None:
        lines.insert(0, f"axisAlignment = {' '.join(f'{value:.6f}' for value in alignment.ravel())} ")
    (folder / f"{name}.txt").write_text("\n".join([*lines, "sceneType = Office", ""]))
    write_mesh(folder / f"{name}_vh_clean_2.ply", to_recording(ROOM_VERTICES), FACES)
    segments = {"params": {}, "sceneId": name, "segIndices": SEGMENTS}
    (folder / f"{name}_vh_clean_2.0.010000.segs.json").write_text(json.dumps(segments))
    groups = {"sceneId": name, "segmentsFile": f"{name}_vh_clean_2.0.010000.segs.json", "segGroups": GROUPS}
    (folder / f"{name}.aggregation.json").write_text(json.dumps(groups))
    return folder


def to_recording(points: np.ndarray) -> np.ndarray:
    """Room points (n, 3) to the recording's world."""
    return (points - ALIGNMENT[:3, 3]) @ ALIGNMENT[:3, :3]


def write_mesh(path: Path, vertices: np.ndarray, faces: np.ndarray, text: bool = False) -> None:
    """A PLY file with the properties of the dataset's."""
    vertex = np.zeros(len(vertices), dtype=[("x", "f4"), ("y", "f4"), ("z", "f4"), ("red", "u1")])
    for axis, values in zip("xyz", vertices.T, strict=True):
        vertex[axis] = values
    face = np.empty(len(faces), dtype=[("vertex_indices", "i4", (faces.shape[1],))])
    face["vertex_indices"] = faces
    write_ply(path, {"vertex": vertex, "face": face}, text)


def pack_sens(
    shots: list[Shot],
    calibration: Calibration | None = None,
    *,
    version: int = 4,
    color_code: int = 2,
    depth_code: int = 1,
    units_per_m: float = 1000.0,
    claimed_frames: int | None = None,
    claimed_name_bytes: int | None = None,
) -> bytes:
    """A whole .sens file; the claims are written in place of the true numbers."""
    calibration = calibration or Calibration()
    name = b"StructureSensor"
    out = [struct.pack("<IQ", version, len(name) if claimed_name_bytes is None else claimed_name_bytes), name]
    matrices = (calibration.color, calibration.extrinsic_color, calibration.depth, calibration.extrinsic_depth)
    out += [matrix.astype("<f4").tobytes() for matrix in matrices]
    sizes = (*calibration.color_size, *calibration.depth_size)
    out.append(struct.pack("<iiIIIIf", color_code, depth_code, *sizes, units_per_m))
    out.append(struct.pack("<Q", len(shots) if claimed_frames is None else claimed_frames))
    for shot in shots:
        depth = shot.depth_mm.astype("<u2").tobytes()
        depth = zlib.compress(depth) if depth_code == 1 else depth
        out.append(shot.pose.astype("<f4").tobytes())
        out.append(struct.pack("<4Q", shot.time_us, shot.time_us, len(shot.color), len(depth)))
        out += [shot.color, depth]
    if version >= 4:
        out.append(struct.pack("<Q", 0))
    return b"".join(out)


def _rows(matrix: np.ndarray) -> str:
    return "".join(" ".join(f"{value:f}" for value in row) + "\n" for row in matrix)


def write_python_export(folder: Path, shots: list[Shot], calibration: Calibration | None = None) -> None:
    """The layout of the Python exporter."""
    calibration = calibration or Calibration()
    for name in ("color", "depth", "pose", "intrinsic"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for kind in ("color", "depth"):
        (folder / f"intrinsic/intrinsic_{kind}.txt").write_text(_rows(getattr(calibration, kind)))
        (folder / f"intrinsic/extrinsic_{kind}.txt").write_text(_rows(getattr(calibration, f"extrinsic_{kind}")))
    for shot in shots:
        (folder / f"color/{shot.index}.jpg").write_bytes(shot.color)
        Image.fromarray(shot.depth_mm.astype(np.uint16)).save(folder / f"depth/{shot.index}.png")
        (folder / f"pose/{shot.index}.txt").write_text(_rows(shot.pose))


def write_cpp_export(folder: Path, shots: list[Shot], calibration: Calibration | None = None) -> None:
    """The layout of the C++ exporter; its PGM files carry a comment and, as the format asks, big-endian pixels."""
    calibration = calibration or Calibration()
    folder.mkdir(parents=True, exist_ok=True)
    entries: dict[str, object] = {"m_versionNumber": 4, "m_sensorName": "StructureSensor"}
    for kind, size in (("color", calibration.color_size), ("depth", calibration.depth_size)):
        entries |= {f"m_{kind}Width": size[0], f"m_{kind}Height": size[1]}
    entries["m_depthShift"] = 1000
    for kind in ("color", "depth"):
        for part, matrix in (("In", getattr(calibration, kind)), ("Ex", getattr(calibration, f"extrinsic_{kind}"))):
            key = f"m_calibration{kind.title()}{part}trinsic"
            entries[key] = "".join(f"{value:g} " for value in matrix.ravel())
    entries["m_frames.size"] = len(shots)
    (folder / "_info.txt").write_text("".join(f"{key} = {value}\n" for key, value in entries.items()))
    for shot in shots:
        stem = f"frame-{shot.index:06d}"
        (folder / f"{stem}.color.jpg").write_bytes(shot.color)
        height, width = shot.depth_mm.shape
        header = f"P5\n# data values are 16-bit each; depth shift is 1000\n{width} {height}\n65535\n"
        (folder / f"{stem}.depth.pgm").write_bytes(header.encode() + shot.depth_mm.astype(">u2").tobytes())
        (folder / f"{stem}.pose.txt").write_text(_rows(shot.pose))


def write_label_map(path: Path) -> None:
    """A few lines in the format of scannetv2-labels.combined.tsv."""
    path.write_text("".join("\t".join(row) + "\n" for row in LABEL_MAP))


def write_dataset(root: Path) -> Path:
    """A dataset root with one scan as it is downloaded, and a label map; returns the scan's folder."""
    folder = write_scene(root / "scans" / NAME)
    (folder / f"{NAME}.sens").write_bytes(pack_sens(make_shots()))
    write_label_map(root / "scannetv2-labels.combined.tsv")
    return folder
