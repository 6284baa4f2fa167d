"""Items of the public spatial benchmarks, from the rows of their data sets and of VLMEvalKit's tables.

| benchmark | data set | VLMEvalKit's table |
|---|---|---|
| VSI-Bench, ReVSI | question_type, question, options, ground_truth (ReVSI: num_frames) | candidates, answer |
| MMSI-Bench | question_type, question with the options, answer | category, A, B, C, D |
| ViewSpatial-Bench | question_type, question, choices, answer (``B. left``) | candidates |
| MindCube | id (``among_...``), question with the options, gt_answer | category, input_prompt, answer |
| BLINK | sub_task, question, choices, answer (``(B)``) | |
"""

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

from qagen.core.answer import Count, Number
from qagen.errors import QagenError
from qagen.records.benches import MMSI, REVSI_NUMBERS, VSI_NUMBERS
from qagen.score.items import ScoredItem

COLUMNS = (
    "index", "idx", "question_type", "category", "sub_task", "input_prompt", "options", "candidates", "choices",
    "ground_truth", "gt_answer", "num_frames", "A", "B", "C", "D", "E", "F",
)  # fmt: skip
"""Columns that a question is read from, beside id, task, question and answer."""
IDS = ("id", "index", "idx")
LISTS = ("options", "candidates", "choices")
LETTERS = "ABCDEF"
NUMBERS = frozenset((*VSI_NUMBERS, *REVSI_NUMBERS))
LABEL = re.compile(r"(?<!\S)([A-F])[.:]\s*")
LABELED = re.compile(r"\s*\(?([A-F])\s*[.:)]?(?:\s+(.*))?", re.S)
PHRASES = {phrase.replace("–", "-"): category for category, phrase in MMSI.items()}
"""MMSI-Bench's long names, with hyphens, to the short ones."""


def is_item(row: Mapping[str, Any]) -> bool:
    """Whether a row is a question of one of these benchmarks."""
    if "question_type" in row or "gt_answer" in row:
        return True
    return ("category" in row and ("input_prompt" in row or "A" in row)) or ("sub_task" in row and "choices" in row)


def has_id(row: Mapping[str, Any]) -> bool:
    """Whether a row has an id; without any, its number is the id."""
    return any(row.get(key) is not None for key in IDS)


def item_of(row: Mapping[str, Any]) -> ScoredItem:
    """The question of such a row, its type as the task. Raises QagenError where type, question or answer is missing."""
    name = str(next((row[key] for key in IDS if row.get(key) is not None), ""))
    question = row.get("question") or row.get("input_prompt")
    answer = next((row[key] for key in ("ground_truth", "gt_answer", "answer") if row.get(key) is not None), None)
    for key, value in (("answer", answer), ("question", question)):
        if not isinstance(value, str | int | float):
            raise QagenError(f"record {name!r}: {key}: found {_named(value)}, expected a text or a number")
    task, text = _task_of(row, name), str(answer)
    options = _options(row, str(question))
    if options and (labeled := LABELED.fullmatch(text)):
        text = labeled[1]  # "B. left", "(B)"
    lines = "".join(f"\n{letter}. {option}" for letter, option in options.items())
    if task in NUMBERS:
        kind = Count if task.startswith("object_counting") else Number
        return ScoredItem(name, _with_frames(task, row), str(question), text, kind)
    return ScoredItem(name, _with_frames(task, row), _stem(str(question), options) + lines, text)


def _task_of(row: Mapping[str, Any], name: str) -> str:
    """The question type; MindCube's is the first word of the id."""
    told = row.get("question_type") or row.get("sub_task") or row.get("category")
    if "gt_answer" in row:
        told = name.split("_", 1)[0]
        told = "around" if told == "aroundnew" else told
    if not isinstance(told, str) or not told:
        raise QagenError(f"record {name!r}: question_type: found {_named(told)}, expected a text")
    return PHRASES.get(told.replace("–", "-"), told)


def _with_frames(task: str, row: Mapping[str, Any]) -> str:
    frames = row.get("num_frames")
    return f"{task}, {frames} frames" if frames not in (None, "") else task


def _options(row: Mapping[str, Any], question: str) -> dict[str, str]:
    """Options by letter, from a list, from columns, or from the text."""
    for key in LISTS:
        if values := _listed(row.get(key)):
            return dict(zip(LETTERS, _without_letters(values), strict=False))
    columns = {letter: str(row[letter]) for letter in LETTERS if row.get(letter) not in (None, "")}
    return columns or options_in(question)


def _listed(value: Any) -> list[str]:
    """A list, Python's or JSON's text of one, or lines."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return []
    if isinstance(value, str):
        return [line for line in value.splitlines() if line.strip()]
    return [str(part) for part in value] if isinstance(value, Iterable) else []


def _without_letters(options: Iterable[str]) -> list[str]:
    """The options without their letters, where each begins with its own; ``B. Braun`` alone is a name."""
    texts = [option.strip() for option in options]
    labels = [LABEL.match(text) for text in texts]
    if not all(label and label[1] == letter for label, letter in zip(labels, LETTERS, strict=False)):
        return texts
    return [text[label.end() :] for text, label in zip(texts, labels, strict=True) if label]


def options_in(text: str) -> dict[str, str]:
    """Options that a text ends with: ``A. x B. y`` or ``Options: A: x, B: y``; empty if there are not two."""
    found = list(LABEL.finditer(text))
    starts = [index for index, match in enumerate(found) if match[1] == "A"]
    labels = found[starts[-1] :] if starts else []
    run = [match for match, letter in zip(labels, LETTERS, strict=False) if match[1] == letter]
    ends = [*(match.start() for match in run), len(text)][1:]
    options = {match[1]: text[match.end() : end].strip(" ,\n") for match, end in zip(run, ends, strict=False)}
    return options if len(options) > 1 else {}


def _stem(question: str, options: Mapping[str, str]) -> str:
    """The question without the options that ``options_in`` finds."""
    if not options or options_in(question) != options:
        return question
    starts = [match.start() for match in LABEL.finditer(question) if match[1] == "A"]
    return question[: starts[-1]].rstrip().removesuffix("Options:").rstrip()


def _named(value: Any) -> str:
    return "nothing" if value is None else f"{value!s:.80}"
