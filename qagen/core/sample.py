"""The finished sample, before it is spelled in any wire format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qagen.core.answer import Answer
from qagen.core.question import Question

Format = Literal["fill", "select", "sentence", "judge"]
FORMATS: tuple[Format, ...] = ("fill", "select", "sentence", "judge")
"""Answer formats in the order of record ids."""
Variant = Literal["paraphrase", "permute", "inverse", "mirror"]
VARIANTS: tuple[Variant, ...] = ("paraphrase", "permute", "inverse", "mirror")
"""What may be done to a sample so that its answer still follows: other words, other letters, the question turned round,
the scene in the mirror. In the order in which they are written."""
ORIGINAL, UNANSWERABLE = "original", "unanswerable"
"""The variant that a group is about, and the other one of a pair that has an option more, that it cannot be told: the
first has images that tell, the second others."""


@dataclass(frozen=True, slots=True)
class Group:
    """The place of a sample among samples that ask about one fact and whose answers follow from each other."""

    id: str
    """Name of the group, unique in the dataset."""
    variant: str
    """What this one is: ``original``, or what was done to it."""
    answer_map: Mapping[str, Any] | None = None
    """How its answer follows from that of the original: ``rule`` and what the rule needs; None for the original."""

    @property
    def evidence(self) -> dict[str, Any]:
        """The group as evidence has it."""
        told = {"id": self.id, "variant": self.variant}
        return told if self.answer_map is None else {**told, "answer_map": dict(self.answer_map)}


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
    options: tuple[Answer, ...] = ()
    """The answers to choose from, in their order."""
    group: Group | None = None
    """Its place among samples that belong together; None for a sample of its own."""
