"""Distractors that are the correct answers of other questions.

Four questions of a type whose answers differ clearly share one set of options, and each of the four answers is correct
once. So whatever a text-only model prefers, the middle number, the frequent word, the large box, is correct one time in
four. What is left to it is what each question reveals about its own answer, so questions are grouped that reveal the
same:

* similar numbers: "the other one is 2.3 m deep", or the size of a box that is to be found again;
* the same object: knowing how deep in a room clocks hang does not help when all four ask about a clock;
* lengths from the camera of one image to objects of the same label: clocks are far from it, stools near, in every room;
* directions with the same word for above and below, which labels mostly give away (a lamp hangs above a rug).

Any four numbers that lie apart may share a set, so sets of numbers are chosen in which no label and no revealed number
correlates with large or small ones (qagen.sampling.balance).
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import (
    Answer,
    BoxAnswer,
    Degrees,
    Directions,
    FrameNumbers,
    ImagePoint,
    ImagePosition,
    Number,
    Ratio,
)
from qagen.core.question import Question
from qagen.core.runs import box_around
from qagen.core.units import Length
from qagen.kernels.boxes import box_ious
from qagen.kernels.choice import group_fitting
from qagen.sampling.balance import choose_balanced, cue_bias
from qagen.sampling.pool import Selection

GROUP = 4
FIRST_WINDOW = 8
"""Initial window size for grouping questions by their revealed value; doubled until all are in one window."""
DRAWS, MAX_GROUPS = 6000, 2000
"""Sets of four numbers that are drawn at random, and how many of those that fit are compared."""
DRAWN_AT_ONCE = 1_000_000
"""Maximum number of random numbers that are held at once while sets are drawn."""
NUMBER_GAPS = ((0.3, 0.15), (0.2, 0.2))
"""How far two numbers must be apart, in meters and as a share of the larger one; the second rule serves questions that
the first one leaves without options: small numbers, as in small rooms."""
RATIO_GAP = (0.2, 0.15)
"""How far two ratios must be apart: absolutely, and as a share of the larger one."""
DEGREE_GAP, DEGREE_GAP_SHARE = 20, 0.2
"""How far two angles must be apart, in degrees and as a share of the larger one."""
ONE_NUMBER = (Number, Ratio, Degrees)
"""Answers that are one number."""
MIN_OTHER_FRAMES, MIN_OTHER_SHARE = 2, 0.2
"""In how many frames two lists of frames must differ: at least, and as a share of all that are in either."""
GAP_SHARE = 0.15
POINT_GAP = 100
MAX_IOU = 0.3


def choose_with_shared_answers(
    candidates: Sequence[Question], quota: int, rng: Generator, labels: Sequence[str] = ()
) -> Selection:
    """Choose up to ``quota`` questions, in the order of the candidates; as many as possible in whole groups.

    Groups about one object come first, then those whose questions reveal similar numbers, then those of early
    candidates. Groups of numbers are balanced over labels and revealed numbers.

    Args:
        labels: names of the scene's objects.
    """
    groups = _choose_groups(candidates, quota // GROUP, rng, labels)
    if candidates and isinstance(candidates[0].answer, ONE_NUMBER):
        taken = {member for group in groups for member in group}
        left = [position for position in range(len(candidates)) if position not in taken]
        more = _choose_groups([candidates[i] for i in left], quota // GROUP - len(groups), rng, labels, is_close=True)
        groups += [[left[member] for member in group] for group in more]
    grouped = {member for group in groups for member in group}
    ungrouped = [position for position in range(len(candidates)) if position not in grouped][: quota - len(grouped)]
    distractors = {
        candidates[member].key: [candidates[other].answer for other in rng.permutation(group) if other != member]
        for group in groups
        for member in group
    }
    questions = [candidates[position] for position in sorted([*grouped, *ungrouped])]
    return Selection(questions, distractors, only_shared=bool(labels) and _asks_of_one_object(candidates))


def _choose_groups(
    questions: Sequence[Question], count: int, rng: Generator, labels: Sequence[str], is_close: bool = False
) -> list[list[int]]:
    """Up to ``count`` groups of positions whose answers share a set of options.

    Args:
        is_close: numbers may be as close as the second of NUMBER_GAPS allows.
    """
    revealed = np.array([_revealed_value(question) for question in questions])
    subject = [question.roles[-1].object if question.roles else None for question in questions]
    fits = _fit_together([question.answer for question in questions], is_close)
    if labels and _asks_of_one_object(questions):
        names = np.array([labels[question.roles[-1].object] for question in questions])
        fits &= names[:, None] == names
    groups = group_questions(questions, revealed, rng, fits)

    def cost(group: list[int]) -> tuple[int, float, int]:
        return len({subject[member] for member in group}), float(np.ptp(revealed[group])), sum(group)

    groups = sorted(groups, key=cost)
    if labels and questions and isinstance(questions[0].answer, (*ONE_NUMBER, Directions)):
        groups = _balanced_groups(questions, groups, revealed, labels, fits, count, rng)
    return groups[:count]


def _asks_of_one_object(questions: Sequence[Question]) -> bool:
    """Whether lengths are asked that lie between one object and the camera of the only image: they differ from image to
    image, but in every room what hangs on walls is mostly far and what stands around mostly near, so only one label
    shares options. With two images, which object is how far hangs on which one is asked for as well."""
    if not questions or not isinstance(questions[0].answer, Number) or len(questions[0].frames) > 1:
        return False
    if any(len(question.roles) - ("given" in question.facts) != 1 for question in questions):
        return False
    found = {(question.roles[-1].object, _printed_values(question.answer)) for question in questions}
    return len(found) > len({item for item, _ in found})


def _revealed_value(question: Question) -> float:
    """The number that a question reveals: a measure in its words, the log2 area of the box (mask) that it marks, or the
    number of frames of the video between which it asks for an angle or a path."""
    if {"first", "last"} <= question.facts.keys():
        return float(str(question.facts["last"])) - float(str(question.facts["first"]))
    if not isinstance(question.answer, BoxAnswer):
        given = question.facts.get("given")
        return round(given.value, 1) if isinstance(given, Length) else 0.0
    red = question.roles[0]
    if red.kind not in ("bbox", "mask"):
        return 0.0
    left, top, right, bottom = box_around(red.place) if red.kind == "mask" else red.place
    return round(math.log2(max(right - left, 1) * max(bottom - top, 1)), 6)


def _balanced_groups(
    questions: Sequence[Question],
    known: list[list[int]],
    revealed: NDArray[np.float64],
    labels: Sequence[str],
    fits: NDArray[np.bool_],
    count: int,
    rng: Generator,
) -> list[list[int]]:
    """Groups of four answers in which no label and no revealed number correlates with large or small numbers, or with
    words for directions.

    Args:
        known: groups to choose from, besides others drawn at random.
        revealed: (n,) the number that each question reveals.
        labels: names of the scene's objects.
        fits: (n, n) whether two answers may stand in one set of options.
    """
    members = np.concatenate([np.array(known, dtype=np.int64).reshape(-1, GROUP), _draw_groups(fits, rng)])
    if not len(members):
        return []
    rotations = np.array([np.roll(np.arange(GROUP), -k) for k in range(GROUP)])
    options = members[:, rotations].reshape(-1, GROUP)
    is_number = isinstance(questions[0].answer, ONE_NUMBER)
    cues = (
        _number_cues(questions, revealed, labels, options) if is_number else _direction_cues(questions, labels, options)
    )
    bias = cue_bias(cues, GROUP)
    return members[choose_balanced(bias, members, count, slack=np.inf)].tolist()


def _draw_groups(fits: NDArray[np.bool_], rng: Generator) -> NDArray[np.int64]:
    """(n, 4) random positions that fit together."""
    if len(fits) < GROUP:
        return np.zeros((0, GROUP), dtype=np.int64)
    drawn = draw_subsets(DRAWS, len(fits), GROUP, rng)
    first, second = np.triu_indices(GROUP, 1)
    return drawn[fits[drawn[:, first], drawn[:, second]].all(axis=1)][:MAX_GROUPS]


def draw_subsets(count: int, n: int, size: int, rng: Generator) -> NDArray[np.int64]:
    """(count, size) random positions below n, different ones in each row; drawn in parts, to bound memory."""
    rows = max(1, DRAWN_AT_ONCE // n)
    drawn = []
    for start in range(0, count, rows):
        keys = rng.random((min(rows, count - start), n))
        lowest = np.argpartition(keys, size - 1, axis=1)[:, :size]
        order = np.take_along_axis(keys, lowest, axis=1).argsort(axis=1)
        drawn.append(np.take_along_axis(lowest, order, axis=1))
    return np.concatenate(drawn)


def _number_cues(
    questions: Sequence[Question],
    revealed: NDArray[np.float64],
    labels: Sequence[str],
    options: NDArray[np.int64],
) -> list[NDArray[np.int64]]:
    """(n, 4) rank and size of the options, crossed with each label and the number of the first one's question.

    Args:
        options: (n, 4) questions whose answers are the options; the first one's question is asked.
    """
    values = np.array([_printed_values(question.answer) for question in questions])[options, 0]
    rank = (values[:, :, None] > values[:, None]).sum(axis=2)
    size = np.round(2 * np.log2(values + 0.1)).astype(np.int64)
    away = np.abs(values - revealed[options[:, 0], None])
    names = np.array([[labels[role.object] for role in question.roles] for question in questions])
    words = [*np.unique(names, return_inverse=True)[1].reshape(names.shape).T]
    words += [np.round(2 * np.log2(revealed + 0.1)).astype(np.int64) + 20]
    cues = [1000 * word[options[:, :1]] + cue for word in words for cue in (rank, size + 100)]
    return [*cues, (away[:, :, None] > away[:, None]).sum(axis=2)]


def _direction_cues(
    questions: Sequence[Question], labels: Sequence[str], options: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """(n, 4) the word of the options on each axis, crossed with each label of the first one's question.

    Args:
        options: (n, 4) questions whose answers are the options; the first one's question is asked.
    """
    stated = [{slot.axis: slot.word for slot in question.answer.slots} for question in questions]  # pyright: ignore
    axes = sorted({axis for words in stated for axis in words})
    texts = np.array([[words.get(axis, "") for axis in axes] for words in stated])
    words = np.unique(texts, return_inverse=True)[1].reshape(texts.shape)
    names = np.array([[labels[role.object] for role in question.roles] for question in questions])
    named = np.unique(names, return_inverse=True)[1].reshape(names.shape)
    crossed = [1000 * named[options[:, :1], role] for role in range(names.shape[1])]
    return [cross + words[options, axis] for cross in crossed for axis in range(len(axes))]


def group_questions(
    questions: Sequence[Question], revealed: NDArray[np.float64], rng: Generator, fits: NDArray[np.bool_]
) -> list[list[int]]:
    """Groups of four positions whose answers can stand in one set of options.

    Args:
        revealed: (n,) the number that each question reveals; groups are sought among ever less similar ones, first
            among questions about the same object.
        fits: (n, n) whether two answers may stand in one set of options.
    """
    order = rng.permutation(len(questions))
    by_subject: dict[int | None, list[int]] = defaultdict(list)
    for position in order[np.argsort(revealed[order], kind="stable")].tolist():
        roles = questions[position].roles
        by_subject[roles[-1].object if roles else None].append(position)
    groups: list[list[int]] = []
    ungrouped: list[int] = []
    for members in by_subject.values():
        found, left = _group_similar(members, revealed, fits)
        groups += found
        ungrouped += left
    return groups + _group_similar(sorted(ungrouped, key=lambda member: revealed[member]), revealed, fits)[0]


def _group_similar(
    members: list[int], revealed: NDArray[np.float64], fits: NDArray[np.bool_]
) -> tuple[list[list[int]], list[int]]:
    """Groups among positions that are sorted by what they reveal, and the positions left ungrouped."""
    groups: list[list[int]] = []
    count, window = len(members), FIRST_WINDOW
    while True:
        windows = [members[start : start + window] for start in range(0, len(members), window)]
        members = []
        for neighbors in windows:
            found, ungrouped = group_fitting(fits[np.ix_(neighbors, neighbors)], GROUP)
            groups += np.array(neighbors)[found].tolist()
            members += sorted((neighbors[k] for k in ungrouped), key=lambda member: revealed[member])
        if window >= count:
            return groups, members
        window *= 2


def _fit_together(answers: Sequence[Answer], is_close: bool) -> NDArray[np.bool_]:
    """(n, n) whether two answers may stand in one set of options."""
    values: dict[tuple, int] = {}
    index = np.array([values.setdefault(_printed_values(answer), len(values)) for answer in answers], dtype=np.int64)
    fits = _pairs_apart(list(values), type(answers[0]) if answers else Number, is_close)[np.ix_(index, index)]
    np.fill_diagonal(fits, False)
    return fits


def _pairs_apart(values: Sequence[tuple], kind: type[Answer], is_close: bool) -> NDArray[np.bool_]:
    """(n, n) whether answers with these printed values may be options of one question."""
    if kind is BoxAnswer:
        boxes = np.array(values, dtype=np.float64)
        return box_ious(boxes, boxes) < MAX_IOU
    if kind in (ImagePoint, ImagePosition):
        places = np.array([value[:2] for value in values])
        in_image = np.abs(places[:, None] - places).max(axis=2) >= POINT_GAP
        return (
            in_image & _fit_together([Number(value[2]) for value in values], False) if kind is ImagePoint else in_image
        )
    fits = np.zeros((len(values), len(values)), dtype=bool)
    for i, first in enumerate(values):
        for j, second in enumerate(islice(values, i + 1)):
            fits[i, j] = fits[j, i] = _can_stand_together(kind, first, second, is_close)
    return fits


def _printed_values(answer: Answer) -> tuple:
    """What options are compared by."""
    match answer:
        case Number(value) | Ratio(value):
            return (round(value, 1),)
        case Degrees():
            return (answer.rounded,)
        case ImagePoint(x, y, depth):
            return x, y, round(depth, 1)
        case ImagePosition(x, y):
            return x, y
        case Directions(slots):
            return answer.text, tuple(slot.word for slot in slots if slot.axis == "above_below")
        case BoxAnswer(box):
            return box
        case FrameNumbers(numbers, marked):
            return numbers, marked
    raise TypeError(f"answers of type {type(answer).__name__} do not share options")


def _can_stand_together(kind: type[Answer], first: tuple, second: tuple, is_close: bool) -> bool:
    """Whether answers with these printed values, which are neither boxes nor points, may be options of one question."""
    if kind is Number:
        return apart(first[0], second[0], is_close)
    if kind is Ratio:
        return abs(first[0] - second[0]) >= max(RATIO_GAP[0], RATIO_GAP[1] * max(first[0], second[0])) - 1e-9
    if kind is Degrees:
        return degrees_apart(first[0], second[0])
    if kind is Directions:
        return first[0] != second[0] and first[1] == second[1]
    return first[1] in second[0] and second[1] in first[0] and _share_few(set(first[0]), set(second[0]))


def _share_few(frames: set[int], others: set[int]) -> bool:
    """Whether two lists of frames differ by at least MIN_OTHER_FRAMES and by a fair share of what either has."""
    differ = len(frames ^ others)
    return differ >= max(MIN_OTHER_FRAMES, MIN_OTHER_SHARE * len(frames | others))


def apart(value: float, other: float, is_close: bool = False) -> bool:
    """Whether two numbers are far enough from each other to be options of one question.

    Args:
        is_close: either of NUMBER_GAPS is enough, not only the first.
    """
    gaps = [max(gap, share * max(value, other)) for gap, share in NUMBER_GAPS]
    return abs(value - other) >= (min(gaps) if is_close else gaps[0]) - 1e-9


def degrees_apart(angle: int, other: int) -> bool:
    """Whether two angles are far enough from each other to be options of one question."""
    return abs(angle - other) >= max(DEGREE_GAP, DEGREE_GAP_SHARE * max(angle, other))
