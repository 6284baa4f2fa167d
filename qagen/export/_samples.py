"""Which samples are exported, and a stream of them in a seeded order.

Files of any length pass through in little memory: a run shuffles each of its files, so that drawing from which file the
next line comes shuffles them all.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np

from qagen.errors import ConfigError, QagenError, did_you_mean
from qagen.records.marks import Mark, marks_of
from qagen.records.read import (
    Filter,
    Record,
    RecordFile,
    Turn,
    decode,
    find_record_files,
    fitting_files,
    read_lines,
    scene_of,
)

BATCH = 4096
"""Lines drawn, and held in memory, at a time."""
TAG = re.compile(r"<(image|video|audio|bbox|ref-object|img)>")
"""What trainers would take for a place of their own."""
NOT_INFO = {"id", "conversations", "image", "depth"}
"""Keys of a record that say nothing about its marks."""


@dataclass(frozen=True, slots=True)
class RecordSource:
    """The samples of one file that are exported."""

    file: RecordFile
    dataset: str
    """Name of the dataset's folder, without signs that ids may not hold."""
    count: int
    scenes: frozenset[str] = frozenset()
    """Only samples of these; empty for all."""

    @property
    def name(self) -> str:
        """``<dataset>_<type>_<format>``, as SPAR names the entries of its indices."""
        return f"{self.dataset}_{self.file.type}_{self.file.format}"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of a sample, as the consumer shall see it."""

    images: Path
    """The folder of the run's images."""
    path: str
    """The run's image, below that folder."""
    name: str
    """Path below the folder of the export; marked images are named by what is on them."""
    marks: tuple[Mark, ...]
    """To draw on it."""

    @property
    def source(self) -> Path:
        return self.images / self.path


@dataclass(frozen=True, slots=True)
class ExportSample:
    """A record that fulfils what all consumers ask for."""

    id: str
    """``<dataset>-<record id>``, without "." and "/", unique over all files of an export."""
    dataset: str
    split: str
    type: str
    format: str
    scene: str
    question: str
    """Without tags for images."""
    answer: str
    pictures: tuple[Picture, ...]
    is_video: bool
    marks: tuple[Mark, ...]
    """What the question names, drawn or not."""
    spar_info: str
    """Type and mark columns of the record, as JSON."""


# --- which samples ----------------------------------------------------------------------------------------------------


def find_parts(out: Path, wanted: Filter) -> list[RecordSource]:
    """The files of a run with samples that fit, and how many of them.

    Raises:
        ConfigError: an unknown name, or nothing fits.
    """
    files = fitting_files(find_record_files(out), wanted)
    parts = (
        _of_scenes(files, wanted.scenes)
        if wanted.scenes
        else [RecordSource(file, _dataset_of(file), _count_lines(file)) for file in files]
    )
    parts = [part for part in parts if part.count]
    if not parts:
        raise ConfigError(f"{out}: no record fits all of the options together")
    return parts


def _dataset_of(file: RecordFile) -> str:
    return re.sub(r"[^\w-]", "_", file.dataset.resolve().name)


def _count_lines(file: RecordFile) -> int:
    with file.path.open("rb") as stream:
        return sum(1 for _ in stream)


def _of_scenes(files: Sequence[RecordFile], scenes: Sequence[str]) -> list[RecordSource]:
    known: set[str] = set()
    wanted, parts = frozenset(scenes), []
    for file in files:
        count = 0
        for line in read_lines(file):
            known.add(line.scene)
            count += line.scene in wanted
        parts.append(RecordSource(file, _dataset_of(file), count, wanted))
    for scene in scenes:
        if scene not in known:
            raise ConfigError(f"no records of scene '{scene}'.{did_you_mean(scene, known)}")
    return parts


# --- in a seeded order ------------------------------------------------------------------------------------------------


def shuffled(parts: Sequence[RecordSource], rng: np.random.Generator, draw: bool) -> Iterator[ExportSample]:
    """All samples of the parts in random order.

    Raises:
        QagenError: a line is not the record of a question and its answer; the message names file and line.
    """
    for part, number, text in _shuffled_lines(parts, rng):
        try:
            yield _to_sample(part, decode(text, Record, part.file.path, number), msgspec.json.decode(text), draw)
        except QagenError as error:
            where = f"{part.file.path}:{number}: "
            raise QagenError(where + str(error).removeprefix(where)) from error


def _shuffled_lines(
    parts: Sequence[RecordSource], rng: np.random.Generator
) -> Iterator[tuple[RecordSource, int, bytes]]:
    readers = [_Reader(part) for part in parts]
    left = np.array([part.count for part in parts])
    while total := int(left.sum()):
        counts = rng.multivariate_hypergeometric(left, min(BATCH, total))
        batch = [(reader.part, *line) for reader, count in zip(readers, counts, strict=True) for line in reader(count)]
        left -= counts
        for i in rng.permutation(len(batch)):
            yield batch[i]


class _Reader:
    """Takes the next lines of a part's samples; the file is open only meanwhile, as there may be many."""

    def __init__(self, part: RecordSource) -> None:
        self.part = part
        self._start = self._number = 0

    def __call__(self, count: int) -> Iterator[tuple[int, bytes]]:
        if not count:
            return
        path = self.part.file.path
        with path.open("rb") as stream:
            stream.seek(self._start)
            for text in iter(stream.readline, b""):
                self._start += len(text)
                self._number += 1
                if self._fits(text):
                    yield self._number, text
                    count -= 1
                    if not count:
                        return
        raise QagenError(f"{path}: has fewer lines than when they were counted; is a run still writing it?")

    def _fits(self, text: bytes) -> bool:
        if not self.part.scenes:
            return True
        return scene_of(decode(text, Record, self.part.file.path, self._number).id) in self.part.scenes


def _to_sample(part: RecordSource, record: Record, columns: dict[str, Any], draw: bool) -> ExportSample:
    question, answer = _texts(record.conversations)
    if re.search(r"[./]", record.id):
        raise QagenError(f"id: found '{record.id}', expected none of the signs '.' and '/', which readers cut ids at")
    marks = marks_of(columns)
    return ExportSample(
        id=f"{part.dataset}-{record.id}",
        dataset=part.dataset,
        split=part.file.split,
        type=part.file.type,
        format=part.file.format,
        scene=scene_of(record.id),
        question=question,
        answer=answer,
        pictures=_pictures(part, record.image, marks if draw else ()),
        is_video=record.is_video,
        marks=marks,
        spar_info=msgspec.json.encode({k: v for k, v in columns.items() if k not in NOT_INFO}).decode(),
    )


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


def _pictures(part: RecordSource, names: Sequence[str], marks: Sequence[Mark]) -> tuple[Picture, ...]:
    if not names:
        raise QagenError("image: found no images, expected one at least")
    images = part.file.dataset / "images"
    return tuple(
        _picture(part, images, name, tuple(replace(mark, image=0) for mark in marks if mark.image == index))
        for index, name in enumerate(names)
    )


def _picture(part: RecordSource, images: Path, name: str, marks: tuple[Mark, ...]) -> Picture:
    if name.startswith("/") or ".." in name.split("/"):
        raise QagenError(f"image: found '{name}', expected a path below {images}")
    target = f"images/{part.dataset}/{name}"
    if marks:
        told = msgspec.json.encode([target, [astuple(mark) for mark in marks]])
        digest = hashlib.sha256(told).hexdigest()[:32]
        target = f"marked/{part.dataset}/{digest[:2]}/{digest}{PurePosixPath(name).suffix}"
    return Picture(images, name, target, marks)


def every(_type: str, _format: str) -> bool:
    """What exporters take that leave nothing out."""
    return True


Takes = Callable[[str, str], bool]
