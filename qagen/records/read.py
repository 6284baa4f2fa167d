"""Reader of the records and evidence of a run.

<out>/<dataset>/qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl        one record a line
<out>/<dataset>/evidence_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl  its evidence, line by line
<out>/<dataset>/images/...                                                 the images that records name
<out>/<dataset>/report.json                                                config, counts, skips
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import ConfigError, QagenError, match_names
from qagen.files import decode_json, read_json_line, read_json_lines

LAYOUT = "<dataset>/qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl"
MAX_IMAGES = 10
"""Maximum number of images of a sample that is not a video (SPAR's reader has the same limit)."""
MISSING_MEDIA = "a run without media keeps records only: generate again with --media copy"
"""End of messages about missing images."""


class Turn(msgspec.Struct):
    """One message of a conversation."""

    speaker: str = msgspec.field(name="from")
    value: str = ""


class Record(msgspec.Struct):
    """The fields that all records have; marks are read by ``qagen.records.marks``."""

    id: str
    type: str
    conversations: list[Turn]
    image: list[str]

    @property
    def is_video(self) -> bool:
        return len(self.image) > MAX_IMAGES or self.type == "nav"


class Named(msgspec.Struct):
    """The id alone, for a fast pass over all lines."""

    id: str


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file of records; its path gives dataset, split, type and format."""

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
        """Whether the run wrote evidence for the dataset; SPAR-7M and stripped copies have none."""
        return (self.dataset / "evidence_jsonl").is_dir()

    @property
    def evidence(self) -> Path:
        return self.dataset / "evidence_jsonl" / self.path.relative_to(self.dataset / "qa_jsonl")


@dataclass(frozen=True, slots=True)
class RecordLine:
    """The position of a record in its file."""

    file: RecordFile
    number: int
    """Line number, from 1."""
    start: int
    """Offset of the first byte of the line."""
    id: str

    @property
    def scene(self) -> str:
        return scene_of(self.id)

    def read(self) -> dict[str, Any]:
        """The record. Raises QagenError, with file and line, when it is none."""
        return read_json_line(self.file.path, self.start, dict[str, Any], self)

    def __str__(self) -> str:
        return f"{self.file.path}:{self.number}"


def find_record_files(out: Path) -> list[RecordFile]:
    """All files of records in a run's folder, or in the folder of one of its datasets.

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
    """Selection of records. An empty tuple selects all."""

    types: tuple[str, ...] = ()
    """Names or patterns such as ``depth_*``."""
    formats: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()


def fitting_files(files: Sequence[RecordFile], wanted: Filter) -> list[RecordFile]:
    """Files of the wanted types, formats and splits. Raises ConfigError, with the nearest name, for an unknown one."""
    types = match_names(wanted.types, {file.type for file in files}, "--tasks: no records of type")
    formats = match_names(wanted.formats, {file.format for file in files}, "--formats: no records of format")
    splits = match_names(wanted.splits, {file.split for file in files}, "--splits: no records of split")
    return [file for file in files if file.type in types and file.format in formats and file.split in splits]


def scene_of(record_id: str) -> str:
    """The scene that a record's id names."""
    return record_id.rpartition("_")[0]


def read_lines(file: RecordFile) -> Iterator[RecordLine]:
    """The lines of a file with their ids. Raises QagenError at a line without one, with file and line."""
    for number, start, named in read_json_lines(file.path, Named):
        yield RecordLine(file, number, start, named.id)


def read_records(file: RecordFile) -> Iterator[tuple[RecordLine, dict[str, Any]]]:
    """Each line of a file with its record. Raises QagenError at a line that is no record, with file and line."""
    for number, start, record in read_json_lines(file.path, dict[str, Any]):
        yield RecordLine(file, number, start, str(record.get("id"))), record


def read_pairs(file: RecordFile) -> Iterator[tuple[RecordLine, dict[str, Any], dict[str, Any]]]:
    """Each line of a file with its record and its evidence.

    Raises:
        QagenError: a line is no record, or the evidence is missing, shorter, longer or of another record.
    """
    try:
        with file.evidence.open("rb") as evidences:
            for line, record in read_records(file):
                evidence = decode_json(
                    evidences.readline() or b"null", dict[str, Any], f"{file.evidence}:{line.number}"
                )
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
