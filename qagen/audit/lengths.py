"""Units of length in texts, and the lengths that texts state."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextUnit:
    """A unit of length and how texts print numbers of it."""

    name: str
    """Plural: "meters"."""
    symbol: str
    """ "m"."""
    meters: float
    """Length of one such unit."""
    decimals: int
    """Decimals of printed lengths."""

    @property
    def number(self) -> str:
        """Pattern of a printed number without its sign."""
        return rf"\d+\.\d{{{self.decimals}}}" if self.decimals else r"\d+"

    @property
    def bare(self) -> re.Pattern[str]:
        """Pattern of a text that is nothing but a number."""
        return re.compile(rf"-?{self.number}")

    @property
    def step_m(self) -> float:
        """The step in which lengths are printed, meters."""
        return self.meters * 10.0**-self.decimals


MILLIMETERS = TextUnit("millimeters", "mm", 0.001, 0)
CENTIMETERS = TextUnit("centimeters", "cm", 0.01, 0)
METERS = TextUnit("meters", "m", 1.0, 1)
KILOMETERS = TextUnit("kilometers", "km", 1000.0, 2)
TEXT_UNITS = (MILLIMETERS, CENTIMETERS, METERS, KILOMETERS)
BY_WORD = {word: unit for unit in TEXT_UNITS for word in (unit.name, unit.symbol)}
SIDE_UNITS = {"mm": "mm", "cm": "mm", "m": "cm", "km": "m"}
"""Unit of the sides of boxes, by the unit of all other lengths of the scene."""
_WORD = re.compile(r"\b(?:milli|centi|kilo)?meters\b|\b[mck]m\b|(?<=\d )m\b")


def named_unit(*texts: str) -> TextUnit | None:
    """The one unit of length that texts name; None where they name none or several."""
    found = {BY_WORD[word] for text in texts for word in _WORD.findall(text)}
    return found.pop() if len(found) == 1 else None


def lengths_in(text: str, unit: TextUnit) -> list[float]:
    """All lengths of a text in this unit, in order, printed as it prints them."""
    return [float(found) for found in re.findall(rf"(-?{unit.number}) {unit.name}\b", text)]
