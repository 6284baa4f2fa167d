"""InternVL's finetuning: ``meta_<split>.json`` over one file of lines per dataset, type and format.

InternVL takes the first lines of a file for a ``repeat_time`` below 1, so lines are shuffled. ``data_augment`` is off,
because it would degrade images, and the marks on them, at random.
"""

from qagen.export._job import Exporter, ExportJob
from qagen.export._text import to_line


def write(job: ExportJob) -> str:
    """Write the lines of every type and format, and one meta file per split."""
    metas = [_write_split(job, split) for split in job.splits]
    return "\n".join(f"--meta_path {job.home / meta}" for meta in metas)


def _write_split(job: ExportJob, split: str) -> str:
    entries = {}
    for name, parts in job.by_name(split).items():
        path = f"annotations/{split}/{name}.jsonl"
        count = job.write_lines(path, (to_line(sample, job.draw) for sample in job.placed(parts)))
        entries[name] = {
            "root": str(job.home),
            "annotation": str(job.home / path),
            "data_augment": False,
            "repeat_time": 1,
            "length": count,
        }
    job.write_json(f"meta_{split}.json", entries)
    return f"meta_{split}.json"


EXPORTER = Exporter(write)
