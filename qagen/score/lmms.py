"""The score that lmms-eval's ``sparbench`` task gives, to the last digit and with all its habits.

Habits that ``qagen.score.strict`` does not have: an empty prediction of a letter is right, because it is a part of the
answer; a single-view number is the first of the text, whatever it counts; there are no negative numbers; a view change
is measured against the prediction instead of the truth, and is worth nothing if one of its parts cannot be read; the
middle level leaves view changes out.
"""

import re

import numpy as np

from qagen.records.sparbench import AXES, CHOICE_TASKS, LEVELS, NUMBER_TASKS, VIEW_CHANGE
from qagen.score.items import Scored, ScoredItem, Summary

UNSIGNED = re.compile(r"(?<!\^)\d+(?:\.\d+)?")
TOLERANCES = 1 - np.linspace(0.5, 0.95, 10)


def score(item: ScoredItem, prediction: str) -> float:
    """The score of one prediction, 0 to 1."""
    if item.task in CHOICE_TASKS:
        return _match_letter(prediction.lower(), item.answer.lower())
    try:
        if item.task in NUMBER_TASKS:
            return relative_accuracy(float(_number(prediction, item.task)), float(item.answer))
        return _score_view_change(prediction, item.answer)
    except (ValueError, OverflowError, IndexError):
        return 0.0


def _match_letter(prediction: str, answer: str) -> float:
    return float(prediction in answer or prediction[0] == answer)


def _number(prediction: str, task: str) -> float | int:
    """The first number of the text; of several views the last, and -1 for none."""
    numbers = [float(text) if "." in text else int(text) for text in UNSIGNED.findall(prediction)]
    if task.endswith("_mv"):
        return numbers[-1] if numbers else -1
    return numbers[0]


def relative_accuracy(value: float, reference: float) -> float:
    """Share of the tolerances 0.50, 0.45, …, 0.05 within which ``value`` lies of ``reference``, relative to it."""
    error = abs(value - reference) if reference == 0.0 else abs((value - reference) / reference)
    return float((error <= TOLERANCES).mean())


def _score_view_change(prediction: str, answer: str) -> float:
    told, truth = _movements(prediction), _movements(answer)
    return float(np.mean([relative_accuracy(_along(truth, axis), _along(told, axis)) for axis in AXES]))


def _movements(text: str) -> dict[str, float]:
    movements = {}
    for part in text.split(","):
        name, amount = part.split(":")
        movements[name] = float(amount)
    return movements


def _along(movements: dict[str, float], axis: tuple[str, str]) -> float:
    return movements.get(axis[0], 0) - movements.get(axis[1], 0)


def summarize(scored: Scored) -> Summary:
    """Means by task in alphabetical order, of the tasks, and of levels."""
    by_task: dict[str, list[float]] = {}
    for item, value in scored:
        by_task.setdefault(item.task, []).append(value)
    tasks = {task: np.array(by_task[task], dtype=np.float64).mean() for task in sorted(by_task)}
    overall = sum(tasks.values()) / len(tasks)
    levels = {
        level: [tasks[task] for task in tasks if task in names and task != VIEW_CHANGE]
        for level, names in LEVELS.items()
    }
    means = {level: float(np.mean(values)) for level, values in levels.items() if values}
    return Summary(float(overall), means, {task: float(value) for task, value in tasks.items()})
