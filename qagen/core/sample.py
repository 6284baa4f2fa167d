"""The finished sample, before it is spelled in any wire format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qagen.core.question import Question

Format = Literal["fill", "select", "sentence", "judge"]
FORMATS: tuple[Format, ...] = ("fill", "select", "sentence", "judge")
"""Answer formats in the order of record ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One question of one type in one format, put into words."""

    id: str
    """``<scene>_<n>``, n unique within the scene."""
    type: str
    """Task type."""
    format: str
    """fill, select, sentence or judge."""
    question: Question
    """The question in facts."""
    human: str
    """The human turn: the question, with its rules, options and answer form."""
    gpt: str
    """The model turn: the answer."""
    added: Mapping[str, str | list[str]]
    """What the format added to the question: options, claim."""
    rationale: tuple[Mapping[str, Any], ...]
    """The steps that lead from what was measured to the answer, each with its sentence."""
