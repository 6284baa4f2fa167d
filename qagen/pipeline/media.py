"""Images, depth, poses and intrinsics of the frames that records show."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import Frame
from qagen.files import link_atomic, write_atomic
from qagen.pipeline.record import video_name
from qagen.visibility.views import SceneViews

DEPTH_UNIT_M = 0.001


def write_media(
    folder: Path, views: SceneViews, singles: Sequence[int], with_video: bool, media: str, rgbd: bool
) -> None:
    """Write the images of the frames ``singles`` and of the video into a folder, under the names that records use.

    Args:
        media: "copy" writes the dataset's own bytes; "link" links to the dataset's file, or writes the bytes of an
            image inside a container; "none" writes nothing.
        rgbd: also write depth images, poses and intrinsics.
    """
    if media == "none":
        return
    for frame in (views.frames[i] for i in singles):
        _write_frame(folder, "image", "", frame.id, frame, media, rgbd)
    if with_video:
        video = [views.frames[i] for i in views.video]
        for position, frame in enumerate(video):
            _write_frame(folder, "video", "video_", video_name(position, frame), frame, media, rgbd)
        write_atomic(folder / "video_idx.txt", "".join(f"{frame.id}\n" for frame in video).encode())
    if rgbd:
        used = sorted({*singles, *(views.video if with_video else ())})
        _write_intrinsics(folder / "intrinsic", [views.frames[i] for i in used])


def _write_frame(folder: Path, prefix: str, pose: str, name: str, frame: Frame, media: str, rgbd: bool) -> None:
    target = folder / f"{prefix}_color" / f"{name}{frame.color.suffix}"
    if media == "link" and frame.color.path is not None:
        link_atomic(target, frame.color.path)
    else:
        write_atomic(target, frame.color.read_bytes())
    if rgbd and frame.depth is not None:
        write_atomic(folder / f"{prefix}_depth" / f"{name}.png", _encode_depth(frame.depth.read_m()))
    if rgbd:
        write_atomic(folder / f"{pose}pose" / f"{name}.txt", _matrix_text(frame.world_from_camera.matrix))


def _encode_depth(depth_m: NDArray[np.float32]) -> bytes:
    """16-bit PNG in millimeters, as ScanNet exports it; level 1 because noise does not compress further."""
    import cv2

    millimeters = np.clip(np.rint(depth_m / DEPTH_UNIT_M), 0, np.iinfo(np.uint16).max)
    return cv2.imencode(".png", millimeters.astype(np.uint16), [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _write_intrinsics(folder: Path, frames: Sequence[Frame]) -> None:
    """One set of files, as in ScanNet, where all frames share their cameras; else one set per frame."""
    are_shared = len({(frame.camera, frame.depth_camera) for frame in frames}) <= 1
    for frame in frames[:1] if are_shared else frames:
        prefix = "" if are_shared else f"{frame.id}_"
        for name, camera in (("color", frame.camera), ("depth", frame.depth_camera)):
            if camera is not None:
                matrix = np.eye(4)
                matrix[[0, 1, 0, 1], [0, 1, 2, 2]] = camera.intrinsics
                write_atomic(folder / f"{prefix}intrinsic_{name}.txt", _matrix_text(matrix))
                write_atomic(folder / f"{prefix}extrinsic_{name}.txt", _matrix_text(np.eye(4)))


def _matrix_text(matrix: np.ndarray) -> bytes:
    return "".join(" ".join(f"{value:.6f}" for value in row) + "\n" for row in matrix).encode()
