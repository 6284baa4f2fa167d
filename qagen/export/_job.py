"""What an exporter is given to do, and the folder that appears only when the export is complete."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Literal

import msgspec

from qagen.errors import ConfigError
from qagen.export._media import embedded, placed
from qagen.export._samples import Evidence, ExportSample, RecordSource, every, shuffled
from qagen.files import atomic_folder
from qagen.rng import rng_for

MANIFEST = ".qagen_export.json"


@dataclass(frozen=True, slots=True)
class Exporter:
    """The data format of one consumer."""

    write: "Callable[[ExportJob], str]"
    """Writes the export; returns the options or lines that point the consumer to it."""
    takes: Callable[[str, str], bool] = every
    """Whether samples of a (type, format) can be exported."""
    needs_marks: bool = False
    """Whether the format has no columns for marks, so that they must be drawn."""
    evidence: Evidence = "unread"
    """Whether the format says what only the evidence tells."""
    is_published: bool = False
    """Whether people put the form on the Hugging Face Hub."""
    is_scored: bool = False
    """Whether answers are what predictions are compared to, so that no rationale may stand before them."""
    orders_points: bool = False
    """Whether programs disagree about the order in which the format has the coordinates of a point."""
    is_whole: bool = False
    """Whether the form is of a whole run as it is, so that nothing can be chosen or changed."""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """An export to be written."""

    sources: tuple[RecordSource, ...]
    folder: Path
    """Folder to write to; it is moved to ``home`` at the end."""
    home: Path
    """Absolute path of the finished export, for files that contain it."""
    seed: int = 0
    draw: bool = True
    copy: bool = False
    evidence: Evidence = "unread"
    think: bool = False
    point_order: Literal["yx", "xy"] = "yx"
    selection: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What was chosen of the run, by option: names or patterns."""
    on_sample: Callable[[], object] = lambda: None
    """Called after each sample."""

    @property
    def splits(self) -> list[str]:
        return sorted({source.file.split for source in self.sources})

    @property
    def homes(self) -> list[Path]:
        """The folders of the datasets of the run."""
        return sorted({source.file.dataset for source in self.sources})

    def of_split(self, split: str) -> list[RecordSource]:
        """Record files of a split."""
        return [source for source in self.sources if source.file.split == split]

    def by_name(self, split: str) -> dict[str, list[RecordSource]]:
        """Record files of a split, grouped by ``<dataset>_<type>_<format>``."""
        groups: dict[str, list[RecordSource]] = {}
        for source in sorted(self.of_split(split), key=lambda source: source.name):
            groups.setdefault(source.name, []).append(source)
        return groups

    def placed(
        self, sources: Sequence[RecordSource], name: Callable[[str], str] = lambda name: name
    ) -> Iterator[ExportSample]:
        """Samples in random order, with their images written below ``folder``, under names that ``name`` may change."""
        samples = (sample.renamed(name) for sample in self._shuffled(sources))
        for sample in placed(samples, self.folder, self.copy):
            yield sample
            self.on_sample()

    def embedded(self, sources: Sequence[RecordSource]) -> Iterator[tuple[ExportSample, list[bytes]]]:
        """Samples in random order with the bytes of their images."""
        for pair in embedded(self._shuffled(sources)):
            yield pair
            self.on_sample()

    def _shuffled(self, sources: Sequence[RecordSource]) -> Iterator[ExportSample]:
        names = sorted({f"{source.name}_{source.file.split}" for source in sources})
        return shuffled(sources, rng_for(self.seed, "export", *names), self.draw, self.evidence, self.think)

    def write_lines(self, name: str, lines: Iterable[dict[str, Any]]) -> int:
        """Write JSON lines to a file below ``folder`` and return their number."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            return sum(1 for line in lines if stream.write(msgspec.json.encode(line) + b"\n"))

    @contextmanager
    def json_list(self, name: str) -> Iterator[Callable[[Any], None]]:
        """A JSON file below ``folder`` whose top level is a list, one item a line; yields what appends an item."""
        with (self.folder / name).open("wb") as stream:
            separators = chain([b"[\n"], repeat(b",\n"))
            yield lambda item: stream.writelines((next(separators), msgspec.json.encode(item)))
            stream.write(b"\n]\n" if next(separators) == b",\n" else b"[]\n")

    def write_json(self, name: str, content: Any) -> None:
        """Write one JSON file below ``folder``, indented for people."""
        self.write_text(name, msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n")

    def write_text(self, name: str, content: str) -> None:
        """Write one text file below ``folder``."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


@contextmanager
def new_folder(home: Path, name: str, manifest: dict[str, Any]) -> Iterator[Path]:
    """A folder to write in that becomes ``home`` when all went well, and vanishes otherwise.

    An earlier export of the same form is replaced at the end. Raises ConfigError when ``home`` holds anything else, and
    OutputError when the disk does not take what is written.
    """
    check_free(home, name)
    with atomic_folder(home, replace=True) as folder:
        yield folder
        names = sorted(entry.name for entry in folder.iterdir())
        (folder / MANIFEST).write_bytes(msgspec.json.encode({"exporter": name, **manifest, "holds": names}) + b"\n")


def check_free(home: Path, name: str) -> None:
    """Raise ConfigError unless ``home`` is not there, empty, or an earlier export of the same form and nothing else."""
    if home.exists() and not home.is_dir():
        raise ConfigError(f"--out {home}: found a file, expected a folder or nothing")
    if not home.exists() or not any(home.iterdir()):
        return
    manifest = _manifest_of(home)
    found = manifest.get("exporter")
    if found != name:
        what = f"an export for {found}" if found else "files that are not of an export"
        raise ConfigError(f"--out {home}: found {what}, expected an empty folder, none, or an earlier {name} export")
    present = {entry.name for entry in home.iterdir()} - {MANIFEST}
    if others := sorted(present.difference(manifest.get("holds", present))):
        raise ConfigError(f"--out {home}: found {others[0]}, which the export did not write; move it elsewhere")


def _manifest_of(home: Path) -> dict[str, Any]:
    manifest = home / MANIFEST
    return msgspec.json.decode(manifest.read_bytes()) if manifest.is_file() else {}
