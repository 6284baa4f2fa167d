"""Scores without the faults of the public scorers: an empty prediction scores 0, and only one answer counts.

| answer | metric |
|---|---|
| letter, Yes or No, kind of contact, move of a camera, part of a video | right or wrong |
| number (length, area, ratio, angle, count) | mean relative accuracy: share of 50 %, 45 %, …, 5 % that hold |
| length, width, height | mean of the three relative accuracies |
| view change | mean of the five relative accuracies, or of its two angles; a movement that is not predicted scores 0 |
| box | intersection over union; with an image, 0 in the wrong one |
| image position and depth | mean of two relative accuracies; the position is relative to half the image |
| image position | relative accuracy, relative to half the image |
| positions on a map | mean over the objects of the relative accuracy of the position |
| cells on a grid | share of the objects whose cell is right |
| names or moves in order | share of positions with the right name |
| frames, directions, other sentences | F1 of what is stated |
"""

import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from statistics import fmean
from typing import TYPE_CHECKING, Any

from qagen.core.answer import (
    Answer,
    BoxAnswer,
    CameraMove,
    Choice,
    Count,
    Degrees,
    Directions,
    Extents,
    FrameNumbers,
    FrameSpan,
    GridMap,
    ImagePoint,
    ImagePosition,
    LabelOrder,
    LocatedObject,
    Motion,
    MoveOrder,
    Number,
    OneOf,
    Placement,
    Ratio,
    Sector,
    ViewAngles,
    YesNo,
)
from qagen.records.sparbench import AXES
from qagen.score import camera, letters, numbers, parse
from qagen.score.items import ScoredItem, Summary, mean_by_task
from qagen.score.plain import UnreadError, final_answer

if TYPE_CHECKING:
    import pandas as pd

TOLERANCES = tuple(step / 20 for step in range(10, 0, -1))
ROUNDING = 1e-9
"""Tolerance that keeps 1.1 against 1.0 within 10 % in spite of binary fractions."""
OTHER = "other"
"""Level of types without a task YAML."""
TURNS = [axis for axis, (name, _) in enumerate(AXES) if name.startswith("rotate_")]
"""Indices of the rotations in ``AXES``."""
KEPT = 4096
"""Number of questions whose true answers are kept as they are read; training scores many completions of each."""
HALF_IMAGE = 500.0
"""Error of an image position that counts as 100 %, thousandths of the image."""


@dataclass(frozen=True, slots=True)
class Metric:
    """How one kind of answer is read and compared."""

    name: str
    """Name in tables."""
    read: Callable[..., Any]
    """Reads the answer of a text; raises UnreadError when there is none."""
    compare: Callable[[Any, Any], float]
    """Score from 0 to 1 of a predicted and the true answer."""
    with_question: bool = False
    """Whether ``read`` needs the question, too."""

    def answer_in(self, text: str, question: str) -> Any:
        """The answer that a text gives to a question; raises UnreadError when there is none."""
        return self.read(text, question) if self.with_question else self.read(text)


@dataclass(frozen=True, slots=True)
class Judgment:
    """What a prediction is worth."""

    score: float
    """From 0 to 1; 0 where nothing was read."""
    unread: str = ""
    """Why no answer could be read surely; "" where one was read."""


def judge(item: ScoredItem, prediction: str) -> Judgment:
    """The score of one prediction, or why it cannot be read."""
    choices = choices_of(item)
    try:
        if choices:
            return Judgment(float(letters.letter(prediction, choices) == item.answer.strip()))
        metric, truth = _metric_and_truth(item.task, item.kind, item.question, item.answer)
        return Judgment(metric.compare(metric.answer_in(prediction, item.question), truth))
    except UnreadError as error:
        return Judgment(0.0, str(error))


def score(item: ScoredItem, prediction: str) -> float:
    """The score of one prediction, 0 to 1."""
    return judge(item, prediction).score


def metric_name(item: ScoredItem) -> str:
    """The name of the metric that ``score`` uses."""
    if choices_of(item):
        return "accuracy"
    return _metric_and_truth(item.task, item.kind, item.question, item.answer)[0].name


def choices_of(item: ScoredItem) -> Mapping[str, str]:
    """The options of a question that is answered by a letter; empty for other questions."""
    return _choices(item.question, item.answer.strip())


@lru_cache(maxsize=KEPT)
def _choices(question: str, answer: str) -> Mapping[str, str]:
    if not re.fullmatch(r"[A-F]", answer):
        return {}
    choices = letters.options(question)
    return choices if answer in choices else dict.fromkeys("ABCDEF", "")


@lru_cache(maxsize=KEPT)
def _metric_and_truth(task: str, kind: type[Answer] | None, question: str, answer: str) -> tuple[Metric, Any]:
    """The metric for the kind of answer that a task has, and the correct answer as the metric reads it.

    Args:
        kind: kind of the answer, for tasks that are no types of qagen.
    """
    from qagen.tasks.registry import family_of_records  # numba and scipy, for scoring alone

    answer = answer.strip()
    if answer.lower() in ("yes", "no"):
        return JUDGED, answer.lower()
    family = family_of_records(task)
    kind = kind if family is None else family.answer
    metrics = SENTENCE_METRICS if answer.endswith(".") else METRICS
    metric = metrics.get(kind, STATED) if kind is not None else STATED
    for fitting in (metric, STATED):
        try:
            return fitting, fitting.answer_in(answer, question)
        except UnreadError:
            continue
    return SAME, answer.casefold()


def relative_accuracy(prediction: float, truth: float) -> float:
    """Share of the tolerances that the error keeps, relative to the truth; absolute where the truth is 0."""
    return tolerated(abs(prediction - truth) / (abs(truth) or 1.0))


def tolerated(error: float) -> float:
    """Share of the tolerances that a relative error keeps."""
    return sum(error <= tolerance + ROUNDING for tolerance in TOLERANCES) / len(TOLERANCES)


def _equal(prediction: Any, truth: Any) -> float:
    return float(prediction == truth)


def _compare_extents(prediction: tuple[float, ...], truth: tuple[float, ...]) -> float:
    return fmean(map(relative_accuracy, prediction, truth))


def _compare_movements(prediction: Mapping[int, float], truth: Mapping[int, float], missing: float = math.inf) -> float:
    pairs = [(prediction.get(axis, missing), truth.get(axis, 0.0)) for axis in range(len(AXES))]
    return fmean(relative_accuracy(*pair) for pair in pairs)


def _compare_turns(prediction: Mapping[int, float], truth: Mapping[int, float], missing: float = math.inf) -> float:
    pairs = [(prediction.get(axis, missing), truth.get(axis, 0.0)) for axis in TURNS]
    return fmean(relative_accuracy(*pair) for pair in pairs)


def box_overlap(prediction: parse.Box, truth: parse.Box) -> float:
    """Intersection over union; 0 for a box whose corners are swapped."""
    width = min(prediction[2], truth[2]) - max(prediction[0], truth[0])
    height = min(prediction[3], truth[3]) - max(prediction[1], truth[1])
    both = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (prediction, truth)]
    return both / (sum(areas) - both) if both and min(areas) > 0 else 0.0


def _compare_located(prediction: tuple[int, parse.Box], truth: tuple[int, parse.Box]) -> float:
    return box_overlap(prediction[1], truth[1]) if prediction[0] == truth[0] else 0.0


def _compare_places(prediction: tuple[float, float, float], truth: tuple[float, float, float]) -> float:
    return (_compare_positions(prediction[:2], truth[:2]) + relative_accuracy(prediction[2], truth[2])) / 2


def _compare_positions(prediction: tuple[float, float], truth: tuple[float, float]) -> float:
    return tolerated(math.dist(prediction, truth) / HALF_IMAGE)


def _compare_maps(prediction: Mapping[int, tuple[float, float]], truth: Mapping[int, tuple[float, float]]) -> float:
    nowhere = (math.inf, math.inf)
    errors = [
        math.dist(prediction.get(name, nowhere), spot) / (math.hypot(*spot) or 1.0) for name, spot in truth.items()
    ]
    return fmean(map(tolerated, errors)) * min(1.0, len(truth) / len(prediction))


def _compare_cells(prediction: Mapping[str, parse.Cell], truth: Mapping[str, parse.Cell]) -> float:
    return fmean(float(prediction.get(name) == cell) for name, cell in truth.items())


def _compare_orders(prediction: tuple[str, ...], truth: tuple[str, ...]) -> float:
    right = sum(map(operator.eq, prediction, truth))
    return right / max(len(prediction), len(truth))


def _compare_directions(prediction: Counter[str], truth: Counter[str]) -> float:
    """F1; before and after a move are compared apart where the truth tells both."""
    if any(" " in word for word in truth):
        if not any(" " in word for word in prediction):
            raise UnreadError("does not tell before from after")
        return _f1(prediction, truth)
    return _f1([word.split()[-1] for word in prediction.elements()], truth)


def _f1(prediction: Any, truth: Any) -> float:
    predicted, true = Counter(prediction), Counter(truth)
    return 2 * (predicted & true).total() / (predicted.total() + true.total())


JUDGED = Metric("accuracy", letters.yes_no, _equal)
STATED = Metric("F1", parse.facts, _f1)
SAME = Metric("equality", lambda text: final_answer(text).casefold(), _equal)
METRICS: dict[type[Answer], Metric] = {
    Number: Metric("MRA", numbers.number, relative_accuracy, with_question=True),
    Ratio: Metric("MRA", numbers.ratio, relative_accuracy),
    Degrees: Metric("MRA", numbers.degrees, relative_accuracy, with_question=True),
    Count: Metric("MRA", numbers.count, relative_accuracy),
    Extents: Metric("MRA", numbers.extents, _compare_extents, with_question=True),
    BoxAnswer: Metric("IoU", parse.box, box_overlap),
    ImagePoint: Metric("MRA", parse.place, _compare_places, with_question=True),
    ImagePosition: Metric("MRA", parse.position, _compare_positions),
    LocatedObject: Metric("IoU", parse.located_box, _compare_located),
    Choice: Metric("accuracy", parse.marked_object, _equal, with_question=True),
    YesNo: JUDGED,
    OneOf: Metric("accuracy", parse.contact, _equal),
    Sector: Metric("accuracy", parse.sector, _equal),
    CameraMove: Metric("accuracy", camera.move, _equal),
    FrameSpan: Metric("accuracy", camera.span, _equal),
    MoveOrder: Metric("places", camera.moves, _compare_orders),
    Directions: Metric("F1", parse.directions, _compare_directions),
    LabelOrder: Metric("places", parse.names, _compare_orders, with_question=True),
    FrameNumbers: Metric("F1", parse.frames, _f1),
    Placement: Metric("MRA", parse.map_places, _compare_maps, with_question=True),
    GridMap: Metric("cells", parse.cells, _compare_cells),
    Motion: Metric("MRA", numbers.movements, _compare_movements, with_question=True),
    ViewAngles: Metric("MRA", numbers.movements, _compare_turns),
}
"""Metrics by kind of answer; answers of other kinds are compared by what they state."""
SENTENCE_METRICS: dict[type[Answer], Metric] = {
    **METRICS,
    LabelOrder: Metric("places", parse.listed_names, _compare_orders, with_question=True),
    Motion: Metric("MRA", numbers.movements, partial(_compare_movements, missing=0.0), with_question=True),
    ViewAngles: Metric("MRA", numbers.movements, partial(_compare_turns, missing=0.0)),
}
"""Metrics of answers that are sentences, which leave out movements of 0."""


def summarize(scores: "pd.DataFrame", levels: Mapping[str, str]) -> Summary:
    """Means by task, of the tasks, and of the tasks of each level (``levels``: task to level)."""
    tasks = mean_by_task(scores, fmean)
    members: dict[str, list[str]] = {}
    for task in tasks:
        members.setdefault(levels.get(task, OTHER), []).append(task)
    means = {level: fmean(tasks[task] for task in names) for level, names in members.items()}
    return Summary(fmean(tasks.values()), means, tasks, members)
