"""Writes the film as a scan of 3RScan (github.com/WaldJohannaU/3RScan, its README and FAQ).

The phone is held upright, so what it stores lies on its side: pictures are the film's, turned a quarter
counter-clockwise. Depth is smaller than colour and has intrinsics of its own.
"""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.demo.film import Film
from qagen.demo.layouts.ply import colored_vertices, write_triangles

SCENE_ID = "9000de30-0000-4000-8000-000000000001"
STEP = 3
DEPTH_SHARE = 0.35
JPEG_QUALITY = 95
FILM_FROM_STORED = Pose(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.zeros(3))
"""Film's camera from the stored one: turning a picture clockwise brings its x to y."""


def write(film: Film, root: Path) -> None:
    """Write one scan below ``root``."""
    folder = root / SCENE_ID
    sequence = folder / "sequence"
    sequence.mkdir(parents=True)
    color = _on_its_side(film.camera)
    size = (round(DEPTH_SHARE * color.width), round(DEPTH_SHARE * color.height))
    chosen = range(0, len(film.poses), STEP)
    for number, index in enumerate(chosen):
        _write_frame(film, index, f"{sequence}/frame-{number:06d}", size)
    (sequence / "_info.txt").write_text(_info(color, color.scaled(*size), len(chosen)), encoding="utf-8")
    _write_mesh(folder / "labels.instances.annotated.v2.ply", film)
    _write_annotation(folder / "semseg.v2.json", film)


def _on_its_side(camera: Camera) -> Camera:
    """The camera of a picture turned counter-clockwise: pixel (x, y) goes to (y, w - 1 - x)."""
    return Camera(
        camera.fy, camera.fx, camera.cy, camera.width - 1 - camera.cx, width=camera.height, height=camera.width
    )


def _write_frame(film: Film, index: int, stem: str, depth_size: tuple[int, int]) -> None:
    picture = cv2.imdecode(np.frombuffer(film.color_jpeg(index), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    turned = np.ascontiguousarray(np.rot90(picture))
    cv2.imwrite(f"{stem}.color.jpg", turned, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    depth = _sampled(np.rot90(film.depth_mm(index)), depth_size)
    header = f"P5\n{depth_size[0]} {depth_size[1]}\n65535\n"
    Path(f"{stem}.depth.pgm").write_bytes(header.encode() + depth.astype(">u2").tobytes())
    pose = (film.poses[index] @ FILM_FROM_STORED).matrix
    Path(f"{stem}.pose.txt").write_text("".join(" ".join(f"{v:.8f}" for v in row) + "\n" for row in pose))


def _sampled(image: NDArray, size: tuple[int, int]) -> NDArray:
    """The pixels where a smaller image has its pixel centres."""
    columns = np.floor((np.arange(size[0]) + 0.5) * image.shape[1] / size[0]).astype(int)
    rows = np.floor((np.arange(size[1]) + 0.5) * image.shape[0] / size[1]).astype(int)
    return image[np.ix_(rows, columns)]


def _info(color: Camera, depth: Camera, count: int) -> str:
    unit = " ".join(str(value) for value in np.eye(4).ravel())
    lines = ["m_versionNumber = 4", "m_sensorName = TangoDevice", "m_depthShift = 1000"]
    for kind, camera in (("color", color), ("depth", depth)):
        lines += [f"m_{kind}Width = {camera.width}", f"m_{kind}Height = {camera.height}"]
        matrix = np.eye(4)
        matrix[[0, 1, 0, 1], [0, 1, 2, 2]] = camera.intrinsics
        lines.append(f"m_calibration{kind.title()}Intrinsic = {' '.join(f'{value:.6f}' for value in matrix.ravel())}")
        lines.append(f"m_calibration{kind.title()}Extrinsic = {unit}")
    return "\n".join([*lines, f"m_frames.size = {count}"]) + "\n"


def _write_mesh(path: Path, film: Film) -> None:
    vertices = colored_vertices(film.vertices, film.vertex_colors, (("objectId", "<u2"), ("globalId", "<u2")))
    vertices["objectId"] = film.vertex_thing + 1
    write_triangles(path, vertices, film.faces)


def _write_annotation(path: Path, film: Film) -> None:
    groups = []
    for index, (label, box) in enumerate(zip(film.labels, film.boxes, strict=True)):
        obb = {
            "centroid": box.center.tolist(),
            "axesLengths": box.size.tolist(),
            "normalizedAxes": box.rotation.T.ravel().tolist(),
        }
        groups.append({"id": index + 1, "objectId": index + 1, "label": label, "segments": [], "obb": obb})
    path.write_text(json.dumps({"scan_id": SCENE_ID, "segGroups": groups}), encoding="utf-8")
