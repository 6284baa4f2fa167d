"""Which way the camera moves or turns between two frames of the video, or in a third of a part of it."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import ClassVar, Literal

from numpy.random import Generator

from qagen.core.answer import CameraMove
from qagen.core.motion import AXES, LABELS, OPPOSITES, STAY, Certainty
from qagen.core.question import Fact, Question, Skip, about_image, refusing
from qagen.core.rationale import Step, signed
from qagen.core.reasons import DOUBTFUL_MOTION
from qagen.core.sample import Format
from qagen.sampling.video_spans import SPAN_SKIPS, Ends, all_ends, span_between, taking_turns, thirds
from qagen.tasks._base import Family, MotionConfig
from qagen.visibility.camera_path import Span, is_move
from qagen.visibility.views import SceneViews

LEAST_PART = 6
"""Least number of frames from one end of a part of the video to the other, of which a third is asked about."""
LEAST_SCALE = 1e-9
"""Least move by which others are divided where there are no meters."""
STAY_SHARE = 0.25
"""Share of the questions that offer that the camera stays still, where it surely does not."""


class MovesConfig(MotionConfig):
    asks: Literal["direction", "what"] = "direction"
    """direction: what the camera does between two frames; what: in the first or last third of a part of the video."""


class Moves(Family[MovesConfig]):
    """Moves along, and turns about, the camera's own axes, one of which holds surely while three others surely do not.

    What is listed does not tell which one holds: two pairs of opposites, moves of four axes, or a pair and two others.
    """

    name = "moves"
    Config = MovesConfig
    answer = CameraMove
    formats = frozenset({"select", "sentence"})
    skips = SPAN_SKIPS | {DOUBTFUL_MOTION}
    needs = frozenset()
    must_say = ("camera", "Frame-4", "Frame-17|third")
    example_facts: ClassVar = {
        "first": (4,),
        "last": (17,),
        "begin": (4,),
        "end": (31,),
        "third": ("first", "last"),
        "listed": (("Dolly In", "Dolly Out", "Pan Right", "Pan Left"), ("Truck Right", "Tilt Up", "Tilt Down", "Stay")),
    }

    @property
    def variant(self) -> str:
        return self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        part = {"begin", "end", "third"} if self.config.asks == "what" else set()
        return frozenset({"first", "last", "listed"} | part)

    def question_block(self, answer_format: Format) -> str:
        """Options list the moves; other questions list them themselves."""
        listed = "" if answer_format == "select" else "_listed"
        return f"question_{self.variant}{listed}"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("own_axes", "video") if self.config.asks == "direction" else ("own_axes",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Questions about each run of each move, moves taking turns."""
        yield from taking_turns(views, self._candidates(views, rng))

    def _candidates(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for part in rng.permutation(list(all_ends(len(views.video)))).tolist():
            for ends, facts in self._asked_in(Ends(*part), rng):
                for candidate in self._ask_between(views, ends, rng, facts):
                    yield refusing(about_image(views.video[ends.first]), candidate)

    def _asked_in(self, part: Ends, rng: Generator) -> Iterator[tuple[Ends, dict[str, Fact]]]:
        """The ends that are asked about in a part of the video, and what else the question says."""
        if self.config.asks == "direction":
            yield part, {}
            return
        found = thirds(part)
        if found is not None and part.last - part.first >= LEAST_PART:
            third = ("first", "last")[int(rng.integers(2))]
            yield found[0 if third == "first" else 2], {"begin": part.first, "end": part.last, "third": third}

    def _ask_between(
        self, views: SceneViews, ends: Ends, rng: Generator, facts: Mapping[str, Fact]
    ) -> Iterator[Question | Skip]:
        """A question about each move that holds surely between two frames of the video, or why there is none."""
        span = span_between(views, views.video, ends, *self.config.steps)
        if isinstance(span, Skip):
            yield span
            return
        known = span.certainties(self.config.visible)
        lists = [_draw_listed(label, known, rng) for label in LABELS if known[label] is Certainty.HOLDS]
        for listed in filter(None, lists):
            yield self.ask(views, views.video, *ends, listed, **facts)
        if not any(lists):
            yield Skip(DOUBTFUL_MOTION)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        ends = Ends(question.position("first"), question.position("last"))
        span = span_between(views, question.frames, ends, *self.config.steps)
        assert isinstance(span, Span)
        assert isinstance(question.answer, CameraMove)
        sums = span.sums.tolist()
        amounts = tuple(
            signed(amount, label, opposite, "length" if is_move(label) else "angle")
            for amount, (label, opposite) in zip(sums, AXES, strict=True)
        )
        largest = max(map(abs, sums[:3]))
        part = {"first": ends.first, "last": ends.last}
        return (
            Step("scale", "moves", part, length=max(largest, LEAST_SCALE)),
            Step("measure", "motion", {**part, "amounts": amounts}),
            Step("compare", "holds", {"move": question.answer.label}),
        )

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], first: int, last: int, listed: Sequence[str], **part: Fact
    ) -> Question | Skip:
        """Which of the moves ``listed`` the camera makes from image ``first`` of ``frames`` to image ``last``.

        Args:
            part: begin, end and third, where these images are a third of a part of the video.
        """
        span = span_between(views, frames, Ends(first, last), *self.config.steps)
        if isinstance(span, Skip):
            return span
        known = span.certainties(self.config.visible)
        held = [label for label in listed if known[label] is Certainty.HOLDS]
        if len(held) != 1 or any(known[label] is not Certainty.ABSENT for label in listed if label not in held):
            return Skip(DOUBTFUL_MOTION)
        label = held[0]
        net, least = (0.0, 1.0) if label == STAY else (span.net(label), self.config.visible.least(label))
        name = "moved_m" if is_move(label) else "turned_deg"
        return Question(
            frames=frames,
            is_video=True,
            facts={"first": first, "last": last, "listed": tuple(listed), **part},
            answer=CameraMove(label, tuple(other for other in listed if other != label)),
            fact=(label, float(span.stretch.times_s[span.start_of_run(label)])),
            margin=0.0 if label == STAY else net / least - 1,
            margin_unit="fraction",
            measured={"seconds": span.end_s - span.start_s, **({} if label == STAY else {name: net})},
            classes=(f"move:{label}",),
        )


def _draw_listed(label: str, known: Mapping[str, Certainty], rng: Generator) -> tuple[str, ...] | None:
    """Four moves in canonical order, one of which holds and three of which are surely absent; None where there are not
    as many.

    Two pairs of opposites; or a pair, another move and Stay; or moves of four axes. In none of these, the kind of the
    words tells which one holds.
    """
    absent = [[one for one in pair if known[one] is Certainty.ABSENT] for pair in AXES if label not in pair]
    absent = [absent[k] for k in rng.permutation(len(absent)).tolist() if absent[k]]
    pairs, singles = [pair for pair in absent if len(pair) > 1], [pair[int(rng.integers(len(pair)))] for pair in absent]
    lists: list[tuple[str, ...]] = []
    if label != STAY and len(singles) > 2:
        lists.append((label, *singles[:3]))
    if label == STAY and pairs and len(singles) > 1:
        lists.append((STAY, *pairs[0], next(one for one in singles if one not in pairs[0])))
    if label != STAY and pairs and known[OPPOSITES[label]] is Certainty.ABSENT:
        lists.insert(0, (label, OPPOSITES[label], *pairs[0]))
    if label != STAY and known[STAY] is Certainty.ABSENT and pairs and rng.random() < STAY_SHARE:
        lists.insert(0, (label, STAY, *pairs[0]))
    return tuple(sorted(lists[0], key=LABELS.index)) if lists else None
