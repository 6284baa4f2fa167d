"""How many questions there may be with each answer, where a few answers are much more frequent than others, and how
many in which a name leads."""

from collections import Counter

from qagen.core.question import Question, Skip
from qagen.core.reasons import CLASS_QUOTA

LEAST = 6
"""Number of questions with an answer that are always admitted."""
LEAD = 2.0
"""How many times as many as of the other answers, on average, are admitted beyond these."""


class EvenAnswers:
    """Counts the questions of each answer, so that none is asked about much more often than the others."""

    def __init__(self) -> None:
        self._asked: Counter[str | int] = Counter()

    def count(self, answer: str | int) -> int:
        """Number of questions with an answer."""
        return self._asked[answer]

    def add(self, answer: str | int, count: int = 1) -> None:
        """Count questions with an answer as asked."""
        self._asked[answer] += count

    def has_room(self, answer: str | int) -> bool:
        """Whether one more question with an answer may be asked."""
        others = [count for other, count in self._asked.items() if other != answer]
        return self._asked[answer] * max(len(others), 1) < LEAST * max(len(others), 1) + LEAD * sum(others)

    def admits(self, answer: str | int) -> bool:
        """Whether one more question with an answer may be asked; if so, it counts as asked."""
        is_admitted = self.has_room(answer)
        self.add(answer, int(is_admitted))
        return is_admitted


class EvenQuestions:
    """Questions that are drawn again and again, no answer much more often than the others."""

    def __init__(self) -> None:
        self._answers, self._known = EvenAnswers(), set[tuple]()

    def admit(self, asked: Question | Skip, answer: str | None = None) -> Question | Skip:
        """What was asked, or why not: a new question counts by ``answer``, or by the text of its own one."""
        if isinstance(asked, Skip) or asked.key in self._known:
            return asked
        self._known.add(asked.key)
        return asked if self._answers.admits(answer or asked.answer.text) else Skip(CLASS_QUOTA)


class EvenLabels:
    """Counts in how many comparisons each name leads and trails, so that names alone do not tell which leads."""

    def __init__(self, most: int) -> None:
        """``most`` is in how many more comparisons of a kind a name may lead than trail, or trail than lead."""
        self._most = most
        self._leads: Counter[tuple[str, str]] = Counter()

    def admits(self, kind: str, leader: str, other: str) -> bool:
        """Whether one more comparison of a kind, in which one name leads another, may be asked; if so, it counts."""
        if leader == other:
            return True
        if self._leads[kind, leader] >= self._most or self._leads[kind, other] <= -self._most:
            return False
        self._leads[kind, leader] += 1
        self._leads[kind, other] -= 1
        return True
