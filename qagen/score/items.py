"""What is scored, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """A question of a benchmark."""

    id: str
    """As the benchmark writes it; numbers as their digits."""
    task: str
    """Task type."""
    question: str
    """With its options, one a line, where it has any."""
    answer: str
    """The truth."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Means of scores; all from 0 to 1."""

    overall: float
    """Of the tasks, whatever number of questions each has."""
    levels: dict[str, float]
    """Of the tasks of each level that occurs."""
    tasks: dict[str, float]
    """Of the questions of each task."""


Scored = Sequence[tuple[ScoredItem, float]]
"""Questions with what their predictions score."""
