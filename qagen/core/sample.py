"""The finished sample, before it is spelt in any wire format."""

from collections.abc import Mapping
from dataclasses import dataclass

from qagen.core.question import Question


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
    """What it asks, in facts."""
    human: str
    """What the human says."""
    gpt: str
    """What the model is to answer."""
    added: Mapping[str, str | list[str]]
    """What the format added: options, claim."""
