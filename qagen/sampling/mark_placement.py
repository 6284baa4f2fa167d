"""Marks on objects: where they are put, and whether two can be told apart."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from qagen.core.answer import Box2D
from qagen.core.question import MarkedObject, MarkKind, Skip, about_image, about_objects
from qagen.core.reasons import (
    BOXES_NOT_EXACT,
    LABEL_NOT_UNIQUE,
    MARKS_OVERLAP,
    POSSIBLY_UNANNOTATED,
    TOO_LITTLE_LABELED,
    UNCLEAR_MASK,
)
from qagen.visibility.views import SceneViews

MARK_GAP = 40
"""Least distance between point marks of one image, thousandths of the image."""


MARKING_SKIPS = frozenset(
    {BOXES_NOT_EXACT, LABEL_NOT_UNIQUE, MARKS_OVERLAP, POSSIBLY_UNANNOTATED, TOO_LITTLE_LABELED, UNCLEAR_MASK}
)
"""Reasons for which mark_objects refuses."""


def mark_objects(
    views: SceneViews, frames: tuple[int, ...], placed: Mapping[str, tuple[int, int]], kind: MarkKind
) -> tuple[MarkedObject, ...] | Skip:
    """The objects pointed out in images of ``frames``, or why they cannot be.

    Args:
        placed: for each color the object and the index of the image that carries its mark.
    """
    roles = tuple(mark(views, frames, color, item, image, kind) for color, (item, image) in placed.items())
    if kind == "none" and not views.lists_all(frames):
        return Skip(TOO_LITTLE_LABELED, about_image(frames[0]))
    if kind == "none" and not views.is_named_clearly(frames)[[role.object for role in roles]].all():
        return Skip(LABEL_NOT_UNIQUE, about_objects(roles))
    if kind == "none" and any(views.may_show_more(frames, [role.object]) for role in roles):
        return Skip(POSSIBLY_UNANNOTATED, about_objects(roles))
    if kind == "mask" and not views.exact[[frames[role.image] for role in roles]].all():
        return Skip(BOXES_NOT_EXACT, about_objects(roles))
    if kind == "mask" and not all(role.place for role in roles):
        return Skip(UNCLEAR_MASK, about_objects(roles))
    return Skip(MARKS_OVERLAP, about_objects(roles)) if marks_collide(roles) else roles


def markable_as(views: SceneViews, frames: tuple[int, ...], kind: MarkKind) -> NDArray[np.bool_]:
    """(len(frames), O) which of some frames can mark each object; with "none", which of them show it well."""
    markable = views.markable[list(frames)]
    if kind == "none":
        return markable & views.seen[list(frames)] & views.is_named_clearly(frames)
    if kind != "mask":
        return markable
    clear = [
        [is_shown and bool(views.mask(frame, item)) for item, is_shown in enumerate(row)]
        for frame, row in zip(frames, (markable & views.exact[list(frames), None]).tolist(), strict=True)
    ]
    return np.array(clear, dtype=bool).reshape(markable.shape)


def mark(views: SceneViews, frames: tuple[int, ...], color: str, item: int, image: int, kind: MarkKind) -> MarkedObject:
    """Object ``item`` marked in image ``image`` of ``frames``, where it is visible.

    A mask that would mislead has no runs: see ``mark_objects``, which refuses it.
    """
    place: tuple[int, ...] = ()
    if kind == "point":
        place = to_permille(views.mark_xy[frames[image], item])
    elif kind == "bbox":
        place = visible_box(views, frames[image], item)
    elif kind == "mask":
        place = views.mask(frames[image], item)
    return MarkedObject(color, item, image, kind, place)


def visible_box(views: SceneViews, frame: int, item: int) -> Box2D:
    """The tight box of what is visible of an object, integers 0-1000."""
    left, top, right, bottom = to_permille(views.visible_box[frame, item])
    return left, top, right, bottom


def to_permille(fractions: NDArray[np.float64]) -> tuple[int, ...]:
    """Fractions of the image's size to integers 0-1000, clipped to the image."""
    return tuple(min(max(round(value * 1000), 0), 1000) for value in fractions.tolist())


def marks_collide(roles: tuple[MarkedObject, ...]) -> bool:
    """Whether two marks of one image can hardly be told apart. Masks can: no two objects share a pixel."""
    for first, second in combinations(roles, 2):
        if first.image != second.image or first.kind not in ("point", "bbox"):
            continue
        if max(abs(a - b) for a, b in zip(first.place, second.place, strict=True)) < MARK_GAP:
            return True
    return False


def has_unique_label(views: SceneViews, frames: tuple[int, ...]) -> NDArray[np.bool_]:
    """(O,) whether nothing else that may be visible in the frames is of the object's kind."""
    shown = ~views.absent[list(frames)].all(axis=0)
    return np.bincount(views.kinds, weights=shown)[views.kinds] == shown
