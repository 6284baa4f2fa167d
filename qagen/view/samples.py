"""Choosing samples of a run to look at, and all that their pictures need."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qagen.errors import ConfigError, QagenError, did_you_mean, match_names, matches
from qagen.files import decode_json
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

    from qagen.records.marks import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSelection(Filter):
    """Which samples to show."""

    ids: tuple[str, ...] = ()
    """When there are any, all of these are shown."""
    per_group: int = 1
    """Samples of each type and format."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ViewSample:
    """A record with all that its picture needs."""

    line: RecordLine
    turns: tuple[Turn, ...]
    images: tuple[Path, ...]
    marks: "tuple[Mark, ...]"
    is_video: bool
    evidence: dict[str, Any]
    """What the answer follows from, empty when the run has none."""

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
        """The evidence in lines to read: each object, the measured quantities, the margin."""
        if not self.evidence:
            return []
        measured = [f"{name} = {_brief(value)}" for name, value in self.evidence.get("measured", {}).items()]
        margin = f"margin = {_brief(self.evidence.get('margin'))} {self.evidence.get('margin_unit', '')}".rstrip()
        objects = [self._object_line(item) for item in self.evidence.get("objects", [])]
        return [*objects, ", ".join([*measured, margin])]

    def image_name(self, index: int) -> str:
        """What pictures call the image at an index."""
        return f"Frame-{index}" if self.is_video else f"Image {index + 1}"

    def _object_line(self, item: dict[str, Any]) -> str:
        who = f"{item.get('alias') or item.get('color')}: {item.get('label')}"
        seen = f"{100 * item['visible_fraction']:.0f} % visible" if "visible_fraction" in item else ""
        places = (("center", "center_m"), ("in camera", "center_in_camera_m"), ("size", "size_m"))
        told = [f"{word} {_brief(item[key])} m" for word, key in places if key in item]
        where = f"object {item.get('id')}, {self.image_name(item.get('image', 0))}"
        return f"{who} ({where}): {', '.join(part for part in (*told, seen) if part)}"


def _brief(value: Any) -> str:
    """Numbers to three decimals; lists and objects in brackets."""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return f"({', '.join(_brief(item) for item in value)})"
    if isinstance(value, dict):
        return f"({', '.join(f'{key} {_brief(item)}' for key, item in value.items())})"
    return str(value)


def choose_samples(files: Sequence[RecordFile], wish: SampleSelection) -> list[RecordLine]:
    """Draw the wished samples, spread over types, formats and scenes.

    Raises:
        ConfigError: an unknown name, or nothing fits.
        QagenError: a line that cannot be read.
    """
    from qagen.rng import rng_for

    uses: Counter[str] = Counter()
    known = Known({scene_of(name) for name in wish.ids})
    chosen: list[RecordLine] = []
    for (type_name, format_name), group in groupby(sorted(fitting_files(files, wish), key=_group), key=_group):
        lines = known.note([line for file in group for line in read_lines(file)])
        rng = rng_for(wish.seed, "show", type_name, format_name)
        chosen += _draw_spread([line for line in lines if _is_wished(line, wish)], wish, uses, rng)
    known.refuse_others(wish)
    if not chosen:
        raise ConfigError("no record fits all of the options together")
    return chosen


class Known:
    """Scenes and ids that were read, to tell an unknown name from one that other options exclude."""

    def __init__(self, scenes_of_ids: set[str]) -> None:
        self._scenes_of_ids = scenes_of_ids
        self._scenes: set[str] = set()
        self._ids: set[str] = set()

    def note(self, lines: list[RecordLine]) -> list[RecordLine]:
        self._scenes.update(line.scene for line in lines)
        self._ids.update(line.id for line in lines if line.scene in self._scenes_of_ids)
        return lines

    def refuse_others(self, wish: SampleSelection) -> None:
        match_names(wish.scenes, self._scenes, "--scenes: no records of scene")
        for name in wish.ids:
            if name not in self._ids:
                raise ConfigError(f"no record with id '{name}'.{did_you_mean(name, self._ids or self._scenes)}")


def _group(file: RecordFile) -> tuple[str, str]:
    return file.type, file.format


def _is_wished(line: RecordLine, wish: SampleSelection) -> bool:
    return matches(line.scene, wish.scenes) and (not wish.ids or line.id in wish.ids)


def _draw_spread(
    lines: list[RecordLine], wish: SampleSelection, uses: "Counter[str]", rng: "Generator"
) -> list[RecordLine]:
    """Draw lines of the scenes that were used least, and count them in ``uses``."""
    if wish.ids:
        return lines
    by_scene: defaultdict[str, list[RecordLine]] = defaultdict(list)
    for line in lines:
        by_scene[line.scene].append(line)
    chosen = []
    for _ in range(min(wish.per_group, len(lines))):
        fewest = min(uses[scene] for scene in by_scene)
        scenes = [scene for scene in by_scene if uses[scene] == fewest]
        scene = scenes[int(rng.integers(len(scenes)))]
        chosen.append(by_scene[scene].pop(int(rng.integers(len(by_scene[scene])))))
        uses[scene] += 1
        if not by_scene[scene]:
            del by_scene[scene]
    return chosen


def load_sample(line: RecordLine) -> ViewSample:
    """Read the record and its evidence. Raises QagenError, with file and line, where either is not as it should be."""
    from qagen.records.marks import marks_of

    with line.file.path.open("rb") as stream:
        stream.seek(line.start)
        text = stream.readline()
    record = decode_json(text, Record, line)
    try:
        marks = marks_of(decode_json(text, dict[str, Any], line))
    except QagenError as error:
        raise QagenError(f"{line}: {error}") from error
    images = tuple(line.file.dataset / "images" / name for name in record.image)
    return ViewSample(line, tuple(record.conversations), images, marks, record.is_video, _read_evidence(line))


def _read_evidence(line: RecordLine) -> dict[str, Any]:
    path = line.file.evidence
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        text = next(islice(stream, line.number - 1, None), b"")
    evidence = decode_json(text, dict[str, Any], f"{path}:{line.number}")
    check_same_id(evidence, line)
    return evidence
