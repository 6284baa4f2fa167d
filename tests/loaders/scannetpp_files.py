"""Writes a tiny scene in ScanNet++'s own file formats, for tests of the reader only.

The room: a floor, a wall at y = 3, a board that hangs 5 cm before it and whose vertices were also painted as wall, and
a table top turned by 30 degrees. Three frames of 16 x 12 pixels look along +y, one step along +x after the other.
"""

import json
import struct
import zlib
from io import BytesIO
from pathlib import Path

import lz4.block
import numpy as np
from PIL import Image

from tests.loaders.scannet_files import write_mesh

NAME = "0a5c013435"
SIZE = (16, 12)
INTRINSIC = [[1680.0, 0, 959.5], [0, 1560.0, 719.5], [0, 0, 1]]
"""Of 1920 x 1440 pixels: fx 14, fy 13, cx 7.5, cy 5.5 at 16 x 12."""
ALONG_Y = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""World from camera: right is +x, down is -z, forward is +y."""
CLOCK_S = 512.5
C30, S30 = np.sqrt(3) / 2, 0.5
VERTICES = np.array(
    [
        *[[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0]],  # 0-3 floor
        *[[0, 3, 0], [4, 3, 0], [4, 3, 2.5], [0, 3, 2.5]],  # 4-7 wall
        *[[1, 2.95, 1], [2, 2.95, 1], [2, 2.95, 1.6], [1, 2.95, 1.6]],  # 8-11 board
        # 12-15 table top: center (2.5, 1, 0.7), 1.2 m along 30 degrees, 0.4 m across
        *[[2.5 + a * C30 - b * S30, 1 + a * S30 + b * C30, 0.7] for a, b in ((-0.6, -0.2), (0.6, -0.2))],
        *[[2.5 + a * C30 - b * S30, 1 + a * S30 + b * C30, 0.7] for a, b in ((0.6, 0.2), (-0.6, 0.2))],
    ]
)
FACES = np.array([[k, k + 1, k + 2] for k in (0, 4, 8, 12)] + [[k, k + 2, k + 3] for k in (0, 4, 8, 12)])
SEGMENTS = [100 + k for k in range(16)]
IDENTITY = [1.0, 0, 0, 0, 1, 0, 0, 0, 1]


def obb(centroid: list[float], lengths: list[float], axes: list[float]) -> dict:
    return {"centroid": centroid, "axesLengths": lengths, "normalizedAxes": axes, "min": [0, 0, 0], "max": [0, 0, 0]}


def make_groups() -> list[dict]:
    """Objects; the board's first axis is the vertical one, the table's axes are rows of a turn by 30 degrees."""
    board = obb([1.5, 2.95, 1.3], [0.6, 1.0, 0.0], [0, 0, 1, 1, 0, 0, 0, 1, 0])
    table = obb([2.5, 1, 0.7], [1.2, 0.4, 0.02], [C30, S30, 0, -S30, C30, 0, 0, 0, 1])
    floor, wall = obb([2, 1.5, 0], [4, 3, 0], IDENTITY), obb([2, 3, 1.25], [4, 0.1, 2.5], IDENTITY)
    nothing = obb([0, 0, 0], [1, 1, 1], IDENTITY)
    told = [
        (1, "floor", SEGMENTS[:4], floor),
        (2, "white_board", SEGMENTS[8:12], board),
        (3, "wall", SEGMENTS[4:12], wall),
        (7, "table", SEGMENTS[12:], table),
        (8, "REMOVE", [], nothing),
        (9, "lamp", [999], nothing),
    ]
    return [{"id": k, "objectId": k, "label": name, "segments": own, "obb": box} for k, name, own, box in told]


def pose_of(index: int) -> np.ndarray:
    """(4, 4) world from camera: at (1 + index / 4, 0.5, 1.5)."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = ALONG_Y, (1 + index / 4, 0.5, 1.5)
    return matrix


def depth_mm(index: int) -> np.ndarray:
    """(192, 256) 1000 + 10 index at the left edge, a millimeter more each column, one hole."""
    image = np.tile(np.arange(256, dtype=np.uint16), (192, 1)) + np.uint16(1000 + 10 * index)
    image[5, 7] = 0
    return image


def picture(shade: int, size: tuple[int, int] = SIZE) -> bytes:
    data = BytesIO()
    Image.new("RGB", size, (shade, shade, shade)).save(data, format="JPEG")
    return data.getvalue()


def dump(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def write_scans(folder: Path) -> None:
    folder.mkdir(parents=True)
    write_mesh(folder / "mesh_aligned_0.05.ply", VERTICES, FACES)
    dump(folder / "segments.json", {"sceneId": NAME, "segIndices": SEGMENTS})
    dump(folder / "segments_anno.json", {"sceneId": NAME, "segGroups": make_groups()})


def make_entries(count: int = 3) -> dict[str, dict]:
    return {
        f"frame_{k:06d}": {
            "timestamp": CLOCK_S + k / 60,
            "pose": np.diag([9.0, 9, 9, 1]).tolist(),  # the phone's own world, which must not be used
            "intrinsic": INTRINSIC,
            "imu": {"rotation_rate": [0, 0, 0]},
            "aligned_pose": pose_of(k).tolist(),
        }
        for k in range(count)
    }


def lz4_block(index: int) -> bytes:
    return lz4.block.compress(depth_mm(index).astype("<u2").tobytes(), store_size=False)


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def meters(index: int) -> bytes:
    return (depth_mm(index) / 1000).astype("<f4").tobytes()


def framed(blocks: list[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(block)) + block for block in blocks)


def write_iphone(folder: Path, count: int = 3) -> None:
    (folder / "rgb").mkdir(parents=True)
    for k in range(count):
        (folder / "rgb" / f"frame_{k:06d}.jpg").write_bytes(picture(90 + 10 * k))
    (folder / "depth.bin").write_bytes(framed([lz4_block(k) for k in range(count)]))
    dump(folder / "pose_intrinsic_imu.json", make_entries(count))


COLMAP_CAMERAS = "# a comment\n3 OPENCV 1920 1440 1680 1560 960 720 0 0 0 0\n"
COLMAP_IMAGES = (
    "# two lines an image\n"
    # the inverse of ALONG_Y is a turn by +90 degrees about x: w = x = sqrt(1/2); at (1.25, 0.5, 1.5) its shift is
    # -R (1.25, 0.5, 1.5) = -(1.25, -1.5, 0.5)
    "8 0.70710678 0.70710678 0 0 -1.25 1.5 -0.5 3 iphone/frame_000001.jpg\n"
    "10.5 20.5 -1 11.5 21.5 -1\n"
    "9 0.70710678 0.70710678 0 0 -1.5 1.5 -0.5 3 iphone/frame_000002.jpg\n"
    "\n"
)


def write_colmap(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "cameras.txt").write_text(COLMAP_CAMERAS)
    (folder / "images.txt").write_text(COLMAP_IMAGES)


# ALONG_Y at (1, 0.5, 1.5). OpenGL axes: y and z columns negated: right (1,0,0), up (0,0,1), back (0,-1,0).
# World: rows x and y exchanged, z negated: right (0,1,0), up (0,0,-1), back (-1,0,0), place (0.5, 1, -1.5).
NERFSTUDIO_POSE = [[0, 0, -1, 0.5], [1, 0, 0, 1], [0, -1, 0, -1.5], [0, 0, 0, 1]]


def make_transforms() -> dict:
    beside = [[*row] for row in NERFSTUDIO_POSE]
    beside[1][3] = 1.5  # x of the mesh's world
    return {
        "fl_x": 14.0, "fl_y": 13.0, "cx": 7.5, "cy": 5.5, "w": 16, "h": 12, "k1": 0.0, "k2": 0.0, "k3": 0.0, "k4": 0.0,
        "camera_model": "PINHOLE",
        "frames": [
            {"file_path": "DSC00012.JPG", "mask_path": "DSC00012.png", "transform_matrix": beside},
            {"file_path": "DSC00011.JPG", "mask_path": "DSC00011.png", "transform_matrix": NERFSTUDIO_POSE},
            {"file_path": "DSC00013.JPG", "mask_path": "", "transform_matrix": NERFSTUDIO_POSE, "is_bad": True},
            {"file_path": "DSC00020.JPG", "mask_path": "", "transform_matrix": NERFSTUDIO_POSE},
        ],
        "test_frames": [{"file_path": "DSC00020.JPG", "mask_path": "", "transform_matrix": NERFSTUDIO_POSE}],
    }  # fmt: skip


def write_dslr(folder: Path) -> None:
    (folder / "resized_undistorted_images").mkdir(parents=True)
    for number in (11, 12, 13, 20):
        (folder / "resized_undistorted_images" / f"DSC{number:05d}.JPG").write_bytes(picture(number))
    dump(folder / "nerfstudio" / "transforms_undistorted.json", make_transforms())


def write_scene(root: Path) -> Path:
    """A scene with mesh, annotation and the iPhone's stream; returns its folder."""
    folder = root / "data" / NAME
    write_scans(folder / "scans")
    write_iphone(folder / "iphone")
    return folder
