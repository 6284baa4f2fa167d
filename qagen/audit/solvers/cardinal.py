"""The compass direction of one object from another, on a floor plan that is turned until north is up."""

import re

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import EPSILON, Check, Verdict, check_equal, disagree
from qagen.audit.scene import UprightBox
from qagen.audit.solvers.base import Solver, UnreadableError
from qagen.audit.solvers.camera_direction import SHARE_BAND

CLOCKWISE = ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
"""The directions; the middles of their sectors are 45 degrees apart."""
SECTOR_DEG = 360.0 / len(CLOCKWISE)
MIN_AWAY_M, MIN_INSIDE_DEG, MIN_SHARE = 0.5, 5.0, 0.5
"""Least distance of what has a direction, least angle inside a sector, and least share of the footprint in it, unless
the type has its own."""
_NORTH_OF = re.compile(r"@(\w+) (?:is|are|to be) (?:\w+ )*?north of the @(\w+)", re.I)
_FROM_TO = re.compile(r"\bfrom the @(\w+) to the @(\w+)", re.I)
_FROM = re.compile(r"\b(?:from|of|at) the @(\w+)", re.I)
_WORD = re.compile(rf"\b({'|'.join(sorted(CLOCKWISE, key=len, reverse=True))})\b")


class CardinalSolver(Solver):
    """The angle between two ways on a floor plan: the one that goes north, and the one that is asked about."""

    family = "cardinal"
    needs = ("green", "blue", "red")

    def solve(self) -> None:
        self.south, self.north, rest = self._read_north(self.record.question)
        self.place, self.asked = _read_way(rest)
        north = self.center(self.north)[:2] - self.center(self.south)[:2]
        self.apart_m = float(np.hypot(*north))
        up = north / max(self.apart_m, 1e-12)
        self.axes = np.array([[up[1], -up[0]], up])
        """East and north."""
        way = self.center(self.asked)[:2] - self.center(self.place)[:2]
        self.measured = {
            "apart_m": self.apart_m,
            "away_m": float(np.hypot(*way)),
            "bearing_deg": float(self._bearings(self.center(self.asked)[:2])),
        }

    def _read_north(self, text: str) -> tuple[str, str, str]:
        """What is in the south, what is due north of it, and the rest of the text."""
        named = _NORTH_OF.search(text)
        if named is not None:
            return named[2], named[1], text[named.end() :]
        way = _FROM_TO.search(text)
        if way is None:
            raise UnreadableError("which way is north")
        return way[1], way[2], text[way.end() :]

    def _bearings(self, points: NDArray) -> NDArray:
        """Degrees clockwise from north of places (..., 2), as seen from the object that directions are told from."""
        offset = points - self.center(self.place)[:2]
        east, north = ((offset * axis).sum(axis=-1) for axis in self.axes)
        return np.degrees(np.arctan2(east, north))

    def _limit(self, name: str, usual: float) -> float:
        return float(self.record.task.get(name, usual))

    def check_question(self) -> list[Check]:
        if self.truth.original is not None:
            return []
        least = self._limit("min_away_m", MIN_AWAY_M)
        checks = [
            disagree(name, f"{self.measured[name]:.3f} m", f"at least {least:g}")
            for name in ("apart_m", "away_m")
            if self.measured[name] < least - EPSILON
        ]
        for first, second in ((self.south, self.north), (self.place, self.asked)):
            if self._is_over(first, second) or self._is_over(second, first):
                checks.append(disagree(f"{first} and {second}", "one over the other", "beside each other"))
        return checks

    def _box(self, token: str) -> UprightBox:
        return self.truth.instances[self.marks[token].instance].box

    def _is_over(self, token: str, other: str) -> bool:
        """Whether the center of one object is well inside the footprint of another."""
        box = self._box(other)
        local = np.abs(((self.center(token) - box.center)[:2, None] * box.axes[:2, :2]).sum(axis=0))
        return bool((local <= box.size[:2] / 2 - 1e-3).all())

    def check_bare(self, text: str) -> list[Check]:
        if text not in CLOCKWISE:
            raise UnreadableError(f"a compass direction in {text!r}")
        inside = float(SECTOR_DEG / 2 - _off(text, self.measured["bearing_deg"]))
        found = f"{self.measured['bearing_deg']:+.2f} deg clockwise from north"
        if inside < 0:
            return [Check("direction", text, found, Verdict.DISAGREE, holds=False)]
        checks = [Check("direction", text, found, Verdict.AGREE, holds=True)]
        least, share = self._limit("min_inside_deg", MIN_INSIDE_DEG), self._share(text)
        if self.truth.original is None and inside < least - EPSILON:
            checks.append(disagree("inside its sector", f"{inside:.2f} deg", f"at least {least:g}"))
        if self.truth.original is None and share < self._limit("min_share", MIN_SHARE) - SHARE_BAND:
            checks.append(disagree("share of the footprint", f"{share:.0%}", "most of it in the sector"))
        return checks

    def _share(self, word: str) -> float:
        """Share of the footprint of what is asked about in the sector of a word."""
        places = self._box(self.asked).places_across()[:, :2]
        return float((_off(word, self._bearings(places)) <= SECTOR_DEG / 2).mean())

    def check_sentence(self, text: str) -> list[Check]:
        text = self.record.named_again(text)
        stated = _WORD.findall(text)
        if len(stated) != 1:
            raise UnreadableError("one compass direction, once")
        return [
            check_equal("from what to what", _read_way(text), (self.place, self.asked)),
            *self.check_bare(stated[0]),
        ]


def _off(word: str, bearings: float | NDArray) -> NDArray:
    """How far bearings are from the middle of a direction's sector, degrees."""
    return np.abs((bearings - SECTOR_DEG * CLOCKWISE.index(word) + 180) % 360 - 180)


def _read_way(text: str) -> tuple[str, str]:
    """The object that a direction is told from, and the one that lies there. Raises UnreadableError."""
    places, named = set(_FROM.findall(text)), set(re.findall(r"@(\w+)", text))
    if len(places) != 1 or len(named) != 2:
        raise UnreadableError("an object, and one from which a direction is told")
    (place,), (asked,) = places, named - places
    return place, asked
