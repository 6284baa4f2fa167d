"""On which side an object lies for an observer who stands at a second one, facing a third or away from it."""

import re

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import EPSILON, Check, Verdict, check_equal, disagree
from qagen.audit.scene import UprightBox
from qagen.audit.solvers.base import Solver, UnreadableError
from qagen.audit.solvers.camera_direction import SHARE_BAND

MIN_AHEAD_M, MIN_AWAY_M, MIN_INSIDE_DEG, MIN_SHARE = 0.5, 0.5, 10.0, 0.75
"""Least distance to the object that is faced and to the one that is asked about, least angle inside a sector, and least
share of the footprint in it, unless the type has its own."""
SIGNS, AROUND_BAND_DEG = ((-1, -1), (1, -1), (1, 1), (-1, 1)), 0.01
"""Corners of a footprint; degrees by which a direction from near them may leave its sector by rounding."""
MIDDLES: dict[str, dict[str, tuple[float, float]]] = {
    "sides": {"right": (90, 90), "left": (-90, 90)},
    "sides_back": {"right": (67.5, 67.5), "left": (-67.5, 67.5), "back": (180, 45)},
    "quadrants": {"front-right": (45, 45), "back-right": (135, 45), "back-left": (-135, 45), "front-left": (-45, 45)},
    "four": {"front": (0, 45), "right": (90, 45), "back": (180, 45), "left": (-90, 45)},
    "eight": {
        "front": (0, 22.5),
        "front-right": (45, 22.5),
        "right": (90, 22.5),
        "back-right": (135, 22.5),
        "back": (180, 22.5),
        "back-left": (-135, 22.5),
        "left": (-90, 22.5),
        "front-left": (-45, 22.5),
    },
}
"""Each word of a division of the circle with the middle of its sector, degrees to the right, and half its width."""
_PLACE = re.compile(r"\b(?:at|from) the @(\w+)", re.I)
_FACED = re.compile(r"\b(?:fac\w+|toward) the @(\w+)", re.I)
_BEHIND = re.compile(r"\b(?:away from|back to) the @(\w+)", re.I)
_WORD = re.compile(r"\bto the (front-left|front-right|back-left|back-right|front|back|left|right)\b(?! of)")


class StandingSolver(Solver):
    """The direction of an object's center on a floor plan that is turned with the observer."""

    family = "standing"
    needs = ("green", "blue", "red")

    def solve(self) -> None:
        self.place, self.faced, self.is_backward = self._stance(self.record.question)
        others = [token for token in self.record.tokens if token not in (self.place, self.faced)]
        if len(others) != 1:
            raise UnreadableError("one object that is asked about")
        self.asked = others[0]
        self.words = MIDDLES[str(self.record.task.get("sectors"))]
        eye, faced, asked = (self.center(token)[:2] for token in (self.place, self.faced, self.asked))
        way = (eye - faced) if self.is_backward else (faced - eye)
        self.ahead = way / max(float(np.hypot(*way)), 1e-12)
        self.right = np.array([self.ahead[1], -self.ahead[0]])
        offset = asked - eye
        self.measured = {
            "ahead_m": float(np.hypot(*way)),
            "away_m": float(np.hypot(*offset)),
            "right_m": float((offset * self.right).sum()),
            "front_m": float((offset * self.ahead).sum()),
            "bearing_deg": float(self._bearings(asked)),
        }

    def _stance(self, text: str) -> tuple[str, str, bool]:
        """Where the observer stands, what is faced or behind, and whether it is behind."""
        behind, faced, places = _BEHIND.findall(text), _FACED.findall(text), _PLACE.findall(_BEHIND.sub("", text))
        if len(places) != 1 or len(behind) + len(faced) != 1:
            raise UnreadableError("where the observer stands, and what is faced or behind")
        return places[0], (behind or faced)[0], bool(behind)

    def _bearings(self, points: NDArray) -> NDArray:
        """Degrees to the right of straight ahead of places (..., 2)."""
        offset = points - self.center(self.place)[:2]
        return np.degrees(np.arctan2((offset * self.right).sum(axis=-1), (offset * self.ahead).sum(axis=-1)))

    def _limit(self, name: str, usual: float) -> float:
        return float(self.record.task.get(name, usual))

    def check_question(self) -> list[Check]:
        is_backward = bool(self.record.task.get("backward"))
        checks = [check_equal("whether the second object is behind", self.is_backward, is_backward)]
        if self.truth.original is not None:
            return checks
        for name, usual in (("ahead_m", MIN_AHEAD_M), ("away_m", MIN_AWAY_M)):
            least = self._limit(f"min_{name}", usual)
            if self.measured[name] < least - EPSILON:
                checks.append(disagree(name, f"{self.measured[name]:.3f} m", f"at least {least:g}"))
        eye = self.center(self.place)[:2]
        for token in (self.faced, self.asked):
            if _is_inside(self._box(token), eye):
                checks.append(disagree("place of the observer", f"inside the outline of {token}", "outside"))
        return checks

    def _box(self, token: str) -> UprightBox:
        return self.truth.instances[self.marks[token].instance].box

    def check_bare(self, text: str) -> list[Check]:
        if text not in self.words:
            raise UnreadableError(f"a direction in {text!r}")
        off = self._off(text, self.measured["bearing_deg"])
        inside, found = float(self.words[text][1] - off), f"{self.measured['bearing_deg']:+.2f} deg to the right"
        if inside < 0:
            return [Check("direction", text, found, Verdict.DISAGREE, holds=False)]
        least, share = self._limit("min_inside_deg", MIN_INSIDE_DEG), self._share(text)
        checks = [Check("direction", text, found, Verdict.AGREE, holds=True)]
        if self.truth.original is None and inside < least - EPSILON:
            checks.append(disagree("inside its sector", f"{inside:.2f} deg", f"at least {least:g}"))
        if self.truth.original is None and share < self._limit("min_share", MIN_SHARE) - SHARE_BAND:
            checks.append(disagree("share of the footprint", f"{share:.0%}", "most of it in the sector"))
        return checks if self.truth.original is not None else [*checks, *self._check_around(text)]

    def _check_around(self, word: str) -> list[Check]:
        """From halfway to the corners of what the observer stands at, the direction must be the same; failed only."""
        box, (faced, asked) = self._box(self.place), (self.center(token)[:2] for token in (self.faced, self.asked))
        found = []
        for sign in SIGNS:
            eye = box.center[:2] + (box.axes[:2, :2] * box.size[:2] / 4 * sign).sum(axis=1)
            ahead, offset = (eye - faced if self.is_backward else faced - eye), asked - eye
            right = offset[0] * ahead[1] - offset[1] * ahead[0]
            found.append(float(self._off(word, np.degrees(np.arctan2(right, (offset * ahead).sum())))))
        if max(found) <= self.words[word][1] + AROUND_BAND_DEG:
            return []
        return [disagree("direction from around the center", f"{max(found):.1f} deg off", "the same direction")]

    def _off(self, word: str, bearings: float | NDArray) -> NDArray:
        """How far bearings are from the middle of a word's sector, degrees."""
        return np.abs((bearings - self.words[word][0] + 180) % 360 - 180)

    def _share(self, word: str) -> float:
        """Share of the footprint of what is asked about in the sector of a word."""
        places = self._box(self.asked).places_across()[:, :2]
        return float((self._off(word, self._bearings(places)) <= self.words[word][1]).mean())

    def check_sentence(self, text: str) -> list[Check]:
        text = self.record.named_again(text)
        stance = self._stance(text)
        stated = _WORD.findall(text)
        if len(stated) != 1:
            raise UnreadableError("one direction, once")
        checks = [check_equal("where the observer stands", stance, (self.place, self.faced, self.is_backward))]
        return [*checks, *self.check_bare(stated[0])]


def _is_inside(box: UprightBox, place: NDArray) -> bool:
    """Whether a place (2,) is well inside the footprint of a box."""
    local = np.abs(((place - box.center[:2])[:, None] * box.axes[:2, :2]).sum(axis=0))
    return bool((local <= box.size[:2] / 2 - 1e-3).all())
