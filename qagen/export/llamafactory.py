"""LLaMA-Factory: ``<split>.jsonl`` in its sharegpt form and ``dataset_info.json``.

Images are named relative to the export, which is where LLaMA-Factory looks when ``dataset_dir`` is the export.
"""

from qagen.export._job import Exporter, ExportJob
from qagen.export._text import to_line


def write(job: ExportJob) -> str:
    """Write one file of lines per split and ``dataset_info.json``."""
    entries = {}
    for split in job.splits:
        lines = (to_line(sample, job.draw) for sample in job.placed(job.of_split(split)))
        job.write_lines(f"{split}.jsonl", lines)
        entries[f"qagen_{split}"] = _entry(f"{split}.jsonl")
    job.write_json("dataset_info.json", entries)
    return f"dataset_dir: {job.home}\ndataset: {', '.join(entries)}"


def _entry(file_name: str) -> dict:
    """The entry of a file. LLaMA-Factory ignores every column that ``columns`` leaves out, even one with a default."""
    return {
        "file_name": file_name,
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "images": "image"},
        "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
    }


EXPORTER = Exporter(write)
