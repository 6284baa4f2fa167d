"""Which of several points of an image is nearest to the camera."""

import re

from qagen.audit.checks import Check, Verdict, check_equal, verdict_of
from qagen.audit.raw_depth import depth_on, place_of, ray_at
from qagen.audit.solvers.base import Solver, UnreadableError

GAP_M, GAP_SHARE = 0.20, 0.15
"""Least lead of the nearest one: units of a world with a scale, and a share of the farther distance."""


class DepthOrderSolver(Solver):
    """The point at which measured depth is least."""

    family = "depth_order"

    def solve(self) -> None:
        view = self.view(0)
        self.distances: dict[str, float] = {}
        for token in self.record.tokens:
            found = depth_on(view, ray_at(view, place_of(self.record, token)[1]))
            if found is None:
                raise UnreadableError(f"measured depth at the {token} point")
            self.distances[token] = found.distance
            self.measured[f"{token}_m"] = found.distance
            self.doubt[f"{token}_m"] = found.distance_doubt
        if len(self.distances) < 2:
            raise UnreadableError("two points or more in the question")
        self.nearest = min(self.distances, key=lambda token: self.distances[token])

    def check_question(self) -> list[Check]:
        """The question names every point that is drawn."""
        return [check_equal("points named", sorted(self.record.tokens), sorted(self.record.colors_used))]

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"@(\w+)", text)
        if match is None or match[1] not in self.distances:
            raise UnreadableError(f"one point in {text!r}")
        found = ", ".join(f"{token} {distance:.3f}" for token, distance in self.distances.items())
        if match[1] == self.nearest and not self._leads():
            return [Check("nearest", match[1], f"{found}: no clear lead", Verdict.DISAGREE, holds=True)]
        return [Check("nearest", match[1], found, verdict_of(match[1] == self.nearest))]

    def _leads(self) -> bool:
        """Whether the nearest point is nearer by the least gap, as far as the depths around the points allow."""
        least = 0.0 if self.truth.scene.unit_m is None else float(self.record.task.get("gap_m", GAP_M))
        share, near = float(self.record.task.get("gap_share", GAP_SHARE)), self.distances[self.nearest]
        slack = self.doubt[f"{self.nearest}_m"] + 1e-6
        others = {token: far for token, far in self.distances.items() if token != self.nearest}
        return all(
            far - near >= max(least, share * far) - slack - self.doubt[f"{token}_m"] for token, far in others.items()
        )

    def check_sentence(self, text: str) -> list[Check]:
        named = re.findall(r"@(\w+)", text)
        if len(named) != 1:
            raise UnreadableError(f"one point in {text!r}")
        return self.check_bare(f"@{named[0]}")
