"""Color and depth images of the lit apartment, ray by ray."""

from dataclasses import dataclass

import numpy as np
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose, rotate
from qagen.demo.apartment.lighting import LitSurface, ray_scene
from qagen.demo.apartment.materials import SIZE

LEVELS = 6
"""Number of sizes of a texture, each half the one before; distant surfaces use the smaller ones."""
BAND = 20_480
"""Number of rays that are traced and colored at once, few enough for the processor's cache."""
FAR_AWAY_M = 1e4
"""Distance that stands for "nothing was hit"."""
EXTRA_OFFSETS = ((-0.34, -0.12), (0.12, -0.34), (0.22, 0.30))
"""Offsets of the further rays of an edge pixel, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The points at which rays met the surface."""

    prim: NDArray[np.int32]
    """(n,) face, −1 for none."""
    t: NDArray[np.float32]
    """(n,) multiple of the ray's direction."""
    uv: NDArray[np.float32]
    """(n, 2) barycentric weights of the second and third corner."""
    cosine: NDArray[np.float32]
    """(n,) between ray and face normal, 0..1."""
    normal: NDArray[np.float32]
    """(n, 3) unit, toward the ray's origin."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderView:
    """One rendered frame before the sensor."""

    color: NDArray[np.float32]
    """(h, w, 3) linear radiance."""
    depth_m: NDArray[np.float32]
    """(h, w) planar z, FAR_AWAY_M where nothing was hit."""
    cosine: NDArray[np.float32]
    """(h, w) between ray and surface normal."""
    part: NDArray[np.int32]
    """(h, w) part index."""


class Renderer:
    """Holds the ray structure and textures; its methods may be called from several threads."""

    def __init__(self, surface: LitSurface, light: NDArray[np.float32], scene: EmbreeScene | None = None) -> None:
        self.surface = surface
        self.scene = ray_scene(surface) if scene is None else scene
        self._corner_values = np.hstack([surface.uv, light]).astype(np.float32)
        self._texels, self._level_start = _mip_levels(surface.textures)
        self._repeats_per_m = _repeats_per_meter(surface)
        self._tint = surface.part_tint**2
        self._glow = surface.part_glow[:, None]

    def view(self, camera: Camera, world_from_camera: Pose) -> RenderView:
        """Render one frame; depth is exact at pixel centers, color is smoothed at edges."""
        h, w = camera.height, camera.width
        v, u = np.mgrid[0:h, 0:w].reshape(2, -1).astype(np.float32)
        bands = []
        for i in range(0, h * w, BAND):
            rays = _rays(camera, world_from_camera, u[i : i + BAND], v[i : i + BAND])
            hits = self._trace(*rays)
            part = self.surface.face_part.take(hits.prim, mode="wrap")
            bands.append((self._shaded(hits, *rays, camera.fx), hits.t, hits.cosine, part, hits.normal))
        color, depth_m, cosine, part, normal = (np.concatenate(column) for column in zip(*bands, strict=True))
        edges = np.flatnonzero(_is_edge(part.reshape(h, w), depth_m.reshape(h, w), normal.reshape(h, w, 3)))
        for i in range(0, len(edges), BAND):
            self._smooth(color, edges[i : i + BAND], camera, world_from_camera, u, v)
        return RenderView(color.reshape(h, w, 3), depth_m.reshape(h, w), cosine.reshape(h, w), part.reshape(h, w))

    def _smooth(
        self, color: NDArray, edges: NDArray, camera: Camera, world_from_camera: Pose, u: NDArray, v: NDArray
    ) -> None:
        """Average more rays into the colors of edge pixels."""
        total = color[edges]
        for du, dv in EXTRA_OFFSETS:
            rays = _rays(camera, world_from_camera, u[edges] + np.float32(du), v[edges] + np.float32(dv))
            total += self._shaded(self._trace(*rays), *rays, camera.fx)
        color[edges] = total / (1 + len(EXTRA_OFFSETS))

    def vertex_colors(self, light: NDArray[np.float32]) -> NDArray[np.uint8]:
        """(n, 3) display color of each vertex, as a fused scan would have it."""
        part = self.surface.vertex_part
        level = np.full(len(part), 3)
        albedo = self._albedo(part, self.surface.uv, level)
        return to_display((albedo * (light + self._glow[part])).astype(np.float32), gain=1.0)

    def _trace(self, origins: NDArray[np.float32], directions: NDArray[np.float32]) -> Hits:
        out = self.scene.run(origins, directions, output=1)
        normal = out["Ng"] / np.maximum(np.linalg.norm(out["Ng"], axis=1, keepdims=True), 1e-20)
        along = np.einsum("ij,ij->i", normal, directions) / np.linalg.norm(directions, axis=1)
        normal = np.where(along[:, None] > 0, -normal, normal)
        distance = np.where(out["primID"] < 0, np.float32(FAR_AWAY_M), out["tfar"])
        return Hits(out["primID"], distance, np.stack([out["u"], out["v"]], axis=1), np.abs(along), normal)

    def _shaded(self, hits: Hits, origins: NDArray, directions: NDArray, focal: float) -> NDArray[np.float32]:
        """(n, 3) linear radiance, with one reflection where the paint mirrors."""
        color = self._matte(hits, hits.t / focal)
        part = self.surface.face_part[hits.prim]
        mirror = self.surface.part_mirror[part]
        share = np.where(mirror > 0.5, mirror, mirror * (1 + 10 * (1 - hits.cosine) ** 3)).astype(np.float32)
        rows = np.flatnonzero((share > 0.035) & (hits.prim >= 0))
        if len(rows):
            d, normal = directions[rows], hits.normal[rows]
            reflected = d - 2 * np.einsum("ij,ij->i", d, normal)[:, None] * normal
            start = origins[rows] + hits.t[rows, None] * d + np.float32(1e-3) * normal
            second = self._trace(start.astype(np.float32, copy=False), reflected)
            seen = self._matte(second, (hits.t[rows] + second.t) / focal)
            color[rows] += share[rows, None] * (seen - color[rows])
        return color

    def _matte(self, hits: Hits, pixel_m: NDArray) -> NDArray[np.float32]:
        """(n, 3) radiance without reflections; ``pixel_m`` is a pixel's width at the hit."""
        corners = self.surface.faces.take(hits.prim, axis=0, mode="wrap")
        values = self._corner_values.take(corners[:, 0], axis=0) * (1 - hits.uv.sum(axis=1, keepdims=True))
        for k in (1, 2):
            values += self._corner_values.take(corners[:, k], axis=0) * hits.uv[:, k - 1 : k]
        texels = pixel_m / np.maximum(hits.cosine, 0.2) * self._repeats_per_m[hits.prim] * SIZE
        level = np.clip(np.round(np.log2(np.maximum(texels, 1e-6)) - 0.2), 0, LEVELS - 1).astype(np.int32)
        part = self.surface.face_part[hits.prim]
        color = self._albedo(part, values[:, :2], level) * (values[:, 2:] + self._glow.take(part, axis=0))
        color[hits.prim < 0] = 0
        return color

    def _albedo(self, part: NDArray, uv: NDArray, level: NDArray) -> NDArray[np.float32]:
        """(n, 3) linear reflectance, bilinear within a level of the texture."""
        size = (SIZE >> level).astype(np.int32)
        start = self._level_start[self.surface.part_texture[part], level]
        place = (uv - np.floor(uv)) * size[:, None] - np.float32(0.5)
        corner = np.floor(place)
        fraction = place - corner
        u0, v0 = corner.astype(np.int32).T & (size - 1)
        u1 = (u0 + 1) & (size - 1)
        rows = start + v0 * size, start + ((v0 + 1) & (size - 1)) * size
        a, b = fraction[:, :1], fraction[:, 1:]
        low, high = (_mix(self._texel(row + u0), self._texel(row + u1), a) for row in rows)
        display = _mix(low, high, b) * np.float32(1 / 255)
        return (display * display * self._tint.take(part, axis=0)).astype(np.float32, copy=False)

    def _texel(self, index: NDArray[np.int32]) -> NDArray[np.float32]:
        return self._texels.take(index).view(np.uint8).reshape(-1, 4)[:, :3].astype(np.float32)


def _mix(a: NDArray[np.float32], b: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    b -= a
    b *= share
    b += a
    return b


def to_display(color: NDArray[np.float32], gain: float) -> NDArray[np.uint8]:
    """Linear radiance to 8-bit display values, highlights rolled off."""
    x = color * np.float32(gain)
    rolled = x * (1 + x / 6.0) / (1 + 0.72 * x)
    return np.round(255 * np.sqrt(np.clip(rolled, 0, 1))).astype(np.uint8)


def _rays(
    camera: Camera, world_from_camera: Pose, u: NDArray, v: NDArray
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Origins and directions; directions have z = 1 in the camera, so that a ray's parameter is planar depth."""
    local = camera.unproject(np.stack([u, v], axis=1), 1.0)
    directions = rotate(world_from_camera.rotation, local).astype(np.float32)
    origins = np.repeat(world_from_camera.translation[None].astype(np.float32), len(u), axis=0)
    return origins, directions


def _is_edge(part: NDArray, depth_m: NDArray, normal: NDArray) -> NDArray[np.bool_]:
    """(h, w) pixels that differ from a neighbor in part, depth or direction."""
    edge = np.zeros(part.shape, bool)
    for axis in (0, 1):
        step = np.diff(part, axis=axis) != 0
        near, far = (
            np.minimum(_head(depth_m, axis), _tail(depth_m, axis)),
            np.maximum(_head(depth_m, axis), _tail(depth_m, axis)),
        )
        step |= far > 1.06 * near
        step |= np.einsum("ijk,ijk->ij", _head(normal, axis), _tail(normal, axis)) < 0.8
        _head(edge, axis)[...] |= step
        _tail(edge, axis)[...] |= step
    return edge


def _head(array: NDArray, axis: int) -> NDArray:
    return array[:-1] if axis == 0 else array[:, :-1]


def _tail(array: NDArray, axis: int) -> NDArray:
    return array[1:] if axis == 0 else array[:, 1:]


def _mip_levels(textures: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """All textures at all sizes as one array of 4-byte texels, and the index at which each (texture, level) starts."""
    flat, starts, offset = [], np.zeros((len(textures), LEVELS), np.int32), 0
    for index, picture in enumerate(textures):
        level = picture.astype(np.float32)
        for k in range(LEVELS):
            starts[index, k] = offset
            texels = np.zeros((level.shape[0] * level.shape[1], 4), np.uint8)
            texels[:, :3] = np.round(level).reshape(-1, 3)
            flat.append(texels.view(np.uint32)[:, 0])
            offset += len(flat[-1])
            level = (level[::2, ::2] + level[1::2, ::2] + level[::2, 1::2] + level[1::2, 1::2]) / 4
    return np.concatenate(flat), starts


def _repeats_per_meter(surface: LitSurface) -> NDArray[np.float32]:
    """(m,) repeats of the texture per meter of each face."""
    p, uv = surface.vertices[surface.faces], surface.uv[surface.faces]
    area = np.linalg.norm(np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]), axis=1)
    du, dv = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    uv_area = np.abs(du[:, 0] * dv[:, 1] - du[:, 1] * dv[:, 0])
    return np.sqrt(uv_area / np.maximum(area, 1e-12)).astype(np.float32)
