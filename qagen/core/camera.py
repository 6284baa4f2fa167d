"""Pinhole cameras with OpenCV axes: x right, y down, z forward; the center of the top-left pixel is (0, 0)."""

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
        """The same view sampled at another resolution; pixel centers stay at integers."""
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
        """Project camera-frame points (..., 3) in meters to pixels (..., 2); NaN where z ≤ 0."""
        points = np.asarray(points, dtype=np.float64)
        z = np.where(points[..., 2] > 0, points[..., 2], np.nan)
        return np.stack([self.fx * points[..., 0] / z + self.cx, self.fy * points[..., 1] / z + self.cy], axis=-1)

    def unproject(self, uv: NDArray, z: NDArray | float) -> NDArray[np.float64]:
        """Points (..., 3) of the camera frame, in meters, that pixels (..., 2) show at planar depth z (...), meters."""
        x, y = (uv[..., 0] - self.cx) / self.fx * z, (uv[..., 1] - self.cy) / self.fy * z
        return np.stack([x, y, np.broadcast_to(z, x.shape)], axis=-1)

    def rays(self) -> NDArray[np.float64]:
        """(height, width, 3) directions of the pixel centers in the camera frame, scaled to z = 1.

        The multiple of a ray at which it ends is therefore planar depth.
        """
        return self.unproject(np.stack(np.meshgrid(np.arange(self.width), np.arange(self.height)), axis=-1), 1.0)

    def ray_lengths(self) -> NDArray[np.float64]:
        """(height, width) length of each of `rays`: the distance to a point over its planar depth."""
        x, y, _ = np.moveaxis(self.rays(), -1, 0)
        return np.sqrt(1 + x**2 + y**2)

    def to_fraction(self, uv: NDArray) -> NDArray[np.float64]:
        """Pixels (..., 2) to fractions of width and height: the image spans [0, 1] edge to edge."""
        return (np.asarray(uv, dtype=np.float64) + 0.5) / (self.width, self.height)
