"""Finished scenes' parts to one shuffled file per type and format.

A file's lines are dealt into piles by their place in it, one scene after the other, and each pile is put in order:
reading and writing are sequential, and memory holds one pile and some 24 bytes a line, however many there are.
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

from qagen.files import replace_whole, write_atomic, writing
from qagen.pipeline.checkpoint import LINES, Block
from qagen.pipeline.layout import Layout
from qagen.rng import rng_for
from qagen.tasks._base import FORMATS

KINDS = ("qa", "evidence")
PILE_BYTES = 64 * 2**20
MOST_PILES = 256
"""Open at once; a process may usually open 1024 files."""


@dataclass(slots=True)
class MergeGroup:
    """Where the samples of one type and format are."""

    lines: int = 0
    """Samples of all scenes."""
    text_bytes: list[int] = field(default_factory=lambda: [0, 0])
    """Size of their records and of their evidence."""
    blocks: array = field(default_factory=lambda: array("q"))
    """Four numbers a block: scene's index, first byte, stored bytes of records, stored bytes of evidence."""

    def add(self, scene: int, start: int, block: Block) -> None:
        """Note a block of a scene."""
        self.lines += block.lines
        for i in range(len(KINDS)):
            self.text_bytes[i] += block.text_bytes[i]
        self.blocks.extend((scene, start, *block.stored_bytes))


class MergeGroups(dict[tuple[str, str], MergeGroup]):
    """By type and format."""

    def add(self, scene: int, blocks: Sequence[Block]) -> None:
        """Note a scene's blocks, which lie one behind the other in its file."""
        start = 0
        for block in blocks:
            self.setdefault((block.type, block.format), MergeGroup()).add(scene, start, block)
            start += sum(block.stored_bytes)


class Merged(msgspec.Struct, frozen=True):
    """What the merged files of a split were made of, and how long they were."""

    made_of: str
    """Hash of settings and parts."""
    files: dict[str, int]
    """Bytes of every file, by its path below <out>/<dataset>."""


def is_merged(layout: Layout, made_of: str) -> bool:
    """Whether the files are there and were made of just this."""
    try:
        merged = msgspec.json.decode((layout.parts / "merged.json").read_bytes(), type=Merged)
        sizes = {name: (layout.root / name).stat().st_size for name in merged.files}
    except (OSError, msgspec.DecodeError):
        return False
    return merged == Merged(made_of, sizes)


def record_merged(layout: Layout, made_of: str, files: Sequence[Path]) -> None:
    """Remember that the files are whole; the last thing that a run does."""
    sizes = {str(path.relative_to(layout.root)): path.stat().st_size for path in files}
    write_atomic(layout.parts / "merged.json", msgspec.json.encode(Merged(made_of, sizes)))


def merge_parts(
    layout: Layout, scene_ids: Sequence[str], groups: MergeGroups, types: Sequence[str], seed: int
) -> list[Path]:
    """Write one file per type, format and kind, and remove those of the same types that an earlier run left.

    The order is drawn from the seed and the order of the scenes alone.

    Args:
        scene_ids: the scenes by the indices that ``groups`` uses.
        types: all types of the run, also those without samples.

    Returns:
        The files.
    """
    written = []
    with writing(layout.root):
        layout.scratch.mkdir(parents=True, exist_ok=True)
        for type_name in sorted(types):
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
            replace_whole(target, shuffled(lines, order, group.text_bytes[position], layout.scratch))
            written.append(target)
        for old in target.parent.glob(f"{answer_format}_*.jsonl"):
            if old not in written:
                old.unlink()
    return written


def read_lines(layout: Layout, scene_ids: Sequence[str], group: MergeGroup, position: int) -> Iterator[bytes]:
    """A group's records (position 0) or evidence (1), scene by scene."""
    for row in np.frombuffer(group.blocks, np.int64).reshape(-1, 4):
        scene, start, records, evidence = (int(number) for number in row)
        with (layout.part(scene_ids[scene]) / LINES).open("rb") as file:
            file.seek(start + position * records)
            text = zlib.decompress(file.read(evidence if position else records))
        yield from text.splitlines(keepends=True)


def shuffled(
    lines: Iterator[bytes], order: NDArray[np.int64], text_bytes: int, scratch: Path, pile_bytes: int = PILE_BYTES
) -> Iterator[bytes]:
    """Lines so that the i-th is number ``order[i]`` of those given.

    Args:
        text_bytes: size of all lines together.
        scratch: an existing folder with as much space.
        pile_bytes: so much is held in memory, roughly.
    """
    count = len(order)
    piles_wanted = min(max(1, -(-text_bytes // pile_bytes)), MOST_PILES)
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    pile_of = (place * piles_wanted // count).astype(np.int16)
    with ExitStack() as stack:
        piles = [stack.enter_context(TemporaryFile(dir=scratch)) for _ in range(piles_wanted)]
        for pile, line in zip(pile_of, lines, strict=True):
            piles[pile].write(line)
        for number, pile in enumerate(piles):
            pile.seek(0)
            dealt = pile.readlines()
            yield from (dealt[i] for i in np.argsort(place[pile_of == number]))
            del dealt
            pile.truncate(0)
