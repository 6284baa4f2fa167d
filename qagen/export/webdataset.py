"""WebDataset: tar shards of ``KEY.0.jpg, KEY.1.jpg, ..., KEY.json``.

``datasets`` refuses shards whose samples have different members, so that each number of images has its own shards:
``train-2jpg-000000.tar``. Keys hold no ".", which ends a key.
"""

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from qagen.export._job import Exporter, Job
from qagen.export._samples import Sample
from qagen.export._text import to_line

SHARD_BYTES = 400 << 20


class TarShards:
    """The shards of samples with the same members."""

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem
        self._count = self._bytes = 0
        self._tar: tarfile.TarFile | None = None

    def write(self, key: str, members: Sequence[tuple[str, bytes]]) -> None:
        """Add a sample; its members follow one another."""
        if self._tar is None or self._bytes >= SHARD_BYTES:
            self._next()
        assert self._tar is not None
        for name, content in members:
            info = tarfile.TarInfo(f"{key}.{name}")
            info.size = len(content)
            self._tar.addfile(info, io.BytesIO(content))
            self._bytes += len(content)

    def close(self) -> None:
        """Finish the last shard."""
        if self._tar is not None:
            self._tar.close()

    def _next(self) -> None:
        self.close()
        self._tar = tarfile.open(self._folder / f"{self._stem}-{self._count:06d}.tar", "w")  # noqa: SIM115
        self._count, self._bytes = self._count + 1, 0


def write(job: Job) -> str:
    """Write the shards of every split."""
    stems = [stem for split in job.splits for stem in _write_split(job, split)]
    return "\n".join(f"{job.home / stem}-*.tar" for stem in stems)


def _write_split(job: Job, split: str) -> list[str]:
    groups: dict[str, TarShards] = {}
    for sample, images in job.embedded(job.of_split(split)):
        names = [f"{i}{Path(picture.name).suffix.lower()}" for i, picture in enumerate(sample.pictures)]
        stem = f"{split}-{_group(names)}"
        shards = groups.setdefault(stem, TarShards(job.folder, stem))
        told = msgspec.json.encode(_to_json(sample, names, job.draw))
        shards.write(sample.id, [*zip(names, images, strict=True), ("json", told)])
    for shards in groups.values():
        shards.close()
    return sorted(groups)


def _group(names: Sequence[str]) -> str:
    """``3jpg``, or ``2jpg1png`` where a sample mixes both."""
    endings = [Path(name).suffix[1:] for name in names]
    return "".join(f"{endings.count(ending)}{ending}" for ending in sorted(set(endings)))


def _to_json(sample: Sample, names: Sequence[str], draw: bool) -> dict[str, Any]:
    line = to_line(sample, draw)
    told = {"dataset": sample.dataset, "scene": sample.scene, "question": sample.question, "answer": sample.answer}
    return line | {"image": list(names)} | told


EXPORTER = Exporter(write)
