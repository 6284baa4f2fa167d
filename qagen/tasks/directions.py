"""Words for directions, stated only where they hold clearly: two thresholds (tasks.md, section 3)."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from qagen.core.answer import Slot
from qagen.core.pose import to_degrees
from qagen.tasks._base import Bound
from qagen.visibility.views import SceneViews


class DirectionThresholds(BaseModel):
    """From which value on a direction is stated, and up to which it is left empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    state_m: Bound = 0.30
    """Least offset of a stated direction, meters."""
    empty_m: Bound = 0.15
    """Largest offset of an empty direction, meters; between the two the candidate is skipped."""
    state_deg: Bound = 5.0
    """Least bearing of a stated left or right, degrees."""
    empty_deg: Bound = 10.0
    """Largest bearing of an empty left or right, degrees."""
    state_share: Bound = 0.15
    """Least gap of a stated closer or farther, as a share of the longer distance."""

    @model_validator(mode="after")
    def _leave_room_between(self) -> Self:
        if self.empty_m > self.state_m:
            raise ValueError(f"empty_m at most state_m, {self.state_m:g}")
        return self


@dataclass(frozen=True, slots=True)
class RelativePosition:
    """Position of a point relative to an observer."""

    right_m: float
    """To the observer's right, meters."""
    up_m: float
    """Above the observer along the world's vertical, meters."""
    front_m: float
    """Ahead of the observer, meters."""
    bearing_deg: float
    """Angle to the right of the vertical plane through the line of sight, -90 to 90 degrees."""
    distance_m: float
    """Distance from the observer, meters."""


def seen_by_camera(views: SceneViews, frame: int, item: int) -> RelativePosition:
    """The center of object ``item`` for an observer who looks through the camera of ``frame``.

    Its bearing keeps the side on which the object lies when that is behind the camera.
    """
    center = views.centers[frame, item]
    up = float(views.world_centers[item, 2] - views.cameras[frame, 2, 3])
    bearing = float(to_degrees(np.arctan2(center[0], abs(center[2]))))
    return RelativePosition(float(center[0]), up, float(center[2]), bearing, math.hypot(*center))


class DirectionWords:
    """Collects the slots of one answer, and how clearly each holds."""

    def __init__(self, thresholds: DirectionThresholds) -> None:
        self.thresholds = thresholds
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
        """Add a slot.

        Args:
            words: the words for a positive and a negative value.
            least_m: least size of a stated value, where that is more than ``state_m``.
            is_clear: whether the word may be stated.
            is_level: whether the slot may be empty.
        """
        size, needed = abs(value_m), max(self.thresholds.state_m, least_m)
        stated = size >= needed and is_clear
        empty = size <= self.thresholds.empty_m and is_level
        self.is_ambiguous |= not (stated or empty)
        self.margins.append(size - needed if stated else self.thresholds.empty_m - size)
        self.slots.append(Slot(axis, (words[0] if value_m > 0 else words[1]) if stated else ""))

    def add_left_right(self, offset_m: float, bearing_deg: float) -> None:
        """Add left or right: ``offset_m`` to the right, seen at ``bearing_deg`` to the right."""
        turn = bearing_deg * np.sign(offset_m)
        self.add(
            "left_right",
            ("right", "left"),
            offset_m,
            is_clear=turn >= self.thresholds.state_deg,
            is_level=abs(bearing_deg) <= self.thresholds.empty_deg,
        )

    def add_position(self, position: RelativePosition) -> dict[str, float]:
        """Add where an object is for the observer: three slots. Returns what they follow from."""
        self.add_left_right(position.right_m, position.bearing_deg)
        self.add("above_below", ("above", "below"), position.up_m)
        self.add("front_behind", ("front", "behind"), position.front_m)
        return {
            "right_m": position.right_m,
            "up_m": position.up_m,
            "front_m": position.front_m,
            "bearing_deg": position.bearing_deg,
        }

    def add_pair(self, first: RelativePosition, second: RelativePosition) -> dict[str, float]:
        """Add where the first object is relative to the second: three slots. Returns what they follow from."""
        right, up = first.right_m - second.right_m, first.up_m - second.up_m
        turn = first.bearing_deg - second.bearing_deg
        self.add_left_right(right, turn)
        self.add("above_below", ("above", "below"), up)
        least_m = self.thresholds.state_share * max(first.distance_m, second.distance_m)
        self.add("closer_farther", ("farther", "closer"), first.distance_m - second.distance_m, least_m)
        return {
            "right_m": right,
            "up_m": up,
            "bearing_deg": turn,
            "distance_m": first.distance_m,
            "other_distance_m": second.distance_m,
        }

    def add_facing(self, first: RelativePosition, second: RelativePosition) -> dict[str, float]:
        """Add whether each of two objects is in front or behind: two slots. Returns what they follow from."""
        for order, position in (("first", first), ("second", second)):
            self.add(f"{order}_front_behind", ("front", "behind"), position.front_m)
        return {"first_front_m": first.front_m, "second_front_m": second.front_m}

    @property
    def is_empty(self) -> bool:
        """Whether no word holds for the position; that both are in front of the observer is too little."""
        return not any(slot.word for slot in self.slots[:3])

    @property
    def classes(self) -> tuple[str, ...]:
        """Answer classes to balance: every slot with its word."""
        return tuple(f"{slot.axis}:{slot.word}" for slot in self.slots)
