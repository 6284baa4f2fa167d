"""The apartment as arrays for rendering, with soft light baked into its vertices.

Direct light comes from rectangular lamps by shadow rays. Light is then gathered three times over the hemisphere of each
vertex from the faces that it sees, which gives color bleeding and soft corners.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags

from qagen.demo.apartment.materials import paint_texture
from qagen.demo.apartment.shell import Lamp, PlacedObject
from qagen.rng import rng_for

GATHER_RAYS = 36
BOUNCES = 3
LAMP_RAYS = 6
CHUNK = 4096

Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class LitSurface:
    """All triangles, with the data to color a point on them."""

    vertices: NDArray[np.float32]
    """(n, 3) meters."""
    faces: NDArray[np.int32]
    """(m, 3)."""
    normals: NDArray[np.float32]
    """(n, 3) unit."""
    uv: NDArray[np.float32]
    """(n, 2) texture coordinates, in repeats."""
    face_part: NDArray[np.int32]
    """(m,) index of the part."""
    vertex_part: NDArray[np.int32]
    """(n,) index of the part."""
    part_object: NDArray[np.int32]
    """(p,) index of the object, which is its id."""
    part_texture: NDArray[np.int32]
    """(p,) index into texture_names."""
    part_tint: NDArray[np.float32]
    """(p, 3) color that multiplies the texture, display values."""
    part_mirror: NDArray[np.float32]
    """(p,) share of mirrored light."""
    part_glow: NDArray[np.float32]
    """(p,) own radiance."""
    part_depth_loss: NDArray[np.float32]
    """(p,) share of lost depth readings."""
    texture_names: tuple[str, ...]
    """Names in materials.TEXTURES."""
    textures: NDArray[np.uint8]
    """(t, 512, 512, 3) display values."""


def build_surface(objects: Sequence[PlacedObject]) -> LitSurface:
    """Join the parts of all objects; the index of an object is its id."""
    owned = [(index, part) for index, item in enumerate(objects) for part in item.parts]
    parts = [part for _, part in owned]
    names = tuple(sorted({part.paint.texture for part in parts}))
    sizes = [len(part.vertices) for part in parts]
    offsets = np.cumsum([0, *sizes[:-1]])
    normals = np.concatenate([part.normals for part in parts])
    paints = [part.paint for part in parts]
    return LitSurface(
        vertices=np.concatenate([part.vertices for part in parts]).astype(np.float32),
        faces=np.concatenate([p.faces + o for p, o in zip(parts, offsets, strict=True)]).astype(np.int32),
        normals=(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)).astype(np.float32),
        uv=np.concatenate([part.uv for part in parts]).astype(np.float32),
        face_part=np.repeat(np.arange(len(parts)), [len(p.faces) for p in parts]).astype(np.int32),
        vertex_part=np.repeat(np.arange(len(parts)), sizes).astype(np.int32),
        part_object=np.array([index for index, _ in owned], np.int32),
        part_texture=np.array([names.index(paint.texture) for paint in paints], np.int32),
        part_tint=np.array([paint.tint for paint in paints], np.float32),
        part_mirror=np.array([paint.mirror for paint in paints], np.float32),
        part_glow=np.array([paint.glow for paint in paints], np.float32),
        part_depth_loss=np.array([paint.depth_loss for paint in paints], np.float32),
        texture_names=names,
        textures=np.stack([paint_texture(name) for name in names]),
    )


def ray_scene(surface: LitSurface) -> EmbreeScene:
    scene = EmbreeScene()
    TriangleMesh(scene, np.ascontiguousarray(surface.vertices[surface.faces]))
    return scene


def bake_light(
    surface: LitSurface, scene: EmbreeScene, lamps: Sequence[Lamp], workers: int, report: Report
) -> NDArray[np.float32]:
    """(n, 3) irradiance of each vertex, scaled so that a well lit white wall has about 1."""
    points = _lifted_vertices(surface)
    chunks = [slice(i, min(i + CHUNK, len(points))) for i in range(0, len(points), CHUNK)]
    steps = 2 * len(chunks)

    def direct(k: int) -> NDArray:
        rng = rng_for(0, "demo lamp rays", str(k))
        light = np.zeros_like(points[chunks[k]])
        for lamp in lamps:
            amount = _light_of(scene, points[chunks[k]], surface.normals[chunks[k]], lamp, rng)
            light += amount[:, None] * np.array(lamp.color, np.float32)
        return light

    def seen(k: int) -> NDArray:
        return _seen_faces(scene, points[chunks[k]], surface.normals[chunks[k]], k)

    with ThreadPoolExecutor(workers) as pool:
        light = np.concatenate(list(_counted(pool.map(direct, range(len(chunks))), 0, steps, report)))
        hits = np.concatenate(list(_counted(pool.map(seen, range(len(chunks))), len(chunks), steps, report)))
    smooth = _neighbor_average(surface)
    light = smooth @ light
    return (light + smooth @ (smooth @ _bounced_light(surface, light, hits))).astype(np.float32)


def _counted(results: Iterable[NDArray], first: int, total: int, report: Report) -> Iterator[NDArray]:
    for k, result in enumerate(results):
        report(first + k + 1, total, "lighting")
        yield result


def _lifted_vertices(surface: LitSurface) -> NDArray[np.float32]:
    """Vertices pulled a little into their own faces and off the surface, so that seams do not shade themselves."""
    centroids = surface.vertices[surface.faces].mean(axis=1)
    total, count = np.zeros_like(surface.vertices), np.zeros(len(surface.vertices), np.float32)
    for k in range(3):
        np.add.at(total, surface.faces[:, k], centroids)
        np.add.at(count, surface.faces[:, k], 1)
    inner = total / np.maximum(count, 1)[:, None]
    lifted = surface.vertices + 0.3 * (inner - surface.vertices) + 0.008 * surface.normals
    return lifted.astype(np.float32)


def _light_of(
    scene: EmbreeScene, points: NDArray, normals: NDArray, lamp: Lamp, rng: np.random.Generator
) -> NDArray[np.float32]:
    half_u, half_v = np.array(lamp.half_u), np.array(lamp.half_v)
    facing = np.cross(half_u, half_v)
    facing /= math.hypot(*facing)
    is_window = abs(facing[2]) < 0.5
    total = np.zeros(len(points), np.float32)
    strata = (np.arange(LAMP_RAYS) + 0.5) / LAMP_RAYS * 2 - 1
    for k in range(LAMP_RAYS):
        u = strata[k] + rng.uniform(-1, 1, len(points)) / LAMP_RAYS
        v = rng.uniform(-1, 1, len(points))
        to_lamp = np.array(lamp.center) + u[:, None] * half_u + v[:, None] * half_v - points
        distance = np.linalg.norm(to_lamp, axis=1)
        unit = to_lamp / distance[:, None]
        cosine = np.einsum("ij,ij->i", unit, normals)
        leaving = np.clip(-(unit * facing).sum(axis=1), 0, 1) if is_window else np.float64(0.5)
        value = lamp.power * np.clip(cosine, 0, 1) * leaving / np.maximum(distance, 0.35) ** 2 / (np.pi * LAMP_RAYS)
        rows = np.flatnonzero(value > 2e-4)
        if len(rows):
            hit = scene.run(points[rows].astype(np.float32), unit[rows].astype(np.float32), query="DISTANCE")
            total[rows] += value[rows] * (hit >= distance[rows] - 0.02)
    return total


def _seen_faces(scene: EmbreeScene, points: NDArray, normals: NDArray, chunk: int) -> NDArray[np.int32]:
    """(n, GATHER_RAYS) face hit by cosine-distributed rays, −1 for none."""
    rng = rng_for(0, "demo gather rays", str(chunk))
    n = len(points)
    k = np.arange(GATHER_RAYS)
    radius = np.sqrt((k + rng.random((n, 1))) / GATHER_RAYS)
    angle = 2 * np.pi * (k * 0.618034 + rng.random((n, 1)))
    side = np.where(np.abs(normals[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]])
    tangent = np.cross(normals, side)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)  # a pole may have no normal
    other = np.cross(normals, tangent)
    x, y, z = radius * np.cos(angle), radius * np.sin(angle), np.sqrt(np.maximum(1 - radius**2, 1e-4))
    directions = x[..., None] * tangent[:, None] + y[..., None] * other[:, None] + z[..., None] * normals[:, None]
    origins = np.repeat(points, GATHER_RAYS, axis=0).astype(np.float32)
    return scene.run(origins, directions.reshape(-1, 3).astype(np.float32)).reshape(n, GATHER_RAYS)


def _bounced_light(surface: LitSurface, direct: NDArray, hits: NDArray[np.int32]) -> NDArray[np.float32]:
    mean_color = (surface.textures.mean(axis=(1, 2)) / 255)[surface.part_texture] * surface.part_tint
    albedo = np.clip(mean_color**2, 0, 0.9)[surface.face_part].astype(np.float32)
    is_source = (surface.part_glow > 0)[surface.face_part]
    bounced = np.zeros_like(direct)
    for _ in range(BOUNCES):
        radiosity = albedo * (direct + bounced)[surface.faces].mean(axis=1)
        radiosity[is_source] += 0.25
        radiosity = np.vstack([radiosity, np.zeros((1, 3), np.float32)])  # index −1: nothing was hit
        for start in range(0, len(hits), 20_000):
            rows = slice(start, start + 20_000)
            bounced[rows] = radiosity[hits[rows]].mean(axis=1)
    return bounced


def _neighbor_average(surface: LitSurface) -> csr_matrix:
    """Sparse matrix that averages each vertex with its neighbors in the mesh."""
    a, b, c = surface.faces.T
    rows, columns = np.concatenate([a, b, c, b, c, a]), np.concatenate([b, c, a, a, b, c])
    n = len(surface.vertices)
    links = coo_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(n, n)).tocsr()
    links.data[:] = 1
    links = csr_matrix(links + diags(np.full(n, 2.0, np.float32)))
    return csr_matrix(diags(1 / np.asarray(links.sum(axis=1)).ravel()) @ links)
