"""How a question announces its images, for consumers that want one tag for each."""

from typing import Any

from qagen.export._samples import ExportSample

IMAGE = "<image>"


def announce(sample: ExportSample) -> list[str]:
    """What stands before each image's tag: "" or, in videos, ``Frame-0: ``, as questions name frames."""
    return [f"Frame-{i}: " if sample.is_video else "" for i in range(len(sample.pictures))]


def tagged_question(sample: ExportSample) -> str:
    """The question below one tag per image, one a line."""
    return "\n".join([*(before + IMAGE for before in announce(sample)), sample.question])


def names(sample: ExportSample) -> list[str]:
    """Paths of the images below the export's folder."""
    return [picture.name for picture in sample.pictures]


def to_line(sample: ExportSample, draw: bool) -> dict[str, Any]:
    """The record of LLaVA's descent: conversations with tags, and a list of images.

    Without drawn marks, ``spar_info`` tells them as a JSON string, whose type is the same in every line.
    """
    line = {
        "id": sample.id,
        "image": names(sample),
        "conversations": [
            {"from": "human", "value": tagged_question(sample)},
            {"from": "gpt", "value": sample.answer},
        ],
        "type": sample.type,
        "format": sample.format,
    }
    return line if draw else line | {"spar_info": sample.spar_info}
