"""From where on things may be asked about, as the run says in its report.json; else as tasks.md has it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import ConfigError

VISIBILITY = {
    "visible_fraction": 0.25,
    "in_image_fraction": 0.5,
    "visible_pixels": 400.0,
    "min_depth_m": 0.3,
    "max_depth_m": 8.0,
}


class _RunConfig(msgspec.Struct):
    visibility: dict[str, float] = {}


class _RunReport(msgspec.Struct):
    run: _RunConfig = msgspec.field(default_factory=_RunConfig)
    task_configs: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of one run."""

    visibility: dict[str, float] = field(default_factory=dict)
    """Of what is seen, by name."""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of each type, by name."""

    @classmethod
    def of_run(cls, report: Path) -> "Limits":
        """Those of a report.json, if there is one. Raises ConfigError where it cannot be read."""
        if not report.is_file():
            return cls()
        try:
            told = msgspec.json.decode(report.read_bytes(), type=_RunReport)
        except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
            raise ConfigError(f"{report}: {error}; expected the report of a run") from error
        return cls(told.run.visibility, told.task_configs)

    def seen(self, name: str) -> float:
        """A threshold of visibility."""
        return self.visibility.get(name, VISIBILITY[name])

    def of(self, type_name: str, name: str, default: float) -> float:
        """A threshold of one type."""
        return float(self.tasks.get(type_name, {}).get(name, default))
