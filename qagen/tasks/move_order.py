"""In which order the camera does two to four things."""

from collections.abc import Iterator, Sequence, Set
from itertools import pairwise
from typing import Annotated, ClassVar

from numpy.random import Generator
from pydantic import Field

from qagen.core.answer import MoveOrder
from qagen.core.motion import LABELS, STAY
from qagen.core.question import Question, Skip, about_image, refusing
from qagen.core.rationale import Step
from qagen.core.reasons import DOUBTFUL_MOTION
from qagen.core.sample import Format
from qagen.sampling.video_spans import SPAN_SKIPS, Ends, all_ends, span_between, taking_turns
from qagen.tasks._base import Bound, Family, MotionConfig
from qagen.visibility.camera_path import Span
from qagen.visibility.views import SceneViews

LEAST_MOVES, MOST_MOVES = 2, 4
SAME_TIME_S = 0.002
"""A move starts at a frame where their times differ by no more than rounding explains."""


class MoveOrderConfig(MotionConfig):
    most: Annotated[int, Field(ge=LEAST_MOVES, le=MOST_MOVES)] = MOST_MOVES
    """Largest number of moves of a question."""
    min_apart_s: Bound = 0.6
    """Least time from the middle of a move to that of the next, seconds."""


class MoveOrderFamily(Family[MoveOrderConfig]):
    """Moves each of which the camera makes once between two frames, one after the other."""

    name = "move_order"
    Config = MoveOrderConfig
    answer = MoveOrder
    formats = frozenset({"fill", "select", "sentence"})
    skips = SPAN_SKIPS | {DOUBTFUL_MOTION}
    needs = frozenset()
    least_options = LEAST_MOVES
    must_say = ("camera", "Frame-4", "Frame-17")
    example_facts: ClassVar = {
        "first": (4,),
        "last": (17,),
        "listed": (("Dolly In", "Pan Left"), ("Dolly Out", "Pan Right", "Tilt Up", "Roll CCW")),
    }

    @property
    def variant(self) -> str:
        return "video"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"first", "last", "listed"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("video",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Questions about moves that follow each other in parts of the video."""
        yield from taking_turns(views, self._candidates(views, rng))

    def _candidates(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for part in rng.permutation(list(all_ends(len(views.video)))).tolist():
            span = span_between(views, views.video, Ends(*part), *self.config.steps)
            chosen = [] if isinstance(span, Skip) else self._draw_moves(span, rng)
            if isinstance(span, Skip) or len(chosen) < LEAST_MOVES:
                found = span if isinstance(span, Skip) else Skip(DOUBTFUL_MOTION)
                yield refusing(about_image(views.video[part[0]]), found)
            else:
                yield self.ask(views, views.video, *Ends(*part), sorted(chosen, key=LABELS.index))

    def _draw_moves(self, span: Span, rng: Generator) -> list[str]:
        """Two to four moves, none of which overlaps another."""
        runs = {label: span.only_run(label, self.config.visible) for label in LABELS if label != STAY}
        chosen: dict[str, Span] = {}
        for label in rng.permutation([label for label, run in runs.items() if run is not None]).tolist():
            run = runs[label]
            if (
                run is not None
                and len(chosen) < self.config.most
                and all(self._apart(run, one) for one in chosen.values())
            ):
                chosen[label] = run
        return list(chosen)

    def _apart(self, first: Span, second: Span) -> bool:
        """Whether one run is over before the other begins."""
        earlier, later = sorted((first, second), key=lambda run: run.start_s)
        middles = [(run.start_s + run.end_s) / 2 for run in (earlier, later)]
        return earlier.end_s <= later.start_s + 1e-6 and middles[1] - middles[0] >= self.config.min_apart_s

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        answer, starts = question.answer, question.measured["starts_s"]
        assert isinstance(answer, MoveOrder)
        assert isinstance(starts, list)
        first, last = question.position("first"), question.position("last")
        times_s = [views.frames[frame].time_s for frame in question.frames[first : last + 1]]
        frames = {
            label: _frames_around(times_s, times_s[0] + start, first)
            for label, start in zip(answer.labels, starts, strict=True)
        }
        listed = tuple((label, frames[label]) for label in sorted(answer.labels, key=LABELS.index))
        return (
            Step("sort", "starts", {"first": first, "last": last, "starts": listed}),
            Step("sort", "order", {"order": answer.labels}),
        )

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], first: int, last: int, listed: Sequence[str]
    ) -> Question | Skip:
        """In which order the camera makes the moves ``listed`` from image ``first`` of ``frames`` to image ``last``."""
        span = span_between(views, frames, Ends(first, last), *self.config.steps)
        if isinstance(span, Skip):
            return span
        runs = {label: run for label in listed if (run := span.only_run(label, self.config.visible)) is not None}
        order = sorted(runs, key=lambda label: runs[label].start_s)
        if len(order) < len(listed) or not all(self._apart(runs[a], runs[b]) for a, b in pairwise(order)):
            return Skip(DOUBTFUL_MOTION)
        apart_s = min(runs[b].start_s - runs[a].start_s for a, b in pairwise(order))
        return Question(
            frames=frames,
            is_video=True,
            facts={"first": first, "last": last, "listed": tuple(listed)},
            answer=MoveOrder(tuple(order)),
            fact=tuple((label, float(span.stretch.times_s[span.start_of_run(label)])) for label in order),
            margin=apart_s / self.config.min_apart_s,
            margin_unit="fraction",
            measured={"starts_s": [round(runs[label].start_s - span.start_s, 3) for label in order]},
            classes=(f"moves:{len(order)}", *(f"move:{label}" for label in order)),
        )


def _frames_around(times_s: Sequence[float], at_s: float, first: int) -> tuple[int, int]:
    """The numbers of the last frame before a time and of the first after it, both the same at a frame's time; the
    frames from number ``first`` on have ``times_s``."""
    before = max((k for k, time_s in enumerate(times_s) if time_s <= at_s + SAME_TIME_S), default=0)
    is_at = at_s - times_s[before] <= SAME_TIME_S or before == len(times_s) - 1
    return first + before, first + before + (not is_at)
