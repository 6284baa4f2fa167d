"""A check sheet: a folder with samples that people judge by eye, in a browser or without one.

<sheet>/sheet.html       the page: question, then the judge's own answer, then the record's answer and the verdict
<sheet>/questions.jsonl  {"id", "type", "format", "question", "images", "overview"}, one sample a line
<sheet>/answers.jsonl    {"id", "answer"}: what the judge is shown after answering
<sheet>/planted.jsonl    {"id", "answer"}: the samples whose shown answer is wrong on purpose, and the record's answer
<sheet>/images/<id>/     the images with their marks in their own size, and ``overview.jpg`` with all of them
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from qagen.audit.plant import spoil_answer
from qagen.errors import ConfigError, QagenError
from qagen.files import atomic_folder, link_atomic, open_atomic, write_atomic
from qagen.records.entries import measure_records
from qagen.records.marks import draw_marks_on_file
from qagen.records.read import RecordFile, RecordLine, find_record_files, read_lines
from qagen.rng import rng_for
from qagen.view.page import render_page
from qagen.view.picture import draw_sample, measure_image, open_image, read_image
from qagen.view.samples import ViewSample, draw_spread, load_sample

PAGE, QUESTIONS, ANSWERS, PLANTED, SAVED = (
    "sheet.html", "questions.jsonl", "answers.jsonl", "planted.jsonl", "verdicts.jsonl"
)  # fmt: skip
VERDICTS = {
    "right": "the answer is true",
    "ugly": "true, but nobody would ask or say it so",
    "unclear": "the images do not decide it",
    "wrong": "the answer is not true, or the question has no answer",
}
"""What a judge may say, the best first."""
JPEG_SUFFIXES = (".jpg", ".jpeg")
OVERVIEW_WIDTH_PX = 1400
Group = tuple[str, str]
"""Type and format."""


class Question(msgspec.Struct):
    """A sample as its judge first sees it."""

    id: str
    """Dataset, type, format and record id."""
    type: str
    format: str
    question: str
    """With its options, one a line."""
    images: list[str]
    """Files with the marks drawn, in order, relative to the sheet."""
    overview: str
    """All images in one file, those with marks enlarged."""


class Answer(msgspec.Struct):
    """The answer to the question of that id."""

    id: str
    answer: str


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """What to put on a sheet."""

    count: int
    """Number of samples, without the planted ones."""
    each: int = 1
    """Minimum number of every type and format, where there are as many; it may raise ``count``."""
    planted: float = 0.1
    """Number of samples with a wrong answer, as a share of the others."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SheetSample:
    """A sample on a sheet."""

    sample: ViewSample
    shown: str
    """The answer that the judge sees."""

    @property
    def id(self) -> str:
        return f"{self.sample.line.file.dataset.resolve().name}-{self.sample.name}"

    @property
    def answer(self) -> str:
        return self.sample.turns[1].value

    @property
    def is_planted(self) -> bool:
        return self.shown != self.answer


# --- writing ----------------------------------------------------------------------------------------------------------


def write_sheet(out: Path, folder: Path, plan: SheetPlan) -> list[SheetSample]:
    """Write a sheet with samples of the run in ``out`` into the new folder, and return them.

    Raises:
        ConfigError: there are no records, or the folder has something in it.
        QagenError: a record cannot be read, an image is missing, or the folder cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"--out: {folder}: found something there, expected a new or empty folder")
    samples = choose(out, plan)
    with atomic_folder(folder, replace=True) as new:
        questions = [_write_images(sample, new) for sample in samples]
        _write_lines(new / QUESTIONS, questions)
        _write_lines(new / ANSWERS, (Answer(sample.id, sample.shown) for sample in samples))
        _write_lines(new / PLANTED, (Answer(sample.id, sample.answer) for sample in samples if sample.is_planted))
        write_atomic(new / PAGE, _page(samples, questions).encode())
    return samples


def _write_lines(path: Path, values: Iterable[msgspec.Struct]) -> None:
    with open_atomic(path) as stream:
        stream.writelines(msgspec.json.encode(value) + b"\n" for value in values)


def _write_images(one: SheetSample, folder: Path) -> Question:
    """Write the images of a sample: those without marks are links to the run's."""
    sample, home = one.sample, Path("images") / one.id
    images = []
    for index, path in enumerate(sample.images):
        assert isinstance(path, Path), "the images of a run are files"
        open_image(sample, index, (1, 1))  # raises where it is missing or damaged
        marks = [mark for mark in sample.marks if mark.image == index]
        is_jpeg = path.suffix.lower() in JPEG_SUFFIXES
        suffix = path.suffix if not marks or is_jpeg else ".png"
        name = home / f"{sample.image_name(index).replace(' ', '-')}{suffix}"
        if marks:
            write_atomic(folder / name, draw_marks_on_file(read_image(sample, index), marks, as_png=not is_jpeg))
        else:
            link_atomic(folder / name, path)
        images.append(name.as_posix())
    overview = home / "overview.jpg"
    with open_atomic(folder / overview) as file:
        blind = replace(sample, turns=sample.turns[:1], evidence={})
        draw_sample(blind, OVERVIEW_WIDTH_PX).save(file, format="JPEG", quality=90)
    file = sample.line.file
    return Question(one.id, file.type, file.format, sample.turns[0].value, images, overview.as_posix())


def _page(samples: Sequence[SheetSample], questions: Sequence[Question]) -> str:
    text = "\n".join(f"{one.id} {one.shown}" for one in samples)
    entries = [
        {
            **msgspec.to_builtins(question),
            "answer": one.shown,
            "images": [_image_entry(one.sample, index, name) for index, name in enumerate(question.images)],
            "video": one.sample.is_video,
        }
        for one, question in zip(samples, questions, strict=True)
    ]
    data = {"sheet": hashlib.sha256(text.encode()).hexdigest()[:12], "samples": entries}
    return render_page("sheet.html", data=data, verdicts=VERDICTS, file_name=SAVED)


def _image_entry(sample: ViewSample, index: int, name: str) -> dict[str, Any]:
    """What the page knows of an image, on which marks are drawn already."""
    width, height = measure_image(sample, index, read_image(sample, index))
    is_marked = index in sample.marked
    return {"src": name, "name": sample.image_name(index), "width": width, "height": height, "isMarked": is_marked}


# --- drawing ----------------------------------------------------------------------------------------------------------


def choose(out: Path, plan: SheetPlan) -> list[SheetSample]:
    """Draw the samples of a sheet, the planted ones among them, in random order."""
    files = find_record_files(out)
    drawn = draw_stratified(files, plan.count, plan.each, plan.seed)
    samples = [SheetSample(sample, sample.turns[1].value) for sample in map(_load, drawn)]
    wanted = round(plan.planted * len(samples))
    known = {(str(line.file.path), line.number) for line in drawn}
    others = draw_stratified(files, len(drawn) + 4 * wanted, 1, plan.seed, "planted") if wanted else []
    rng = rng_for(plan.seed, "check sheet", "planted")
    for line in others:
        if wanted and (str(line.file.path), line.number) not in known:
            sample = _load(line)
            shown = spoil_answer(sample.turns[0].value, sample.turns[1].value, line.file.format, rng)
            if shown is not None:
                samples.append(SheetSample(sample, shown))
                wanted -= 1
    if repeated := [id_ for id_, times in Counter(one.id for one in samples).items() if times > 1]:
        raise QagenError(f"{out}: found two records with the id of {repeated[0]}, expected different ids")
    order = rng_for(plan.seed, "check sheet").permutation(len(samples))
    return [samples[i] for i in order]


def _load(line: RecordLine) -> ViewSample:
    sample = load_sample(line)
    if [turn.speaker for turn in sample.turns] != ["human", "gpt"]:
        raise QagenError(f"{line}: conversations: found {len(sample.turns)} turns, expected a question and its answer")
    return sample


def draw_stratified(
    files: Sequence[RecordFile], count: int, each: int, seed: int, purpose: str = "drawn"
) -> list[RecordLine]:
    """Draw ``count`` records in random order: types equally often, within a type its formats, and the scenes alike.

    Small types leave their share to the others.

    Args:
        each: minimum number of every type and format, where there are as many; it may raise ``count``.
        purpose: draws of different purposes are independent.
    """
    by_group: dict[Group, list[RecordFile]] = defaultdict(list)
    for file in files:
        by_group[file.type, file.format].append(file)
    sizes = {group: sum(measure_records(file.path)[0] for file in members) for group, members in by_group.items()}
    quotas = share_out(sizes, count, each, seed)
    uses: Counter[str] = Counter()
    drawn: list[RecordLine] = []
    for group, quota in sorted(quotas.items()):
        lines = [line for file in by_group[group] for line in read_lines(file)]
        drawn += draw_spread(lines, quota, uses, rng_for(seed, "check sheet", purpose, *group))
    order = rng_for(seed, "check sheet", purpose, "order").permutation(len(drawn))
    return [drawn[i] for i in order]


def share_out(sizes: Mapping[Group, int], count: int, each: int, seed: int) -> Counter[Group]:
    """How many records to draw of each type and format that has so many."""
    quotas = Counter({group: min(each, size) for group, size in sizes.items()}) if each > 1 else Counter[Group]()
    rng = rng_for(seed, "check sheet", "shares")
    turn = {group: int(place) for group, place in zip(sorted(sizes), rng.permutation(len(sizes)), strict=True)}
    of_type: Counter[str] = Counter()
    for (kind, _), quota in quotas.items():
        of_type[kind] += quota
    for _ in range(min(count, sum(sizes.values())) - quotas.total()):
        free = [group for group, size in sizes.items() if quotas[group] < size]
        group = min(free, key=lambda group: (of_type[group[0]], quotas[group], turn[group]))
        quotas[group] += 1
        of_type[group[0]] += 1
    return quotas
