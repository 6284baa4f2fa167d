"""Where the records of a run and their evidence lie, gathered by scene so that each scene is read once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from qagen.audit.checks import Check, refuse
from qagen.errors import QagenError, match_names, matches
from qagen.files import read_json_line
from qagen.records.read import RecordFile, RecordLine, find_record_files

_KEEP = 64
"""Evidence that is missing or of another record is told so often for a file, then only counted."""


@dataclass(frozen=True, slots=True)
class AuditSelection:
    """Which records to look at; what is empty asks for all."""

    types: tuple[str, ...] = ()
    """Names or patterns such as ``depth_*``."""
    formats: tuple[str, ...] = ()
    """fill, select, ..."""
    scenes: tuple[str, ...] = ()
    """Names."""
    most: int | None = None
    """At most so many of each type and format, spread over the file."""


@dataclass(frozen=True, slots=True)
class RecordRef:
    """One record and its evidence."""

    line: RecordLine
    """Of the record."""
    evidence_start: int | None
    """First byte of its evidence, None where there is none."""

    def read(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """The record, None when it is not JSON, and the evidence, empty when there is none."""
        record = _record_at(self.line.file.path, self.line.start)
        if self.evidence_start is None:
            return record, {}
        return record, _record_at(self.line.file.evidence, self.evidence_start) or {}


@dataclass(slots=True)
class RecordIndex:
    """All places, and what was wrong with the files themselves."""

    scenes: dict[tuple[Path, str], list[RecordRef]] = field(default_factory=lambda: defaultdict(list))
    """Dataset folder and scene to its records."""
    faults: list[tuple[RecordFile, str, Check]] = field(default_factory=list)
    """File, place and what is wrong with it."""

    def __len__(self) -> int:
        return sum(len(places) for places in self.scenes.values())


def index_records(out: Path, wanted: AuditSelection) -> RecordIndex:
    """Find all wanted records. Raises ConfigError where a name fits nothing, QagenError where there are no records."""
    files = find_record_files(out)
    types = match_names(wanted.types, {file.type for file in files}, "--tasks: no records of type")
    formats = match_names(wanted.formats, {file.format for file in files}, "--formats: no records of format")
    shelf, ids, scenes = RecordIndex(), defaultdict(set), set()
    for file in files:
        if file.type in types and file.format in formats:
            places = list(_places(file, shelf, ids[file.dataset, file.split]))
            scenes |= {place.line.scene for place in places}
            for place in _spread(places, wanted):
                shelf.scenes[file.dataset, place.line.scene].append(place)
    match_names(wanted.scenes, scenes, "--scenes: no records of scene")
    return shelf


def _spread(places: list[RecordRef], wanted: AuditSelection) -> list[RecordRef]:
    fitting = [place for place in places if matches(place.line.scene, wanted.scenes)]
    if wanted.most is None or len(fitting) <= wanted.most:
        return fitting
    return [fitting[k * len(fitting) // wanted.most] for k in range(wanted.most)]


def _places(file: RecordFile, shelf: RecordIndex, ids: set[str]) -> Iterator[RecordRef]:
    """The records of a file; what is wrong with the file goes to the shelf."""
    evidences = _starts(file.evidence) if file.evidence.is_file() else []
    starts = _starts(file.path)
    for fault in _check_counts(file, len(starts), len(evidences)):
        shelf.faults.append((file, str(file.path), fault))
    told = {name: at for at, name in evidences}
    for number, (start, name) in enumerate(starts, 1):
        line = RecordLine(file, number, start, name)
        if not name:
            shelf.faults.append((file, str(line), refuse("line", "no JSON object with an id", "a record")))
            continue
        if name in ids:
            shelf.faults.append((file, str(line), refuse("id", name, "an id of its own")))
        ids.add(name)
        same_line = number <= len(evidences) and evidences[number - 1][1] == name
        if not same_line and len(shelf.faults) < _KEEP:
            found = evidences[number - 1][1] if number <= len(evidences) else "nothing"
            shelf.faults.append((file, str(line), refuse("evidence line", found, name)))
        yield RecordRef(line, told.get(name))


def _check_counts(file: RecordFile, records: int, evidences: int) -> Iterator[Check]:
    said = file.path.stem.rpartition("_")[2]
    if said != str(records):
        yield refuse("lines", f"{said} by the file's name", records)
    if evidences != records:
        yield refuse("evidence lines", evidences, records)


class _Id(msgspec.Struct):
    id: str = ""


def _starts(path: Path) -> list[tuple[int, str]]:
    """First byte and id of every line; a line that is no record has no id."""
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


def _record_at(path: Path, start: int) -> dict[str, Any] | None:
    try:
        return read_json_line(path, start, dict[str, Any], path)
    except QagenError:
        return None
