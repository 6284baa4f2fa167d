"""Steps of rationales that several families share."""

import math
from collections.abc import Iterable, Mapping, Sequence
from operator import sub

import numpy as np
from numpy.typing import NDArray

from qagen.core.answer import Slot
from qagen.core.floor import wrap_deg
from qagen.core.pose import rotate
from qagen.core.question import MarkedObject, Question
from qagen.core.rationale import Image, Point, Quantity, Step, angle, following, length, point, signed
from qagen.tasks.attitude import Attitude
from qagen.visibility.views import SceneViews

Thing = MarkedObject | Image
"""An object, which stands for the center of its box, or a camera."""
MIN_AHEAD = 1e-6
"""Least horizontal part of an optical axis that has a heading."""
SLOTS = {
    "left_right": ("right_m",),
    "above_below": ("up_m",),
    "front_behind": ("front_m",),
    "closer_farther": ("distance_m", "other_distance_m"),
}
"""The measured quantities that decide each direction: one, or the difference of two."""


def locate_marks(question: Question) -> Step:
    """Which image shows which of the question's objects, or places."""
    images = dict.fromkeys(one.image for one in question.marks)
    shown = tuple((Image(i), tuple(one for one in question.marks if one.image == i)) for i in images)
    return Step("locate", "marks", {"shown": shown})


def scale_from_camera(views: SceneViews, question: Question, role: MarkedObject, image: int = 0) -> Step:
    """The distance from a camera to an object as the length by which others are told where there are no meters."""
    away = math.hypot(*views.centers[question.frames[image], role.object])
    return Step("scale", "camera", {"camera": Image(image), "of": role}, length=away)


def scale_of_pair(views: SceneViews, first: MarkedObject, second: MarkedObject) -> Step:
    """The same with the distance between two objects."""
    away = math.dist(*views.world_centers[[first.object, second.object]])
    return Step("scale", "pair", {"of": (first, second)}, length=away)


def scale_of_cameras(views: SceneViews, question: Question, first: Image, second: Image) -> Step:
    """The same with the distance between two cameras."""
    away = float(views.baseline_m[question.frames[first.position], question.frames[second.position]])
    return Step("scale", "cameras", {"of": (first, second)}, length=away)


def place_in_camera(
    views: SceneViews, question: Question, things: Iterable[Thing], image: int = 0, kind: str = "place"
) -> Step:
    """Objects and cameras in the axes of a camera: right, down, ahead."""
    camera = views.cameras[question.frames[image]]
    return _placed(views, question, things, image, (kind, "camera"), camera[:3, :3])


def place_held_level(views: SceneViews, question: Question, things: Iterable[Thing], image: int = 0) -> Step:
    """The same in the axes of a camera that is held level: right, up, ahead."""
    right, down, ahead = level_axes(views, question.frames[image]).T
    axes = np.stack([right, -down, ahead], axis=1)
    return _placed(views, question, things, image, ("place", "level"), axes)


def place_on_plan(views: SceneViews, question: Question, things: Iterable[Thing], image: int = 0) -> Step:
    """The same seen from above: right, ahead."""
    axes = level_axes(views, question.frames[image])[:, [0, 2]]
    return _placed(views, question, things, image, ("place", "plan"), axes)


def _placed(
    views: SceneViews,
    question: Question,
    things: Iterable[Thing],
    image: int,
    block: tuple[str, str],
    axes: NDArray[np.float64],
) -> Step:
    """Things in a camera's axes, which are the columns of a matrix in the world."""
    origin = views.cameras[question.frames[image], :3, 3]
    named = tuple(things)
    centers = [
        views.cameras[question.frames[thing.position], :3, 3]
        if isinstance(thing, Image)
        else views.world_centers[thing.object]
        for thing in named
    ]
    return points(*block, named, rotate(axes.T, np.array(centers) - origin), {"camera": Image(image)})


def points(
    kind: str, form: str, things: Sequence[Thing], places: NDArray[np.float64], values: Mapping[str, object]
) -> Step:
    """Things at coordinates (n, 2) or (n, 3), in units of the world."""
    told = tuple((thing, point(place)) for thing, place in zip(things, places.tolist(), strict=True))
    return Step(kind, form, {**values, "points": told})


def level_axes(views: SceneViews, frame: int) -> NDArray[np.float64]:
    """(3, 3), columns right, down, ahead of a camera held level; one that looks straight up or down heads where the top
    of its image is."""
    rotation = views.cameras[frame, :3, :3]
    if math.hypot(rotation[0, 2], rotation[1, 2]) < MIN_AHEAD:
        rotation = np.stack([rotation[:, 0], -rotation[:, 2], -rotation[:, 1]], axis=1)
    return Attitude(rotation).level_axes


def measure_up(views: SceneViews, question: Question) -> Step:
    """How high the question's objects are for the camera of its first image, of two also how far away."""
    frame, told = question.frames[0], []
    for role in question.roles:
        up = views.world_centers[role.object, 2] - views.cameras[frame, 2, 3]
        told.append((role, length(math.hypot(*views.centers[frame, role.object])), signed(up, "above", "below")))
    if len(told) == 1:
        role, _, by = told[0]
        return Step("measure", "height", {"of": role, "by": by})
    return Step("measure", "away", {"camera": Image(0), "to": tuple(told)})


def measure_bearing(camera: Image, thing: Thing, bearing: tuple[str, Quantity]) -> Step:
    """How far from straight ahead an object or a camera is for a camera held level, seen from above.

    Args:
        bearing: the side and the angle.
    """
    return Step("measure", "bearing", {"camera": camera, "to": ((thing, bearing),)})


def coordinates(placed: Step, thing: Thing) -> tuple[Quantity, ...]:
    """The coordinates of one of the things that a step has placed."""
    told: tuple[tuple[Thing, Point], ...] = placed.values["points"]  # type: ignore[assignment]
    return next(place.coordinates for one, place in told if one == thing)


def measure_placed(placed: Step, origin: MarkedObject, others: Iterable[MarkedObject]) -> Step:
    """How far other objects are from one, from where a step has placed them."""
    start = coordinates(placed, origin)
    told = tuple((one, following(_apart, *start, *coordinates(placed, one))) for one in others)
    return Step("measure", "between", {"start": origin, "to": told})


def _apart(*numbers: float) -> float:
    """The distance of two points, one after the other."""
    return math.dist(numbers[:3], numbers[3:])


def measure_between(views: SceneViews, origin: MarkedObject, others: Iterable[MarkedObject]) -> Step:
    """How far other objects are from one."""
    centers = views.world_centers
    told = tuple((one, length(math.dist(centers[origin.object], centers[one.object]))) for one in others)
    return Step("measure", "between", {"start": origin, "to": told})


def compare_directions(
    slots: Sequence[Slot],
    measured: Mapping[str, object],
    prefix: str,
    roles: Sequence[MarkedObject],
    forms: Sequence[str] = ("observer", "relative"),
) -> Step:
    """Where the first object is relative to the observer, or to the second; ``forms`` are those of the two. Which of
    two is in front is left to the steps that place them."""
    told = tuple((slot.axis, slot.word, _amount(slot.axis, measured, prefix)) for slot in slots if slot.axis in SLOTS)
    among = dict(zip(("of", "to"), roles, strict=False))
    return Step("compare", forms[len(roles) - 1], {**among, "slots": told})


def _amount(axis: str, measured: Mapping[str, object], prefix: str) -> object:
    """How far an object is on one side, without a sign."""
    first, *rest = (float(str(measured[f"{prefix}{name}"])) for name in SLOTS[axis])
    return signed(first - sum(rest), "", "")[1]


def offset(placed: Step) -> Step:
    """The way from the first of two placed objects to the second, along the same axes."""
    (start, first), (end, second) = placed.values["points"]  # type: ignore[misc]
    by = (following(sub, b, a) for a, b in zip(first.coordinates, second.coordinates, strict=True))
    return Step("offset", "pair", {"start": start, "end": end, "by": Point(tuple(by))})


def measure_headings(views: SceneViews, question: Question) -> Step:
    """How heading and elevation change from the first image to the second."""
    first, second = (Attitude(views.cameras[frame, :3, :3]) for frame in question.frames)
    elevations = angle(first.elevation_deg), angle(second.elevation_deg)
    turn = wrap_deg(second.heading_deg - first.heading_deg)
    heading = {
        "first": Image(0),
        "last": Image(1),
        "turn": signed(turn, "left", "right", "angle"),
        "tilt": (
            "up" if second.elevation_deg >= first.elevation_deg else "down",
            following(_difference, *elevations, kind="angle"),
        ),
        "elevations": elevations,
    }
    return Step("measure", "heading", heading)


def _difference(one: float, other: float) -> float:
    """By how much two angles differ."""
    return abs(other - one)


def measure_angles(views: SceneViews, question: Question, first: Image, last: Image) -> Step:
    """How a camera is turned, tilted and rolled from one image to another, one after the other, in its own axes."""
    rotations = (views.cameras[question.frames[image.position], :3, :3] for image in (first, last))
    before, after = map(Attitude, rotations)
    seen = after.seen_from(before)
    angles = {
        "turn": signed(seen.heading_deg, "left", "right", "angle"),
        "tilt": signed(seen.elevation_deg, "up", "down", "angle"),
        "roll": signed(seen.roll_deg, "counterclockwise", "clockwise", "angle"),
    }
    return Step("measure", "angles", {"first": first, "last": last, **angles})
