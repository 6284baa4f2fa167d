"""Triangle meshes in PLY files, and which object each of their faces belongs to."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from plyfile import PlyData, PlyParseError

from qagen.core.scene import Object3D
from qagen.errors import SceneError, did_you_mean

_HEADER_BYTES = 1 << 16


def read_mesh(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices (n, 3) in meters and triangles (m, 3) of a PLY file; quads become two triangles. Raises SceneError."""
    return _surface(_open(path), path)[:2]


def read_owned_mesh(path: Path, owner: str) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """Vertices (n, 3), triangles (m, 3) and the id (m,) that each triangle has in the property ``owner``.

    Where the property belongs to vertices, a triangle has the id that two of its corners share, else -1.

    Raises:
        SceneError: the file is damaged, or neither its faces nor its vertices have that property.
    """
    ply = _open(path)
    vertices, faces, face_of_triangle = _surface(ply, path)
    for element in ("face", "vertex"):
        names = {item.name for item in ply[element].properties}
        if owner in names:
            ids = np.asarray(ply[element][owner]).astype(np.int64)
            own = ids[face_of_triangle] if element == "face" else majority_owner(faces, ids).astype(np.int64)
            return vertices, faces, own
    known = {item.name for element in ("face", "vertex") for item in ply[element].properties}
    raise SceneError(path, f"mesh: no property '{owner}' of faces or vertices.{did_you_mean(owner, known)}")


def _open(path: Path) -> PlyData:
    _check_header(path)
    errors: list[Exception] = []
    for corners in (3, 4):  # all faces have as many: reading lists of any length takes a hundred times longer
        try:
            return PlyData.read(path, known_list_len={"face": {"vertex_indices": corners}})
        except (PlyParseError, OSError, ValueError, KeyError, TypeError) as error:
            errors.append(error)
    expected = "vertices x, y, z and triangles or quads"
    raise SceneError(path, f"mesh: cannot be read ({errors[0]}), expected {expected}") from errors[0]


def _surface(ply: PlyData, path: Path) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """Vertices, triangles, and the face of the file that each triangle is or is half of."""
    try:
        vertex = ply["vertex"]
        vertices = np.stack([vertex[axis] for axis in "xyz"], axis=1).astype(np.float64)
        faces = np.array(ply["face"]["vertex_indices"])
        if faces.dtype == object and len(faces):
            faces = np.stack(list(faces))
    except (PlyParseError, OSError, ValueError, KeyError, TypeError) as error:
        raise SceneError(path, f"mesh: cannot be read ({error}), expected vertices x, y, z and triangles") from error
    if not np.isfinite(vertices).all():
        raise SceneError(path, "vertices: found a value that is not finite, expected meters")
    if not len(vertices) or not len(faces):
        raise SceneError(path, f"mesh: found {len(vertices)} vertices and {len(faces)} faces, expected some of both")
    low, high = int(faces.min()), int(faces.max())
    if low < 0 or high >= len(vertices):
        found = low if low < 0 else high
        raise SceneError(path, f"faces: found vertex index {found}, expected 0 to {len(vertices) - 1}")
    if faces.shape[1] not in (3, 4):
        raise SceneError(path, f"faces: found {faces.shape[1]} corners, expected 3 or 4")
    halves = [faces[:, [0, 1, 2]]] if faces.shape[1] == 3 else [faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]]
    face_of_triangle = np.tile(np.arange(len(faces)), len(halves))
    return vertices, np.concatenate(halves).astype(np.int32), face_of_triangle


def object_indices(owner: NDArray[np.integer], objects: Sequence[Object3D]) -> NDArray[np.int32]:
    """(m,) index into ``objects`` by the object ids (m,) of faces, -1 for ids of none."""
    known = {item.id: index for index, item in enumerate(objects)}
    ids, inverse = np.unique(owner, return_inverse=True)
    return np.array([known.get(int(name), -1) for name in ids], dtype=np.int32)[inverse]


def _check_header(path: Path) -> None:
    """Refuse what would make the PLY reader allocate for a count that the file cannot hold."""
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
    for words in (line.split() for line in lines[: lines.index(b"end_header")]):
        if words[:1] == [b"element"] and not _is_count_up_to(words[-1], size):
            found = b" ".join(words)[:60].decode(errors="replace")
            raise SceneError(path, f"header: found {found!r}, expected a count of what fits into {size} bytes")


def _is_count_up_to(word: bytes, limit: int) -> bool:
    return word.isdigit() and len(word) <= len(str(limit)) and int(word) <= limit


def majority_owner(faces: NDArray[np.int32], vertex_owner: NDArray[np.integer]) -> NDArray[np.int32]:
    """(m,) the owner that at least two of a face's three vertices share, -1 where no two agree."""
    a, b, c = vertex_owner[faces].T
    return np.where((a == b) | (a == c), a, np.where(b == c, b, -1)).astype(np.int32)
