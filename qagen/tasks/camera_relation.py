"""Where the camera of a second image stands and looks, relative to that of the first."""

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import ClassVar, Literal

from numpy.random import Generator

from qagen.core.answer import Sector
from qagen.core.floor import wrap_deg
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.rationale import Image, Step, signed
from qagen.core.reasons import AMBIGUOUS, CLASS_QUOTA, LOOKS_UP_OR_DOWN, TOO_CLOSE_FOR_DIRECTION
from qagen.core.sample import Format
from qagen.sampling.even import EvenAnswers
from qagen.sampling.frame_sets import FrameSets
from qagen.tasks._base import Bound, Family, TaskConfig
from qagen.tasks.attitude import Attitude
from qagen.tasks.sectors import EIGHT, MIN_AWAY_M, bearing_deg
from qagen.tasks.steps import measure_bearing, measure_headings, place_held_level, place_on_plan, scale_of_cameras
from qagen.visibility.views import SceneViews

HALF_TURN_MARGIN_DEG = 15.0
"""Turns that are closer to half a turn are neither left nor right."""
PLACES, HEIGHTS, TURNS = ("left", "right"), ("higher", "lower"), ("turned left", "turned right")
PAIRS = {"place and height": (PLACES, HEIGHTS), "place and turn": (PLACES, TURNS), "height and turn": (HEIGHTS, TURNS)}
"""What is asked together, and the words of each."""
WORDS = {
    "place": EIGHT.names,
    "height": HEIGHTS,
    "turn": TURNS,
    **{
        name: tuple(f"{one} and {other}" for one in first for other in second)
        for name, (first, second) in PAIRS.items()
    },
}
"""All answers to each question."""


class CameraRelationConfig(TaskConfig):
    asks: Literal["place", "height", "turn", "pair"] = "place"
    """place: in which of eight directions the second camera is; height: whether it is higher or lower; turn: which way
    it is turned; pair: two of left or right, height and turn together."""
    min_shared: Bound = 0.1
    """Least share of surface that both images see."""
    min_away_m: Bound = MIN_AWAY_M
    """Least horizontal distance of the cameras, where their places are asked for, meters."""
    min_inside_deg: Bound = 5.0
    """Least angle between the direction of the second camera and the edge of its sector, degrees."""
    min_side_m: Bound = 0.3
    """pair: least distance to the left or right, meters."""
    min_side_deg: Bound = 20.0
    """pair: least angle between left or right and straight ahead or back, degrees."""
    min_height_m: Bound = 0.2
    """Least difference in height, meters."""
    min_height_share: Bound = 0.1
    """Least difference in height as a share of the cameras' horizontal distance; the larger of the two counts."""
    min_turn_deg: Bound = 15.0
    """Least difference of the headings, degrees."""
    min_tilt_deg: Bound = 25.0
    """Least angle between either optical axis and the vertical, degrees."""


@dataclass(frozen=True, slots=True)
class _Relation:
    """The second camera for the first, held level."""

    bearing_deg: float
    """Where it is, clockwise from straight ahead."""
    away_m: float
    """Its horizontal distance."""
    right_m: float
    """How far to the right it is."""
    up_m: float
    """How much higher it is."""
    left_deg: float
    """How far its heading is turned to the left."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A word that holds, and how clearly."""

    word: str
    margin: float
    """Distance from the nearest threshold, in its unit."""
    unit: Literal["m", "deg"]
    """Unit of the margin."""


class CameraRelation(Family[CameraRelationConfig]):
    """Direction, height and heading of the second camera, from the place and heading of the first."""

    name = "camera_relation"
    Config = CameraRelationConfig
    answer = Sector
    formats = frozenset({"select", "sentence"})
    needs = frozenset({"gravity", "surface"})
    skips = frozenset({AMBIGUOUS, CLASS_QUOTA, LOOKS_UP_OR_DOWN, TOO_CLOSE_FOR_DIRECTION})
    must_say = ("camera", "first", "second")
    images = 2
    example_facts: ClassVar = {"parts": tuple(PAIRS)}

    def __init__(self, config: CameraRelationConfig) -> None:
        super().__init__(config)
        asked = PAIRS if config.asks == "pair" else (config.asks,)
        self.words = tuple(word for name in asked for word in WORDS[name])

    @property
    def variant(self) -> str:
        return self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"parts"} if self.config.asks == "pair" else ())

    @property
    def options(self) -> int:
        return min(len(self.words), 4)

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return () if self.config.asks == "height" else ("held_level",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """All pairs of images in random order; of pairs of words, what is asked takes turns.

        A person who lifts a camera tilts it down as often as up, as far as the scene has both, so that the tilt, which
        is easily seen, does not tell the height.
        """
        even, tilts = {name: EvenAnswers() for name in WORDS}, EvenAnswers()
        names = tuple(PAIRS) if self.config.asks == "pair" else (self.config.asks,)
        for number, frames in enumerate(FrameSets(views).pairs(rng, self.config.min_shared)):
            name = names[number % len(names)]
            asked = self.ask(views, frames, name)
            if isinstance(asked, Question) and not (
                ("height" not in name or tilts.admits(_tilts_as_it_rises(views, frames)))
                and even[name].admits(asked.answer.text)
            ):
                asked = Skip(CLASS_QUOTA)
            yield refusing(about_image(frames[0]), asked)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        asked, second = str(question.facts.get("parts", self.config.asks)), Image(1)
        steps: list[Step] = []
        if "turn" not in asked or "and" in asked:
            steps += [scale_of_cameras(views, question, Image(0), second)]
        if asked == "place":
            steps += [place_on_plan(views, question, [second])]
            bearing = signed(question.number("bearing_deg"), "right", "left", "angle")
            steps += [measure_bearing(Image(0), second, bearing)]
        elif asked != "turn":
            steps += [place_held_level(views, question, [second])]
        return (*steps, measure_headings(views, question)) if "turn" in asked else tuple(steps)

    def ask(self, views: SceneViews, frames: tuple[int, int], parts: str = "") -> Question | Skip:
        """Where the camera of the second of ``frames`` is for that of the first.

        Args:
            parts: what is asked together, of a pair.
        """
        asked = parts if self.config.asks == "pair" else self.config.asks
        first, second = (Attitude(views.cameras[frame, :3, :3]) for frame in frames)
        if max(abs(first.elevation_deg), abs(second.elevation_deg)) > 90 - self.config.min_tilt_deg:
            return Skip(LOOKS_UP_OR_DOWN)
        relation = _relation(views, frames, first, second)
        if "place" in asked and relation.away_m < self.config.min_away_m:
            return Skip(TOO_CLOSE_FOR_DIRECTION)
        tell = {"place": self._side if "and" in asked else self._place, "height": self._height, "turn": self._turn}
        told = [tell[part](relation) for part in asked.split(" and ")]
        if any(one.margin < 0 for one in told):
            return Skip(AMBIGUOUS)
        word = " and ".join(one.word for one in told)
        others = EIGHT.others(word) if asked == "place" else tuple(one for one in WORDS[asked] if one != word)
        closest = min(told, key=lambda one: one.margin)
        return Question(
            frames=frames,
            facts={"parts": asked} if self.config.asks == "pair" else {},
            answer=Sector(word, others),
            margin=closest.margin,
            margin_unit=closest.unit,
            measured={
                "bearing_deg": relation.bearing_deg,
                "away_m": relation.away_m,
                "right_m": relation.right_m,
                "up_m": relation.up_m,
                "left_deg": relation.left_deg,
                "shared": float(views.covisible[frames]),
            },
            classes=(word, asked) if self.config.asks == "pair" else (word,),
        )

    def _place(self, relation: _Relation) -> _Told:
        word, inside_deg = EIGHT.find(relation.bearing_deg)
        return _Told(word, inside_deg - self.config.min_inside_deg, "deg")

    def _side(self, relation: _Relation) -> _Told:
        word = "right" if relation.right_m > 0 else "left"
        aside_deg = min(abs(relation.bearing_deg), 180 - abs(relation.bearing_deg))
        if aside_deg < self.config.min_side_deg:
            return _Told(word, aside_deg - self.config.min_side_deg, "deg")
        return _Told(word, abs(relation.right_m) - self.config.min_side_m, "m")

    def _height(self, relation: _Relation) -> _Told:
        word = "higher" if relation.up_m > 0 else "lower"
        least = max(self.config.min_height_m, self.config.min_height_share * relation.away_m)
        return _Told(word, abs(relation.up_m) - least, "m")

    def _turn(self, relation: _Relation) -> _Told:
        turn = abs(relation.left_deg)
        margin = min(turn - self.config.min_turn_deg, 180 - HALF_TURN_MARGIN_DEG - turn)
        return _Told("turned left" if relation.left_deg > 0 else "turned right", margin, "deg")


def _tilts_as_it_rises(views: SceneViews, frames: tuple[int, int]) -> str:
    """Whether the higher camera looks further up, or further down."""
    low, high = sorted(frames, key=lambda frame: float(views.cameras[frame, 2, 3]))
    rise = _elevation_deg(views, high) - _elevation_deg(views, low)
    return "up" if rise > 0 else "down"


def _elevation_deg(views: SceneViews, frame: int) -> float:
    return Attitude(views.cameras[frame, :3, :3]).elevation_deg


def _relation(views: SceneViews, frames: tuple[int, int], first: Attitude, second: Attitude) -> _Relation:
    x, y, z = (views.cameras[frames[1], :3, 3] - views.cameras[frames[0], :3, 3]).tolist()
    ahead = (float(first.level_axes[0, 2]), float(first.level_axes[1, 2]))
    turn = float(wrap_deg(second.heading_deg - first.heading_deg))
    right = x * ahead[1] - y * ahead[0]
    return _Relation(bearing_deg(ahead, (x, y)), math.hypot(x, y), right, z, turn)
