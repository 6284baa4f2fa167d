"""Where an object is relative to another, or to the observer."""

import re

from qagen.audit.checks import Check, check_equal, verdict_of
from qagen.audit.solvers.base import UnreadableError
from qagen.audit.solvers.directions import (
    PAIR_SLOTS,
    PAIRS,
    DirectionSolver,
    observed_by_camera,
    subject_and_reference,
    words_in,
)


class RelationSolver(DirectionSolver):
    """One object relative to another, or to the observer, seen from the first image."""

    family = "relation"

    def solve(self) -> None:
        self.tokens = self.record.tokens
        if not 1 <= len(self.tokens) <= 2:
            raise UnreadableError("one or two objects in the question")
        self.tokens = list(subject_and_reference(self.record.question, self.tokens) or self.tokens)
        self.require(self.tokens)
        positions = [observed_by_camera(self.view(0), self.center(token)) for token in self.tokens]
        self.slots = self.slots_for(positions, with_facing=len(self.record.images) > 1)
        self.note("", self.slots)

    def check_question(self) -> list[Check]:
        if self.record.format != "select" or len(self.tokens) == 1:
            return []
        facing_comes_last = len(self.slots) > len(PAIR_SLOTS)
        first = self.record.tokens[0]
        return [check_equal("first of each", first, self.tokens[0])] if facing_comes_last else []

    def check_claim(self, is_yes: bool) -> list[Check]:
        sentences = re.split(r"(?<=[.?]) (?=[A-Z])", self.record.question)
        claims = [words_in(sentence) for sentence in sentences if re.search("@|the first", sentence)]
        claimed = [words[0] for words in claims if len(words) == 1]
        if len(claimed) != 1:
            raise UnreadableError("one claimed direction")
        word = claimed[0]
        slot = next(slot for slot in self.slots if word in PAIRS[slot.name])
        agrees = bool(slot.word) and (slot.word == word) == is_yes
        found = f"{slot.word or 'not sure'}, {slot.value:+.3f} m"
        holds = slot.allows(word) == is_yes
        return [Check(f"claim {word}", "Yes" if is_yes else "No", found, verdict_of(agrees), holds=holds)]
