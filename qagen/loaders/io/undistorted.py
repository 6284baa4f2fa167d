"""Images of a lens with distortion as a pinhole of the same intrinsics would take them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.scene import DepthSource, ImageSource
from qagen.errors import SceneError

JPEG_QUALITY = 95
Distortion = tuple[float, float, float, float]
"""k1, k2, p1, p2 as OpenCV has them."""


@dataclass(frozen=True, slots=True)
class UndistortedImage:
    """A colour image, undistorted and encoded afresh whenever it is read; the same bytes every time."""

    distorted: ImageSource
    """As it was taken."""
    camera: Camera
    """Its pinhole part."""
    distortion: Distortion
    """Of its lens."""

    @property
    def suffix(self) -> str:
        return ".jpg"

    @property
    def path(self) -> None:
        return None

    def read_bytes(self) -> bytes:
        """Raises SceneError when the image cannot be decoded or has another size than its camera."""
        import cv2

        source = self.distorted.path or "image"
        try:
            picture = cv2.imdecode(np.frombuffer(self.distorted.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:  # no bytes at all, or a header that claims too many pixels
            picture = None
        if picture is None:
            raise SceneError(source, "colour image cannot be decoded, expected JPEG or PNG")
        height, width = picture.shape[:2]
        if (width, height) != (self.camera.width, self.camera.height):
            expected = f"{self.camera.width} x {self.camera.height}"
            raise SceneError(source, f"colour image: found {width} x {height} pixels, expected {expected}")
        straight = cv2.remap(picture, *_maps(self.camera, self.distortion), cv2.INTER_LINEAR)
        _, jpeg = cv2.imencode(".jpg", straight, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
        return jpeg.tobytes()


@dataclass(frozen=True, slots=True)
class UndistortedDepth:
    """A depth image of a lens with distortion; no depth is ever averaged."""

    distorted: DepthSource
    """As it was measured."""
    camera: Camera
    """Its pinhole part."""
    distortion: Distortion
    """Of its lens."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in metres, 0 where there is none. Raises SceneError as the image itself."""
        import cv2

        maps = _maps(self.camera, self.distortion)
        return cv2.remap(self.distorted.read_m(), *maps, cv2.INTER_NEAREST).astype(np.float32, copy=False)


@lru_cache(maxsize=4)
def _maps(camera: Camera, distortion: Distortion) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of the pinhole image lies in the distorted one, x and y."""
    import cv2

    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    size = (camera.width, camera.height)
    x, y = cv2.initUndistortRectifyMap(matrix, np.array(distortion), np.eye(3), matrix, size, cv2.CV_32FC1)
    return np.asarray(x, np.float32), np.asarray(y, np.float32)
