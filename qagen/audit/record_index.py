"""Where the records of a run and their evidence lie, grouped by scene so that each scene is read once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from qagen.audit.checks import Check, disagree
from qagen.errors import QagenError, match_names, matches
from qagen.files import read_json_line
from qagen.records.read import RecordFile, RecordLine, find_record_files

MOST_MISMATCHES = 64
"""Once this many faults of files are known, missing or mismatched evidence lines are no longer reported."""


@dataclass(frozen=True, slots=True)
class AuditSelection:
    """Which records to audit; an empty choice means all."""

    types: tuple[str, ...] = ()
    """Types, by name or by a pattern such as ``depth_*``."""
    formats: tuple[str, ...] = ()
    """Answer formats: fill, select, ..."""
    scenes: tuple[str, ...] = ()
    """Scenes, by name."""
    most: int | None = None
    """Largest number of records of each file, spread over it; None for all."""

    @property
    def is_all(self) -> bool:
        """Whether the chosen scenes are audited as a whole."""
        return not self.types and not self.formats and self.most is None


@dataclass(frozen=True, slots=True)
class RecordRef:
    """Where one record and its evidence lie."""

    line: RecordLine
    """The line of the record."""
    evidence_start: int | None
    """First byte of its evidence, None where there is none."""

    def read(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """The record, None where it is not JSON, and the evidence, empty where there is none."""
        raw = _read_record(self.line.file.path, self.line.start)
        if self.evidence_start is None:
            return raw, {}
        return raw, _read_record(self.line.file.evidence, self.evidence_start) or {}


@dataclass(slots=True)
class RecordIndex:
    """All records of a run, and what is wrong with its files."""

    scenes: dict[tuple[Path, str], list[RecordRef]] = field(default_factory=lambda: defaultdict(list))
    """Records by dataset folder and scene."""
    faults: list[tuple[RecordFile, str, Check]] = field(default_factory=list)
    """Failed checks of files: the file, where in it, and the check."""

    def __len__(self) -> int:
        return sum(len(refs) for refs in self.scenes.values())


def index_records(out: Path, wanted: AuditSelection) -> RecordIndex:
    """Find all wanted records. Raises ConfigError where a name fits nothing, QagenError where there are no records."""
    files = find_record_files(out)
    types = match_names(wanted.types, {file.type for file in files}, "--tasks: no records of type")
    formats = match_names(wanted.formats, {file.format for file in files}, "--formats: no records of format")
    index, ids, scenes = RecordIndex(), defaultdict(set), set()
    for file in files:
        if file.type in types and file.format in formats:
            refs = list(_index_file(file, index, ids[file.dataset, file.split]))
            scenes |= {ref.line.scene for ref in refs}
            refs = [ref for ref in refs if matches(ref.line.scene, wanted.scenes)]
            if wanted.most is not None and len(refs) > wanted.most:
                refs = [refs[k * len(refs) // wanted.most] for k in range(wanted.most)]
            for ref in refs:
                index.scenes[file.dataset, ref.line.scene].append(ref)
    match_names(wanted.scenes, scenes, "--scenes: no records of scene")
    return index


def _index_file(file: RecordFile, index: RecordIndex, ids: set[str]) -> Iterator[RecordRef]:
    """The records of a file; what is wrong with the file is added to the index."""
    evidence = _line_starts(file.evidence) if file.evidence.is_file() else []
    records = _line_starts(file.path)
    count = file.path.stem.rpartition("_")[2]
    if count != str(len(records)):
        index.faults.append((file, str(file.path), disagree("lines", f"{count} by the file's name", len(records))))
    if len(evidence) != len(records):
        index.faults.append((file, str(file.path), disagree("evidence lines", len(evidence), len(records))))
    evidence_starts = {name: start for start, name in evidence}
    for number, (start, name) in enumerate(records, 1):
        line = RecordLine(file, number, start, name)
        if not name:
            index.faults.append((file, str(line), disagree("line", "no JSON object with an id", "a record")))
            continue
        if name in ids:
            index.faults.append((file, str(line), disagree("id", name, "an id of its own")))
        ids.add(name)
        beside = evidence[number - 1][1] if number <= len(evidence) else "nothing"
        if beside != name and len(index.faults) < MOST_MISMATCHES:
            index.faults.append((file, str(line), disagree("evidence line", beside, name)))
        yield RecordRef(line, evidence_starts.get(name))


class _Id(msgspec.Struct):
    id: str = ""


def _line_starts(path: Path) -> list[tuple[int, str]]:
    """First byte and id of every line; the id is empty where a line is no record."""
    starts, at = [], 0
    with path.open("rb") as stream:
        for text in stream:
            try:
                name = msgspec.json.decode(text, type=_Id).id
            except (msgspec.DecodeError, UnicodeDecodeError):
                name = ""
            starts.append((at, name))
            at += len(text)
    return starts


def _read_record(path: Path, start: int) -> dict[str, Any] | None:
    """The JSON object of the line that starts at a byte, None where it is none."""
    try:
        return read_json_line(path, start, dict[str, Any], path)
    except QagenError:
        return None
