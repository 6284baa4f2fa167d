"""ScanNet++'s annotated mesh: which vertices an object has, and its box.

``segments.json`` has a segment id for each vertex of ``mesh_aligned_0.05.ply`` (in practice each vertex is a segment
of its own), ``segments_anno.json`` gathers segments into objects. A vertex may belong to several objects, such as a
picture and the wall behind it: then the smaller one has it, as in the dataset's own tools.

``obb`` has its axes in ROWS of ``normalizedAxes`` and its full extents in ``axesLengths``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.box import Box3D
from qagen.errors import SceneError
from qagen.loaders.io.boxes import Obb, share_inside
from qagen.loaders.io.ply import majority_owner, read_mesh
from qagen.loaders.io.rendered_depth import Surface
from qagen.loaders.io.text import check_unique, read_json

MESH = "mesh_aligned_0.05.ply"
SEGMENTS = "segments.json"
OBJECTS = "segments_anno.json"
BOX_MARGIN_M = 0.05
MIN_SHARE_INSIDE = 0.5
"""Minimum share of its points that the median object's box must hold; boxes read by columns hold few of theirs."""
_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_OBJECT_ID = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class ObjectGroup(msgspec.Struct, frozen=True):
    """One annotated object as the file spells it."""

    objectId: _OBJECT_ID  # noqa: N815
    label: str
    segments: list[_INT64]
    obb: Obb


class _Objects(msgspec.Struct):
    segGroups: list[ObjectGroup]  # noqa: N815


class _ScanNetPPSegments(msgspec.Struct):
    segIndices: list[_INT64]  # noqa: N815


@dataclass(frozen=True, slots=True, eq=False)
class ScanNetPPAnnotation:
    """The annotated objects, and the mesh where there is one."""

    surface: Surface | None
    """The mesh, world, meters; None without ``mesh_aligned_0.05.ply``."""
    groups: list[ObjectGroup]
    """All annotated objects, walls and floor included."""
    boxes: list[Box3D]
    """The upright box of each group."""
    members: list[NDArray[np.int64]] | None
    """The vertices of each group; None without mesh or ``segments.json``."""

    def points(self, index: int) -> NDArray[np.float32] | None:
        """(n, 3) vertices of a group, world, meters; None where they are not known."""
        if self.surface is None or self.members is None:
            return None
        return self.surface.vertices[self.members[index]]

    def face_owner(self) -> NDArray[np.int32] | None:
        """(m,) objectId of the object of each face of the mesh, -1 for none; None where it is not known."""
        if self.surface is None or self.members is None:
            return None
        vertex_owner = np.full(len(self.surface.vertices), -1, np.int32)
        for group, own in sorted(zip(self.groups, self.members, strict=True), key=lambda pair: -len(pair[1])):
            vertex_owner[own] = group.objectId
        return majority_owner(self.surface.faces, vertex_owner)


def read_annotation(folder: Path) -> ScanNetPPAnnotation:
    """Read what a ``scans`` folder says of surface and objects; mesh and segments may be missing.

    Raises:
        SceneError: a file is damaged, does not fit the mesh, or the objects are missing.
    """
    path = folder / OBJECTS
    groups = read_json(path, _Objects).segGroups
    check_unique((f"objectId {group.objectId}" for group in groups), path, "segGroups")
    surface, members = None, None
    if (folder / MESH).is_file():
        vertices, faces = read_mesh(folder / MESH)
        surface = Surface(vertices.astype(np.float32), faces)
        if (folder / SEGMENTS).is_file():
            members = _members(folder / SEGMENTS, groups, len(vertices))
    clouds = [surface.vertices[own] for own in members] if surface and members else [np.zeros((0, 3))] * len(groups)
    boxes: list[Box3D] = []
    for group, cloud in zip(groups, clouds, strict=True):
        try:
            boxes.append(group.obb.upright(cloud))
        except ValueError as error:
            raise SceneError(path, f"segGroups: object {group.objectId}: obb: {error}") from error
    shares = [share_inside(box, own, BOX_MARGIN_M) for box, own in zip(boxes, clouds, strict=True) if len(own)]
    if shares and float(np.median(shares)) < MIN_SHARE_INSIDE:
        found = f"boxes of which half hold less than {np.median(shares):.0%} of their object's vertices"
        expected = "boxes around them; are the axes rows, in meters, and of this mesh?"
        raise SceneError(path, f"obb: found {found}, expected {expected}")
    return ScanNetPPAnnotation(surface, groups, boxes, members)


def _members(path: Path, groups: list[ObjectGroup], vertex_count: int) -> list[NDArray[np.int64]]:
    ids = np.array(read_json(path, _ScanNetPPSegments).segIndices, dtype=np.int64)
    if len(ids) != vertex_count:
        expected = f"{vertex_count}, one for each vertex of the mesh"
        raise SceneError(path, f"segIndices: found {len(ids)} entries, expected {expected}")
    segments, segment_of_vertex = np.unique(ids, return_inverse=True)
    return [
        np.flatnonzero(np.isin(segments, np.array(group.segments, dtype=np.int64))[segment_of_vertex])
        for group in groups
    ]
