"""The score of VLMEvalKit's ``SparBench`` without a judge model, to the last digit and with all its habits.

It differs from lmms-eval: a letter is searched for in the text, the last number counts, numbers may have signs and be
words, and view changes are measured against the truth. Habits that ``qagen.score.strict`` does not have: an answer that
is no letter makes every prediction without a letter right; ``1,200`` is 200 and ``2.4-3.1`` is -3.1.
"""

import ast
import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from qagen.records.sparbench import AXES, CHOICE_TASKS, LEVELS, NUMBER_TASKS, VIEW_CHANGE
from qagen.score.items import ScoredItem, Summary, mean_by_task
from qagen.score.lmms import relative_accuracy

if TYPE_CHECKING:
    import pandas as pd

INVISIBLE = re.compile("[\u200b\u200c\u200d\ufeff]")
TAIL_LINES, TAIL_CHARACTERS = 6, 800

TAGGED_LETTER = re.compile(r"<\s*answer\b[^>]*>\s*([a-j]).*?<\s*/\s*answer\s*>", re.I | re.S)
LETTER_BEFORE_END = [
    re.compile(rf"(?<![A-Za-z])([A-F])\s*[)\]}}）】]?\s*</\s*{tag}\s*>", re.I) for tag in ("answer", "think")
]
OPTION_LINE = re.compile(r"[*_>\-\s]*(?:option|选项)\s+[A-J]\s*[:：]", re.I)
LONE_LETTER = re.compile(r"[*_`>（）\[\]【】()]*\s*([A-Fa-f])\s*[*_`（）\[\]【】()]*")
LABELED_LINE = re.compile(r"([A-F])\s*[.．:：)\]】、-]\s+", re.I)
LETTER_IN_LINE = re.compile(r"(?<![A-Za-z])([A-F])(?=[*_`）\]})]*(?:$|[\s.,:;!?)\]】》」』，。；、：）]))")
CONCLUSION = re.compile(r"(?:answer(?:\s*is)?|答案|结论|所以|因此|选择?)\s*[:：>＝=]?\s*[(\[{（【]?\s*([A-F])\b", re.I)
LETTER_ANYWHERE = re.compile(r"(?<![A-Za-z])([A-F])(?![A-Za-z])")

NUMBER = r"[-+]?(?:\d*\.\d+|\d+)(?:[eE][-+]?\d+)?"
ANY_NUMBER = re.compile(NUMBER)
TAGGED_NUMBER = re.compile(rf"<\s*answer\b[^>]*>\s*({NUMBER})(?:[^\d<][^<]*)?<\s*/\s*answer\s*>", re.I | re.S)
WORDS: list[str] = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
]
NUMBER_WORD = re.compile(rf"\b({'|'.join(WORDS)})\b", re.I)


def score(item: ScoredItem, prediction: str) -> float:
    """The score of one prediction, 0 to 1."""
    if item.task in CHOICE_TASKS:
        return float(find_letter(prediction) == find_letter(item.answer.strip()))
    if item.task in NUMBER_TASKS:
        value = find_number(prediction)
        try:
            truth = float(item.answer)
        except ValueError:
            return 0.0
        return 0.0 if value is None or truth != truth else relative_accuracy(value, truth)
    movements = (_movements(prediction), _movements(item.answer))
    pairs = [[amounts.get(axis[0], 0.0) - amounts.get(axis[1], 0.0) for amounts in movements] for axis in AXES]
    return float(np.mean([relative_accuracy(value, reference) for value, reference in pairs]))


def summarize(scores: "pd.DataFrame") -> Summary:
    """Means by task in the order of the questions' ids (letters, numbers, movements), of all tasks, and of levels."""
    by_id = scores.assign(digits=scores["id"].str.len()).sort_values(["digits", "id"])
    means = mean_by_task(by_id, np.mean)
    tasks = {
        task: means[task] for kind in (CHOICE_TASKS, NUMBER_TASKS, (VIEW_CHANGE,)) for task in means if task in kind
    }
    members = {level: [task for task in names if task in tasks] for level, names in LEVELS.items()}
    members = {level: names for level, names in members.items() if names}
    levels = {level: float(np.mean([tasks[task] for task in names])) for level, names in members.items()}
    return Summary(float(np.mean(list(tasks.values()))), levels, tasks, members)


# --- letters ----------------------------------------------------------------------------------------------------------


def find_letter(text: str) -> str | None:
    """The option that a text decides on, or None."""
    text = INVISIBLE.sub("", text.strip())
    if match := TAGGED_LETTER.search(text):
        return match[1].upper()
    for pattern in LETTER_BEFORE_END:
        if match := pattern.search(text[-TAIL_CHARACTERS:]):
            return match[1].upper()
    for part in (_after_thinking(text), text[-TAIL_CHARACTERS:]):
        if letter := _from_last_lines(part.splitlines()[-TAIL_LINES:]):
            return letter
    if match := CONCLUSION.search(text):
        return match[1].upper()
    kept = "\n".join(line for line in text.splitlines() if not OPTION_LINE.match(line))
    return _only(LETTER_ANYWHERE.findall(kept))


def _from_last_lines(lines: list[str]) -> str | None:
    for line in reversed([line.strip() for line in lines if line.strip()]):
        if OPTION_LINE.match(line):
            continue
        if match := LONE_LETTER.fullmatch(line) or LABELED_LINE.match(line):
            return match[1].upper()
        if letter := _only(LETTER_IN_LINE.findall(line)):
            return letter
    return None


def _only(letters: list[str]) -> str | None:
    return letters[0] if len(set(letters)) == 1 else None


def _after_thinking(text: str) -> str:
    for pattern in (r"</\s*think\s*>", r"<\s*think\s*>"):
        ends = [match.end() for match in re.finditer(pattern, text, re.I)]
        if ends:
            return text[ends[-1] :].strip()
    return text


# --- numbers ----------------------------------------------------------------------------------------------------------


def find_number(text: str) -> float | None:
    """The tagged number, else the last one after thinking, else the last one; for a list, that of its first element."""
    spelt = text.strip()
    if spelt.startswith("[") and spelt.endswith("]"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
        text = str(values[0]) if isinstance(values, list) and values else text
    text = NUMBER_WORD.sub(lambda match: str(WORDS.index(match[1].lower())), INVISIBLE.sub("", text.strip()))
    if match := TAGGED_NUMBER.search(text):
        return float(match[1])
    for part in (_after_thinking(text), text):
        if numbers := ANY_NUMBER.findall(part):
            return float(numbers[-1])
    return None


def _movements(text: str) -> dict[str, float]:
    """``name:amount`` between commas; other text is ignored."""
    movements = {}
    for part in text.split(","):
        name, colon, amount = part.partition(":")
        try:
            if colon:
                movements[name.strip()] = float(amount)
        except ValueError:
            continue
    return movements
