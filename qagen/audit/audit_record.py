"""A record as it is audited: its text with every object mention replaced by a token."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qagen.audit.parse import ParsedMention, options_of, tokenize

LONGEST_SET = 10
"""Records with more images show a video."""


@dataclass(frozen=True, eq=False)
class AuditRecord:
    """One record."""

    type: str
    """The type's folder."""
    format: str
    """fill, select, sentence or judge."""
    place: str
    """File and line, for people."""
    record: Mapping[str, Any]
    """As written."""
    evidence: Mapping[str, Any]
    """As written, empty where there is none."""
    scene: str
    """The scene that the id names."""
    mentions: list[ParsedMention] = field(init=False)
    """Of question and answer, in the order of the text."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mentions", [*self._human[1], *self._gpt[1]])

    @property
    def id(self) -> str:
        return str(self.record.get("id"))

    @cached_property
    def _human(self) -> tuple[str, list[ParsedMention]]:
        return tokenize(self.record["conversations"][0]["value"])

    @cached_property
    def _gpt(self) -> tuple[str, list[ParsedMention]]:
        return tokenize(self.record["conversations"][1]["value"])

    @property
    def question(self) -> str:
        """The question up to its options or its answer form, mentions as @red, @object3, ..."""
        return self._human[0].split("\n")[0]

    @property
    def human(self) -> str:
        """The whole question, mentions as tokens."""
        return self._human[0]

    @property
    def answer(self) -> str:
        """The answer, mentions as tokens."""
        return self._gpt[0]

    @property
    def images(self) -> list[str]:
        return list(self.record["image"])

    @property
    def is_video(self) -> bool:
        return len(self.images) > LONGEST_SET

    @cached_property
    def frames(self) -> list[str]:
        """Names of the frames that the image paths name."""
        return [frame_of(path) for path in self.images]

    @cached_property
    def options(self) -> dict[str, str]:
        """Letter to option, mentions as tokens; empty in other formats."""
        return options_of(self.human) if self.format == "select" else {}

    @cached_property
    def tokens(self) -> list[str]:
        """Objects that the question mentions, in its order, each once."""
        return list(dict.fromkeys(re.findall(r"@(\w+)", self.question)))


def frame_of(path: str) -> str:
    """``17`` of ``scene/image_color/17.jpg`` and of ``scene/video_color/frame3_17.jpg``."""
    folder, _, name = path.rpartition("/")
    stem = name.rsplit(".", 1)[0]
    return re.sub(r"^frame\d+_", "", stem) if folder.endswith(("video_color", "video_depth")) else stem
