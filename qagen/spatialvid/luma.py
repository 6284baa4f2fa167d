"""How bright frames of a video are, and how much they change, as SpatialVID's scores have it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from qagen.kernels.blur import blur_and_compare

if TYPE_CHECKING:
    from av import VideoFrame

RED, GREEN, BLUE = 2126, 7152, 722
"""Weights of 8-bit red, green and blue in luminance, ten-thousandths."""
SMALL_PX = 640, 360
"""Width and height to which official frames are scaled before JPEG; sides are swapped where a frame is upright."""
BITS = {
    **dict.fromkeys(("gray", "nv12", "yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"), 8),
    **dict.fromkeys(("gray10le", "yuv420p10le", "yuv422p10le", "yuv444p10le"), 10),
    **dict.fromkeys(("gray12le", "yuv420p12le", "yuv422p12le", "yuv444p12le"), 12),
}
"""Bits of luma of the pixel formats whose first plane is luma alone; others are converted to RGB and to yuv420p."""


def luma_plane(frame: "VideoFrame") -> tuple[NDArray[Any], int]:
    """The (H, W) uint8 or uint16 luma of a frame as it is stored, of whatever range, and the bits of a sample.

    The frame lies as stored, unturned; the array is a view of its memory.
    """
    if frame.format.name not in BITS:
        from av import VideoFrame

        rgb = VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"), "rgb24")
        frame = rgb.reformat(format="yuv420p")
    bits, plane = BITS[frame.format.name], frame.planes[0]
    kind = np.dtype(np.uint8 if bits == 8 else np.uint16)
    rows = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind.itemsize)
    return rows[: frame.height, : frame.width], bits


def official_luminance(frame: "VideoFrame") -> float:
    """Luminance of a frame as official scores see it: 0.2126 R + 0.7152 G + 0.0722 B, 0 to 255, mean of the pixels.

    The frame is converted by the matrix of BT.601 whatever the video says, as OpenCV 4 does, scaled to 640 x 360
    without regard to its shape, and coded as a JPEG of quality 95. Of 10 bits, FFmpeg's versions differ by half a step.
    """
    size = SMALL_PX if frame.height <= frame.width else SMALL_PX[::-1]
    small = cv2.resize(_pixels(frame, "ITU601"), size, interpolation=cv2.INTER_LINEAR)
    coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    return _luminance(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)))


def plain_luminance(frame: "VideoFrame") -> float:
    """The same of the whole frame in the matrix that the video names, neither scaled nor coded."""
    return _luminance(_pixels(frame, None))


def _pixels(frame: "VideoFrame", matrix: str | None) -> NDArray[np.uint8]:
    """(H, W, 3) blue, green, red by a matrix of PyAV's names, or by the video's own."""
    if matrix is not None:
        frame = frame.reformat(format="bgr24", src_colorspace=matrix, dst_colorspace=matrix)
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def _luminance(bgr: NDArray[Any]) -> float:
    blue, green, red, _ = cv2.sumElems(bgr)  # whole numbers: an even gray has exactly its gray
    height, width = bgr.shape[:2]
    return (RED * red + GREEN * green + BLUE * blue) / (10_000 * height * width)


@dataclass(slots=True)
class MotionMeter:
    """The feature ``integer_motion2`` of libvmaf, frame by frame; two blurred planes are all that it keeps.

    A frame's motion is the mean absolute difference of its blurred luma to that of the frame before, in steps of
    8 bits; the first frame's is 0. A frame's motion2 is the smaller of its motion and the next frame's.
    """

    motion: float = 0.0
    """Of the last frame."""
    blurred: NDArray[np.uint16] | None = None
    spare: NDArray[np.uint16] | None = None

    def advance(self, luma: NDArray[Any], bits: int) -> float:
        """Take the next frame, of the same size, and return the motion2 of the one before; 0 for the first frame."""
        is_first = self.blurred is None
        if self.blurred is None or self.spare is None:
            self.blurred, self.spare = (np.zeros(luma.shape, np.uint16) for _ in range(2))
        total = blur_and_compare(luma, bits, self.blurred, self.spare)
        self.blurred, self.spare = self.spare, self.blurred
        before, self.motion = self.motion, 0.0 if is_first else total / 256 / luma.size
        return min(before, self.motion)
