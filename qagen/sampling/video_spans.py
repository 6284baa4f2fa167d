"""Parts of a scene's video of which it is known how the camera moves through them."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from qagen.core.question import Skip
from qagen.core.reasons import IMAGES_APART, TRAJECTORY_GAP
from qagen.visibility.camera_path import Span
from qagen.visibility.views import SceneViews

SPAN_SKIPS = frozenset({IMAGES_APART, TRAJECTORY_GAP})
"""Reasons for which nothing is known of a part of a video."""


class Ends(NamedTuple):
    """Positions in a video of two of its frames."""

    first: int
    """The earlier one."""
    last: int
    """The later one."""


def all_ends(count: int) -> Iterator[Ends]:
    """Every two of so many frames."""
    return (Ends(first, last) for first in range(count) for last in range(first + 1, count))


def span_between(
    views: SceneViews, frames: tuple[int, ...], ends: Ends, max_step_m: float, max_step_deg: float
) -> Span | Skip:
    """How the camera moves between two of the frames ``frames``; nothing is known across gaps, nor seen across jumps.

    Args:
        max_step_m: largest distance from one shown frame to the next, meters.
        max_step_deg: largest turn from one shown frame to the next, degrees.
    """
    start_s, end_s = (views.frames[frames[end]].time_s for end in ends)
    stretch = views.path.stretch(start_s, end_s)
    if stretch is None:
        return Skip(TRAJECTORY_GAP)
    for pair in pairwise(frames[ends.first : ends.last + 1]):
        if views.rotation_deg[pair] > max_step_deg or views.baseline_m[pair] > max_step_m:
            return Skip(IMAGES_APART)
    return Span(stretch, start_s, end_s)
