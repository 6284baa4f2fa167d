"""The order in which kinds of objects come into view."""

import re
from collections.abc import Iterator

from qagen.audit.checks import Check, Verdict, check_equal, disagree, undecided, verdict_of
from qagen.audit.parse import frame_numbers
from qagen.audit.solvers.base import Sight, UnreadableError, VideoSolver


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
        self.best = {label: self._best_by_frame(label) for label in self.labels}
        self.first = {label: self._first_frame(label, Sight.SEEN) for label in self.labels}
        """By label, the first frame in which an instance of it is surely seen."""
        self.nearly = {label: self._first_frame(label, Sight.NEARLY) for label in self.labels}
        """By label, the first frame in which one may be seen."""

    def _best_by_frame(self, label: str) -> list[Sight]:
        """What each frame shows of that instance of a name that it shows best."""
        shown = [self.sights(k) for k in self.named(label)]
        return [max(sights) for sights in zip(*shown, strict=True)]

    def _first_frame(self, label: str, least: Sight) -> int | None:
        return next((k for k, sight in enumerate(self.best[label]) if sight >= least), None)

    def check_question(self) -> list[Check]:
        return self.check_all_named(self.labels)

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
            check = check_equal(f"first frame of {label}", stated, self.first[label])
            is_near = check.verdict is not Verdict.AGREE and stated == self.nearly[label]
            checks.append(undecided(check.what, stated, self.first[label]) if is_near else check)
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
        found = ", ".join(f"{label} {self.first[label]}" for label in order)
        is_right, may_be_right = (_ascend([by[label] for label in order]) for by in (self.first, self.nearly))
        if may_be_right and self.first != self.nearly:
            return [undecided("order", order, found)]
        check = Check("order", str(order), found, verdict_of(is_right), holds=is_right)
        return [check, *(check for label in order for check in self._check_before(label))]

    def _check_before(self, label: str) -> Iterator[Check]:
        """Before the first sighting nothing of that name may be in view; yields failed checks only."""
        best = max(self.best[label][: self.first[label]], default=Sight.ABSENT)
        if best is not Sight.ABSENT:
            make = undecided if best is Sight.FAINT else disagree
            yield make(f"{label} before Frame-{self.first[label]}", "absent", best.name.lower())


def _ascend(frames: list[int | None]) -> bool:
    """Whether all frames are known and each is later than the one before."""
    known = [frame for frame in frames if frame is not None]
    return len(known) == len(frames) and known == sorted(set(known))
