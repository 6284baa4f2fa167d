"""Which of several points of a second image marks the same place as a point of the first."""

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar

from numpy.random import Generator

from qagen.core.answer import Choice
from qagen.core.question import MarkedPlace, Question, Skip, about_image
from qagen.core.rationale import Step
from qagen.core.reasons import AMBIGUOUS, DOUBTFUL_SIGHTING, MARKS_OVERLAP, NO_PLACES, UNSURE_DEPTH
from qagen.core.scene import Scene
from qagen.sampling.frame_sets import FrameSets
from qagen.tasks._base import Bound, Family, MarkColumns, Share, TaskConfig
from qagen.tasks.places import (
    CANDIDATE_COLORS,
    SAME_M,
    SAME_SHARE,
    Place,
    SeenAgain,
    are_apart,
    draw_places,
    gap_to,
    mark_candidates,
    named,
    see_again,
    steps_to,
    without_depth,
)
from qagen.visibility.spots import Spot
from qagen.visibility.views import SceneViews

COUNTS = (2, 3, 4, 4)
"""How many places there are to choose from, each as often as it stands here."""
DRAWN_PLACES, QUESTIONS_PER_PAIR, TRIES = 30, 2, 30
"""Places of a first image that are looked for in the second, questions about a pair, and choices that are tried."""
MAX_DEPTH_RATIO = 1.5
"""Points to choose from are at most so many times as deep as the right one, or it as they."""


class CorrespondenceConfig(TaskConfig):
    min_apart_m: Bound = 0.15
    """Least distance of the wrong places from the right one, meters."""
    min_shared: Share = 0.1
    """Least share of surface that both images see."""


class Correspondence(Family[CorrespondenceConfig]):
    """The same place is where the surface of the first image, measured by depth, is measured again in the second.

    How close the right point is to the coordinates of the first one, compared with the others, is even.
    """

    name = "correspondence"
    Config = CorrespondenceConfig
    answer = Choice
    formats = frozenset({"select", "sentence"})
    needs = frozenset({"surface"})
    skips = frozenset({AMBIGUOUS, DOUBTFUL_SIGHTING, MARKS_OVERLAP, NO_PLACES, UNSURE_DEPTH})
    must_say = ("first", "second")
    least_options = 2
    example_facts: ClassVar = {
        "candidates": (("blue point", "green point"), ("blue point", "green point", "yellow point", "magenta point"))
    }
    images = 2

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns("point", ("red", *CANDIDATE_COLORS), indexed=True, of_places=True)

    @property
    def variant(self) -> str:
        return "pair"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red", "candidates"})

    def lacking(self, scene: Scene) -> str | None:
        return super().lacking(scene) or without_depth(scene)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        for frames in FrameSets(views).pairs(rng, self.config.min_shared):
            others = [*draw_places(views, frames[1], rng)]
            asked = 0
            for place, spot in draw_places(views, frames[0], rng, DRAWN_PLACES):
                seen = see_again(views, spot, frames[1])
                chosen = None
                if seen is not None and seen.how == "shown":
                    chosen = self._choose(place, spot, seen, others, rng)
                if chosen is not None:
                    asked += 1
                    yield self.ask(views, frames, (MarkedPlace("red", 0, place), *mark_candidates(chosen, 1)))
                if asked == QUESTIONS_PER_PAIR:
                    break
            if not asked:
                yield Skip(NO_PLACES, about_image(frames[0]))

    def _choose(
        self, red: Place, spot: Spot, seen: SeenAgain, known: Sequence[tuple[Place, Spot]], rng: Generator
    ) -> list[Place] | None:
        """Places to choose from, in random order, such that the right one is at a rank that is drawn among those
        closest to red's coordinates; None if none are found."""
        count = int(rng.choice(COUNTS))
        rank = int(rng.integers(count))
        wrong = [
            place
            for place, other in known
            if math.dist(other.point, spot.point) >= self.config.min_apart_m
            and max(other.depth_m, seen.depth_m) <= MAX_DEPTH_RATIO * min(other.depth_m, seen.depth_m)
        ]
        if len(wrong) < count - 1:
            return None
        for _ in range(TRIES):
            chosen = [seen.place, *(wrong[i] for i in rng.permutation(len(wrong))[: count - 1])]
            if are_apart(chosen) and _rank(red, chosen[0], chosen) == rank:
                return [chosen[i] for i in rng.permutation(count)]
        return None

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        red, *others = question.places
        answer, spot = question.answer, views.spots.at(question.frames[0], red.place)
        seen = None if spot is None else see_again(views, spot, question.frames[1])
        assert isinstance(answer, Choice)
        assert seen is not None
        right = next(one for one in others if one.color == answer.right)
        return (*steps_to(question, seen), Step("compare", "same", {"of": right, "to": red}))

    def ask(self, views: SceneViews, frames: tuple[int, ...], places: tuple[MarkedPlace, ...]) -> Question | Skip:
        """Which of ``places`` after the first, in the second of ``frames``, is the first one, in the first frame."""
        red, *others = places
        spot = views.spots.at(frames[0], red.place)
        spots = [views.spots.at(frames[1], one.place) for one in others]
        found = [one for one in spots if one is not None]
        if spot is None or len(found) < len(others):
            return Skip(UNSURE_DEPTH)
        seen = see_again(views, spot, frames[1])
        if seen is None or seen.how != "shown":
            return Skip(DOUBTFUL_SIGHTING)
        if not are_apart(one.place for one in others):
            return Skip(MARKS_OVERLAP)
        away = [math.dist(one.point, spot.point) for one in found]
        right, *wrong = sorted(range(len(away)), key=lambda i: away[i])
        same_m = SAME_M + SAME_SHARE * seen.depth_m
        back_m = same_m * gap_to(views, found[right], frames[0])[0]
        margin = min(away[wrong[0]] - self.config.min_apart_m, same_m - away[right], same_m - back_m)
        if margin < 0:
            return Skip(AMBIGUOUS)
        color, rank = others[right].color, _rank(red.place, others[right].place, [one.place for one in others])
        return Question(
            frames=frames,
            places=places,
            facts={"candidates": named(others)},
            fact=(frames, red.place),
            answer=Choice(color, tuple(one.color for one in others if one.color != color)),
            margin=margin,
            measured={
                "depth_m": spot.depth_m,
                "distance_m": spot.distance_m,
                "second_depth_m": seen.depth_m,
                **{f"{one.color}_away_m": value for one, value in zip(others, away, strict=True)},
            },
            classes=(f"{color} of {len(others)}", f"{rank} closer of {len(others)}"),
        )


def _rank(red: Place, right: Place, places: Sequence[Place]) -> int:
    """How many places have coordinates closer to red's than the right one."""
    return sum(math.dist(red, one) < math.dist(red, right) for one in places)
