"""How many records of each file a mix takes, and the repeat times that make trainers take as many."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qagen.core.sample import FORMATS
from qagen.errors import ConfigError, did_you_mean, match_names, matches
from qagen.files import MIXES, read_yaml
from qagen.records.entries import Entry, make_entry
from qagen.records.read import RecordFile, read_bias

LEVELS = ("low", "medium", "high")
CHARACTERS_PER_TOKEN = 4
"""Approximate characters per token of English text."""
UNITS = {"k": 10**3, "m": 10**6, "b": 10**9}


@dataclass(frozen=True, slots=True)
class MixSpec:
    """The settings of a mix. A name without a ratio has 1, and ratios multiply."""

    ratio: Mapping[str, float] = field(default_factory=dict)
    """Ratios of datasets, and of added files by their names; names may be globs, here and below."""
    type: Mapping[str, float] = field(default_factory=dict)
    """Ratios of task types; all globs that match a type multiply."""
    format: Mapping[str, float] = field(default_factory=dict)
    """Ratios of answer formats."""
    level: Mapping[str, float] = field(default_factory=dict)
    """Ratios of cognitive levels."""
    add: Mapping[str, Any] = field(default_factory=dict)
    """Other files: name to ``{annotation: FILE.jsonl, root: FOLDER}``."""
    size: int | None = None
    """Total records; None for what the ratios give."""
    tokens: int | None = None
    """Estimated total tokens."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of records with the properties that a mix weighs."""

    entry: Entry
    """The file."""
    dataset: str
    """Dataset; the name itself for an added file."""
    type: str
    """Task type; empty for an added file."""
    format: str
    """Answer format; empty for an added file."""
    level: str
    """Cognitive level; empty where no task YAML states it."""
    left_out: frozenset[int] = frozenset()
    """Lines of the file that are left out, from 0 on; ``entry`` counts the others."""

    @property
    def images(self) -> float:
        """Mean number of images per record."""
        return self.entry.images / self.entry.length

    def tokens(self, image_tokens: int) -> float:
        """Estimated tokens per record."""
        return self.entry.characters / self.entry.length / CHARACTERS_PER_TOKEN + self.images * image_tokens


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a source that a mix takes."""

    source: Source
    count: int
    """Number of records, with repeats."""


# --- settings ---------------------------------------------------------------------------------------------------------


def read_mix_spec(preset: str | None, config_file: Path | None, flags: Mapping[str, Any]) -> MixSpec:
    """Merge a preset, a YAML and the command line; of values for one name, the last wins.

    Raises:
        ConfigError: an unknown preset or key, or a value of the wrong kind.
    """
    layers: list[tuple[str, Mapping[str, Any]]] = []
    if preset is not None:
        known = [path.stem for path in MIXES.glob("*.yaml")]
        if preset not in known:
            raise ConfigError(f"--preset: no preset '{preset}'.{did_you_mean(preset, known)}")
        layers.append((f"preset '{preset}'", read_yaml(MIXES / f"{preset}.yaml")))
    if config_file is not None:
        layers.append((str(config_file), read_yaml(config_file)))
    settings: dict[str, Any] = {}
    for where, layer in [*layers, ("command line", flags)]:
        for key, value in _check_layer(where, layer).items():
            settings[key] = {**settings.get(key, {}), **value} if isinstance(value, dict) else value
    if settings.get("size") is not None and settings.get("tokens") is not None:
        raise ConfigError("found a size and a number of tokens, expected only one of them")
    return MixSpec(**settings)


def parse_amount(text: object, where: str) -> int:
    """``100k`` → 100000; k, M and B stand for thousands, millions and billions."""
    spelt = str(text).strip().lower()
    unit = UNITS.get(spelt[-1:], 1)
    try:
        number = float(spelt[:-1] if spelt[-1:] in UNITS else spelt) * unit
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 1):
        raise ConfigError(f"{where}: found {str(text)!r:.80}, expected an amount such as 100k, 1.5M or 2B")
    return round(number)


def _check_layer(where: str, layer: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of one layer that have a value, each of the right kind."""
    known = MixSpec.__dataclass_fields__
    checked: dict[str, Any] = {}
    for key, value in layer.items():
        if key not in known:
            raise ConfigError(f"{where}: {key}: unknown key.{did_you_mean(str(key), known)}")
        if key in ("size", "tokens"):
            if value is not None:
                checked[key] = parse_amount(value, f"{where}: {key}")
        elif not isinstance(value, dict):
            raise ConfigError(f"{where}: {key}: found {value!r:.80}, expected names and their values")
        else:
            checked[key] = value if key == "add" else _check_ratios(f"{where}: {key}", value)
    return checked


def _check_ratios(where: str, ratios: Mapping[Any, Any]) -> dict[str, float]:
    for name, value in ratios.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and math.isfinite(value) and value >= 0):
            raise ConfigError(f"{where}.{name}: found {value!r:.80}, expected a number from 0 on")
    return {str(name): value for name, value in ratios.items()}


# --- sources ----------------------------------------------------------------------------------------------------------


def find_sources(entries: Iterable[Entry], added: Mapping[str, Any]) -> list[Source]:
    """All sources of a mix.

    Raises:
        ConfigError: two entries have the same name, or an added one has no file.
    """
    from qagen.tasks.registry import known_types, load_task

    levels = {name: load_task(name).config.level for name in known_types()}
    found = [*entries, *(make_entry(name, content, f"add: {name}") for name, content in added.items())]
    names: set[str] = set()
    for entry in found:
        if entry.name in names:
            raise ConfigError(f"two entries are named '{entry.name}'; expected each dataset to be indexed once")
        names.add(entry.name)
    return [_to_source(entry, levels) for entry in found if entry.length]


def without_biased(source: Source, max_bias: float) -> Source:
    """The source without the records of which a reader of the words alone is surer than ``max_bias``.

    Raises:
        ConfigError: the file has no evidence.
    """
    entry, bias = source.entry, read_bias(RecordFile(Path(source.entry.annotation)))
    left_out = frozenset(line for line, value in enumerate(bias) if value is not None and value > max_bias)
    kept = entry.length - len(left_out)
    of_each = [round(total * kept / entry.length) for total in (entry.images, entry.characters)]
    return replace(
        source, entry=replace(entry, length=kept, images=of_each[0], characters=of_each[1]), left_out=left_out
    )


def _to_source(entry: Entry, levels: Mapping[str, str]) -> Source:
    names = entry.path_names() or _split_name(entry.name, levels) or (entry.name, "", "")
    dataset, type_name, answer_format = names
    return Source(entry, dataset, type_name, answer_format, levels.get(type_name, ""))


def _split_name(name: str, types: Iterable[str]) -> tuple[str, str, str] | None:
    """Dataset, type and format of an entry in another folder, such as an export's, that is named in SPAR's way."""
    rest, _, answer_format = name.rpartition("_")
    candidates = [type_name for type_name in types if rest.endswith(f"_{type_name}")]
    if answer_format not in FORMATS or not candidates:
        return None
    type_name = max(candidates, key=len)
    return rest.removesuffix(f"_{type_name}"), type_name, answer_format


def images_of(record: Mapping[str, Any]) -> list[str]:
    """A record's images, whether it names none, one or a list."""
    images = record.get("image") or []
    return [images] if isinstance(images, str) else list(images)


# --- shares -----------------------------------------------------------------------------------------------------------


def plan(sources: Sequence[Source], spec: MixSpec, image_tokens: int) -> list[Share]:
    """How many records to take of each source.

    Raises:
        ConfigError: a ratio of an unknown name, or nothing is left.
    """
    refuse_unknown(sources, spec)
    wanted = [source.entry.length * weight_of(source, spec) for source in sources]
    if not sum(wanted):
        raise ConfigError("the ratios leave nothing: expected at least one above 0")
    if spec.size is not None:
        counts = apportion(wanted, spec.size)
    elif spec.tokens is not None:
        each = sum(count * source.tokens(image_tokens) for count, source in zip(wanted, sources, strict=True))
        counts = apportion(wanted, round(sum(wanted) * spec.tokens / each))
    else:
        counts = [int(count) for count in wanted]
    return [Share(source, count) for source, count in zip(sources, counts, strict=True)]


def refuse_unknown(sources: Sequence[Source], spec: MixSpec) -> None:
    """Raise ConfigError for a ratio whose name is neither in the data nor of the task library."""
    from qagen.tasks.registry import known_types

    known = {
        "ratio": {source.dataset for source in sources},
        "type": {*known_types(), *(source.type for source in sources)} - {""},
        "format": {*FORMATS, *(source.format for source in sources)} - {""},
        "level": set(LEVELS),
    }
    for key, names in known.items():
        match_names(getattr(spec, key), names, f"{key}: no {'dataset' if key == 'ratio' else key}")


def weight_of(source: Source, spec: MixSpec) -> float:
    """The product of all ratios that concern a source."""
    names = {"ratio": source.dataset, "format": source.format, "level": source.level, "type": source.type}
    return math.prod(
        ratio
        for key, name in names.items()
        for pattern, ratio in getattr(spec, key).items()
        if matches(name, (pattern,))
    )


def apportion(wanted: Sequence[float], total: int) -> list[int]:
    """Integers in the proportion of ``wanted`` whose sum is ``total``; the largest rests are rounded up."""
    whole = sum(wanted)
    exact = [value / whole * total for value in wanted]
    counts = [int(value) for value in exact]
    rests = [value - count for value, count in zip(exact, counts, strict=True)]
    by_rest = sorted(range(len(wanted)), key=lambda index: -rests[index])
    for index in by_rest[: total - sum(counts)]:
        counts[index] += 1
    return counts


def entries_of(share: Share, weight: float) -> list[Entry]:
    """Entries with which a trainer reads exactly ``share.count`` records.

    Up to once the file is one entry. Above, whole rounds are an entry with an integer, and what is left over is a
    second one, because trainers refuse a fraction above 1.
    """
    entry, count = share.source.entry, share.count
    rounds, rest = divmod(count, entry.length)
    found = [replace(entry, repeat_time=rounds)] if rounds else []
    if rest:
        name = _name_of_rest(share.source) if rounds else entry.name
        found.append(replace(entry, name=name, repeat_time=_share_of(entry.length, rest, weight)))
    return found


def _name_of_rest(source: Source) -> str:
    """Another name that still ends in the format, where SPAR's scripts look for it."""
    ending = f"_{source.format}"
    if source.format and source.entry.name.endswith(ending):
        return f"{source.entry.name.removesuffix(ending)}_more{ending}"
    return f"{source.entry.name}_more"


def _share_of(length: int, count: int, weight: float) -> float:
    """A fraction with int(length x fraction) == count: the stated ratio where it is one."""
    fraction = weight if weight < 1 else count / length
    if int(length * fraction) != count:
        fraction = count / length
    while int(length * fraction) < count:
        fraction = math.nextafter(fraction, 1)
    return fraction
