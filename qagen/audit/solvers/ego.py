"""How far the camera goes or turns between two frames of a video, from the poses of all frames between them."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from qagen.audit.checks import Check, check_number, disagree, undecided
from qagen.audit.parse import asked_frames, bare_degrees, degrees
from qagen.audit.scene import AuditView, rotation_deg
from qagen.audit.solvers.base import DEGREE_STEP, NumberSolver, UnreadableError

STRIDE_S = 0.15
"""Least time between two poses of the way."""
STRIDE_M, STRIDE_DEG = 0.1, 5.0
"""Poses that are as far apart belong to the way in any case."""
NEAR = 0.1
"""Share by which a way that is followed more or less closely may differ."""


class EgoSolver(NumberSolver):
    """Distances or rotations between poses, from start to end or summed."""

    family = "ego"
    what = "motion of the camera"

    def solve(self) -> None:
        first, last = asked_frames(self.record.question)
        if not first < last < len(self.record.frames):
            raise UnreadableError("two frames, the earlier one first")
        views = list(self.truth.scene.views.values())
        start, end = (views.index(self.view(number)) for number in (first, last))
        way = thinned(views[start : end + 1])
        self.asks = str(self.record.task.get("asks"))
        measure = rotation_deg if self.asks == "turn" else distance_between
        self.value = distance_between(way[0], way[-1]) if self.asks == "displacement" else _sum(measure, way)

    def check_value(self, stated: float) -> Check:
        step = DEGREE_STEP if self.asks == "turn" else self.step
        exact = check_number(self.what, stated, self.value, step)
        if self.asks == "displacement" or abs(stated - self.value) <= step / 2:
            return exact
        is_near = abs(stated - self.value) <= NEAR * self.value + step / 2
        return exact if is_near and exact.verdict.name == "AGREE" else self._off(stated, is_near)

    def _off(self, stated: float, is_near: bool) -> Check:
        return (undecided if is_near else disagree)(self.what, f"{stated:g}", f"{self.value:.3f}")

    def check_bare(self, text: str) -> list[Check]:
        stated = bare_degrees(text) if self.asks == "turn" else self.bare(text)
        if stated is None or (self.asks == "turn" and stated % DEGREE_STEP):
            raise UnreadableError(f"a number as its unit is printed in {text!r}")
        return [self.check_value(stated)]

    def check_sentence(self, text: str) -> list[Check]:
        stated = degrees(text) if self.asks == "turn" else self.lengths(text)
        if len(stated) != 1:
            raise UnreadableError(f"one number in {text!r}")
        return [self.check_value(stated[0])]


def thinned(views: list[AuditView]) -> list[AuditView]:
    """The poses of the way through recorded views, both ends included."""
    kept = [views[0]]
    for view in views[1:-1]:
        is_far = distance_between(kept[-1], view) >= STRIDE_M or rotation_deg(kept[-1], view) >= STRIDE_DEG
        if is_far or view.time_s - kept[-1].time_s >= STRIDE_S - 1e-6:
            kept.append(view)
    return [*kept, views[-1]]


def _sum(measure: Callable[[AuditView, AuditView], float], way: list[AuditView]) -> float:
    return float(sum(measure(*pair) for pair in pairwise(way)))


def distance_between(first: AuditView, second: AuditView) -> float:
    """How far apart two cameras are, units of the world."""
    return float(np.linalg.norm(first.eye - second.eye))
