"""ScanNet++'s ``depth.bin``: the iPhone's depth images of 256 x 192 pixels, in one of two encodings.

* Whole: one raw deflate stream of little-endian 32-bit floats, meters, frame after frame.
* Framed: for every frame a u32 with the size of its block, and the block: LZ4 of little-endian 16-bit millimeters, or
  raw deflate of floats as above.

After iphone/prepare_iphone_data.py of github.com/scannetpp/scannetpp. Walking the blocks decides which it is: only a
framed file ends exactly behind its last block.
"""

import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from qagen.core.scene import DepthSource
from qagen.errors import SceneError
from qagen.loaders.io.sens import Slice

WIDTH, HEIGHT = 256, 192
MM_BYTES = WIDTH * HEIGHT * 2
METER_BYTES = WIDTH * HEIGHT * 4
MAX_BLOCK_BYTES = METER_BYTES + 1024
"""What cannot be compressed grows a little."""
MAX_FRAMES = 1_000_000
CHECKPOINT_FRAMES = 64
"""Frames between the copies that are kept of the state of a whole stream, which can only be read forward."""
READ_BYTES = 1 << 16
_RAW_DEFLATE = -zlib.MAX_WBITS
_SIZE = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class FramedDepth:
    """One block of a framed file."""

    block: Slice
    """Where it is."""

    def read_m(self) -> NDArray[np.float32]:
        """(192, 256) depth in meters, 0 where there is none. Raises SceneError when it cannot be decoded."""
        import lz4.block

        data = self.block.read()
        with suppress(lz4.block.LZ4BlockError):
            raw = lz4.block.decompress(data, uncompressed_size=MM_BYTES)
            if len(raw) == MM_BYTES:
                return np.frombuffer(raw, "<u2").reshape(HEIGHT, WIDTH).astype(np.float32) / np.float32(1000)
        with suppress(zlib.error):
            raw = zlib.decompressobj(_RAW_DEFLATE).decompress(data, METER_BYTES + 1)
            if len(raw) == METER_BYTES:
                return _meters(raw)
        expected = f"LZ4 of {MM_BYTES} or deflate of {METER_BYTES} bytes"
        raise SceneError(self.block.container, f"depth block at offset {self.block.offset}: expected {expected}")


@dataclass(frozen=True, slots=True)
class WholeDepth:
    """One frame of a file that is a single stream."""

    file: Path
    """The file."""
    index: int
    """Number of the frame."""

    def read_m(self) -> NDArray[np.float32]:
        """(192, 256) depth in meters, 0 where there is none. Raises SceneError when it cannot be decoded."""
        try:
            status = self.file.stat()
            return _meters(_stream(self.file, status.st_mtime_ns, status.st_size).frame(self.index))
        except (OSError, zlib.error, EOFError) as error:
            raise SceneError(self.file, f"depth frame {self.index}: cannot be inflated ({error})") from error


class DepthFile:
    """All frames of a ``depth.bin``."""

    def __init__(self, path: Path) -> None:
        """Raises SceneError when the file has neither encoding."""
        self.path = path
        blocks, problem = _walk(path)
        self.blocks = blocks if problem is None else None
        if problem is not None:
            try:
                WholeDepth(path, 0).read_m()
            except SceneError as error:
                found = f"{len(blocks)} whole blocks and then {problem}" if blocks else "neither"
                expected = "sized blocks, or one deflate stream of floats"
                raise SceneError(path, f"depth: found {found}, expected {expected}") from error

    def source(self, index: int) -> DepthSource | None:
        """The depth of a frame; None behind the end of a framed file (a stream's end shows when it is read)."""
        if self.blocks is None:
            return WholeDepth(self.path, index)
        return FramedDepth(self.blocks[index]) if index < len(self.blocks) else None


def _walk(path: Path) -> tuple[list[Slice], str | None]:
    """The blocks of a framed file up to its end, or up to what is no block, and what that is."""
    blocks: list[Slice] = []
    try:
        end = path.stat().st_size
        with path.open("rb", buffering=0) as file:
            at = 0
            while at < end:
                header = file.read(_SIZE.size)
                size = _SIZE.unpack(header)[0] if len(header) == _SIZE.size else 0
                start, at = at + _SIZE.size, at + _SIZE.size + size
                if not 0 < size <= MAX_BLOCK_BYTES or at > end or len(blocks) == MAX_FRAMES:
                    return blocks, f"one of {size} bytes at offset {start} of {end}"
                blocks.append(Slice(path, start, size))
                file.seek(at)
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error
    return blocks, None if blocks else "an empty file"


def _meters(raw: bytes) -> NDArray[np.float32]:
    meters = np.frombuffer(raw, "<f4").reshape(HEIGHT, WIDTH)
    return np.where(np.isfinite(meters) & (meters > 0), meters, np.float32(0))


@lru_cache(maxsize=2)
def _stream(path: Path, modified_ns: int, size: int) -> "_Stream":
    """What is known of a file so far; a file that has changed since is another one."""
    return _Stream(path)


class _Stream:
    """A deflate stream that is entered at the last checkpoint before the wanted frame."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = [(zlib.decompressobj(_RAW_DEFLATE), 0)]
        self.position = (0, *self._resume(0))

    def _resume(self, number: int) -> "tuple[zlib._Decompress, int]":
        inflater, offset = self.checkpoints[number]
        return inflater.copy(), offset

    def frame(self, index: int) -> bytes:
        """The bytes of one frame. Raises EOFError when the stream ends before, zlib.error, OSError."""
        at, inflater, offset = self.position
        nearest = min(index // CHECKPOINT_FRAMES, len(self.checkpoints) - 1)
        if at > index or at < nearest * CHECKPOINT_FRAMES:
            at = nearest * CHECKPOINT_FRAMES
            inflater, offset = self._resume(nearest)
        raw = b""
        with self.path.open("rb") as file:
            file.seek(offset)
            for number in range(at, index + 1):
                if number == len(self.checkpoints) * CHECKPOINT_FRAMES:
                    self.checkpoints.append((inflater.copy(), file.tell()))
                raw = _take(inflater, file)
            self.position = (index + 1, inflater, file.tell())
        return raw


def _take(inflater: "zlib._Decompress", file: BinaryIO) -> bytes:
    """The next frame; no more than that is ever inflated at once."""
    pieces, missing = [], METER_BYTES
    while missing:
        data = inflater.unconsumed_tail or file.read(READ_BYTES)
        piece = inflater.decompress(data, missing)
        if not piece and (inflater.eof or not data):
            raise EOFError(f"the stream ends {missing} bytes before the frame does")
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
