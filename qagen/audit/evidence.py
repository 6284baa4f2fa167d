"""Evidence in the units of the world that the audit measures."""

from collections.abc import Mapping
from typing import Any

from qagen.audit.scene import AuditScene

POWERS = {"_m": 1, "_u": 1, "_m2": 2, "_u2": 2}
"""Endings of the names of lengths and areas, in meters or, where nobody knows the scale, in units of the data."""


def in_world_units(evidence: Mapping[str, Any], scene: AuditScene) -> dict[str, Any]:
    """The evidence of a record with its lengths and areas in units of the scene's world, under names that end in _m."""
    return {name: _converted(value, scene) for name, value in evidence.items()}


def _converted(value: Any, scene: AuditScene) -> Any:
    if isinstance(value, Mapping):
        converted = {}
        for name, part in value.items():
            stem, mark, unit = str(name).rpartition("_")
            power = POWERS.get(mark + unit, 0) if stem else 0
            own_name = f"{stem}_{unit.replace('u', 'm')}" if power else name
            converted[own_name] = _divided(part, scene.reported_unit**power) if power else _converted(part, scene)
        return converted
    return [_converted(part, scene) for part in value] if isinstance(value, list) else value


def _divided(value: Any, unit: float) -> Any:
    if isinstance(value, list):
        return [_divided(part, unit) for part in value]
    return value / unit if isinstance(value, int | float) and unit != 1.0 else value
