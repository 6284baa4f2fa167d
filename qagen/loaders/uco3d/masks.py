"""Frames of ``mask_video.mkv``: gray images of how sure it is that a pixel shows the object."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import ImageSource
from qagen.errors import SceneError
from qagen.loaders.io.images import decode_color
from qagen.loaders.io.undistorted import Distortion, undistorted

LEAST_SURE = 0.4
"""Pixels that are surer than this show the object, as in uCO3D's own programs."""
MAX_ASPECT_CHANGE = 0.02
"""Largest ratio, above 1, between the aspects of mask and image."""
CHECKED_POINTS = 2000
LEAST_ON_MASK = 0.5
"""Least share of the object's points inside an image that its mask must show."""
LEAST_NEAR_POINTS = 0.7
"""Least share of the mask that must lie near the object's points."""
NEAR = 0.25
"""Margin around the points that counts as near, as a share of their extent in the image."""


@dataclass(frozen=True, slots=True)
class SoftMask:
    """The mask of one frame, decoded on demand, without the distortion of the lens."""

    source: ImageSource
    """The gray image."""
    lens: Camera
    """Pinhole part of the lens of the color image."""
    distortion: Distortion
    """Distortion of the lens; () for none."""
    pinhole: Camera
    """Camera of the undistorted color image."""

    def read_mask(self) -> NDArray[np.bool_]:
        """(height, width) whether each pixel shows the object. Raises SceneError."""
        sure = decode_color(self.source)[..., 0]
        height, width = sure.shape
        change = (width / height) / (self.lens.width / self.lens.height)
        if not 1 / (1 + MAX_ASPECT_CHANGE) <= change <= 1 + MAX_ASPECT_CHANGE:
            found, expected = f"{width} x {height} pixels", f"the aspect of {self.lens.width} x {self.lens.height}"
            raise SceneError(self.source.path or "mask", f"mask: found {found}, expected {expected}")
        if self.distortion:
            lens, pinhole = (camera.scaled(width, height) for camera in (self.lens, self.pinhole))
            sure = undistorted(np.ascontiguousarray(sure), lens, self.distortion, pinhole)
        return sure > LEAST_SURE * 255

    def read_objects(self) -> NDArray[np.int32]:
        """(height, width) 0 where the one object of the scene is shown, -1 elsewhere. Raises SceneError."""
        return np.where(self.read_mask(), 0, -1).astype(np.int32)


def shows_points(mask: NDArray[np.bool_], camera: Camera, camera_from_world: Pose, points: NDArray) -> bool:
    """Whether the mask of a frame is where the object is.

    Tracking of masks may lose the object or run over to something else. What a frame shows is then unknown.

    Args:
        points: (n, 3) points of the object's surface, world.
    """
    fraction = camera.to_fraction(camera.project(camera_from_world @ points[:: 1 + len(points) // CHECKED_POINTS]))
    inside = fraction[((fraction >= 0) & (fraction < 1)).all(axis=1)]
    if not len(inside):
        return not mask.any()
    height, width = mask.shape
    columns, rows = (inside * (width, height)).astype(np.int64).T
    low, high = np.percentile(inside, (2, 98), axis=0)
    margin = NEAR * (high - low)
    left, top = np.maximum((low - margin) * (width, height), 0).astype(np.int64)
    right, bottom = ((high + margin) * (width, height)).astype(np.int64) + 1
    near = mask[top:bottom, left:right].sum()
    return bool(mask[rows, columns].mean() >= LEAST_ON_MASK and near >= LEAST_NEAR_POINTS * mask.sum())
