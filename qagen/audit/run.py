"""An audit from a run's folder to its result."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from qagen.audit import from_loader, raw_scannet
from qagen.audit.audit_record import AuditRecord, is_mirrored
from qagen.audit.check_media import Media
from qagen.audit.check_record import Shape, check_readable, check_record
from qagen.audit.checks import Check, Verdict
from qagen.audit.counts import Group, OutcomeCounts
from qagen.audit.eligibility import check_eligibility
from qagen.audit.evidence import in_world_units
from qagen.audit.facts import FactCounts
from qagen.audit.groups import GroupChecks
from qagen.audit.mirror import mirrored
from qagen.audit.perturb import ResolvedRecord, Stability, perturb, rows
from qagen.audit.physical import check_scene
from qagen.audit.record_index import AuditSelection, RecordIndex, index_records
from qagen.audit.scale import at_room_scale, check_scale, check_unit, fitting_units
from qagen.audit.scene import AuditScene
from qagen.audit.settings import RunSettings
from qagen.audit.solvers.registry import examine
from qagen.audit.solvers.twins import TwinPairs
from qagen.audit.truth import SceneTruth
from qagen.errors import ConfigError
from qagen.records.read import RecordFile, RecordLine

SCENE_GROUP, FILE_FORMAT, FACTS_FORMAT, GROUPS_FORMAT = ("(scene)", "physical"), "(file)", "(facts)", "(groups)"
PAIRS_FORMAT = "(pairs)"
Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class Audit:
    """The result of an audit."""

    counts: OutcomeCounts = field(default_factory=OutcomeCounts)
    """Verdicts on records, files and scenes."""
    stability: dict[Group, Stability] = field(default_factory=lambda: defaultdict(Stability))
    """Results under noise, empty unless asked for."""
    without_rationale: int = 0
    """Number of records whose evidence has no rationale to check, as that of older runs."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing disagrees."""
        return self.counts.total(Verdict.DISAGREE) == 0

    def as_data(self) -> dict[str, Any]:
        """The content of audit.json."""
        return {
            "totals": {verdict.value: self.counts.total(verdict) for verdict in Verdict},
            "without_rationale": self.without_rationale,
            "rows": self.counts.rows,
            "noise": rows(self.stability),
            "disagreements": [fault.as_data() for fault in self.counts.faults[Verdict.DISAGREE]],
            "undecided": [fault.as_data() for fault in self.counts.faults[Verdict.UNDECIDED]],
        }


def audit(
    out: Path,
    root: Callable[[str], Path],
    wanted: AuditSelection,
    draws: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> Audit:
    """Solve all wanted records of a run again and compare.

    Args:
        out: the run's folder.
        root: gives the dataset's folder by the dataset's name.
        wanted: which records.
        draws: how often to repeat everything under noise.
        seed: seed of the noise.
        progress: called with (done, total, scene) after each record.

    Raises:
        QagenError: there are no records, a name fits nothing, or a scene cannot be read.
    """
    index = index_records(out, wanted)
    folder = _dataset_folder(index, out)
    dataset = folder.resolve().name
    home = root(dataset)
    result, media, done = Audit(), Media(folder / "images"), 0
    settings = RunSettings.read(folder / "report.json")
    shapes: dict[RecordFile, Shape] = defaultdict(Shape)
    for file, where, check in index.faults:
        result.counts.add((file.type, FILE_FORMAT), where, None, [check])
    for (_, scene_id), refs in sorted(index.scenes.items()):
        found = read_scene(dataset, home, scene_id)
        factor = settings.scales.get(scene_id)
        scene = at_room_scale(found, factor)
        examiner = Examiner(SceneTruth.of(scene), media, shapes, settings)
        of_scene = [*check_scale(found, factor), *check_scene(examiner.truth)]
        result.counts.add(SCENE_GROUP, scene_id, None, of_scene)
        facts, groups = FactCounts(), GroupChecks(settings.groups)
        for ref in refs:
            raw, evidence = ref.read()
            checks = examiner.examine(ref.line, raw, evidence)
            groups.add(ref.line.file.type, ref.line.file.format, raw, evidence)
            result.without_rationale += "rationale" not in evidence
            file = ref.line.file
            facts.add(file.type, file.format, in_world_units(evidence, scene), settings.task(file.type))
            result.counts.add((ref.line.file.type, ref.line.file.format), str(ref.line), ref.line, checks)
            done += 1
            if progress is not None:
                progress(done, len(index), scene_id)
        for type_name, answer_format, check in facts.check() if wanted.is_all else ():
            result.counts.add((type_name, FACTS_FORMAT), f"{scene_id}: {answer_format}", None, [check])
        for type_name, answer_format, check in examiner.pairs.check() if wanted.most is None else ():
            result.counts.add((type_name, PAIRS_FORMAT), f"{scene_id}: {answer_format}", None, [check])
        for type_name, name, checks in groups.check() if wanted.most is None else ():
            result.counts.add((type_name, GROUPS_FORMAT), f"{scene_id}: group {name}", None, checks)
        if draws:
            examiner.perturb(draws, seed, result.stability)
    return result


def read_scene(dataset: str, root: Path, scene_id: str) -> AuditScene:
    """A scene as its files have it. Raises SceneError where they make no sense."""
    if dataset == "scannet":
        return raw_scannet.read_scene(root, scene_id)
    return from_loader.read_scene(dataset, root, scene_id)


def _dataset_folder(index: RecordIndex, out: Path) -> Path:
    """The folder of a run's one dataset. Raises ConfigError where there are several, or it is unknown."""
    folders = sorted({folder for folder, _ in index.scenes} | {file.dataset for file, _, _ in index.faults})
    if len(folders) != 1:
        names = ", ".join(folder.name for folder in folders)
        raise ConfigError(f"{out}: found {names or 'no records'}, expected one dataset; name its folder")
    from_loader.check_dataset(folders[0].resolve().name)
    return folders[0]


@dataclass(eq=False)
class Examiner:
    """Checks the records of one scene."""

    truth: SceneTruth
    """The scene."""
    media: Media
    """The images of the run."""
    shapes: dict[RecordFile, Shape] = field(default_factory=lambda: defaultdict(Shape))
    """Keys and types of each file's records so far."""
    settings: RunSettings = field(default_factory=RunSettings)
    """The settings of the run."""
    resolved: list[ResolvedRecord] = field(default_factory=list)
    """Records whose objects are known."""
    pairs: TwinPairs = field(default_factory=TwinPairs)
    """The records with an option that they cannot be told."""
    _in_mirror: "Examiner | None" = None
    """Checks the records whose images are mirrored."""

    def perturb(self, draws: int, seed: int, stability: dict[Group, Stability]) -> None:
        """Solve what was examined again on perturbed copies of the scene, and of the scene in the mirror."""
        perturb(self.resolved, self.truth, draws, seed, stability)
        if self._in_mirror is not None:
            self._in_mirror.perturb(draws, seed, stability)

    def _examiner_of(self, raw: Mapping[str, Any]) -> "Examiner":
        """What checks a record: mirrored images show another scene."""
        if not any(map(is_mirrored, raw["image"])):
            return self
        if self._in_mirror is None:
            truth = SceneTruth.of(mirrored(self.truth.scene))
            self._in_mirror = Examiner(truth, self.media, self.shapes, self.settings)
        return self._in_mirror

    @cached_property
    def video(self) -> list[str]:
        """Names of the frames of the scene's video, in order."""
        return self.truth.scene.video(self.settings.video_frames)

    @cached_property
    def fitting_units(self) -> set[str | None]:
        """Symbols of the units in which the scene may be told."""
        return fitting_units(self.truth.scene)

    def examine(self, line: RecordLine, raw: dict[str, Any] | None, evidence: dict[str, Any]) -> list[Check]:
        """All checks of one record, which is None where its line is not JSON."""
        checks = list(check_readable(raw))
        if raw is None or checks:
            return checks
        return self._examiner_of(raw)._examine(line, raw, evidence)

    def _examine(self, line: RecordLine, raw: dict[str, Any], evidence: dict[str, Any]) -> list[Check]:
        type_name, answer_format = line.file.type, line.file.format
        task = self.settings.task(type_name)
        converted = in_world_units(evidence, self.truth.scene)
        record = AuditRecord(type_name, answer_format, str(line), raw, converted, line.scene, task)
        found, marks = examine(record, self.truth)
        self.pairs.add(record)
        if not record.is_twin:
            self.resolved.append(ResolvedRecord(record, marks))
        return [
            *self.shapes[line.file].check(raw),
            *check_record(record, self.truth.scene, self.video),
            *(check_unit(record, self.fitting_units) if evidence else ()),
            *self.media.check(record, self.truth.scene),
            *found,
            *check_eligibility(record, marks, self.truth, self.settings),
        ]
