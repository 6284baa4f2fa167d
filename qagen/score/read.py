"""Benchmarks and predictions, in the forms in which they come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qagen.errors import ConfigError, QagenError
from qagen.files import parse_json
from qagen.score.items import ScoredItem
from qagen.score.rewards import item_of

COLUMNS = ("id", "task", "question", "answer")
TEXT_KEYS = ("prediction", "response", "filtered_resps", "resps", "output", "answer_text")
"""Where a line of predictions has the model's text; the first that is there."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model said, matched to a benchmark."""

    texts: Mapping[str, str]
    """By the question's id."""
    unknown: tuple[str, ...]
    """Ids that the benchmark does not have."""
    duplicates: tuple[str, ...]
    """Ids that occur again; the first occurrence counts."""
    missing: tuple[str, ...] = field(default=())
    """Ids without a prediction; they score 0."""


# --- the benchmark ----------------------------------------------------------------------------------------------------


def read_items(path: Path) -> list[ScoredItem]:
    """The questions of a benchmark, in its order.

    Args:
        path: parquet, JSONL or JSON in SPAR-Bench's columns or with training records; a folder of ``qagen.bench`` or
            of parquet shards named ``test-*``; or the output folder of a run.

    Raises:
        ConfigError: nothing of the kind is there, or two questions have the same id.
        QagenError: a line cannot be read.
    """
    if not path.exists():
        raise ConfigError(f"--against: {path}: no such file or folder")
    items = [_item(row, where) for row, where in _rows(path)]
    if not items:
        raise ConfigError(f"--against: {path}: found no questions")
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise ConfigError(f"--against: {path}: two questions have the id {item.id!r}, expected different ones")
        seen.add(item.id)
    return items


def _rows(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    if path.is_dir():
        yield from _rows_of_folder(path)
    elif path.suffix == ".parquet":
        yield from _rows_of_parquet(path)
    else:
        yield from _read_json_rows(path)


def _rows_of_folder(folder: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    bench = folder / "test.jsonl"
    if bench.is_file():
        yield from _read_json_rows(bench)
        return
    if shards := sorted([*folder.glob("test-*.parquet"), *folder.glob("data/test-*.parquet")]):
        for shard in shards:
            yield from _rows_of_parquet(shard)
        return
    from qagen.records.read import find_record_files

    for file in find_record_files(folder):
        for row, where in _read_json_rows(file.path):
            yield {**row, "type": file.type}, where


def _rows_of_parquet(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
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


def _item(row: Mapping[str, Any], where: str) -> ScoredItem:
    try:
        return item_of(row)
    except QagenError as error:
        raise QagenError(f"{where}: {error}") from error


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
    for name, text in _predictions(path, items):
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


def _predictions(path: Path, items: list[ScoredItem]) -> Iterator[tuple[str, str]]:
    for number, (row, where) in enumerate(_read_json_rows(path)):
        if isinstance(row, str):
            yield _id_at(number, items, where), row
        else:
            yield _id_of(row, items, where), _text_of(row, where)


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


def _read_json_rows(path: Path) -> Iterator[tuple[Any, str]]:
    """The rows of JSONL, of a JSON list, or of a JSON object of ids, with where they are."""
    if path.suffix == ".json":
        yield from _rows_of_json(path)
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield parse_json(line, f"{path}:{number}"), f"{path}:{number}"


def _rows_of_json(path: Path) -> Iterator[tuple[Any, str]]:
    content = parse_json(path.read_bytes(), path)
    if isinstance(content, dict) and isinstance(content.get("logs"), list):
        content = content["logs"]
    if isinstance(content, dict):
        content = [
            {"id": name, **(told if isinstance(told, dict) else {"prediction": told})} for name, told in content.items()
        ]
    if not isinstance(content, list):
        raise QagenError(f"{path}: found a {type(content).__name__}, expected a list or an object")
    for number, row in enumerate(content, 1):
        yield row, f"{path}: entry {number}"
