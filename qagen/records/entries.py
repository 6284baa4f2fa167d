"""Data JSONs: which files of records a trainer reads, from where their images come, and how often.

{"scannet_depth_prediction_oc_fill": {"root": ".../scannet/images", "annotation": ".../fill_120.jsonl",
 "repeat_time": 1, "length": 120, "data_augment": false}}

InternVL and SPAR read this format. They open ``annotation`` as it stands and put ``root`` before each image. With
``repeat_time`` below 1 they take the first int(length x repeat_time) lines; above 1 it must be an integer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import ConfigError, QagenError

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of records in a data JSON."""

    name: str
    """Its key, ``<dataset>_<type>_<format>`` for records of qagen and SPAR."""
    root: str
    """Folder that the records' image paths start from."""
    annotation: str
    """The JSONL file, absolute or relative to where the trainer is started."""
    length: int
    """Lines of the file."""
    repeat_time: int | float = 1
    """How often the file is read: an integer, or a share of its first lines."""
    data_augment: bool = False
    """Whether InternVL may degrade the images at random."""
    extra: tuple[tuple[str, Any], ...] = ()
    """Other keys that a trainer understands (``max_dynamic_patch``), kept as they are."""

    @property
    def lines_read(self) -> int:
        """Lines that a trainer gets."""
        return int(self.length * self.repeat_time)

    def parts(self) -> tuple[str, str, str] | None:
        """Dataset, type and format, told by where the file lies; None outside of SPAR's tree."""
        path = Path(self.annotation).parts
        if len(path) < 6 or path[-5] != "qa_jsonl":
            return None
        return path[-6], path[-3], path[-2]


def read_index(path: Path) -> list[Entry]:
    """The entries of a data JSON, their lines counted afresh.

    Raises:
        ConfigError: the file is no data JSON, or one of its annotation files is missing.
    """
    return [make_entry(name, told, f"{path}: {name}") for name, told in _read_entries(path).items()]


def roots_of(path: Path) -> set[str]:
    """The roots that a data JSON names, as it spells them. Raises ConfigError when the file is no data JSON."""
    return {str(told.get("root")) for told in _read_entries(path).values() if isinstance(told, dict)}


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


def make_entry(name: str, told: Any, where: str) -> Entry:
    """The entry that a data JSON or a mix file tells; ``where`` starts the message of an error."""
    told = dict(told) if isinstance(told, dict) else {}
    paths = {key: told.pop(key, None) for key in ("annotation", "root")}
    for key, value in paths.items():
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{where}: {key}: found {value!r:.80}, expected a path")
    told = {key: value for key, value in told.items() if key not in ("length", "repeat_time", "length_with_repeat")}
    augment = bool(told.pop("data_augment", False))
    path = Path(paths["annotation"])
    if not path.is_file():
        raise ConfigError(
            f"{where}: annotation: no file {path}" + ("" if path.is_absolute() else f" below {Path.cwd()}")
        )
    return Entry(name, paths["root"], paths["annotation"], count_lines(path), 1, augment, tuple(told.items()))


def encode_index(entries: list[Entry], with_repeat: bool = False) -> bytes:
    """The data JSON of entries, in their order; ``with_repeat`` adds ``length_with_repeat``."""
    content = {}
    for entry in entries:
        told: dict[str, Any] = {
            "root": entry.root,
            "annotation": entry.annotation,
            "repeat_time": entry.repeat_time,
            "length": entry.length,
            "data_augment": entry.data_augment,
        }
        if with_repeat:
            told["length_with_repeat"] = entry.lines_read
        content[entry.name] = told | dict(entry.extra)
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def count_lines(path: Path) -> int:
    """Lines of a file, the last with or without its end, in memory that does not grow with the file.

    Raises:
        QagenError: the file cannot be read, or has an empty line, on which trainers would stop.
    """
    count, last = 0, b"\n"
    try:
        for chunk in _chunks(path):
            empty = (last + chunk).find(b"\n\n")
            if empty >= 0:
                number = count + chunk[:empty].count(b"\n") + 1
                raise QagenError(f"{path}:{number}: found an empty line, expected a record")
            count, last = count + chunk.count(b"\n"), chunk[-1:]
    except OSError as error:
        raise QagenError(f"{path}: cannot be read ({error.strerror})") from error
    return count + (last != b"\n")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
