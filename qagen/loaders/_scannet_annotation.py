"""ScanNet's annotated mesh: which vertex belongs to which object.

The annotation stands on the decimated mesh ``<scene>_vh_clean_2.ply``. Its vertices are grouped into segments
(``<scene>_vh_clean_2.0.010000.segs.json``, one segment id per vertex), and ``<scene>.aggregation.json`` gathers
segments into objects. ``<scene>_vh_clean.aggregation.json`` with ``<scene>_vh_clean.segs.json`` is the same for the
full mesh; its segment ids mean something else, and the two pairs are never mixed here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray
from plyfile import PlyData, PlyParseError

from qagen.errors import SceneError

MESH_SUFFIX = "_vh_clean_2.ply"
SEGMENTS_SUFFIX = "_vh_clean_2.0.010000.segs.json"
AGGREGATION_SUFFIX = ".aggregation.json"
_HEADER_BYTES = 1 << 16
_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_T = TypeVar("_T")
_OBJECT_ID = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class _Segmentation(msgspec.Struct):
    segIndices: list[_INT64]  # noqa: N815 - the file's spelling


class Group(msgspec.Struct, frozen=True):
    """One annotated object as the file spells it."""

    objectId: _OBJECT_ID  # noqa: N815
    segments: list[_INT64]
    label: str


class _Aggregation(msgspec.Struct):
    segGroups: list[Group]  # noqa: N815
    sceneId: str = ""  # noqa: N815
    segmentsFile: str = ""  # noqa: N815


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """A mesh in the recording's own world and the annotated objects on it."""

    vertices: NDArray[np.float64]
    """(n, 3), metres, not aligned."""
    faces: NDArray[np.int32]
    """(m, 3) vertex indices."""
    groups: list[Group]
    """All annotated objects, walls and floor included."""
    vertex_group: NDArray[np.int32]
    """(n,) index into groups, -1 where a vertex belongs to none."""


def read_annotation(folder: Path, scene_id: str) -> Annotation:
    """Read mesh, segments and aggregation of a scene.

    A segment that two objects claim goes to the later one, as in the dataset's own tools.

    Raises:
        SceneError: a file is missing, damaged, of another scene, or does not fit the mesh.
    """
    groups = read_groups(folder / f"{scene_id}{AGGREGATION_SUFFIX}", scene_id)
    vertices, faces = read_mesh(folder / f"{scene_id}{MESH_SUFFIX}")
    path = folder / f"{scene_id}{SEGMENTS_SUFFIX}"
    segment_ids = np.array(_decode(path, _Segmentation).segIndices, dtype=np.int64)
    if len(segment_ids) != len(vertices):
        found = f"{len(segment_ids)} entries"
        raise SceneError(path, f"segIndices: found {found}, expected {len(vertices)}, one for each vertex of the mesh")
    segments, segment_of_vertex = np.unique(segment_ids, return_inverse=True)
    group_of_segment = np.full(len(segments), -1, dtype=np.int32)
    for index, group in enumerate(groups):
        group_of_segment[np.isin(segments, np.array(group.segments, dtype=np.int64))] = index
    return Annotation(vertices, faces, groups, group_of_segment[segment_of_vertex])


def read_groups(path: Path, scene_id: str) -> list[Group]:
    """Read the objects of an aggregation file. Raises SceneError."""
    content = _decode(path, _Aggregation)
    if content.sceneId and content.sceneId.removeprefix("scannet.") != scene_id:
        raise SceneError(path, f"sceneId: found {content.sceneId!r}, expected {scene_id!r}")
    if content.segmentsFile and not content.segmentsFile.endswith(SEGMENTS_SUFFIX):
        expected = f"a name that ends with {SEGMENTS_SUFFIX} (the full mesh has an aggregation of its own)"
        raise SceneError(path, f"segmentsFile: found {content.segmentsFile!r}, expected {expected}")
    ids = [group.objectId for group in content.segGroups]
    if len(set(ids)) != len(ids):
        twice = next(object_id for object_id in ids if ids.count(object_id) > 1)
        raise SceneError(path, f"segGroups: found objectId {twice} more than once, expected unique ids")
    return content.segGroups


def read_mesh(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices (n, 3) in metres and triangles (m, 3) of a binary PLY file. Raises SceneError."""
    _check_ply_header(path)
    try:
        ply = PlyData.read(path, known_list_len={"face": {"vertex_indices": 3}})
        vertex = ply["vertex"]
        vertices = np.stack([vertex[axis] for axis in "xyz"], axis=1).astype(np.float64)
        faces = np.array(ply["face"]["vertex_indices"])
    except (PlyParseError, OSError, ValueError, KeyError, TypeError) as error:
        raise SceneError(path, f"mesh: cannot be read ({error}), expected vertices x, y, z and triangles") from error
    if not np.isfinite(vertices).all():
        raise SceneError(path, "vertices: found a value that is not finite, expected metres")
    if not len(vertices) or not len(faces):
        raise SceneError(path, f"mesh: found {len(vertices)} vertices and {len(faces)} faces, expected some of both")
    low, high = int(faces.min()), int(faces.max())
    if low < 0 or high >= len(vertices):
        found = low if low < 0 else high
        raise SceneError(path, f"faces: found vertex index {found}, expected 0 to {len(vertices) - 1}")
    return vertices, faces.astype(np.int32)


def _check_ply_header(path: Path) -> None:
    """Refuse what would make the PLY reader allocate for a count that the file cannot hold."""
    try:
        with path.open("rb") as file:
            lines = file.read(_HEADER_BYTES).splitlines()
        size = path.stat().st_size
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error
    if lines[:2] != [b"ply", b"format binary_little_endian 1.0"]:
        raise SceneError(path, f"header: found {b' '.join(lines[:2])[:40]!r}, expected a binary_little_endian PLY file")
    if b"end_header" not in lines:
        raise SceneError(path, f"header: found no end_header in {_HEADER_BYTES} bytes, expected one")
    for words in (line.split() for line in lines[: lines.index(b"end_header")]):
        if words[:1] == [b"element"] and not _is_count_up_to(words[-1], size):
            found = b" ".join(words)[:60].decode(errors="replace")
            raise SceneError(path, f"header: found {found!r}, expected a count of what fits into {size} bytes")


def _is_count_up_to(word: bytes, limit: int) -> bool:
    return word.isdigit() and len(word) <= len(str(limit)) and int(word) <= limit


def majority_owner(faces: NDArray[np.int32], vertex_owner: NDArray[np.int32]) -> NDArray[np.int32]:
    """(m,) the owner that at least two of a face's three vertices share, -1 where no two agree."""
    a, b, c = vertex_owner[faces].T
    return np.where((a == b) | (a == c), a, np.where(b == c, b, -1)).astype(np.int32)


def _decode(path: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SceneError(path, f"content: {error}") from error
