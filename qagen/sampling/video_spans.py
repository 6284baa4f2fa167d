"""Parts of a scene's video of which it is known how the camera moves through them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, zip_longest
from typing import NamedTuple

from qagen.core.question import SCENE, Question, Skip, about_image
from qagen.core.reasons import CLASS_QUOTA, IMAGES_APART, NO_VIDEO, TRAJECTORY_GAP
from qagen.sampling.pool import MAX_PER_FACT
from qagen.visibility.camera_path import Span
from qagen.visibility.views import SceneViews

SPAN_SKIPS = frozenset({NO_VIDEO, IMAGES_APART, TRAJECTORY_GAP, CLASS_QUOTA})
"""Reasons for which nothing is known of a part of a video, or enough is asked."""
MOST_BEFORE_SECOND = 2
"""An answer may be asked for at most this many times as often as the second most frequent one."""


class Ends(NamedTuple):
    """Positions in a video of two of its frames."""

    first: int
    """The earlier one."""
    last: int
    """The later one."""


def all_ends(count: int) -> Iterator[Ends]:
    """Every two of so many frames."""
    return (Ends(first, last) for first in range(count) for last in range(first + 1, count))


def thirds(ends: Ends) -> tuple[Ends, Ends, Ends] | None:
    """The thirds of a part of a video, which share their ends; None where it has none of whole frames."""
    length, rest = divmod(ends.last - ends.first, 3)
    starts = [ends.first + k * length for k in range(3)]
    return None if rest else (Ends(starts[0], starts[1]), Ends(starts[1], starts[2]), Ends(starts[2], ends.last))


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


def taking_turns(views: SceneViews, candidates: Iterable[Question | Skip]) -> Iterator[Question | Skip]:
    """Refusals as they come, then the questions: each fact at most MAX_PER_FACT times, answers (the first class of a
    question) taking turns, and none much more often than the others. One refusal where the scene has no video."""
    if not views.video:
        yield Skip(NO_VIDEO, SCENE)
        return
    found: dict[str, list[Question]] = defaultdict(list)
    facts: Counter[tuple | None] = Counter()
    for candidate in candidates:
        if isinstance(candidate, Skip):
            yield candidate
        elif facts[candidate.fact] < MAX_PER_FACT:
            facts[candidate.fact] += 1
            found[candidate.classes[0]].append(candidate)
    second = sorted([0, *map(len, found.values())])[-2] if found else 0
    most = max(2 * MAX_PER_FACT, MOST_BEFORE_SECOND * second)
    yield from filter(None, chain.from_iterable(zip_longest(*(asked[:most] for asked in found.values()))))
    for question in chain.from_iterable(asked[most:] for asked in found.values()):
        yield Skip(CLASS_QUOTA, about_image(question.frames[int(str(question.facts["first"]))]))
