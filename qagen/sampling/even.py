"""How many questions there may be with each answer, where a few answers are much more frequent than others."""

from collections import Counter

LEAST = 6
"""Number of questions with an answer that are always admitted."""
LEAD = 2.0
"""How many times as many as of the other answers, on average, are admitted beyond these."""


class EvenAnswers:
    """Counts the questions of each answer, so that none is asked about much more often than the others."""

    def __init__(self) -> None:
        self._asked: Counter[str | int] = Counter()

    def admits(self, answer: str | int) -> bool:
        """Whether one more question with an answer may be asked; if so, it counts as asked."""
        others = [count for other, count in self._asked.items() if other != answer]
        is_admitted = self._asked[answer] * max(len(others), 1) < LEAST * max(len(others), 1) + LEAD * sum(others)
        self._asked[answer] += is_admitted
        return is_admitted
