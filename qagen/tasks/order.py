"""In which order kinds of objects come into view."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from qagen.core.answer import LabelOrder
from qagen.core.labels import is_overlooked, may_be_called_alike
from qagen.core.question import SCENE, Question, Skip
from qagen.core.rationale import Step
from qagen.core.reasons import (
    AMBIGUOUS_LABEL,
    NO_VIDEO,
    OFTEN_OVERLOOKED,
    POSSIBLY_UNANNOTATED,
    SIGHTINGS_TOO_CLOSE,
    TOO_FEW_LABELS,
    TOO_LITTLE_LABELED,
    UNCLEAR_FIRST_SIGHTING,
)
from qagen.tasks._base import Amount, Bound, Family, TaskConfig
from qagen.visibility.views import SceneViews

LABELS = 4
"""Number of labels of a question."""
MAX_LABELS = 24
"""Maximum number of labels of a scene that are considered, because all sets of four are tried."""


class OrderConfig(TaskConfig):
    min_gap: Amount = 2
    """Least number of frames between two first sightings."""
    min_side_m: Bound = 0.2
    """Least length of an object's longest side, meters; annotators often leave out smaller ones."""
    listings: Amount = 3
    """Number of questions about the same labels, each time listed in another order."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The first frame of the video that shows a kind of object."""

    image: int
    """Position in the video."""
    visible_fraction: float
    """Visible fraction there of the object that can be seen best."""


class Order(Family[OrderConfig]):
    """Labels by first sighting: in no frame before it may anything be seen that the label could mean."""

    name = "order"
    Config = OrderConfig
    answer = LabelOrder
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"objects"})
    skips = frozenset(
        {
            NO_VIDEO,
            TOO_LITTLE_LABELED,
            OFTEN_OVERLOOKED,
            UNCLEAR_FIRST_SIGHTING,
            POSSIBLY_UNANNOTATED,
            TOO_FEW_LABELS,
            AMBIGUOUS_LABEL,
            SIGHTINGS_TOO_CLOSE,
        }
    )
    must_say = ("video", "first|meets")
    example_facts: ClassVar = {
        "labels": (("glasses", "tv", "pair of scissors", "kitchen cabinets"),),
        "sightings": ((("tv", 0), ("kitchen cabinets", 4), ("pair of scissors", 11), ("glasses", 31)),),
    }

    @property
    def variant(self) -> str:
        return "video"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"labels"})

    @property
    def answer_variables(self) -> frozenset[str]:
        return frozenset({"sightings"})

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        if not views.video:
            yield Skip(NO_VIDEO)
            return
        if not views.lists_all(views.video):
            yield Skip(TOO_LITTLE_LABELED, SCENE)
            return
        named = {item.label for item in views.scene.objects if "," not in item.label}
        labels = sorted(label for label in named if not self._is_overlooked(views, label))
        yield from [Skip(OFTEN_OVERLOOKED)] * (len(named) - len(labels))
        found = {label: first_sighting(views, label) for label in labels}
        sightings = {label: sighting for label, sighting in found.items() if isinstance(sighting, Sighting)}
        yield from (skip for skip in found.values() if isinstance(skip, Skip))
        if len(sightings) < LABELS:
            yield Skip(TOO_FEW_LABELS)
            return
        drawn = sorted(rng.permutation(list(sightings))[:MAX_LABELS].tolist())
        candidates: list[Question | Skip] = []
        for names in rng.permutation(list(combinations(drawn, LABELS))).tolist():
            listings = (rng.permutation(names).tolist() for _ in range(self.config.listings))
            asked = [self._asked(views.video, {name: sightings[name] for name in listing}) for listing in listings]
            candidates += asked[:1] if isinstance(asked[0], Skip) else asked
        yield from sorted(candidates, key=lambda candidate: isinstance(candidate, Skip))

    def lost_without(self, question: Question, views: SceneViews) -> Sequence[tuple[str, ...]]:
        """What never comes into view has no place in any order of the four."""
        labels = question.facts["labels"]
        assert isinstance(labels, tuple)
        return [(str(label),) for label in labels]

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        assert isinstance(question.answer, LabelOrder)
        labels, sightings = question.facts["labels"], question.facts["sightings"]
        assert isinstance(labels, tuple)
        assert isinstance(sightings, tuple)
        first = dict(sightings)
        return (
            Step("sort", "sightings", {"first": tuple((label, first[label]) for label in labels)}),
            Step("sort", "order", {"order": question.answer.labels}),
        )

    def ask(self, views: SceneViews, frames: tuple[int, ...], labels: Sequence[str]) -> Question | Skip:
        """In which order ``labels``, listed in this order, come into view in the video ``frames``."""
        if not views.lists_all(frames):
            return Skip(TOO_LITTLE_LABELED, SCENE)
        if any(self._is_overlooked(views, label) for label in labels):
            return Skip(OFTEN_OVERLOOKED)
        found = {label: first_sighting(views, label) for label in labels}
        sightings = {label: sighting for label, sighting in found.items() if isinstance(sighting, Sighting)}
        skips = [skip for skip in found.values() if isinstance(skip, Skip)]
        return skips[0] if skips else self._asked(frames, sightings)

    def _is_overlooked(self, views: SceneViews, label: str) -> bool:
        longest = [float(item.box.size.max()) for item in views.scene.objects if item.label == label]
        return is_overlooked(label) or min(longest, default=0.0) < self.config.min_side_m

    def _asked(self, frames: tuple[int, ...], sightings: Mapping[str, Sighting]) -> Question | Skip:
        for pair in combinations(sorted(sightings), 2):
            if may_be_called_alike(*pair):
                return Skip(AMBIGUOUS_LABEL, ("labels", *pair))
        ordered = sorted(sightings, key=lambda label: sightings[label].image)
        images = [sightings[label].image for label in ordered]
        gap = int(np.diff(images).min())
        if gap < self.config.min_gap:
            closest = int(np.argmin(np.diff(images)))
            return Skip(SIGHTINGS_TOO_CLOSE, ("labels", *sorted(ordered[closest : closest + 2])))
        return Question(
            frames=frames,
            is_video=True,
            facts={"labels": tuple(sightings), "sightings": tuple(zip(ordered, images, strict=True))},
            answer=LabelOrder(tuple(ordered)),
            fact=tuple(ordered),
            margin=gap / self.config.min_gap - 1,
            margin_unit="fraction",
            measured={
                "labels": ordered,
                "first_frames": images,
                "visible_fraction": [sightings[label].visible_fraction for label in ordered],
            },
            classes=tuple(sorted(sightings)),
        )


def first_sighting(views: SceneViews, label: str) -> Sighting | Skip:
    """Where the video first shows an object of that label, or why that is not certain."""
    meant = [k for k, item in enumerate(views.scene.objects) if may_be_called_alike(item.label, label)]
    if any(may_be_called_alike(name, label) for name in views.scene.unplaced):
        return Skip(UNCLEAR_FIRST_SIGHTING)
    seen = views.seen[np.ix_(views.video, meant)]
    maybe = ~views.absent[np.ix_(views.video, meant)]
    if not seen.any():
        return Skip(UNCLEAR_FIRST_SIGHTING)
    image = int(np.argmax(seen.any(axis=1)))
    named = [views.scene.objects[k].label == label for k in meant]
    is_certain = not maybe[:image].any() and seen[image, named].any()
    best = float(np.max(views.visible_fraction[views.video[image], meant], where=seen[image], initial=0.0))
    if not is_certain:
        return Skip(UNCLEAR_FIRST_SIGHTING)
    may_be_earlier = views.may_show_more(views.video[:image], meant)
    return Skip(POSSIBLY_UNANNOTATED) if may_be_earlier else Sighting(image, best)
