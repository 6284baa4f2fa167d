"""Data JSONs: the files of records that a trainer reads, the folders of their images, and how often to read them.

{"scannet_depth_prediction_oc_fill": {"root": ".../scannet/images", "annotation": ".../fill_120.jsonl",
 "repeat_time": 1, "length": 120, "data_augment": false}}

InternVL and SPAR read this format. They open ``annotation`` as given and put ``root`` before each image. With
``repeat_time`` below 1 they take the first int(length x repeat_time) lines; above 1 it must be an integer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import ConfigError, QagenError

CHUNK_BYTES = 1 << 20
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

    @property
    def lines_read(self) -> int:
        """Lines that a trainer gets."""
        return int(self.length * self.repeat_time)

    def path_names(self) -> tuple[str, str, str] | None:
        """Dataset, type and format from the path of the file; None outside SPAR's folder tree."""
        path = Path(self.annotation).parts
        if len(path) < 6 or path[-5] != "qa_jsonl":
            return None
        return path[-6], path[-3], path[-2]


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
        content = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not JSON: {error}") from error
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
    return Entry(name, paths["root"], paths["annotation"], count_lines(path), 1, augment, extra)


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


def count_lines(path: Path) -> int:
    """Number of lines of a file, the last with or without a line end, in constant memory.

    Raises:
        QagenError: the file cannot be read, or has an empty line, at which trainers would stop.
    """
    count, last = 0, b"\n"
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                empty = (last + chunk).find(b"\n\n")
                if empty >= 0:
                    number = count + chunk[:empty].count(b"\n") + 1
                    raise QagenError(f"{path}:{number}: found an empty line, expected a record")
                count, last = count + chunk.count(b"\n"), chunk[-1:]
    except OSError as error:
        raise QagenError(f"{path}: cannot be read ({error.strerror})") from error
    return count + (last != b"\n")
