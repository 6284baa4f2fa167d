"""Distractors for "which of all objects": boxes of other objects, balanced in size and position.

Near objects fill large boxes that reach far down, so a box tells how near its object is. Which questions are asked, and
which other objects they list, is chosen such that the correct box is as often large, low, or in the first image as the
others are (qagen.sampling.balance). Every option is the box of an object:
whoever looks at a box around nothing may find something nearer in it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import LocatedObject
from qagen.core.question import Question
from qagen.kernels.boxes import box_ious
from qagen.sampling.balance import choose_balanced, cue_bias
from qagen.sampling.pool import Selection

OPTIONS = 4
DRAWS = 40
"""Sets of distractors that are tried for each question, unless there are more than MAX_DRAWS of them in all."""
MAX_DRAWS = 24_000
"""Sets of distractors of all questions, so that a chosen one takes the same time whatever the quota."""
MAX_IOU = 0.3
STEP = 125
"""Bin size for comparing edges, thousandths of the image."""
EDGE = 5
"""A box that ends this near the image's edge touches it, thousandths of the image."""

Options = tuple[LocatedObject, ...]
"""A set of options, the correct one first."""


def choose_with_other_boxes(
    candidates: Sequence[Question], quota: int, rng: Generator, labels: Sequence[str] = ()
) -> Selection:
    """Choose up to ``quota`` questions, in the order of the candidates; first those that can be given balanced options.

    Args:
        labels: not used, since a box does not show its label.
    """
    located = [_located(question) for question in candidates]
    draws = max(1, min(DRAWS, MAX_DRAWS // max(len(candidates), 1)))
    drawn = [
        (position, options) for position, boxes in enumerate(located) for options in _draw_options(boxes, draws, rng)
    ]
    if not drawn:
        return Selection(list(candidates[:quota]))
    owner = np.array([position for position, _ in drawn])
    extremes = np.array([str(candidates[position].facts.get("extreme")) for position, _ in drawn])
    bias = cue_bias(_surface_cues([options for _, options in drawn], extremes))
    chosen = dict(drawn[row] for row in choose_balanced(bias, owner[:, None], quota))
    unpaired = [position for position in range(len(candidates)) if position not in chosen][: quota - len(chosen)]
    return Selection(
        [candidates[position] for position in sorted([*chosen, *unpaired])],
        {candidates[position].key: list(options[1:]) for position, options in chosen.items()},
    )


def _located(question: Question) -> list[LocatedObject]:
    """The objects that the question chooses from, the correct one first."""
    assert isinstance(question.answer, LocatedObject)
    return [question.answer, *question.answer.others]


def _draw_options(everything: Sequence[LocatedObject], draws: int, rng: Generator) -> list[Options]:
    """Sets of options, the first one among them, in which no two boxes of one image overlap much."""
    if len(everything) < OPTIONS:
        return []
    others = 1 + rng.random((draws, len(everything) - 1)).argsort(axis=1)[:, : OPTIONS - 1]
    drawn = np.unique(np.column_stack([np.zeros(draws, dtype=np.int64), np.sort(others, axis=1)]), axis=0)
    first, second = np.triu_indices(OPTIONS, 1)
    fits = _apart(everything)[drawn[:, first], drawn[:, second]].all(axis=1)
    return [tuple(everything[k] for k in row) for row in drawn[fits].tolist()]


def _apart(located: Sequence[LocatedObject]) -> NDArray[np.bool_]:
    """(n, n) whether two boxes lie in different images or overlap little."""
    boxes = np.array([one.box for one in located], dtype=np.float64)
    images = np.array([one.image or 0 for one in located])
    return (images[:, None] != images) | (box_ious(boxes, boxes) < MAX_IOU)


def _surface_cues(drawn: Sequence[Options], extremes: NDArray[np.str_]) -> list[NDArray[np.int64]]:
    """(n, options) cues that an option gives without the images, each crossed with closest or farthest."""
    boxes = np.array([[option.box for option in options] for options in drawn], dtype=np.int64)
    images = np.array([[option.image or 0 for option in options] for options in drawn])
    area = (boxes[..., 2:] - boxes[..., :2]).prod(axis=2)
    left, top, right, bottom = np.moveaxis(boxes, 2, 0)
    size, high, low = np.frexp(area.clip(1))[1] - 1, (bottom - top) // STEP, bottom // STEP
    by_size, by_bottom = _ranks(area), _ranks(bottom)
    touches = (left <= EDGE) + 2 * (right >= 1000 - EDGE) + 4 * (bottom >= 1000 - EDGE) + 8 * (top <= EDGE)
    cues = [
        *(by_size, by_bottom, by_size + by_bottom, OPTIONS * by_size + by_bottom),
        *(_ranks(top), _ranks(right - left), _ranks(bottom - top)),
        *(images, size, low, top // STEP, (right - left) // STEP, (left + right) // (2 * STEP)),
        *(100 * size + low, 100 * high + low, touches),
    ]
    extreme = np.unique(extremes, return_inverse=True)[1]
    return [10_000 * extreme[:, None] + cue for cue in cues]


def _ranks(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, options) how many other options have a smaller value."""
    return (values[:, :, None] > values[:, None, :]).sum(axis=2)
