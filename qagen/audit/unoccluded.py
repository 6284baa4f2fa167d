"""Things on their own: how much of each lies inside a view, and how much of the view it would cover alone."""

from dataclasses import dataclass

import numpy as np
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from qagen.audit.raycast import NEAR_M, REFERENCE_PIXELS, first_hits, grid_of, surface_of
from qagen.audit.scene import AuditScene, AuditView, Pinhole


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """The surface of one thing."""

    scene: EmbreeScene
    """For rays."""
    corners: NDArray[np.float64]
    """(n, 3) of its triangles, metres."""
    middles: NDArray[np.float64]
    """(m, 3) of its triangles, metres."""
    areas: NDArray[np.float64]
    """(m,) of its triangles, square metres."""


class Unoccluded:
    """Looks at the things of one scene, each without the others."""

    def __init__(self, ground: AuditScene) -> None:
        self.ground = ground
        self._own: dict[int, Own | None] = {}
        self._known: dict[tuple[str, int], tuple[float, float] | None] = {}

    def shares(self, view: AuditView, thing: int) -> tuple[float, float] | None:
        """Pixels of 640 x 480 that a thing would cover alone, and the share of its surface inside the image.

        None where the scene has no labelled surface of it.
        """
        key = view.name, thing
        if key not in self._known:
            own = self._surface(thing)
            self._known[key] = None if own is None else (_covered(own, view), _inside(own, view))
        return self._known[key]

    def _surface(self, thing: int) -> Own | None:
        if thing not in self._own:
            self._own[thing] = self._find(thing)
        return self._own[thing]

    def _find(self, thing: int) -> Own | None:
        if self.ground.vertices is None or self.ground.faces is None or self.ground.face_thing is None:
            return None
        triangles = self.ground.vertices[self.ground.faces[self.ground.face_thing == thing]]
        if not len(triangles):
            return None
        a, b, c = triangles.transpose(1, 0, 2)
        areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        return Own(surface_of(triangles), triangles.reshape(-1, 3), triangles.mean(axis=1), areas)


def _covered(own: Own, view: AuditView) -> float:
    grid = grid_of(view.pinhole)
    left, top, right, bottom = _window(own, view, grid)
    if left >= right or top >= bottom:
        return 0.0
    v, u = np.mgrid[top:bottom, left:right].reshape(2, -1).astype(float)
    face, _ = first_hits(own.scene, view.T_wc, grid, u, v)
    return float((face >= 0).sum()) * REFERENCE_PIXELS / (grid.width * grid.height)


def _window(own: Own, view: AuditView, grid: Pinhole) -> tuple[int, int, int, int]:
    """left, top, right, bottom of grid pixels outside which the thing cannot be."""
    u, v, z = _projected(own.corners, view, grid)
    if z.min() <= NEAR_M:
        return 0, 0, grid.width, grid.height
    low = max(0, int(u.min()) - 1), max(0, int(v.min()) - 1)
    return *low, min(grid.width, int(u.max()) + 2), min(grid.height, int(v.max()) + 2)


def _inside(own: Own, view: AuditView) -> float:
    pinhole = view.pinhole
    u, v, z = _projected(own.middles, view, pinhole)
    is_inside = (z > NEAR_M) & (u >= -0.5) & (v >= -0.5) & (u <= pinhole.width - 0.5) & (v <= pinhole.height - 0.5)
    return float(own.areas[is_inside].sum() / own.areas.sum())


def _projected(points: NDArray, view: AuditView, pinhole: Pinhole) -> tuple[NDArray, NDArray, NDArray]:
    """u, v and z of points (n, 3); u and v mean nothing where z is not positive."""
    x, y, z = (points @ view.T_cw[:3, :3].T + view.T_cw[:3, 3]).T
    ahead = np.where(z > 0, z, np.nan)
    return pinhole.fx * x / ahead + pinhole.cx, pinhole.fy * y / ahead + pinhole.cy, z
