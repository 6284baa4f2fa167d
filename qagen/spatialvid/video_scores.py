"""The scores of one video, or of ranges of its frames, in one pass over it."""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from qagen.core.reasons import (
    BEYOND_VIDEO,
    CUT_OFF_VIDEO,
    DAMAGED_FRAMES,
    MISSING_VIDEO,
    UNDECODABLE_VIDEO,
    UNUSUAL_VIDEO,
)
from qagen.errors import SceneError
from qagen.loaders.io.video import MAX_SIDE_PX, decode_frames, read_header
from qagen.loaders.spatialvid.files import ClipError
from qagen.spatialvid.luma import MotionMeter, luma_plane, official_luminance, plain_luminance

if TYPE_CHECKING:
    from av import VideoFrame

MIN_SIDE_PX = 3
"""What the blur needs to be mirrored at the edges."""
FRAMES_OF_LUMINANCE = 3
"""Of a clip of n frames: 0, n // 3 and 2 (n // 3)."""
STEP = 32
"""Frames between two reports of progress."""


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Frames of a video that a clip consists of: ``first`` to ``last``, as SpatialVID counts them.

    ``last`` is the frame after the clip's end, yet official motion scores take it in; luminance does not. It is None
    for the whole video.
    """

    first: int = 0
    last: int | None = None

    @property
    def moving(self) -> range:
        """The frames whose motion counts."""
        return range(self.first, sys.maxsize if self.last is None else self.last + 1)

    def lit(self, count: int) -> range:
        """The frames whose luminance counts, in a video of ``count`` frames."""
        length = max(1, (count if self.last is None else self.last) - self.first)
        interval = max(1, length // FRAMES_OF_LUMINANCE)
        return range(self.first, self.first + min(length, FRAMES_OF_LUMINANCE * interval), interval)


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a clip; luminance is 0 to 255, as mean, least and greatest of its frames."""

    luminance: tuple[float, float, float]
    """Of frames scaled to 640 x 360 and coded as JPEG, by the matrix of BT.601: what official files hold."""
    full_luminance: tuple[float, float, float]
    """Of the same frames as they are, by the video's own matrix."""
    motion: float
    """Mean integer_motion2 of libvmaf."""


@dataclass(frozen=True, slots=True)
class VideoScores:
    """What one pass over a video finds."""

    frames: int
    """Frames decoded; all of the video's unless every range ended before."""
    width: int
    height: int
    fps: float
    """Frames a second by the container, 0 where it does not say."""
    clips: tuple[Scores | ClipError, ...]
    """One for each range."""


@dataclass(slots=True)
class _Reading:
    """What is known of a video so far; its size does not grow with the video's length."""

    path: Path
    ranges: Sequence[FrameRange]
    motion: list[float]
    """Sum of motion2 of each range."""
    luminance: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Official and plain luminance of the frames asked for."""
    frames: int = 0
    width: int = 0
    height: int = 0


def score_video(
    path: Path, ranges: Sequence[FrameRange] = (FrameRange(),), report: Callable[[int, int], None] = lambda *_: None
) -> VideoScores:
    """Score ranges of a video; all are read in one pass, which ends with the last of them.

    Args:
        report: is told of frames done and of frames in all every now and then; what it raises ends the pass.

    Raises:
        ClipError: the video is missing, damaged or of an unusual size.
    """
    if not path.is_file():
        raise ClipError(MISSING_VIDEO, path, "found no file, expected a video")
    try:
        header = read_header(path)
        if header.missing:
            raise ClipError(CUT_OFF_VIDEO, path, header.missing)
        reading = _read(path, ranges, header.packets, report)
        if reading.frames != header.packets and any(clip.last is None for clip in ranges):
            reading = _read(path, ranges, reading.frames, report)  # packets without a frame of their own misled
    except ClipError:
        raise
    except SceneError as error:
        raise ClipError(UNDECODABLE_VIDEO, path, str(error).removeprefix(f"{path}: ")) from error
    clips = tuple(_scores(reading, clip, total) for clip, total in zip(ranges, reading.motion, strict=True))
    return VideoScores(reading.frames, reading.width, reading.height, header.fps, clips)


def _read(path: Path, ranges: Sequence[FrameRange], count: int, report: Callable[[int, int], None]) -> _Reading:
    """Go through a video of presumably ``count`` frames, up to one frame after the last that counts."""
    lit = {index for clip in ranges for index in clip.lit(count)}
    end = max(clip.moving.stop for clip in ranges)
    reading, meter = _Reading(path, ranges, [0.0] * len(ranges)), MotionMeter()
    for index, frame in enumerate(decode_frames(path)):
        if index > end:
            break
        _check_frame(reading, frame)
        if index in lit:
            reading.luminance[index] = official_luminance(frame), plain_luminance(frame)
        _add_motion(reading, index - 1, meter.advance(*luma_plane(frame)))
        reading.frames += 1
        if index % STEP == 0:
            report(index, min(count, end))
    if not reading.frames:
        raise ClipError(UNDECODABLE_VIDEO, path, "found no frames, expected some")
    _add_motion(reading, reading.frames - 1, meter.motion)
    return reading


def _check_frame(reading: _Reading, frame: "VideoFrame") -> None:
    """Note the size of the first frame. Raises ClipError for a damaged frame or one of another size."""
    size = frame.width, frame.height
    if not reading.frames:
        reading.width, reading.height = size
        if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in size):
            text = f"found {size[0]} x {size[1]} pixels, expected sides of {MIN_SIDE_PX} to {MAX_SIDE_PX}"
            raise ClipError(UNUSUAL_VIDEO, reading.path, text)
    if size != (reading.width, reading.height):
        text = f"found {size[0]} x {size[1]} pixels, expected {reading.width} x {reading.height} as before"
        raise ClipError(UNUSUAL_VIDEO, reading.path, f"frame {reading.frames}: {text}")
    if frame.is_corrupt:
        raise ClipError(DAMAGED_FRAMES, reading.path, f"frame {reading.frames}: is damaged")


def _add_motion(reading: _Reading, index: int, motion: float) -> None:
    for which, clip in enumerate(reading.ranges):
        if index in clip.moving:
            reading.motion[which] += motion


def _scores(reading: _Reading, clip: FrameRange, motion: float) -> Scores | ClipError:
    """The scores of a range. Official tables name one frame more than a clip has, which may lie beyond the video."""
    if clip.first >= reading.frames or (clip.last or 0) > reading.frames:
        text = f"found {reading.frames} frames, expected some from {clip.first} to {clip.last or 'the end'}"
        return ClipError(BEYOND_VIDEO, reading.path, text)
    official, plain = zip(*(reading.luminance[index] for index in clip.lit(reading.frames)), strict=True)
    moving = min(clip.moving.stop, reading.frames) - clip.first
    return Scores(_mean_least_greatest(official), _mean_least_greatest(plain), motion / moving)


def _mean_least_greatest(values: Sequence[float]) -> tuple[float, float, float]:
    return math.fsum(values) / len(values), min(values), max(values)
