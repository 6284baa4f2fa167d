"""Short videos whose every sample is chosen."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray


def write_video(
    path: Path, planes: Iterable[NDArray[np.generic]], layout: str = "yuv420p", codec: str = "ffv1", fps: int = 25
) -> Path:
    """Write frames of the given (H, W) luma planes, or (H, W, 3) of RGB, without loss unless the codec has some.

    Chroma is neutral.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = cast(VideoStream, container.add_stream(codec, rate=fps))
        for number, plane in enumerate(planes):
            if number == 0:
                stream.height, stream.width = plane.shape[:2]
                stream.pix_fmt = layout
            frame = frame_of(plane, layout)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def frame_of(plane: NDArray[np.generic], layout: str) -> av.VideoFrame:
    """A frame of the given luma plane or RGB."""
    if plane.ndim == 3:
        return av.VideoFrame.from_ndarray(np.asarray(plane, np.uint8), "rgb24").reformat(format=layout)
    frame = av.VideoFrame(plane.shape[1], plane.shape[0], layout)
    kind = np.uint16 if "le" in layout else np.uint8
    middle = 1 << (int(layout.split("p")[-1].removesuffix("le")) - 1) if "le" in layout else 128
    for number, stored in enumerate(frame.planes):
        rows = np.full((stored.height, stored.line_size // kind().itemsize), middle, kind)
        if number == 0:
            rows[:, : plane.shape[1]] = plane
        stored.update(rows.tobytes())
    return frame


def even(*values: int, height: int = 36, width: int = 64) -> list[NDArray[np.uint16]]:
    """Planes of one value each."""
    return [np.full((height, width), value, np.uint16) for value in values]
