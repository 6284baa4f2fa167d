"""How the answers, labels and distances of a run are distributed; each line is read once and none is kept."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import floor, hypot
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from qagen.core.reasons import meaning_of
from qagen.errors import QagenError
from qagen.records.read import RecordFile, RecordLine, read_pairs, read_records
from qagen.view.variety import Variety

DISTANCE_BIN_M = 0.5
BINS = 20
"""Bars of a histogram of numbers."""
MAX_ANSWERS = 200
"""Types with more distinct answers than this, none of them a number, are not charted."""
MAX_LABELS, MAX_SCENES = 40, 40
"""Bars of the charts of labels and scenes."""

Counters = defaultdict[tuple[str, str], Counter[str]]
"""Counts of values by quantity and type; the type is "" for quantities that are counted over all types."""


def count_run(files: Sequence[RecordFile]) -> pd.DataFrame:
    """Count all records of the files, their evidence where the run wrote any, and the reports beside them.

    Returns:
        One row for each quantity, type, value and count, in the order in which they first occur. Quantities are
        ``samples`` (by format), ``choices`` (letters of select, Yes and No of judge), ``answers`` (facts asked for, as
        evidence spells them), ``variety`` (different ``forms`` and ``4-grams`` of the questions), ``skips`` (by reason)
        and, with type "", ``scenes``, ``labels`` and, of scenes with meters, ``distances`` (from the camera to the
        objects asked about, as the lower end of the bin).

    Raises:
        QagenError: a line or a report cannot be read, or the evidence of some files only is missing.
    """
    counters: Counters = defaultdict(Counter)
    variety: defaultdict[str, Variety] = defaultdict(Variety)
    for file in files:
        if file.has_evidence:
            for line, record, evidence in read_pairs(file):
                _count(counters, line, record)
                _count_evidence(counters, file.type, evidence)
                variety[file.type].add(record["conversations"][0]["value"], _labels_in(evidence))
        else:
            for line, record in read_records(file):
                _count(counters, line, record)
    for name, found in variety.items():
        counters["variety", name].update({"forms": len(found.forms), "4-grams": len(found.grams)})
    for dataset in sorted({file.dataset for file in files}):
        for name, skips in _read_skips(dataset / "report.json").items():
            counters["skips", name].update(skips)
    rows = [(*key, value, count) for key, counter in counters.items() for value, count in counter.items()]
    return pd.DataFrame(rows, columns=["quantity", "type", "value", "count"])


def _count(counters: Counters, line: RecordLine, record: dict[str, Any]) -> None:
    counters["samples", line.file.type][line.file.format] += 1
    counters["scenes", ""][line.scene] += 1
    if line.file.format in ("select", "judge"):
        counters["choices", line.file.type][record["conversations"][1]["value"]] += 1


def _count_evidence(counters: Counters, type_name: str, evidence: dict[str, Any]) -> None:
    answers = counters["answers", type_name]
    if len(answers) <= MAX_ANSWERS:
        answer = str(evidence["answer"])
        parts = [part.strip() for part in answer.split(",")]
        words = [part for part in parts if part]
        if all(word.replace(" ", "").isalpha() for word in words) or all(part.isdigit() for part in parts):
            answers.update(words)  # each word of a tuple, each number of a list
        else:
            answers[answer.partition(": ")[0] if len(parts) == 1 else answer] += 1  # of a choice, the mark alone
    for item in evidence["objects"]:
        counters["labels", ""][item["label"]] += 1
        if "center_in_camera_m" in item:  # it is where the scene's scale is known
            distance_bin = floor(hypot(*item["center_in_camera_m"]) / DISTANCE_BIN_M)
            counters["distances", ""][f"{distance_bin * DISTANCE_BIN_M:g}"] += 1


def _labels_in(evidence: dict[str, Any]) -> set[str]:
    """The labels that a question names, with marks or without."""
    return {item["label"] for item in evidence["objects"]} | set(evidence["measured"].get("labels", ()))


def _read_skips(report: Path) -> dict[str, dict[str, int]]:
    """Refused candidates of a report by type and reason; none where there is no report."""
    if not report.is_file():
        return {}
    try:
        tasks = msgspec.json.decode(report.read_bytes(), type=dict[str, Any])["tasks"]
        return {name: msgspec.convert(task["skips"], dict[str, int]) for name, task in tasks.items()}
    except (msgspec.DecodeError, RecursionError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise QagenError(f"{report}: not a report of a run: {error!r}") from error


def summarize(counts: pd.DataFrame) -> dict[str, Any]:
    """The counts of ``count_run`` as rows of a table and as bars to draw, (name, count)."""
    counts = counts.sort_values("count", ascending=False, kind="stable")

    def counted(quantity: str, type_name: str = "") -> dict[str, int]:
        rows = (counts["quantity"] == quantity) & (counts["type"] == type_name)
        return dict(zip(counts["value"][rows], counts["count"][rows].tolist(), strict=True))

    asked, refused = (set(counts["type"][counts["quantity"] == quantity]) for quantity in ("samples", "skips"))
    types = [
        {
            "name": name,
            "samples": counted("samples", name),
            "variety": counted("variety", name),
            "choices": chart(counted("choices", name)),
            "answers": chart(counted("answers", name)),
            "skips": list(counted("skips", name).items()),
        }
        for name in [*sorted(asked), *sorted(refused - asked)]
    ]
    labels = list(counted("labels").items())
    reasons = sorted(set(counts["value"][counts["quantity"] == "skips"]))
    return {
        "types": types,
        "reasons": {reason: meaning for reason in reasons if (meaning := meaning_of(reason))},
        "scenes": list(counted("scenes").items())[:MAX_SCENES],
        "labels": labels[:MAX_LABELS],
        "more_labels": max(0, len(labels) - MAX_LABELS),
        "distances": sorted(counted("distances").items(), key=lambda bar: float(bar[0])),
    }


def chart(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Bars to draw, (name, count): a histogram of numbers, or a bar a word; none where there is no pattern to see."""
    try:
        numbers = {float(value): count for value, count in counts.items()}
    except ValueError:
        is_words = len(counts) <= BINS and not any(sign.isdigit() for value in counts for sign in value)
        return sorted(counts.items()) if is_words else []
    if len(numbers) <= BINS:
        return [(f"{value:g}", numbers[value]) for value in sorted(numbers)]
    low, width = min(numbers), (max(numbers) - min(numbers)) / BINS
    bars = [0] * BINS
    for value, count in numbers.items():
        bars[min(floor((value - low) / width), BINS - 1)] += count
    return [(f"{low + number * width:.3g}", count) for number, count in enumerate(bars)]
