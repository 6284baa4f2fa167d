"""WebDataset: tar shards of ``KEY.0.jpg, KEY.1.jpg, ..., KEY.json``, each number of images in shards of its own.

The card declares each number of images as a config: ``datasets`` keeps of a row what the first row has.
"""

import msgspec

from qagen.export._job import Exporter, ExportJob
from qagen.export._text import command, names, to_line
from qagen.records.card import TAR_SUMMARY, TAR_USAGE, Card, datasets_of, table, tar_configs, titles_of
from qagen.records.shards import TarShards, member_names

FIELDS = [
    ("`0.jpg`, `1.jpg`, ...", "the images in order"),
    (
        "`json`",
        "`question`, `answer`, `conversations` with image tags, `image` (the names of the images), `type`, ...",
    ),
    ("`__key__`", "unique name of the sample"),
]


def write(job: ExportJob) -> str:
    """Write the shards of every split, README.md and LICENSE.md."""
    shards = {split: _write_split(job, split) for split in job.splits}
    card = _card(job, shards)
    card.write(job.folder)
    return "\n".join(f"{job.home / split.files}" for config in card.configs for split in config.splits)


def _write_split(job: ExportJob, split: str) -> TarShards:
    with TarShards(job.folder, split) as shards:
        for sample, images in job.embedded(job.of_split(split)):
            members = member_names(names(sample))
            line = to_line(sample, job.draw) | {"image": list(members)}
            for name in ("dataset", "scene", "question", "answer"):
                line[name] = getattr(sample, name)
            shards.write(sample.id, list(zip(members, images, strict=True)), msgspec.json.encode(line))
    return shards


def _card(job: ExportJob, shards: dict[str, TarShards]) -> Card:
    datasets, configs = datasets_of(job.homes), tar_configs(shards)
    samples = sum(source.count for source in job.sources)
    marks = "are drawn on the images" if job.draw else "are not drawn; `spar_info` has them"
    return Card(
        title=f"Spatial questions about {titles_of(datasets)}",
        summary=f"{samples} questions with answers, generated from 3D-annotated scenes, as WebDataset shards. Points, "
        f"boxes and masks that questions name by their color {marks}.\n\n{TAR_SUMMARY}",
        datasets=datasets,
        runs=job.homes,
        samples=samples,
        configs=configs,
        fields=table(["member", "content"], FIELDS),
        counts=table(
            ["config", "split", "samples"],
            [(config.name, split.name, split.rows) for config in configs for split in config.splits],
        ),
        usage=TAR_USAGE,
        command=command("webdataset", job),
        tags=["webdataset"],
    )


EXPORTER = Exporter(write, is_published=True)
