"""A benchmark on disk: parquet and JSONL in SPAR-Bench's columns, images with their marks drawn.

<dir>/test.parquet, tiny.parquet   the questions with their images inside
<dir>/test.jsonl, tiny.jsonl       the same with paths of images
<dir>/images/<id>_<n>.jpg          the images
<dir>/sources.jsonl                which record of which scene each question is
<dir>/README.md                    a dataset card with the counts
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from qagen.bench.draw import BenchQuestion, by_task
from qagen.errors import QagenError
from qagen.records.read import MISSING_MEDIA, RecordLine
from qagen.records.shards import TEXT, make_schema
from qagen.records.sparbench import FEATURES

GROUPS = "Questions with the same group ask about one fact: variant says how. A group is right if all of it is."
GROUP_COLUMNS = ("group", "variant")
"""Columns of benchmarks with consistency groups: which one, and what the question is in it."""
BATCH = 32
"""Number of questions whose images are in memory at once."""


def write(folder: Path, questions: Sequence[BenchQuestion], small: set[int]) -> None:
    """Write a benchmark into a new folder; ``small`` are the ids of the tiny one.

    Raises:
        QagenError: an image is missing or cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "images").mkdir(parents=True)
    is_grouped = any(question.candidate.group for question in questions)
    schema = make_schema({**FEATURES, **(dict.fromkeys(GROUP_COLUMNS, TEXT) if is_grouped else {})})
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
            for lines, writer, kept in (
                (full_lines, full, rows),
                (tiny_lines, tiny, [row for row in rows if row["id"] in small]),
            ):
                for row in kept:
                    paths = [f"images/{image['path']}" for image in row["image"]]
                    lines.write(json.dumps({**row, "image": paths}) + "\n")
                if kept:
                    writer.write_batch(pa.RecordBatch.from_pylist(kept, schema))
    (folder / "README.md").write_text(_card(questions, small), encoding="utf-8")


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
    from qagen.records.marks import draw_marks_on_file, marks_of

    marks = marks_of(record)
    for index, name in enumerate(record["image"]):
        path = line.file.dataset / "images" / name
        placed = [mark for mark in marks if mark.image == index]
        try:
            yield (draw_marks_on_file(path, placed), ".jpg") if placed else (path.read_bytes(), path.suffix)
        except FileNotFoundError as error:
            raise QagenError(f"{line}: image {path} of record {line.id} is missing; {MISSING_MEDIA}") from error
        except OSError as error:
            raise QagenError(f"{line}: image {path} of record {line.id} cannot be read ({error})") from error


def _card(questions: Sequence[BenchQuestion], small: set[int]) -> str:
    lines = [
        "---",
        "configs:",
        *("- {config_name: full, data_files: [{split: test, path: test.parquet}], default: true}",),
        *("- {config_name: tiny, data_files: [{split: test, path: tiny.parquet}]}",),
        "---",
        "# Spatial questions, held out",
        "",
        "Columns of SPAR-Bench: id, img_type, format_type, task, source, image, question, answer. Marks are drawn.",
        *(["", GROUPS] if any(question.candidate.group for question in questions) else []),
        "",
        "| task | format | questions | tiny | scenes |",
        "|---|---|---|---|---|",
    ]
    for (task, answer_format), group in by_task(questions).items():
        scenes = len({question.candidate.line.scene for question in group})
        tiny = sum(question.id in small for question in group)
        lines.append(f"| {task} | {answer_format} | {len(group)} | {tiny} | {scenes} |")
    return "\n".join([*lines, ""])
