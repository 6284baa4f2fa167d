"""The frames that a question shows as a video, one a second.

A reader that takes as many frames as there are gets each of them once: lmms-eval and VLMEvalKit do, if asked for that
number (32 unless the run says otherwise).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from qagen.errors import QagenError
from qagen.records.images import check_image

if TYPE_CHECKING:
    from av.video.stream import VideoStream

ENCODER, ENCODER_SETTINGS = "libx264", {"crf": "18", "preset": "veryfast", "mbtree": "0"}
"""As in ``qagen.spatialvid.clip_writer``: without mbtree, and in one thread, the bytes depend on the frames alone."""
FRAMES_PER_S = 1
BT601, LIMITED_RANGE = 6, 1
"""How the encoder's pixels are made of red, green and blue, as the file tells it (ITU-T H.273)."""


def write_video(path: Path, frames: Sequence[Path]) -> None:
    """Write image files as a video; odd sides lose their last row or column.

    Raises:
        QagenError: an image is missing, damaged, or not as large as the first.
    """
    import av
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    first = _pixels(frames[0])
    height, width = (side - side % 2 for side in first.shape[:2])
    with av.open(path, "w", format="mp4") as container:
        stream = cast("VideoStream", container.add_stream(ENCODER, rate=FRAMES_PER_S, options=ENCODER_SETTINGS))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.thread_count, context.colorspace, context.color_range = 1, BT601, LIMITED_RANGE
        for frame in frames:
            pixels = _pixels(frame)
            if pixels.shape != first.shape:
                raise QagenError(f"{frame}: found an image of another size than {frames[0]}, expected one size")
            cut = np.ascontiguousarray(pixels[:height, :width])
            planes = np.asarray(cv2.cvtColor(cut, cv2.COLOR_BGR2YUV_I420), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode())


def _pixels(path: Path) -> np.ndarray:
    """(height, width, 3) blue, green and red."""
    import cv2

    check_image(path)
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise QagenError(f"image {path} cannot be read")
    return pixels
