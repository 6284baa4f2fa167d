"""One shuffled stream of what a mix takes: every order equally likely, the same for the same seed, in bounded memory.

Lines are distributed at random into buckets on disk, and each bucket is shuffled in memory; together that is a uniform
shuffle. Of a file that is not taken whole, random lines are taken.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from qagen.files import decode_json
from qagen.mix.plan import Share
from qagen.rng import rng_for

if TYPE_CHECKING:
    from numpy.random import Generator

BLOCK_LINES = 1 << 14
BUCKET_BYTES = 64 << 20
MAX_BUCKETS = 512
"""Maximum number of open files; above 32 GB the buckets grow instead."""


def common_root(shares: Sequence[Share]) -> Path:
    """The innermost folder that holds the images of all shares."""
    return Path(os.path.commonpath([Path(share.source.entry.root).absolute() for share in shares]))


def shuffled_lines(shares: Sequence[Share], seed: int, scratch: Path) -> Iterator[bytes]:
    """All records of a mix as lines, in random order, with image paths that start from ``common_root``.

    Args:
        scratch: a folder with room for as many bytes as the mix has.
    """
    entries = [share.source.entry for share in shares]
    line_bytes = [Path(entry.annotation).stat().st_size / entry.length for entry in entries]
    expected = sum(share.count * size for share, size in zip(shares, line_bytes, strict=True))
    buckets = min(MAX_BUCKETS, int(expected / BUCKET_BYTES) + 1)
    rng = rng_for(seed, "mix")
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".mix.") as folder:
        paths = [Path(folder) / str(number) for number in range(buckets)]
        with ExitStack() as stack:
            streams = [stack.enter_context(path.open("wb")) for path in paths]
            taken = _taken_lines(shares, seed)
            while block := list(islice(taken, BLOCK_LINES)):
                for line, bucket in zip(block, rng.integers(buckets, size=len(block)).tolist(), strict=True):
                    streams[bucket].write(line)
        for path in paths:
            with path.open("rb") as stream:
                lines = stream.readlines()  # ends at \n alone; splitlines would also at \r
            path.unlink()
            yield from (lines[index] for index in rng.permutation(len(lines)))


def _taken_lines(shares: Sequence[Share], seed: int) -> Iterator[bytes]:
    root = common_root(shares)
    for share in shares:
        entry = share.source.entry
        prefix = Path(entry.root).absolute().relative_to(root).as_posix()
        for line in draw_lines(share, rng_for(seed, "mix", entry.name)):
            yield line if prefix == "." else _prefixed(line, prefix, Path(entry.annotation))


def draw_lines(share: Share, rng: "Generator") -> Iterator[bytes]:
    """``share.count`` lines of a file: all of them for each whole round, then a random choice for the rest."""
    entry = share.source.entry
    rounds, rest = divmod(share.count, entry.length)
    left = entry.length
    with Path(entry.annotation).open("rb") as stream:
        lines = (line for number, line in enumerate(stream) if number not in share.source.left_out)
        while block := list(islice(lines, BLOCK_LINES)):
            more = int(rng.hypergeometric(rest, left - rest, len(block))) if rest else 0
            chosen = set(rng.choice(len(block), more, replace=False).tolist())
            left, rest = left - len(block), rest - more
            for number, line in enumerate(block):
                yield from [line if line.endswith(b"\n") else line + b"\n"] * (rounds + (number in chosen))


def _prefixed(line: bytes, prefix: str, path: Path) -> bytes:
    """The record with image and depth paths below ``prefix``."""
    record = decode_json(line, dict[str, Any], path)
    for key in ("image", "depth"):
        if isinstance(record.get(key), str):
            record[key] = f"{prefix}/{record[key]}"
        elif record.get(key):
            record[key] = [f"{prefix}/{name}" for name in record[key]]
    return msgspec.json.encode(record) + b"\n"
