"""In which cells of a grid seen from above objects lie, where the cells of two others fix the grid."""

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from qagen.core.answer import GRID_CELLS, GridMap
from qagen.core.question import MarkedObject, MarkKind, Question, Skip
from qagen.core.rationale import Step
from qagen.core.reasons import AMBIGUOUS, HEADING_UNDEFINED, OFF_THE_GRID
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets
from qagen.tasks._base import Amount, Bound, Family, MarkColumns, MarkedConfig, Share
from qagen.tasks.steps import locate_marks, points, scale_of_pair
from qagen.visibility.views import SceneViews

Cell = tuple[int, int]
"""Column and row."""
Place = tuple[float, float]
"""Column and row of a point; the middle of a cell has whole numbers."""
ANCHORS = 2
"""Number of objects whose cells are given."""
MAX_WORDS = 10
"""Largest number of words of all names together; questions with more would be long, so that they ask about fewer."""
WAYS = ((1, 0), (-1, 0), (0, 1), (0, -1))
"""Ways along the grid, columns and rows, from the first given object to the second."""


class GridMapConfig(MarkedConfig):
    mark: MarkKind = "none"
    """How questions point their objects out; the answer names them, so that labels must be enough."""
    min_objects: Amount = 2
    """Least number of objects that are asked about."""
    max_objects: Amount = 4
    """Largest number of objects that are asked about; each number is drawn equally often."""
    min_steps: Amount = 3
    """Least number of cells from the first given object to the second."""
    max_steps: Amount = 6
    """Largest number of cells from the first given object to the second."""
    min_apart_m: Bound = 1.0
    """Least horizontal distance between the two given objects, meters; nearer ones do not fix the grid well."""
    max_reach: Bound = 2.0
    """Largest distance of an object from the first given one, as a multiple of the distance between these two."""
    min_inside: Share = 0.15
    """Least distance of an object's center from the edges of its cell, as a share of the cell's side."""
    min_inside_m: Bound = 0.1
    """Least distance of an object's center from the edges of its cell, meters."""


class GridMapTask(Family[GridMapConfig]):
    """Cells of box centers seen from above; those of the first two roles are given, in one row or one column."""

    name = "grid_map"
    Config = GridMapConfig
    answer = GridMap
    formats = frozenset({"fill", "sentence"})
    needs = frozenset({"gravity", "objects"})
    skips = SAMPLING_SKIPS | {HEADING_UNDEFINED, AMBIGUOUS, OFF_THE_GRID}
    can_mirror = False
    must_say = (r"10 by 10|10x10", r"\[column, row\]", "bottom left", r"\[0, 0\]", "above", "center")
    example_facts: ClassVar = {
        "cells": (((2, 3), (6, 3)), ((7, 8), (7, 4)), ((9, 0), (3, 0))),
        "objects": tuple(tuple(f"object{i}" for i in range(ANCHORS, ANCHORS + count)) for count in (2, 3, 4)),
    }

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, _names(ANCHORS + self.config.max_objects), indexed=True, listed=True)

    @property
    def variant(self) -> str:
        return "video"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"object0", "object1", "cells", "objects"})

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        sets = FrameSets(views)
        while True:
            count = int(rng.integers(self.config.min_objects, self.config.max_objects + 1))
            drawn = sets.sample_objects(_names(ANCHORS + count), self.images, self.config.mark, rng)
            if isinstance(drawn, Skip):
                yield drawn
                continue
            frames, roles = drawn[0], self._few_words(views, drawn[1])
            cells = self._draw_cells(_centers(views, roles), rng)
            yield Skip(OFF_THE_GRID) if cells is None else self.ask(views, frames, roles, cells)

    def _few_words(self, views: SceneViews, roles: tuple[MarkedObject, ...]) -> tuple[MarkedObject, ...]:
        """The roles without the last ones, as far as their names have too many words."""
        words = [len(views.scene.objects[role.object].label.split()) for role in roles]
        least = ANCHORS + self.config.min_objects
        kept = next((n for n in range(len(roles), least, -1) if sum(words[:n]) <= MAX_WORDS), least)
        return roles[:kept]

    def _draw_cells(self, centers: Sequence[Place], rng: Generator) -> tuple[Cell, Cell] | None:
        """Cells of the first two objects such that all objects lie on the grid; None where there are none."""
        if math.dist(*centers[:ANCHORS]) < self.config.min_apart_m:
            return None
        steps = range(self.config.min_steps, self.config.max_steps + 1)
        spans = [(way[0] * count, way[1] * count) for way in WAYS for count in steps]
        for k in rng.permutation(len(spans)).tolist():
            places = _places(centers, ((0, 0), spans[k]))
            if self._inside(centers, places, spans[k]) < 0:
                continue
            free = [[_nearest(place[axis]) for place in places] for axis in (0, 1)]
            lows, highs = [-min(taken) for taken in free], [GRID_CELLS - 1 - max(taken) for taken in free]
            if all(low <= high for low, high in zip(lows, highs, strict=True)):
                column, row = (int(rng.integers(low, high + 1)) for low, high in zip(lows, highs, strict=True))
                return (column, row), (column + spans[k][0], row + spans[k][1])
        return None

    def _inside(self, centers: Sequence[Place], places: Sequence[Place], span: Cell) -> float:
        """By how many cells the objects that are asked about are farther from the edges of theirs than they must be."""
        cell_m = math.dist(*centers[:ANCHORS]) / math.hypot(*span)
        least = max(self.config.min_inside, self.config.min_inside_m / cell_m)
        off = max(abs(part - _nearest(part)) for place in places[ANCHORS:] for part in place)
        return 0.5 - off - least

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        first, second, *_ = question.roles
        (x, y), (u, v), *_ = centers = _centers(views, question.roles)
        ahead, apart = (u - x, v - y), math.dist(*centers[:ANCHORS])
        offsets = [(s - x, t - y) for s, t in centers[1:]]
        local = [((s * ahead[1] - t * ahead[0]) / apart, (s * ahead[0] + t * ahead[1]) / apart) for s, t in offsets]
        named = {"at": first, "facing": second}
        return (
            locate_marks(question),
            scale_of_pair(views, first, second),
            points("transform", "toward", question.roles[1:], np.array(local), named),
        )

    def ask(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], cells: tuple[Cell, Cell]
    ) -> Question | Skip:
        """The cells of all ``roles`` but the first two, which lie in the middle of ``cells``."""
        centers = _centers(views, roles)
        apart_m = math.dist(*centers[:ANCHORS])
        if apart_m < self.config.min_apart_m:
            return Skip(HEADING_UNDEFINED)
        if any(math.dist(centers[0], one) > self.config.max_reach * apart_m for one in centers[ANCHORS:]):
            return Skip(OFF_THE_GRID)
        places = _places(centers, cells)
        found = [(_nearest(column), _nearest(row)) for column, row in places[ANCHORS:]]
        if not all(0 <= part < GRID_CELLS for cell in found for part in cell):
            return Skip(OFF_THE_GRID)
        span = cells[1][0] - cells[0][0], cells[1][1] - cells[0][1]
        margin = self._inside(centers, places, span)
        if margin < 0:
            return Skip(AMBIGUOUS)
        labels = [views.scene.objects[role.object].label for role in roles[ANCHORS:]]
        return Question(
            frames=frames,
            roles=roles,
            is_video=True,
            facts={"cells": cells, "objects": tuple(role.color for role in roles[ANCHORS:])},
            fact=(roles[0].object, roles[1].object, *sorted(role.object for role in roles[ANCHORS:])),
            answer=GridMap(tuple((label, *cell) for label, cell in zip(labels, found, strict=True))),
            margin=margin,
            margin_unit="fraction",
            measured={
                "apart_m": apart_m,
                "cell_m": apart_m / math.hypot(*span),
                "cells": [list(cell) for cell in cells],
                "places": [list(place) for place in places[ANCHORS:]],
            },
            classes=(f"objects:{len(labels)}",),
        )


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"object{i}" for i in range(count))


def _centers(views: SceneViews, roles: Sequence[MarkedObject]) -> list[Place]:
    """Centers of objects seen from above, world."""
    centers = (views.scene.objects[role.object].box.center for role in roles)
    return [(float(center[0]), float(center[1])) for center in centers]


def _nearest(part: float) -> int:
    """The column or row that a coordinate falls into."""
    return math.floor(part + 0.5)


def _places(centers: Sequence[Place], cells: tuple[Cell, Cell]) -> list[Place]:
    """Points on the grid of ``centers``, of which the first two lie in the middle of ``cells``."""
    (x, y), (u, v) = centers[:ANCHORS]
    (column, row), (column_2, row_2) = cells
    ahead, span = (u - x, v - y), (column_2 - column, row_2 - row)
    square = ahead[0] * ahead[0] + ahead[1] * ahead[1]
    found = []
    for s, t in centers:
        along = ((s - x) * ahead[0] + (t - y) * ahead[1]) / square
        left = ((t - y) * ahead[0] - (s - x) * ahead[1]) / square
        found.append((column + along * span[0] - left * span[1], row + along * span[1] + left * span[0]))
    return found
