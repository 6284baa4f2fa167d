"""Counting outcomes by type and format."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from qagen.audit.checks import Check, Verdict, outcome
from qagen.audit.shortcuts import wilson
from qagen.records.read import RecordLine

MOST_FAULTS = 1000
"""Of disagreements, and of undecided records, so many are kept to be told; all are counted."""

Group = tuple[str, str]
"""Type and format."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A record, a file or a scene with which something is not as it should be."""

    group: Group
    """Type and format."""
    place: str
    """File and line, or the scene."""
    line: RecordLine | None
    """Where the record is, None for what is no record."""
    checks: tuple[Check, ...]
    """Those that do not agree."""


@dataclass(slots=True)
class OutcomeCounts:
    """All outcomes of an audit."""

    counts: dict[Group, Counter[Verdict]] = field(default_factory=lambda: defaultdict(Counter))
    """By type and format."""
    faults: dict[Verdict, list[Fault]] = field(default_factory=lambda: {v: [] for v in Verdict})
    """Of DISAGREE and UNDECIDED, the first ones."""

    def add(self, group: Group, place: str, line: RecordLine | None, checks: Sequence[Check]) -> Verdict:
        """Count one record."""
        found = outcome(checks)
        self.counts[group][found] += 1
        if found is not Verdict.AGREE and len(self.faults[found]) < MOST_FAULTS:
            off = tuple(check for check in checks if check.verdict is not Verdict.AGREE)
            self.faults[found].append(Fault(group, place, line, off))
        return found

    def total(self, verdict: Verdict) -> int:
        """Of all types and formats."""
        return sum(counter[verdict] for counter in self.counts.values())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One for each type and format."""
        return [_row(group, counter) for group, counter in sorted(self.counts.items())]


def _row(group: Group, counter: Counter[Verdict]) -> dict[str, Any]:
    agree, disagree = counter[Verdict.AGREE], counter[Verdict.DISAGREE]
    return {
        "type": group[0],
        "format": group[1],
        "checked": counter.total(),
        "agree": agree,
        "disagree": disagree,
        "undecided": counter[Verdict.UNDECIDED],
        "agreement": agree / (agree + disagree) if agree + disagree else None,
        "interval": [round(edge, 4) for edge in wilson(agree, agree + disagree)],
    }


def told(fault: Fault) -> dict[str, Any]:
    """A fault as data."""
    return {
        "type": fault.group[0],
        "format": fault.group[1],
        "place": fault.place,
        "id": fault.line.id if fault.line else None,
        "checks": [
            {"what": check.what, "stated": check.stated, "found": check.found, "verdict": check.verdict.value}
            for check in fault.checks
        ],
    }
