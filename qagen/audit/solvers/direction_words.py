"""Direction words: which two things a text relates, what it says of them, and what is true."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import EPSILON, Check, Verdict, doubt, refuse, verdict

STATE_M, EMPTY_M = 0.30, 0.15
STATE_DEG, EMPTY_DEG = 5.0, 10.0
STATE_SHARE = 0.15
PAIRS = {
    "left/right": ("right", "left"),
    "above/below": ("above", "below"),
    "closer/farther": ("farther", "closer"),
    "front/behind": ("front", "behind"),
}
"""Slot to its words for a positive and a negative value."""
_REFERENCE = (
    r"look from the @(\w+)",
    r"starting at the @(\w+)",
    r"take the @(\w+) as the point of comparison",
    r"(?:with (?:that of )?|with the center of )the @(\w+) as the reference",
    r"from the @(\w+) to the @\w+",
    r"compared with (?:the center of |that of )?the @(\w+)",
    r"relative to (?:the center of |that of )?the @(\w+)",
)
_FACED = (
    r"centers of the @(?P<a>\w+) and the @(?P<b>\w+) (?:are both|both lie) (?P<x>in front of|behind) the observer",
    r"center of the @(?P<a>\w+) (?:is|lies) (?P<x>in front of|behind) the observer while that of the @(?P<b>\w+) "
    r"(?:is|lies) (?P<y>in front|behind)",
    r"(?P<x>in front of|behind) the observer are the centers of both the @(?P<a>\w+) and the @(?P<b>\w+)",
    r"(?P<x>in front of|behind) the observer is the center of the @(?P<a>\w+), and (?P<y>in front of|behind) the "
    r"observer is that of the @(?P<b>\w+)",
    r"(?P<x>in front of|behind) the observer is the center of the @(?P<a>\w+)",
    r"center of the @(?P<a>\w+) (?:is|lies) (?P<x>in front of|behind) the observer",
)
_WORD = re.compile(r"\b(left|right|above|below|closer|farther|front|behind)\b")


def subject_and_reference(text: str, among: Sequence[str]) -> tuple[str, str] | None:
    """Which of two tokens is told relative to which, or None where the text does not name both."""
    named = [token for token in dict.fromkeys(re.findall(r"@(\w+)", text)) if token in among]
    if len(named) != 2:
        return None
    for pattern in _REFERENCE:
        for found in re.findall(pattern, text, re.IGNORECASE):
            if found in named:
                return next(token for token in named if token != found), found
    return named[0], named[1]


def facing_words(text: str) -> tuple[dict[str, str], str]:
    """What is said of tokens being in front or behind, and the rest of the text."""
    text, said = text.replace("In front", "in front").replace("Behind", "behind"), {}
    for pattern in _FACED:
        match = re.search(pattern, text)
        if match:
            parts = match.groupdict()
            said[parts["a"]] = _short(parts["x"])
            if parts.get("b"):
                said[parts["b"]] = _short(parts.get("y") or parts["x"])
            text = text[: match.start()] + text[match.end() :]
    return said, text


def _short(words: str) -> str:
    return "behind" if words == "behind" else "front"


def words_in(text: str) -> list[str]:
    """Direction words, in order."""
    return _WORD.findall(text)


def slots_of(words: Sequence[str], names: Sequence[str]) -> list[str] | None:
    """Words sorted into slots, "" where there is none; None when two words claim one slot or none takes a word."""
    slots = [[word for word in words if word in PAIRS[name]] for name in names]
    if any(len(found) > 1 for found in slots) or sum(map(len, slots)) != len(words):
        return None
    return [found[0] if found else "" for found in slots]


@dataclass(frozen=True, slots=True)
class Seen:
    """Where an observer has a thing."""

    right: float
    """Metres to the right."""
    up: float
    """Metres higher, along the world's vertical."""
    ahead: float
    """Metres ahead."""
    bearing: float
    """Degrees to the right of the plane in which the observer looks."""
    away: float
    """Metres, straight."""


def seen_through(T_cw: NDArray, eye: NDArray, point: NDArray) -> Seen:
    """By somebody who looks through a camera; the bearing is on the camera's own horizon."""
    x, _, z = T_cw[:3, :3] @ point + T_cw[:3, 3]
    bearing = np.degrees(np.arctan2(x, abs(z)))
    return Seen(float(x), float(point[2] - eye[2]), float(z), float(bearing), float(np.linalg.norm(point - eye)))


def seen_standing(place: NDArray, faced: NDArray, point: NDArray) -> Seen:
    """By somebody upright at ``place`` who is turned to ``faced``; the bearing is from the plane of view."""
    ahead = np.array([*(faced - place)[:2], 0.0]) / np.linalg.norm((faced - place)[:2])
    right = np.array([ahead[1], -ahead[0], 0.0])
    way = point - place
    off, up, on = float(way @ right), float(way[2]), float(way @ ahead)
    bearing = float(np.degrees(np.arcsin(np.clip(off / max(np.linalg.norm(way), 1e-12), -1, 1))))
    return Seen(off, up, on, bearing, float(np.linalg.norm(way)))


@dataclass(frozen=True, slots=True)
class ExpectedSlot:
    """What is true of one direction."""

    name: str
    """A key of PAIRS."""
    value: float
    """Metres, positive for the first word."""
    needed: float = STATE_M
    """The word is stated from this size on."""
    bearing: float | None = None
    """Degrees to the right, for left/right."""

    def check(self, stated: str, of: str = "") -> Check:
        """Whether ``stated`` is what this slot must say."""
        what = f"{self.name}{of}"
        told = f"{self.value:+.3f} m" + ("" if self.bearing is None else f" at {self.bearing:+.1f} deg")
        edges = [abs(abs(self.value) - edge) for edge in (self.needed, EMPTY_M)]
        if self.bearing is not None:
            edges += [abs(abs(self.bearing) - edge) for edge in (STATE_DEG, EMPTY_DEG)]
        word = self.word
        if min(edges) < EPSILON and word != stated:
            return doubt(what, stated or "(nothing)", told)
        if word is None:
            return _with_holds(refuse(what, stated or "(nothing)", f"{told}, neither clear nor level"), self, stated)
        found = f"{word or '(nothing)'}, {told}"
        return _with_holds(Check(what, stated or "(nothing)", found, verdict(word == stated)), self, stated)

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


def _with_holds(check: Check, slot: ExpectedSlot, stated: str) -> Check:
    return Check(check.what, check.stated, check.found, check.verdict, holds=slot.allows(stated))


def place_slots(seen: Seen) -> list[ExpectedSlot]:
    """Of one thing for an observer: left/right, above/below, front/behind."""
    return [
        ExpectedSlot("left/right", seen.right, bearing=seen.bearing),
        ExpectedSlot("above/below", seen.up),
        ExpectedSlot("front/behind", seen.ahead),
    ]


def pair_slots(first: Seen, second: Seen) -> list[ExpectedSlot]:
    """Of the first thing relative to the second: left/right, above/below, closer/farther."""
    needed = max(STATE_M, STATE_SHARE * max(first.away, second.away))
    return [
        ExpectedSlot("left/right", first.right - second.right, bearing=first.bearing - second.bearing),
        ExpectedSlot("above/below", first.up - second.up),
        ExpectedSlot("closer/farther", first.away - second.away, needed),
    ]


def check_slots(
    slots: Sequence[ExpectedSlot], stated: Sequence[str] | None, of: Sequence[str] | None = None
) -> list[Check]:
    """Each slot against its word."""
    if stated is None or len(stated) != len(slots):
        return [Check("directions", str(stated), f"{len(slots)} slots", Verdict.DISAGREE, holds=False)]
    names = of or [""] * len(slots)
    return [slot.check(word, name) for slot, word, name in zip(slots, stated, names, strict=True)]
