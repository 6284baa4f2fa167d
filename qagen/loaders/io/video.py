"""Frames of a video file: single ones, found by seeking, and all in turn."""

import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.images import ReencodedImage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

MAX_SIDE_PX = 8192
DURATION = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
LONGEST_GAP = 3
"""So many frames before the end that its header tells, a whole video may end."""
READ_ON = 120
"""Up to this many frames ahead, decoding on is faster than seeking back to a key frame."""


@dataclass(frozen=True, slots=True)
class VideoImage(ReencodedImage):
    """One frame of a video."""

    video: Path
    """The file."""
    index: int
    """Number of the frame in the order of display."""
    times: tuple[int, ...]
    """Time stamps of all frames in the order of display, in the stream's own unit."""

    def pixels(self) -> NDArray[np.uint8]:
        with _refusing(self.video, f"frame {self.index}: cannot be decoded"):
            status = self.video.stat()
            decoder = _decoder(self.video, status.st_mtime_ns, status.st_size)
            return np.asarray(decoder.frame(self.index, self.times).to_ndarray(format="bgr24"), np.uint8)


@dataclass(frozen=True, slots=True)
class Video:
    """The frames of a video file, none of them decoded."""

    path: Path
    """The file."""
    width: int
    """Width of its frames, pixels."""
    height: int
    """Height of its frames, pixels."""
    frame_rate: float
    """Mean number of frames in a second as the file states it, 0 where it does not."""
    times: tuple[int, ...]
    """Time stamps of all frames in the order of display, in the stream's own unit."""
    tick_s: float
    """The stream's unit of time, seconds."""

    def image(self, index: int) -> VideoImage:
        """One frame by its number in the order of display."""
        return VideoImage(self.path, index, self.times)

    def time_s(self, index: int) -> float:
        """Time of a frame since the first, seconds."""
        return (self.times[index] - self.times[0]) * self.tick_s


def read_video(path: Path) -> Video:
    """What a video file says of its frames, without decoding one. Raises SceneError."""
    with _refusing(path, "cannot be read as a video"):
        container, stream = _open(path)
        with container:
            width, height = stream.codec_context.width, stream.codec_context.height
            rate, tick_s = float(stream.average_rate or 0), float(stream.time_base or 0)
            packets = (packet for packet in container.demux(stream) if packet.size and not packet.is_discard)
            times = sorted(packet.pts for packet in packets if packet.pts is not None)
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise SceneError(path, f"video: found {width} x {height} pixels, expected sides of 1 to {MAX_SIDE_PX}")
    if not times:
        raise SceneError(path, "video: found no frames, expected some")
    return Video(path, width, height, rate, tuple(times), tick_s)


def turns_when_shown(path: Path) -> int:
    """Clockwise quarter turns by which players rotate a video's frames, 0 to 3. Raises SceneError.

    Telephones store frames as the sensor takes them, and note how the telephone was held.
    """
    frame = next(decode_frames(path), None)
    if frame is None or frame.rotation % 90:
        found = "no frames" if frame is None else f"a rotation by {frame.rotation} degrees"
        raise SceneError(path, f"video: found {found}, expected frames in quarter turns")
    return -frame.rotation // 90 % 4


def list_video(path: Path) -> list[VideoImage]:
    """All frames of a video in the order of display, without decoding one. Raises SceneError."""
    video = read_video(path)
    return [video.image(index) for index in range(len(video.times))]


@dataclass(frozen=True, slots=True)
class VideoHeader:
    """What a video file says of itself, without decoding a frame."""

    packets: int
    """Packets of frames that are to be shown; some codecs have others that show none."""
    fps: float
    """Mean frames a second, 0 where the file does not say."""
    missing: str
    """How the packets fall short of what the header tells, as where a download broke off; empty where they do not."""


def read_header(path: Path) -> VideoHeader:
    """What a video says of itself. Raises SceneError where it cannot be read or holds no video."""
    with _refusing(path, "cannot be read as a video"):
        container, stream = _open(path)
        with container:
            shown = hidden = broken = end = 0
            for packet in container.demux(stream):
                if not packet.size and packet.dts is None:
                    continue  # the last one, which holds nothing
                hidden += packet.is_discard
                shown += not packet.is_discard
                broken += packet.is_corrupt
                end = max(end, (packet.pts or 0) + (packet.duration or 0))
            missing = f"found {broken} broken packets, expected none" if broken else ""
            if shown + hidden < stream.frames:
                missing = f"found {shown + hidden} frames, expected {stream.frames} as the header says"
            fps = float(stream.average_rate or 0)
            end_s, stated_s = float(end * (stream.time_base or 0)), _stated_seconds(stream)
            if (stated_s - end_s) * fps > LONGEST_GAP:
                missing = f"found {end_s:.1f} s, expected {stated_s:.1f} s as the header says"
            return VideoHeader(shown, fps, missing)


def _stated_seconds(stream: "VideoStream") -> float:
    """When a stream of Matroska or WebM ends by its tag DURATION (00:01:02.5), 0 where it has none."""
    match = DURATION.fullmatch(stream.metadata.get("DURATION", ""))
    return 0.0 if match is None else 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])


def decode_frames(path: Path) -> "Iterator[VideoFrame]":
    """The frames of a video in the order of display, each decoded once; few are in memory at a time.

    Raises:
        SceneError: the file cannot be read or decoded, or holds no video.
    """
    with _refusing(path, "cannot be decoded as a video"):
        container, stream = _open(path)
        with container:
            stream.thread_type = "AUTO"
            yield from container.decode(stream)


@contextmanager
def _refusing(path: Path, problem: str) -> "Iterator[None]":
    """Turn whatever the decoder raises in the block into a SceneError."""
    from av.error import FFmpegError

    try:
        yield
    except (FFmpegError, OSError, ValueError, RuntimeError, StopIteration) as error:
        cause = getattr(error, "strerror", None) or error  # the whole text repeats the path
        raise SceneError(path, f"{problem} ({str(cause) or 'the end'})") from error


def _open(path: Path) -> "tuple[InputContainer, VideoStream]":
    import av

    container = av.open(str(path))
    known = [stream for stream in container.streams.video if stream.codec_context is not None]
    if not known:
        container.close()
        raise ValueError("no video stream that can be decoded")
    return container, known[0]


@lru_cache(maxsize=2)
def _decoder(path: Path, modified_ns: int, size: int) -> "_Decoder":
    """The open file; a file that has changed since is another one."""
    return _Decoder(path)


class _Decoder:
    """An open video that remembers where it is, so that reading in order decodes every frame once."""

    def __init__(self, path: Path) -> None:
        self.container, self.stream = _open(path)
        self.next_index = -1
        self.frames: Iterator[VideoFrame] = iter(())

    def frame(self, index: int, times: tuple[int, ...]) -> "VideoFrame":
        if not 0 <= index - self.next_index < READ_ON or self.next_index < 0:
            self.container.seek(times[index], stream=self.stream)
            self.frames = cast("Iterator[VideoFrame]", self.container.decode(self.stream))
        self.next_index = -1  # a decoder that fails half-way starts afresh
        found = next(frame for frame in self.frames if frame.pts is not None and frame.pts >= times[index])
        if found.pts != times[index]:
            raise ValueError(f"found the frame of time {found.pts}, expected {times[index]}")
        self.next_index = index + 1
        return found
