"""Places of objects on a floor plan."""

import re

import numpy as np

from qagen.audit.checks import Check, check_number
from qagen.audit.solvers.base import Solver, UnreadableError


class MapSolver(Solver):
    """Coordinates on a floor plan whose origin is the first camera and whose y axis is its heading."""

    family = "map"

    def solve(self) -> None:
        view = self.view(0)
        ahead = view.T_wc[:2, 2] / np.linalg.norm(view.T_wc[:2, 2])
        right = np.array([ahead[1], -ahead[0]])
        offsets = {t: (self.center(t) - view.eye)[:2] for t in self.record.tokens if t in self.marks}
        self.places = {token: (float(offset @ right), float(offset @ ahead)) for token, offset in offsets.items()}

    def check_sentence(self, text: str) -> list[Check]:
        pair = rf"\((-?{self.unit.number}), (-?{self.unit.number})\)"
        at = re.findall(rf"@(\w+) at {pair}", text)
        at += [(t, x, y) for x, y, t in re.findall(rf"{pair} for the @(\w+)", text)]
        if {token for token, _, _ in at} != set(self.record.tokens):
            raise UnreadableError(f"a place for each of {self.record.tokens} in {text!r}")
        return [
            check_number(f"{axis} of {token}", float(value) * self.unit_in_world, true, self.step)
            for token, *stated in at
            for axis, value, true in zip("xy", stated, self.places.get(token, ()), strict=False)
        ]
