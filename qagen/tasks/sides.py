"""One side of two boxes compared: from when on a viewer and the geometry agree on which is larger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qagen.core.box import SIDE_AXES
from qagen.core.question import Skip
from qagen.core.reasons import (
    AMBIGUOUS,
    CUT_OFF,
    EXTENT_NOT_OBSERVED,
    MOSTLY_OCCLUDED,
    PART_OF_A_WHOLE,
    SEEN_END_ON,
    TOO_DIFFERENT,
)
from qagen.tasks._base import Bound, MarkedConfig
from qagen.visibility.views import SceneViews

Side = Literal["height", "width", "longest"]
SIDES: tuple[Side, ...] = ("height", "width", "longest")


class SidesConfig(MarkedConfig):
    """Keys of types that compare sides."""

    gap_share: Bound = 0.15
    """Least difference of the two sides, as a share of the larger one."""
    gap_m: Bound = 0.10
    """Least difference of the two sides, meters: a scan blurs each by up to 5 centimeters."""
    max_ratio: Bound = 2.5
    """Objects of which one is more than so many times as large are not compared: names alone would tell."""
    min_in_image: Bound = 0.9
    """Least share of either object's surface inside the image."""
    min_visible: Bound = 0.5
    """Least share of either object's pixels that is not occluded."""
    min_unforeshortened: Bound = 0.5
    """Least share of either side that is seen across the line of sight: 1 from the front, 0 end on."""


@dataclass(frozen=True, slots=True)
class Sides:
    """One side of two objects, and how clearly they are different in it."""

    lengths_m: tuple[float, float]
    """Its length of each, meters."""
    margin: float
    """Distance of the deciding quantity from its threshold, as a share of that; negative where it does not decide."""
    reason: str
    """The reason to refuse the objects for where the margin is negative."""


SIDES_SKIPS = frozenset(
    {AMBIGUOUS, CUT_OFF, EXTENT_NOT_OBSERVED, MOSTLY_OCCLUDED, PART_OF_A_WHOLE, SEEN_END_ON, TOO_DIFFERENT}
)
"""Reasons for which compare_sides refuses."""


def compare_sides(views: SceneViews, limits: SidesConfig, frame: int, items: Sequence[int], side: Side) -> Sides | Skip:
    """The same side of two objects, and whether all of both can be seen in a frame and one is clearly larger in it."""
    if not all(_is_sure(views, item, side) for item in items):
        return Skip(EXTENT_NOT_OBSERVED)
    if side == "height" and views.covers[items].any():
        return Skip(PART_OF_A_WHOLE)
    boxes = [views.scene.objects[item].box for item in items]
    first, second = (box.longest(SIDE_AXES[side]) for box in boxes)
    eye = views.frames[frame].world_from_camera.translation
    seen = min(box.unforeshortened(SIDE_AXES[side], eye) for box in boxes)
    shorter, longer = sorted((first, second))
    margins = {
        AMBIGUOUS: min((longer - shorter) / (limits.gap_share * longer), (longer - shorter) / limits.gap_m) - 1,
        TOO_DIFFERENT: 1 - longer / (limits.max_ratio * shorter),
        CUT_OFF: float(views.in_image_fraction[frame, items].min()) / limits.min_in_image - 1,
        MOSTLY_OCCLUDED: float(views.visible_fraction[frame, items].min()) / limits.min_visible - 1,
        SEEN_END_ON: seen / limits.min_unforeshortened - 1,
    }
    reason = min(margins, key=lambda name: margins[name])
    return Sides((first, second), margins[reason], reason)


def _is_sure(views: SceneViews, item: int, side: Side) -> bool:
    """Whether the ends of a side are sure; of the horizontal ones both, because either may be the longer one."""
    ends = {"height": slice(4, 6), "width": slice(0, 4), "longest": slice(0, 6)}[side]
    return bool(views.belief.is_whole[item] and views.belief.extents.is_sure[item, ends].all())
