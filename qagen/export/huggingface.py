"""Hugging Face ``datasets``: parquet shards with the images inside, and a dataset card that declares them.

``messages`` and ``images`` are what TRL's trainers read: a content item ``{"type": "image"}`` for each image.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml

from qagen import __version__
from qagen.export._job import Exporter, ExportJob
from qagen.export._samples import ExportSample, RecordSource
from qagen.export._text import announce, reply
from qagen.records.shards import IMAGES, TEXT, ParquetShards, to_image

FEATURES: dict[str, Any] = {
    **dict.fromkeys(("id", "dataset", "scene", "type", "format", "question", "answer"), TEXT),
    "images": IMAGES,
    "messages": [{"role": TEXT, "content": [{"type": TEXT, "text": TEXT}]}],
}
SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
LARGEST = "10M<n<100M"


def write(job: ExportJob) -> str:
    """Write the shards of every split, and README.md."""
    features = FEATURES if job.draw else FEATURES | {"spar_info": TEXT}
    for split in job.splits:
        with ParquetShards(job.folder / "data", split, features) as shards:
            for sample, images in job.embedded(job.of_split(split)):
                shards.write(_row(sample, images, job.draw), sum(map(len, images)))
    job.write_text("README.md", _card(job))
    return f'datasets.load_dataset("{job.home}")'


def _row(sample: ExportSample, images: Sequence[bytes], draw: bool) -> dict[str, Any]:
    content: list[dict[str, str | None]] = []
    for before in announce(sample):
        if before:
            content.append({"type": "text", "text": before})
        content.append({"type": "image", "text": None})
    content.append({"type": "text", "text": sample.question})
    row: dict[str, Any] = {
        "id": sample.id,
        "dataset": sample.dataset,
        "scene": sample.scene,
        "type": sample.type,
        "format": sample.format,
        "question": sample.question,
        "answer": sample.answer,
        "images": [to_image(picture.name, image) for picture, image in zip(sample.pictures, images, strict=True)],
        "messages": [
            {"role": "user", "content": content},
            {"role": "assistant", "content": [{"type": "text", "text": reply(sample)}]},
        ],
    }
    return row if draw else row | {"spar_info": sample.spar_info}


# --- the card ---------------------------------------------------------------------------------------------------------


def _card(job: ExportJob) -> str:
    total = sum(source.count for source in job.sources)
    head = {
        "license": "other",
        "license_name": "terms-of-the-source-datasets",
        "language": ["en"],
        "task_categories": ["visual-question-answering"],
        "tags": ["spatial-reasoning", "3d", "qagen"],
        "size_categories": [next((name for below, name in SIZES if total < below), LARGEST)],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": f"data/{split}-*.parquet"} for split in job.splits],
            }
        ],
    }
    return f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n\n{_body(job, total)}"


def _body(job: ExportJob, total: int) -> str:
    sources = ", ".join(sorted({source.dataset for source in job.sources}))
    marks = (
        "Points, boxes and masks that questions name by their color are drawn on the images."
        if job.draw
        else "Points, boxes and masks that questions name by their color are not drawn: `spar_info` holds them."
    )
    return f"""# Spatial questions and answers about {sources}

{total} questions with answers, generated from 3D-annotated scenes by qagen {__version__}. {marks}

Images and annotations come from {sources} and stay under the terms of those datasets: see to it that these allow what
you do, and name your license above, before you publish.

| column | content |
|---|---|
| `id` | unique name of the sample |
| `dataset`, `scene` | where it comes from |
| `type`, `format` | task type; fill, select, sentence or judge |
| `question`, `answer` | plain text |
| `images` | the images in order |
| `messages` | question and answer as chat messages, one image item per image |

## Samples

{_table(job.sources)}"""


def _table(sources: Sequence[RecordSource]) -> str:
    formats = sorted({source.file.format for source in sources})
    counts: Counter[tuple[tuple[str, str, str], str]] = Counter()
    for source in sources:
        counts[(source.file.split, source.dataset, source.file.type), source.file.format] += source.count
    lines = [f"| split | dataset | type | {' | '.join(formats)} |", f"|---|---|---|{'---:|' * len(formats)}"]
    for row in sorted({row for row, _ in counts}):
        lines.append(f"| {' | '.join(row)} | {' | '.join(str(counts[row, name] or '') for name in formats)} |")
    return "\n".join(lines) + "\n"


EXPORTER = Exporter(write)
