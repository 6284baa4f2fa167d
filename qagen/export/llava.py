"""LLaVA-NeXT: ``<split>.yaml``, its form of a mixture, over one file of lines per dataset, type and format."""

import yaml

from qagen.export._job import Exporter, ExportJob
from qagen.export._text import to_line


def write(job: ExportJob) -> str:
    """Write the lines of every type and format, and one mixture per split."""
    mixtures = [_write_split(job, split) for split in job.splits]
    return "\n".join(f"--data_path {job.home / mixture} --image_folder {job.home}" for mixture in mixtures)


def _write_split(job: ExportJob, split: str) -> str:
    entries = []
    for name, parts in job.by_name(split).items():
        path = f"annotations/{split}/{name}.jsonl"
        job.write_lines(path, (to_line(sample, job.draw) for sample in job.placed(parts)))
        entries.append({"json_path": str(job.home / path), "sampling_strategy": "all"})
    job.write_text(f"{split}.yaml", yaml.safe_dump({"datasets": entries}, sort_keys=False, width=1000))
    return f"{split}.yaml"


EXPORTER = Exporter(write)
