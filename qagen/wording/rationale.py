"""From the steps of a rationale to its sentences, and to what evidence says of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qagen.core.question import MarkedObject
from qagen.core.rationale import DECIMALS, Image, Quantity, Step
from qagen.core.units import LengthUnit, Units
from qagen.wording.phrasebook import Mention, Phrasebook

FILE = "rationale"
SCALE_UNIT = "d"
"""Stands for a unit of length in scenes without meters: a length of the question, which the step ``scale`` names."""
SCALE_DECIMALS = 2
MAX_WORDS = 120
"""Largest number of words of a rationale, for which optional steps are left out, the first ones first."""
FIRST = "locate"
"""Kind of the step that tells objects apart by their marks; later steps call them by as little as possible."""


@dataclass(frozen=True)
class Teller:
    """Says the steps of one question."""

    book: Phrasebook
    """The templates."""
    mentions: Mapping[str, Mention]
    """The question's objects by role, with all that tells them apart."""
    units: Units | None
    """How the scene's lengths are told, None where nobody knows them."""
    is_video: bool
    """Whether images are frames of a video."""
    scale: float | None
    """Without units, the length by which all lengths are divided."""

    def tell(self, step: Step) -> dict[str, Any]:
        """The sentence of a step and what it says, numbers as they are printed."""
        phrasing = self.book.phrasings(FILE, f"{step.kind}_{step.form}")[0]
        unit = self._unit_of(step)
        context: dict[str, object] = {"unit": unit, "in_unit": f"multiples of {unit}" if unit == SCALE_UNIT else unit}
        context |= {name: self._spelled(value, step.kind == FIRST) for name, value in step.values.items()}
        told = {"step": step.kind, "form": step.form, "says": phrasing.render(context)}
        told |= {name: self._plain(value) for name, value in step.values.items()}
        return told | {"unit": unit} if unit else told

    def _unit_of(self, step: Step) -> str:
        kinds = {quantity.kind for quantity in _quantities(step.values)}
        if not kinds & {"length", "side", "area"}:
            return ""
        if self.units is None:
            return SCALE_UNIT
        length = self.units.length.name
        return self.units.size.name if "side" in kinds else f"square {length}" if "area" in kinds else length

    def _spelled(self, value: object, is_first: bool) -> object:
        match value:
            case Quantity():
                number, decimals = self._printed(value)
                return f"{number:.{decimals}f}"
            case MarkedObject():
                mention = self.mentions[value.color]
                return mention if is_first else mention.again
            case Image():
                return f"Frame-{value.position}" if self.is_video else f"image {value.position + 1}"
            case tuple():
                return [self._spelled(part, is_first) for part in value]
            case _:
                return value

    def _plain(self, value: object) -> object:
        match value:
            case Quantity():
                number, decimals = self._printed(value)
                return number if decimals else int(number)
            case MarkedObject():
                return value.color
            case Image():
                return value.position
            case tuple():
                return [self._plain(part) for part in value]
            case _:
                return value

    def _printed(self, quantity: Quantity) -> tuple[float, int]:
        """A number as it is printed, and its decimals."""
        value, decimals = self._converted(quantity)
        return round(value, decimals) + 0.0, decimals

    def _converted(self, quantity: Quantity) -> tuple[float, int]:
        kind, value = quantity.kind, quantity.value
        if kind in DECIMALS:
            return value, DECIMALS[kind]
        if self.units is None:
            assert self.scale is not None, "a length in a scene without meters, and no step that names d"
            return value / self.scale, SCALE_DECIMALS
        unit: LengthUnit = self.units.size if kind == "side" else self.units.length
        power = 2 if kind == "area" else 1
        return value * (self.units.world_m / unit.meters) ** power, unit.decimals + 1


def write_rationale(
    steps: Sequence[Step],
    book: Phrasebook,
    mentions: Mapping[str, Mention],
    units: Units | None,
    is_video: bool,
) -> tuple[dict[str, Any], ...]:
    """All steps in words. Where the scene has meters, no other length has to stand for their unit."""
    scale = next((step.length for step in steps if step.length is not None), None)
    teller = Teller(book, mentions, units, is_video, scale)
    told = [(step, teller.tell(step)) for step in steps if units is None or step.length is None]
    for step, said in [(step, said) for step, said in told if step.is_optional]:
        if sum(len(one["says"].split()) for _, one in told) > MAX_WORDS:
            told.remove((step, said))
    return tuple(said for _, said in told)


def _quantities(value: object) -> Iterator[Quantity]:
    if isinstance(value, Quantity):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _quantities(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _quantities(part)
