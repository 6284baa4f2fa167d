"""Masks of what moves in a clip: one sparse image a row, in ``dyn_masks.npz``.

The archive holds ``shape`` (height, width) and, for each row i, ``f_{i}_data``, ``f_{i}_indices`` and ``f_{i}_indptr``
of scipy's CSR form (SpatialVID, camera_pose_annotation/dynamic_mask/inference_batch.py).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.reasons import DAMAGED_MASKS
from qagen.loaders.io.npy import kept_zip, open_zip, parse_npy, read_member
from qagen.loaders.io.video import MAX_SIDE_PX
from qagen.loaders.spatialvid.files import ClipError, refusing

MAX_HEADER_BYTES = 1 << 12
PARTS = ("data", "indices", "indptr")


@dataclass(frozen=True, slots=True)
class MovingMasks:
    """The masks of a clip; each row's is read on demand."""

    path: Path
    """The archive."""
    height: int
    """Rows of pixels, those of the video."""
    width: int
    """Columns of pixels, those of the video."""
    rows: int
    """Number of masks."""

    def read(self, row: int) -> NDArray[np.bool_]:
        """(height, width) whether each pixel shows something that moves. Raises ClipError where the row is damaged."""
        limit = 4 * max(self.height + 1, self.height * self.width) + MAX_HEADER_BYTES
        with refusing(DAMAGED_MASKS):
            archive = kept_zip(self.path)
            data, columns, ends = (
                parse_npy(read_member(archive, f"f_{row}_{part}.npy", self.path, limit), self.path, f"f_{row}_{part}")
                for part in PARTS
            )
        self._check(row, data, columns, ends)
        mask = np.zeros((self.height, self.width), bool)
        mask[np.repeat(np.arange(self.height), np.diff(ends)), columns] = data != 0
        return mask

    def _check(self, row: int, data: NDArray, columns: NDArray, ends: NDArray) -> None:
        """Raise ClipError unless the arrays are those of a sparse matrix of this size."""
        problem = ""
        if data.dtype.kind not in "bui" or columns.dtype.kind not in "iu" or ends.dtype.kind not in "iu":
            problem = (
                f"data of type {data.dtype}, indices {columns.dtype} and indptr {ends.dtype}, expected whole numbers"
            )
        elif ends.shape != (self.height + 1,) or data.shape != columns.shape or data.ndim != 1:
            found = f"data {data.shape}, indices {columns.shape} and indptr {ends.shape}"
            problem = f"{found}, expected as many indices as data and an indptr of {self.height + 1}"
        elif ends[0] != 0 or ends[-1] != len(columns) or (np.diff(ends.astype(np.int64)) < 0).any():
            problem = f"an indptr that does not rise from 0 to {len(columns)}, the number of indices"
        elif len(columns) and not (columns.min() >= 0 and columns.max() < self.width):
            problem = f"column {columns.max() if columns.min() >= 0 else columns.min()}, expected 0 to {self.width - 1}"
        if problem:
            raise ClipError(DAMAGED_MASKS, self.path, f"f_{row}: found {problem}")


def open_masks(path: Path) -> MovingMasks:
    """The masks of a clip, none of them read yet. Raises ClipError where the archive is damaged."""
    with refusing(DAMAGED_MASKS), open_zip(path) as archive:
        names = {name.removesuffix(".npy") for name in archive.namelist()}
        shape = parse_npy(read_member(archive, "shape.npy", path, MAX_HEADER_BYTES), path, "shape")
    if shape.shape != (2,) or shape.dtype.kind not in "iu" or not (shape.min() > 0 and shape.max() <= MAX_SIDE_PX):
        raise ClipError(DAMAGED_MASKS, path, f"shape: found {shape.tolist()}, expected height and width in pixels")
    rows = (len(names) - 1) // len(PARTS)
    expected = {"shape", *(f"f_{row}_{part}" for row in range(rows) for part in PARTS)}
    if names != expected:
        odd = sorted(names ^ expected)[0]
        raise ClipError(DAMAGED_MASKS, path, f"members: found {len(names)}, expected f_0_data and so on ({odd}?)")
    height, width = shape.tolist()
    return MovingMasks(path, height, width, rows)
