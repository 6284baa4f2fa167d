"""Masks of objects as run lengths: ``(height, width, run, run, ...)``.

The runs alternate between background and object, row by row from the top left, and start with background, whose first
run may be 0. They add up to height x width.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_COLUMNS = 160
"""Maximum width of a mask's grid."""


def to_runs(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """The runs of a mask (h, w)."""
    flat = np.concatenate([[False], mask.ravel(), [True]])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    runs = np.diff(np.concatenate([[0], edges]))
    if edges[-1] < mask.size:
        runs = np.append(runs, mask.size - edges[-1])
    return mask.shape[0], mask.shape[1], *runs.tolist()


def from_runs(place: Sequence[int]) -> NDArray[np.bool_]:
    """(h, w) the mask of runs.

    Raises:
        ValueError: the runs do not fill the grid, or are not runs.
    """
    height, width, *runs = place
    if height < 1 or not 1 <= width <= MAX_COLUMNS or min(runs, default=-1) < 0 or 0 in runs[1:]:
        raise ValueError(f"a grid of at most {MAX_COLUMNS} columns and positive runs")
    if sum(runs) != height * width:
        raise ValueError(f"runs of {height * width} cells in all, found {sum(runs)}")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)


def box_around(place: Sequence[int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a mask that is not empty, thousandths of the image's width and height."""
    rows, columns = np.nonzero(from_runs(place))
    height, width = place[:2]
    left, right = round(1000 * int(columns.min()) / width), round(1000 * (int(columns.max()) + 1) / width)
    top, bottom = round(1000 * int(rows.min()) / height), round(1000 * (int(rows.max()) + 1) / height)
    return left, top, right, bottom
