"""What of a scene's annotation may be believed (tasks.md, section 2), measured once per scene."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Mesh, Scene
from qagen.visibility.annotation import Ground, box_fill, is_over_painted
from qagen.visibility.extents import Extents, SideProbe
from qagen.visibility.fusion import face_owners
from qagen.visibility.surfaces import splats
from qagen.visibility.thresholds import Thresholds
from qagen.visibility.unclaimed import Unclaimed


@dataclass(frozen=True, eq=False)
class Belief:
    """What may be believed of the objects (O) of a scene."""

    extents: Extents
    """Which sides of the boxes are sure."""
    cut_short: NDArray[np.bool_]
    """(O,) surface below that seems to be the object's is called wall or floor, or nothing; none in a world that is not
    level."""
    over_painted: NDArray[np.bool_]
    """(O,) a little surface makes a side of the box much longer."""
    fills_box: NDArray[np.bool_]
    """(O,) the object fills enough of its box for the box to tell its size."""
    unclaimed: Unclaimed
    """Surface that may be objects that nobody annotated."""

    @cached_property
    def is_whole(self) -> NDArray[np.bool_]:
        """(O,) whether the annotation is the object, the whole object and nothing else."""
        return ~self.cut_short & ~self.over_painted & self.fills_box

    @cached_property
    def has_size(self) -> NDArray[np.bool_]:
        """(O,) whether the sides of the box are believed."""
        return self.is_whole & self.extents.is_sure.all(axis=1)


def believe(
    scene: Scene,
    measured: NDArray[np.float64],
    even: Sequence[NDArray[np.float64]],
    probe: SideProbe,
    limits: Thresholds,
) -> Belief:
    """Judge the annotation of a scene that all frames have been shown to the probe.

    Args:
        measured: (n, 3) points of the scanned surface, world, meters, for scenes without a mesh.
        even: points (n, 3) spread evenly over each object, world, meters.
    """
    surface = scene.mesh if scene.mesh is not None else _splats(scene, measured)
    boxes = [item.box for item in scene.objects]
    clouds = [item.points if item.points is not None else _own(surface, k) for k, item in enumerate(scene.objects)]
    floors_m = np.full(len(boxes), np.nan)
    cut_short = over_painted = np.zeros(len(boxes), dtype=bool)
    fills_box = ~cut_short
    ground = None
    if scene.mesh is not None and not scene.mesh.is_by_box:
        ground = Ground.of(scene.mesh, scene.is_level)
        floors_m = ground.floors_m(boxes)
        if scene.is_level:
            cut_short = ground.missing_share(boxes, floors_m, limits) > limits.cut_short_share
        over_painted = np.array([is_over_painted(*pair, limits) for pair in zip(boxes, even, strict=True)], dtype=bool)
        fills = [box_fill(*pair) for pair in zip(boxes, even, strict=True)]
        fills_box = np.array(fills, dtype=np.float64) >= limits.min_box_fill
    return Belief(
        Extents.of(scene, probe.ends_m(surface, floors_m), clouds, limits),
        cut_short,
        over_painted,
        fills_box,
        Unclaimed.of(scene, ground, limits),
    )


def _splats(scene: Scene, measured: NDArray[np.float64]) -> Mesh:
    mesh = splats(measured)
    return Mesh(
        mesh.vertices, mesh.faces, face_owners(mesh.vertices[mesh.faces].mean(axis=1), scene, 0.0), is_by_box=True
    )


def _own(surface: Mesh, item: int) -> NDArray[np.float32]:
    """(n, 3) the corners of an object's faces."""
    return surface.vertices[surface.faces[surface.face_object == item]].reshape(-1, 3)
