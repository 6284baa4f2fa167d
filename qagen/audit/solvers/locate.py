"""The frames that show an object."""

from qagen.audit.checks import Check, Verdict, disagree, undecided
from qagen.audit.parse import frame_numbers
from qagen.audit.solvers.base import UnreadableError, VideoSolver

FAINT_PIXELS = 60.0
"""Visible pixels of 640 x 480 up to which an object in view may be an artifact."""


class LocateSolver(VideoSolver):
    """Numbers of the frames that show the marked object."""

    family = "locate"
    needs = ("red",)

    def solve(self) -> None:
        self.pixels_by_frame = self.pixels(self.marks["red"].instance)

    def check_sentence(self, text: str) -> list[Check]:
        stated = frame_numbers(text)
        if not stated or stated != sorted(set(stated)) or stated[-1] >= len(self.pixels_by_frame):
            raise UnreadableError(f"frame numbers in {text!r}")
        return [self._check_frame(k, k in stated, pixels) for k, pixels in enumerate(self.pixels_by_frame)]

    def _check_frame(self, number: int, is_stated: bool, pixels: float) -> Check:
        what, stated = f"Frame-{number}", "shown" if is_stated else "not shown"
        found = f"{pixels:.0f} pixels in view"
        if (pixels > 0) == is_stated:
            return Check(what, stated, found, Verdict.AGREE, holds=True)
        is_faint = pixels <= FAINT_PIXELS and not is_stated
        return (undecided if is_faint else disagree)(what, stated, found)
