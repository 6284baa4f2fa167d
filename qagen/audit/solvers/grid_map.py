"""Cells of objects on a grid seen from above that the cells of two others fix."""

import json
import re

from qagen.audit.checks import EPSILON, Check, Verdict, disagree
from qagen.audit.solvers.base import Solver, UnreadableError

CELLS = 10
"""Columns, and rows, of the grid."""
MIN_APART_M, MAX_REACH, MIN_INSIDE, MIN_INSIDE_M = 1.0, 2.0, 0.15, 0.1
"""Least distance between the two given objects, largest distance as its multiple, least distance from the edges of a
cell as a share of its side and in meters, unless the type has its own."""
_GIVEN = re.compile(r"@(\w+)|\[(\d+), (\d+)\]")
_CORNER = re.compile(r"\[0, 0\](?= (?:is |being )?at the bottom left)")
_SAID = re.compile(r"the @(\w+) in \[(\d+), (\d+)\]")


class GridMapSolver(Solver):
    """Places as complex numbers: one turn and stretch takes the two given objects to their cells, and all others."""

    family = "grid_map"

    def solve(self) -> None:
        named, self.given, cells = self.record.tokens, [], []
        for token, *cell in _GIVEN.findall(_CORNER.sub("", self.record.question)):
            if not token and len(self.given) == len(cells) + 1:
                cells.append(complex(*map(int, cell)))
            elif token and len(self.given) == len(cells) < 2:
                self.given.append(token)
            elif not token or len(cells) < 2:
                raise UnreadableError("two objects, each before its cell")
        if len(cells) != 2 or cells[0] == cells[1]:
            raise UnreadableError("two given cells")
        self.asked = [token for token in named if token not in self.given]
        self.require(named)
        above = {token: complex(*self.center(token)[:2]) for token in named}
        first, second = (above[token] for token in self.given)
        turn = (cells[1] - cells[0]) / (second - first)
        self.places = {token: (above[token] - first) * turn + cells[0] for token in self.asked}
        self.is_straight = _is_straight(cells)
        self.reach = max(abs(above[token] - first) for token in self.asked) / abs(second - first)
        self.cells = cells
        self.measured = {"apart_m": abs(second - first), "cell_m": 1 / abs(turn)}

    def _limit(self, name: str, usual: float) -> float:
        return float(self.record.task.get(name, usual))

    def check_question(self) -> list[Check]:
        checks = []
        if not self.is_straight:
            checks.append(disagree("given cells", str(self.cells), "one row or one column"))
        if self.truth.original is not None:
            return checks
        if self.measured["apart_m"] < (least := self._limit("min_apart_m", MIN_APART_M)) - EPSILON:
            checks.append(disagree("apart_m", f"{self.measured['apart_m']:.3f} m", f"at least {least:g}"))
        if self.reach > (most := self._limit("max_reach", MAX_REACH)) + EPSILON:
            checks.append(disagree("reach", f"{self.reach:.3f}", f"at most {most:g}"))
        return checks

    def check_bare(self, text: str) -> list[Check]:
        try:
            stated = json.loads(text)
        except ValueError as error:
            raise UnreadableError(f"JSON in {text!r}") from error
        tokens = {one.label: one.token for one in self.record.named}
        if not isinstance(stated, dict) or not all(_is_cell(cell) for cell in stated.values()):
            raise UnreadableError(f"a cell for each name in {text!r}")
        return self._check([(tokens.get(str(name), str(name)), tuple(cell)) for name, cell in stated.items()])

    def check_sentence(self, text: str) -> list[Check]:
        found = _SAID.findall(self.record.named_again(text))
        return self._check([(token, (int(column), int(row))) for token, column, row in found])

    def _check(self, stated: list[tuple[str, tuple[int, ...]]]) -> list[Check]:
        if [token for token, _ in stated] != self.asked:
            raise UnreadableError(f"the cells of {self.asked}, in this order")
        return [check for token, cell in stated for check in self._check_cell(token, cell)]

    def _check_cell(self, token: str, cell: tuple[int, ...]) -> list[Check]:
        place = self.places[token]
        off = max(abs(place.real - cell[0]), abs(place.imag - cell[1]))
        holds = off <= 0.5 and all(0 <= part < CELLS for part in cell)
        verdict = Verdict.AGREE if holds else Verdict.DISAGREE
        checks = [Check(f"cell of {token}", str(cell), f"({place.real:.2f}, {place.imag:.2f})", verdict, holds=holds)]
        least = max(
            self._limit("min_inside", MIN_INSIDE),
            self._limit("min_inside_m", MIN_INSIDE_M) / self.measured["cell_m"],
        )
        if holds and self.truth.original is None and 0.5 - off < least - EPSILON:
            checks.append(disagree(f"{token} inside its cell", f"{0.5 - off:.3f} cells", f"at least {least:.3f}"))
        return checks


def _is_straight(cells: list[complex]) -> bool:
    """Whether two cells are in one row or one column."""
    return cells[0].real == cells[1].real or cells[0].imag == cells[1].imag


def _is_cell(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value)
