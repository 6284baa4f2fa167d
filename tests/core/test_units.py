"""Units of scenes, and how numbers are printed in them."""

import pytest

from qagen.core.answer import Extents, ImagePoint, Motion, Number, Placement, Route
from qagen.core.units import CENTIMETERS, KILOMETERS, METERS, MILLIMETERS, LengthUnit, Units, unit_for


@pytest.mark.parametrize(
    ("value_m", "unit", "text"),
    [(0.0437, MILLIMETERS, "44"), (0.437, CENTIMETERS, "44"), (4.37, METERS, "4.4"), (1437, KILOMETERS, "1.44")],
)
def test_a_length_is_told_in_the_unit_of_its_scene(value_m: float, unit: LengthUnit, text: str) -> None:
    assert Units(unit).spell(value_m) == text
    for world_m in (0.01, 0.1, 1.0, 10.0, 1000.0):  # whatever the scale at which it was measured
        assert Units(unit, world_m).spell(value_m / world_m) == text


@pytest.mark.parametrize(
    ("size_m", "unit"),
    [
        (0.001, MILLIMETERS),
        (0.0599, MILLIMETERS),
        (0.06, CENTIMETERS),
        (0.599, CENTIMETERS),
        (0.6, METERS),
        (300, METERS),
        (300.1, KILOMETERS),
    ],
)
def test_the_unit_follows_from_the_size_of_the_objects(size_m: float, unit: LengthUnit) -> None:
    assert unit_for(size_m) is unit


@pytest.mark.parametrize(
    ("unit", "value_m", "is_exact"),
    [
        (METERS, 1.0, True),
        (METERS, 0.96, True),  # printed 1.0: off by 4.2 %
        (METERS, 0.14, False),  # printed 0.1: off by 29 %
        (METERS, 0.04, False),  # printed 0.0
        (CENTIMETERS, 0.105, True),  # printed 10 or 11: off by 4.8 %
        (CENTIMETERS, 0.025, False),  # printed 2: off by 20 %
        (MILLIMETERS, 0.0095, False),  # printed 10 or 9: off by 5.3 %
        (KILOMETERS, 1437, True),  # printed 1.44: off by 0.2 %
        (KILOMETERS, 44, False),  # printed 0.04: off by 9 %
    ],
)
def test_a_number_that_loses_more_than_five_percent_in_print_is_not_exact(
    unit: LengthUnit, value_m: float, is_exact: bool
) -> None:
    assert Units(unit).is_exact(value_m) == is_exact


def test_a_large_scene_is_asked_no_more_than_a_room() -> None:
    # 0.34 of the world's unit would be printed 3.4 in meters, but 0.3 in a room: 12 % are lost
    assert not Units(METERS, 10.0).is_exact(0.34)
    assert Units(METERS, 10.0).is_exact(0.31)


@pytest.mark.parametrize(
    ("units", "is_fine"),
    [
        (Units(METERS), True),
        (Units(METERS, 10.0), True),  # printed in hundredths of the world's unit
        (Units(METERS, 0.37), False),  # in steps of 0.27 of it
        (Units(CENTIMETERS, 0.1), True),
        (Units(MILLIMETERS, 0.01), True),
        (Units(CENTIMETERS, 0.01), False),
        (Units(KILOMETERS, 100.0), True),
    ],
)
def test_a_scene_is_fine_where_numbers_are_printed_as_finely_as_in_a_room(units: Units, is_fine: bool) -> None:
    assert units.is_fine == is_fine


SMALL = Units(CENTIMETERS, 0.1)
"""A scene of a tenth of a room's size: 1 of its world are 10 cm."""


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Number(2.44), "24"),
        (Number(2.5, power=2), "250"),  # 2.5 times 10 cm by 10 cm
        (Extents(120, 60, 75), "120,60,75"),  # hundredths of 10 cm are millimeters
        (Extents(120, 60, 75, exact=(120.4, 59.6, 75.4)), "120,60,75"),
        (ImagePoint(1, 2, 2.44), "(1,2),24"),
        (Placement((("object0", 0.44, -2.06),)), "object0: (4, -21)"),
        (
            Motion(1.64, -0.04, 0.26, 15, -75),
            "move_right:16,move_down:0,move_forward:3,rotate_up:15,rotate_right:75",
        ),
        (Route((("forward", 2.04), ("left", 90))), "forward 20, left 90"),
    ],
    ids=lambda part: type(part).__name__,
)
def test_answers_are_told_in_the_unit_of_the_scene(answer, text: str) -> None:
    assert answer.told(SMALL).text == text


def test_sides_are_told_as_finely_as_their_unit_prints_them() -> None:
    answer = Extents(120, 60, 75, exact=(120.44, 59.62, 75.38))
    assert answer.told(Units()).text == "120,60,75"
    assert answer.told(Units(MILLIMETERS, 0.01)).text == "12.0,6.0,7.5"
    assert answer.told(Units(MILLIMETERS, 0.1)).text == "120.4,59.6,75.4"
    assert answer.told(Units(KILOMETERS, 1000.0)).text == "1204,596,754"
