"""How many objects with a label the video shows."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import ClassVar

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
    TOO_LITTLE_LABELED,
    TOO_MANY_INSTANCES,
    WITHOUT_GEOMETRY,
)
from qagen.tasks._base import Amount, Bound, Family, TaskConfig
from qagen.visibility.views import SceneViews


class CountConfig(TaskConfig):
    max_count: Amount = 20
    """Largest number that is asked."""
    min_side_m: Bound = 0.2
    """Least length of an object's longest side, meters; annotators often leave out smaller ones."""


class ObjectCount(Family[CountConfig]):
    """Annotated instances of a label, all of which the video shows well, with nothing else that it could mean."""

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
        }
    )
    example_facts: ClassVar = {"label": ("pair of scissors",), "plural": ("pairs of scissors",)}
    must_say = ("(?i)how many|number|count|total",)

    @property
    def variant(self) -> str:
        return "video"

    @property
    def question_variables(self) -> frozenset[str]:
        return frozenset({"label", "plural"})

    def propose(self, views: SceneViews, rng: Generator) -> Iterator[Question | Skip]:
        if not views.video:
            yield Skip(NO_VIDEO)
            return
        labels = sorted({item.label for item in views.scene.objects})
        asked = [self.ask(views, views.video, label) for label in rng.permutation(labels).tolist()]
        yield from (candidate for candidate in asked if isinstance(candidate, Skip))
        yield from _balanced([candidate for candidate in asked if isinstance(candidate, Question)])

    def rationale(self, question: Question, views: SceneViews) -> tuple[Step, ...]:
        label, best = str(question.facts["label"]), question.measured["best_frames"]
        assert isinstance(best, list)
        frames = tuple(sorted(Counter(best).items()))
        total = Step("tally", "total", {"value": len(best)})
        return Step("tally", "frames", {"label": label, "frames": frames}), total

    def ask(self, views: SceneViews, frames: tuple[int, ...], label: str) -> Question | Skip:
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
