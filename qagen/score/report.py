"""Scores of a whole benchmark, with intervals and with what guessing would score."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qagen.records.sparbench import CHOICE_TASKS, TASKS, VIEW_CHANGE
from qagen.rng import rng_for
from qagen.score import lmms, strict, vlmeval
from qagen.score.items import Scored, ScoredItem, Summary
from qagen.score.read import Predictions

RESAMPLES = 1000
GUESSES = 20
"""Answers of other questions that are tried as predictions of each question."""
MOST_GUESSED = 200
"""Questions of a task whose guesses are scored."""
INTERVAL = (2.5, 97.5)
"""Percentiles."""

Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mode:
    """A way of scoring."""

    name: str
    """official or strict, with the scorer's name."""
    score: Callable[[ScoredItem, str], float]
    """Of one prediction."""
    summarize: Callable[[Scored], Summary]
    """Of all of them."""
    tasks: tuple[str, ...] | None
    """Tasks that it knows; None for all."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of a table."""

    score: float
    """From 0 to 1."""
    interval: Bounds
    """Where 95 % of bootstrap resamples lie."""
    questions: int
    """How many."""
    chance: float
    """What guessing scores: the answers of other questions of the same task."""
    metric: str = ""
    """Name of the metric, of a task."""
    level: str = ""
    """Cognitive level, of a task."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a task's line and those of its groups are made of."""

    questions: int
    """How many."""
    means: np.ndarray
    """(RESAMPLES,) mean scores of bootstrap resamples."""
    chance: float
    """Mean score of guesses."""
    metric: str
    """Names of the metrics."""


@dataclass(frozen=True, slots=True)
class Report:
    """A benchmark's scores."""

    mode: str
    """Which scorer."""
    overall: ReportLine
    """Mean of the tasks."""
    levels: Mapping[str, ReportLine]
    """Mean of the tasks of a level."""
    tasks: Mapping[str, ReportLine]
    """Each task."""
    unscored: Mapping[str, int]
    """Tasks that the scorer does not know, and how many questions they have."""


def mode_of(name: str, levels: Mapping[str, str]) -> Mode:
    """``strict``, ``lmms-eval`` or ``vlmevalkit``; ``levels`` tells the level of a task."""
    if name == "strict":
        return Mode("strict", strict.score, lambda scored: strict.summarize(scored, levels), None)
    module = {"lmms-eval": lmms, "vlmevalkit": vlmeval}[name]
    return Mode(f"official ({name})", module.score, module.summarize, TASKS)


def make_report(
    items: Sequence[ScoredItem], predictions: Predictions, mode: Mode, levels: Mapping[str, str], seed: int
) -> Report | None:
    """Score all questions; those without a prediction score 0. None if the scorer knows no task of the benchmark."""
    known = [item for item in items if mode.tasks is None or item.task in mode.tasks]
    if not known:
        return None
    texts = predictions.texts
    scored = [(item, mode.score(item, texts[item.id]) if item.id in texts else 0.0) for item in known]
    summary = mode.summarize(scored)
    tasks = {
        task: _examine(task, [pair for pair in scored if pair[0].task == task], mode, seed) for task in summary.tasks
    }
    members = {level: _members(level, summary, levels, mode) for level in summary.levels}
    return Report(
        mode.name,
        _group_line(summary.overall, list(tasks.values())),
        {
            level: _group_line(summary.levels[level], [tasks[name] for name in names])
            for level, names in members.items()
        },
        {task: _task_line(score, tasks[task], levels.get(task, strict.OTHER)) for task, score in summary.tasks.items()},
        Counter(item.task for item in items if mode.tasks is not None and item.task not in mode.tasks),
    )


def _examine(task: str, scored: Scored, mode: Mode, seed: int) -> Examined:
    items = [item for item, _ in scored]
    means = _resampled_means(np.array([value for _, value in scored]), seed, task)
    return Examined(len(items), means, _chance(items, mode, seed), _metrics(items, mode))


def _members(level: str, summary: Summary, levels: Mapping[str, str], mode: Mode) -> list[str]:
    """Tasks whose mean is the level's; lmms-eval forgets view changes."""
    forgotten = {VIEW_CHANGE} if mode.summarize is lmms.summarize else set()
    return [task for task in summary.tasks if levels.get(task, strict.OTHER) == level and task not in forgotten]


def _task_line(score: float, task: Examined, level: str) -> ReportLine:
    return ReportLine(score, _bounds(task.means), task.questions, task.chance, task.metric, level)


def _group_line(score: float, tasks: Sequence[Examined]) -> ReportLine:
    """The line of a mean over tasks; each is resampled by itself."""
    means = np.mean([task.means for task in tasks], axis=0)
    chance = float(np.mean([task.chance for task in tasks]))
    return ReportLine(score, _bounds(means), sum(task.questions for task in tasks), chance)


def _resampled_means(values: np.ndarray, seed: int, task: str) -> np.ndarray:
    """Means of bootstrap resamples of a task's scores, drawn as counts of the distinct scores."""
    distinct, counts = np.unique(values, return_counts=True)
    rng = rng_for(seed, "bootstrap", task)
    draws = (rng.multinomial(len(values), counts / len(values)) for _ in range(RESAMPLES))
    return np.array([draw @ distinct for draw in draws]) / len(values)


def _bounds(means: np.ndarray) -> Bounds:
    low, high = np.percentile(means, INTERVAL)
    return float(low), float(high)


def _chance(items: Sequence[ScoredItem], mode: Mode, seed: int) -> float:
    """Mean score of guesses: an option at random, or the answer of another question that is scored alike."""
    rng = random.Random(f"{seed} {items[0].task}")
    answers: dict[str, list[str]] = {}
    for item in items:
        answers.setdefault(strict.metric_name(item), []).append(item.answer)
    scores = []
    for item in rng.sample(list(items), min(len(items), MOST_GUESSED)):
        guesses = sorted(strict.choices_of(item)) or answers[strict.metric_name(item)]
        scores += [mode.score(item, guess) for guess in rng.choices(guesses, k=GUESSES)]
    return sum(scores) / len(scores)


def _metrics(items: Sequence[ScoredItem], mode: Mode) -> str:
    if mode.tasks is None:
        return "/".join(sorted({strict.metric_name(item) for item in items}))
    return "accuracy" if items[0].task in CHOICE_TASKS else "MRA"
