"""A recipe: the run without its images, to be released where the dataset's license forbids to pass images on.

``qagen hydrate`` makes the same run of it again, byte for byte, from another copy of the dataset.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from qagen.errors import ConfigError, QagenError
from qagen.export._job import Exporter, ExportJob
from qagen.files import parse_json, read_json_lines
from qagen.loaders import LOADERS
from qagen.loaders.sources import source_of
from qagen.pipeline.checkpoint import MEDIA
from qagen.pipeline.media import DEPTH_UNIT_FILE, VIDEO_LIST
from qagen.records.read import MISSING_MEDIA, Named, RecordFile
from qagen.records.recipe import IMAGES, MANIFEST, REPORT, VERSION, Image, Manifest, chunks_of, measure, pack

NAMES_A_PATH = re.compile(r"(?:^|[\s\"'(=:,])(?:/[^\s/]|[A-Za-z]:\\)")
"""Where an absolute path begins in a text."""
LICENSE = (
    "No image is part of this recipe. The images, and the annotation that questions and evidence were measured on, "
    "belong to {title} and stay under its terms; whoever hydrates the recipe needs a copy of the dataset of their own."
)
CARD = """# {samples} questions about {dataset}, without images

Spatial questions and answers made with [qagen](https://pypi.org/project/spatial-qagen/) {qagen} from {title}: records
with their marks, the evidence of each answer, and the size and SHA-256 of each of {images} files beside them. Who has a
copy of the dataset makes the run again, byte for byte:

```bash
pip install spatial-qagen=={qagen} opencv-python-headless=={opencv}
qagen hydrate . --root /path/to/{dataset} --out qagen_out
```

{license}

| split | type | samples |
|---|---|---|
{rows}
"""


class Shown(msgspec.Struct):
    """What a record names of the run's images."""

    id: str
    image: list[str]
    depth: list[str] = []


def write(job: ExportJob) -> str:
    """Write the recipe."""
    files = [source.file for source in job.sources]
    home = _dataset_of(files)
    report, dataset = _read_report(home)
    images = _Images(home / "images")
    stored = {
        IMAGES: pack(images, job.folder, IMAGES),
        REPORT: pack([_shareable(report, home / REPORT)], job.folder, REPORT),
    }
    for file in files:
        _check(file, images.paths, job)
        for path in (file.path, file.evidence):
            name = path.relative_to(home).as_posix()
            stored[name] = pack(chunks_of(path), job.folder, name)
    title = source_of(dataset).title
    manifest = Manifest(
        recipe=VERSION,
        qagen=report["qagen"],
        dataset=dataset,
        folder=home.resolve().name,
        splits=job.splits,
        samples=sum(source.count for source in job.sources),
        scenes=images.scenes,
        images=len(images.paths),
        image_bytes=images.bytes,
        seed=report["seed"],
        config=report["config"],
        versions=report["versions"],
        license=LICENSE.format(title=title),
        hash="sha256",
        files=stored,
    )
    job.write_json(MANIFEST, manifest)
    job.write_text("README.md", _card(job, manifest, title))
    return f"qagen hydrate {job.home} --root YOUR_COPY_OF_{dataset.upper()} --out DIR"


def _dataset_of(files: list[RecordFile]) -> Path:
    homes = sorted({file.dataset for file in files})
    if len(homes) > 1:
        names = ", ".join(home.name for home in homes)
        raise ConfigError(f"found runs of {names}, expected one: a recipe is of one dataset, so give {homes[0]}")
    return homes[0]


def _read_report(home: Path) -> tuple[dict[str, Any], str]:
    """The report of the run, and the name of its dataset's loader."""
    path = home / REPORT
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; a recipe is of a run that qagen generate has finished")
    report = parse_json(path.read_bytes(), path)
    keys = ("dataset", "qagen", "seed", "config", "versions", "scenes", "excluded")
    missing = [key for key in keys if not isinstance(report, dict) or key not in report]
    if missing:
        raise ConfigError(f"{path}: found no {missing[0]}, expected the report of qagen generate")
    if report["dataset"] not in LOADERS:
        raise ConfigError(f"{path}: dataset: found {report['dataset']!r}, expected one of {', '.join(LOADERS)}")
    return report, report["dataset"]


# --- images -----------------------------------------------------------------------------------------------------------


class _Images:
    """The lines of IMAGES, scene by scene; counts while it is iterated over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: set[str] = set()
        self.bytes = self.scenes = 0

    def __iter__(self) -> Iterator[bytes]:
        scenes = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        with ThreadPoolExecutor() as pool:
            for scene in (scene for scene in scenes if not scene.name.startswith(".")):
                names = sorted(_files_of(scene))
                for name, file in zip(names, pool.map(measure, (scene / name for name in names)), strict=True):
                    image = Image(f"{scene.name}/{name}", file.size, file.sha256)
                    self.paths.add(image.path)
                    self.bytes += image.size
                    yield msgspec.json.encode(image) + b"\n"
                self.scenes += bool(names)


def _files_of(scene: Path) -> Iterator[str]:
    """Paths of a scene's files below its folder. Raises QagenError where one is not of a run."""
    for path in sorted(scene.glob("*")) + sorted(scene.glob("*/*")):
        name = path.relative_to(scene).as_posix()
        is_hidden = any(part.startswith(".") for part in name.split("/"))
        if is_hidden or (path.is_dir() and name in MEDIA):
            continue
        if path.is_dir() or (name not in (VIDEO_LIST, DEPTH_UNIT_FILE) and name.partition("/")[0] not in MEDIA):
            raise QagenError(f"{path}: not a file of the run; move it elsewhere")
        yield name


def _check(file: RecordFile, known: set[str], job: ExportJob) -> None:
    """Raise QagenError where a record shows an image that the run does not have, or has no evidence."""
    if not file.evidence.is_file():
        raise QagenError(f"{file.evidence}: no such file; a recipe holds the evidence of the run")
    evidence = read_json_lines(file.evidence, Named)
    for number, _, record in read_json_lines(file.path, Shown):
        _, _, proof = next(evidence, (0, 0, Named("nothing")))
        if proof.id != record.id:
            raise QagenError(f"{file.evidence}:{number}: id is {proof.id!r}, expected {record.id!r} as in {file.path}")
        missing = next((name for name in (*record.image, *record.depth) if name not in known), None)
        if missing is not None:
            raise QagenError(f"{file.path}:{number}: image {missing} is missing; {MISSING_MEDIA}")
        job.on_sample()


# --- what is told to others -------------------------------------------------------------------------------------------


def _shareable(report: dict[str, Any], path: Path) -> bytes:
    """The report without paths of the machine that made the run: those of failed scenes and of excluded lists."""
    scenes = {name: _without_path(scene) for name, scene in report["scenes"].items()}
    excluded = [{**one, "file": Path(one["file"]).name} for one in report["excluded"]]
    shared = {**report, "scenes": scenes, "excluded": excluded}
    for key, text in _texts(shared, ""):
        if NAMES_A_PATH.search(text):
            raise QagenError(f"{path}: {key}: found {text!r:.120}, expected no path of this machine")
    if shared == report:
        return path.read_bytes()
    return msgspec.json.format(msgspec.json.encode(shared), indent=2) + b"\n"


def _without_path(scene: Mapping[str, Any]) -> Mapping[str, Any]:
    if not NAMES_A_PATH.search(scene.get("error") or ""):
        return scene
    return {**scene, "error": "failed; the message named a path of the machine that made the run"}


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """All texts of a JSON value, with where they stand."""
    if isinstance(value, str):
        yield key, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in pairs:
        yield from _texts(part, f"{key}.{name}".lstrip("."))


def _card(job: ExportJob, manifest: Manifest, title: str) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    for source in job.sources:
        counts[source.file.split, source.file.type] += source.count
    return CARD.format(
        samples=manifest.samples,
        dataset=manifest.dataset,
        qagen=manifest.qagen,
        title=title,
        images=manifest.images,
        opencv=manifest.versions.get("opencv-python-headless", ""),
        license=manifest.license,
        rows="\n".join(f"| {split} | {name} | {count} |" for (split, name), count in sorted(counts.items())),
    )


EXPORTER = Exporter(write, is_whole=True)
