"""How a question announces its images, for consumers that want one tag for each."""

from typing import Any

from qagen.export._job import ExportJob
from qagen.export._samples import ExportSample

IMAGE = "<image>"


def announce(sample: ExportSample) -> list[str]:
    """The text before each image: "", or in videos ``Frame-0: ``, the name that questions use."""
    return [f"Frame-{i}: " if sample.is_video else "" for i in range(len(sample.pictures))]


def tagged_question(sample: ExportSample) -> str:
    """One image tag per line, then the question."""
    return "\n".join([*(before + IMAGE for before in announce(sample)), sample.question])


def reply(sample: ExportSample) -> str:
    """What the model is to say: the answer, after its rationale where that is exported."""
    return f"<think>\n{sample.rationale}\n</think>\n\n{sample.answer}" if sample.rationale else sample.answer


def names(sample: ExportSample) -> list[str]:
    """Paths of the images below the export's folder."""
    return [picture.name for picture in sample.pictures]


def to_line(sample: ExportSample, draw: bool) -> dict[str, Any]:
    """A record in LLaVA's format: conversations with image tags, and a list of images.

    Where marks are not drawn, ``spar_info`` holds them as a JSON string, so that every line has the same types.
    """
    line = {
        "id": sample.id,
        "image": names(sample),
        "conversations": [
            {"from": "human", "value": tagged_question(sample)},
            {"from": "gpt", "value": reply(sample)},
        ],
        "type": sample.type,
        "format": sample.format,
    }
    return line if draw else line | {"spar_info": sample.spar_info}


def command(name: str, job: ExportJob) -> str:
    """The command of an export, without places of this machine, for its card."""
    chosen = [f"--{option} {','.join(values)}" for option, values in job.selection.items() if values]
    changes = [flag for flag, value in (("--no-draw", not job.draw), ("--think", job.think)) if value]
    return " ".join(["qagen export", name, "qagen_out", "--out DIR", *chosen, *changes, f"--seed {job.seed}"])
