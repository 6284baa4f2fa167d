"""Whether matched points of images fit the poses: pose direction, camera axes, mirrored images, focal lengths.

Two images of a point and the two camera centers lie in one plane, and the point in front of both cameras. Where the
data is read as it was meant, this holds for nearly all matches; where it is not, each usual misreading is undone in
turn. Lengths cancel; where there is depth, that of the points is held against it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.doctor.conventions import BETTER, Convention, Matrix, pose_conventions
from qagen.doctor.finding import Finding, judge, percent
from qagen.doctor.matches import MatchedPair

TOLERANCE = 0.004
"""Distance from the plane that still fits, as a share of the image's longer side."""
FAR_DEG = 0.3
"""Rays that are closer to parallel do not tell whether their point lies in front."""
MIN_PAIRS = 3
FITS, BEARABLE = 0.6, 0.4
"""Shares of matches that fit sound poses; those of video poses are rougher than those of a scan."""
TIE, SAME = 0.05, 1.1
"""Readings whose shares differ by less, and whose distances by less than this factor, are equally good; the more usual
is named."""
CLEARER, LEAST_DISTANCE = 3.0, 0.0015
"""Factor by which points are nearer to their planes in another reading that is named, though they fit as they are read;
and the least distance at which it is."""
USUAL = 5
"""How many of the conventions of poses are tried with mirrored images and other intrinsics."""
CLEAR_DEG = 2.0
"""Least angle between the rays of a point whose depth is measured by them."""
MIN_DEPTHS = 40
LENGTHS_OK, LENGTHS_BEARABLE = 1.1, 1.2
"""Factors between positions and depth."""
ZOOMS = (0.5, 2.0, 0.25, 4.0, 2 / 3, 1.5, 0.8, 1.25, 0.75, 4 / 3)


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning that poses, images and intrinsics may have."""

    name: str
    """The change of the data as it was read, or "" for none."""
    pose: Convention
    """Meaning of the poses."""
    is_mirrored: bool = False
    """Whether left and right of images are exchanged."""
    focal: float = 1.0
    """Factor on focal lengths."""
    center: float = 1.0
    """Factor on principal points."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well matches fit the poses under one reading."""

    share: float
    """Share of the matches that do."""
    distance: float
    """Median distance of a match from its plane, as a share of the image's longer side."""


def readings() -> Iterator[Reading]:
    """The data as read, then its usual misreadings, then every other choice of camera axes."""
    told = [one for one in pose_conventions() if not one.name.startswith("positions")]  # their unit cancels
    yield Reading("", told[0])
    yield from (Reading(one.name, one) for one in told[1:USUAL])
    yield Reading("positions negated", Convention("", _negated))
    yield Reading("images mirrored (left and right exchanged), or poses of a left-handed world", told[0], True)
    for zoom in ZOOMS:
        yield Reading(f"focal lengths multiplied by {zoom:.3g}", told[0], focal=zoom)
        yield Reading(f"intrinsics multiplied by {zoom:.3g}", told[0], focal=zoom, center=zoom)
    yield from (Reading(one.name, one) for one in told[USUAL:])
    yield from (Reading(f"images mirrored, {one.name}", one, True) for one in told[1:])


def _negated(pose: Matrix) -> Matrix:
    return np.column_stack([pose[:, :3], pose[:, 3] * (-1, -1, -1, 1)])


def check_matches(pairs: Sequence[MatchedPair]) -> Finding | None:
    """Whether matched points fit the poses, and in which reading they would; None with too few pairs to tell."""
    if len(pairs) < MIN_PAIRS:
        return None
    choices = list(readings())
    as_read = fit(pairs, choices[0])
    is_sound = as_read.share > 1 - BETTER and as_read.distance < LEAST_DISTANCE  # no reading would be named
    fits = [as_read, *(fit(pairs, choice) for choice in choices[1:] if not is_sound)]
    best = _best(fits)
    count = sum(len(pair.first_pixels) for pair in pairs)
    found = (
        f"{percent(as_read.share)} of the points that two images share fit their poses ({count} in {len(pairs)} pairs"
    )
    found += f", {percent(as_read.distance, 2)} of the image's side off)"
    expected = f"{percent(FITS)} or more"
    is_clearer = as_read.distance >= max(CLEARER * fits[best].distance, LEAST_DISTANCE)
    is_better = fits[best].share >= max(as_read.share + BETTER, BEARABLE) or is_clearer
    if best and is_better and fits[best].share >= BEARABLE:
        advice = (
            f"{percent(fits[best].share)} would fit, {percent(fits[best].distance, 2)} off, with: {choices[best].name}"
        )
        return Finding("matches", "FAIL", found, expected, advice)
    advice = "no usual reading fits better: are images and poses paired rightly, are images undistorted?"
    return Finding("matches", judge(as_read.share >= FITS, as_read.share >= BEARABLE), found, expected, advice)


def _best(fits: Sequence[Fit]) -> int:
    """Index of the first reading that is as good as any."""
    most = max(one.share for one in fits)
    least = min(one.distance for one in fits if one.share >= most - TIE)
    good = (k for k, one in enumerate(fits) if one.share >= most - TIE and one.distance <= SAME * least)
    return next(good)


def check_lengths(pairs: Sequence[MatchedPair]) -> Finding | None:
    """Whether positions and depth have one unit: depth as measured over that of matched points; None without enough."""
    ratios = np.concatenate([np.zeros(0), *(_depth_ratios(pair) for pair in pairs)])
    if len(ratios) < MIN_DEPTHS:
        return None
    factor = float(np.median(ratios))
    found = f"depth is {factor:.2f} times what positions make it ({len(ratios)} points that two images share)"
    expected = f"{1 / LENGTHS_OK:.2f} to {LENGTHS_OK:.2f}"
    off = max(factor, 1 / factor)
    advice = f"positions multiplied by {factor:.3g}, or depth by {1 / factor:.3g}, would fit"
    return Finding("lengths", judge(off <= LENGTHS_OK, off <= LENGTHS_BEARABLE), found, expected, advice)


def _depth_ratios(pair: MatchedPair) -> NDArray[np.float64]:
    """Measured over triangulated depth of the matches that fit and are seen from clearly different directions."""
    first = pair.first
    if first.depth is None or first.depth_camera is None:
        return np.zeros(0)
    a, b = first.camera.unproject(pair.first_pixels, 1.0), pair.second.camera.unproject(pair.second_pixels, 1.0)
    as_read = next(readings())
    depths, angle_deg = triangulated(a, b, _relative(pair, as_read))
    is_clear = (_distances(pair, as_read) <= TOLERANCE) & (angle_deg >= CLEAR_DEG)
    image = first.depth.read_m()
    columns, rows = np.rint(first.depth_camera.project(a)).astype(np.int64).T
    is_clear &= (columns >= 0) & (rows >= 0) & (columns < image.shape[1]) & (rows < image.shape[0])
    measured = image[rows[is_clear], columns[is_clear]].astype(np.float64)
    return (measured / depths[is_clear, 0])[measured > 0]


def fit(pairs: Sequence[MatchedPair], reading: Reading) -> Fit:
    """How well the matches fit the poses under one reading, median over the pairs."""
    distances = [_distances(pair, reading) for pair in pairs]
    shares = [float((one <= TOLERANCE).mean()) for one in distances]
    middles = [float(np.median(one)) for one in distances]
    return Fit(float(np.median(shares)), float(np.median(middles)))


def _distances(pair: MatchedPair, reading: Reading) -> NDArray[np.float64]:
    """(n,) distance of each match from the plane of the poses, as a share of the image's longer side; infinite where
    its point would lie behind a camera."""
    first_from_second = _relative(pair, reading)
    a, b = _rays(pair.first_pixels, pair.first.camera, reading), _rays(pair.second_pixels, pair.second.camera, reading)
    camera = pair.first.camera
    focal = reading.focal * np.sqrt(camera.fx * camera.fy)
    distances = focal * _sampson(a, b, first_from_second) / max(camera.width, camera.height)
    return np.where(_is_in_front(a, b, first_from_second), distances, np.inf)


def _relative(pair: MatchedPair, reading: Reading) -> Matrix:
    """(4, 4) second camera to first camera."""
    first, second = (reading.pose.convert(frame.world_from_camera.matrix) for frame in (pair.first, pair.second))
    return np.linalg.inv(first) @ second


def _rays(pixels: NDArray[np.float64], camera: Camera, reading: Reading) -> NDArray[np.float64]:
    if reading.is_mirrored:
        pixels = (camera.width - 1, 0) + pixels * (-1, 1)
    camera = replace(camera, fx=camera.fx * reading.focal, fy=camera.fy * reading.focal)
    camera = replace(camera, cx=camera.cx * reading.center, cy=camera.cy * reading.center)
    return camera.unproject(pixels, 1.0)


def _sampson(a: NDArray, b: NDArray, first_from_second: Matrix) -> NDArray[np.float64]:
    """(n,) distance of rays (n, 3) from a common plane with both centers, to first order; at z = 1."""
    t = first_from_second[:3, 3] / max(float(np.linalg.norm(first_from_second[:3, 3])), 1e-12)
    essential = np.cross(t, first_from_second[:3, :3].T).T
    of_first, of_second = b @ essential.T, a @ essential
    slope = np.sqrt((of_first[:, :2] ** 2).sum(axis=1) + (of_second[:, :2] ** 2).sum(axis=1))
    return np.abs((a * of_first).sum(axis=1)) / np.maximum(slope, 1e-12)


def _is_in_front(a: NDArray, b: NDArray, first_from_second: Matrix) -> NDArray[np.bool_]:
    """(n,) whether the point of two rays lies in front of both cameras, or too far away to tell."""
    depths, angle_deg = triangulated(a, b, first_from_second)
    return (depths > 0).all(axis=1) | (angle_deg < FAR_DEG)


def triangulated(a: NDArray, b: NDArray, first_from_second: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n, 2) depths z at which two rays (n, 3) come closest, and (n,) the angles between them, degrees."""
    turned = b @ first_from_second[:3, :3].T
    t = first_from_second[:3, 3]
    aa, bb, ab = (a * a).sum(axis=1), (turned * turned).sum(axis=1), (a * turned).sum(axis=1)
    at, bt = a @ t, turned @ t
    area = np.maximum(aa * bb - ab**2, 1e-15)
    depths = np.column_stack([(bb * at - ab * bt) / area, (ab * at - aa * bt) / area])
    return depths, np.degrees(np.arcsin(np.clip(np.sqrt(area / (aa * bb)), 0, 1)))
