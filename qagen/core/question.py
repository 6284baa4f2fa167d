"""What a task hands over: facts and marks without a word of English."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Box2D = tuple[int, int, int, int]
"""left, top, right, bottom in thousandths of the image's width and height."""
Fact = float | int | str
Measured = float | int | str | list[float] | list[int] | list[str]


@dataclass(frozen=True, slots=True)
class Skip:
    """A candidate that cannot be asked."""

    reason: str
    """One of the family's declared reasons."""


@dataclass(frozen=True, slots=True)
class Role:
    """An object's part in a question, with the mark that points it out."""

    color: str
    """Colour of the mark, which also names the role in templates."""
    object: int
    """Index into Scene.objects."""
    image: int
    """Index into Question.frames of the image that carries the mark."""
    kind: Literal["point", "bbox"]
    """Shape of the mark."""
    place: tuple[int, ...]
    """(x, y) or (left, top, right, bottom), integers 0-1000 of the image's width and height."""


@dataclass(frozen=True, slots=True)
class Number:
    """A length in metres, told with one decimal."""

    value: float
    """The measured value, metres."""
    decoys: tuple[float, ...] = ()
    """True values of other objects, metres, as wrong options."""

    @property
    def text(self) -> str:
        return f"{self.value:.1f}"


@dataclass(frozen=True, slots=True)
class BoxAnswer:
    """A box in one of the images."""

    box: Box2D
    """The answer."""
    decoys: tuple[Box2D, ...] = ()
    """Other objects' boxes in the same image."""

    @property
    def text(self) -> str:
        return f"[{', '.join(str(edge) for edge in self.box)}]"


@dataclass(frozen=True, slots=True)
class ImagePoint:
    """A place in an image with its depth."""

    x: int
    """Thousandths of the image's width."""
    y: int
    """Thousandths of the image's height."""
    depth: float
    """Depth z, metres."""
    decoys: tuple["ImagePoint", ...] = ()
    """Places that other cameras have."""

    @property
    def text(self) -> str:
        return f"({self.x},{self.y}),{self.depth:.1f}"


@dataclass(frozen=True, slots=True)
class Slot:
    """One direction of a relation."""

    axis: str
    """left_right, above_below, closer_farther, front_behind, first_front_behind or second_front_behind."""
    word: str
    """The direction's word, or "" where it cannot be told apart."""


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
class Directions:
    """A tuple of directions."""

    slots: tuple[Slot, ...]
    """In the order in which the answer names them."""

    @property
    def text(self) -> str:
        return spell_directions(slot.word for slot in self.slots)


def spell_directions(words) -> str:
    """The tuple as trainers expect it: ``left, , closer``; an empty slot stays empty."""
    return ", ".join(words).rstrip()


@dataclass(frozen=True, slots=True)
class Motion:
    """How a camera moved and turned."""

    right_m: float
    """Along the first camera's x, metres."""
    down_m: float
    """Along the first camera's y, metres."""
    forward_m: float
    """Along the first camera's z, metres."""
    up_deg: float
    """Change of the optical axis' elevation, degrees, upwards positive."""
    left_deg: float
    """Change of heading, degrees, to the left positive."""

    ANGLE_STEP_DEG = 5

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

    def _degrees(self, angle_deg: float) -> tuple[float, str]:
        rounded = self.ANGLE_STEP_DEG * round(angle_deg / self.ANGLE_STEP_DEG)
        return rounded, str(abs(rounded))


def _meters(value: float) -> tuple[float, str]:
    rounded = round(value, 1)
    return rounded, f"{abs(rounded):.1f}" if rounded else "0"


def _step(verb: str, positive: str, negative: str, amount: tuple[float, str]) -> tuple[str, str]:
    value, printed = amount
    return f"{verb}_{positive if value >= 0 else negative}", printed


Answer = Number | BoxAnswer | ImagePoint | Directions | Motion


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that can be asked, and its answer."""

    frames: tuple[int, ...]
    """Indices into SceneViews.frames of the images shown, in order."""
    roles: tuple[Role, ...] = ()
    """Marked objects, in the order in which the record lists them."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What the templates may say besides the roles and the answer."""
    answer: Answer
    """The truth."""
    margin: float
    """How far the deciding quantity lies from the nearest threshold."""
    margin_unit: Literal["m", "deg", "fraction"] = "m"
    """Unit of the margin."""
    measured: Mapping[str, Measured]
    """The quantities that the answer follows from; lengths in metres, angles in degrees."""
    classes: tuple[str, ...] = ()
    """Answer classes that are to be kept even within a type."""

    @property
    def key(self) -> tuple:
        """Two candidates with the same key are the same question."""
        return self.frames, tuple((r.color, r.object, r.image) for r in self.roles)
