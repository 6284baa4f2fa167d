"""What a run is told to do: task YAMLs, presets, a config file, the command line. Checked before the first scene."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from reprlib import repr as shortened
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qagen.errors import ConfigError, did_you_mean
from qagen.files import MAX_SCALAR_CHARS, PRESETS, TASK_CONFIGS, read_yaml
from qagen.tasks import FAMILIES
from qagen.tasks._base import Family, Format, TaskConfig
from qagen.visibility.thresholds import Thresholds


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

    def digest(self, families: list[Family]) -> str:
        """Twelve hex digits that name the config and the tasks it resolves to."""
        told = [self.model_dump(mode="json"), [family.config.model_dump(mode="json") for family in families]]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def load_run(preset: str | None, config_file: Path | None, flags: Mapping[str, Any]) -> tuple[RunConfig, list[Family]]:
    """Resolve a run: defaults, then the preset, then the config file, then flags that are not None.

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
    layers.append(("command line", {key: value for key, value in flags.items() if value is not None}))
    told = {key: value for _, layer in layers for key, value in layer.items()}
    sources = {str(key): source for source, layer in layers for key in layer}
    config = _validated(RunConfig, told, lambda key: f"{sources[key]}: ")
    return config, _load_families(config, sources)


def read_preset(name: str) -> dict[str, Any]:
    """The keys that a preset sets."""
    known = {path.stem for path in PRESETS.glob("*.yaml")}
    if name not in known:
        raise ConfigError(f"--preset: no preset '{name}'.{did_you_mean(name, known)}")
    return read_yaml(PRESETS / f"{name}.yaml")


def known_types(folder: Path = TASK_CONFIGS) -> list[str]:
    """The names of all task types: the YAMLs of the folder."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load_task(
    type_name: str,
    overrides: Mapping[str, Any] | None = None,
    folder: Path = TASK_CONFIGS,
    source: str = "command line",
) -> Family:
    """Read and check one task YAML and build its family.

    Args:
        overrides: keys that replace those of the YAML.
        source: where the overrides come from; mistakes in them are laid there.
    """
    path, overrides = folder / f"{type_name}.yaml", overrides or {}
    told = {**read_yaml(path), **overrides, "type": type_name}

    def where(key: str) -> str:
        return f"{source}: overrides.{type_name}." if key in overrides else f"{path}: "

    name = told.get("family")
    if not isinstance(name, str) or name not in FAMILIES:
        near = did_you_mean(str(name)[:MAX_SCALAR_CHARS], FAMILIES)
        raise ConfigError(f"{where('family')}family: no family {shortened(name)}.{near}")
    family = FAMILIES[name]
    config = _validated(family.Config, told, where)
    impossible = set(config.formats) - family.formats
    if impossible:
        raise ConfigError(
            f"{where('formats')}formats: '{min(impossible)}' is not a format of family '{family.name}', "
            f"which has {', '.join(sorted(family.formats))}"
        )
    return family(config)


def _load_families(config: RunConfig, sources: Mapping[str, str]) -> list[Family]:
    known = known_types()
    for key, names in (("tasks", config.tasks or ()), ("overrides", config.overrides)):
        for name in names:
            if name not in known:
                raise ConfigError(f"{sources[key]}: {key}: no task type '{name}'.{did_you_mean(name, known)}")
    _check_codes({name: load_task(name).config for name in known})
    changed = {name: load_task(name, told, source=sources["overrides"]) for name, told in config.overrides.items()}
    wanted = sorted(set(config.tasks)) if config.tasks is not None else known
    return [changed.get(name) or load_task(name) for name in wanted]


def _check_codes(configs: Mapping[str, TaskConfig]) -> None:
    counts = Counter(config.code for config in configs.values())
    for name, config in configs.items():
        if counts[config.code] > 1:
            free = min(set(range(256)) - set(counts))
            raise ConfigError(
                f"{TASK_CONFIGS / name}.yaml: code: {config.code} is taken by another type; {free} is free"
            )


def _validated(model: type[BaseModel], told: Mapping[str, Any], where: Callable[[str], str]) -> Any:
    try:
        return model.model_validate(dict(told))
    except ValidationError as error:
        raise ConfigError(_explain(error, model, where)) from error


def _explain(error: ValidationError, model: type[BaseModel], where: Callable[[str], str]) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    prefix = where(str(first["loc"][0]) if first["loc"] else "") + (f"{key}: " if key else "")
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{prefix}unknown key.{did_you_mean(str(first['loc'][-1]), _keys_beside(model, first['loc']))}"
    found = "nothing" if first["type"] == "missing" else shortened(first["input"])
    return f"{prefix}found {found}, expected: {first['msg'].removeprefix('Input ')}"


def _keys_beside(model: Any, location: tuple[int | str, ...]) -> list[str]:
    """Names that would have been valid where an unknown key stands."""
    for part in location[:-1]:
        model = model.model_fields[str(part)].annotation
    fields = getattr(model, "model_fields", None) or model.__dataclass_fields__
    return list(fields)
