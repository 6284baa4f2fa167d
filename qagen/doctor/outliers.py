"""Single frames that do not fit their neighbors: a pose, a depth image or a color image that is not their own.

The points that one frame measures are moved into a frame next to it by the two poses. There the depth should agree,
and the color images should be equally bright or dark where it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qagen.doctor.finding import Finding, Track, judge
from qagen.doctor.looks import Look, as_pixels, is_inside

REACH = 2
"""Frames are compared with the next ones up to so many later."""
POINTS = 1200
TOLERANCE = 0.04
"""Share of the depth by which two measurements of one point may differ."""
MIN_OVERLAP = 0.3
"""Least share of the points that both frames count as seeing."""
MIN_ALIKE = 100
"""Least number of points at which the brightness of two images is compared."""
MIN_CONTRAST = 3.0
"""Least standard deviation of their brightness, of 255."""
AGREES, DISAGREES = 0.7, 0.3
"""Agreement of the depth of two frames that fit, and of frames of which one does not belong."""
ALIKE, UNLIKE = 0.7, 0.45
"""Correlation of the brightness of two images of one place, and of images of different ones. Of sound frames, 0.76
and more were measured."""
MIN_PAIRS = 8
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two frames say of the points of the first."""

    agreement: float
    """Share of the points on whose depth both agree, of those that both measure, but of MIN_OVERLAP at least."""
    likeness: float
    """Correlation of the brightness of the points on whose depth both agree; NaN where too few tell."""


def check_outliers(looks: Sequence[Look], track: Track) -> list[Finding]:
    """Whether every frame fits its neighbors, in pose and depth and in color; nothing without depth."""
    places = range(len(looks))
    near = [(a, b) for a in places for b in places[a + 1 : a + 1 + REACH] if looks[b].index - looks[a].index <= REACH]
    pairs = {(a, b): compare(looks[a], looks[b]) for a, b in track(near, "neighboring frames")}
    known = {pair: comparison for pair, comparison in pairs.items() if comparison is not None}
    if not known:
        return []
    return [_check_places(looks, known), _check_colors(looks, known)]


Comparisons = dict[tuple[int, int], Comparison]


def _of(frame: int, known: Comparisons) -> list[Comparison]:
    return [comparison for pair, comparison in known.items() if frame in pair]


def _check_places(looks: Sequence[Look], known: Comparisons) -> Finding:
    """Frames that agree with neither neighbor although these agree with each other."""
    tested, odd = 0, []
    for frame in range(1, len(looks) - 1):
        around = known.get((frame - 1, frame + 1))
        own = [known[pair] for pair in ((frame - 1, frame), (frame, frame + 1)) if pair in known]
        if around is None or around.agreement < AGREES or len(own) < 2:
            continue
        tested += 1
        is_alike = any(one.likeness >= UNLIKE for one in own)
        if max(one.agreement for one in own) < DISAGREES and not is_alike:
            odd.append(looks[frame].frame.id)
    found = f"{tested} frames whose neighbors agree with each other"
    found += f", {len(odd)} of them with neither: {_some(odd)}" if odd else " agree with them"
    advice = "the poses or depth images of these frames are not their own: leave them out"
    return Finding("outliers", judge(not odd, False), found, "none", advice)


def _check_colors(looks: Sequence[Look], known: Comparisons) -> Finding:
    """Frames whose images look like no neighbor's where depth says that they show the same."""
    likeness = [one.likeness for one in known.values() if np.isfinite(one.likeness)]
    expected = f"{ALIKE:g} or more"
    if len(likeness) < MIN_PAIRS:
        return Finding("color", "ok", f"too few neighboring frames show the same to tell ({len(likeness)})", expected)
    middle = float(np.median(likeness))
    found = f"images of one place are alike by {middle:.2f} (median correlation of {len(likeness)} neighbors)"
    if middle < ALIKE:
        advice = "are color images paired rightly with poses and depth?"
        return Finding("color", judge(False, middle >= UNLIKE), found, expected, advice)
    odd = []
    for frame, look in enumerate(looks):
        own = [one.likeness for one in _of(frame, known) if np.isfinite(one.likeness)]
        if len(own) >= 2 and max(own) < UNLIKE:
            odd.append(look.frame.id)
    found += f"; not those of {len(odd)}: {_some(odd)}" if odd else ""
    return Finding("color", judge(not odd, False), found, expected, "these images are not their frames': leave them out")


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def compare(a: Look, b: Look) -> Comparison | None:
    """How well two frames fit; None where one has no depth."""
    if a.sample is None or b.sample is None:
        return None
    points = a.sample.points[:: max(1, len(a.sample.points) // POINTS)]
    there = b.frame.world_from_camera.inverse() @ (a.frame.world_from_camera @ points)
    pixels = np.floor(np.nan_to_num(b.sample.camera.project(there), nan=-1.0).clip(-1.0, 1e6) + 0.5).astype(np.int64)
    inside = is_inside(pixels, b.sample.depth.shape)
    x, y = pixels[inside].T
    measured = np.zeros(len(points))
    measured[inside] = b.sample.depth[y, x]
    is_known = measured > 0
    agrees = is_known & (np.abs(measured - there[:, 2]) <= TOLERANCE * there[:, 2])
    agreement = agrees.sum() / max(is_known.sum(), MIN_OVERLAP * len(points))
    return Comparison(float(agreement), _likeness(_seen(a, points[agrees]), _seen(b, there[agrees])))


def _seen(look: Look, points: np.ndarray) -> np.ndarray:
    """(n,) brightness of a frame's image at points (n, 3) of its camera, NaN outside of it."""
    pixels = as_pixels(look.frame, points, look.gray.shape)
    inside = is_inside(pixels, look.gray.shape)
    values = np.full(len(points), np.nan)
    values[inside] = look.gray[pixels[inside, 1], pixels[inside, 0]]
    return values


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < MIN_ALIKE or min(one[both].std(), other[both].std()) < MIN_CONTRAST:
        return float("nan")
    return float(np.corrcoef(one[both], other[both])[0, 1])
