"""Hugging Face ``datasets``: parquet shards with the images inside, a dataset card, and Croissant metadata.

``messages`` and ``images`` are what TRL's trainers read: a content item ``{"type": "image"}`` for each image. Each
family of task types is a config of its own, and ``default`` is all of them.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from qagen.export._columns import EVIDENCE, MARKS, MEANINGS, evidence_columns, mark_columns
from qagen.export._croissant import describe
from qagen.export._job import Exporter, ExportJob
from qagen.export._samples import ExportSample, RecordSource
from qagen.export._text import announce, command, reply
from qagen.records.card import Card, Config, Split, datasets_of, field_table, table, titles_of
from qagen.records.shards import IMAGES, TEXT, ParquetShards, to_image
from qagen.tasks.registry import family_of_records

FEATURES: dict[str, Any] = {
    **dict.fromkeys(("id", "dataset", "scene", "family", "type", "format", "question", "answer"), TEXT),
    "images": IMAGES,
    "messages": [{"role": TEXT, "content": [{"type": TEXT, "text": TEXT}]}],
    **MARKS,
    **EVIDENCE,
}
FIELDS = {
    "id": "unique name of the sample",
    "dataset": "folder of the run that it comes from",
    "scene": "the source's name of the scene",
    "family": "family of task types, which is the config",
    "type": "task type",
    "format": "fill (a bare value), select (a letter), sentence, judge (Yes or No)",
    "question": "plain text",
    "answer": "plain text",
    "images": "the images in order",
    "messages": "question and answer as chat messages, one image item per image",
    **MEANINGS,
}
OTHER = "other"
"""Config of types that qagen does not know."""
USAGE = 'print(row["question"], row["answer"], len(row["images"]), row["marks"], row["measured"])'


def write(job: ExportJob) -> str:
    """Write the shards of every family and split, README.md, LICENSE.md and croissant.json."""
    families: dict[str, list[RecordSource]] = {}
    for source in job.sources:
        families.setdefault(_family_of(source.file.type), []).append(source)
    configs = [_write_family(job, name, families[name]) for name in sorted(families)]
    card = _card(job, configs)
    card.write(job.folder)
    told = {name: text for name, text in FIELDS.items() if name != "messages"}  # question, answer and images again
    job.write_json("croissant.json", describe(card, configs, told, job.folder))
    return f'datasets.load_dataset("{job.home}")'


def _family_of(type_name: str) -> str:
    family = family_of_records(type_name)
    return family.name if family else OTHER


def _write_family(job: ExportJob, name: str, sources: Sequence[RecordSource]) -> Config:
    splits = []
    for split in sorted({source.file.split for source in sources}):
        with ParquetShards(job.folder / "data" / name, split, FEATURES) as shards:
            for sample, images in job.embedded([source for source in sources if source.file.split == split]):
                shards.write(_row(sample, images, name), sum(map(len, images)))
        stored = sum(path.stat().st_size for path in shards.shards)
        splits.append(Split(split, f"data/{name}/{split}-*.parquet", shards.rows, shards.memory_bytes, stored))
    return Config(name, tuple(splits), FEATURES)


def _row(sample: ExportSample, images: Sequence[bytes], family: str) -> dict[str, Any]:
    content: list[dict[str, str | None]] = []
    for before in announce(sample):
        if before:
            content.append({"type": "text", "text": before})
        content.append({"type": "image", "text": None})
    content.append({"type": "text", "text": sample.question})
    return {
        "id": sample.id,
        "dataset": sample.dataset,
        "scene": sample.scene,
        "family": family,
        "type": sample.type,
        "format": sample.format,
        "question": sample.question,
        "answer": sample.answer,
        "images": [to_image(picture.name, image) for picture, image in zip(sample.pictures, images, strict=True)],
        "messages": [
            {"role": "user", "content": content},
            {"role": "assistant", "content": [{"type": "text", "text": reply(sample)}]},
        ],
        **mark_columns(sample),
        **evidence_columns(sample),
    }


# --- the card ---------------------------------------------------------------------------------------------------------


def _card(job: ExportJob, configs: Sequence[Config]) -> Card:
    samples = sum(source.count for source in job.sources)
    datasets = datasets_of(job.homes)
    marks = "are drawn on the images" if job.draw else "are not drawn; the column `marks` has them"
    return Card(
        title=f"Spatial questions about {titles_of(datasets)}",
        summary=f"{samples} questions with answers, generated from 3D-annotated scenes. Points, boxes and masks that "
        f"questions name by their color {marks}. With each answer comes the evidence that it follows from.",
        datasets=datasets,
        runs=job.homes,
        samples=samples,
        configs=[_all_of(configs), *configs],
        fields=field_table(FIELDS),
        counts=_counts(job.sources),
        usage=USAGE,
        command=command("huggingface", job),
    )


def _all_of(configs: Sequence[Config]) -> Config:
    """The config of all families."""
    splits: dict[str, list[Split]] = {}
    for split in (split for config in configs for split in config.splits):
        splits.setdefault(split.name, []).append(split)
    merged = (
        Split(
            name,
            f"data/*/{name}-*.parquet",
            sum(part.rows for part in parts),
            sum(part.memory_bytes for part in parts),
            sum(part.stored_bytes for part in parts),
        )
        for name, parts in sorted(splits.items())
    )
    return Config("default", tuple(merged), FEATURES)


def _counts(sources: Sequence[RecordSource]) -> str:
    formats = sorted({source.file.format for source in sources})
    counts: Counter[tuple[tuple[str, str, str, str], str]] = Counter()
    for source in sources:
        row = (source.file.split, source.dataset, _family_of(source.file.type), source.file.type)
        counts[row, source.file.format] += source.count
    rows = ([*row, *(counts[row, name] or "" for name in formats)] for row in sorted({row for row, _ in counts}))
    return table(["split", "dataset", "config", "type", *formats], rows)


EXPORTER = Exporter(write, evidence="optional", is_published=True)
