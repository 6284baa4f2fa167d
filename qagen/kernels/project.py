"""Projection of points through a pinhole camera."""

import numpy as np
from numba import njit


@njit(cache=True)
def project_points(points, T_cw, K):
    """Project world points into a camera.

    Args:
        points: (n, 3) float32 or float64, world, metres.
        T_cw: (4, 4) float64, camera from world.
        K: (4,) float64, fx, fy, cx, cy in pixels.

    Returns:
        (n, 3) float64: u, v in pixels and z in metres, whether or not the point falls inside an image. Behind the
        camera and at depth 0, u and v are NaN and z is kept. A point that is not finite gives NaN for u and v; no
        points give (0, 3).
    """
    uvz = np.empty((len(points), 3), np.float64)
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        depth = T_cw[2, 0] * x + T_cw[2, 1] * y + T_cw[2, 2] * z + T_cw[2, 3]
        uvz[i, 2] = depth
        if depth > 0:
            uvz[i, 0] = K[0] * (T_cw[0, 0] * x + T_cw[0, 1] * y + T_cw[0, 2] * z + T_cw[0, 3]) / depth + K[2]
            uvz[i, 1] = K[1] * (T_cw[1, 0] * x + T_cw[1, 1] * y + T_cw[1, 2] * z + T_cw[1, 3]) / depth + K[3]
        else:
            uvz[i, 0] = np.nan
            uvz[i, 1] = np.nan
    return uvz
