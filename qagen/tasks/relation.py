"""Where an object is relative to another or to the observer, as words."""

from collections.abc import Iterator, Set
from typing import ClassVar, Literal

from numpy.random import Generator

from qagen.core.answer import Directions
from qagen.core.question import MarkedObject, MarkKind, Question, Skip, about_objects
from qagen.core.rationale import Step
from qagen.core.reasons import AMBIGUOUS, CLASS_QUOTA, NO_DIRECTION
from qagen.core.sample import Format
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets
from qagen.tasks._base import Family, Images, MarkColumns, MarkedConfig
from qagen.tasks.directions import DirectionThresholds, DirectionWords, seen_by_camera
from qagen.tasks.steps import (
    compare_directions,
    locate_marks,
    measure_up,
    place_in_camera,
    scale_from_camera,
)
from qagen.visibility.views import SceneViews

COLORS = ("red", "blue", "green")
MAX_FRONT_BIAS = 40
"""oc: largest number of questions about objects in front beyond those about objects behind."""


class RelationConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    asks: Literal["oo", "oc"]
    """oo: the first object relative to the second; oc: the object relative to the observer of the first image."""
    views: Images = 1
    """Number of images of a question."""
    sure: DirectionThresholds = DirectionThresholds()
    """When a direction is stated, empty or ambiguous."""


class Relation(Family[RelationConfig]):
    """Offsets of box centers as seen from the first image; above and below along the world's vertical."""

    name = "relation"
    Config = RelationConfig
    answer = Directions
    formats = frozenset({"select", "sentence", "judge"})
    needs = frozenset({"gravity", "objects"})
    skips = SAMPLING_SKIPS | {AMBIGUOUS, NO_DIRECTION, CLASS_QUOTA}
    example_facts: ClassVar = {"subject": ("red",), "reference": ("blue",)}
    must_say = ("3D center", "observer", "left", "right", "above", "below", "front|closer", "behind|farther")

    @property
    def marks(self) -> MarkColumns:
        colors = ("red", "blue") if self.config.views == 1 else COLORS
        return MarkColumns(self.config.mark, colors, indexed=self.config.views > 1)

    @property
    def variant(self) -> str:
        if self.config.asks == "oc" or self.config.views == 1:
            return self.config.asks
        return "oo_mv"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"subject", "reference"})

    @property
    def axes(self) -> frozenset[str]:
        axes = {"left_right", "above_below"}
        axes |= {"front_behind"} if self.config.asks == "oc" else {"closer_farther"}
        if self.variant == "oo_mv":
            axes |= {"first_front_behind", "second_front_behind"}
        return frozenset(axes)

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        vertical = ("vertical",) if "above_below" in axes else ()
        seen = self.config.views > 1 and bool(axes - {"above_below"})
        return (*vertical, "first_image_observer") if seen else vertical

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Candidates whose colors are a random choice; those about one object balance front and behind."""
        sets, bias = FrameSets(views), 0
        count = 1 if self.config.asks == "oc" else 2
        while True:
            chosen = sorted(rng.permutation(len(self.marks.colors))[:count])
            colors = tuple(self.marks.colors[i] for i in chosen)
            drawn = sets.sample_objects(colors, self.config.views, self.config.mark, rng)
            found = self.ask_drawn(views, drawn)
            if isinstance(found, Question) and self.config.asks == "oc":
                side = ("front_behind:front" in found.classes) - ("front_behind:behind" in found.classes)
                if side > 0 and bias >= MAX_FRONT_BIAS:
                    found = Skip(CLASS_QUOTA, about_objects(found.roles))
                else:
                    bias += side
            yield found

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        assert isinstance(question.answer, Directions)
        return (
            locate_marks(question),
            scale_from_camera(views, question, question.roles[0]),
            place_in_camera(views, question, question.roles),
            measure_up(views, question),
            compare_directions(question.answer.slots, question.measured, "", question.roles),
        )

    def inverse(self, views: SceneViews, question: Question) -> Question | Skip | None:
        """Where the second object is relative to the first."""
        return self.ask(views, question.frames, question.roles[::-1]) if self.variant == "oo" else None

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """Where the first of ``roles`` is relative to the second, or to the observer at the first of ``frames``."""
        words = DirectionWords(self.config.sure)
        positions = [seen_by_camera(views, frames[0], role.object) for role in roles]
        if self.config.asks == "oc":
            measured = words.add_position(*positions)
        else:
            measured = words.add_pair(*positions)
            measured |= words.add_facing(*positions) if self.config.views > 1 else {}
        if words.is_ambiguous:
            return Skip(AMBIGUOUS)
        if words.is_empty:
            return Skip(NO_DIRECTION)
        return Question(
            frames=frames,
            roles=roles,
            facts={"subject": roles[0].color, "reference": roles[-1].color},
            answer=Directions(tuple(words.slots)),
            fact=(*(role.object for role in roles), *(slot.word for slot in words.slots)),
            margin=min(words.margins),
            measured=measured,
            classes=words.classes,
        )
