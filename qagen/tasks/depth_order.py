"""Which of several marked places of an image is nearest to the camera."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from numpy.random import Generator

from qagen.core.answer import Choice
from qagen.core.question import SCENE, MarkedPlace, Question, Skip, about_image
from qagen.core.rationale import Image, Step, length
from qagen.core.reasons import AMBIGUOUS, MARKS_OVERLAP, NO_PLACES, NO_VIEWS, UNSURE_DEPTH
from qagen.core.scene import Scene
from qagen.tasks._base import Bound, Family, MarkColumns, TaskConfig
from qagen.tasks.places import (
    CANDIDATE_COLORS,
    Place,
    are_apart,
    draw_places,
    frames_with_depth,
    mark_candidates,
    named,
    without_depth,
)
from qagen.tasks.steps import locate_marks
from qagen.visibility.spots import Spot
from qagen.visibility.views import SceneViews

COUNTS = (2, 3, 4, 4)
"""How many places there are to choose from, each as often as it stands here."""
TRIES = 40
"""Choices of places of an image that are tried for a question of one kind."""


class DepthOrderConfig(TaskConfig):
    gap_share: Bound = 0.15
    """Least lead of the nearest place, as a share of the next one's distance and depth."""
    gap_m: Bound = 0.2
    """Least lead of the nearest place, meters, where the scene's scale is known."""


class DepthOrder(Family[DepthOrderConfig]):
    """Distances from the camera to the surface at two to four places of an image; depths along the axis agree.

    The nearest place is any one in the order from bottom to top of the image about equally often, as far as the scene
    has such places: what is lower in an image is mostly nearer.
    """

    name = "depth_order"
    Config = DepthOrderConfig
    answer = Choice
    formats = frozenset({"select", "sentence"})
    needs = frozenset({"surface"})
    skips = frozenset({AMBIGUOUS, MARKS_OVERLAP, NO_PLACES, NO_VIEWS, UNSURE_DEPTH})
    must_say = ("closest|nearest", "camera")
    least_options = 2
    example_facts: ClassVar = {
        "candidates": (("blue point", "green point"), ("blue point", "green point", "yellow point", "magenta point"))
    }
    images = 1

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns("point", CANDIDATE_COLORS, indexed=False, of_places=True)

    @property
    def variant(self) -> str:
        return "single"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"candidates"})

    def lacking(self, scene: Scene) -> str | None:
        return super().lacking(scene) or without_depth(scene)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        frames = frames_with_depth(views)
        if not frames:
            yield Skip(NO_VIEWS, SCENE)
        known: dict[int, list[tuple[Place, Spot]]] = {}
        while frames:
            frame = int(rng.choice(frames))
            if frame not in known:
                known[frame] = [*draw_places(views, frame, rng)]
            places = self._choose(views, known[frame], rng)
            yield Skip(NO_PLACES, about_image(frame)) if places is None else self.ask(views, (frame,), places)

    def _choose(
        self, views: SceneViews, known: Sequence[tuple[Place, Spot]], rng: Generator
    ) -> tuple[MarkedPlace, ...] | None:
        """Places of which the nearest is at a rank from the bottom that is drawn, or None if none are found."""
        count = int(rng.choice(COUNTS))
        rank = int(rng.integers(count))
        if len(known) < count:
            return None
        for _ in range(TRIES):
            chosen = [known[i] for i in rng.permutation(len(known))[:count]]
            places = [place for place, _ in chosen]
            nearest, lead_m = self._nearest(views, [spot for _, spot in chosen])
            if lead_m >= 0 and are_apart(places) and _count_lower(places, nearest) == rank:
                return mark_candidates(places, 0)
        return None

    def _nearest(self, views: SceneViews, spots: Sequence[Spot]) -> tuple[int, float]:
        """Which spot is nearest by distance, and how much farther before the next by distance and depth than needed."""
        nearest = min(range(len(spots)), key=lambda i: spots[i].distance_m)
        least_m = 0.0 if views.scene.unit_m is None else self.config.gap_m
        leads = []
        for other in (spot for i, spot in enumerate(spots) if i != nearest):
            pairs = (
                (spots[nearest].distance_m, other.distance_m),
                (spots[nearest].depth_m, other.depth_m),
            )
            leads += [far - near - max(least_m, self.config.gap_share * far) for near, far in pairs]
        return nearest, min(leads)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        answer, away = question.answer, {one: question.number(f"{one.color}_m") for one in question.places}
        assert isinstance(answer, Choice)
        nearest = next(one for one in question.places if one.color == answer.right)
        to = tuple((one, length(value)) for one, value in away.items())
        return (
            locate_marks(question),
            Step("scale", "place", {"camera": Image(0), "of": nearest}, length=away[nearest]),
            Step("measure", "from_camera", {"camera": Image(0), "to": to}),
            Step("compare", "extreme", {"extreme": "closest", "value": length(away[nearest]), "of": nearest}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...], places: tuple[MarkedPlace, ...]) -> Question | Skip:
        """Which of ``places`` of the first of ``frames`` is nearest to its camera."""
        spots = [views.spots.at(frames[0], one.place) for one in places]
        found = [spot for spot in spots if spot is not None]
        if len(found) < len(places):
            return Skip(UNSURE_DEPTH)
        if not are_apart(one.place for one in places):
            return Skip(MARKS_OVERLAP)
        nearest, lead_m = self._nearest(views, found)
        if lead_m < 0:
            return Skip(AMBIGUOUS)
        right, lower = places[nearest].color, _count_lower([one.place for one in places], nearest)
        return Question(
            frames=frames,
            places=places,
            facts={"candidates": named(places)},
            fact=(frames, *sorted(one.place for one in places)),
            answer=Choice(right, tuple(one.color for one in places if one.color != right)),
            margin=lead_m,
            measured={f"{one.color}_m": spot.distance_m for one, spot in zip(places, found, strict=True)},
            classes=(f"{right} of {len(places)}", f"{lower} lower of {len(places)}"),
        )


def _count_lower(places: Sequence[Place], nearest: int) -> int:
    """How many places are lower in the image than the nearest one; of two at one height, the later one is."""
    heights = [(y, i) for i, (_, y) in enumerate(places)]
    return sum(one > heights[nearest] for one in heights)
