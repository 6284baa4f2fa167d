"""Rules that the rows of a table keep: intervals of numbers in its columns."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qagen.errors import ConfigError
from qagen.spatialvid.table import Row, column_index, usual_name

PRESETS = {
    "spatialvid": (
        "aesthetic score=4..",
        "luminance mean=20..140",
        "motion score=2..14",
        "ocr score=..0.3",
    )
}
"""Rules of scripts/scoring.sh in the repository of SpatialVID."""
MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none"})
"""Cells, in lower case, that pandas takes for NaN."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An interval that a column's numbers lie in; both bounds are within it."""

    column: str
    low: float
    high: float
    text: str
    """As it was given."""


@dataclass(slots=True)
class RuleCount:
    """How many rows a rule has refused."""

    rule: Rule
    failed: int = 0
    """Rows outside the interval or without a number, whatever other rules say."""
    alone: int = 0
    """Of these, those that all other rules keep."""
    missing: int = 0
    """Rows without a number."""


@dataclass(slots=True)
class Sifting:
    """Rules held against the rows of one table, which are counted."""

    path: Path
    columns: Sequence[str]
    rules: Sequence[Rule]
    keeps_missing: bool
    """Whether a row without a number keeps the rule."""
    counts: list[RuleCount] = field(default_factory=list)
    rows: int = 0
    kept: int = 0

    def sift(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that keep all rules. Raises ConfigError for a cell that is no number, or an unknown column."""
        self.counts = [RuleCount(rule) for rule in self.rules]
        places = [column_index(rule.column, self.columns, self.path) for rule in self.rules]
        checks = list(zip(self.counts, places, strict=True))
        for row in rows:
            self.rows += 1
            failed = [count for count, place in checks if not self._holds(count, row, place)]
            for count in failed:
                count.failed += 1
            if len(failed) == 1:
                failed[0].alone += 1
            if not failed:
                self.kept += 1
                yield row

    def _holds(self, count: RuleCount, row: Row, place: int) -> bool:
        try:
            value = read_number(row.cells[place])
        except ValueError as error:
            where = f"{self.path} line {row.line}: {self.columns[place]}"
            raise ConfigError(f"{where}: found {row.cells[place]!r}, expected a number") from error
        if value != value:
            count.missing += 1
            return self.keeps_missing
        return count.rule.low <= value <= count.rule.high


def read_number(text: str) -> float:
    """The number of a cell; NaN where it is missing; of 1280x720, the product. Raises ValueError for other text."""
    try:
        if "_" in text:  # float reads it as a separator of digits
            raise ValueError(text)
        return float(text)
    except ValueError:
        if text.strip().lower() in MISSING:
            return math.nan
        width, by, height = text.partition("x")
        if by and width.isdecimal() and height.isdecimal():
            return float(int(width) * int(height))
        raise


def parse_rule(text: str) -> Rule:
    """A rule written ``COLUMN=LOW..HIGH``, ``COLUMN=LOW..`` or ``COLUMN=..HIGH``.

    Raises:
        ConfigError: it is written otherwise, or no number lies in the interval.
    """
    column, _, interval = text.rpartition("=")
    low, dots, high = (part.strip() for part in interval.partition(".."))
    try:
        bounds = float(low or -math.inf), float(high or math.inf)
    except ValueError as error:
        raise ConfigError(f"--keep {text!r}: found {interval!r}, expected two numbers: 20..140") from error
    if not column.strip() or not dots or not (low or high) or math.isnan(sum(bounds)):
        raise ConfigError(f"--keep {text!r}: expected 'COLUMN=LOW..HIGH', 'COLUMN=LOW..' or 'COLUMN=..HIGH'")
    if bounds[0] > bounds[1]:
        raise ConfigError(f"--keep {text!r}: no number is at least {low} and at most {high}")
    return Rule(column.strip(), *bounds, text)


def choose_rules(keep: Sequence[str], preset: str | None) -> list[Rule]:
    """The preset's rules and the given ones; a given rule replaces the preset's of its column.

    Raises:
        ConfigError: a rule is badly written or given twice for one column.
    """
    given = [parse_rule(text) for text in keep]
    names = [usual_name(rule.column) for rule in given]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"--keep: found {names.count(name)} rules of '{name}', expected one")
    preset_rules = [parse_rule(text) for text in PRESETS[preset]] if preset else []
    return [rule for rule in preset_rules if rule.column not in names] + given
