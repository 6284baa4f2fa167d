"""The frames that show an object."""

import re

from qagen.audit.checks import Check, Verdict, disagree, undecided
from qagen.audit.parse import frame_numbers
from qagen.audit.solvers.base import Sight, UnreadableError, VideoSolver


class LocateSolver(VideoSolver):
    """Numbers of the frames in which the marked object is seen; in the others there is nothing of it."""

    family = "locate"
    needs = ("red",)

    def solve(self) -> None:
        self.sight_by_frame = self.sights(self.marks["red"].instance)

    def check_bare(self, text: str) -> list[Check]:
        if not re.fullmatch(r"\d+(, \d+)*", text):
            raise UnreadableError(f"bare frame numbers in {text!r}")
        return self._check_listed([int(number) for number in text.split(", ")])

    def check_sentence(self, text: str) -> list[Check]:
        return self._check_listed(frame_numbers(text))

    def _check_listed(self, stated: list[int]) -> list[Check]:
        if not stated or stated != sorted(set(stated)) or stated[-1] >= len(self.sight_by_frame):
            raise UnreadableError(f"ascending frame numbers in {stated}")
        return [self._check_frame(k, k in stated, sight) for k, sight in enumerate(self.sight_by_frame)]

    def _check_frame(self, number: int, is_stated: bool, sight: Sight) -> Check:
        what, stated, found = f"Frame-{number}", "seen" if is_stated else "not seen", sight.name.lower()
        if sight is (Sight.SEEN if is_stated else Sight.ABSENT):
            return Check(what, stated, found, Verdict.AGREE, holds=True)
        is_near = sight is (Sight.NEARLY if is_stated else Sight.FAINT)
        return (undecided if is_near else disagree)(what, stated, found)
