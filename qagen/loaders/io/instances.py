"""Images of instance ids and of classes; names of instances by the classes of their pixels.

Structured3D and Hypersim have boxes without names, but their images show for each pixel which instance (65535: none)
and which of NYUv2's forty classes it is. Over all views, the class of most of an instance's pixels is its name; an
instance without a clear majority stays without.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Object3D
from qagen.errors import SceneError
from qagen.loaders.io.images import PixelKind, read_pixels
from qagen.loaders.io.labels import name_object

BACKGROUND = 65535
CLASSES = (
    "", "wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf", "picture",
    "counter", "blinds", "desk", "shelves", "curtain", "dresser", "pillow", "mirror", "floor mat", "clothes",
    "ceiling", "books", "refrigerator", "television", "paper", "towel", "shower curtain", "box", "whiteboard",
    "person", "nightstand", "toilet", "sink", "lamp", "bathtub", "bag", "otherstructure", "otherfurniture",
    "otherprop",
)  # fmt: skip
"""Names by the value of a pixel in semantic.png (Structured3D's metadata/labelids.txt); 0 has none."""
MIN_SHARE = 0.5
"""More than this share of an instance's pixels must agree on its name."""
NAMELESS_SHARE = 0.002
"""A class that covers more than this share of a view outside of all instances has objects without a box."""


class IdSource(Protocol):
    """Which instance each pixel shows, decoded on demand."""

    def read_ids(self) -> NDArray[np.uint16]:
        """(height, width) instance ids, BACKGROUND for none. Raises SceneError."""
        ...


@dataclass(frozen=True, slots=True)
class IdFile:
    """A gray image of instance ids."""

    path: Path
    """The file."""
    size: tuple[int, int] | None = None
    """Expected width and height, pixels; None for any."""
    kind: PixelKind = "16-bit gray"
    """What its pixels must be."""

    def read_ids(self) -> NDArray[np.uint16]:
        """(height, width) instance ids. Raises SceneError."""
        pixels = read_pixels(self.path, self.kind, size=self.size)
        if pixels.min(initial=0) < 0 or pixels.max(initial=0) > BACKGROUND:
            raise SceneError(self.path, f"instance image: found {pixels.max()}, expected ids up to {BACKGROUND}")
        return pixels.astype(np.uint16)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectImage:
    """Which object of the scene each pixel shows."""

    ids: IdSource
    """Which instance each pixel shows."""
    object_of_id: NDArray[np.int32]
    """(65536,) index into Scene.objects by instance id, -1 for none; one array for the whole scene."""

    def read_objects(self) -> NDArray[np.int32]:
        """(height, width) index into Scene.objects, -1 for everything else. Raises SceneError."""
        return self.object_of_id[self.ids.read_ids()]


def index_by_id(objects: Sequence[Object3D]) -> NDArray[np.int32]:
    """(65536,) index into ``objects`` by id, -1 for ids of none."""
    index = np.full(BACKGROUND + 1, -1, np.int32)
    index[[item.id for item in objects]] = np.arange(len(objects))
    return index


def read_classes(path: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(height, width) class numbers of a ``semantic.png``. Raises SceneError."""
    pixels = read_pixels(path, "8-bit gray", size=size)
    if pixels.max(initial=0) >= len(CLASSES):
        raise SceneError(path, f"semantic image: found class {pixels.max()}, expected 0 to {len(CLASSES) - 1}")
    return pixels.astype(np.uint8)


class Vote:
    """Counts which class the pixels of each instance have, view by view."""

    def __init__(self) -> None:
        self._counts = np.zeros((BACKGROUND + 1, len(CLASSES)), np.int64)
        self._nameless: set[str] = set()

    def add(self, ids: NDArray[np.uint16], classes: NDArray[np.uint8]) -> None:
        """Count one view; ``ids`` and ``classes`` are (height, width)."""
        pairs, counts = np.unique(ids.astype(np.int64) * len(CLASSES) + classes, return_counts=True)
        self._counts.ravel()[pairs] += counts
        outside = np.bincount(classes[ids == BACKGROUND], minlength=len(CLASSES))
        self._nameless.update(CLASSES[k] for k in np.flatnonzero(outside > NAMELESS_SHARE * ids.size) if k)

    def is_seen(self, instance_id: int) -> bool:
        """Whether any pixel has this id."""
        return bool(self._counts[instance_id].any())

    def winner(self, instance_id: int) -> str | None:
        """The class of most of an instance's pixels; None where it was not seen or no class has MIN_SHARE of them."""
        counts = self._counts[instance_id]
        best = int(counts[1:].argmax()) + 1
        return CLASSES[best] if counts[best] > MIN_SHARE * counts.sum() else None

    def unplaced(self, kept: Collection[int]) -> frozenset[str]:
        """Names of what the images show, beyond the instances that are kept."""
        seen = np.flatnonzero(self._counts[:BACKGROUND].sum(axis=1)).tolist()
        winners = {self.winner(instance_id) for instance_id in seen if instance_id not in kept}
        return frozenset(name for raw in self._nameless | winners if raw and (name := name_object(raw, {})))
