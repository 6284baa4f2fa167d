"""Readers of benchmarks and predictions in all their formats."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qagen.errors import ConfigError, QagenError
from qagen.files import parse_json
from qagen.records.read import find_record_files
from qagen.score.items import ScoredItem
from qagen.score.rewards import item_of

COLUMNS = ("id", "task", "question", "answer")
TEXT_KEYS = ("prediction", "response", "filtered_resps", "resps", "output", "answer_text")
"""Keys that may hold the model's text, in order of precedence."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model's predictions, matched to a benchmark."""

    texts: Mapping[str, str]
    """Predicted text by id of the question."""
    unknown: tuple[str, ...]
    """Ids that the benchmark does not have."""
    duplicates: tuple[str, ...]
    """Ids of repeated predictions, of which the first counts."""
    missing: tuple[str, ...]
    """Ids without a prediction; they score 0."""


# --- the benchmark ----------------------------------------------------------------------------------------------------


def read_items(path: Path) -> list[ScoredItem]:
    """The questions of a benchmark, in its order.

    Args:
        path: parquet, JSONL or JSON in SPAR-Bench's columns or with training records; a folder of ``qagen.bench`` or
            of parquet shards named ``test-*``; or the output folder of a run.

    Raises:
        ConfigError: there is no benchmark, or two questions have the same id.
        QagenError: a line cannot be read.
    """
    if not path.exists():
        raise ConfigError(f"--against: {path}: no such file or folder")
    items: dict[str, ScoredItem] = {}
    for row, where in _bench_rows(path):
        try:
            item = item_of(row)
        except QagenError as error:
            raise QagenError(f"{where}: {error}") from error
        if item.id in items:
            raise ConfigError(f"--against: {path}: two questions have the id {item.id!r}, expected different ones")
        items[item.id] = item
    if not items:
        raise ConfigError(f"--against: {path}: found no questions")
    return list(items.values())


def _bench_rows(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The rows of a benchmark and where they stand."""
    if path.is_file():
        yield from _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    elif (path / "test.jsonl").is_file():
        yield from _json_rows(path / "test.jsonl")
    elif shards := sorted([*path.glob("test-*.parquet"), *path.glob("data/test-*.parquet")]):
        for shard in shards:
            yield from _parquet_rows(shard)
    else:
        for file in find_record_files(path):
            for row, where in _json_rows(file.path):
                yield {**row, "type": file.type}, where


def _parquet_rows(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Rows without their images, which are most of the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in COLUMNS if name in file.schema_arrow.names]
            rows = file.read(columns).to_pylist()
    except pa.ArrowInvalid as error:
        raise QagenError(f"{path}: is not parquet: {error}") from error
    for number, row in enumerate(rows, 1):
        yield row, f"{path}: row {number}"


# --- predictions ------------------------------------------------------------------------------------------------------


def read_predictions(path: Path, items: list[ScoredItem]) -> Predictions:
    """The predictions of a file, matched to a benchmark by their ids.

    Args:
        path: JSONL or a JSON list of ``{id, prediction}`` or ``{id, response}``; a JSON object of ids and texts; a JSON
            list of texts in the benchmark's order; or lmms-eval's log of samples.

    Raises:
        ConfigError: the file is missing or empty, or a list of texts has another length than the benchmark.
        QagenError: a line has no id or no text.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such file of predictions")
    known = {item.id for item in items}
    texts: dict[str, str] = {}
    unknown: list[str] = []
    duplicates: list[str] = []
    for number, (row, where) in enumerate(_json_rows(path)):
        if isinstance(row, str):
            name, text = _id_at(number, items, where), row
        else:
            name, text = _id_of(row, items, where), _text_of(row, where)
        if name not in known:
            unknown.append(name)
        elif name in texts:
            duplicates.append(name)
        else:
            texts[name] = text
    if not texts and not unknown:
        raise ConfigError(f"{path}: found no predictions")
    missing = tuple(item.id for item in items if item.id not in texts)
    return Predictions(texts, tuple(unknown), tuple(duplicates), missing)


def _id_of(row: Mapping[str, Any], items: list[ScoredItem], where: str) -> str:
    if not isinstance(row, Mapping):
        raise QagenError(f"{where}: found a {type(row).__name__}, expected an id with a prediction")
    for holder in (row, row.get("sparbench_score"), row.get("doc")):
        if isinstance(holder, Mapping) and holder.get("id") is not None:
            return str(holder["id"])
    for key in ("index", "question_id"):
        if row.get(key) is not None:
            return str(row[key])
    if isinstance(row.get("doc_id"), int):
        return _id_at(row["doc_id"], items, where)
    raise QagenError(f"{where}: found no id among {', '.join(map(str, row))}")


def _id_at(number: int, items: list[ScoredItem], where: str) -> str:
    if not 0 <= number < len(items):
        raise QagenError(f"{where}: found a prediction for question {number + 1}, the benchmark has {len(items)}")
    return items[number].id


def _text_of(row: Mapping[str, Any], where: str) -> str:
    for key in TEXT_KEYS:
        if key in row:
            value = row[key]
            while isinstance(value, list):
                value = value[0] if value else ""
            return "" if value is None else str(value)
    raise QagenError(f"{where}: found none of {', '.join(TEXT_KEYS[:3])}, expected the model's text")


# --- JSON -------------------------------------------------------------------------------------------------------------


def _json_rows(path: Path) -> Iterator[tuple[Any, str]]:
    """The rows of JSONL, of a JSON list, or of a JSON object of ids, and where they stand."""
    if path.suffix != ".json":
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield parse_json(line, f"{path}:{number}"), f"{path}:{number}"
        return
    content = parse_json(path.read_bytes(), path)
    if isinstance(content, dict) and isinstance(content.get("logs"), list):
        content = content["logs"]
    if isinstance(content, dict):
        rows = {name: row if isinstance(row, dict) else {"prediction": row} for name, row in content.items()}
        content = [{"id": name, **row} for name, row in rows.items()]
    if not isinstance(content, list):
        raise QagenError(f"{path}: found a {type(content).__name__}, expected a list or an object")
    for number, row in enumerate(content, 1):
        yield row, f"{path}: entry {number}"
