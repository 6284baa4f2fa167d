"""Writes the part of the film that goes around one thing as a sequence of uCO3D (facebookresearch/uco3d, 8f7075d).

The world is the first camera's, turned into PyTorch3D's axes by its row vectors, in a unit that no file tells. The lens
is given some distortion. The video shows ten frames a second, of which every second is annotated. Points are what the
sensor measured.
"""

import math
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.demo.film import FRAME_S, Film
from qagen.demo.layouts.geometry import colors, positions, write_ply
from qagen.demo.layouts.video import write_gray_video, write_video
from qagen.rng import rng_for

SUPER_CATEGORY, SEQUENCE = "demo_things", "1-100-1000"
UNIT_M = 0.37
FRAME_RATE = 10
ROW_STEP = int(FRAME_RATE * FRAME_S)
DISTORTION = (0.03, -0.004, 0.0006, -0.0004, *[0.0] * 8)
"""k1, k2, p1, p2 and eight more; the image of such a lens shows a little less than the film."""
MIN_SHARE = 0.004
"""Least share of an image that the thing covers."""
EXTRA_FRAMES = 6
"""Frames before and after those that show the thing whole."""
BORDER = 1 / 80
"""Margin of the image that the thing stays off, as a share of the width."""
OWN_SHARE, OTHER_SHARE, POINT_FRAMES = 0.25, 0.03, 12
"""Shares of the pixels of the thing, and of everything else, that become points; frames that are measured, about."""
AROUND_M = 1.0
"""Distance from the thing up to which other points are kept."""
TABLES = {
    "frame_annots": (
        "sequence_name VARCHAR NOT NULL", "frame_number INTEGER NOT NULL", "frame_timestamp FLOAT",
        "_image_path VARCHAR NOT NULL", "_image_size BLOB NOT NULL", "_depth_path VARCHAR",
        "_depth_scale_adjustment FLOAT", "_depth_mask_path VARCHAR", "_mask_path VARCHAR", "_mask_mass FLOAT",
        "_mask_bounding_box_xywh BLOB", "_viewpoint_R BLOB", "_viewpoint_T BLOB", "_viewpoint_focal_length BLOB",
        "_viewpoint_principal_point BLOB", "_viewpoint_colmap_distortion_coeffs BLOB",
        "_viewpoint_intrinsics_format VARCHAR", "PRIMARY KEY (sequence_name, frame_number)",
    ),
    "sequence_annots": (
        "sequence_name VARCHAR NOT NULL", "category VARCHAR", "super_category VARCHAR", "_video_path VARCHAR",
        "_video_length FLOAT", "_mask_video_path VARCHAR", "_mask_video_length FLOAT",
        "_segmented_point_cloud_path VARCHAR", "_segmented_point_cloud_n_points INTEGER", "_point_cloud_path VARCHAR",
        "_point_cloud_n_points INTEGER", "_reconstruction_quality_viewpoint FLOAT", "_alignment_R BLOB",
        "_alignment_T BLOB", "_alignment_scale FLOAT NOT NULL", "PRIMARY KEY (sequence_name)",
    ),
}  # fmt: skip
"""Columns of the tables; those of captions and Gaussian splats are left out."""
WRITER_VERSION = slice(96, 100)
"""Bytes of an SQLite file that tell the version of the library that wrote it."""


def write(film: Film, root: Path) -> None:
    """One sequence: its videos, its points, and the database."""
    item, frames = _most_turned_around(film)
    category = film.labels[item].replace(" ", "_")
    folder = root / SUPER_CATEGORY / category / SEQUENCE
    folder.mkdir(parents=True)
    map_x, map_y = _film_pixels(film.camera)
    size = film.camera.width, film.camera.height
    video_frames = [frames[math.ceil(k / ROW_STEP)] for k in range(ROW_STEP * (len(frames) - 1) + 1)]

    def images() -> Iterator[NDArray[np.uint8]]:
        for k in video_frames:
            yield np.asarray(cv2.remap(film.color_bgr(k), map_x, map_y, cv2.INTER_LINEAR), np.uint8)

    def masks() -> Iterator[NDArray[np.uint8]]:
        for k in video_frames:
            own = np.where(film.objects(k) == item, np.uint8(255), np.uint8(0))
            yield np.asarray(cv2.blur(cv2.remap(own, map_x, map_y, cv2.INTER_LINEAR), (3, 3)), np.uint8)

    write_video(folder / "rgb_video.mp4", images(), size, FRAME_RATE)
    write_gray_video(folder / "mask_video.mkv", masks(), size, FRAME_RATE)
    counts = _write_points(folder, film, item, frames)
    _write_database(root, film, frames, category, counts)


def _most_turned_around(film: Film) -> tuple[int, range]:
    """The thing that the camera goes farthest around while all of it is shown, and these frames and a few more."""
    is_whole = np.array([_whole(film.objects(k), len(film.labels)) for k in range(len(film.poses))])
    best, found = -1.0, (0, range(0))
    for item in range(len(film.labels)):
        for run in _runs(is_whole[:, item]):
            turn = _turn_rad(film, item, run)
            if turn > best:
                best, found = turn, (item, run)
    item, run = found
    return item, range(max(run.start - EXTRA_FRAMES, 0), min(run.stop + EXTRA_FRAMES, len(film.poses)))


def _whole(objects: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """(count,) things that an image shows, large enough and off its border."""
    margin = math.ceil(BORDER * objects.shape[1])
    inner = objects[margin:-margin, margin:-margin]
    pixels, off_border = (np.bincount(part[part >= 0], minlength=count) for part in (objects, inner))
    return (pixels == off_border) & (pixels >= MIN_SHARE * objects.size)


def _runs(flags: NDArray[np.bool_]) -> list[range]:
    """Runs of flags that are set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))).tolist()
    return [range(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _turn_rad(film: Film, item: int, frames: Sequence[int]) -> float:
    """How far the camera goes around a thing."""
    x, y = np.array([film.poses[k].translation - film.boxes[item].center for k in frames])[:, :2].T
    return float(np.ptp(np.unwrap(np.arctan2(y, x))).round(6))


def _film_pixels(camera: Camera) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of the lens with distortion lies in the film."""
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    pixels = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), axis=-1).astype(np.float64)
    found = cv2.undistortPoints(pixels.reshape(-1, 1, 2), matrix, np.array(DISTORTION), P=matrix)
    x, y = np.moveaxis(np.asarray(found, np.float32).reshape(camera.height, camera.width, 2), -1, 0)
    return np.ascontiguousarray(x), np.ascontiguousarray(y)


def _camera_from_first(film: Film, frames: Sequence[int], k: int) -> Pose:
    """The pose of a frame in the world of the first, in units."""
    pose = film.poses[k].inverse() @ film.poses[frames[0]]
    return Pose(pose.rotation, pose.translation / UNIT_M)


def _write_points(folder: Path, film: Film, item: int, frames: range) -> tuple[int, int]:
    """The clouds of the thing and of the scene; the number of points of each."""
    own, other = [], []
    for k in frames[:: 1 + len(frames) // POINT_FRAMES]:
        points = _measured(film, k)
        near = np.linalg.norm(points[..., :3] - film.boxes[item].center, axis=-1) <= AROUND_M
        is_own, chance = film.objects(k) == item, rng_for(0, "demo uco3d points", str(k)).random(near.shape)
        own.append(points[near & is_own & (chance < OWN_SHARE)])
        other.append(points[near & ~is_own & (chance < OTHER_SHARE)])
    clouds = np.concatenate(own), np.concatenate([*own, *other])
    for name, cloud in zip(("segmented_point_cloud", "point_cloud"), clouds, strict=True):
        local = (film.poses[frames[0]].inverse() @ cloud[:, :3]) / UNIT_M
        vertices = positions(local) | colors(cloud[:, 3:].astype(np.uint8))
        write_ply(folder / f"{name}.ply", vertices, np.zeros((0, 3), np.int32))
    return len(clouds[0]), len(clouds[1])


def _measured(film: Film, k: int) -> NDArray[np.float64]:
    """(h, w, 6) world position in meters of what each pixel shows, and its red, green and blue; NaN for no depth."""
    depth_m = np.where(film.depth_mm(k) > 0, film.depth_mm(k) / 1000, np.nan)
    local = film.camera.rays() * depth_m[..., None]
    return np.concatenate([film.poses[k] @ local, film.color_bgr(k)[..., ::-1].astype(np.float64)], axis=-1)


def _write_database(root: Path, film: Film, frames: range, category: str, counts: tuple[int, int]) -> None:
    path, folder = root / "metadata.sqlite", f"{SUPER_CATEGORY}/{category}/{SEQUENCE}"
    length_s = (ROW_STEP * (len(frames) - 1) + 1) / FRAME_RATE
    upright, middle = film.poses[frames[0]], film.poses[frames[0]].translation / UNIT_M
    sequence = {
        "sequence_name": SEQUENCE,
        "category": category,
        "super_category": SUPER_CATEGORY,
        "_video_path": f"{folder}/rgb_video.mp4",
        "_video_length": length_s,
        "_mask_video_path": f"{folder}/mask_video.mkv",
        "_mask_video_length": length_s,
        "_segmented_point_cloud_path": f"{folder}/segmented_point_cloud.ply",
        "_segmented_point_cloud_n_points": counts[0],
        "_point_cloud_path": f"{folder}/point_cloud.ply",
        "_point_cloud_n_points": counts[1],
        "_reconstruction_quality_viewpoint": 1.0,
        "_alignment_R": _floats(upright.rotation.T),
        "_alignment_T": _floats(middle),
        "_alignment_scale": 0.5,
    }
    database = sqlite3.connect(path)
    with database:
        for table, columns in TABLES.items():
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        _insert(database, "sequence_annots", sequence)
        for number, k in enumerate(frames):
            _insert(database, "frame_annots", _frame_row(film.camera, _camera_from_first(film, frames, k), number))
    database.close()
    content = bytearray(path.read_bytes())
    content[WRITER_VERSION] = bytes(4)
    path.write_bytes(content)


def _frame_row(camera: Camera, camera_from_world: Pose, number: int) -> dict[str, object]:
    """A frame as PyTorch3D has it: row vectors, x left, y up; half the shorter side of the image is 1."""
    half = min(camera.width, camera.height) / 2
    x, y, z = camera_from_world.translation.tolist()
    middle = (camera.width / 2 - (camera.cx + 0.5)) / half, (camera.height / 2 - (camera.cy + 0.5)) / half
    return {
        "sequence_name": SEQUENCE,
        "frame_number": number,
        "frame_timestamp": number * FRAME_S,
        "_image_path": "",
        "_image_size": struct.pack("<2i", camera.height, camera.width),
        "_viewpoint_R": _floats(camera_from_world.rotation.T * (-1, -1, 1)),
        "_viewpoint_T": _floats((-x, -y, z)),
        "_viewpoint_focal_length": _floats((camera.fx / half, camera.fy / half)),
        "_viewpoint_principal_point": _floats(middle),
        "_viewpoint_colmap_distortion_coeffs": _floats(DISTORTION),
        "_viewpoint_intrinsics_format": "ndc_norm_image_bounds",
    }


def _floats(values: object) -> bytes:
    return np.asarray(values, "<f4").tobytes()


def _insert(database: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    places = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))
