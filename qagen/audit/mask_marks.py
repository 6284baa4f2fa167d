"""Whether a mask mark is the visible part of its object, as rays of our own show it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.audit.checks import Check, Verdict, disagree
from qagen.audit.raycast import RenderedView
from qagen.audit.truth import SceneTruth

LEAST_IOU, DOUBTFUL_IOU = 0.97, 0.93
"""Intersection over union from which on a mask is right, and from which on depth may leave a doubt."""
MIXED_LOW, MIXED_HIGH = 0.3, 0.7
"""A cell of which the object covers a share between these may belong to the mask or not."""
MAX_COLUMNS = 160
NO_DEPTH = 0.25
"""A cell of which this share has no measured depth is doubtful."""


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """What rays show of an instance in the cells of a mask's grid, all (h, w)."""

    covered: NDArray[np.float64]
    """Share of each cell that shows the instance."""
    is_doubtful: NDArray[np.bool_]
    """Whether another depth tolerance, or depth where there is none, could change the cell."""


def decode_mask(place: Sequence[int]) -> NDArray[np.bool_]:
    """(h, w) the mask of a record. Raises ValueError where it is none."""
    height, width, *runs = place
    mask = np.zeros(height * width, dtype=bool)
    at, is_object = 0, False
    for run in runs:
        mask[at : at + run] = is_object
        at, is_object = at + run, not is_object
    if at != height * width or width > MAX_COLUMNS or any(run <= 0 for run in runs[1:]) or not mask.any():
        raise ValueError(f"mask: found {at} of {height} x {width} cells")
    return mask.reshape(height, width)


def closest_mask(
    what: str, place: Sequence[int], truth: SceneTruth, frame: str, named: Sequence[int]
) -> tuple[int | None, Check]:
    """The instance among ``named`` whose visible part the mask is."""
    mask = decode_mask(place)
    rendered = truth.rendered(frame)
    size = rendered.shown.shape[1], rendered.shown.shape[0]
    rough = {k: _iou(mask, _cells(rendered, k, (0, 0), size, mask.shape).covered >= 0.5) for k in named}
    best = max(named, key=lambda k: rough[k])
    if rough[best] == 0:
        return None, disagree(what, f"{mask.sum()} cells", "nothing of that name under the mask")
    check = _compare(what, mask, truth, frame, best)
    return (None if check.verdict is Verdict.DISAGREE else best), check


def _compare(what: str, mask: NDArray[np.bool_], truth: SceneTruth, frame: str, instance: int) -> Check:
    """The check of a mask against finer rays at the instance."""
    crop = truth.crop(frame, _region(mask, truth.rendered(frame), instance))
    cells = _cells(crop.rendered, instance, crop.corner, (crop.grid.width, crop.grid.height), mask.shape)
    is_mixed = (cells.covered > MIXED_LOW) & (cells.covered < MIXED_HIGH)
    sure = _iou(mask, np.where(is_mixed, mask, cells.covered >= 0.5))
    loose = _iou(mask, np.where(is_mixed | cells.is_doubtful, mask, cells.covered >= 0.5))
    verdict = Verdict.AGREE if sure >= LEAST_IOU else Verdict.DISAGREE
    if verdict is Verdict.DISAGREE and sure >= DOUBTFUL_IOU and loose >= LEAST_IOU:
        verdict = Verdict.UNDECIDED
    label = truth.instances[instance].label
    return Check(what, f"{mask.sum()} cells", f"{label}, overlap {sure:.3f}", verdict, number=sure)


def _region(mask: NDArray[np.bool_], rendered: RenderedView, instance: int) -> tuple[float, ...]:
    """Left, top, right, bottom around the mask and all that is visible of the instance, thousandths."""
    rows, columns = np.nonzero(mask)
    h, w = mask.shape
    own = np.array([columns.min() / w, rows.min() / h, (columns.max() + 1) / w, (rows.max() + 1) / h]) * 1000
    box = rendered.box(instance)
    found = own if box is None else box
    return (*np.minimum(own, found)[:2].tolist(), *np.maximum(own, found)[2:].tolist())


def _cells(
    rendered: RenderedView, instance: int, corner: tuple[int, int], size: tuple[int, int], shape: tuple[int, int]
) -> _Cells:
    """An instance in the cells of a mask's grid.

    Args:
        corner: column and row of the first pixel of ``rendered`` in the whole image.
        size: width and height of the whole image in these pixels.
        shape: height and width of the mask's grid.
    """
    h, w = rendered.shown.shape
    row = ((np.arange(h) + corner[1] + 0.5) / size[1] * shape[0]).astype(int)
    column = ((np.arange(w) + corner[0] + 0.5) / size[0] * shape[1]).astype(int)
    cell = (row[:, None] * shape[1] + column[None, :]).ravel()

    def share(pixels: NDArray) -> NDArray[np.float64]:
        counts = np.bincount(cell, weights=pixels.ravel(), minlength=shape[0] * shape[1])
        return (counts / np.maximum(total, 1)).reshape(shape)

    total = np.bincount(cell, minlength=shape[0] * shape[1])
    covered, *others = (share(layer == instance) for layer in (rendered.shown, rendered.strict, rendered.loose))
    is_doubtful = share(rendered.measured <= 0) >= NO_DEPTH
    for other in others:
        is_doubtful |= (other >= 0.5) != (covered >= 0.5)
    return _Cells(covered, is_doubtful)


def _iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / max((first | second).sum(), 1))
