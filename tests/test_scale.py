"""Laws of scale: copies of a scene of any size ask the same questions, with proportional answers in fitting units."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from qagen.core.answer import Motion
from qagen.core.sample import Sample
from qagen.core.scale import at_room_scale
from qagen.core.scene import Scene
from qagen.core.units import CENTIMETERS, KILOMETERS, LENGTH_UNITS, METERS, MILLIMETERS, LengthUnit, Units
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_evidence, to_record
from qagen.pipeline.report import TaskCounts
from qagen.pipeline.run import make_samples, phrasebook
from qagen.tasks.registry import known_types, load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at as box_at
from tests.scenes import facing, room, scaled, studio_for

TYPES = known_types()
UNIT_DECIDES = {name for name in TYPES if name.startswith("distance_surface")}
UNIT_DECIDES |= {"object_height", "object_width", "object_longest", "ego_displacement", "ego_path"}
CONFIG = RunConfig(per_scene=6)
TENFOLD = {0.01: MILLIMETERS, 0.1: CENTIMETERS, 10.0: METERS, 100.0: METERS, 1000.0: KILOMETERS}
"""Factors by which copies of the studio, whose objects have a median side of 0.9 m, are larger, and their units."""
OTHER = (0.37, 3.0, 37.0)
FACTORS = [pytest.param(factor, marks=[] if factor == 0.01 else [pytest.mark.slow]) for factor in TENFOLD]
LONG = ("room_size", "appearance_order")
COPIED = [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in TYPES]
"""Types, those whose questions take seconds to find only in the slow tests."""
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
ANGLE_SLACK_DEG = 0.5
"""How much an angle may differ that follows from coordinates as these are printed."""
LOSS = 0.02
"""Share by which numbers of rationales may differ that follow from lengths as these are printed."""
SLACK = 1e-3
"""Share of a printed step by which float32 may move a number across a rounding edge."""


@cache
def filmed(scene: Scene, factor: float) -> SceneViews:
    return observe(at_room_scale(scaled(scene, factor)))


def copy_of(factor: float, type_name: str = "depth_prediction_oc") -> SceneViews:
    """A copy of the studio of another size, filmed for a type."""
    return filmed(studio_for(type_name), factor)


@cache
def samples(type_name: str, factor: float = 1.0) -> list[Sample]:
    family = load_task(type_name)
    return list(make_samples(family, copy_of(factor, type_name), phrasebook(), CONFIG, TaskCounts()))


def record_of(sample: Sample, factor: float) -> dict[str, Any]:
    return to_record(sample, load_task(sample.type), copy_of(factor, sample.type), rgbd=False)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("type_name", COPIED)
def test_a_copy_of_another_size_is_asked_the_same(type_name: str, factor: float) -> None:
    """Ids, frames, marks, letters and words are the same, and numbers grow with the scene."""
    mine, theirs = samples(type_name), samples(type_name, factor)
    assert [sample.id for sample in theirs] == [sample.id for sample in mine]
    for one, other in zip(mine, theirs, strict=True):
        first, second = record_of(one, 1.0), record_of(other, factor)
        turns, others = first.pop("conversations"), second.pop("conversations")
        assert second == first
        told = len(turns) if are_told_alike(one, other, factor) else 1
        for turn, again in zip(turns[:told], others[:told], strict=True):
            check_texts(turn["value"], again["value"], factor, "scale" in load_task(type_name).needs)
        check_evidence(
            to_evidence(one, copy_of(1.0, type_name), {}), to_evidence(other, copy_of(factor, type_name), {}), factor
        )


def are_told_alike(one: Sample, other: Sample, factor: float) -> bool:
    """Whether the units of both print the same components of a motion as 0, which texts leave out."""
    answers = one.question.answer, other.question.answer
    first, second = (
        answer.told(units_of(size)).steps if isinstance(answer, Motion) else ()
        for answer, size in zip(answers, (1.0, factor), strict=True)
    )
    return [amount == "0" for _, amount in first] == [amount == "0" for _, amount in second]


def check_texts(mine: str, theirs: str, factor: float, is_metric: bool) -> None:
    """Texts of types that are not metric may name a unit, but say how numbers are printed in words of their own."""
    words, others = (units_of(one).words if is_metric else {"unit": units_of(one).length.name} for one in (1.0, factor))
    assert wording(theirs, others) == wording(mine, words), theirs
    for text, again in zip(without_units(mine, words), without_units(theirs, others), strict=True):
        numbers, grown = NUMBER.findall(text), NUMBER.findall(again)
        assert len(numbers) == len(grown)
        for number, other in zip(numbers, grown, strict=True):
            is_as_it_was = number == other and "<" not in text
            assert is_as_it_was or any(
                is_grown(number, other, power, size, factor) for power in (1, 2) for size in (False, True)
            ), (mine, theirs)


def without_units(text: str, words: Mapping[str, str]) -> Sequence[str]:
    """The words of a text with the words of its units as placeholders: each number with its unit, else by itself."""
    return re.findall(r"-?\d+(?:\.\d+)?(?: <\w+>)?", _with_placeholders(text, words))


def wording(text: str, words: Mapping[str, str]) -> str:
    return NUMBER.sub("#", _with_placeholders(text, words))


def _with_placeholders(text: str, words: Mapping[str, str]) -> str:
    names: dict[str, str] = dict.fromkeys(
        ("size_unit", "size_form", "size_symbol"), "unit"
    )  # which may be that of lengths
    for name, word in sorted(words.items(), key=lambda item: -len(item[1])):
        text = re.sub(rf"\b{word}\b", f"<{names.get(name, name)}>", text)
    return text


def is_grown(mine: str, theirs: str, power: int, is_size: bool, factor: float) -> bool:
    """Whether two printed numbers may be the same length or area of both scenes, which are rounded each by itself."""
    units, others = units_of(1.0), units_of(factor)
    first, second = (one.size if is_size else one.length for one in (units, others))
    expected = float(mine) * (factor * first.meters / second.meters) ** power
    steps = (factor * step_m(first) / second.meters) ** power, step_m(second) / second.meters
    if power == 2:
        steps = 10.0**-first.decimals * (factor * first.meters / second.meters) ** 2, 10.0**-second.decimals
    return abs(float(theirs) - expected) <= (0.5 + SLACK) * sum(steps)


def step_m(unit: LengthUnit) -> float:
    return unit.meters * 10.0**-unit.decimals


def units_of(factor: float) -> Units:
    units = copy_of(factor).units
    assert units is not None
    return units


def check_rationale(mine: list[dict[str, Any]], theirs: list[dict[str, Any]], factor: float) -> None:
    """The steps are the same, and their numbers of lengths grow with the scene.

    Lengths are rounded anew, and other numbers follow from lengths as these are printed.
    """
    assert [(one["step"], one["form"]) for one in mine] == [(other["step"], other["form"]) for other in theirs]
    for one, other in zip(mine[:-1], theirs[:-1], strict=True):
        if "square" in str(one.get("unit")):
            continue
        grown, slack = growth(one.get("unit") or other.get("unit"), other.get("unit") or one.get("unit"), factor)
        slack = max(slack, ANGLE_SLACK_DEG) if one["form"] == "compass" else slack
        numbers, others = numbers_in(one), numbers_in(other)
        for name in {**numbers, **others}:  # amounts that would print as 0 are left out
            number, again = numbers.get(name, 0.0), others.get(name, 0.0)
            assert number == again or abs(again - grown * number) <= slack + LOSS * abs(again), (one, other)


def growth(mine: str | None, theirs: str | None, factor: float) -> tuple[float, float]:
    """By what the numbers of a step grow, and by how much they may differ because of what is printed."""
    first, second = ([unit for unit in LENGTH_UNITS if unit.name == name] for name in (mine, theirs))
    if not first or not second:
        return 1.0, 0.05
    grown = factor * first[0].meters / second[0].meters
    return grown, 0.2 * (grown * 10.0 ** -first[0].decimals + 10.0 ** -second[0].decimals)


def numbers_in(value: Any, name: str = "") -> dict[str, float]:
    """The numbers of a step, by where they stand; of pairs of a word and a number by the word."""
    if isinstance(value, dict):
        return {where: one for key, part in value.items() for where, one in numbers_in(part, f"{name}.{key}").items()}
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        return numbers_in(value[1], f"{name}.{value[0]}")
    if isinstance(value, list):
        return {
            k: one for index, part in enumerate(value) for k, one in numbers_in(part, name + place(index, part)).items()
        }
    return {name: float(value)} if isinstance(value, int | float) and not isinstance(value, bool) else {}


def place(index: int, part: Any) -> str:
    return "" if isinstance(part, list) and part and isinstance(part[0], str) else f".{index}"


def check_evidence(mine: Any, theirs: Any, factor: float, name: str = "") -> None:
    """Lengths in meters grow with the scene, areas with its square, and nothing else does."""
    if name in ("answer", "unit", "added"):
        return
    if name == "rationale":
        check_rationale(mine, theirs, factor)
        return
    power = 2 if name.endswith("_m2") else 1 if name.endswith("_m") or name == "margin" else 0
    if isinstance(mine, dict):
        assert mine.keys() == theirs.keys()
        for key, value in mine.items():
            is_angle = key == "margin" and mine["margin_unit"] != "m"
            check_evidence(value, theirs[key], factor, "" if is_angle else key)
    elif isinstance(mine, list):
        for value, other in zip(mine, theirs, strict=True):
            check_evidence(value, other, factor, name)
    elif isinstance(mine, float):
        assert theirs / factor**power == pytest.approx(mine, rel=1e-5, abs=3e-5), name
    else:
        assert theirs == mine


@pytest.mark.slow
@pytest.mark.parametrize("type_name", TYPES)
def test_told_lengths_grow_with_the_scene(type_name: str) -> None:
    for factor in TENFOLD:
        units = units_of(factor)
        for one, other in zip(samples(type_name), samples(type_name, factor), strict=True):
            lengths = np.array(one.question.answer.lengths) * factor
            told = [units.convert(length) * units.length.meters for length in other.question.answer.lengths]
            assert told == pytest.approx(lengths, rel=1e-5, abs=1e-5 * factor)


@pytest.mark.parametrize("factor", TENFOLD)
def test_the_unit_fits_the_objects(factor: float) -> None:
    assert units_of(factor).length is TENFOLD[factor]
    assert units_of(factor).world_m == pytest.approx(factor)


@pytest.mark.slow
@pytest.mark.parametrize("type_name", [name for name in TYPES if name not in UNIT_DECIDES])
def test_copies_of_any_size_are_asked_the_same(type_name: str) -> None:
    """A factor that is no power of ten leads to a median depth of 2 m, the same one for all such copies.

    Types that are asked where printing loses little depend on the unit.
    """
    mine = [comparable(sample, OTHER[0]) for sample in samples(type_name, OTHER[0])]
    for factor in OTHER[1:]:
        assert [comparable(sample, factor) for sample in samples(type_name, factor)] == mine


def comparable(sample: Sample, factor: float) -> dict[str, Any]:
    """A record without its words, and its answer where it is no length."""
    record = record_of(sample, factor)
    answer = record.pop("conversations")[1]["value"]
    return record if NUMBER.search(answer) else {**record, "answer": answer}


@pytest.mark.slow
@pytest.mark.parametrize("factor", [*TENFOLD, *OTHER])
def test_the_same_frames_and_objects_are_used(factor: float) -> None:
    mine, theirs = copy_of(1.0), copy_of(factor)
    assert [frame.id for frame in theirs.frames] == [frame.id for frame in mine.frames]
    assert theirs.unused == mine.unused
    for name in ("usable", "exact", "seen", "absent", "askable"):
        assert np.mean(getattr(theirs, name) == getattr(mine, name)) > (0.98 if factor in OTHER else 0.999)


WALK = 40


def walk() -> Scene:
    """A walk of 40 frames, 0.1 m apart, past a table."""
    cameras = [facing((0, 3, 1), at=(-2 + 0.1 * step, 0, 1.5)) for step in range(WALK)]
    return room({"table": box_at(0, 3, 0.4, size=(1.2, 0.8, 0.8))}, cameras)


@pytest.mark.parametrize("factor", [0.001, 0.01, 0.1, 1, 10, 100])
def test_a_walk_keeps_its_frames(factor: float) -> None:
    views = observe(at_room_scale(scaled(walk(), factor)))
    assert (len(views.frames), int(views.usable.sum()), dict(views.unused)) == (WALK, WALK, {})
    assert len(views.video) == 32


def test_a_scene_of_unknown_scale_is_measured_like_a_metric_one() -> None:
    """At a median depth of 2; a copy of another size makes the very same scene."""
    first, second = (at_room_scale(replace(scaled(walk(), factor), unit_m=None)) for factor in (1.0, 123.0))
    for one, other in zip(first.frames, second.frames, strict=True):
        assert other.world_from_camera.translation == pytest.approx(one.world_from_camera.translation, abs=1e-6)
    assert second.source_unit == pytest.approx(123 * first.source_unit)
    assert first.unit_m is second.unit_m is None


def test_lengths_that_are_round_stay_round() -> None:
    """Thresholds that they hit exactly are hit in a copy of another size, too."""
    back = at_room_scale(scaled(walk(), 0.01))
    for mine, theirs in zip(walk().objects, back.objects, strict=True):
        assert all_equal(mine.box, theirs.box)
        assert all_equal(mine.points, theirs.points)


def all_equal(mine: Any, theirs: Any) -> bool:
    if is_dataclass(mine):
        return all(all_equal(getattr(mine, field.name), getattr(theirs, field.name)) for field in fields(mine))
    return np.array_equal(mine, theirs)
