"""What a Structured3D box is called: the file of boxes has no names, the images have.

``instance.png`` says for each pixel which box it shows (65535: none), ``semantic.png`` which of NYUv2's forty classes.
Over all views, the class that most of a box's pixels have is its name; a box without a clear majority stays without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qagen.errors import SceneError

BACKGROUND = 65535
CLASSES = (
    "", "wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf", "picture",
    "counter", "blinds", "desk", "shelves", "curtain", "dresser", "pillow", "mirror", "floor mat", "clothes",
    "ceiling", "books", "refrigerator", "television", "paper", "towel", "shower curtain", "box", "whiteboard",
    "person", "nightstand", "toilet", "sink", "lamp", "bathtub", "bag", "otherstructure", "otherfurniture",
    "otherprop",
)  # fmt: skip
"""Names by the value of a pixel in semantic.png (metadata/labelids.txt); 0 has none."""
MIN_SHARE = 0.5
"""So much of a box's pixels must agree on its name."""
NAMELESS_SHARE = 0.002
"""A class that covers more of a view outside of all boxes has things without a box."""
_INSTANCE_MODES = ("I;16", "I;16B", "I")
_SEMANTIC_MODES = ("L", "P")


@dataclass(frozen=True, slots=True, eq=False)
class BoxIdImage:
    """Which box each pixel of a view shows."""

    path: Path
    """The 16-bit image of box ids."""
    size: tuple[int, int]
    """Expected width and height, pixels."""
    object_of_id: NDArray[np.int32]
    """(65536,) index into Scene.objects by box id, -1 for none; one array for the whole scene."""

    def read_objects(self) -> NDArray[np.int32]:
        """(height, width) index into Scene.objects, -1 for everything else. Raises SceneError."""
        return self.object_of_id[read_ids(self.path, self.size)]


def read_ids(path: Path, size: tuple[int, int]) -> NDArray[np.uint16]:
    """(height, width) box ids of an ``instance.png``. Raises SceneError."""
    pixels = _read_pixels(path, size, _INSTANCE_MODES, "16-bit grey")
    if pixels.min(initial=0) < 0 or pixels.max(initial=0) > BACKGROUND:
        raise SceneError(path, f"instance image: found {pixels.max()}, expected ids up to {BACKGROUND}")
    return pixels.astype(np.uint16)


def read_classes(path: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(height, width) class numbers of a ``semantic.png``. Raises SceneError."""
    pixels = _read_pixels(path, size, _SEMANTIC_MODES, "8-bit grey")
    if pixels.max(initial=0) >= len(CLASSES):
        raise SceneError(path, f"semantic image: found class {pixels.max()}, expected 0 to {len(CLASSES) - 1}")
    return pixels.astype(np.uint8)


def _read_pixels(path: Path, size: tuple[int, int], modes: Sequence[str], kind: str) -> NDArray[np.int64]:
    try:
        with Image.open(path) as image:
            if image.size != size:
                found = f"{image.size[0]} x {image.size[1]}"
                raise SceneError(path, f"image: found {found} pixels, expected {size[0]} x {size[1]}")
            if image.mode not in modes:
                raise SceneError(path, f"image: found pixels of type {image.mode}, expected {kind}")
            return np.asarray(image).astype(np.int64)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SceneError(path, f"image: cannot be decoded ({error})") from error


class Vote:
    """Counts which class the pixels of each box have, view by view."""

    def __init__(self) -> None:
        self.counts = np.zeros((BACKGROUND + 1, len(CLASSES)), np.int64)
        self.nameless: set[str] = set()

    def add(self, ids: NDArray[np.uint16], classes: NDArray[np.uint8]) -> None:
        """Count one view; ``ids`` and ``classes`` are (height, width)."""
        pairs, counts = np.unique(ids.astype(np.int64) * len(CLASSES) + classes, return_counts=True)
        self.counts.ravel()[pairs] += counts
        outside = np.bincount(classes[ids == BACKGROUND], minlength=len(CLASSES))
        self.nameless.update(CLASSES[k] for k in np.flatnonzero(outside > NAMELESS_SHARE * ids.size) if k)

    def seen_ids(self) -> list[int]:
        """Ids that any pixel has, without the background."""
        return np.flatnonzero(self.counts[:BACKGROUND].sum(axis=1)).tolist()

    def winner(self, box_id: int) -> str | None:
        """The class of most of a box's pixels; None when it was not seen, or when no class has MIN_SHARE of them."""
        counts = self.counts[box_id]
        best = int(counts[1:].argmax()) + 1
        return CLASSES[best] if counts[best] > MIN_SHARE * counts.sum() else None
