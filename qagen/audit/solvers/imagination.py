"""Where an object is once the observer has moved to another and faces a third."""

import re

import numpy as np

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Check, Verdict, check_equal, prefixed
from qagen.audit.solvers.base import UnreadableError
from qagen.audit.solvers.directions import (
    DirectionSolver,
    ExpectedSlot,
    observed_by_camera,
    observed_standing,
    subject_and_reference,
)

MIN_AHEAD_M = 0.5
"""Least horizontal distance to the faced object."""
_GOES_TO = r"(?:(?:mov\w*|walk\w*|go|goes) to|leaves for|viewpoint at) (?:the center of )?the @(\w+)"
_FACES = r"(?:fac\w*|turn\w* toward|turn\w* to|look\w* toward|look\w* at|gaze on) (?:the center of )?the @(\w+)"
_BEFORE = (
    "Before the move", "At first", "From the old viewpoint", "At the start", "Initially", "To begin with",
    "Before moving", "Before it", "At the starting place", "From the starting viewpoint", "As long as",
    "Before the observer moves",
)  # fmt: skip
_AFTER = (
    "After the move", "from the new one", "Once the observer", "Having moved", "In the end", "After moving",
    "Afterward", "At the new one", "As soon as", "After the observer",
)  # fmt: skip
_TIMES = re.compile(rf"\b({'|'.join(sorted((*_BEFORE, *_AFTER), key=len, reverse=True))})\b")


class ImaginationSolver(DirectionSolver):
    """Directions for an observer at the center of one object who faces another, and for the camera before the move."""

    family = "imagination"

    def solve(self) -> None:
        self.goal, self.faced, self.tokens = read_move(self.record)
        self.tokens = list(subject_and_reference(self._without_move(self.record.question), self.tokens) or self.tokens)
        self.require(self.record.tokens)
        with_facing = len(self.record.images) > 1
        goal, faced = self.center(self.goal), self.center(self.faced)
        after = [observed_standing(goal, faced, self.center(token)) for token in self.tokens]
        self.slots = self.slots_for(after, with_facing)
        self.slots_before: list[ExpectedSlot] = []
        if not self.record.is_video:
            before = [observed_by_camera(self.view(0), self.center(token)) for token in self.tokens]
            self.slots_before = self.slots_for(before, with_facing)
            self.note("before_", self.slots_before)
        self.note("after_", self.slots)
        self.measured["ahead_m"] = float(np.linalg.norm((faced - goal)[:2]))

    def check_question(self) -> list[Check]:
        ahead = self.measured["ahead_m"]
        if ahead < MIN_AHEAD_M - 1e-4:
            what = "horizontal way to the faced object"
            return [Check(what, f"at least {MIN_AHEAD_M} m", f"{ahead:.3f} m", Verdict.DISAGREE)]
        return []

    def check_sentence(self, text: str) -> list[Check]:
        text, before, after = self.record.named_again(text), "", ""
        pieces = _TIMES.split(text)
        if len(pieces) == 1:  # "An observer who faces ... finds ..."
            after = text
        for when, words in zip(pieces[1::2], pieces[2::2], strict=True):
            if when in _BEFORE:
                before += f" {when} {words}"
            else:
                after += f" {when} {words}"
        checks = [check_equal("faced object", token, self.faced) for token in re.findall(_FACES, text)]
        checks += [check_equal("goal", token, self.goal) for token in re.findall(_GOES_TO, text)]
        if self.slots_before:
            checks += prefixed("before: ", self.check_stated(self._without_move(before), self.slots_before))
        elif before:
            raise UnreadableError("only what holds after the move")
        return checks + self.check_stated(self._without_move(after), self.slots)

    def _without_move(self, text: str) -> str:
        """The text without the move and its objects, which relate nothing."""
        text = re.sub(_FACES, "", re.sub(_GOES_TO, "", text))
        return text.replace(f"@{self.goal}", "").replace(f"@{self.faced}", "")


def read_move(record: AuditRecord) -> tuple[str, str, list[str]]:
    """Where the observer goes, what is faced, and the one or two objects asked about. Raises UnreadableError."""
    goes, faces = (re.findall(pattern, record.question) for pattern in (_GOES_TO, _FACES))
    if not goes or not faces:
        raise UnreadableError("where the observer goes and what is faced")
    asked = [token for token in record.tokens if token not in (goes[0], faces[0])]
    if not 1 <= len(asked) <= 2:
        raise UnreadableError("one or two objects besides those of the move")
    return goes[0], faces[0], asked
