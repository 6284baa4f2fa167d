"""What a run has written, read back line by line.

<out>/<dataset>/qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl        one record a line
<out>/<dataset>/evidence_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl  its evidence, line by line
<out>/<dataset>/images/...                                                 what records call their images
<out>/<dataset>/report.json                                                config, counts, skips
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from qagen.errors import ConfigError, QagenError, did_you_mean

LAYOUT = "<dataset>/qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl"
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
MOST_IMAGES = 10
"""Samples with more images are videos, whose images are called frames (the SPAR reader draws the same line)."""
MISSING_MEDIA = "a run without media keeps records only: generate again with --media copy"
"""What to say when an image of a record is not there."""

T = TypeVar("T")


class Turn(msgspec.Struct):
    """One side's part of a conversation."""

    speaker: str = msgspec.field(name="from")
    value: str = ""


class Record(msgspec.Struct):
    """What every record has; its marks are read by ``qagen.records.marks``."""

    id: str
    type: str
    conversations: list[Turn]
    image: list[str]

    @property
    def is_video(self) -> bool:
        return len(self.image) > MOST_IMAGES or self.type == "nav"


class Named(msgspec.Struct):
    """The id alone, for a quick pass over all lines."""

    id: str


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file of records; dataset, split, type and format follow from where it lies."""

    path: Path

    @property
    def format(self) -> str:
        return self.path.parts[-2]

    @property
    def type(self) -> str:
        return self.path.parts[-3]

    @property
    def split(self) -> str:
        return self.path.parts[-4]

    @property
    def dataset(self) -> Path:
        """The folder that holds ``qa_jsonl``, ``evidence_jsonl`` and ``images``."""
        return self.path.parents[4]

    @property
    def has_evidence(self) -> bool:
        """Whether the dataset's run wrote evidence at all; SPAR-7M and stripped copies have none."""
        return (self.dataset / "evidence_jsonl").is_dir()

    @property
    def evidence(self) -> Path:
        return self.dataset / "evidence_jsonl" / self.path.relative_to(self.dataset / "qa_jsonl")


@dataclass(frozen=True, slots=True)
class RecordLine:
    """Where a record is."""

    file: RecordFile
    number: int
    """Line in the file, from 1."""
    start: int
    """Byte in the file at which the line starts."""
    id: str

    @property
    def scene(self) -> str:
        return scene_of(self.id)

    def __str__(self) -> str:
        return f"{self.file.path}:{self.number}"


def find_record_files(out: Path) -> list[RecordFile]:
    """All files of records below a run's folder, or below the folder of one of its datasets.

    Raises:
        ConfigError: there are none.
    """
    roots = [out] if (out / "qa_jsonl").is_dir() else sorted(out.glob("*/"))
    paths = [path for root in roots for path in sorted(root.glob("qa_jsonl/*/*/*/*.jsonl"))]
    files = [RecordFile(path) for path in paths if not path.name.startswith(".")]
    if not files:
        found = "no records" if out.is_dir() else "no such folder"
        raise ConfigError(f"{out}: {found}; looked for {out / LAYOUT}")
    return files


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which records to read. An empty tuple asks for all."""

    types: tuple[str, ...] = ()
    """Names or patterns such as ``depth_*``."""
    formats: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()


def fitting_files(files: Sequence[RecordFile], wanted: Filter) -> list[RecordFile]:
    """Files of the wanted types, formats and splits. Raises ConfigError, with the nearest name, for an unknown one."""
    types = _matching("type", wanted.types, {file.type for file in files})
    formats = _matching("format", wanted.formats, {file.format for file in files})
    splits = _matching("split", wanted.splits, {file.split for file in files})
    return [file for file in files if file.type in types and file.format in formats and file.split in splits]


def _matching(kind: str, patterns: Sequence[str], known: set[str]) -> set[str]:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise ConfigError(f"no records of {kind} '{pattern}'.{did_you_mean(pattern, known)}")
    return {name for name in known if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)}


def scene_of(record_id: str) -> str:
    """The scene that a record's id names."""
    return record_id.rpartition("_")[0]


def read_lines(file: RecordFile) -> Iterator[RecordLine]:
    """The lines of a file with their ids. Raises QagenError at a line without one, with file and line."""
    start = 0
    with file.path.open("rb") as stream:
        for number, text in enumerate(stream, 1):
            yield RecordLine(file, number, start, decode(text, Named, file.path, number).id)
            start += len(text)


def read_records(file: RecordFile) -> Iterator[tuple[RecordLine, dict[str, Any]]]:
    """Each line of a file with its record. Raises QagenError at a line that is no record, with file and line."""
    start = 0
    with file.path.open("rb") as stream:
        for number, text in enumerate(stream, 1):
            record = decode(text, dict[str, Any], file.path, number)
            yield RecordLine(file, number, start, str(record.get("id"))), record
            start += len(text)


def read_pairs(file: RecordFile) -> Iterator[tuple[RecordLine, dict[str, Any], dict[str, Any]]]:
    """Each line of a file with its record and its evidence.

    Raises:
        QagenError: a line is no record, or the evidence is missing, shorter, longer or of another record.
    """
    try:
        with file.evidence.open("rb") as evidences:
            for line, record in read_records(file):
                evidence = decode(evidences.readline() or b"null", dict[str, Any], file.evidence, line.number)
                check_same_id(evidence, line)
                yield line, record, evidence
            if evidences.readline():
                raise QagenError(f"{file.evidence}: found more lines than in {file.path}, expected as many")
    except OSError as error:
        raise QagenError(f"{error.filename}: cannot be read ({error.strerror})") from error


def check_same_id(evidence: dict[str, Any], line: RecordLine) -> None:
    """Raise QagenError unless the evidence is that of the record at ``line``."""
    if evidence.get("id") != line.id:
        where = f"{line.file.evidence}:{line.number}"
        raise QagenError(f"{where}: id is {evidence.get('id')!r}, expected {line.id!r} as in {line}")


def decode(text: bytes, kind: type[T], path: Path, number: int) -> T:
    """Decode one line. Raises QagenError with file and line where it is not of that kind."""
    try:
        return msgspec.json.decode(text, type=kind)
    except UNREADABLE as error:
        raise QagenError(f"{path}:{number}: not a record: {error}") from error
