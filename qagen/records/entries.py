"""Data JSONs: the files of records that a trainer reads, the folders of their images, and how often to read them.

{"scannet_depth_prediction_oc_fill": {"root": ".../scannet/images", "annotation": ".../fill_120.jsonl",
 "repeat_time": 1, "length": 120, "data_augment": false}}

InternVL and SPAR read this format. They open ``annotation`` as given and put ``root`` before each image. With
``repeat_time`` below 1 they take the first int(length x repeat_time) lines; above 1 it must be an integer.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from qagen.errors import ConfigError, QagenError
from qagen.files import decode_json, parse_json
from qagen.records.read import TREE

TAG = "<image>"
MEDIA_KEY = re.compile("image|img|pic|photo|video|frame|audio", re.IGNORECASE)
"""Keys of records in other forms that may name images."""
FIELDS = "conversations (of from: human or gpt, and value) and image (a path or several)"
"""What trainers read of a record."""
COUNTED = ("length", "repeat_time", "length_with_repeat")
"""Fields of an entry that are set anew."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of records in a data JSON."""

    name: str
    """Key of the entry, ``<dataset>_<type>_<format>`` for records of qagen and SPAR."""
    root: str
    """Folder that the records' image paths start from."""
    annotation: str
    """The JSONL file, absolute or relative to where the trainer is started."""
    length: int
    """Number of lines of the file."""
    repeat_time: int | float = 1
    """How often the file is read: an integer, or a share of its first lines."""
    data_augment: bool = False
    """Whether InternVL may degrade the images at random."""
    extra: tuple[tuple[str, Any], ...] = ()
    """Other keys that a trainer understands (``max_dynamic_patch``), unchanged."""
    images: int = 0
    """Number of images that the file's records name; one that several name counts for each."""
    characters: int = 0
    """Number of characters of the file's questions and answers."""

    @property
    def lines_read(self) -> int:
        """Lines that a trainer gets."""
        return int(self.length * self.repeat_time)

    def path_names(self) -> tuple[str, str, str] | None:
        """Dataset, type and format from the path of the file; None outside SPAR's folder tree."""
        path = Path(self.annotation).parts
        if TREE not in path[1:-4]:
            return None
        return path[max(i for i, name in enumerate(path) if name == TREE) - 1], path[-3], path[-2]


def read_index(path: Path) -> list[Entry]:
    """The entries of a data JSON, with their lines counted anew.

    Raises:
        ConfigError: the file is no data JSON, or one of its annotation files is missing.
    """
    return [make_entry(name, fields, f"{path}: {name}") for name, fields in _read_entries(path).items()]


def roots_of(path: Path) -> set[str]:
    """The roots that a data JSON names, unchanged. Raises ConfigError when the file is no data JSON."""
    return {str(fields.get("root")) for fields in _read_entries(path).values() if isinstance(fields, dict)}


def _read_entries(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(path.read_bytes(), path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: found a {type(content).__name__}, expected names and their entries")
    return content


def make_entry(name: str, fields: Any, where: str) -> Entry:
    """An entry from its fields in a data JSON or a mix file; ``where`` starts the message of an error."""
    fields = dict(fields) if isinstance(fields, dict) else {}
    paths = {key: fields.pop(key, None) for key in ("annotation", "root")}
    for key, value in paths.items():
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{where}: {key}: found {value!r:.80}, expected a path")
    augment = bool(fields.pop("data_augment", False))
    extra = tuple((key, value) for key, value in fields.items() if key not in COUNTED)
    path = Path(paths["annotation"])
    if not path.is_file():
        folder = "" if path.is_absolute() else f" below {Path.cwd()}"
        raise ConfigError(f"{where}: annotation: no file {path}{folder}")
    length, images, characters = measure_records(path)
    return Entry(name, paths["root"], paths["annotation"], length, 1, augment, extra, images, characters)


def encode_index(entries: list[Entry], with_repeat: bool = False) -> bytes:
    """The data JSON of entries, in their order; ``with_repeat`` adds ``length_with_repeat``."""
    content = {}
    for entry in entries:
        fields: dict[str, Any] = {
            "root": entry.root,
            "annotation": entry.annotation,
            "repeat_time": entry.repeat_time,
            "length": entry.length,
            "data_augment": entry.data_augment,
        }
        if with_repeat:
            fields["length_with_repeat"] = entry.lines_read
        content[entry.name] = fields | dict(entry.extra)
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


# --- records that trainers can read -----------------------------------------------------------------------------------


class _Turn(msgspec.Struct):
    speaker: Literal["human", "gpt", "system"] = msgspec.field(name="from")
    value: str


class _Record(msgspec.Struct):
    conversations: list[_Turn]
    image: str | list[str] | None = None


def measure_records(path: Path) -> tuple[int, int, int]:
    """Number of records of a file, of their images, and of the characters of their questions and answers.

    Every line is read, in constant memory.

    Raises:
        QagenError: the file cannot be read, or a line is no record of trainers that read ``conversations`` and
            ``image``; the message has its number.
    """
    count = images = characters = 0
    try:
        with path.open("rb") as stream:
            for line in stream:
                count += 1
                record_images, record_characters = _measure_record(line, f"{path}:{count}")
                images += record_images
                characters += record_characters
    except OSError as error:
        raise QagenError(f"{path}: cannot be read ({error.strerror})") from error
    return count, images, characters


def _measure_record(line: bytes, where: str) -> tuple[int, int]:
    """Images and characters of a record."""
    try:
        record = decode_json(line, _Record, where)
    except QagenError as error:
        raise QagenError(f"{error}; expected {FIELDS}") from error
    if not record.conversations:
        raise QagenError(f"{where}: conversations: found none, expected a question and its answer")
    images = [record.image] if isinstance(record.image, str) else record.image or []
    if not all(images):
        raise QagenError(f"{where}: image: found an empty name, expected a path")
    tags = sum(turn.value.count(TAG) for turn in record.conversations)
    if tags and tags != len(images):
        raise QagenError(f"{where}: found {tags} {TAG} in conversations and {len(images)} in image, expected as many")
    if not images:
        _refuse_other_media(line, where)
    return len(images), sum(len(turn.value) for turn in record.conversations)


def _refuse_other_media(line: bytes, where: str) -> None:
    record = decode_json(line, dict[str, Any], where)
    if found := [key for key, value in record.items() if value and MEDIA_KEY.search(key)]:
        raise QagenError(f"{where}: found {', '.join(found)} and no image, expected the paths of the images in image")
