"""Conventions of cameras and worlds that files declare, undone."""

import math

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import Pose

OPENCV_FROM_OPENGL = np.diag([1.0, -1.0, -1.0])
"""OpenGL cameras look along -z with y up; OpenCV's look along +z with y down. The same rotation leads back."""
UP_AXES = ("+x", "-x", "+y", "-y", "+z", "-z")


def z_up(up: str) -> NDArray[np.float64]:
    """(3, 3) rotation of a world whose vertical is the axis ``up`` into one whose vertical is +z.

    The two axes that follow the vertical in cyclic order stay the first and the second: a world with y up keeps its
    z as the new x and its x as the new y. A vertical that points down reverses the second of them.
    """
    axis, sign = "xyz".index(up[1]), 1.0 if up[0] == "+" else -1.0
    rotation = np.zeros((3, 3))
    rotation[0, (axis + 1) % 3] = 1.0
    rotation[1, (axis + 2) % 3] = sign
    rotation[2, axis] = sign
    return rotation


def rotation_of_quaternion(x: float, y: float, z: float, w: float) -> NDArray[np.float64]:
    """(3, 3) rotation of a quaternion, normalized first. Raises ValueError when its length is far from 1."""
    from scipy.spatial.transform import Rotation

    length = math.hypot(x, y, z, w)
    if not abs(length - 1) < 1e-2:
        raise ValueError(f"a quaternion of length {length:.3g}, expected 1")
    return Rotation.from_quat([x, y, z, w]).as_matrix()


def opencv_axes(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) world from a camera with OpenCV's axes, of one with OpenGL's; what is not finite stays so."""
    return rotation * np.diag(OPENCV_FROM_OPENGL) + 0.0  # no matrix product, which would warn of NaN; 0 keeps its sign


def is_lost(matrix: NDArray[np.float64]) -> bool:
    """Whether a (4, 4) pose says that tracking was lost: an entry is not finite, or the rotation is all zeros."""
    return not np.isfinite(matrix).all() or not matrix[:3, :3].any()


def valid_pose(matrix: NDArray[np.float64]) -> Pose | None:
    """The rigid transform of a (4, 4) or (3, 4) matrix; None where it is not finite (lost tracking) or not rigid."""
    try:
        return Pose.from_matrix(matrix)
    except ValueError:  # the caller counts it
        return None
