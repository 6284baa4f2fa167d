"""Smallest distances between the surfaces of objects, and from places to them, measured when they are asked for.

The surface of an object is its part of the mesh, else its points, else its box; distances between them are exact. What
was scanned of an object may end before the object does, so that the scanned surfaces are no nearer to each other than
the objects, and their boxes, moved out where a side is not sure, no farther: where both distances are alike, what lies
between them is known.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.core.pose import rotate
from qagen.core.scene import Mesh, Scene
from qagen.kernels.closest import bounding_tree, smallest_distance
from qagen.visibility.extents import Extents
from qagen.visibility.instances import grouped_by_object
from qagen.visibility.surfaces import box_mesh

VOXEL_SHARE = 0.01
"""Detail to which surfaces are taken to be known, as a share of the longest side of the smaller object."""
BEYOND_M = 10.0
"""How far a side of which nothing is known is moved out, meters."""

Tree = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Gap:
    """What is known of the space between two objects, or between a place and an object."""

    surfaces_m: float
    """Smallest distance between what is known of their surfaces, meters; they are no farther apart."""
    boxes_m: float
    """Smallest distance between their boxes, which are as large as the objects may be, meters; they are no nearer."""
    voxel_m: float
    """Detail of the surfaces, meters."""


@dataclass(frozen=True, eq=False)
class Gaps:
    """The gaps between the objects of a scene; each is measured once."""

    scene: Scene
    """The scene."""
    extents: Extents
    """Which sides of its boxes are sure."""
    _surfaces: dict[int, Tree] = field(default_factory=dict)
    _boxes: dict[int, tuple[Box3D, Tree]] = field(default_factory=dict)
    _known: dict[tuple[int, int], Gap] = field(default_factory=dict)

    def between(self, first: int, second: int) -> Gap:
        """The gap between two objects, indices into ``scene.objects``."""
        key = min(first, second), max(first, second)
        if key not in self._known:
            sides = [float(self.scene.objects[item].box.size.max()) for item in key]
            surfaces_m = smallest_distance(*self._surface(key[0]), *self._surface(key[1]))
            self._known[key] = Gap(surfaces_m, self._between_boxes(*key), VOXEL_SHARE * min(sides))
        return self._known[key]

    def from_place(self, place: NDArray[np.float64], item: int) -> Gap:
        """The gap between a place (3,), world, meters, and an object; 0 to a box that holds the place."""
        tree, (box, box_tree) = bounding_tree(place.reshape(1, 1, 3)), self._box(item)
        boxes_m = 0.0 if _holds(box, place[None]) else smallest_distance(*tree, *box_tree)
        longest_m = float(self.scene.objects[item].box.size.max())
        return Gap(smallest_distance(*tree, *self._surface(item)), boxes_m, VOXEL_SHARE * longest_m)

    def _surface(self, item: int) -> Tree:
        if item not in self._surfaces:
            self._surfaces[item] = bounding_tree(self._pieces(item))
        return self._surfaces[item]

    def _pieces(self, item: int) -> NDArray[np.float64]:
        """(n, 3, 3) triangles or (n, 1, 3) points of an object's surface, world, meters."""
        if self._faces is not None:
            start, stop = np.searchsorted(self._faces.face_object, (item, item + 1))
            if stop > start:
                return self._faces.vertices[self._faces.faces[start:stop]].astype(np.float64)
        points, box = self.scene.objects[item].points, self.scene.objects[item].box
        return _triangles(box) if points is None else np.asarray(points, dtype=np.float64)[:, None]

    @cached_property
    def _faces(self) -> Mesh | None:
        return None if self.scene.mesh is None else grouped_by_object(self.scene.mesh)

    def _between_boxes(self, first: int, second: int) -> float:
        """Distance between the boxes of two objects, moved out where a side is not sure; 0 where they overlap."""
        (box, tree), (other, other_tree) = self._box(first), self._box(second)
        if _holds(other, box.corners) or _holds(box, other.corners):
            return 0.0
        return smallest_distance(*tree, *other_tree)

    def _box(self, item: int) -> tuple[Box3D, Tree]:
        if item not in self._boxes:
            box = self.scene.objects[item].box
            if self.scene.objects[item].points is not None:
                slack_m = np.where(self.extents.is_sure[item], 0.0, np.minimum(self.extents.slack_m[item], BEYOND_M))
                box = _moved_out(box, slack_m)
            self._boxes[item] = box, bounding_tree(_triangles(box))
        return self._boxes[item]


def _triangles(box: Box3D) -> NDArray[np.float64]:
    """(12, 3, 3) the sides of a box, world, meters."""
    corners = box.corners
    return corners[box_mesh([box]).faces]


def _moved_out(box: Box3D, by_m: NDArray[np.float64]) -> Box3D:
    """The box with its sides -x, +x, -y, +y, -z, +z moved out by (6,) meters."""
    low, high = by_m[0::2], by_m[1::2]
    return Box3D(box.center + rotate(box.rotation, (high - low) / 2), box.size + low + high, box.rotation)


def _holds(box: Box3D, points: NDArray[np.float64]) -> bool:
    """Whether a box holds any of some points (n, 3), world, meters."""
    local = rotate(box.rotation.T, points - box.center)
    return bool((np.abs(local) <= box.size / 2).all(axis=1).any())
