"""Images, depth, poses and intrinsics of the frames that records show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.mirror import MirroredImage
from qagen.core.pose import Pose
from qagen.core.question import Question
from qagen.core.scene import Frame
from qagen.files import link_atomic, write_atomic
from qagen.pipeline.record import MIRRORED, decimals_of, shows_video_files, video_name
from qagen.visibility.views import SceneViews

DEPTH_UNIT_M = 0.001
"""Depth of a stored 1 in units of the scene's world: a millimeter, unless the scene is of another scale. Then a file
beside the images tells the depth of a stored 1 (DEPTH_UNIT_FILE)."""
DEPTH_UNIT_FILE = "depth_unit.txt"
POSE_DECIMALS = 6
Content = bytes | Path
"""The bytes of a file, or the file to link to."""


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
    for name, content in _files(views, singles, with_video, media == "link", rgbd):
        if isinstance(content, Path):
            link_atomic(folder / name, content)
        else:
            write_atomic(folder / name, content)


def _files(
    views: SceneViews, singles: Sequence[int], with_video: bool, link: bool, rgbd: bool
) -> Iterator[tuple[str, Content]]:
    """Name below the scene's folder, and content, of every file."""
    unit = views.scene.reported_unit
    for frame in (views.frames[i] for i in singles):
        yield from _files_of_frame(frame, frame.id, "image", link)
        if rgbd:
            yield from _geometry_of_frame(frame, frame.id, "image_depth", "pose", unit)
    if with_video:
        video = [views.frames[i] for i in views.video]
        for position, frame in enumerate(video):
            name = video_name(position, frame)
            yield from _files_of_frame(frame, name, "video", link)
            if rgbd:
                yield from _geometry_of_frame(frame, name, "video_depth", "video_pose", unit)
        yield "video_idx.txt", "".join(f"{frame.id}\n" for frame in video).encode()
    if rgbd:
        used = sorted({*singles, *(views.video if with_video else ())})
        yield from _intrinsics([views.frames[i] for i in used])
    if rgbd and unit != 1.0:
        yield DEPTH_UNIT_FILE, f"{DEPTH_UNIT_M * unit:.9g}\n".encode()


def write_mirrored_media(folder: Path, views: SceneViews, shown: Shown, media: str) -> None:
    """Write images with left and right exchanged into folders of their own; none where ``media`` is "none"."""
    if media == "none":
        return
    named = [("image", views.frames[i].id, views.frames[i]) for i in sorted(shown.singles)]
    video = [views.frames[i] for i in views.video] if shown.video else []
    named += [("video", video_name(position, frame), frame) for position, frame in enumerate(video)]
    for images, name, frame in named:
        image = MirroredImage(frame.color)
        write_atomic(folder / f"{images}_color{MIRRORED}" / f"{name}{image.suffix}", image.read_bytes())


def _files_of_frame(frame: Frame, name: str, images: str, link: bool) -> Iterator[tuple[str, Content]]:
    content, path = frame.color.read_bytes(), frame.color.path
    is_same = link and path is not None and path.read_bytes() == content
    yield f"{images}_color/{name}{frame.color.suffix}", path if is_same and path else content


def _geometry_of_frame(frame: Frame, name: str, depths: str, poses: str, unit: float) -> Iterator[tuple[str, Content]]:
    if frame.depth is not None:
        yield f"{depths}/{name}.png", _encode_depth(frame.depth.read_m())
    pose = frame.world_from_camera
    matrix = Pose(pose.rotation, pose.translation * unit).matrix
    yield f"{poses}/{name}.txt", _matrix_text(matrix, decimals_of(unit, POSE_DECIMALS))


def _encode_depth(depth: NDArray[np.float32]) -> bytes:
    """16-bit PNG in millimeters, as ScanNet exports it; level 1 because noise does not compress further.

    Depth that does not fit, from 65.5 m on, becomes the largest number that does.
    """
    import cv2

    stored = np.clip(np.rint(depth / DEPTH_UNIT_M), 0, np.iinfo(np.uint16).max)
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
