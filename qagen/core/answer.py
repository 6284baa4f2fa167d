"""Typed answers. Each knows its plain text and the variables that templates may use.

Lengths are in units of the scene's world until ``told`` converts an answer into the unit in which the scene is told. An
answer that ``judge`` questions can ask about has ``claims``: words or roles, and whether each holds.
"""

import json
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from qagen.core.sides import exchange_sides, other_side
from qagen.core.units import CENTIMETERS, METERS, LengthUnit, Units

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


class _Told:
    """What all answers have in common."""

    __slots__ = ()

    def told(self, units: Units) -> Self:
        """The answer with its lengths in the unit in which the scene is told."""
        return self

    @property
    def lengths(self) -> tuple[float, ...]:
        """The lengths that it states, in units of the scene's world."""
        return ()

    def mirrored(self) -> Self:
        """The answer to the same question about the scene in a mirror, where left and right are exchanged."""
        return self


@dataclass(frozen=True, slots=True)
class Number(_Told):
    """A measured length or area."""

    names: ClassVar = frozenset({"answer"})

    value: float
    """The length or area."""
    prior: tuple[float, float] | None = None
    """Median of such quantities and standard deviation of their logarithm, where these are known."""
    power: int = 1
    """1 for a length, 2 for an area."""
    unit: LengthUnit = METERS
    """Unit of the value; of the length whose square it is, for an area."""
    is_fine: bool = False
    """Whether it is told in the finer unit that all three sides of a box are told in."""

    def told(self, units: Units) -> Self:
        if self.is_fine:
            return replace(self, value=self.value * units.world_m / units.size.meters, unit=units.size)
        return replace(self, value=units.convert(self.value, self.power), unit=units.length)

    @property
    def lengths(self) -> tuple[float, ...]:
        return (self.value,) if self.power == 1 else ()

    @property
    def text(self) -> str:
        return self.unit.spell(self.value)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


@dataclass(frozen=True, slots=True)
class Ratio(_Told):
    """How many times as large one quantity is as another, printed with one decimal."""

    names: ClassVar = frozenset({"answer"})

    value: float
    """The ratio."""

    @property
    def text(self) -> str:
        return f"{self.value:.1f}"

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


@dataclass(frozen=True, slots=True)
class Degrees(_Told):
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
class Count(_Told):
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
class Extents(_Told):
    """The sides of a box, length no less than width; until they are told in whole hundredths of the world's unit."""

    names: ClassVar = frozenset({"answer", "length", "width", "height"})

    length: float
    """Longer horizontal side."""
    width: float
    """Shorter horizontal side."""
    height: float
    """Vertical side."""
    unit: LengthUnit = CENTIMETERS
    """Unit of the sides."""
    exact: tuple[float, float, float] | None = field(default=None, compare=False)
    """The sides before they were rounded, for scenes that are told more finely."""

    def told(self, units: Units) -> Self:
        factor = CENTIMETERS.meters * units.world_m / units.size.meters
        sides = (factor * side for side in self.exact or (self.length, self.width, self.height))
        return type(self)(*sides, unit=units.size)

    @property
    def text(self) -> str:
        return ",".join(self._printed.values())

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, **self._printed}

    @property
    def _printed(self) -> dict[str, str]:
        sides = {"length": self.length, "width": self.width, "height": self.height}
        return {name: self.unit.spell(side) for name, side in sides.items()}


@dataclass(frozen=True, slots=True)
class BoxAnswer(_Told):
    """A box in one of the images."""

    names: ClassVar = frozenset({"answer"})

    box: Box2D
    """The box."""

    def mirrored(self) -> Self:
        return type(self)(mirrored_box(self.box))

    @property
    def text(self) -> str:
        return spell_box(self.box)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


@dataclass(frozen=True, slots=True)
class LocatedObject(_Told):
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

    def mirrored(self) -> Self:
        others = tuple(other.mirrored() for other in self.others)
        return replace(self, box=mirrored_box(self.box), others=others)

    @property
    def text(self) -> str:
        where = "" if self.image is None else f"image {self.image + 1}, "
        return f"{self.label}, {where}{spell_box(self.box)}"

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "label": self.label, "image": self.image, "box": spell_box(self.box)}


@dataclass(frozen=True, slots=True)
class ImagePoint(_Told):
    """A point of an image with its depth."""

    names: ClassVar = frozenset({"answer", "x", "y", "depth"})

    x: int
    """Thousandths of the image's width."""
    y: int
    """Thousandths of the image's height."""
    depth: float
    """Depth z."""
    unit: LengthUnit = METERS
    """Unit of the depth."""

    def told(self, units: Units) -> Self:
        return replace(self, depth=units.convert(self.depth), unit=units.length)

    @property
    def lengths(self) -> tuple[float, ...]:
        return (self.depth,)

    def mirrored(self) -> Self:
        return replace(self, x=1000 - self.x)

    @property
    def text(self) -> str:
        return f"({self.x},{self.y}),{self.unit.spell(self.depth)}"

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "x": self.x, "y": self.y, "depth": self.unit.spell(self.depth)}


@dataclass(frozen=True, slots=True)
class ImagePosition(_Told):
    """A point of an image."""

    names: ClassVar = frozenset({"answer", "x", "y"})

    x: int
    """Thousandths of the image's width."""
    y: int
    """Thousandths of the image's height."""

    def mirrored(self) -> Self:
        return replace(self, x=1000 - self.x)

    @property
    def text(self) -> str:
        return f"({self.x},{self.y})"

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "x": self.x, "y": self.y}


@dataclass(frozen=True, slots=True)
class Choice(_Told):
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

    def opposite(self) -> Self:
        """The answer to the opposite question about two objects: the other one."""
        (other,) = self.wrong
        return type(self)(other, (self.right,))

    @property
    def claims(self) -> list[tuple[str, bool]]:
        """That an object is the correct one."""
        return [(self.right, True), *((role, False) for role in self.wrong)]


@dataclass(frozen=True, slots=True)
class OneOf(_Told):
    """One word of a closed list."""

    names: ClassVar = frozenset({"answer"})

    word: str
    """The word."""
    others: tuple[str, ...] = ()
    """The other words of the list."""
    loose: tuple[str, ...] = ()
    """Those of the others that a loose use of words may call true: a cup that stands on a table touches it, too."""

    def mirrored(self) -> Self:
        others, loose = (tuple(map(other_side, words)) for words in (self.others, self.loose))
        return type(self)(other_side(self.word), others, loose)

    @property
    def text(self) -> str:
        return self.word

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.word}

    @property
    def claims(self) -> list[tuple[str, bool]]:
        """That a word holds."""
        return [(self.word, True), *((word, False) for word in self.others if word not in self.loose)]


@dataclass(frozen=True, slots=True)
class Sector(OneOf):
    """One of a list of directions: "front-left", "higher", "left and turned right"."""

    others: tuple[str, ...] = field(default=(), compare=False)
    """The other directions of the list, in any order."""


@dataclass(frozen=True, slots=True)
class CameraMove(_Told):
    """What a camera does, in a word of film: "Dolly In", "Pan Left", "Stay" (qagen.core.motion)."""

    names: ClassVar = frozenset({"answer"})

    label: str
    """The word."""
    others: tuple[str, ...] = ()
    """Words to choose from besides it, for what the camera surely does not do."""

    def mirrored(self) -> Self:
        return type(self)(other_side(self.label), tuple(map(other_side, self.others)))

    @property
    def text(self) -> str:
        return self.label

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.label}


@dataclass(frozen=True, slots=True)
class FrameSpan(_Told):
    """A part of a video, from one frame to another."""

    names: ClassVar = frozenset({"answer"})

    first: int
    """Position in the video of its first frame."""
    last: int
    """Position in the video of its last frame."""
    others: tuple[tuple[int, int], ...] = ()
    """First and last frame of the parts to choose from besides it."""

    @property
    def text(self) -> str:
        return spell_span(self.first, self.last)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}

    @property
    def claims(self) -> list[tuple[str, bool]]:
        """That a part is the right one."""
        return [(self.text, True), *((spell_span(*other), False) for other in self.others)]


@dataclass(frozen=True, slots=True)
class YesNo(_Told):
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
class Directions(_Told):
    """A tuple of directions, ``left, , closer``. An empty slot stays empty, as trainers expect it."""

    names: ClassVar = frozenset[str]()

    slots: tuple[Slot, ...]
    """In the order in which the answer names them; the axes are the names that phrasings use."""

    def mirrored(self) -> Self:
        return type(self)(tuple(replace(slot, word=other_side(slot.word)) for slot in self.slots))

    @property
    def text(self) -> str:
        return ", ".join(slot.word for slot in self.slots).rstrip()

    @property
    def context(self) -> dict[str, object]:
        return {slot.axis: slot.word for slot in self.slots}

    def opposite(self) -> Self:
        """The directions from the other end: of the reference, as seen from the object."""
        return type(self)(tuple(replace(slot, word=OPPOSITE.get(slot.word, "")) for slot in self.slots))

    @property
    def claims(self) -> list[tuple[str, bool]]:
        """That one direction holds; not whether something is in front of the observer, who sees that."""
        words = [slot.word for slot in self.slots if slot.word and not slot.axis.endswith("front_behind")]
        return [(word, True) for word in words] + [(OPPOSITE[word], False) for word in words]


@dataclass(frozen=True, slots=True)
class LabelOrder(_Told):
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
class MoveOrder(_Told):
    """What a camera does, one thing after the other, in words of film (qagen.core.motion)."""

    names: ClassVar = frozenset({"answer", "items"})

    labels: tuple[str, ...]
    """The words, the first one first."""

    def mirrored(self) -> Self:
        return type(self)(tuple(map(other_side, self.labels)))

    @property
    def text(self) -> str:
        return ", ".join(self.labels)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "items": list(self.labels)}


@dataclass(frozen=True, slots=True)
class FrameNumbers(_Told):
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
class Placement(_Told):
    """Objects on a map."""

    names: ClassVar = frozenset({"answer", "places"})

    places: tuple[tuple[str, float, float], ...]
    """Name, distance to the right and distance straight ahead of each object."""
    unit: LengthUnit = METERS
    """Unit of the distances."""

    def told(self, units: Units) -> Self:
        places = tuple((name, units.convert(x), units.convert(y)) for name, x, y in self.places)
        return type(self)(places, units.length)

    def mirrored(self) -> Self:
        return replace(self, places=tuple((name, -x, y) for name, x, y in self.places))

    @property
    def text(self) -> str:
        return ", ".join(f"{name}: ({x}, {y})" for name, x, y in self._printed())

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "places": self._printed()}

    def _printed(self) -> list[tuple[str, str, str]]:
        return [(name, self.unit.spell(x), self.unit.spell(y)) for name, x, y in self.places]


GRID_CELLS = 10
"""Columns, and rows, of the grid of a map of cells."""


@dataclass(frozen=True, slots=True)
class GridMap(_Told):
    """Objects in the cells of a grid."""

    names: ClassVar = frozenset({"answer", "located"})

    cells: tuple[tuple[str, int, int], ...]
    """Label, which no two share, column and row of each object, in the order in which they are asked about."""

    @property
    def text(self) -> str:
        return json.dumps({label: cell for label, *cell in self.cells}, ensure_ascii=False)

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text, "located": [(label, f"[{x}, {y}]") for label, x, y in self.cells]}


@dataclass(frozen=True, slots=True)
class Motion(_Told):
    """How a camera moved and turned."""

    names: ClassVar = frozenset({"answer", "steps"})

    right: float
    """Distance along the first camera's x."""
    down: float
    """Distance along the first camera's y."""
    forward: float
    """Distance along the first camera's z."""
    up_deg: float
    """Change of the optical axis' elevation, degrees, upwards positive."""
    left_deg: float
    """Change of heading, degrees, to the left positive."""
    unit: LengthUnit = METERS
    """Unit of the distances."""

    def told(self, units: Units) -> Self:
        right, down, forward = map(units.convert, self.lengths)
        return replace(self, right=right, down=down, forward=forward, unit=units.length)

    @property
    def lengths(self) -> tuple[float, ...]:
        return self.right, self.down, self.forward

    def mirrored(self) -> Self:
        return replace(self, right=-self.right, left_deg=-self.left_deg)

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """(name, printed amount) of the five components, zero printed as "0"."""
        return (
            _step("move", "right", "left", self._distance(self.right)),
            _step("move", "down", "up", self._distance(self.down)),
            _step("move", "forward", "backward", self._distance(self.forward)),
            *_rotations(self.up_deg, self.left_deg),
        )

    @property
    def text(self) -> str:
        return _spell_steps(self.steps)

    @property
    def context(self) -> dict[str, object]:
        units = {"move": self.unit.name, "rotate": "degrees"}
        told = [(name, f"{amount} {units[name.partition('_')[0]]}") for name, amount in self.steps if amount != "0"]
        return {"answer": self.text, "steps": told}

    def _distance(self, value: float) -> tuple[float, str]:
        rounded = round(value, self.unit.decimals)
        return rounded, self.unit.spell(abs(rounded)) if rounded else "0"


@dataclass(frozen=True, slots=True)
class ViewAngles(_Told):
    """How a camera turned, whatever its way."""

    names: ClassVar = frozenset({"answer", "steps"})

    up_deg: float
    """Angle of the optical axis towards the first camera's up, degrees, upwards positive."""
    left_deg: float
    """Angle by which the optical axis turned to the first camera's left, degrees, to the left positive."""

    def mirrored(self) -> Self:
        return replace(self, left_deg=-self.left_deg)

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """(name, printed amount) of the two components, zero printed as "0"."""
        return _rotations(self.up_deg, self.left_deg)

    @property
    def text(self) -> str:
        return _spell_steps(self.steps)

    @property
    def context(self) -> dict[str, object]:
        made = reversed(self.steps)  # the camera turns before it tilts
        return {"answer": self.text, "steps": [(name, f"{told} degrees") for name, told in made if told != "0"]}


@dataclass(frozen=True, slots=True)
class Route(_Told):
    """A route as a list of moves."""

    names: ClassVar = frozenset({"moves"})

    moves: tuple[tuple[str, float], ...]
    """(name, amount): ("forward", 2.0) for a distance, ("left", 90) for a turn, degrees."""
    unit: LengthUnit = METERS
    """Unit of the distances."""

    def told(self, units: Units) -> Self:
        moves = tuple((name, units.convert(amount) if name == "forward" else amount) for name, amount in self.moves)
        return type(self)(moves, units.length)

    @property
    def lengths(self) -> tuple[float, ...]:
        return tuple(amount for name, amount in self.moves if name == "forward")

    def mirrored(self) -> Self:
        return replace(self, moves=tuple((exchange_sides(name), amount) for name, amount in self.moves))

    @property
    def text(self) -> str:
        return ", ".join(f"{name} {amount}" for name, amount, _ in self._printed())

    @property
    def context(self) -> dict[str, object]:
        return {"moves": [(name, f"{amount} {unit}") for name, amount, unit in self._printed()]}

    def _printed(self) -> list[tuple[str, str, str]]:
        """Name, printed amount and unit of each move."""
        return [
            (name, self.unit.spell(amount), self.unit.name) if name == "forward" else (name, f"{amount:.0f}", "degrees")
            for name, amount in self.moves
        ]


@dataclass(frozen=True, slots=True)
class Description(_Told):
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


@dataclass(frozen=True, slots=True)
class Untold(_Told):
    """That the images do not show what is asked: an option, and the right one of an unanswerable twin."""

    names: ClassVar = frozenset({"answer"})

    words: str
    """The option."""

    @property
    def text(self) -> str:
        return self.words

    @property
    def context(self) -> dict[str, object]:
        return {"answer": self.text}


Answer = (
    Number
    | Ratio
    | Degrees
    | Count
    | Extents
    | BoxAnswer
    | LocatedObject
    | ImagePoint
    | ImagePosition
    | Choice
    | YesNo
    | OneOf
    | Sector
    | CameraMove
    | FrameSpan
    | Directions
    | LabelOrder
    | MoveOrder
    | FrameNumbers
    | Placement
    | GridMap
    | Motion
    | ViewAngles
    | Route
    | Description
    | Untold
)


def mirrored_box(box: Box2D) -> Box2D:
    """The box in the mirrored image."""
    left, top, right, bottom = box
    return 1000 - right, top, 1000 - left, bottom


def spell_box(box: Box2D) -> str:
    """``[left, top, right, bottom]``."""
    return f"[{', '.join(str(edge) for edge in box)}]"


def spell_span(first: int, last: int) -> str:
    """``Frame-3 to Frame-9``."""
    return f"Frame-{first} to Frame-{last}"


ROTATION_STEP_DEG = 5
"""Step in which rotations of a camera are printed, degrees."""


def _rotations(up_deg: float, left_deg: float) -> tuple[tuple[str, str], ...]:
    """(name, printed amount) of a tilt and a turn."""
    up, left = (ROTATION_STEP_DEG * round(angle / ROTATION_STEP_DEG) for angle in (up_deg, left_deg))
    return _step("rotate", "up", "down", (up, str(abs(up)))), _step("rotate", "left", "right", (left, str(abs(left))))


def _spell_steps(steps: tuple[tuple[str, str], ...]) -> str:
    return ",".join(f"{name}:{amount}" for name, amount in steps)


def _step(verb: str, positive: str, negative: str, amount: tuple[float, str]) -> tuple[str, str]:
    value, printed = amount
    return f"{verb}_{positive if value >= 0 else negative}", printed
