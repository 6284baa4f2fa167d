"""How far the camera went around an object."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import Check, disagree
from qagen.audit.parse import asked_frames
from qagen.audit.scene import AuditView, wrap_deg
from qagen.audit.solvers.base import LIMIT_EDGE_DEG, DegreesSolver, UnreadableError

CENTER_ERROR_M, MAX_ERROR_DEG = 0.05, 5.0
"""Error of a center, and the largest error of the angle that may follow, unless the type has parameters of its own."""
EDGE_M = 1e-3
"""Tolerance of distances."""


class OrbitSolver(DegreesSolver):
    """The angle at the object's vertical axis, followed over all recorded frames between the two."""

    family = "orbit"
    needs = ("red",)
    what = "angle around red"

    def solve(self) -> None:
        first, last = self._ends()
        axis = self.center("red")[:2]
        names = list(self.truth.scene.views)
        start, end = names.index(first.name), names.index(last.name)
        way = [self.truth.scene.views[name].eye[:2] - axis for name in names[min(start, end) : max(start, end) + 1]]
        self.orbit = followed_deg(way if start < end else way[::-1])
        self.away = [float(np.hypot(*(view.eye[:2] - axis))) for view in (first, last)]
        self.value = abs(self.orbit)
        self.measured = {"orbit_deg": self.orbit, "first_away_m": self.away[0], "last_away_m": self.away[1]}

    def check_question(self) -> list[Check]:
        """Check that the angle is one that a person could judge, and that the camera does not go to and fro."""
        if self.truth.original is not None:
            return []
        return [*self.check_limits(), *self._check_distance(), *self._check_way()]

    def _check_distance(self) -> Iterator[Check]:
        error_m = float(self.record.task.get("center_error_m", CENTER_ERROR_M))
        off = sum(float(np.degrees(np.arcsin(min(1.0, error_m / max(away, 1e-9))))) for away in self.away)
        most = float(self.record.task.get("max_error_deg", MAX_ERROR_DEG))
        if off > most + LIMIT_EDGE_DEG:
            yield disagree("error of the angle", f"{off:.1f} deg", f"at most {most:g}")
        radius = float(np.hypot(*self.truth.instances[self.marks["red"].instance].box.size[:2])) / 2
        if min(self.away) < radius - EDGE_M:
            yield disagree("distance from red", f"{min(self.away):.2f} m", f"outside of it, {radius:.2f} m")

    def _check_way(self) -> Iterator[Check]:
        """The shown frames alone must not go farther to and fro than the limit."""
        if self.record.is_video:
            numbers = asked_frames(self.record.question)
            axis = self.center("red")[:2]
            eyes = [self.view(number).eye[:2] - axis for number in range(numbers[0], numbers[1] + 1)]
            swept = sum(abs(followed_deg(pair)) for pair in pairwise(eyes))
            yield from self.check_detour(swept)

    def _ends(self) -> tuple[AuditView, AuditView]:
        if not self.record.is_video:
            return self.view(0), self.view(1)
        numbers = asked_frames(self.record.question)
        if len(numbers) != 2 or not numbers[0] < numbers[1] < len(self.record.frames):
            raise UnreadableError("two frames, the earlier one first")
        return self.view(numbers[0]), self.view(numbers[1])


def followed_deg(offsets: Sequence[NDArray]) -> float:
    """Sum of the signed turns from each offset (2,) to the next, counterclockwise positive."""
    headings = [float(np.degrees(np.arctan2(y, x))) for x, y in offsets]
    return sum(wrap_deg(after - before) for before, after in pairwise(headings))
