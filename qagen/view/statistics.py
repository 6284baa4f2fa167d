"""How the answers, labels and distances of a run are distributed; every line is read once and none is kept."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor, hypot
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import QagenError
from qagen.records.read import RecordFile, RecordLine, read_pairs, read_records

DISTANCE_BIN_M = 0.5
BINS = 20
"""Bars of a histogram of numbers."""
MOST_KINDS = 200
"""Types with more different answers than this, none of them a number, are not charted."""


@dataclass(slots=True)
class TypeCounts:
    """What is counted of one type."""

    samples: Counter[str] = field(default_factory=Counter)
    """By format."""
    chosen: Counter[str] = field(default_factory=Counter)
    """Letters of select, Yes and No of judge."""
    answers: Counter[str] = field(default_factory=Counter)
    """The facts that are asked for, as evidence spells them; directions word by word."""


@dataclass(slots=True)
class Distributions:
    """What is counted of a run."""

    types: defaultdict[str, TypeCounts] = field(default_factory=lambda: defaultdict(TypeCounts))
    labels: Counter[str] = field(default_factory=Counter)
    """Labels of the objects that questions are about."""
    distances: Counter[int] = field(default_factory=Counter)
    """From the camera to those objects, by multiple of ``DISTANCE_BIN_M``."""
    scenes: Counter[str] = field(default_factory=Counter)
    skips: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Refused candidates by type and reason, as the reports tell them."""


def count_run(files: Sequence[RecordFile]) -> Distributions:
    """Count all records of the files, their evidence where the run wrote any, and the reports beside them.

    Raises:
        QagenError: a line or a report cannot be read, or the evidence of some files only is missing.
    """
    told = Distributions()
    for file in files:
        if not file.has_evidence:
            for line, record in read_records(file):
                _count(told, line, record)
            continue
        for line, record, evidence in read_pairs(file):
            _count(told, line, record)
            _count_evidence(told, file.type, evidence)
    for dataset in sorted({file.dataset for file in files}):
        _count_skips(told, dataset / "report.json")
    return told


def _count(told: Distributions, line: RecordLine, record: dict[str, Any]) -> None:
    counts = told.types[line.file.type]
    counts.samples[line.file.format] += 1
    told.scenes[line.scene] += 1
    if line.file.format in ("select", "judge"):
        counts.chosen[record["conversations"][1]["value"]] += 1


def _count_evidence(told: Distributions, type_name: str, evidence: dict[str, Any]) -> None:
    counts = told.types[type_name]
    if len(counts.answers) <= MOST_KINDS:
        counts.answers.update(_words(str(evidence["answer"])))
    for item in evidence["objects"]:
        told.labels[item["label"]] += 1
        told.distances[floor(hypot(*item["center_in_camera_m"]) / DISTANCE_BIN_M)] += 1


def _words(answer: str) -> Iterable[str]:
    """What is counted of an answer: each word of a tuple, each number of a list, the mark that was chosen."""
    parts = [part.strip() for part in answer.split(",")]
    if all(part.replace(" ", "").isalpha() for part in parts if part) or all(part.isdigit() for part in parts):
        return (part for part in parts if part)
    return (answer.partition(": ")[0] if len(parts) == 1 else answer,)


def _count_skips(told: Distributions, report: Path) -> None:
    if not report.is_file():
        return
    try:
        tasks = msgspec.json.decode(report.read_bytes(), type=dict[str, Any])["tasks"]
        for name, task in tasks.items():
            told.skips[name].update(task["skips"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise QagenError(f"{report}: not a report of a run: {error!r}") from error


def chart(counts: Counter[str]) -> list[tuple[str, int]]:
    """Bars to draw, (name, count): a histogram of numbers, or a bar a word; none where there is no pattern to see."""
    try:
        numbers = {float(key): count for key, count in counts.items()}
    except ValueError:
        is_words = len(counts) <= BINS and not any(sign.isdigit() for key in counts for sign in key)
        return sorted(counts.items()) if is_words else []
    if len(numbers) <= BINS:
        return [(f"{value:g}", numbers[value]) for value in sorted(numbers)]
    return _histogram(numbers)


def _histogram(numbers: dict[float, int]) -> list[tuple[str, int]]:
    low, high = min(numbers), max(numbers)
    width = (high - low) / BINS
    bins: Counter[int] = Counter()
    for value, count in numbers.items():
        bins[min(floor((value - low) / width), BINS - 1)] += count
    return [(f"{low + i * width:.3g}", bins[i]) for i in range(BINS)]
