"""ScanNet's annotated mesh: which vertex belongs to which object.

The annotation stands on the decimated mesh ``<scene>_vh_clean_2.ply``. Its vertices are grouped into segments
(``<scene>_vh_clean_2.0.010000.segs.json``, one segment id per vertex), and ``<scene>.aggregation.json`` gathers
segments into objects. ``<scene>_vh_clean.aggregation.json`` with ``<scene>_vh_clean.segs.json`` is the same for the
full mesh; its segment ids mean something else, and the two pairs are never mixed here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.ply import read_mesh
from qagen.loaders.io.text import check_unique, read_json

_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_OBJECT_ID = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class _ScanNetSegmentation(msgspec.Struct):
    segIndices: list[_INT64]  # noqa: N815 - the file's spelling


class SegmentGroup(msgspec.Struct, frozen=True):
    """One annotated object as the file spells it."""

    objectId: _OBJECT_ID  # noqa: N815
    segments: list[_INT64]
    label: str


class _Aggregation(msgspec.Struct):
    segGroups: list[SegmentGroup]  # noqa: N815
    sceneId: str = ""  # noqa: N815
    segmentsFile: str = ""  # noqa: N815


@dataclass(frozen=True, slots=True, eq=False)
class ScanNetAnnotation:
    """A mesh in the recording's own world and the annotated objects on it."""

    vertices: NDArray[np.float64]
    """(n, 3), meters, not aligned."""
    faces: NDArray[np.int32]
    """(m, 3) vertex indices."""
    groups: list[SegmentGroup]
    """All annotated objects, walls and floor included."""
    vertex_object: NDArray[np.int32]
    """(n,) objectId of the object that each vertex belongs to, -1 for none."""


def read_surface(mesh: Path) -> ScanNetAnnotation:
    """The mesh alone, without objects. Raises SceneError."""
    vertices, faces = read_mesh(mesh)
    return ScanNetAnnotation(vertices, faces, [], np.full(len(vertices), -1, dtype=np.int32))


def read_annotation(mesh: Path, segments: Path, aggregation: Path, scene_id: str) -> ScanNetAnnotation:
    """Read mesh, segments and aggregation of a scene.

    A segment that two objects claim goes to the later one, as in the dataset's own tools.

    Raises:
        SceneError: a file is missing, damaged, of another scene, or does not fit the mesh.
    """
    content = read_json(aggregation, _Aggregation)
    if content.sceneId and content.sceneId.removeprefix("scannet.") != scene_id:
        raise SceneError(aggregation, f"sceneId: found {content.sceneId!r}, expected {scene_id!r}")
    suffix = segments.name.removeprefix(scene_id)
    if content.segmentsFile and not content.segmentsFile.endswith(suffix):
        expected = f"a name that ends with {suffix} (the full mesh has an aggregation of its own)"
        raise SceneError(aggregation, f"segmentsFile: found {content.segmentsFile!r}, expected {expected}")
    check_unique((f"objectId {group.objectId}" for group in content.segGroups), aggregation, "segGroups")
    vertices, faces = read_mesh(mesh)
    segment_ids = np.array(read_json(segments, _ScanNetSegmentation).segIndices, dtype=np.int64)
    if len(segment_ids) != len(vertices):
        expected = f"{len(vertices)}, one for each vertex of the mesh"
        raise SceneError(segments, f"segIndices: found {len(segment_ids)} entries, expected {expected}")
    different, segment_of_vertex = np.unique(segment_ids, return_inverse=True)
    object_of_segment = np.full(len(different), -1, dtype=np.int32)
    for group in content.segGroups:
        object_of_segment[np.isin(different, np.array(group.segments, dtype=np.int64))] = group.objectId
    return ScanNetAnnotation(vertices, faces, content.segGroups, object_of_segment[segment_of_vertex])
