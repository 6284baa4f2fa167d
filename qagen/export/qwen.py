"""Qwen-VL's finetuning: ``<split>.jsonl`` and ``data_dict.json`` with the entries for ``qwenvl/data/__init__.py``."""

from qagen.export._job import Exporter, ExportJob
from qagen.export._text import to_line


def write(job: ExportJob) -> str:
    """Write one file of lines per split and the entries that name them."""
    entries = {}
    for split in job.splits:
        path = f"{split}.jsonl"
        job.write_lines(path, (to_line(sample, job.draw) for sample in job.placed(job.of_split(split))))
        entries[f"qagen_{split}"] = {"annotation_path": str(job.home / path), "data_path": str(job.home)}
    job.write_json("data_dict.json", entries)
    return (
        f"in qwenvl/data/__init__.py: import json; data_dict.update(json.load(open('{job.home / 'data_dict.json'}')))\n"
        f"--dataset_use {','.join(entries)}"
    )


EXPORTER = Exporter(write)
