"""Recordings of a device that was held on its side: images, cameras and poses by quarter turns.

A clockwise quarter turn puts pixel (x, y) of a picture of height h at (h - 1 - y, x).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import DepthSource, Frame, ImageSource
from qagen.errors import SceneError

JPEG_QUALITY = 95
_QUARTER = Pose(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.zeros(3))
"""Turned camera from camera, for one clockwise quarter turn of the picture."""


@dataclass(frozen=True, slots=True)
class RotatedImage:
    """A picture turned by quarter turns; it is encoded anew, PNG without loss."""

    inner: ImageSource
    """As it was taken."""
    turns: int
    """Clockwise quarter turns, 1 to 3."""

    @property
    def suffix(self) -> str:
        return self.inner.suffix

    @property
    def path(self) -> Path | None:
        return None

    def read_bytes(self) -> bytes:
        """Raises SceneError when the picture cannot be decoded."""
        import cv2

        try:
            image = cv2.imdecode(np.frombuffer(self.inner.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:  # no bytes at all, or a header that claims too many pixels
            image = None
        if image is None:
            raise SceneError(self.inner.path or "image", "colour image cannot be decoded, expected JPEG or PNG")
        turned = np.rot90(image, -self.turns)
        return cv2.imencode(self.suffix, turned, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1].tobytes()


@dataclass(frozen=True, slots=True)
class RotatedDepth:
    """A depth image turned by quarter turns."""

    inner: DepthSource
    """As it was taken."""
    turns: int
    """Clockwise quarter turns, 1 to 3."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in metres, 0 where there is none. Raises SceneError as the image itself."""
        return np.ascontiguousarray(np.rot90(self.inner.read_m(), -self.turns))


def rotated_camera(camera: Camera, turns: int) -> Camera:
    """The camera of the picture after clockwise quarter turns."""
    for _ in range(turns % 4):
        camera = Camera(
            fx=camera.fy,
            fy=camera.fx,
            cx=camera.height - 1 - camera.cy,
            cy=camera.cx,
            width=camera.height,
            height=camera.width,
        )
    return camera


def rotated_frame(frame: Frame, turns: int) -> Frame:
    """The frame with its picture, depth, cameras and pose turned clockwise by quarter turns."""
    turns %= 4
    if turns == 0:
        return frame
    pose = frame.world_from_camera
    for _ in range(turns):
        pose = pose @ _QUARTER.inverse()
    return replace(
        frame,
        color=RotatedImage(frame.color, turns),
        depth=None if frame.depth is None else RotatedDepth(frame.depth, turns),
        camera=rotated_camera(frame.camera, turns),
        depth_camera=None if frame.depth_camera is None else rotated_camera(frame.depth_camera, turns),
        world_from_camera=pose,
    )


def quarter_turns_to_upright(poses: Sequence[Pose]) -> int:
    """Clockwise quarter turns, 0 to 3, that bring the world's +z to the top of most pictures."""
    return Counter(_turns_of(pose) for pose in poses).most_common(1)[0][0]


def _turns_of(pose: Pose) -> int:
    right, down = pose.rotation[2, :2]  # how far the vertical points along the picture's x and y
    # +z to the picture's top: 0, to its left: 1, to its bottom: 2, to its right: 3
    return int(np.argmax([-down, -right, down, right]))
