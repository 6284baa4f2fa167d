"""Pixels of image files, and color images that are computed from others."""

from abc import ABC, abstractmethod
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qagen.core.scene import ImageSource
from qagen.errors import SceneError

JPEG_QUALITY = 95
PixelKind = Literal["1- or 8-bit gray", "8-bit gray", "16-bit gray", "8- or 16-bit gray"]
_MODES: dict[PixelKind, tuple[str, ...]] = {
    "1- or 8-bit gray": ("1", "L", "P"),
    "8-bit gray": ("L", "P"),
    "16-bit gray": ("I;16", "I;16B", "I"),
    "8- or 16-bit gray": ("I;16", "I;16B", "I", "L"),
}
"""Pillow's names of the pixel types that are read."""
_UNDECODABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What a damaged image makes Pillow raise."""


def image_size(color: ImageSource, source: Path) -> tuple[int, int]:
    """(width, height) from the header of an encoded image. Raises SceneError when it is not an image."""
    try:
        with Image.open(color.path or BytesIO(color.read_bytes())) as image:
            return image.size
    except _UNDECODABLE as error:
        if isinstance(error, OSError) and error.strerror:
            raise SceneError(color.path or source, f"cannot be read ({error.strerror})") from error
        raise SceneError(color.path or source, f"image: cannot be decoded ({error})") from error


def read_pixels(
    path: Path,
    kind: PixelKind,
    name: str = "image",
    size: tuple[int, int] | None = None,
    data: bytes | None = None,
) -> NDArray:
    """(height, width) the whole numbers of a gray image; sizes and types that are not expected cost no memory.

    Args:
        path: the file.
        kind: what its pixels must be.
        name: what the image is called in errors.
        size: expected width and height; None for any.
        data: the encoded image where it is only a part of a file.

    Raises:
        SceneError: the image cannot be decoded, or is of another size or type.
    """
    try:
        with Image.open(path if data is None else BytesIO(data)) as image:
            if size is not None and image.size != size:
                found = f"{image.size[0]} x {image.size[1]}"
                raise SceneError(path, f"{name}: found {found} pixels, expected {size[0]} x {size[1]}")
            if image.mode not in _MODES[kind]:
                raise SceneError(path, f"{name}: found pixels of type {image.mode}, expected {kind}")
            return np.asarray(image)
    except _UNDECODABLE as error:
        raise SceneError(path, f"{name}: cannot be decoded ({error})") from error


def decode_color(source: ImageSource) -> NDArray[np.uint8]:
    """(height, width, 3) the blue, green and red of an image. Raises SceneError when it cannot be decoded."""
    import cv2

    if isinstance(source, ReencodedImage):
        return source.pixels()  # as they are before the loss of another encoding
    try:
        image = cv2.imdecode(np.frombuffer(source.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # no bytes at all, or a header that claims too many pixels
        image = None
    if image is None:
        raise SceneError(source.path or "image", "color image cannot be decoded, expected JPEG or PNG")
    return np.asarray(image, np.uint8)


def decode_gray(source: ImageSource, width: int) -> NDArray[np.uint8]:
    """(h, w) an image as gray, at the least of the sizes 1, 1/2, 1/4 and 1/8 that is still so wide, if any is.

    Raises SceneError when it cannot be decoded.
    """
    import cv2

    if isinstance(source, ReencodedImage):
        return np.asarray(cv2.cvtColor(source.pixels(), cv2.COLOR_BGR2GRAY), np.uint8)
    sizes = {2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}
    full = image_size(source, Path("image"))[0]
    how = [flag for step, flag in sizes.items() if full >= step * width]
    try:
        content = np.frombuffer(source.read_bytes(), np.uint8)
        image = cv2.imdecode(content, how[-1] if how else cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        image = None
    if image is None:
        raise SceneError(source.path or "image", "color image cannot be decoded, expected JPEG or PNG")
    return np.asarray(image, np.uint8)


class ReencodedImage(ABC):
    """A color image that is computed and encoded whenever it is read; the same bytes every time."""

    __slots__ = ()

    @property
    def suffix(self) -> str:
        return ".jpg"

    @property
    def path(self) -> None:
        return None

    @abstractmethod
    def pixels(self) -> NDArray[np.uint8]:
        """(height, width, 3) blue, green and red. Raises SceneError."""

    def read_bytes(self) -> bytes:
        """The encoded image. Raises SceneError when its pixels cannot be read."""
        import cv2

        return cv2.imencode(self.suffix, self.pixels(), (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1].tobytes()
