"""A few of many."""

from qagen.core.spacing import evenly_spaced


def test_both_ends_are_among_the_chosen() -> None:
    assert evenly_spaced(range(9), 3) == [0, 4, 8]
    assert evenly_spaced("abcd", 2) == ["a", "d"]


def test_all_are_chosen_where_there_are_no_more() -> None:
    assert evenly_spaced([7, 8], 5) == [7, 8]
    assert evenly_spaced([], 5) == []
