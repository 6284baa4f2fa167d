"""Dataset cards: README.md and LICENSE.md of a folder of samples, for people, the Hugging Face Hub and ``datasets``."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml

from qagen import __version__
from qagen.errors import counted
from qagen.files import decode_json
from qagen.loaders.sources import source_of
from qagen.records.shards import TarShards, yaml_features

AUTHORS = "The qagen authors"
HOMEPAGE = "https://pypi.org/project/spatial-qagen/"
SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
LARGEST = "10M<n<100M"
RECIPE = "`qagen export recipe` writes a run without images, and `qagen hydrate` makes it again of a copy of one's own"
BIBTEX = f"""@software{{qagen,
  title = {{qagen: Spatial question-answer data for vision-language models, generated from {{3D}}-annotated scenes}},
  author = {{{{{AUTHORS}}}}},
  url = {{{HOMEPAGE}}},
  version = {{{__version__}}}
}}"""
CHECKS = """\
* Each answer follows from one instance image per frame: the annotated surface, rasterized and held against the depth
  image where there is one. What is hidden, cut off, too small or doubtful is not asked about.
* A question whose answer is not clear by a margin is not asked.
* `qagen audit RUN` solves the records of the run again with other code, from the raw data where it can. Its result is
  not part of this folder: put it here."""
TAR_USAGE = """\
images = [row[name] for name in row["json"]["image"]]
print(len(images), row["json"]["conversations"])"""
TAR_SUMMARY = "The samples of a config all have images of one number and kind: `3jpg` are those of three JPEG."
LIMITS = """\
* Answers are as good as the poses, depth and annotation of the source. Objects without annotation are not known.
* Questions and answers come from templates, in English. No person has read them one by one.
* The samples of a scene share images and objects: split by scene, not by sample.
* Some questions can be answered better than by chance without the images; `qagen audit RUN --shortcuts` measures that.
* The images show what the source filmed or rendered, mostly rooms; people and private things may be in them."""


@dataclass(frozen=True, slots=True)
class Split:
    """The files of a split of a config."""

    name: str
    files: str
    """A pattern of paths below the folder."""
    rows: int
    memory_bytes: int
    """Size of the rows in memory."""
    stored_bytes: int
    """Size of the files."""


@dataclass(frozen=True, slots=True)
class Config:
    """What ``load_dataset(folder, name)`` reads."""

    name: str
    splits: tuple[Split, ...]
    features: Mapping[str, Any] | None = None
    """Columns, as qagen.records.shards has them; None where ``datasets`` finds them out."""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says."""

    title: str
    """The dataset's name for people."""
    summary: str
    """What it is, in Markdown."""
    datasets: Sequence[str]
    """The loaders' names of the datasets that images come from."""
    runs: Sequence[Path]
    """The folders of the datasets of the runs, with their reports."""
    samples: int
    configs: Sequence[Config]
    fields: str
    """What its columns hold, in Markdown."""
    counts: str
    """A table of its samples, in Markdown."""
    usage: str
    """What may be done with a ``row``, in Python."""
    command: str
    """The command that wrote the folder, without places of this machine."""
    tags: Sequence[str] = field(default=())

    def write(self, folder: Path) -> None:
        """Write README.md and LICENSE.md."""
        head = yaml.safe_dump(self._head(), sort_keys=False, default_flow_style=None, width=10**6)
        terms = _license(self.datasets)
        body = "\n\n".join(
            [
                f"# {self.title}",
                self.summary,
                f"## Use\n\n```python\n{self._usage()}\n```",
                f"## Fields\n\n{self.fields}",
                f"## Samples\n\n{self.counts}",
                f"## How it was made\n\n{self._made()}",
                f"## How it was checked\n\n{CHECKS}",
                f"## Known limits\n\n{LIMITS}",
                f"## License\n\n{terms}",
                f"## Citation\n\n```bibtex\n{citation(self.datasets)}\n```",
            ]
        )
        (folder / "README.md").write_text(f"---\n{head}---\n\n{body}\n", encoding="utf-8")
        (folder / "LICENSE.md").write_text(f"# License\n\n{terms}\n", encoding="utf-8")

    def _head(self) -> dict[str, Any]:
        """The metadata, in the words of the Hub."""
        return {
            "pretty_name": self.title,
            **_license_tags(self.datasets),
            "language": ["en"],
            "annotations_creators": ["machine-generated"],
            "language_creators": ["machine-generated"],
            "multilinguality": ["monolingual"],
            "source_datasets": [f"extended|other-{name}" for name in self.datasets],
            "task_categories": ["visual-question-answering"],
            "tags": ["spatial-reasoning", "3d", "qagen", *self.datasets, *self.tags],
            "size_categories": [next((name for below, name in SIZES if self.samples < below), LARGEST)],
            "configs": [_data_files(config) for config in self.configs],
            "dataset_info": [_info(config) for config in self.configs],
        }

    def _usage(self) -> str:
        shown = self.configs[-1]
        return f"""from datasets import load_dataset

rows = load_dataset("USER/NAME", "{shown.name}", split="{shown.splits[0].name}")  # or the path of this folder
row = rows[0]
{self.usage}"""

    def _made(self) -> str:
        made = [_made_of(home) for home in self.runs]
        return "\n\n".join([f"By [qagen]({HOMEPAGE}) {__version__}: `{self.command}`", *made])


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    cells = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in cells)


def field_table(meanings: Mapping[str, str]) -> str:
    """The table of columns and what they hold."""
    return table(["column", "content"], [(f"`{name}`", text) for name, text in meanings.items()])


def tar_configs(shards: Mapping[str, TarShards]) -> list[Config]:
    """A config for each kind of samples in tars, by split: the rows of a config all have as many images."""
    splits: dict[str, list[Split]] = {}
    for name, tars in shards.items():
        for kind, series in tars.series.items():
            stored = sum(path.stat().st_size for path in series.paths)
            split = Split(name, f"{series.stem}-*.tar", series.rows, series.bytes, stored)
            splits.setdefault(kind, []).append(split)
    images = {kind: sum(map(int, re.findall(r"\d+", kind))) for kind in splits}
    return [Config(kind, tuple(splits[kind])) for kind in sorted(splits, key=lambda kind: (images[kind], kind))]


# --- metadata ---------------------------------------------------------------------------------------------------------


def _data_files(config: Config) -> dict[str, Any]:
    files = [{"split": split.name, "path": split.files} for split in config.splits]
    return {"config_name": config.name, "data_files": files, **({"default": True} if config.is_default else {})}


def _info(config: Config) -> dict[str, Any]:
    splits = [
        {"name": split.name, "num_bytes": split.memory_bytes, "num_examples": split.rows} for split in config.splits
    ]
    return {
        "config_name": config.name,
        **({} if config.features is None else {"features": yaml_features(config.features)}),
        "splits": splits,
        "download_size": sum(split.stored_bytes for split in config.splits),
        "dataset_size": sum(split.memory_bytes for split in config.splits),
    }


def _license_tags(datasets: Sequence[str]) -> dict[str, str]:
    """The license of a single source where the Hub has a name for it; otherwise the terms of all of them."""
    if len(datasets) == 1 and source_of(datasets[0]).license != "other":
        return {"license": source_of(datasets[0]).license}
    name = f"terms-of-{datasets[0]}" if len(datasets) == 1 else "terms-of-the-source-datasets"
    return {"license": "other", "license_name": name.replace("_", "-").lower(), "license_link": "LICENSE.md"}


# --- sources ----------------------------------------------------------------------------------------------------------


def dataset_of(home: Path) -> str:
    """The loader's name of the dataset that a run's folder holds: its report's, else the folder's."""
    return _report(home).dataset or home.resolve().name


def datasets_of(homes: Iterable[Path]) -> list[str]:
    """The loaders' names of the datasets of runs, each once."""
    return sorted({dataset_of(home) for home in homes})


def titles_of(datasets: Iterable[str]) -> str:
    """The names of datasets for people."""
    return ", ".join(source_of(name).title for name in datasets)


def held_back(datasets: Iterable[str]) -> list[str]:
    """Those of the datasets whose terms do not let everyone publish their images."""
    return [name for name in datasets if not source_of(name).passes_on]


def push_command(folder: Path, is_private: bool) -> str:
    """The command that puts a folder on the Hub."""
    command = ["hf", "upload", "USER/NAME", str(folder), ".", "--repo-type=dataset"]
    return shlex.join([*command, "--private"] if is_private else command)


def citation(datasets: Sequence[str]) -> str:
    """BibTeX of qagen and of the sources."""
    return "\n".join([BIBTEX, *(source_of(name).bibtex for name in datasets if source_of(name).bibtex)])


def _license(datasets: Sequence[str]) -> str:
    lines = [
        "The images, and the annotation that questions and answers were measured on, come from these datasets and stay "
        "under their terms:",
        "",
    ]
    for source in map(source_of, datasets):
        link = f"[{source.title}]({source.terms})" if source.terms else source.title
        lines.append(f"* {link}: {source.allows}.")
    if held := held_back(datasets):
        lines += ["", f"**Do not publish the images of {titles_of(held)}**, with marks or without: {RECIPE}."]
    own = "Whoever publishes the questions and answers names a license for them here, within these terms."
    return "\n".join([*lines, "", f"{own} Where this summary and the terms differ, the terms count."])


# --- how it was made --------------------------------------------------------------------------------------------------


class _Report(msgspec.Struct):
    """What a card tells of the report of a run."""

    dataset: str = ""
    run: dict[str, Any] = {}
    seed: int | None = None
    config: str = ""
    qagen: str = ""
    versions: dict[str, str] = {}
    scenes: dict[str, Any] = {}


def _report(home: Path) -> _Report:
    path = home / "report.json"
    return decode_json(path.read_bytes(), _Report, path) if path.is_file() else _Report()


def _made_of(home: Path) -> str:
    """The run of a dataset: the command that repeats it, with its settings and versions."""
    report, name = _report(home), dataset_of(home)
    if not report.run:
        return f"The records of {source_of(name).title} have no report of `qagen generate`."
    settings = {key: value for key, value in report.run.items() if key != "visibility" and value not in ([], {}, None)}
    versions = ", ".join(f"{package} {version}" for package, version in report.versions.items())
    return f"""From {counted(len(report.scenes), "scene")} of {source_of(name).title}, with seed {report.seed}:
`qagen generate --scene {name} --root DATASET --config settings.yaml --out qagen_out`, where `settings.yaml` holds

```yaml
{yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100).strip()}
```

Digest of the whole config, thresholds included: `{report.config}`. Versions: qagen {report.qagen}, {versions}."""
