"""Per-scene counts and the run report."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from qagen.core.reasons import BALANCING, meaning_of
from qagen.files import write_atomic
from qagen.pipeline.layout import Layout

ENOUGH_SHARE = 0.25
"""Types with a smaller share of the wanted samples than this are explained at the end of a run."""
MAX_REASONS = 3
"""Reasons that are told of such a type."""


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    counts |= {name: counts.get(name, 0) + count for name, count in more.items()}


@dataclass(slots=True)
class TaskCounts:
    """Counts of one task type, in one scene or over a run."""

    askable: int = 0
    """Number of different questions that can be asked; the samples are chosen from them."""
    samples: dict[str, int] = field(default_factory=dict)
    """Number of written samples by format."""
    skips: dict[str, int] = field(default_factory=dict)
    """How many different things (images, objects, groups of objects, labels, the scene) were refused, by reason."""
    balanced_out: dict[str, int] = field(default_factory=dict)
    """How many questions were left out to keep answers even and questions different, by reason."""

    pairs_wanted: int = 0
    """Number of questions that were to have an unanswerable twin."""
    pairs: int = 0
    """Number of those that have one."""

    def refuse(self, reason: str, count: int = 1, answer_format: str | None = None) -> None:
        """Count what was refused in all formats or in one."""
        counts = self.balanced_out if reason in BALANCING else self.skips
        _add(counts, {f"{answer_format}: {reason}" if answer_format else reason: count})

    @property
    def reasons(self) -> dict[str, int]:
        """Why there are not more samples, and how often; the most frequent reason first."""
        return dict(sorted((self.skips | self.balanced_out).items(), key=lambda item: (-item[1], item[0])))

    def add(self, other: "TaskCounts") -> None:
        """Add the counts of another scene."""
        self.askable += other.askable
        self.pairs_wanted += other.pairs_wanted
        self.pairs += other.pairs
        _add(self.samples, other.samples)
        _add(self.skips, other.skips)
        _add(self.balanced_out, other.balanced_out)

    def to_report(self) -> dict[str, Any]:
        """The counts as they stand in report.json."""
        pairs = {"pairs": {"wanted": self.pairs_wanted, "written": self.pairs}} if self.pairs_wanted else {}
        return {
            "samples": self.samples,
            "askable": self.askable,
            **pairs,
            "skips": dict(sorted(self.skips.items())),
            "balanced_out": dict(sorted(self.balanced_out.items())),
        }


@dataclass(slots=True)
class SceneReport:
    """Counts of one scene, or why it failed."""

    scene: str
    error: str | None = None
    """Why the scene failed, or None."""
    frames: int = 0
    """Number of usable frames."""
    objects: int = 0
    """Number of objects that may be asked about."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Number of frames and objects left out, by reason."""
    scale: float = 1.0
    """By what the scene's lengths were multiplied before it was measured."""
    unit: str | None = "m"
    """Symbol of the unit in which its lengths are told; None where nobody knows its scale."""
    notice: str = ""
    """What a user should look at: an unusual unit, or things that are not as large as usual; printed, never written."""
    tasks: dict[str, TaskCounts] = field(default_factory=dict)
    """Counts by task type."""
    seconds: float = 0.0
    """Wall time; printed, never written."""

    @property
    def samples(self) -> int:
        return sum(sum(counts.samples.values()) for counts in self.tasks.values())

    def to_report(self) -> dict[str, Any]:
        """The counts as they stand in report.json."""
        if self.error is not None:
            return {"error": self.error}
        return {
            "frames": self.frames,
            "objects": self.objects,
            "left_out": dict(sorted(self.left_out.items())),
            "scale": self.scale,
            "unit": self.unit,
            "samples": {name: dict(counts.samples) for name, counts in self.tasks.items()},
        }


class RunTotals:
    """Counts over all scenes of a run. Per scene it keeps the encoded entry of report.json only."""

    def __init__(self, types: Iterable[str]) -> None:
        self.tasks = {name: TaskCounts() for name in types}
        self.scenes: dict[str, msgspec.Raw] = {}
        self.failed: list[str] = []
        self._left_out: set[str] = set()

    def add(self, scene: SceneReport) -> None:
        """Add a scene's counts."""
        for type_name, counts in scene.tasks.items():
            self.tasks[type_name].add(counts)
        self._left_out |= scene.left_out.keys()
        self.scenes[scene.scene] = msgspec.Raw(msgspec.json.encode(scene.to_report()))
        if scene.error is not None:
            self.failed.append(scene.scene)

    @property
    def samples(self) -> int:
        return sum(sum(counts.samples.values()) for counts in self.tasks.values())

    @property
    def reasons(self) -> dict[str, str]:
        """Every reason that occurs, as it is counted, and what it means for the user."""
        counted = self._left_out.union(*(counts.reasons for counts in self.tasks.values()))
        return {reason: meaning_of(reason) for reason in sorted(counted)}

    @property
    def pairs(self) -> str:
        """How many unanswerable pairs were written of those wanted, and which types lack most."""
        wanted = sum(task.pairs_wanted for task in self.tasks.values())
        missing = {name: task.pairs_wanted - task.pairs for name, task in self.tasks.items()}
        most = sorted((-count, name) for name, count in missing.items() if count)[:MAX_REASONS]
        lacking = ", ".join(f"{name} ({-count})" for count, name in most)
        advice = f"; most are missing in {lacking}: more scenes give more" if lacking else ""
        if not wanted:
            advice = ": no select question about several images could have one"
        return f"{wanted - sum(missing.values())} of {wanted} unanswerable pairs written{advice}"

    def scarce(self, samples_of: Callable[[str], int]) -> list[str]:
        """Types with few samples in some format for what was wanted of each scene; also those without any."""
        scenes = len(self.scenes) - len(self.failed)
        return [
            name
            for name, counts in self.tasks.items()
            if (counts.skips or not sum(counts.samples.values()))
            and min(counts.samples.values(), default=0) < ENOUGH_SHARE * samples_of(name) * scenes
        ]

    def explanation(self, samples_of: Callable[[str], int]) -> list[str]:
        """Lines about the types with few samples in some format: what was refused most, and what that means."""
        types, told = defaultdict(list), set()
        for name in self.scarce(samples_of):
            counts = self.tasks[name]
            most = list(counts.reasons.items())[:MAX_REASONS]
            told.update(reason for reason, _ in most)
            refused = ", ".join(f"{reason} ({count})" for reason, count in most)
            types[f"{sum(counts.samples.values())} - {refused}"].append(name)
        if not types:
            return []
        lines = [f"  {', '.join(names)}: {outcome}" for outcome, names in types.items()]
        meanings = [f"  {reason}: {self.reasons[reason]}" for reason in sorted(told)]
        return [
            "Few samples or none, and how many images, objects, groups of objects, labels or scenes were refused:",
            *lines,
            "What the reasons mean:",
            *meanings,
        ]

    def report(self, run: Mapping[str, Any], task_configs: Mapping[str, Any]) -> dict[str, Any]:
        """The content of report.json; the same for the same data and config."""
        return {
            **run,
            "tasks": {name: counts.to_report() for name, counts in self.tasks.items()},
            "reasons": self.reasons,
            "scenes": self.scenes,
            "task_configs": task_configs,
        }


def write_report(layout: Layout, report: Mapping[str, Any]) -> None:
    """Write report.json, indented for people."""
    write_atomic(layout.report, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
