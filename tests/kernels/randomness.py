"""Random cameras and transforms for the kernel tests."""

import numpy as np
from hypothesis import strategies as st

dtypes = st.sampled_from([np.float32, np.float64])
seeds = st.integers(0, 2**32 - 1)


def random_transform(rng, reach_m=1.0):
    """(4, 4) rigid transform: any rotation, a translation of up to reach_m along each axis."""
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    transform = np.eye(4)
    transform[:3, :3] = rotation * np.sign(np.linalg.det(rotation))
    transform[:3, 3] = rng.uniform(-reach_m, reach_m, 3)
    return transform


def random_intrinsics(rng, width, height):
    """(4,) fx, fy, cx, cy of a camera of 40 to 110 degrees whose principal point is near the middle."""
    focal = rng.uniform(0.35, 1.4, 2) * width
    return np.array([*focal, width * rng.uniform(0.4, 0.6), height * rng.uniform(0.4, 0.6)])
