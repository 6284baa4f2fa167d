"""Cells of a grid as they are read from a text and compared."""

import pytest

from qagen.core.answer import GridMap
from qagen.score import strict
from qagen.score.plain import UnreadError

CELLS = '{"tin": [4, 1], "TV stand": [2, 5]}'


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        (CELLS, 1.0),
        ('Here it is:\n```json\n{"Tin": [4, 1], "tv stand": [2, 5], "cup": [0, 0]}\n```', 1.0),
        ('{"tin": [[4, 1]], "tv stand": [5, 2]}', 0.5),
        ("The map has the tin in [4, 1] and the TV stand in cell [2, 5].", 1.0),
        ('{"tin": [4, 1], "tin": [3, 1]}', 0.0),
        ('{"tin": [1e999, 1], "tv stand": ', 0.0),
        ('{"tin": {"tin": [', 0.0),
        ("[" * 5000, 0.0),
        ("", 0.0),
    ],
)
def test_cells_of_a_grid(prediction: str, expected: float) -> None:
    metric = strict.METRICS[GridMap]
    try:
        found = metric.compare(metric.read(prediction), metric.read(CELLS))
    except UnreadError:
        found = 0.0
    assert found == expected
