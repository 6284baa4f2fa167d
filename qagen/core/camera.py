"""Pinhole cameras with OpenCV axes: x right, y down, z forward; the top-left pixel's centre is (0, 0)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Camera:
    """An undistorted pinhole camera."""

    fx: float
    """Focal length along x, pixels."""
    fy: float
    """Focal length along y, pixels."""
    cx: float
    """Principal point x, pixels."""
    cy: float
    """Principal point y, pixels."""
    width: int
    """Image width, pixels."""
    height: int
    """Image height, pixels."""

    @property
    def intrinsics(self) -> NDArray[np.float64]:
        """(4,) array fx, fy, cx, cy in pixels, as the kernels take it."""
        return np.array([self.fx, self.fy, self.cx, self.cy])

    def scaled(self, width: int, height: int) -> "Camera":
        """The same view sampled at another resolution; pixel centres stay at integers."""
        sx, sy = width / self.width, height / self.height
        return Camera(
            fx=self.fx * sx,
            fy=self.fy * sy,
            cx=(self.cx + 0.5) * sx - 0.5,
            cy=(self.cy + 0.5) * sy - 0.5,
            width=width,
            height=height,
        )

    def project(self, points: NDArray) -> NDArray[np.float64]:
        """Project camera-frame points (..., 3) in metres to pixels (..., 2); NaN where z ≤ 0."""
        points = np.asarray(points, dtype=np.float64)
        z = np.where(points[..., 2] > 0, points[..., 2], np.nan)
        return np.stack([self.fx * points[..., 0] / z + self.cx, self.fy * points[..., 1] / z + self.cy], axis=-1)

    def to_fraction(self, uv: NDArray) -> NDArray[np.float64]:
        """Pixels (..., 2) to fractions of width and height: the image spans [0, 1] edge to edge."""
        return (np.asarray(uv, dtype=np.float64) + 0.5) / (self.width, self.height)
