"""Recordings of a device that was held on its side: images, cameras and poses by quarter turns.

A clockwise quarter turn puts pixel (x, y) of a image of height h at (h - 1 - y, x).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import Pose
from qagen.core.scene import DepthSource, Frame, ImageSource
from qagen.loaders.io.images import ReencodedImage, decode_color

SURE_TRACE = 1 + 2 * math.cos(math.radians(45))
"""Trace of the rotation between two cameras above which they are turned by less than 45 degrees."""
_QUARTER = Pose(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.zeros(3))
"""Rotated camera from camera, for one clockwise quarter turn of the image."""


@dataclass(frozen=True, slots=True)
class RotatedImage(ReencodedImage):
    """An image rotated by quarter turns; PNG stays without loss."""

    inner: ImageSource
    """The image as it was taken."""
    turns: int
    """Clockwise quarter turns, 1 to 3."""

    @property
    def suffix(self) -> str:
        return self.inner.suffix

    def pixels(self) -> NDArray[np.uint8]:
        return np.rot90(decode_color(self.inner), -self.turns)


@dataclass(frozen=True, slots=True)
class RotatedDepth:
    """A depth image rotated by quarter turns."""

    inner: DepthSource
    """The image as it was taken."""
    turns: int
    """Clockwise quarter turns, 1 to 3."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in meters, 0 where there is none. Raises SceneError as the image itself."""
        return np.ascontiguousarray(np.rot90(self.inner.read_m(), -self.turns))


def rotated_camera(camera: Camera, turns: int) -> Camera:
    """The camera of the image after clockwise quarter turns."""
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


def rotated_pose(pose: Pose, turns: int) -> Pose:
    """World from the camera of the image after clockwise quarter turns."""
    for _ in range(turns % 4):
        pose = pose @ _QUARTER.inverse()
    return pose


def rotated_frame(frame: Frame, turns: int) -> Frame:
    """The frame with its image, depth, cameras and pose rotated clockwise by quarter turns."""
    turns %= 4
    if turns == 0:
        return frame
    return replace(
        frame,
        color=RotatedImage(frame.color, turns),
        depth=None if frame.depth is None else RotatedDepth(frame.depth, turns),
        camera=rotated_camera(frame.camera, turns),
        depth_camera=None if frame.depth_camera is None else rotated_camera(frame.depth_camera, turns),
        world_from_camera=rotated_pose(frame.world_from_camera, turns),
    )


def quarter_turns_to_upright(poses: Sequence[Pose]) -> int:
    """Clockwise quarter turns, 0 to 3, that bring the world's +z to the top of most images."""
    turns: Counter[int] = Counter()
    for pose in poses:
        right, down = pose.rotation[2, :2]  # how far the vertical points along the image's x and y
        # +z to the image's top: 0, to its left: 1, to its bottom: 2, to its right: 3
        turns[int(np.argmax([-down, -right, down, right]))] += 1
    return turns.most_common(1)[0][0]


def turns_back(poses: Sequence[Pose], sizes: Sequence[tuple[int, int]]) -> list[int]:
    """Clockwise quarter turns, 0 to 3, that images need which were each turned upright, so that none jumps.

    Whoever turns the device on its side while filming gets images that change their shape from one to the next. These
    turns make the camera roll as the device did, beginning with the first image, which stays. After a jump of 45
    degrees or more, the device is taken to be held as before where shapes allow it.

    Args:
        poses: of the images in order of time; at least one.
        sizes: their widths and heights.
    """
    turns, before = [0], poses[0]
    for pose, size in zip(poses[1:], sizes[1:], strict=True):
        fitting = [k for k in range(4) if (size if k % 2 == 0 else size[::-1]) == sizes[0]] or list(range(4))
        candidates = {k: rotated_pose(pose, k) for k in fitting}
        trace = {k: float((turned.rotation * before.rotation).sum()) for k, turned in candidates.items()}
        best = max(fitting, key=lambda k: trace[k])
        if trace[best] < SURE_TRACE and turns[-1] in fitting:
            best = turns[-1]
        turns.append(best)
        before = candidates[best]
    return turns
