"""Which of four objects is ahead of the first image's camera once it has turned on the spot."""

import re

import numpy as np

from qagen.audit.checks import EPSILON, Check, Verdict, disagree, verdict_of
from qagen.audit.scene import wrap_deg
from qagen.audit.solvers.base import Solver, UnreadableError
from qagen.audit.solvers.camera_direction import (
    MIN_AWAY_M,
    SHARE_BAND,
    VISIBLE_PIXELS,
    away_m,
    check_distance,
    check_upright,
    left_deg,
    limit,
)

MAX_OFF_DEG, MIN_OTHER_DEG, MIN_SHARE = 35.0, 55.0, 0.75
"""Largest angle of the object ahead, least angle of each other one, and least share of their footprints for which that
is clear, unless the type has its own."""
LEAST_HIDDEN = 2
"""Number of the objects that the first image must not show."""
LEFT_TURNS_DEG = {"90 degrees to the left": 90.0, "90 degrees to the right": -90.0, "around by 180 degrees": 180.0}
WAYS = {90.0: "left", -90.0: "right", 180.0: "round"}
_TURN = re.compile("|".join(LEFT_TURNS_DEG))


class TurnAndLookSolver(Solver):
    """The horizontal angles from the new heading to the objects' centers."""

    family = "turn_and_look"
    needs = ("red", "blue", "green", "yellow")

    def solve(self) -> None:
        turns = {LEFT_TURNS_DEG[text] for text in _TURN.findall(self.record.question)}
        named = set(re.findall(r"@(\w+)", self.record.human))
        if len(turns) != 1 or named != set(self.needs):
            raise UnreadableError("one turn, and four objects")
        self.turn_deg = turns.pop()
        self.observer = self.view(0)
        self.left_deg = {token: left_deg(self.observer, self.center(token)) for token in self.needs}
        self.off_deg = {token: abs(wrap_deg(angle - self.turn_deg)) for token, angle in self.left_deg.items()}
        self.ranked = sorted(self.needs, key=lambda token: self.off_deg[token])
        self.measured = {f"{token}_deg": -angle for token, angle in self.left_deg.items()}
        self.measured |= {f"{token}_m": away_m(self.observer, self.center(token)) for token in self.needs}

    @property
    def way(self) -> str:
        """Where one turns."""
        return WAYS[self.turn_deg]

    def check_question(self) -> list[Check]:
        if self.truth.original is not None:
            return []
        task = self.record.task
        checks = check_upright(self.observer, task)
        for token in self.needs:
            least = limit(task, "min_away_m", MIN_AWAY_M)
            checks += check_distance(f"way to {token}", self.measured[f"{token}_m"], least)
        return [*checks, *self._check_hidden(), *self._check_clear()]

    def _check_hidden(self) -> list[Check]:
        """The first image must show neither the object ahead nor all others; failed checks only."""
        rendered = self.truth.rendered(self.observer.name)
        pixels = {token: rendered.pixels(self.marks[token].instance) for token in self.ranked}
        hidden = [token for token in self.ranked if pixels[token] < VISIBLE_PIXELS]
        if self.ranked[0] in hidden and len(hidden) >= LEAST_HIDDEN:
            return []
        found = ", ".join(f"{token} {value:.0f}" for token, value in pixels.items())
        return [disagree("pixels in the first image", found, f"none of {self.ranked[0]} and one more")]

    def _check_clear(self) -> list[Check]:
        """Most of the object ahead must be so, and most of each other one not; failed checks only."""
        task, checks = self.record.task, []
        least = limit(task, "min_share", MIN_SHARE) - SHARE_BAND
        for token in self.ranked:
            is_first = token == self.ranked[0]
            most = limit(task, "min_other_deg", MIN_OTHER_DEG) if is_first else limit(task, "max_off_deg", MAX_OFF_DEG)
            share = self._share_ahead(token, most)
            if (share if is_first else 1 - share) < least:
                checks.append(disagree(f"footprint of {token}", f"{share:.0%} within {most:g} deg", "clearly one way"))
        return checks

    def _share_ahead(self, token: str, most_deg: float) -> float:
        """Share of an object's footprint within an angle of straight ahead."""
        places = self.truth.instances[self.marks[token].instance].box.places_across()
        off = [abs(wrap_deg(left_deg(self.observer, place) - self.turn_deg)) for place in places]
        return float(np.mean([angle <= most_deg for angle in off]))

    def check_bare(self, text: str) -> list[Check]:
        match = re.fullmatch(r"@(\w+)", text)
        if match is None:
            raise UnreadableError(f"one object in {text!r}")
        return [self._check_winner(match[1])]

    def _check_winner(self, token: str) -> Check:
        found = ", ".join(f"{name} {self.off_deg[name]:.1f} deg off" for name in self.ranked)
        best, second = self.ranked[:2]
        task = self.record.task
        is_clear = self.off_deg[best] <= limit(task, "max_off_deg", MAX_OFF_DEG) + EPSILON
        is_clear &= self.off_deg[second] >= limit(task, "min_other_deg", MIN_OTHER_DEG) - EPSILON
        if token == best and not is_clear and self.truth.original is None:
            return Check("object ahead", token, f"{found}: unclear", Verdict.DISAGREE, holds=True)
        return Check("object ahead", token, found, verdict_of(token == best), holds=token == best)

    def check_sentence(self, text: str) -> list[Check]:
        raise UnreadableError("a name")
