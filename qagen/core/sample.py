"""The finished sample, before it is spelled in any wire format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qagen.core.question import Question

Format = Literal["fill", "select", "sentence", "judge"]
FORMATS: tuple[Format, ...] = ("fill", "select", "sentence", "judge")
"""Answer formats in the order of record ids."""
ORIGINAL, UNANSWERABLE = "original", "unanswerable"
"""Variants of a question that has an option more, that it cannot be told: with images that tell, and with others."""


@dataclass(frozen=True, slots=True)
class Group:
    """The place of a sample among samples that ask about one fact and whose answers follow from each other."""

    id: str
    """Name of the group, unique in the dataset."""
    variant: str
    """What this one is: ``original``, or what was done to it."""


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
    group: Group | None = None
    """Its place among samples that belong together; None for a sample of its own."""
