"""Which of four named objects is ahead after a turn on the spot, from the view of the first image."""

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import partial
from typing import ClassVar, Literal

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Choice
from qagen.core.floor import wrap_deg
from qagen.core.question import (
    SCENE,
    MarkedObject,
    MarkKind,
    Question,
    Skip,
    about_image,
    about_objects,
    refusing,
)
from qagen.core.rationale import Image, Step, following, signed
from qagen.core.reasons import (
    AMBIGUOUS,
    CLASS_QUOTA,
    LOOKS_UP_OR_DOWN,
    NO_VIEWS,
    ONLY_ONE_HIDDEN,
    REACHES_ASIDE,
    SHOWN_BY_OBSERVER,
    TOO_CLOSE_FOR_DIRECTION,
    TOO_FEW_OBJECTS,
)
from qagen.core.sample import Format
from qagen.sampling.even import EvenQuestions
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets, SampledObjects
from qagen.sampling.mark_placement import mark_objects, markable_as
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig, Share
from qagen.tasks.attitude import Attitude
from qagen.tasks.sectors import MIN_AWAY_M, bearing_deg, footprint, share_between
from qagen.tasks.steps import level_axes, locate_marks
from qagen.visibility.views import SceneViews

Way = Literal["left", "right", "round"]
TURNS_DEG: Mapping[Way, float] = {"left": -90.0, "right": 90.0, "round": 180.0}
"""How far one turns to the right."""
WAYS: tuple[Way, ...] = tuple(TURNS_DEG)
COLORS = ("red", "blue", "green", "yellow")
MAX_TRIES = 8
"""Sets of images that are drawn before one without an object ahead is taken."""


class TurnAndLookConfig(MarkedConfig):
    mark: MarkKind = "none"
    """How questions point their objects out."""
    views: Images = 3
    """Largest number of images of a question."""
    least_views: Images = 2
    """Least number of images of a question."""
    min_away_m: Bound = MIN_AWAY_M
    """Least horizontal distance of the objects from the camera, meters."""
    max_off_deg: Bound = 35.0
    """Largest angle between straight ahead, after the turn, and the object that is ahead, degrees."""
    min_other_deg: Bound = 55.0
    """Least angle between straight ahead and each other object, degrees."""
    min_share: Share = 0.75
    """Least share of its footprint for which the object ahead is nearer to straight ahead than others may be, and for
    which each other object is farther from it than that may be."""
    min_tilt_deg: Bound = 25.0
    """Least angle between the camera's optical axis and the vertical, degrees."""


class TurnAndLook(Family[TurnAndLookConfig]):
    """The bearings of four box centers from a camera that is held level and turned by a quarter or half turn.

    The first image shows neither the object that is ahead then nor all others: at sight, nothing is left to choose.
    """

    name = "turn_and_look"
    Config = TurnAndLookConfig
    answer = Choice
    formats = frozenset({"fill", "select"})
    needs = frozenset({"gravity", "objects"})
    skips = SAMPLING_SKIPS | frozenset(
        {
            AMBIGUOUS,
            CLASS_QUOTA,
            LOOKS_UP_OR_DOWN,
            ONLY_ONE_HIDDEN,
            REACHES_ASIDE,
            SHOWN_BY_OBSERVER,
            TOO_CLOSE_FOR_DIRECTION,
        }
    )
    must_say = (r"\bfirst image", r"\b[Tt]urn", "ahead|in front|face")
    example_facts: ClassVar = {"way": tuple(TURNS_DEG)}

    def __init__(self, config: TurnAndLookConfig) -> None:
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
        return frozenset({*COLORS, "way"})

    def question_block(self, answer_format: Format) -> str:
        return "select_named" if answer_format == "select" else "question_named"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("centers_from_above",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Images, a turn and objects drawn again and again; no turn is asked about much more often than the others."""
        sets, even = FrameSets(views), EvenQuestions()
        while True:
            way = WAYS[int(rng.integers(len(WAYS)))]
            drawn = self._draw(sets, way, rng)
            if isinstance(drawn, Skip):
                yield drawn
                continue
            yield even.admit(refusing(about_objects(drawn[1]), self.ask(views, *drawn, way)), way)

    def _draw(self, sets: FrameSets, way: Way, rng: Generator) -> SampledObjects | Skip:
        """Images and four objects; most images show nothing that is ahead after the turn, so some are tried."""
        views, mark = sets.views, self.config.mark
        drawn: SampledObjects | Skip = Skip(NO_VIEWS, SCENE)
        for _ in range(MAX_TRIES):
            frames = sets.draw(int(rng.integers(self.config.least_views, self.config.views + 1)), rng)
            if not frames:
                return drawn
            markable = markable_as(views, frames, mark)
            shown = rng.permutation(np.flatnonzero(markable.any(axis=0))).tolist()
            items, is_hopeful = self._choose(views, frames[0], way, shown)
            if len(items) < len(COLORS):
                drawn = Skip(TOO_FEW_OBJECTS, about_image(frames[0]))
                continue
            placed = {
                color: (item, int(rng.choice(np.flatnonzero(markable[:, item]))))
                for color, item in zip(COLORS, rng.permutation(items).tolist(), strict=True)
            }
            roles = mark_objects(views, frames, placed, mark)
            drawn = roles if isinstance(roles, Skip) else (frames, roles)
            if is_hopeful:
                break
        return drawn

    def _choose(self, views: SceneViews, frame: int, way: Way, shown: Sequence[int]) -> tuple[list[int], bool]:
        """Of objects in random order one that may be ahead, another that ``frame`` does not show, and others; and
        whether there are both."""
        heading = _heading(views, frame)
        bearings = [bearing_deg(heading, _way_to(views, frame, item)) for item in shown]
        off = dict(zip(shown, (abs(wrap_deg(bearing - TURNS_DEG[way])) for bearing in bearings), strict=True))
        hidden = [item for item in shown if views.absent[frame, item]]
        ahead = [item for item in hidden if off[item] <= self.config.max_off_deg][:1]
        aside = [item for item in shown if off[item] >= self.config.min_other_deg]
        other = [item for item in aside if item in hidden][:1]
        wanted = list(dict.fromkeys([*ahead, *other, *aside, *shown]))[: len(COLORS)]
        return wanted, bool(ahead and other)

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """None: where one object is not shown, the answer may still follow from where the others are."""
        return ()

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        assert isinstance(question.answer, Choice)
        turn_deg = TURNS_DEG[question.facts["way"]]  # pyright: ignore[reportArgumentType]
        told = {
            role.color: signed(question.number(f"{role.color}_deg"), "right", "left", "angle")
            for role in question.roles
        }
        off = {
            color: following(partial(_off_deg, turn_deg, -1 if side == "left" else 1), amount, kind="angle")
            for color, (side, amount) in told.items()
        }
        winner = next(role for role in question.roles if role.color == question.answer.right)
        nearest = min((off[color] for color in question.answer.wrong), key=lambda one: one.value)
        ahead = {"way": str(question.facts["way"]), "of": winner, "value": off[winner.color], "next": nearest}
        bearings = tuple((role, told[role.color]) for role in question.roles)
        return (
            locate_marks(question),
            Step("measure", "bearing", {"camera": Image(0), "to": bearings}),
            Step("compare", "ahead", ahead),
        )

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], way: Way = "left"
    ) -> Question | Skip:
        """Which of ``roles`` is ahead of the camera of the first of ``frames`` once it has turned."""
        attitude = Attitude(views.cameras[frames[0], :3, :3])
        if abs(attitude.elevation_deg) > 90 - self.config.min_tilt_deg:
            return Skip(LOOKS_UP_OR_DOWN)
        ways = [_way_to(views, frames[0], role.object) for role in roles]
        if min(math.hypot(*one) for one in ways) < self.config.min_away_m:
            return Skip(TOO_CLOSE_FOR_DIRECTION)
        heading = _heading(views, frames[0])
        bearings = [bearing_deg(heading, one) for one in ways]
        off = [abs(wrap_deg(bearing - TURNS_DEG[way])) for bearing in bearings]
        first, second, *_ = sorted(range(len(roles)), key=lambda k: off[k])
        margin = min(self.config.max_off_deg - off[first], off[second] - self.config.min_other_deg)
        if margin < 0:
            return Skip(AMBIGUOUS)
        hidden = [bool(views.absent[frames[0], role.object]) for role in roles]
        if not hidden[first]:
            return Skip(SHOWN_BY_OBSERVER)
        if sum(hidden) < 2:
            return Skip(ONLY_ONE_HIDDEN)
        if not self._are_clear(views, frames[0], roles, first, TURNS_DEG[way]):
            return Skip(REACHES_ASIDE)
        winner = roles[first]
        return Question(
            frames=frames,
            roles=roles,
            facts={"way": way},
            answer=Choice(winner.color, tuple(role.color for role in roles if role is not winner)),
            fact=(frames[0], way, winner.object, *sorted(role.object for role in roles)),
            margin=margin,
            margin_unit="deg",
            measured={
                "observer": views.frames[frames[0]].id,
                **{f"{role.color}_deg": bearing for role, bearing in zip(roles, bearings, strict=True)},
                **{f"{role.color}_m": math.hypot(*one) for role, one in zip(roles, ways, strict=True)},
            },
            classes=(way, f"label: {views.scene.objects[winner.object].label}"),
        )

    def _are_clear(
        self, views: SceneViews, frame: int, roles: Sequence[MarkedObject], first: int, turn_deg: float
    ) -> bool:
        """Whether most of the object ahead is ahead, and most of each other one is not."""
        x, y, _ = views.cameras[frame, :3, 3].tolist()
        heading = _turned(_heading(views, frame), turn_deg)
        for number, role in enumerate(roles):
            most = self.config.min_other_deg if number == first else self.config.max_off_deg
            share = share_between(footprint(views.scene.objects[role.object].box), (x, y), heading, (-most, most))
            if (share if number == first else 1 - share) < self.config.min_share:
                return False
        return True


def _heading(views: SceneViews, frame: int) -> tuple[float, float]:
    """The horizontal direction (x, y) in which a camera looks."""
    x, y, _ = level_axes(views, frame)[:, 2].tolist()
    return x, y


def _way_to(views: SceneViews, frame: int, item: int) -> tuple[float, float]:
    """The horizontal way (x, y) from a camera to an object's center."""
    x, y, _ = (views.world_centers[item] - views.cameras[frame, :3, 3]).tolist()
    return x, y


def _turned(heading: tuple[float, float], right_deg: float) -> tuple[float, float]:
    """A horizontal direction turned to the right by a multiple of 90 degrees."""
    x, y = heading
    return {90.0: (y, -x), -90.0: (-y, x), 180.0: (-x, -y)}[right_deg]


def _off_deg(turn_deg: float, sign: int, amount_deg: float) -> float:
    """How far from straight ahead something is after a turn to the right, given on which side it was by how much."""
    return abs(wrap_deg(sign * amount_deg - turn_deg))
