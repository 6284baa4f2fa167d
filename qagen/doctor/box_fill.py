"""Whether things fill their boxes: boxes of doubled sizes hold all of their things, and lie in the right place."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Object3D, Scene
from qagen.doctor.depth_samples import DepthSample
from qagen.doctor.finding import Finding, judge, percent

MIN_POINTS = 60
RIM_PERCENT = 1.0
"""So much of the points at either end of an axis may be noise."""
FILL_OK, FILL_BEARABLE = 0.75, 0.6
OBJECTS = 3
"""A verdict needs at least so many."""


def check_fill(scene: Scene, shots: Sequence[DepthSample]) -> Finding | None:
    """How much of its longest-filled side a thing takes; None where nothing tells which points are its.

    The points are the annotation's or the labelled mesh's, or the depth of the pixels that the dataset's own instance
    images give it.
    """
    clouds = _clouds(scene, shots)
    shares = [_fill(scene.objects[index], cloud) for index, cloud in clouds.items() if len(cloud) >= MIN_POINTS]
    if len(shares) < OBJECTS:
        return None
    middle = float(np.median(shares))
    found = f"things take {percent(middle)} of a side of their box (median of {len(shares)})"
    advice = f"boxes are about {1 / middle:.1f} times as large as what they hold: were half sizes doubled twice?"
    return Finding(
        "fill", judge(middle >= FILL_OK, middle >= FILL_BEARABLE), found, percent(FILL_OK) + " or more", advice
    )


def _clouds(scene: Scene, shots: Sequence[DepthSample]) -> dict[int, NDArray[np.float64]]:
    """(n, 3) points, world, metres, by index of the object."""
    annotated = {i: item.points for i, item in enumerate(scene.objects) if item.points is not None}
    if scene.mesh is not None and not scene.mesh.is_by_box and not annotated:
        corners = scene.mesh.vertices[scene.mesh.faces]
        annotated = {i: corners[scene.mesh.face_object == i].reshape(-1, 3) for i in range(len(scene.objects))}
    if annotated:
        return {index: np.asarray(points, dtype=np.float64) for index, points in annotated.items()}
    seen: defaultdict[int, list[NDArray[np.float64]]] = defaultdict(list)
    for shot in {shot.frame.id: shot for shot in shots}.values():
        if shot.frame.instances is None:
            continue
        owner = _at_grid(shot.frame.instances.read_objects(), shot.depth.shape)[shot.depth > 0]
        points = shot.frame.world_from_camera @ shot.points
        for index in np.unique(owner[owner >= 0]):
            seen[int(index)].append(points[owner == index])
    return {index: np.concatenate(pieces) for index, pieces in seen.items()}


def _at_grid(image: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """An image at the pixel centres of a smaller one of the same view."""
    rows, cols = (
        np.floor((np.arange(size) + 0.5) * full / size).astype(int)
        for size, full in zip(shape, image.shape, strict=True)
    )
    return image[np.ix_(rows, cols)]


def _fill(item: Object3D, points: NDArray[np.float64]) -> float:
    """The largest share of a side of the box that lies between the outermost points."""
    local = (points - item.box.center) @ item.box.rotation
    low, high = np.percentile(local, (RIM_PERCENT, 100 - RIM_PERCENT), axis=0)
    return float(((high - low) / np.maximum(item.box.size, 1e-6))[item.box.size > 0.05].max(initial=0.0))
