"""How hard a question is, told by its evidence alone: how close the call, how many steps, how much is hidden.

| part | 0 | 1 |
|---|---|---|
| margin | the deciding quantity is far from any threshold | at the threshold; 0.5 at 0.25 m, 10 degrees or a quarter |
| steps | one step leads to the answer | five or more do |
| hidden | every object asked about is visible as a whole | nothing of one of them is visible |

The difficulty is the mean of the parts that the evidence tells. ``margin`` has none in data without a scale, ``hidden``
none in questions that mark no object.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

HALFWAY = {"m": 0.25, "deg": 10.0, "fraction": 0.25}
"""Margin at which a call is half as close as it can be, by unit."""
MANY_STEPS = 5
"""Number of steps before the answer that counts as 1."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Parts of the difficulty of a question, each from 0 to 1; None where the evidence does not tell it."""

    margin: float | None
    """How close the call is."""
    steps: float | None
    """How many steps lead to the answer."""
    hidden: float | None
    """Share that is hidden of the object that is hidden most, in the image that marks it."""

    @property
    def value(self) -> float | None:
        """The mean of the parts."""
        parts = [part for part in (self.margin, self.steps, self.hidden) if part is not None]
        return fmean(parts) if parts else None


def difficulty_of(evidence: Mapping[str, Any]) -> Difficulty:
    """The difficulty of a record with this evidence; that of ``{}`` has no parts."""
    halfway, margin = HALFWAY.get(evidence.get("margin_unit", "")), evidence.get("margin")
    steps = [step for step in evidence.get("rationale", ()) if step["step"] != "answer"]
    visible = [item["visible_fraction"] for item in evidence.get("objects", ())]
    return Difficulty(
        margin=None if halfway is None or margin is None else halfway / (halfway + max(margin, 0.0)),
        steps=min((len(steps) - 1) / (MANY_STEPS - 1), 1.0) if steps else None,
        hidden=1.0 - min(visible) if visible else None,
    )
