"""What a view shows: rays cast at the labeled mesh and compared with the measured depth."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from qagen.audit.scene import AuditScene, AuditView, Pinhole, UprightBox

COLUMNS = 320
"""Number of rays across the width of an image."""
FINE = 3
"""Resolution of a crop relative to that of a whole view."""
RIM = 12.0
"""Margin around the region of a crop, thousandths of the image."""
ROUNDED = 1.0
"""Distance that rounding may put between an image position and the ray it came from, thousandths: half each way."""
NEAR_M = 0.05
"""Surfaces nearer to the camera than this are not hit."""
TOLERANCE_M, TOLERANCE_SHARE = 0.05, 0.025
"""A surface is hidden where the measured depth is this much smaller: meters, or a share of its depth."""
DOUBT = 1.5
"""A pixel is doubtful where tolerances larger or smaller by this factor change what it shows."""
REFERENCE_PIXELS = 640 * 480
FLOOR_M = 0.03
"""Height of the lowest part of a box that owns nothing, at most a quarter of it: the floor runs through it."""
NOBODY, SEVERAL = -1, -2
"""Owners of measured points that lie in no box, or in boxes that overlap."""
NESTED = 0.9
"""A box with this share of its volume in a larger one lies within it."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderedView:
    """What one view shows, on a grid of pixels; -1 where nothing annotated is visible."""

    shown: NDArray[np.int16]
    """(h, w) index of the visible instance."""
    strict: NDArray[np.int16]
    """(h, w) the same with the depth tolerance tightened by DOUBT."""
    loose: NDArray[np.int16]
    """(h, w) the same with the depth tolerance relaxed by DOUBT."""
    z: NDArray[np.float32]
    """(h, w) depth of the surface, meters, inf where there is none."""
    measured: NDArray[np.float32]
    """(h, w) measured depth, meters, 0 where there is none."""

    def pixels(self, instance: int) -> float:
        """Visible pixels of an instance, scaled to a 640 x 480 image."""
        return float((self.shown == instance).sum() * (REFERENCE_PIXELS / self.shown.size))

    def box(self, instance: int) -> NDArray | None:
        """Left, top, right, bottom of what is visible of an instance, thousandths; None where nothing is."""
        rows, columns = np.nonzero(self.shown == instance)
        if not len(rows):
            return None
        h, w = self.shown.shape
        edges = columns.min() / w, rows.min() / h, (columns.max() + 1) / w, (rows.max() + 1) / h
        return np.array(edges) * 1000

    def around(self, x_permille: float, y_permille: float, reach: int) -> NDArray:
        """The patch of ``shown`` around an image position, ``reach`` pixels to each side."""
        h, w = self.shown.shape
        row, column = int(np.clip(y_permille / 1000 * h, 0, h - 1)), int(np.clip(x_permille / 1000 * w, 0, w - 1))
        return self.shown[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A part of a view on a finer grid."""

    rendered: RenderedView
    """What the part shows."""
    corner: tuple[int, int]
    """Column and row of its upper left pixel on the fine grid of the whole image."""
    grid: Pinhole
    """The fine grid of the whole image."""

    def permille(self, columns: NDArray, rows: NDArray) -> tuple[NDArray, NDArray]:
        """Centers of its pixels in thousandths of the image."""
        x = (columns + self.corner[0] + 0.5) / self.grid.width * 1000
        return x, (rows + self.corner[1] + 0.5) / self.grid.height * 1000


class RayCaster:
    """Casts rays at the surface of one scene."""

    def __init__(self, scene: AuditScene) -> None:
        self.scene = scene
        self._surface = None
        if scene.vertices is not None and scene.faces is not None:
            self._surface = surface_of(scene.vertices[scene.faces])

    def render(
        self, view: AuditView, noise: np.random.Generator | None = None, noise_share: float = 0.0
    ) -> RenderedView:
        """Render a view with COLUMNS columns, ``noise_share`` being the relative error of its depth image."""
        grid = grid_of(view.pinhole)
        return self._render(view, grid, (0, 0, grid.width, grid.height), noise, noise_share)

    def crop(self, view: AuditView, region: tuple[float, ...]) -> Crop:
        """Render a region (left, top, right, bottom, thousandths) and a rim around it on a finer grid."""
        grid = grid_of(view.pinhole, FINE * COLUMNS)
        sides = np.array([grid.width, grid.height] * 2)
        low = np.maximum(0, np.floor((np.array(region[:2]) - RIM) / 1000 * sides[:2])).astype(int)
        high = np.minimum(sides[:2], np.ceil((np.array(region[2:]) + RIM) / 1000 * sides[:2])).astype(int)
        return Crop(
            self._render(view, grid, (low[0], low[1], high[0], high[1]), None, 0.0), (int(low[0]), int(low[1])), grid
        )

    def _render(
        self,
        view: AuditView,
        grid: Pinhole,
        window: tuple[int, int, int, int],
        noise: np.random.Generator | None,
        noise_share: float,
    ) -> RenderedView:
        left, top, right, bottom = window
        v, u = np.mgrid[top:bottom, left:right].reshape(2, -1).astype(float)
        measured = _measured_depth(view, grid, u, v)
        if noise is not None:
            measured = measured * (1 + noise_share * noise.standard_normal(measured.shape))
        if view.read_instances is not None:
            image, z = view.read_instances(), np.where(measured > 0, measured, np.inf)
            row = ((v + 0.5) / grid.height * image.shape[0]).astype(int)
            instance = image[row, ((u + 0.5) / grid.width * image.shape[1]).astype(int)]
        elif self._surface is not None:
            instance, z = self._first_instances(view.T_wc, grid, u, v)
        else:
            instance, z = self._instances_by_box(view, grid, u, v, measured)
        return _hide_behind_depth(instance, z, measured, (bottom - top, right - left))

    def _first_instances(self, T_wc: NDArray, pinhole: Pinhole, u: NDArray, v: NDArray) -> tuple[NDArray, NDArray]:
        """(n,) instance and depth z, meters, that rays through pixels hit first; -1 and inf for nothing."""
        assert self._surface is not None
        assert self.scene.face_instance is not None
        face, z = first_hits(self._surface, T_wc, pinhole, u, v)
        return np.where(face >= 0, self.scene.face_instance[face], -1), z

    def instances_around(self, view: AuditView, x_permille: float, y_permille: float) -> set[int]:
        """Instances that rays hit within the rounding of an image position; none without a surface."""
        if self._surface is None:
            return set()
        steps = np.linspace(-ROUNDED, ROUNDED, 7)
        x, y = (around.ravel() for around in np.meshgrid(x_permille + steps, y_permille + steps))
        u, v = x / 1000 * view.pinhole.width - 0.5, y / 1000 * view.pinhole.height - 0.5
        return set(self._first_instances(view.T_wc, view.pinhole, u, v)[0].tolist())

    def _instances_by_box(
        self, view: AuditView, grid: Pinhole, u: NDArray, v: NDArray, measured: NDArray
    ) -> tuple[NDArray, NDArray]:
        """(n,) the instance whose box contains the measured point, and its depth, for scenes without a mesh.

        Of boxes in one another the innermost counts; where others overlap, none does.
        """
        known = np.flatnonzero(measured > 0)
        z, rays = measured[known], grid.rays(u, v)[known] @ view.T_wc[:3, :3].T
        points = z[:, None] * rays + view.T_wc[:3, 3]
        low, high = points.min(axis=0, initial=np.inf), points.max(axis=0, initial=-np.inf)
        slack = np.maximum(TOLERANCE_M, TOLERANCE_SHARE * z)
        instance = np.full(len(u), NOBODY)
        for index in self._by_size:
            box = self.scene.instances[index].box
            reach = np.linalg.norm(box.size) / 2 + slack.max(initial=0.0)
            if (box.center + reach < low).any() or (box.center - reach > high).any():
                continue
            enter, leave = self._crossed(box, view.T_wc[:3, 3], rays)
            is_within = (leave >= enter) & (z >= enter - slack) & (z <= np.maximum(leave, enter + slack))
            within = known[is_within & (leave > 0)]
            owners = instance[within]
            for inner in np.unique(owners).tolist():
                if inner == NOBODY:
                    owners[owners == inner] = index
                elif inner != SEVERAL and not self._is_nested(inner, index):
                    owners[owners == inner] = SEVERAL
            instance[within] = owners
        return np.maximum(instance, NOBODY), np.where(measured > 0, measured, np.inf)

    def _crossed(self, box: UprightBox, eye: NDArray, rays: NDArray) -> tuple[NDArray, NDArray]:
        """(n,) depth at which rays enter and leave a box, without the lowest part, through which the floor may run."""
        ends = np.stack([-box.size / 2, box.size / 2])
        if self.scene.is_level:
            ends[0, 2] += min(FLOOR_M, box.size[2] / 4)
        with np.errstate(divide="ignore", invalid="ignore"):
            sides = (ends - (eye - box.center) @ box.axes)[:, None] / (rays @ box.axes)
        sides = np.where(np.isnan(sides), np.array([-np.inf, np.inf])[:, None, None], sides)
        return sides.min(axis=0).max(axis=1), sides.max(axis=0).min(axis=1)

    @cached_property
    def _by_size(self) -> list[int]:
        """The instances from the smallest box to the largest."""
        return np.argsort([one.box.size.prod() for one in self.scene.instances], kind="stable").tolist()

    @cache  # noqa: B019 - a caster lives as long as its scene
    def _is_nested(self, inner: int, outer: int) -> bool:
        """Whether most of a box lies within another."""
        small, large = (self.scene.instances[k].box for k in (inner, outer))
        places = (np.indices((6, 6, 6)).reshape(3, -1).T + 0.5) / 6 - 0.5
        points = (places * small.size) @ small.axes.T + small.center
        return float((np.abs((points - large.center) @ large.axes) <= large.size / 2).all(axis=1).mean()) >= NESTED


def surface_of(triangles: NDArray) -> EmbreeScene:
    """A surface for ray casting, made of triangles (n, 3, 3), world, meters."""
    surface = EmbreeScene()
    TriangleMesh(surface, np.ascontiguousarray(triangles, dtype=np.float32))
    return surface


def first_hits(
    surface: EmbreeScene, T_wc: NDArray, pinhole: Pinhole, u: NDArray, v: NDArray
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """(n,) triangle and depth z, meters, that rays through pixels hit first; -1 and inf for nothing."""
    rays = pinhole.rays(u, v) @ T_wc[:3, :3].T
    starts = T_wc[:3, 3] + NEAR_M * rays
    hit = surface.run(starts.astype(np.float32), rays.astype(np.float32), query="INTERSECT", output=1)
    return hit["primID"], np.where(hit["primID"] >= 0, hit["tfar"].astype(float) + NEAR_M, np.inf)


def grid_of(pinhole: Pinhole, columns: int = COLUMNS) -> Pinhole:
    """The same view at another resolution; pixel centers stay at integers."""
    rows = max(1, round(columns * pinhole.height / pinhole.width))
    sx, sy = columns / pinhole.width, rows / pinhole.height
    cx, cy = (pinhole.cx + 0.5) * sx - 0.5, (pinhole.cy + 0.5) * sy - 0.5
    return Pinhole(pinhole.fx * sx, pinhole.fy * sy, cx, cy, columns, rows)


def _measured_depth(view: AuditView, grid: Pinhole, u: NDArray, v: NDArray) -> NDArray:
    """(n,) measured z at pixels of a grid, meters, 0 where there is none."""
    if view.read_depth is None or view.depth_pinhole is None:
        return np.zeros(len(u))
    depth, camera = view.read_depth(), view.depth_pinhole
    column = np.rint((u - grid.cx) / grid.fx * camera.fx + camera.cx).astype(int)
    row = np.rint((v - grid.cy) / grid.fy * camera.fy + camera.cy).astype(int)
    is_inside = (column >= 0) & (row >= 0) & (column < depth.shape[1]) & (row < depth.shape[0])
    found = depth[np.where(is_inside, row, 0), np.where(is_inside, column, 0)]
    return np.where(is_inside & np.isfinite(found), found, 0.0)


def _hide_behind_depth(instance: NDArray, z: NDArray, measured: NDArray, shape: tuple[int, int]) -> RenderedView:
    """The rendered view, without what lies behind the measured depth."""
    finite = np.where(np.isfinite(z), z, 0.0)
    tolerance = np.maximum(TOLERANCE_M, TOLERANCE_SHARE * finite)
    behind = np.where(measured > 0, finite - measured, 0.0)
    layers = [np.where(behind > factor * tolerance, -1, instance) for factor in (1.0, 1 / DOUBT, DOUBT)]
    shown, strict, loose = (layer.astype(np.int16).reshape(shape) for layer in layers)
    return RenderedView(shown, strict, loose, *(one.astype(np.float32).reshape(shape) for one in (z, measured)))
