"""Distractors: apart from the correct answer, and of no help to a text-only model."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.answer import Number
from qagen.rng import rng_for
from qagen.sampling.balance import BalancedDraw
from qagen.sampling.distractors.generated import DistractorMaker

seeds = st.integers(0, 2**31)
lengths = st.floats(0.2, 9)


def maker(seed: int = 0) -> DistractorMaker:
    return DistractorMaker(rng_for(seed, "options"))


def shares(values: list) -> dict:
    return {value: count / len(values) for value, count in Counter(values).items()}


@given(seeds, st.integers(1, 6), st.integers(1, 5))
def test_every_value_is_drawn_before_any_comes_again(seed: int, size: int, rounds: int) -> None:
    left = BalancedDraw(range(size), rng_for(seed))
    for _ in range(rounds):
        assert sorted(left.draw() for _ in range(size)) == list(range(size))


@given(seeds)
def test_a_value_that_cannot_be_used_is_kept(seed: int) -> None:
    left = BalancedDraw([1, 2, 3], rng_for(seed))
    assert left.draw_usable(lambda value: value if value > 2 else None) == 3
    assert left.draw_usable(lambda value: value if value > 2 else None) is None  # the only 3 is spent
    assert sorted(left.draw() for _ in range(2)) == [1, 2]
    assert left.draw_usable(lambda value: value if value > 2 else None) == 3  # all values again


@given(seeds, lengths)
def test_numbers_are_apart(seed: int, truth: float) -> None:
    wrong = maker(seed).numbers(Number(truth))
    if wrong is None:
        return
    values = [float(Number(truth).text), *(float(option.text) for option in wrong)]
    assert len({option.text for option in wrong} | {Number(truth).text}) == 4
    for a, b in combinations(values, 2):
        assert abs(a - b) >= min(max(0.3, 0.15 * max(a, b)), max(0.2, 0.2 * max(a, b))) - 1e-6
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
