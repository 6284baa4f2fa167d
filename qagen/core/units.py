"""Units in which the lengths of a scene are told: one unit for all its questions, so that their answers compare."""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_LOSS = 0.05
"""Largest share by which printing may change a number."""
ROOM_STEP = 0.1
"""Step in which SPAR prints lengths, meters."""
METERS_ABOVE_M = 0.3
"""A scene that is at room scale as it comes is told in meters, as SPAR is, unless its objects are smaller than this."""
_DECIMALS = {0: "no decimals", 1: "one decimal", 2: "two decimals"}


@dataclass(frozen=True, slots=True)
class LengthUnit:
    """A unit of length and how numbers of it are printed."""

    name: str
    """Plural: "meters"."""
    symbol: str
    """ "m"."""
    meters: float
    """Length of one such unit, meters."""
    decimals: int
    """Decimals that are printed."""

    def spell(self, value: float) -> str:
        """A number of this unit as texts print it; zero has no sign."""
        return f"{round(value, self.decimals) + 0.0:.{self.decimals}f}"


MILLIMETERS = LengthUnit("millimeters", "mm", 0.001, 0)
CENTIMETERS = LengthUnit("centimeters", "cm", 0.01, 0)
METERS = LengthUnit("meters", "m", 1.0, 1)
KILOMETERS = LengthUnit("kilometers", "km", 1000.0, 2)
LENGTH_UNITS = (MILLIMETERS, CENTIMETERS, METERS, KILOMETERS)
SMALLER_THAN_M = ((0.06, MILLIMETERS), (0.6, CENTIMETERS))
"""Sizes of objects below which a scene is told in these units, meters."""
LARGEST_METERS_M = 300.0
"""Largest size of objects that is told in meters."""
SIZE_UNITS: Mapping[LengthUnit, LengthUnit] = {
    MILLIMETERS: LengthUnit("millimeters", "mm", 0.001, 1),
    CENTIMETERS: MILLIMETERS,
    METERS: CENTIMETERS,
    KILOMETERS: LengthUnit("meters", "m", 1.0, 0),
}
"""The unit of the three sides of a box beside the unit of all other lengths: a finer one, as in SPAR."""


def unit_for(size_m: float) -> LengthUnit:
    """The unit that fits objects of this size, meters."""
    if size_m > LARGEST_METERS_M:
        return KILOMETERS
    return next((unit for limit, unit in SMALLER_THAN_M if size_m < limit), METERS)


@dataclass(frozen=True, slots=True)
class Units:
    """How a scene's lengths are told."""

    length: LengthUnit = METERS
    """Unit of all lengths but the sides of boxes."""
    world_m: float = 1.0
    """Length of one unit of the scene's world, meters."""

    @property
    def size(self) -> LengthUnit:
        """Unit of the sides of boxes."""
        return SIZE_UNITS[self.length]

    def convert(self, value: float, power: int = 1) -> float:
        """A length of the world, or an area for power 2, in the unit of lengths."""
        return value * (self.world_m / self.length.meters) ** power

    def spell(self, value: float) -> str:
        """A length of the world as texts print it."""
        return self.length.spell(self.convert(value))

    def is_exact(self, value: float) -> bool:
        """Whether printing changes a length of the world by at most MAX_LOSS.

        A scene that is larger than a room is printed more finely than a room. It is asked no more for that, so that
        copies of any size are asked the same.
        """
        told = self.convert(value)
        is_exact_at_room_scale = self.world_m <= 1 or abs(round(value, METERS.decimals) - value) <= MAX_LOSS * abs(
            value
        )
        return is_exact_at_room_scale and abs(float(self.length.spell(told)) - told) <= MAX_LOSS * abs(told)

    @property
    def is_fine(self) -> bool:
        """Whether lengths of the world, which is at room scale, are printed no more coarsely than SPAR prints them."""
        return self.length.meters * 10.0**-self.length.decimals <= ROOM_STEP * self.world_m * (1 + 1e-9)

    @property
    def words(self) -> dict[str, str]:
        """The variables by which phrasings state units and how numbers are printed."""
        unit, size = self.length, self.size
        return {
            "unit": unit.name,
            "area_unit": f"square {unit.name}",
            "size_unit": size.name,
            "size_symbol": size.symbol,
            "size_form": f"whole {size.name}" if size.decimals == 0 else f"{size.name} with {_DECIMALS[size.decimals]}",
            "decimals": _DECIMALS[unit.decimals],
            "with_decimals": f"with {_DECIMALS[unit.decimals]}",
            "to_decimals": "to the nearest whole number" if unit.decimals == 0 else f"to {_DECIMALS[unit.decimals]}",
        }


UNIT_WORDS = frozenset(Units().words)
"""Names of those variables."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length among the facts of a question."""

    value: float
    """In units of the scene's world."""
