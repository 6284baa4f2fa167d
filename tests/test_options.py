"""Wrong options: apart from the truth, and of no help to a reader who does not look."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.answer import BoxAnswer, Directions, ImagePoint, LocatedObject, Number, Slot
from qagen.kernels.boxes import box_iou
from qagen.options import Deck, OptionMaker
from qagen.rng import rng_for

seeds = st.integers(0, 2**31)
lengths = st.floats(0.2, 9)


def maker(seed: int = 0, counts: dict[str, int] | None = None) -> OptionMaker:
    return OptionMaker(Counter(counts or {}), rng_for(seed, "options"))


def shares(values: list) -> dict:
    return {value: count / len(values) for value, count in Counter(values).items()}


@given(seeds, st.integers(1, 6), st.integers(1, 5))
def test_a_deck_deals_every_card_before_any_comes_again(seed: int, size: int, rounds: int) -> None:
    deck = Deck(range(size), rng_for(seed))
    for _ in range(rounds):
        assert sorted(deck.draw() for _ in range(size)) == list(range(size))


@given(seeds)
def test_a_card_that_cannot_be_played_is_kept(seed: int) -> None:
    deck = Deck([1, 2, 3], rng_for(seed))
    assert deck.deal(lambda card: card if card > 2 else None) == 3
    assert deck.deal(lambda card: card if card > 2 else None) is None  # the only 3 is spent
    assert sorted(deck.draw() for _ in range(2)) == [1, 2]
    assert deck.deal(lambda card: card if card > 2 else None) == 3  # a new deck


@given(seeds, lengths, st.lists(lengths, max_size=6))
def test_numbers_are_apart(seed: int, truth: float, decoys: list[float]) -> None:
    wrong = maker(seed).numbers(Number(truth, tuple(decoys)))
    if wrong is None:
        return
    values = [float(Number(truth).text), *(float(option.text) for option in wrong)]
    assert len({option.text for option in wrong} | {Number(truth).text}) == 4
    for a, b in combinations(values, 2):
        assert abs(a - b) >= max(0.3, 0.15 * max(a, b)) - 1e-6
    assert min(values[1:]) >= 0.1


def test_true_values_of_others_come_first() -> None:
    # Around 2.0 there are just three others that are apart: 1.0, 3.0 and 4.0. Rank 1 of 4 takes them all; the other
    # ranks take as many as fit.
    wrong = [maker(seed).numbers(Number(2.0, (1.0, 3.0, 4.0, 2.1))) for seed in range(60)]
    told = [sorted(option.value for option in options) for options in wrong if options]
    by_rank = {sum(value < 2 for value in values): values for values in told}
    assert by_rank[1] == [1.0, 3.0, 4.0]
    assert 1.0 in by_rank[2]
    assert {3.0, 4.0} <= set(by_rank[0])
    assert not any(2.1 in values for values in told)


def test_the_truths_rank_is_even() -> None:
    options, rng = maker(), rng_for(1, "truths")
    ranks = []
    for truth in rng.uniform(2, 5, 400):
        wrong = options.numbers(Number(truth, tuple(rng.uniform(0.5, 7, 5))))
        if wrong is not None:
            ranks.append(sum(option.value < truth for option in wrong))
    assert len(ranks) > 380
    assert shares(ranks) == pytest.approx(dict.fromkeys(range(4), 0.25), abs=0.03)


boxes = st.tuples(st.integers(0, 800), st.integers(0, 800), st.integers(20, 200), st.integers(20, 200)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@given(seeds, boxes, st.lists(boxes, max_size=6))
def test_boxes_hardly_overlap(seed: int, truth: tuple, decoys: list[tuple]) -> None:
    wrong = maker(seed).boxes(BoxAnswer(truth, tuple(decoys)))
    assert wrong is not None
    told = [truth, *(option.box for option in wrong)]
    assert len(set(told)) == 4
    for a, b in combinations(told, 2):
        assert box_iou(np.array(a, float), np.array(b, float)) < 0.3
    for left, top, right, bottom in told[1:]:
        assert 0 <= left < right <= 1000
        assert 0 <= top < bottom <= 1000


def test_other_objects_boxes_come_first() -> None:
    decoys = ((0, 0, 100, 100), (200, 0, 300, 100), (400, 0, 500, 100))
    wrong = maker().boxes(BoxAnswer((600, 600, 700, 700), decoys))
    assert wrong is not None
    assert {option.box for option in wrong} == set(decoys)


def test_a_box_that_fills_the_image_has_options_or_none() -> None:
    wrong = maker().boxes(BoxAnswer((0, 0, 1000, 1000)))
    assert wrong is None or len(wrong) == 3


@given(seeds, st.integers(0, 1000), st.integers(0, 1000), st.floats(0.3, 8))
def test_places_differ_in_the_image_and_in_depth(seed: int, x: int, y: int, depth: float) -> None:
    wrong = maker(seed).places(ImagePoint(x, y, depth))
    if wrong is None:
        return
    told = [ImagePoint(x, y, depth), *wrong]
    for a, b in combinations(told, 2):
        assert max(abs(a.x - b.x), abs(a.y - b.y)) >= 100
        depths = round(a.depth, 1), round(b.depth, 1)
        assert abs(depths[0] - depths[1]) >= max(0.3, 0.15 * max(depths)) - 1e-6
    assert all(0 <= place.x <= 1000 and 0 <= place.y <= 1000 and place.depth > 0 for place in wrong)


def test_located_objects_are_others_or_nothing() -> None:
    lamp = LocatedObject("lamp", 1, (600, 600, 700, 700))
    others = tuple(LocatedObject("chair", 1, (x, 0, x + 100, 100)) for x in (0, 200, 400))
    wrong = maker().located(LocatedObject("lamp", 1, lamp.box, others), "closest")
    assert wrong is not None
    assert {option.box for option in wrong} == {other.box for other in others}
    # A box nearly on the truth's in the same image is no option; two others are too few.
    twin = LocatedObject("vase", 1, (605, 605, 705, 705))
    assert maker().located(LocatedObject("lamp", 1, lamp.box, (*others[:2], twin)), "closest") is None
    # In another image the same box is another place.
    elsewhere = LocatedObject("vase", 0, lamp.box)
    assert maker().located(LocatedObject("lamp", 1, lamp.box, (*others[:2], elsewhere)), "closest") is not None


AXES = {"left_right": ("left", "right", ""), "above_below": ("above", "below", ""), "depth": ("closer", "farther", "")}


def told(*words: str) -> Directions:
    return Directions(tuple(Slot(axis, word) for axis, word in zip(AXES, words, strict=True)))


def drawn(rng: np.random.Generator, weights: dict[str, tuple[float, ...]]) -> Directions:
    while True:
        words = [str(rng.choice(AXES[axis], p=weights[axis])) for axis in AXES]
        if any(words):
            return told(*words)


def counted(truths: list[Directions]) -> dict[str, int]:
    return dict(Counter(f"{slot.axis}:{slot.word}" for truth in truths for slot in truth.slots))


UNEVEN = {"left_right": (0.5, 0.3, 0.2), "above_below": (0.2, 0.5, 0.3), "depth": (0.35, 0.35, 0.3)}


def test_directions_combine_two_words_of_two_slots() -> None:
    rng = rng_for(2, "directions")
    truths = [drawn(rng, UNEVEN) for _ in range(200)]
    options = maker(3, counted(truths))
    made = 0
    for truth in truths:
        wrong = options.directions(truth)
        if wrong is None:
            continue
        made += 1
        tuples = [[slot.word for slot in option.slots] for option in (truth, *wrong)]
        assert len({tuple(words) for words in tuples}) == 4
        assert all(any(words) for words in tuples)
        varied = [{words[i] for words in tuples} for i in range(3)]
        assert sorted(map(len, varied)) == [1, 2, 2]
        assert all(words <= set(AXES[axis]) for words, axis in zip(varied, AXES, strict=True))
    assert made > 150


def truths_by_pair(seed: int) -> dict[tuple[str, frozenset[str]], list[str]]:
    """For each two words that options hold of an axis, which of them was the truth each time."""
    rng = rng_for(seed, "even")
    truths = [drawn(rng, UNEVEN) for _ in range(6000)]
    options = maker(seed, counted(truths))
    outcomes: dict[tuple[str, frozenset[str]], list[str]] = {}
    for truth in truths:
        for position, words in offered(truth, options.directions(truth) or []):
            slot = truth.slots[position]
            outcomes.setdefault((slot.axis, words), []).append(slot.word)
    return outcomes


def test_among_two_words_of_an_option_either_is_the_truth_about_as_often() -> None:
    # "left" is the truth more often than "right"; where both are offered, it must be so in about half: 5 of 7 truths
    # would be "below" rather than "above" if nothing were done.
    outcomes = truths_by_pair(4)
    assert len(outcomes) == 9
    for (_, words), truth_words in outcomes.items():
        assert len(truth_words) > 300
        assert shares(truth_words) == pytest.approx(dict.fromkeys(words, 0.5), abs=0.15)


def offered(truth: Directions, wrong: list[Directions]) -> list[tuple[int, frozenset[str]]]:
    pairs = [(i, frozenset(option.slots[i].word for option in (truth, *wrong))) for i in range(len(truth.slots))]
    return [(i, words) for i, words in pairs if len(words) == 2]


def test_a_word_that_is_never_the_truth_is_no_option() -> None:
    truth = told("left", "above", "closer")
    options = maker(0, {"left_right:left": 5, "above_below:above": 5, "depth:closer": 5})
    assert options.directions(truth) is None
