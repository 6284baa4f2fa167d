"""Merge checkpoints into one shuffled file per type and format.

External shuffle: lines are distributed into buckets by target position, then each bucket is ordered in memory. Reading
and writing are sequential; memory holds one bucket and about 24 bytes per line.
"""

import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

import msgspec
import numpy as np
from numpy.typing import NDArray

from qagen.core.sample import FORMATS
from qagen.files import open_atomic, write_atomic, writing
from qagen.pipeline.checkpoint import LINES, Block
from qagen.pipeline.layout import Layout
from qagen.rng import rng_for
from qagen.stages import each

KINDS = ("qa", "evidence")
BUCKET_BYTES = 64 * 2**20
MAX_BUCKETS = 256
"""Maximum number of open bucket files; a process may usually open 1024."""


@dataclass(slots=True)
class MergeGroup:
    """Where the samples of one type and format are stored."""

    lines: int = 0
    """Number of samples over all scenes."""
    text_bytes: list[int] = field(default_factory=lambda: [0, 0])
    """Uncompressed size of the records and of the evidence."""
    blocks: array = field(default_factory=lambda: array("q"))
    """Four numbers per block: index of the scene, first byte, stored bytes of records, stored bytes of evidence."""

    def add(self, scene: int, start: int, block: Block) -> None:
        """Add a block of a scene."""
        self.lines += block.lines
        for i in range(len(KINDS)):
            self.text_bytes[i] += block.text_bytes[i]
        self.blocks.extend((scene, start, *block.stored_bytes))


class MergeGroups(dict[tuple[str, str], MergeGroup]):
    """Merge groups by type and format."""

    def add_scene(self, scene: int, blocks: Sequence[Block]) -> None:
        """Add a scene's blocks, which are stored one after the other in its file."""
        start = 0
        for block in blocks:
            self.setdefault((block.type, block.format), MergeGroup()).add(scene, start, block)
            start += sum(block.stored_bytes)


class Merged(msgspec.Struct, frozen=True):
    """What the merged files of a split were made of, and their sizes."""

    made_of: str
    """Hash of settings and checkpoints."""
    files: dict[str, int]
    """Size of every file in bytes, by its path below <out>/<dataset>."""


def is_merged(layout: Layout, made_of: str) -> bool:
    """Whether the merged files are complete and were made of exactly this."""
    try:
        merged = msgspec.json.decode((layout.checkpoints / "merged.json").read_bytes(), type=Merged)
        sizes = {name: (layout.root / name).stat().st_size for name in merged.files}
    except (OSError, msgspec.DecodeError):
        return False
    return merged == Merged(made_of, sizes)


def record_merged(layout: Layout, made_of: str, files: Sequence[Path]) -> None:
    """Record that the merged files are complete; the last step of a run."""
    sizes = {str(path.relative_to(layout.root)): path.stat().st_size for path in files}
    write_atomic(layout.checkpoints / "merged.json", msgspec.json.encode(Merged(made_of, sizes)))


def merge_checkpoints(
    layout: Layout, scene_ids: Sequence[str], groups: MergeGroups, types: Sequence[str], seed: int
) -> list[Path]:
    """Write one file per type, format and kind; remove files of the same types that an earlier run left.

    The order of lines depends on the seed and the order of the scenes alone.

    Args:
        scene_ids: scene ids, in the order that the indices in ``groups`` refer to.
        types: all types of the run, including those without samples.

    Returns:
        The written files.
    """
    written = []
    with writing(layout.root):
        layout.scratch.mkdir(parents=True, exist_ok=True)
        for type_name in each("merging, by type", sorted(types)):
            for answer_format in FORMATS:
                group = groups.get((type_name, answer_format), MergeGroup())
                written += _merge_group(layout, scene_ids, group, type_name, answer_format, seed)
    return written


def _merge_group(
    layout: Layout, scene_ids: Sequence[str], group: MergeGroup, type_name: str, answer_format: str, seed: int
) -> list[Path]:
    written = []
    order = rng_for(seed, "shuffle", layout.split, type_name, answer_format).permutation(group.lines)
    for position, kind in enumerate(KINDS):
        target = layout.lines(kind, type_name, answer_format) / f"{answer_format}_{group.lines}.jsonl"
        if group.lines:
            lines = read_lines(layout, scene_ids, group, position)
            with open_atomic(target) as file:
                file.writelines(shuffled(lines, order, group.text_bytes[position], layout.scratch))
            written.append(target)
        for old in target.parent.glob(f"{answer_format}_*.jsonl"):
            if old not in written:
                old.unlink()
    return written


def read_lines(layout: Layout, scene_ids: Sequence[str], group: MergeGroup, position: int) -> Iterator[bytes]:
    """The records (position 0) or evidence (position 1) of a group, scene by scene."""
    for row in np.frombuffer(group.blocks, np.int64).reshape(-1, 4):
        scene, start, records, evidence = (int(number) for number in row)
        with (layout.checkpoint(scene_ids[scene]) / LINES).open("rb") as file:
            file.seek(start + position * records)
            text = zlib.decompress(file.read(evidence if position else records))
        yield from text.splitlines(keepends=True)


def shuffled(
    lines: Iterator[bytes], order: NDArray[np.int64], text_bytes: int, scratch: Path, bucket_bytes: int = BUCKET_BYTES
) -> Iterator[bytes]:
    """Reorder lines: the i-th line returned is line ``order[i]`` of those given.

    Args:
        lines: n lines.
        order: (n,) a permutation.
        text_bytes: total size of the lines.
        scratch: an existing folder with that much free space.
        bucket_bytes: approximate memory in use.
    """
    count = len(order)
    bucket_count = min(max(1, -(-text_bytes // bucket_bytes)), MAX_BUCKETS)
    target = np.empty(count, np.int64)
    target[order] = np.arange(count)
    bucket_of_line = (target * bucket_count // count).astype(np.int16)
    with ExitStack() as stack:
        buckets = [stack.enter_context(TemporaryFile(dir=scratch)) for _ in range(bucket_count)]
        for bucket, line in zip(bucket_of_line, lines, strict=True):
            buckets[bucket].write(line)
        for number, bucket in enumerate(buckets):
            bucket.seek(0)
            content = bucket.readlines()
            yield from (content[i] for i in np.argsort(target[bucket_of_line == number]))
            del content
            bucket.truncate(0)
