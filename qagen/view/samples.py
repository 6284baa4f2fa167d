"""Selection of a run's samples to look at, and the content of their pictures."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, starmap
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from qagen.errors import ConfigError, QagenError, did_you_mean, match_names, matches
from qagen.files import decode_json
from qagen.records.images import image_path
from qagen.records.read import (
    Filter,
    Record,
    RecordFile,
    RecordLine,
    Turn,
    check_same_id,
    count_lines,
    fitting_files,
    read_lines,
    read_pairs,
    read_records,
    scene_of,
)

if TYPE_CHECKING:
    from numpy.random import Generator

    from qagen.core.scene import ImageSource
    from qagen.records.marks import Mark
    from qagen.records.shapes import Shape, Size


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSelection(Filter):
    """Selection of samples to show."""

    ids: tuple[str, ...] = ()
    """Ids of samples, all of which are shown, whatever ``per_group``."""
    per_group: int | None = 1
    """Number of samples of each type and format; None for all, or as many of each as keep within MAX_SAMPLES."""
    seed: int = 0


MAX_SAMPLES = 20_000
"""Samples that a page opens and pages through smoothly."""


class Viewable(Protocol):
    """What pictures and pages show of a sample, whatever it comes from."""

    @property
    def id(self) -> str: ...

    @property
    def where(self) -> str:
        """How messages call the place where it stands."""
        ...

    @property
    def groups(self) -> dict[str, str]:
        """Its type, format, scene, dataset and split."""
        ...

    @property
    def turns(self) -> "Sequence[Turn]": ...

    @property
    def images(self) -> "Sequence[Path | ImageSource]":
        """Files, or images that lie elsewhere."""
        ...

    @property
    def is_video(self) -> bool: ...

    @property
    def marked(self) -> list[int]:
        """Images that carry marks, rising."""
        ...

    @property
    def caption(self) -> str: ...

    @property
    def reasons(self) -> list[str]:
        """Lines of small print."""
        ...

    @property
    def steps(self) -> list[str]:
        """Sentences that lead to the answer; none where nobody knows them."""
        ...

    @property
    def frames(self) -> list[str]:
        """Names of the frames that the images are; none where nobody knows them."""
        ...

    def image_name(self, index: int) -> str:
        """The name of an image in pictures."""
        ...

    def shapes(self, index: int, size: "Size") -> "Sequence[Shape]":
        """The marks of an image, which may be scaled to ``size``."""
        ...


@dataclass(frozen=True, slots=True)
class ViewSample:
    """A record with the content of its picture."""

    line: RecordLine
    turns: tuple[Turn, ...]
    images: "tuple[Path | ImageSource, ...]"
    marks: "tuple[Mark, ...]"
    is_video: bool
    evidence: dict[str, Any]
    """Evidence of the answer; empty when the run has none."""

    @property
    def id(self) -> str:
        return self.line.id

    @property
    def where(self) -> str:
        return str(self.line)

    @property
    def groups(self) -> dict[str, str]:
        file = self.line.file
        named = {"type": file.type, "format": file.format, "split": file.split, "dataset": file.dataset.name}
        return {**named, "scene": self.line.scene}

    @property
    def marked(self) -> list[int]:
        return sorted({mark.image for mark in self.marks})

    def shapes(self, index: int, size: "Size") -> "Sequence[Shape]":
        from qagen.records.marks import shapes_of

        return shapes_of([mark for mark in self.marks if mark.image == index], size)

    @property
    def name(self) -> str:
        file = self.line.file
        return re.sub(r"[^\w-]", "_", f"{file.type}-{file.format}-{self.line.id}")

    @property
    def caption(self) -> str:
        file = self.line.file
        return " · ".join(part for part in (file.type, file.format, self.line.id) if part)

    @property
    def reasons(self) -> list[str]:
        """The evidence as lines of text: a line for each object, then the measured quantities and the margin."""
        if not self.evidence:
            return []
        measured = [self._quantity(name, value) for name, value in self.evidence.get("measured", {}).items()]
        unit = self.evidence.get("margin_unit", "")
        margin = f"margin = {self._in_unit(self.evidence.get('margin'), unit)}".rstrip()
        objects = [self._object_line(item) for item in self.evidence.get("objects", [])]
        return [*objects, ", ".join([*measured, margin])]

    @property
    def steps(self) -> list[str]:
        return [step["says"] for step in self.evidence.get("rationale", ())]

    @property
    def frames(self) -> list[str]:
        return self.evidence.get("frames", [])

    def color_of(self, item: dict[str, Any]) -> str:
        """Color of the mark of an object of the evidence, which is found by its name where it has one; else ""."""
        named = {mark.text: mark.color for mark in self.marks if mark.text}
        return named.get(item.get("alias", ""), item.get("color") or "")

    def image_name(self, index: int) -> str:
        """The name of an image in pictures."""
        return f"Frame-{index}" if self.is_video else f"Image {index + 1}"

    def _object_line(self, item: dict[str, Any]) -> str:
        mark = item.get("alias") or item.get("color")
        vectors = (("center", "center"), ("in camera", "center_in_camera"), ("size", "size"))
        keys = [(word, f"{name}_{unit}", unit) for word, name in vectors for unit in ("m", "u")]
        facts = [f"{word} {self._in_unit(item[key], unit)}" for word, key, unit in keys if key in item]
        if "visible_fraction" in item:
            facts.append(f"{100 * item['visible_fraction']:.0f} % visible")
        where = f"object {item.get('id')}, {self.image_name(item.get('image', 0))}"
        return f"{mark}: {item.get('label')} ({where}): {', '.join(facts)}"

    def _quantity(self, name: str, value: Any) -> str:
        """A measured quantity; a length in the unit of the text, unless that is the meter, which its name says."""
        if self.evidence.get("unit") in TOLD_PER_M and name.endswith("_m"):
            return f"{name.removesuffix('_m')} = {self._in_unit(value, 'm')}"
        return f"{name} = {_brief(value)}"

    def _in_unit(self, value: Any, unit: str) -> str:
        """A value with its unit; meters as the unit in which the text tells lengths."""
        told = self.evidence.get("unit")
        if unit != "m" or told not in TOLD_PER_M:
            return f"{_brief(value)} {unit}"
        return f"{_brief(_times(value, TOLD_PER_M[told]))} {told}"


TOLD_PER_M = {"mm": 1000.0, "cm": 100.0, "km": 0.001}
"""Units in which texts may tell lengths besides the meter, in a meter."""


def _times(value: Any, factor: float) -> Any:
    return [_times(part, factor) for part in value] if isinstance(value, list) else value * factor


def _brief(value: Any) -> str:
    """Numbers with up to three decimals; lists and objects in parentheses."""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return f"({', '.join(_brief(item) for item in value)})"
    if isinstance(value, dict):
        return f"({', '.join(f'{key} {_brief(item)}' for key, item in value.items())})"
    return str(value)


def choose_samples(files: Sequence[RecordFile], selection: SampleSelection) -> list[RecordLine]:
    """Draw the selected samples, spread over types, formats and scenes.

    Raises:
        ConfigError: an unknown name, or nothing fits.
        QagenError: a line that cannot be read.
    """
    from qagen.rng import rng_for  # imports numpy, which --help needs not

    scenes_of_ids = {scene_of(name) for name in selection.ids}
    scenes: set[str] = set()
    ids: set[str] = set()
    uses: Counter[str] = Counter()
    chosen: list[RecordLine] = []
    group_of = attrgetter("type", "format")
    groups = [
        (group, list(members))
        for group, members in groupby(sorted(fitting_files(files, selection), key=group_of), key=group_of)
    ]
    quota = selection.per_group or _quota([sum(map(count_lines, members)) for _, members in groups])
    for group, members in groups:
        lines = [line for file in members for line in read_lines(file)]
        scenes.update(line.scene for line in lines)
        ids.update(line.id for line in lines if line.scene in scenes_of_ids)
        lines = [line for line in lines if matches(line.scene, selection.scenes)]
        if selection.ids:
            chosen += [line for line in lines if line.id in selection.ids]
        else:
            chosen += draw_spread(lines, quota, uses, rng_for(selection.seed, "show", *group))
    match_names(selection.scenes, scenes, "--scenes: no records of scene")
    for name in selection.ids:
        if name not in ids:
            raise ConfigError(f"no record with id '{name}'.{did_you_mean(name, ids or scenes)}")
    if not chosen:
        raise ConfigError("no record fits all of the options together")
    return chosen


def _quota(sizes: Sequence[int]) -> int:
    """How many samples of each group keep within MAX_SAMPLES, at least one."""

    def is_too_many(each: int) -> bool:
        return sum(min(size, each) for size in sizes) > MAX_SAMPLES

    return max(1, bisect_left(range(1, max(sizes) + 1), True, key=is_too_many))


def draw_spread(lines: list[RecordLine], count: int, uses: Counter[str], rng: "Generator") -> list[RecordLine]:
    """Draw ``count`` lines, each from the scenes used least so far, and count them in ``uses``."""
    by_scene: defaultdict[str, list[RecordLine]] = defaultdict(list)
    for line in lines:
        by_scene[line.scene].append(line)
    chosen = []
    for _ in range(min(count, len(lines))):
        fewest = min(uses[scene] for scene in by_scene)
        scenes = [scene for scene in by_scene if uses[scene] == fewest]
        scene = scenes[int(rng.integers(len(scenes)))]
        chosen.append(by_scene[scene].pop(int(rng.integers(len(by_scene[scene])))))
        uses[scene] += 1
        if not by_scene[scene]:
            del by_scene[scene]
    return chosen


def load_sample(line: RecordLine) -> ViewSample:
    """Read the record and its evidence. Raises QagenError, with file and line, where one of them is invalid."""
    evidence = {}
    if line.file.evidence.is_file():
        with line.file.evidence.open("rb") as stream:
            text = next(islice(stream, line.number - 1, None), b"")
        evidence = decode_json(text, dict[str, Any], f"{line.file.evidence}:{line.number}")
        check_same_id(evidence, line)
    return view_sample(line, line.read(), evidence)


def view_sample(line: RecordLine, content: dict[str, Any], evidence: dict[str, Any]) -> ViewSample:
    """A record that was read. Raises QagenError, with file and line, where it is invalid."""
    from qagen.records.marks import marks_of

    try:
        record = msgspec.convert(content, Record)
        if not record.conversations:
            raise QagenError("conversations: found none, expected a question and its answer")
        marks = marks_of(content)
        images = tuple(image_path(line.file.dataset / "images", name) for name in record.image)
    except msgspec.ValidationError as error:
        raise QagenError(f"{line}: not a record: {error}") from error
    except QagenError as error:
        raise QagenError(f"{line}: {error}") from error
    return ViewSample(line, tuple(record.conversations), images, marks, record.is_video, evidence)


def read_run(files: Iterable[RecordFile]) -> Iterator[ViewSample]:
    """All records of the files, with their evidence where the run wrote any.

    Raises:
        QagenError: a line is no record, or the evidence of some files only is missing.
    """
    for file in files:
        if file.has_evidence:
            yield from starmap(view_sample, read_pairs(file))
        else:
            yield from (view_sample(line, content, {}) for line, content in read_records(file))
