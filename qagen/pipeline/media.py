"""Images, depth, poses and intrinsics of the frames that records show."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.mirror import MirroredImage
from qagen.core.pose import Pose
from qagen.core.question import Question
from qagen.core.scene import DepthSource, Frame
from qagen.files import link_atomic, write_atomic
from qagen.loaders.io.images import ReencodedImage
from qagen.pipeline.record import MIRRORED, decimals_of, shows_video_files, video_name
from qagen.visibility.views import SceneViews

DEPTH_UNIT_M = 0.001
"""Depth of a stored 1 in units of the scene's world: a millimeter, unless the scene is of another scale. Then a file
beside the images tells the depth of a stored 1 (DEPTH_UNIT_FILE)."""
DEPTH_UNIT_FILE = "depth_unit.txt"
VIDEO_LIST = "video_idx.txt"
"""Lists the frames of the video in its order."""
POSE_DECIMALS = 6


@dataclass(slots=True)
class Shown:
    """The frames that records show."""

    singles: set[int] = field(default_factory=set)
    """Frames shown outside of videos."""
    video: bool = False
    """Whether the video is shown."""

    def add(self, question: Question) -> None:
        """Note what a question shows."""
        is_video = shows_video_files(question)
        self.video |= is_video
        self.singles.update(() if is_video else question.frames)


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file beside the records, made when it is read."""

    name: str
    """Path below the scene's folder of images."""
    read: Callable[[], bytes]
    """Makes its bytes. Raises SceneError when the dataset's file cannot be read."""
    path: Path | None = None
    """A file of the dataset that may have the same bytes."""
    is_copied: bool = False
    """Whether the bytes are the dataset's own, but for a note of orientation; else qagen encodes them."""


def write_media(
    folder: Path, views: SceneViews, singles: Sequence[int], with_video: bool, media: str, rgbd: bool
) -> None:
    """Write the images of the frames ``singles`` and of the video into a folder, under the names that records use.

    Args:
        media: "copy" writes the dataset's own bytes; "link" links to the dataset's file, or writes the bytes of an
            image inside a container or without its note of orientation; "none" writes nothing.
        rgbd: also write depth images, poses and intrinsics, in meters; where nobody knows the scale, in units of the
            data.
    """
    if media == "none":
        return
    frames = [views.frames[i] for i in singles]
    video = dict(enumerate(views.frames[i] for i in (views.video if with_video else ())))
    files = media_files(frames, video)
    if rgbd:
        used = [views.frames[i] for i in sorted({*singles, *(views.video if with_video else ())})]
        files = chain(files, geometry_files(frames, video, used, views.scene.reported_unit))
    for file in files:
        place(folder / file.name, file.read(), file.path if media == "link" else None)


def write_mirrored_media(folder: Path, views: SceneViews, shown: Shown, media: str) -> None:
    """Write images with left and right exchanged into folders of their own; none where ``media`` is "none"."""
    if media == "none":
        return
    singles = [views.frames[i] for i in sorted(shown.singles)]
    video = dict(enumerate(views.frames[i] for i in (views.video if shown.video else ())))
    for file in mirrored_files(singles, video):
        write_atomic(folder / file.name, file.read())


def place(target: Path, content: bytes, original: Path | None) -> None:
    """Write a file, or link it to the dataset's ``original`` if that has the same bytes."""
    if original is not None and original.read_bytes() == content:
        link_atomic(target, original)
    else:
        write_atomic(target, content)


def media_files(singles: Sequence[Frame], video: Mapping[int, Frame]) -> Iterator[MediaFile]:
    """The images of single frames and of a video, by its positions, and the list of the video's frames."""
    for images, name, frame in _named(singles, video):
        color = frame.color
        is_copied = not isinstance(color, ReencodedImage)
        yield MediaFile(f"{images}_color/{name}{color.suffix}", color.read_bytes, color.path, is_copied)
    if video:
        listed = "".join(f"{frame.id}\n" for frame in video.values()).encode()
        yield MediaFile(VIDEO_LIST, lambda: listed)


def mirrored_files(singles: Sequence[Frame], video: Mapping[int, Frame]) -> Iterator[MediaFile]:
    """The images with left and right exchanged."""
    for images, name, frame in _named(singles, video):
        image = MirroredImage(frame.color)
        yield MediaFile(f"{images}_color{MIRRORED}/{name}{image.suffix}", image.read_bytes)


def geometry_files(
    singles: Sequence[Frame], video: Mapping[int, Frame], used: Sequence[Frame], unit: float
) -> Iterator[MediaFile]:
    """Depth images, poses and intrinsics.

    Args:
        used: all these frames, each once, in the order of the scene.
        unit: length of one unit of the scene's world as it is reported (Scene.reported_unit).
    """
    for images, name, frame in _named(singles, video):
        depths, poses = ("image_depth", "pose") if images == "image" else ("video_depth", "video_pose")
        if frame.depth is not None:
            yield MediaFile(f"{depths}/{name}.png", partial(_encode_depth, frame.depth))
        yield MediaFile(f"{poses}/{name}.txt", partial(_pose_text, frame.world_from_camera, unit))
    for name, content in _intrinsics(used):
        yield MediaFile(name, partial(bytes, content))
    if unit != 1.0:
        yield MediaFile(DEPTH_UNIT_FILE, lambda: f"{DEPTH_UNIT_M * unit:.9g}\n".encode())


def _named(singles: Sequence[Frame], video: Mapping[int, Frame]) -> Iterator[tuple[str, str, Frame]]:
    """Which folders each frame goes to, and its name there."""
    yield from (("image", frame.id, frame) for frame in singles)
    yield from (("video", video_name(position, frame), frame) for position, frame in video.items())


def _pose_text(pose: Pose, unit: float) -> bytes:
    return _matrix_text(Pose(pose.rotation, pose.translation * unit).matrix, decimals_of(unit, POSE_DECIMALS))


def _encode_depth(source: DepthSource) -> bytes:
    """16-bit PNG in millimeters, as ScanNet exports it; level 1 because noise does not compress further.

    Depth that does not fit, from 65.5 m on, becomes the largest number that does.
    """
    import cv2

    stored = np.clip(np.rint(source.read_m() / DEPTH_UNIT_M), 0, np.iinfo(np.uint16).max)
    return cv2.imencode(".png", stored.astype(np.uint16), [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _intrinsics(frames: Sequence[Frame]) -> Iterator[tuple[str, bytes]]:
    """One set of files, as in ScanNet, where all frames share their cameras; else one set per frame."""
    are_shared = len({(frame.camera, frame.depth_camera) for frame in frames}) <= 1
    for frame in frames[:1] if are_shared else frames:
        prefix = "" if are_shared else f"{frame.id}_"
        for name, camera in (("color", frame.camera), ("depth", frame.depth_camera)):
            if camera is not None:
                matrix = np.eye(4)
                matrix[[0, 1, 0, 1], [0, 1, 2, 2]] = camera.intrinsics
                yield f"intrinsic/{prefix}intrinsic_{name}.txt", _matrix_text(matrix)
                yield f"intrinsic/{prefix}extrinsic_{name}.txt", _matrix_text(np.eye(4))


def _matrix_text(matrix: NDArray[np.float64], decimals: int = POSE_DECIMALS) -> bytes:
    return "".join(" ".join(f"{value:.{decimals}f}" for value in row) + "\n" for row in matrix).encode()
