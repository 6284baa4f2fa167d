"""Writes the film as a scan of ARKitScenes' download for 3D object detection (github.com/apple/ARKitScenes)."""

import json
from pathlib import Path

import cv2

from qagen.demo.film import FRAME_S, Film, sampled
from qagen.demo.layouts.geometry import colored_positions, oriented_box, write_ply

SCENE_ID = "40990000"
STEP = 2
SIZE = (256, 192)
START_S = 6790.377
UUID = "9000de30-0000-4000-8000-{:012d}"


def write(film: Film, root: Path) -> None:
    """Write one training scan below ``root``."""
    folder = root / "3dod" / "Training" / SCENE_ID
    frames = folder / f"{SCENE_ID}_frames"
    for name in ("lowres_wide", "lowres_depth", "lowres_wide_intrinsics"):
        (frames / name).mkdir(parents=True)
    lines = []
    for index in range(0, len(film.poses), STEP):
        time = f"{START_S + FRAME_S * index:.3f}"
        _write_frame(film, index, frames, f"{SCENE_ID}_{time}")
        camera_from_world = film.poses[index].inverse()
        axis_angle = cv2.Rodrigues(camera_from_world.rotation)[0].ravel()
        lines.append(" ".join([time, *(f"{value:.12g}" for value in (*axis_angle, *camera_from_world.translation))]))
    (frames / "lowres_wide.traj").write_text("\n".join(lines) + "\n", encoding="utf-8")
    vertices = colored_positions(film.vertices, film.vertex_colors)
    write_ply(folder / f"{SCENE_ID}_3dod_mesh.ply", vertices, film.faces)
    objects = []
    for index, (label, box) in enumerate(zip(film.labels, film.boxes, strict=True)):
        obb, name = oriented_box(box), label.replace(" ", "_")
        objects.append({"uid": UUID.format(index), "label": name, "segments": {"obb": obb, "obbAligned": obb}})
    annotation = json.dumps({"data": objects, "skipped": False})
    (folder / f"{SCENE_ID}_3dod_annotation.json").write_text(annotation, encoding="utf-8")


def _write_frame(film: Film, index: int, folder: Path, stem: str) -> None:
    small = cv2.resize(film.color_bgr(index), SIZE, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / "lowres_wide" / f"{stem}.png"), small)
    cv2.imwrite(str(folder / "lowres_depth" / f"{stem}.png"), sampled(film.depth_mm(index), *SIZE))
    camera = film.camera.scaled(*SIZE)
    words = f"{camera.width} {camera.height} {camera.fx:.6f} {camera.fy:.6f} {camera.cx:.6f} {camera.cy:.6f}\n"
    (folder / "lowres_wide_intrinsics" / f"{stem}.pincam").write_text(words)
