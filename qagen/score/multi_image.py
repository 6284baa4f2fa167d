"""The scores of MMSI-Bench, ViewSpatial-Bench, MindCube and BLINK, to the last digit and with all habits.

VLMEvalKit without a judge model searches the letter in the text as for SPAR-Bench, for the first three alike. lmms-eval
has a reading of its own for each:

* MMSI-Bench: the first letter A to F that is a word and no article (``a chair`` is passed over), within the first
  backticks or braces where there are some;
* ViewSpatial-Bench: the first letter A to D that is a word of the last line, an article as well; a text without one is
  right where the answer has none;
* MindCube: the last capital before a dot wins over ``<Answer>`` and everything else, in the middle of a word as well;
* BLINK: the text's first character, whatever follows it.

The overall score is the mean of the questions.
"""

import re
from typing import TYPE_CHECKING

import numpy as np

from qagen.score import vlmeval
from qagen.score.items import ScoredItem, Summary, mean_by_task

if TYPE_CHECKING:
    import pandas as pd

QUOTED = (re.compile(r"``([^`]*)``"), re.compile(r"`([^`]*)`"), re.compile(r"\{([^}]*)\}"))
MMSI_LETTER = re.compile(r"\b[A-F]\b(?!\s[a-zA-Z])", re.I)
VIEWSPATIAL_LETTER = re.compile(r"\b([A-D])\b", re.I)
BLINK_LETTER = re.compile(r"[(\s]*([A-Z])", re.I)

DOTTED = re.compile(r"([A-E])\.")
ANSWER_TAG = re.compile(r"<Answer>(.*?)(?:<|$)", re.S)
MINE, THE, WORD = (
    re.compile(r"[Mm]y answer is ([A-E])"),
    re.compile(r"[Tt]he answer is ([A-E])"),
    re.compile(r"\b([A-E])\b"),
)
IN_TEXT = (
    re.compile(r"(?:^|\n)(?:Answer: )?([A-E])(?:$|\s)"),
    re.compile(r'[*"]([A-E])[*"]'),
    re.compile(r"\bAnswer:?\s*([A-E])\b"),
    MINE,
    re.compile(r"answer is ([A-E])"),
)
"""In order of precedence; each counts by its last match."""


def score_mmsi(item: ScoredItem, prediction: str) -> float:
    """By lmms-eval's ``mmsi_bench``."""
    for pattern in QUOTED:
        if match := pattern.search(prediction):
            prediction = match[1]
    letter = MMSI_LETTER.search(prediction)
    return float(letter is not None and letter[0].lower() == item.answer.lower().strip())


def score_viewspatial(item: ScoredItem, prediction: str) -> float:
    """By lmms-eval's ``viewspatial``."""
    predicted, true = (VIEWSPATIAL_LETTER.search(text) for text in (prediction.split("\n")[-1], item.answer))
    return float((predicted and predicted[1].upper()) == (true and true[1].upper()))


def score_mindcube(item: ScoredItem, prediction: str) -> float:
    """By lmms-eval's ``mindcube_*``."""
    return float(mindcube_letter(prediction.strip()) == item.answer)


def score_blink(item: ScoredItem, prediction: str) -> float:
    """By lmms-eval's ``blink_*``."""
    letter = BLINK_LETTER.match(prediction.strip())
    return float((letter[1].upper() if letter else "") == item.answer.strip("()"))


def score_vlmeval(item: ScoredItem, prediction: str) -> float:
    """By VLMEvalKit, where there is no judge model."""
    return float(vlmeval.find_letter(prediction) == vlmeval.find_letter(item.answer.strip()))


def mindcube_letter(text: str) -> str | None:
    """The letter that lmms-eval reads in an answer to MindCube."""
    if letter := _last(DOTTED, text):
        return letter
    tagged = ANSWER_TAG.search(text)
    for pattern in (MINE, THE, WORD) if tagged else ():
        if letter := _last(pattern, tagged[1] if tagged else ""):
            return letter
    for pattern in IN_TEXT:
        if letter := _last(pattern, text):
            return letter
    lines = (WORD.search(line) for line in reversed(text.split("\n")))
    return next((match[1] for match in lines if match), None)


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return found[-1] if found else None


def summarize(scores: "pd.DataFrame") -> Summary:
    """The mean of the questions, and means by task in alphabetical order."""
    tasks = dict(sorted(mean_by_task(scores, np.mean).items()))
    return Summary(float(scores["score"].to_numpy().mean()), {}, tasks, {}, by_question=True)
