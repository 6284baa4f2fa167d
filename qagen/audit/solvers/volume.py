"""Length, width and height of an object."""

import re
from collections.abc import Sequence
from itertools import pairwise

from qagen.audit.checks import Check, check_number
from qagen.audit.solvers.base import Solver, UnreadableError

SIDES = ("length", "width", "height")
_NAMES = {"long": "length", "wide": "width", "high": "height", "tall": "height"}
_NAMES |= {side: side for side in SIDES}


class VolumeSolver(Solver):
    """The sides of a box, centimeters."""

    family = "volume"
    needs = ("red",)

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


def order_of_sides(text: str) -> Sequence[str]:
    """The sides in the order of their numbers: each is named right after its number, or right before, or in a list."""
    found = re.findall(rf"\d+ cm|\b(?:{'|'.join(_NAMES)})\b", text.lower())
    kinds = [_NAMES.get(word, "number") for word in found]
    named_after = [second for first, second in pairwise(kinds) if first == "number" != second]
    named_before = [first for first, second in pairwise(kinds) if first != "number" == second]
    listed = [kind for kind in dict.fromkeys(kinds) if kind != "number"]
    orders = (named_after, named_before, listed)
    return next((order for order in orders if sorted(order) == sorted(SIDES)), SIDES)
