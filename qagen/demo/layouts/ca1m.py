"""Writes the film as a capture of CA-1M, packed as it is released (github.com/apple/ml-cubifyanything)."""

import json
import math
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.camera import Camera
from qagen.core.pose import Pose, rotate
from qagen.demo.film import FRAME_S, Film, sampled

SCENE_ID = "40990000"
SPLIT = "train"
SIZE = (512, 384)
"""Half of the release's."""
START_NS = 21859797734958
SHARES = {"gt": 2, "wide": 4}
"""How many times the laser's and the device's depth are smaller than the image."""
STRUCTURE = frozenset({"wall", "floor", "ceiling"})
"""Part of the world's boxes, but not of those that a frame shows."""


def write(film: Film, root: Path) -> None:
    """Write one training capture into ``root``."""
    names = [f"{number:012d}" for number in range(len(film.labels))]
    boxes = list(zip(names, film.labels, film.boxes, strict=True))
    with tarfile.open(root / f"ca1m-{SPLIT}-{SCENE_ID}.tar", "w") as archive:
        _add(archive, "world.gt/instances.json", _json([_instance(*item, Pose.identity()) for item in boxes]))
        for index in range(len(film.poses)):
            stem = str(START_NS + round(index * FRAME_S * 1e9))
            for name, content in _frame_files(film, index, boxes).items():
                _add(archive, f"{stem}.{name}", content)


def _frame_files(film: Film, index: int, boxes: list[tuple[str, str, Box3D]]) -> Mapping[str, bytes]:
    """A frame's files by their names behind its time."""
    camera, pose, depth = film.camera.scaled(*SIZE), film.poses[index], film.depth_mm(index)
    files = {
        "wide/image.png": _png(cv2.resize(film.color_bgr(index), SIZE, interpolation=cv2.INTER_AREA)),
        "wide/image/K.json": _json(_intrinsic(camera, 1)),
        "_wide/image/size": f"[{camera.width}, {camera.height}]".encode(),
        "wide/T_gravity.json": _json(_gravity(pose).tolist()),
        "gt/RT.json": _json(pose.matrix.tolist()),
    }
    for sensor, share in SHARES.items():
        width, height = SIZE[0] // share, SIZE[1] // share
        files[f"{sensor}/depth.png"] = _png(sampled(depth, width, height))
        files[f"{sensor}/depth/K.json"] = _json(_intrinsic(camera, share))
        files[f"_{sensor}/depth/size"] = f"[{width}, {height}]".encode()
    shown = np.unique(film.objects(index)).tolist()
    seen = [item for number, item in enumerate(boxes) if number in shown and item[1] not in STRUCTURE]
    files["wide/instances.json"] = _json([_instance(*item, pose.inverse()) for item in seen])
    return files


def _intrinsic(camera: Camera, share: int) -> list[list[float]]:
    """The matrix of an image that is smaller, with pixels counted from its edge."""
    fx, fy, cx, cy = camera.fx / share, camera.fy / share, (camera.cx + 0.5) / share, (camera.cy + 0.5) / share
    return [[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]


def _gravity(pose: Pose) -> NDArray[np.float64]:
    """(3, 3) rotation from a level camera that looks the same way, y down, to this one."""
    down, ahead = -pose.rotation[2], np.array([0.0, 0.0, 1.0])
    level = ahead - down * (ahead * down).sum()
    level /= math.hypot(*level)
    return np.stack([np.cross(down, level), down, level], axis=1)


def _instance(name: str, category: str, box: Box3D, place: Pose) -> dict[str, Any]:
    """A box in the world or, by the transform to a camera, there."""
    return {
        "id": name,
        "category": category,
        "position": (place @ box.center).tolist(),
        "scale": box.size.tolist(),
        "R": rotate(place.rotation, box.rotation.T).T.tolist(),
        "corners": (place @ box.corners).tolist(),
        "caption": "",
    }


def _png(image: NDArray) -> bytes:
    return cv2.imencode(".png", image, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes()


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(f"{SCENE_ID}/{name}")
    info.size = len(content)
    archive.addfile(info, BytesIO(content))
