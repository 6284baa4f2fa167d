"""The score of lmms-eval's ``sparbench`` task, to the last digit and with all its habits.

Habits that ``qagen.score.strict`` does not have: an empty prediction of a letter is right, because it is a part of the
answer; a single-view number is the first of the text, whatever it counts; there are no negative numbers; a view change
is measured against the prediction instead of the truth, and scores 0 if one of its parts cannot be read; the medium
level leaves view changes out.
"""

import re
from typing import TYPE_CHECKING

import numpy as np

from qagen.records.sparbench import AXES, CHOICE_TASKS, LEVELS, NUMBER_TASKS, VIEW_CHANGE
from qagen.score.items import ScoredItem, Summary, mean_by_task

if TYPE_CHECKING:
    import pandas as pd

UNSIGNED = re.compile(r"(?<!\^)\d+(?:\.\d+)?")
TOLERANCES = 1 - np.linspace(0.5, 0.95, 10)


def score(item: ScoredItem, prediction: str) -> float:
    """The score of one prediction, 0 to 1."""
    if item.task in CHOICE_TASKS:
        letter, answer = prediction.lower(), item.answer.lower()
        return float(letter in answer or letter[0] == answer)
    try:
        if item.task in NUMBER_TASKS:
            numbers = [float(text) if "." in text else int(text) for text in UNSIGNED.findall(prediction)]
            value = numbers[0] if not item.task.endswith("_mv") else numbers[-1] if numbers else -1
            return relative_accuracy(float(value), float(item.answer))
        predicted, true = _movements(prediction), _movements(item.answer)
        return float(np.mean([relative_accuracy(_along(true, axis), _along(predicted, axis)) for axis in AXES]))
    except (ValueError, OverflowError, IndexError):
        return 0.0


def relative_accuracy(value: float, reference: float) -> float:
    """Share of the tolerances 0.50, 0.45, …, 0.05 within which ``value`` lies of ``reference``, relative to it."""
    error = abs(value - reference) if reference == 0.0 else abs((value - reference) / reference)
    return float((error <= TOLERANCES).mean())


def _movements(text: str) -> dict[str, float]:
    movements = {}
    for part in text.split(","):
        name, amount = part.split(":")
        movements[name] = float(amount)
    return movements


def _along(movements: dict[str, float], axis: tuple[str, str]) -> float:
    return movements.get(axis[0], 0) - movements.get(axis[1], 0)


def summarize(scores: "pd.DataFrame") -> Summary:
    """Means by task in alphabetical order, of the tasks, and of levels."""
    tasks = dict(sorted(mean_by_task(scores, np.mean).items()))
    members = {
        level: [task for task in tasks if task in names and task != VIEW_CHANGE] for level, names in LEVELS.items()
    }
    members = {level: names for level, names in members.items() if names}
    levels = {level: float(np.mean([tasks[task] for task in names])) for level, names in members.items()}
    return Summary(sum(tasks.values()) / len(tasks), levels, tasks, members)
