"""Which of several points of the second image is at the place of a point of the first."""

import re

import numpy as np

from qagen.audit.checks import Check, Verdict, check_equal, disagree, verdict_of
from qagen.audit.raw_depth import MarkedDepth, depth_on, place_of, ray_at
from qagen.audit.solvers.base import Solver, UnreadableError

SAME_M, SAME_SHARE, APART_M = 0.02, 0.01, 0.15
"""Largest distance of two measurements of one place, meters and a share of the depth; least distance of two places."""
LEAST_APART = 60
"""Least distance of two points of one image along x or y, thousandths."""


class RedPointSolver(Solver):
    """What the first image's depth says about the red point, and where that is in the second image."""

    def solve(self) -> None:
        first, second = self.view(0), self.view(1)
        red = depth_on(first, ray_at(first, place_of(self.record, "red")[1]))
        if red is None:
            raise UnreadableError("measured depth at the red point")
        self.red = red
        self.point = red.in_world(first)
        local = second.to_camera(self.point)
        self.depth = float(local[2])
        if self.depth <= 0:
            raise UnreadableError("a place ahead of the second camera")
        self.place = second.pinhole.permille(local)
        self.place_doubt = [
            1.0 + abs(a - b) for a, b in zip(self._place_at(red.z + red.doubt), self.place, strict=True)
        ]
        self.is_inside = all(0 <= part <= 1000 for part in self.place)
        self.ray = local / local[2]
        self.measured |= {"depth_m": red.z, "distance_m": red.distance, "second_depth_m": self.depth}
        self.doubt |= {"depth_m": red.doubt, "distance_m": red.distance_doubt, "second_depth_m": red.distance_doubt}

    def _place_at(self, z: float) -> tuple[float, float]:
        """Where the red point would be in the second image at another depth in the first, thousandths."""
        first, second = self.view(0), self.view(1)
        local = second.to_camera(first.T_wc[:3, :3] @ (z * self.red.ray) + first.eye)
        return second.pinhole.permille(local)


class CorrespondenceSolver(RedPointSolver):
    """The point whose measured place in the world is that of the red one."""

    family = "correspondence"

    def solve(self) -> None:
        super().solve()
        self.away: dict[str, float] = {}
        self.slack: dict[str, float] = {}
        second = self.view(1)
        for token in [one for one in self.record.tokens if one != "red"]:
            found = depth_on(second, ray_at(second, place_of(self.record, token)[1]))
            if found is None:
                raise UnreadableError(f"measured depth at the {token} point")
            self.away[token] = float(np.linalg.norm(found.in_world(second) - self.point))
            self.slack[token] = self._slack(found)
            self.measured[f"{token}_away_m"] = self.away[token]
            self.doubt[f"{token}_away_m"] = self.slack[token]
        if len(self.away) < 2:
            raise UnreadableError("two points or more of the second image")
        self.same = min(self.away, key=lambda token: self.away[token])

    def _slack(self, found: MarkedDepth) -> float:
        """How far a distance may be off because of rounded places."""
        return self.red.distance_doubt + found.distance_doubt + 1e-6

    def check_question(self) -> list[Check]:
        """The points are all in the second image, apart from each other, and named."""
        places = {token: place_of(self.record, token) for token in self.record.colors_used}
        checks = [
            check_equal("points named", sorted(self.record.tokens), sorted(places)),
            check_equal("image of red", places["red"][0], 0),
            check_equal("images of the points", {image for t, (image, _) in places.items() if t != "red"}, {1}),
        ]
        shown = [place for token, (_, place) in sorted(places.items()) if token != "red"]
        for i, first in enumerate(shown):
            for second in shown[:i]:
                if max(abs(a - b) for a, b in zip(first, second, strict=True)) < LEAST_APART:
                    checks.append(disagree("points", f"{first} and {second}", f"{LEAST_APART} apart"))
        return checks

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"@(\w+)", text)
        if match is None or match[1] not in self.away:
            raise UnreadableError(f"one point of the second image in {text!r}")
        token, found = match[1], ", ".join(f"{name} {away:.3f} away" for name, away in self.away.items())
        slack = np.inf if self.truth.original is not None else self.slack[token]
        if token == self.same:
            is_same = self.away[token] <= SAME_M + SAME_SHARE * self.depth + slack
            return [Check("same place", token, found, verdict_of(is_same), holds=is_same)]
        is_apart = self.away[token] >= float(self.record.task.get("min_apart_m", APART_M)) - slack
        return [Check("same place", token, found, Verdict.DISAGREE if is_apart else Verdict.UNDECIDED)]

    def check_sentence(self, text: str) -> list[Check]:
        named = re.findall(r"@(\w+)", text)
        if len(named) != 1:
            raise UnreadableError(f"one point in {text!r}")
        return self.check_bare(f"@{named[0]}")
