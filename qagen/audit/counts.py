"""Counts of verdicts by type and format."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from qagen.audit.checks import Check, Verdict, worst_verdict
from qagen.audit.shortcuts import wilson
from qagen.records.read import RecordLine

MAX_FAULTS = 1000
"""Number of disagreements, and of undecided records, that are kept for the report; all are counted."""

Group = tuple[str, str]
"""Type and format."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A record, file or scene that does not agree."""

    group: Group
    """Type and format."""
    where: str
    """File and line, or the scene."""
    line: RecordLine | None
    """The record's line, None for a file or scene."""
    checks: tuple[Check, ...]
    """The checks that do not agree."""

    def as_data(self) -> dict[str, Any]:
        """The fault as plain values, for JSON."""
        names = ("what", "stated", "found", "verdict")
        return {
            "type": self.group[0],
            "format": self.group[1],
            "place": self.where,
            "id": self.line.id if self.line else None,
            "checks": [{name: str(getattr(check, name)) for name in names} for check in self.checks],
        }


@dataclass(slots=True)
class OutcomeCounts:
    """All verdicts of an audit."""

    counts: dict[Group, Counter[Verdict]] = field(default_factory=lambda: defaultdict(Counter))
    """Verdicts by type and format."""
    faults: dict[Verdict, list[Fault]] = field(default_factory=lambda: {v: [] for v in Verdict})
    """The first disagreements, and the first undecided records."""

    def add(self, group: Group, where: str, line: RecordLine | None, checks: Sequence[Check]) -> None:
        """Count one record, file or scene."""
        found = worst_verdict(checks)
        self.counts[group][found] += 1
        if found is not Verdict.AGREE and len(self.faults[found]) < MAX_FAULTS:
            off = tuple(check for check in checks if check.verdict is not Verdict.AGREE)
            self.faults[found].append(Fault(group, where, line, off))

    def total(self, verdict: Verdict) -> int:
        """The count over all types and formats."""
        return sum(counter[verdict] for counter in self.counts.values())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row of figures for each type and format."""
        rows = []
        for (type_name, answer_format), counter in sorted(self.counts.items()):
            agree, disagree = counter[Verdict.AGREE], counter[Verdict.DISAGREE]
            row = {
                "type": type_name,
                "format": answer_format,
                "checked": counter.total(),
                "agree": agree,
                "disagree": disagree,
                "undecided": counter[Verdict.UNDECIDED],
                "agreement": agree / (agree + disagree) if agree + disagree else None,
                "interval": [round(edge, 4) for edge in wilson(agree, agree + disagree)],
            }
            rows.append(row)
        return rows
