"""Writes the film as a scan of 3RScan (github.com/WaldJohannaU/3RScan, its README and FAQ).

The phone is held upright and stores its images lying on their side: they are the film's, turned a quarter
counter-clockwise. Depth is smaller than color and has intrinsics of its own.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.demo.film import Film, sampled
from qagen.demo.layouts.geometry import colored_positions, oriented_box, write_ply

SCENE_ID = "9000de30-0000-4000-8000-000000000001"
STEP = 3
DEPTH_SHARE = 0.35
JPEG_QUALITY = 95
FILM_FROM_STORED = Pose(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.zeros(3))
"""The film's camera from the stored one: turning an image clockwise brings its x to y."""


def write(film: Film, root: Path) -> None:
    """Write one scan below ``root``."""
    folder = root / SCENE_ID
    sequence = folder / "sequence"
    sequence.mkdir(parents=True)
    upright = film.camera
    # turned counter-clockwise, pixel (x, y) goes to (y, w - 1 - x)
    cx, cy = upright.cy, upright.width - 1 - upright.cx
    color = Camera(upright.fy, upright.fx, cx, cy, width=upright.height, height=upright.width)
    size = (round(DEPTH_SHARE * color.width), round(DEPTH_SHARE * color.height))
    chosen = range(0, len(film.poses), STEP)
    for number, index in enumerate(chosen):
        _write_frame(film, index, f"{sequence}/frame-{number:06d}", size)
    (sequence / "_info.txt").write_text(_info(color, color.scaled(*size), len(chosen)), encoding="utf-8")
    vertices = colored_positions(film.vertices, film.vertex_colors)
    vertices |= {"objectId": (film.vertex_object + 1).astype("<u2"), "globalId": np.zeros(len(film.vertices), "<u2")}
    write_ply(folder / "labels.instances.annotated.v2.ply", vertices, film.faces)
    groups = [
        {"id": number, "objectId": number, "label": label, "segments": [], "obb": oriented_box(box)}
        for number, (label, box) in enumerate(zip(film.labels, film.boxes, strict=True), start=1)
    ]
    annotation = {"scan_id": SCENE_ID, "segGroups": groups}
    (folder / "semseg.v2.json").write_text(json.dumps(annotation), encoding="utf-8")


def _write_frame(film: Film, index: int, stem: str, depth_size: tuple[int, int]) -> None:
    picture = np.ascontiguousarray(np.rot90(film.color_bgr(index)))
    cv2.imwrite(f"{stem}.color.jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    depth = sampled(np.rot90(film.depth_mm(index)), *depth_size)
    header = f"P5\n{depth_size[0]} {depth_size[1]}\n65535\n"
    Path(f"{stem}.depth.pgm").write_bytes(header.encode() + depth.astype(">u2").tobytes())
    pose = (film.poses[index] @ FILM_FROM_STORED).matrix
    Path(f"{stem}.pose.txt").write_text("".join(" ".join(f"{v:.8f}" for v in row) + "\n" for row in pose))


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
