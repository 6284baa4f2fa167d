"""Whether the second image shows the place of a point of the first."""

from qagen.audit.checks import Check, check_equal, undecided, verdict_of
from qagen.audit.raw_depth import patch_on, place_of
from qagen.audit.solvers.base import UnreadableError
from qagen.audit.solvers.correspondence import SAME_M, SAME_SHARE, RedPointSolver

HIDDEN_M, BORDER, EDGE = 0.15, 50.0, 1.0
"""Least gap to what hides a place, meters; least distance from the image's border and tolerance of it, thousandths."""
REACH = 2
"""Pixels around a place whose depth must agree about what is there."""


class CovisibilitySolver(RedPointSolver):
    """Compares the depth of the place in the second camera with what was measured there."""

    family = "covisibility"

    def solve(self) -> None:
        super().solve()
        self.near = self.far = self.middle = 0.0
        outside = max(*(-part for part in self.place), *(part - 1000 for part in self.place))
        far_off = abs(outside) >= BORDER - EDGE
        if outside > 0:
            self.is_shown, self.is_sure, self.found = False, far_off, f"{outside:.0f} outside"
            return
        patch, middle = (patch_on(self.view(1), self.ray, reach) for reach in (REACH, 0))
        if patch is None or middle is None or not (patch > 0).all():
            raise UnreadableError("measured depth at the place in the second image")
        self.near, self.far, self.middle = float(patch.min()), float(patch.max()), float(middle[0, 0])
        before, off = self.depth - self.far, abs(self.depth - self.middle)
        slack = self.red.distance_doubt + (self.far - self.near) + 1e-6
        self.is_shown = before < HIDDEN_M / 2
        is_same = off <= (SAME_M + SAME_SHARE * self.depth) + slack
        self.is_sure = far_off and (is_same if self.is_shown else before >= HIDDEN_M - slack)
        self.found = f"at depth {self.depth:.3f}, where {self.near:.3f} to {self.far:.3f} was measured"

    def check_question(self) -> list[Check]:
        return [check_equal("image of red", place_of(self.record, "red")[0], 0)]

    def check_bare(self, text: str) -> list[Check]:
        if text not in ("Yes", "No"):
            raise UnreadableError(f"Yes or No in {text!r}")
        return self.check_claim(text == "Yes")

    def check_sentence(self, text: str) -> list[Check]:
        raise UnreadableError("no sentence from this type")

    def check_claim(self, is_yes: bool) -> list[Check]:
        stated = "Yes" if is_yes else "No"
        if not self.is_sure and self.truth.original is None:
            return [undecided("place shown", stated, self.found)]
        return [Check("place shown", stated, self.found, verdict_of(is_yes == self.is_shown))]
