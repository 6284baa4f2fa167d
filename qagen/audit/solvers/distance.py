"""Distance between two objects, or from the camera to one, and the ratio of two distances."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from qagen.audit.checks import EPSILON, Check, check_number, disagree, undecided
from qagen.audit.parse import decimals
from qagen.audit.solvers.base import NumberSolver, UnreadableError

LEAST_M, LEAST_SHARE = 0.2, 0.03
"""Smallest distance of surfaces that may be asked: meters, and as a share of the smaller object's longest side."""
UNSURE_M, UNSURE_SHARE = 0.03, 0.1
"""How much closer boxes may be than surfaces, meters or a share of the distance, whichever is more."""
UNSURE_BAND_M = 0.03
"""The band around this, because the sides of boxes are read in another way."""
MOST_LOST = 0.05
"""Largest share of a number that may be lost in print."""
RATIOS, LEAST_COMPARED_M = (1.2, 5.0), 0.5
"""Ratios that may be asked, and the smallest distance that is compared."""
_GREEN_FIRST = re.compile(r"\b(how many times the distance|fit into|what multiple of|to match|Compared with)\b")
"""Words of a text that names the nearer object before the farther one."""


class DistanceSolver(NumberSolver):
    """Distance between two box centers, or from the first image's camera to one."""

    family = "distance"
    needs = ("red",)

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks") != "ratio" and task.get("between") != "surfaces"

    def solve(self) -> None:
        if ("blue" in self.marks) == ("observer" in self.record.question):
            raise UnreadableError("either two objects or the observer in the question")
        other = self.center("blue") if "blue" in self.marks else self.view(0).eye
        self.what, self.value = "distance", float(np.linalg.norm(self.center("red") - other))
        self.measured = {"distance_m": self.value}


class SurfaceDistanceSolver(NumberSolver):
    """Smallest distance between the surfaces of two objects."""

    family = "distance"
    needs = ("red", "blue")

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("between") == "surfaces"

    def solve(self) -> None:
        original = self.truth.original or self.truth
        self.pair = [self.marks[token].instance for token in self.needs]
        first, second = (self.truth.center(one) - original.center(one) for one in self.pair)
        self.least, self.value = original.gaps.range_m(self.pair[0], self.pair[1], second - first)
        self.what, self.measured = "distance of surfaces", {"surface_distance_m": self.value}

    def check_value(self, stated: float) -> Check:
        return check_number(self.what, stated, float(np.clip(stated, self.least, self.value)), self.step)

    def check_belief(self) -> list[Check]:
        """Surfaces must be apart, and parts that were not scanned may not bring them much closer."""
        if self.truth.original is not None:
            return []
        return [*self._check_size(), *self._check_unseen()]

    def _check_size(self) -> list[Check]:
        smaller = min(float(self.truth.instances[one].box.size.max()) for one in self.pair)
        least, found = max(LEAST_M, LEAST_SHARE * smaller), f"{self.value:.3f} m"
        checks = [] if self.value >= least - EPSILON else [disagree("surfaces apart", found, f"at least {least:.2f} m")]
        steps = [one / self.step for one in (self.least, self.value)]
        if min(abs(round(count) - count) / count for count in steps) > MOST_LOST + EPSILON:
            checks.append(disagree("rounding", found, f"at most {MOST_LOST:.0%} lost"))
        return checks

    def _check_unseen(self) -> list[Check]:
        allowed = max(UNSURE_M, UNSURE_SHARE * self.value)
        first, second = self.pair
        apart = {relaxed: self.truth.belief.boxes_apart_m(first, second, relaxed) for relaxed in (True, False)}
        excess = {relaxed: self.value - apart[relaxed] - allowed for relaxed in (True, False)}
        if excess[False] <= UNSURE_BAND_M:
            return []
        make = disagree if excess[True] > UNSURE_BAND_M else undecided
        found = f"boxes {apart[False]:.3f} m apart"
        return [make("surfaces that face each other scanned", f"{self.value:.3f} m apart", found)]


class DistanceRatioSolver(NumberSolver):
    """How many times as far from one object another is as a third one."""

    power = 0
    family = "distance"
    needs = ("red", "blue", "green")

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks") == "ratio"

    def solve(self) -> None:
        away = {t: float(np.linalg.norm(self.center(t) - self.center("red"))) for t in ("blue", "green")}
        self.ratios = {"blue": away["blue"] / away["green"], "green": away["green"] / away["blue"]}
        self.what, self.value = "ratio", self.ratios[_farther(self.record.question)]
        self.least_m = min(away.values())
        self.measured = {"ratio": self.ratios["blue"], **{f"{token}_m": distance for token, distance in away.items()}}

    def check_question(self) -> list[Check]:
        if self.truth.original is not None:
            return []
        low, high = RATIOS
        checks = []
        if not low - EPSILON <= self.value <= high + EPSILON:
            checks.append(disagree("ratio that may be asked", f"{self.value:.3f}", f"{low} to {high}"))
        if self.least_m < LEAST_COMPARED_M - EPSILON:
            checks.append(disagree("compared distance", f"{self.least_m:.3f} m", f"at least {LEAST_COMPARED_M} m"))
        return checks

    def check_sentence(self, text: str) -> list[Check]:
        stated = decimals(text)
        if len(stated) != 1:
            raise UnreadableError(f"one number with one decimal in {text!r}")
        return [check_number(self.what, stated[0], self.ratios[_farther(text)], 0.1)]


def _farther(text: str) -> str:
    """The object whose distance is the numerator of a text's ratio. Raises UnreadableError."""
    named = [token for token in re.findall(r"@(\w+)", text.split("\n")[0]) if token in ("blue", "green")]
    if sorted(named) != ["blue", "green"]:
        raise UnreadableError(f"blue and green in {text!r}")
    return named[1] if _GREEN_FIRST.search(text) else named[0]
