"""Bearings and sectors, worked out by hand."""

import pytest

from qagen.tasks.sectors import COMPASS, EIGHT, FOUR, LEFT_RIGHT, LEFT_RIGHT_BACK, QUADRANTS, Sectors, bearing_deg


@pytest.mark.parametrize(
    ("ahead", "offset", "expected"),
    [
        ((0, 1), (0, 2), 0),
        ((0, 1), (1, 0), 90),  # facing along +y, +x is to the right
        ((0, 1), (-1, 1), -45),
        ((1, 0), (0, 1), -90),  # facing along +x, +y is to the left
        ((1, 0), (-3, 0), 180),
    ],
)
def test_bearings_count_clockwise_from_straight_ahead(ahead, offset, expected) -> None:
    assert bearing_deg(ahead, offset) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("sectors", "bearing", "expected"),
    [
        (LEFT_RIGHT, -1, ("left", 1)),
        (LEFT_RIGHT, 170, ("right", 10)),
        (LEFT_RIGHT_BACK, 140, ("back", 5)),
        (LEFT_RIGHT_BACK, -140, ("back", 5)),
        (LEFT_RIGHT_BACK, 180, ("back", 45)),
        (LEFT_RIGHT_BACK, -100, ("left", 35)),
        (QUADRANTS, 30, ("front-right", 30)),
        (QUADRANTS, -100, ("back-left", 10)),
        (QUADRANTS, 180, ("back-left", 0)),
        (FOUR, -180, ("back", 45)),
        (FOUR, 44, ("front", 1)),
        (EIGHT, 179, ("back", 21.5)),
        (EIGHT, -160, ("back", 2.5)),
        (EIGHT, -45, ("front-left", 22.5)),
        (COMPASS, 90, ("east", 22.5)),
    ],
)
def test_a_bearing_lies_in_its_sector(sectors: Sectors, bearing, expected) -> None:
    name, inside = sectors.find(bearing)
    assert (name, pytest.approx(inside)) == expected


def test_of_eight_sectors_quarter_turns_are_options() -> None:
    assert EIGHT.others("front") == ("right", "back", "left")
    assert set(EIGHT.others("back-left")) == {"front-left", "front-right", "back-right"}
    assert set(QUADRANTS.others("front-left")) == {"front-right", "back-left", "back-right"}
    assert LEFT_RIGHT.others("left") == ("right",)
