"""Whether objects fill their boxes: boxes of doubled size hold their objects and lie in the right place, too."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Scene
from qagen.doctor.depth_samples import DepthSample
from qagen.doctor.finding import Finding, judge, percent
from qagen.visibility.instances import resampled_instances

MIN_POINTS = 60
MIN_SIDE_M = 0.05
"""Shorter sides are not compared."""
RIM_PERCENT = 1.0
"""Share of the points at either end of an axis that may be noise."""
FILL_OK, FILL_BEARABLE = 0.75, 0.6
MIN_OBJECTS = 3
"""Least number of objects for a verdict."""


def check_box_fill(scene: Scene, samples: Sequence[DepthSample]) -> Finding | None:
    """How much of its best-filled side an object takes; None where nothing tells which points belong to it.

    The points are those of the annotation or the labeled mesh, or else the depth of the pixels that the dataset's own
    instance images give to the object.
    """
    shares = []
    for index, points in _object_clouds(scene, samples).items():
        if len(points) >= MIN_POINTS:
            box = scene.objects[index].box
            local = (points - box.center) @ box.rotation
            low, high = np.percentile(local, (RIM_PERCENT, 100 - RIM_PERCENT), axis=0)
            is_compared = box.size > MIN_SIDE_M
            shares.append(float(((high - low)[is_compared] / box.size[is_compared]).max(initial=0.0)))
    if len(shares) < MIN_OBJECTS:
        return None
    middle = float(np.median(shares))
    verdict = judge(middle >= FILL_OK, middle >= FILL_BEARABLE)
    found = f"objects take {percent(middle)} of a side of their box (median of {len(shares)})"
    advice = f"boxes are about {1 / middle:.1f} times as large as what they hold: were half sizes doubled twice?"
    return Finding("fill", verdict, found, f"{percent(FILL_OK)} or more", advice)


def _object_clouds(scene: Scene, samples: Sequence[DepthSample]) -> dict[int, NDArray[np.float64]]:
    """(n, 3) points, world, meters, by index of the object."""
    annotated = {i: item.points for i, item in enumerate(scene.objects) if item.points is not None}
    if scene.mesh is not None and not scene.mesh.is_by_box and not annotated:
        corners = scene.mesh.vertices[scene.mesh.faces]
        annotated = {i: corners[scene.mesh.face_object == i].reshape(-1, 3) for i in range(len(scene.objects))}
    if annotated:
        return {index: np.asarray(points, dtype=np.float64) for index, points in annotated.items()}
    seen: defaultdict[int, list[NDArray[np.float64]]] = defaultdict(list)
    for sample in samples:
        if sample.frame.instances is None:
            continue
        owner = resampled_instances(sample.frame.instances.read_objects(), sample.camera)[sample.depth > 0]
        points = sample.frame.world_from_camera @ sample.points
        for index in np.unique(owner[owner >= 0]):
            seen[int(index)].append(points[owner == index])
    return {index: np.concatenate(pieces) for index, pieces in seen.items()}
