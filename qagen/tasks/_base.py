"""What every task family offers, and what a task's YAML may say."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from inspect import signature
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from numpy.random import Generator
from pydantic import BaseModel, ConfigDict, Field

from qagen.core.answer import Answer
from qagen.core.question import Fact, MarkedObject, MarkedPlace, MarkKind, Question, Skip, about_objects, refusing
from qagen.core.rationale import Step
from qagen.core.reasons import NO_GRAVITY, NO_OBJECTS, NO_SCALE, SURFACE_UNKNOWN
from qagen.core.sample import Format
from qagen.core.scene import Scene, shows_surface
from qagen.sampling.frame_sets import FrameSets, SampledObjects
from qagen.visibility.camera_path import Visible
from qagen.visibility.views import SceneViews

Need = Literal["scale", "gravity", "objects", "surface"]
NEEDS: Mapping[Need, str] = {
    "scale": NO_SCALE,
    "gravity": NO_GRAVITY,
    "objects": NO_OBJECTS,
    "surface": SURFACE_UNKNOWN,
}
"""What questions may need of a scene besides its images, and the reason for which they are refused without it: lengths
in meters, a world whose z is up, annotated objects, something that tells which images show the same place."""

Images = Annotated[int, Field(ge=1, le=5)]
"""Number of images of a question."""
Bound = Annotated[float, Field(ge=0)]
"""A threshold: a length, an angle or a share."""
Share = Annotated[float, Field(ge=0, le=1)]
"""A share of a whole."""
Amount = Annotated[int, Field(ge=1)]
"""A number of things, at least one."""


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
    """Choose other questions for each format, instead of writing each question in all of them."""
    repeats: Annotated[int, Field(ge=1)] = 1
    """Maximum number of times that a question is asked, each time in other words."""
    record_type: Annotated[str, Field(min_length=1)] | None = None
    """The type's name in records, where trainers know it by another name than that of its folder."""


class MarkedConfig(TaskConfig):
    """Keys of types that point objects out. A family narrows or changes the default by declaring ``mark`` again."""

    mark: MarkKind = "point"
    """How questions point their objects out: by points, boxes or masks in the images, or by their labels alone."""


class MotionConfig(TaskConfig):
    """Keys of types about what the camera does: from when on a motion is asked about, at room scale."""

    min_move_m: Bound = 0.2
    """Least distance that a move must lead, meters."""
    min_turn_deg: Bound = 10.0
    """Least turn, degrees."""
    min_share: Share = 0.6
    """Least share of the time between two frames in which the camera does what is asked about."""
    min_part: Share = 0.9
    """Least amount of a move (turn) as a share of the largest one along (about) any axis of the camera."""
    max_step_m: Bound = 1.5
    """Largest distance from one shown frame to the next, meters."""
    max_step_deg: Bound = 45.0
    """Largest turn from one shown frame to the next, degrees; beyond it they have too little in common."""

    @property
    def visible(self) -> Visible:
        """From when on a motion can be seen."""
        return Visible(self.min_move_m, self.min_turn_deg, self.min_share, self.min_part)

    @property
    def steps(self) -> tuple[float, float]:
        """Largest distance and largest turn from one shown frame to the next."""
        return self.max_step_m, self.max_step_deg


@dataclass(frozen=True, slots=True)
class MarkColumns:
    """The mark keys of a type's records; every record of the type has all of them."""

    kind: MarkKind
    """Points, boxes or masks; none where labels alone point the objects out, which are then unique."""
    colors: tuple[str, ...]
    """Colors that may occur, in the order of ``*_img_idx``."""
    indexed: bool
    """Whether ``*_img_idx`` names the image of each mark; if not, image 0 carries all."""
    listed: bool = False
    """Whether the marks are one list, told apart by their aliases, instead of one column a color."""
    numbered: bool = False
    """Whether drawn marks carry their number in the order of the colors, because questions name ``Object2``."""

    of_places: bool = False
    """Whether the marks point out places of images instead of objects; texts call them "blue point"."""
    anchored: bool = False
    """Whether the first listed mark is the object to measure from."""
    hidden: MarkKind | None = None
    """Marks that records hold although labels alone point the objects out; nothing draws them."""

    @property
    def drawn(self) -> bool:
        """Whether the marks are drawn."""
        return self.kind != "none"

    @property
    def recorded(self) -> MarkKind:
        """Kind of the marks in records, drawn or not."""
        return self.hidden or self.kind

    @property
    def names(self) -> tuple[str, ...]:
        """The keys."""
        kind = self.recorded
        if kind == "none":
            return ()
        columns = (f"{kind}_list",) if self.listed else tuple(f"{color}_{kind}" for color in self.colors)
        return (*columns, f"{kind}_img_idx") if self.indexed else columns


ConfigT = TypeVar("ConfigT", bound=TaskConfig)


class Family(ABC, Generic[ConfigT]):
    """One geometry, many types: a family is parametrized by the YAML of each of its types.

    Every Family in a module of qagen.tasks is found by its module and known by its ``name``.
    """

    name: ClassVar[str]
    """Family name, also the name of its template file."""
    Config: ClassVar[type[TaskConfig]]
    """Keys of the YAMLs of its types."""
    answer: type[Answer]
    """Kind of its answers. Metric and distractors follow from it. A family whose types differ sets it for each."""
    formats: ClassVar[frozenset[Format]]
    """Formats that its questions can be written in."""
    skips: ClassVar[frozenset[str]]
    """Every reason for which it may refuse a candidate."""
    needs: frozenset[Need] = frozenset(NEEDS)
    """What a scene must have for its questions. A family whose types differ sets it for each."""
    unit: str = ""
    """Unit of length or area that questions must state, spelled as in templates; "" where answers have none."""
    must_say: tuple[str, ...] = ()
    """Patterns, each of which every phrasing of its questions must match besides the unit and the marked objects."""

    example_facts: ClassVar[Mapping[str, tuple[Fact, ...]]] = {}
    """Facts that its templates use, each with awkward values that take turns when phrasings are proofread."""
    images: int | Literal["video"] = "video"
    """Number of images of a question, or the scene's video: ``views`` of its config, where there is such a key."""
    least_images: int | None = None
    """Least number of images of a question, where it varies and ``images`` is the largest."""

    can_mirror: bool = True
    """Whether its questions may be asked of the scene in a mirror, where their answers have left and right exchanged
    (``Answer.mirrored``)."""

    def __init__(self, config: ConfigT) -> None:
        self.config = config
        self.images = getattr(config, "views", self.images)

    @property
    def forms(self) -> tuple["Family", ...]:
        """Itself, and the families that it leaves some scenes to, with the same config."""
        return (self,)

    def form_for(self, scene: Scene) -> "Family":
        """The form that asks about a scene, and whose template words it."""
        return self

    def lacking(self, scene: Scene) -> str | None:
        """The reason why nothing can be asked about a scene that lacks what the questions need; None if nothing is."""
        has: dict[Need, bool] = {
            "scale": scene.unit_m is not None,
            "gravity": scene.is_level,
            "objects": bool(scene.objects),
            "surface": bool(scene.objects) or shows_surface(scene),
        }
        return next((reason for need, reason in NEEDS.items() if need in self.needs and not has[need]), None)

    @property
    def marks(self) -> MarkColumns | None:
        """The mark keys of its records, None when nothing is marked."""
        return None

    @property
    @abstractmethod
    def variant(self) -> str:
        """Suffix of its template blocks: question_<variant>, sentence_<variant>, ..."""

    @property
    def question_variables(self) -> frozenset[str]:
        """Names that all its phrasings may use: colors of roles, and facts that a question may reveal."""
        return frozenset()

    @property
    def answer_variables(self) -> frozenset[str]:
        """Facts that only its answer sentences may use besides the answer."""
        return frozenset()

    @property
    def axes(self) -> frozenset[str]:
        """Direction axes of its answers."""
        return frozenset()

    def axes_of(self, question: Question) -> Set[str]:
        """Those of ``axes`` that a question asks about."""
        return self.axes

    @property
    def options(self) -> int:
        """Number of options of a select question."""
        return 4

    least_options: int | None = None
    """Least number of options of a select question, where it varies."""
    words: tuple[str, ...] = ()
    """The words that its answers are one of, where they are a closed list of its own."""
    unnamed: frozenset[str] = frozenset()
    """Colors of the marks that questions call "blue box" instead of naming their objects, so that labels do not tell
    which is which; where the labels differ, the other objects have no name either."""

    def question_block(self, answer_format: Format) -> str:
        """Template block that words its question in a format."""
        return "judge" if answer_format == "judge" else f"question_{self.variant}"

    @property
    def fill_block(self) -> str:
        """Template block that tells the form of a fill answer."""
        return f"fill_{self.variant}"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        """Blocks of templates/rules.jinja that are added to a question in a format which asks about these axes."""
        return ()

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Candidates in random order. Repeats are harmless and the iterator may be endless: the caller stops it.

        Unless overridden: images and one object for each mark, drawn again and again.
        """
        sets, marks = FrameSets(views), self.marks
        assert marks is not None
        while True:
            drawn = sets.sample_objects(marks.colors, self.images, marks.kind, rng, marks.hidden)
            yield self.ask_drawn(views, drawn)

    def ask_drawn(self, views: SceneViews, drawn: SampledObjects | Skip) -> Question | Skip:
        """The question about drawn images and objects. What it refuses are these objects, whatever the images."""
        return drawn if isinstance(drawn, Skip) else refusing(about_objects(drawn[1]), self.ask(views, *drawn))

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """Sets of labels: images that show nothing of all labels of one set do not tell the answer to a question.

        Empty, as here, where such images would still tell it (none is in view, so the count is 0), would have another
        answer, or would lack a mark. A family that says otherwise says why.
        """
        return ()

    def labels_alone(self, question: Question, views: SceneViews) -> list[tuple[str, ...]]:
        """The label of each object of a question, for ``lost_without``; none where anything is marked."""
        is_named = self.marks is not None and not self.marks.drawn
        return [(views.scene.objects[role.object].label,) for role in question.roles] if is_named else []

    @abstractmethod
    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        """The steps that lead from what was measured to the answer of one of its questions, without the answer."""

    def ask_again(
        self,
        views: SceneViews,
        question: Question,
        roles: tuple[MarkedObject, ...],
        places: tuple[MarkedPlace, ...],
        facts: dict[str, Fact],
    ) -> Question | Skip:
        """What ``ask`` makes of a question with other marks or facts, or of other views of its frames."""
        passed = facts | ({"roles": roles} if roles else {}) | ({"places": places} if places else {})
        known = signature(self.ask).parameters
        takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
        taken = {name: value for name, value in passed.items() if takes_all or name in known}
        return self.ask(views, question.frames, **taken)

    def inverse(self, views: SceneViews, question: Question) -> Question | Skip | None:
        """The question turned round, whose answer is the opposite one (``Answer.opposite``): with its two objects
        exchanged, or for the other end of the order. None where there is no such question."""
        return None

    @abstractmethod
    def ask(self, views: SceneViews, *args: Any, **kwargs: Any) -> Question | Skip:
        """The question about given frames (indices into ``views.frames``) and marked objects.

        Families take ``frames``, ``roles`` if they mark any, and what else they are asked about under the name of the
        fact that holds it, so that a question can be asked again of another world.
        """
