"""Measured depth where points are drawn, read from the depth images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.audit.audit_record import AuditRecord
from qagen.audit.resolve_marks import parse_marks
from qagen.audit.scene import AuditView

REACH = 1
"""Pixels around a place that may be the one under it, for rounding."""


@dataclass(frozen=True, slots=True)
class MarkedDepth:
    """What the depth image has at a drawn point."""

    z: float
    """Depth, units of the world."""
    doubt: float
    """Largest difference from the depths around it."""
    ray: NDArray[np.float64]
    """(3,) direction of the point in the camera's frame, with z = 1."""

    @property
    def distance(self) -> float:
        """Distance from the camera."""
        return self.z * float(np.linalg.norm(self.ray))

    @property
    def distance_doubt(self) -> float:
        """Largest difference from the distances around it."""
        return self.doubt * float(np.linalg.norm(self.ray))

    def in_world(self, view: AuditView) -> NDArray[np.float64]:
        """(3,) where the surface is, world."""
        return view.T_wc[:3, :3] @ (self.z * self.ray) + view.eye


def place_of(record: AuditRecord, token: str) -> tuple[int, tuple[int, ...]]:
    """Image and place of a point. Raises KeyError."""
    return {mark.token: (mark.image, mark.position) for mark in parse_marks(record)}[token]


def ray_at(view: AuditView, place: tuple[int, ...]) -> NDArray[np.float64]:
    """(3,) direction of a place, thousandths, in the camera's frame, with z = 1."""
    pinhole = view.pinhole
    u, v = place[0] * pinhole.width / 1000 - 0.5, place[1] * pinhole.height / 1000 - 0.5
    return np.array([(u - pinhole.cx) / pinhole.fx, (v - pinhole.cy) / pinhole.fy, 1.0])


def patch_on(view: AuditView, ray: NDArray, reach: int) -> NDArray | None:
    """Depths around the pixel that a ray meets; None without a depth image or outside of it."""
    pinhole = view.depth_pinhole
    if pinhole is None or view.read_depth is None or ray[2] <= 0:
        return None
    column = int(np.floor(pinhole.fx * ray[0] / ray[2] + pinhole.cx + 0.5))
    row = int(np.floor(pinhole.fy * ray[1] / ray[2] + pinhole.cy + 0.5))
    if not (0 <= column < pinhole.width and 0 <= row < pinhole.height):
        return None
    depth = view.read_depth()
    return depth[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]


def depth_on(view: AuditView, ray: NDArray) -> MarkedDepth | None:
    """The depth that a ray meets; None where there is none."""
    patch, middle = patch_on(view, ray, REACH), patch_on(view, ray, 0)
    if patch is None or middle is None or not (patch > 0).all():
        return None
    z = float(middle[0, 0])
    return MarkedDepth(z, float(np.abs(patch - z).max()), ray / ray[2])
