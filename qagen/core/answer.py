"""Typed answers. Each knows its plain text and the variables that templates may use."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

Box2D = tuple[int, int, int, int]
"""left, top, right, bottom in thousandths of the image's width and height."""

OPPOSITE = {
    "left": "right",
    "right": "left",
    "above": "below",
    "below": "above",
    "closer": "farther",
    "farther": "closer",
    "front": "behind",
    "behind": "front",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A measured quantity, printed with one decimal."""

    names: ClassVar = frozenset({"answer"})

    value: float
    """Meters or square meters."""
    prior: tuple[float, float] | None = None
    """Median of such quantities and standard deviation of their logarithm, where these are known."""

    @property
    def text(self) -> str:
        return f"{self.value:.1f}"

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


@dataclass(frozen=True, slots=True)
class Degrees:
    """An angle, printed in whole steps because nobody sees it more exactly."""

    names: ClassVar = frozenset({"answer"})
    step: ClassVar = 5

    value: float
    """Degrees, not negative."""

    @property
    def rounded(self) -> int:
        """The multiple of ``step`` that is printed."""
        return self.step * round(self.value / self.step)

    @property
    def text(self) -> str:
        return str(self.rounded)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


@dataclass(frozen=True, slots=True)
class Count:
    """A number of instances."""

    names: ClassVar = frozenset({"answer"})

    value: int
    """The number of instances."""

    @property
    def text(self) -> str:
        return str(self.value)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


@dataclass(frozen=True, slots=True)
class Extents:
    """The sides of a box, length no less than width."""

    names: ClassVar = frozenset({"answer", "length", "width", "height"})

    length_cm: int
    """Longer horizontal side, whole centimeters."""
    width_cm: int
    """Shorter horizontal side, whole centimeters."""
    height_cm: int
    """Vertical side, whole centimeters."""

    @property
    def text(self) -> str:
        return f"{self.length_cm},{self.width_cm},{self.height_cm}"

    @property
    def context(self) -> dict[str, object]:
        sides = {"length": self.length_cm, "width": self.width_cm, "height": self.height_cm}
        return {"answer": self.text, **{name: str(side) for name, side in sides.items()}}


@dataclass(frozen=True, slots=True)
class BoxAnswer:
    """A box in one of the images."""

    names: ClassVar = frozenset({"answer"})

    box: Box2D
    """The box."""

    @property
    def text(self) -> str:
        return spell_box(self.box)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


@dataclass(frozen=True, slots=True)
class LocatedObject:
    """An object, identified by its name, an image that shows it, and its box there."""

    names: ClassVar = frozenset({"answer", "label", "image", "box"})

    label: str
    """The object's name."""
    image: int | None
    """Index of the image, or None when there is one image only."""
    box: Box2D
    """Its tight box in that image."""
    others: tuple["LocatedObject", ...] = ()
    """Other objects of the images, from which distractors are chosen."""

    @property
    def text(self) -> str:
        where = "" if self.image is None else f"image {self.image + 1}, "
        return f"{self.label}, {where}{spell_box(self.box)}"

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "label": self.label, "image": self.image, "box": spell_box(self.box)}


@dataclass(frozen=True, slots=True)
class ImagePoint:
    """A point of an image with its depth."""

    names: ClassVar = frozenset({"answer", "x", "y", "depth"})

    x: int
    """Thousandths of the image's width."""
    y: int
    """Thousandths of the image's height."""
    depth: float
    """Depth z, meters."""

    @property
    def text(self) -> str:
        return f"({self.x},{self.y}),{self.depth:.1f}"

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "x": self.x, "y": self.y, "depth": f"{self.depth:.1f}"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the question's own objects."""

    names: ClassVar = frozenset({"winner"})

    right: str
    """Role of the correct object."""
    wrong: tuple[str, ...]
    """Roles of the other objects to choose from."""

    @property
    def text(self) -> str:
        return self.right

    @property
    def context(self) -> dict[str, object]:
        return {"winner": self.right}


@dataclass(frozen=True, slots=True)
class YesNo:
    """Whether what the question says is so."""

    names: ClassVar = frozenset[str]()

    holds: bool
    """Whether it is."""

    @property
    def text(self) -> str:
        return "Yes" if self.holds else "No"

    @property
    def context(self) -> dict[str, object]:
        return {}


@dataclass(frozen=True, slots=True)
class Slot:
    """One direction of a relation."""

    axis: str
    """left_right, above_below, closer_farther, front_behind, first_front_behind or second_front_behind."""
    word: str
    """The direction's word, or "" where neither word holds clearly."""


@dataclass(frozen=True, slots=True)
class Directions:
    """A tuple of directions, ``left, , closer``. An empty slot stays empty, as trainers expect it."""

    names: ClassVar = frozenset[str]()

    slots: tuple[Slot, ...]
    """In the order in which the answer names them; the axes are the names that phrasings use."""

    @property
    def text(self) -> str:
        return ", ".join(slot.word for slot in self.slots).rstrip()

    @property
    def context(self) -> dict[str, object]:
        return {slot.axis: slot.word for slot in self.slots}


@dataclass(frozen=True, slots=True)
class LabelOrder:
    """Labels in an order."""

    names: ClassVar = frozenset({"answer", "items"})

    labels: tuple[str, ...]
    """The labels, the first one first."""

    @property
    def text(self) -> str:
        return ", ".join(self.labels)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "items": list(self.labels)}


@dataclass(frozen=True, slots=True)
class FrameNumbers:
    """Frames of a video."""

    names: ClassVar = frozenset({"answer", "items"})

    numbers: tuple[int, ...]
    """Positions in the video, in ascending order."""
    marked: int = 0
    """The one of them that carries the mark, which every distractor holds, too."""
    total: int = 0
    """Number of frames of the video."""

    @property
    def text(self) -> str:
        return ", ".join(map(str, self.numbers))

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "items": [str(number) for number in self.numbers]}


@dataclass(frozen=True, slots=True)
class Placement:
    """Objects on a map."""

    names: ClassVar = frozenset({"answer", "places"})

    places: tuple[tuple[str, float, float], ...]
    """Name, meters to the right and meters straight ahead of each object."""

    @property
    def text(self) -> str:
        return ", ".join(f"{name}: ({x:.1f}, {y:.1f})" for name, x, y in self._printed())

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "places": [(name, f"{x:.1f}", f"{y:.1f}") for name, x, y in self._printed()]}

    def _printed(self) -> Iterable[tuple[str, float, float]]:
        return [(name, round(x, 1) + 0.0, round(y, 1) + 0.0) for name, x, y in self.places]


@dataclass(frozen=True, slots=True)
class Motion:
    """How a camera moved and turned."""

    names: ClassVar = frozenset({"answer", "steps"})
    angle_step_deg: ClassVar = 5

    right_m: float
    """Along the first camera's x, meters."""
    down_m: float
    """Along the first camera's y, meters."""
    forward_m: float
    """Along the first camera's z, meters."""
    up_deg: float
    """Change of the optical axis' elevation, degrees, upwards positive."""
    left_deg: float
    """Change of heading, degrees, to the left positive."""

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """(name, printed amount) of the five components, zero printed as "0"."""
        return (
            _step("move", "right", "left", _meters(self.right_m)),
            _step("move", "down", "up", _meters(self.down_m)),
            _step("move", "forward", "backward", _meters(self.forward_m)),
            _step("rotate", "up", "down", self._degrees(self.up_deg)),
            _step("rotate", "left", "right", self._degrees(self.left_deg)),
        )

    @property
    def text(self) -> str:
        return ",".join(f"{name}:{amount}" for name, amount in self.steps)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "steps": [step for step in self.steps if step[1] != "0"]}

    def _degrees(self, angle_deg: float) -> tuple[float, str]:
        rounded = self.angle_step_deg * round(angle_deg / self.angle_step_deg)
        return rounded, str(abs(rounded))


@dataclass(frozen=True, slots=True)
class Route:
    """A route as a list of moves."""

    names: ClassVar = frozenset({"moves"})

    moves: tuple[tuple[str, str], ...]
    """(name, printed amount): ("forward", "2.0"), ("left", "90")."""

    @property
    def text(self) -> str:
        return ", ".join(f"{name} {amount}" for name, amount in self.moves)

    @property
    def context(self) -> dict[str, object]:
        return {"moves": list(self.moves)}


@dataclass(frozen=True, slots=True)
class Description:
    """A description written by an annotator, which is the answer as it stands."""

    names: ClassVar = frozenset({"answer"})

    words: str
    """One or more sentences."""

    @property
    def text(self) -> str:
        return self.words

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


Answer = (
    Number
    | Degrees
    | Count
    | Extents
    | BoxAnswer
    | LocatedObject
    | ImagePoint
    | Choice
    | YesNo
    | Directions
    | LabelOrder
    | FrameNumbers
    | Placement
    | Motion
    | Route
    | Description
)


def spell_box(box: Box2D) -> str:
    """``[left, top, right, bottom]``."""
    return f"[{', '.join(str(edge) for edge in box)}]"


def _meters(value: float) -> tuple[float, str]:
    rounded = round(value, 1)
    return rounded, f"{abs(rounded):.1f}" if rounded else "0"


def _step(verb: str, positive: str, negative: str, amount: tuple[float, str]) -> tuple[str, str]:
    value, printed = amount
    return f"{verb}_{positive if value >= 0 else negative}", printed
