"""Lenses that may be shifted and tilted against the image plane, as a pinhole and a rotation of the camera."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.loaders.io.axes import OPENCV_FROM_OPENGL

MAX_SLOPE = 1e6
MAX_SKEW = 1e-3
"""Maximum skew as a fraction of the focal length; a pinhole has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """A pinhole by shares of the image, and the rotation that makes it one."""

    focal: NDArray[np.float64]
    """(2,) focal lengths in halves of the image's width and height."""
    center: NDArray[np.float64]
    """(2,) principal point: -1 and 1 are the image's edges, x to the right, y down."""
    rotation: NDArray[np.float64]
    """(3, 3) the dataset's camera (OpenCV axes) from the pinhole's."""

    def camera(self, width: int, height: int) -> Camera:
        """The pinhole of an image of a size; pixel centers at integers."""
        half = np.array([width, height]) / 2
        (fx, fy), (cx, cy) = self.focal * half, (self.center + 1) * half - 0.5
        return Camera(float(fx), float(fy), float(cx), float(cy), width, height)


def decompose_lens(cam_from_uv: NDArray[np.float64]) -> Lens:
    """The lens of a matrix that brings image positions to rays.

    A ray is M (u, v, 1) for u from -1 (left) to 1, v from -1 (bottom) to 1, in a camera that looks along -z with y up.
    Flipped to OpenCV's axes on both sides, its inverse is K R with K upper triangular and R a rotation, for any M.

    Raises:
        ValueError: the matrix cannot be inverted, mirrors, or has skewed pixels.
    """
    image_flip = np.diag([1.0, -1.0, 1.0])
    cam_from_uv = np.asarray(cam_from_uv, dtype=np.float64)
    if not (np.abs(cam_from_uv) < MAX_SLOPE).all():
        raise ValueError(f"a number that is not below {MAX_SLOPE:g}")
    first, second, third = (OPENCV_FROM_OPENGL @ cam_from_uv @ image_flip).T
    uv_from_cam = np.stack([np.cross(second, third), np.cross(third, first), np.cross(first, second)])
    volume = float((first * uv_from_cam[0]).sum())
    if abs(volume) < 1e-9:
        raise ValueError("a matrix that has no inverse")
    if volume < 0:
        raise ValueError("a matrix that mirrors")
    intrinsic, rotation = _triangular_times_rotation(uv_from_cam)
    intrinsic = intrinsic / intrinsic[2, 2]
    if abs(intrinsic[0, 1]) > MAX_SKEW * intrinsic[0, 0]:
        raise ValueError(f"skewed pixels ({intrinsic[0, 1] / intrinsic[0, 0]:.3g} of the focal length)")
    return Lens(np.diag(intrinsic)[:2], intrinsic[:2, 2], rotation.T)


def _triangular_times_rotation(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """An upper triangular matrix with a positive diagonal and a rotation whose product is the matrix (3, 3).

    By Gram and Schmidt from the last row up, and not by a library that rounds differently on another processor.
    """
    triangular, rotation = np.zeros((3, 3)), np.zeros((3, 3))
    for row in (2, 1, 0):
        rest = matrix[row]
        for known in range(row + 1, 3):
            triangular[row, known] = (matrix[row] * rotation[known]).sum()
            rest = rest - triangular[row, known] * rotation[known]
        triangular[row, row] = math.hypot(*rest)
        rotation[row] = rest / triangular[row, row]
    return triangular, rotation
