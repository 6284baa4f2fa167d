"""Answers as texts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.answer import (
    OPPOSITE,
    BoxAnswer,
    Choice,
    Count,
    Description,
    Directions,
    Extents,
    FrameNumbers,
    ImagePoint,
    ImagePosition,
    LabelOrder,
    LocatedObject,
    Motion,
    Number,
    OneOf,
    Placement,
    Route,
    Slot,
    ViewAngles,
)
from qagen.core.units import CENTIMETERS, Units


@pytest.mark.parametrize(("value", "text"), [(1.0, "1.0"), (1.649, "1.6"), (1.651, "1.7"), (12.34, "12.3"), (0, "0.0")])
def test_lengths_have_one_decimal(value: float, text: str) -> None:
    assert Number(value).text == text


def test_boxes_and_places_are_lists_and_tuples() -> None:
    assert BoxAnswer((1, 20, 300, 1000)).text == "[1, 20, 300, 1000]"
    assert ImagePoint(553, 47, 1.26).text == "(553,47),1.3"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("left", "", "closer"), "left, , closer"),
        (("", "above", ""), ", above,"),
        (("right", "below", "farther"), "right, below, farther"),
    ],
)
def test_empty_directions_stay_empty(words: tuple[str, ...], text: str) -> None:
    assert Directions(tuple(Slot("axis", word) for word in words)).text == text


def test_a_motion_by_hand() -> None:
    # 1.64 -> 1.6 right; 0.04 down -> 0; 2.25 back -> 2.2 or 2.3, so 2.26; up 13 -> 15; left -77 -> right 75.
    assert (
        Motion(1.64, 0.04, -2.26, 13, -77).text
        == "move_right:1.6,move_down:0,move_backward:2.3,rotate_up:15,rotate_right:75"
    )


def test_nothing_prints_as_zero_under_the_first_name() -> None:
    still = "move_right:0,move_down:0,move_forward:0,rotate_up:0,rotate_left:0"
    assert Motion(0.04, 0.04, 0.04, 2.4, 2.4).text == still
    assert Motion(-0.04, -0.04, -0.04, -2.4, -2.4).text == still


numbers = st.floats(-9, 9)
degrees = st.floats(-179, 179)


@given(numbers, numbers, numbers, degrees, degrees)
def test_a_motion_can_be_read_back(right: float, down: float, forward: float, up: float, left: float) -> None:
    text = Motion(right, down, forward, up, left).text
    pattern = (
        r"move_(right|left):(0|\d+\.\d),move_(down|up):(0|\d+\.\d),move_(forward|backward):(0|\d+\.\d),"
        r"rotate_(up|down):(\d+),rotate_(left|right):(\d+)"
    )
    found = re.fullmatch(pattern, text)
    assert found
    words, amounts = found.groups()[::2], [float(amount) for amount in found.groups()[1::2]]
    positive = ("right", "down", "forward", "up", "left")
    read = [amount if word == plus else -amount for word, plus, amount in zip(words, positive, amounts, strict=True)]
    assert read[:3] == pytest.approx([right, down, forward], abs=0.0501)
    assert read[3:] == pytest.approx([up, left], abs=2.501)
    assert all(amount % 5 == 0 for amount in amounts[3:])


@given(numbers, numbers, numbers, degrees, degrees)
def test_turning_all_signs_turns_all_words(right: float, down: float, forward: float, up: float, left: float) -> None:
    there = Motion(right, down, forward, up, left).steps
    back = Motion(-right, -down, -forward, -up, -left).steps
    for (name, amount), (opposite, same) in zip(there, back, strict=True):
        assert amount == same
        assert (name != opposite) == (amount != "0")


def test_opposites_come_in_pairs() -> None:
    assert all(OPPOSITE[OPPOSITE[word]] == word != OPPOSITE[word] for word in OPPOSITE)


def test_the_other_answers() -> None:
    assert Count(3).text == "3"
    assert Extents(120, 60, 75).text == "120,60,75"
    assert LabelOrder(("chair", "table")).text == "chair, table"
    assert FrameNumbers((0, 4, 31)).text == "0, 4, 31"
    assert Route((("forward", 2.0), ("left", 90))).text == "forward 2.0, left 90"
    # Images are counted from 1 in words; a single image has no number.
    assert LocatedObject("lamp", 1, (1, 2, 3, 4)).text == "lamp, image 2, [1, 2, 3, 4]"
    assert LocatedObject("lamp", None, (1, 2, 3, 4)).text == "lamp, [1, 2, 3, 4]"
    # -0.04 m prints as 0.0 and never as -0.0.
    assert (
        Placement((("object0", -0.04, 2.26), ("object1", -1.5, 0))).text == "object0: (0.0, 2.3), object1: (-1.5, 0.0)"
    )


def test_moves_are_0_where_their_own_unit_prints_them_so() -> None:
    # A desk seen at a third of its size: 0.042 at room scale is 1.4 cm, and 0.009 is 0.3 cm.
    motion = Motion(0.042, 0.009, 0.0, 0.0, 0.0)
    assert (
        motion.told(Units(CENTIMETERS, 1 / 3)).text
        == "move_right:1,move_down:0,move_forward:0,rotate_up:0,rotate_left:0"
    )
    assert motion.text == "move_right:0,move_down:0,move_forward:0,rotate_up:0,rotate_left:0"


def test_what_a_person_said_stays_as_it_is() -> None:
    told = Description("Go on, then left.")
    assert (told.text, told.context) == ("Go on, then left.", {"answer": "Go on, then left."})


ANSWERS = [
    Number(1),
    Count(1),
    Extents(3, 2, 1),
    BoxAnswer((1, 2, 3, 4)),
    LocatedObject("lamp", None, (1, 2, 3, 4)),
    ImagePoint(1, 2, 3),
    ImagePosition(1, 2),
    LabelOrder(("a",)),
    FrameNumbers((3,)),
    Placement((("a", 1, 2),)),
    Motion(1, 2, 3, 4, 5),
    ViewAngles(4, 5),
    Route((("left", 90),)),
    Description("Go on."),
    Choice("red", ("blue",)),
    OneOf("on", ("in",)),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_an_answer_gives_phrasings_the_names_that_it_declares(answer) -> None:
    assert answer.context.keys() == answer.names


def test_what_can_be_claimed_and_whether_it_holds() -> None:
    assert Choice("red", ("blue",)).claims == [("red", True), ("blue", False)]
    # A cup on a table touches it, too, so nobody is asked to deny that.
    on = OneOf("on", ("in", "touching", "apart"), ("touching",))
    assert on.claims == [("on", True), ("in", False), ("apart", False)]
    # An empty direction has no opposite; what is in front of the observer needs no question.
    slots = (Slot("left_right", "left"), Slot("above_below", ""), Slot("front_behind", "front"))
    assert Directions(slots).claims == [("left", True), ("right", False)]
