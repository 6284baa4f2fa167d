"""Whether color images are those of the depth images: where depth jumps, the image should have an edge.

The image of another frame has edges there only by chance. How much stronger those of a frame's own image are, in
standard deviations over the images of other frames, tells whether they belong together; a reading under which they
are stronger still, such as the images in reverse order, tells what went wrong.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qagen.core.spacing import evenly_spaced
from qagen.doctor.finding import Finding, judge
from qagen.doctor.looks import Look, is_inside
from qagen.stages import each

MIN_JUMPS, MOST_JUMPS = 100, 800
OTHERS, AWAY = 30, 5
"""Number of images of other frames that are held against, and how many frames they are away at least."""
MIN_FRAMES = 8
CLEAR, BEARABLE = 2.0, 1.0
"""Standard deviations of sound frames, median: 3 to 7 were measured."""
BETTER, LEAST_BETTER = 1.0, 2.0
"""Standard deviations by which another reading must be better to be named, and what it must reach."""
SHIFTS = (1, -1, 2, -2, 3, -3)
ZOOMS = (1.1, 1 / 1.1, 1.05, 1 / 1.05)
BETTER_ZOOM = 0.5
"""Standard deviations by which another focal length must be better to be named: the next best is close to the best."""


def check_color_edges(looks: Sequence[Look]) -> Finding | None:
    """Whether jumps of depth meet edges of their color images, and in which reading they would; None without depth."""
    if not any(look.sample is not None for look in looks):
        return None
    expected = f"{CLEAR:g} or more"
    rows = [row for look in each("comparing edges", looks) if (row := _scores(look, looks)) is not None]
    if len(rows) < MIN_FRAMES:
        return Finding("color edges", "ok", f"too few frames with jumps of depth to tell by ({len(rows)})", expected)
    own = _median(rows, "")
    found = f"where depth jumps, images have edges by {own:.1f} standard deviations more than other images "
    found += f"({len(rows)} frames)"
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name]
    gains = {name: _gain(rows, name) for name in names}
    best = max(names, key=lambda name: gains[name], default="")
    needed = BETTER_ZOOM if best.startswith("focal") else BETTER
    if best and gains[best] >= needed and _median(rows, best) >= LEAST_BETTER:
        advice = f"{_median(rows, best):.1f} with: {best}"
        return Finding("color edges", "FAIL", found, expected, advice)
    advice = "are color and depth images paired rightly, and do both fit the camera?"
    return Finding("color edges", judge(own >= CLEAR, own >= BEARABLE), found, expected, advice)


def _median(rows: Sequence[Mapping[str, float]], name: str) -> float:
    return float(np.median([row[name] for row in rows if name in row]))


def _gain(rows: Sequence[Mapping[str, float]], name: str) -> float:
    """Median gain of a reading over the data as it is read, where at least MIN_FRAMES tell it."""
    gains = [row[name] - row[""] for row in rows if name in row]
    return float(np.median(gains)) if len(gains) >= MIN_FRAMES else -np.inf


def _scores(look: Look, looks: Sequence[Look]) -> dict[str, float] | None:
    """By reading, "" for the data as read: strength of edges at one frame's jumps, in standard deviations over the
    images of other frames; None where there are too few jumps or the others are alike."""
    if len(look.jumps) < MIN_JUMPS:
        return None
    jumps = look.jumps[:: 1 + len(look.jumps) // MOST_JUMPS]
    far = [other for other in looks if abs(other.index - look.index) >= AWAY and not other.is_blank]
    others = [strength for other in evenly_spaced(far, OTHERS) if (strength := _strength(other, jumps)) is not None]
    if len(others) < MIN_FRAMES or np.std(others) < 1e-3:
        return None
    middle, spread = np.mean(others), np.std(others)
    told = {name: (strength - middle) / spread for name, strength in _readings(look, looks, jumps)}
    return {name: float(value) for name, value in told.items()} if "" in told else None


def _readings(look: Look, looks: Sequence[Look], jumps: NDArray[np.int64]) -> Iterator[tuple[str, float]]:
    height, width = look.gray.shape
    by_index = {other.index: other for other in looks}
    turned = {
        "": jumps,
        "images mirrored (left and right exchanged)": (width - 1, 0) + jumps * (-1, 1),
        "images upside down": (width - 1, height - 1) - jumps,
    }
    center = (np.array((look.frame.camera.cx, look.frame.camera.cy)) + 0.5) * width / look.frame.camera.width - 0.5
    for zoom in ZOOMS:
        name = f"focal lengths of color multiplied by {zoom:.3g}, or those of depth by {1 / zoom:.3g}"
        turned[name] = np.rint(center + (jumps - center) * zoom).astype(np.int64)
    for name, pixels in turned.items():
        if (strength := _strength(look, pixels)) is not None:
            yield name, strength
    last = max(by_index)
    others = {f"the image of the frame {abs(k)} {'later' if k > 0 else 'earlier'}": look.index + k for k in SHIFTS}
    others["images in reverse order"] = last - look.index
    for name, index in others.items():
        if index in by_index and (strength := _strength(by_index[index], jumps)) is not None:
            yield name, strength


def _strength(look: Look, pixels: NDArray[np.int64]) -> float | None:
    """Mean strength of an image's edges at pixels, of which most must lie inside."""
    inside = is_inside(pixels, look.edges.shape)
    if inside.mean() < 0.5:
        return None
    x, y = pixels[inside].T
    return float(look.edges[y, x].mean())
