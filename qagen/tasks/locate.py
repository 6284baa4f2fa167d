"""In which frames of the video an object can be seen."""

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Listing
from qagen.core.question import MarkedObject, Question, Skip
from qagen.sampling.mark_placement import mark
from qagen.tasks._base import Amount, Family, MarkColumns, TaskConfig
from qagen.visibility.views import SceneViews


class LocateConfig(TaskConfig):
    marks_per_object: Amount = 4
    """The same object is asked about at most so often in a scene, each time boxed in another frame."""


class Locate(Family[LocateConfig]):
    """Numbers of the frames that show the marked instance; each frame of the video is sure to show it or not to."""

    name = "locate"
    Config = LocateConfig
    answer = Listing
    formats = frozenset({"sentence"})
    skips = frozenset({"no video", "never shown", "doubtful sighting"})

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns("bbox", ("red",), indexed=True)

    @property
    def variant(self) -> str:
        return "video"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red"})

    @property
    def rules(self) -> tuple[str, ...]:
        return ("video",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        if not views.video:
            yield Skip("no video")
            return
        for item in rng.permutation(len(views.scene.objects)):
            shown = np.flatnonzero(views.askable[list(views.video), item])
            if not len(shown):
                yield Skip("never shown")
            for image in rng.permutation(shown)[: self.config.marks_per_object]:
                yield self.ask(views, views.video, (mark(views, views.video, "red", int(item), int(image), "bbox"),))

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """The question in which of the frames the object of role red can be seen."""
        item = roles[0].object
        shown = views.askable[list(frames), item]
        if not (shown | views.absent[list(frames), item]).all():
            return Skip("doubtful sighting")
        numbers = [int(number) for number in np.flatnonzero(shown)]
        fractions = views.visible_fraction[list(frames), item][shown]
        return Question(
            frames=frames,
            roles=roles,
            is_video=True,
            answer=Listing(tuple(str(number) for number in numbers)),
            margin=float(fractions.min()),
            margin_unit="fraction",
            measured={"shown": numbers, "visible_fraction": fractions.tolist()},
            classes=(f"shown:{_how_often(len(numbers))}",),
        )


def _how_often(count: int) -> str:
    return str(count) if count < 3 else "3-5" if count < 6 else "6 or more"
