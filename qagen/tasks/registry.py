"""All families and types by name: a family is a class in a module of qagen.tasks, a type a YAML in task_configs/."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from reprlib import repr as shortened
from typing import Any

from pydantic import BaseModel, ValidationError

from qagen import tasks
from qagen.errors import ConfigError, did_you_mean
from qagen.files import MAX_SCALAR_CHARS, TASK_CONFIGS, read_yaml
from qagen.tasks._base import Family


def _find_families() -> dict[str, type[Family]]:
    modules = [import_module(f"{tasks.__name__}.{info.name}") for info in iter_modules(tasks.__path__)]
    classes = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    return {cls.name: cls for cls in classes if issubclass(cls, Family) and cls is not Family}


FAMILIES = _find_families()


def known_types() -> list[str]:
    """The names of all task types: those of the YAMLs."""
    return sorted(path.stem for path in TASK_CONFIGS.glob("*.yaml"))


def load_task(type_name: str, overrides: Mapping[str, Any] | None = None, source: str = "command line") -> Family:
    """Read and check one task YAML and build its family.

    Args:
        overrides: keys that replace those of the YAML.
        source: where the overrides come from, for errors.

    Raises:
        ConfigError: a key or a name is unknown, or a value does not fit.
    """
    path, overrides = TASK_CONFIGS / f"{type_name}.yaml", overrides or {}
    content = {**read_yaml(path), **overrides, "type": type_name}

    def where(key: str) -> str:
        if not key:
            return f"{source}: overrides.{type_name}: " if overrides else f"{path}: "
        return f"{source}: overrides.{type_name}." if key in overrides else f"{path}: "

    name = content.get("family")
    if not isinstance(name, str) or name not in FAMILIES:
        near = did_you_mean(str(name)[:MAX_SCALAR_CHARS], FAMILIES)
        raise ConfigError(f"{where('family')}family: no family {shortened(name)}.{near}")
    family = FAMILIES[name]
    config = validated(family.Config, content, where)
    impossible = set(config.formats) - family.formats
    if impossible:
        raise ConfigError(
            f"{where('formats')}formats: '{min(impossible)}' is not a format of family '{family.name}', "
            f"which has {', '.join(sorted(family.formats))}"
        )
    return family(config)


@cache
def family_of_records(record_type: str) -> Family | None:
    """The family of the records with this ``type``, as its YAML has it; None for types of other programs."""
    known = known_types()
    if record_type in known:
        return load_task(record_type)
    return next((family for family in map(load_task, known) if family.config.record_type == record_type), None)


def validated(model: type[BaseModel], content: Mapping[str, Any], where: Callable[[str], str]) -> Any:
    """An instance of the model.

    Args:
        where: the source of a key, as a prefix of errors.

    Raises:
        ConfigError: naming source, key, what was found and what was expected.
    """
    try:
        return model.model_validate(dict(content))
    except ValidationError as error:
        raise ConfigError(_explain(error, model, where)) from error


def _explain(error: ValidationError, model: type[BaseModel], where: Callable[[str], str]) -> str:
    """The first mistake in one line."""
    first = error.errors()[0]
    location = first["loc"]
    key = ".".join(str(part) for part in location)
    prefix = where(str(location[0]) if location else "") + (f"{key}: " if key else "")
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        parent: Any = model
        for part in location[:-1]:
            parent = parent.model_fields[str(part)].annotation
        keys = getattr(parent, "model_fields", None) or parent.__dataclass_fields__
        return f"{prefix}unknown key.{did_you_mean(str(location[-1]), keys)}"
    if first["type"] == "value_error" and not location:
        return f"{prefix}expected {first['msg'].removeprefix('Value error, ')}"
    found = "nothing" if first["type"] == "missing" else shortened(first["input"])
    return f"{prefix}found {found}, expected: {first['msg'].removeprefix('Input ').removeprefix('Value error, ')}"
