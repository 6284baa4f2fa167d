"""Saying only what is sure: the words for a direction, from two thresholds (tasks.md, section 3)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from qagen.core.answer import Slot
from qagen.tasks._base import Bound
from qagen.visibility.views import SceneViews


class DirectionThresholds(BaseModel):
    """From where on a direction is stated, and up to where it is left empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    state_m: Bound = 0.30
    """A direction is stated from here on, metres."""
    empty_m: Bound = 0.15
    """Up to here it is empty; between the two the candidate is skipped, metres."""
    state_deg: Bound = 5.0
    """left and right also need this much bearing, degrees."""
    empty_deg: Bound = 10.0
    """left and right are empty only up to this much bearing, degrees."""
    state_share: Bound = 0.15
    """closer and farther also need a gap of this share of the longer distance."""

    @model_validator(mode="after")
    def _leave_room_between(self) -> Self:
        if self.empty_m > self.state_m:
            raise ValueError(f"empty_m at most state_m, {self.state_m:g}")
        return self


@dataclass(frozen=True, slots=True)
class RelativePosition:
    """Where an observer has something."""

    right_m: float
    """To the observer's right, metres."""
    up_m: float
    """Above the observer along the world's vertical, metres."""
    front_m: float
    """Ahead of the observer, metres."""
    bearing_deg: float
    """Angle to the right of the plane that halves the view, -90 to 90 degrees."""
    distance_m: float
    """From the observer, metres."""


def seen_by_camera(views: SceneViews, frame: int, item: int) -> RelativePosition:
    """The centre of object ``item`` for an observer who looks through the camera of ``frame``."""
    center = views.centers[frame, item]
    up = float(views.world_centers[item, 2] - views.cameras[frame, 2, 3])
    away = float(np.linalg.norm(center))
    return RelativePosition(float(center[0]), up, float(center[2]), lateral_deg(center), away)


class DirectionWords:
    """Collects the slots of one answer and how surely each holds."""

    def __init__(self, sureness: DirectionThresholds) -> None:
        self.sureness = sureness
        self.slots: list[Slot] = []
        self.margins: list[float] = []
        self.is_ambiguous = False

    def add(
        self,
        axis: str,
        words: tuple[str, str],
        value_m: float,
        least_m: float = 0.0,
        is_clear: bool = True,
        is_level: bool = True,
    ) -> None:
        """Add a slot: ``words`` are those for a positive and a negative value.

        A stated word needs a size of ``least_m`` where that is more than ``state_m``, and ``is_clear``; an empty slot
        needs ``is_level``.
        """
        size, needed = abs(value_m), max(self.sureness.state_m, least_m)
        stated = size >= needed and is_clear
        empty = size <= self.sureness.empty_m and is_level
        self.is_ambiguous |= not (stated or empty)
        self.margins.append(size - needed if stated else self.sureness.empty_m - size)
        self.slots.append(Slot(axis, (words[0] if value_m > 0 else words[1]) if stated else ""))

    def add_left_right(self, offset_m: float, bearing_deg: float) -> None:
        """``offset_m`` to the right; ``bearing_deg`` the angle to the right that the eye sees."""
        turn = bearing_deg * np.sign(offset_m)
        self.add(
            "left_right",
            ("right", "left"),
            offset_m,
            is_clear=turn >= self.sureness.state_deg,
            is_level=abs(bearing_deg) <= self.sureness.empty_deg,
        )

    def add_closer_farther(self, distance_m: float, other_m: float) -> None:
        """Whether something at ``distance_m`` is closer or farther than something at ``other_m``."""
        least_m = self.sureness.state_share * max(distance_m, other_m)
        self.add("closer_farther", ("farther", "closer"), distance_m - other_m, least_m)

    def add_position(self, sight: RelativePosition) -> dict[str, float]:
        """Where one thing is for the observer: three slots. Returns what they follow from."""
        self.add_left_right(sight.right_m, sight.bearing_deg)
        self.add("above_below", ("above", "below"), sight.up_m)
        self.add("front_behind", ("front", "behind"), sight.front_m)
        return {
            "right_m": sight.right_m,
            "up_m": sight.up_m,
            "front_m": sight.front_m,
            "bearing_deg": sight.bearing_deg,
        }

    def add_pair(self, first: RelativePosition, second: RelativePosition) -> dict[str, float]:
        """Where the first thing is relative to the second: three slots. Returns what they follow from."""
        right, up = first.right_m - second.right_m, first.up_m - second.up_m
        turn = first.bearing_deg - second.bearing_deg
        self.add_left_right(right, turn)
        self.add("above_below", ("above", "below"), up)
        self.add_closer_farther(first.distance_m, second.distance_m)
        return {
            "right_m": right,
            "up_m": up,
            "bearing_deg": turn,
            "distance_m": first.distance_m,
            "other_distance_m": second.distance_m,
        }

    def add_facing(self, first: RelativePosition, second: RelativePosition) -> dict[str, float]:
        """Which of two things the observer has in front and which behind: two slots."""
        for order, sight in (("first", first), ("second", second)):
            self.add(f"{order}_front_behind", ("front", "behind"), sight.front_m)
        return {"first_front_m": first.front_m, "second_front_m": second.front_m}

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be told of where the thing is; that both are in front of the observer is too little."""
        return not any(slot.word for slot in self.slots[:3])

    @property
    def classes(self) -> tuple[str, ...]:
        """Answer classes to keep even: every slot with its word."""
        return tuple(f"{slot.axis}:{slot.word}" for slot in self.slots)


def lateral_deg(point: NDArray[np.float64]) -> float:
    """Angle of a camera-frame point (3,) to the right of the plane that halves the view, -90 to 90 degrees.

    In front of the camera this is the bearing; behind, the side on which the point lies stays the same.
    """
    return float(np.degrees(np.arctan2(point[0], abs(point[2]))))
