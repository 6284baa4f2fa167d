"""Depth of an object, or the difference of two depths."""

from collections.abc import Iterator, Mapping, Sequence

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, check_number, disagree
from qagen.audit.resolve_marks import ResolvedMark
from qagen.audit.scene import AuditView
from qagen.audit.solvers.base import NumberSolver, UnreadableError


class DepthSolver(NumberSolver):
    """z of a box center in the image that carries its mark, or the difference of two."""

    family = "depth"
    needs = ("red", "blue")

    @classmethod
    def check_eligibility(
        cls, record: AuditRecord, marks: Mapping[str, ResolvedMark], views: Sequence[AuditView]
    ) -> Iterator[Check]:
        if len(record.images) > 1 and len({mark.image for mark in marks.values()}) == 1:
            yield disagree("marked images", "all in one image", "at least two")

    def solve(self) -> None:
        self.z = {t: float(self.view(mark.image).to_camera(self.center(t))[2]) for t, mark in self.marks.items()}
        self.measured = {f"{token}_depth_m": z for token, z in self.z.items()}
        self.what, self.value = "depth of blue", self.z["blue"]
        if "green" in self.record.tokens:
            self.require(["green"])
            self.what, self.value = "difference of depths", abs(self.z["green"] - self.z["blue"])

    def check_question(self) -> list[Check]:
        revealed = self.lengths(self.record.question)
        if len(revealed) != 1:
            raise UnreadableError("one given depth in the question")
        return [check_number("given depth", revealed[0], self.z["red"], self.step)]

    def check_sentence(self, text: str) -> list[Check]:
        if "@red" not in text:
            return super().check_sentence(text)
        stated = self.lengths(text)
        if len(stated) != 2:
            raise UnreadableError(f"two lengths in {text!r}")
        if text.index("@red") > text.index("@blue"):
            stated.reverse()
        return [check_number("given depth", stated[0], self.z["red"], self.step), self.check_value(stated[1])]
