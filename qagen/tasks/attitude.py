"""How a camera is held under gravity."""

import numpy as np
from numpy.typing import NDArray


class Attitude:
    """Heading, elevation and roll of a camera under gravity."""

    def __init__(self, rotation: NDArray[np.float64]) -> None:
        right, down, forward = rotation.T
        self.rotation = rotation
        self.heading_deg = float(np.degrees(np.arctan2(forward[1], forward[0])))
        """Counter-clockwise from world x, so that a turn to the left is positive."""
        self.elevation_deg = float(np.degrees(np.arcsin(np.clip(forward[2], -1, 1))))
        self.roll_deg = float(np.degrees(np.arctan2(right[2], -down[2])))

    @property
    def level_axes(self) -> NDArray[np.float64]:
        """(3, 3), columns right, down, forward of the leveled camera in the world."""
        heading = np.radians(self.heading_deg)
        forward = np.array([np.cos(heading), np.sin(heading), 0.0])
        down = np.array([0.0, 0.0, -1.0])
        return np.stack([np.cross(down, forward), down, forward], axis=1)
