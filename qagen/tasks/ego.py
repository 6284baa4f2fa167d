"""How far the camera went, and how far it turned, between two frames of the video."""

import math
from collections.abc import Iterator, Set
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Degrees, Number
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.rationale import Image, Step, angle, following, length
from qagen.core.reasons import DISTANCE_TOO_SHORT, DOUBTFUL_MOTION, HALF_TURN, UNIT_TOO_COARSE
from qagen.core.sample import Format
from qagen.sampling.video_spans import SPAN_SKIPS, Ends, all_ends, span_between, taking_turns
from qagen.tasks._base import Bound, Family, MotionConfig
from qagen.tasks.steps import coordinates, measure_angles, place_in_camera
from qagen.visibility.views import SceneViews

LENGTHS = (2, 4, 7, 12)
"""Numbers of frames from which on a part of the video is longer, as far as the balance of questions goes."""


class EgoConfig(MotionConfig):
    asks: Literal["displacement", "path", "turn"]
    """displacement: straight from start to end; path: the length of the way; turn: all turns together."""
    min_m: Bound = 0.5
    """Least distance or way that is asked, meters."""
    min_deg: Bound = 20.0
    """Least turn that is asked, degrees."""
    max_deg: Bound = 360.0
    """Largest turn that is asked, degrees."""
    max_detail: Bound = 0.1
    """Largest share by which path or turn is longer where it is followed twice as closely, or through all frames, not
    those of the video alone; more is a shaking hand, or nothing that the video shows."""


class Ego(Family[EgoConfig]):
    """The way of the camera through all frames of the recording, those that the video leaves out included."""

    name = "ego"
    Config = EgoConfig
    answer = Number
    formats = frozenset({"fill", "select", "sentence"})
    skips = SPAN_SKIPS | {DOUBTFUL_MOTION, DISTANCE_TOO_SHORT, HALF_TURN, UNIT_TOO_COARSE}
    unit = "meters"
    must_say = ("camera", "Frame-4", "Frame-17")
    example_facts: ClassVar = {"first": (4,), "last": (17,)}

    def __init__(self, config: EgoConfig) -> None:
        super().__init__(config)
        is_turn = config.asks == "turn"
        self.answer = Degrees if is_turn else Number
        self.needs = frozenset() if is_turn else frozenset({"scale"})
        self.unit = "" if is_turn else "meters"

    @property
    def variant(self) -> str:
        return self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"first", "last"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("video",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Parts of the video, short and long ones taking turns."""
        yield from taking_turns(views, self._candidates(views, rng))

    def _candidates(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for part in rng.permutation(list(all_ends(len(views.video)))).tolist():
            yield refusing(about_image(views.video[part[0]]), self.ask(views, views.video, *Ends(*part)))

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        first, last = question.position("first"), question.position("last")
        if self.config.asks == "turn":
            swept = Step("measure", "swept", {"value": angle(question.number("turn_deg"))})
            return measure_angles(views, question, Image(first), Image(last)), swept
        ends = {"first": first, "last": last}
        if self.config.asks == "path":
            net = Step("measure", "net", {**ends, "value": length(question.number("net_m"))})
            return net, Step("measure", "way", {"value": length(question.number("path_m"))})
        placed = place_in_camera(views, question, [Image(last)], first)
        away = following(math.hypot, *coordinates(placed, Image(last)))
        return placed, Step("measure", "net", {**ends, "value": away})

    def ask(self, views: SceneViews, frames: tuple[int, ...], first: int, last: int) -> Question | Skip:
        """How far the camera goes or turns from image ``first`` of ``frames`` to image ``last``."""
        span = span_between(views, frames, Ends(first, last), *self.config.steps)
        if isinstance(span, Skip):
            return span
        is_turn = self.config.asks == "turn"
        measure = span.swept_deg if is_turn else span.length
        closely, coarsely = measure(), measure(2)
        net = span.turned_deg if is_turn else span.away
        value = net if self.config.asks == "displacement" else closely
        least = self.config.min_deg if is_turn else self.config.min_m
        if value < least:
            return Skip(DOUBTFUL_MOTION if is_turn else DISTANCE_TOO_SHORT)
        if is_turn and value > self.config.max_deg:
            return Skip(HALF_TURN)
        if self.config.asks != "displacement" and closely > (1 + self.config.max_detail) * min(
            coarsely, _shown(views, frames[first : last + 1], is_turn)
        ):
            return Skip(DOUBTFUL_MOTION)
        if not is_turn and views.units is not None and not views.units.is_exact(value):
            return Skip(UNIT_TOO_COARSE)
        unit = "deg" if is_turn else "m"
        return Question(
            frames=frames,
            is_video=True,
            facts={"first": first, "last": last},
            answer=Degrees(value) if is_turn else Number(value),
            fact=(first // 2, last // 2),
            margin=value - least,
            margin_unit=unit,
            measured={f"{self.config.asks}_{unit}": value, f"net_{unit}": net},
            classes=(f"frames:{np.digitize(last - first, LENGTHS)}",),
        )


def _shown(views: SceneViews, frames: tuple[int, ...], is_turn: bool) -> float:
    """How far the camera turns or goes from each of some frames to the next, degrees or meters."""
    steps = views.rotation_deg if is_turn else views.baseline_m
    return float(sum(steps[pair] for pair in pairwise(frames)))
