"""Floor area of the scanned space."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, Verdict, check_number, disagree, undecided
from qagen.audit.resolve_marks import ResolvedMark
from qagen.audit.scene import AuditView
from qagen.audit.solvers.base import NumberSolver, UnreadableError

AGREE_SHARE, DOUBT_SHARE = 0.05, 0.12
"""Largest relative difference of two estimates that agree, and of two that are left undecided."""
MIN_WALLS, OPTION_GAP = 0.7, 0.25
"""Least share of the outline that has a wall, and least gap of options as a share of the smaller one."""


class RoomSolver(NumberSolver):
    """Area of the dataset's outline, or of a concave hull of the scan."""

    family = "room"
    power = 2

    def solve(self) -> None:
        self.what, self.value = "floor area", (self.truth.original or self.truth).plan.area

    def check_question(self) -> list[Check]:
        """The space must be closed by walls, or nobody can say where the room ends."""
        shares = (self.truth.original or self.truth).wall_shares
        if shares is None or min(shares) >= MIN_WALLS:
            return []
        make = disagree if max(shares) < MIN_WALLS else undecided
        return [make("outline of the room", f"at least {MIN_WALLS:.0%} walls", f"{shares[0]:.0%} to {shares[1]:.0%}")]

    @classmethod
    def check_eligibility(
        cls, record: AuditRecord, marks: Mapping[str, ResolvedMark], views: Sequence[AuditView]
    ) -> Iterator[Check]:
        is_area = record.unit.bare.fullmatch if record.unit else lambda text: None
        areas = sorted(float(text) for text in record.options.values() if is_area(text))
        for low, high in pairwise(areas):
            if high < low * (1 + OPTION_GAP) - 0.1:
                yield disagree("options", f"{low:g} and {high:g}", f"{OPTION_GAP:.0%} apart")

    def check_sentence(self, text: str) -> list[Check]:
        stated = re.findall(rf"({self.unit.number}) square {self.unit.name}", text)
        if len(stated) != 1:
            raise UnreadableError(f"one area in {text!r}")
        return [self.check_value(float(stated[0]) * self.unit_in_world**2)]

    def check_value(self, stated: float) -> Check:
        """Check a stated area, by its share of the recomputed one: the two estimates do not share their points."""
        if self.truth.scene.outline is not None:
            return check_number(self.what, stated, self.value, self.step * self.unit_in_world)
        off = abs(stated / self.value - 1)
        verdicts = (Verdict.AGREE, Verdict.UNDECIDED, Verdict.DISAGREE)
        found = verdicts[(off > AGREE_SHARE) + (off > DOUBT_SHARE)]
        return Check(self.what, f"{stated:g}", f"{self.value:.2f}", found, number=self.value)
