"""Wrong options that are other questions' right ones.

Four questions of a type whose answers differ clearly share one set of options, and each of the four answers is right
once. So whatever a reader of the text alone prefers, the middle number, the frequent word, the large box, is right one
time in four. What is left to him is what each question tells of its own answer, and so questions are grouped that tell
the same:

* those that give away similar numbers: "the other one is 2.3 m deep", or the size of a box that is to be found again;
* those about the same object: whoever knows how deep in a room clocks hang knows no more when all four ask for a clock;
* directions with the same word for above and below, which the labels mostly tell (a lamp hangs above a rug).

Numbers have it easier, because any four that lie apart may share a set: so those sets are chosen in which no label and
no given number goes with the large or the small ones (qagen.sampling.balance).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import Answer, BoxAnswer, Directions, ImagePoint, Number
from qagen.core.question import Question
from qagen.kernels.boxes import box_iou
from qagen.sampling.balance import bias, choose_balanced

GROUP = 4
SIMILAR = 8
"""Questions are first grouped among so many that give away the most similar numbers, then among twice as many, ..."""
DRAWS, MOST_GROUPS = 6000, 2000
"""Sets of four numbers that are drawn at random, and how many of those that fit are compared."""
NUMBER_GAP = 0.3
GAP_SHARE = 0.15
PLACE_GAP = 100
MAX_IOU = 0.3


def choose_with_shared_options(
    candidates: Sequence[Question], quota: int, rng: Generator, labels: Sequence[str] = ()
) -> tuple[list[Question], dict[tuple, list[Answer]]]:
    """Choose up to ``quota`` questions, as many as can be in whole groups.

    Groups about one object come first, then those whose questions give away similar numbers, then those of early
    candidates. Groups of numbers are chosen by what their labels tell.

    Args:
        labels: names of the scene's objects, if the questions have any.

    Returns:
        The questions, in the order of the candidates, and by their keys the wrong options of those that have peers.
    """
    given = np.array([_given(question) for question in candidates])
    subject = [question.roles[-1].object if question.roles else None for question in candidates]
    groups = group_questions(candidates, given, rng)

    def cost(group: list[int]) -> tuple[int, float, int]:
        return len({subject[member] for member in group}), float(np.ptp(given[group])), sum(group)

    groups = sorted(groups, key=cost)
    if labels and candidates and isinstance(candidates[0].answer, Number):
        groups = _even_groups(candidates, groups, given, labels, quota // GROUP, rng)
    groups = groups[: quota // GROUP]
    grouped = {member for group in groups for member in group}
    lonely = [position for position in range(len(candidates)) if position not in grouped][: quota - len(grouped)]
    options = {
        candidates[member].key: [candidates[other].answer for other in rng.permutation(group) if other != member]
        for group in groups
        for member in group
    }
    return [candidates[position] for position in sorted([*grouped, *lonely])], options


def _even_groups(
    questions: Sequence[Question],
    known: list[list[int]],
    given: NDArray[np.float64],
    labels: Sequence[str],
    count: int,
    rng: Generator,
) -> list[list[int]]:
    """Groups of four numbers in which no label and no given number goes with the large or the small ones.

    Args:
        known: groups to choose among, besides others drawn at random.
        labels: names of the scene's objects.
    """
    values = np.array([float(question.answer.text) for question in questions])
    fits = _fit_together([question.answer for question in questions])
    members = np.concatenate([np.array(known, dtype=np.int64).reshape(-1, GROUP), _draw_groups(fits, rng)])
    if not len(members):
        return []
    turns = np.array([np.roll(np.arange(GROUP), -k) for k in range(GROUP)])
    listed = members[:, turns].reshape(-1, GROUP)
    given_away = bias(_number_looks(questions, values, given, labels, listed), GROUP)
    return members[choose_balanced(given_away, members, count, slack=np.inf)].tolist()


def _draw_groups(fits: NDArray[np.bool_], rng: Generator) -> NDArray[np.int64]:
    """(n, 4) random positions that fit together."""
    if len(fits) < GROUP:
        return np.zeros((0, GROUP), dtype=np.int64)
    drawn = rng.random((DRAWS, len(fits))).argpartition(GROUP - 1, axis=1)[:, :GROUP]
    first, second = np.triu_indices(GROUP, 1)
    return drawn[fits[drawn[:, first], drawn[:, second]].all(axis=1)][:MOST_GROUPS]


def _number_looks(
    questions: Sequence[Question],
    values: NDArray[np.float64],
    given: NDArray[np.float64],
    labels: Sequence[str],
    listed: NDArray[np.int64],
) -> list[NDArray[np.int64]]:
    """How the options of each listed set look, crossed with each thing that the first one's question says."""
    options = values[listed]
    rank = (options[:, :, None] > options[:, None]).sum(axis=2)
    size = np.round(2 * np.log2(options + 0.1)).astype(np.int64)
    away = np.abs(options - given[listed[:, 0], None])
    names = np.array([[labels[role.object] for role in question.roles] for question in questions])
    said = [*np.unique(names, return_inverse=True)[1].reshape(names.shape).T]
    said += [np.round(2 * np.log2(given + 0.1)).astype(np.int64) + 20]
    looks = [1000 * word[listed[:, :1]] + look for word in said for look in (rank, size + 100)]
    return [*looks, (away[:, :, None] > away[:, None]).sum(axis=2)]


def _given(question: Question) -> float:
    """The number that a question gives away: a measure in its words, or how large a thing is, in doublings."""
    match question.answer:
        case BoxAnswer():
            left, top, right, bottom = question.roles[0].place
            return float(np.log2(max(right - left, 1) * max(bottom - top, 1)))
        case _:
            return float(str(question.facts.get("given", 0.0)))


def group_questions(questions: Sequence[Question], given: NDArray[np.float64], rng: Generator) -> list[list[int]]:
    """Groups of four positions whose answers can stand in one set of options; questions without peers are left out.

    Args:
        given: (n,) the number that each question gives away; groups are sought among ever less similar ones, first
            among questions about the same object.
    """
    order = rng.permutation(len(questions))
    left = [int(i) for i in order[np.argsort(given[order], kind="stable")]]
    fits = _fit_together([question.answer for question in questions])
    groups: list[list[int]] = []
    by_subject: dict[int | None, list[int]] = defaultdict(list)
    for position in left:
        roles = questions[position].roles
        by_subject[roles[-1].object if roles else None].append(position)
    alone: list[int] = []
    for members in by_subject.values():
        found, others = _group_similar(members, given, fits)
        groups += found
        alone += others
    found, _ = _group_similar(sorted(alone, key=lambda member: given[member]), given, fits)
    return groups + found


def _group_similar(
    left: list[int], given: NDArray[np.float64], fits: NDArray[np.bool_]
) -> tuple[list[list[int]], list[int]]:
    """Groups among positions in the order of what they give away, and who is left alone."""
    groups: list[list[int]] = []
    for window in _windows(len(left)):
        windows = [left[start : start + window] for start in range(0, len(left), window)]
        left = []
        for members in windows:
            found, alone = _group(members, fits)
            groups += found
            left += sorted(alone, key=lambda member: given[member])
    return groups, left


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
    if not answers:
        return np.zeros((0, 0), dtype=bool)
    compared, differ = DIFFER[type(answers[0])]
    places: dict[tuple, int] = {}
    place = np.array([places.setdefault(compared(answer), len(places)) for answer in answers])
    fits = np.zeros((len(places), len(places)), dtype=bool)
    for i, first in enumerate(places):
        for j, second in enumerate(islice(places, i + 1)):
            fits[i, j] = fits[j, i] = differ(first, second)
    fits = fits[np.ix_(place, place)]
    np.fill_diagonal(fits, False)
    return fits


def _number(answer: Number) -> tuple:
    return (round(answer.value, 1),)


def _numbers_differ(first: tuple, second: tuple) -> bool:
    return apart(first[0], second[0])


def _place(answer: ImagePoint) -> tuple:
    return answer.x, answer.y, round(answer.depth, 1)


def _places_differ(first: tuple, second: tuple) -> bool:
    in_image = max(abs(first[0] - second[0]), abs(first[1] - second[1])) >= PLACE_GAP
    return in_image and apart(first[2], second[2])


def _directions(answer: Directions) -> tuple:
    return answer.text, tuple(slot.word for slot in answer.slots if slot.axis == "above_below")


def _directions_differ(first: tuple, second: tuple) -> bool:
    return first[0] != second[0] and first[1] == second[1]


def _box(answer: BoxAnswer) -> tuple:
    return answer.box


def _boxes_differ(first: tuple, second: tuple) -> bool:
    return box_iou(np.array(first, dtype=np.float64), np.array(second, dtype=np.float64)) < MAX_IOU


def apart(value: float, other: float) -> bool:
    """Whether two numbers are far enough from each other to stand among the same options."""
    return abs(value - other) >= max(NUMBER_GAP, GAP_SHARE * max(value, other)) - 1e-9


DIFFER: dict[type[Answer], tuple[Callable[..., tuple], Callable[[tuple, tuple], bool]]] = {
    Number: (_number, _numbers_differ),
    ImagePoint: (_place, _places_differ),
    Directions: (_directions, _directions_differ),
    BoxAnswer: (_box, _boxes_differ),
}
"""Answers whose wrong options come from peers: what of two of them is compared, and when they are told apart."""
