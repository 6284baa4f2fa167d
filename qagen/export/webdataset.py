"""WebDataset: tar shards of ``KEY.0.jpg, KEY.1.jpg, ..., KEY.json``, each number of images in shards of its own."""

from collections.abc import Sequence
from typing import Any

import msgspec

from qagen.export._job import Exporter, ExportJob
from qagen.export._samples import ExportSample
from qagen.export._text import names, to_line
from qagen.records.shards import TarShards, member_names


def write(job: ExportJob) -> str:
    """Write the shards of every split."""
    stems = [stem for split in job.splits for stem in _write_split(job, split)]
    return "\n".join(f"{job.home / stem}-*.tar" for stem in stems)


def _write_split(job: ExportJob, split: str) -> list[str]:
    with TarShards(job.folder, split) as shards:
        for sample, images in job.embedded(job.of_split(split)):
            members = member_names(names(sample))
            told = msgspec.json.encode(_to_json(sample, members, job.draw))
            shards.write(sample.id, list(zip(members, images, strict=True)), told)
    return shards.stems


def _to_json(sample: ExportSample, members: Sequence[str], draw: bool) -> dict[str, Any]:
    line = to_line(sample, draw)
    told = {"dataset": sample.dataset, "scene": sample.scene, "question": sample.question, "answer": sample.answer}
    return line | {"image": list(members)} | told


EXPORTER = Exporter(write)
