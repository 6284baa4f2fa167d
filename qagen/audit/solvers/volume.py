"""Length, width and height of an object."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from qagen.audit.checks import EDGE, Check, check_number, disagree
from qagen.audit.resolve_marks import has_size
from qagen.audit.solvers.base import NumberSolver, Solver, UnreadableError
from qagen.audit.solvers.foreshortening import check_seen_across, length_of

MAX_LOSS = 0.05
"""Largest share by which printing may change a side that is asked alone."""
SIDES = ("length", "width", "height")
_NAMES = {"long": "length", "wide": "width", "high": "height", "tall": "height"}
_NUMBER = r"\d+(?:\.\d)?"
_NAMES |= {side: side for side in SIDES}
_SIDE_WORDS = {
    "longest": re.compile(r"\blongest\b"),
    "width": re.compile(r"\b(?:width|wide|longer (?:horizontal )?side)\b"),
    "height": re.compile(r"\b(?:height|high|tall)\b"),
}
"""Words that name a side; of several sides, a text means the first one here."""


class VolumeSolver(Solver):
    """The sides of a box, in a unit that is finer than that of other lengths."""

    family = "volume"
    needs = ("red",)

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks", "size") == "size"

    def solve(self) -> None:
        size = self.truth.instances[self.marks["red"].instance].box.size
        self.sides = {"length": max(size[:2]), "width": min(size[:2]), "height": size[2]}

    def check_question(self) -> list[Check]:
        return _check_evidence(self)

    def check_bare(self, text: str) -> list[Check]:
        symbol = self.unit.symbol
        sides = [rf"{side} ({_NUMBER}) {symbol}" for side in ("Length", "width", "height")]
        found = re.fullmatch(", ".join(sides), text) or re.fullmatch(",".join([f"({_NUMBER})"] * 3), text)
        if found is None:
            raise UnreadableError(f"length, width and height in {text!r}")
        return self._compare(SIDES, found.groups())

    def check_sentence(self, text: str) -> list[Check]:
        stated = re.findall(rf"({_NUMBER}) {self.unit.symbol}\b", text)
        if len(stated) != 3:
            raise UnreadableError(f"three sides in {text!r}")
        return self._compare(order_of_sides(text), stated)

    def _compare(self, order: Sequence[str], stated: Sequence[str]) -> list[Check]:
        """Compare in the record's unit; millimeters have a decimal where other lengths are millimeters, too."""
        decimals = {len(number.partition(".")[2]) for number in stated}
        if len(decimals) > 1 or (self.unit.symbol != "mm" and decimals != {0}):
            raise UnreadableError(f"sides as {self.unit.name} are printed in {stated}")
        sides = {name: length / self.unit_in_world for name, length in self.sides.items()}
        step = 10.0 ** -decimals.pop()
        return [check_number(name, float(value), sides[name], step) for name, value in zip(order, stated, strict=True)]


class SideSolver(NumberSolver):
    """One side of a box, in the unit of lengths; question and answer must name the side that the type asks for."""

    family = "volume"
    needs = ("red",)

    @classmethod
    def solves(cls, task: Mapping[str, Any]) -> bool:
        return task.get("asks", "size") != "size"

    def solve(self) -> None:
        self.what, self.is_fine = str(self.record.task["asks"]), bool(self.record.task.get("is_fine"))
        self.value = length_of(self.truth.instances[self.marks["red"].instance].box, self.what)
        if _named_side(self.record.question) != self.what:
            raise UnreadableError(f"a question about the side {self.what}")

    def check_bare(self, text: str) -> list[Check]:
        if not self.is_fine:
            return super().check_bare(text)
        if not re.fullmatch(_NUMBER, text.strip()):
            raise UnreadableError(f"one number in {text!r}")
        return [self._check_fine(text.strip())]

    def _check_fine(self, stated: str) -> Check:
        """Check a side in the finer unit, as it is printed there."""
        step = 10.0 ** -len(stated.partition(".")[2])
        return check_number(self.what, float(stated), self.value / self.unit_in_world, step)

    def check_sentence(self, text: str) -> list[Check]:
        if _named_side(text) != self.what:
            raise UnreadableError(f"an answer about the side {self.what}")
        if self.is_fine:
            stated = re.findall(rf"({_NUMBER}) {self.unit.name}\b", text)
            if len(stated) != 1:
                raise UnreadableError(f"one length in {text!r}")
            return [self._check_fine(stated[0])]
        return super().check_sentence(text)

    def check_question(self) -> list[Check]:
        count = self.value / self.step
        if not self.is_fine and abs(round(count) - count) > MAX_LOSS * count + EDGE:
            return [disagree(self.what, f"{round(count)} steps", f"{count:.3f} steps of {self.unit.name}, too coarse")]
        return [*_check_evidence(self), *check_seen_across(self, "red", self.what)]


def _named_side(text: str) -> str | None:
    """The side that a text names; None where it names none."""
    return next((side for side, words in _SIDE_WORDS.items() if words.search(text)), None)


def _check_evidence(solver: Solver) -> list[Check]:
    """The evidence must have the sides of the box; failed checks only."""
    stated = solver.record.evidence.get("measured", {}).get("size_m")
    size = solver.truth.instances[solver.marks["red"].instance].box.size
    if stated is None or has_size(stated, size, solver.truth.scene.is_level):
        return []
    return [disagree("evidence size_m", stated, size.round(4).tolist())]


def order_of_sides(text: str) -> Sequence[str]:
    """The sides in the order of their numbers: each is named right after its number, or right before, or in a list."""
    found = re.findall(rf"{_NUMBER} [mck]?m\b|\b(?:{'|'.join(_NAMES)})\b", text.lower())
    kinds = [_NAMES.get(word, "number") for word in found]
    named_after = [second for first, second in pairwise(kinds) if first == "number" != second]
    named_before = [first for first, second in pairwise(kinds) if first != "number" == second]
    listed = [kind for kind in dict.fromkeys(kinds) if kind != "number"]
    orders = (named_after, named_before, listed)
    return next((order for order in orders if sorted(order) == sorted(SIDES)), SIDES)
