"""What must hold of a clip before it is used: a fifth of a promille of the released ones cannot be repaired."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.reasons import (
    DAMAGED_MASKS,
    NO_FRAME_RATE,
    NOT_WHOLE_CLIP,
    ROWS_DIFFER,
    SHORT_VIDEO,
    UNREADABLE_VIDEO,
)
from qagen.core.scene import FileSource, ImageSource
from qagen.errors import SceneError
from qagen.loaders.io.images import decode_color, image_size
from qagen.loaders.io.video import read_video
from qagen.loaders.spatialvid.depth import DepthArchive, depth_of, open_depth, uncut_size
from qagen.loaders.spatialvid.files import (
    ROW_S,
    VIDEOS,
    Clip,
    ClipError,
    check_shape_of_pixels,
    frames_of,
    read_intrinsics,
    read_poses,
    refusing,
)
from qagen.loaders.spatialvid.masks import MovingMasks, open_masks


@dataclass(frozen=True, slots=True, eq=False)
class RowImages:
    """The images of a clip's rows, decoded on demand."""

    images: tuple[ImageSource, ...]
    """Image of each row."""
    width: int
    """Width of the images, pixels."""
    height: int
    """Height of the images, pixels."""
    times_s: NDArray[np.float64]
    """(n,) seconds since the start of the video."""
    frame_rate: float
    """Frames of the video in a second."""
    is_regular: bool
    """Whether rows are a fifth of a second apart, as the pipeline cuts them."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedClip:
    """A clip whose parts fit together; images, masks and depth are decoded on demand."""

    clip: Clip
    """Where its files lie."""
    poses: NDArray[np.floating]
    """(n, 7) tx ty tz qx qy qz qw of each row, world to camera, unit unknown."""
    intrinsics: NDArray[np.floating]
    """(n, 4) fx fy cx cy of each row, over width, height, width and height."""
    frames: NDArray[np.int64]
    """(n,) number of the video's frame of each row."""
    source: RowImages
    """Images of the rows and their times."""
    masks: MovingMasks | None
    """Masks of what moves, where there are any."""
    depth: DepthArchive | None
    """Depth, where there is any."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipRows:
    """The rows of a clip, whose images may be missing; masks and depth are decoded on demand."""

    poses: NDArray[np.floating]
    """(n, 7) tx ty tz qx qy qz qw of each row, world to camera, unit unknown."""
    intrinsics: NDArray[np.floating]
    """(n, 4) fx fy cx cy of each row, over width, height, width and height."""
    frames: NDArray[np.int64]
    """(n,) number of the video's frame of each row."""
    masks: MovingMasks | None
    """Masks of what moves, where there are any."""
    depth: DepthArchive | None
    """Depth, where there is any."""


def check_rows(clip: Clip) -> ClipRows:
    """Open a clip's annotation and hold its parts against each other; its video may be missing.

    Raises:
        ClipError: the first fault, with its reason.
        ConfigError: there is depth, but OpenEXR is not installed.
    """
    poses, intrinsics, frames = read_poses(clip.poses), read_intrinsics(clip.intrinsics), frames_of(clip)
    masks = open_masks(clip.masks) if clip.masks.is_file() else None
    depth = None if clip.depth is None else open_depth(clip.depth)
    counts = {"poses": len(poses), "intrinsics": len(intrinsics), "indexes": len(frames)}
    counts |= {} if masks is None else {"masks": masks.rows}
    counts |= {} if depth is None else {"depth": len(depth.members)}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ClipError(ROWS_DIFFER, clip.folder, f"rows: {found}")
    return ClipRows(poses, intrinsics, frames, masks, depth)


def check_clip(clip: Clip) -> CheckedClip:
    """Open a clip and hold its parts against each other; no image is decoded.

    Raises:
        ClipError: the first fault, with its reason.
        ConfigError: there is depth, but OpenEXR is not installed.
    """
    rows = check_rows(clip)
    source, masks = _row_images(clip, rows.frames), rows.masks
    check_shape_of_pixels(rows.intrinsics, source.width, source.height, clip.intrinsics)
    if masks is not None and (masks.width, masks.height) != (source.width, source.height):
        expected = f"{source.width} x {source.height} of the video"
        raise ClipError(
            DAMAGED_MASKS, masks.path, f"shape: found {masks.width} x {masks.height} pixels, expected {expected}"
        )
    return CheckedClip(clip, rows.poses, rows.intrinsics, rows.frames, source, masks, rows.depth)


@dataclass(frozen=True, slots=True)
class DepthCounts:
    """What the depth of a clip holds."""

    unreadable: tuple[str, ...]
    """Members of the archive that cannot be decoded; their rows are without depth."""
    pixels: int
    """Pixels of all other rows."""
    beyond: int
    """Pixels beyond the limit of depth."""
    without: int
    """Pixels whose disparity is not finite or not above 0."""


def check_images(checked: CheckedClip) -> None:
    """Decode the first and the last image and all masks of a clip.

    Raises:
        ClipError: one of them is damaged.
    """
    with refusing(UNREADABLE_VIDEO):
        for image in (checked.source.images[0], checked.source.images[-1]):
            height, width = decode_color(image).shape[:2]
            if (width, height) != (checked.source.width, checked.source.height):
                expected = f"{checked.source.width} x {checked.source.height}"
                raise SceneError(checked.clip.folder, f"image: found {width} x {height} pixels, expected {expected}")
    if checked.masks is not None:
        for row in range(checked.masks.rows):
            checked.masks.read(row)


def count_depth(depth: DepthArchive, color: Camera) -> DepthCounts:
    """Decode all depth of a clip, whose frames are of the camera ``color``.

    Raises:
        ClipError: an image is damaged, unless rows can do without it, or its size does not fit the frames.
    """
    unreadable: list[str] = []
    pixels = beyond = without = 0
    for row, member in enumerate(depth.members):
        disparity = depth.read_disparity(row)
        if disparity is None:
            unreadable.append(member)
            continue
        uncut_size(color, disparity.shape[1], disparity.shape[0], depth.path)
        is_valid = np.isfinite(disparity) & (disparity > 0)
        pixels += disparity.size
        without += int((~is_valid).sum())
        beyond += int((is_valid & (depth_of(disparity) == 0)).sum())
    return DepthCounts(tuple(unreadable), pixels, beyond, without)


def _row_images(clip: Clip, frames: NDArray[np.int64]) -> RowImages:
    """The image of each row, out of the video or among the pipeline's images. Raises ClipError."""
    if clip.video is None and clip.images:
        return _stored_images(clip, frames)
    if clip.video is None:
        raise ClipError(NOT_WHOLE_CLIP, clip.folder, f"video: found none, expected {clip.released(VIDEOS, '.mp4')}")
    with refusing(UNREADABLE_VIDEO):
        video = read_video(clip.video)
    if frames[-1] >= len(video.times):
        found = f"{len(video.times)} frames"
        raise ClipError(SHORT_VIDEO, video.path, f"video: found {found}, expected frame {frames[-1]} of the index")
    if not (0 < video.frame_rate < np.inf and video.tick_s > 0):
        raise ClipError(NO_FRAME_RATE, video.path, "video: found 0 frames a second, expected more")
    images = tuple(video.image(index) for index in frames.tolist())
    times_s = np.array([video.time_s(index) for index in frames.tolist()])
    is_regular = bool((np.diff(frames) == max(1, int(ROW_S * video.frame_rate))).all())
    return RowImages(images, video.width, video.height, times_s, video.frame_rate, is_regular)


def _stored_images(clip: Clip, frames: NDArray[np.int64]) -> RowImages:
    """The pipeline's images; it cuts them a fifth of a second apart. Raises ClipError."""
    stored = clip.images
    if missing := [frame for frame in frames.tolist() if frame not in stored]:
        raise ClipError(NOT_WHOLE_CLIP, clip.folder, f"images: found no frame_{missing[0]:06d}.jpg, expected one a row")
    images = tuple(FileSource(stored[frame]) for frame in frames.tolist())
    with refusing(UNREADABLE_VIDEO):
        sizes = [image_size(image, image.path) for image in images]
    width, height = sizes[0]
    for image, size in zip(images, sizes, strict=True):
        if size != sizes[0]:
            found, expected = f"{size[0]} x {size[1]} pixels", f"{width} x {height} as in the first"
            raise ClipError(UNREADABLE_VIDEO, image.path, f"image: found {found}, expected {expected}")
    steps = np.diff(frames)
    step = int(np.median(steps)) if len(steps) else 1
    return RowImages(
        images, width, height, frames.astype(np.float64) * ROW_S / step, step / ROW_S, bool((steps == step).all())
    )
