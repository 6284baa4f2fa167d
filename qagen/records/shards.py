"""Shards of limited size that hold samples and their images: parquet and tars.

The metadata of parquet names the features of its columns for Hugging Face ``datasets``.
A tar holds ``KEY.0.jpg, KEY.1.jpg, ..., KEY.json``.
"""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

SHARD_BYTES = 400 << 20
ROW_GROUP_BYTES = 32 << 20
"""Size of the rows that are held in memory."""

IMAGE = {"_type": "Image"}
IMAGES = [IMAGE]
"""The feature of a list of images, in the spelling that every release of ``datasets`` reads."""
TEXT = {"dtype": "string", "_type": "Value"}
INTEGER = {"dtype": "int64", "_type": "Value"}
NUMBER = {"dtype": "float64", "_type": "Value"}


class ParquetShards:
    """Writes rows to ``<stem>-00000-of-00003.parquet`` and so on; use as a context manager."""

    def __init__(self, folder: Path, stem: str, features: dict[str, Any]) -> None:
        self._folder, self._stem = folder, stem
        self._schema = make_schema(features)
        self._rows: list[dict[str, Any]] = []
        self._row_bytes = self._shard_bytes = 0
        self._writer: Any = None
        self.rows = self.memory_bytes = 0
        """Number of rows written, and their size in memory."""
        self.shards: list[Path] = []
        """The files, complete after the block."""

    def __enter__(self) -> "ParquetShards":
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *failure: object) -> None:
        self._flush()
        self._close()
        count = len(self.shards)
        names = [f"{self._stem}-{number:05d}-of-{count:05d}.parquet" for number in range(count)]
        self.shards = [path.rename(self._folder / name) for path, name in zip(self.shards, names, strict=True)]

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
            self.shards.append(self._folder / f"{self._stem}-{len(self.shards):05d}.part")
            self._writer = pq.ParquetWriter(self.shards[-1], self._schema, compression="zstd", write_page_index=True)
        table = pa.Table.from_pylist(self._rows, schema=self._schema)
        self._writer.write_table(table)
        self.rows, self.memory_bytes = self.rows + table.num_rows, self.memory_bytes + table.nbytes
        self._shard_bytes += self._row_bytes
        self._rows, self._row_bytes = [], 0

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._shard_bytes = None, 0


def to_image(name: str, content: bytes) -> dict[str, Any]:
    """The cell of an image."""
    return {"bytes": content, "path": name.rpartition("/")[2]}


def make_schema(features: dict[str, Any]) -> "pa.Schema":
    """The columns of a table, with the features that ``datasets`` expects in the metadata."""
    import pyarrow as pa

    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([(name, _arrow(feature)) for name, feature in features.items()], metadata)


def _arrow(feature: Any) -> "pa.DataType":
    import pyarrow as pa

    if isinstance(feature, list):
        return pa.list_(_arrow(feature[0]))
    if feature.get("_type") == "Image":
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    if feature.get("_type") == "Value":
        return pa.type_for_alias(feature["dtype"])
    return pa.struct([(name, _arrow(part)) for name, part in feature.items()])


def yaml_features(features: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns of a table as ``dataset_info`` of a dataset card spells them."""
    return [{"name": name, **_yaml(feature)} for name, feature in features.items()]


def _yaml(feature: Any) -> dict[str, Any]:
    if isinstance(feature, list):
        part = _yaml(feature[0])
        return {"list": part.get("dtype") or part.get("struct") or part}
    if feature.get("_type") == "Image":
        return {"dtype": "image"}
    if feature.get("_type") == "Value":
        return {"dtype": feature["dtype"]}
    return {"struct": yaml_features(feature)}


# --- tars -------------------------------------------------------------------------------------------------------------


class TarShards:
    """Writes samples to ``<stem>-3jpg-000000.tar`` and so on, by their images; use as a context manager.

    ``datasets`` knows the columns of tars by the first samples, and drops or refuses what others have besides. Hence
    ``3jpg``, ``1jpg2png`` for samples with a jpg before two png, and ``text`` for those without images.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem
        self.series: dict[str, TarSeries] = {}
        """The tars by the kind of samples that they hold."""

    def __enter__(self) -> "TarShards":
        return self

    def __exit__(self, *failure: object) -> None:
        for series in self.series.values():
            series.close()

    def write(self, key: str, images: Sequence[tuple[str, bytes]], record: bytes) -> None:
        """Add a sample.

        Args:
            key: name of the sample, without ".", which ends a key.
            images: names from ``member_names`` and the bytes of the files.
            record: the sample as JSON, with the same keys in all samples.
        """
        suffixes = groupby(Path(name).suffix[1:] for name, _ in images)
        kind = "".join(f"{sum(1 for _ in same)}{suffix}" for suffix, same in suffixes) or "text"
        if kind not in self.series:
            self.series[kind] = TarSeries(self._folder, f"{self._stem}-{kind}")
        self.series[kind].write(key, [*images, ("json", record)])


def member_names(paths: Sequence[str]) -> list[str]:
    """``0.jpg``, ``1.jpg``, ... for the images of a sample."""
    return [f"{index}{Path(path).suffix.lower()}" for index, path in enumerate(paths)]


class TarSeries:
    """Numbered tars; a new one begins when the last is full."""

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder = folder
        self._tar: tarfile.TarFile | None = None
        self._tar_bytes = 0
        self.stem = stem
        """Name of the tars without number and suffix."""
        self.paths: list[Path] = []
        self.rows = self.bytes = 0
        """Number of samples, and their size."""

    def write(self, key: str, members: Sequence[tuple[str, bytes]]) -> None:
        """Add a sample."""
        if self._tar is None or self._tar_bytes >= SHARD_BYTES:
            self.close()
            self.paths.append(self._folder / f"{self.stem}-{len(self.paths):06d}.tar")
            self._tar, self._tar_bytes = tarfile.TarFile(self.paths[-1], "w"), 0
        for name, content in members:
            info = tarfile.TarInfo(f"{key}.{name}")
            info.size = len(content)
            self._tar.addfile(info, io.BytesIO(content))
            self._tar_bytes += len(content)
            self.bytes += len(content)
        self.rows += 1

    def close(self) -> None:
        """End the last tar."""
        if self._tar is not None:
            self._tar.close()
