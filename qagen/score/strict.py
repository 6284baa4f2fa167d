"""Scores without the faults of the public scorers: nothing told is nothing scored, and one answer is one answer.

| answer | metric |
|---|---|
| letter, Yes or No | right or wrong |
| number (depth, distance, area, count) | mean relative accuracy: share of the tolerances 50 %, 45 %, …, 5 % that hold |
| length, width, height | mean of the three relative accuracies |
| view change | mean of the five relative accuracies; a movement that is not told scores 0 |
| box | intersection over union; with an image, 0 in the wrong one |
| image place and depth | mean of the depth's relative accuracy and the place's, relative to half the image |
| places on a map | mean over the objects of the relative accuracy of the position |
| names in order | share of places with the right name |
| frames, directions, other sentences | F1 of what is stated |
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qagen.core.answer import (
    Answer,
    BoxAnswer,
    Choice,
    Count,
    Directions,
    Extents,
    FrameNumbers,
    ImagePoint,
    LabelOrder,
    LocatedObject,
    Motion,
    Number,
    Placement,
)
from qagen.records.sparbench import AXES
from qagen.score import parse
from qagen.score.items import Scored, ScoredItem, Summary

TOLERANCES = tuple(step / 20 for step in range(10, 0, -1))
ROUNDING = 1e-9
"""Keeps 1.1 against 1.0 within 10 %, whatever binary fractions make of it."""
OTHER = "other"
"""Level of types that no task YAML tells."""
HALF_IMAGE = 500.0
"""Thousandths of the image; an error as large counts as 100 %."""


@dataclass(frozen=True, slots=True)
class Metric:
    """How one kind of answer is read and compared."""

    name: str
    """As tables print it."""
    read: Callable[[str], Any]
    """The answer that a text tells, or None."""
    compare: Callable[[Any, Any], float]
    """From what is told and the truth to a score, 0 to 1."""


def score(item: ScoredItem, prediction: str) -> float:
    """The score of one prediction, 0 to 1."""
    choices = choices_of(item)
    if choices:
        return float(parse.letter(prediction, choices) == item.answer.strip())
    metric, truth = _metric_and_truth(item)
    told = metric.read(prediction)
    return 0.0 if told is None else metric.compare(told, truth)


def metric_name(item: ScoredItem) -> str:
    """The name of the metric that ``score`` uses."""
    return "accuracy" if choices_of(item) else _metric_and_truth(item)[0].name


def choices_of(item: ScoredItem) -> Mapping[str, str]:
    """The options of a question that is answered by a letter, and else none."""
    answer = item.answer.strip()
    if not re.fullmatch(r"[A-F]", answer):
        return {}
    choices = parse.options(item.question)
    return choices if answer in choices else dict.fromkeys("ABCDEF", "")


def _metric_and_truth(item: ScoredItem) -> tuple[Metric, Any]:
    """The metric for the kind of answer that the item's task has, and the correct answer as the metric reads it."""
    from qagen.tasks.registry import family_of_records  # numba and scipy, for scoring alone

    answer = item.answer.strip()
    if answer.lower() in ("yes", "no"):
        return JUDGED, answer.lower()
    family = family_of_records(item.task)
    metrics = SENTENCE_METRICS if answer.endswith(".") else METRICS
    metric = metrics.get(family.answer, STATED) if family is not None else STATED
    truth = metric.read(answer)
    return (metric, truth) if truth is not None else (STATED, parse.facts(answer))


def relative_accuracy(told: float, truth: float) -> float:
    """Share of the tolerances within which ``told`` lies of the truth, relative to it; of a truth of 0, in its unit."""
    return tolerated(abs(told - truth) / (abs(truth) or 1.0))


def tolerated(error: float) -> float:
    """Share of the tolerances that a relative error keeps."""
    return sum(error <= tolerance + ROUNDING for tolerance in TOLERANCES) / len(TOLERANCES)


def _equal(told: Any, truth: Any) -> float:
    return float(told == truth)


def _compare_extents(told: tuple[float, ...], truth: tuple[float, ...]) -> float:
    return _mean([relative_accuracy(a, b) for a, b in zip(told, truth, strict=True)])


def _compare_movements(told: Mapping[int, float], truth: Mapping[int, float], untold: float = math.inf) -> float:
    return _mean([relative_accuracy(told.get(axis, untold), truth.get(axis, 0.0)) for axis in range(len(AXES))])


def _compare_spoken_movements(told: Mapping[int, float], truth: Mapping[int, float]) -> float:
    return _compare_movements(told, truth, untold=0.0)


def box_overlap(told: parse.Box, truth: parse.Box) -> float:
    """Intersection over union; 0 of a box that is turned inside out."""
    width = min(told[2], truth[2]) - max(told[0], truth[0])
    height = min(told[3], truth[3]) - max(told[1], truth[1])
    both = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (told, truth)]
    return both / (sum(areas) - both) if both and min(areas) > 0 else 0.0


def _compare_located(told: tuple[int, parse.Box], truth: tuple[int, parse.Box]) -> float:
    return box_overlap(told[1], truth[1]) if told[0] == truth[0] else 0.0


def _compare_places(told: tuple[float, float, float], truth: tuple[float, float, float]) -> float:
    error = math.dist(told[:2], truth[:2]) / HALF_IMAGE
    return _mean([tolerated(error), relative_accuracy(told[2], truth[2])])


def _compare_maps(told: Mapping[int, tuple[float, float]], truth: Mapping[int, tuple[float, float]]) -> float:
    nowhere = (math.inf, math.inf)
    errors = [math.dist(told.get(name, nowhere), spot) / (math.hypot(*spot) or 1.0) for name, spot in truth.items()]
    return _mean([tolerated(error) for error in errors]) * min(1.0, len(truth) / len(told))


def _compare_orders(told: tuple[str, ...], truth: tuple[str, ...]) -> float:
    right = sum(a == b for a, b in zip(told, truth, strict=False))
    return right / max(len(told), len(truth))


def _f1(told: Any, truth: Any) -> float:
    told, truth = Counter(told), Counter(truth)
    return 2 * (told & truth).total() / (told.total() + truth.total())


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


JUDGED = Metric("accuracy", parse.yes_no, _equal)
STATED = Metric("F1", parse.facts, _f1)
METRICS: dict[type[Answer], Metric] = {
    Number: Metric("MRA", parse.number, relative_accuracy),
    Count: Metric("MRA", parse.number, relative_accuracy),
    Extents: Metric("MRA", parse.extents_cm, _compare_extents),
    BoxAnswer: Metric("IoU", parse.box, box_overlap),
    ImagePoint: Metric("MRA", parse.place, _compare_places),
    LocatedObject: Metric("IoU", parse.located_box, _compare_located),
    Choice: Metric("accuracy", parse.marked_object, _equal),
    Directions: Metric("F1", parse.directions, _f1),
    LabelOrder: Metric("places", parse.names, _compare_orders),
    FrameNumbers: Metric("F1", parse.frames, _f1),
    Placement: Metric("MRA", parse.map_places, _compare_maps),
    Motion: Metric("MRA", parse.movements, _compare_movements),
}
"""Metrics by kind of answer; answers of other kinds are compared by what they state."""
SENTENCE_METRICS: dict[type[Answer], Metric] = {
    **METRICS,
    Number: Metric("MRA", parse.lone_number, relative_accuracy),
    Count: Metric("MRA", parse.lone_number, relative_accuracy),
    Choice: STATED,
    LabelOrder: STATED,
    Motion: Metric("MRA", parse.movements, _compare_spoken_movements),
}
"""The same where the answer is a sentence. A sentence does not mention a movement of 0."""


def summarize(scored: Scored, levels: Mapping[str, str]) -> Summary:
    """Means by task, of the tasks, and of the tasks of each level (``levels``: task to level)."""
    by_task: dict[str, list[float]] = {}
    for item, value in scored:
        by_task.setdefault(item.task, []).append(value)
    tasks = {task: math.fsum(values) / len(values) for task, values in by_task.items()}
    grouped: dict[str, list[float]] = {}
    for task, value in tasks.items():
        grouped.setdefault(levels.get(task, OTHER), []).append(value)
    means = {level: math.fsum(values) / len(values) for level, values in grouped.items()}
    return Summary(math.fsum(tasks.values()) / len(tasks), means, tasks)
