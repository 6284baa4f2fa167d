"""A sequence of uCO3D written by hand: a cube of side 2 on a plane, filmed by twelve cameras around it.

In the level world, z is up, the plane is z = 0 and the cube spans -1 to 1, -1 to 1 and 0 to 2. The sequence's world is
that one turned by TURN. Cameras stand 8 from the axis at a height of 5 and look at the cube's middle.
"""

import sqlite3
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from tests.ply_files import write_ply

SUPER, CATEGORY, NAME = "kitchenware", "pan_(for_cooking)", "1-100-1000"
CAMERA = Camera(fx=96.0, fy=96.0, cx=63.5, cy=47.5, width=128, height=96)
ROWS, FPS, STEP = 12, 10, 3
"""Rows, and frames of the video from one row to the next."""
TURN = Rotation.from_euler("xyz", (1.0, 0.4, -0.7)).as_matrix()
"""Sequence's world from level world."""
CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (0, 2)], np.float64)


def pose(row: int) -> Pose:
    """World from camera of a row, in the level world."""
    angle = np.radians(20 * row)
    eye = np.array([8 * np.cos(angle), 8 * np.sin(angle), 5.0])
    forward = (0, 0, 1) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0, 0, 1))
    right /= np.linalg.norm(right)
    return Pose(np.stack([right, np.cross(forward, right), forward], axis=1), eye)


def mask(row: int) -> NDArray[np.uint8]:
    """(h, w) the outline of the cube, 255 in it."""
    hull = ConvexHull(CAMERA.project(pose(row).inverse() @ CORNERS))
    pixels = np.stack(np.meshgrid(np.arange(CAMERA.width), np.arange(CAMERA.height)), axis=-1)
    is_inside = (pixels @ hull.equations[:, :2].T + hull.equations[:, 2] <= 0).all(axis=-1)
    return np.where(is_inside, 255, 0).astype(np.uint8)


def write_video(
    path: Path, images: list[NDArray[np.uint8]], rotation: int = 0, ticks: Sequence[int] | None = None
) -> None:
    """Gray images without loss, ten a second, or at these tenths of a second; players rotate them counterclockwise by
    ``rotation`` degrees."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1" if path.suffix == ".mkv" else "libx264", rate=FPS, options={"qp": "0"})
        stream.height, stream.width = images[0].shape
        stream.pix_fmt = "gray" if path.suffix == ".mkv" else "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        for tick, image in zip(ticks or range(len(images)), images, strict=True):
            frame = av.VideoFrame.from_ndarray(np.repeat(image[..., None], 3, axis=2))
            frame.pts, frame.time_base = tick, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def image(index: int) -> NDArray[np.uint8]:
    """Frame of the video: 6 gray for each frame before it, and white at the top left."""
    pixels = np.full((CAMERA.height, CAMERA.width), 6 * index, np.uint8)
    pixels[:16, :16] = 255
    return pixels


def write_sequence(root: Path) -> Path:
    """A dataset with one sequence; returns the sequence's folder."""
    folder = root / SUPER / CATEGORY / NAME
    folder.mkdir(parents=True)
    count = STEP * (ROWS - 1) + 1
    write_video(folder / "rgb_video.mp4", [image(index) for index in range(count)])
    write_video(folder / "mask_video.mkv", [mask(-(-index // STEP)) for index in range(count)])
    write_clouds(folder)
    with sqlite3.connect(root / "metadata.sqlite") as database:
        write_tables(database)
    database.close()
    return folder


def write_clouds(folder: Path, lowest: float = 0.0) -> None:
    """The cube from a height on, without its underside, and that with the plane around it."""
    steps = np.linspace(-1, 1, 21)
    u, v = (part.ravel() for part in np.meshgrid(steps, steps))
    one = np.ones_like(u)
    sides = [np.stack([s * one, u, v + 1], axis=1) for s in (-1, 1)] + [
        np.stack([u, s * one, v + 1], 1) for s in (-1, 1)
    ]
    cube = np.concatenate([*sides, np.stack([u, v, 2 * one], axis=1)])
    cube = cube[cube[:, 2] >= lowest]
    wide = np.linspace(-6, 6, 61)
    x, y = (part.ravel() for part in np.meshgrid(wide, wide))
    plane = np.stack([x, y, 0 * x], axis=1)[np.maximum(np.abs(x), np.abs(y)) > 1.05]
    write_points(folder / "segmented_point_cloud.ply", cube @ TURN.T)
    write_points(folder / "point_cloud.ply", np.concatenate([cube, plane]) @ TURN.T)


def write_points(path: Path, points: NDArray[np.float64]) -> None:
    vertices = np.zeros(len(points), [("x", "f4"), ("y", "f4"), ("z", "f4"), ("red", "u1")])
    for axis, values in zip("xyz", points.T, strict=True):
        vertices[axis] = values
    write_ply(path, {"vertex": vertices})


def write_tables(database: sqlite3.Connection) -> None:
    database.execute(
        "CREATE TABLE sequence_annots (sequence_name VARCHAR PRIMARY KEY, category VARCHAR, _video_path VARCHAR, "
        "_mask_video_path VARCHAR, _segmented_point_cloud_path VARCHAR, _point_cloud_path VARCHAR)"
    )
    database.execute(
        "CREATE TABLE frame_annots (sequence_name VARCHAR, frame_number INTEGER, frame_timestamp FLOAT, "
        "_image_size BLOB, _viewpoint_R BLOB, _viewpoint_T BLOB, _viewpoint_focal_length BLOB, "
        "_viewpoint_principal_point BLOB, _viewpoint_colmap_distortion_coeffs BLOB, "
        "PRIMARY KEY (sequence_name, frame_number))"
    )
    folder = f"{SUPER}/{CATEGORY}/{NAME}"
    files = ("rgb_video.mp4", "mask_video.mkv", "segmented_point_cloud.ply", "point_cloud.ply")
    paths = [f"{folder}/{file}" for file in files]
    database.execute("INSERT INTO sequence_annots VALUES (?, ?, ?, ?, ?, ?)", (NAME, CATEGORY, *paths))
    for row in range(ROWS):
        database.execute("INSERT INTO frame_annots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", frame_cells(row))


def frame_cells(row: int) -> tuple:
    """A row of frame_annots: 96 pixels are 2 of half the shorter side; the principal point is the middle."""
    camera_from_world = pose(row).inverse() @ Pose(TURN.T, np.zeros(3))
    x, y, z = camera_from_world.translation
    time_s = (STEP * row + 0.2) / FPS  # a fifth of a frame late
    rotation = (camera_from_world.rotation.T * (-1, -1, 1)).astype("<f4").tobytes()
    vectors = [struct.pack(f"<{len(v)}f", *v) for v in ((-x, -y, z), (2.0, 2.0), (0.0, 0.0), (0.0,) * 12)]
    return (NAME, row, time_s, struct.pack("<2i", CAMERA.height, CAMERA.width), rotation, *vectors)
