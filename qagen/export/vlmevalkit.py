"""VLMEvalKit: ``SparBench.tsv`` with the images in base64; options stand in the question, as SPAR-Bench has them.

VLMEvalKit unpacks images to files and never overwrites one, so images are named by their content.
"""

import base64
import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path

from qagen.export._job import Exporter, ExportJob
from qagen.export._samples import ExportSample
from qagen.records.sparbench import is_asked

FILE = "SparBench.tsv"
COLUMNS = ("index", "id", "task", "category", "source", "question", "answer", "image_path", "image")


def write(job: ExportJob) -> str:
    """Write the table, row by row."""
    with (job.folder / FILE).open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for number, (sample, images) in enumerate(job.embedded(job.sources)):
            table.writerow(_row(number, sample, images))
    return f"LMUData={job.home}, dataset SparBench; clear SparBench.DATASET_MD5, or the official file replaces this one"


def _row(number: int, sample: ExportSample, images: Sequence[bytes]) -> list[str | int]:
    kind = "multi_view" if len(images) > 1 else "single_view"
    digests = [hashlib.sha256(image).hexdigest()[:32] for image in images]
    names = [digest + Path(picture.name).suffix for digest, picture in zip(digests, sample.pictures, strict=True)]
    cells = (_cell(names), _cell([base64.b64encode(image).decode() for image in images]))
    return [number, sample.id, sample.type, kind, sample.dataset, sample.question, sample.answer, *cells]


def _cell(values: Sequence[str]) -> str:
    """One value as it is, several as a Python list: VLMEvalKit distinguishes them by that."""
    return values[0] if len(values) == 1 else str(list(values))


EXPORTER = Exporter(write, is_asked, needs_marks=True, is_scored=True)
