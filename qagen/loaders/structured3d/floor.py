"""Structured3D's structure annotation: the floors of rooms.

``annotation_3d.json`` holds junctions (points, mm), lines and planes; two matrices of 0 and 1 say which lines
lie on a plane and which junctions end a line. A room is an entry of ``semantics`` with the planes that bound it; its
ID is the room's folder in ``2D_rendering``. The lines on its floor plane, joined at their ends, are its outline.
"""

from collections.abc import Collection
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.floor import polygon_area
from qagen.errors import SceneError
from qagen.loaders.io.text import read_json

MM_PER_M = 1000.0
_NO_ROOMS = frozenset({"door", "window", "outwall"})
_MIN_AREA_M2 = 0.1


class _Junction(msgspec.Struct):
    coordinate: tuple[float, float, float]


class _Plane(msgspec.Struct):
    type: str


class _RoomPlanes(msgspec.Struct):
    ID: int
    type: str
    planeID: list[int]  # noqa: N815 - the file's spelling


class Structure(msgspec.Struct):
    """What is read of the file."""

    junctions: list[_Junction]
    planes: list[_Plane]
    semantics: list[_RoomPlanes]
    planeLineMatrix: list[list[int]]  # noqa: N815
    lineJunctionMatrix: list[list[int]]  # noqa: N815


def read_floor(path: Path, room_ids: Collection[str]) -> NDArray[np.float64] | None:
    """The floors of some rooms as one outline, (n, 2), world xy, meters.

    Several floors are joined by cuts of no width, so that the area of the outline is the sum of theirs. None when a
    room is not in the file or its outline is open, crosses itself or is nothing: then the area is not known.

    Raises:
        SceneError: the file is missing or damaged.
    """
    structure = read_json(path, Structure)
    _check(structure, path)
    points = np.array([junction.coordinate[:2] for junction in structure.junctions]).reshape(-1, 2) / MM_PER_M
    floors: list[NDArray[np.float64]] = []
    for room_id in sorted(room_ids):
        rooms = [room for room in structure.semantics if str(room.ID) == room_id and room.type not in _NO_ROOMS]
        planes = [plane for room in rooms for plane in room.planeID if structure.planes[plane].type == "floor"]
        loops = [_loop(structure, plane) for plane in planes]
        outlines = [points[loop] for loop in loops if loop is not None]
        if not outlines or len(outlines) < len(loops) or not all(_is_simple(outline) for outline in outlines):
            return None
        floors += outlines
    return join_outlines(floors) if floors else None


def _check(structure: Structure, path: Path) -> None:
    """Every index leads somewhere and every coordinate is a number."""
    coordinates = np.array([junction.coordinate for junction in structure.junctions])
    if not np.isfinite(coordinates).all():
        raise SceneError(path, "junctions: found a coordinate that is not finite, expected millimeters")
    planes, lines, junctions = len(structure.planes), len(structure.lineJunctionMatrix), len(structure.junctions)
    shapes = (("planeLineMatrix", structure.planeLineMatrix, lines, planes),)
    shapes += (("lineJunctionMatrix", structure.lineJunctionMatrix, junctions, lines),)
    for name, matrix, width, height in shapes:
        if len(matrix) != height or any(len(row) != width for row in matrix):
            raise SceneError(path, f"{name}: found another shape, expected {height} rows of {width}")
    for semantic in structure.semantics:
        if any(not 0 <= plane < planes for plane in semantic.planeID):
            raise SceneError(path, f"semantics: room {semantic.ID}: planeID: expected 0 to {planes - 1}")


def _loop(structure: Structure, plane: int) -> list[int] | None:
    """The junctions round a plane in order, or None where its lines are not one closed loop."""
    lines = [line for line, is_on in enumerate(structure.planeLineMatrix[plane]) if is_on]
    ends = [[k for k, is_end in enumerate(structure.lineJunctionMatrix[line]) if is_end] for line in lines]
    neighbors: dict[int, list[int]] = {}
    for pair in ends:
        if len(pair) != 2:
            return None
        for here, there in (pair, pair[::-1]):
            neighbors.setdefault(here, []).append(there)
    if len(neighbors) < 3 or any(len(near) != 2 for near in neighbors.values()):
        return None
    loop = [min(neighbors)]
    came_from, here = -1, loop[0]
    while True:
        first, second = neighbors[here]
        came_from, here = here, second if first == came_from else first
        if here == loop[0]:
            return loop if len(loop) == len(neighbors) else None
        loop.append(here)


def _is_simple(outline: NDArray[np.float64]) -> bool:
    """Whether no two sides of a polygon (n, 2) cross and it has an area."""
    ends = np.roll(outline, -1, axis=0)
    count = len(outline)
    crossed = any(
        _is_between(outline[i], ends[i], outline[j], ends[j]) and _is_between(outline[j], ends[j], outline[i], ends[i])
        for i in range(count)
        for j in range(i + 2, count)
        if (j + 1) % count != i
    )
    return not crossed and polygon_area(outline) > _MIN_AREA_M2


def _is_between(a: NDArray, b: NDArray, c: NDArray, d: NDArray) -> bool:
    """Whether c and d lie on different sides of the line from a to b."""
    along = b - a
    sides = [along[0] * (point[1] - a[1]) - along[1] * (point[0] - a[0]) for point in (c, d)]
    return bool(sides[0] * sides[1] < 0)


def join_outlines(outlines: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """One closed line round all polygons, each counter-clockwise, with cuts of no width between them."""
    loops: list[NDArray[np.float64]] = []
    for outline in outlines:
        x, y = outline.T
        is_clockwise = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) <= 0
        loops.append(outline[::-1] if is_clockwise else outline)
    if len(loops) == 1:
        return loops[0]
    closed = [np.concatenate([loop, loop[:1]]) for loop in loops]
    return np.concatenate([*closed, *(loop[:1] for loop in loops[-2::-1])])
