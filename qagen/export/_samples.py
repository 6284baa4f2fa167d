"""Which samples are exported, and a stream of them in a seeded order.

Memory does not grow with the files: the lines of each file are shuffled already, so drawing the file that the next line
comes from shuffles all lines.
"""

import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal

import msgspec
import numpy as np

from qagen.errors import ConfigError, QagenError, match_names, matches
from qagen.files import decode_json
from qagen.records.images import image_path
from qagen.records.marks import Mark, marks_of
from qagen.records.read import (
    Filter,
    Record,
    RecordFile,
    RecordLine,
    Turn,
    check_same_id,
    find_record_files,
    fitting_files,
    read_lines,
    scene_of,
)

Evidence = Literal["unread", "optional", "required"]
"""Whether the evidence of records is read: never, where the run has any, or always."""
BATCH = 4096
"""Number of lines drawn, and held in memory, at a time."""
TAG = re.compile(r"<(image|video|audio|bbox|ref-object|img)>")
"""Tags that trainers would replace by an image or a box."""
NOT_INFO = {"id", "conversations", "image", "depth"}
"""Keys of a record that say nothing about its marks."""


@dataclass(frozen=True, slots=True)
class RecordSource:
    """A file of records and which of its samples are exported."""

    file: RecordFile
    dataset: str
    """Name of the dataset's folder, without characters that ids may not contain."""
    count: int
    scenes: tuple[str, ...] = ()
    """Names or patterns of the scenes whose samples are exported; empty for all."""

    @property
    def name(self) -> str:
        """``<dataset>_<type>_<format>``, as SPAR names the entries of its indices."""
        return f"{self.dataset}_{self.file.type}_{self.file.format}"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of a sample, as the consumer will see it."""

    images: Path
    """The folder of the run's images."""
    path: str
    """Path of the run's image below that folder."""
    name: str
    """Path below the folder of the export; images with marks are named by their content."""
    marks: tuple[Mark, ...]
    """Marks to draw on it."""

    @property
    def source(self) -> Path:
        return self.images / self.path


@dataclass(frozen=True, slots=True)
class ExportSample:
    """A record that meets the requirements of all consumers."""

    where: str
    """File and line of the record."""
    id: str
    """``<dataset>-<record id>``, without "." and "/", unique over all files of an export."""
    dataset: str
    split: str
    type: str
    format: str
    scene: str
    question: str
    """Question text without image tags."""
    answer: str
    pictures: tuple[Picture, ...]
    is_video: bool
    marks: tuple[Mark, ...]
    """Marks that the question refers to, drawn or not."""
    spar_info: str
    """Type and mark columns of the record, as JSON."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """The record's evidence; empty where the export does without."""
    rationale: str = ""
    """The steps that lead to the answer, one sentence each; "" without ``--think``."""

    @property
    def record_id(self) -> str:
        return self.id.removeprefix(f"{self.dataset}-")

    def renamed(self, name: Callable[[str], str]) -> "ExportSample":
        """The sample with other names of its images."""
        return replace(self, pictures=tuple(replace(picture, name=name(picture.name)) for picture in self.pictures))


class Step(msgspec.Struct):
    """One step of a rationale in evidence."""

    says: str


# --- which samples ----------------------------------------------------------------------------------------------------


def find_sources(out: Path, wanted: Filter) -> list[RecordSource]:
    """The record files of a run with samples that match, and their number of samples.

    Raises:
        ConfigError: an unknown name, or nothing matches.
    """
    files = fitting_files(find_record_files(out), wanted)
    known, sources = set[str](), []
    for file in files:
        count = 0
        if wanted.scenes:
            for line in read_lines(file):
                known.add(line.scene)
                count += matches(line.scene, wanted.scenes)
        else:
            with file.path.open("rb") as stream:
                count = sum(1 for _ in stream)
        if count:
            dataset = re.sub(r"[^\w-]", "_", file.dataset.resolve().name)
            sources.append(RecordSource(file, dataset, count, wanted.scenes))
    match_names(wanted.scenes, known, "--scenes: no records of scene")
    if not sources:
        raise ConfigError(f"{out}: no record fits all of the options together")
    return sources


# --- in a seeded order ------------------------------------------------------------------------------------------------


def shuffled(
    sources: Sequence[RecordSource],
    rng: np.random.Generator,
    draw: bool,
    evidence: Evidence = "unread",
    think: bool = False,
) -> Iterator[ExportSample]:
    """All samples of the files in random order.

    Args:
        draw: whether images are to carry the marks.
        evidence: whether to read the evidence of each record.
        think: whether to take the rationale out of it.

    Raises:
        QagenError: a line is not the record of a question and its answer, or what is read of the evidence is missing;
            the message names file and line.
    """
    for source, number, text, told in _shuffled_lines(sources, rng, "required" if think else evidence):
        where = f"{source.file.path}:{number}"
        try:
            sample = _to_sample(source, where, decode_json(text, Record, where), msgspec.json.decode(text), draw)
        except QagenError as error:
            raise QagenError(f"{where}: {str(error).removeprefix(f'{where}: ')}") from error
        yield _with_evidence(sample, RecordLine(source.file, number, 0, sample.record_id), told, think)


def _shuffled_lines(
    sources: Sequence[RecordSource], rng: np.random.Generator, evidence: Evidence
) -> Iterator[tuple[RecordSource, int, bytes, bytes]]:
    readers = [_Reader(source, evidence) for source in sources]
    left = np.array([source.count for source in sources])
    while total := int(left.sum()):
        counts = rng.multivariate_hypergeometric(left, min(BATCH, total))
        batch = [
            (reader.source, *line) for reader, count in zip(readers, counts, strict=True) for line in reader(count)
        ]
        left -= counts
        for i in rng.permutation(len(batch)):
            yield batch[i]


class _Reader:
    """Reads the next lines of a file's exported samples, with those of its evidence if wanted (else b"").

    The files are open only while reading, as there may be many.
    """

    def __init__(self, source: RecordSource, evidence: Evidence) -> None:
        self.source = source
        self._with_evidence = evidence == "required" or (evidence == "optional" and source.file.has_evidence)
        self._start = self._evidence_start = self._number = 0

    def __call__(self, count: int) -> Iterator[tuple[int, bytes, bytes]]:
        if not count:
            return
        path = self.source.file.path
        with path.open("rb") as stream, self._open_evidence() as evidences:
            stream.seek(self._start)
            evidences.seek(self._evidence_start)
            for text in iter(stream.readline, b""):
                evidence = evidences.readline()
                self._start += len(text)
                self._evidence_start += len(evidence)
                self._number += 1
                if not self.source.scenes or matches(self._scene(text), self.source.scenes):
                    yield self._number, text, evidence
                    count -= 1
                    if not count:
                        return
        raise QagenError(f"{path}: has fewer lines than when they were counted; is a run still writing it?")

    def _open_evidence(self) -> BinaryIO:
        path = self.source.file.evidence
        if not self._with_evidence:
            return io.BytesIO()
        if not path.is_file():
            raise QagenError(f"{path}: no such file; this export needs the evidence of the run")
        return path.open("rb")

    def _scene(self, text: bytes) -> str:
        return scene_of(decode_json(text, Record, f"{self.source.file.path}:{self._number}").id)


def _to_sample(source: RecordSource, where: str, record: Record, columns: dict[str, Any], draw: bool) -> ExportSample:
    question, answer = _texts(record.conversations)
    if re.search(r"[./]", record.id):
        raise QagenError(f"id: found '{record.id}', expected neither '.' nor '/', where readers cut ids")
    marks = marks_of(columns)
    return ExportSample(
        where=where,
        id=f"{source.dataset}-{record.id}",
        dataset=source.dataset,
        split=source.file.split,
        type=source.file.type,
        format=source.file.format,
        scene=scene_of(record.id),
        question=question,
        answer=answer,
        pictures=_pictures(source, record.image, marks if draw else ()),
        is_video=record.is_video,
        marks=marks,
        spar_info=msgspec.json.encode({k: v for k, v in columns.items() if k not in NOT_INFO}).decode(),
    )


def _with_evidence(sample: ExportSample, line: RecordLine, text: bytes, think: bool) -> ExportSample:
    """The sample with its evidence and, if wanted, its rationale; as it is without evidence."""
    if not text and not think:
        return sample
    where = f"{line.file.evidence}:{line.number}"
    evidence = decode_json(text or b"null", dict[str, Any], where)
    check_same_id(evidence, line)
    return replace(sample, evidence=evidence, rationale=_rationale(evidence, where) if think else "")


def _rationale(evidence: Mapping[str, Any], where: str) -> str:
    if "rationale" not in evidence:
        raise QagenError(f"{where}: found no rationale, which --think writes; generate the run again to have it")
    try:
        steps = msgspec.convert(evidence["rationale"], list[Step])
    except msgspec.ValidationError as error:
        raise QagenError(f"{where}: rationale: {error}") from error
    text = " ".join(step.says.strip() for step in steps)
    if not text or "<" in text:
        raise QagenError(f"{where}: rationale: found {text!r:.80}, expected sentences without <")
    return text


def _texts(turns: Sequence[Turn]) -> tuple[str, str]:
    speakers = [turn.speaker for turn in turns]
    if speakers != ["human", "gpt"]:
        raise QagenError(f"conversations: found turns of {speakers}, expected one of human, then one of gpt")
    question, answer = (turn.value for turn in turns)
    for text in (question, answer):
        if tag := TAG.search(text):
            raise QagenError(f"conversations: found {tag[0]} in the text, which trainers take for an image or a box")
        if not text.strip():
            raise QagenError("conversations: found an empty text, expected a question and its answer")
    return question, answer


def _pictures(source: RecordSource, names: Sequence[str], marks: Sequence[Mark]) -> tuple[Picture, ...]:
    if not names:
        raise QagenError("image: found no images, expected one at least")
    images = source.file.dataset / "images"
    return tuple(
        _picture(source, images, name, tuple(replace(mark, image=0) for mark in marks if mark.image == index))
        for index, name in enumerate(names)
    )


def _picture(source: RecordSource, images: Path, name: str, marks: tuple[Mark, ...]) -> Picture:
    image_path(images, name)
    target = f"images/{source.dataset}/{name}"
    if marks:
        content = msgspec.json.encode([target, [astuple(mark) for mark in marks]])
        digest = hashlib.sha256(content).hexdigest()[:32]
        target = f"marked/{source.dataset}/{digest[:2]}/{digest}{PurePosixPath(name).suffix}"
    return Picture(images, name, target, marks)


def every(_type: str, _format: str) -> bool:
    """``Exporter.takes`` of formats that take every sample."""
    return True


Takes = Callable[[str, str], bool]
