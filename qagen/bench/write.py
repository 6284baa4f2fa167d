"""A benchmark on disk: parquet and JSONL in SPAR-Bench's columns, images with their marks drawn.

<dir>/test.parquet, tiny.parquet   the questions with their images inside
<dir>/test.jsonl, tiny.jsonl       the same with paths of images
<dir>/images/<id>_<n>.jpg          the images
<dir>/sources.jsonl                which record of which scene each question is
<dir>/README.md, LICENSE.md        a dataset card with the counts, and the terms of the images
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from qagen.bench.draw import BenchQuestion, by_task
from qagen.errors import QagenError
from qagen.records.card import Card, Config, Split, datasets_of, field_table, table, titles_of
from qagen.records.read import RecordLine
from qagen.records.shards import TEXT, make_schema
from qagen.records.sparbench import FEATURES, MEANINGS

GROUPS = "Questions with the same group ask about one fact: variant says how. A group is right if all of it is."
GROUP_COLUMNS = ("group", "variant")
"""Columns of benchmarks with consistency groups: which one, and what the question is in it."""
GROUP_MEANINGS = {
    "group": "questions of one fact share it; empty for a question of its own",
    "variant": "what the question is in its group",
}
USAGE = "print(row)"
HELD_OUT = (
    "Questions for testing, from scenes of which no other split of the run has any, balanced over letters, answers and "
    "scenes. Do not train on them."
)
BATCH = 32
"""Number of questions whose images are in memory at once."""


def write(folder: Path, questions: Sequence[BenchQuestion], small: set[int], command: str) -> None:
    """Write a benchmark into a new folder.

    Args:
        folder: where to.
        questions: those of the benchmark.
        small: ids of the tiny one.
        command: what drew it, for its card.

    Raises:
        QagenError: an image is missing or cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "images").mkdir(parents=True)
    is_grouped = any(question.candidate.group for question in questions)
    features = {**FEATURES, **(dict.fromkeys(GROUP_COLUMNS, TEXT) if is_grouped else {})}
    schema = make_schema(features)
    memory_bytes: Counter[str] = Counter()
    todo = iter(questions)
    with (
        ThreadPoolExecutor() as threads,
        (folder / "sources.jsonl").open("w") as sources,
        (folder / "test.jsonl").open("w") as full_lines,
        (folder / "tiny.jsonl").open("w") as tiny_lines,
        pq.ParquetWriter(folder / "test.parquet", schema) as full,
        pq.ParquetWriter(folder / "tiny.parquet", schema) as tiny,
    ):
        while batch := list(islice(todo, BATCH)):
            rows = list(threads.map(lambda question: _row(question, folder, is_grouped), batch))
            for question in batch:
                line = question.candidate.line
                source = {"id": question.id, "record": line.id, "scene": line.scene, "split": line.file.split}
                source |= _group_columns(question) if is_grouped else {}
                sources.write(json.dumps(source) + "\n")
            for name, lines, writer, kept in (
                ("test", full_lines, full, rows),
                ("tiny", tiny_lines, tiny, [row for row in rows if row["id"] in small]),
            ):
                for row in kept:
                    paths = [f"images/{image['path']}" for image in row["image"]]
                    lines.write(json.dumps({**row, "image": paths}) + "\n")
                if kept:
                    table_rows = pa.RecordBatch.from_pylist(kept, schema)
                    memory_bytes[name] += table_rows.nbytes
                    writer.write_batch(table_rows)
    configs = [
        Config(config, (one_file(folder / f"{name}.parquet", rows, memory_bytes[name]),), features, name == "test")
        for config, name, rows in (("full", "test", len(questions)), ("tiny", "tiny", len(small)))
    ]
    _card(questions, small, configs, command).write(folder)


def one_file(path: Path, rows: int, memory_bytes: int, name: str = "test") -> Split:
    """A split that is one file."""
    return Split(name, path.name, rows, memory_bytes, path.stat().st_size)


def _group_columns(question: BenchQuestion) -> dict[str, str]:
    """The consistency group of a question and what it is there, empty for a question of its own."""
    candidate = question.candidate
    group = f"{candidate.line.file.dataset.resolve().name}-{candidate.group}" if candidate.group else ""
    return dict(zip(GROUP_COLUMNS, (group, candidate.variant), strict=True))


def _row(question: BenchQuestion, folder: Path, is_grouped: bool) -> dict[str, Any]:
    """A question in SPAR-Bench's columns, with its group if there are any; its images are written on the way."""
    record = question.candidate.line.read()
    images = [
        {"bytes": content, "path": f"{question.id}_{index}{suffix}"}
        for index, (content, suffix) in enumerate(drawn_images(question.candidate.line, record))
    ]
    for image in images:
        (folder / "images" / image["path"]).write_bytes(image["bytes"])
    human, gpt = (turn["value"] for turn in record["conversations"])
    return {
        "id": question.id,
        "img_type": "single_view" if len(images) == 1 else "multi_view",
        "format_type": question.format,
        "task": question.task,
        "source": question.candidate.line.file.dataset.resolve().name,
        "image": images,
        "question": human,
        "answer": gpt,
        **(_group_columns(question) if is_grouped else {}),
    }


def drawn_images(line: RecordLine, record: Mapping[str, Any]) -> Iterator[tuple[bytes, str]]:
    """Bytes and suffix of a record's images, with their marks drawn; images without marks stay as they are."""
    from PIL.Image import DecompressionBombError

    from qagen.records.images import image_path, read_image
    from qagen.records.marks import draw_marks_on_file, marks_of

    marks = marks_of(record)
    for index, name in enumerate(record["image"]):
        placed = [mark for mark in marks if mark.image == index]
        try:
            path = image_path(line.file.dataset / "images", name)
            content = read_image(path)
            yield (draw_marks_on_file(content, placed), ".jpg") if placed else (content, path.suffix)
        except (QagenError, OSError, DecompressionBombError) as error:
            raise QagenError(f"{line}: record {line.id}: {error}") from error


def _card(questions: Sequence[BenchQuestion], small: set[int], configs: Sequence[Config], command: str) -> Card:
    homes = homes_of(questions)
    rows = [
        (
            *key,
            len(group),
            sum(question.id in small for question in group),
            len({question.candidate.line.scene for question in group}),
        )
        for key, group in by_task(questions).items()
    ]
    groups = [GROUPS] if any(question.candidate.group for question in questions) else []
    return Card(
        title=f"Spatial questions about {titles_of(datasets_of(homes))}, held out",
        summary="\n\n".join([f"{len(questions)} questions in the columns of SPAR-Bench. {HELD_OUT}", *groups]),
        datasets=datasets_of(homes),
        runs=homes,
        samples=len(questions),
        configs=configs,
        fields=field_table(MEANINGS | (GROUP_MEANINGS if groups else {})),
        counts=table(["task", "format", "questions", "tiny", "scenes"], rows),
        usage=USAGE,
        command=command,
        tags=["benchmark"],
    )


def homes_of(questions: Sequence[BenchQuestion]) -> list[Path]:
    """The folders of the datasets of the runs that questions come from."""
    return sorted({question.candidate.line.file.dataset for question in questions})
