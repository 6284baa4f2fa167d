"""Parquet shards with images inside, whose columns Hugging Face ``datasets`` knows the features of."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

SHARD_BYTES = 400 << 20
ROW_GROUP_BYTES = 32 << 20
"""What is held in memory."""

IMAGES = [{"_type": "Image"}]
"""The feature of a list of images; every release of ``datasets`` reads this spelling."""
TEXT = {"dtype": "string", "_type": "Value"}
INTEGER = {"dtype": "int64", "_type": "Value"}


class ShardWriter:
    """Writes rows to ``<stem>-00000-of-00003.parquet`` and so on; use as a context manager."""

    def __init__(self, folder: Path, stem: str, features: dict[str, Any]) -> None:
        self._folder, self._stem = folder, stem
        self._schema = _schema(features)
        self._rows: list[dict[str, Any]] = []
        self._row_bytes = self._shard_bytes = 0
        self._shards: list[Path] = []
        self._writer: Any = None

    def __enter__(self) -> "ShardWriter":
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *failure: object) -> None:
        self._flush()
        self._close()
        for number, path in enumerate(self._shards):
            path.rename(self._folder / f"{self._stem}-{number:05d}-of-{len(self._shards):05d}.parquet")

    def write(self, row: dict[str, Any], size: int) -> None:
        """Add a row whose images have ``size`` bytes."""
        self._rows.append(row)
        self._row_bytes += size
        if self._row_bytes >= ROW_GROUP_BYTES:
            self._flush()
        if self._shard_bytes >= SHARD_BYTES:
            self._close()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._rows:
            return
        if self._writer is None:
            self._shards.append(self._folder / f"{self._stem}-{len(self._shards):05d}.part")
            self._writer = pq.ParquetWriter(self._shards[-1], self._schema, compression="zstd")
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._shard_bytes += self._row_bytes
        self._rows, self._row_bytes = [], 0

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._shard_bytes = None, 0


def to_image(name: str, content: bytes) -> dict[str, Any]:
    """The cell of an image."""
    return {"bytes": content, "path": name.rpartition("/")[2]}


def _schema(features: dict[str, Any]) -> "pa.Schema":
    import pyarrow as pa

    told = json.dumps({"info": {"features": features}})
    return pa.schema([(name, _arrow(feature)) for name, feature in features.items()], {"huggingface": told})


def _arrow(feature: Any) -> "pa.DataType":
    import pyarrow as pa

    if isinstance(feature, list):
        return pa.list_(_arrow(feature[0]))
    if feature.get("_type") == "Image":
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    if feature.get("_type") == "Value":
        return pa.type_for_alias(feature["dtype"])
    return pa.struct([(name, _arrow(part)) for name, part in feature.items()])
