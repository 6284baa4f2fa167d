"""Pictures of frames with the projected boxes and names of their objects, for people to look at."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from qagen.core.scene import Frame, Object3D, Scene
from qagen.visibility.views import NEAR_M, SceneViews

WIDTH = 1000
COLORS = ("#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#46f0f0", "#f032e6", "#bcf60c", "#fabebe")
EDGES = [(i, i | bit) for i in range(8) for bit in (1, 2, 4) if not i & bit]
MAX_BOXES = 14
MAX_DEPTH_M = 6.0


def draw_overlay(scene: Scene, frame: Frame, views: SceneViews | None) -> Image.Image:
    """The frame's image with the boxes of the objects in view: those that questions may use, else the nearest."""
    image = Image.open(io.BytesIO(frame.color.read_bytes())).convert("RGB")
    image = image.resize((WIDTH, round(WIDTH * image.height / image.width)))
    canvas = ImageDraw.Draw(image)
    for number, item in enumerate(_objects_in_view(scene, frame, views)):
        _draw_box(canvas, frame, item, COLORS[number % len(COLORS)], (image.width, image.height))
    return image


def _objects_in_view(scene: Scene, frame: Frame, views: SceneViews | None) -> list[Object3D]:
    ids = [] if views is None else [other.id for other in views.frames]
    if views is not None and frame.id in ids and (askable := views.askable[ids.index(frame.id)]).any():
        return [scene.objects[i] for i in np.flatnonzero(askable)][:MAX_BOXES]
    camera = frame.camera
    depths = []
    for item in scene.objects:
        center = frame.world_from_camera.inverse() @ item.box.center
        u, v = camera.project(center)
        if 0 <= u < camera.width and 0 <= v < camera.height and NEAR_M < center[2] < MAX_DEPTH_M:
            depths.append((float(center[2]), item.id, item))
    return [item for _, _, item in sorted(depths, key=lambda entry: entry[:2])][:MAX_BOXES]


def _draw_box(canvas: ImageDraw.ImageDraw, frame: Frame, item: Object3D, color: str, size: tuple[int, int]) -> None:
    corners = frame.world_from_camera.inverse() @ item.box.corners
    for first, second in EDGES:
        line = _clipped(corners[first], corners[second])
        if line is not None:
            ends = frame.camera.to_fraction(frame.camera.project(line)) * size
            canvas.line([tuple(end) for end in ends.clip(-1e5, 1e5).tolist()], fill=color, width=3)
    center = frame.camera.to_fraction(frame.camera.project(frame.world_from_camera.inverse() @ item.box.center)) * size
    if np.isfinite(center).all():
        x, y = np.clip(center, (0, 0), (size[0] - 60, size[1] - 16)).tolist()
        canvas.rectangle(canvas.textbbox((x, y), item.label), fill="white")
        canvas.text((x, y), item.label, fill="black")


def _clipped(a: NDArray, b: NDArray) -> NDArray | None:
    """(2, 3) the part of a segment between points (3,) that is farther than NEAR_M, or None; camera frame, meters."""
    if max(a[2], b[2]) <= NEAR_M:
        return None
    near, far = (a, b) if a[2] < b[2] else (b, a)
    if near[2] < NEAR_M:
        near = far + (near - far) * (far[2] - NEAR_M) / (far[2] - near[2])
    return np.stack([near, far])
