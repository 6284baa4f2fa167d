"""One question with its answer, whether it was just asked or is read from a run, and lists of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from qagen.core.question import Question
from qagen.core.reasons import meaning_of
from qagen.core.sample import Sample
from qagen.core.scene import ImageSource
from qagen.errors import QagenError
from qagen.records.difficulty import Difficulty, difficulty_of
from qagen.records.images import read_image
from qagen.records.marks import draw_marks_on_file
from qagen.records.read import RecordFile, RecordLine, Turn

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

    from qagen.audit.checks import Check
    from qagen.audit.run import Examiner
    from qagen.view.samples import ViewSample

PNG = b"\x89PNG"
"""First bytes of a PNG file."""
VIDEO_IMAGES = 11
"""Samples of this many images or more show a video."""


class Content(NamedTuple):
    """What a sample holds."""

    record: dict[str, Any]
    """The record, as SPAR's trainers read it."""
    evidence: dict[str, Any]
    """The quantities that its answer follows from; empty where a run has none."""
    images: tuple[Path | ImageSource, ...]
    """The images that it shows, in order, not decoded."""


class QASample:
    """One question with its answer, its images and its evidence.

    Content is read when it is first looked at. Samples can be pickled; their images go along as encoded bytes.
    """

    def __init__(
        self,
        line: RecordLine,
        read: Callable[[], Content],
        examiner: "Callable[[], Examiner]",
        made_of: Sample | None = None,
    ) -> None:
        self._line, self._read, self._examiner, self._made_of = line, read, examiner, made_of

    @property
    def id(self) -> str:
        """``<scene>_<n>``, as files have it."""
        return self._line.id

    @property
    def file(self) -> RecordFile:
        """The file of records that it is, or would be, in."""
        return self._line.file

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self._line.file.dataset.name

    @property
    def scene(self) -> str:
        """Name of the scene."""
        return self._line.scene

    @property
    def type(self) -> str:
        """Task type, such as ``distance_prediction_oo``."""
        return self._line.file.type

    @property
    def format(self) -> str:
        """Answer format: fill, select, sentence or judge."""
        return self._line.file.format

    @property
    def facts(self) -> Question | None:
        """The question before it was put into words: frames, marked objects, answer, margin; None of a run's sample."""
        return None if self._made_of is None else self._made_of.question

    @property
    def group(self) -> str:
        """Name of the group of samples that ask about one fact; "" for a sample of its own."""
        if self._made_of is None:
            return (self.evidence.get("group") or {}).get("id", "")
        return "" if self._made_of.group is None else self._made_of.group.id

    @cached_property
    def content(self) -> Content:
        """Record, evidence and encoded images. Raises QagenError where a file of a run cannot be read."""
        return self._read()

    @property
    def record(self) -> dict[str, Any]:
        """The record, equal to the line that ``qagen generate`` writes."""
        return self.content.record

    @property
    def evidence(self) -> dict[str, Any]:
        """The quantities that the answer follows from, equal to the line that ``qagen generate`` writes."""
        return self.content.evidence

    @property
    def question(self) -> str:
        """The human turn, with its rules, options and answer form."""
        return self.record["conversations"][0]["value"]

    @property
    def answer(self) -> str:
        """The model turn."""
        return self.record["conversations"][1]["value"]

    @property
    def images(self) -> "list[Image]":
        """The images without marks, RGB, decoded at each call. Raises QagenError where one cannot be read."""
        from PIL import Image

        return [Image.open(BytesIO(content)).convert("RGB") for content in self.encoded_images]

    @property
    def encoded_images(self) -> list[bytes]:
        """The images as the dataset encodes them, JPEG or PNG. Raises QagenError where one cannot be read."""
        return [self._encoded(image) for image in self.content.images]

    @property
    def marked_images(self) -> list[bytes]:
        """The images with the marks that the question names, encoded; those without marks as the dataset has them.

        Raises:
            QagenError: an image or a mark cannot be read.
        """
        drawn = self.encoded_images
        for number in sorted({mark.image for mark in self.view.marks}):
            marks, is_png = [mark for mark in self.view.marks if mark.image == number], drawn[number].startswith(PNG)
            drawn[number] = draw_marks_on_file(drawn[number], marks, as_png=is_png)
        return drawn

    @property
    def parts(self) -> list[dict[str, str]]:
        """The content of a chat message: ``{"type": "image"}`` for each image, in a video after its frame's name, and
        the text."""
        content: list[dict[str, str]] = []
        for number in range(len(self.content.images)):
            if self.view.is_video:
                content.append({"type": "text", "text": f"Frame-{number}: "})
            content.append({"type": "image"})
        return [*content, {"type": "text", "text": self.question}]

    @property
    def difficulty(self) -> Difficulty:
        """How hard the question is: how close the call (``margin``), how many ``steps``, how much is ``hidden``.

        Parts from 0 to 1 and their mean, ``value``; None where the evidence does not tell it.
        """
        return difficulty_of(self.evidence)

    def _encoded(self, image: Path | ImageSource) -> bytes:
        try:
            return read_image(image) if isinstance(image, Path) else image.read_bytes()
        except (QagenError, OSError) as error:
            raise QagenError(f"{self._line}: {error}") from error

    @cached_property
    def view(self) -> "ViewSample":
        """The sample as pictures and pages take it. Raises QagenError where its marks cannot be read."""
        from qagen.records.marks import marks_of
        from qagen.view.samples import ViewSample

        record, evidence, images = self.content
        turns = tuple(Turn(turn["from"], turn["value"]) for turn in record["conversations"])
        is_video = len(images) >= VIDEO_IMAGES or record["type"] == "nav"
        return ViewSample(self._line, turns, images, marks_of(record), is_video, evidence)

    def draw(self, width: int = 1400) -> "Image":
        """The images with their marks, the question, the answer and in gray the evidence, ``width`` pixels wide."""
        from qagen.view.picture import draw_sample

        return draw_sample(self.view, width)

    def check(self) -> "Verdict":
        """Solve the question again from the scene's own files, by the independent code of ``qagen audit``.

        The first call for a scene reads it anew, which takes seconds.

        Raises:
            QagenError: the scene cannot be read.
        """
        from qagen.audit.checks import worst_verdict

        checks = self._examiner().examine(self._line, self.record, self.evidence)
        return Verdict(worst_verdict(checks).value, tuple(checks))

    def to_dict(self) -> dict[str, Any]:
        """What a trainer takes: id, type, format, scene, question, answer, and the encoded ``images`` as bytes."""
        return {
            "id": self.id,
            "type": self.type,
            "format": self.format,
            "scene": self.scene,
            "question": self.question,
            "answer": self.answer,
            "images": self.encoded_images,
        }

    def to_row(self) -> dict[str, Any]:
        """The row of a table; see ``Samples.to_pandas``."""
        evidence, file = self.evidence, self._line.file
        named = {"id": self.id, "dataset": file.dataset.name, "split": file.split, "scene": self.scene}
        return {
            **named,
            "type": self.type,
            "format": self.format,
            "question": self.question,
            "answer": self.answer,
            "images": self.record["image"],
            "objects": [item["label"] for item in evidence.get("objects", ())],
            "measured": evidence.get("measured", {}),
            "margin": evidence.get("margin"),
            "margin_unit": evidence.get("margin_unit"),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        record, evidence, images = self.content
        kept = tuple(EncodedImage(image.suffix, self._encoded(image)) for image in images)
        return QASample, (self._line, partial(Content, record, evidence, kept), self._examiner, self._made_of)

    def __repr__(self) -> str:
        return f"<{self.type} {self.format} {self.id}>\nQ  {self.question}\nA  {self.answer}"

    def _repr_html_(self) -> str:
        from qagen.view.cards import cards

        return cards([self.view])


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image in memory."""

    suffix: str
    """File ending of the encoding."""
    content: bytes
    """The encoded image."""

    @property
    def path(self) -> None:
        return None

    def read_bytes(self) -> bytes:
        """The encoded image."""
        return self.content


@dataclass(frozen=True, slots=True)
class Verdict:
    """What solving a question again found."""

    verdict: str
    """agree, disagree or undecided: the worst of the checks."""
    checks: "tuple[Check, ...]"
    """The comparisons: what was compared, what the record states, what was found."""

    @property
    def agrees(self) -> bool:
        """Whether every check agrees."""
        return self.verdict == "agree"

    def __str__(self) -> str:
        lines = [f"{one.what}: stated {one.stated}, found {one.found}: {one.verdict.value}" for one in self.checks]
        return "\n  ".join([self.verdict, *lines])

    __repr__ = __str__


class Samples(Sequence[QASample]):
    """Samples in their order, with what was refused while they were asked."""

    def __init__(self, samples: Iterable[QASample], refused: Mapping[str, int] | None = None) -> None:
        self._samples = list(samples)
        self.refused = dict(refused or {})
        """How many things could not be asked about, by reason; docs/reasons.md has what the reasons mean."""

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> QASample: ...
    @overload
    def __getitem__(self, index: slice) -> "Samples": ...
    def __getitem__(self, index: int | slice) -> "QASample | Samples":
        return Samples(self._samples[index], self.refused) if isinstance(index, slice) else self._samples[index]

    def to_pandas(self) -> "pd.DataFrame":
        """A row a sample: id, dataset, split, scene, type, format, question, answer, images (paths), objects (labels),
        measured (a dictionary; lengths in meters, angles in degrees), margin and margin_unit."""
        import pandas as pd

        return pd.DataFrame([sample.to_row() for sample in self._samples])

    def draw(self, width: int = 960) -> "Image":
        """All samples on a sheet of two columns, each ``width`` pixels wide. Raises ValueError where there is none."""
        from qagen.view.picture import draw_sample, draw_sheets

        if not self._samples:
            raise ValueError("no samples to draw")
        pictures = (draw_sample(sample.view, width) for sample in self._samples)
        return next(draw_sheets(pictures, per_sheet=len(self)))

    def __repr__(self) -> str:
        if self._samples:
            return "\n\n".join(map(repr, self._samples))
        reasons = [f"  {count} × {reason}: {meaning_of(reason)}" for reason, count in self.refused.items()]
        return "\n".join(["no samples", *reasons])

    def _repr_html_(self) -> str:
        from qagen.view.cards import cards

        return cards(
            [sample.view for sample in self._samples], {r: (n, meaning_of(r)) for r, n in self.refused.items()}
        )
