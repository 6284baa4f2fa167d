"""A block on a table, seen by cameras that go round it: exact depth and masks, made by a ray caster of two shapes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import Frame

CAMERA = Camera(fx=150.0, fy=150.0, cx=79.5, cy=59.5, width=160, height=120)
SIZE = np.array([0.20, 0.10, 0.15])
"""Length, width and height of the block, meters; it stands on z = 0 in the middle of the world, along x."""
TABLE = 0.5
"""Half a side of the table, meters. There is nothing beyond it."""


@dataclass(frozen=True, slots=True)
class View:
    """One image of the block; depth and mask of what a camera sees, after the world was turned."""

    true_pose: Pose
    table: float = TABLE
    grown_px: int = 0
    """Width of a rim around the block that the mask wrongly covers, pixels."""

    def _hits(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        rays, eye = CAMERA.rays() @ self.true_pose.rotation.T, self.true_pose.translation
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = [(side - eye) / rays for side in (np.array([-0.1, -0.05, 0.0]), np.array([0.1, 0.05, 0.15]))]
            near, far = np.minimum(*ends).max(axis=-1), np.maximum(*ends).min(axis=-1)
            floor = -eye[2] / rays[..., 2]
        on = eye + floor[..., None] * rays
        is_table = (floor > 0) & (np.abs(on[..., :2]) <= self.table).all(axis=-1)
        is_block = (near <= far) & (near > 0)
        return np.where(is_block, near, np.where(is_table, floor, 0.0)), is_block

    def read_m(self) -> NDArray[np.float32]:
        return self._hits()[0].astype(np.float32)

    def read_mask(self) -> NDArray[np.bool_]:
        mask = self._hits()[1]
        return np.asarray(binary_dilation(mask, iterations=self.grown_px), bool) if self.grown_px else mask


def orbit(count: int = 24, elevation_deg: float = 40.0, distance: float = 0.7) -> list[Pose]:
    """Poses, world from camera, evenly round the block, looking at its middle."""
    poses = []
    for azimuth in np.arange(count) * 2 * np.pi / count:
        up = np.radians(elevation_deg)
        eye = distance * np.array([np.cos(azimuth) * np.cos(up), np.sin(azimuth) * np.cos(up), np.sin(up)]) + (
            0,
            0,
            0.05,
        )
        forward = np.array([0, 0, 0.05]) - eye
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, (0, 0, 1.0))
        right /= np.linalg.norm(right)
        poses.append(Pose(np.stack([right, np.cross(forward, right), forward], axis=1), eye))
    return poses


def frames_of(views: list[View], turn: Pose) -> list[tuple[Frame, View]]:
    """The views as frames of a world that is turned: ``turn`` leads from the upright world to it."""
    frames = []
    for index, view in enumerate(views):
        pose = turn @ view.true_pose
        frames.append((Frame(str(index), None, view, CAMERA, CAMERA, pose, index / 30), view))  # pyright: ignore[reportArgumentType]
    return frames
