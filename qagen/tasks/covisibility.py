"""Whether a second image shows a marked place of the first."""

from collections.abc import Iterator
from dataclasses import replace

from numpy.random import Generator

from qagen.core.answer import YesNo
from qagen.core.question import MarkedPlace, Question, Skip, about_image
from qagen.core.rationale import Step, length
from qagen.core.reasons import DOUBTFUL_SIGHTING, NO_PLACES, UNSURE_DEPTH
from qagen.core.sample import Format
from qagen.core.scene import Scene
from qagen.sampling.frame_sets import FrameSets
from qagen.tasks._base import Family, MarkColumns, Share, TaskConfig
from qagen.tasks.places import SeenAgain, draw_places, see_again, steps_to, without_depth
from qagen.visibility.spots import Spot
from qagen.visibility.views import SceneViews

DRAWN_PLACES = 60
"""Places of a first image that are looked for in the second."""
MIN_INSIDE = 50
"""Least distance of a place inside the second image from its border, thousandths; one outside is as far from it."""


class CovisibilityConfig(TaskConfig):
    min_shared: Share = 0.1
    """Least share of surface that both images see."""


class Covisibility(Family[CovisibilityConfig]):
    """A place is shown where depth measured in the second image is that of the place, and not shown where something
    clearly nearer was measured there, or where it lies outside of the image; either way not close to the border.

    Each pair of images is asked about one place that is shown and one that is not, so the images alone do not tell.
    """

    name = "covisibility"
    Config = CovisibilityConfig
    answer = YesNo
    formats = frozenset({"judge", "select"})
    needs = frozenset({"surface"})
    skips = frozenset({DOUBTFUL_SIGHTING, NO_PLACES, UNSURE_DEPTH})
    must_say = ("first", "second")
    images = 2

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns("point", ("red",), indexed=False, of_places=True)

    @property
    def variant(self) -> str:
        return "pair"

    @property
    def options(self) -> int:
        return 2

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red"})

    def question_block(self, answer_format: Format) -> str:
        return f"question_{self.variant}"

    def lacking(self, scene: Scene) -> str | None:
        return super().lacking(scene) or without_depth(scene)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Of each pair of images one place of either answer; those that are not shown are hidden and outside in turn,
        as far as there are such."""
        turns = 0
        for frames in FrameSets(views).pairs(rng, self.config.min_shared):
            found: dict[str, MarkedPlace] = {}
            for place, spot in draw_places(views, frames[0], rng, DRAWN_PLACES):
                seen = _see_surely(views, spot, frames[1])
                if seen is not None:
                    found.setdefault(seen.how, MarkedPlace("red", 0, place))
            wanted = ("hidden", "outside") if turns % 2 == 0 else ("outside", "hidden")
            not_shown = next((found[how] for how in wanted if how in found), None)
            if "shown" not in found or not_shown is None:
                yield Skip(NO_PLACES, about_image(frames[0]))
                continue
            turns += 1
            yield self.ask(views, frames, (found["shown"],))
            yield self.ask(views, frames, (not_shown,))

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        spot = views.spots.at(question.frames[0], question.places[0].place)
        seen = None if spot is None else see_again(views, spot, question.frames[1])
        assert seen is not None
        steps = steps_to(question, seen)
        if seen.measured_m is None:
            return steps
        return (*steps, Step("compare", seen.how, {"value": length(seen.measured_m)}))

    def ask(self, views: SceneViews, frames: tuple[int, ...], places: tuple[MarkedPlace, ...]) -> Question | Skip:
        """Whether the second of ``frames`` shows the place marked in the first."""
        spot = views.spots.at(frames[0], places[0].place)
        if spot is None:
            return Skip(UNSURE_DEPTH)
        seen = _see_surely(views, spot, frames[1])
        if seen is None:
            return Skip(DOUBTFUL_SIGHTING)
        measured: dict[str, float | int | str | list] = {
            "depth_m": spot.depth_m,
            "distance_m": spot.distance_m,
            "second_depth_m": seen.depth_m,
            "how": seen.how,
        }
        if seen.measured_m is not None:
            measured["measured_m"] = seen.measured_m
        return Question(
            frames=frames,
            places=places,
            answer=YesNo(seen.how == "shown"),
            margin=seen.margin,
            margin_unit="fraction",
            measured=measured,
            classes=("Yes" if seen.how == "shown" else "No",),
        )


def _see_surely(views: SceneViews, spot: Spot, frame: int) -> SeenAgain | None:
    """How a frame shows a spot of another one, None where that is not sure or at the very border of the image."""
    seen = see_again(views, spot, frame)
    if seen is None or seen.how == "outside":
        return seen
    inside = min(min(part, 1000 - part) for part in seen.place)
    return replace(seen, margin=min(seen.margin, inside / MIN_INSIDE - 1)) if inside >= MIN_INSIDE else None
