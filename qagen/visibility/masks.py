"""Masks of the visible pixels of objects, as marks: coarse enough for a record, close enough to be believed.

A cell of a mask belongs to the object that covers at least half of it. This is measured on an instance image of
``FINER`` times the resolution, which is rendered when a frame's masks are first asked for and not kept.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.runs import MAX_COLUMNS, to_runs
from qagen.core.scene import Frame, Scene
from qagen.visibility.instances import DepthTolerance, InstanceRenderer

FINER = 4
"""Resolution of the instance image relative to that of the masks."""
MIN_CELLS = 30
"""Smallest number of cells of a mask."""
MIN_FIT = 0.9
"""Least intersection over union of a mask and the pixels that it stands for."""

Runs = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class FrameMasks:
    """The masks of the objects in each frame of one scene."""

    scene: Scene
    """The scene."""
    tolerance: DepthTolerance
    """How far measured depth may lie from a surface that it confirms."""
    _known: dict[str, dict[int, NDArray[np.int32]]] = field(default_factory=dict)
    """Runs by frame and object."""

    def of(self, frame: Frame, item: int) -> Runs:
        """The mask of an object in a frame; () where the object is too small or too thin for one that fits."""
        if frame.id not in self._known:
            self._known[frame.id] = self._render(frame)
        return tuple(self._known[frame.id].get(item, np.empty(0, np.int32)).tolist())

    @cached_property
    def _renderer(self) -> InstanceRenderer:
        return InstanceRenderer(self.scene, self.tolerance)

    def _render(self, frame: Frame) -> dict[int, NDArray[np.int32]]:
        grid = mask_grid(frame.camera)
        depth = None if frame.depth is None else frame.depth.read_m()
        finer = frame.camera.scaled(FINER * grid[1], FINER * grid[0])
        visible = self._renderer.render(frame, finer, depth).visible
        masks = {int(item): cells_of(visible == item) for item in np.unique(visible[visible >= 0])}
        return {item: np.array(to_runs(mask), np.int32) for item, mask in masks.items() if mask is not None}


def mask_grid(camera: Camera) -> tuple[int, int]:
    """Height and width of the masks in a camera's images."""
    width = min(MAX_COLUMNS, camera.width)
    return max(1, round(width * camera.height / camera.width)), width


def cells_of(shown: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """(h, w) the cells of ``FINER`` x ``FINER`` pixels of which at least half show an object; None if they mislead.

    Args:
        shown: (FINER * h, FINER * w) the pixels that show the object.
    """
    height, width = shown.shape[0] // FINER, shown.shape[1] // FINER
    covered = shown.reshape(height, FINER, width, FINER).sum(axis=(1, 3))
    cells = 2 * covered >= FINER**2
    shared = int(covered[cells].sum())
    either = int(covered.sum()) + int(cells.sum()) * FINER**2 - shared
    return cells if cells.sum() >= MIN_CELLS and shared >= MIN_FIT * either else None
