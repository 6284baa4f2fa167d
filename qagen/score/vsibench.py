"""The scores of VSI-Bench and ReVSI, to the last digit and with all habits of their public scorers.

VSI-Bench has three: lmms-eval's ``vsibench``, VLMEvalKit's ``VsiBench`` without a judge model, and that of the authors
(thinking-in-space). ReVSI's scorers in lmms-eval and VLMEvalKit give the same. Habits:

* the first word is the letter, also of an empty prediction or one that begins with a blank (VLMEvalKit searches);
* lmms-eval takes the first number, in digits or words, VLMEvalKit the last, the others the first word alone;
* an error is divided by the truth with its sign, so that every number keeps all tolerances of a negative truth;
* at a true number of 0, lmms-eval and the authors' scorer stop; ReVSI's score 0; VLMEvalKit takes the error as it is;
* the three kinds of directions count as one; lmms-eval stops unless all three occur, and rounds to six digits;
* types that do not occur are left out of the overall score, which is the mean of the types.
"""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from qagen.errors import QagenError
from qagen.records.benches import REVSI_CHOICES, REVSI_MERGED, VSI_CHOICES, VSI_DIRECTIONS
from qagen.score import vlmeval
from qagen.score.items import ScoredItem, Summary, mean_by_task, split_task
from qagen.score.lmms import TOLERANCES, relative_accuracy

if TYPE_CHECKING:
    import pandas as pd

DIRECTIONS = "object_rel_direction"
DIGITS = 6
"""Decimals to which lmms-eval rounds the means of VSI-Bench."""
SIGNED = re.compile(r"-?\d+(?:\.\d+)?")
LATIN = re.compile(r"[a-z]+")
_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TEENS = tuple(f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine"))
_TENS = tuple(f"{stem}ty" for stem in ("twen", "thir", "for", "fif", "six", "seven", "eigh", "nine"))
WORDS = {word: value for value, word in enumerate((*_ONES, *_TEENS))} | dict(
    zip(_TENS, range(20, 100, 10), strict=True)
)
SCALES = {"hundred": 100, "thousand": 1000}


class HarnessStopsError(QagenError):
    """The public scorer ends with an error instead of a score."""


# --- one prediction ---------------------------------------------------------------------------------------------------


def score_lmms(item: ScoredItem, prediction: str) -> float:
    """By lmms-eval's ``vsibench``. Raises HarnessStopsError where the true number is 0."""
    if item.task in VSI_CHOICES:
        return _same_letter(first_word(prediction), item)
    return _signed_accuracy(first_number(prediction), item)


def score_authors(item: ScoredItem, prediction: str) -> float:
    """By thinking-in-space. Raises HarnessStopsError where the true number is 0."""
    if item.task in VSI_CHOICES:
        return _same_letter(first_word(prediction), item)
    return _signed_accuracy(_float(first_word(prediction)), item)


def score_vlmeval(item: ScoredItem, prediction: str) -> float:
    """By VLMEvalKit's ``VsiBench``."""
    if item.task in VSI_CHOICES:
        return float(vlmeval.find_letter(prediction) == vlmeval.find_letter(item.answer.strip()))
    value, truth = vlmeval.find_number(prediction), _float(item.answer)
    return 0.0 if value is None or truth is None or truth != truth else relative_accuracy(value, truth)


def score_revsi(item: ScoredItem, prediction: str) -> float:
    """By ReVSI's scorers in lmms-eval and VLMEvalKit."""
    word = first_word(prediction.strip())
    if split_task(item.task)[0] in REVSI_CHOICES:
        return _same_letter(word, item)
    try:
        return _signed_accuracy(_float(word), item)
    except HarnessStopsError:
        return 0.0


def first_word(text: str) -> str:
    """What precedes the first blank, without dots at its end."""
    return text.split(" ")[0].rstrip(".").strip()


def first_number(text: str) -> float | None:
    """The first number of a text, in digits or in words; number words with other words between them are one run."""
    text = text.strip().lower()
    digits = SIGNED.search(text)
    words = list(LATIN.finditer(text))
    start = next((index for index, word in enumerate(words) if word[0] in WORDS or word[0] in SCALES), None)
    if digits and (start is None or digits.start() < words[start].start()):
        return float(digits[0])
    return None if start is None else _number_in([word[0] for word in words[start:]])


def _number_in(words: list[str]) -> float:
    """The number that a list of words begins with, without regard to what lies between words."""
    total, current = 0, 0
    for word in words:
        if word == "hundred":
            current = max(current, 1) * 100
        elif word == "thousand":
            total, current = total + max(current, 1) * 1000, 0
        elif word in WORDS:
            current += WORDS[word]
        elif word != "and":
            break
    return float(total + current)


def _same_letter(letter: str, item: ScoredItem) -> float:
    return float(letter.lower() == item.answer.lower())


def _signed_accuracy(value: float | None, item: ScoredItem) -> float:
    """Share of the tolerances that the error keeps, relative to the truth and its sign."""
    truth = _float(item.answer)
    if value is None or truth is None:
        return 0.0
    if truth == 0:
        raise HarnessStopsError(f"question {item.id}: the true answer is 0, by which the scorer divides; it stops here")
    return float((abs(value - truth) / truth <= TOLERANCES).mean())


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


# --- means ------------------------------------------------------------------------------------------------------------


def summarize_lmms(scores: "pd.DataFrame") -> Summary:
    """Means by lmms-eval's ``vsibench``. Raises HarnessStopsError where one of the three directions is missing."""
    means = _means(scores)
    _need_directions(means, "lmms-eval")
    merged = _merged(means, {DIRECTIONS: VSI_DIRECTIONS}, lambda values: _total(values) / 3.0)
    found = _summary(means, merged, {DIRECTIONS: VSI_DIRECTIONS}, _total)
    tasks, levels = ({name: round(mean, DIGITS) for name, mean in part.items()} for part in (found.tasks, found.levels))
    return Summary(round(found.overall, DIGITS), levels, tasks, found.members, found.weights)


def summarize_authors(scores: "pd.DataFrame") -> Summary:
    """Means by thinking-in-space. Raises HarnessStopsError where there are easy directions, but no others."""
    means, merges = _means(scores), {}
    if VSI_DIRECTIONS[0] in means:
        _need_directions(means, "thinking-in-space")
        merges = {DIRECTIONS: VSI_DIRECTIONS}
    merged = _merged(means, merges, lambda values: _total(values) / 3.0)
    return _summary(means, merged, merges, _total)


def summarize_vlmeval(scores: "pd.DataFrame") -> Summary:
    """Means by VLMEvalKit's ``VsiBench``, which merges the directions where all three occur; letters come first."""
    found = _means(scores)
    means = {task: found[task] for kind in (True, False) for task in found if (task in VSI_CHOICES) == kind}
    merges = {DIRECTIONS: VSI_DIRECTIONS} if all(task in means for task in VSI_DIRECTIONS) else {}
    return _summary(means, _merged(means, merges, lambda values: _total(values) / 3.0), merges, sum)


def summarize_revsi(scores: "pd.DataFrame") -> Summary:
    """Means by ReVSI's scorers, for each number of frames.

    The levels are the merged types and, where there are several numbers of frames, the overall score of each; their
    mean is the overall score then.
    """
    means = _means(scores)
    frames = list(dict.fromkeys(split_task(task)[1] for task in means))
    parts = []
    for suffix in frames:
        tasks = {task: mean for task, mean in means.items() if split_task(task)[1] == suffix}
        names = {
            _suffixed(name, suffix): [_suffixed(member, suffix) for member in members]
            for name, members in REVSI_MERGED.items()
        }
        merges = {name: kept for name, of in names.items() if (kept := [task for task in of if task in tasks])}
        parts.append(_summary(tasks, _merged(tasks, merges, lambda values: float(np.mean(values))), merges, _total))
    return parts[0] if len(parts) == 1 else _joined(frames, parts)


def _joined(names: list[str], parts: list[Summary]) -> Summary:
    """Several summaries as one, each with its overall score as a level."""
    joined = Summary(float(np.mean([part.overall for part in parts])), {}, {}, {}, {"overall": {}})
    for name, part in zip(names, parts, strict=True):
        joined.tasks.update(part.tasks)
        joined.levels.update({**part.levels, name: part.overall})
        joined.members.update({**part.members, name: list(part.tasks)})
        weights = part.weights["overall"]
        joined.weights[name] = weights
        joined.weights["overall"].update({task: weight / len(parts) for task, weight in weights.items()})
    return joined


def _means(scores: "pd.DataFrame") -> dict[str, float]:
    """Means by type in alphabetical order."""
    return dict(sorted(mean_by_task(scores, np.mean).items()))


def _need_directions(means: Mapping[str, float], harness: str) -> None:
    missing = next((task for task in VSI_DIRECTIONS if task not in means), None)
    if missing:
        raise HarnessStopsError(
            f"found no questions of {missing}, without which {harness} has no scores; "
            "--scorer vlmevalkit-vsibench scores what there is"
        )


def _merged(
    means: Mapping[str, float], merges: Mapping[str, list[str] | tuple[str, ...]], mean: Callable[[list[float]], float]
) -> dict[str, float]:
    """Means of merged types."""
    return {name: mean([means[member] for member in members]) for name, members in merges.items()}


def _summary(
    means: dict[str, float],
    merged: dict[str, float],
    merges: Mapping[str, list[str] | tuple[str, ...]],
    total: Callable[[list[float]], float],
) -> Summary:
    """The summary whose overall score is the mean of the types, merged ones as one, added last."""
    inside = {member for members in merges.values() for member in members}
    counted = [mean for task, mean in means.items() if task not in inside] + list(merged.values())
    weights = {task: 1 / len(counted) for task in means if task not in inside}
    for members in merges.values():
        weights |= {member: 1 / len(counted) / len(members) for member in members}
    members = {name: list(of) for name, of in merges.items()}
    return Summary(total(counted) / len(counted), dict(merged), means, members, {"overall": weights})


def _total(values: list[float]) -> float:
    """The sum from left to right; Python's own is more exact for floats."""
    return reduce(add, values, 0.0)


def _suffixed(name: str, suffix: str) -> str:
    return f"{name}, {suffix}" if suffix else name
