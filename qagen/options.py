"""Wrong options that a reader of the text alone cannot tell from the right one (tasks.md, section 4).

Letters and ranks are dealt from decks, so each comes equally often. Words are varied only where the other word is the
truth as often: a proposal to swap truth ``a`` for ``b`` is taken with probability min(1, n_b / n_a), which makes both
equally likely to be the truth among options that hold both (the acceptance rule of Metropolis et al., 1953).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, product
from typing import Generic, TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from qagen.core.answer import (
    OPPOSITE,
    Box2D,
    BoxAnswer,
    Directions,
    Extents,
    ImagePoint,
    LocatedObject,
    Number,
    Sides,
    Slot,
)
from qagen.kernels.boxes import box_iou

OPTIONS = 4
NUMBER_GAP_M = 0.3
NUMBER_GAP_SHARE = 0.15
SMALLEST_NUMBER_M = 0.1
LEAST_SHARE = 0.4
"""Invented numbers lie between this share of the truth and its inverse."""
SIDE_SPREAD = 0.5
"""Logarithm of how much larger or smaller a side of an option may be than that in the middle."""
SIDE_GAP_SHARE = 0.15
SMALLEST_SIDE_CM = 10
PLACE_GAP = 100
MAX_IOU = 0.3
RANK_LEAD = 3
"""A rank may have been the truth's so much more often than another."""
TRIES = 40

T = TypeVar("T")
R = TypeVar("R")
Look = tuple[str, str, int | None]


class Deck(Generic[T]):
    """Deals values so that each comes equally often."""

    def __init__(self, cards: Iterable[T], rng: Generator) -> None:
        self._cards = list(cards)
        self._rng = rng
        self._left: list[T] = []

    def deal(self, play: Callable[[T], R | None]) -> R | None:
        """Offer the cards left in random order; the first that ``play`` can use is spent. None when none can be."""
        self._left = self._left or list(self._cards)
        for position in self._rng.permutation(len(self._left)):
            result = play(self._left[position])
            if result is not None:
                del self._left[position]
                return result
        return None

    def draw(self) -> T:
        """The next card, whichever it is."""
        self._left = self._left or list(self._cards)
        return self._left.pop(int(self._rng.integers(len(self._left))))


class OptionMaker:
    """Makes the wrong options of one type's questions in one scene."""

    def __init__(self, class_counts: Counter[str], rng: Generator) -> None:
        self._class_counts = class_counts
        self._rng = rng
        self._ranks = Deck(list(range(OPTIONS)) * 5, rng)
        self._seen_looks: Counter[Look] = Counter()

    def numbers(self, truth: Number) -> list[Number] | None:
        """Three numbers, apart from the truth and each other, so that the truth's rank is even."""
        return self._ranks.deal(lambda rank: self._numbers_at_rank(truth, rank))

    def _numbers_at_rank(self, truth: Number, rank: int) -> list[Number] | None:
        chosen = [round(truth.value, 1)]
        wanted = {-1: rank, 1: OPTIONS - 1 - rank}
        for value in chain(self.shuffled(truth.decoys), self._invented_numbers(truth.value, wanted)):
            value = round(value, 1)
            side = 1 if value > chosen[0] else -1
            if wanted[side] and value >= SMALLEST_NUMBER_M and all(_apart(value, other) for other in chosen):
                chosen.append(value)
                wanted[side] -= 1
            if len(chosen) == OPTIONS:
                return [Number(value) for value in chosen[1:]]
        return None

    def _invented_numbers(self, truth: float, wanted: dict[int, int]) -> Iterator[float]:
        for _ in range(TRIES):
            low = self._rng.random() < wanted[-1] / max(1, wanted[-1] + wanted[1])
            span = (LEAST_SHARE * truth, truth) if low else (truth, truth / LEAST_SHARE)
            yield float(self._rng.uniform(*span))

    def extents(self, truth: Extents) -> list[Extents] | None:
        """Three sizes, apart from the truth and each other, that lie with it around a size that nobody is told.

        The truth is no likelier to be in the middle than the others, because the middle is drawn first.
        """
        chosen: list[Sides] = [(truth.length_cm, truth.width_cm, truth.height_cm)]
        middle = np.log(chosen[0]) + self._rng.uniform(-SIDE_SPREAD, SIDE_SPREAD, 3)
        alike = (sides for sides in self.shuffled(truth.decoys) if abs(np.log(sides) - middle).max() <= SIDE_SPREAD)
        for sides in chain(alike, self._invented_sides(middle)):
            if all(_sizes_apart(sides, other) for other in chosen):
                chosen.append(sides)
            if len(chosen) == OPTIONS:
                return [Extents(*sides) for sides in chosen[1:]]
        return None

    def _invented_sides(self, middle: NDArray[np.float64]) -> Iterator[Sides]:
        for _ in range(10 * TRIES):  # many have a length under their width
            drawn = np.exp(middle + self._rng.uniform(-SIDE_SPREAD, SIDE_SPREAD, 3))
            first, second, height = (int(side) for side in np.rint(drawn))
            if first >= second >= SMALLEST_SIDE_CM <= height:
                yield first, second, height

    def boxes(self, truth: BoxAnswer) -> list[BoxAnswer] | None:
        """Three boxes that overlap neither the truth nor each other by much."""
        chosen = [truth.box]
        for box in chain(self.shuffled(truth.decoys), self._invented_boxes(truth.box)):
            if all(_overlap(box, other) < MAX_IOU for other in chosen):
                chosen.append(box)
            if len(chosen) == OPTIONS:
                return [BoxAnswer(box) for box in chosen[1:]]
        return None

    def _invented_boxes(self, like: Box2D) -> Iterator[Box2D]:
        for _ in range(TRIES):
            size = np.array([like[2] - like[0], like[3] - like[1]]) * self._rng.uniform(0.6, 1.5, 2)
            size = np.clip(np.rint(size), 20, 900)
            corner = np.rint(self._rng.uniform(0, 1000 - size))
            left, top, right, bottom = (int(edge) for edge in (*corner, *(corner + size)))
            yield left, top, right, bottom

    def located(self, truth: LocatedObject, asked_for: str = "") -> list[LocatedObject] | None:
        """Three other objects, told by their boxes.

        Near things fill large boxes that reach far down. So the others are chosen such that the truth's rank in both is
        even, and its images those of the others, over all truths that are ``asked_for`` alike.
        """
        drawn = [choice for _ in range(TRIES) if (choice := self._draw_located(truth))]
        even = [choice for choice in drawn if self._is_rank_even(truth, choice, asked_for)]
        if not even:
            return None
        best = min(even, key=lambda choice: sum(self._seen_looks[look] for look in _looks(truth, choice, asked_for)))
        self._seen_looks.update(_looks(truth, best, asked_for))
        self._seen_looks[asked_for, "image", truth.image] -= OPTIONS - 1
        return best

    def _is_rank_even(self, truth: LocatedObject, others: Sequence[LocatedObject], asked_for: str) -> bool:
        for _, name, rank in _looks(truth, others, asked_for)[:2]:
            counts = [self._seen_looks[asked_for, name, other] for other in range(OPTIONS)]
            if self._seen_looks[asked_for, name, rank] - min(counts) >= RANK_LEAD:
                return False
        return True

    def _draw_located(self, truth: LocatedObject) -> list[LocatedObject] | None:
        chosen = [truth]
        for other in self.shuffled(truth.decoys):
            if all(other.image != one.image or _overlap(other.box, one.box) < MAX_IOU for one in chosen):
                chosen.append(other)
            if len(chosen) == OPTIONS:
                return chosen[1:]
        return None

    def places(self, truth: ImagePoint) -> list[ImagePoint] | None:
        """Three places that differ in the image and in depth."""
        chosen = [truth]
        for place in chain(self.shuffled(truth.decoys), self._invented_places(truth)):
            if all(_places_apart(place, other) for other in chosen):
                chosen.append(place)
            if len(chosen) == OPTIONS:
                return chosen[1:]
        return None

    def _invented_places(self, like: ImagePoint) -> Iterator[ImagePoint]:
        for _ in range(TRIES):
            x, y = (int(value) for value in self._rng.integers(20, 981, 2))
            yield ImagePoint(x, y, float(like.depth * np.exp(self._rng.uniform(-1, 1))))

    def directions(self, truth: Directions) -> list[Directions] | None:
        """Three tuples that, with the truth, combine two words each of two slots."""
        swaps = {}
        for position in self._positions(truth):
            swap = self._swap(truth.slots[position])
            if position not in swaps and swap is not None:
                swaps[position] = swap
            if len(swaps) == 2:
                break
        else:
            return None
        tuples = [_swapped(truth, dict(zip(swaps, words, strict=True))) for words in self._combinations(truth, swaps)]
        return tuples if all(any(slot.word for slot in option.slots) for option in tuples) else None

    def _positions(self, truth: Directions) -> Iterator[int]:
        for _ in range(TRIES):
            yield int(self._rng.integers(len(truth.slots)))

    def _swap(self, slot: Slot) -> str | None:
        """Another word for the slot, proposed evenly and taken as often as it is the truth elsewhere."""
        words = [name.partition(":")[2] for name in self._class_counts if name.partition(":")[0] == slot.axis]
        words = sorted(set(words) - {slot.word})
        if not words:
            return None
        word = words[int(self._rng.integers(len(words)))]
        return word if self._is_even(slot.axis, slot.word, word) else None

    def _is_even(self, axis: str, truth: str, other: str) -> bool:
        counts = self._class_counts
        return self._rng.random() * counts[f"{axis}:{truth}"] < counts[f"{axis}:{other}"]

    def _combinations(self, truth: Directions, swaps: dict[int, str]) -> list[tuple[str, ...]]:
        pairs = [(truth.slots[position].word, word) for position, word in swaps.items()]
        combined = list(product(*pairs))[1:]
        return self.shuffled(combined)

    def claim_slot(self, truth: Directions) -> Slot | None:
        """A slot with a word whose opposite is the truth as often, or None."""
        for position in self._positions(truth):
            slot = truth.slots[position]
            if slot.word and self._is_even(slot.axis, slot.word, OPPOSITE[slot.word]):
                return slot
        return None

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """The values in random order."""
        return [values[i] for i in self._rng.permutation(len(values))]


def _overlap(box: Box2D, other: Box2D) -> float:
    return box_iou(np.array(box, dtype=np.float64), np.array(other, dtype=np.float64))


def _apart(value: float, other: float) -> bool:
    return abs(value - other) >= max(NUMBER_GAP_M, NUMBER_GAP_SHARE * max(value, other)) - 1e-9


def _looks(truth: LocatedObject, others: Sequence[LocatedObject], asked_for: str) -> list[Look]:
    """What tells the truth from the others without a look at the images: ranks of its box, and their images."""
    size = sum(_area(other.box) < _area(truth.box) for other in others)
    bottom = sum(other.box[3] < truth.box[3] for other in others)
    images = [(asked_for, "image", other.image) for other in others]
    return [(asked_for, "size", size), (asked_for, "bottom", bottom), *images]


def _area(box: Box2D) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _sizes_apart(sides: Sides, other: Sides) -> bool:
    return any(abs(a - b) >= SIDE_GAP_SHARE * max(a, b) for a, b in zip(sides, other, strict=True))


def _places_apart(place: ImagePoint, other: ImagePoint) -> bool:
    return max(abs(place.x - other.x), abs(place.y - other.y)) >= PLACE_GAP and _apart(
        round(place.depth, 1), round(other.depth, 1)
    )


def _swapped(truth: Directions, words: dict[int, str]) -> Directions:
    return Directions(tuple(Slot(slot.axis, words.get(i, slot.word)) for i, slot in enumerate(truth.slots)))
