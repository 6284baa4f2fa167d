"""Length, width and height of an object."""

import re

from qagen.audit.checks import Check, check_number
from qagen.audit.solvers.base import Solver, UnreadableError


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
        return self._compare(("length", "width", "height"), [int(value) for value in found.groups()])

    def check_sentence(self, text: str) -> list[Check]:
        stated = [int(value) for value in re.findall(r"(\d+) cm", text)]
        words = re.findall(r"\b(length|long|width|wide|height|high)\b", text)
        names = {"long": "length", "wide": "width", "high": "height"}
        order = tuple(dict.fromkeys(names.get(str(word), str(word)) for word in words))
        if len(stated) != 3:
            raise UnreadableError(f"three sides in {text!r}")
        return self._compare(order if len(order) == 3 else ("length", "width", "height"), stated)

    def _compare(self, order: tuple[str, ...], stated: list[int]) -> list[Check]:
        return [check_number(name, value, self.sides[name], 1) for name, value in zip(order, stated, strict=True)]
