"""WebDataset: tar shards of ``KEY.0.jpg, KEY.1.jpg, ..., KEY.json``, each number of images in shards of its own."""

import msgspec

from qagen.export._job import Exporter, ExportJob
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
            line = to_line(sample, job.draw) | {"image": list(members)}
            for name in ("dataset", "scene", "question", "answer"):
                line[name] = getattr(sample, name)
            shards.write(sample.id, list(zip(members, images, strict=True)), msgspec.json.encode(line))
    return shards.stems


EXPORTER = Exporter(write)
