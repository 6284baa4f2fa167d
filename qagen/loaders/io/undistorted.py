"""Images of a lens with distortion as a pinhole of the same intrinsics would take them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.scene import DepthSource, ImageSource
from qagen.errors import SceneError
from qagen.loaders.io.images import ReencodedImage, decode_color

Distortion = tuple[float, ...]
"""k1, k2, p1, p2 and maybe k3 to k6 in OpenCV's convention."""


@dataclass(frozen=True, slots=True)
class UndistortedImage(ReencodedImage):
    """A color image without the distortion of its lens."""

    distorted: ImageSource
    """The image as it was taken."""
    camera: Camera
    """Pinhole part of the lens."""
    distortion: Distortion
    """Distortion of the lens."""

    def pixels(self) -> NDArray[np.uint8]:
        import cv2

        image = decode_color(self.distorted)
        height, width = image.shape[:2]
        if (width, height) != (self.camera.width, self.camera.height):
            expected = f"{self.camera.width} x {self.camera.height}"
            found = f"{width} x {height} pixels"
            raise SceneError(self.distorted.path or "image", f"color image: found {found}, expected {expected}")
        return np.asarray(cv2.remap(image, *_maps(self.camera, self.distortion), cv2.INTER_LINEAR), np.uint8)


@dataclass(frozen=True, slots=True)
class UndistortedDepth:
    """A depth image of a lens with distortion; no depth is ever averaged."""

    distorted: DepthSource
    """The depth image as it was measured."""
    camera: Camera
    """Pinhole part of the lens."""
    distortion: Distortion
    """Distortion of the lens."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth z in meters, 0 where there is none. Raises SceneError as the image itself."""
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
