"""Whether the images show an object of a label on one side of the observer, or of a marked object.

Every instance of the label that may be in view is decided: it is surely seen, and surely on that side or the opposite.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence, Set
from typing import ClassVar, Literal

import numpy as np
from numpy.random import Generator
from pydantic import model_validator

from qagen.core.answer import YesNo
from qagen.core.labels import is_countable, is_overlooked, may_be_called_alike, with_article
from qagen.core.question import SCENE, MarkedObject, MarkKind, Question, Skip, about_image, refusing
from qagen.core.rationale import Image, Step, signed
from qagen.core.reasons import (
    AMBIGUOUS,
    AMBIGUOUS_LABEL,
    CLASS_QUOTA,
    DOUBTFUL_SIGHTING,
    NO_VIDEO,
    NO_VIEWS,
    NOT_COUNTABLE,
    OFTEN_OVERLOOKED,
    POSSIBLY_UNANNOTATED,
    TOO_LITTLE_LABELED,
    WITHOUT_GEOMETRY,
)
from qagen.core.sample import Format
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets
from qagen.tasks._base import Bound, Family, Images, MarkColumns, MarkedConfig, Share
from qagen.tasks.directions import DirectionThresholds, DirectionWords, RelativePosition, seen_by_camera
from qagen.tasks.steps import locate_marks
from qagen.visibility.views import SceneViews

AXES = {
    "left": "left_right",
    "right": "left_right",
    "above": "above_below",
    "below": "above_below",
    "front": "front_behind",
    "behind": "front_behind",
    "closer": "closer_farther",
    "farther": "closer_farther",
}
"""The axis of each direction."""
SIDES = {
    "left_right": ("right", "left"),
    "above_below": ("above", "below"),
    "front_behind": ("front", "behind"),
    "closer_farther": ("farther", "closer"),
}
"""The directions of each axis, first that of positive offsets."""
DIRECTIONS = {
    "oc": ("left", "right", "above", "below", "front", "behind"),
    "oo": ("left", "right", "above", "below", "closer", "farther"),
}
MAX_WAITING = 20
"""Largest number of questions that wait for one with the same words and the opposite answer."""
HERE = RelativePosition(0.0, 0.0, 0.0, 0.0, 0.0)
"""The observer's own position."""


class ExistenceConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """oo: how questions point the marked object out."""
    asks: Literal["oc", "oo"]
    """oc: relative to the observer; oo: relative to a marked object, as the observer sees it."""
    views: Images | Literal["video"] = 3
    """Number of images of a question. Their observer is the first one's camera, that of a video the camera of a frame
    which the question names: for oo the one that carries the mark."""
    min_side_m: Bound = 0.2
    """Least length of an object's longest side, meters; annotators often leave out smaller ones."""
    max_not_shown: Share = 0.1
    """Largest share of the candidates answered No in which nothing of the label is in view at all."""
    sure: DirectionThresholds = DirectionThresholds()
    """When an object surely is on a side."""

    @model_validator(mode="after")
    def _marks_an_object(self) -> "ExistenceConfig":
        if self.asks == "oc" and "mark" in self.model_fields_set:
            raise ValueError("no mark for asks: oc, because it marks no object")
        return self


class Existence(Family[ExistenceConfig]):
    """Sides by box centers, as the observer sees them; above and below along the world's vertical."""

    name = "existence"
    Config = ExistenceConfig
    answer = YesNo
    formats = frozenset({"select", "judge"})
    needs = frozenset({"objects"})
    skips = SAMPLING_SKIPS | {
        AMBIGUOUS,
        AMBIGUOUS_LABEL,
        CLASS_QUOTA,
        DOUBTFUL_SIGHTING,
        NOT_COUNTABLE,
        OFTEN_OVERLOOKED,
        POSSIBLY_UNANNOTATED,
        WITHOUT_GEOMETRY,
    }
    must_say = ("images?|video",)
    example_facts: ClassVar = {
        "named": ("a stool", "an alarm clock", "a pair of skis", "a TV stand", "an L-shaped desk", "a box of tissues"),
        "direction": ("left", "right", "above", "below"),
        "frame": (0, 17, 31),
    }

    @property
    def marks(self) -> MarkColumns | None:
        return MarkColumns(self.config.mark, ("red",), indexed=True) if self.config.asks == "oo" else None

    @property
    def variant(self) -> str:
        return f"{self.config.asks}_{'video' if self.images == 'video' else 'mv'}"

    @property
    def options(self) -> int:
        return 2

    @property
    def question_variables(self) -> frozenset[str]:
        place = {"red"} if self.config.asks == "oo" else set[str]()
        return frozenset({"named", "direction", *place, *(["frame"] if self.images == "video" else [])})

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions that are asked about. In a video a label is above another from all cameras, or from none, so
        that no question about heights would have its opposite."""
        words = DIRECTIONS[self.config.asks]
        return tuple(word for word in words if self.images != "video" or AXES[word] != "above_below")

    @property
    def axes(self) -> frozenset[str]:
        return frozenset(AXES[word] for word in self.directions)

    def axes_of(self, question: Question) -> Set[str]:
        return {AXES[str(question.facts["direction"])]}

    def question_block(self, answer_format: Format) -> str:
        return f"question_{self.variant}"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        vertical = ("vertical",) if "above_below" in axes else ()
        if self.images == "video":
            return ("centers", *vertical, "video")
        has_observer = self.config.asks == "oc" or bool(axes - {"above_below"})
        return ("centers", *vertical, *(["first_image_observer"] if has_observer else []))

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """Questions in twos: with the same label and direction, and opposite answers."""
        sets, pairs = FrameSets(views), AnswerPairs(self.config.max_not_shown)
        while True:
            drawn = self._draw(sets, rng)
            if isinstance(drawn, Skip):
                yield drawn
                continue
            frames, roles, observer = drawn
            for label in _labels_to_ask(views, frames, rng):
                subject = ("labels", label) if self.images == "video" else about_image(frames[0])
                for found in self._ask_label(views, frames, roles, observer, label):
                    if isinstance(found, Skip):
                        yield refusing(subject, found)
                    else:
                        yield from pairs.add(found, _alike(views, found)) or [Skip(CLASS_QUOTA, subject)]

    def _draw(self, sets: FrameSets, rng: Generator) -> tuple[tuple[int, ...], tuple[MarkedObject, ...], int] | Skip:
        """Images, the marked object if there is one, and which image is the observer's."""
        if self.config.asks == "oo":
            drawn = sets.sample_objects(("red",), self.images, self.config.mark, rng)
            return drawn if isinstance(drawn, Skip) else (*drawn, drawn[1][0].image if self.images == "video" else 0)
        if self.images != "video":
            frames = sets.draw(self.images, rng)
            return (frames, (), 0) if frames else Skip(NO_VIEWS, SCENE)
        sharp = np.flatnonzero(sets.views.usable[list(sets.views.video)])
        return (sets.views.video, (), int(rng.choice(sharp))) if len(sharp) else Skip(NO_VIDEO, SCENE)

    def _ask_label(
        self,
        views: SceneViews,
        frames: tuple[int, ...],
        roles: tuple[MarkedObject, ...],
        observer: int,
        label: str,
    ) -> Iterator[Question | Skip]:
        """The questions about a label in all directions, or why there are none."""
        shown = self._shown(views, frames, label, roles)
        if isinstance(shown, Skip):
            yield shown
            return
        for direction in self.directions:
            if AXES[direction] != "above_below" or views.scene.is_level:
                yield self._asked(views, frames, roles, observer, label, direction, shown)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        direction, offsets = str(question.facts["direction"]), question.measured["offsets_m"]
        assert isinstance(offsets, list)
        shown = Step("tally", "shown", {"label": str(question.facts["label"]), "value": len(offsets)})
        marked = (locate_marks(question),) if question.roles else ()
        if not offsets:
            return *marked, shown
        observer = question.position("frame")
        frame = question.frames[observer]
        nearest = min(float(views.distance[frame, k]) for k in self._instances(views, question))
        positive, negative = next(pair for axis, pair in SIDES.items() if axis == AXES[direction])
        told = tuple(signed(offset, positive, negative) for offset in offsets)
        compared: dict[str, object] = {"camera": Image(observer)}
        compared |= {"to": question.roles[0]} if question.roles else {}
        count = sum(word == direction for word, _ in told)
        return (
            *marked,
            shown,
            Step("scale", "instance", {"camera": Image(observer)}, length=nearest),
            Step("compare", "offsets" if question.roles else "around", {**compared, "offsets": told}),
            Step("tally", "side", {"value": count, "direction": direction}),
        )

    def _instances(self, views: SceneViews, question: Question) -> list[int]:
        """Indices of the objects that the evidence lists."""
        ids = question.measured["ids"]
        assert isinstance(ids, list)
        return [k for k, item in enumerate(views.scene.objects) if item.id in ids]

    def ask(
        self,
        views: SceneViews,
        frames: tuple[int, ...],
        label: str,
        direction: str,
        frame: int = 0,
        roles: tuple[MarkedObject, ...] = (),
    ) -> Question | Skip:
        """Whether ``frames`` show a ``label`` in a direction from the observer, or from the object of role red.

        Args:
            frame: position among ``frames`` of the one whose camera is the observer.
        """
        shown = self._shown(views, frames, label, roles)
        if isinstance(shown, Skip):
            return shown
        return self._asked(views, frames, roles, frame, label, direction, shown)

    def _shown(
        self, views: SceneViews, frames: tuple[int, ...], label: str, roles: tuple[MarkedObject, ...]
    ) -> tuple[int, ...] | Skip:
        """All instances of a label that frames show, or why that is not sure."""
        items = views.scene.objects
        about_label = ("labels", label)
        if not views.lists_all(frames):
            return Skip(TOO_LITTLE_LABELED)
        if not is_countable(label):
            return Skip(NOT_COUNTABLE, about_label)
        meant = [k for k, item in enumerate(items) if may_be_called_alike(item.label, label)]
        longest = [float(items[k].box.size.max()) for k in meant if items[k].label == label]
        if is_overlooked(label) or min(longest, default=0.0) < self.config.min_side_m:
            return Skip(OFTEN_OVERLOOKED, about_label)
        if any(may_be_called_alike(name, label) for name in views.scene.unplaced):
            return Skip(WITHOUT_GEOMETRY, about_label)
        shown = [k for k in meant if not views.absent[list(frames), k].all()]
        marked = [role.object for role in roles]
        if any(items[k].label != label or k in marked for k in shown):
            return Skip(AMBIGUOUS_LABEL)
        if views.may_show_more(frames, meant):
            return Skip(POSSIBLY_UNANNOTATED)
        is_sure = [views.seen[list(frames), k].any() and views.askable[list(frames), k].any() for k in shown]
        return tuple(shown) if all(is_sure) else Skip(DOUBTFUL_SIGHTING)

    def _asked(
        self,
        views: SceneViews,
        frames: tuple[int, ...],
        roles: tuple[MarkedObject, ...],
        observer: int,
        label: str,
        direction: str,
        shown: Sequence[int],
    ) -> Question | Skip:
        reference = seen_by_camera(views, frames[observer], roles[0].object) if roles else HERE
        words = DirectionWords(self.config.sure)
        offsets = [_add(words, AXES[direction], seen_by_camera(views, frames[observer], k), reference) for k in shown]
        if words.is_ambiguous or not all(slot.word for slot in words.slots):
            return Skip(AMBIGUOUS)  # what is hardly on a side is no clear No either
        answer = YesNo(any(slot.word == direction for slot in words.slots))
        share = views.labeled_share(frames)
        return Question(
            frames=frames,
            roles=roles,
            is_video=self.images == "video",
            facts={"label": label, "named": with_article(label), "direction": direction}
            | ({"frame": observer} if self.images == "video" else {}),
            answer=answer,
            fact=(frames[observer], label, direction, *(role.object for role in roles), answer.holds),
            about=None if roles else tuple(k for k, item in enumerate(views.scene.objects) if item.label == label),
            margin=min(words.margins) if shown else share - views.limits.min_complete,
            margin_unit="m" if shown else "fraction",
            measured={
                "label": label,
                "direction": direction,
                "observer": views.frames[frames[observer]].id,
                "ids": [views.scene.objects[k].id for k in shown],
                "offsets_m": offsets,
                "labeled_share": share,
            },
            classes=(
                f"{label}: {answer.text}",
                f"{direction}: {answer.text}",
                *(f"{direction} {views.scene.objects[role.object].label}: {answer.text}" for role in roles),
            ),
        )


class AnswerPairs:
    """Lets questions pass in twos that read alike and have opposite answers, so that no word tells the answer."""

    def __init__(self, max_not_shown: float) -> None:
        """``max_not_shown`` is the largest share of the Noes that name what is not in view at all."""
        self._max_not_shown = max_not_shown
        self._waiting: defaultdict[tuple, deque[Question]] = defaultdict(lambda: deque(maxlen=MAX_WAITING))
        self._known: set[tuple] = set()
        self._passed, self._not_shown = 0, 0

    def add(self, question: Question, alike: tuple) -> list[Question]:
        """The question and one with the opposite answer that waited for it; else nothing, and it waits.

        Args:
            alike: what the two have in common.
        """
        assert isinstance(question.answer, YesNo)
        if question.fact in self._known:
            return []
        self._known.add(question.fact or question.key)
        holds, is_shown = question.answer.holds, _is_shown(question)
        may_use_absent = self._not_shown + 1 <= self._max_not_shown * (self._passed + 1)
        kinds = [(False, True), (False, False)] if holds else [(True, True)]
        for kind in kinds:
            uses_absent = not (kind[1] and is_shown)
            if self._waiting[alike, kind] and (may_use_absent or not uses_absent):
                self._passed += 1
                self._not_shown += uses_absent
                return [self._waiting[alike, kind].popleft(), question]
        self._waiting[alike, (holds, is_shown)].append(question)
        return []


def _is_shown(question: Question) -> bool:
    """Whether anything of the label is in view."""
    return bool(question.measured["ids"])


def _alike(views: SceneViews, question: Question) -> tuple:
    """What readers of the words alone know of the answer: the label, the direction and, because labels tell what hangs
    above what, for heights the label of the marked object, too."""
    direction = str(question.facts["direction"])
    marked = [views.scene.objects[role.object].label for role in question.roles]
    return (question.facts["label"], direction, *(marked if AXES[direction] == "above_below" else []))


def _labels_to_ask(views: SceneViews, frames: tuple[int, ...], rng: Generator) -> list[str]:
    """The labels of what frames may show, and one of those that they do not show."""
    may_be_shown = np.flatnonzero((~views.absent[list(frames)]).any(axis=0)).tolist()
    shown = sorted({views.scene.objects[k].label for k in may_be_shown})
    others = sorted({item.label for item in views.scene.objects}.difference(shown))
    return [*rng.permutation(shown).tolist(), *rng.permutation(others)[:1].tolist()]


def _add(words: DirectionWords, axis: str, position: RelativePosition, reference: RelativePosition) -> float:
    """Add where a position is relative to another along an axis. Returns the offset that decides, meters."""
    match axis:
        case "left_right":
            offset = position.right_m - reference.right_m
            words.add_left_right(offset, position.bearing_deg - reference.bearing_deg)
        case "above_below":
            offset = position.up_m - reference.up_m
            words.add(axis, ("above", "below"), offset)
        case "front_behind":
            offset = position.front_m - reference.front_m
            words.add(axis, ("front", "behind"), offset)
        case _:
            offset = position.distance_m - reference.distance_m
            least_m = words.thresholds.state_share * max(position.distance_m, reference.distance_m)
            words.add(axis, ("farther", "closer"), offset, least_m)
    return offset
