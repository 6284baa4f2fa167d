"""What policies without a model earn: one that knows the answers, and one that guesses."""

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pvariance

from qagen.api.sample import QASample
from qagen.score import strict
from qagen.score.items import ScoredItem

GUESSES = 20
"""Number of answers of other questions from which a question without options is guessed."""
NORMAL_95 = 1.96
"""Half the width of a 95 % interval, in standard errors."""


@dataclass(slots=True)
class Earned:
    """What the tasks of one format earn."""

    types: set[str] = field(default_factory=set)
    """Their types."""
    oracle: list[float] = field(default_factory=list)
    """Reward of the true answer, of each task."""
    guessed: list[float] = field(default_factory=list)
    """Reward of one guess, of each task."""
    chance: list[float] = field(default_factory=list)
    """Mean reward of all guesses, of each task."""
    variance: list[float] = field(default_factory=list)
    """Variance of the rewards of all guesses, of each task."""
    difficulty: list[float] = field(default_factory=list)
    """Difficulty of each task that has one."""

    def add(self, other: "Earned") -> None:
        """Add what other tasks earn."""
        self.types |= other.types
        for name in ("oracle", "guessed", "chance", "variance", "difficulty"):
            getattr(self, name).extend(getattr(other, name))

    @property
    def half_width(self) -> float:
        """How far, with 95 %, the mean reward of one guess a task is from that of all guesses."""
        return NORMAL_95 * math.sqrt(sum(self.variance)) / len(self.variance)


@dataclass(frozen=True, slots=True)
class Report:
    """What an environment pays."""

    formats: dict[str, Earned]
    """By format."""
    wrong: list[str]
    """Ids of tasks whose true answer does not earn 1."""


def check(samples: Sequence[QASample], seed: int) -> Report:
    """Score the true answer and guesses of every sample.

    Args:
        seed: draws the guesses: an option, Yes or No, or the answer of another sample of the type and format.
    """
    rng = random.Random(seed)
    answers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for sample in samples:
        answers[sample.type, sample.format].append(sample.answer)
    formats: dict[str, Earned] = defaultdict(Earned)
    wrong: list[str] = []
    for sample in samples:
        item = ScoredItem(sample.id, sample.type, sample.question, sample.answer)
        guesses = list(_guesses(item, sample.format, answers[sample.type, sample.format], rng))
        oracle, *paid = [strict.score(item, text) for text in (sample.answer, *guesses)]
        if oracle < 1:
            wrong.append(sample.id)
        value = sample.difficulty.value
        known = [] if value is None else [value]
        earned = Earned({sample.type}, [oracle], [rng.choice(paid)], [fmean(paid)], [pvariance(paid)], known)
        formats[sample.format].add(earned)
    return Report(dict(formats), wrong)


def _guesses(item: ScoredItem, answer_format: str, answers: Sequence[str], rng: random.Random) -> Iterator[str]:
    if choices := strict.choices_of(item):
        yield from sorted(choices)
    elif answer_format == "judge":
        yield from ("Yes", "No")
    else:
        yield from rng.choices(answers, k=GUESSES)
