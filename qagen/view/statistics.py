"""How the answers, labels and distances of a run are distributed; each line is read once and none is kept."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor, hypot, log10, sqrt
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from qagen.core.reasons import meaning_of
from qagen.errors import QagenError
from qagen.view.samples import ViewSample
from qagen.view.variety import Variety

DISTANCE_BIN_M = 0.5
BINS = 20
"""Bars of a histogram of numbers."""
EVEN_ERRORS = 2.5
"""Counts are called even where they differ from an equal share by at most so many standard errors."""
MAX_ANSWERS = 200
"""Types with more distinct answers than this, none of them a number, are not charted."""
MAX_LABELS, MAX_SCENES = 40, 40
"""Bars of the charts of labels and scenes."""

Counters = defaultdict[tuple[str, str], Counter[str]]
"""Counts of values by quantity and type; the type is "" for quantities that are counted over all types."""


class RunCounts:
    """Counts of all records of a run, their evidence where the run wrote any, and the reports beside them."""

    def __init__(self) -> None:
        self._counters: Counters = defaultdict(Counter)
        self._variety: defaultdict[str, Variety] = defaultdict(Variety)

    def add(self, sample: ViewSample) -> None:
        """Count a record; its evidence is empty where the run has none."""
        file, turns, evidence = sample.line.file, sample.turns, sample.evidence
        self._counters["samples", file.type][file.format] += 1
        self._counters["scenes", ""][sample.line.scene] += 1
        if file.format in ("select", "judge"):
            self._counters["choices", file.type].update(turn.value for turn in turns[1:2])
        if evidence:
            self._add_evidence(file.type, evidence)
            self._variety[file.type].add("".join(turn.value for turn in turns[:1]), _labels_in(evidence))

    def _add_evidence(self, type_name: str, evidence: dict[str, Any]) -> None:
        answers = self._counters["answers", type_name]
        if len(answers) <= MAX_ANSWERS:
            answer = str(evidence.get("answer"))
            parts = [part.strip() for part in answer.split(",")]
            words = [part for part in parts if part]
            if all(word.replace(" ", "").isalpha() for word in words) or all(part.isdigit() for part in parts):
                answers.update(words)  # each word of a tuple, each number of a list
            else:
                answers[answer.partition(": ")[0] if len(parts) == 1 else answer] += 1  # of a choice, the mark alone
        for item in evidence.get("objects", ()):
            self._counters["labels", ""][item["label"]] += 1
            if "center_in_camera_m" in item:  # it is where the scene's scale is known
                distance_bin = floor(hypot(*item["center_in_camera_m"]) / DISTANCE_BIN_M)
                self._counters["distances", ""][f"{distance_bin * DISTANCE_BIN_M:g}"] += 1

    def table(self, datasets: Iterable[Path]) -> pd.DataFrame:
        """One row for each quantity, type, value and count, in the order in which they first occur.

        Quantities are ``samples`` (by format), ``choices`` (letters of select, Yes and No of judge), ``answers`` (facts
        asked for, as evidence spells them), ``variety`` (different ``forms`` and ``4-grams`` of the questions),
        ``skips`` (by reason) and, with type "", ``scenes``, ``labels`` and, of scenes with meters, ``distances`` (from
        the camera to the objects asked about, as the lower end of the bin).

        Args:
            datasets: folders whose reports tell what was refused.

        Raises:
            QagenError: a report cannot be read.
        """
        for name, found in self._variety.items():
            self._counters["variety", name].update({"forms": len(found.forms), "4-grams": len(found.grams)})
        for dataset in datasets:
            for name, skips in _read_skips(dataset / "report.json").items():
                self._counters["skips", name].update(skips)
        rows = [(*key, value, count) for key, counter in self._counters.items() for value, count in counter.items()]
        return pd.DataFrame(rows, columns=["quantity", "type", "value", "count"])


def _labels_in(evidence: dict[str, Any]) -> set[str]:
    """The labels that a question names, with marks or without."""
    return {item["label"] for item in evidence.get("objects", ())} | set(evidence.get("measured", {}).get("labels", ()))


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
    """The counts of ``RunCounts`` as what a page shows."""
    counts = counts.sort_values("count", ascending=False, kind="stable")

    def counted(quantity: str, type_name: str = "") -> dict[str, int]:
        rows = (counts["quantity"] == quantity) & (counts["type"] == type_name)
        return dict(zip(counts["value"][rows], counts["count"][rows].tolist(), strict=True))

    asked, refused = (set(counts["type"][counts["quantity"] == quantity]) for quantity in ("samples", "skips"))
    types = [
        {
            "name": name,
            "samples": counted("samples", name),
            "total": sum(counted("samples", name).values()),
            "variety": counted("variety", name),
            "choices": chart(counted("choices", name)),
            "answers": chart(counted("answers", name)),
            "skips": list(counted("skips", name).items()),
        }
        for name in [*sorted(asked), *sorted(refused - asked)]
    ]
    labels, scenes = counted("labels"), counted("scenes")
    reasons = sorted(set(counts["value"][counts["quantity"] == "skips"]))
    return {
        "types": types,
        "reasons": {reason: meaning for reason in reasons if (meaning := meaning_of(reason))},
        "scenes": Bars(list(scenes.items())[:MAX_SCENES], len(scenes) - MAX_SCENES),
        "labels": Bars(list(labels.items())[:MAX_LABELS], len(labels) - MAX_LABELS),
        "distances": histogram({float(low): count for low, count in counted("distances").items()}),
        "totals": {"samples": sum(scenes.values()), "types": len(asked), "scenes": len(scenes)},
    }


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts to be drawn as a bar each."""

    rows: list[tuple[str, int]]
    """Name and count."""
    left_out: int = 0
    """Names that have no bar; below 1 where all have one."""
    is_histogram: bool = False
    """Whether the rows are bins of one width, named by their lower ends, without gaps."""
    end: str = ""
    """The upper end of the last bin; "" where bins are whole numbers."""

    @property
    def even(self) -> str:
        """``A, B, C, D even: 19 to 21 each`` where the counts differ by no more than chance, else ""."""
        if self.is_histogram or len(self.rows) < 2:
            return ""
        counts = [count for _, count in self.rows]
        share = sum(counts) / len(counts)
        if any(abs(count - share) > EVEN_ERRORS * sqrt(share) for count in counts):
            return ""
        each = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else min(counts)
        return f"{', '.join(name for name, _ in self.rows)} even: {each} each"


def chart(counts: Mapping[str, int]) -> Bars:
    """A histogram of numbers, or a bar a word; no bars where there is no pattern to see."""
    try:
        numbers = {float(value): count for value, count in counts.items()}
    except ValueError:
        is_words = len(counts) <= BINS and not any(sign.isdigit() for value in counts for sign in value)
        return Bars(sorted(counts.items()) if is_words else [])
    return histogram(numbers)


def histogram(numbers: Mapping[float, int]) -> Bars:
    """Counts in at most BINS + 1 bins of 1, 2 or 5 times a power of ten, whose edges are multiples of their width."""
    if not numbers:
        return Bars([])
    low, high = min(numbers), max(numbers)
    width = _round_width((high - low) / BINS)
    is_whole = all(value.is_integer() for value in numbers)
    if is_whole:
        width = max(width, 1.0)
    first = floor(low / width + 1e-9)
    bars = [0] * (floor(high / width + 1e-9) - first + 1)
    for value, count in numbers.items():
        bars[floor(value / width + 1e-9) - first] += count
    rows = [(f"{(first + k) * width:.6g}", count) for k, count in enumerate(bars)]
    end = "" if is_whole and width == 1 else f"{(first + len(bars)) * width:.6g}"
    return Bars(rows, is_histogram=True, end=end)


def _round_width(least: float) -> float:
    """The smallest of 1, 2 and 5 times the powers of ten that is not below ``least``; 1 for 0."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))
