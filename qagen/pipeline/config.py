"""The config of a run: defaults, preset, config file and command line. Checked before the first scene."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from qagen.core.sample import VARIANTS, Variant
from qagen.errors import ConfigError, did_you_mean
from qagen.files import PRESETS, TASK_CONFIGS, read_yaml
from qagen.tasks._base import Family, Format
from qagen.tasks.registry import known_types, load_task, validated
from qagen.visibility.thresholds import Thresholds
from qagen.visibility.views import LEAST_VIDEO_FRAMES, VIDEO_FRAMES, VideoFrames


def _frame_count(value: object) -> VideoFrames:
    """``all`` or a number of frames, which the command line gives as text."""
    if value == "all":
        return "all"
    count = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 9 else value
    if isinstance(count, bool) or not isinstance(count, int) or count < LEAST_VIDEO_FRAMES:
        raise ValueError(f"'all' or a whole number from {LEAST_VIDEO_FRAMES} on")
    return count


def _variants(value: object) -> tuple[Variant, ...]:
    """Names of variants, in the order in which they are written."""
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else [None]
    for name in names:
        if name not in VARIANTS:
            raise ValueError(f"{', '.join(VARIANTS)}; found '{name}'.{did_you_mean(str(name), VARIANTS)}")
    return tuple(name for name in VARIANTS if name in names)


class RunConfig(BaseModel):
    """Everything that decides the bytes of a run, except the scenes' own files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: tuple[str, ...] | None = None
    """Task types to write; None means all."""
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] | None = None
    """Formats to write of each type; None means all that its YAML names."""
    split: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] = "train"
    """Which official split to read, and the folder the records go to."""
    per_scene: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Samples per scene, type and format."""
    shares: Mapping[str, Annotated[float, Field(gt=0)]] = {}
    """Numbers to which the samples of task types are proportional, such as how many questions a benchmark has of each:
    the type with the largest one gets ``per_scene``, and so do types without one."""
    video_frames: Annotated[VideoFrames, BeforeValidator(_frame_count)] = VIDEO_FRAMES
    """Number of frames of a video, evenly spaced over the recording, or ``all``; questions are true of these frames."""
    unanswerable: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Share of the select samples of a type about a video or several images that are pairs of one question: both with
    the option that it cannot be told, one with images that tell it and one with images that do not."""
    groups: Annotated[tuple[Variant, ...], BeforeValidator(_variants)] = ()
    """Variants to write of each sample, on top of ``per_scene``, with answers that follow from its answer."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of all drawing."""
    media: Literal["copy", "link", "none"] = "copy"
    """Whether images are written beside the records."""
    rgbd: bool = False
    """Also write depth, poses and intrinsics, and name the depth images in the records."""
    fuse: bool = False
    """Fuse a mesh from the depth images of scenes that have none (qagen.visibility.fusion)."""
    visibility: Thresholds = Thresholds()
    """When an object may be asked about and a frame used."""
    overrides: Mapping[str, Mapping[str, Any]] = {}
    """Task type to the keys of its YAML that differ in this run."""

    def samples_of(self, type_name: str) -> int:
        """Samples of a type per scene and format."""
        most = max(self.shares.values(), default=1)
        return max(1, round(self.per_scene * self.shares.get(type_name, most) / most))

    def digest(self, families: list[Family]) -> str:
        """Twelve hex digits that name the config and the tasks it resolves to."""
        off = {name for name in ("shares", "unanswerable", "groups") if not getattr(self, name)}
        own = self.model_dump(mode="json", exclude=off)
        resolved = [own, [family.config.model_dump(mode="json") for family in families]]
        return hashlib.sha256(json.dumps(resolved, sort_keys=True).encode()).hexdigest()[:12]


def load_run(
    preset: str | None, config_file: Path | None, flags: Mapping[str, Any], source: str = "command line"
) -> tuple[RunConfig, list[Family]]:
    """Resolve a run: defaults, then the preset, then the config file, then flags that are not None.

    Args:
        source: where the flags come from, for errors.

    Returns:
        The config and one family instance per task type, in the order of their type names.

    Raises:
        ConfigError: a key or a name is unknown, a value does not fit; the message names file, key and nearest name.
    """
    layers: list[tuple[str, Mapping[str, Any]]] = []
    if preset is not None:
        layers.append((f"preset '{preset}'", read_preset(preset)))
    if config_file is not None:
        layers.append((str(config_file), read_yaml(config_file)))
    layers.append((source, {key: value for key, value in flags.items() if value is not None}))
    merged = {key: value for _, layer in layers for key, value in layer.items()}
    sources = {str(key): source for source, layer in layers for key in layer}
    config = validated(RunConfig, merged, lambda key: f"{sources[key]}: ")
    if config.rgbd and "mirror" in config.groups:
        raise ConfigError(f"{sources['groups']}: groups: found mirror beside rgbd, expected one: depth is not mirrored")
    return config, _load_families(config, sources)


def read_preset(name: str) -> dict[str, Any]:
    """The keys that a preset sets."""
    known = {path.stem for path in PRESETS.glob("*.yaml")}
    if name not in known:
        raise ConfigError(f"--preset: no preset '{name}'.{did_you_mean(name, known)}")
    return read_yaml(PRESETS / f"{name}.yaml")


def _load_families(config: RunConfig, sources: Mapping[str, str]) -> list[Family]:
    known = known_types()
    for key, names in (("tasks", config.tasks or ()), ("shares", config.shares), ("overrides", config.overrides)):
        for name in names:
            if name not in known:
                raise ConfigError(f"{sources[key]}: {key}: no task type '{name}'.{did_you_mean(name, known)}")
    families = {name: load_task(name) for name in known}
    codes = Counter(family.config.code for family in families.values())
    for name, family in families.items():
        if codes[family.config.code] > 1:
            free = min(set(range(256)) - set(codes))
            message = f"code: {family.config.code} is taken by another type; {free} is free"
            raise ConfigError(f"{TASK_CONFIGS / name}.yaml: {message}")
    families |= {name: load_task(name, keys, sources["overrides"]) for name, keys in config.overrides.items()}
    return [families[name] for name in (known if config.tasks is None else sorted(set(config.tasks)))]
