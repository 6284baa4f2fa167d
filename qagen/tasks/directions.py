"""Saying only what is sure: the words for a direction, from two thresholds (tasks.md, section 3)."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from qagen.core.answer import Slot


class Sureness(BaseModel):
    """From where on a direction is stated, and up to where it is left empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state_m: float = 0.30
    """A direction is stated from here on, metres."""
    empty_m: float = 0.15
    """Up to here it is empty; between the two the candidate is skipped, metres."""
    state_deg: float = 5.0
    """left and right also need this much bearing, degrees."""
    empty_deg: float = 10.0
    """left and right are empty only up to this much bearing, degrees."""
    state_share: float = 0.15
    """closer and farther also need a gap of this share of the longer distance."""


class Told:
    """Collects the slots of one answer and how surely each holds."""

    def __init__(self, sureness: Sureness) -> None:
        self.sureness = sureness
        self.slots: list[Slot] = []
        self.margins: list[float] = []
        self.is_ambiguous = False

    def tell(
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

    def tell_left_right(self, offset_m: float, bearing_deg: float) -> None:
        """``offset_m`` to the right; ``bearing_deg`` the angle to the right that the eye sees."""
        turn = bearing_deg * np.sign(offset_m)
        self.tell(
            "left_right",
            ("right", "left"),
            offset_m,
            is_clear=turn >= self.sureness.state_deg,
            is_level=abs(bearing_deg) <= self.sureness.empty_deg,
        )

    def tell_closer_farther(self, distance_m: float, other_m: float) -> None:
        """Whether something at ``distance_m`` is closer or farther than something at ``other_m``."""
        least_m = self.sureness.state_share * max(distance_m, other_m)
        self.tell("closer_farther", ("farther", "closer"), distance_m - other_m, least_m)

    @property
    def is_empty(self) -> bool:
        return not any(slot.word for slot in self.slots)

    @property
    def classes(self) -> tuple[str, ...]:
        """Answer classes to keep even: every slot with its word."""
        return tuple(f"{slot.axis}:{slot.word}" for slot in self.slots)


def lateral_deg(point: NDArray[np.float64]) -> float:
    """Angle of a camera-frame point (3,) to the right of the plane that halves the view, -90 to 90 degrees.

    In front of the camera this is the bearing; behind, the side on which the point lies stays the same.
    """
    return float(np.degrees(np.arctan2(point[0], abs(point[2]))))
