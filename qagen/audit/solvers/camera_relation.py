"""Where the second camera is, and which way it is turned, for the first."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import EPSILON, Check, Verdict, undecided
from qagen.audit.resolve_marks import ResolvedMark
from qagen.audit.scene import AuditView, wrap_deg
from qagen.audit.solvers.base import Solver, UnreadableError
from qagen.audit.solvers.camera_direction import (
    AROUND,
    MIN_INSIDE_DEG,
    away_m,
    check_distance,
    check_sector,
    check_upright,
    left_deg,
    limit,
)

MIN_AWAY_M, MIN_SIDE_M, MIN_SIDE_DEG, MIN_HEIGHT_M, MIN_TURN_DEG, HALF_TURN_DEG = 0.5, 0.3, 20.0, 0.2, 15.0, 165.0
"""Least differences, unless the type has its own, and the largest turn that has a sense."""
MIN_HEIGHT_SHARE = 0.1
"""Least difference in height as a share of the horizontal distance, unless the type has its own."""
_EIGHT = re.compile(rf"\b({'|'.join(sorted(AROUND, key=len, reverse=True))})\b(?!-)")
_WORDS = {
    "height": re.compile(r"\b(higher|lower)\b"),
    "turn": re.compile(r"\bturned (left|right)\b"),
    "side": re.compile(r"(?<!turned )\b(left|right)\b"),
}


class CameraRelationSolver(Solver):
    """Angle, height and heading of the second camera for the first, held level."""

    family = "camera_relation"

    @classmethod
    def check_eligibility(
        cls, record: AuditRecord, marks: Mapping[str, ResolvedMark], views: Sequence[AuditView]
    ) -> Iterator[Check]:
        for view in views:
            yield from check_upright(view, record.task)

    def solve(self) -> None:
        first, second = self.view(0), self.view(1)
        self.left_deg = left_deg(first, second.eye)
        self.away_m = away_m(first, second.eye)
        self.right_m = float(self.away_m * np.sin(np.radians(-self.left_deg)))
        self.up_m = float(second.eye[2] - first.eye[2])
        self.turned_deg = wrap_deg(second.heading_deg - first.heading_deg)
        self.asks = str(self.record.task.get("asks"))
        """What is asked: place, height, turn, or a pair."""
        self.parts = [self.asks]
        if self.asks == "pair":
            text = self.record.question
            found = {"height": "higher or lower" in text, "turn": "turned left or right" in text}
            found["side"] = re.search(r"(?<!turned )\bleft or right\b", text) is not None
            self.parts = [name for name in ("side", "height", "turn") if found[name]]
            if len(self.parts) != 2:
                raise UnreadableError("two things that are asked together")
        self.measured = {"away_m": self.away_m, "right_m": self.right_m, "up_m": self.up_m, "left_deg": self.turned_deg}
        self.measured["bearing_deg"] = -self.left_deg

    def check_question(self) -> list[Check]:
        if self.truth.original is not None or not {"place", "side"} & set(self.parts):
            return []
        least = limit(self.record.task, "min_away_m", MIN_AWAY_M)
        return check_distance("way to the second camera", self.away_m, least)

    def check_bare(self, text: str) -> list[Check]:
        return self.check_sentence(text)

    def check_sentence(self, text: str) -> list[Check]:
        if self.parts == ["place"]:
            stated = _EIGHT.findall(text)
            if len(stated) != 1:
                raise UnreadableError("one of eight directions, once")
            least = limit(self.record.task, "min_inside_deg", MIN_INSIDE_DEG)
            return [check_sector("place", stated[0], self.left_deg, least)]
        stated = {name: pattern.findall(text) for name, pattern in _WORDS.items()}
        if any(len(words) != (name in self.parts) for name, words in stated.items()):
            raise UnreadableError(f"one word each for {' and '.join(self.parts)} in {text!r}")
        return [self._check(name, stated[name][0]) for name in self.parts]

    def _check(self, name: str, word: str) -> Check:
        """Check a word against the sign of what it tells, which must be clear."""
        task = self.record.task
        if name == "height":
            share = limit(task, "min_height_share", MIN_HEIGHT_SHARE)
            least = max(limit(task, "min_height_m", MIN_HEIGHT_M), share * self.away_m)
            return _check_sign(name, word, "higher", self.up_m, [abs(self.up_m) - least])
        if name == "turn":
            size = abs(self.turned_deg)
            margins = [size - limit(task, "min_turn_deg", MIN_TURN_DEG), HALF_TURN_DEG - size]
            return _check_sign(name, word, "left", self.turned_deg, margins)
        aside = min(abs(self.left_deg), 180 - abs(self.left_deg)) - limit(task, "min_side_deg", MIN_SIDE_DEG)
        margins = [abs(self.right_m) - limit(task, "min_side_m", MIN_SIDE_M), aside]
        return _check_sign(name, word, "right", self.right_m, margins)


def _check_sign(what: str, word: str, positive: str, value: float, margins: Sequence[float]) -> Check:
    """Check a word that is ``positive`` for values above 0; negative margins mean that it is not clear."""
    holds, found = (value > 0) == (word == positive), f"{value:+.3f}"
    if not holds:
        return Check(what, word, found, Verdict.DISAGREE, holds=False)
    if abs(min(margins)) < EPSILON:
        return undecided(what, word, found)
    return Check(what, word, found, Verdict.AGREE if min(margins) > 0 else Verdict.DISAGREE, holds=True)
