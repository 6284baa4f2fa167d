"""The same object in another image."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, disagree
from qagen.audit.parse import boxes
from qagen.audit.resolve_marks import ResolvedMark, compare_box
from qagen.audit.scene import AuditView, rotation_deg
from qagen.audit.solvers.base import Solver, UnreadableError

MIN_TURN_DEG, MIN_MOVE_M, EDGE = 15.0, 0.5, 1e-3
"""Least difference of the two views, unless the type has parameters of its own, and tolerance."""


class MatchingSolver(Solver):
    """The box of the marked object in the second image."""

    family = "matching"
    needs = ("red",)

    @classmethod
    def check_eligibility(
        cls, record: AuditRecord, marks: Mapping[str, ResolvedMark], views: Sequence[AuditView]
    ) -> Iterator[Check]:
        min_turn = record.task.get("min_turn_deg", MIN_TURN_DEG)
        min_move = record.task.get("min_move_m", MIN_MOVE_M)
        for first, second in pairwise(views):
            rotation, distance = rotation_deg(first, second), float(np.linalg.norm(first.eye - second.eye))
            if rotation < min_turn - EDGE and distance < min_move - EDGE:
                found = f"{rotation:.1f} deg and {distance:.2f} m apart"
                yield disagree("images", found, f"{min_turn:g} deg or {min_move:g} m")

    def solve(self) -> None:
        self.second = self.view(1).name

    def check_bare(self, text: str) -> list[Check]:
        if not re.fullmatch(r"\[\d+, \d+, \d+, \d+\]", text):
            raise UnreadableError(f"a bare box in {text!r}")
        return self.check_sentence(text)

    def check_sentence(self, text: str) -> list[Check]:
        stated = boxes(text)
        if len(stated) != 1:
            raise UnreadableError(f"one box in {text!r}")
        return [compare_box("box in the second image", stated[0], self.truth, self.second, self.marks["red"].instance)]
