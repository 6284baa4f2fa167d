"""Wrong options that are other questions' right ones.

Four questions of a type whose answers differ clearly share one set of options, and each of the four answers is right
once. So whatever a reader of the text alone prefers, the middle number, the frequent word, is right one time in four.
Questions that give a number away ("the other one is 2.3 m deep") are grouped with those that give a similar one.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Answer, Directions, Extents, ImagePoint, Number
from qagen.core.question import Question

GROUP = 4
SIMILAR = 8
"""Questions are first grouped among so many that give away the most similar numbers, then among twice as many, ..."""
NUMBER_GAP = 0.3
GAP_SHARE = 0.15
SIDE_GAP_SHARE = 0.25
PLACE_GAP = 100


def choose_with_peers(
    candidates: Sequence[Question], quota: int, rng: Generator
) -> tuple[list[Question], dict[tuple, list[Answer]]]:
    """Choose up to ``quota`` questions, as many as can be in whole groups.

    Groups whose questions give away similar numbers come first, then those of early candidates.

    Returns:
        The questions, in the order of the candidates, and by their keys the wrong options of those that have peers.
    """
    given = np.array([float(str(question.facts.get("given", 0.0))) for question in candidates])
    groups = group_peers(candidates, given, rng)
    groups = sorted(groups, key=lambda group: (np.ptp(given[group]), sum(group)))[: quota // GROUP]
    grouped = {member for group in groups for member in group}
    lonely = [position for position in range(len(candidates)) if position not in grouped][: quota - len(grouped)]
    options = {
        candidates[member].key: [candidates[other].answer for other in rng.permutation(group) if other != member]
        for group in groups
        for member in group
    }
    return [candidates[position] for position in sorted([*grouped, *lonely])], options


def group_peers(questions: Sequence[Question], given: NDArray[np.float64], rng: Generator) -> list[list[int]]:
    """Groups of four positions whose answers can stand in one set of options; questions without peers are left out.

    Args:
        given: (n,) the number that each question gives away; groups are sought among ever less similar ones.
    """
    order = rng.permutation(len(questions))
    left = [int(i) for i in order[np.argsort(given[order], kind="stable")]]
    fits = _fit_together([question.answer for question in questions])
    groups: list[list[int]] = []
    for window in _windows(len(questions)):
        windows = [left[start : start + window] for start in range(0, len(left), window)]
        left = []
        for members in windows:
            found, alone = _group(members, fits)
            groups += found
            left += sorted(alone, key=lambda member: given[member])
    return groups


def _windows(count: int) -> Iterator[int]:
    """SIMILAR and its doubles, up to one that holds all."""
    window = SIMILAR
    while window < count:
        yield window
        window *= 2
    yield window


def _group(members: Sequence[int], fits: NDArray[np.bool_]) -> tuple[list[list[int]], list[int]]:
    """Groups of four that all fit each other, those with the fewest fitting partners first; and who is left alone."""
    free = list(members)
    groups, alone = [], []
    while free:
        among = fits[np.ix_(free, free)]
        seed = int(np.argmin(among.sum(axis=1)))
        group = _grow(seed, among)
        if len(group) == GROUP:
            groups.append([int(free[i]) for i in group])
            free = [member for i, member in enumerate(free) if i not in group]
        else:
            alone.append(int(free.pop(seed)))
    return groups, alone


def _grow(seed: int, among: NDArray[np.bool_]) -> list[int]:
    group, partners = [seed], among[seed].copy()
    while len(group) < GROUP and partners.any():
        candidates = np.flatnonzero(partners)
        chosen = int(candidates[np.argmin(among[candidates].sum(axis=1))])
        group.append(chosen)
        partners &= among[chosen]
    return group


def _fit_together(answers: Sequence[Answer]) -> NDArray[np.bool_]:
    """(n, n) whether two answers may stand in one set of options."""
    fits = np.zeros((len(answers), len(answers)), dtype=bool)
    for i, first in enumerate(answers):
        for j in range(i):
            fits[i, j] = fits[j, i] = DIFFER[type(first)](first, answers[j])
    return fits


def _numbers_differ(first: Number, second: Number) -> bool:
    return apart(round(first.value, 1), round(second.value, 1))


def _places_differ(first: ImagePoint, second: ImagePoint) -> bool:
    in_image = max(abs(first.x - second.x), abs(first.y - second.y)) >= PLACE_GAP
    return in_image and apart(round(first.depth, 1), round(second.depth, 1))


def _directions_differ(first: Directions, second: Directions) -> bool:
    return first.text != second.text


def _sizes_differ(first: Extents, second: Extents) -> bool:
    sides = zip(
        (first.length_cm, first.width_cm, first.height_cm),
        (second.length_cm, second.width_cm, second.height_cm),
        strict=True,
    )
    return any(abs(a - b) >= SIDE_GAP_SHARE * max(a, b) for a, b in sides)


def apart(value: float, other: float) -> bool:
    """Whether two numbers are far enough from each other to stand among the same options."""
    return abs(value - other) >= max(NUMBER_GAP, GAP_SHARE * max(value, other)) - 1e-9


DIFFER: dict[type[Answer], Callable[..., bool]] = {
    Number: _numbers_differ,
    ImagePoint: _places_differ,
    Directions: _directions_differ,
    Extents: _sizes_differ,
}
"""Answers whose wrong options come from peers, and when two of them are told apart."""
