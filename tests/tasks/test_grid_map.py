"""Cells of a grid that the cup and the mug fix, worked out by hand."""

from typing import Any

import pytest

from qagen.core.answer import GridMap
from qagen.core.question import Question, Skip
from qagen.core.scene import Scene
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import at, looking, roles, room, studio
from tests.tasks.asking import question, text

SMALL = (0.1, 0.1, 0.1)
TYPE = "cognitive_map_video"


def scene(x: float, y: float) -> Scene:
    """The cup at the origin, the mug 2 m from it in +x, the tin anywhere, the jar 1 m from the cup in +y."""
    boxes = {
        "cup": at(0, 0, 1, SMALL),
        "mug": at(2, 0, 1, SMALL),
        "tin": at(x, y, 1.3, SMALL),
        "jar": at(0, 1, 1, SMALL),
    }
    return room(boxes, [looking("+y", at=(0, -6, 3), up_deg=-20)])


def asked(x: float, y: float, cells: Any, **overrides: Any) -> Question | Skip:
    views, cast = observe(scene(x, y)), {"object0": "cup", "object1": "mug", "object2": "tin", "object3": "jar"}
    family: Any = load_task(TYPE, overrides)
    return family.ask(views, (0,), roles(views, (0,), "none", **cast), cells)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # Four cells of 0.5 m: columns lead along +x, rows along +y. The tin at (1, -1) is 2 columns right, 2 rows down.
        (((2, 3), (6, 3)), '{"tin": [4, 1], "jar": [2, 5]}'),
        # The mug left of the cup: all turned by half a circle.
        (((6, 3), (2, 3)), '{"tin": [4, 5], "jar": [6, 1]}'),
        # +x leads up: +y leads left. The tin is 2 rows up and 2 columns right.
        (((3, 2), (3, 6)), '{"tin": [5, 4], "jar": [1, 2]}'),
        # +x leads down: +y leads right.
        (((3, 6), (3, 2)), '{"tin": [1, 4], "jar": [5, 6]}'),
        # Row 1 less 2.
        (((2, 1), (6, 1)), "Skip: off the grid"),
        # The jar would be in column -1.
        (((1, 2), (1, 6)), "Skip: off the grid"),
    ],
)
def test_the_given_cells_fix_the_grid(cells: Any, expected: str) -> None:
    assert text(asked(1, -1, cells)) == expected


# Cells of 0.5 m: centers stay 0.2 of a cell (0.1 m) away from the edges, which are 0.25 m from the middle.
@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [(1.14, -1, "[4, 1]"), (1.16, -1, None), (1, -1.14, "[4, 1]"), (1, -1.16, None), (0.86, -1, "[4, 1]")],
)
def test_an_object_must_lie_well_inside_its_cell(x: float, y: float, expected: str | None) -> None:
    found = text(asked(x, y, ((2, 3), (6, 3))))
    assert found == (f'{{"tin": {expected}, "jar": [2, 5]}}' if expected else "Skip: ambiguous")


def test_what_is_too_far_from_the_given_ones_is_not_asked_about() -> None:
    assert text(asked(4, 0, ((0, 3), (4, 3)))) == '{"tin": [8, 3], "jar": [0, 5]}'
    assert text(asked(4, 1, ((0, 3), (4, 3)))) == "Skip: off the grid"
    assert text(asked(1, -1, ((2, 3), (6, 3)), min_apart_m=2.1)) == "Skip: heading undefined"


def test_what_is_kept() -> None:
    found = question(asked(1.1, -1, ((2, 3), (6, 3))))
    assert found.measured["apart_m"] == pytest.approx(2)
    assert found.measured["cell_m"] == pytest.approx(0.5)
    assert found.measured["places"] == [pytest.approx([4.2, 1]), pytest.approx([2, 5])]
    assert found.margin == pytest.approx(0.1)
    assert found.facts == {"cells": ((2, 3), (6, 3)), "objects": ("object2", "object3")}


def test_two_to_four_objects_are_asked_about_on_all_of_the_grid() -> None:
    counts, ways = set(), set()
    for _, found in zip(range(400), load_task(TYPE).propose(observe(studio()), rng_for(0)), strict=False):
        if isinstance(found, Question):
            assert isinstance(found.answer, GridMap)
            counts.add(len(found.answer.cells))
            cells: Any = found.facts["cells"]
            (column, row), (column_2, row_2) = cells
            assert 3 <= abs(column_2 - column) + abs(row_2 - row) <= 6
            ways.add(((column_2 > column) - (column_2 < column), (row_2 > row) - (row_2 < row)))
    assert counts == {2, 3, 4}
    assert ways == {(1, 0), (-1, 0), (0, 1), (0, -1)}
