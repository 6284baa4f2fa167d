"""A mix as shards that hold their images: WebDataset tars, or parquet."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import QagenError
from qagen.files import decode_json
from qagen.mix.plan import images_of
from qagen.records.images import image_path, read_image
from qagen.records.shards import IMAGES, TEXT, ParquetShards, TarShards, member_names, to_image

PLAIN_KEYS = ("id", "type", "conversations", "image")
"""Keys that every record has. All others, mainly marks, go into one column of JSON, for one schema."""
FEATURES: dict[str, Any] = {
    "id": TEXT,
    "type": TEXT,
    "conversations": [{"from": TEXT, "value": TEXT}],
    "images": IMAGES,
    "marks": TEXT,
}


def write_webdataset(lines: Iterable[bytes], root: Path, folder: Path) -> TarShards:
    """Tars named ``mix-3jpg-000000.tar``. Keys are running numbers, because ids may repeat in a mix."""
    with TarShards(folder, "mix") as shards:
        for number, line in enumerate(lines):
            record = decode_json(line, dict[str, Any], "the mix")
            images = read_images(record, root)
            members = member_names([name for name, _ in images])
            contents = [content for _, content in images]
            text = msgspec.json.encode({**_columns(record), "image": members})
            shards.write(f"{number:09d}", list(zip(members, contents, strict=True)), text)
    return shards


def write_parquet(lines: Iterable[bytes], root: Path, folder: Path) -> None:
    """Parquet files with the columns id, type, conversations, images (bytes and path of each) and marks (JSON)."""
    with ParquetShards(folder, "mix", FEATURES) as shards:
        for line in lines:
            record = decode_json(line, dict[str, Any], "the mix")
            images = read_images(record, root)
            row = {**_columns(record), "images": [to_image(name, content) for name, content in images]}
            shards.write(row, sum(len(content) for _, content in images))


def _columns(record: dict[str, Any]) -> dict[str, Any]:
    """What a sample says besides its images: the same keys for every record."""
    marks = {key: value for key, value in record.items() if key not in PLAIN_KEYS and value is not None}
    return {
        "id": str(record.get("id", "")),
        "type": str(record.get("type", "")),
        "conversations": record.get("conversations", []),
        "marks": msgspec.json.encode(marks).decode(),
    }


def read_images(record: dict[str, Any], root: Path) -> list[tuple[str, bytes]]:
    """Path and bytes of each image of a record. Raises QagenError, with path and id, where one is missing."""
    try:
        return [(name, read_image(image_path(root, name))) for name in images_of(record)]
    except QagenError as error:
        raise QagenError(f"record {record.get('id')!r}: {error}") from error
