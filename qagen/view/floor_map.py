"""What the evidence of a run tells about the floor plans of its scenes: objects, and where cameras stood and looked.

Evidence has the center of an object in the world and in the camera that sees it. Three objects that are not in line, in
any of the samples that show a frame, tell the pose of its camera.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.records.marks import Mark

MIN_SPREAD = 0.02
"""Least width of three objects about their line, as a share of the distance between them, that tell a pose."""
MAX_RESIDUAL = 0.01
"""Largest error of a pose that objects tell, as a share of their spread."""
MIN_MARKS, MIN_ASIDE = 8, 0.1
"""Number of marks that tell a field of view, and how far aside they must lie, as a share of their depth."""
Point = NDArray[np.float64]


class FloorMap:
    """The floor plan of one scene, in the units of its evidence."""

    def __init__(self) -> None:
        self._objects: dict[str, list[Any]] = {}
        self._seen: defaultdict[str, dict[str, tuple[list[float], list[float]]]] = defaultdict(dict)
        self._focal: list[float] = []
        self.unit = "m"

    def add(self, evidence: Mapping[str, Any], marks: Sequence[Mark]) -> None:
        """Take in a line of evidence, with the marks of its record; lines of scenes without a floor tell nothing."""
        self.unit = "u" if evidence.get("unit") is None else "m"
        frames = evidence.get("frames", ())
        for item in evidence.get("objects", ()):
            center, size, inside = (item.get(f"{name}_{self.unit}") for name in ("center", "size", "center_in_camera"))
            if "yaw_deg" not in item or not center or not size or not inside or item["image"] >= len(frames):
                continue
            name = str(item["id"])
            self._objects[name] = [item["label"], *_brief([*center[:2], *size[:2]]), round(item["yaw_deg"], 1)]
            self._seen[frames[item["image"]]][name] = center, inside
            self._focal += _focal_lengths(item, inside, marks)

    def data(self) -> dict[str, Any]:
        """Objects by id (label, x, y, width, length, yaw in degrees), cameras by frame (x, y, heading in degrees).

        ``view_deg`` is the horizontal field of view, None where too few marks tell it.
        """
        poses = {frame: camera_from(list(seen.values())) for frame, seen in sorted(self._seen.items())}
        is_known = len(self._focal) >= MIN_MARKS
        view = round(2 * math.degrees(math.atan(0.5 / float(np.median(self._focal))))) if is_known else None
        cameras = {frame: list(pose) for frame, pose in poses.items() if pose is not None}
        return {"objects": self._objects, "cameras": cameras, "view_deg": view, "unit": self.unit}


def camera_from(seen: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[float, float, float] | None:
    """Where a camera stands, x and y, and its heading in degrees counterclockwise from x; None where that is not sure.

    Args:
        seen: centers of objects in the world, and in the camera (x right, y down, z ahead).
    """
    if len(seen) < 3:
        return None
    world, inside = (np.array([pair[k] for pair in seen], np.float64) for k in (0, 1))
    world_mean, inside_mean = world.mean(axis=0), inside.mean(axis=0)
    u, spread, vt = np.linalg.svd((inside - inside_mean).T @ (world - world_mean))
    if spread[1] < MIN_SPREAD**2 * spread[0]:
        return None
    rotation = vt.T @ np.diag([1.0, 1.0, float(np.sign(np.linalg.det(vt.T @ u.T)))]) @ u.T
    errors = (world - world_mean) - (inside - inside_mean) @ rotation.T
    if np.abs(errors).max() > MAX_RESIDUAL * float(np.sqrt(spread[0])):
        return None
    place, ahead = world_mean - rotation @ inside_mean, rotation[:, 2]
    return (*_brief(place[:2].tolist()), round(math.degrees(math.atan2(ahead[1], ahead[0])), 1))  # type: ignore[return-value]


def _focal_lengths(item: Mapping[str, Any], inside: Sequence[float], marks: Sequence[Mark]) -> list[float]:
    """What a mark's place tells of the focal length, in widths of the image; its object's center lies near it."""
    x, _, z = inside
    if z <= 0 or abs(x) < MIN_ASIDE * z:
        return []
    found = [mark.box for mark in marks if (mark.image, mark.color) == (item["image"], item.get("color"))]
    middles = [(box[0] + box[-2]) / 2000 - 0.5 for box in found if len(found) == 1]
    return [middle * z / x for middle in middles if middle * x > 0]


def _brief(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]
