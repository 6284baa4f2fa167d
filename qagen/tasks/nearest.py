"""Which object is closest to, or farthest from, the observer or another object."""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from functools import cache
from typing import ClassVar, Literal

import numpy as np
from numpy.random import Generator
from pydantic import model_validator

from qagen.core.answer import Choice, LocatedObject
from qagen.core.labels import may_be_called_alike
from qagen.core.question import (
    SCENE,
    MarkedObject,
    MarkKind,
    Question,
    Skip,
    about_image,
    about_objects,
    listed_name,
    refusing,
)
from qagen.core.rationale import Image, Step, length
from qagen.core.reasons import (
    AMBIGUOUS,
    BOXES_NOT_EXACT,
    LABEL_NOT_UNIQUE,
    NO_VIDEO,
    NO_VIEWS,
    POSSIBLY_CLOSER,
    POSSIBLY_UNANNOTATED,
    SURFACE_NOT_OBSERVED,
    TOO_FEW_OBJECTS,
    TOO_LITTLE_LABELED,
    TOO_MANY_KINDS,
)
from qagen.core.sample import Format
from qagen.core.units import Length
from qagen.sampling.frame_sets import SAMPLING_SKIPS, FrameSets, SampledObjects
from qagen.sampling.mark_placement import has_unique_label, mark_objects, markable_as, visible_box
from qagen.tasks._base import Amount, Bound, Family, Images, MarkColumns, MarkedConfig
from qagen.tasks.steps import locate_marks, measure_between, scale_of_pair
from qagen.visibility.views import SceneViews

Extreme = Literal["closest", "farthest"]
EXTREMES: tuple[Extreme, ...] = ("closest", "farthest")
MAX_EXTREME_BIAS = 200
"""Largest number of questions about one extreme beyond those about the other."""
MARKED = ("red", "green", "blue")
"""Roles, first the object to measure from, in the order of ``*_img_idx``."""
LISTED = ("anchor", "point0", "point1", "point2", "point3")
"""Roles of a question about a video, first the object to measure from."""


class NearestConfig(MarkedConfig):
    asks: Literal["oc", "oo"]
    """oc: which of all objects is closest to the camera of the first image; oo: which of the marked ones to another."""
    between: Literal["centers", "surfaces"] = "centers"
    """oo: what distances are compared between: centers, or closest points."""
    views: Images | Literal["video"] = 1
    """Number of images of a question, or the scene's video."""
    min_objects: Amount = 3
    """oc: least number of objects to choose from."""
    max_kinds: Amount = 10
    """Largest number of kinds of objects that a question about all objects has to name."""
    gap_m: Bound = 0.20
    """Least lead of the answer over every other object, meters."""
    gap_share: Bound = 0.15
    """Least lead of the answer over every other object, as a share of the longer distance."""

    @model_validator(mode="after")
    def _has_an_observer(self) -> "NearestConfig":
        if self.asks == "oc" and self.views == "video":
            raise ValueError("a number of views for asks: oc, because a video has no single observer")
        if self.asks == "oc" and "mark" in self.model_fields_set:
            raise ValueError("no mark for asks: oc, because it asks about all objects and marks none")
        if self.between == "surfaces" and (self.asks, self.views) != ("oo", "video"):
            raise ValueError("asks: oo and views: video for between: surfaces")
        return self


class Nearest(Family[NearestConfig]):
    """The order of the Euclidean distances of box centers, or of surfaces.

    Surfaces that were not scanned may be nearer than those that were, so that the distance of two objects lies between
    that of their boxes and that of their scanned surfaces. An object is the closest one only if it is as far away as it
    may be and all others are as near as they may be, with the least lead between them; the farthest one likewise.
    """

    name = "nearest"
    Config = NearestConfig
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"objects"})
    skips = SAMPLING_SKIPS | {
        AMBIGUOUS,
        BOXES_NOT_EXACT,
        LABEL_NOT_UNIQUE,
        POSSIBLY_CLOSER,
        POSSIBLY_UNANNOTATED,
        SURFACE_NOT_OBSERVED,
        TOO_MANY_KINDS,
    }
    must_say = ("3D center", "close(st|r) to|farthe(st|r) from")
    example_facts: ClassVar = {
        "extreme": EXTREMES,
        "kinds": (("air conditioner", "glasses", "kitchen cabinets", "pair of scissors"),),
        "distance": ("1.3",),
        "other_distance": ("2.4",),
        "loser": ("blue",),
    }

    def __init__(self, config: NearestConfig) -> None:
        super().__init__(config)
        self.answer = LocatedObject if config.asks == "oc" else Choice
        if config.between == "surfaces":
            self.must_say = ("closest point|nearest point|surface", *self.must_say[1:])

    @property
    def marks(self) -> MarkColumns | None:
        if self.config.asks == "oc":
            return None
        if self.config.views == "video":
            return MarkColumns(self.config.mark, LISTED, indexed=True, listed=True, anchored=True)
        if self.config.views == 1:
            return MarkColumns(self.config.mark, ("red", "blue", "green"), indexed=False)
        return MarkColumns(self.config.mark, MARKED, indexed=True)

    @property
    def variant(self) -> str:
        if self.config.between == "surfaces":
            return "surfaces"
        if self.config.views == "video":
            return "oo_video"
        return "oc_mv" if self.config.asks == "oc" and self.config.views > 1 else self.config.asks

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"extreme", *(self.marks.colors if self.marks else {"kinds"})})

    @property
    def answer_variables(self) -> frozenset[str]:
        distances = {"distance", "unit"}
        return frozenset(distances | {"loser", "other_distance"} if self.variant == "oo" else distances)

    @property
    def options(self) -> int:
        return 2 if self.variant == "oo" else 4

    def question_block(self, answer_format: Format) -> str:
        is_among_options = self.config.asks == "oc" and answer_format == "select"
        return f"{'select' if is_among_options else 'question'}_{self.variant}"

    @property
    def fill_block(self) -> str:
        is_named = self.answer is Choice and self.config.mark == "none"
        return f"fill_{self.variant}_named" if is_named else f"fill_{self.variant}"

    def rules(self, answer_format: Format, axes: Set[str]) -> tuple[str, ...]:
        return ("coordinates",) if self.config.asks == "oc" else ()

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        asked: Counter[Extreme] = Counter()
        for drawn in self._draws(views, rng):
            if isinstance(drawn, Skip):
                yield drawn
                continue
            extremes = [EXTREMES[i] for i in rng.permutation(len(EXTREMES))]
            for extreme in extremes[: 2 if self.config.asks == "oc" else 1]:
                if asked[extreme] - min(asked[other] for other in EXTREMES) < MAX_EXTREME_BIAS:
                    frames, roles = drawn
                    subject = about_objects(roles) if roles else about_image(frames[0])
                    found = refusing(subject, self.ask(views, frames, roles, extreme))
                    asked[extreme] += isinstance(found, Question)
                    yield found

    def _draws(self, views: SceneViews, rng: Generator) -> Iterator[SampledObjects | Skip]:
        sets = FrameSets(views)
        if self.variant == "oc":
            yield from (((int(frame),), ()) for frame in rng.permutation(np.flatnonzero(views.usable)))
            return
        while True:
            if self.config.views == "video":
                yield _sample_apart(views, self.config.mark, rng)
            elif self.config.asks == "oo":
                yield sets.sample_objects(MARKED, self.config.views, self.config.mark, rng)
            else:
                frames = sets.draw(self.config.views, rng)
                yield Skip(NO_VIEWS, SCENE) if frames is None else (frames, ())

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """The object to measure from. Without another one, those in view may still leave a single one to be it."""
        return self.labels_alone(question, views)[:1] if self.config.asks == "oo" else ()

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        extreme = str(question.facts["extreme"])
        if self.config.asks == "oc":
            return self._rationale_of_all(question, extreme)
        anchor, *others = question.roles
        assert isinstance(question.answer, Choice)
        winner = next(role for role in others if role.color == question.answer.right)
        away = length(question.number(f"{winner.color}_m"))
        if self.config.between == "surfaces":
            gaps = tuple((role, length(question.number(f"{role.color}_m"))) for role in others)
            return (
                locate_marks(question),
                scale_of_pair(views, anchor, winner),
                Step("measure", "gaps", {"start": anchor, "to": gaps}),
                Step("compare", "extreme", {"extreme": extreme, "value": away, "of": winner}),
            )
        return (
            locate_marks(question),
            scale_of_pair(views, anchor, winner),
            measure_between(views, anchor, others),
            Step("compare", "extreme", {"extreme": extreme, "value": away, "of": winner}),
        )

    def _rationale_of_all(self, question: Question, extreme: str) -> tuple[Step, ...]:
        """The steps that lead to one of all objects of the images."""
        answer, away = question.answer, question.measured["distances_m"]
        assert isinstance(answer, LocatedObject)
        assert isinstance(away, list)
        value = {"of": answer.label, "extreme": extreme, "value": length(away[0]), "next": length(away[1])}
        return (
            Step("locate", "box", {"image": Image(answer.image or 0), "of": answer.label, "box": answer.box}),
            Step("scale", "camera", {"camera": Image(0), "of": answer.label}, length=away[0]),
            Step("compare", "among", {**value, "camera": Image(0)}),
        )

    def inverse(self, views: SceneViews, question: Question) -> Question | Skip | None:
        """Of two objects, the one at the other end of the order."""
        if self.variant != "oo":
            return None
        other: Extreme = "farthest" if question.facts["extreme"] == "closest" else "closest"
        return self.ask(views, question.frames, question.roles, other)

    def ask(
        self,
        views: SceneViews,
        frames: tuple[int, ...],
        roles: tuple[MarkedObject, ...] = (),
        extreme: Extreme = "closest",
    ) -> Question | Skip:
        """oc: which of all objects of ``frames`` is the ``extreme``; oo: which of ``roles`` after the first, from it.

        Annotations are not complete, so a question about all objects names the labels that it is about.
        """
        if self.config.asks == "oc":
            return self._ask_observer(views, frames, extreme)
        if self.config.between == "surfaces":
            return self._ask_surfaces(views, frames, roles, extreme)
        return self._ask_marked(views, frames, roles, extreme)

    def _ask_observer(self, views: SceneViews, frames: tuple[int, ...], extreme: Extreme) -> Question | Skip:
        if not views.exact[list(frames)].all():
            return Skip(BOXES_NOT_EXACT)
        if not views.lists_all(frames):
            return Skip(TOO_LITTLE_LABELED, about_image(frames[0]))
        away = views.distance[frames[0]]
        seen = ~views.absent[list(frames)].all(axis=0)
        is_candidate = views.askable[list(frames)].any(axis=0)
        ranked = sorted(np.flatnonzero(is_candidate).tolist(), key=lambda k: away[k], reverse=extreme == "farthest")
        if len(ranked) < max(2, self.config.min_objects):
            return Skip(TOO_FEW_OBJECTS)
        winner, second = ranked[:2]
        lead = self._lead_m(away[winner], away[second], extreme)
        if lead < 0:
            return Skip(AMBIGUOUS)
        labels = {views.scene.objects[k].label for k in ranked}
        if len(labels) > self.config.max_kinds:
            return Skip(TOO_MANY_KINDS)
        doubtful = [
            k for k in np.flatnonzero(seen & ~is_candidate) if _may_be_one_of(views.scene.objects[k].label, labels)
        ]
        reaches = [_reach_m(views, frames[0], int(k), extreme) for k in doubtful]
        leads = [self._lead_m(away[winner], reach, extreme) for reach in reaches]
        if min(leads, default=0.0) < 0 or any(_may_be_one_of(name, labels) for name in views.scene.unplaced):
            return Skip(POSSIBLY_CLOSER)
        if views.may_show_more(frames, [k for k, item in enumerate(views.scene.objects) if item.label in labels]):
            return Skip(POSSIBLY_UNANNOTATED)
        if not has_unique_label(views, frames)[winner]:
            return Skip(LABEL_NOT_UNIQUE)
        located = {k: _located(views, frames, k) for k in ranked}
        answer = located.pop(winner)
        return Question(
            frames=frames,
            facts={"extreme": extreme, "kinds": tuple(sorted(labels)), "distance": Length(float(away[winner]))},
            fact=(frames[0], winner, extreme),
            about=(winner,),
            answer=LocatedObject(answer.label, answer.image, answer.box, tuple(located.values())),
            margin=float(min(lead, *leads)) if leads else float(lead),
            measured={
                "extreme": extreme,
                "labels": sorted(labels),
                "object_ids": [views.scene.objects[k].id for k in ranked],
                "distances_m": [float(away[k]) for k in ranked],
                "doubtful_ids": [views.scene.objects[k].id for k in doubtful],
                "doubtful_reaches_m": reaches,
            },
            classes=(f"{extreme}:image {answer.image}", f"label:{answer.label}"),
        )

    def _ask_marked(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], extreme: Extreme
    ) -> Question | Skip:
        anchor, *others = roles
        away = np.linalg.norm(views.world_centers - views.world_centers[anchor.object], axis=1)
        ranked = sorted(others, key=lambda role: away[role.object], reverse=extreme == "farthest")
        winner, second = ranked[:2]
        lead = self._lead_m(away[winner.object], away[second.object], extreme)
        if lead < 0:
            return Skip(AMBIGUOUS)
        facts = {"extreme": extreme, "distance": Length(float(away[winner.object]))}
        if len(others) == 2:
            facts |= {"loser": second.color, "other_distance": Length(float(away[second.object]))}
        return Question(
            frames=frames,
            roles=roles,
            is_video=self.config.views == "video",
            facts=facts,
            fact=(anchor.object, *sorted(role.object for role in others), extreme),
            answer=Choice(winner.color, tuple(role.color for role in others if role is not winner)),
            margin=float(lead),
            measured={"extreme": extreme, **{f"{role.color}_m": float(away[role.object]) for role in others}},
            classes=(f"{extreme}:{winner.color}",),
        )

    def _ask_surfaces(
        self, views: SceneViews, frames: tuple[int, ...], roles: tuple[MarkedObject, ...], extreme: Extreme
    ) -> Question | Skip:
        anchor, *others = roles
        gaps = {role: views.gaps.between(anchor.object, role.object) for role in others}
        ranked = sorted(others, key=lambda role: gaps[role].surfaces_m, reverse=extreme == "farthest")
        winner, is_closest = ranked[0], extreme == "closest"
        far = {role: gap.surfaces_m for role, gap in gaps.items()}
        near = {role: min(gap.boxes_m, gap.surfaces_m) for role, gap in gaps.items()}
        won, lost = (far, near) if is_closest else (near, far)
        lead = min(self._lead_m(won[winner], lost[role], extreme) for role in others if role is not winner)
        if lead < 0:
            sure = min(self._lead_m(far[winner], far[role], extreme) for role in others if role is not winner)
            return Skip(AMBIGUOUS if sure < 0 else SURFACE_NOT_OBSERVED)
        return Question(
            frames=frames,
            roles=roles,
            is_video=True,
            facts={"extreme": extreme},
            fact=(anchor.object, *sorted(role.object for role in others), extreme),
            answer=Choice(winner.color, tuple(role.color for role in others if role is not winner)),
            margin=lead,
            measured={
                "extreme": extreme,
                **{f"{role.color}_m": far[role] for role in others},
                **{f"{role.color}_boxes_m": near[role] for role in others},
            },
            classes=(f"{extreme}:{winner.color}", f"{extreme}:{views.scene.objects[winner.object].label}"),
        )

    def _lead_m(self, winner_m: float, other_m: float, extreme: Extreme) -> float:
        """How much farther apart than the least gap the answer and another object are, meters."""
        gap = other_m - winner_m if extreme == "closest" else winner_m - other_m
        return gap - max(self.config.gap_m, self.config.gap_share * max(winner_m, other_m))


def _may_be_one_of(name: str, labels: set[str]) -> bool:
    """Whether a viewer may take something of this name for one of the labels."""
    return any(_may_be_called_alike(name, label) for label in labels)


_may_be_called_alike = cache(may_be_called_alike)


def _reach_m(views: SceneViews, frame: int, item: int, extreme: Extreme) -> float:
    """Distance of an object's nearest or farthest part, where the center of a doubtful object may be."""
    box, points = views.scene.objects[item].box, views.scene.objects[item].points
    away = np.linalg.norm((box.corners if points is None else points) - views.cameras[frame, :3, 3], axis=1)
    return float(away.min() if extreme == "closest" else away.max())


def _located(views: SceneViews, frames: tuple[int, ...], item: int) -> LocatedObject:
    """The object with its box in the image that shows most of it."""
    shown = np.where(views.askable[list(frames), item], views.visible_pixels[list(frames), item], -1)
    image = int(np.argmax(shown))
    box = visible_box(views, frames[image], item)
    return LocatedObject(views.scene.objects[item].label, image if len(frames) > 1 else None, box)


def _sample_apart(views: SceneViews, kind: MarkKind, rng: Generator) -> SampledObjects | Skip:
    """Objects of different kinds, marked in different frames of the video where possible."""
    frames = views.video
    if not frames:
        return Skip(NO_VIDEO, SCENE)
    if kind == "none" and not views.lists_all(frames):
        return Skip(TOO_LITTLE_LABELED, SCENE)
    markable = markable_as(views, frames, kind)
    objects = rng.permutation(np.flatnonzero(markable.any(axis=0))).tolist()
    last = set({kind: k for k, kind in zip(objects, views.kinds[objects].tolist(), strict=True)}.values())
    chosen = [k for k in objects if k in last][: len(LISTED)]
    if len(chosen) < len(LISTED):
        return Skip(TOO_FEW_OBJECTS, SCENE)
    images: list[int] = []
    for k in chosen:
        shows = np.flatnonzero(markable[:, k])
        unused = np.setdiff1d(shows, images)
        images.append(int(rng.choice(unused if len(unused) else shows)))
    placed = {color: (k, image) for color, k, image in zip(LISTED, chosen, images, strict=True)}
    roles = mark_objects(views, frames, placed, kind)
    if isinstance(roles, Skip):
        return roles
    if kind == "none":
        return frames, roles
    return frames, tuple(replace(role, alias=listed_name(i, kind, anchored=True)) for i, role in enumerate(roles))
