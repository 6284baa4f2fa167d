"""Readers of benchmarks and predictions in all their formats."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from qagen.errors import ConfigError, QagenError
from qagen.files import parse_json
from qagen.records.read import find_record_files
from qagen.score import benches
from qagen.score.groups import groups_of
from qagen.score.items import ScoredItem
from qagen.score.output import output_text
from qagen.score.rewards import item_of

COLUMNS = ("id", "task", "question", "answer", "group")
ID_KEYS = ("index", "question_id", "key")
"""Keys that hold an id where there is none named so."""
TEXT_KEYS = (
    "prediction", "response", "filtered_resps", "resps", "output", "outputs", "generated_text", "predict", "pred",
    "predicted_answer", "answer_text", "choices", "candidates", "text",
)  # fmt: skip
"""Keys that may hold the model's text, in order of precedence."""
TABLES = {".tsv": "\t", ".csv": ","}
"""Separators of tables, by the ending of the file's name."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model's predictions, matched to a benchmark."""

    texts: Mapping[str, str]
    """Predicted text by id of the question."""
    unknown: tuple[str, ...]
    """Ids that the benchmark does not have."""
    duplicates: tuple[str, ...]
    """Ids of repeated predictions, of which the first counts."""
    contradicting: tuple[str, ...]
    """Ids whose prediction comes with another true answer than the benchmark's, which counts."""
    missing: tuple[str, ...]
    """Ids without a prediction or with an empty one (null, a failed request); they score 0."""


# --- the benchmark ----------------------------------------------------------------------------------------------------


def read_items(path: Path) -> list[ScoredItem]:
    """The questions of a benchmark, in its order.

    Args:
        path: parquet, JSONL, JSON, TSV or CSV in SPAR-Bench's columns, in those of another benchmark of
            ``qagen.score.benches`` or with training records; a list of SpaceVista's items; a folder of ``qagen.bench``
            or of parquet shards named ``test-*``; or the output folder of a run.

    Raises:
        ConfigError: there is no benchmark, or two questions have the same id.
        QagenError: a line cannot be read.
    """
    if not path.exists():
        raise ConfigError(f"--against: {path}: no such file or folder")
    items: dict[str, ScoredItem] = {}
    for number, (row, where) in enumerate(_bench_rows(path)):
        try:
            row = _check_question(row)
            item = item_of(row if benches.has_id(row) or not benches.is_item(row) else {**row, "id": number})
        except QagenError as error:
            raise QagenError(f"{where}: {error}") from error
        if item.id in items:
            raise ConfigError(f"--against: {where}: two questions have the id {item.id!r}, expected different ones")
        items[item.id] = item
    if not items:
        raise ConfigError(f"--against: {path}: found no questions")
    return list(items.values())


def _check_question(row: Any) -> Mapping[str, Any]:
    """The row. Raises QagenError where it is no object, or a value that is scored is no text."""
    if not isinstance(row, Mapping):
        raise QagenError(f"found a {type(row).__name__}, expected a question")
    turns = row.get("conversations") or ()
    values = {key: row.get(key) for key in COLUMNS} | {
        f"conversations[{number}]": turn.get("value") if isinstance(turn, Mapping) else [turn]
        for number, turn in enumerate(turns if isinstance(turns, list) else [])
    }
    for key, value in values.items():
        if not isinstance(value, str | int | float | None):
            raise QagenError(f"{key}: found {value!s:.80}, expected a text")
    return row


def _bench_rows(path: Path) -> Iterator[tuple[Any, str]]:
    """The rows of a benchmark and where they stand."""
    if path.is_file():
        yield from _parquet_rows(path) if path.suffix == ".parquet" else _rows(path)
    elif (path / "test.jsonl").is_file():
        yield from _json_rows(path / "test.jsonl")
    elif shards := sorted([*path.glob("test-*.parquet"), *path.glob("data/test-*.parquet")]):
        for shard in shards:
            yield from _parquet_rows(shard)
    else:
        for file in find_record_files(path):
            groups = groups_of(file)
            for row, where in _json_rows(file.path):
                known = {"type": file.type, "group": groups.get(str(row.get("id")))} if isinstance(row, dict) else {}
                yield {**row, **known} if known else row, where


def _parquet_rows(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Rows without their images, which are most of the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in (*COLUMNS, *benches.COLUMNS) if name in file.schema_arrow.names]
            rows = file.read(columns).to_pylist()
    except pa.ArrowInvalid as error:
        raise QagenError(f"{path}: is not parquet: {error}") from error
    for number, row in enumerate(rows, 1):
        yield {key: value for key, value in row.items() if value is not None}, f"{path}: row {number}"


# --- predictions ------------------------------------------------------------------------------------------------------


def read_predictions(path: Path, items: list[ScoredItem]) -> Predictions:
    """The predictions of a file, matched to a benchmark by their ids.

    Args:
        path: JSONL, a JSON list, TSV or CSV of ``{id, prediction}`` or ``{id, response}``; a JSON object of ids and
            texts; a list of texts in the benchmark's order; lmms-eval's log of samples; or the output of a batch
            service. The text may be held by objects and lists as ``output_text`` knows them.

    Raises:
        ConfigError: the file is missing or empty, none of its ids is of the benchmark, or a list of texts has more
            entries than it.
        QagenError: a line has no id or no text, or several.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such file of predictions")
    known = {item.id: item.answer for item in items}
    texts: dict[str, str | None] = {}
    unknown: list[str] = []
    duplicates: list[str] = []
    contradicting: list[str] = []
    for number, (row, where) in enumerate(_rows(path)):
        name, text = _read_row(row, number, items, where)
        if name not in known:
            unknown.append(name)
        elif name in texts:
            duplicates.append(name)
        else:
            texts[name] = text
            if isinstance(row, Mapping) and str(row.get("ground_truth", known[name])).strip() != known[name].strip():
                contradicting.append(name)
    if not texts:
        found = f"no id of the benchmark, but {unknown[0]!r}" if unknown else "no predictions"
        raise ConfigError(f"{path}: found {found}, expected ids such as {items[0].id!r}")
    given = {name: text for name, text in texts.items() if text is not None}
    missing = tuple(item.id for item in items if item.id not in given)
    return Predictions(given, tuple(unknown), tuple(duplicates), tuple(contradicting), missing)


def _read_row(row: Any, number: int, items: list[ScoredItem], where: str) -> tuple[str, str | None]:
    """Id and text."""
    if isinstance(row, str):
        return _id_at(number, items, where), row
    if not isinstance(row, Mapping):
        raise QagenError(f"{where}: found a {type(row).__name__}, expected an id with a prediction")
    try:
        return _id_of(row, items, where), _text_of(row)
    except QagenError as error:
        raise QagenError(f"{where}: {str(error).removeprefix(f'{where}: ')}") from error


def _id_of(row: Mapping[str, Any], items: list[ScoredItem], where: str) -> str:
    """A batch has ids of its own beside those that it was given."""
    holders = (row.get("sparbench_score"), row.get("doc"))
    inner = [holder.get("id") for holder in holders if isinstance(holder, Mapping)]
    for value in (row.get("custom_id"), row.get("id"), *inner, *map(row.get, ID_KEYS)):
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
        if value is not None:
            raise QagenError(f"id: found {value!s:.80}, expected a text or a whole number")
    if isinstance(row.get("doc_id"), int):
        return _id_at(row["doc_id"], items, where)
    raise QagenError(f"found no id among {', '.join(map(str, row))}")


def _id_at(number: int, items: list[ScoredItem], where: str) -> str:
    if not 0 <= number < len(items):
        raise QagenError(f"{where}: found a prediction for question {number + 1}, the benchmark has {len(items)}")
    return items[number].id


def _text_of(row: Mapping[str, Any]) -> str | None:
    if isinstance(row.get("result"), Mapping):  # Anthropic's batches; elsewhere the key holds a score
        return output_text(row["result"])
    keys = [key for key in TEXT_KEYS if key in row]
    if not keys:
        raise QagenError(f"found none of {', '.join(TEXT_KEYS[:3])}, expected the model's text")
    key = next((key for key in keys if row[key] is not None), keys[0])
    try:
        return output_text(row[key])
    except QagenError as error:
        raise QagenError(f"{key}: {error}") from error


def _rows(path: Path) -> Iterator[tuple[Any, str]]:
    if path.suffix.lower() in TABLES:
        return _table_rows(path)
    return _json_rows(path)


def _table_rows(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The rows of a table; every cell is text, and missing ones are None."""
    import pandas as pd

    try:
        table = pd.read_csv(
            path, sep=TABLES[path.suffix.lower()], dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise QagenError(f"{path}: is not a table: {error}") from error
    for number, row in enumerate(table.to_dict("records"), 1):
        yield {key: value if isinstance(value, str) else None for key, value in row.items()}, f"{path}: row {number}"


# --- JSON -------------------------------------------------------------------------------------------------------------


def _json_rows(path: Path) -> Iterator[tuple[Any, str]]:
    """The rows of JSONL, of a JSON list, or of a JSON object of ids, and where they stand."""
    if path.suffix != ".json" or _has_lines(path):
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


def _has_lines(path: Path) -> bool:
    """Whether a file has JSON lines, whatever it is called."""
    with path.open("rb") as stream:
        lines = list(islice((line for line in stream if line.strip()), 2))
    try:
        return len(lines) == 2 and isinstance(parse_json(lines[0], path), dict | str)
    except QagenError:
        return False
