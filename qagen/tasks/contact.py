"""Whether one object is on another, in it, touching it, or apart from it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import OneOf
from qagen.core.question import SCENE, MarkedObject, MarkKind, Question, Skip, Subject, about_objects
from qagen.core.rationale import Step, length, share, signed
from qagen.core.reasons import (
    CLASS_QUOTA,
    CONTACT_HIDDEN,
    EXTENT_NOT_OBSERVED,
    FAR_APART,
    NO_OBJECT_SURFACE,
    UNCLEAR_CONTACT,
)
from qagen.sampling.mark_placement import MARKING_SKIPS, mark_objects
from qagen.sampling.pool import MAX_PER_FACT
from qagen.tasks._base import Bound, Family, MarkColumns, MarkedConfig
from qagen.tasks.steps import locate_marks
from qagen.visibility.contact import Contact
from qagen.visibility.views import SceneViews

WORDS = ("on", "in", "touching", "apart")
LOOSE = {"on": ("touching",), "in": ("touching",)}
"""What else a loose use of words may call true."""
OF_IMAGES = MARKING_SKIPS | {CONTACT_HIDDEN}
"""Reasons for which another image of the same objects may be asked about."""
LOWER, UPPER = 4, 5
"""Sides of a box that is not upside down, as in qagen.visibility.extents."""


class ContactConfig(MarkedConfig):
    mark: MarkKind = "bbox"
    """How questions point their objects out."""
    on_m: Bound = 0.02
    """Largest distance between the lower end of an object and the upper end of what it is on, meters."""
    on_share: Bound = 0.03
    """The same as a share of the object's height; the larger of the two counts."""
    min_over: Bound = 0.5
    """Least share of an object's footprint that lies over what it is on."""
    min_resting: Bound = 0.5
    """Least share of an object's foot that is close to the surface of what it is on."""
    min_inside: Bound = 0.9
    """Least share of an object's box inside the box of what it is in."""
    min_walls: Bound = 5
    """Least number of directions, of six, in which what it is in surrounds an object."""
    touch_m: Bound = 0.01
    """Largest distance between the surfaces of objects that touch, meters: the accuracy of a scan."""
    touch_share: Bound = 0.01
    """The same as a share of the smaller object's longest side; the larger of the two counts."""
    max_shared: Bound = 0.2
    """Objects touch side by side where at most this share of either footprint lies in the other's."""
    max_resting: Bound = 0.1
    """They do not where one lies partly over the other, and more than this share of its foot is close to it."""
    min_patch_m: Bound = 0.1
    """Least diagonal of the surface by which objects touch, meters: nobody is sure of a leaf's tip."""
    apart_m: Bound = 0.12
    """Least distance between the surfaces of objects that are apart, meters."""
    max_apart_m: Bound = 0.6
    """Largest distance between the surfaces of objects that are asked about, meters."""
    min_gap_seen: Bound = 0.03
    """Least distance between objects that are apart, as a share of the camera's distance: narrow gaps are not seen."""
    hidden_m: Bound = 0.15
    """The place where two objects meet is hidden where an image shows something nearer by more than this, meters."""


@dataclass(frozen=True, slots=True)
class _Decided:
    """A word that holds for sure."""

    word: str
    margin_m: float
    """Distance of the deciding quantity from its threshold, meters."""


class ContactFamily(Family[ContactConfig]):
    """Boxes and surfaces of two objects, one of which may carry or hold the other."""

    name = "contact"
    Config = ContactConfig
    answer = OneOf
    formats = frozenset({"select", "sentence", "judge"})
    needs = frozenset({"gravity", "objects"})
    skips = MARKING_SKIPS | frozenset(
        {CLASS_QUOTA, CONTACT_HIDDEN, EXTENT_NOT_OBSERVED, FAR_APART, NO_OBJECT_SURFACE, UNCLEAR_CONTACT}
    )
    must_say = ("on top of", "inside", "touch", "apart")
    images = 1

    @property
    def marks(self) -> MarkColumns:
        return MarkColumns(self.config.mark, ("red", "blue"), indexed=False)

    @property
    def variant(self) -> str:
        return "pair"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"red", "blue"})

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        """All contacts, one kind after the other, and as many pairs that are apart as the most frequent kind has.

        Of these, those of labels that meet come first. What is refused comes last, because there is much of it.
        """
        if views.scene.mesh is None or views.scene.mesh.is_by_box:
            yield Skip(NO_OBJECT_SURFACE, SCENE)
            return
        asked: dict[str, list[Question]] = {word: [] for word in WORDS}
        refused: dict[tuple[str, Subject | None], Skip] = {}
        for first, second in rng.permutation(_near_pairs(views, self.config.max_apart_m)).tolist():
            for candidate in self._ask_pair(views, first, second, rng):
                if isinstance(candidate, Skip):
                    refused[candidate.reason, candidate.subject] = candidate
                else:
                    asked[candidate.answer.text].append(candidate)
        meeting = [question for word in WORDS[:-1] for question in asked[word]]
        apart = _most_alike(asked["apart"], meeting, views)
        most = max(len(asked[word]) for word in WORDS[:-1])
        asked["apart"] = apart[:most]
        yield from filter(None, chain.from_iterable(zip_longest(*asked.values())))
        yield from (Skip(CLASS_QUOTA, about_objects(question.roles)) for question in apart[most:])
        yield from refused.values()

    def _ask_pair(self, views: SceneViews, first: int, second: int, rng: Generator) -> Iterator[Question | Skip]:
        """Questions about two objects in up to MAX_PER_FACT images, and why there are none in others."""
        subject, reference = self._ordered(views, first, second)
        count = 0
        for frame in rng.permutation(np.flatnonzero(views.markable[:, first] & views.markable[:, second])).tolist():
            placed = {"red": (subject, 0), "blue": (reference, 0)}
            drawn = mark_objects(views, (frame,), placed, self.config.mark)
            asked = self.ask_drawn(views, drawn if isinstance(drawn, Skip) else ((frame,), drawn))
            yield asked
            count += isinstance(asked, Question)
            if count == MAX_PER_FACT or (isinstance(asked, Skip) and asked.reason not in OF_IMAGES):
                return

    def _ordered(self, views: SceneViews, first: int, second: int) -> tuple[int, int]:
        """The two objects such that the first may be on or in the second; else the smaller footprint first."""
        for pair in ((first, second), (second, first)):
            decided = self._decide(views, *pair)
            if isinstance(decided, _Decided) and decided.word in ("on", "in"):
                return pair
        areas = [float(views.scene.objects[item].box.size[:2].prod()) for item in (first, second)]
        return (first, second) if areas[0] <= areas[1] else (second, first)

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        red, blue = question.roles
        word = question.answer.text
        above = {"of": red, "to": blue, "by": signed(question.number("above_m"), "above", "below")}
        shares = {"of": red, "to": blue}
        more = {
            "on": (
                Step("measure", "above", above),
                Step("measure", "over", {**shares, "share": share(question.number("over"))}),
            ),
            "in": (Step("measure", "inside", {**shares, "share": share(question.number("inside"))}),),
        }
        longest = float(views.scene.objects[red.object].box.size.max())
        return (
            locate_marks(question),
            Step("scale", "side", {"side": "longest", "of": red}, length=longest),
            Step("measure", "gap", {"of": question.roles, "value": length(question.number("gap_m"))}),
            *more.get(word, ()),
            Step("compare", "contact", {"word": word}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...]) -> Question | Skip:
        """How the object of role red meets that of role blue."""
        if views.scene.mesh is None or views.scene.mesh.is_by_box:
            return Skip(NO_OBJECT_SURFACE, SCENE)
        subject, reference = (role.object for role in roles)
        decided = self._decide(views, subject, reference)
        if isinstance(decided, Skip):
            return decided
        if decided.word in ("touching", "apart"):
            turned = self._decide(views, reference, subject)
            if isinstance(turned, Skip) or turned.word != decided.word:
                return Skip(UNCLEAR_CONTACT)
        contact = views.contacts.of(subject, reference)
        shown = views.contacts.shown(views.frames[frames[0]], contact, self.config.hidden_m)
        camera_m = min((math.dist(place, views.cameras[frames[0], :3, 3]) for place in shown), default=math.inf)
        is_seen = decided.word != "apart" or contact.gap_m >= self.config.min_gap_seen * camera_m
        if not len(shown) or not is_seen:
            return Skip(CONTACT_HIDDEN)
        return Question(
            frames=frames,
            roles=roles,
            fact=(subject, reference),
            answer=OneOf(
                decided.word, tuple(word for word in WORDS if word != decided.word), LOOSE.get(decided.word, ())
            ),
            margin=decided.margin_m,
            measured={
                "gap_m": contact.gap_m,
                "above_m": contact.above_m,
                "over": contact.over,
                "inside": contact.inside,
                "resting": contact.resting,
                "walls": contact.walls,
            },
            classes=(f"contact:{decided.word}",),
        )

    def _decide(self, views: SceneViews, first: int, second: int) -> _Decided | Skip:
        """Which word holds for the first object and the second."""
        gap_m = views.contacts.gap_m(first, second)
        if gap_m > self.config.max_apart_m:
            return Skip(FAR_APART)
        if gap_m >= self.config.apart_m:
            is_sure = self._is_apart_for_sure(views, first, second)
            return _Decided("apart", gap_m - self.config.apart_m) if is_sure else Skip(EXTENT_NOT_OBSERVED)
        sizes = [float(views.scene.objects[item].box.size.max()) for item in (first, second)]
        touch_m = max(self.config.touch_m, self.config.touch_share * min(sizes))
        contact, on_m = views.contacts.of(first, second), self._on_m(views, first)
        if max(abs(contact.above_m), gap_m) <= on_m and contact.over >= self.config.min_over:
            return self._decide_on(views, first, second, contact)
        if gap_m > touch_m:
            return Skip(UNCLEAR_CONTACT)
        if contact.inside >= self.config.min_inside:
            is_in = contact.walls >= self.config.min_walls
            return _Decided("in", touch_m - gap_m) if is_in else Skip(UNCLEAR_CONTACT)
        if not self._is_beside(contact) or views.contacts.is_fused(first, second):
            return Skip(UNCLEAR_CONTACT)
        has_size = views.belief.has_size[[first, second]].all()
        return _Decided("touching", touch_m - gap_m) if has_size else Skip(EXTENT_NOT_OBSERVED)

    def _on_m(self, views: SceneViews, item: int) -> float:
        """Largest distance between the lower end of an object and the upper end of what it is on, meters."""
        return max(self.config.on_m, self.config.on_share * float(views.scene.objects[item].box.size[2]))

    def _decide_on(self, views: SceneViews, first: int, second: int, contact: Contact) -> _Decided | Skip:
        """Whether an object rests on another whose upper end is at its lower end."""
        if contact.resting < self.config.min_resting or self._is_between(views, first, second):
            return Skip(UNCLEAR_CONTACT)
        if not (views.belief.extents.is_sure[first, LOWER] and views.belief.extents.is_sure[second, UPPER]):
            return Skip(EXTENT_NOT_OBSERVED)
        return _Decided("on", self._on_m(views, first) - abs(contact.above_m))

    def _is_between(self, views: SceneViews, first: int, second: int) -> bool:
        """Whether a third object lies below an object and on the other, as a plate between a banana and a table."""
        lower, upper = views.contacts.ends_m
        on_m = self._on_m(views, first)
        is_layer = (lower < lower[first]) & (upper > upper[second]) & (lower >= upper[second] - on_m)
        is_layer &= views.contacts.least_gaps_m()[first] <= on_m
        is_layer[[first, second]] = False
        layers = (views.contacts.of(first, third) for third in np.flatnonzero(is_layer).tolist())
        return any(min(layer.over, layer.resting) > self.config.max_resting for layer in layers)

    def _is_beside(self, contact: Contact) -> bool:
        """Whether two objects that touch do so side by side, and not just at a point."""
        is_aside = max(contact.over, contact.under) <= self.config.max_shared
        is_partly_on = contact.over > 0 and contact.resting > self.config.max_resting
        return is_aside and not is_partly_on and contact.patch_m >= self.config.min_patch_m

    def _is_apart_for_sure(self, views: SceneViews, first: int, second: int) -> bool:
        """Whether no side that was not observed could bridge the gap between two objects."""
        is_bounded = views.gaps.between(first, second).boxes_m >= self.config.apart_m
        return is_bounded or bool(views.belief.extents.is_sure[[first, second]].all())


def _near_pairs(views: SceneViews, max_gap_m: float) -> NDArray[np.int64]:
    """(n, 2) objects that an image shows together and that may lie within a distance of each other."""
    together = (views.markable.T.astype(np.int64) @ views.markable.astype(np.int64)) > 0
    near = views.contacts.least_gaps_m() <= max_gap_m
    return np.argwhere(np.triu(together & near, k=1))


def _most_alike(apart: list[Question], meeting: list[Question], views: SceneViews) -> list[Question]:
    """Questions about pairs that are apart, first those of labels that meet: names should not tell."""
    pairs = {_labels(views, question) for question in meeting}
    references, subjects = ({pair[k] for pair in pairs} for k in (1, 0))

    def strangeness(question: Question) -> tuple[bool, bool, bool]:
        subject, reference = _labels(views, question)
        return (subject, reference) not in pairs, reference not in references, subject not in subjects

    return sorted(apart, key=strangeness)


def _labels(views: SceneViews, question: Question) -> tuple[str, ...]:
    return tuple(views.scene.objects[role.object].label for role in question.roles)
