"""The steps of a rationale as the audit takes them, from its own scene, marks and cameras."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import ALIASES, AuditRecord
from qagen.audit.lengths import SIDE_UNITS, TEXT_UNITS, TextUnit
from qagen.audit.scene import AuditView, wrap_deg
from qagen.audit.solvers.base import Solver

OF_DIFFERENCE, OF_POINTS = 0.6, 1.4
"""Last places by which the difference of two printed numbers, and the distance of two printed points, are off beside
their own rounding."""
SCALE = "d"
"""What stands for a unit of length in scenes without a scale."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is printed."""

    value: float
    """The recomputed number, in the unit in which it is printed."""
    decimals: int
    """Decimals in print."""
    doubt: float = 0.0
    """Largest difference for other reasons than printing, because it is estimated."""
    stated: float | None = None
    """What else the evidence says that it is, where it is estimated: differences are due to printing alone."""


def following(number: Number, last_places: float) -> Number:
    """A number that follows from printed ones, which are off by rounding, and so is it by as many last places."""
    return replace(number, doubt=number.doubt + last_places * 10.0**-number.decimals)


@dataclass(frozen=True, slots=True)
class Signed:
    """A number that is told as a word and an amount without a sign."""

    number: Number
    """With its sign."""
    positive: str
    """The word of a positive number."""
    negative: str
    """The word of a negative number."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several values, where it cannot be decided."""

    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """A step of the chain."""

    kind: str
    """The kind and the form, such as "measure depth"."""
    values: Mapping[str, Any]
    """Its values by name: numbers as Number, words with a number as Signed, lists, and what must be equal."""
    frame: str = ""
    """Of a step that is left out where the words would be too many, its sentence without its points or directions."""


class Frame:
    """Coordinates along the axes of an observer."""

    def __init__(self, origin: NDArray, axes: NDArray) -> None:
        """``axes`` are columns (3, n)."""
        self.origin, self.axes = origin, axes

    def of(self, point: NDArray) -> list[float]:
        """The coordinates of a world point (3,)."""
        return [float(value) for value in (point - self.origin) @ self.axes]


def camera_frame(view: AuditView) -> Frame:
    """Right, down, ahead."""
    return Frame(view.eye, view.T_wc[:3, :3])


def level_axes(view: AuditView) -> NDArray:
    """(3, 3), columns right, up, ahead of a camera held level."""
    ahead = np.array([*view.T_wc[:2, 2], 0.0]) / np.hypot(*view.T_wc[:2, 2])
    return np.stack([np.array([ahead[1], -ahead[0], 0.0]), np.array([0.0, 0.0, 1.0]), ahead], axis=1)


@dataclass
class Steps:
    """Makes the steps that all chains share, for one solved record."""

    solver: Solver
    """The solver, whose quantities the steps tell."""
    scale: float | None = None
    """d, in units of the world, once a step has named it."""
    roles: dict[str, str] = field(init=False)
    """Role in the evidence by token."""

    def __post_init__(self) -> None:
        self.roles = roles_of(self.solver.record)

    @property
    def record(self) -> AuditRecord:
        return self.solver.record

    @property
    def unit(self) -> TextUnit | None:
        """The scene's unit of length."""
        return next((unit for unit in TEXT_UNITS if unit.symbol == self.record.evidence.get("unit")), None)

    # --- numbers ------------------------------------------------------------------------------------------------------

    def length(self, world: float, doubt: float = 0.0, name: str = "") -> Number:
        """A length, given in units of the world; ``name`` is that of an estimated one in the evidence."""
        per, decimals = self.scale or np.nan, 2
        if self.unit is not None:
            per, decimals = self.unit.meters / (self.solver.truth.scene.unit_m or np.nan), self.unit.decimals + 1
        stated = self.stated(name)
        return Number(world / per, decimals, doubt / per, None if stated is None else stated / per)

    def stated(self, name: str) -> float | None:
        """A measured quantity of the evidence."""
        found = self.record.evidence.get("measured", {}).get(name)
        return float(found) if isinstance(found, int | float) else None

    def side(self, world: float) -> Number:
        """A side of a box where all three are asked for, in a finer unit."""
        if self.unit is None:
            return self.length(world)
        unit = next(unit for unit in TEXT_UNITS if unit.symbol == SIDE_UNITS[self.unit.symbol])
        per = unit.meters / (self.solver.truth.scene.unit_m or np.nan)
        decimals = 2 if self.unit.symbol == "mm" else 1
        return Number(world / per, decimals)

    def area(self, world: float, doubt: float = 0.0, name: str = "") -> Number:
        """An area, given in units of the world."""
        assert self.unit is not None
        per, stated = self.length(1.0).value ** -2, self.stated(name)
        return Number(world / per, self.unit.decimals + 1, doubt / per, None if stated is None else stated / per)

    @property
    def told_unit(self) -> str:
        return SCALE if self.unit is None else self.unit.name

    @property
    def told_multiple(self) -> str:
        """The unit after "in": its name, or what stands for it."""
        return f"multiples of {SCALE}" if self.unit is None else self.unit.name

    def with_unit(self, kind: str, /, **values: Any) -> Expected:
        """A step that tells lengths."""
        return Expected(kind, {**values, "unit": self.told_unit})

    # --- steps --------------------------------------------------------------------------------------------------------

    def marks(self) -> Iterator[Expected]:
        """Which image shows which object."""
        evidence = self.record.evidence
        rows = [(row["color"], row["image"]) for row in (*evidence.get("objects", ()), *evidence.get("places", ()))]
        images = list(dict.fromkeys(image for _, image in rows))
        shown = [[image, [role for role, its in rows if its == image]] for image in images]
        yield Expected("locate marks", {"shown": shown})

    def name_scale(self, form: str, world: float, **values: Any) -> Iterator[Expected]:
        """The length by which others are told where nobody knows the scale."""
        if self.unit is None:
            self.scale = world
            yield Expected(f"scale {form}", values)

    def from_camera(self, token: str, image: int = 0) -> float:
        """Distance of an object from a camera, units of the world."""
        return float(np.linalg.norm(self.solver.center(token) - self.solver.view(image).eye))

    def apart(self, first: str, second: str) -> float:
        """Distance of two objects, units of the world."""
        return float(np.linalg.norm(self.solver.center(first) - self.solver.center(second)))

    def scale_from_camera(self, token: str, image: int = 0) -> Iterator[Expected]:
        yield from self.name_scale("camera", self.from_camera(token, image), camera=image, of=self.roles[token])

    def scale_of_pair(self, first: str, second: str) -> Iterator[Expected]:
        yield from self.name_scale("pair", self.apart(first, second), of=[self.roles[first], self.roles[second]])

    def at(self, frame: Frame, things: Sequence[str | int]) -> list[Any]:
        """The coordinates of objects, by token, and of cameras, by image."""
        found = []
        for thing in things:
            place = self.solver.center(thing) if isinstance(thing, str) else self.solver.view(thing).eye
            name = self.roles[thing] if isinstance(thing, str) else thing
            found.append([name, [self.length(value) for value in frame.of(place)]])
        return found

    def placed(self, kind: str, frame: Frame, things: Sequence[str | int], /, **values: Any) -> Expected:
        return self.with_unit(kind, **values, points=self.at(frame, things))

    def in_camera(self, things: Sequence[str | int], image: int = 0, kind: str = "place camera") -> Expected:
        return self.placed(kind, camera_frame(self.solver.view(image)), things, camera=image)

    def held_level(self, things: Sequence[str | int], image: int = 0) -> Expected:
        view = self.solver.view(image)
        return self.placed("place level", Frame(view.eye, level_axes(view)), things, camera=image)

    def on_plan(self, things: Sequence[str | int], image: int = 0) -> Expected:
        view = self.solver.view(image)
        return self.placed("place plan", Frame(view.eye, level_axes(view)[:, [0, 2]]), things, camera=image)

    def heights(self, tokens: Sequence[str]) -> Expected:
        """How high objects are for the first image's camera; of two also how far away."""
        eye, told = self.solver.view(0).eye, []
        for token in tokens:
            up = float(self.solver.center(token)[2] - eye[2])
            height = Signed(self.length(up), "above", "below")
            told.append([self.roles[token], self.length(self.from_camera(token)), height])
        if len(told) == 1:
            return self.with_unit("measure height", of=told[0][0], by=told[0][2])
        return self.with_unit("measure away", camera=0, to=told)

    def camera_distances(self, tokens: Sequence[str]) -> Expected:
        """How far objects are from the first image's camera."""
        to = [[self.roles[token], following(self.length(self.from_camera(token)), OF_POINTS)] for token in tokens]
        return self.with_unit("measure from_camera", camera=0, to=to)

    def between(self, start: str, others: Sequence[str]) -> Expected:
        told = [following(self.length(self.apart(start, other)), OF_POINTS) for other in others]
        to = [[self.roles[other], number] for other, number in zip(others, told, strict=True)]
        return self.with_unit("measure between", start=self.roles[start], to=to)

    def angles(self, first: int, last: int) -> Expected:
        """Turn, tilt and roll, one after the other, in the first camera's own axes."""
        between = self.solver.view(first).T_wc[:3, :3].T @ self.solver.view(last).T_wc[:3, :3]
        right, down, ahead = between[:, 2]
        left_deg = np.degrees(np.arctan2(-right, ahead))
        up_deg = np.degrees(np.arctan2(-down, np.hypot(right, ahead)))
        clockwise_deg = np.degrees(np.arctan2(between[1, 0], between[1, 1]))
        return Expected(
            "measure angles",
            {
                "first": first,
                "last": last,
                "turn": degrees(left_deg, "left", "right"),
                "tilt": degrees(up_deg, "up", "down"),
                "roll": degrees(clockwise_deg, "clockwise", "counterclockwise"),
            },
        )

    def bearings(self, rights_deg: Mapping[str | int, float], image: int = 0) -> Expected:
        """How far to the right of straight ahead objects, by token, and cameras, by image, are from above."""
        named = [(self.roles[one] if isinstance(one, str) else one, value) for one, value in rights_deg.items()]
        told = [[name, degrees(value, "right", "left")] for name, value in named]
        return Expected("measure bearing", {"camera": image, "to": told})

    def headings(self) -> Expected:
        """How heading and elevation change from the first image to the second."""
        first, second = self.solver.view(0), self.solver.view(1)
        up_deg, left_deg = second.elevation_deg - first.elevation_deg, second.heading_deg - first.heading_deg
        told = {
            "turn": degrees(wrap_deg(left_deg), "left", "right"),
            "tilt": degrees(up_deg, "up", "down", OF_DIFFERENCE / 10),
            "elevations": [angle(first.elevation_deg), angle(second.elevation_deg)],
        }
        return Expected("measure heading", {"first": 0, "last": 1, **told})

    # --- the answer ---------------------------------------------------------------------------------------------------

    @property
    def said(self) -> str:
        """What the model says."""
        return str(self.record.raw["conversations"][1]["value"])

    @property
    def right_text(self) -> str:
        """The answer itself: that of an option, not its letter."""
        if self.record.format != "select":
            return self.said
        human = str(self.record.raw["conversations"][0]["value"])
        return dict(re.findall(r"^([A-D])\. (.*)$", human, re.MULTILINE)).get(self.said, "")

    def answer(self, *words: Any) -> Expected:
        """The last step; ``words`` are what a sentence or an option states, the last one what holds in the end: text,
        or directions as pairs of an axis and a word."""
        if self.record.format == "select":
            form, told = ("option", words[-1]) if words else ("letter", self.right_text.removesuffix("."))
            return Expected(f"answer {form}", {"letter": self.said, "value": told})
        if self.record.format != "sentence":
            return Expected("answer plain", {"value": self.said})
        *before, value = words or (self.said.removesuffix("."),)
        if any(before):
            return Expected("answer moved", {"before": before[0], "value": value})
        kind = "answer sentence" if not words else "answer plain" if isinstance(value, str) else "answer directions"
        return Expected(kind, {"value": value})


def degrees(value: float, positive: str, negative: str, doubt: float = 0.0) -> Signed:
    """An angle that is told with a word for its sense."""
    return Signed(Number(float(value), 1, doubt), positive, negative)


def angle(value: float, doubt: float = 0.0, stated: float | None = None) -> Number:
    """An angle."""
    return Number(float(value), 1, doubt, stated)


def roles_of(record: AuditRecord) -> dict[str, str]:
    """The roles of the evidence by the tokens that texts have for them."""
    found: dict[str, str] = {}
    for row in record.evidence.get("objects", ()):
        color = str(row["color"])
        for token in filter(None, (color, ALIASES.get(color), row.get("alias"))):
            found[str(token)] = color
    return found | {str(row["color"]): str(row["color"]) for row in record.evidence.get("places", ())}
