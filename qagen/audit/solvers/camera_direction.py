"""In which direction an object lies for the camera of one of the images."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import EPSILON, Check, Verdict, check_equal, disagree
from qagen.audit.parse import ORDINALS
from qagen.audit.scene import AuditView, wrap_deg
from qagen.audit.solvers.base import Solver, UnreadableError

AROUND = ("front", "front-left", "left", "back-left", "back", "back-right", "right", "front-right")
"""Eight directions, counterclockwise as seen from above."""
SECTOR_DEG = 360.0 / len(AROUND)
MIN_AWAY_M, MIN_INSIDE_DEG, MIN_TILT_DEG, MIN_SHARE = 0.5, 5.0, 25.0, 0.75
"""Least horizontal distance, angle inside a sector, angle between line of sight and the vertical, and share of the
footprint in the sector, unless the type has its own."""
SHARE_BAND = 0.04
"""What counting places on a grid may be wrong by."""
VISIBLE_PIXELS = 60.0
"""Visible pixels of 640 x 480 from which on an image shows an object."""
_DIRECTIONS = re.compile(rf"\b({'|'.join(sorted(AROUND, key=len, reverse=True))})\b(?!-)")
AHEAD_DEG = 10.0
"""What is within so many degrees of straight ahead is in front, where there are but three directions."""
_CAMERA = re.compile(rf"\b({'|'.join(ORDINALS)}) image\b")


def left_deg(view: AuditView, point: NDArray) -> float:
    """How far to the left of a camera's heading a world point is, seen from above, degrees."""
    offset = point - view.eye
    return wrap_deg(float(np.degrees(np.arctan2(offset[1], offset[0]))) - view.heading_deg)


def away_m(view: AuditView, point: NDArray) -> float:
    """Horizontal distance of a world point from a camera."""
    return float(np.hypot(*(point - view.eye)[:2]))


def sector(angle_deg: float) -> tuple[str, float]:
    """Which of the eight directions an angle to the left belongs to, and how far inside, degrees."""
    turns = angle_deg / SECTOR_DEG
    nearest = round(turns)
    return AROUND[nearest % len(AROUND)], SECTOR_DEG * (0.5 - abs(turns - nearest))


def side(angle_deg: float) -> tuple[str, float]:
    """Left, right or front, and how far inside, degrees."""
    if abs(angle_deg) <= AHEAD_DEG:
        return "front", AHEAD_DEG - abs(angle_deg)
    return "left" if angle_deg > 0 else "right", min(abs(angle_deg) - AHEAD_DEG, 180 - abs(angle_deg))


def limit(task: Mapping[str, Any], name: str, usual: float) -> float:
    """A parameter of a type."""
    return float(task.get(name, usual))


def check_upright(view: AuditView, task: Mapping[str, Any]) -> list[Check]:
    """A camera must not look too steeply to have a heading; failed checks only."""
    most = 90 - limit(task, "min_tilt_deg", MIN_TILT_DEG)
    if abs(view.elevation_deg) <= most + EPSILON:
        return []
    return [disagree("elevation of the camera", f"{view.elevation_deg:.1f} deg", f"at most {most:g}")]


def check_distance(what: str, away: float, least: float) -> list[Check]:
    """What has a direction must be far enough away; failed checks only."""
    return [] if away >= least - EPSILON else [disagree(what, f"{away:.3f} m", f"at least {least:g} m")]


def check_sector(
    what: str,
    stated: str,
    angle_deg: float,
    least_deg: float,
    sector_of: Callable[[float], tuple[str, float]] = sector,
) -> Check:
    """Check that a direction is the right one, and clearly so."""
    word, inside = sector_of(angle_deg)
    found = f"{word}, {angle_deg:+.2f} deg to the left"
    if word != stated:
        return Check(what, stated, found, Verdict.DISAGREE, holds=False)
    if inside < least_deg - EPSILON:
        return Check(what, stated, f"{found}, unclear", Verdict.DISAGREE, holds=True)
    return Check(what, stated, found, Verdict.AGREE, holds=True)


class CameraDirectionSolver(Solver):
    """The horizontal angle from a camera's heading to an object's center."""

    family = "camera_direction"
    needs = ("red",)

    def solve(self) -> None:
        self.is_single = len(self.record.images) == 1
        named = {ORDINALS.index(word) for word in _CAMERA.findall(self.record.question)}
        if not self.is_single and len(named) != 1:
            raise UnreadableError("the one image whose camera is the observer")
        self.image = 0 if self.is_single else named.pop()
        self.observer, center = self.view(self.image), self.center("red")
        self.left_deg = left_deg(self.observer, center)
        self.measured = {"bearing_deg": -self.left_deg, "away_m": away_m(self.observer, center)}

    def check_question(self) -> list[Check]:
        if self.truth.original is not None:
            return []
        task = self.record.task
        least = limit(task, "min_away_m", MIN_AWAY_M)
        checks = check_upright(self.observer, task)
        return [*checks, *check_distance("way to the object", self.measured["away_m"], least), *self._check_hidden()]

    def _check_hidden(self) -> list[Check]:
        """The observer's own image, of several, must not show the object; failed checks only."""
        if self.is_single:
            return []
        pixels = self.truth.rendered(self.observer.name).pixels(self.marks["red"].instance)
        if pixels < VISIBLE_PIXELS:
            return []
        return [disagree("image of the observer", f"{pixels:.0f} pixels of the object", "none")]

    def check_bare(self, text: str) -> list[Check]:
        if text not in (("left", "front", "right") if self.is_single else AROUND):
            raise UnreadableError(f"a direction in {text!r}")
        least = limit(self.record.task, "min_inside_deg", MIN_INSIDE_DEG)
        if not self.is_single:
            return [check_sector("direction", text, self.left_deg, least), *self._check_share(text, sector)]
        x, _, z = self.observer.to_camera(self.center("red"))
        own_deg = float(np.degrees(np.arctan2(-x, z)))
        angles = {"direction": self.left_deg, "direction in the image": own_deg}
        checks = [check_sector(what, text, angle, least, side) for what, angle in angles.items()]
        return [*checks, *self._check_share(text, side)]

    def _check_share(self, word: str, sector_of: Callable[[float], tuple[str, float]]) -> list[Check]:
        """Most of the object, seen from above, must lie in the sector; failed checks only."""
        if self.truth.original is not None:
            return []
        places = self.truth.instances[self.marks["red"].instance].box.places_across()
        share = sum(sector_of(left_deg(self.observer, place))[0] == word for place in places) / len(places)
        if share >= limit(self.record.task, "min_share", MIN_SHARE) - SHARE_BAND:
            return []
        return [disagree("share of the footprint", f"{share:.0%}", "most of it in the sector")]

    def check_sentence(self, text: str) -> list[Check]:
        images = {ORDINALS.index(word) for word in _CAMERA.findall(text)}
        stated = _DIRECTIONS.findall(_CAMERA.sub("", text))
        if len(stated) != 1:
            raise UnreadableError("one direction, once")
        checks = self.check_bare(stated[0])
        return checks if self.is_single else [check_equal("image of the observer", images, {self.image}), *checks]
