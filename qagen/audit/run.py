"""An audit from a run's folder to its result."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from qagen.audit.audit_record import AuditRecord
from qagen.audit.check_media import Media
from qagen.audit.check_record import Shape, check_record, readable
from qagen.audit.checks import Check, Verdict
from qagen.audit.counts import Group, OutcomeCounts, told
from qagen.audit.eligibility import check_eligibility
from qagen.audit.from_loader import check_dataset
from qagen.audit.from_loader import read_ground as read_with_loader
from qagen.audit.limits import Limits
from qagen.audit.perturb import Solved, Stability, rows, stir
from qagen.audit.physical import check_scene
from qagen.audit.raw_scannet import read_ground as read_scannet
from qagen.audit.record_index import AuditSelection, RecordIndex, index_records
from qagen.audit.scene import AuditScene
from qagen.audit.solvers.registry import examine
from qagen.audit.truth import SceneTruth
from qagen.audit.unoccluded import Unoccluded
from qagen.errors import ConfigError
from qagen.records.read import RecordFile, RecordLine

SCENE_GROUP, FILE_FORMAT = ("(scene)", "physical"), "(file)"
Report = Callable[[int, int, str], None]


@dataclass(slots=True)
class Audit:
    """The result."""

    tally: OutcomeCounts = field(default_factory=OutcomeCounts)
    """Outcomes."""
    stirred: dict[Group, Stability] = field(default_factory=lambda: defaultdict(Stability))
    """Under noise, empty unless asked for."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing disagrees."""
        return self.tally.total(Verdict.DISAGREE) == 0

    def as_data(self) -> dict[str, Any]:
        """For audit.json."""
        return {
            "totals": {verdict.value: self.tally.total(verdict) for verdict in Verdict},
            "rows": self.tally.rows,
            "noise": rows(self.stirred),
            "disagreements": [told(fault) for fault in self.tally.faults[Verdict.DISAGREE]],
            "undecided": [told(fault) for fault in self.tally.faults[Verdict.UNDECIDED]],
        }


def dataset_of(shelf: RecordIndex, out: Path) -> tuple[str, Path]:
    """The one dataset of a run and its output folder. Raises ConfigError when there are several, or it is unknown."""
    folders = sorted({folder for folder, _ in shelf.scenes} | {file.dataset for file, _, _ in shelf.faults})
    if len(folders) != 1:
        names = ", ".join(folder.name for folder in folders)
        raise ConfigError(f"{out}: found {names or 'no records'}, expected one dataset; name its folder")
    check_dataset(folders[0].resolve().name)
    return folders[0].resolve().name, folders[0]


def audit(
    out: Path,
    root: Callable[[str], Path],
    wanted: AuditSelection,
    draws: int = 0,
    seed: int = 0,
    report: Report | None = None,
) -> Audit:
    """Re-solve all wanted records of a run.

    Args:
        out: the run's folder.
        root: gives the dataset's folder by the dataset's name.
        wanted: which records.
        draws: how often to repeat everything under noise.
        seed: of the noise.
        report: is told (done, total, scene).

    Raises:
        QagenError: there are no records, a name fits nothing, or a scene cannot be read.
    """
    shelf = index_records(out, wanted)
    dataset, folder = dataset_of(shelf, out)
    home = root(dataset)
    result, media, done = Audit(), Media(folder / "images"), 0
    limits = Limits.of_run(folder / "report.json")
    shapes: dict[RecordFile, Shape] = defaultdict(Shape)
    for file, place, check in shelf.faults:
        result.tally.add((file.type, FILE_FORMAT), place, None, [check])
    for (_, scene), places in sorted(shelf.scenes.items()):
        examiner = Examiner(SceneTruth.of(read_scene(dataset, home, scene)), media, shapes, limits)
        result.tally.add(SCENE_GROUP, scene, None, list(check_scene(examiner.truth)))
        for place in places:
            checks = examiner.examine(place.line, *place.read())
            result.tally.add((place.line.file.type, place.line.file.format), str(place.line), place.line, checks)
            done += 1
            if report is not None:
                report(done, len(shelf), scene)
        if draws:
            stir(examiner.solved, examiner.truth, draws, seed, result.stirred)
    return result


def read_scene(dataset: str, home: Path, scene: str) -> AuditScene:
    """A scene from its own files, by the audit's own reader where it has one. Raises SceneError."""
    return read_scannet(home, scene) if dataset == "scannet" else read_with_loader(dataset, home, scene)


@dataclass(eq=False)
class Examiner:
    """Checks the records of one scene."""

    truth: SceneTruth
    """The scene."""
    media: Media
    """The images of the run."""
    shapes: dict[RecordFile, Shape] = field(default_factory=lambda: defaultdict(Shape))
    """Keys and types of each file, as far as it has been read."""
    limits: Limits = field(default_factory=Limits)
    """From where on the run asks about things."""
    solved: list[Solved] = field(default_factory=list)
    """Records whose objects are known."""

    @cached_property
    def alone(self) -> Unoccluded:
        """The scene's things, each without the others."""
        return Unoccluded(self.truth.ground)

    def examine(self, line: RecordLine, record: dict[str, Any] | None, evidence: dict[str, Any]) -> list[Check]:
        """All checks of one record, which is None where its line is no JSON."""
        checks = list(readable(record))
        if record is None or checks:
            return checks
        item = AuditRecord(line.file.type, line.file.format, str(line), record, evidence, line.scene)
        found, bound = examine(item, self.truth)
        self.solved.append(Solved(item, bound))
        return [
            *self.shapes[line.file].check(record),
            *check_record(item, self.truth.ground),
            *self.media.check(item, self.truth.ground),
            *found,
            *check_eligibility(item, bound, self.truth, self.alone, self.limits),
        ]
