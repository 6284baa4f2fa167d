"""Which of several boxes in another image is around the same object."""

import math
from collections.abc import Set
from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field, model_validator

from qagen.core.answer import Choice
from qagen.core.question import MarkedObject, Question, Skip
from qagen.core.rationale import Step
from qagen.core.reasons import TOO_FEW_OBJECTS
from qagen.core.sample import Format
from qagen.sampling.mark_placement import mark
from qagen.tasks._base import MarkColumns
from qagen.tasks.matching import Matching, MatchingConfig
from qagen.tasks.steps import locate_marks, place_in_camera, scale_from_camera
from qagen.visibility.views import SceneViews

CANDIDATE_COLORS = ("blue", "green", "yellow", "magenta")
"""Colors of the boxes to choose from, in this order."""


class CandidatesConfig(MatchingConfig):
    max_overlap: Annotated[float, Field(ge=0, le=1)] = 0.4
    """Largest part of a box to choose from that may lie inside another one of them."""
    max_size_ratio: Annotated[float, Field(ge=1)] = 4.0
    """Largest ratio of the areas of such a box and the right one, where the objects' labels differ."""

    @model_validator(mode="after")
    def _has_boxes_to_choose_from(self) -> "CandidatesConfig":
        if self.mark != "bbox":
            raise ValueError("mark: bbox, because it asks which of several boxes is around the object")
        return self


class MatchingCandidates(Matching):
    """Which of two to four boxes of the second view holds the instance that the first one marks.

    The boxes are those of objects that could be meant: of its label first, then of others whose box is about as large.
    """

    name = "candidates"
    Config = CandidatesConfig
    config: CandidatesConfig
    answer = Choice
    needs = frozenset({"objects"})
    formats = frozenset({"select", "sentence"})
    skips = Matching.skips | {TOO_FEW_OBJECTS}
    must_say = ("first", "second")
    least_options = 2
    unnamed = frozenset(CANDIDATE_COLORS)
    example_facts: ClassVar = {
        "candidates": (("blue box", "green box"), ("blue box", "green box", "yellow box", "magenta box"))
    }

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("red", *CANDIDATE_COLORS), indexed=True)

    @property
    def variant(self) -> str:
        return "pair"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red", "candidates"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ()

    def propose_one(self, views: SceneViews, frames: tuple[int, int], item: int, rng: Generator) -> Question | Skip:
        """Candidates in random order, four more often than two or three."""
        others = self._others(views, frames[1], item, rng)[: int(rng.choice([1, 2, 3, 3]))]
        if not others:
            return Skip(TOO_FEW_OBJECTS)
        order = rng.permutation([item, *others]).tolist()
        red = mark(views, frames, "red", item, 0, "bbox")
        named = zip(CANDIDATE_COLORS, order, strict=False)
        return self.ask(views, frames, (red, *(mark(views, frames, color, k, 1, "bbox") for color, k in named)))

    def _others(self, views: SceneViews, frame: int, item: int, rng: Generator) -> list[int]:
        """Objects that a frame shows apart from ``item`` and from each other, the most similar ones first."""
        labels = [one.label for one in views.scene.objects]
        boxes = views.visible_box[frame]
        log_areas = np.log(np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1e-9))
        shown = rng.permutation(np.flatnonzero(views.markable[frame])).tolist()
        away = {k: abs(float(log_areas[k] - log_areas[item])) for k in shown}
        alike = [k for k in shown if k != item and labels[k] == labels[item]]
        unlike = [k for k in shown if labels[k] != labels[item] and away[k] <= math.log(self.config.max_size_ratio)]
        chosen = [item]
        for k in [*alike, *unlike]:
            if all(_overlap(boxes[k], boxes[other]) <= self.config.max_overlap for other in chosen):
                chosen.append(k)
        return chosen[1:]

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        red, *others = question.roles
        right = next(role for role in others if role.object == red.object)
        return (
            locate_marks(question),
            scale_from_camera(views, question, red),
            replace(place_in_camera(views, question, [red]), is_optional=True),
            place_in_camera(views, question, question.roles, 1, "transform"),
            Step("compare", "same", {"of": right, "to": red}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """Which of the objects marked in the second of ``frames`` is that of role red in the first."""
        colors = {role.object: role.color for role in roles[1:]}
        right = colors.pop(roles[0].object)
        asked = self.answered(views, frames, roles, Choice(right, tuple(colors.values())))
        if isinstance(asked, Skip):
            return asked
        boxes = tuple(f"{role.color} box" for role in roles[1:])
        return replace(asked, facts={"candidates": boxes}, classes=(f"{right} of {len(boxes)}",))


def _overlap(box: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The area that two boxes (left, top, right, bottom) share, as a share of the smaller one's."""
    left, top = np.maximum(box[:2], other[:2]).tolist()
    right, bottom = np.minimum(box[2:], other[2:]).tolist()
    areas = [float((each[2] - each[0]) * (each[3] - each[1])) for each in (box, other)]
    return max(right - left, 0.0) * max(bottom - top, 0.0) / max(min(areas), 1e-12)
