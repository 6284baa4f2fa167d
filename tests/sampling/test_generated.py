"""Wrong options: apart from the truth, and of no help to a reader who does not look."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.answer import Number
from qagen.rng import rng_for
from qagen.sampling.balance import Deck
from qagen.sampling.distractors.generated import OptionMaker

seeds = st.integers(0, 2**31)
lengths = st.floats(0.2, 9)


def maker(seed: int = 0) -> OptionMaker:
    return OptionMaker(rng_for(seed, "options"))


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


@given(seeds, lengths)
def test_numbers_are_apart(seed: int, truth: float) -> None:
    wrong = maker(seed).numbers(Number(truth))
    if wrong is None:
        return
    values = [float(Number(truth).text), *(float(option.text) for option in wrong)]
    assert len({option.text for option in wrong} | {Number(truth).text}) == 4
    for a, b in combinations(values, 2):
        assert abs(a - b) >= max(0.3, 0.15 * max(a, b)) - 1e-6
    assert min(values[1:]) >= 0.1


def test_the_truths_rank_is_even() -> None:
    options, rng = maker(), rng_for(1, "truths")
    ranks = []
    for truth in rng.uniform(2, 5, 400):
        wrong = options.numbers(Number(truth))
        if wrong is not None:
            ranks.append(sum(option.value < truth for option in wrong))
    assert len(ranks) > 380
    assert shares(ranks) == pytest.approx(dict.fromkeys(range(4), 0.25), abs=0.03)
