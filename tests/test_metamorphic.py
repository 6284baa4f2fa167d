"""Laws that need no known answer: what happens to every type when the world is moved, scaled or mirrored."""

import re
from dataclasses import fields, replace
from functools import cache
from inspect import signature
from typing import Any, cast

import numpy as np
import pytest

from qagen.core.answer import (
    GRID_CELLS,
    OPPOSITE,
    Answer,
    BoxAnswer,
    CameraMove,
    Choice,
    Count,
    Degrees,
    Directions,
    Extents,
    FrameNumbers,
    FrameSpan,
    GridMap,
    ImagePoint,
    ImagePosition,
    LabelOrder,
    LocatedObject,
    Motion,
    MoveOrder,
    Number,
    OneOf,
    Placement,
    Sector,
    ViewAngles,
    YesNo,
)
from qagen.core.box import Box3D
from qagen.core.motion import OPPOSITES
from qagen.core.pose import Pose
from qagen.core.question import MarkedObject, Question, Skip
from qagen.core.scene import Scene
from qagen.rng import rng_for
from qagen.sampling.mark_placement import mark
from qagen.sampling.pool import collect
from qagen.tasks.registry import known_types, load_task
from qagen.visibility.thresholds import Thresholds
from qagen.visibility.views import SceneViews, observe
from tests.scenes import mirrored, moved, scaled, studio_for

TYPES = known_types()
QUOTA = 4
"""Six times as many candidates are collected."""
ROUNDING = 1e-6
"""A candidate with no more margin than this may fall to either side."""
PIXEL = 4
"""A pixel of the grid that is looked at is 1000 / 240 thousandths of the image at most; rounding may cost one."""


@cache
def filmed(scene: Scene) -> SceneViews:
    return observe(scene)


def views(type_name: str = "depth_prediction_oc") -> SceneViews:
    """The studio, filmed for a type."""
    return filmed(studio_for(type_name))


RELAXED = {"navigation": {"max_overlap": 1.0, "max_step_m": 100.0}}
"""Overrides by family, without which too few questions about the studio survive its being scaled."""
SIDES = {"left": "right", "right": "left", "east": "west", "west": "east"}
"""Words and endings of words in the mirror."""
TOLERANCES_M = (0.25, 0.35, 0.5)


@cache
def family_of(type_name: str, factor: float = 1.0) -> Any:
    """The type for a world that is larger: a path has other corners unless its tolerance grows, too."""
    name = load_task(type_name).name
    scaled = {"tolerances_m": [factor * one for one in TOLERANCES_M]} if name == "navigation" else {}
    return load_task(type_name, {**RELAXED.get(name, {}), **scaled})


@cache
def asked(type_name: str) -> list[Question]:
    return collect(family_of(type_name).propose(views(type_name), rng_for(0, type_name)), QUOTA).pool


def ask_again(
    type_name: str, question: Question, seen: SceneViews, factor: float = 1.0, is_mirrored: bool = False
) -> Question | Skip:
    """The same frames and objects, asked of another world; facts that ``ask`` takes are passed on."""
    family = family_of(type_name, factor)
    roles = tuple(
        replace(mark(seen, question.frames, role.color, role.object, role.image, role.kind), alias=role.alias)
        for role in question.roles
    )
    turnable = ("direction", "listed", "move", "way", "relation")
    facts = {name: turned(fact, is_mirrored) if name in turnable else fact for name, fact in question.facts.items()}
    if is_mirrored and "cells" in facts:  # the grid is in the mirror, too
        facts["cells"] = tuple((GRID_CELLS - 1 - column, row) for column, row in cast(Any, facts["cells"]))
    places = tuple(replace(one, place=flipped(one.place)) if is_mirrored else one for one in question.places)
    passed = facts | ({"roles": roles} if roles else {}) | ({"places": places} if places else {})
    known = signature(family.ask).parameters
    return family.ask(seen, question.frames, **{name: value for name, value in passed.items() if name in known})


def check_alike(type_name: str, seen: SceneViews, factor: float = 1.0, is_mirrored: bool = False) -> None:
    assert len(seen.frames) == len(views(type_name).frames)
    compared = 0
    for question in asked(type_name):
        other = ask_again(type_name, question, seen, factor, is_mirrored)
        if isinstance(other, Skip) and (factor != 1 or question.margin < ROUNDING):
            continue  # the task's thresholds are lengths, which have not been scaled; or it was undecided
        assert isinstance(other, Question), other
        grows = factor**2 if family_of(type_name).unit.startswith("square ") else factor
        assert_close(other.answer, expected(question.answer, grows, is_mirrored))
        for mine, theirs in zip(question.marks, other.marks, strict=True):
            assert theirs.place == pytest.approx(flipped(mine.place) if is_mirrored else mine.place, abs=PIXEL + 1)
        compared += 1
    assert compared > len(asked(type_name)) / 10


def expected(answer: Answer, factor: float, is_mirrored: bool) -> Answer:
    """The answer in a world that is larger, or mirrored."""
    side = -1 if is_mirrored else 1
    match answer:
        case Number(value):
            return Number(factor * value)
        case Extents(length, width, height):
            return Extents(round(factor * length), round(factor * width), round(factor * height))
        case BoxAnswer(box) | LocatedObject(_, _, box):
            return replace(answer, box=box_of(box, is_mirrored))
        case ImagePoint(x) | ImagePosition(x):
            placed = replace(answer, x=1000 - x if is_mirrored else x)
            return replace(placed, depth=factor * placed.depth) if isinstance(placed, ImagePoint) else placed
        case Directions(slots):
            return Directions(tuple(replace(slot, word=turned(slot.word, is_mirrored)) for slot in slots))
        case Motion() | ViewAngles():
            factors = {"right": side * factor, "down": factor, "forward": factor, "left_deg": side}
            parts = {name: by * getattr(answer, name) for name, by in factors.items() if hasattr(answer, name)}
            return replace(answer, **parts)
        case Placement(places):
            return Placement(tuple((name, side * factor * x, factor * y) for name, x, y in places))
        case GridMap(cells) if is_mirrored:
            return GridMap(tuple((name, GRID_CELLS - 1 - column, row) for name, column, row in cells))
        case CameraMove() | MoveOrder() | Sector():
            parts = [turned(getattr(answer, field.name), is_mirrored) for field in fields(answer)]
            return type(answer)(*parts)
    return answer


def turned(word: Any, is_mirrored: bool) -> Any:
    """A word, or several, in the mirror."""
    if isinstance(word, tuple):
        return tuple(turned(one, is_mirrored) for one in word)
    if is_mirrored and str(word).startswith(("Truck", "Pan", "Roll")):
        return OPPOSITES[word]
    return re.sub(r"\b(?:left|right)\b|(?:east|west)$", lambda match: SIDES[match[0]], word) if is_mirrored else word


def box_of(box: tuple[int, ...], is_mirrored: bool) -> tuple[int, int, int, int]:
    left, top, right, bottom = flipped(box) if is_mirrored else box
    return left, top, right, bottom


def flipped(place: tuple[int, ...]) -> tuple[int, ...]:
    if not place:
        return place
    if len(place) == 2:
        return 1000 - place[0], place[1]
    return 1000 - place[2], place[1], 1000 - place[0], place[3]


def assert_close(found: Answer, wanted: Answer) -> None:
    assert type(found) is type(wanted)
    match found, wanted:
        case (Extents(), Extents()) | (ImagePosition(), ImagePosition()):
            assert np.allclose(measures(found), measures(wanted), atol=1.01)
        case (Number(a), Number(b)):
            assert a == pytest.approx(b, rel=1e-5, abs=1e-4)
        case (Degrees(a), Degrees(b)):
            assert a == pytest.approx(b, abs=1e-4)
        case (Motion(), Motion()) | (ViewAngles(), ViewAngles()):
            assert np.allclose(measures(found), measures(wanted), rtol=1e-5, atol=1e-4)
        case (BoxAnswer(a), BoxAnswer(b)):
            assert a == pytest.approx(b, abs=PIXEL + 1)
        case (LocatedObject(label, image, a), LocatedObject(other, other_image, b)):
            assert (label, image) == (other, other_image)
            assert a == pytest.approx(b, abs=PIXEL + 1)
        case (ImagePoint(x, y, a), ImagePoint(other_x, other_y, b)):
            assert (x, y) == pytest.approx((other_x, other_y), abs=1)
            assert a == pytest.approx(b, abs=1e-4)
        case (Placement(a), Placement(b)):
            assert [name for name, _, _ in a] == [name for name, _, _ in b]
            assert np.allclose([place[1:] for place in a], [place[1:] for place in b], atol=1e-4)
        case (Choice() | OneOf() | Count() | YesNo() | LabelOrder() | FrameNumbers() | Directions(), _) | (
            CameraMove() | MoveOrder() | FrameSpan() | GridMap(),
            _,
        ):
            assert found == wanted


def measures(answer: Answer) -> list[float]:
    return [value for field in fields(answer) if isinstance(value := getattr(answer, field.name), int | float)]


@cache
def elsewhere(scene: Scene, yaw_deg: float, shift_m: tuple[float, float, float]) -> SceneViews:
    turn = Box3D.upright((0, 0, 0), (1, 1, 1), np.radians(yaw_deg)).rotation
    return observe(moved(scene, Pose(turn, np.array(shift_m))))


@pytest.mark.slow
@pytest.mark.parametrize("world", [(90, (0, 0, 0)), (-37.3, (12.5, -7.1, 0.9)), (171.2, (-3.3, 21.7, -4.4))], ids=str)
@pytest.mark.parametrize("type_name", TYPES)
def test_moving_and_turning_the_world_changes_nothing(type_name: str, world: tuple) -> None:
    check_alike(type_name, elsewhere(studio_for(type_name), *world))


@cache
def twice_as_large(scene: Scene) -> SceneViews:
    limits = Thresholds()
    lengths = ("min_depth_m", "max_depth_m", "depth_tolerance_m", "frame_step_m", "piece_gap_m")
    return observe(scaled(scene, 2), replace(limits, **{name: 2 * getattr(limits, name) for name in lengths}))


@cache
def in_the_mirror(scene: Scene) -> SceneViews:
    return observe(mirrored(scene))


@pytest.mark.parametrize("type_name", TYPES)
def test_a_world_twice_as_large_has_lengths_twice_as_large(type_name: str) -> None:
    check_alike(type_name, twice_as_large(studio_for(type_name)), factor=2)


@pytest.mark.parametrize("type_name", TYPES)
def test_measured_lengths_double_and_angles_stay(type_name: str) -> None:
    for question in asked(type_name):
        other = ask_again(type_name, question, twice_as_large(studio_for(type_name)), factor=2)
        if isinstance(other, Skip):
            continue
        for name, value in question.measured.items():
            if isinstance(value, float | list) and name.endswith(("_m", "_deg")):
                factor = 2 if name.endswith("_m") else 1
                assert other.measured[name] == pytest.approx(np.multiply(factor, cast(Any, value)), abs=1e-4), name


@pytest.mark.parametrize("type_name", TYPES)
def test_a_mirror_swaps_left_and_right_and_nothing_else(type_name: str) -> None:
    check_alike(type_name, in_the_mirror(studio_for(type_name)), is_mirrored=True)


def exchanged(question: Question, first: str, second: str) -> tuple[MarkedObject, ...]:
    """The roles with the objects of two colors exchanged."""
    by_color = {role.color: role for role in question.roles}
    colors = {first: second, second: first}
    return tuple(replace(by_color[colors.get(role.color, role.color)], color=role.color) for role in question.roles)


@pytest.mark.parametrize("type_name", ["distance_prediction_oo", "distance_prediction_oo_mv"])
def test_a_distance_is_the_same_both_ways(type_name: str) -> None:
    for question in asked(type_name):
        other = family_of(type_name).ask(views(), question.frames, exchanged(question, "red", "blue"))
        assert_close(other.answer, question.answer)


@pytest.mark.parametrize("type_name", ["depth_prediction_oo", "depth_prediction_oo_mv"])
def test_a_difference_is_the_same_both_ways(type_name: str) -> None:
    for question in asked(type_name):
        other = family_of(type_name).ask(views(), question.frames, exchanged(question, "green", "blue"))
        assert_close(other.answer, question.answer)
        assert other.facts == question.facts


@pytest.mark.parametrize("type_name", ["obj_spatial_relation_oo", "obj_spatial_relation_oo_mv"])
def test_the_other_way_round_every_word_is_its_opposite(type_name: str) -> None:
    for question in asked(type_name):
        first, second = question.roles
        roles = (replace(second, color=first.color), replace(first, color=second.color))
        other = family_of(type_name).ask(views(), question.frames, roles)
        words, swapped = ([slot.word for slot in q.answer.slots] for q in (cast(Any, question), other))
        assert swapped[:3] == [OPPOSITE.get(word, "") for word in words[:3]]
        assert swapped[3:] == words[:2:-1]  # front and behind change places


def test_the_way_back_turns_back() -> None:
    compared = 0
    for question in asked("view_change_infer"):
        other = ask_again("view_change_infer", replace(question, frames=question.frames[::-1]), views())
        assert isinstance(question.answer, Motion)
        assert isinstance(other, Question)
        assert isinstance(other.answer, Motion)
        assert (other.answer.up_deg, other.answer.left_deg) == pytest.approx(
            (-question.answer.up_deg, -question.answer.left_deg)
        )
        there, back = (np.linalg.norm(measures(motion)[:3]) for motion in (question.answer, other.answer))
        assert there == pytest.approx(back)
        compared += 1
    assert compared > 10


def test_the_second_camera_sees_the_first_behind_or_before_it() -> None:
    for question in asked("camera_motion_infer"):
        first, second = (views().cameras[frame] for frame in question.frames)
        assert isinstance(question.answer, ImagePoint)
        assert question.answer.depth == pytest.approx(((second - first)[:3, 3] @ first[:3, :3])[2])
