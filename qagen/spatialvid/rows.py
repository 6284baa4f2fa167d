"""The rows of a clip with their poses and times, also where its annotation alone was downloaded."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qagen.core.pose import rotate
from qagen.loaders.spatialvid.files import ROW_S, Clip, find_tables, group_of, read_metadata
from qagen.loaders.spatialvid.integrity import check_clip, check_rows
from qagen.loaders.spatialvid.masks import MovingMasks


@dataclass(frozen=True, slots=True, eq=False)
class PosedRows:
    """The rows of a clip whose parts fit together."""

    clip: Clip
    """Where its files lie."""
    poses: NDArray[np.floating]
    """(N, 7) tx ty tz qx qy qz qw of each row, world to camera, unit unknown, in the type of the file."""
    frames: NDArray[np.int64]
    """(N,) number of the video's frame of each row."""
    times_s: NDArray[np.float64] | None
    """(N,) seconds since the start of the video; None where neither video nor images are there to tell."""
    masks: MovingMasks | None
    """Masks of what moves, where there are any."""


def read_rows(clip: Clip) -> PosedRows:
    """The rows of a clip. Its video is held against them where it is there.

    Raises:
        ClipError: the first fault, with its reason.
        ConfigError: there is depth, but OpenEXR is not installed.
    """
    if not _has_images(clip):
        rows = check_rows(clip)
        return PosedRows(clip, rows.poses, rows.frames, None, rows.masks)
    checked = check_clip(clip)
    return PosedRows(clip, checked.poses, checked.frames, checked.source.times_s, checked.masks)


def world_from_camera(poses: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, 3, 3) rotations and (N, 3) centers, in the unit of the poses, of the cameras of rows (N, 7)."""
    rotations = Rotation.from_quat(poses[:, 3:].astype(np.float64)).inv().as_matrix()
    return rotations, -rotate(rotations, poses[:, :3])


FrameRates = Mapping[tuple[str, str], float]
"""Frames per second by group and id of a clip."""


def read_frame_rates(root: Path, table: Path | None, clips: Sequence[Clip]) -> FrameRates:
    """What a table, or those of the release below a root, tell of the clips; empty where every clip has a video.

    Raises:
        ClipError: a table cannot be read.
    """
    if all(_has_images(clip) for clip in clips):
        return {}
    known = {(clip.group, clip.id) for clip in clips}
    rates = (pair for path in ([table] if table else find_tables(root)) for pair in _rates_in(path))
    return {key: rate for key, rate in rates if key in known}


def times_of(rows: PosedRows, rates: FrameRates) -> NDArray[np.float64] | None:
    """(N,) seconds of the rows: of the video, or else by the frame rate of a table; None without both."""
    if rows.times_s is not None:
        return rows.times_s
    rate = rates.get((rows.clip.group, rows.clip.id))
    return None if rate is None else rows.frames / rate


def is_timed(clip: Clip, rates: FrameRates) -> bool:
    """Whether a video, images or a table tell when the rows of a clip were taken."""
    return _has_images(clip) or (clip.group, clip.id) in rates


def usual_times(rows: PosedRows) -> NDArray[np.float64]:
    """(N,) seconds of the rows as the pipeline cuts them, 0.2 s apart where their frames are evenly spaced.

    It takes every ``int(0.2 fps)``-th frame, so at 24 frames a second rows are 0.17 s apart.
    """
    frames = rows.frames - rows.frames[0]
    return frames * (ROW_S / max(float(np.median(np.diff(frames))), 1.0)) if len(frames) > 1 else frames * 1.0


def _has_images(clip: Clip) -> bool:
    return clip.video is not None or bool(clip.images)


def _rates_in(table: Path) -> Iterator[tuple[tuple[str, str], float]]:
    """Group and id of a clip and its frames per second; rows that state none above 0 are passed over."""
    for row in read_metadata(table):
        with suppress(ValueError):
            rate = float(row.get("fps", ""))
            if 0 < rate < float("inf"):
                yield (group_of(row), row["id"]), rate
