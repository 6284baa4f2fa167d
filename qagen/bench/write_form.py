"""A benchmark on disk in the form of a public one.

<dir>/test.parquet                 the rows that lmms-eval reads; ReVSI: <n>_frame.parquet, MindCube and BLINK:
                                   <question type>.parquet
<dir>/test.jsonl                   the same rows, with paths of images
<dir>/<name>.tsv                   VLMEvalKit's table, images in base64
<dir>/<dataset>/<scene>.mp4        VSI-Bench's videos; ReVSI: <n>_frame/<scene>.mp4
<dir>/images/<id>_<n>.jpg          images of the others
<dir>/sources.jsonl                which record of which scene each question is
<dir>/README.md, LICENSE.md        a dataset card with the counts, and the terms of the images
"""

import base64
import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qagen.bench.draw import BenchQuestion
from qagen.bench.forms import Form, FormRow, asked_of
from qagen.bench.video import write_video
from qagen.bench.write import HELD_OUT, USAGE, drawn_images, homes_of, one_file
from qagen.records.card import Card, Config, Split, datasets_of, table, titles_of
from qagen.records.shards import make_schema


def write_form(folder: Path, form: Form, runs: Sequence[Sequence[BenchQuestion]], command: str) -> None:
    """Write a benchmark into a new folder.

    Args:
        folder: where to.
        form: the public benchmark's.
        runs: the questions of each run; their numbers are not yet those of the benchmark.
        command: what drew them, for the card.

    Raises:
        QagenError: an image is missing or cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    media = _Media(folder, form)
    rows: list[FormRow] = []
    with (folder / "sources.jsonl").open("w") as sources:
        for questions in runs:
            frames = max(len(question.candidate.line.read()["image"]) for question in questions)
            for question in questions:
                rows.append(media.row_of(len(rows), question, frames))
                line = question.candidate.line
                source = {"id": rows[-1].id, "record": line.id, "scene": line.scene, "split": line.file.split}
                sources.write(json.dumps(source) + "\n")
    _write_lines(folder, form, rows)
    names = {
        name: [row for row in rows if _part(form, row) == name] for name in dict.fromkeys(_part(form, r) for r in rows)
    }
    sizes = {name: _write_parquet(folder / f"{name}.parquet", form, part) for name, part in names.items()}
    for frames in dict.fromkeys(row.frames for row in rows) if form.by_frames else (0,):
        kept = [row for row in rows if not form.by_frames or row.frames == frames]
        _write_table(folder / form.table.format(frames=frames), form, kept)
    splits = {
        name: one_file(folder / f"{name}.parquet", len(part), sizes[name], name if form.config else form.split)
        for name, part in names.items()
    }
    homes = homes_of([question for questions in runs for question in questions])
    _card(form, rows, _configs(form, splits), homes, command).write(folder)


def _part(form: Form, row: FormRow) -> str:
    """Name of the parquet file of a row."""
    if form.by_frames:
        return f"{row.frames}_frame"
    return row.kind if form.by_kind else form.split


class _Media:
    """Writes images and videos of questions, each once."""

    def __init__(self, folder: Path, form: Form) -> None:
        self._folder, self._form = folder, form
        self._videos: dict[tuple[str, ...], str] = {}
        self._names: set[str] = set()

    def row_of(self, number: int, question: BenchQuestion, frames: int) -> FormRow:
        """The row of a question, whose media are written.

        Args:
            number: id of the row.
            question: the question.
            frames: number of frames of the run's videos.
        """
        line = question.candidate.line
        record = line.read()
        human, gpt = (turn["value"] for turn in record["conversations"])
        kind = self._form.kind_of(question.task, human)
        assert kind is not None  # others are not drawn
        row = FormRow(number, kind, asked_of(human, gpt), line.file.dataset.resolve().name)
        if self._form.has_videos:
            home = f"{frames}_frame" if self._form.by_frames else row.dataset
            paths = [line.file.dataset / "images" / name for name in record["image"]]
            return FormRow(number, kind, row.asked, row.dataset, self._video(home, line.scene, paths), frames)
        images = tuple(
            {"bytes": content, "path": f"{number}_{index}{suffix}"}
            for index, (content, suffix) in enumerate(drawn_images(line, record))
        )
        for image in images:
            path = self._folder / "images" / image["path"]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(image["bytes"])
        return FormRow(number, kind, row.asked, row.dataset, images=images)

    def _video(self, home: str, scene: str, paths: Sequence[Path]) -> str:
        """Name of the video of these frames, the scene's; a second choice of frames has a number as well."""
        key = (home, *map(str, paths))
        if key not in self._videos:
            names = (scene, *(f"{scene}_v{number}" for number in range(2, len(self._names) + 3)))
            name = next(name for name in names if f"{home}/{name}" not in self._names)
            self._names.add(f"{home}/{name}")
            self._videos[key] = name
            write_video(self._folder / home / f"{name}.mp4", paths)
        return self._videos[key]


def _write_lines(folder: Path, form: Form, rows: Iterable[FormRow]) -> None:
    with (folder / "test.jsonl").open("w", encoding="utf-8") as lines:
        for row in rows:
            content = {name: _with_path(value) for name, value in form.row(row).items()}
            lines.write(json.dumps(content, ensure_ascii=False) + "\n")


def _with_path(value: Any) -> Any:
    """A cell with the paths of images in the place of images."""
    if isinstance(value, list):
        return [_with_path(one) for one in value]
    return f"images/{value['path']}" if isinstance(value, dict) else value


def _write_parquet(path: Path, form: Form, rows: Sequence[FormRow]) -> int:
    """Write a table and return its size in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = make_schema(dict(form.features))
    memory_bytes = 0
    with pq.ParquetWriter(path, schema) as writer:
        for row in rows:
            batch = pa.RecordBatch.from_pylist([form.row(row)], schema)
            memory_bytes += batch.nbytes
            writer.write_batch(batch)
    return memory_bytes


def _write_table(path: Path, form: Form, rows: Sequence[FormRow]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, delimiter="\t", lineterminator="\n")
        for number, row in enumerate(rows):
            content = {**form.table_row(row), **_cells(row)}
            if number == 0:
                table.writerow(content)
            table.writerow(content.values())


def _cells(row: FormRow) -> Mapping[str, str]:
    """The images of a table's row: one as it is, several as a Python list, as VLMEvalKit expects."""
    images = [base64.b64encode(image["bytes"]).decode() for image in row.images]
    return {"image": images[0] if len(images) == 1 else str(images)} if images else {}


def _configs(form: Form, splits: Mapping[str, Split]) -> list[Config]:
    """The configuration of all files, or one for each."""
    if form.config:
        return [Config(form.config, tuple(splits.values()), form.features)]
    return [Config(name, (split,), form.features) for name, split in splits.items()]


def _card(form: Form, rows: Sequence[FormRow], configs: Sequence[Config], homes: Sequence[Path], command: str) -> Card:
    counts: Any = Counter(f"{row.kind}, {row.frames} frames" if form.by_frames else row.kind for row in rows)
    return Card(
        title=f"Spatial questions about {titles_of(datasets_of(homes))}, held out, in the form of {form.title}",
        summary=f"{len(rows)} questions in the columns of {form.title}; none is {form.title}'s own. {HELD_OUT}\n\n"
        f"Score with qagen: `--scorer` {' or '.join(form.scorers)}.",
        datasets=datasets_of(homes),
        runs=homes,
        samples=len(rows),
        configs=configs,
        fields=f"As {form.title} has them: {', '.join(f'`{name}`' for name in form.features)}.",
        counts=table(["question type", "questions"], sorted(counts.items())),
        usage=USAGE,
        command=command,
        tags=["benchmark"],
    )
