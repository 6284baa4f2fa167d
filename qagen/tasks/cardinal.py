"""In which compass direction an object lies from another one, where two objects tell which way is north."""

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Sector
from qagen.core.box import Box3D
from qagen.core.question import MarkedObject, MarkKind, Question, Skip, about_objects, refusing
from qagen.core.rationale import Point, Quantity, Step, following
from qagen.core.reasons import AMBIGUOUS, AT_OBSERVER, CLASS_QUOTA, NORTH_UNDEFINED, REACHES_ASIDE
from qagen.core.sample import Format
from qagen.sampling.even import EvenQuestions
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig, Share
from qagen.tasks.sectors import COMPASS, MIN_AWAY_M, bearing_deg, footprint, is_over, share_between
from qagen.tasks.steps import coordinates, locate_marks, offset, place_on_plan, points, scale_of_pair
from qagen.visibility.views import SceneViews

Place = Literal["green", "blue", "yellow"]
PLACES: tuple[Place, ...] = ("green", "blue", "yellow", "yellow")
"""Which object directions are told from; half of the time one of those that tell where north is."""
COLORS = ("green", "blue", "red", "yellow")


class CardinalConfig(MarkedConfig):
    mark: MarkKind = "none"
    """How questions point their objects out."""
    views: Images = 4
    """Largest number of images of a question."""
    least_views: Images = 2
    """Least number of images of a question."""
    min_away_m: Bound = MIN_AWAY_M
    """Least horizontal distance of the two objects that tell where north is, and of those asked about, meters."""
    min_inside_deg: Bound = 5.0
    """Least angle between the object's direction and the nearest edge of its sector, degrees."""
    min_share: Share = 0.5
    """Least share of the object's footprint in the sector of its center."""


class Cardinal(Family[CardinalConfig]):
    """The bearing of red's box center from another one's, where north is the direction from green's to blue's."""

    name = "cardinal"
    Config = CardinalConfig
    answer = Sector
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"gravity", "objects"})
    skips = SAMPLING_SKIPS | {NORTH_UNDEFINED, AT_OBSERVER, AMBIGUOUS, REACHES_ASIDE, CLASS_QUOTA}
    must_say = (r"\bnorth\b", r"\beight compass directions\b")
    example_facts: ClassVar = {"place": ("yellow", "green", "blue")}
    words = COMPASS.names

    def __init__(self, config: CardinalConfig) -> None:
        super().__init__(config)
        self.least_images = config.least_views

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, COLORS, indexed=True)

    @property
    def variant(self) -> str:
        return "named"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"green", "blue", "red", "place"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("centers_from_above",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Images and three or four objects drawn again and again; no answer much more often than the others.

        Of a room, most lies south of what is in its north, so answers are even for each place by itself.
        """
        sets, even = FrameSets(views), {place: EvenQuestions() for place in PLACES}
        while True:
            images = int(rng.integers(self.config.least_views, self.config.views + 1))
            place = PLACES[int(rng.integers(len(PLACES)))]
            colors = COLORS if place == "yellow" else COLORS[:3]
            drawn = sets.sample_objects(colors, images, self.config.mark, rng)
            if isinstance(drawn, Skip):
                yield drawn
                continue
            yield even[place].admit(refusing(about_objects(drawn[1]), self.ask(views, *drawn, place)))

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """No direction is known without those that tell where north is, what is asked for, or from where."""
        return self.labels_alone(question, views)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        green, blue, red, *_ = question.roles
        place = next(role for role in question.roles if role.color == question.facts["place"])
        placed = _in_axes_of_north(views, green, blue, [red] if place == green else [place, red])
        steps = (
            locate_marks(question),
            scale_of_pair(views, green, blue),
            replace(place_on_plan(views, question, question.roles), is_optional=True),
            placed,
        )
        east, north = coordinates(placed, red)
        if place != green:
            steps += (offset(placed),)
            way = steps[-1].values["by"]
            assert isinstance(way, Point)
            east, north = way.coordinates
        return (*steps, _measure_compass(place, red, east, north))

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], place: Place = "yellow"
    ) -> Question | Skip:
        """Where role red is from the one that ``place`` names, where blue is north of green."""
        boxes = {role.color: views.scene.objects[role.object].box for role in roles}
        if not _are_apart(boxes["green"], boxes["blue"], self.config.min_away_m):
            return Skip(NORTH_UNDEFINED)
        if not _are_apart(boxes[place], boxes["red"], self.config.min_away_m):
            return Skip(AT_OBSERVER)
        north, way = _way(boxes["green"], boxes["blue"]), _way(boxes[place], boxes["red"])
        bearing = bearing_deg(north, way)
        word, inside_deg = COMPASS.find(bearing)
        if inside_deg < self.config.min_inside_deg:
            return Skip(AMBIGUOUS)
        share = share_between(footprint(boxes["red"]), _seen_from_above(boxes[place]), north, COMPASS.edges(word))
        if share < self.config.min_share:
            return Skip(REACHES_ASIDE)
        return Question(
            frames=frames,
            roles=roles,
            facts={"place": place},
            answer=Sector(word, COMPASS.others(word)),
            fact=(place, *(role.object for role in roles)),
            margin=inside_deg - self.config.min_inside_deg,
            margin_unit="deg",
            measured={
                "apart_m": math.hypot(*north),
                "away_m": math.hypot(*way),
                "bearing_deg": bearing,
                "inside_deg": inside_deg,
                "share": share,
            },
            classes=(f"{place}: {word}",),
        )


def _seen_from_above(box: Box3D) -> tuple[float, float]:
    """The center (x, y) of a box."""
    x, y, _ = box.center.tolist()
    return x, y


def _way(start: Box3D, end: Box3D) -> tuple[float, float]:
    """The horizontal way (x, y) from the center of one box to that of another."""
    (x, y), (u, v) = _seen_from_above(start), _seen_from_above(end)
    return u - x, v - y


def _are_apart(first: Box3D, second: Box3D, least_m: float) -> bool:
    """Whether two boxes are far enough apart to have a direction, and neither center lies over or below the other."""
    if math.hypot(*_way(first, second)) < least_m:
        return False
    return not (is_over(first, _seen_from_above(second)) or is_over(second, _seen_from_above(first)))


def _in_axes_of_north(
    views: SceneViews, green: MarkedObject, blue: MarkedObject, others: Sequence[MarkedObject]
) -> Step:
    """Objects seen from above, from green's center, with blue's due north: east, north."""
    start, end = views.world_centers[[green.object, blue.object]].tolist()
    u, v = end[0] - start[0], end[1] - start[1]
    apart = math.hypot(u, v)
    rows = []
    for role in others:
        x, y, _ = views.world_centers[role.object].tolist()
        x, y = x - start[0], y - start[1]
        rows.append(((x * v - y * u) / apart, (x * u + y * v) / apart))
    return points("transform", "north", others, np.array(rows), {"at": green, "facing": blue})


def _measure_compass(place: MarkedObject, red: MarkedObject, east: Quantity, north: Quantity) -> Step:
    """How far from north red is, seen from above."""
    turn = "clockwise" if east.value >= 0 else "counterclockwise", following(_turn_deg, east, north, kind="angle")
    return Step("measure", "compass", {"at": place, "of": red, "turn": turn})


def _turn_deg(east: float, north: float) -> float:
    """Angle from north, to either side."""
    return abs(bearing_deg((0.0, 1.0), (east, north)))
