"""Depth of a clip: a zip archive with one OpenEXR image a row, which holds disparity, and the camera of these images.

The pipeline resizes a frame such that it has about 384 x 512 pixels and then cuts it at the right and the bottom to
multiples of 8 (SpatialVID, camera_pose_annotation/camera_tracking/camera_tracking.py): depth shows less than its frame.
"""

import io
import math
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from qagen.core.camera import Camera
from qagen.core.reasons import DAMAGED_DEPTH
from qagen.errors import ConfigError
from qagen.loaders.io.npy import kept_zip, open_zip, read_member
from qagen.loaders.io.rgbd import ASPECT_TOLERANCE
from qagen.loaders.spatialvid.files import ClipError, refusing

FAR_LIMIT = 100.0
"""Depth beyond it is none, as in the dataset's own packed files; units of the poses."""
MAX_IMAGE_PX = 64_000_000
MAX_ARCHIVE_BYTES = 2_000_000_000
"""Limit of an archive's contents once unpacked."""
MAX_IMAGE_BYTES = 2 * MAX_IMAGE_PX + (1 << 20)
RESIZED_AREA_PX = 384 * 512
MULTIPLE = 8
DECODER_ERRORS = (OSError, RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError, MemoryError)
"""What the decoder raises where a file is no OpenEXR image or is damaged."""
_IMAGE_NAME = re.compile(r"(\d{1,9})\.exr")


@dataclass(frozen=True, slots=True)
class DepthArchive:
    """The depth images of a clip; each is decoded on demand."""

    path: Path
    """The archive."""
    members: tuple[str, ...]
    """Name in the archive of each row's image."""

    def read_disparity(self, row: int) -> NDArray[np.float32] | None:
        """(h, w) disparity of a row as it is stored, one over units of the poses; None where it cannot be decoded.

        Raises:
            ClipError: the member is damaged, too large, or is another kind of image.
        """
        with refusing(DAMAGED_DEPTH):
            content = read_member(kept_zip(self.path), self.members[row], self.path, MAX_IMAGE_BYTES)
        return self._decode(content, self.members[row])

    def _decode(self, content: bytes, member: str) -> NDArray[np.float32] | None:
        file = open_exr_module().File
        try:
            head = file(io.BytesIO(content), header_only=True, num_threads=0)
            names = [channel.name for part in head.parts for channel in part.header["channels"]]
            low, high = head.header()["dataWindow"]
        except DECODER_ERRORS:
            return None
        width, height = (int(side) for side in high.astype(np.int64) - low + 1)
        if not 0 < width * height <= MAX_IMAGE_PX:
            found = f"{width} x {height} pixels"
            raise ClipError(DAMAGED_DEPTH, self.path, f"{member}: found {found}, expected at most {MAX_IMAGE_PX}")
        if names != ["Z"]:
            raise ClipError(DAMAGED_DEPTH, self.path, f"{member}: found channels {names}, expected ['Z'] (disparity)")
        try:
            pixels = file(io.BytesIO(content), num_threads=0).channels()["Z"].pixels
        except DECODER_ERRORS:
            return None
        if pixels.dtype != np.float16:
            found = f"Z of type {pixels.dtype}"
            raise ClipError(DAMAGED_DEPTH, self.path, f"{member}: found {found}, expected float16 (HALF)")
        return pixels.astype(np.float32) if pixels.shape == (height, width) else None

    def read_depth(self, row: int) -> NDArray[np.float32] | None:
        """(h, w) planar depth of a row, units of the poses, 0 for none; None where it cannot be decoded.

        Raises:
            ClipError: as read_disparity.
        """
        disparity = self.read_disparity(row)
        return None if disparity is None else depth_of(disparity)


def depth_of(disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depth as one over disparity; 0, which is none, where disparity is not finite or not above 0, or depth is beyond
    FAR_LIMIT. Shapes are equal; units are those of the poses."""
    is_valid = np.isfinite(disparity) & (disparity > 0)
    depth = np.divide(np.float32(1), disparity, out=np.zeros_like(disparity), where=is_valid)
    return np.where(depth <= FAR_LIMIT, depth, np.float32(0))


def open_depth(path: Path) -> DepthArchive:
    """The depth images of a clip, none of them decoded yet.

    Raises:
        ClipError: the archive is damaged or too large, or its images are not 00000.exr and so on.
        ConfigError: OpenEXR is not installed.
    """
    open_exr_module()
    with refusing(DAMAGED_DEPTH), open_zip(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    total = sum(info.file_size for info in infos)
    if total > MAX_ARCHIVE_BYTES:
        raise ClipError(DAMAGED_DEPTH, path, f"found {total} bytes unpacked, expected at most {MAX_ARCHIVE_BYTES}")
    rows: dict[int, str] = {}
    for info in infos:
        match = _IMAGE_NAME.fullmatch(PurePosixPath(info.filename).name)
        if match is None or int(match[1]) in rows:
            raise ClipError(DAMAGED_DEPTH, path, f"{info.filename}: found this member, expected one 00000.exr a row")
        rows[int(match[1])] = info.filename
    if sorted(rows) != list(range(len(rows))):
        found = f"{len(rows)} images, the last of which is {max(rows):05d}.exr"
        raise ClipError(DAMAGED_DEPTH, path, f"members: found {found}, expected 00000.exr and so on without a gap")
    return DepthArchive(path, tuple(rows[row] for row in range(len(rows))))


def open_exr_module() -> ModuleType:
    """The reader of OpenEXR. Raises ConfigError where it is not installed."""
    try:
        import OpenEXR
    except ImportError as error:
        install = "pip install 'spatial-qagen[spatialvid]'"
        raise ConfigError(f"OpenEXR, which reads the depth of SpatialVID, is not installed; {install}") from error
    return OpenEXR


def resized_size(width: int, height: int) -> tuple[int, int]:
    """Width and height to which the pipeline resizes a frame of this size before it is cut: 1280 x 720 to 591 x 332."""
    scale = math.sqrt(RESIZED_AREA_PX / (width * height))
    return int(width * scale), int(height * scale)


def cut_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the depth images of frames of this size: 1280 x 720 to 584 x 328."""
    resized = resized_size(width, height)
    return resized[0] - resized[0] % MULTIPLE, resized[1] - resized[1] % MULTIPLE


def uncut_size(color: Camera, width: int, height: int, path: Path) -> tuple[int, int]:
    """Width and height of the whole frame at the resolution of depth images of this size.

    Depth of the frame's own size shows the frame; of the pipeline's size, it is cut at the right and the bottom; of
    another size and the frame's aspect, it is taken as resized alone.

    Raises:
        ClipError: it has neither that size nor the frame's aspect.
    """
    if (width, height) == (color.width, color.height):
        return width, height
    cut = cut_size(color.width, color.height)
    if (width, height) == cut:
        return resized_size(color.width, color.height)
    if abs(width * color.height / (height * color.width) - 1) > ASPECT_TOLERANCE:
        found = f"{width} x {height} pixels beside a video of {color.width} x {color.height}"
        expected = f"{cut[0]} x {cut[1]}, or the aspect of the video"
        raise ClipError(DAMAGED_DEPTH, path, f"depth images: found {found}, expected {expected}")
    return width, height


def depth_camera(color: Camera, width: int, height: int, path: Path) -> Camera:
    """The pinhole of depth images of this size beside frames of the camera ``color``. Raises as uncut_size."""
    whole = color.scaled(*uncut_size(color, width, height, path))
    return Camera(whole.fx, whole.fy, whole.cx, whole.cy, width, height)


def on_depth(mask: NDArray[np.bool_], uncut: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(h, w) whether a pixel of depth shows any of the pixels of a mask of the frame.

    Args:
        mask: (height, width) of the frame.
        uncut: width and height of the whole frame at the resolution of depth.
        shape: h and w of depth, at most those of ``uncut``.
    """
    import cv2

    share = np.asarray(cv2.resize(mask.astype(np.float32), uncut, interpolation=cv2.INTER_AREA))
    return share[: shape[0], : shape[1]] > 0
