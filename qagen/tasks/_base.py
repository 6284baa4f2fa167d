"""What every task family offers, and what a task's YAML may say."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from numpy.random import Generator
from pydantic import BaseModel, ConfigDict, Field

from qagen.core.answer import Answer
from qagen.core.question import Question, Skip
from qagen.core.scene import Scene
from qagen.visibility.views import SceneViews

Format = Literal["fill", "select", "sentence", "judge"]
FORMATS: tuple[Format, ...] = ("fill", "select", "sentence", "judge")


Images = Annotated[int, Field(ge=1, le=5)]
"""How many images a question shows."""
Bound = Annotated[float, Field(ge=0)]
"""A threshold: a length, an angle or a share."""
Amount = Annotated[int, Field(ge=1)]
"""How many of something."""


class TaskConfig(BaseModel):
    """Keys that every task YAML has. A family adds its own by subclassing."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

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
    repeats: Annotated[int, Field(ge=1)] = 1
    """How often one fact may be asked, each time in other words."""
    record_type: Annotated[str, Field(min_length=1)] | None = None
    """What records call the type, where trainers know it by another name than that of its folder."""


@dataclass(frozen=True, slots=True)
class MarkColumns:
    """The mark keys of a type's records; every record of the type has all of them."""

    kind: Literal["point", "bbox"]
    """Points or boxes."""
    colors: tuple[str, ...]
    """Colours that may occur, in the order of ``*_img_idx``."""
    indexed: bool
    """Whether ``*_img_idx`` says which image carries which mark; if not, image 0 carries all."""
    listed: bool = False
    """Whether the marks are one list, told apart by their aliases, instead of one column a colour."""
    drawn: bool = True
    """Whether the marks may be drawn; if not, words alone point the objects out."""

    @property
    def names(self) -> tuple[str, ...]:
        columns = (f"{self.kind}_list",) if self.listed else tuple(f"{color}_{self.kind}" for color in self.colors)
        return (*columns, f"{self.kind}_img_idx") if self.indexed else columns


ConfigT = TypeVar("ConfigT", bound=TaskConfig)


class Family(ABC, Generic[ConfigT]):
    """One geometry, many types: a family is parametrised by the YAML of each of its types."""

    name: ClassVar[str]
    """Family name, also the name of its template file."""
    Config: ClassVar[type[TaskConfig]]
    """What the YAML of its types may say."""
    answer: type[Answer]
    """What its answers are; a family whose types answer differently sets it for each."""
    formats: ClassVar[frozenset[Format]]
    """Formats that they can be written in."""
    skips: ClassVar[frozenset[str]]
    """Every reason for which it may refuse a candidate."""

    def __init__(self, config: ConfigT) -> None:
        self.config = config

    @property
    def forms(self) -> tuple["Family", ...]:
        """Itself, and the families that it leaves some scenes to, with the same config."""
        return (self,)

    def form_for(self, scene: Scene) -> "Family":
        """The one of its forms that asks about a scene, and whose template says it."""
        return self

    @property
    def marks(self) -> MarkColumns | None:
        """The mark keys of its records, None when nothing is marked."""
        return None

    @property
    @abstractmethod
    def variant(self) -> str:
        """Suffix of the template blocks that say its questions: question_<variant>, sentence_<variant>, ..."""

    @property
    def question_variables(self) -> frozenset[str]:
        """Names that all its phrasings may use: colours of roles, and facts that a question may give away."""
        return frozenset()

    @property
    def answer_variables(self) -> frozenset[str]:
        """Facts that only its answer sentences may use besides the answer."""
        return frozenset()

    @property
    def axes(self) -> frozenset[str]:
        """Direction axes of its answers."""
        return frozenset()

    @property
    def options(self) -> int:
        """How many options a select question of it has."""
        return 4

    @property
    def rules(self) -> tuple[str, ...]:
        """Blocks of templates/rules.jinja that every question of it must state."""
        return ()

    @abstractmethod
    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Candidates in random order; repeats are harmless, the caller stops when it has enough."""
