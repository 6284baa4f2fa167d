"""Depth of the laser scan where the device measured about the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.loaders.io.images import read_pixels
from qagen.loaders.io.tar import Member

UNITS_PER_M = 1000.0
RANGE_M = 5.0
"""Reach of the device's lidar; what it tells beyond is a guess."""
AGREEMENT_M, AGREEMENT_REL = 0.2, 0.1
"""How far both may lie apart, and as a share of the depth; the larger counts."""
NEIGHBORS = 3
"""Side of the square of the device's pixels of which one must agree: its edges are blurred."""


@dataclass(frozen=True, slots=True)
class MemberDepth:
    """A 16-bit PNG of millimeters."""

    member: Member
    """The image."""
    camera: Camera
    """Its pinhole; it must be as large."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth in meters, 0 where there is none. Raises SceneError when it cannot be decoded."""
        size, data = (self.camera.width, self.camera.height), self.member.read()
        units = read_pixels(self.member.path, "16-bit gray", "depth image", size, data)
        return units.astype(np.float32) / np.float32(UNITS_PER_M)


@dataclass(frozen=True, slots=True)
class CheckedDepth:
    """Depth rendered from the laser scan, without what the device did not see there.

    The scan was made at another time: since then a chair may have been moved, and a person may walk by.
    """

    laser: MemberDepth
    """As rendered, 0 where the scan has nothing."""
    device: MemberDepth
    """As measured while filming, from the same place; 0 where it tells nothing."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth in meters, 0 where there is none or both disagree. Raises SceneError as they do."""
        laser = self.laser.read_m()
        nearest, farthest = self._device_bounds(self.device.read_m())
        reached = np.minimum(laser, np.float32(RANGE_M))
        slack = np.maximum(np.float32(AGREEMENT_M), np.float32(AGREEMENT_REL) * reached)
        agrees = (reached >= nearest - slack) & (reached <= farthest + slack)
        return np.where(agrees | (farthest <= 0), laser, np.float32(0))

    def _device_bounds(self, measured: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Least and largest depth that the device sees around each of the laser's pixels; 0 as the largest for none."""
        from scipy.ndimage import maximum_filter, minimum_filter

        within = np.minimum(measured, np.float32(RANGE_M))
        known = np.where(within > 0, within, np.float32(np.inf))
        nearest = np.asarray(minimum_filter(known, NEIGHBORS), np.float32)
        farthest = np.asarray(maximum_filter(within, NEIGHBORS), np.float32)
        laser, device = self.laser.camera, self.device.camera
        columns = _matching(laser.width, laser.fx, laser.cx, device.width, device.fx, device.cx)
        rows = _matching(laser.height, laser.fy, laser.cy, device.height, device.fy, device.cy)
        at = np.ix_(np.clip(rows, 0, device.height - 1), np.clip(columns, 0, device.width - 1))
        is_inside = ((rows >= 0) & (rows < device.height))[:, None] & (columns >= 0) & (columns < device.width)
        return nearest[at], farthest[at] * is_inside


def _matching(count: int, focal: float, center: float, others: int, focal2: float, center2: float) -> NDArray[np.int64]:
    """(count,) the pixel of another camera's row or column that looks the same way; -1 outside of it."""
    at = np.floor((np.arange(count) - center) / focal * focal2 + center2 + 0.5)
    return np.where((at >= 0) & (at < others), at, -1).astype(np.int64)
