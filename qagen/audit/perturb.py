"""How answers stand up to noise: the same records solved on perturbed copies of their scene."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check
from qagen.audit.counts import Group
from qagen.audit.resolve_marks import ResolvedMark
from qagen.audit.solvers.registry import check_answer
from qagen.audit.truth import SceneTruth

TARGET = 0.99
"""Least share of the categorical answers of a type that should hold."""


@dataclass(frozen=True, slots=True)
class ResolvedRecord:
    """A record whose objects are known."""

    record: AuditRecord
    """The record."""
    marks: Mapping[str, ResolvedMark]
    """Its marks, by token."""


@dataclass(slots=True)
class Stability:
    """What noise does to the answers of one type and format."""

    tried: int = 0
    """Number of categorical answers, times the number of draws."""
    held: int = 0
    """Number of those that the perturbed scene does not contradict."""
    crossed: Counter[str] = field(default_factory=Counter)
    """Quantities that contradicted an answer."""
    moved: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """How far each quantity moved, in its own unit."""

    def add(self, original: Sequence[Check], perturbed: Sequence[Check]) -> None:
        """Count one record of one draw."""
        categorical = [check for check in perturbed if check.holds is not None]
        if categorical and all(check.holds is not False for check in original):
            broken = [check for check in categorical if check.holds is False]
            self.tried += 1
            self.held += not broken
            self.crossed.update({quantity_of(check.what) for check in broken})
        numbers = {check.what: check.number for check in original}
        for check in perturbed:
            before = numbers.get(check.what)
            if check.number is not None and before is not None:
                self.moved[quantity_of(check.what)].append(abs(check.number - before))

    @property
    def share(self) -> float | None:
        """Share of categorical answers that hold; None where there are none."""
        return self.held / self.tried if self.tried else None


def quantity_of(what: str) -> str:
    """The name of a quantity without its object, option or frame."""
    what = re.sub(r"^option [A-D]: ", "", what)
    return re.sub(r" of (the )?(red|blue|green|yellow|magenta|object\d+|point\d)$| \d+$|(?<=Frame)-\d+$", "", what)


def perturb(
    records: Sequence[ResolvedRecord], truth: SceneTruth, draws: int, seed: int, stability: dict[Group, Stability]
) -> None:
    """Solve the records of a scene on perturbed copies of it.

    Args:
        records: the records, their objects known.
        truth: the scene.
        draws: number of copies.
        seed: seed of the noise.
        stability: the results so far, which are added to.
    """
    original = [check_answer(one.record, one.marks, truth) for one in records]
    for draw in range(draws):
        copy = truth.perturbed(np.random.default_rng([seed, draw, *truth.scene.id.encode()]))
        for one, before in zip(records, original, strict=True):
            after = check_answer(one.record, one.marks, copy)
            stability[one.record.type, one.record.format].add(before, after)


def rows(stability: dict[Group, Stability]) -> list[dict[str, Any]]:
    """A row of figures for each type and format."""
    return [
        {
            "type": group[0],
            "format": group[1],
            "answers": one.tried,
            "hold": None if one.share is None else round(one.share, 5),
            "below_target": one.share is not None and one.share < TARGET,
            "crossed": dict(one.crossed.most_common()),
            "moved": {
                name: {"median": round(float(np.median(found)), 4), "p95": round(float(np.percentile(found, 95)), 4)}
                for name, found in sorted(one.moved.items())
            },
        }
        for group, one in sorted(stability.items())
    ]
