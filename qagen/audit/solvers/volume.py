"""Length, width and height of an object."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from qagen.audit.checks import EDGE, Check, check_number, disagree
from qagen.audit.solvers.base import NumberSolver, Solver, UnreadableError

MAX_LOSS = 0.05
"""Largest share by which printing may change a side that is asked alone."""
SIDES = ("length", "width", "height")
_NAMES = {"long": "length", "wide": "width", "high": "height", "tall": "height"}
_NAMES |= {side: side for side in SIDES}


class VolumeSolver(Solver):
    """The sides of a box, centimeters."""

    family = "volume"
    needs = ("red",)

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks", "size") == "size"

    def solve(self) -> None:
        size = self.truth.instances[self.marks["red"].instance].box.size
        self.sides = {"length": max(size[:2]) * 100, "width": min(size[:2]) * 100, "height": size[2] * 100}

    def check_bare(self, text: str) -> list[Check]:
        option = re.fullmatch(r"Length (\d+) cm, width (\d+) cm, height (\d+) cm", text)
        found = option or re.fullmatch(r"(\d+),(\d+),(\d+)", text)
        if found is None:
            raise UnreadableError(f"length, width and height in {text!r}")
        return self._compare(SIDES, [int(value) for value in found.groups()])

    def check_sentence(self, text: str) -> list[Check]:
        stated = [int(value) for value in re.findall(r"(\d+) cm", text)]
        if len(stated) != 3:
            raise UnreadableError(f"three sides in {text!r}")
        return self._compare(order_of_sides(text), stated)

    def _compare(self, order: Sequence[str], stated: list[int]) -> list[Check]:
        return [check_number(name, value, self.sides[name], 1) for name, value in zip(order, stated, strict=True)]


class SideSolver(NumberSolver):
    """One side of a box, meters."""

    family = "volume"
    needs = ("red",)

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks", "size") != "size"

    def solve(self) -> None:
        size = self.truth.instances[self.marks["red"].instance].box.size
        sides = {"height": size[2], "width": max(size[:2]), "longest": max(size)}
        self.what = str(self.record.task["asks"])
        self.value = float(sides[self.what])

    def check_question(self) -> list[Check]:
        if abs(round(self.value, 1) - self.value) > MAX_LOSS * self.value + EDGE:
            return [disagree(self.what, f"{self.value:.1f} m", f"{self.value:.3f} m, too coarsely printed")]
        return []


def order_of_sides(text: str) -> Sequence[str]:
    """The sides in the order of their numbers: each is named right after its number, or right before, or in a list."""
    found = re.findall(rf"\d+ cm|\b(?:{'|'.join(_NAMES)})\b", text.lower())
    kinds = [_NAMES.get(word, "number") for word in found]
    named_after = [second for first, second in pairwise(kinds) if first == "number" != second]
    named_before = [first for first, second in pairwise(kinds) if first != "number" == second]
    listed = [kind for kind in dict.fromkeys(kinds) if kind != "number"]
    orders = (named_after, named_before, listed)
    return next((order for order in orders if sorted(order) == sorted(SIDES)), SIDES)
