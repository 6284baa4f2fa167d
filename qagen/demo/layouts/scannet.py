"""Writes a scan as ScanNet v2 lays it out on disk (github.com/ScanNet/ScanNet, SensReader and README)."""

import colorsys
import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose, rotate
from qagen.demo.film import FRAME_S, Film
from qagen.demo.layouts.geometry import colored_positions, write_ply

SCENE_ID, TABLETOP_ID = "scene9000_00", "scene9001_00"
FRAME_US = round(1e6 * FRAME_S)
"""Time between frames, microseconds."""
ALIGNMENT_DEG = 23.7
ALIGNMENT_SHIFT_M = (-3.862150, 1.274310, -0.057420)

LABEL_MAP_COLUMNS = (
    "id", "raw_category", "category", "count", "nyu40id", "eigen13id", "nyuClass", "nyu40class", "eigen13class",
    "ModelNet40", "ModelNet10", "ShapeNetCore55", "synsetoffset", "wnsynsetid", "wnsynsetkey",
    "mpcat40", "mpcat40index",
)  # fmt: skip
NYU40 = (
    "wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf", "picture", "counter",
    "blinds", "desk", "shelves", "curtain", "dresser", "pillow", "mirror", "floor mat", "clothes", "ceiling", "books",
    "refridgerator", "television", "paper", "towel", "shower curtain", "box", "whiteboard", "person", "night stand",
    "toilet", "sink", "lamp", "bathtub", "bag", "otherstructure", "otherfurniture", "otherprop",
)  # fmt: skip
NYU40_OF_LABEL = {
    **{name: name for name in NYU40},
    **dict.fromkeys(("kitchen cabinets", "bathroom cabinet", "file cabinet", "tv stand"), "cabinet"),
    **dict.fromkeys(("armchair", "office chair", "stool"), "chair"),
    **dict.fromkeys(("coffee table", "dining table", "side table"), "table"),
    **dict.fromkeys(("lamp", "ceiling lamp", "ceiling light"), "lamp"),
    **dict.fromkeys(("rug", "bath mat", "doormat"), "floor mat"),
    **dict.fromkeys(("coat", "shoes", "slippers"), "clothes"),
    **dict.fromkeys(("book", "magazine"), "books"),
    **dict.fromkeys(("papers", "map"), "paper"),
    **dict.fromkeys(("backpack", "suitcase"), "bag"),
    **dict.fromkeys(("wardrobe", "bench", "ottoman", "washing machine", "stove"), "otherfurniture"),
    "couch": "sofa",
    "kitchen counter": "counter",
    "curtains": "curtain",
    "shelf": "shelves",
    "tv": "television",
    "refrigerator": "refridgerator",
    "nightstand": "night stand",
    "doorframe": "otherstructure",
}


@dataclass(frozen=True, slots=True, eq=False)
class EncodedFrame:
    """One frame as the recording holds it."""

    color: bytes
    """JPEG."""
    depth: bytes
    """zlib stream of row-major 16-bit millimeters."""


def write(film: Film, root: Path, scene_id: str = SCENE_ID, scene_type: str = "Apartment") -> None:
    """One scan with its annotation, and the label map."""
    folder = root / "scans" / scene_id
    folder.mkdir(parents=True)
    prefix = str(folder / scene_id)
    frames = (EncodedFrame(film.color_jpeg(i), film.depth_zlib(i)) for i in range(len(film.poses)))
    write_sens(Path(f"{prefix}.sens"), film.camera, film.poses, frames)
    write_info(Path(f"{prefix}.txt"), film.camera, len(film.poses), scene_type)
    write_mesh(Path(f"{prefix}_vh_clean_2.ply"), film, film.vertex_colors)
    vertex_class = np.array([nyu40_id(label) for label in film.labels])[film.vertex_object]
    class_color = np.array([nyu40_color(k) for k in range(41)], np.uint8)
    labels = vertex_class.astype(np.uint16)
    write_mesh(Path(f"{prefix}_vh_clean_2.labels.ply"), film, class_color[vertex_class], labels)
    write_segments(Path(f"{prefix}_vh_clean_2.0.010000.segs.json"), film, scene_id)
    write_aggregation(Path(f"{prefix}.aggregation.json"), film, scene_id)
    write_label_map(root / "scannetv2-labels.combined.tsv", film.labels)


def axis_alignment() -> NDArray[np.float64]:
    """(4, 4) raw scan to aligned flat, with the six decimals that the text file holds."""
    cosine, sine = np.cos(np.deg2rad(ALIGNMENT_DEG)), np.sin(np.deg2rad(ALIGNMENT_DEG))
    matrix = np.eye(4)
    matrix[:2, :2] = (cosine, sine), (-sine, cosine)
    matrix[:3, 3] = ALIGNMENT_SHIFT_M
    return np.round(matrix, 6)


def _raw_from_flat() -> Pose:
    """The inverse; its turn is one only to six decimals, so it is divided by what it stretches."""
    matrix = axis_alignment()
    cosine, sine = matrix[0, :2] / (matrix[0, 0] ** 2 + matrix[0, 1] ** 2)
    rotation = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    return Pose(rotation, -rotate(rotation, matrix[:3, 3]))


def invalid_frames(count: int) -> set[int]:
    """Frames at which tracking was lost: every 57th, from the 20th on."""
    return set(range(20, count, 57))


def write_sens(path: Path, camera: Camera, poses: Sequence[Pose], frames: Iterable[EncodedFrame]) -> None:
    """The recording: version 4, JPEG color, zlib depth in millimeters, raw poses, −inf where tracking was lost."""
    to_raw, lost = _raw_from_flat(), invalid_frames(len(poses))
    name, jpeg, zlib_u16 = b"qagen demo", 2, 1
    intrinsic, unit = np.eye(4), np.eye(4)
    intrinsic[[0, 1, 0, 1], [0, 1, 2, 2]] = camera.intrinsics
    size = (camera.width, camera.height)
    with path.open("wb") as file:
        file.write(struct.pack("<IQ", 4, len(name)) + name)
        file.write(np.stack([intrinsic, unit, intrinsic, unit]).astype("<f4").tobytes())
        file.write(struct.pack("<2i4If", jpeg, zlib_u16, *size, *size, 1000.0) + struct.pack("<Q", len(poses)))
        for index, (pose, frame) in enumerate(zip(poses, frames, strict=True)):
            matrix = np.full((4, 4), -np.inf) if index in lost else (to_raw @ pose).matrix
            file.write(matrix.astype("<f4").tobytes())
            times = (index * FRAME_US, index * FRAME_US)
            file.write(struct.pack("<4Q", *times, len(frame.color), len(frame.depth)) + frame.color + frame.depth)
        file.write(struct.pack("<Q", 0))  # no IMU readings


def write_info(path: Path, camera: Camera, frame_count: int, scene_type: str) -> None:
    """The recording's description ``<scene>.txt``."""
    alignment = " ".join(f"{value:.6f}" for value in axis_alignment().ravel())
    unit = " ".join(f"{value:.6f}" for value in np.eye(4).ravel())
    lines = [f"axisAlignment = {alignment}", f"colorHeight = {camera.height}", f"colorToDepthExtrinsics = {unit}"]
    lines += [f"colorWidth = {camera.width}", f"depthHeight = {camera.height}", f"depthWidth = {camera.width}"]
    for axis in ("x", "y"):
        focal, middle = getattr(camera, f"f{axis}"), getattr(camera, f"c{axis}")
        lines += [f"f{axis}_{kind} = {focal:.6f}" for kind in ("color", "depth")]
        lines += [f"m{axis}_{kind} = {middle:.6f}" for kind in ("color", "depth")]
    lines += [f"numColorFrames = {frame_count}", f"numDepthFrames = {frame_count}", "numIMUmeasurements = 0"]
    path.write_text("\n".join([*lines, f"sceneType = {scene_type}"]) + "\n", encoding="utf-8")


def write_mesh(path: Path, film: Film, colors: NDArray[np.uint8], labels: NDArray[np.uint16] | None = None) -> None:
    """Binary PLY in the raw frame; ``colors`` is (n, 3), ``labels`` is (n,) for the variant with classes."""
    vertices = colored_positions(_raw_from_flat() @ film.vertices, colors)
    write_ply(path, vertices | ({} if labels is None else {"label": labels}), film.faces)


def segment_ids(film: Film) -> NDArray[np.int64]:
    """(p,) segment id of each part: its first vertex, as the segmenter names its segments."""
    return np.searchsorted(film.vertex_part, np.arange(len(film.part_object)))


def write_segments(path: Path, film: Film, scene_id: str) -> None:
    """One segment per part, one id per vertex."""
    params = {"kThresh": "0.0001", "segMinVerts": "20", "minPoints": "750", "maxPoints": "30000"}
    params |= {"thinThresh": "0.05", "flatThresh": "0.001", "minLength": "0.02", "maxLength": "1"}
    indices = segment_ids(film)[film.vertex_part].tolist()
    document = {"params": params, "sceneId": scene_id, "segIndices": indices}
    path.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


def write_aggregation(path: Path, film: Film, scene_id: str) -> None:
    """The segments of each object."""
    segments = segment_ids(film)
    groups = [
        {"id": index, "objectId": index, "segments": segments[film.part_object == index].tolist(), "label": label}
        for index, label in enumerate(film.labels)
    ]
    document = {"sceneId": scene_id, "appId": "Aggregator.v1", "segGroups": groups}
    document["segmentsFile"] = f"{scene_id}_vh_clean_2.0.010000.segs.json"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")


def nyu40_id(label: str) -> int:
    """NYU40 class of a label, 1 to 40; "otherprop" for labels without a class of their own."""
    return 1 + NYU40.index(NYU40_OF_LABEL.get(label, "otherprop"))


def nyu40_color(class_id: int) -> tuple[int, int, int]:
    """Display color of a class."""
    red, green, blue = colorsys.hsv_to_rgb(class_id * 0.618034 % 1, 0.55, 0.92)
    return round(255 * red), round(255 * green), round(255 * blue)


def write_label_map(path: Path, labels: Sequence[str]) -> None:
    """``scannetv2-labels.combined.tsv`` for the labels that occur; unused columns stay empty."""
    rows = ["\t".join(LABEL_MAP_COLUMNS)]
    for number, label in enumerate(sorted(set(labels)), start=1):
        cells = dict.fromkeys(LABEL_MAP_COLUMNS, "")
        cells |= {"id": str(number), "raw_category": label, "category": label, "count": str(list(labels).count(label))}
        cells |= {"nyu40id": str(nyu40_id(label)), "nyu40class": NYU40[nyu40_id(label) - 1]}
        rows.append("\t".join(cells.values()))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
