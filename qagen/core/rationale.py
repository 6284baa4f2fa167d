"""Rationales: the steps that lead from what was measured to an answer, before they are said."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

QuantityKind = Literal["length", "side", "area", "angle", "ratio", "share", "time", "ray", "lens", "pixel"]
DECIMALS: Mapping[QuantityKind, int] = {"angle": 1, "ratio": 2, "share": 0, "time": 1, "ray": 4, "lens": 1, "pixel": 0}
"""Decimals of quantities that have the same unit in all scenes. Others have one more than the answers of the scene."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured number of a step."""

    value: float
    """Lengths, sides of boxes and areas in units of the scene's world; degrees; percent; seconds; thousandths of an
    image's width and height for a lens and pixels."""
    kind: QuantityKind = "length"
    """What is measured."""
    rule: Callable[..., float] | None = None
    """How it follows from other quantities, as they are printed; None where it is measured on its own."""
    parts: tuple["Quantity", ...] = ()
    """The other quantities."""


@dataclass(frozen=True, slots=True)
class Point:
    """The coordinates of a point, or of a vector."""

    coordinates: tuple[Quantity, ...]
    """Two or three quantities of one kind."""


@dataclass(frozen=True, slots=True)
class Image:
    """One of the images of a question, or its camera."""

    position: int
    """Index into Question.frames."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a rationale, without a word of English."""

    kind: str
    """locate, scale, place, transform, offset, measure, project, tally, sort, compare or answer."""
    form: str
    """Which of the sentences of its kind says it: templates/rationale.jinja has a block ``<kind>_<form>``."""
    values: Mapping[str, object]
    """What the sentence says: str, int, Quantity, Point, MarkedObject, MarkedPlace, Image, or tuples of these."""
    length: float | None = None
    """scale: the length, in units of the scene's world, by which scenes without meters divide all other lengths."""
    asked_by: str | None = None
    """The only format whose question asks for what the step says; None for all."""
    is_optional: bool = False
    """Whether the step is left out where all steps together would have too many words."""


def length(value: float) -> Quantity:
    """A length of the world."""
    return Quantity(float(value))


def angle(value: float) -> Quantity:
    """An angle, degrees."""
    return Quantity(float(value), "angle")


def ratio(value: float) -> Quantity:
    """How many times as large one quantity is as another."""
    return Quantity(float(value), "ratio")


def share(value: float) -> Quantity:
    """A fraction, said in percent."""
    return Quantity(100 * float(value), "share")


def following(rule: Callable[..., float], *parts: Quantity, kind: QuantityKind = "length") -> Quantity:
    """What follows from other quantities."""
    return Quantity(float(rule(*(part.value for part in parts))), kind, rule, parts)


def signed(value: float, positive: str, negative: str, kind: QuantityKind = "length") -> tuple[str, Quantity]:
    """The word for the sign of a value, and its amount."""
    return (positive if value >= 0 else negative), Quantity(abs(float(value)), kind)


def point(place: Iterable[float], kind: QuantityKind = "length") -> Point:
    """A point with these coordinates."""
    return Point(tuple(Quantity(float(value), kind) for value in place))
