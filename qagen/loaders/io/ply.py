"""Point clouds and triangle meshes in PLY files, and which object each of their faces belongs to."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import UNLABELED, Object3D
from qagen.errors import SceneError, did_you_mean
from qagen.loaders.io.labels import surface_owner

_HEADER_BYTES = 1 << 16
_Columns = dict[str, NDArray]
"""Property to its value (n,) or list (n, k) in each of n vertices or faces."""


def read_mesh(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices (n, 3) in meters and triangles (m, 3) of a PLY file; quads become two triangles. Raises SceneError."""
    return _surface(*_read_elements(path), path)[:2]


def read_points(path: Path) -> NDArray[np.float32]:
    """(n, 3) points of a PLY file, of which there may be none. Raises SceneError."""
    vertex = _read_vertices(path)
    if not vertex.keys() >= set("xyz"):
        raise SceneError(path, f"points: found the properties {', '.join(vertex) or 'none'}, expected x, y and z")
    with np.errstate(over="ignore"):
        points = np.stack([vertex[axis] for axis in "xyz"], axis=1).astype(np.float32)
    if not np.isfinite(points).all():
        raise SceneError(path, "points: found a value that is not finite, expected coordinates")
    return points


def read_owned_mesh(path: Path, owner: str) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """Vertices (n, 3), triangles (m, 3) and the id (m,) that each triangle has in the property ``owner``.

    Where the property belongs to vertices, a triangle has the id that two of its corners share, else -1.

    Raises:
        SceneError: the file is damaged, or neither its faces nor its vertices have that property.
    """
    vertex, face = _read_elements(path)
    vertices, faces, face_of_triangle = _surface(vertex, face, path)
    if owner in face:
        return vertices, faces, face[owner].astype(np.int64)[face_of_triangle]
    if owner in vertex:
        return vertices, faces, majority_owner(faces, vertex[owner].astype(np.int64)).astype(np.int64)
    raise SceneError(path, f"mesh: no property '{owner}' of faces or vertices.{did_you_mean(owner, {*face, *vertex})}")


def _read_elements(path: Path) -> tuple[_Columns, _Columns]:
    """The properties of vertices and of faces. Raises SceneError."""
    with _refusing(path, "mesh", "vertices x, y, z and triangles or quads"):
        elements = _load(path)
        vertices, faces = (elements.get(name, {}).get("length", 0) for name in ("vertex", "face"))
        if not vertices or not faces:
            raise SceneError(path, f"mesh: found {vertices} vertices and {faces} faces, expected some of both")
        return _columns(elements["vertex"]), _columns(elements["face"])


def _read_vertices(path: Path) -> _Columns:
    """The properties of vertices. Raises SceneError."""
    with _refusing(path, "points", "vertices x, y, z"):
        vertex = _load(path)["vertex"]
        # trimesh reads no rows where the header tells of none
        return _columns(vertex) if vertex["length"] else {name: np.zeros(0) for name in vertex["properties"]}


def _load(path: Path) -> Mapping[str, Any]:
    """The elements of a PLY file as trimesh reads them."""
    from trimesh.exchange.ply import load_ply

    header = _read_header(path)
    if header[1] == b"format ascii 1.0":
        _check_rows(path, header)
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.filterwarnings("error", "string or file could not be read")  # words that are no numbers
        warnings.filterwarnings("error", category=RuntimeWarning)  # numbers that do not fit
        # its own faces and vertices lack other properties, and quads come in another order
        return load_ply(file, fix_texture=False, skip_materials=True)["metadata"]["_ply_raw"]


@contextmanager
def _refusing(path: Path, what: str, expected: str) -> Iterator[None]:
    """Turn what a damaged file raises in the block into a SceneError."""
    try:
        yield
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, Warning) as error:
        raise SceneError(path, f"{what}: cannot be read ({error}), expected {expected}") from error


def _columns(element: Mapping[str, Any]) -> _Columns:
    """The properties of an element as trimesh reads it. Raises ValueError where lists differ in length."""
    columns: _Columns = {}
    for name in element["properties"]:
        column = element["data"][name]
        if column.dtype.names:  # a list of a binary file: f0 is its length, f1 what it holds
            if (column["f0"] != column["f0"][:1]).any():
                raise ValueError(f"{name}: lists of different lengths")
            column = column["f1"]
        if len(column) != element["length"]:
            raise ValueError(f"{name}: found {len(column)} of {element['length']}")
        columns[name] = column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column
    return columns


def _surface(
    vertex: _Columns, face: _Columns, path: Path
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """Vertices, triangles, and the face of the file that each triangle is or is half of."""
    if "vertex_indices" not in face:
        raise SceneError(path, f"faces: found the properties {', '.join(face)}, expected also vertex_indices")
    vertices = np.stack([vertex[axis] for axis in "xyz"], axis=1).astype(np.float64)
    faces = face["vertex_indices"]
    if faces.ndim != 2 or faces.shape[1] not in (3, 4) or faces.dtype.kind not in "iu":
        found = f"{faces.shape[1]} corners" if faces.ndim == 2 else "lists of different lengths"
        raise SceneError(path, f"faces: found {found}, expected 3 or 4 corners, as many in all")
    if not np.isfinite(vertices).all():
        raise SceneError(path, "vertices: found a value that is not finite, expected meters")
    low, high = int(faces.min()), int(faces.max())
    if low < 0 or high >= len(vertices):
        found = low if low < 0 else high
        raise SceneError(path, f"faces: found vertex index {found}, expected 0 to {len(vertices) - 1}")
    halves = [faces[:, [0, 1, 2]]] if faces.shape[1] == 3 else [faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]]
    face_of_triangle = np.tile(np.arange(len(faces)), len(halves))
    return vertices, np.concatenate(halves).astype(np.int32), face_of_triangle


def object_indices(
    owner: NDArray[np.integer], objects: Sequence[Object3D], annotated: Mapping[int, str]
) -> NDArray[np.int32]:
    """(m,) Mesh.face_object by the object ids (m,) of faces.

    Args:
        owner: (m,) ids; those that are not annotated own nothing.
        objects: the scene's objects.
        annotated: what the annotators called everything, by id, walls and floor included.
    """
    known = {object_id: surface_owner(raw) for object_id, raw in annotated.items()}
    known |= {item.id: index for index, item in enumerate(objects)}
    ids, inverse = np.unique(owner, return_inverse=True)
    return np.array([known.get(int(name), UNLABELED) for name in ids], dtype=np.int32)[inverse]


def _read_header(path: Path) -> list[bytes]:
    """The lines before end_header. Raises SceneError for counts that the file cannot hold."""
    # trimesh would allocate what the counts claim
    try:
        with path.open("rb") as file:
            lines = file.read(_HEADER_BYTES).splitlines()
        size = path.stat().st_size
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error
    if lines[:1] != [b"ply"] or lines[1:2] not in ([b"format binary_little_endian 1.0"], [b"format ascii 1.0"]):
        found = b" ".join(lines[:2])[:40]
        raise SceneError(path, f"header: found {found!r}, expected a binary_little_endian PLY file or an ascii one")
    if b"end_header" not in lines:
        raise SceneError(path, f"header: found no end_header in {_HEADER_BYTES} bytes, expected one")
    lines = lines[: lines.index(b"end_header")]
    for words in map(bytes.split, lines):
        count = words[-1] if words[:1] == [b"element"] else b"0"
        if not (count.isdigit() and len(count) <= len(str(size)) and int(count) <= size):
            found = b" ".join(words)[:60].decode(errors="replace")
            raise SceneError(path, f"header: found {found!r}, expected a count of what fits into {size} bytes")
    return lines


def _check_rows(path: Path, header: Sequence[bytes]) -> None:
    """Refuse rows of an ASCII file that trimesh may misread: missing ones, and too few or too many values."""
    rows = iter(path.read_text(encoding="utf-8").splitlines()[len(header) + 1 :])
    elements: list[tuple[str, int, list[bool]]] = []
    for words in map(bytes.split, header):
        match words:
            case [b"element", name, *_, count]:
                elements.append((name.decode(), int(count), []))
            case [b"property", kind, *_]:
                elements[-1][2].append(kind == b"list")
    for name, count, is_list_of_property in elements:
        for number in range(count):
            values = next(rows, "").split()
            expected = 0
            for is_list in is_list_of_property:
                expected += 1 + (int(values[expected]) if is_list and expected < len(values) else 0)
            if len(values) != expected:
                raise SceneError(path, f"{name} {number}: found {len(values)} values, expected {expected}")


def majority_owner(faces: NDArray[np.int32], vertex_owner: NDArray[np.integer]) -> NDArray[np.int32]:
    """(m,) the owner that at least two of a face's three vertices share, -1 where no two agree."""
    a, b, c = vertex_owner[faces].T
    return np.where((a == b) | (a == c), a, np.where(b == c, b, -1)).astype(np.int32)
