"""The images of a CA-1M capture with their cameras, poses and depth."""

import math
import re
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.pose import rotate
from qagen.core.reasons import INVALID_POSE, NO_CAMERA, NO_DEPTH, NO_IMAGE, NO_POSE, OFF_VERTICAL
from qagen.core.scene import DepthSource, Frame
from qagen.errors import SceneError
from qagen.loaders.ca1m.depth import CheckedDepth, MemberDepth
from qagen.loaders.io.axes import valid_pose
from qagen.loaders.io.boxes import check_axes
from qagen.loaders.io.rgbd import pinhole
from qagen.loaders.io.rotated import quarter_turns_to_upright, rotated_frame, rotated_pose, turns_back
from qagen.loaders.io.tar import Member, MemberImage
from qagen.loaders.io.text import MAX_BYTES, decode_json

MAX_TILT_DEG = 10.0
"""Largest angle between the vertical by the pose and as the device felt it."""
NEEDED = {
    "wide/image.png": NO_IMAGE,
    "gt/RT.json": NO_POSE,
    "wide/image/K.json": NO_CAMERA,
    "gt/depth.png": NO_DEPTH,
    "gt/depth/K.json": NO_DEPTH,
}
"""Files of a frame, and why it is left out without one."""
_FRAME = re.compile(r"(\d{1,19})\.(?:wide|gt)/.+")
_PNG_HEAD = struct.Struct(">8s4x4sII")
_PNG = (b"\x89PNG\r\n\x1a\n", b"IHDR")


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """A frame as it is stored, and what it tells of the vertical."""

    frame: Frame
    down: NDArray[np.float64] | None
    """(3,) where the device felt gravity, as a unit vector of the world that its pose leads to."""


def read_frames(members: Mapping[str, Member], source: Path, dropped: Counter[str]) -> tuple[Frame, ...]:
    """All complete frames in order of time, turned like most of them.

    Args:
        members: the capture's files by their names below its folder.
        source: what errors about the capture refer to.
        dropped: counts what is left out.

    Raises:
        SceneError: a file is damaged, or no frame is left.
    """
    stamps = sorted({match[1] for name in members if (match := _FRAME.fullmatch(name))}, key=lambda text: int(text))
    shots: list[_Shot] = []
    for stamp in stamps:
        shot = _read_shot(members, stamp, int(stamp) - int(stamps[0]), dropped)
        if shot is not None:
            shots.append(shot)
    frames = _on_vertical(shots, source, dropped)
    if not frames:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted((+dropped).items())) or "no names fit"
        expected = "<time>.wide/image.png and the files beside it"
        raise SceneError(source, f"frames: found none of {len(stamps)} complete ({reasons}), expected {expected}")
    return _turned_alike(frames)


def _read_shot(members: Mapping[str, Member], stamp: str, age_ns: int, dropped: Counter[str]) -> _Shot | None:
    """One frame; None, and counted, where something of it is missing or its pose is lost."""
    for name, reason in NEEDED.items():
        if f"{stamp}.{name}" not in members:
            dropped[reason] += 1
            return None
    pose = valid_pose(_read_matrix(members[f"{stamp}.gt/RT.json"], 4))
    if pose is None:
        dropped[INVALID_POSE] += 1
        return None
    color = members[f"{stamp}.wide/image.png"]
    depth, depth_camera = _read_depth(members, stamp)
    frame = Frame(
        id=stamp,
        color=MemberImage(color),
        depth=depth,
        camera=_read_camera(color, members[f"{stamp}.wide/image/K.json"]),
        depth_camera=depth_camera,
        world_from_camera=pose,
        time_s=age_ns / 1e9,
    )
    gravity = members.get(f"{stamp}.wide/T_gravity.json")
    return _Shot(frame, None if gravity is None else rotate(pose.rotation, _read_down(gravity)))


def _read_depth(members: Mapping[str, Member], stamp: str) -> tuple[DepthSource, Camera]:
    """The laser's depth, held against the device's where there is any."""
    image, other = members[f"{stamp}.gt/depth.png"], members.get(f"{stamp}.wide/depth.png")
    camera, matrix = _read_camera(image, members[f"{stamp}.gt/depth/K.json"]), members.get(f"{stamp}.wide/depth/K.json")
    laser = MemberDepth(image, camera)
    if other is None or matrix is None:
        return laser, camera
    return CheckedDepth(laser, MemberDepth(other, _read_camera(other, matrix))), camera


def _read_camera(image: Member, matrix: Member) -> Camera:
    """The pinhole of a PNG. CA-1M counts pixels from the image's edge: the center of the first is at a half."""
    head = image.head(_PNG_HEAD.size).ljust(_PNG_HEAD.size, b"\0")
    *kind, width, height = _PNG_HEAD.unpack(head)
    if tuple(kind) != _PNG:
        raise SceneError(image.path, f"image: found {head[:8]!r} at its beginning, expected a PNG")
    intrinsic = _read_matrix(matrix, 3)
    intrinsic[:2, 2] -= 0.5
    return pinhole(intrinsic, (width, height))


def _read_down(member: Member) -> NDArray[np.float64]:
    """(3,) the vertical in the camera's axes: the second column of the rotation from a level camera to this one."""
    rotation = _read_matrix(member, 3)
    try:
        check_axes(rotation)
    except ValueError as error:
        raise SceneError(member.path, f"rotation: {error}") from error
    return rotation[:, 1]


def _read_matrix(member: Member, side: int) -> NDArray[np.float64]:
    """A square matrix, as rows or as one list, row after row; entries may be NaN. Raises SceneError."""
    content = decode_json(member.read(MAX_BYTES), list, member.path)
    flat = [value for row in content for value in (row if isinstance(row, list) else [row])]
    if len(flat) != side * side or not all(type(value) in (int, float) for value in flat):
        raise SceneError(member.path, f"matrix: found {str(content)[:80]}, expected {side} x {side} numbers")
    return np.array(flat, dtype=np.float64).reshape(side, side)


def _on_vertical(shots: Sequence[_Shot], source: Path, dropped: Counter[str]) -> list[Frame]:
    """The frames whose pose puts the vertical where the device felt it.

    Raises:
        SceneError: most do not, so that the world's z axis is none.
    """
    limit = math.cos(math.radians(MAX_TILT_DEG))
    is_off = [shot.down is not None and not -shot.down[2] >= limit for shot in shots]
    if sum(is_off) > len(shots) / 2:
        found = (
            f"{sum(is_off)} of {len(shots)} frames whose T_gravity.json and RT.json are over {MAX_TILT_DEG:g} degrees"
        )
        raise SceneError(source, f"vertical: found {found} apart, expected a world with z up")
    dropped[OFF_VERTICAL] += sum(is_off)
    return [shot.frame for shot, off in zip(shots, is_off, strict=True) if not off]


def _turned_alike(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Frames that were each turned upright, as one video, most of it upright."""
    poses = [frame.world_from_camera for frame in frames]
    turns = turns_back(poses, [(frame.camera.width, frame.camera.height) for frame in frames])
    alike = [rotated_pose(pose, count) for pose, count in zip(poses, turns, strict=True)]
    upright = quarter_turns_to_upright(alike)
    return tuple(rotated_frame(frame, count + upright) for frame, count in zip(frames, turns, strict=True))
