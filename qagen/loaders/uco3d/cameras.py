"""Cameras of uCO3D, which are PyTorch3D's: row vectors, x left, y up, z forward; half an image's shorter side is 1.

uco3d/dataset_utils/utils.py (facebookresearch/uco3d, 8f7075d) reads them the same way. Pixels are counted from the
corner of the image there, from the center of its first pixel here.
"""

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose


def lens_camera(focal: NDArray[np.float64], principal: NDArray[np.float64], size: tuple[int, int]) -> Camera:
    """The pinhole part of a lens.

    Args:
        focal: (2,) focal lengths, half the shorter side of the image being 1.
        principal: (2,) principal point from the image's middle, x left, y up, in the same unit.
        size: width and height of the image, pixels.
    """
    width, height = size
    half = min(size) / 2
    return Camera(
        fx=float(half * focal[0]),
        fy=float(half * focal[1]),
        cx=float(width / 2 - half * principal[0]) - 0.5,
        cy=float(height / 2 - half * principal[1]) - 0.5,
        width=width,
        height=height,
    )


def camera_from_world(rotation: NDArray[np.float64], translation: NDArray[np.float64]) -> Pose:
    """The transform into OpenCV's axes of a camera with x_camera = x_world R + T for row vectors.

    Raises:
        ValueError: R is no rotation, or a number is not finite.
    """
    turn = (rotation * (-1.0, -1.0, 1.0)).T
    return Pose.from_matrix(np.concatenate([turn, (translation * (-1.0, -1.0, 1.0))[:, None]], axis=1))
