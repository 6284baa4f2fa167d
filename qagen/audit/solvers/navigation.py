"""The way that the camera takes through a video."""

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import Check, Verdict, check_equal, check_number, disagree
from qagen.audit.parse import frame_numbers
from qagen.audit.scene import wrap_deg
from qagen.audit.solvers.base import Solver, UnreadableError, UnsolvedError

TOLERANCES_M = 0.25, 0.35, 0.5
"""Largest deviation from a straight leg; a path may be simplified with any of them."""
LONG = 2.8
"""Least length of a leg, as a multiple of the deviation allowed."""
MAX_LOOK_DEG = 120.0
"""Largest turn of the camera along one leg."""
_MOVE = r"turn\w* (\d+) degrees to the (left|right)|(?:forward|ahead)(?: for)? ({}) {}"
_BARE = re.compile(r"(?:left|right|forward) \d+(?:\.\d+)?(?:, (?:left|right|forward) \d+(?:\.\d+)?)*")


class NavigationSolver(Solver):
    """Straight legs of the camera's path over the floor and the turns before them."""

    family = "navigation"

    def solve(self) -> None:
        numbers = frame_numbers(self.record.question.split(". ")[0].split("?")[0])
        if "Frame-" not in self.record.question or len(numbers) < 2:
            raise UnsolvedError("a way in somebody's own words")
        self.ends = numbers[0], numbers[1]
        names = list(self.truth.scene.views)
        first, last = (names.index(self.record.frames[end]) for end in self.ends)
        self.views = [self.truth.scene.views[name] for name in names[first : last + 1]]
        self.path = np.array([view.T_wc[:2, 3] for view in self.views])
        found = [_corners(self.path, tolerance) for tolerance in TOLERANCES_M]
        clear = [
            corners for corners, tolerance in zip(found, TOLERANCES_M, strict=True) if self._is_long(corners, tolerance)
        ]
        self.routes = clear or found[:1]
        """Corners of the path, by tolerance."""

    def _is_long(self, corners: list[int], tolerance: float) -> bool:
        lengths = np.linalg.norm(np.diff(self.path[corners], axis=0), axis=1)
        return bool(lengths.min() >= LONG * tolerance - 0.01)

    def _moves(self, corners: list[int]) -> list[tuple[str, float]]:
        heading, moves = self.views[0].heading_deg, []
        for leg in np.diff(self.path[corners], axis=0):
            toward = float(np.degrees(np.arctan2(leg[1], leg[0])))
            moves += [("turn", wrap_deg(toward - heading)), ("forward", float(np.hypot(*leg)))]
            heading = toward
        return moves

    def _look_deg(self, corners: list[int]) -> float:
        """Largest turn of the camera along one leg, without views straight up or down."""
        turns = [0.0]
        for start, end in pairwise(corners):
            level = [view.heading_deg for view in self.views[start : end + 1] if abs(view.elevation_deg) < 70]
            turns.append(float(np.ptp(np.unwrap(level, period=360))) if level else 0.0)
        return max(turns)

    def check_bare(self, text: str) -> list[Check]:
        """Check a route that is told by its moves alone: "left 45, forward 1.8"."""
        if not _BARE.fullmatch(text):
            raise UnreadableError(f"moves with their amounts in {text!r}")
        moves = (part.split() for part in text.split(", "))
        return self._check_route([(way, float(amount)) for way, amount in moves])

    def check_sentence(self, text: str) -> list[Check]:
        told = re.findall(_MOVE.format(self.unit.number, self.unit.name), text)
        moves = [("forward", float(distance)) if distance else (way, float(turn)) for turn, way, distance in told]
        ends = check_equal("ends of the way", sorted(set(frame_numbers(text)) - set(self.ends)), [])
        return [ends, *self._check_route(moves)]

    def _check_route(self, told: list[tuple[str, float]]) -> list[Check]:
        """Check moves against the route that fits them best."""
        stated: list[tuple[str, float]] = []
        for way, amount in told:
            if way == "forward" and (not stated or stated[-1][0] == "forward"):
                stated.append(("turn", 0))  # a leg that is told without a turn
            is_leg = way == "forward"
            signed = amount * self.unit_in_world if is_leg else amount * (1 if way == "left" else -1)
            stated.append(("forward" if is_leg else "turn", signed))
        tried = [self._check_moves(stated, corners) for corners in self.routes]
        return next((checks for checks in tried if all(one.verdict is Verdict.AGREE for one in checks)), tried[0])

    def _check_moves(self, stated: list[tuple[str, float]], corners: list[int]) -> list[Check]:
        moves = self._moves(corners)
        if len(stated) != len(moves):
            return [disagree("legs", stated, [(name, round(value, 2)) for name, value in moves])]
        step = {"turn": 15, "forward": self.step}
        checks = [
            check_number(f"{name} {k // 2 + 1}", value, true, step[name])
            for k, ((name, value), (_, true)) in enumerate(zip(stated, moves, strict=True))
        ]
        if self._look_deg(corners) > MAX_LOOK_DEG + 1:
            checks.append(
                disagree("turn along a leg", f"{self._look_deg(corners):.0f} deg", f"at most {MAX_LOOK_DEG:g}")
            )
        return checks


def _corners(path: NDArray, tolerance: float) -> list[int]:
    """Indices of the corners of a path (Ramer-Douglas-Peucker), of equally far points the first."""
    start, end = path[0], path[-1]
    along = end - start
    share = np.clip((path - start) @ along / max(along @ along, 1e-12), 0, 1)
    off = np.linalg.norm(path - start - np.outer(share, along), axis=1)
    worst = int(np.argmax(np.round(off, 6)))
    if off[worst] <= tolerance:
        return [0, len(path) - 1]
    return _corners(path[: worst + 1], tolerance)[:-1] + [worst + k for k in _corners(path[worst:], tolerance)]
