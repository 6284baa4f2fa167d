"""Candidate questions of one type in one scene, and which of them are kept."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Answer
from qagen.core.question import SCENE, Question, Skip, Subject
from qagen.core.reasons import NO_CANDIDATE
from qagen.kernels.choice import pick_least_used
from qagen.visibility.views import SceneViews

POOL_FACTOR = 6
DRAWS_PER_QUESTION = 60
MIN_DRAWS = 2000
MAX_IDLE_DRAWS = 1000
"""Draws in a row that bring nothing new, after which a scene is taken to have no more."""
MAX_PER_FACT = 3
"""Largest number of questions about one fact, which then differ in their marks or images."""
MAX_PER_OBJECT = 10
"""Largest quota of a type, for each object that it can ask about."""
OBJECT_SHARE = 0.2
CLASS_WEIGHT, OBJECT_WEIGHT, LABEL_WEIGHT, FRAME_WEIGHT = 4.0, 1.0, 0.5, 0.5


@dataclass(slots=True)
class Collected:
    """The candidates of one type in one scene."""

    pool: list[Question] = field(default_factory=list)
    """Different questions that can be asked."""
    skips: Counter[str] = field(default_factory=Counter)
    """How many different things were refused and not asked about otherwise, by reason."""

    def limited(self, quota: int) -> int:
        """The quota, no more than the scene's objects allow; as it is where nothing is said about objects."""
        objects = {item for question in self.pool for item in question.objects}
        return min(quota, MAX_PER_OBJECT * len(objects)) if objects else quota


@dataclass(frozen=True, slots=True)
class Selection:
    """The questions to write, chosen together with their distractors where these are other questions' answers."""

    questions: list[Question]
    """The questions."""
    distractors: Mapping[tuple, Sequence[Answer]] = field(default_factory=dict)
    """Distractors of those questions that have some, by the question's key."""
    only_shared: bool = False
    """Whether none are made for a question without."""


def collect(candidates: Iterator[Question | Skip], quota: int) -> Collected:
    """Gather different questions until there are plenty to choose from or the scene gives no more.

    Of the questions about one fact, the first ``MAX_PER_FACT`` are kept.
    """
    pool: dict[tuple, Question] = {}
    facts: Counter[tuple] = Counter()
    refused: dict[tuple[str, Subject], None] = {}  # in order, which that of a set would not keep
    max_draws, idle = max(MIN_DRAWS, DRAWS_PER_QUESTION * quota), 0
    for number, candidate in enumerate(islice(candidates, max_draws)):
        known = len(pool) + len(refused)
        if isinstance(candidate, Skip):
            refused[candidate.reason, candidate.subject or ("candidate", number)] = None
        elif candidate.key not in pool and facts[candidate.fact or candidate.key] < MAX_PER_FACT:
            pool[candidate.key] = candidate
            facts[candidate.fact or candidate.key] += 1
        idle = idle + 1 if len(pool) + len(refused) == known else 0
        is_over = isinstance(candidate, Skip) and candidate.subject == SCENE
        if is_over or idle == MAX_IDLE_DRAWS or len(pool) == POOL_FACTOR * quota:
            break
    if not pool and not refused:
        refused[NO_CANDIDATE, SCENE] = None
    asked = {subject for question in pool.values() for subject in question.subjects}
    return Collected(list(pool.values()), Counter(reason for reason, subject in refused if subject not in asked))


def pick_balanced(
    pool: list[Question], quota: int, views: SceneViews, rng: Generator, oversampling: int = 1
) -> list[Question]:
    """Choose up to ``quota`` questions, spread over answer classes, objects, labels and frames.

    Greedy: always the question whose features have been used least so far, ties broken by ``rng``; an object that is
    already in a fifth of the quota comes only when nothing else is left.

    Args:
        oversampling: how many times the quota is chosen, best spread questions first.
    """
    starts, features, weights, is_object = _features(pool, views)
    jitter = rng.random(len(pool)) * min(FRAME_WEIGHT, LABEL_WEIGHT)
    cap = np.where(is_object, max(1, int(OBJECT_SHARE * min(quota, len(pool)))), np.iinfo(np.int64).max)
    count = min(oversampling * quota, len(pool))
    return [pool[best] for best in pick_least_used(starts, features, weights, cap, jitter, count)]


def _features(
    pool: list[Question], views: SceneViews
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """What questions are spread over.

    Returns:
        starts (n + 1,) and features: question i has features[starts[i] : starts[i + 1]], each a number below k;
        (k,) weights of the features, (k,) whether a feature is an object.
    """
    columns: dict[tuple[str, str | int], int] = {}
    rows = []
    for question in pool:
        features: list[tuple[str, str | int]] = [("class", name) for name in question.classes]
        features += [("frame", frame) for frame in question.frames]
        features += [("object", item) for item in question.objects]
        features += [("label", views.scene.objects[item].label) for item in question.objects]
        rows.append([columns.setdefault(feature, len(columns)) for feature in dict.fromkeys(features)])
    weight = {"class": CLASS_WEIGHT, "frame": FRAME_WEIGHT, "object": OBJECT_WEIGHT, "label": LABEL_WEIGHT}
    return (
        np.cumsum([0, *map(len, rows)]),
        np.array([feature for row in rows for feature in row], dtype=np.int64),
        np.array([weight[kind] for kind, _ in columns], dtype=np.float64),
        np.array([kind == "object" for kind, _ in columns], dtype=bool),
    )
