"""What a view shows: rays cast at the labelled mesh and held against the measured depth."""

from dataclasses import dataclass

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from qagen.audit.scene import AuditScene, AuditView, Pinhole

COLUMNS = 320
"""Rays across an image; its height gets as many a length."""
FINE = 3
"""So many times finer is a close-up."""
RIM = 12.0
"""Around the region of a close-up, thousandths."""
ROUNDED = 1.0
"""How far a place may lie beside what it was rounded from, thousandths: half of one each way, for width and height."""
NEAR_M = 0.05
TOLERANCE_M, TOLERANCE_SHARE = 0.05, 0.025
DOUBT = 1.5
"""Where tolerances this much larger or smaller change what a pixel shows, the pixel is doubtful."""
REFERENCE_PIXELS = 640 * 480


@dataclass(frozen=True, slots=True, eq=False)
class RenderedView:
    """What one view shows, on a grid of pixels; -1 is nothing annotated."""

    shown: NDArray[np.int16]
    """(h, w) index of the visible thing."""
    strict: NDArray[np.int16]
    """The same where depth leaves no doubt."""
    loose: NDArray[np.int16]
    """The same where depth leaves any."""
    z: NDArray[np.float32]
    """(h, w) depth of the surface, metres, inf where there is none."""
    measured: NDArray[np.float32]
    """(h, w) measured depth, 0 where there is none."""

    @property
    def scale(self) -> float:
        """Pixels of a 640 x 480 image for each pixel of the grid."""
        return REFERENCE_PIXELS / self.shown.size

    def pixels(self, thing: int) -> float:
        """Visible pixels of a thing, of a 640 x 480 image."""
        return float((self.shown == thing).sum() * self.scale)

    def box(self, thing: int, layer: NDArray | None = None) -> NDArray | None:
        """left, top, right, bottom of what is visible of a thing, thousandths; None when nothing is."""
        rows, columns = np.nonzero((self.shown if layer is None else layer) == thing)
        if not len(rows):
            return None
        h, w = self.shown.shape
        edges = columns.min() / w, rows.min() / h, (columns.max() + 1) / w, (rows.max() + 1) / h
        return np.array(edges) * 1000

    def around(self, x_permille: float, y_permille: float, reach: int) -> NDArray:
        """The patch of ``shown`` around a place, ``reach`` pixels to each side."""
        h, w = self.shown.shape
        row, column = int(np.clip(y_permille / 1000 * h, 0, h - 1)), int(np.clip(x_permille / 1000 * w, 0, w - 1))
        return self.shown[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A part of a view on a finer grid."""

    look: RenderedView
    """What it shows."""
    corner: tuple[int, int]
    """Column and row of its upper left pixel on the fine grid of the whole image."""
    grid: Pinhole
    """The fine grid."""

    def permille(self, columns: NDArray, rows: NDArray) -> tuple[NDArray, NDArray]:
        """Centres of its pixels in thousandths of the image."""
        x = (columns + self.corner[0] + 0.5) / self.grid.width * 1000
        return x, (rows + self.corner[1] + 0.5) / self.grid.height * 1000


class RayCaster:
    """Casts rays at one scene's surface."""

    def __init__(self, ground: AuditScene) -> None:
        self.ground = ground
        self._scene = None
        if ground.vertices is not None and ground.faces is not None:
            self._scene = surface_of(ground.vertices[ground.faces])

    def look(self, view: AuditView, noise: np.random.Generator | None = None, noise_share: float = 0.0) -> RenderedView:
        """Cast a grid of rays through a view, ``noise_share`` being the error of its depth image."""
        grid = grid_of(view.pinhole)
        return self._look(view, grid, (0, 0, grid.width, grid.height), noise, noise_share)

    def closeup(self, view: AuditView, region: tuple[float, ...]) -> Crop:
        """A finer look at a region, left, top, right, bottom in thousandths, and a rim around it."""
        grid = grid_of(view.pinhole, FINE * COLUMNS)
        sides = np.array([grid.width, grid.height] * 2)
        low = np.maximum(0, np.floor((np.array(region[:2]) - RIM) / 1000 * sides[:2])).astype(int)
        high = np.minimum(sides[:2], np.ceil((np.array(region[2:]) + RIM) / 1000 * sides[:2])).astype(int)
        look = self._look(view, grid, (low[0], low[1], high[0], high[1]), None, 0.0)
        return Crop(look, (int(low[0]), int(low[1])), grid)

    def _look(
        self,
        view: AuditView,
        grid: Pinhole,
        window: tuple[int, int, int, int],
        noise: np.random.Generator | None,
        noise_share: float,
    ) -> RenderedView:
        left, top, right, bottom = window
        v, u = np.mgrid[top:bottom, left:right].reshape(2, -1).astype(float)
        measured = _measured(view, grid, u, v)
        if noise is not None:
            measured = measured * (1 + noise_share * noise.standard_normal(measured.shape))
        if view.read_things is not None:
            thing, z = _given_things(view, grid, u, v), np.where(measured > 0, measured, np.inf)
        elif self._scene is not None:
            thing, z = self.cast(view.T_wc, grid, u, v)
        else:
            thing, z = self._in_boxes(view, grid, u, v, measured)
        return _held(thing, z, measured, (bottom - top, right - left))

    def cast(self, T_wc: NDArray, pinhole: Pinhole, u: NDArray, v: NDArray) -> tuple[NDArray, NDArray]:
        """(n,) thing and depth z, metres, of what rays through pixels meet first; -1 and inf for nothing."""
        assert self._scene is not None
        assert self.ground.face_thing is not None
        face, z = first_hits(self._scene, T_wc, pinhole, u, v)
        return np.where(face >= 0, self.ground.face_thing[face], -1), z

    def near(self, view: AuditView, x_permille: float, y_permille: float) -> set[int]:
        """What is met by rays through and around a place, as far as it may be rounded; nothing without a surface."""
        if self._scene is None:
            return set()
        steps = np.linspace(-ROUNDED, ROUNDED, 7)
        x, y = (around.ravel() for around in np.meshgrid(x_permille + steps, y_permille + steps))
        u, v = view.pinhole.pixel(x, y)
        return set(self.cast(view.T_wc, view.pinhole, np.asarray(u), np.asarray(v))[0].tolist())

    def _in_boxes(
        self, view: AuditView, grid: Pinhole, u: NDArray, v: NDArray, measured: NDArray
    ) -> tuple[NDArray, NDArray]:
        """Without a surface: the thing whose box alone holds the measured point."""
        z = np.where(measured > 0, measured, np.nan)
        ahead = np.stack([(u - grid.cx) / grid.fx, (v - grid.cy) / grid.fy, np.ones_like(u)], axis=1) * z[:, None]
        points = ahead @ view.T_wc[:3, :3].T + view.T_wc[:3, 3]
        owners, thing = np.zeros(len(u), int), np.full(len(u), -1)
        for index, item in enumerate(self.ground.things):
            within = (np.abs((points - item.block.center) @ item.block.axes) <= item.block.size / 2).all(axis=1)
            owners += within
            thing[within] = index
        return np.where(owners == 1, thing, -1), np.where(measured > 0, measured, np.inf)


def surface_of(triangles: NDArray) -> EmbreeScene:
    """What rays can be cast at, of triangles (n, 3, 3), metres."""
    scene = EmbreeScene()
    TriangleMesh(scene, np.ascontiguousarray(triangles, dtype=np.float32))
    return scene


def first_hits(
    scene: EmbreeScene, T_wc: NDArray, pinhole: Pinhole, u: NDArray, v: NDArray
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """(n,) triangle and depth z, metres, that rays through pixels meet first; -1 and inf for nothing."""
    ahead = np.stack([(u - pinhole.cx) / pinhole.fx, (v - pinhole.cy) / pinhole.fy, np.ones_like(u)], axis=1)
    rays = ahead @ T_wc[:3, :3].T
    starts = T_wc[:3, 3] + NEAR_M * rays
    hit = scene.run(starts.astype(np.float32), rays.astype(np.float32), query="INTERSECT", output=1)
    return hit["primID"], np.where(hit["primID"] >= 0, hit["tfar"].astype(float) + NEAR_M, np.inf)


def grid_of(pinhole: Pinhole, columns: int = COLUMNS) -> Pinhole:
    """The same view with so many columns; pixel centres stay at integers."""
    rows = max(1, round(columns * pinhole.height / pinhole.width))
    sx, sy = columns / pinhole.width, rows / pinhole.height
    cx, cy = (pinhole.cx + 0.5) * sx - 0.5, (pinhole.cy + 0.5) * sy - 0.5
    return Pinhole(pinhole.fx * sx, pinhole.fy * sy, cx, cy, columns, rows)


def _measured(view: AuditView, grid: Pinhole, u: NDArray, v: NDArray) -> NDArray:
    if view.read_depth is None or view.depth_pinhole is None:
        return np.zeros(len(u))
    depth, other = view.read_depth(), view.depth_pinhole
    column = np.rint((u - grid.cx) / grid.fx * other.fx + other.cx).astype(int)
    row = np.rint((v - grid.cy) / grid.fy * other.fy + other.cy).astype(int)
    is_inside = (column >= 0) & (row >= 0) & (column < depth.shape[1]) & (row < depth.shape[0])
    found = depth[np.where(is_inside, row, 0), np.where(is_inside, column, 0)]
    return np.where(is_inside & np.isfinite(found), found, 0.0)


def _given_things(view: AuditView, grid: Pinhole, u: NDArray, v: NDArray) -> NDArray:
    assert view.read_things is not None
    image = view.read_things()
    row = ((v + 0.5) / grid.height * image.shape[0]).astype(int)
    column = ((u + 0.5) / grid.width * image.shape[1]).astype(int)
    return image[row, column]


def _held(thing: NDArray, z: NDArray, measured: NDArray, shape: tuple[int, int]) -> RenderedView:
    finite = np.where(np.isfinite(z), z, 0.0)
    tolerance = np.maximum(TOLERANCE_M, TOLERANCE_SHARE * finite)
    nearer = np.where(measured > 0, finite - measured, 0.0)
    layers = [np.where(nearer > factor * tolerance, -1, thing) for factor in (1.0, 1 / DOUBT, DOUBT)]
    shown, strict, loose = (layer.astype(np.int16).reshape(shape) for layer in layers)
    return RenderedView(
        shown, strict, loose, z.astype(np.float32).reshape(shape), measured.astype(np.float32).reshape(shape)
    )
