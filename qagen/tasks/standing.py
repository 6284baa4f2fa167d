"""On which side an object lies for an observer who stands at a second one and faces a third, or has it at the back."""

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import ClassVar, Literal

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Sector
from qagen.core.box import Box3D
from qagen.core.question import MarkedObject, MarkKind, Question, Skip
from qagen.core.rationale import Step, following
from qagen.core.reasons import AMBIGUOUS, AT_OBSERVER, CLASS_QUOTA, HEADING_UNDEFINED, REACHES_ASIDE
from qagen.core.sample import Format
from qagen.sampling.even import EvenQuestions
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig, Share
from qagen.tasks.sectors import (
    EIGHT,
    FOUR,
    LEFT_RIGHT,
    LEFT_RIGHT_BACK,
    MIN_AWAY_M,
    QUADRANTS,
    QUARTERS,
    Sectors,
    bearing_deg,
    footprint,
    is_over,
    share_between,
)
from qagen.tasks.steps import coordinates, locate_marks, place_on_plan, points, scale_of_pair
from qagen.visibility.views import SceneViews

Division = Literal["sides", "sides_back", "quadrants", "four", "eight"]
DIVISIONS: Mapping[Division, Sectors] = {
    "sides": LEFT_RIGHT,
    "sides_back": LEFT_RIGHT_BACK,
    "quadrants": QUADRANTS,
    "four": FOUR,
    "eight": EIGHT,
}
LISTED: Mapping[Division, tuple[str, ...]] = {
    "sides": ("left", "right"),
    "sides_back": ("left", "right", "back"),
    "quadrants": ("front-left", "front-right", "back-left", "back-right"),
    "four": ("front", "right", "back", "left"),
    "eight": ("front", "front-right", "right", "back-right", "back", "back-left", "left", "front-left"),
}
"""The words in the order in which questions list them."""
Place = tuple[float, float]
"""A point (x, y) of the world, seen from above."""


class StandingConfig(MarkedConfig):
    mark: MarkKind = "none"
    """How questions point their objects out."""
    sectors: Division
    """How the circle around the observer is divided."""
    backward: bool = False
    """The observer has the second object at the back instead of facing it."""
    views: Images | Literal["video"] = "video"
    """Largest number of images of a question, or the scene's video."""
    least_views: Images | None = None
    """Least number of images, where it varies."""
    min_ahead_m: Bound = MIN_AWAY_M
    """Least horizontal distance between the observer and the object that is faced, meters."""
    min_away_m: Bound = MIN_AWAY_M
    """Least horizontal distance between the observer and the object that is asked about, meters."""
    min_inside_deg: Bound = 10.0
    """Least angle between the object's direction and the nearest edge of its sector, degrees."""
    min_share: Share = 0.75
    """Least share of the object's footprint in the sector of its center: a long couch reaches into two."""


class Standing(Family[StandingConfig]):
    """The bearing of red's box center from green's, from the direction of blue's on; all of them seen from above."""

    name = "standing"
    Config = StandingConfig
    answer = Sector
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"gravity", "objects"})
    skips = SAMPLING_SKIPS | {HEADING_UNDEFINED, AT_OBSERVER, AMBIGUOUS, REACHES_ASIDE, CLASS_QUOTA}
    must_say = (r"\bat the\b", r"\bleft\b", r"\bright\b")
    example_facts: ClassVar = {"among": tuple(LISTED.values())}

    def __init__(self, config: StandingConfig) -> None:
        super().__init__(config)
        self.sectors, self.words = DIVISIONS[config.sectors], LISTED[config.sectors]
        self.least_images = config.least_views

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("green", "blue", "red"), indexed=True)

    @property
    def variant(self) -> str:
        return "backward" if self.config.backward else "facing"

    @property
    def fill_block(self) -> str:
        return "fill"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"green", "blue", "red", "among"})

    @property
    def options(self) -> int:
        return min(len(self.words), QUARTERS)

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("centers_from_above",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Images and objects drawn again and again; no answer much more often than the others."""
        sets, even = FrameSets(views), EvenQuestions()
        while True:
            images = self.images
            if self.least_images is not None and not isinstance(images, str):
                images = int(rng.integers(self.least_images, images + 1))
            drawn = sets.sample_objects(self.marks.colors, images, self.config.mark, rng)
            yield even.admit(self.ask_drawn(views, drawn))

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """No direction is known without the place to stand at, what is faced, and what is asked for."""
        return self.labels_alone(question, views)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        green, blue, red = question.roles
        place = np.array([[question.number("right_m"), question.number("front_m")]])
        form = "away" if self.config.backward else "toward"
        placed = points("transform", form, [red], place, {"at": green, "facing": blue})
        right, front = coordinates(placed, red)
        turn = ("right" if right.value >= 0 else "left", following(_turn_deg, right, front, kind="angle"))
        return (
            locate_marks(question),
            scale_of_pair(views, green, blue),
            place_on_plan(views, question, question.roles, green.image if question.is_video else 0),
            placed,
            Step("measure", "turn", {"of": red, "turn": turn}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """Where the third of ``roles`` is for an observer at the first, who faces the second or turns away from it."""
        green, blue, red = (views.scene.objects[role.object].box for role in roles)
        (x, y), (u, v), (s, t) = (tuple(map(float, box.center[:2])) for box in (green, blue, red))
        way = -1 if self.config.backward else 1
        ahead, offset = (way * (u - x), way * (v - y)), (s - x, t - y)
        ahead_m, away_m = math.hypot(*ahead), math.hypot(*offset)
        if ahead_m < self.config.min_ahead_m or is_over(blue, (x, y)):
            return Skip(HEADING_UNDEFINED)
        if away_m < self.config.min_away_m or is_over(red, (x, y)):
            return Skip(AT_OBSERVER)
        bearing = bearing_deg(ahead, offset)
        word, inside_deg = self.sectors.find(bearing)
        if inside_deg < self.config.min_inside_deg or not self._holds_around(green, (u, v), (s, t), word):
            return Skip(AMBIGUOUS)
        share = share_between(footprint(red), (x, y), ahead, self.sectors.edges(word))
        if share < self.config.min_share:
            return Skip(REACHES_ASIDE)
        return Question(
            frames=frames,
            roles=roles,
            is_video=self.images == "video",
            facts={"among": self.words},
            answer=Sector(word, self.sectors.others(word)),
            fact=tuple(role.object for role in roles),
            margin=inside_deg - self.config.min_inside_deg,
            margin_unit="deg",
            measured={
                "ahead_m": ahead_m,
                "away_m": away_m,
                "right_m": (offset[0] * ahead[1] - offset[1] * ahead[0]) / ahead_m,
                "front_m": (offset[0] * ahead[0] + offset[1] * ahead[1]) / ahead_m,
                "bearing_deg": bearing,
                "inside_deg": inside_deg,
                "share": share,
            },
            classes=(word,),
        )

    def _holds_around(self, green: Box3D, blue: Place, red: Place, word: str) -> bool:
        """Whether red is in the same sector from places halfway to the corners of a large object, such as a bed."""
        x, y = (float(part) for part in green.center[:2])
        places = [((x + a) / 2, (y + b) / 2) for a, b in footprint(green)]
        return all(word == self._word_at(place, blue, red) for place in places)

    def _word_at(self, place: Place, blue: Place, red: Place) -> str:
        """The sector of red for an observer at a place."""
        way = -1 if self.config.backward else 1
        ahead = way * (blue[0] - place[0]), way * (blue[1] - place[1])
        return self.sectors.find(bearing_deg(ahead, (red[0] - place[0], red[1] - place[1])))[0]


def _turn_deg(right: float, front: float) -> float:
    """Angle from straight ahead, to either side."""
    return abs(bearing_deg((0.0, 1.0), (right, front)))
