"""The taskset of ``verifiers`` (its v1 interface), which must be installed: a run, or an endless stream of scenes.

A package that ``qagen env`` writes exports a subclass, which verifiers finds by the package's name.
"""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import verifiers.v1 as vf  # pyright: ignore[reportMissingImports]
from pydantic import Field

from qagen.api.run import open_run
from qagen.api.sample import PNG, QASample
from qagen.api.scene import open_scenes
from qagen.api.stream import stream
from qagen.env.choose import Choice
from qagen.score import strict
from qagen.score.items import ScoredItem


class SpatialConfig(vf.TasksetConfig):
    """What is asked, under ``--env.taskset.*``."""

    run: str = ""
    """Folder of a run, whose samples are asked once each, in an order that ``seed`` draws; the packaged one where there
    is one."""
    root: str = ""
    """Instead: folder of a dataset, whose scenes are asked without end."""
    dataset: str = "scannet"
    """The dataset of ``root``; see ``qagen datasets``. Without a run and a root it is the built-in demo."""
    scenes: list[str] = Field(default_factory=list)
    """Names or patterns of scenes; all by default."""
    tasks: list[str] = Field(default_factory=list)
    """Types or patterns such as ``depth_*``; all by default."""
    formats: list[str] = Field(default_factory=list)
    """Of fill, select, sentence and judge; all by default."""
    easiest: float = 0.0
    """Least difficulty, 0 to 1."""
    hardest: float = 1.0
    """Largest difficulty, 0 to 1."""
    seed: int = 0
    """Seed of the order, or of the stream."""


class SpatialData(vf.TaskData):
    """One question."""

    type: str
    """Task type, such as ``distance_prediction_oo``."""
    format: str
    """Answer format: fill, select, sentence or judge."""
    question: str
    """The text of the question, with its options."""
    answer: str
    """The true answer."""
    difficulty: float | None
    """How hard it is, 0 to 1."""
    difficulty_parts: dict[str, float | None]
    """Closeness of the call (margin), steps, and the hidden share."""

    def judge(self, completion: str) -> strict.Judgment:
        """The strict score of a completion, or why no answer could be read."""
        return strict.judge(ScoredItem(self.id or "", self.type, self.question, self.answer), completion)


class SpatialTask(vf.Task[SpatialData]):
    """Rewards what the strict scorer says, 0 to 1."""

    @property
    def key(self) -> str:
        """The sample's own name, with seed and pass."""
        return self.data.id or self.hash

    @vf.reward
    async def strict_score(self, trace: vf.Trace) -> float:
        """The strict score of the last reply."""
        return self.data.judge(trace.last_reply).score

    @vf.metric
    async def unread(self, trace: vf.Trace) -> float:
        """1 where no answer could be read surely."""
        return float(bool(self.data.judge(trace.last_reply).unread))

    async def validate(self, runtime: vf.Runtime) -> bool:
        """Whether the true answer scores 1."""
        return self.data.judge(self.data.answer).score == 1.0


class SpatialTaskset(vf.Taskset[SpatialTask, SpatialConfig]):
    """Tasks of a run, or without end from scenes."""

    INFINITE = True
    RUN: ClassVar[Path | None] = None
    """Folder of the packaged run."""

    @property
    def bounded(self) -> bool:
        """Whether iterating ends: a run does."""
        return self._run is not None if self._bounded is None else self._bounded

    @property
    def _run(self) -> Path | None:
        if self.config.root:
            return None
        return Path(self.config.run) if self.config.run else self.RUN

    def load(self) -> Iterator[SpatialTask]:
        """Tasks in order, made when they are wanted."""
        config = self.config
        choice = Choice(config.scenes, config.tasks, config.formats, config.easiest, config.hardest)
        for sample in self._samples(choice):
            if choice.has_difficulty(sample):
                yield SpatialTask(task_data(sample), config.task)

    def _samples(self, choice: Choice) -> Iterator[QASample]:
        config = self.config
        if self._run is not None:
            return choice.of_run(open_run(self._run), config.seed)
        scenes = open_scenes(config.dataset, config.scenes, root=config.root or None)
        return iter(stream(scenes, config.seed, tasks=config.tasks, formats=config.formats))


def task_data(sample: QASample) -> SpatialData:
    """The question as verifiers sends it: images with their marks as data URLs, then the text."""
    evidence, difficulty = sample.evidence, sample.difficulty
    parts = {"margin": difficulty.margin, "steps": difficulty.steps, "hidden": difficulty.hidden}
    drawn = {name: evidence[name] for name in ("seed", "pass") if name in evidence}
    return SpatialData(
        id=" ".join([sample.dataset, sample.id, *(f"{name} {value}" for name, value in drawn.items())]),
        name=f"{sample.type} {sample.format}",
        prompt=[vf.UserMessage(content=_content(sample))],
        type=sample.type,
        format=sample.format,
        question=sample.question,
        answer=sample.answer,
        difficulty=difficulty.value,
        difficulty_parts=parts,
    )


def _content(sample: QASample) -> list[Any]:
    images = iter(sample.marked_images)
    return [
        vf.TextContentPart(text=part["text"])
        if part["type"] == "text"
        else vf.ImageUrlContentPart(image_url=vf.ImageUrlSource(url=_data_url(next(images))))
        for part in sample.parts
    ]


def _data_url(image: bytes) -> str:
    kind = "png" if image.startswith(PNG) else "jpeg"
    return f"data:image/{kind};base64,{b64encode(image).decode()}"
