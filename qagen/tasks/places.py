"""What families about places of images share: which places are drawn, and how candidates are marked."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.random import Generator

from qagen.core.question import MarkedPlace, Question
from qagen.core.rationale import Image, Quantity, Step, length
from qagen.core.reasons import NO_DEPTH_IMAGES
from qagen.core.scene import Scene
from qagen.tasks.steps import locate_marks
from qagen.visibility.spots import MIN_FACING, Spot
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


SAME_M, SAME_SHARE = 0.02, 0.01
"""Largest distance of two measurements of one surface: meters, and a share of the depth; their sum counts."""
SAME_WAY = 0.7
"""Least cosine between two normals of one surface."""
HIDDEN_M = 0.15
"""Least distance at which something nearer hides a surface, meters."""
MIN_OUTSIDE, MAX_OUTSIDE = 0.05, 0.5
"""Least and largest distance from the image of places outside of it, as a share of its width or height."""

Appearance = Literal["shown", "hidden", "outside"]


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """What another frame has where a spot projects."""

    how: Appearance
    """Whether it shows the spot; if not, whether something hides it there, or it is outside of the image."""
    place: tuple[int, int]
    """Where the spot projects, thousandths of the image, beyond 0-1000 if outside."""
    depth_m: float
    """Depth z of the spot in the frame's camera, meters."""
    measured_m: float | None
    """Depth that the frame has there; None outside."""
    margin: float
    """By how much it is decided, as a share of the least gap (hidden, outside) or of the tolerance (shown)."""


def see_again(views: SceneViews, spot: Spot, frame: int) -> SeenAgain | None:
    """How a frame shows a spot of another one, None where that is not sure."""
    local = views.spots.local(frame, spot.point)
    depth, camera = float(local[2]), views.frames[frame].camera
    if depth < views.limits.min_depth_m:
        return None
    x, y = camera.to_fraction(camera.project(local)).tolist()
    outside = round(max(-x, x - 1, -y, y - 1), 9)
    place = round(1000 * x), round(1000 * y)
    if outside > 0:
        is_near = MIN_OUTSIDE <= outside <= MAX_OUTSIDE
        return SeenAgain("outside", place, depth, None, outside / MIN_OUTSIDE - 1) if is_near else None
    window = views.spots.window(frame, local / depth)
    if window is None or not (window > 0).all():
        return None
    before = depth - float(window.max())
    if before >= HIDDEN_M + SAME_SHARE * depth:
        middle = float(window[len(window) // 2, len(window) // 2])
        return SeenAgain("hidden", place, depth, middle, before / HIDDEN_M - 1)
    away, other = gap_to(views, spot, frame)
    if other is None or away > 1:
        return None
    return SeenAgain("shown", place, depth, other.depth_m, 1 - away)


def gap_to(views: SceneViews, spot: Spot, frame: int) -> tuple[float, Spot | None]:
    """How far the surface that a frame has where a spot projects is from the spot, as a share of the tolerance, and
    that surface; none where it is not sure or faces another way."""
    other = views.spots.toward(frame, spot.point)
    eye = views.frames[frame].world_from_camera.translation
    if other is None or spot.facing(eye) < MIN_FACING:
        return math.inf, None
    if sum(a * b for a, b in zip(spot.normal, other.normal, strict=True)) < SAME_WAY:
        return math.inf, None
    return math.dist(spot.point, other.point) / (SAME_M + SAME_SHARE * other.depth_m), other


def steps_to(question: Question, seen: SeenAgain) -> tuple[Step, ...]:
    """The steps from the red point of the first image to where the second one has its place."""
    red = question.places[0]
    depth, away = length(question.number("depth_m")), question.number("distance_m")
    point = tuple(Quantity(part, "pixel") for part in seen.place)
    form: dict[str, object] = {"image": Image(1), "point": point}
    placed = Step("project", "place", {**form, "value": length(seen.depth_m)})
    return (
        locate_marks(question),
        Step("scale", "place", {"camera": Image(0), "of": red}, length=away),
        Step("measure", "surface", {"image": Image(0), "of": red, "value": depth}),
        Step("project", "outside", form) if seen.how == "outside" else placed,
    )
