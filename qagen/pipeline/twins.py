"""Which select questions of a type get an unanswerable twin."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from numpy.random import Generator

from qagen.core.question import Question, Skip
from qagen.core.reasons import NEVER_UNANSWERABLE
from qagen.sampling.frame_sets import FrameSets
from qagen.sampling.twins import unanswerable_twin
from qagen.tasks._base import Family
from qagen.visibility.views import SceneViews


@dataclass(frozen=True, slots=True)
class Paired:
    """The questions of one type and scene, and the twins of some."""

    questions: list[Question]
    """The questions to write."""
    twins: Mapping[tuple, Question] = field(default_factory=dict)
    """Twins, by the key of their question."""
    wanted: int = 0
    """Number of questions that were to have a twin."""


def choose_twins(
    family: Family, views: SceneViews, questions: list[Question], share: float, quota: int, rng: Generator
) -> tuple[Paired, list[str]]:
    """Find twins for some questions, and leave out as many others as make the samples more than the quota.

    Args:
        share: share of the samples that are to be pairs; a part of a pair is one pair with that probability.

    Returns:
        The questions with their twins, and the reasons why questions, or the whole type, got none.
    """
    if family.images == 1 or not questions:
        return Paired(questions), []
    needs = {question.key: family.lost_without(question, views) for question in questions}
    if not any(needs.values()):
        return Paired(questions), [NEVER_UNANSWERABLE]
    wanted = min(int(share * len(questions) / 2 + rng.random()), quota // 2)
    sets, twins, reasons = FrameSets(views), dict[tuple, Question](), list[str]()
    for position in rng.permutation(len(questions)).tolist():
        question = questions[position]
        if len(twins) < wanted and needs[question.key]:
            twin = unanswerable_twin(sets, question, needs[question.key], rng)
            if isinstance(twin, Skip):
                reasons.append(twin.reason)
            else:
                twins[question.key] = twin
    return Paired(_within_quota(questions, twins, quota), twins, wanted), reasons


def _within_quota(questions: list[Question], twins: Mapping[tuple, Question], quota: int) -> list[Question]:
    """The questions without as many of the last ones without a twin as there are samples too many."""
    alone = [question for question in questions if question.key not in twins]
    excess = max(0, len(questions) + len(twins) - quota)
    left_out = {question.key for question in alone[len(alone) - excess :]}
    return [question for question in questions if question.key not in left_out]
