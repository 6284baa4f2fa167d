"""From the steps of a rationale to its sentences, and to what evidence says of each."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qagen.core.answer import (
    Answer,
    Description,
    Directions,
    Extents,
    ImagePoint,
    Motion,
    ViewAngles,
)
from qagen.core.question import MarkedObject, MarkedPlace, Question
from qagen.core.rationale import DECIMALS, Image, Point, Quantity, Step
from qagen.core.sample import Format
from qagen.core.units import Units
from qagen.tasks._base import Family
from qagen.visibility.views import SceneViews
from qagen.wording.formats import Turns, mentions_of, plain_text
from qagen.wording.phrasebook import Mention, Phrasebook

FILE = "rationale"
SCALE_UNIT = "d"
"""Stands for a unit of length in scenes without meters: a length of the question, which the step ``scale`` names."""
SCALE_DECIMALS = 2
MAX_WORDS = 120
"""Largest number of words of a rationale, for which optional steps are left out, the first ones first."""
MORE_DECIMALS = 2
"""How many more decimals numbers have, where otherwise those that follow from them would round to another answer."""
FIRST = "locate"
"""Kind of the step that tells objects apart by their marks; later steps call them by as little as possible."""
BEFORE = "before_"
"""Starts the names of facts that hold before a move."""
CODED = (Motion, ViewAngles, Extents, ImagePoint)
"""Answers whose plain text is a form that only fill questions explain."""

Told = dict[str, Any]
"""A step as evidence has it: its kind, form, sentence and values."""


class Rationales:
    """Writes the rationales of the questions of one type and scene, each step of a question once for all formats."""

    def __init__(self, family: Family, views: SceneViews, book: Phrasebook) -> None:
        self.family, self.views, self.book = family.form_for(views.scene), views, book
        self._told: dict[tuple, list[tuple[Step, Told]]] = {}

    def of(self, question: Question, answer_format: Format, turns: Turns) -> tuple[Told, ...]:
        """The steps that lead to the answer of these turns, in words, with the answer as the last one."""
        if question.key not in self._told:
            self._told[question.key] = self._tell(question)
        told = [(step, said) for step, said in self._told[question.key] if step.asked_by in (None, answer_format)]
        answer = self._answer(question, answer_format, turns)
        told.append((answer, Teller(self.book, {}, self.views.units, question.is_video, None).tell(answer)))
        return fitting(told)

    def _tell(self, question: Question) -> list[tuple[Step, Told]]:
        """All steps but the answer. Where the scene has meters, no other length has to stand for their unit."""
        units = self.views.units
        steps = _unseen(question) if question.is_twin else self.family.rationale(question, self.views)
        scale = next((step.length for step in steps if step.length is not None), None)
        mentions = mentions_of(self.family, self.views.scene, question, with_frames=False)
        tellers = [
            Teller(self.book, mentions, units, question.is_video, scale, more) for more in range(1 + MORE_DECIMALS)
        ]
        teller = next((one for one in tellers if one.adds_up(steps)), tellers[-1])
        return [(step, teller.tell(step)) for step in steps if units is None or step.length is None]

    def _answer(self, question: Question, answer_format: Format, turns: Turns) -> Step:
        """The answer without a sentence around it; of an option both its letter and what it says."""
        answer = question.answer
        if answer_format == "select" and isinstance(answer, Directions):
            return Step("answer", "option", {"letter": turns.gpt, "value": _stated(answer)})
        if answer_format == "select":
            option = turns.right_option.removesuffix(".")
            return Step("answer", "letter", {"letter": turns.gpt, "value": option})
        if answer_format != "sentence":
            return Step("answer", "plain", {"value": turns.gpt})
        if isinstance(answer, Description):
            return Step("answer", "description", {})
        if isinstance(answer, CODED):
            return Step("answer", "sentence", {"value": turns.gpt.removesuffix(".")})
        if isinstance(answer, Directions):
            return _directions(question, answer)
        return Step("answer", "plain", {"value": self._plain_text(question, answer)})

    def _plain_text(self, question: Question, answer: Answer) -> str:
        return plain_text(answer, self.views.units, mentions_of(self.family, self.views.scene, question))


def _unseen(question: Question) -> tuple[Step, ...]:
    """What a twin does not show."""
    labels = question.measured["absent"]
    assert isinstance(labels, list)
    return tuple(Step("tally", "shown", {"label": label, "value": 0}) for label in labels)


class Teller:
    """Says the steps of one question."""

    def __init__(
        self,
        book: Phrasebook,
        mentions: Mapping[str, Mention],
        units: Units | None,
        is_video: bool,
        scale: float | None,
        more: int = 0,
    ) -> None:
        """
        Args:
            mentions: the question's objects by role, with all that tells them apart.
            units: how the scene's lengths are told, None where nobody knows them.
            is_video: whether images are frames of a video.
            scale: without units, the length by which all lengths are divided.
            more: how many more decimals numbers have than is usual.
        """
        self.book, self.mentions, self.units, self.is_video, self.scale = book, mentions, units, is_video, scale
        self.more = more

    def adds_up(self, steps: Sequence[Step]) -> bool:
        """Whether all that follows from printed numbers, and leads to no other, rounds to what the answer prints."""
        found = [one for step in steps for one in _quantities(step.values) if one.rule is not None]
        used = {id(part) for one in found for part in one.parts}
        return all(self._rounds_as_asked(one) for one in found if id(one) not in used)

    def _rounds_as_asked(self, quantity: Quantity) -> bool:
        value, decimals = self._converted(quantity)
        asked = max(decimals - 1, 0)
        # A 5 at the end rounds up for a reader, whatever binary fractions make of it.
        return math.floor(self._followed(quantity) * 10**asked + 0.5 + 1e-9) == round(round(value, asked) * 10**asked)

    def tell(self, step: Step) -> Told:
        """The sentence of a step and what it says, numbers as they are printed."""
        kinds: set[str] = set()
        values = self._moving(step.values)
        parts = {name: self._told(value, step.kind == FIRST, kinds) for name, value in values.items()}
        unit = self._unit(kinds)
        context: dict[str, object] = {"unit": unit, "in_unit": f"multiples of {unit}" if unit == SCALE_UNIT else unit}
        context |= {name: spelled for name, (spelled, _) in parts.items()}
        says = self.book.phrasings(FILE, f"{step.kind}_{step.form}")[0].render(context)
        told: Told = {"step": step.kind, "form": step.form, "says": says}
        told |= {name: plain for name, (_, plain) in parts.items()}
        return told | {"unit": unit} if unit else told

    def _moving(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same without moves of which 0 would be printed, if any others are left."""
        amounts = values.get("amounts", ())
        moving = tuple(pair for pair in amounts if self._rounded(pair[1])[0])
        return {**values, "amounts": moving} if moving else values

    def _unit(self, kinds: set[str]) -> str:
        """The unit of a step that states quantities of these kinds."""
        if not kinds & {"length", "side", "area"}:
            return ""
        if self.units is None:
            return SCALE_UNIT
        length = self.units.length.name
        return self.units.size.name if "side" in kinds else f"square {length}" if "area" in kinds else length

    def _told(self, value: object, is_first: bool, kinds: set[str]) -> tuple[object, object]:
        """A value as sentences say it, and as evidence has it; adds the kinds of its quantities to ``kinds``."""
        match value:
            case Quantity():
                kinds.add(value.kind)
                return self._printed(value)
            case MarkedObject() | MarkedPlace():
                mention = self.mentions[value.color]
                return mention if is_first else mention.again, value.color
            case Image():
                return f"Frame-{value.position}" if self.is_video else f"image {value.position + 1}", value.position
            case Point():
                printed = [self._printed(one) for one in value.coordinates]
                kinds.update(one.kind for one in value.coordinates)
                return f"({', '.join(text for text, _ in printed)})", [number for _, number in printed]
            case tuple():
                parts = [self._told(part, is_first, kinds) for part in value]
                return [spelled for spelled, _ in parts], [plain for _, plain in parts]
            case _:
                return value, value

    def _printed(self, quantity: Quantity) -> tuple[str, float | int]:
        """A number as it is printed, and its value."""
        rounded, decimals = self._rounded(quantity)
        return f"{rounded:.{decimals}f}", rounded if decimals else int(rounded)

    def _rounded(self, quantity: Quantity) -> tuple[float, int]:
        """A number that is printed, and its decimals. Pixels are answers already."""
        value, decimals = self._converted(quantity)
        if quantity.rule is not None and quantity.kind != "pixel":
            value = self._followed(quantity)
        decimals += self.more if decimals else 0
        return round(value, decimals) + 0.0, decimals

    def _followed(self, quantity: Quantity) -> float:
        """What a reader computes from the printed numbers that a quantity follows from."""
        assert quantity.rule is not None
        return quantity.rule(*(self._rounded(part)[0] for part in quantity.parts))

    def _converted(self, quantity: Quantity) -> tuple[float, int]:
        """The value in the unit in which it is said, and the decimals that are printed."""
        kind, value = quantity.kind, quantity.value
        if kind in DECIMALS:
            return value, DECIMALS[kind]
        if self.units is None:
            assert self.scale is not None, "a length in a scene without meters, and no step that names d"
            return value / self.scale, SCALE_DECIMALS
        unit = self.units.size if kind == "side" else self.units.length
        return value * (self.units.world_m / unit.meters) ** (2 if kind == "area" else 1), unit.decimals + 1


def _quantities(value: object) -> Iterator[Quantity]:
    """All quantities among the values of a step but coordinates, which are no answers."""
    match value:
        case Quantity():
            yield value
        case Mapping():
            yield from _quantities(tuple(value.values()))
        case tuple():
            for part in value:
                yield from _quantities(part)


def fitting(told: Sequence[tuple[Step, Told]]) -> tuple[Told, ...]:
    """The steps without as many of the optional ones, from the first one on, as make them too long."""
    count = sum(len(said["says"].split()) for _, said in told)
    kept: list[Told] = []
    for step, said in told:
        if step.is_optional and count > MAX_WORDS:
            count -= len(said["says"].split())
        else:
            kept.append(said)
    return tuple(kept)


def _directions(question: Question, answer: Directions) -> Step:
    """The directions that are clear; also those before a move, if the question asks for them."""
    value = _stated(answer)
    facts = question.facts.items()
    before = tuple((name.removeprefix(BEFORE), str(fact)) for name, fact in facts if name.startswith(BEFORE) and fact)
    if not before:
        return Step("answer", "directions", {"value": value})
    return Step("answer", "moved", {"before": before, "value": value})


def _stated(answer: Directions) -> tuple[tuple[str, str], ...]:
    return tuple((slot.axis, slot.word) for slot in answer.slots if slot.word)
