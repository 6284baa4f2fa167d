"""What the frames of a scene in the mirror show: the measurements of the scene itself, with left and right exchanged.

Nothing is measured again, so that what a mirror does not change stays the same to the last digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qagen.core.mirror import SIGNS, mirrored_place, mirrored_scene
from qagen.core.units import Units
from qagen.visibility.belief import Belief
from qagen.visibility.closest import Gap, Gaps
from qagen.visibility.views import SceneViews

EXCHANGED_SIDES = [1, 0, 2, 3, 4, 5]
"""Sides of a box, -x, +x, ..., in the order that they have in the mirror."""


@dataclass(frozen=True, eq=False)
class MirroredViews(SceneViews):
    """The measurements of a mirrored scene."""

    original: SceneViews
    """The measurements of the scene itself."""

    def may_show_more(self, frames: Sequence[int], objects: Sequence[int]) -> bool:
        return self.original.may_show_more(frames, objects)

    def mask(self, frame: int, item: int) -> tuple[int, ...]:
        place = self.original.mask(frame, item)
        return mirrored_place("mask", place) if place else ()

    @cached_property
    def units(self) -> Units | None:
        return self.original.units

    @cached_property
    def gaps(self) -> Gaps:
        return self.original.gaps

    def gap_to_camera(self, frame: int, item: int) -> Gap:
        return self.original.gap_to_camera(frame, item)

    @cached_property
    def covers(self) -> NDArray[np.bool_]:
        return self.original.covers


def mirrored_views(views: SceneViews) -> MirroredViews:
    """The measurements of the scene in a mirror at x = 0."""
    scene = mirrored_scene(views.scene)
    frames = {frame.id: frame for frame in scene.frames}
    own = {field.name: getattr(views, field.name) for field in fields(SceneViews)}
    own |= {
        "scene": scene,
        "frames": tuple(frames[frame.id] for frame in views.frames),
        "cameras": views.cameras * np.outer([*SIGNS, 1.0], [*SIGNS, 1.0]),
        "centers": views.centers * SIGNS,
        "center_xy": _points(views.center_xy),
        "visible_box": _boxes(views.visible_box),
        "projected_box": _boxes(views.projected_box),
        "mark_xy": _points(views.mark_xy),
        "belief": _belief(views.belief),
        "surface": views.surface * SIGNS,
    }
    return MirroredViews(**own, original=views)


def _points(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places (..., 2) as fractions of width and height."""
    return np.stack([1 - xy[..., 0], xy[..., 1]], axis=-1)


def _boxes(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Left, top, right, bottom (..., 4) as fractions of width and height."""
    left, top, right, bottom = np.moveaxis(edges, -1, 0)
    return np.stack([1 - right, top, 1 - left, bottom], axis=-1)


def _belief(belief: Belief) -> Belief:
    """Pieces of surface that nobody annotated stay where they are; ``may_show_more`` asks the original about them."""
    extents = belief.extents
    return replace(
        belief,
        extents=replace(
            extents, is_sure=extents.is_sure[:, EXCHANGED_SIDES], slack_m=extents.slack_m[:, EXCHANGED_SIDES]
        ),
    )
