"""Candidate questions of one type in one scene, and which of them are kept."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.question import Question, Skip
from qagen.visibility.views import SceneViews

POOL_FACTOR = 6
DRAWS_PER_QUESTION = 60
MIN_DRAWS = 2000
OBJECT_SHARE = 0.2
CLASS_WEIGHT, OBJECT_WEIGHT, LABEL_WEIGHT, FRAME_WEIGHT = 4.0, 1.0, 0.5, 0.5


@dataclass(slots=True)
class Collected:
    """The candidates of one type in one scene."""

    pool: list[Question] = field(default_factory=list)
    """Different questions that can be asked."""
    skips: Counter[str] = field(default_factory=Counter)
    """Refused candidates by reason."""

    @property
    def seen(self) -> int:
        return len(self.pool) + self.skips.total()


NO_CANDIDATE = "nothing to ask about"
"""Why a type is empty in a scene that has not even a candidate for it."""


def collect(candidates: Iterator[Question | Skip], quota: int) -> Collected:
    """Gather different questions until there are plenty to choose from or the scene gives no more."""
    found, keys = Collected(), set()
    patience = max(MIN_DRAWS, DRAWS_PER_QUESTION * quota)
    for _, candidate in zip(range(patience), candidates, strict=False):
        if isinstance(candidate, Skip):
            found.skips[candidate.reason] += 1
        elif candidate.key not in keys:
            keys.add(candidate.key)
            found.pool.append(candidate)
            if len(found.pool) >= POOL_FACTOR * quota:
                break
    if not found.pool and not found.skips:
        found.skips[NO_CANDIDATE] += 1
    return found


def pick_balanced(
    pool: list[Question], quota: int, views: SceneViews, rng: Generator, spare: int = 1
) -> list[Question]:
    """Choose up to ``quota`` questions, spread over answer classes, objects, labels and frames.

    With ``spare`` above 1, that many times as many are chosen, the best spread ones first.

    Greedy: always the question whose features have been used least so far, ties broken by ``rng``; an object that is
    already in a fifth of the samples comes only when nothing else is left.
    """
    size = min(spare * quota, len(pool))
    incidence, weights, is_object = _features(pool, views)
    used = np.zeros(len(weights))
    free = np.ones(len(pool), dtype=bool)
    jitter = rng.random(len(pool)) * min(FRAME_WEIGHT, LABEL_WEIGHT)
    cap = max(1, int(OBJECT_SHARE * min(quota, len(pool))))
    picked = []
    for _ in range(size):
        crowded = incidence[:, is_object & (used >= cap)].any(axis=1)
        cost = incidence @ (weights * used) + jitter + np.where(crowded, 1e6, 0.0) + np.where(free, 0.0, np.inf)
        best = int(np.argmin(cost))
        picked.append(pool[best])
        free[best] = False
        used += incidence[best]
    return picked


def _features(pool: list[Question], views: SceneViews) -> tuple[NDArray, NDArray[np.float64], NDArray[np.bool_]]:
    columns: dict[tuple[str, str | int], int] = {}
    rows = []
    for question in pool:
        features: list[tuple[str, str | int]] = [("class", name) for name in question.classes]
        features += [("frame", frame) for frame in question.frames]
        features += [("object", role.object) for role in question.roles]
        features += [("label", views.scene.objects[role.object].label) for role in question.roles]
        rows.append([columns.setdefault(feature, len(columns)) for feature in features])
    incidence = np.zeros((len(pool), len(columns)))
    for row, features_of_row in enumerate(rows):
        incidence[row, features_of_row] = 1
    weight = {"class": CLASS_WEIGHT, "frame": FRAME_WEIGHT, "object": OBJECT_WEIGHT, "label": LABEL_WEIGHT}
    weights = np.array([weight[kind] for kind, _ in columns])
    return incidence, weights, np.array([kind == "object" for kind, _ in columns], dtype=bool)
