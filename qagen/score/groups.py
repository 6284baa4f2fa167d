"""Consistency: a group of questions about one fact counts as right only if all of them are answered right.

A question is right with its full score, but for numbers and boxes, which are right from a score of 0.5 on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from qagen.files import read_json_lines
from qagen.records.read import RecordFile
from qagen.score.items import ScoredItem

GRADED = {"MRA": 0.5, "IoU": 0.5}
"""Score from which on an answer is right, by metric; 1 for all others."""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Consistency over groups."""

    score: float
    """Share of the groups that are all right; overall, the mean of the tasks."""
    groups: int
    """Number of groups."""
    questions: int
    """Number of their questions."""
    question_score: float
    """Share of these questions that are right; overall, the mean of the tasks."""


def group_lines(items: Sequence[ScoredItem], scores: Sequence[float], metrics: Sequence[str]) -> dict[str, GroupLine]:
    """Consistency by task, and ``overall``; empty where no two questions are in one group.

    Args:
        scores: of each question, 0 to 1.
        metrics: name of each question's metric.
    """
    rights: dict[str, dict[str, list[bool]]] = {}
    for item, score, metric in zip(items, scores, metrics, strict=True):
        if item.group:
            is_right = score >= GRADED.get(metric, 1.0)
            rights.setdefault(item.task, {}).setdefault(item.group, []).append(is_right)
    lines = {task: line for task, groups in rights.items() if (line := _line(groups.values())) is not None}
    if not lines:
        return {}
    groups, questions = (sum(getattr(line, key) for line in lines.values()) for key in ("groups", "questions"))
    score, question_score = (
        fmean(getattr(line, key) for line in lines.values()) for key in ("score", "question_score")
    )
    return {**lines, "overall": GroupLine(score, groups, questions, question_score)}


def _line(rights: Any) -> GroupLine | None:
    """The line of one task; a group of which the benchmark has one question only is none."""
    groups = [group for group in rights if len(group) > 1]
    if not groups:
        return None
    alone = [is_right for group in groups for is_right in group]
    return GroupLine(fmean(map(all, groups)), len(groups), len(alone), fmean(alone))


def groups_of(file: RecordFile) -> Mapping[str, str]:
    """The group of each record of a run's file that is in one, by id; from its evidence, if there is any."""
    if not file.evidence.is_file():
        return {}
    rows = (row for _, _, row in read_json_lines(file.evidence, dict[str, Any]))
    return {str(row["id"]): str(row["group"]["id"]) for row in rows if row.get("group")}
