"""Selection of a run's samples to look at, and the content of their pictures."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from qagen.errors import ConfigError, QagenError, did_you_mean, match_names, matches
from qagen.files import decode_json, read_json_line
from qagen.records.read import (
    Filter,
    Record,
    RecordFile,
    RecordLine,
    Turn,
    check_same_id,
    fitting_files,
    read_lines,
    scene_of,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from PIL.Image import Image

    from qagen.core.scene import ImageSource
    from qagen.records.marks import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSelection(Filter):
    """Selection of samples to show."""

    ids: tuple[str, ...] = ()
    """Ids of samples, all of which are shown, whatever ``per_group``."""
    per_group: int = 1
    """Number of samples of each type and format."""
    seed: int = 0


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

    def image_name(self, index: int) -> str:
        """The name of an image in pictures."""
        ...

    def draw_on(self, image: "Image", index: int) -> "Image":
        """A copy of an image, which may be scaled, with its marks."""
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

    def draw_on(self, image: "Image", index: int) -> "Image":
        from qagen.records.marks import draw_marks

        return draw_marks(image, [mark for mark in self.marks if mark.image == index])

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
    for group, members in groupby(sorted(fitting_files(files, selection), key=group_of), key=group_of):
        lines = [line for file in members for line in read_lines(file)]
        scenes.update(line.scene for line in lines)
        ids.update(line.id for line in lines if line.scene in scenes_of_ids)
        lines = [line for line in lines if matches(line.scene, selection.scenes)]
        if selection.ids:
            chosen += [line for line in lines if line.id in selection.ids]
        else:
            chosen += draw_spread(lines, selection.per_group, uses, rng_for(selection.seed, "show", *group))
    match_names(selection.scenes, scenes, "--scenes: no records of scene")
    for name in selection.ids:
        if name not in ids:
            raise ConfigError(f"no record with id '{name}'.{did_you_mean(name, ids or scenes)}")
    if not chosen:
        raise ConfigError("no record fits all of the options together")
    return chosen


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
    from qagen.records.marks import marks_of

    record = read_json_line(line.file.path, line.start, Record, line)
    try:
        marks = marks_of(line.read())
    except QagenError as error:
        raise QagenError(f"{line}: {error}") from error
    images = tuple(line.file.dataset / "images" / name for name in record.image)
    evidence = {}
    if line.file.evidence.is_file():
        with line.file.evidence.open("rb") as stream:
            text = next(islice(stream, line.number - 1, None), b"")
        evidence = decode_json(text, dict[str, Any], f"{line.file.evidence}:{line.number}")
        check_same_id(evidence, line)
    return ViewSample(line, tuple(record.conversations), images, marks, record.is_video, evidence)
