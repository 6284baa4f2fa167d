"""How SpaceVista's trainer finds what a flat item marks, in our own words (sft/, commit 920a9b7).

It takes ``extra_info`` as text or null, decodes lists from JSON, looks a prompt's frame up by its path, takes the first
number of a point for y, and gives the marks of an image its four colors in the order of the list. It opens frames and
masks by their paths as they stand, relative to where it was started: a frame that is not there is black.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

COLORS = ("red", "blue", "green", "yellow")
CANDIDATE_COLORS = COLORS[1:]


@dataclass(frozen=True)
class Drawn:
    """A mark where the trainer means to draw it."""

    color: str
    frame: int
    place: tuple[int, ...]
    """x, y of a point; x1, y1, x2, y2 of a box; of a mask its number of pixels and the x and y of the middle one."""


def read(item: dict[str, Any], home: Path) -> list[Drawn]:
    """The marks of an item of the flat form."""
    info, frames = item["extra_info"], item["videos"][0]

    def frame(key: str) -> int:
        assert (home / info[key]).is_file()
        return frames.index(info[key])

    def decoded(key: str) -> Any:
        return json.loads(info[key])

    if info.get("bbox_bbox_1"):
        first = Drawn("red", frame("bbox_image_path_1"), _corners(decoded("bbox_bbox_1")))
        second = frame("bbox_image_path_2")
        boxes = enumerate(decoded("bbox_bboxes_2"))
        return [first, *(Drawn(CANDIDATE_COLORS[j % 3], second, _corners(box)) for j, box in boxes)]
    if info.get("bbox_bboxes"):
        return [Drawn(COLORS[j], frame("bbox_image_path"), _corners(b)) for j, b in enumerate(decoded("bbox_bboxes"))]
    if info.get("point_points"):
        at = frame("point_image_path")
        return [Drawn(COLORS[j], at, (x, y)) for j, (y, x) in enumerate(decoded("point_points"))]
    if info.get("mask_mask_path"):
        ids = np.load(home / info["mask_mask_path"])
        at = frame("mask_image_path")
        return [Drawn(COLORS[j], at, _extent(ids == own)) for j, own in enumerate(decoded("mask_object_ids"))]
    return []


def _corners(box: dict[str, int]) -> tuple[int, ...]:
    return box["x1"], box["y1"], box["x2"], box["y2"]


def _extent(mask: np.ndarray) -> tuple[int, ...]:
    rows, columns = np.nonzero(mask)
    middle = len(rows) // 2
    return len(rows), int(columns[middle]), int(rows[middle])
