"""Samples as TRL's trainers take them; needs the package datasets, which qagen does not."""

from collections.abc import Iterator
from typing import Any

import datasets

from qagen.api.run import OpenRun
from qagen.api.sample import QASample
from qagen.api.stream import Stream

TEXT = datasets.Value("string")
FEATURES = datasets.Features(
    {
        "prompt": [{"role": TEXT, "content": [{"type": TEXT, "text": TEXT}]}],
        "images": [datasets.Image()],
        **dict.fromkeys(("id", "type", "format", "question", "answer"), TEXT),
        "difficulty": datasets.Value("float32"),
    }
)


def of_stream(stream: Stream) -> datasets.IterableDataset:
    """An endless dataset of a stream, which goes on where it stopped."""
    return datasets.IterableDataset.from_generator(_rows, gen_kwargs={"stream": stream}, features=FEATURES)


def of_run(run: OpenRun) -> datasets.Dataset:
    """The samples of a run; each is read when it is taken."""

    def read(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
        rows = [FEATURES.decode_example(to_row(run[index])) for index in batch["row"]]
        return {name: [row[name] for row in rows] for name in FEATURES}

    return datasets.Dataset.from_dict({"row": range(len(run))}).with_transform(read)


def _rows(stream: Stream) -> Iterator[dict[str, Any]]:
    yield from map(to_row, stream)


def to_row(sample: QASample) -> dict[str, Any]:
    """A row: the chat with a place for each image, the images with their marks, and what rewards need."""
    content = [{"type": part["type"], "text": part.get("text")} for part in sample.parts]
    return {
        "prompt": [{"role": "user", "content": content}],
        "images": [{"path": None, "bytes": image} for image in sample.marked_images],
        "id": sample.id,
        "type": sample.type,
        "format": sample.format,
        "question": sample.question,
        "answer": sample.answer,
        "difficulty": sample.difficulty.value,
    }
