"""What every task family offers, and what a task's YAML may say."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from numpy.random import Generator
from pydantic import BaseModel, ConfigDict, Field

from qagen.core.question import Answer, Question, Skip
from qagen.views import SceneViews

Format = Literal["fill", "select", "sentence", "judge"]
FORMATS: tuple[Format, ...] = ("fill", "select", "sentence", "judge")


class TaskConfig(BaseModel):
    """Keys that every task YAML has. A family adds its own by subclassing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    """Task type: the YAML's file name."""
    family: str
    """Name of the family whose geometry answers it."""
    code: Annotated[int, Field(ge=0, lt=256)]
    """Number of the type in record ids; no two types share one."""
    level: Literal["low", "medium", "high"]
    """Cognitive level."""
    formats: Annotated[tuple[Format, ...], Field(min_length=1)]
    """Answer formats that are written."""
    independent: bool = False
    """Draw different facts for each format instead of writing each fact in all of them."""


@dataclass(frozen=True, slots=True)
class MarkColumns:
    """The mark keys of a type's records; every record of the type has all of them."""

    kind: Literal["point", "bbox"]
    """Points or boxes."""
    colors: tuple[str, ...]
    """Colours that may occur, in the order of ``*_img_idx``."""
    indexed: bool
    """Whether ``*_img_idx`` says which image carries which mark; if not, image 0 carries all."""

    @property
    def names(self) -> tuple[str, ...]:
        columns = tuple(f"{color}_{self.kind}" for color in self.colors)
        return (*columns, f"{self.kind}_img_idx") if self.indexed else columns


ConfigT = TypeVar("ConfigT", bound=TaskConfig)


class Family(ABC, Generic[ConfigT]):
    """One geometry, many types: a family is parametrised by the YAML of each of its types."""

    name: ClassVar[str]
    """Family name, also the name of its template file."""
    Config: ClassVar[type[TaskConfig]]
    """What the YAML of its types may say."""
    answer: ClassVar[type[Answer]]
    """What its answers are."""
    formats: ClassVar[frozenset[Format]]
    """Formats that they can be written in."""
    skips: ClassVar[frozenset[str]]
    """Every reason for which it may refuse a candidate."""

    def __init__(self, config: ConfigT) -> None:
        self.config = config

    @property
    @abstractmethod
    def marks(self) -> MarkColumns | None:
        """The mark keys of its records, None when nothing is marked."""

    @property
    @abstractmethod
    def variant(self) -> str:
        """Suffix of the template blocks that say its questions: question_<variant>, sentence_<variant>, ..."""

    @property
    @abstractmethod
    def says(self) -> frozenset[str]:
        """Names that its phrasings may use besides the answer: colours of roles, facts, direction axes."""

    @property
    @abstractmethod
    def rules(self) -> tuple[str, ...]:
        """Blocks of templates/rules.jinja that every question of it must state."""

    @abstractmethod
    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Candidates in random order; repeats are harmless, the caller stops when it has enough."""
