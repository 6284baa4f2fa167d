"""In which third of a part of the video the camera does something."""

from collections.abc import Iterator, Set
from typing import ClassVar

from numpy.random import Generator

from qagen.core.answer import FrameSpan
from qagen.core.motion import LABELS, OPPOSITES, STAY, Certainty
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.rationale import Step, signed
from qagen.core.reasons import DOUBTFUL_MOTION
from qagen.core.sample import Format
from qagen.sampling.video_spans import SPAN_SKIPS, Ends, all_ends, span_between, taking_turns, thirds
from qagen.tasks._base import Family, MotionConfig
from qagen.visibility.camera_path import Span, axis_of, is_move
from qagen.visibility.views import SceneViews

LEAST_PART = 6
"""Least number of frames from one end of a part of the video to the other."""


class MoveThirds(Family[MotionConfig]):
    """A move that holds surely in one third of a part of the video, and surely not in the two others."""

    name = "move_thirds"
    Config = MotionConfig
    answer = FrameSpan
    formats = frozenset({"select", "sentence"})
    skips = SPAN_SKIPS | {DOUBTFUL_MOTION}
    needs = frozenset()
    must_say = ("camera", "third", "Frame-4", "Frame-31")
    example_facts: ClassVar = {"first": (4,), "last": (31,), "move": LABELS[:-1], "cuts": ((13, 22),)}

    @property
    def options(self) -> int:
        return 3

    @property
    def variant(self) -> str:
        return "when"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"first", "last", "move", "cuts"})

    def question_block(self, answer_format: Format) -> str:
        """Options list the thirds; other questions list them themselves."""
        return "question_when" if answer_format == "select" else "question_when_listed"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("own_axes", "video")

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Questions about each move in each part of the video that has thirds, the thirds taking turns."""
        yield from taking_turns(views, self._candidates(views, rng))

    def _candidates(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for part in rng.permutation(list(all_ends(len(views.video)))).tolist():
            ends = Ends(*part)
            if thirds(ends) is not None and ends.last - ends.first >= LEAST_PART:
                found = [self.ask(views, views.video, *ends, label) for label in LABELS if label != STAY]
                asked = [one for one in found if isinstance(one, Question)]
                yield from asked or [refusing(about_image(views.video[ends.first]), found[0])]

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        answer, move = question.answer, str(question.facts["move"])
        assert isinstance(answer, FrameSpan)
        parts = thirds(Ends(question.position("first"), question.position("last")))
        assert parts is not None
        spans = [span_between(views, question.frames, part, *self.config.steps) for part in parts]
        axis, sign = axis_of(move)
        nets = [float(sign * span.sums[axis]) for span in spans if isinstance(span, Span)]
        kind = "length" if is_move(move) else "angle"
        told = [signed(net, move, OPPOSITES[move], kind) for net in nets]
        right = {"first": answer.first, "last": answer.last}
        scale = Step("scale", "way", right, length=nets[parts.index(Ends(answer.first, answer.last))])
        measured = (
            Step("measure", "along", {"first": part.first, "last": part.last, "move": word, "value": amount})
            for part, (word, amount) in zip(parts, told, strict=True)
        )
        return *([scale] if is_move(move) else []), *measured, Step("compare", "third", {**right, "move": move})

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], first: int, last: int, move: str, cuts: tuple = ()
    ) -> Question | Skip:
        """In which third of image ``first`` of ``frames`` to image ``last`` the camera makes a move.

        Args:
            cuts: the images between two thirds, which follow from the ends.
        """
        parts = thirds(Ends(first, last))
        assert parts is not None
        held: list[int] = []
        for k, part in enumerate(parts):
            span = span_between(views, frames, part, *self.config.steps)
            if isinstance(span, Skip):
                return span
            certainty = span.certainty(move, self.config.visible)
            if certainty is Certainty.DOUBTFUL:
                return Skip(DOUBTFUL_MOTION)
            held += [k] if certainty is Certainty.HOLDS else []
        if len(held) != 1:
            return Skip(DOUBTFUL_MOTION)
        right, others = parts[held[0]], tuple(part for k, part in enumerate(parts) if k != held[0])
        span = span_between(views, frames, right, *self.config.steps)
        assert not isinstance(span, Skip)
        return Question(
            frames=frames,
            is_video=True,
            facts={"first": first, "last": last, "move": move, "cuts": (parts[1].first, parts[1].last)},
            answer=FrameSpan(*right, others),
            fact=(move, float(span.stretch.times_s[span.start_of_run(move)])),
            margin=span.net(move) / self.config.visible.least(move) - 1,
            margin_unit="fraction",
            measured={"net": span.net(move), "third": held[0]},
            classes=(f"third:{held[0]}", f"move:{move}"),
        )
