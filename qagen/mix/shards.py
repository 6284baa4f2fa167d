"""A mix as shards that hold their images: WebDataset tars, or parquet."""

import io
import tarfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from qagen.errors import QagenError
from qagen.mix.plan import decode_record, images_of

if TYPE_CHECKING:
    import pyarrow as pa

SHARD_BYTES = 512 << 20
BATCH_ROWS = 64
PLAIN_KEYS = ("id", "type", "conversations", "image")
"""What every record has. All else of it, marks above all, goes into one column of JSON, so that all rows are alike."""


def write_webdataset(lines: Iterable[bytes], root: Path, folder: Path) -> None:
    """Tars of ``KEY.0.jpg``, ``KEY.1.jpg``, …, ``KEY.json``, apart by the number of images.

    Readers refuse a tar whose samples have different members, hence ``images-3-00000.tar``. Keys are running numbers,
    because ids may repeat in a mix.
    """
    writers: dict[int, _TarSeries] = {}
    try:
        for number, line in enumerate(lines):
            record = decode_record(line, "the mix")
            images = read_images(record, root)
            series = writers.setdefault(len(images), _TarSeries(folder, len(images)))
            series.add(f"{number:09d}", [(Path(name).suffix, content) for name, content in images], line.rstrip(b"\n"))
    finally:
        for series in writers.values():
            series.close()


class _TarSeries:
    """Tars one after the other, each begun when the last is full."""

    def __init__(self, folder: Path, images: int) -> None:
        self._folder, self._images = folder, images
        self._tar: tarfile.TarFile | None = None
        self._count = self._bytes = 0

    def add(self, key: str, images: list[tuple[str, bytes]], record: bytes) -> None:
        if self._tar is None or self._bytes > SHARD_BYTES:
            self.close()
            name = f"images-{self._images}-{self._count:05d}.tar"
            self._tar = tarfile.open(self._folder / name, "w")  # noqa: SIM115 - closed when full
            self._count, self._bytes = self._count + 1, 0
        for name, content in (*((f"{i}{suffix}", image) for i, (suffix, image) in enumerate(images)), ("json", record)):
            info = tarfile.TarInfo(f"{key}.{name}")
            info.size = len(content)
            self._tar.addfile(info, io.BytesIO(content))
            self._bytes += len(content)

    def close(self) -> None:
        if self._tar is not None:
            self._tar.close()


def write_parquet(lines: Iterable[bytes], root: Path, folder: Path) -> None:
    """Parquet files with the columns id, type, conversations, images (bytes and path of each) and marks (JSON)."""
    rows = _rows(lines, root)
    number = 0
    while first := next(rows, None):
        _write_part(folder / f"part-{number:05d}.parquet", chain([first], rows))
        number += 1


def _write_part(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write rows until the file is full."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema()
    written = 0
    with pq.ParquetWriter(path, schema) as writer:
        while written < SHARD_BYTES and (batch := list(islice(rows, BATCH_ROWS))):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema))
            written += sum(len(image["bytes"]) for row in batch for image in row["images"])


def _schema() -> "pa.Schema":
    import pyarrow as pa

    turn = pa.struct([("from", pa.string()), ("value", pa.string())])
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = [("id", pa.string()), ("type", pa.string()), ("conversations", pa.list_(turn))]
    return pa.schema([*columns, ("images", pa.list_(image)), ("marks", pa.string())])


def _rows(lines: Iterable[bytes], root: Path) -> Iterator[dict[str, Any]]:
    for line in lines:
        record = decode_record(line, "the mix")
        marks = {key: value for key, value in record.items() if key not in PLAIN_KEYS and value is not None}
        yield {
            "id": str(record.get("id", "")),
            "type": str(record.get("type", "")),
            "conversations": record.get("conversations", []),
            "images": [{"bytes": content, "path": name} for name, content in read_images(record, root)],
            "marks": msgspec.json.encode(marks).decode(),
        }


def read_images(record: dict[str, Any], root: Path) -> list[tuple[str, bytes]]:
    """Path and bytes of each image of a record. Raises QagenError, with path and id, where one is missing."""
    try:
        return [(name, (root / name).read_bytes()) for name in images_of(record)]
    except OSError as error:
        told = f"{error.filename}: image of record {record.get('id')!r} cannot be read ({error.strerror})"
        raise QagenError(told) from error
