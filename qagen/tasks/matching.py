"""The same object in another image."""

from collections.abc import Iterator, Set

import numpy as np
from numpy.random import Generator
from pydantic import model_validator

from qagen.core.answer import Answer, BoxAnswer
from qagen.core.question import MarkedObject, MarkKind, Question, Skip, about_image, refusing
from qagen.core.rationale import Image, Step
from qagen.core.reasons import BOXES_NOT_EXACT, NO_OBJECT_IN_BOTH, VIEWS_ALIKE
from qagen.core.sample import Format
from qagen.sampling.frame_sets import FrameSets
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects, visible_box
from qagen.tasks._base import Bound, Family, MarkColumns, MarkedConfig
from qagen.tasks.steps import locate_marks, place_in_camera, scale_from_camera
from qagen.visibility.views import SceneViews

OBJECTS_PER_PAIR = 2
"""Largest number of objects that are proposed for one pair of views."""


class MatchingConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    min_turn_deg: Bound = 15.0
    """Views must differ by at least this rotation (degrees) or by ``min_move_m``."""
    min_move_m: Bound = 0.5
    """Views must differ by at least this camera movement (meters) or by ``min_turn_deg``."""
    min_shared: Bound = 0.05
    """Least share of surface that both images see."""

    @model_validator(mode="after")
    def _marks_the_object(self) -> "MatchingConfig":
        if self.mark == "none":
            raise ValueError("mark: point, bbox or mask, because the mark tells which object to find again")
        return self


class Matching(Family[MatchingConfig]):
    """The tight box of the visible part of an instance in a second view."""

    name = "matching"
    Config = MatchingConfig
    answer = BoxAnswer
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"objects"})
    skips = MARKING_SKIPS | {VIEWS_ALIKE, NO_OBJECT_IN_BOTH, BOXES_NOT_EXACT}
    must_say = (r"\[x1, y1, x2, y2\]", "first", "second")
    images = 2

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("red",), indexed=False)

    @property
    def variant(self) -> str:
        return "pair"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red"})

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("coordinates",)

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Candidates of all pairs of views, of each pair the objects that were proposed least before."""
        for frames, item in self._pairs_and_objects(views, rng):
            found = item if isinstance(item, Skip) else self.propose_one(views, frames, item, rng)
            yield refusing(about_image(frames[0]), found)

    def propose_one(self, views: SceneViews, frames: tuple[int, int], item: int, rng: Generator) -> Question | Skip:
        """A candidate about an object that is askable in both frames."""
        roles = mark_objects(views, frames, {"red": (item, 0)}, self.config.mark)
        return roles if isinstance(roles, Skip) else self.ask(views, frames, roles)

    def _pairs_and_objects(self, views: SceneViews, rng: Generator) -> Iterator[tuple[tuple[int, int], int | Skip]]:
        """Pairs of views, each with an object that is askable in both, or with why there is none."""
        proposed = np.zeros(len(views.scene.objects), dtype=np.int64)
        for frames in FrameSets(views).pairs(rng, self.config.min_shared):
            both = np.flatnonzero(views.askable[list(frames)].all(axis=0))
            if not len(both):
                yield frames, Skip(NO_OBJECT_IN_BOTH)
            rarest = rng.permutation(both)
            rarest = rarest[np.argsort(proposed[rarest], kind="stable")][:OBJECTS_PER_PAIR]
            proposed[rarest] += 1
            yield from ((frames, int(item)) for item in rarest)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        red, answer = question.roles[0], question.answer
        assert isinstance(answer, BoxAnswer)
        return (
            locate_marks(question),
            scale_from_camera(views, question, red),
            place_in_camera(views, question, [red]),
            place_in_camera(views, question, [red], 1, "transform"),
            Step("locate", "box", {"image": Image(1), "of": red, "box": answer.box}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """Where the object of role red is in the second of ``frames``."""
        return self.answered(views, frames, roles, BoxAnswer(visible_box(views, frames[1], roles[0].object)))

    def answered(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], answer: Answer
    ) -> Question | Skip:
        """The question with this answer, where the two views differ and show exactly what is where."""
        if not views.exact[list(frames)].all():
            return Skip(BOXES_NOT_EXACT)
        turn = float(views.rotation_deg[frames])
        move = float(views.baseline_m[frames])
        margins = turn / self.config.min_turn_deg - 1, move / self.config.min_move_m - 1
        if max(margins) < 0:
            return Skip(VIEWS_ALIKE)
        item = roles[0].object
        return Question(
            frames=frames,
            roles=roles,
            fact=(frames, item),
            answer=answer,
            margin=max(margins),
            margin_unit="fraction",
            measured={
                "turn_deg": turn,
                "move_m": move,
                "visible_fraction": float(views.visible_fraction[frames[1], item]),
            },
        )
