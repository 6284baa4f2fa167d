"""What a run asks about, as it states in its report.json: thresholds of visibility and the parameters of each type.

What the report does not state is taken from the YAML of the type and from the defaults of the task description.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import ConfigError
from qagen.files import TASK_CONFIGS, read_yaml

VISIBILITY = {
    "visible_fraction": 0.25,
    "in_image_fraction": 0.5,
    "visible_pixels": 400.0,
    "min_depth_m": 0.3,
    "max_depth_m": 8.0,
}


VIDEO_FRAMES = 32
"""Number of frames of a video, unless the run states another."""


class _RunConfig(msgspec.Struct):
    visibility: dict[str, float] = {}
    video_frames: int | str = VIDEO_FRAMES
    groups: list[str] = []


class _SceneEntry(msgspec.Struct):
    scale: float | None = None


class _RunReport(msgspec.Struct):
    run: _RunConfig = msgspec.field(default_factory=_RunConfig)
    task_configs: dict[str, dict[str, Any]] = {}
    scenes: dict[str, _SceneEntry] = {}


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of one run."""

    visibility: Mapping[str, float] = field(default_factory=dict)
    """Thresholds of visibility, by name."""
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Parameters by type, then by name."""
    scales: Mapping[str, float] = field(default_factory=dict)
    """By what the lengths of each scene were multiplied."""
    video_frames: int | str = VIDEO_FRAMES
    """Number of frames of a video, or "all"."""
    groups: tuple[str, ...] = ()
    """Variants that were asked for."""

    @classmethod
    def read(cls, report: Path) -> "RunSettings":
        """The settings in a report.json, if there is one. Raises ConfigError where it cannot be read."""
        if not report.is_file():
            return cls()
        try:
            content = msgspec.json.decode(report.read_bytes(), type=_RunReport)
        except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
            raise ConfigError(f"{report}: {error}; expected the report of a run") from error
        scales = {name: scene.scale for name, scene in content.scenes.items() if scene.scale}
        run = content.run
        return cls(run.visibility, content.task_configs, scales, run.video_frames, tuple(run.groups))

    def threshold(self, name: str) -> float:
        """A threshold of visibility."""
        return self.visibility.get(name, VISIBILITY[name])

    def task(self, type_name: str) -> Mapping[str, Any]:
        """The parameters of a type, empty for an unknown one."""
        return {**task_parameters(type_name), **self.tasks.get(type_name, {})}


@cache
def task_parameters(type_name: str) -> Mapping[str, Any]:
    """The content of a type's YAML, empty where there is none."""
    path = TASK_CONFIGS / f"{type_name}.yaml"
    return read_yaml(path) if path.is_file() else {}
