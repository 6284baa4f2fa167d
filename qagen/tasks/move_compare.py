"""In which of two parts of the video the camera turns, or moves, more."""

from collections.abc import Iterator, Set
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from pydantic import Field

from qagen.core.answer import FrameSpan
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.rationale import Step, angle, length
from qagen.core.reasons import DOUBTFUL_MOTION
from qagen.core.sample import Format
from qagen.sampling.video_spans import SPAN_SKIPS, Ends, span_between, taking_turns
from qagen.tasks._base import Family, MotionConfig
from qagen.visibility.camera_path import Span
from qagen.visibility.views import SceneViews

MOST_DRAWS = 400
"""Pairs of parts of a video that are tried."""
LONGEST = 10
"""Largest number of frames from one end of a part to the other."""
KINDS = ("turn", "move")


class MoveCompareConfig(MotionConfig):
    min_gap: float = Field(default=0.25, ge=0)
    """Least share by which the larger amount exceeds the smaller one."""


class MoveCompare(Family[MoveCompareConfig]):
    """Two parts of as many frames, in one of which the camera turns (moves) more: in all and from end to end."""

    name = "move_compare"
    Config = MoveCompareConfig
    answer = FrameSpan
    formats = frozenset({"select", "judge"})
    skips = SPAN_SKIPS | {DOUBTFUL_MOTION}
    needs = frozenset()
    must_say = ("camera", "more|farther|less", "Frame-4 to Frame-10", "Frame-12 to Frame-18")
    example_facts: ClassVar = {
        "first": (4,),
        "kind": KINDS,
        "spans": (("Frame-4 to Frame-10", "Frame-12 to Frame-18"),),
    }

    @property
    def options(self) -> int:
        return 2

    @property
    def variant(self) -> str:
        return "video"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"kind", "spans"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("whole_way", "video")

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Questions about parts of the video that do not overlap; which one is right takes turns."""
        yield from taking_turns(views, self._candidates(views, rng))

    def _candidates(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        count = len(views.video)
        for _ in range(MOST_DRAWS):
            length = int(rng.integers(2, min(LONGEST, (count - 1) // 2) + 1))
            start, other = sorted(rng.integers(0, count - length, 2).tolist())
            kind = KINDS[int(rng.integers(2))]
            if other >= start + length:
                found = self.ask(views, views.video, start, start + length, other, other + length, kind)
                yield refusing(about_image(views.video[start]), found)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        answer, kind = question.answer, str(question.facts["kind"])
        assert isinstance(answer, FrameSpan)
        ends = [(question.position(f"{name}first"), question.position(f"{name}last")) for name in ("", "other_")]
        unit, form, quantity = ("deg", "turned", angle) if kind == "turn" else ("m", "moved", length)
        amounts = [quantity(question.number(f"{name}_{unit}")) for name in ("first", "second")]
        less, more = sorted(amounts, key=lambda one: one.value)
        smaller = ends[amounts.index(less)]
        measured = [
            Step("measure", form, {"first": first, "last": last, "value": amount})
            for (first, last), amount in zip(ends, amounts, strict=True)
        ]
        scale = Step("scale", "way", {"first": smaller[0], "last": smaller[1]}, length=less.value)
        larger = {"more": more, "less": less, "kind": kind, "first": answer.first, "last": answer.last}
        return *([scale] if kind == "move" else []), *measured, Step("compare", "parts", larger)

    def ask(
        self,
        views: SceneViews,
        frames: tuple[int, ...],
        first: int,
        last: int,
        other_first: int,
        other_last: int,
        kind: str,
        spans: tuple = (),
    ) -> Question | Skip:
        """Whether the camera turns (moves) more from image ``first`` of ``frames`` to ``last``, or between the others.

        Args:
            kind: turn or move.
            spans: the two parts in words, which follow from their ends.
        """
        ends = Ends(first, last), Ends(other_first, other_last)
        found = [span_between(views, frames, one, *self.config.steps) for one in ends]
        skips = [one for one in found if isinstance(one, Skip)]
        if skips:
            return skips[0]
        amounts = np.array([_amounts(one, kind) for one in found if isinstance(one, Span)])
        larger = int(amounts[1, 0] > amounts[0, 0])
        most, least = amounts[larger], amounts[1 - larger]
        visible = self.config.min_turn_deg if kind == "turn" else self.config.min_move_m
        gaps = most - least * (1 + self.config.min_gap)
        if most.min() < visible or gaps.min() < visible / 2:
            return Skip(DOUBTFUL_MOTION)
        told = tuple(FrameSpan(*one).text for one in ends)
        unit = "deg" if kind == "turn" else "m"
        return Question(
            frames=frames,
            is_video=True,
            facts={"first": first, "last": last, "other_first": other_first, "other_last": other_last, "kind": kind}
            | {"spans": told},
            answer=FrameSpan(*ends[larger], (ends[1 - larger],)),
            fact=(kind, tuple(int(one.first) // 4 for one in ends)),
            margin=float(gaps.min()),
            margin_unit=unit,
            measured={f"first_{unit}": float(amounts[0, 0]), f"second_{unit}": float(amounts[1, 0])},
            classes=(f"{kind}:{larger}",),
        )


def _amounts(span: Span, kind: str) -> tuple[float, float]:
    """How far the camera turns (moves) in all, and from end to end; meters or degrees."""
    return (span.swept_deg(), span.turned_deg) if kind == "turn" else (span.length(), span.away)
