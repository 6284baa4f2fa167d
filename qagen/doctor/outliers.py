"""Single frames that do not fit the others: a pose, a depth image or a color image that is not their own.

The points that one frame measures are moved into another one by the two poses. That may measure something nearer,
which hides them, but hardly ever something farther, because then it looks through them. Where both agree, their color
images should be equally bright or dark.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.doctor.finding import Finding, judge
from qagen.doctor.looks import Look, as_pixels, is_inside
from qagen.stages import each

REACH = 2
"""Frames are compared with the next ones up to so many later."""
PARTNERS = 4
"""Other frames with which each is compared: those whose cameras are placed and turned most alike."""
TURN = np.radians(30.0)
"""Turn of a camera that makes it as unlike as a move by the median depth."""
POINTS = 1200
TOLERANCE, THROUGH = 0.04, 0.1
"""Share of the depth by which two measurements of one point may differ, and beyond which one looks through it."""
MIN_OVERLAP, MIN_PARTNERS = 0.15, 2
"""Least share of the points that the other frame measures as well, in both directions; least number of such frames."""
CONTRADICTED = 0.12
"""Least share of the points that others look through, median over them, of a frame that is out of place. At most 0.044
was measured of sound frames; 0.3 is usual of a pose that is wrong by 15 degrees or 0.5 m."""
MIN_ALIKE = 100
"""Least number of points at which the brightness of two images is compared."""
MIN_CONTRAST = 3.0
"""Least standard deviation of their brightness, of 255."""
ALIKE, UNLIKE = 0.7, 0.45
"""Correlation of the brightness of two images of one place, and of images of different ones. Of sound frames, 0.76
and more were measured."""
MIN_PAIRS = 8
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """What another frame says of the points that one measures."""

    overlap: float
    """Share of the points that the other measures as well."""
    through: float
    """Share of those through which the other looks."""
    likeness: float
    """Correlation of the brightness of the points on whose depth both agree; NaN where too few tell."""


Comparisons = Mapping[tuple[int, int], Comparison]
"""By the places of both among the frames looked at, in both orders."""


def check_outliers(looks: Sequence[Look]) -> list[Finding]:
    """Whether every frame fits the others, in pose and depth and in color; nothing without depth."""
    measured = [look for look in looks if look.sample is not None]
    known: dict[tuple[int, int], Comparison] = {}
    for pair in each("comparing frames", _pairs(measured)):
        a, b = pair
        known[a, b], known[b, a] = compare(measured[a], measured[b]), compare(measured[b], measured[a])
    return [_check_places(measured, known), _check_colors(measured, known)] if known else []


def _pairs(looks: Sequence[Look]) -> list[tuple[int, int]]:
    """Frames that follow each other, and frames whose cameras are alike; places among the frames, the lower first."""
    if not looks:
        return []
    index = np.array([look.index for look in looks])
    centers = np.array([look.frame.world_from_camera.translation for look in looks])
    ahead = np.array([look.frame.world_from_camera.rotation[:, 2] for look in looks])
    depth = float(np.median([np.median(look.sample.points[:, 2]) for look in looks if look.sample is not None]))
    apart = np.linalg.norm(centers[:, None] - centers, axis=-1) / depth
    apart += np.arccos(np.clip(ahead @ ahead.T, -1, 1)) / TURN
    np.fill_diagonal(apart, np.inf)
    nearest = np.argsort(apart.round(6), axis=1, kind="stable")[:, : min(PARTNERS, len(looks) - 1)]
    found = {(min(a, b), max(a, b)) for a, row in enumerate(nearest.tolist()) for b in row}
    places = range(len(looks))
    found |= {(a, b) for a in places for b in places[a + 1 : a + 1 + REACH] if index[b] - index[a] <= REACH}
    return sorted(found)


def _check_places(looks: Sequence[Look], known: Comparisons) -> Finding:
    """Frames that most others look through where both measure the same place."""
    contradictions: list[list[float]] = [[] for _ in looks]
    for (a, b), one in known.items():
        back = known[b, a]
        if min(one.overlap, back.overlap) >= MIN_OVERLAP:
            contradictions[a].append(max(one.through, back.through))
    tested = [place for place, shares in enumerate(contradictions) if len(shares) >= MIN_PARTNERS]
    odd = [looks[place].frame.id for place in tested if np.median(contradictions[place]) >= CONTRADICTED]
    found = f"{len(odd)} of {len(tested)} frames contradict those that see the same place"
    found += f": {_some(odd)}" if odd else ""
    advice = "the poses or depth images of these frames are not their own: leave them out"
    return Finding("outliers", judge(not odd, False), found, "none", advice)


def _check_colors(looks: Sequence[Look], known: Comparisons) -> Finding:
    """Frames whose images look like no other's where depth says that both show the same."""
    likeness: list[list[float]] = [[] for _ in looks]
    for (a, _), one in known.items():
        if np.isfinite(one.likeness):
            likeness[a].append(one.likeness)
    values = [value for row in likeness for value in row]
    expected = f"{ALIKE:g} or more"
    if len(values) < MIN_PAIRS:
        return Finding("color", "ok", f"too few frames show the same to tell ({len(values)})", expected)
    middle = float(np.median(values))
    found = f"images of one place are alike by {middle:.2f} (median correlation)"
    if middle < ALIKE:
        advice = "are color images paired rightly with poses and depth?"
        return Finding("color", judge(False, middle >= UNLIKE), found, expected, advice)
    odd = [look.frame.id for look, row in zip(looks, likeness, strict=True) if len(row) >= 2 and max(row) < UNLIKE]
    found += f"; not those of {len(odd)}: {_some(odd)}" if odd else ""
    advice = "these images are not their frames': leave them out"
    return Finding("color", judge(not odd, False), found, expected, advice)


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def compare(a: Look, b: Look) -> Comparison:
    """What frame b says of the points that frame a measures; both have depth."""
    assert a.sample is not None
    assert b.sample is not None
    points = a.sample.points[:: max(1, len(a.sample.points) // POINTS)]
    there = b.frame.world_from_camera.inverse() @ (a.frame.world_from_camera @ points)
    pixels = np.floor(np.nan_to_num(b.sample.camera.project(there), nan=-1.0).clip(-1.0, 1e6) + 0.5).astype(np.int64)
    inside = is_inside(pixels, b.sample.depth.shape)
    x, y = pixels[inside].T
    farther = np.full(len(points), np.nan)
    farther[inside] = np.where(b.sample.depth[y, x] > 0, b.sample.depth[y, x] / there[inside, 2] - 1, np.nan)
    is_known, agrees = np.isfinite(farther), np.abs(farther) <= TOLERANCE
    through = float((farther > THROUGH).sum() / max(is_known.sum(), 1))
    likeness = _likeness(_brightness(a, points[agrees]), _brightness(b, there[agrees]))
    return Comparison(float(is_known.mean()), through, likeness)


def _brightness(look: Look, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) brightness of a frame's image at points (n, 3) of its camera, NaN outside of it."""
    pixels = as_pixels(look.frame, points, look.gray.shape)
    inside = is_inside(pixels, look.gray.shape)
    values = np.full(len(points), np.nan)
    values[inside] = look.gray[pixels[inside, 1], pixels[inside, 0]]
    return values


def _likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < MIN_ALIKE or min(one[both].std(), other[both].std()) < MIN_CONTRAST:
        return float("nan")
    return float(np.corrcoef(one[both], other[both])[0, 1])
