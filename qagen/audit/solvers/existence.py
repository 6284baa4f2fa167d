"""Whether an object of a name is shown on one side of the observer, or of a marked object."""

import re

from qagen.audit.checks import EPSILON, Check, disagree, undecided, verdict_of
from qagen.audit.solvers.base import Sight, UnreadableError, VideoSolver
from qagen.audit.solvers.directions import (
    PAIRS,
    SINGLE_SLOTS,
    STATE_M,
    STATE_SHARE,
    ExpectedSlot,
    ObservedPosition,
    observed_by_camera,
    words_in,
)

_NAMED = r"\ban? ({names})\b"
_OBSERVER = re.compile(r"\bcamera of Frame-(\d+)")
DECIDED = (Sight.ABSENT, Sight.SEEN)


class ExistenceSolver(VideoSolver):
    """Every instance of the name in the question: what the images show of it, and on which side it is."""

    family = "existence"

    def solve(self) -> None:
        self.label, self.direction = self._asked()
        numbers = _OBSERVER.findall(self.record.question)
        observer = self.view(int(numbers[0]) if numbers else 0)
        if self.record.task.get("asks") == "oo":
            self.require(("red",))
        reference = observed_by_camera(observer, self.center("red")) if "red" in self.marks else None
        self.best = {k: max(self.sights(k)) for k in self.named(self.label)}
        self.slots = {
            k: self._slot(observed_by_camera(observer, self.truth.instances[k].box.center), reference)
            for k in self.best
        }

    def _asked(self) -> tuple[str, str]:
        """The name and the direction that the question asks about."""
        names = sorted(map(re.escape, self.truth.scene.vocabulary), key=len, reverse=True)
        named = re.compile(_NAMED.format(names="|".join(names)), re.IGNORECASE)
        for sentence in re.split(r"(?<=[.?]) (?=[A-Z])", self.record.question):
            match = named.search(sentence)
            words = words_in(sentence[: match.start()] + sentence[match.end() :]) if match else []
            if match and len(words) == 1:
                return match[1].lower(), words[0]
        raise UnreadableError("one name with one direction")

    def _slot(self, position: ObservedPosition, reference: ObservedPosition | None) -> ExpectedSlot:
        """The direction that is asked about, of one position."""
        name = next(name for name, words in PAIRS.items() if self.direction in words)
        if reference is None:
            reference = ObservedPosition(0.0, 0.0, 0.0, 0.0, 0.0)
            if name not in SINGLE_SLOTS:
                raise UnreadableError("what the object is closer or farther than")
        bearing = position.bearing_deg - reference.bearing_deg
        needed = max(STATE_M, STATE_SHARE * max(position.distance_m, reference.distance_m))
        return {
            "left/right": ExpectedSlot(name, position.right_m - reference.right_m, bearing=bearing),
            "above/below": ExpectedSlot(name, position.up_m - reference.up_m),
            "front/behind": ExpectedSlot(name, position.ahead_m - reference.ahead_m),
            "closer/farther": ExpectedSlot(name, position.distance_m - reference.distance_m, needed),
        }[name]

    def check_question(self) -> list[Check]:
        return self.check_all_named([self.label])

    def check_belief(self) -> list[Check]:
        """The centers of what is seen decide."""
        if self.truth.original is not None:
            return []
        belief = self.truth.belief
        seen = [k for k, sight in self.best.items() if sight is Sight.SEEN]
        return [check for k in seen for check in (*belief.check_center(k), *belief.check_whole(k))]

    def check_bare(self, text: str) -> list[Check]:
        if text not in ("Yes", "No"):
            raise UnreadableError(f"Yes or No in {text!r}")
        return self.check_claim(text == "Yes")

    def check_sentence(self, text: str) -> list[Check]:
        raise UnreadableError("no sentence from this type")

    def check_claim(self, is_yes: bool) -> list[Check]:
        there = [k for k, slot in self.slots.items() if slot.word == self.direction and self.best[k] is Sight.SEEN]
        may_be = [k for k, slot in self.slots.items() if slot.word in (self.direction, "", None)]
        doubtful = [k for k in may_be if self.best[k] is not Sight.ABSENT and k not in there]
        what, stated = f"{self.label} {self.direction}", "Yes" if is_yes else "No"
        found = ", ".join(
            f"{self.truth.instances[k].id}: {self.best[k].name.lower()}, {self.slots[k].value:+.3f} m"
            for k in self.best
        )
        holds = self._may_be_there(doubtful or there) if is_yes else not there
        if there or not doubtful:
            return [Check(what, stated, found or "none", verdict_of(bool(there) == is_yes), holds=holds)]
        is_near = all(self._is_near(k) for k in doubtful)
        return [(undecided if is_near else disagree)(what, stated, f"{found}: not all decided")]

    def _may_be_there(self, instances: list[int]) -> bool:
        return any(self.best[k] > Sight.ABSENT and self.slots[k].allows(self.direction) for k in instances)

    def _is_near(self, instance: int) -> bool:
        """Whether it takes little to decide about an instance."""
        if self.best[instance] not in DECIDED:
            return self.best[instance] in (Sight.FAINT, Sight.NEARLY)
        slot = self.slots[instance]
        return abs(abs(slot.value) - slot.needed) < EPSILON
