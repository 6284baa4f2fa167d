"""Reader of the records and evidence of a run.

<out>/<dataset>/qa_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl        one record a line
<out>/<dataset>/evidence_jsonl/<split>/<type>/<format>/<format>_<N>.jsonl  its evidence, line by line
<out>/<dataset>/images/...                                                 the images that records name
<out>/<dataset>/report.json                                                config, counts, skips
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from filecmp import cmp
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from qagen.core.sample import FORMATS
from qagen.errors import ConfigError, QagenError, match_names
from qagen.files import decode_json, read_json_line, read_json_lines

TREE = "qa_jsonl"
LAYOUT = f"<dataset>/{TREE}/<split>/<type>/<format>/<format>_<N>.jsonl"
SPLITS = ("train", "val", "test")
MAX_DEPTH = 5
"""Maximum number of folders between the tree and a file."""
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
    """A file of records; its path gives dataset, split, type and format.

    Below ``qa_jsonl`` the first folder is the split, the last two are type and format; SPAR-7M has some more between.
    """

    path: Path

    @property
    def format(self) -> str:
        return self.path.parts[-2]

    @property
    def type(self) -> str:
        return self.path.parts[-3]

    @property
    def split(self) -> str:
        return self.path.relative_to(self._tree).parts[0]

    @property
    def dataset(self) -> Path:
        """The folder that holds ``qa_jsonl``, ``evidence_jsonl`` and ``images``."""
        return self._tree.parent

    @property
    def _tree(self) -> Path:
        return _tree_of(self.path)

    @property
    def has_evidence(self) -> bool:
        """Whether the run wrote evidence for the dataset; SPAR-7M and stripped copies have none."""
        return (self.dataset / "evidence_jsonl").is_dir()

    @property
    def evidence(self) -> Path:
        return self.dataset / "evidence_jsonl" / self.path.relative_to(self._tree)


@cache
def _tree_of(path: Path) -> Path:
    return next(folder for folder in path.parents if folder.name == TREE)


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

    Of copies in folders of different depth, as SPAR-7M has some, the outermost is taken.

    Raises:
        ConfigError: there are none, or one lies where type and format cannot be told from its folders.
    """
    home = "" if (out / TREE).is_dir() else "*/"
    trees = _visible(out, home + TREE)
    found = [(tree, path) for tree in trees for path in _record_paths(tree)]
    for tree, path in found:
        _check_place(path.relative_to(tree).parts[:-1], path)
    patterns = (f"{home}*/{TREE}", *(f"{home}{split}/*/*/*.jsonl" for split in SPLITS))
    astray = [path for pattern in patterns for path in _visible(out, pattern)]
    if not found or astray:
        problem = "no records" if out.is_dir() else "no such folder"
        also = f"; but found {astray[0]}" if astray else ""
        raise ConfigError(f"{out}: {problem if not found else 'records'}; looked for {out / LAYOUT}{also}")
    return _without_copies([RecordFile(path) for _, path in found])


def _visible(folder: Path, pattern: str) -> list[Path]:
    """What fits a pattern and has no hidden name, sorted. Other than ``rglob`` it follows links to folders."""
    found = sorted(folder.glob(pattern))
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def _record_paths(tree: Path) -> list[Path]:
    """Files of records at any depth that occurs."""
    return sorted(path for depth in range(MAX_DEPTH + 1) for path in _visible(tree, "*/" * depth + "*.jsonl"))


def _check_place(folders: Sequence[str], path: Path) -> None:
    """Raise ConfigError unless the folders are a split, perhaps others, a type and a format."""
    if len(folders) < 3:
        problem = f"found {len(folders)} folders between {TREE} and the file"
    elif folders[-1] not in FORMATS:
        problem = f"found {folders[-1]!r} as the format ({', '.join(FORMATS)})"
    elif folders[-2] in SPLITS or folders[0] in FORMATS:
        problem = "found the folders in another order"
    else:
        return
    raise ConfigError(f"{path}: {problem}, expected {LAYOUT}")


def _without_copies(files: Sequence[RecordFile]) -> list[RecordFile]:
    """The files without those that a file of the same name, type, format and split further out is equal to."""
    kept: dict[tuple[Path, tuple[str, ...]], list[RecordFile]] = {}
    for file in sorted(files, key=lambda file: len(file.path.parts)):
        same = kept.setdefault((file.dataset, (file.split, *file.path.parts[-3:])), [])
        if not any(cmp(file.path, other.path, shallow=False) for other in same):
            same.append(file)
    taken = {file for same in kept.values() for file in same}
    return [file for file in files if file in taken]


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


def count_lines(file: RecordFile) -> int:
    """The number of lines of a file. Raises QagenError where it cannot be read."""
    try:
        with file.path.open("rb") as stream:
            return sum(1 for _ in stream)
    except OSError as error:
        raise QagenError(f"{file.path}: cannot be read ({error.strerror})") from error


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


class Biased(msgspec.Struct):
    """What pruning reads of a line of evidence."""

    bias: float | None = None
    """How sure a reader of the words alone is of the answer; None where that was not measured."""


def read_bias(file: RecordFile) -> list[float | None]:
    """How sure a reader of the words alone is of the answer of each record; None where that was not measured.

    Raises:
        ConfigError: there is no evidence.
        QagenError: a line of it is not JSON.
    """
    if not file.evidence.is_file():
        raise ConfigError(f"--max-bias: {file.path}: found no evidence, expected it in {file.evidence}")
    return [line.bias for _, _, line in read_json_lines(file.evidence, Biased)]


def check_has_bias(files: Iterable[RecordFile]) -> None:
    """Raise ConfigError where no record of the files has a measured bias."""
    if not any(bias is not None for file in files for bias in read_bias(file)):
        raise ConfigError("--max-bias: the evidence has no bias; run qagen audit RUN --shortcuts --write-bias first")
