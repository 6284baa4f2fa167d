"""In which frames of the video an object can be seen."""

from collections.abc import Iterator, Set

import numpy as np
from numpy.random import Generator

from qagen.core.answer import FrameNumbers
from qagen.core.question import MarkedObject, MarkKind, Question, Skip
from qagen.core.rationale import Step
from qagen.core.reasons import DOUBTFUL_SIGHTING, NO_VIDEO, NOT_IN_VIDEO
from qagen.core.sample import Format
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects
from qagen.tasks._base import Amount, Family, MarkColumns, MarkedConfig
from qagen.tasks.steps import locate_marks
from qagen.visibility.views import SceneViews


class LocateConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    marks_per_object: Amount = 3
    """Maximum number of questions about one object, each time boxed in another frame."""


class Locate(Family[LocateConfig]):
    """Numbers of the frames that show the marked instance; every frame of the video clearly shows it or does not."""

    name = "locate"
    Config = LocateConfig
    answer = FrameNumbers
    formats = frozenset({"select", "sentence"})
    needs = frozenset({"objects"})
    skips = MARKING_SKIPS | {NO_VIDEO, NOT_IN_VIDEO, DOUBTFUL_SIGHTING}
    must_say = ("frame", "number")

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("red",), indexed=True)

    @property
    def variant(self) -> str:
        return "video"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("video",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        if not views.video:
            yield Skip(NO_VIDEO)
            return
        for item in rng.permutation(len(views.scene.objects)):
            shown = np.flatnonzero((views.seen & views.markable)[list(views.video), item])
            if not len(shown):
                yield Skip(NOT_IN_VIDEO)
            for image in rng.permutation(shown)[: self.config.marks_per_object]:
                drawn = mark_objects(views, views.video, {"red": (int(item), int(image))}, self.config.mark)
                yield self.ask_drawn(views, drawn if isinstance(drawn, Skip) else (views.video, drawn))

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        assert isinstance(question.answer, FrameNumbers)
        numbers, red = question.answer.numbers, question.roles[0]
        starts = [number for number in numbers if number - 1 not in numbers]
        ends = [number for number in numbers if number + 1 not in numbers]
        seen: dict[str, object] = {"total": question.answer.total, "of": red}
        if len(numbers) == question.answer.total:
            return locate_marks(question), Step("locate", "all", seen)
        spans = tuple(zip(starts, ends, strict=True))
        return locate_marks(question), Step("locate", "frames", {**seen, "spans": spans})

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """In which of ``frames`` the object of role red can be seen."""
        item = roles[0].object
        shown = views.seen[list(frames), item]
        if not (shown | views.absent[list(frames), item]).all():
            return Skip(DOUBTFUL_SIGHTING)
        numbers = [int(number) for number in np.flatnonzero(shown)]
        count = len(numbers)
        fractions = views.visible_fraction[list(frames), item][shown]
        return Question(
            frames=frames,
            roles=roles,
            is_video=True,
            answer=FrameNumbers(tuple(numbers), roles[0].image, len(frames)),
            fact=(item,),
            margin=float(fractions.min()),
            margin_unit="fraction",
            measured={"shown": numbers, "visible_fraction": fractions.tolist()},
            classes=(f"shown:{count if count < 3 else '3-5' if count < 6 else '6 or more'}",),
        )
