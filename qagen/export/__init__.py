"""Samples in the formats of trainers, evaluators and dataset libraries; one file per consumer.

``EXPORTERS`` names them without importing any, so that ``--help`` answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from qagen.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from qagen.export._job import Exporter

EXPORTERS = {
    "llamafactory": "LLaMA-Factory: sharegpt lines and dataset_info.json",
    "swift": "ms-swift: messages, images; --no-draw: marks as <bbox> objects",
    "internvl": "InternVL finetune: a meta file, one entry per type and format",
    "llava": "LLaVA-NeXT: a mixture YAML, one entry per type and format",
    "qwen": "Qwen-VL finetune: lines and entries for its data_dict",
    "spacevista": "SpaceVista: all.json, meta.json, meta_flatten.json, frames",
    "huggingface": "datasets and TRL: parquet with images, card, Croissant",
    "webdataset": "WebDataset: tar shards, one group per number of images",
    "sparbench": "lmms-eval: SPAR-Bench parquet and its task (20 task types)",
    "vlmevalkit": "VLMEvalKit: SPAR-Bench TSV, images in base64 (20 task types)",
    "recipe": "release without images: qagen hydrate makes the run again",
}


def load_exporter(name: str) -> "Exporter":
    """The exporter of that name. Raises ConfigError with the nearest name."""
    if name not in EXPORTERS:
        raise ConfigError(f"no exporter '{name}'.{did_you_mean(name, EXPORTERS)}")
    return import_module(f"qagen.export.{name}").EXPORTER
