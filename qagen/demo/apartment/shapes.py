"""Tessellated surfaces that furniture is made of: boxes, soft boxes, surfaces of revolution, tubes and sheets.

All lengths are meters. A surface carries a texture coordinate per vertex, in repeats of its texture.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from qagen.core.pose import product, rotate
from qagen.demo.apartment.materials import Paint

Vector = Sequence[float] | NDArray[np.float64]
"""x, y, z in meters."""
Polyline = Sequence[Sequence[float]] | NDArray[np.float64]
"""Points in a row."""

EDGE_M = 0.11
"""Longest edge of furniture, as in a 2 cm scan that was simplified."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One painted piece of surface; it becomes one segment of the scan."""

    vertices: NDArray[np.float64]
    """(n, 3) meters."""
    normals: NDArray[np.float64]
    """(n, 3) unit outward normals."""
    uv: NDArray[np.float64]
    """(n, 2) texture coordinates, in repeats."""
    faces: NDArray[np.int64]
    """(m, 3) vertex indices."""
    paint: Paint
    """What it looks like."""

    def moved(self, rotation: NDArray, shift: Vector) -> "Part":
        """The part after x ↦ R x + t."""
        return replace(self, vertices=rotate(rotation, self.vertices) + shift, normals=rotate(rotation, self.normals))


def rotation_z(angle_deg: float) -> NDArray[np.float64]:
    return _rotation(angle_deg, 0, 1)


def rotation_x(angle_deg: float) -> NDArray[np.float64]:
    return _rotation(angle_deg, 1, 2)


def rotation_y(angle_deg: float) -> NDArray[np.float64]:
    return _rotation(angle_deg, 2, 0)


def _rotation(angle_deg: float, i: int, j: int) -> NDArray[np.float64]:
    cosine, sine = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    rotation = np.eye(3)
    rotation[i, i], rotation[i, j], rotation[j, i], rotation[j, j] = cosine, -sine, sine, cosine
    return rotation


def turned(
    parts: Sequence[Part],
    x: float = 0,
    y: float = 0,
    z: float = 0,
    yaw_deg: float = 0,
    rotation: NDArray | None = None,
) -> list[Part]:
    """Parts after an optional rotation, then a turn about z, then a shift."""
    total = rotation_z(yaw_deg) if rotation is None else product(rotation_z(yaw_deg), rotation)
    return [part.moved(total, (x, y, z)) for part in parts]


def grid_surface(
    surface: Callable[[NDArray, NDArray], NDArray], s: NDArray, t: NDArray, uv_size: tuple[float, float], paint: Paint
) -> Part:
    """The surface (s, t) ↦ (..., 3) over a grid of parameters; its normal is ∂s × ∂t.

    ``uv_size`` is what one whole step of s and of t measures in texture repeats.
    """
    ss, tt = np.meshgrid(s, t, indexing="ij")
    step = 1e-4
    along_s = surface(ss + step, tt) - surface(ss - step, tt)
    along_t = surface(ss, tt + step) - surface(ss, tt - step)
    normals = np.cross(along_s, along_t).reshape(-1, 3)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
    uv = np.stack([ss * uv_size[0], tt * uv_size[1]], axis=-1).reshape(-1, 2)
    return Part(surface(ss, tt).reshape(-1, 3), normals, uv, grid_faces(len(s), len(t)), paint)


def grid_faces(rows: int, columns: int) -> NDArray[np.int64]:
    """(m, 3) triangles of a grid of rows × columns vertices."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    return np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)


def panel(
    origin: Vector,
    side_u: Vector,
    side_v: Vector,
    paint: Paint,
    edge_m: float = EDGE_M,
    is_fit: bool = False,
) -> Part:
    """A flat rectangle origin + [0, 1] side_u + [0, 1] side_v, facing side_u × side_v.

    ``is_fit`` stretches the texture once over the panel, else the texture keeps its own size.
    """
    origin, side_u, side_v = (np.asarray(a, dtype=float) for a in (origin, side_u, side_v))
    length_u, length_v = math.hypot(*side_u), math.hypot(*side_v)
    s = np.linspace(0, 1, 1 + int(np.ceil(length_u / edge_m)))
    t = np.linspace(0, 1, 1 + int(np.ceil(length_v / edge_m)))
    uv_size = (1.0, 1.0) if is_fit else (length_u / paint.repeat_m, length_v / paint.repeat_m)

    def surface(ss: NDArray, tt: NDArray) -> NDArray:
        return origin + ss[..., None] * side_u + tt[..., None] * side_v

    return grid_surface(surface, s, t, uv_size, paint)


def joined(parts: Sequence[Part]) -> Part:
    """Several pieces of the same paint as one part."""
    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    return Part(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.uv for part in parts]),
        np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)]),
        parts[0].paint,
    )


_BOX_SIDES = (
    # name, corner, u side, v side; u × v looks outwards, v is up on the four upright sides
    ("front", (-1, -1, -1), (1, 0, 0), (0, 0, 1)),
    ("back", (1, 1, -1), (-1, 0, 0), (0, 0, 1)),
    ("left", (-1, 1, -1), (0, -1, 0), (0, 0, 1)),
    ("right", (1, -1, -1), (0, 1, 0), (0, 0, 1)),
    ("top", (-1, -1, 1), (1, 0, 0), (0, 1, 0)),
    ("bottom", (-1, 1, -1), (1, 0, 0), (0, -1, 0)),
)


def box_sides(size: Vector, center: Vector, paint: Paint, edge_m: float = EDGE_M) -> dict[str, Part]:
    """The six sides of a box by name; the front looks along −y."""
    half, center = np.asarray(size, dtype=float) / 2, np.asarray(center, dtype=float)
    return {
        name: panel(center + half * corner, 2 * half * np.asarray(u), 2 * half * np.asarray(v), paint, edge_m=edge_m)
        for name, corner, u, v in _BOX_SIDES
    }


def box(size: Vector, center: Vector, paint: Paint, edge_m: float = EDGE_M) -> Part:
    """A closed box of full extents ``size``."""
    return joined(list(box_sides(size, center, paint, edge_m).values()))


def faced_box(size: Vector, center: Vector, paint: Paint, face_paint: Paint, side: str = "front") -> list[Part]:
    """A box with a picture fitted to one of its sides: a screen, a book's spine, a drawer front."""
    sides = box_sides(size, center, paint)
    face = sides.pop(side)
    u_to_1 = face.uv / np.maximum(face.uv.max(axis=0), 1e-12)
    return [joined(list(sides.values())), replace(face, uv=u_to_1, paint=face_paint)]


def soft_box(size: Vector, center: Vector, paint: Paint, power: float = 5.0, edge_m: float = EDGE_M) -> Part:
    """A cushion: the superellipsoid Σ|x / half|^power = 1, on the grid of a cube so that faces stay even."""
    half = np.asarray(size, dtype=float) / 2
    sides = box_sides(2 * half, (0, 0, 0), paint, min(edge_m, max(half.min(), 0.04))).values()
    cube = joined(list(sides))
    unit = cube.vertices / half
    unit /= (np.abs(unit) ** power).sum(axis=1, keepdims=True) ** (1 / power)
    slope = np.sign(unit) * np.abs(unit) ** (power - 1) / half
    normals = slope / np.linalg.norm(slope, axis=1, keepdims=True)
    axes = np.array([(0, 2), (0, 2), (1, 2), (1, 2), (0, 1), (0, 1)])
    axis_pair = np.repeat(axes, [len(side.vertices) for side in sides], axis=0)
    uv = np.take_along_axis(unit * half, axis_pair, axis=1) / paint.repeat_m
    return Part(unit * half + center, normals, uv, cube.faces, paint)


def turned_profile(profile: Polyline, paint: Paint, edge_m: float = EDGE_M, center: Vector = (0, 0, 0)) -> Part:
    """A surface of revolution about z: ``profile`` is (n, 2) radius and height, outer side to the right of its run.

    A run from the bottom up faces outwards; from the top down it faces the axis (the inside of a cup).
    """
    profile = _refined(np.asarray(profile, dtype=float), edge_m)
    around = max(8, int(np.ceil(2 * np.pi * profile[:, 0].max() / edge_m)))
    angle = np.linspace(0, 2 * np.pi, around + 1)
    run = np.diff(profile, axis=0)
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(run, axis=1))])
    radius, height = profile.T
    vertices = np.stack(
        [
            np.outer(np.cos(angle), radius),
            np.outer(np.sin(angle), radius),
            np.broadcast_to(height, (len(angle), len(height))),
        ],
        axis=-1,
    )
    slope = _vertex_slopes(run)
    normals = np.stack(
        [
            np.outer(np.cos(angle), slope[:, 1]),
            np.outer(np.sin(angle), slope[:, 1]),
            np.broadcast_to(-slope[:, 0], (len(angle), len(height))),
        ],
        axis=-1,
    )
    around_m = 2 * np.pi * max(profile[:, 0].max(), 1e-3)
    uv = np.stack(np.meshgrid(angle / (2 * np.pi) * around_m, arc, indexing="ij"), axis=-1) / paint.repeat_m
    return Part(
        vertices.reshape(-1, 3) + center,
        normals.reshape(-1, 3),
        uv.reshape(-1, 2),
        grid_faces(len(angle), len(height)),
        paint,
    )


def _refined(profile: NDArray, edge_m: float) -> NDArray:
    """The profile with long runs cut and every corner doubled, so that creases stay sharp."""
    pieces = []
    for a, b in pairwise(profile):
        count = max(1, int(np.ceil(math.dist(a, b) / edge_m)))
        pieces.append(a + np.linspace(0, 1, count + 1)[:, None] * (b - a))
    return np.concatenate(pieces)


def _vertex_slopes(run: NDArray) -> NDArray:
    """Unit direction of the profile at each of its points; doubled points take the run on their own side."""
    length = np.linalg.norm(run, axis=1, keepdims=True)
    direction = run / np.maximum(length, 1e-12)
    before = np.vstack([direction[:1], direction])
    after = np.vstack([direction, direction[-1:]])
    is_short_after = np.append(length[:, 0] < 1e-9, True)
    return np.where(is_short_after[:, None], before, after)


def smooth_profile(points: Polyline, count: int = 14) -> NDArray[np.float64]:
    """A curved (count, 2) profile through a few (radius, height) points."""
    points = np.asarray(points, dtype=float)
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return PchipInterpolator(arc, points)(np.linspace(0, arc[-1], count))


def cylinder(
    radius: float,
    height: float,
    center: Vector,
    paint: Paint,
    top_radius: float | None = None,
    edge_m: float = EDGE_M,
) -> Part:
    """A closed upright cylinder or cone on the point ``center``."""
    top = radius if top_radius is None else top_radius
    return turned_profile([(0, 0), (radius, 0), (top, height), (0, height)], paint, edge_m, center)


def ball(radii: float | Vector, center: Vector, paint: Paint, edge_m: float = EDGE_M) -> Part:
    """An ellipsoid of half axes ``radii``."""
    radii = np.broadcast_to(np.asarray(radii, dtype=float), (3,))
    count = max(7, int(np.ceil(np.pi * radii.max() / edge_m)))
    latitude = np.linspace(-np.pi / 2, np.pi / 2, count)
    longitude = np.linspace(0, 2 * np.pi, 2 * count)
    around_m = 2 * np.pi * radii.mean()

    def surface(lon: NDArray, lat: NDArray) -> NDArray:
        unit = np.stack([np.cos(lon) * np.cos(lat), np.sin(lon) * np.cos(lat), np.sin(lat)], axis=-1)
        return unit * radii + center

    repeats = around_m / paint.repeat_m / (2 * np.pi)
    part = grid_surface(surface, longitude, latitude, (repeats, repeats), paint)
    normals = (part.vertices - center) / radii**2
    return replace(part, normals=normals / np.linalg.norm(normals, axis=1, keepdims=True))


def tube(points: Polyline, radius: float, paint: Paint, edge_m: float = 0.05, sides: int = 8) -> Part:
    """A round bar along a (n, 3) polyline."""
    points = np.asarray(points, dtype=float)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    reference = np.eye(3)[np.argmin(np.abs(along).max(axis=0))]
    across = np.cross(along, reference)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(along, across)
    angle = np.linspace(0, 2 * np.pi, sides + 1)[:, None, None]
    normals = np.cos(angle) * across + np.sin(angle) * other
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    uv = np.stack(np.meshgrid(angle[:, 0, 0] * radius, arc, indexing="ij"), axis=-1) / paint.repeat_m
    vertices = points + radius * normals
    faces = grid_faces(sides + 1, len(points))
    ends = [_disc(points[0], -along[0], radius, paint), _disc(points[-1], along[-1], radius, paint)]
    return joined([Part(vertices.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2), faces, paint), *ends])


def _disc(center: NDArray, normal: NDArray, radius: float, paint: Paint, sides: int = 8) -> Part:
    across = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    across /= math.hypot(*across)
    other = np.cross(normal, across)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    ring = np.cos(angle) * across + np.sin(angle) * other
    vertices = np.vstack([center, center + radius * ring])
    index = np.arange(sides)
    faces = np.stack([np.zeros(sides, int), 1 + index, 1 + (index + 1) % sides], axis=1)
    return Part(vertices, np.tile(normal, (sides + 1, 1)), np.vstack([[0, 0], ring[:, :2]]) * 0.1, faces, paint)


def bar(start: Vector, end: Vector, radius: float, paint: Paint, edge_m: float = EDGE_M) -> Part:
    """A straight round bar."""
    start, end = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    count = 1 + max(1, int(np.ceil(math.dist(start, end) / edge_m)))
    return tube(start + np.linspace(0, 1, count)[:, None] * (end - start), radius, paint)


def ring(radius: float, thickness: float, center: Vector, paint: Paint, edge_m: float = EDGE_M) -> Part:
    """A wheel rim or handle: a round bar bent to a circle in the xz plane."""
    angle = np.linspace(0, 2 * np.pi, max(12, int(2 * np.pi * radius / edge_m)))[:, None]
    circle = np.cos(angle) * (radius, 0, 0) + np.sin(angle) * (0, 0, radius)
    return tube(circle + np.asarray(center, dtype=float), thickness, paint)


def wall_with_openings(
    corner: Vector,
    along: Vector,
    height_m: float,
    openings: Sequence[tuple[float, float, float, float]],
    paint: Paint,
    edge_m: float,
) -> Part:
    """An upright panel from ``corner`` along a vector, without its openings (start, end, bottom, top in meters).

    It faces ``along`` × up, which is into a room walked round clockwise.
    """
    corner, along = np.asarray(corner, dtype=float), np.asarray(along, dtype=float)
    length = math.hypot(*along)
    direction = along / length
    cuts_u = sorted({0.0, length, *(u for opening in openings for u in opening[:2])})
    cuts_v = sorted({0.0, height_m, *(v for opening in openings for v in opening[2:])})
    pieces = []
    for u0, u1 in pairwise(cuts_u):
        for v0, v1 in pairwise(cuts_v):
            if not any(a <= u0 and u1 <= b and c <= v0 and v1 <= d for a, b, c, d in openings):
                piece = panel(
                    corner + u0 * direction + (0, 0, v0), (u1 - u0) * direction, (0, 0, v1 - v0), paint, edge_m
                )
                pieces.append(replace(piece, uv=piece.uv + np.array([u0, v0]) / paint.repeat_m))
    return joined(pieces)
