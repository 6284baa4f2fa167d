"""What every solver offers: facts of one record, and whether its answer, in whichever format, tells them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check
from qagen.audit.resolve_marks import ResolvedMarks
from qagen.audit.scene import AuditView
from qagen.audit.truth import SceneTruth


class UnreadableError(Exception):
    """A text does not have the form that its type and format ask for."""


class UnsolvedError(Exception):
    """There is no way to tell whether the record is right."""


class Solver(ABC):
    """Answers one record."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Objects that must have been found."""

    def __init__(self, item: AuditRecord, bound: Mapping[str, ResolvedMarks], truth: SceneTruth) -> None:
        """Raises UnreadableError or UnsolvedError."""
        self.item, self.bound, self.truth = item, bound, truth
        self.measured: dict[str, float] = {}
        """Recomputed quantities, by the names that evidence has for them."""
        self.require(self.needs)
        self.solve()

    def require(self, tokens: Sequence[str]) -> None:
        """Raises UnsolvedError unless all these objects were found."""
        missing = [token for token in tokens if token not in self.bound]
        if missing:
            raise UnsolvedError(f"object of {missing[0]} not found")

    @abstractmethod
    def solve(self) -> None:
        """Read the question and compute its facts. Raises UnreadableError or UnsolvedError."""

    def check_question(self) -> list[Check]:
        """Facts that the question gives away."""
        return []

    @abstractmethod
    def check_bare(self, text: str) -> list[Check]:
        """A fill answer or an option. Raises UnreadableError."""

    @abstractmethod
    def check_sentence(self, text: str) -> list[Check]:
        """An answer in words. Raises UnreadableError."""

    def check_claim(self, is_yes: bool) -> list[Check]:
        """Yes or No to the question's claim. Raises UnreadableError."""
        raise UnreadableError("this type makes no claims")

    def view(self, image: int) -> AuditView:
        """The view of an image of the record. Raises UnsolvedError when the scene has none of that name."""
        found = self.truth.view(self.item.frames[image]) if image < len(self.item.frames) else None
        if found is None:
            raise UnsolvedError(f"image {image} is no frame of the scene")
        return found

    def center(self, token: str) -> NDArray[np.float64]:
        """(3,) of the box of a mentioned object, metres."""
        return self.truth.center(self.bound[token].thing)

    def label(self, token: str) -> str:
        """Name of a mentioned object."""
        return self.truth.things[self.bound[token].thing].label
