"""The same object in another image."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, check_equal, disagree, verdict_of
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


class MatchingCandidatesSolver(MatchingSolver):
    """Which of the boxes of the second image is around the marked object."""

    family = "candidates"

    def solve(self) -> None:
        self.candidates = {token: mark.instance for token, mark in self.marks.items() if token != "red"}
        self.require(self.record.tokens)

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"@(\w+)", text)
        if match is None or match[1] not in self.candidates:
            raise UnreadableError(f"one box of the second image in {text!r}")
        instance, red = self.candidates[match[1]], self.marks["red"].instance
        found = f"{self.truth.instances[instance].label} (id {self.truth.instances[instance].id})"
        return [Check("match", match[1], found, verdict_of(instance == red))]

    def check_sentence(self, text: str) -> list[Check]:
        named = re.findall(r"@(\w+)", text)
        if len(named) != 1:
            raise UnreadableError(f"one box in {text!r}")
        return self.check_bare(f"@{named[0]}")

    def check_question(self) -> list[Check]:
        """The boxes are all in the second image, and the question names them all."""
        images = {self.marks[token].image for token in self.candidates}
        named = [token for token in self.record.tokens if token != "red"]
        checks = [
            check_equal("images of the boxes", images, {1}),
            check_equal("boxes named", sorted(named), sorted(self.candidates)),
        ]
        return [*checks, check_equal("image of red", self.marks["red"].image, 0)]
