"""A ScanNet scan read straight from its files, without the loader that is under audit.

Written from the dataset's description of its files: the .sens container (or the folders that its two exporters
make), the mesh, the segments of its vertices, the objects made of segments, the alignment and the label map.
"""

import csv
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.linalg import polar
from trimesh import load_mesh

from qagen.audit.scene import AuditScene, AuditView, Instance, Pinhole, fit_upright_box
from qagen.errors import SceneError

Recording = tuple[Pinhole, Pinhole | None, Iterable["RawFrameFiles"]]
"""Cameras of color and depth, and the frames."""
LABEL_MAP = "scannetv2-labels.combined.tsv"
FRAMES_PER_SECOND = 30.0
NATIVE_COLOR, NATIVE_DEPTH = (1296, 968), (640, 480)
STRUCTURE = {"wall", "floor", "ceiling", "person"}
NAMELESS = {"object", "objects", "unknown", "remove", "ledge", "frame", "glass", "wood", "furniture", "legs"}


@dataclass(frozen=True, slots=True, eq=False)
class RawFrameFiles:
    """One recorded frame."""

    number: int
    """Number of the frame in the recording."""
    pose: NDArray[np.float64]
    """(4, 4) the recording's world from camera, meters; not finite where tracking was lost."""
    read_color: Callable[[], bytes | None]
    """Reads the encoded image, None for bare pixels."""
    read_depth: Callable[[], NDArray] | None
    """Reads (height, width) z, meters."""
    stamp_s: float = 0.0
    """Time stamp of the color image, seconds; 0 in exports."""


def read_scene(root: Path, scene: str) -> AuditScene:
    """Read one scan. Raises SceneError where a file is missing or makes no sense."""
    folder = next((home / scene for home in (root / "scans", root) if (home / scene).is_dir()), root)
    if not (folder / f"{scene}.txt").is_file():
        raise SceneError(folder, f"audit's reader: no {scene}.txt here, nor in scans/{scene} or {scene}")
    try:
        alignment = _read_alignment(folder / f"{scene}.txt")
        vertices, faces, owner, groups = _read_annotation(folder, scene)
        vertices = vertices @ alignment[:3, :3].T + alignment[:3, 3]
        color, depth, frames = _read_recording(folder, scene)
    except (OSError, ValueError, KeyError, struct.error, StopIteration) as error:
        raise SceneError(folder, f"audit's reader: {type(error).__name__}: {error}") from error
    instances, index_of_group = _to_instances(vertices, owner, groups, _read_label_map(root, folder))
    a, b, c = owner[faces].T
    face_group = np.where((a == b) | (a == c), a, np.where(b == c, b, -1))
    return AuditScene(
        dataset="scannet",
        id=scene,
        views=_to_views(frames, alignment, color, depth),
        instances=instances,
        vertices=vertices,
        faces=faces,
        face_instance=np.append(index_of_group, -1)[face_group],
    )


def _read_alignment(path: Path) -> NDArray[np.float64]:
    line = next(line for line in path.read_text().splitlines() if line.strip().startswith("axisAlignment"))
    return np.array(line.split("=")[1].split(), dtype=float).reshape(4, 4)


def _read_annotation(folder: Path, scene: str) -> tuple[NDArray, NDArray, NDArray, list[dict]]:
    mesh = load_mesh(folder / f"{scene}_vh_clean_2.ply", process=False)
    vertices, faces = np.array(mesh.vertices, dtype=float), np.array(mesh.faces, dtype=np.int64)
    segments = json.loads((folder / f"{scene}_vh_clean_2.0.010000.segs.json").read_text())["segIndices"]
    groups = json.loads((folder / f"{scene}.aggregation.json").read_text())["segGroups"]
    group_of = {segment: index for index, group in enumerate(groups) for segment in tuple(group["segments"])}
    return vertices, faces, np.array([group_of.get(segment, -1) for segment in segments]), groups


def _to_instances(
    vertices: NDArray, owner: NDArray, groups: list[dict], label_map: dict[str, tuple[str, str]]
) -> tuple[tuple[Instance, ...], NDArray]:
    instances: list[Instance] = []
    index_of_group = np.full(len(groups), -1)
    for index, group in enumerate(groups):
        points = vertices[owner == index]
        if len(points) and np.ptp(points, axis=0).max() > 1e-3:
            label, names, is_askable, is_structure = _names(group["label"], label_map)
            index_of_group[index] = len(instances)
            box = fit_upright_box(points)
            instances.append(Instance(group["objectId"], label, names, is_askable, box, points, is_structure))
    return tuple(instances), index_of_group


def _names(raw: str, label_map: dict[str, tuple[str, str]]) -> tuple[str, frozenset[str], bool, bool]:
    """What to call an instance, everything that it may be called, whether it may be asked about, and is structure."""
    plain = " ".join(raw.lower().replace("_", " ").split())
    category, forty = label_map.get(plain.replace(" ", ""), (plain, ""))
    category = category or plain
    label = plain if plain.endswith("s") and not category.endswith("s") else category
    single = label[:-1] if label.endswith("s") else label
    ends = re.search(r"(wall|floor|ceiling|beam|column|pillar|door ?frame)$", single)
    is_structure = bool(ends) or forty in STRUCTURE - {"person"}
    is_askable = not (is_structure or forty in STRUCTURE or {single, label} & NAMELESS)
    return label, frozenset({label, plain, category}), is_askable, is_structure


def _read_label_map(root: Path, folder: Path) -> dict[str, tuple[str, str]]:
    homes = [near for home in (root, folder) for near in (home.absolute(), *list(home.absolute().parents)[:2])]
    path = next((home / LABEL_MAP for home in homes if (home / LABEL_MAP).is_file()), None)
    found: dict[str, tuple[str, str]] = {}
    if path is not None:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                name = " ".join((row["category"] or "").lower().replace("_", " ").split())
                found.setdefault("".join(row["raw_category"].lower().split()), (name, row["nyu40class"] or ""))
    return found


def _to_views(
    frames: Iterable[RawFrameFiles], alignment: NDArray, color: Pinhole, depth: Pinhole | None
) -> dict[str, AuditView]:
    views: dict[str, AuditView] = {}
    ordered = sorted(frames, key=lambda frame: frame.number)
    has_stamps = all(first.stamp_s < second.stamp_s for first, second in pairwise(ordered))
    for frame in ordered:
        if not np.isfinite(frame.pose).all() or abs(np.linalg.det(frame.pose[:3, :3]) - 1) > 0.01:
            continue
        pose = frame.pose.copy()
        pose[:3, :3] = polar(pose[:3, :3])[0]
        name = str(frame.number)
        time_s = frame.stamp_s if has_stamps else frame.number / FRAMES_PER_SECOND
        views[name] = AuditView(name, color, alignment @ pose, frame.read_color, depth, frame.read_depth, time_s=time_s)
    return views


def _read_recording(folder: Path, scene: str) -> Recording:
    if (folder / f"{scene}.sens").is_file():
        return _read_sens(folder / f"{scene}.sens")
    for export in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        if (export / "_info.txt").is_file():
            return _read_cpp_export(export)
        if (export / "color").is_dir() and (export / "pose").is_dir():
            return _read_python_export(export, folder / f"{scene}.txt")
    raise KeyError("no .sens file and no export of one")


def _read_sens(path: Path) -> Recording:
    with path.open("rb") as file:
        _, name_length = struct.unpack("<IQ", file.read(12))
        file.seek(name_length, 1)
        matrices = np.frombuffer(file.read(256), "<f4").reshape(4, 4, 4).astype(float)
        color_kind, depth_kind, cw, ch, dw, dh, units, count = struct.unpack("<2i4IfQ", file.read(36))
        frames = []
        for number in range(count):
            pose = np.frombuffer(file.read(64), "<f4").reshape(4, 4).astype(float)
            stamp_us, _, color_size, depth_size = struct.unpack("<4Q", file.read(32))
            at = file.tell()
            file.seek(color_size + depth_size, 1)
            read_color = partial(_read_bytes, path, at, color_size) if color_kind else (lambda: None)
            read_depth = partial(_read_sens_depth, path, at + color_size, depth_size, depth_kind, (dh, dw), units)
            frames.append(RawFrameFiles(number, pose, read_color, read_depth, stamp_us / 1e6))
    first = frames[0].read_color()
    size = (cw, ch) if first is None else Image.open(BytesIO(first)).size
    color = _pinhole(matrices[0], (cw, ch), size)
    return color, _pinhole(matrices[2], (dw, dh), (dw, dh)), frames


def _read_bytes(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _read_sens_depth(path: Path, start: int, size: int, kind: int, shape: tuple[int, int], units: float) -> NDArray:
    data = _read_bytes(path, start, size)
    return np.frombuffer(zlib.decompress(data) if kind else data, "<u2").reshape(shape) / units


def _pinhole(matrix: NDArray, made_for: tuple[int, int], size: tuple[int, int]) -> Pinhole:
    """The camera of images of ``size``, from a matrix made for this size or for another one."""
    center = np.array([matrix[0, 2], matrix[1, 2]]) + 0.5
    off = [np.abs(center / np.array(candidate) - 0.5).max() for candidate in (size, made_for)]
    sx, sy = (1.0, 1.0) if off[0] <= off[1] else (size[0] / made_for[0], size[1] / made_for[1])
    cx, cy = center * (sx, sy) - 0.5
    return Pinhole(matrix[0, 0] * sx, matrix[1, 1] * sy, float(cx), float(cy), *size)


def _read_python_export(export: Path, description: Path) -> Recording:
    entries = _read_entries(description)
    native = {
        kind: (int(entries.get(f"{kind}Width", size[0])), int(entries.get(f"{kind}Height", size[1])))
        for kind, size in (("color", NATIVE_COLOR), ("depth", NATIVE_DEPTH))
    }
    files = {kind: _numbered_files(export / kind, r"(\d+)\.\w+") for kind in ("color", "depth", "pose")}
    cameras = {
        kind: _camera_of(files[kind], np.loadtxt(export / "intrinsic" / f"intrinsic_{kind}.txt"), native[kind])
        for kind in ("color", "depth")
        if files[kind]
    }
    return cameras["color"], cameras.get("depth"), _exported_frames(files, 1000.0)


def _read_cpp_export(export: Path) -> Recording:
    entries = _read_entries(export / "_info.txt")
    files = {kind: _numbered_files(export, rf"frame-(\d+)\.{kind}\.\w+") for kind in ("color", "depth", "pose")}
    cameras = {}
    for kind in ("color", "depth"):
        matrix = np.array(entries[f"m_calibration{kind.title()}Intrinsic"].split(), dtype=float).reshape(4, 4)
        size = int(entries[f"m_{kind}Width"]), int(entries[f"m_{kind}Height"])
        if files[kind]:
            cameras[kind] = _camera_of(files[kind], matrix, size)
    return cameras["color"], cameras.get("depth"), _exported_frames(files, float(entries["m_depthShift"]))


def _camera_of(files: dict[int, Path], matrix: NDArray, native: tuple[int, int]) -> Pinhole:
    return _pinhole(matrix, native, Image.open(next(iter(files.values()))).size)


def _exported_frames(files: dict[str, dict[int, Path]], units: float) -> Iterator[RawFrameFiles]:
    for number, path in files["color"].items():
        depth = files["depth"].get(number)
        if number in files["pose"] and (depth is not None or not files["depth"]):
            pose = np.loadtxt(files["pose"][number]).reshape(4, 4)
            yield RawFrameFiles(number, pose, path.read_bytes, depth and partial(_read_depth_file, depth, units))


def _read_depth_file(path: Path, units: float) -> NDArray:
    return np.asarray(Image.open(path), dtype=float) / units


def _read_entries(path: Path) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _numbered_files(folder: Path, pattern: str) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    found = [(match, path) for path in sorted(folder.iterdir()) if (match := re.fullmatch(pattern, path.name))]
    return {int(match[1]): path for match, path in found}
