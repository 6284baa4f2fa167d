"""Direction words: which two objects a text relates, what it states of them, and what is true."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import EPSILON, Check, Verdict, check_equal, disagree, undecided, verdict_of
from qagen.audit.scene import AuditView
from qagen.audit.solvers.base import Solver, UnreadableError

STATE_M, EMPTY_M = 0.30, 0.15
"""A direction is stated from the first value on, and left out up to the second; between them nothing is asked."""
STATE_DEG, EMPTY_DEG = 5.0, 10.0
"""The same for the bearing of left and right."""
STATE_SHARE = 0.15
"""Closer and farther are also stated only from this share of the larger distance on."""
PAIRS = {
    "left/right": ("right", "left"),
    "above/below": ("above", "below"),
    "closer/farther": ("farther", "closer"),
    "front/behind": ("front", "behind"),
}
"""Slot to its words for a positive and a negative value."""
SINGLE_SLOTS = ("left/right", "above/below", "front/behind")
"""Slots for one object relative to an observer."""
PAIR_SLOTS = ("left/right", "above/below", "closer/farther")
"""Slots for one object relative to another."""
_REFERENCE = (
    r"compared with (?:the center of |that of )?the @(\w+)",
    r"relative to (?:the (?:3D )?center of |that of )?the @(\w+)",
)
_FACING = (
    r"the @(?P<a>\w+) and the @(?P<b>\w+) are both (?P<x>in front of|behind) the observer",
    r"the @(?P<a>\w+) (?:is|are) (?P<x>in front of|behind) the observer and the @(?P<b>\w+) (?:is|are) "
    r"(?P<y>in front|behind)",
    r"the @(?P<a>\w+) (?:is|are) (?P<x>in front of|behind) the observer",
)
_BOTH_FACING = re.compile(r"\bboth are (in front of|behind) the observer")
_WORD = re.compile(r"\b(left|right|above|below|closer|farther|front|behind)\b")


# --- what a text states -----------------------------------------------------------------------------------------------


def subject_and_reference(text: str, among: Sequence[str]) -> tuple[str, str] | None:
    """Which of two tokens is described relative to which, None where the text does not name both."""
    named = [token for token in dict.fromkeys(re.findall(r"@(\w+)", text)) if token in among]
    if len(named) != 2:
        return None
    for pattern in _REFERENCE:
        for found in re.findall(pattern, text, re.IGNORECASE):
            if found in named:
                return next(token for token in named if token != found), found
    return named[0], named[1]


def facing_words(text: str, tokens: Sequence[str]) -> tuple[dict[str, str], str]:
    """By token, whether a text puts it in front of the observer or behind, and the rest of the text."""
    stated = {}
    for pattern in _FACING:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            found = match.groupdict()
            stated[found["a"]] = found["x"]
            if found.get("b"):
                stated[found["b"]] = found.get("y") or found["x"]
            text = text[: match.start()] + text[match.end() :]
    both = _BOTH_FACING.search(text)
    if both:
        stated |= dict.fromkeys(tokens, both[1])
        text = text[: both.start()] + text[both.end() :]
    return {token: "behind" if words == "behind" else "front" for token, words in stated.items()}, text


def words_in(text: str) -> list[str]:
    """Direction words, in order."""
    return _WORD.findall(text)


def slots_of(words: Sequence[str], names: Sequence[str]) -> list[str] | None:
    """Words sorted into slots, "" where there is none; None when two words claim one slot or none takes a word."""
    slots = [[word for word in words if word in PAIRS[name]] for name in names]
    if any(len(found) > 1 for found in slots) or sum(map(len, slots)) != len(words):
        return None
    return [found[0] if found else "" for found in slots]


# --- what is true -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObservedPosition:
    """Where a point is for an observer."""

    right_m: float
    """Meters to the right."""
    up_m: float
    """Meters higher, along the world's vertical."""
    ahead_m: float
    """Meters ahead."""
    bearing_deg: float
    """Degrees to the right of the plane in which the observer looks."""
    distance_m: float
    """Meters, straight."""


def observed_by_camera(view: AuditView, point: NDArray) -> ObservedPosition:
    """A world point for the observer behind a camera; the bearing is on the camera's own horizon."""
    x, _, z = view.to_camera(point)
    bearing = np.degrees(np.arctan2(x, abs(z)))
    distance = np.linalg.norm(point - view.eye)
    return ObservedPosition(float(x), float(point[2] - view.eye[2]), float(z), float(bearing), float(distance))


def observed_standing(position: NDArray, faced: NDArray, point: NDArray) -> ObservedPosition:
    """A world point for an upright observer who faces another; the bearing is from the plane of view."""
    ahead = np.array([*(faced - position)[:2], 0.0]) / np.linalg.norm((faced - position)[:2])
    right = np.array([ahead[1], -ahead[0], 0.0])
    offset = point - position
    distance, right_m = float(np.linalg.norm(offset)), float(offset @ right)
    bearing = float(np.degrees(np.arcsin(np.clip(right_m / max(distance, 1e-12), -1, 1))))
    return ObservedPosition(right_m, float(offset[2]), float(offset @ ahead), bearing, distance)


@dataclass(frozen=True, slots=True)
class ExpectedSlot:
    """What is true of one direction."""

    name: str
    """A key of PAIRS."""
    value: float
    """Meters, positive for the first word."""
    needed: float = STATE_M
    """The word is stated from this size on."""
    bearing: float | None = None
    """Degrees to the right, for left/right."""

    @property
    def word(self) -> str | None:
        """The word that is sure, "" when it is sure that none is, None between."""
        is_aside = self.bearing is None or self.bearing * np.sign(self.value) >= STATE_DEG
        if abs(self.value) >= self.needed and is_aside:
            return PAIRS[self.name][self.value < 0]
        is_level = self.bearing is None or abs(self.bearing) <= EMPTY_DEG
        return "" if abs(self.value) <= EMPTY_M and is_level else None

    def allows(self, stated: str) -> bool:
        """Whether the word is not untrue, sure or not."""
        if not stated:
            return self.word in ("", None)
        return PAIRS[self.name][self.value < 0] == stated

    def check(self, stated: str, suffix: str = "") -> Check:
        """Check that ``stated`` is the word that this slot must state."""
        what, spelt, word = f"{self.name}{suffix}", stated or "(nothing)", self.word
        found = f"{self.value:+.3f} m" + ("" if self.bearing is None else f" at {self.bearing:+.1f} deg")
        edges = [abs(abs(self.value) - edge) for edge in (self.needed, EMPTY_M)]
        if self.bearing is not None:
            edges += [abs(abs(self.bearing) - edge) for edge in (STATE_DEG, EMPTY_DEG)]
        if min(edges) < EPSILON and word != stated:
            return undecided(what, spelt, found)
        if word is None:
            return replace(disagree(what, spelt, f"{found}, neither clear nor level"), holds=self.allows(stated))
        found = f"{word or '(nothing)'}, {found}"
        return Check(what, spelt, found, verdict_of(word == stated), holds=self.allows(stated))


def check_slots(slots: Sequence[ExpectedSlot], stated: Sequence[str] | None) -> list[Check]:
    """Check each slot against its word."""
    if stated is None or len(stated) != len(slots):
        return [Check("directions", str(stated), f"{len(slots)} slots", Verdict.DISAGREE, holds=False)]
    return [slot.check(word) for slot, word in zip(slots, stated, strict=True)]


# --- solving ----------------------------------------------------------------------------------------------------------


class DirectionSolver(Solver):
    """A solver whose answer is a tuple of directions."""

    slots: list[ExpectedSlot]
    """What is true of each direction."""
    tokens: list[str]
    """The object, or the two objects, that the directions are about."""

    def check_bare(self, text: str) -> list[Check]:
        """Check a tuple such as ``left, , closer``, with "" for empty slots."""
        words, known = [word.strip() for word in text.split(",")], {"", *sum(PAIRS.values(), ())}
        if len(words) != len(self.slots) or not known.issuperset(words):
            raise UnreadableError(f"{len(self.slots)} directions in {text!r}")
        return check_slots(self.slots, words)

    def check_sentence(self, text: str) -> list[Check]:
        return self.check_stated(self.record.named_again(text), self.slots)

    def check_stated(self, text: str, slots: Sequence[ExpectedSlot]) -> list[Check]:
        """Check the words of a sentence; slots after the first three are front/behind of each token in turn."""
        if len(self.tokens) == 1:
            return check_slots(slots, slots_of(words_in(text), SINGLE_SLOTS))
        facing, rest = facing_words(text, self.tokens) if len(slots) > 3 else ({}, text)
        words = words_in(rest)
        checks = check_slots(slots[:3], slots_of(words, PAIR_SLOTS))
        if words:
            related = subject_and_reference(rest, self.tokens)
            checks.append(check_equal("who is told relative to whom", related, tuple(self.tokens)))
        stray = set(facing) - set(self.tokens)
        if stray:
            checks.append(disagree("in front or behind", sorted(stray), self.tokens))
        return checks + [
            slot.check(facing.get(token, ""), f" of {token}")
            for slot, token in zip(slots[3:], self.tokens, strict=False)
        ]

    def slots_for(self, positions: Sequence[ObservedPosition], with_facing: bool) -> list[ExpectedSlot]:
        """The slots of one object, or of the first of two objects relative to the second."""
        facing = [ExpectedSlot("front/behind", position.ahead_m) for position in positions]
        first = positions[0]
        if len(positions) == 1:
            side = ExpectedSlot("left/right", first.right_m, bearing=first.bearing_deg)
            return [side, ExpectedSlot("above/below", first.up_m), *facing]
        second = positions[1]
        needed = max(STATE_M, STATE_SHARE * max(first.distance_m, second.distance_m))
        bearing = first.bearing_deg - second.bearing_deg
        return [
            ExpectedSlot("left/right", first.right_m - second.right_m, bearing=bearing),
            ExpectedSlot("above/below", first.up_m - second.up_m),
            ExpectedSlot("closer/farther", first.distance_m - second.distance_m, needed),
            *(facing if with_facing else []),
        ]

    def note(self, prefix: str, slots: Sequence[ExpectedSlot]) -> None:
        """Keep the quantities by their names in the evidence."""
        names = {"left/right": "right_m", "above/below": "up_m", "front/behind": "front_m"}
        for slot in slots[:3]:
            if slot.name in names:
                self.measured[prefix + names[slot.name]] = slot.value
            if slot.bearing is not None:
                self.measured[f"{prefix}bearing_deg"] = slot.bearing
