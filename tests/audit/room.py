"""A small furnished room in ScanNet's files, drawn by exact intersection of rays with boxes, and a run on it."""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import yaml
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from qagen.core.pose import Pose, rotate
from tests.loaders.scannet_files import Calibration, Shot, pack_sens, write_mesh
from tools.proofread import WITH_OPTIONS

SCENE = "scene0042_00"
SIZE = (320, 240)
K = np.array([[200.0, 0, 159.5, 0], [0, 200, 119.5, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
FRAMES = 40
ROOM = (6.0, 5.0, 2.6)
OBJECTS = (
    ("chair", (0.27, 3.6, 0.45), (0.5, 0.5, 0.9)),
    ("chair", (5.73, 1.0, 0.45), (0.5, 0.6, 0.9)),
    ("chair", (0.3, 1.0, 0.45), (0.55, 0.5, 0.9)),
    ("table", (2.9, 4.58, 0.4), (1.6, 0.8, 0.8)),
    ("bed", (5.18, 4.18, 0.3), (1.6, 1.6, 0.6)),
    ("bookshelf", (0.17, 2.4, 0.9), (0.3, 1.2, 1.8)),
    ("tv", (3.4, 4.93, 1.3), (1.2, 0.1, 0.7)),
    ("refrigerator", (5.63, 2.5, 0.85), (0.7, 0.7, 1.7)),
    ("bathtub", (2.4, 0.37, 0.3), (1.6, 0.7, 0.6)),
    ("guitar", (4.2, 0.17, 0.5), (0.4, 0.3, 1.0)),
    ("microwave", (2.35, 4.62, 0.95), (0.5, 0.4, 0.3)),
    ("cabinet", (5.73, 1.895, 0.4), (0.5, 0.5, 0.8)),
)
"""Label, center and size of each object, meters; all stand at a wall, so that a camera in the middle sees the rest.
The microwave is on the table, and the cabinet stands 5 mm from the refrigerator, so that the two touch."""
ALIGNMENT = np.array([[0.8, 0.6, 0, 1.5], [-0.6, 0.8, 0, -2.0], [0, 0, 1, 0.1], [0, 0, 0, 1]])
GRID = 9
"""Vertices along each edge of a box."""


@dataclass(frozen=True, slots=True)
class Made:
    """A scan and a run on it."""

    root: Path
    """The dataset."""
    out: Path
    """The run."""


def camera(index: int) -> NDArray[np.float64]:
    """(4, 4) room from camera: along an L through the room while turning once round."""
    along = index / (FRAMES - 1) * 4.0
    place = (1.6 + along, 1.6, 1.5) if along < 2.4 else (4.0, 1.6 + along - 2.4, 1.5)
    heading, down = np.radians(100 - 360 * index / FRAMES), np.radians(14)
    ahead = np.array([np.cos(heading) * np.cos(down), np.sin(heading) * np.cos(down), -np.sin(down)])
    right = np.array([np.sin(heading), -np.cos(heading), 0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(ahead, right), ahead], axis=1)
    pose[:3, 3] = place
    return pose


def draw(pose: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(h, w) object or -1 for the room's own walls, and depth z in meters, that a camera sees."""
    v, u = np.mgrid[: SIZE[1], : SIZE[0]]
    ahead = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones(u.shape)], axis=-1)
    ahead = rotate(pose[:3, :3], ahead)
    depth = _leaves(pose[:3, 3], ahead, np.array(ROOM) / 2, np.array(ROOM))[1]
    shown = np.full(u.shape, -1)
    for index, (_, center, size) in enumerate(OBJECTS):
        near, far = _leaves(pose[:3, 3], ahead, np.array(center), np.array(size))
        is_nearer = (near < far) & (near > 0) & (near < depth)
        shown[is_nearer], depth = index, np.where(is_nearer, near, depth)
    return shown, depth


def _leaves(eye: NDArray, ahead: NDArray, center: NDArray, size: NDArray) -> tuple[NDArray, NDArray]:
    """Where rays enter and leave a box, in depths."""
    with np.errstate(divide="ignore"):
        edges = np.stack([(center + sign * size / 2 - eye) / ahead for sign in (-1, 1)])
    return edges.min(axis=0).max(axis=-1), edges.max(axis=0).min(axis=-1)


def write_scan(root: Path, factor: float = 1.0) -> None:
    """The room, ``factor`` times as large, as a ScanNet scan whose world is turned and shifted from the room's axes."""
    folder = root / "scans" / SCENE
    folder.mkdir(parents=True)
    boxes = [(np.array(ROOM) / 2, np.array(ROOM)), *((np.array(c), np.array(s)) for _, c, s in OBJECTS)]
    corners, triangles = _unit_box()
    vertices = np.concatenate([center + corners * size for center, size in boxes])
    faces = np.concatenate([triangles + len(corners) * k for k in range(len(boxes))])
    alignment = _scaled(ALIGNMENT, factor)
    to_world = Pose(alignment[:3, :3], alignment[:3, 3]).inverse()
    write_mesh(folder / f"{SCENE}_vh_clean_2.ply", to_world @ (factor * vertices), faces)
    segments = np.repeat(np.arange(len(boxes)), len(corners)).tolist()
    (folder / f"{SCENE}_vh_clean_2.0.010000.segs.json").write_text(json.dumps({"segIndices": segments}))
    labels = ["wall", *(label for label, _, _ in OBJECTS)]
    groups = [{"id": k, "objectId": k + 3, "segments": [k], "label": label} for k, label in enumerate(labels)]
    (folder / f"{SCENE}.aggregation.json").write_text(json.dumps({"sceneId": SCENE, "segGroups": groups}))
    numbers = " ".join(f"{value:.6f}" for value in alignment.ravel())
    (folder / f"{SCENE}.txt").write_text(f"axisAlignment = {numbers}\n")
    calibration = Calibration(color=K, depth=K, color_size=SIZE, depth_size=SIZE)
    (folder / f"{SCENE}.sens").write_bytes(
        pack_sens([_shot(k, to_world, factor) for k in range(FRAMES)], calibration, units_per_m=1000 / factor)
    )


def _scaled(pose: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    scaled = pose.copy()
    scaled[:3, 3] *= factor
    return scaled


def _unit_box() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (n, 3) and triangles (m, 3) of a box of side 1 around the origin, each side a fine grid."""
    a, b = (grid.ravel() for grid in np.meshgrid(*[np.linspace(-0.5, 0.5, GRID)] * 2))
    rows = np.arange(GRID * GRID).reshape(GRID, GRID)
    first, second, third, fourth = (
        part.ravel() for part in (rows[:-1, :-1], rows[:-1, 1:], rows[1:, 1:], rows[1:, :-1])
    )
    side = np.concatenate([np.stack([first, second, third], 1), np.stack([first, third, fourth], 1)])
    sides = [np.insert(np.stack([a, b], 1), axis, sign, axis=1) for axis in range(3) for sign in (-0.5, 0.5)]
    return np.concatenate(sides), np.concatenate([side + GRID * GRID * k for k in range(6)])


def _shot(index: int, to_world: Pose, factor: float) -> Shot:
    pose = _scaled(camera(index), factor)
    shown, depth = draw(camera(index))
    grain = np.random.default_rng(index).integers(0, 40, (*shown.shape, 1))
    shade = (np.stack([shown * 53 % 200, shown * 91 % 200, shown * 17 % 200], axis=-1) + grain).astype(np.uint8)
    jpeg = BytesIO()
    Image.fromarray(shade).save(jpeg, format="JPEG")
    return Shot(
        index,
        jpeg.getvalue(),
        np.rint(depth * 1000),
        (to_world @ Pose(pose[:3, :3], pose[:3, 3])).matrix,
        1000 + 33_333 * index,
    )


def make_run(folder: Path, per_scene: int = 4, factor: float = 1.0, *options: str) -> Made:
    """Write the scan, ``factor`` times as large, and generate every type on it, in all formats that it can have."""
    from qagen.generate import main

    made = Made(folder / "data", folder / "out")
    write_scan(made.root, factor)
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({"overrides": WITH_OPTIONS}))
    arguments = ["--scene", "scannet", "--root", str(made.root), "--out", str(made.out), "--workers", "1"]
    arguments += ["--config", str(config)]
    result = CliRunner().invoke(main, [*arguments, "--per-scene", str(per_scene), *options])
    assert result.exit_code == 0, result.output
    return made
