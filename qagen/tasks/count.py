"""How many objects with a label the video shows."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import ClassVar, Literal

import numpy as np
from numpy.random import Generator

from qagen.core.answer import Count
from qagen.core.labels import is_countable, is_overlooked, may_be_called_alike, plural_of
from qagen.core.question import SCENE, Question, Skip
from qagen.core.rationale import Step
from qagen.core.reasons import (
    AMBIGUOUS_LABEL,
    CLASS_QUOTA,
    NO_VIDEO,
    NOT_ALL_SHOWN,
    NOT_COUNTABLE,
    OFTEN_OVERLOOKED,
    POSSIBLY_UNANNOTATED,
    TOO_FEW_OBJECTS,
    TOO_LITTLE_LABELED,
    TOO_MANY_INSTANCES,
    WITHOUT_GEOMETRY,
)
from qagen.tasks._base import Amount, Bound, Family, TaskConfig
from qagen.visibility.views import SceneViews

LEAST_EACH = 2
"""Least number of instances of each of two labels; who reads "doors and chairs" of one door looks for another."""


class CountConfig(TaskConfig):
    labels: Literal[1, 2] = 1
    """Number of labels whose instances are counted together."""
    max_count: Amount = 20
    """Largest number that is asked."""
    min_side_m: Bound = 0.2
    """Least length of an object's longest side, meters; annotators often leave out smaller ones."""


class ObjectCount(Family[CountConfig]):
    """Annotated instances of a label, all of which the video shows well, with nothing else that it could mean.

    Instances of two labels are counted together only where there are several of each; each is counted as it would be
    alone.
    """

    name = "count"
    Config = CountConfig
    answer = Count
    formats = frozenset({"fill", "select", "sentence"})
    needs = frozenset({"objects"})
    skips = frozenset(
        {
            NO_VIDEO,
            TOO_LITTLE_LABELED,
            NOT_COUNTABLE,
            OFTEN_OVERLOOKED,
            AMBIGUOUS_LABEL,
            WITHOUT_GEOMETRY,
            POSSIBLY_UNANNOTATED,
            NOT_ALL_SHOWN,
            TOO_MANY_INSTANCES,
            CLASS_QUOTA,
            TOO_FEW_OBJECTS,
        }
    )
    example_facts: ClassVar = {
        "label": ("pair of scissors",),
        "plural": ("pairs of scissors",),
        "other": ("L-shaped couch",),
        "other_plural": ("L-shaped couches",),
    }
    must_say = ("(?i)how many|number|count|total",)

    @property
    def variant(self) -> str:
        return "video" if self.config.labels == 1 else "two"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"label", "plural"} if self.config.labels == 1 else {"plural", "other_plural"})

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        if not views.video:
            yield Skip(NO_VIDEO)
            return
        labels = sorted({item.label for item in views.scene.objects})
        asked = [self.ask(views, views.video, label) for label in rng.permutation(labels).tolist()]
        yield from (candidate for candidate in asked if isinstance(candidate, Skip))
        questions = [candidate for candidate in asked if isinstance(candidate, Question)]
        yield from _balanced(questions) if self.config.labels == 1 else self._pairs(views, questions, rng)

    def _pairs(self, views: SceneViews, questions: Sequence[Question], rng: Generator) -> Iterator[Question | Skip]:
        """Two labels each, in random order, both of which have several instances and can be counted alone."""
        several = [str(question.facts["label"]) for question in questions if len(question.objects) >= LEAST_EACH]
        if len(several) < 2:
            yield Skip(TOO_FEW_OBJECTS, SCENE)
        for pair in combinations(several, 2):
            label, other = rng.permutation(pair).tolist()
            found = self.ask(views, views.video, label, other)
            if isinstance(found, Question):
                yield found

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        labels, best, counts = (question.measured[name] for name in ("labels", "best_frames", "counts"))
        assert isinstance(labels, list)
        assert isinstance(best, list)
        assert isinstance(counts, list)
        steps, start = [], 0
        for label, count in zip(labels, counts, strict=True):
            frames = tuple(sorted(Counter(best[start : start + count]).items()))
            steps.append(Step("tally", "frames", {"label": label, "frames": frames}))
            start += count
        return *steps, Step("tally", "total", {"value": len(best)})

    def ask(self, views: SceneViews, frames: tuple[int, ...], label: str, other: str = "") -> Question | Skip:
        """How many objects called ``label``, and, if there is one, ``other``, the video ``frames`` shows."""
        if not other:
            return self._count(views, frames, label)
        counts = [self._count(views, frames, each) for each in (label, other)]
        refused = next((count for count in counts if isinstance(count, Skip)), None)
        if refused is not None:
            return refused
        first, second = (count for count in counts if isinstance(count, Question))
        total = len(first.objects) + len(second.objects)
        if min(len(first.objects), len(second.objects)) < LEAST_EACH:
            return Skip(TOO_FEW_OBJECTS, ("labels", *sorted((label, other))))
        if total > self.config.max_count:
            return Skip(TOO_MANY_INSTANCES)
        lists = ("labels", "ids", "counts", "best_frames", "best_visible_fraction")
        return replace(
            first,
            facts={**first.facts, "other": other, "other_plural": second.facts["plural"]},
            answer=Count(total),
            fact=tuple(sorted((label, other))),
            about=first.objects + second.objects,
            margin=min(first.margin, second.margin),
            measured={**first.measured, **{name: [*first.measured[name], *second.measured[name]] for name in lists}},  # type: ignore[misc]
            classes=(f"count:{total}",),
        )

    def _count(self, views: SceneViews, frames: tuple[int, ...], label: str) -> Question | Skip:
        """How many objects called ``label`` the video ``frames`` shows."""
        if not views.lists_all(frames):
            return Skip(TOO_LITTLE_LABELED, SCENE)
        if not is_countable(label):
            return Skip(NOT_COUNTABLE)
        meant = [k for k, item in enumerate(views.scene.objects) if may_be_called_alike(item.label, label)]
        longest = [float(views.scene.objects[k].box.size.max()) for k in meant]
        if is_overlooked(label) or min(longest) < self.config.min_side_m:
            return Skip(OFTEN_OVERLOOKED)
        if any(views.scene.objects[k].label != label for k in meant):
            return Skip(AMBIGUOUS_LABEL)
        if any(may_be_called_alike(name, label) for name in views.scene.unplaced):
            return Skip(WITHOUT_GEOMETRY)
        if views.may_show_more(frames, meant):
            return Skip(POSSIBLY_UNANNOTATED)
        seen = views.seen[np.ix_(frames, meant)]
        if not seen.any(axis=0).all():
            return Skip(NOT_ALL_SHOWN)
        if len(meant) > self.config.max_count:
            return Skip(TOO_MANY_INSTANCES)
        best = np.where(seen, views.visible_fraction[np.ix_(frames, meant)], 0.0)
        return Question(
            frames=frames,
            is_video=True,
            facts={"label": label, "plural": plural_of(label)},
            answer=Count(len(meant)),
            fact=(label,),
            about=tuple(meant),
            margin=float(best.max(axis=0).min()),
            margin_unit="fraction",
            measured={
                "labels": [label],
                "counts": [len(meant)],
                "ids": [views.scene.objects[k].id for k in meant],
                "labeled_share": views.labeled_share(frames),
                "best_frames": best.argmax(axis=0).tolist(),
                "best_visible_fraction": best.max(axis=0).tolist(),
            },
            classes=(f"count:{len(meant)}",),
        )


def _balanced(questions: Sequence[Question]) -> Iterator[Question | Skip]:
    """All that ask for several objects, and of those that ask for a single one no more than of any larger count."""
    by_count: defaultdict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_count[question.answer.text].append(question)
    single = by_count.pop("1", [])
    kept = min((len(several) for several in by_count.values()), default=0)
    yield from (question for several in by_count.values() for question in several)
    yield from single[:kept]
    yield from [Skip(CLASS_QUOTA)] * (len(single) - kept)
