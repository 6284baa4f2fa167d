"""Each instance on its own: its share inside a view, and the pixels that it would cover if nothing hid it."""

from dataclasses import dataclass

import numpy as np
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from qagen.audit.raycast import NEAR_M, REFERENCE_PIXELS, first_hits, grid_of, surface_of
from qagen.audit.scene import AuditScene, AuditView, Pinhole


@dataclass(frozen=True, slots=True, eq=False)
class InstanceSurface:
    """The surface of one instance."""

    surface: EmbreeScene
    """The surface for ray casting."""
    corners: NDArray[np.float64]
    """(n, 3) corners of its triangles, world, meters."""
    centroids: NDArray[np.float64]
    """(m, 3) centroids of its triangles, world, meters."""
    areas: NDArray[np.float64]
    """(m,) areas of its triangles, square meters."""


class Unoccluded:
    """Views of single instances of one scene, without all others."""

    def __init__(self, scene: AuditScene) -> None:
        self.scene = scene
        self._surfaces: dict[int, InstanceSurface | None] = {}
        self._shares: dict[tuple[str, int], tuple[float, float] | None] = {}

    def shares(self, view: AuditView, instance: int) -> tuple[float, float] | None:
        """Pixels of 640 x 480 that an instance covers on its own, and the share of its surface inside the image.

        None where the scene has no labeled surface of it.
        """
        key = view.name, instance
        if key not in self._shares:
            if instance not in self._surfaces:
                self._surfaces[instance] = self._surface_of(instance)
            own = self._surfaces[instance]
            self._shares[key] = None if own is None else (_covered_pixels(own, view), _share_inside(own, view))
        return self._shares[key]

    def _surface_of(self, instance: int) -> InstanceSurface | None:
        if self.scene.vertices is None or self.scene.faces is None or self.scene.face_instance is None:
            return None
        triangles = self.scene.vertices[self.scene.faces[self.scene.face_instance == instance]]
        if not len(triangles):
            return None
        a, b, c = triangles.transpose(1, 0, 2)
        areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        return InstanceSurface(surface_of(triangles), triangles.reshape(-1, 3), triangles.mean(axis=1), areas)


def _covered_pixels(own: InstanceSurface, view: AuditView) -> float:
    grid = grid_of(view.pinhole)
    left, top, right, bottom = 0, 0, grid.width, grid.height
    u, v, z = _project(own.corners, view, grid)
    if z.min() > NEAR_M:
        left, top = max(0, int(u.min()) - 1), max(0, int(v.min()) - 1)
        right, bottom = min(grid.width, int(u.max()) + 2), min(grid.height, int(v.max()) + 2)
    if left >= right or top >= bottom:
        return 0.0
    v, u = np.mgrid[top:bottom, left:right].reshape(2, -1).astype(float)
    face, _ = first_hits(own.surface, view.T_wc, grid, u, v)
    return float((face >= 0).sum()) * REFERENCE_PIXELS / (grid.width * grid.height)


def _share_inside(own: InstanceSurface, view: AuditView) -> float:
    pinhole = view.pinhole
    u, v, z = _project(own.centroids, view, pinhole)
    is_inside = (z > NEAR_M) & (u >= -0.5) & (v >= -0.5) & (u <= pinhole.width - 0.5) & (v <= pinhole.height - 0.5)
    return float(own.areas[is_inside].sum() / own.areas.sum())


def _project(points: NDArray, view: AuditView, pinhole: Pinhole) -> tuple[NDArray, NDArray, NDArray]:
    """u, v and z of world points (n, 3); u and v are NaN where z is not positive."""
    x, y, z = (points @ view.T_cw[:3, :3].T + view.T_cw[:3, 3]).T
    ahead = np.where(z > 0, z, np.nan)
    return pinhole.fx * x / ahead + pinhole.cx, pinhole.fy * y / ahead + pinhole.cy, z
