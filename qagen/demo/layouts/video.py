"""Videos whose bytes are the same in every run."""

from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

H264_SETTINGS = {"crf": "18", "preset": "veryfast", "mbtree": "0"}
"""Without mbtree, whose output differs from run to run where a side is no multiple of 16."""
BT601, LIMITED_RANGE = 6, 1
"""How the encoder's pixels are made of red, green and blue (ITU-T H.273)."""


def write_video(path: Path, images: Iterable[NDArray[np.uint8]], size: tuple[int, int], frame_rate: int) -> None:
    """Images (h, w, 3), blue first, of an even width and height, as H.264.

    Encoded by one thread, from planes that OpenCV makes: others' bytes hang on the processor and its load.
    """
    planes = (np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8) for image in images)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=frame_rate, options=H264_SETTINGS)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        context = stream.codec_context
        context.thread_count, context.colorspace, context.color_range = 1, BT601, LIMITED_RANGE
        for frame in planes:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="yuv420p")))
        container.mux(stream.encode())


def write_gray_video(path: Path, images: Iterable[NDArray[np.uint8]], size: tuple[int, int], frame_rate: int) -> None:
    """Gray images (h, w) of a width and height without loss, as FFV1."""
    # bitexact, because Matroska otherwise has random numbers in it
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("ffv1", rate=frame_rate)
        stream.width, stream.height, stream.pix_fmt = *size, "gray"
        stream.codec_context.thread_count = 1
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray")))
        container.mux(stream.encode())
