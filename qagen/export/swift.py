"""ms-swift: ``<split>.jsonl`` with messages and images, whose paths are absolute because swift joins them to nothing.

Marks that are not drawn become text: one line per mark with ``<bbox>``, which swift replaces by coordinates in the
model's own format. ``objects`` holds them as fractions of width and height; a mask is told by the box around it.
"""

from typing import Any

from qagen.export._job import Exporter, ExportJob
from qagen.export._samples import ExportSample
from qagen.export._text import reply, tagged_question
from qagen.records.marks import Mark


def write(job: ExportJob) -> str:
    """Write one file of lines per split."""
    for split in job.splits:
        lines = (_to_line(sample, job) for sample in job.placed(job.of_split(split)))
        job.write_lines(f"{split}.jsonl", lines)
    return "\n".join(f"--dataset {job.home / split}.jsonl" for split in job.splits)


def _to_line(sample: ExportSample, job: ExportJob) -> dict[str, Any]:
    marks = [] if job.draw else [_describe(mark, sample) for mark in sample.marks]
    line: dict[str, Any] = {
        "id": sample.id,
        "messages": [
            {"role": "user", "content": "\n".join([tagged_question(sample), *marks])},
            {"role": "assistant", "content": reply(sample)},
        ],
        "images": [str(job.home / picture.name) for picture in sample.pictures],
    }
    return line if job.draw else line | {"objects": _objects(sample.marks)}


def _describe(mark: Mark, sample: ExportSample) -> str:
    color = f"{mark.color} {mark.kind}"
    name = f"{mark.text} ({color})" if mark.text else color
    if len(sample.pictures) == 1:
        return f"{name}: <bbox>"
    where = f"Frame-{mark.image}" if sample.is_video else f"image {mark.image + 1}"
    return f"{name} in {where}: <bbox>"


def _objects(marks: tuple[Mark, ...]) -> dict[str, Any]:
    """Boxes as fractions of the image (``norm1``), independent of how swift resizes it."""
    return {
        "ref": [],
        "bbox": [[value / 1000 for value in mark.box] for mark in marks],
        "bbox_type": "norm1",
        "image_id": [mark.image for mark in marks],
    }


EXPORTER = Exporter(write)
