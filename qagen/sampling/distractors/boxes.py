"""Questions that ask for one of all objects, with other objects' boxes as wrong options.

Near things fill large boxes that reach far down, so a box tells how near its object is. Which questions are asked, and
which other objects they list, is chosen such that the true box is as often large, low, or in the first image as the
others are (qagen.sampling.balance).
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Answer, LocatedObject
from qagen.core.question import Question
from qagen.sampling.balance import bias, choose_balanced

OPTIONS = 4
DRAWS = 40
"""Sets of wrong options that are tried for each question."""
MAX_IOU = 0.3
STEP = 125
"""Edges are compared in steps of so many thousandths of the image, ..."""
EDGE = 5
"""... and a box that ends so near the image's edge touches it."""

Listed = tuple[LocatedObject, ...]


def choose_with_other_boxes(
    candidates: Sequence[Question], quota: int, rng: Generator
) -> tuple[list[Question], dict[tuple, list[Answer]]]:
    """Choose up to ``quota`` questions, first those that can be given even options.

    Returns:
        The questions, in the order of the candidates, and by their keys the wrong options of those that have some.
    """
    drawn = [(place, listed) for place, one in enumerate(candidates) for listed in _draws(one, rng)]
    if not drawn:
        return list(candidates[:quota]), {}
    owner = np.array([place for place, _ in drawn])
    asked_for = np.array([str(candidates[place].facts.get("extreme")) for place, _ in drawn])
    looks = bias(_looks([listed for _, listed in drawn], asked_for))
    chosen = dict(drawn[row] for row in choose_balanced(looks, owner[:, None], quota))
    lonely = [place for place in range(len(candidates)) if place not in chosen][: quota - len(chosen)]
    options: dict[tuple, list[Answer]] = {candidates[place].key: list(chosen[place][1:]) for place in chosen}
    return [candidates[place] for place in sorted([*chosen, *lonely])], options


def _draws(question: Question, rng: Generator) -> list[Listed]:
    """Sets of options, the true one first: no two boxes of one image overlap much."""
    assert isinstance(question.answer, LocatedObject)
    everything = [question.answer, *question.answer.decoys]
    if len(everything) < OPTIONS:
        return []
    others = 1 + rng.random((DRAWS, len(everything) - 1)).argsort(axis=1)[:, : OPTIONS - 1]
    listed = np.unique(np.column_stack([np.zeros(DRAWS, dtype=np.int64), np.sort(others, axis=1)]), axis=0)
    first, second = np.triu_indices(OPTIONS, 1)
    fits = _apart(everything)[listed[:, first], listed[:, second]].all(axis=1)
    return [tuple(everything[k] for k in row) for row in listed[fits].tolist()]


def _apart(things: Sequence[LocatedObject]) -> NDArray[np.bool_]:
    """(n, n) whether two boxes lie in different images or overlap little."""
    boxes = np.array([thing.box for thing in things], dtype=np.float64)
    images = np.array([thing.image or 0 for thing in things])
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    overlap = shared / np.maximum(area[:, None] + area[None] - shared, 1)
    return (images[:, None] != images) | (overlap < MAX_IOU)


def _looks(listed: Sequence[Listed], asked_for: NDArray[np.str_]) -> list[NDArray[np.int64]]:
    """What can be told of each option without a look at the images, crossed with what is asked for."""
    boxes = np.array([[option.box for option in options] for options in listed], dtype=np.int64)
    images = np.array([[option.image or 0 for option in options] for options in listed])
    area = (boxes[..., 2:] - boxes[..., :2]).prod(axis=2)
    left, top, right, bottom = np.moveaxis(boxes, 2, 0)
    size, high, low = np.log2(area.clip(1)).astype(np.int64), (bottom - top) // STEP, bottom // STEP
    by_size, by_bottom = _ranks(area), _ranks(bottom)
    touches = (left <= EDGE) + 2 * (right >= 1000 - EDGE) + 4 * (bottom >= 1000 - EDGE) + 8 * (top <= EDGE)
    looks = [
        *(by_size, by_bottom, by_size + by_bottom, OPTIONS * by_size + by_bottom),
        *(_ranks(top), _ranks(right - left), _ranks(bottom - top)),
        *(images, size, low, top // STEP, (right - left) // STEP, (left + right) // (2 * STEP)),
        *(100 * size + low, 100 * high + low, touches),
    ]
    question = np.unique(asked_for, return_inverse=True)[1]
    return [10_000 * question[:, None] + look for look in looks]


def _ranks(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, options) how many other options have a smaller value."""
    return (values[:, :, None] > values[:, None, :]).sum(axis=2)
