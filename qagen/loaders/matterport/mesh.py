"""Matterport3D's annotated meshes: which face belongs to which object.

The house mesh ``house_segmentations/<scan>.ply`` has a segment id for each face, in its property ``material_id`` and
in ``<scan>.fsegs.json``; the .house file says which object a segment belongs to. Each room has a mesh of its own too,
``region_segmentations/region<N>.ply`` with ``region<N>.fsegs.json`` (segment ids of the *faces*, unlike ScanNet's,
which are of the vertices) and ``region<N>.semseg.json`` (objects: a label and the segments). Ids of segments of one
room mean nothing in another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.ply import read_mesh, read_owned_mesh
from qagen.loaders.io.text import list_folder, read_json

_REGION_MESH = re.compile(r"region(\d{1,6})\.ply")
_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _MatterportSegmentation(msgspec.Struct):
    segIndices: list[_INT64]  # noqa: N815 - the file's spelling


class _MatterportGroup(msgspec.Struct):
    segments: list[_INT64]
    label: str = ""


class _Semantics(msgspec.Struct):
    segGroups: list[_MatterportGroup]  # noqa: N815


@dataclass(frozen=True, slots=True, eq=False)
class OwnedMesh:
    """A surface whose faces belong to objects."""

    vertices: NDArray[np.float64]
    """(n, 3) meters, world."""
    faces: NDArray[np.int32]
    """(m, 3) vertex indices."""
    owner: NDArray[np.int64]
    """(m,) number of the object that each face belongs to, -1 for none."""

    def points_by_owner(self) -> dict[int, NDArray[np.float64]]:
        """The vertices (k, 3) of each object's faces."""
        order = np.argsort(self.owner, kind="stable")
        owners, starts = np.unique(self.owner[order], return_index=True)
        rows = np.split(order, starts[1:])
        return {
            int(owner): self.vertices[np.unique(self.faces[row])]
            for owner, row in zip(owners, rows, strict=True)
            if owner >= 0
        }


@dataclass(frozen=True, slots=True)
class RegionObject:
    """One object of one room."""

    region: int
    """Number of the room."""
    raw: str
    """What the annotator called it."""


def read_house_mesh(path: Path, object_of_segment: Mapping[int, int]) -> OwnedMesh:
    """Read ``<scan>.ply``; the owners are object ids.

    Raises:
        SceneError: a file is missing or damaged, or no face belongs to an object.
    """
    listed = path.with_suffix(".fsegs.json")
    if listed.is_file():
        vertices, faces = read_mesh(path)
        segments = _read_segments(listed, len(faces))
    else:
        vertices, faces, segments = read_owned_mesh(path, "material_id")
    owner = _looked_up(segments, object_of_segment)
    if (owner < 0).all():
        expected = "some of the segments of the .house file's E lines"
        raise SceneError(path, f"faces: found none that belongs to an object, expected {expected}")
    return OwnedMesh(vertices, faces, owner)


def region_meshes(folder: Path) -> dict[int, Path]:
    """Number of each room to its mesh."""
    found = {name: path for path in list_folder(folder) if (name := _REGION_MESH.fullmatch(path.name))}
    return {int(name[1]): path for name, path in sorted(found.items(), key=lambda item: int(item[0][1]))}


def read_region_meshes(meshes: Mapping[int, Path]) -> tuple[OwnedMesh, list[RegionObject]]:
    """All rooms as one mesh; the owners are indices of the list.

    Raises:
        SceneError: a file is missing or damaged.
    """
    found: list[RegionObject] = []
    vertices, faces, owners = [], [], []
    for region, path in meshes.items():
        own_vertices, own_faces = read_mesh(path)
        segments = _read_segments(path.with_suffix(".fsegs.json"), len(own_faces))
        groups = read_json(path.with_suffix(".semseg.json"), _Semantics).segGroups
        index_of = {segment: index for index, group in enumerate(groups, len(found)) for segment in group.segments}
        faces.append(own_faces + sum(len(part) for part in vertices))
        vertices.append(own_vertices)
        owners.append(_looked_up(segments, index_of))
        found += [RegionObject(region, group.label) for group in groups]
    return OwnedMesh(np.concatenate(vertices), np.concatenate(faces), np.concatenate(owners)), found


def _read_segments(path: Path, faces: int) -> NDArray[np.int64]:
    segments = np.array(read_json(path, _MatterportSegmentation).segIndices, dtype=np.int64)
    if len(segments) != faces:
        found = f"{len(segments)} entries"
        raise SceneError(path, f"segIndices: found {found}, expected {faces}, one for each face of the mesh")
    return segments


def _looked_up(segments: NDArray[np.int64], owner_of: Mapping[int, int]) -> NDArray[np.int64]:
    """(m,) the owner of each segment, -1 for segments that have none."""
    different, position = np.unique(segments, return_inverse=True)
    return np.array([owner_of.get(segment, -1) for segment in different.tolist()], dtype=np.int64)[position]
