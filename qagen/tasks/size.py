"""Which of two objects is taller, wider or longer."""

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Choice
from qagen.core.question import MarkedObject, MarkKind, Question, Skip, Subject, about_objects, refusing
from qagen.core.rationale import Step, length
from qagen.core.reasons import CLASS_QUOTA
from qagen.sampling.even import EvenLabels
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects
from qagen.sampling.pool import MAX_PER_FACT
from qagen.tasks._base import Family, MarkColumns
from qagen.tasks.sides import SIDES, SIDES_SKIPS, Side, SidesConfig, compare_sides
from qagen.tasks.steps import locate_marks
from qagen.visibility.views import SceneViews

COLORS = ("red", "blue")
RATIO_STEPS = (1.3, 1.5, 1.8, 2.1)
"""Ratios of two lengths between which comparisons are about equally hard."""
MAX_LABEL_BIAS = MAX_PER_FACT
"""How many more comparisons of a side an object's label may win than lose, or lose than win."""


class SizeConfig(SidesConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""


class Size(Family[SizeConfig]):
    """Sides of upright boxes: the height, the longer horizontal side, and the longest side."""

    name = "size"
    Config = SizeConfig
    answer = Choice
    formats = frozenset({"fill", "select", "sentence", "judge"})
    needs = frozenset({"gravity", "objects"})
    skips = MARKING_SKIPS | SIDES_SKIPS | {CLASS_QUOTA}
    must_say = (r"taller|wider \(longer horizontal side\)|longer \(longest side\)",)
    example_facts: ClassVar = {"side": SIDES, "loser": ("red",)}
    images = 1

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, COLORS, indexed=False)

    @property
    def variant(self) -> str:
        return "pair"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red", "blue", "side"})

    @property
    def answer_variables(self) -> frozenset[str]:
        return frozenset({"loser"})

    @property
    def options(self) -> int:
        return 2

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Comparisons of two objects of one kind, then of others, those of similar size first.

        Of these, each label wins as often as it loses, as far as there are such: names should not tell. What is refused
        comes last, because there is much of it.
        """
        found: list[Question] = []
        refused: dict[tuple[str, Subject | None], Skip] = {}
        together = (views.markable.T.astype(np.int64) @ views.markable.astype(np.int64)) > 0
        for first, second in rng.permutation(np.argwhere(np.triu(together, k=1))).tolist():
            for candidate in self._ask_pair(views, first, second, rng):
                if isinstance(candidate, Skip):
                    refused[candidate.reason, candidate.subject] = candidate
                else:
                    found.append(candidate)
        labels = EvenLabels(MAX_LABEL_BIAS)
        for question in sorted(found, key=lambda question: _obviousness(views, question)):
            is_even = _are_even(views, question, labels)
            yield question if is_even else Skip(CLASS_QUOTA, about_objects(question.roles))
        yield from refused.values()

    def _ask_pair(self, views: SceneViews, first: int, second: int, rng: Generator) -> Iterator[Question | Skip]:
        """Comparisons of two objects, each in up to MAX_PER_FACT images, and why there are none in others."""
        asked: Counter[Side] = Counter()
        for frame in rng.permutation(np.flatnonzero(views.markable[:, first] & views.markable[:, second])).tolist():
            pair = rng.permutation([first, second]).tolist()
            placed = {color: (item, 0) for color, item in zip(COLORS, pair, strict=True)}
            roles = mark_objects(views, (frame,), placed, self.config.mark)
            if isinstance(roles, Skip):
                yield roles
                continue
            for side in SIDES:
                if asked[side] < MAX_PER_FACT:
                    candidate = refusing(about_objects(roles), self.ask(views, (frame,), roles, side))
                    asked[side] += isinstance(candidate, Question)
                    yield candidate

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        side, answer = str(question.facts["side"]), question.answer
        assert isinstance(answer, Choice)
        roles = {role.color: role for role in question.roles}
        sides = {color: length(question.number(f"{color}_m")) for color in COLORS}
        more, less = sides[answer.right], sides[answer.wrong[0]]
        larger, smaller = roles[answer.right], roles[answer.wrong[0]]
        return (
            locate_marks(question),
            Step("scale", "side", {"side": side, "of": smaller}, length=less.value),
            *(Step("measure", "side", {"side": side, "of": roles[color], "value": sides[color]}) for color in COLORS),
            Step("compare", "larger", {"more": more, "less": less, "side": side, "of": larger}),
        )

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], side: Side = "height"
    ) -> Question | Skip:
        """Which of the two objects of ``roles`` is larger in a side."""
        items = [role.object for role in roles]
        sides = compare_sides(views, self.config, frames[0], items, side)
        if isinstance(sides, Skip):
            return sides
        if sides.margin < 0:
            return Skip(sides.reason)
        lengths = sides.lengths_m
        winner, loser = roles if lengths[0] > lengths[1] else roles[::-1]
        return Question(
            frames=frames,
            roles=roles,
            facts={"side": side, "loser": loser.color},
            fact=(*sorted(items), side),
            answer=Choice(winner.color, (loser.color,)),
            margin=sides.margin,
            margin_unit="fraction",
            measured={"side": side, **{f"{role.color}_m": length for role, length in zip(roles, lengths, strict=True)}},
            classes=(f"{side}:{winner.color}", f"{side}:{views.scene.objects[winner.object].label}"),
        )


def _obviousness(views: SceneViews, question: Question) -> tuple[bool, int]:
    """Whether two objects are of different kinds, and how many times as large one is, in steps."""
    kinds = {int(views.kinds[role.object]) for role in question.roles}
    lengths = sorted(float(str(question.measured[f"{color}_m"])) for color in COLORS)
    return len(kinds) > 1, int(np.digitize(round(lengths[1] / lengths[0], 6), RATIO_STEPS))


def _are_even(views: SceneViews, question: Question, labels: EvenLabels) -> bool:
    """Whether no label would win, or lose, much more often than the opposite."""
    assert isinstance(question.answer, Choice)
    named = {role.color: views.scene.objects[role.object].label for role in question.roles}
    winner, loser = (named[color] for color in (question.answer.right, *question.answer.wrong))
    return labels.admits(str(question.facts["side"]), winner, loser)
