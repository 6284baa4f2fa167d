"""Scores of a whole benchmark, with confidence intervals and the score of guessing."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qagen.records.sparbench import CHOICE_TASKS, TASKS
from qagen.rng import rng_for
from qagen.score import lmms, spacevista, strict, vlmeval
from qagen.score.groups import GroupLine, group_lines
from qagen.score.items import ScoredItem, Summary
from qagen.score.read import Predictions
from qagen.score.scorers import SCORERS

RESAMPLES = 1000
GUESSES = 20
"""Number of other answers that are scored as guesses of each question."""
MAX_GUESSED = 200
"""Maximum number of questions of a task for which guesses are scored."""
MOST_SHOWN = 200
"""Maximum number of characters that are listed of a prediction that could not be read."""
INTERVAL = (2.5, 97.5)
"""Percentiles of the confidence interval."""

Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mode:
    """A scorer."""

    name: str
    """Name in the report: strict, or official with the public scorer's name."""
    judge: Callable[[ScoredItem, str], strict.Judgment]
    """Score of one prediction, or why it cannot be read; the public scorers read everything somehow."""
    summarize: Callable[[pd.DataFrame], Summary]
    """Means of the scores (columns ``id``, ``task`` and ``score``)."""
    knows: Callable[[ScoredItem], bool] = lambda item: True
    """Whether the scorer has a score for a question's task."""
    metric: Callable[[ScoredItem], str] = strict.metric_name
    """Name of the metric of a question."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of a table."""

    score: float
    """From 0 to 1."""
    interval: Bounds
    """Range of the middle 95 % of bootstrap resamples."""
    questions: int
    """Number of questions."""
    chance: float
    """Mean score of guesses: an option at random, or the answers of other questions of the task."""
    metric: str = ""
    """Name of the metric; "" for a mean over tasks."""
    level: str = ""
    """Cognitive level; "" for a mean over tasks."""
    unread: int = 0
    """Number of predictions that could not be read; they score 0."""


@dataclass(frozen=True, slots=True)
class UnreadPrediction:
    """A prediction from which no answer could be read surely."""

    id: str
    """Of the question."""
    task: str
    """Of the question."""
    reason: str
    """Why."""
    text: str
    """The end of the prediction."""


@dataclass(frozen=True, slots=True)
class Report:
    """A benchmark's scores."""

    mode: str
    """Name of the scorer."""
    overall: ReportLine
    """Mean of the tasks; of the questions where the benchmark groups them."""
    levels: Mapping[str, ReportLine]
    """Mean of the tasks by level."""
    tasks: Mapping[str, ReportLine]
    """Scores by task."""
    groups: Mapping[str, Mapping[str, ReportLine]]
    """Means of questions by category, scale and whatever else the benchmark has scores by; empty for SPAR-Bench."""
    unscored: Mapping[str, int]
    """Number of questions by task, for tasks that the scorer does not know."""
    unread: tuple[UnreadPrediction, ...]
    """Predictions that could not be read."""
    consistency: Mapping[str, GroupLine]
    """Consistency groups by task, and overall; empty where the benchmark has none, or a public scorer is used."""


def mode_of(name: str, levels: Mapping[str, str], grouped: bool = False) -> Mode:
    """How to score.

    Args:
        name: ``strict``, ``lmms-eval``, ``vlmevalkit``, ``spacevista`` or one of ``SCORERS``.
        levels: levels by task.
        grouped: whether the benchmark groups its questions, as SpaceVista does.
    """
    if name == "strict":
        summarize = spacevista.summarize if grouped else lambda scored: strict.summarize(scored, levels)
        return Mode("strict", strict.judge, summarize)
    if scorer := SCORERS.get(name):
        judge = lambda item, text: strict.Judgment(scorer.score(item, text))  # noqa: E731
        return Mode(f"official ({name})", judge, scorer.summarize, scorer.knows, scorer.metric)
    module = {"lmms-eval": lmms, "vlmevalkit": vlmeval, "spacevista": spacevista}[name]
    judge = lambda item, text: strict.Judgment(module.score(item, text))  # noqa: E731
    title = f"official ({name})"
    if name == "spacevista":
        return Mode(title, judge, spacevista.summarize, lambda item: bool(item.groups), spacevista.metric_name)
    return Mode(title, judge, module.summarize, lambda item: item.task in TASKS and not item.groups, _spar_metric)


def _spar_metric(item: ScoredItem) -> str:
    return "accuracy" if item.task in CHOICE_TASKS else "MRA"


def make_report(
    items: Sequence[ScoredItem], predictions: Predictions, mode: Mode, levels: Mapping[str, str], seed: int
) -> Report | None:
    """Score all questions; those without a prediction score 0. None if the scorer knows no task of the benchmark."""
    known = list(filter(mode.knows, items))
    if not known:
        return None
    texts = predictions.texts
    judged = [mode.judge(item, texts[item.id]) if item.id in texts else strict.Judgment(0.0) for item in known]
    unread = tuple(
        UnreadPrediction(item.id, item.task, judgment.unread, texts[item.id][-MOST_SHOWN:])
        for item, judgment in zip(known, judged, strict=True)
        if judgment.unread
    )
    unread_by_task = Counter(prediction.task for prediction in unread)
    scores = pd.DataFrame({"id": [item.id for item in known], "task": [item.task for item in known]})
    scores["score"] = [judgment.score for judgment in judged]
    summary = mode.summarize(scores)
    means: dict[str, np.ndarray] = {}
    tasks: dict[str, ReportLine] = {}
    for task, score in summary.tasks.items():
        own = [item for item in known if item.task == task]
        means[task] = _resampled_means(scores.loc[scores["task"] == task, "score"].to_numpy(), seed, task)
        chance, level = _chance(own, mode, seed), "" if own[0].groups else levels.get(task, strict.OTHER)
        metrics, bounds = _metrics(own, mode), _bounds(means[task])
        tasks[task] = ReportLine(score, bounds, len(own), chance, metrics, level, unread_by_task[task])

    def question_line(name: str, fits: Callable[[ScoredItem], bool]) -> ReportLine:
        """The line of a mean over questions."""
        rows = [number for number, item in enumerate(known) if fits(item)]
        own, values = [known[number] for number in rows], scores["score"].to_numpy()[rows]
        bounds = _bounds(_resampled_means(values, seed, name))
        unread = sum(bool(judged[number].unread) for number in rows)
        chance = float(np.mean([tasks[item.task].chance for item in own]))
        return ReportLine(float(values.mean()), bounds, len(own), chance, _metrics(own, mode), unread=unread)

    def mean_line(score: float, names: Sequence[str], of: str) -> ReportLine:
        """The line of a mean over tasks, that of a level or ``overall``; each task is resampled by itself."""
        weights = [summary.weights[of][name] for name in names] if of in summary.weights else None
        bounds = _bounds(np.average([means[name] for name in names], axis=0, weights=weights))
        chance = float(np.average([tasks[name].chance for name in names], weights=weights))
        questions, unread = (sum(getattr(tasks[name], key) for name in names) for key in ("questions", "unread"))
        return ReportLine(score, bounds, questions, chance, unread=unread)

    names = sorted({(group, name) for item in known for group, name in item.groups.items()})
    groups: dict[str, dict[str, ReportLine]] = {group: {} for group, _ in names}
    for group, name in names:
        groups[group][name] = question_line(name, lambda item, at=(group, name): at in item.groups.items())

    return Report(
        mode.name,
        question_line("overall", lambda _: True)
        if groups or summary.by_question
        else mean_line(summary.overall, list(tasks), "overall"),
        {level: mean_line(score, summary.members[level], level) for level, score in summary.levels.items()},
        tasks,
        groups,
        Counter(item.task for item in items if not mode.knows(item)),
        unread,
        group_lines(known, scores["score"].tolist(), list(map(mode.metric, known))) if mode.name == "strict" else {},
    )


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
    metric_name = spacevista.metric_name if items[0].groups else strict.metric_name
    for item in items:
        answers.setdefault(metric_name(item), []).append(item.answer)
    scores = []
    for item in rng.sample(list(items), min(len(items), MAX_GUESSED)):
        guesses = sorted(strict.choices_of(item)) or answers[metric_name(item)]
        scores += [mode.judge(item, guess).score for guess in rng.choices(guesses, k=GUESSES)]
    return sum(scores) / len(scores)


def _metrics(items: Sequence[ScoredItem], mode: Mode) -> str:
    return "/".join(sorted(set(map(mode.metric, items))))
