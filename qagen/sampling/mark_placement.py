"""Marks on objects: where they are put, and whether two can be told apart."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from qagen.core.answer import Box2D
from qagen.core.question import MarkedObject, MarkKind
from qagen.visibility.views import SceneViews

MARK_GAP = 40
"""Least distance between point marks of one image, thousandths of the image."""


def mark(views: SceneViews, frames: tuple[int, ...], color: str, item: int, image: int, kind: MarkKind) -> MarkedObject:
    """Object ``item`` marked in image ``image`` of ``frames``, where it is visible."""
    if kind == "point":
        place = to_permille(views.mark_xy[frames[image], item])
    else:
        place = visible_box(views, frames[image], item)
    return MarkedObject(color, item, image, kind, place)


def visible_box(views: SceneViews, frame: int, item: int) -> Box2D:
    """The tight box of what is visible of an object, integers 0-1000."""
    left, top, right, bottom = to_permille(views.visible_box[frame, item])
    return left, top, right, bottom


def to_permille(fractions: NDArray[np.float64]) -> tuple[int, ...]:
    """Fractions of the image's size to integers 0-1000, clipped to the image."""
    return tuple(min(max(round(value * 1000), 0), 1000) for value in fractions.tolist())


def marks_collide(roles: tuple[MarkedObject, ...]) -> bool:
    """Whether two marks of one image can hardly be told apart."""
    for first, second in combinations(roles, 2):
        gaps = [abs(a - b) for a, b in zip(first.place, second.place, strict=True)]
        if first.image == second.image and max(gaps) < MARK_GAP:
            return True
    return False
