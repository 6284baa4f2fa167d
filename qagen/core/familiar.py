"""Usual sizes of familiar things, by which a wrong unit shows: a chair of 900 m is a chair in millimeters."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from qagen.core.labels import kind_of
from qagen.core.scene import Scene

_LONGEST_M: tuple[tuple[float, float, str], ...] = (
    (0.06, 0.12, "apple|orange|peach|pear|tomato|potato|donut"),
    (0.08, 0.14, "mug|cup|mouse|computer mouse|can"),
    (0.13, 0.18, "phone|cell phone|smartphone"),
    (0.12, 0.30, "banana|carrot|cucumber|remote control|scissors|pliers|toothbrush"),
    (0.18, 0.35, "book|bottle|plate|bowl|pen|pencil|kettle|shoe"),
    (0.28, 0.50, "laptop|keyboard|microwave|toaster"),
    (0.35, 0.80, "pillow|cushion|backpack|sink|monitor|computer monitor|stool|towel|printer|trash can|bin"),
    (0.60, 0.90, "toilet|nightstand|washing machine|dishwasher|oven|dryer"),
    (0.70, 1.30, "chair|office chair|armchair|dining chair|coffee table|side table|tv|television|guitar"),
    (0.80, 2.50, "table|desk|dining table|dresser|window|bathtub|cabinet|shelf"),
    (1.30, 2.30, "refrigerator|fridge|bookshelf|wardrobe|bicycle|bike|floor lamp|person"),
    (1.40, 3.00, "sofa|couch|bed"),
    (1.90, 2.40, "door"),
    (3.50, 5.20, "car"),
    (8.00, 18.0, "bus|truck"),
)
"""Least and largest usual length of the longest side, meters, and names of such things."""
USUAL_M = {kind_of(name): (low, high) for low, high, names in _LONGEST_M for name in names.split("|")}
MAX_RATIO = 5.0
"""Largest median factor by which familiar things may be larger or smaller than usual."""
MAX_NAMED = 4
UNITS = {1000.0: "mm", 100.0: "cm", 39.37: "inches", 0.001: "km"}
"""By how much things in these units are too large when they are read as meters."""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """How large the familiar things of a scene are."""

    ratio: float
    """Median of their longest sides over the nearest usual ones."""
    labels: tuple[str, ...]
    """What they are called, each once."""
    count: int
    """Number of things."""

    @property
    def is_plausible(self) -> bool:
        """Whether the unit may be right."""
        return 1 / MAX_RATIO <= self.ratio <= MAX_RATIO

    @property
    def text(self) -> str:
        """What is known: "chair, table, door ... (12 things) are 1000 times as large as usual"."""
        more = ", ..." if len(self.labels) > MAX_NAMED else ""
        things = f"{', '.join(self.labels[:MAX_NAMED])}{more} ({self.count} in all)"
        if self.is_plausible:
            return f"{things}: about as large as usual"
        way = f"{self.ratio:.3g} times as large" if self.ratio > 1 else f"{1 / self.ratio:.3g} times as small"
        return f"{things}: {way} as usual"

    @property
    def advice(self) -> str:
        """A question about the unit, with a guess where one explains the sizes; "" where they are plausible."""
        if self.is_plausible:
            return ""
        guess = next((name for factor, name in UNITS.items() if 1 / 3 <= self.ratio / factor <= 3), None)
        return f"is the data in {guess}, not in meters?" if guess else "is the unit of the data right?"


def familiarity(scene: Scene) -> Familiarity | None:
    """How large a scene's familiar things are; None where it has none or nobody knows its scale."""
    if scene.unit_m is None:
        return None
    found = [(item.label, _ratio(float(item.box.size.max()) * scene.unit_m, item.label)) for item in scene.objects]
    known = [(label, ratio) for label, ratio in found if ratio is not None]
    if not known:
        return None
    labels = tuple(dict.fromkeys(label for label, _ in known))
    return Familiarity(_median(ratio for _, ratio in known), labels, len(known))


def _ratio(longest_m: float, label: str) -> float | None:
    """A longest side over the nearest usual one."""
    usual = USUAL_M.get(kind_of(label))
    return None if usual is None else longest_m / min(max(longest_m, usual[0]), usual[1])


def _median(ratios: Iterable[float]) -> float:
    return float(np.exp(np.median(np.log([max(ratio, 1e-12) for ratio in ratios]))))
