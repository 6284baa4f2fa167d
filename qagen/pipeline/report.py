"""What became of scenes, and the report of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from qagen.files import write_atomic
from qagen.pipeline.layout import Layout


@dataclass(slots=True)
class TaskCounts:
    """What became of one type's candidates in one scene or in all."""

    candidates: int = 0
    """Different candidates looked at."""
    askable: int = 0
    """Those that could be asked; the samples are chosen from them."""
    samples: dict[str, int] = field(default_factory=dict)
    """Written samples by format."""
    skips: dict[str, int] = field(default_factory=dict)
    """Refused candidates by reason."""

    def add(self, other: "TaskCounts") -> None:
        self.candidates += other.candidates
        self.askable += other.askable
        for mine, theirs in ((self.samples, other.samples), (self.skips, other.skips)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count

    @property
    def told(self) -> dict[str, Any]:
        """As the report has it."""
        return {
            "samples": self.samples,
            "candidates": self.candidates,
            "askable": self.askable,
            "skips": dict(sorted(self.skips.items())),
        }


@dataclass(slots=True)
class SceneReport:
    """What became of one scene."""

    scene: str
    error: str | None = None
    """Why the scene failed, or None."""
    frames: int = 0
    """Frames used."""
    objects: int = 0
    """Objects that may be asked about."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Frames and objects left out, by reason."""
    tasks: dict[str, TaskCounts] = field(default_factory=dict)
    """By task type."""
    seconds: float = 0.0
    """Wall time; told to people, never written."""

    @property
    def samples(self) -> int:
        return sum(sum(tally.samples.values()) for tally in self.tasks.values())

    @property
    def told(self) -> dict[str, Any]:
        """As the report has it."""
        if self.error is not None:
            return {"error": self.error}
        return {
            "frames": self.frames,
            "objects": self.objects,
            "left_out": dict(sorted(self.left_out.items())),
            "samples": {name: dict(tally.samples) for name, tally in self.tasks.items()},
        }


class RunTotals:
    """Outcomes added up one by one; of each scene only what the report says is kept, encoded."""

    def __init__(self, types: Iterable[str]) -> None:
        self.tasks = {name: TaskCounts() for name in types}
        self.scenes: dict[str, msgspec.Raw] = {}
        self.failed: list[str] = []

    def add(self, outcome: SceneReport) -> None:
        for type_name, tally in outcome.tasks.items():
            self.tasks[type_name].add(tally)
        self.scenes[outcome.scene] = msgspec.Raw(msgspec.json.encode(outcome.told))
        if outcome.error is not None:
            self.failed.append(outcome.scene)

    @property
    def samples(self) -> int:
        return sum(sum(tally.samples.values()) for tally in self.tasks.values())

    def report(self, run: Mapping[str, Any], task_configs: Mapping[str, Any]) -> dict[str, Any]:
        """What was done and what was not; the same for the same data and config."""
        return {
            **run,
            "tasks": {name: tally.told for name, tally in self.tasks.items()},
            "scenes": self.scenes,
            "task_configs": task_configs,
        }


def write_report(layout: Layout, report: Mapping[str, Any]) -> None:
    """Write report.json, indented for people."""
    write_atomic(layout.report, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
