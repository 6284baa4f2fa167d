"""The way that the camera takes through a video."""

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import Check, check_equal, check_number, disagree
from qagen.audit.parse import frame_numbers
from qagen.audit.scene import wrap_deg
from qagen.audit.solvers.base import Solver, UnsolvedError

TOLERANCE_M = 0.25
"""Largest deviation from a straight leg."""
_MOVE = r"turn\w* (\d+) degrees to the (left|right)|(?:forward|ahead)(?: for)? (\d+\.\d) meters"


class NavigationSolver(Solver):
    """Straight legs of the camera's path over the floor and the turns before them."""

    family = "navigation"

    def solve(self) -> None:
        numbers = frame_numbers(self.record.question.split(". ")[0].split("?")[0])
        if "Frame-" not in self.record.question or len(numbers) < 2:
            raise UnsolvedError("a way in somebody's own words")
        self.ends = numbers[0], numbers[1]
        views = [self.view(image) for image in range(self.ends[0], self.ends[1] + 1)]
        path = np.array([view.T_wc[:2, 3] for view in views])
        heading, self.moves = views[0].heading_deg, []
        for start, end in pairwise(_corners(path, TOLERANCE_M)):
            leg = path[end] - path[start]
            toward = float(np.degrees(np.arctan2(leg[1], leg[0])))
            self.moves += [("turn", wrap_deg(toward - heading)), ("forward", float(np.hypot(*leg)))]
            heading = toward

    def check_sentence(self, text: str) -> list[Check]:
        stated: list[tuple[str, float]] = []
        for degrees, way, distance in re.findall(_MOVE, text):
            if distance and (not stated or stated[-1][0] == "forward"):
                stated.append(("turn", 0))  # a leg that is told without a turn
            stated.append(
                ("forward", float(distance)) if distance else ("turn", int(degrees) * (1 if way == "left" else -1))
            )
        checks = [check_equal("ends of the way", sorted(set(frame_numbers(text)) - set(self.ends)), [])]
        if len(stated) != len(self.moves):
            return [*checks, disagree("legs", stated, [(name, round(value, 2)) for name, value in self.moves])]
        step = {"turn": 15, "forward": 0.1}
        return checks + [
            check_number(f"{name} {k // 2 + 1}", value, true, step[name])
            for k, ((name, value), (_, true)) in enumerate(zip(stated, self.moves, strict=True))
        ]


def _corners(path: NDArray, tolerance: float) -> list[int]:
    """Indices of the corners of a path (Ramer-Douglas-Peucker)."""
    start, end = path[0], path[-1]
    along = end - start
    share = np.clip((path - start) @ along / max(along @ along, 1e-12), 0, 1)
    off = np.linalg.norm(path - start - np.outer(share, along), axis=1)
    worst = int(np.argmax(off))
    if off[worst] <= tolerance:
        return [0, len(path) - 1]
    return _corners(path[: worst + 1], tolerance)[:-1] + [worst + k for k in _corners(path[worst:], tolerance)]
