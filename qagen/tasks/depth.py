"""Depth of one object given another's, and difference of two depths."""

from collections.abc import Set
from typing import ClassVar, Literal

from pydantic import model_validator

from qagen.core.answer import Number
from qagen.core.question import MarkedObject, Question, Skip
from qagen.core.rationale import Image, Step, following, length
from qagen.core.reasons import DIFFERENCE_TOO_SMALL, MARKS_IN_ONE_IMAGE
from qagen.core.sample import Format
from qagen.core.units import Length
from qagen.sampling.frame_sets import SAMPLING_SKIPS
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig
from qagen.tasks.steps import locate_marks
from qagen.visibility.views import SceneViews

COLORS = {"oc": ("red", "blue"), "oo": ("red", "blue", "green")}


class DepthConfig(MarkedConfig):
    asks: Literal["oc", "oo"]
    """oc: the depth of blue; oo: the absolute difference of the depths of green and blue."""
    views: Images = 1
    """Number of images of a question."""
    min_difference_m: Bound = 0.2
    """oo: smallest difference that is asked, meters."""

    @model_validator(mode="after")
    def _has_an_image_for_each_depth(self) -> "DepthConfig":
        if self.mark == "none" and self.views > 1:
            raise ValueError("mark: point, bbox or mask, because a depth is taken in the image that carries the mark")
        return self


class Depth(Family[DepthConfig]):
    """Depth z of box centers, each in the camera of the image that carries its mark."""

    name = "depth"
    Config = DepthConfig
    answer = Number
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"scale", "objects"})
    skips = SAMPLING_SKIPS | {MARKS_IN_ONE_IMAGE, DIFFERENCE_TOO_SMALL}
    unit = "meters"
    must_say = ("3D center", "depth|deep")
    example_facts: ClassVar = {"given": ("2.7",)}

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, COLORS[self.config.asks], indexed=self.config.views > 1)

    @property
    def variant(self) -> str:
        return self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset(COLORS[self.config.asks]) | {"given"}

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return () if self.config.views == 1 else ("depth_per_image",)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        roles = {role.color: role for role in question.roles}
        depths = {color: length(question.number(f"{color}_depth_m")) for color in COLORS[self.config.asks]}
        asked = ("red", "blue") if self.config.asks == "oc" else ("blue", "green")
        steps = [
            Step("measure", "depth", {"of": roles[color], "image": Image(roles[color].image), "value": depths[color]})
            for color in asked
        ]
        if self.config.asks == "oo":
            difference = following(lambda one, other: abs(one - other), depths["green"], depths["blue"])
            steps.append(Step("measure", "depths", {"value": difference}))
        return (locate_marks(question), *steps)

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """The question about the depths of ``roles`` red, blue(, green), given that of red."""
        if len(frames) > 1 and len({role.image for role in roles}) < 2:
            return Skip(MARKS_IN_ONE_IMAGE)
        depths = {role.color: float(views.depth[frames[role.image], role.object]) for role in roles}
        if self.config.asks == "oc":
            value, margin = depths["blue"], depths["blue"]
        else:
            value = abs(depths["green"] - depths["blue"])
            margin = value - self.config.min_difference_m
            if margin < 0:
                return Skip(DIFFERENCE_TOO_SMALL)
        return Question(
            frames=frames,
            roles=roles,
            facts={"given": Length(depths["red"])},
            answer=Number(value),
            fact=(*sorted(role.object for role in roles[1:]), f"{value:.1f}"),
            margin=margin,
            measured={f"{color}_depth_m": depth for color, depth in depths.items()},
        )
