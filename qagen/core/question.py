"""What a task family hands over: facts and marks, without a word of English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from qagen.core.answer import Answer, Untold
from qagen.core.units import Length

Fact = float | int | str | tuple | Length
Measured = float | int | str | list
MarkKind = Literal["point", "bbox", "mask", "none"]
"""How a question points an object out: "none" is by its label alone."""
Subject = tuple[str | int, ...]
"""What a candidate is about: SCENE, ("objects", indices), ("image", index of the frame), ("labels", names)."""
SCENE: Subject = ("scene",)


@dataclass(frozen=True, slots=True)
class Skip:
    """A candidate that cannot be asked."""

    reason: str
    """A reason of qagen.core.reasons, which the family declares."""
    subject: Subject | None = field(default=None, compare=False)
    """What is refused, counted once however often it is drawn; None for this candidate alone.

    With SCENE the type has nothing more to propose in the scene.
    """


@dataclass(frozen=True, slots=True)
class MarkedObject:
    """An object's role in a question, with the mark that points it out."""

    color: str
    """Color of the mark, which also names the role in templates; "object0", ... for marks that are listed."""
    object: int
    """Index into Scene.objects."""
    image: int
    """Index into Question.frames of the image that carries the mark; without one, an image that shows the object."""
    kind: MarkKind
    """Kind of the mark."""
    place: tuple[int, ...]
    """(x, y) or (left, top, right, bottom), integers 0-1000 of the image's width and height; the runs of a mask
    (qagen.core.runs); () without a mark."""
    alias: str = ""
    """A name that the question gives the object besides its label: "Object2", "point0"."""


@dataclass(frozen=True, slots=True)
class MarkedPlace:
    """A place of an image that a point marks, whatever is there."""

    kind: ClassVar[MarkKind] = "point"
    alias: ClassVar[str] = ""

    color: str
    """Color of the point, which also names the place in templates."""
    image: int
    """Index into Question.frames of the image that carries the point."""
    place: tuple[int, int]
    """(x, y), integers 0-1000 of the image's width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that can be asked, and its answer."""

    frames: tuple[int, ...]
    """Indices into SceneViews.frames of the images shown, in order."""
    roles: tuple[MarkedObject, ...] = ()
    """Marked objects, in the order in which the record lists them."""
    places: tuple[MarkedPlace, ...] = ()
    """Marked places, in the order in which the record lists them; a question marks either objects or places."""
    is_video: bool = False
    """Whether the images are the scene's video, which texts call Frame-0, Frame-1, ..."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """Variables of templates besides the marks and the answer; a mark's color stands for what it marks."""
    answer: Answer
    """The correct answer."""
    margin: float
    """Distance of the deciding quantity from the nearest threshold."""
    margin_unit: Literal["m", "deg", "fraction"] = "m"
    """Unit of the margin."""
    measured: Mapping[str, Measured]
    """The quantities that the answer follows from; lengths in meters, angles in degrees."""
    classes: tuple[str, ...] = ()
    """Answer classes that are balanced within a type."""
    fact: tuple | None = None
    """What is asked, however it is dressed: without marks, images that only show it, and the order of equals. None
    where only ``key`` tells it."""
    about: tuple[int, ...] | None = None
    """Indices into Scene.objects of the objects that it asks about; None where these are the marked ones."""

    def number(self, name: str) -> float:
        """One of the measured numbers."""
        value = self.measured[name]
        assert isinstance(value, int | float)
        return float(value)

    def position(self, name: str, default: int = 0) -> int:
        """One of the facts that name an image by its place among the images shown."""
        return int(str(self.facts.get(name, default)))

    @property
    def is_twin(self) -> bool:
        """Whether its images do not show what it asks about; those of a video are then not the scene's video."""
        return isinstance(self.answer, Untold)

    @property
    def objects(self) -> tuple[int, ...]:
        """Indices into Scene.objects of the objects that it asks about."""
        return tuple(role.object for role in self.roles) if self.about is None else self.about

    @property
    def marks(self) -> "tuple[MarkedObject | MarkedPlace, ...]":
        """All that is marked, in the order in which the record lists it."""
        return *self.roles, *self.places

    @property
    def key(self) -> tuple:
        """Two candidates with the same key are the same question."""
        marked = *((r.color, r.object, r.image) for r in self.roles), *self.places
        return self.frames, marked, tuple(sorted(self.facts.items()))

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """All that the question asks about; these count as refused for no reason."""
        return SCENE, about_image(self.frames[0]), about_objects(self.roles)


def listed_name(index: int, kind: str, anchored: bool) -> str:
    """What questions call a listed object: object0, object1, ...; after objectA, to measure from, point0, ... if so."""
    if not anchored:
        return f"object{index}"
    return f"{'point' if kind == 'point' else 'object'}{index - 1}" if index else "objectA"


def about_image(frame: int) -> Subject:
    """An image, or all sets of images that begin with it."""
    return "image", frame


def about_objects(roles: Sequence[MarkedObject]) -> Subject:
    """An object, or several together, whatever their roles and the images."""
    return "objects", *sorted(role.object for role in roles)


def refusing(subject: Subject, candidate: Question | Skip) -> Question | Skip:
    """The candidate; a skip that does not say what it refuses refuses ``subject``."""
    is_silent = isinstance(candidate, Skip) and candidate.subject is None
    return replace(candidate, subject=subject) if is_silent else candidate
