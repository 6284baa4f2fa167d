"""What families about places of images share: which places are drawn, and how candidates are marked."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.random import Generator

from qagen.core.question import MarkedPlace
from qagen.core.reasons import NO_DEPTH_IMAGES
from qagen.core.scene import Scene
from qagen.visibility.spots import Spot
from qagen.visibility.views import SceneViews

CANDIDATE_COLORS = ("blue", "green", "yellow", "magenta")
"""Colors of the points to choose from, in this order."""
BORDER, MIN_APART = 20, 60
"""Least distance of points from the image's border and from each other along x or y, thousandths."""
DRAWN_PLACES = 120
"""Places that are drawn in an image to find some with sure depth."""

Place = tuple[int, int]


def without_depth(scene: Scene) -> str | None:
    """The reason why nothing can be asked about places of a scene; None if it has depth images."""
    return None if any(frame.depth is not None for frame in scene.frames) else NO_DEPTH_IMAGES


def draw_places(
    views: SceneViews, frame: int, rng: Generator, count: int = DRAWN_PLACES
) -> Iterator[tuple[Place, Spot]]:
    """Those of some places drawn in a frame that have sure depth, within the limits for objects."""
    for x, y in rng.integers(BORDER, 1001 - BORDER, size=(count, 2)).tolist():
        spot = views.spots.at(frame, (x, y))
        if spot is not None and views.limits.min_depth_m <= spot.depth_m <= views.limits.max_depth_m:
            yield (x, y), spot


def are_apart(places: Iterable[Place]) -> bool:
    """Whether points at these places of one image can be told apart."""
    return all(max(abs(a[0] - b[0]), abs(a[1] - b[1])) >= MIN_APART for a, b in combinations(places, 2))


def mark_candidates(places: Sequence[Place], image: int) -> tuple[MarkedPlace, ...]:
    """Places to choose from, marked in an image."""
    return tuple(MarkedPlace(color, image, place) for color, place in zip(CANDIDATE_COLORS, places, strict=False))


def named(places: Iterable[MarkedPlace]) -> tuple[str, ...]:
    """The colors of places with what marks them, as texts name them."""
    return tuple(f"{place.color} point" for place in places)


def frames_with_depth(views: SceneViews) -> list[int]:
    """The frames with a depth image that questions about single images may show."""
    return [k for k in np.flatnonzero(views.usable).tolist() if views.frames[k].depth is not None]
