"""A capture of CA-1M of two small images, written by hand, packed or unpacked."""

import json
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

VIDEO = "47115543"
FIRST, SECOND = "21859797734958", "21859897734958"
"""Times of the frames, a tenth of a second apart."""
LEVEL = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
"""T_gravity of a camera that is held level."""


def place(x: float) -> list[list[float]]:
    """RT of a level camera at (x, 2, 1.5) that looks along +y: its right is x, its down -z."""
    return [[1, 0, 0, x], [0, 0, 1, 2], [0, -1, 0, 1.5], [0, 0, 0, 1]]


def thing(name: str, category: str, **changes: Any) -> dict[str, Any]:
    """A box of 0.6 x 0.4 x 1 m at (5, 4, 0.5), whose first axis is the world's y."""
    box = {"position": [5, 4, 0.5], "scale": [0.6, 0.4, 1.0], "R": [[0, -1, 0], [1, 0, 0], [0, 0, 1]]}
    return {"id": name, "category": category, **box, **changes}


def matrix(focal: float, cx: float, cy: float) -> list[list[float]]:
    return [[focal, 0, cx], [0, focal + 1, cy], [0, 0, 1]]


def png(pixels: NDArray) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def depth(width: int, height: int, millimeters: int) -> bytes:
    return png(np.full((height, width), millimeters, np.uint16))


def capture() -> dict[str, bytes]:
    """All files by their names below the capture's folder."""
    files: dict[str, bytes] = {"world.gt/instances.json": json.dumps([thing("a1", "tv_stand")]).encode()}
    for stamp, x in ((FIRST, 3.0), (SECOND, 3.1)):
        files |= frame(stamp, place(x))
    return files


def frame(stamp: str, pose: Any, size: tuple[int, int] = (16, 12), gravity: Any = LEVEL) -> dict[str, bytes]:
    """The files of a frame; K has its center in the middle of the image, counted from the edge."""
    width, height = size
    files = {
        "wide/image.png": png(np.full((height, width, 3), 90, np.uint8)),
        "wide/image/K.json": json.dumps(matrix(20, width / 2, height / 2)).encode(),
        "wide/depth.png": depth(width // 4, height // 4, 1480),
        "wide/depth/K.json": json.dumps(matrix(5, width / 8, height / 8)).encode(),
        "wide/instances.json": b"[]",
        "wide/T_gravity.json": json.dumps(gravity).encode(),
        "gt/RT.json": json.dumps(pose).encode(),
        "gt/depth.png": depth(width // 2, height // 2, 1500),
        "gt/depth/K.json": json.dumps(matrix(10, width / 4, height / 4)).encode(),
    }
    return {f"{stamp}.{name}": content for name, content in files.items()}


def pack(files: Mapping[str, bytes], root: Path, split: str = "val") -> Path:
    """Write the archive of a capture."""
    path = root / f"ca1m-{split}-{VIDEO}.tar"
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"{VIDEO}/{name}")
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
    return path


def unpack(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write the files of a capture below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
