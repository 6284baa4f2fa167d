"""Points that two images show alike, found by their look: they test poses and cameras where there is no depth."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Frame, Scene
from qagen.core.spacing import evenly_spaced
from qagen.loaders.io.images import decode_color
from qagen.stages import each
from qagen.visibility.views import rotation_angle_deg

ANCHORS = 12
WIDEST_PX = 512
"""Longer side of the images in which points are looked for."""
FEATURES = 1200
RATIO = 0.75
"""Largest distance of a match's looks over that of the next best (Lowe, 2004)."""
RIGID_PX = 2.0
"""Distance from the epipolar line of the motion that most matches share, beyond which a match is taken for wrong."""
MIN_MATCHES = 25
MOVED = (0.03, 0.35)
"""Share of the longer side by which matches should move in the median: those that hardly do fit every pose."""
TURNS_DEG = (8.0, 4.0, 15.0)
"""Turns from an anchor to the partners that are tried in turn."""
STEPS = (1, 3, 8)
"""Numbers of frames to the partners that are tried where the camera does not turn so much."""


@dataclass(frozen=True, eq=False)
class MatchedPair:
    """Two frames and the pixels of points that both show."""

    first: Frame
    second: Frame
    first_pixels: NDArray[np.float64]
    """(n, 2) in the first image."""
    second_pixels: NDArray[np.float64]
    """(n, 2) in the second image."""


def matched_pairs(scene: Scene) -> list[MatchedPair]:
    """Pairs of frames, evenly spaced over the scene, between which the image moves.

    Raises:
        SceneError: an image cannot be decoded.
    """
    look = lru_cache(maxsize=64)(_look)
    pairs: list[MatchedPair] = []
    for anchor in each("matching points", evenly_spaced(range(len(scene.frames)), ANCHORS)):
        tried = (_match(scene.frames[anchor], scene.frames[other], look) for other in _partners(scene.frames, anchor))
        pairs += islice((pair for pair in tried if pair is not None), 1)
    return pairs


def _partners(frames: Sequence[Frame], anchor: int) -> Iterator[int]:
    """Frames near an anchor that are turned against it, or some steps away; each once."""
    rotations = np.array([frame.world_from_camera.rotation for frame in frames])
    turned = rotation_angle_deg(np.einsum("ba,fbc->fac", rotations[anchor], rotations))
    away = np.abs(np.arange(len(frames)) - anchor)
    found: dict[int, None] = {}
    for turn in TURNS_DEG:
        fitting = np.flatnonzero((turned >= turn) & (turned <= 1.5 * turn))
        found |= dict.fromkeys(fitting[np.argsort(away[fitting], kind="stable")][:1].tolist())
    for step in STEPS:
        found |= dict.fromkeys(k for k in (anchor + step, anchor - step) if 0 <= k < len(frames))
    yield from list(found)[: len(TURNS_DEG)]


@dataclass(frozen=True, eq=False)
class _Look:
    """The features of one image."""

    pixels: NDArray[np.float64]
    """(n, 2) pixels of the whole image."""
    descriptors: NDArray[np.float32]
    """(n, 128)."""


def _look(frame: Frame) -> _Look:
    image = cv2.cvtColor(decode_color(frame.color), cv2.COLOR_BGR2GRAY)
    scale = min(1.0, WIDEST_PX / max(image.shape))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    points, descriptors = cv2.SIFT.create(FEATURES).detectAndCompute(small, None)
    pixels = np.array([point.pt for point in points], np.float64).reshape(-1, 2)
    grown = (pixels + 0.5) * (image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]) - 0.5
    return _Look(grown, np.zeros((0, 128), np.float32) if descriptors is None else np.asarray(descriptors, np.float32))


def _match(first: Frame, second: Frame, look: Callable[[Frame], "_Look"]) -> MatchedPair | None:
    """The matches of two images that belong to one rigid motion; None where they are few, or hardly move."""
    one, other = look(first), look(second)
    if min(len(one.pixels), len(other.pixels)) < MIN_MATCHES:
        return None
    there, back = (_nearest(*looks) for looks in ((one, other), (other, one)))
    rows = np.array([k for k, other_row in enumerate(there) if other_row >= 0 and back[other_row] == k], np.int64)
    if len(rows) < MIN_MATCHES:
        return None
    a, b = one.pixels[rows], other.pixels[there[rows]]
    side = max(first.camera.width, first.camera.height)
    cv2.setRNGSeed(0)
    _, is_rigid = cv2.findFundamentalMat(a, b, cv2.FM_RANSAC, RIGID_PX * max(1.0, side / WIDEST_PX), 0.999, 2000)
    kept = np.zeros(len(a), bool) if is_rigid is None else is_rigid.ravel() > 0
    if kept.sum() < MIN_MATCHES:
        return None
    moved = float(np.median(np.linalg.norm(a[kept] - b[kept], axis=1))) / side
    return MatchedPair(first, second, a[kept], b[kept]) if MOVED[0] <= moved <= MOVED[1] else None


def _nearest(one: _Look, other: _Look) -> NDArray[np.int64]:
    """(n,) row of the feature that looks most alike, -1 where another looks nearly as much alike."""
    found = np.full(len(one.pixels), -1, np.int64)
    for pair in cv2.BFMatcher(cv2.NORM_L2).knnMatch(one.descriptors, other.descriptors, k=2):
        if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance:
            found[pair[0].queryIdx] = pair[0].trainIdx
    return found
