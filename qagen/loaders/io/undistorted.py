"""Images of a lens with distortion as a pinhole would take them, of the lens's own intrinsics or of others."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.scene import DepthSource, Frame, ImageSource
from qagen.errors import SceneError
from qagen.loaders.io.images import ReencodedImage, decode_color
from qagen.loaders.io.lens import Lens

Distortion = tuple[float, ...]
"""Coefficients in OpenCV's order: k1, k2, p1, p2, k3 to k6, s1 to s4 and two of tilt; 4, 5, 8, 12 or 14 of them. Of a
fisheye the four k1 to k4."""
RAY_STEPS = 64


@dataclass(frozen=True, slots=True)
class UndistortedImage(ReencodedImage):
    """A color image without the distortion of its lens."""

    distorted: ImageSource
    """The image as it was taken."""
    camera: Camera
    """Pinhole part of the lens."""
    distortion: Distortion
    """Distortion of the lens."""
    pinhole: Camera | None = None
    """Camera of the result; None for the pinhole part of the lens."""
    is_fisheye: bool = False
    """Whether the distortion is that of OpenCV's fisheye model."""

    def pixels(self) -> NDArray[np.uint8]:
        image = decode_color(self.distorted)
        height, width = image.shape[:2]
        if (width, height) != (self.camera.width, self.camera.height):
            expected = f"{self.camera.width} x {self.camera.height}"
            found = f"{width} x {height} pixels"
            raise SceneError(self.distorted.path or "image", f"color image: found {found}, expected {expected}")
        pinhole = self.pinhole or self.camera
        return undistorted(image, self.camera, self.distortion, pinhole, self.is_fisheye)


@dataclass(frozen=True, slots=True)
class UndistortedDepth:
    """A depth image of a lens with distortion; no depth is ever averaged."""

    distorted: DepthSource
    """The depth image as it was measured."""
    camera: Camera
    """Pinhole part of the lens."""
    distortion: Distortion
    """Distortion of the lens."""
    pinhole: Camera | None = None
    """Camera of the result; None for the pinhole part of the lens."""
    is_fisheye: bool = False
    """Whether the distortion is that of OpenCV's fisheye model."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in meters, 0 where there is none. Raises SceneError as the image itself."""
        import cv2

        maps = _maps(self.camera, self.distortion, self.pinhole or self.camera, self.is_fisheye)
        return cv2.remap(self.distorted.read_m(), *maps, cv2.INTER_NEAREST).astype(np.float32, copy=False)


def undistorted_frame(frame: Frame, lens: Lens, source: Path) -> Frame:
    """The frame without the distortion of its lens, of color and of depth that was taken through it.

    Raises:
        SceneError: no pinhole sees what the lens shows; ``source`` goes into the message.
    """
    if not lens.distortion:
        return frame
    camera, bent, is_fisheye = frame.camera, lens.distortion, lens.is_fisheye
    try:
        pinhole = fisheye_pinhole(camera, bent) if is_fisheye else pinhole_without_gaps(camera, bent)
    except ValueError as error:
        raise SceneError(source, f"frame {frame.id}: distortion: {error}; undistort the images first") from error
    depth, own = frame.depth, frame.depth_camera
    if depth is not None and own is not None and own == camera.scaled(own.width, own.height):
        target = pinhole.scaled(own.width, own.height)
        depth, own = UndistortedDepth(depth, own, bent, target, is_fisheye), target
    color = UndistortedImage(frame.color, camera, bent, pinhole, is_fisheye)
    return replace(frame, color=color, camera=pinhole, depth=depth, depth_camera=own)


def undistorted(
    image: NDArray[np.uint8], camera: Camera, distortion: Distortion, pinhole: Camera, is_fisheye: bool = False
) -> NDArray[np.uint8]:
    """The image (height, width, ...) of a lens as a pinhole takes it; ``camera`` is the pinhole part of the lens."""
    import cv2

    return np.asarray(cv2.remap(image, *_maps(camera, distortion, pinhole, is_fisheye), cv2.INTER_LINEAR), np.uint8)


@lru_cache(maxsize=64)
def fisheye_pinhole(camera: Camera, distortion: Distortion) -> Camera:
    """The pinhole part of a fisheye, whose view is narrower than the lens's: its image has no empty place.

    Raises:
        ValueError: it has some, or the lens shows a ray twice.
    """
    import cv2

    x, y = np.linspace(0, camera.width - 1, RAY_STEPS), np.linspace(0, camera.height - 1, RAY_STEPS)
    rays = camera.unproject(np.stack(np.meshgrid(x, y), axis=-1), 1.0).reshape(-1, 1, 3)
    lens = (_matrix(camera), np.array(distortion, np.float64))
    pixels = np.asarray(cv2.fisheye.projectPoints(rays, np.zeros(3), np.zeros(3), *lens)[0]).reshape(-1, 2)
    angles = np.linspace(0, np.arctan(np.linalg.norm(rays[:, 0, :2], axis=1).max()), RAY_STEPS)
    bent = angles * (1 + sum(k * angles ** (2 * n) for n, k in enumerate(distortion, 1)))
    is_inside = (pixels > -0.5).all() and (pixels < (camera.width - 0.5, camera.height - 0.5)).all()
    if not is_inside or not (np.diff(bent) > 0).all():
        raise ValueError(f"found {list(distortion)} of a fisheye, expected one that sees more than its pinhole part")
    return camera


@lru_cache(maxsize=64)
def pinhole_without_gaps(camera: Camera, distortion: Distortion) -> Camera:
    """The pinhole that sees as much as the lens without any place that the lens does not see (alpha 0 in OpenCV).

    Raises:
        ValueError: the coefficients are no lens's, or their number is none that OpenCV takes.
    """
    import cv2

    size = (camera.width, camera.height)
    if len(distortion) not in (4, 5, 8, 12, 14):
        raise ValueError(f"found {len(distortion)} coefficients, expected 4, 5, 8, 12 or 14")
    matrix, _ = cv2.getOptimalNewCameraMatrix(_matrix(camera), np.array(distortion, np.float64), size, 0.0, size)
    fx, fy, cx, cy = (round(float(value), 6) for value in (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]))
    pinhole = Camera(fx, fy, cx, cy, camera.width, camera.height)
    is_inside = fx > 0 and fy > 0 and 0 <= cx <= camera.width and 0 <= cy <= camera.height
    if not is_inside or _folds(camera, distortion, pinhole):
        raise ValueError(f"found {list(distortion)}, expected the distortion of a lens that shows each ray once")
    return pinhole


def _folds(camera: Camera, distortion: Distortion, pinhole: Camera) -> bool:
    """Whether pixels of the lens stop moving outward somewhere on the way to a corner of the pinhole's image."""
    import cv2

    corners = np.array([(x, y) for x in (-0.5, pinhole.width - 0.5) for y in (-0.5, pinhole.height - 0.5)])
    rays = np.linspace(0, 1, RAY_STEPS)[:, None, None] * pinhole.unproject(corners, 1.0)[:, :2]
    flat = np.insert(rays.reshape(-1, 2), 2, 1.0, axis=1)
    pixels, _ = cv2.projectPoints(flat, np.zeros(3), np.zeros(3), _matrix(camera), np.array(distortion, np.float64))
    radii = np.linalg.norm(pixels.reshape(RAY_STEPS, 4, 2) - (camera.cx, camera.cy), axis=2)
    return not (np.diff(radii, axis=0) > 0).all()


def _matrix(camera: Camera) -> NDArray[np.float64]:
    return np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])


@lru_cache(maxsize=4)
def _maps(
    camera: Camera, distortion: Distortion, pinhole: Camera, is_fisheye: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of the pinhole image lies in the distorted one, x and y."""
    import cv2

    size = (pinhole.width, pinhole.height)
    lens = (_matrix(camera), np.array(distortion), np.eye(3), _matrix(pinhole))
    make = cv2.fisheye.initUndistortRectifyMap if is_fisheye else cv2.initUndistortRectifyMap
    x, y = make(*lens, size, cv2.CV_32FC1)
    return np.asarray(x, np.float32), np.asarray(y, np.float32)
