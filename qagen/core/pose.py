"""Rigid transforms whose names cancel: ``world_from_camera @ p_camera`` is a point in the world."""

from dataclasses import dataclass
from typing import Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

ORTHONORMAL_TOLERANCE = 1e-3
ANGLE_DECIMALS = 9
"""Decimals of compared angles in degrees, on which mathematical libraries agree."""
POLAR_STEPS = 3
"""Each squares the distance from orthonormal, so that these take it from the tolerance to below the last digit."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A rigid transform x ↦ R x + t."""

    rotation: NDArray[np.float64]
    """(3, 3) rotation matrix, orthonormal with determinant +1."""
    translation: NDArray[np.float64]
    """(3,) translation in meters."""

    @classmethod
    def identity(cls) -> Self:
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Self:
        """Build from a (4, 4) homogeneous or a (3, 4) matrix in meters.

        Single-precision drift is removed by projecting the rotation to the nearest orthonormal matrix.

        Raises:
            ValueError: the shape is wrong, an entry is not finite, or the rotation is further than 1e-3
                from orthonormal or mirrors (determinant below zero).
        """
        matrix = np.asarray(matrix, dtype=np.float64)
        if matrix.shape not in ((4, 4), (3, 4)):
            raise ValueError(f"shape {matrix.shape}, expected (4, 4)")
        if not np.isfinite(matrix).all():
            raise ValueError("an entry is not finite")
        if matrix.shape == (4, 4) and not np.allclose(matrix[3], (0, 0, 0, 1), atol=1e-4):
            raise ValueError(f"last row {matrix[3].tolist()}, expected [0, 0, 0, 1]")
        return cls(_nearest_rotation(matrix[:3, :3]), matrix[:3, 3].copy())

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(4, 4) homogeneous matrix."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = self.translation
        return matrix

    def inverse(self) -> "Pose":
        return Pose(self.rotation.T, -rotate(self.rotation.T, self.translation))

    @overload
    def __matmul__(self, other: "Pose") -> "Pose": ...
    @overload
    def __matmul__(self, other: NDArray) -> NDArray[np.float64]: ...
    def __matmul__(self, other):
        """Compose with a Pose, or transform points of shape (3,) or (n, 3)."""
        if isinstance(other, Pose):
            return Pose(product(self.rotation, other.rotation), self @ other.translation)
        return rotate(self.rotation, other) + self.translation


def rotate(rotation: NDArray[np.float64], points: ArrayLike) -> NDArray[np.float64]:
    """R p for each p of points (..., 3): ``points @ rotation.T``, the same to the last bit on every machine.

    Libraries for linear algebra choose their kernels by processor, and these round differently. Here every product and
    sum is rounded by itself, so that what is compared later does not hang on the machine. ``rotation`` is (..., 3, 3);
    its leading axes are broadcast against those of the points.
    """
    points = np.asarray(points, dtype=np.float64)
    x, y, z = points[..., 0:1], points[..., 1:2], points[..., 2:3]
    return x * rotation[..., 0] + y * rotation[..., 1] + z * rotation[..., 2]


def product(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """``first @ second`` of matrices (3, 3), the same to the last bit on every machine."""
    return rotate(first, second.T).T


def to_degrees(angle_rad: ArrayLike) -> NDArray[np.float64]:
    """Radians as degrees, without the last digits, in which the arcs of mathematical libraries differ."""
    return np.degrees(angle_rad).round(ANGLE_DECIMALS)


def _nearest_rotation(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation nearest to a matrix: its polar factor, by Newton's and Schulz's iteration (Higham, 1986)."""
    drift = float(np.abs(product(matrix, matrix.T) - np.eye(3)).max())
    if drift > ORTHONORMAL_TOLERANCE:
        raise ValueError(f"rotation is {drift:.3g} from orthonormal, expected at most {ORTHONORMAL_TOLERANCE:g}")
    if np.linalg.det(matrix) < 0:
        raise ValueError("rotation mirrors (determinant -1), expected a right-handed frame")
    for _ in range(POLAR_STEPS):
        matrix = product(matrix, 1.5 * np.eye(3) - 0.5 * product(matrix.T, matrix))
    return matrix
