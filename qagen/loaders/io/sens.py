"""The .sens container of ScanNet's capture app: calibration, then one record after the other for every frame.

Little endian. Version 4, and version 3, which only lacks the inertial data behind the frames::

    u32 version | u64 length, sensor name
    f32[16] each: color intrinsic, color extrinsic, depth intrinsic, depth extrinsic (row-major)
    i32 color compression, i32 depth compression | u32 color width, height, depth width, height
    f32 depth units per meter | u64 number of frames
    per frame: f32[16] camera-to-world | u64 color time, depth time (µs) | u64 color bytes, depth bytes
               | color | depth

Layout after the dataset's own reader (SensReader/c++/README.txt and sensorData.h of github.com/ScanNet/ScanNet).
Opening a file reads the frame headers only; images are read from their offsets when they are asked for.
"""

import os
import struct
import zlib
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qagen.core.orientation import as_stored
from qagen.errors import SceneError
from qagen.loaders.io.images import image_size
from qagen.loaders.io.rgbd import FRAMES_PER_SECOND, RawFrame, Recording, check_identity, fit_camera, pinhole

VERSIONS = (3, 4)
MAX_NAME_BYTES = 4096
MAX_SIDE_PX = 8192
MAX_DEPTH_UNITS_PER_M = 1e6
_COLOR_SUFFIX = {0: "", 1: ".png", 2: ".jpg"}
_DEPTH_COMPRESSION: dict[int, Literal["raw", "zlib"]] = {0: "raw", 1: "zlib"}
_OCCI = 2
_MATRICES = ("intrinsic_color", "extrinsic_color", "intrinsic_depth", "extrinsic_depth")
_SETTINGS = struct.Struct("<iiIIIIfQ")
_FRAME = struct.Struct("<64s4Q")


@dataclass(frozen=True, slots=True)
class Slice:
    """A run of bytes inside a file."""

    container: Path
    """The file."""
    offset: int
    """First byte."""
    size: int
    """Number of bytes."""

    def read(self) -> bytes:
        """Raises SceneError when the file has become shorter or cannot be read."""
        try:
            with self.container.open("rb") as file:
                file.seek(self.offset)
                data = file.read(self.size)
        except OSError as error:
            raise SceneError(self.container, f"cannot be read ({error.strerror})") from error
        if len(data) != self.size:
            found = f"{len(data)} bytes at offset {self.offset}"
            raise SceneError(self.container, f"image data: found {found}, expected {self.size}")
        return data


@dataclass(frozen=True, slots=True)
class SensColor:
    """A color image inside a .sens file; JPEG and PNG bytes are handed through, but for notes of orientation."""

    data: Slice
    """Where the image is."""
    stored_suffix: str
    """".jpg" or ".png"; empty for bare RGB pixels, which are handed over as a PNG."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""

    @property
    def suffix(self) -> str:
        return self.stored_suffix or ".png"

    @property
    def path(self) -> None:
        return None

    def read_bytes(self) -> bytes:
        """The encoded image. Raises SceneError when bare pixels are not width x height x 3 bytes."""
        data = self.data.read()
        if self.stored_suffix:
            return as_stored(data, self.data.container)
        _check_pixel_bytes(self.data, len(data), self.width * self.height * 3)
        png = BytesIO()
        Image.frombytes("RGB", (self.width, self.height), data).save(png, format="PNG", compress_level=1)
        return png.getvalue()


@dataclass(frozen=True, slots=True)
class SensDepth:
    """A depth image inside a .sens file: 16-bit units, bare or zlib-compressed."""

    data: Slice
    """Where the image is."""
    compression: Literal["raw", "zlib"]
    """How it is stored."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    units_per_m: float
    """Stored units in a meter."""

    def read_m(self) -> NDArray[np.float32]:
        """(height, width) depth in meters, 0 where there is none. Raises SceneError when it cannot be decoded."""
        expected = self.width * self.height * 2
        data = self.data.read()
        if self.compression == "zlib":
            data = _inflate(self.data, data, expected)
        _check_pixel_bytes(self.data, len(data), expected)
        units = np.frombuffer(data, dtype="<u2").reshape(self.height, self.width)
        return units.astype(np.float32) / np.float32(self.units_per_m)


@dataclass(frozen=True, slots=True, eq=False)
class SensHeader:
    """What a .sens file says before its first frame, checked."""

    matrices: dict[str, NDArray[np.float64]]
    """(4, 4) each: intrinsic_color, extrinsic_color, intrinsic_depth, extrinsic_depth."""
    color_suffix: str
    """Encoding of color images, empty for bare pixels."""
    depth_compression: Literal["raw", "zlib"]
    """Encoding of depth images."""
    color_size: tuple[int, int]
    """Width and height, pixels."""
    depth_size: tuple[int, int]
    """Width and height, pixels."""
    units_per_m: float
    """Depth units in a meter."""
    frame_count: int
    """Frames that the file claims."""


def read_sens(path: Path) -> Recording:
    """Read calibration, poses and the places of all images; no image is loaded but the first, for its size.

    Raises:
        SceneError: the file is truncated, contradicts itself, or holds an encoding that cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            end = os.fstat(file.fileno()).st_size
            header = read_header(file, path, end)
            frames = [_read_frame(file, path, end, header, index) for index in range(header.frame_count)]
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error
    if all(a.time_s < b.time_s for a, b in pairwise(frames)):
        frames = [replace(frame, time_s=frame.time_s - frames[0].time_s) for frame in frames]
    else:  # the sensor's clock stands still or goes back
        frames = [replace(frame, time_s=frame.index / FRAMES_PER_SECOND) for frame in frames]
    color_size = image_size(frames[0].color, path)
    color_camera = fit_camera(header.matrices["intrinsic_color"], header.color_size, color_size, path, "color")
    return Recording(color_camera, pinhole(header.matrices["intrinsic_depth"], header.depth_size), frames)


def read_header(file: BinaryIO, path: Path, end: int) -> SensHeader:
    """Read up to the first frame of a file that is ``end`` bytes long. Raises SceneError naming the bad field."""
    (version,) = struct.unpack("<I", _take(file, 4, path, "version"))
    _expect(version in VERSIONS, path, "version", version, "3 or 4 (is this a .sens file?)")
    (name_bytes,) = struct.unpack("<Q", _take(file, 8, path, "sensor name length"))
    _expect(name_bytes <= MAX_NAME_BYTES, path, "sensor name length", name_bytes, f"at most {MAX_NAME_BYTES}")
    _take(file, name_bytes, path, "sensor name")
    matrices = {name: _matrix(_take(file, 64, path, name)) for name in _MATRICES}
    for name in ("extrinsic_color", "extrinsic_depth"):
        check_identity(matrices[name], path, name)
    settings = _SETTINGS.unpack(_take(file, _SETTINGS.size, path, "image settings"))
    color_code, depth_code, *sides, units_per_m, frame_count = settings
    _check_settings(path, color_code, depth_code, sides, units_per_m)
    room = (end - file.tell()) // _FRAME.size
    _expect(0 < frame_count <= room, path, "number of frames", frame_count, f"1 to {room}, for which there is room")
    return SensHeader(
        matrices=matrices,
        color_suffix=_COLOR_SUFFIX[color_code],
        depth_compression=_DEPTH_COMPRESSION[depth_code],
        color_size=(sides[0], sides[1]),
        depth_size=(sides[2], sides[3]),
        units_per_m=units_per_m,
        frame_count=frame_count,
    )


def _check_settings(path: Path, color_code: int, depth_code: int, sides: list[int], units_per_m: float) -> None:
    _expect(color_code in _COLOR_SUFFIX, path, "color compression", color_code, "0 (raw), 1 (png) or 2 (jpeg)")
    reason = "0 (raw) or 1 (zlib); type 2 (occi) is a closed codec of the sensor's maker"
    _expect(depth_code in _DEPTH_COMPRESSION, path, "depth compression", depth_code, reason)
    names = ("color width", "color height", "depth width", "depth height")
    for name, side in zip(names, sides, strict=True):
        _expect(0 < side <= MAX_SIDE_PX, path, name, side, f"1 to {MAX_SIDE_PX} pixels")
    allowed = f"1 to {MAX_DEPTH_UNITS_PER_M:.0f}"
    _expect(1 <= units_per_m <= MAX_DEPTH_UNITS_PER_M, path, "depth units per meter", units_per_m, allowed)


def _read_frame(file: BinaryIO, path: Path, end: int, header: SensHeader, index: int) -> RawFrame:
    """One frame whose time is still the sensor's own clock."""
    where = f"frame {index} of {header.frame_count}"
    pose, color_time_us, _, color_bytes, depth_bytes = _FRAME.unpack(_take(file, _FRAME.size, path, where))
    color_at = file.tell()
    depth_at = color_at + color_bytes
    missing = depth_at + depth_bytes - end
    _expect(missing <= 0, path, where, f"images that end {missing} bytes behind the file's end", "a complete file")
    file.seek(depth_at + depth_bytes)
    color = SensColor(Slice(path, color_at, color_bytes), header.color_suffix, *header.color_size)
    depth_slice = Slice(path, depth_at, depth_bytes)
    depth = SensDepth(depth_slice, header.depth_compression, *header.depth_size, header.units_per_m)
    return RawFrame(index, _matrix(pose), color, depth, color_time_us / 1e6)


def _inflate(data: Slice, compressed: bytes, expected: int) -> bytes:
    """Inflate to at most one byte more than expected, so that a bomb costs nothing."""
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(compressed, expected + 1)
    except zlib.error as error:
        raise SceneError(
            data.container, f"depth image at offset {data.offset}: cannot be inflated ({error})"
        ) from error
    if len(inflated) == expected and not stream.eof:
        raise SceneError(data.container, f"depth image at offset {data.offset}: found no end, expected a whole stream")
    return inflated


def _check_pixel_bytes(data: Slice, found: int, expected: int) -> None:
    if found != expected:
        more = "more than " if found > expected else ""
        shown = f"{more}{min(found, expected)} bytes of pixels"
        raise SceneError(data.container, f"image at offset {data.offset}: found {shown}, expected {expected}")


def _take(file: BinaryIO, size: int, path: Path, name: str) -> bytes:
    data = file.read(size)
    _expect(len(data) == size, path, name, f"the end of the file after {len(data)} bytes", f"{size} bytes")
    return data


def _matrix(data: bytes) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # a damaged value may be a signalling NaN; it is refused where it is used
        return np.frombuffer(data, dtype="<f4").reshape(4, 4).astype(np.float64)


def _expect(holds: bool, path: Path, name: str, found: object, expected: str) -> None:
    if not holds:
        raise SceneError(path, f"{name}: found {found}, expected {expected}")
