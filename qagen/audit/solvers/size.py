"""Which of two objects is larger in a side."""

import re
from collections.abc import Mapping

from qagen.audit.checks import EPSILON, Check, Verdict, verdict_of
from qagen.audit.solvers.base import Solver, UnreadableError
from qagen.audit.solvers.foreshortening import check_seen_across, length_of

GAP_SHARE, GAP_M = 0.15, 0.10
"""Least difference of two sides: a share of the larger one, and meters."""
MAX_RATIO = 2.5
"""Largest ratio of two sides that are compared."""
_SIDES = {"taller": ("height",), "wider": ("width",), "longer": ("longest",), "narrower": ("width",)}
_SIDES |= {"shorter": ("height", "longest"), "greater height": ("height",), "greater width": ("width",)}
_SIDES |= {"greater longest": ("longest",)}
"""What a word compares."""
_SMALLER = ("shorter", "narrower")
_COMPARED = re.compile(rf"\b({'|'.join(_SIDES)})\b")
ENDS: Mapping[str, tuple[str, ...]] = {
    "height": ("lower", "upper"),
    "width": ("low first", "high first", "low second", "high second"),
    "longest": ("low first", "high first", "low second", "high second", "lower", "upper"),
}
"""Sides of a box that must have been observed for each comparison, as Belief names them."""


class SizeSolver(Solver):
    """The height, the longer horizontal side, or the longest side of two boxes."""

    family = "size"
    needs = ("red", "blue")

    def solve(self) -> None:
        self.side = _asked_side(self.record.question)
        self.compared: dict[str, float] = {}
        for token in self.needs:
            self.compared[token] = length_of(self.truth.instances[self.marks[token].instance].box, self.side)
        self.larger = max(self.needs, key=lambda token: self.compared[token])
        self.measured = {f"{token}_m": length for token, length in self.compared.items()}

    def check_question(self) -> list[Check]:
        return [check for token in self.needs for check in check_seen_across(self, token, self.side)]

    def check_belief(self) -> list[Check]:
        return [
            check
            for token in self.needs
            for check in self.truth.belief.check_size(self.marks[token].instance, ENDS[self.side])
        ]

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"@(\w+)", text)
        if match is None:
            raise UnreadableError(f"one object in {text!r}")
        return [self._check_larger(match[1], True)]

    def check_sentence(self, text: str) -> list[Check]:
        word = _COMPARED.search(text)
        if word is None or self.side not in _SIDES[word[1]]:
            raise UnreadableError("the side that the question asks for")
        before, after = (re.findall(r"@(\w+)", part) for part in (text[: word.start()], text[word.end() :]))
        winner = after if word[1] in _SMALLER or not before else before
        if not winner:
            raise UnreadableError("the larger object")
        return [self._check_larger(winner[-1], True)]

    def check_claim(self, is_yes: bool) -> list[Check]:
        claimed = self.record.tokens
        if len(claimed) != 2:
            raise UnreadableError("two objects in the claim")
        return [self._check_larger(claimed[0], is_yes)]

    def _check_larger(self, token: str, is_larger: bool) -> Check:
        shorter, longer = sorted(self.compared.values())
        found = ", ".join(f"{name} {length:.3f} m" for name, length in self.compared.items())
        holds = (token == self.larger) == is_larger
        lead = longer - shorter - max(GAP_SHARE * longer, GAP_M)
        what, stated = f"larger {self.side}", token if is_larger else f"not {token}"
        if lead < -EPSILON or longer > MAX_RATIO * shorter + EPSILON:
            return Check(what, stated, f"{found}: too close or too different", Verdict.DISAGREE, holds=holds)
        return Check(what, stated, found, verdict_of(holds), holds=holds)


def _asked_side(text: str) -> str:
    """The side that a text compares. Raises UnreadableError where it compares none or several."""
    found = {side for word in _COMPARED.findall(re.sub(r"\([^()]*\)", "", text)) for side in _SIDES[word]}
    if len(found) != 1:
        raise UnreadableError("taller, wider or longer")
    return found.pop()
