"""How answers stand up to noise: the same records solved on scenes as uncertain as measurements are."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check
from qagen.audit.counts import Group
from qagen.audit.resolve_marks import ResolvedMarks
from qagen.audit.solvers.registry import resolve
from qagen.audit.truth import SceneTruth

TARGET = 0.99
"""At least this share of the categorical answers of a type must hold."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A record whose objects are known."""

    item: AuditRecord
    """The record."""
    bound: Mapping[str, ResolvedMarks]
    """Its objects."""


@dataclass(slots=True)
class Stability:
    """What noise did to the records of one type and format."""

    tried: int = 0
    """Categorical answers times draws."""
    held: int = 0
    """Of these, how many are not contradicted by the disturbed scene."""
    crossed: Counter[str] = field(default_factory=Counter)
    """Quantities that contradicted an answer."""
    moved: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Quantity to how far it moved, in its own unit."""

    def add(self, clean: Sequence[Check], stirred: Sequence[Check]) -> None:
        """Count one record of one draw."""
        classes = [check for check in stirred if check.holds is not None]
        if classes and all(check.holds is not False for check in clean):
            broken = [check for check in classes if check.holds is False]
            self.tried += 1
            self.held += not broken
            self.crossed.update({quantity(check.what) for check in broken})
        before = {check.what: check.number for check in clean}
        for check in stirred:
            if check.number is not None and before.get(check.what) is not None:
                self.moved[quantity(check.what)].append(abs(check.number - (before[check.what] or 0.0)))

    @property
    def share(self) -> float | None:
        """Of categorical answers that hold; None where there are none."""
        return self.held / self.tried if self.tried else None


def quantity(what: str) -> str:
    """The name of a quantity without the object, option or frame that it is of."""
    what = re.sub(r"^option [A-D]: ", "", what)
    return re.sub(r" of (the )?(red|blue|green|yellow|object\d+|point\d)$| \d+$|(?<=Frame)-\d+$", "", what)


def stir(solved: Sequence[Solved], truth: SceneTruth, draws: int, seed: int, sums: dict[Group, Stability]) -> None:
    """Solve a scene's records on ``draws`` disturbed copies of it.

    Args:
        solved: the records, their objects known.
        truth: the scene.
        draws: number of copies.
        seed: of the noise.
        sums: what is added to.
    """
    clean = [resolve(one.item, one.bound, truth) for one in solved]
    for draw in range(draws):
        disturbed = truth.disturbed(np.random.default_rng([seed, draw, *truth.ground.scene.encode()]))
        for one, before in zip(solved, clean, strict=True):
            sums[one.item.type, one.item.format].add(before, resolve(one.item, one.bound, disturbed))


def rows(sums: dict[Group, Stability]) -> list[dict[str, Any]]:
    """One for each type and format."""
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
        for group, one in sorted(sums.items())
    ]
