"""The order in which kinds of objects come into view."""

import re

from qagen.audit.checks import Check, Verdict, check_equal, disagree, undecided, verdict_of
from qagen.audit.parse import frame_numbers
from qagen.audit.solvers.base import UnreadableError, VideoSolver

SURE_PIXELS = 200.0
"""Visible pixels of 640 x 480 from which on an instance is surely shown."""


class OrderSolver(VideoSolver):
    """Four names by the first frame that shows an instance of each."""

    family = "order"

    def solve(self) -> None:
        names = sorted((re.escape(name) for name in self.truth.scene.vocabulary), key=len, reverse=True)
        one = rf"({'|'.join(names)})"
        match = re.search(rf"\b{one}, {one}, {one}, and {one}\b", self.record.question, re.IGNORECASE)
        if match is None:
            raise UnreadableError("four names of the scene")
        self.labels = [name.lower() for name in match.groups()]
        self.sure: dict[str, int | None] = {}
        """By label, the first frame that surely shows an instance of it."""
        self.faint: dict[str, int | None] = {}
        """By label, the first frame that shows any pixel of one."""
        for label in self.labels:
            best = [max((view.pixels(k) for k in self.named(label)), default=0.0) for view in self.rendered]
            self.sure[label] = next((k for k, pixels in enumerate(best) if pixels >= SURE_PIXELS), None)
            self.faint[label] = next((k for k, pixels in enumerate(best) if pixels > 0), None)

    def check_bare(self, text: str) -> list[Check]:
        names = text.split(", ")
        return self._check_order(names) if len(names) == len(self.labels) else self.check_sentence(text)

    def check_sentence(self, text: str) -> list[Check]:
        positions = {label: self._position_in(label, text) for label in self.labels}
        if min(positions.values()) < 0:
            raise UnreadableError(f"all four names in {text!r}")
        order = sorted(self.labels, key=lambda label: positions[label])
        checks = self._check_order(order)
        for label, stated in zip(order, frame_numbers(text), strict=False):
            sure, faint = self.sure[label], self.faint[label]
            check = check_equal(f"first frame of {label}", stated, sure)
            if check.verdict is not Verdict.AGREE and faint is not None and faint <= stated <= (sure or stated):
                check = undecided(check.what, stated, f"{faint} to {sure}")
            checks.append(check)
        return checks

    def _position_in(self, label: str, text: str) -> int:
        """Where a name stands on its own, not as part of a longer one of the four; -1 for nowhere."""
        text = text.lower()
        for other in self.labels:
            if label in other and other != label:
                text = text.replace(other, "#" * len(other))
        match = re.search(rf"\b{re.escape(label)}\b", text)
        return match.start() if match else -1

    def _check_order(self, names: list[str]) -> list[Check]:
        order = [name.lower() for name in names]
        if set(order) != set(self.labels):
            return [disagree("names", order, self.labels)]
        found = ", ".join(f"{label} {self.sure[label]}" for label in order)
        sure = [frame for label in order if (frame := self.sure[label]) is not None]
        faint = [frame for label in order if (frame := self.faint[label]) is not None]
        if len(sure) < len(order):
            return [undecided("order", order, found)]
        is_right = sure == sorted(sure) and len(set(sure)) == len(sure)
        if is_right and sure != faint and faint != sorted(faint):
            return [undecided("order", order, f"{found}; anything of them {faint}")]
        return [Check("order", str(order), found, verdict_of(is_right), holds=is_right)]
