"""How a camera is held, under gravity or as another camera sees it."""

import math

import numpy as np
from numpy.typing import NDArray

from qagen.core.pose import product, to_degrees

AHEAD_LEFT_UP = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""Rotation from a camera's axes to ahead, left and up as it sees them."""


class Attitude:
    """Heading, elevation and roll of a camera in a world whose z is up."""

    def __init__(self, rotation: NDArray[np.float64]) -> None:
        right, down, forward = rotation.T
        self.rotation = rotation
        self.heading_deg = float(to_degrees(np.arctan2(forward[1], forward[0])))
        """Counter-clockwise from world x, so that a turn to the left is positive."""
        self.elevation_deg = float(to_degrees(np.arcsin(np.clip(forward[2], -1, 1))))
        self.roll_deg = float(to_degrees(np.arctan2(right[2], -down[2])))

    def seen_from(self, first: "Attitude") -> "Attitude":
        """The attitude in the world of another camera, whose x, y and z are its own ahead, left and up."""
        return Attitude(product(AHEAD_LEFT_UP, product(first.rotation.T, self.rotation)))

    @property
    def level_axes(self) -> NDArray[np.float64]:
        """(3, 3), columns right, down, forward of the leveled camera in the world."""
        x, y, _ = self.rotation[:, 2]
        forward = np.array([x, y, 0.0]) / math.hypot(x, y)
        down = np.array([0.0, 0.0, -1.0])
        return np.stack([np.cross(down, forward), down, forward], axis=1)
