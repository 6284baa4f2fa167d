"""Questions to score, and the means of their scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qagen.core.answer import Answer

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """A question of a benchmark."""

    id: str
    """Id in the benchmark; numbers as their digits."""
    task: str
    """Task type."""
    question: str
    """Text of the question with its options, one a line, where it has any."""
    answer: str
    """The true answer."""
    kind: type[Answer] | None = None
    """Kind of the answer, for tasks that are no types of qagen."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """What else the benchmark says of the question and has scores by: category, scale, ...; empty for SPAR-Bench."""
    group: str = ""
    """Its consistency group; "" for a question of its own."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Means of scores; all from 0 to 1."""

    overall: float
    """Mean of the tasks, each with the same weight; of the questions where these are grouped."""
    levels: dict[str, float]
    """Mean of the tasks of each level that occurs."""
    tasks: dict[str, float]
    """Mean of the questions of each task."""
    members: dict[str, list[str]]
    """The tasks that a level is the mean of."""
    weights: dict[str, dict[str, float]] = field(default_factory=dict)
    """Weights of tasks in the overall score (``overall``) or in a level, where they are not equal."""
    by_question: bool = False
    """Whether the overall score is the mean of the questions."""


def split_task(task: str) -> tuple[str, str]:
    """Question type and number of frames of a task of ReVSI: ``room_size_estimation_single, 16 frames``."""
    name, _, frames = task.partition(", ")
    return name, frames


def mean_by_task(scores: "pd.DataFrame", mean: Callable[[Any], Any]) -> dict[str, float]:
    """Means of the column ``score`` by ``task``, in the order in which tasks occur, computed by ``mean``."""
    return {str(task): float(mean(rows["score"].to_numpy())) for task, rows in scores.groupby("task", sort=False)}
