"""Croissant 1.0 (https://docs.mlcommons.org/croissant): what a folder of parquet shards holds, for programs."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qagen import __version__
from qagen.loaders.sources import source_of
from qagen.records.card import AUTHORS, CHECKS, HOMEPAGE, LIMITS, Card, Config, citation, titles_of

TYPES = {"string": "sc:Text", "int64": "sc:Integer", "float64": "sc:Float"}
TERMS = (
    "column",
    "data",
    "equivalentProperty",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
    "citeAs",
)
"""Words of the standard."""
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    **{term: f"cr:{term}" for term in TERMS},
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
}


def describe(card: Card, configs: Sequence[Config], meanings: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """The metadata of parquet shards: files with their hashes, and a record set for each config.

    Args:
        card: of the same folder.
        configs: what becomes a record set each.
        meanings: what is told of the columns that become fields. A list inside a list of parts cannot become one.
        folder: where ``data/<config>/*.parquet`` lie.
    """
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": card.title,
        "description": card.summary,
        "version": "1.0.0",
        "license": [source_of(name).terms for name in card.datasets if source_of(name).terms] or ["LICENSE.md"],
        "creator": {"@type": "sc:Organization", "name": AUTHORS, "url": HOMEPAGE},
        "keywords": ["spatial reasoning", "3D", "visual question answering", *card.datasets],
        "inLanguage": "en",
        "citeAs": citation(card.datasets),
        "rai:dataCollection": f"Images and annotation are those of {titles_of(card.datasets)}.",
        "rai:dataCollectionType": ["Secondary Data Analysis"],
        "rai:dataAnnotationProtocol": [_plain(CHECKS)],
        "rai:machineAnnotationTools": [f"qagen {__version__}"],
        "rai:dataLimitations": [_plain(LIMITS)],
        "distribution": [
            *(_file(path, folder) for path in sorted(folder.glob("data/*/*.parquet"))),
            *(_file_set(config) for config in configs),
        ],
        "recordSet": [_record_set(config, meanings) for config in configs],
    }


def _plain(markdown: str) -> str:
    return " ".join(markdown.replace("* ", "").replace("`", "").split())


def _file(path: Path, folder: Path) -> dict[str, Any]:
    name = path.relative_to(folder).as_posix()
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": digest,
    }


def _file_set(config: Config) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{config.name}-files",
        "name": f"{config.name}-files",
        "encodingFormat": "application/x-parquet",
        "includes": [split.files for split in config.splits],
    }


def _record_set(config: Config, meanings: Mapping[str, str]) -> dict[str, Any]:
    names = "|".join(split.name for split in config.splits)
    split = {
        "@type": "cr:Field",
        "@id": f"{config.name}/split",
        "description": "split of the file",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": f"{config.name}-files"},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": f".*/({names})-\\d+-of-\\d+\\.parquet$"},
        },
    }
    features = config.features or {}
    columns = (_field(config, [name], features[name]) | {"description": text} for name, text in meanings.items())
    return {
        "@type": "cr:RecordSet",
        "@id": config.name,
        "name": config.name,
        "description": f"Questions of the family {config.name}.",
        "field": [split, *columns],
    }


def _field(config: Config, path: Sequence[str], feature: Any) -> dict[str, Any]:
    """The field of a column, or of a part of it; ``path`` are the names that lead to it."""
    field: dict[str, Any] = {"@type": "cr:Field", "@id": "/".join([config.name, *path])}
    while isinstance(feature, list):
        field["repeated"] = True
        feature = feature[0]
    kind = feature.get("_type")
    if kind is None:
        return field | {"subField": [_field(config, [*path, name], part) for name, part in feature.items()]}
    inside = ["bytes"] if kind == "Image" else path[1:]
    source: dict[str, Any] = {"fileSet": {"@id": f"{config.name}-files"}, "extract": {"column": path[0]}}
    if inside:
        source["transform"] = {"jsonPath": ".".join(inside)}
    return field | {"dataType": "sc:ImageObject" if kind == "Image" else TYPES[feature["dtype"]], "source": source}
