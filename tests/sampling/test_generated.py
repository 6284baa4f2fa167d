"""Distractors: apart from the correct answer, and of no help to a text-only model."""

from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.answer import Count, Degrees, LabelOrder, Number
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


# --- counts, orders, frames -------------------------------------------------------------------------------------------


def test_counts_beside_the_true_one() -> None:
    # 4 has a step of 1, 10 one of round(1.5) = 2. With 1 to be the smallest, a count of n can have ranks 0 to n - 1.
    made = maker()
    options = [sorted([4, *(wrong.value for wrong in made.counts(Count(4)) or ())]) for _ in range(4)]
    assert sorted(options) == [[1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 6], [4, 5, 6, 7]]
    assert {b - a for a, b in pairwise(sorted([10, *(w.value for w in made.counts(Count(10)) or ())]))} == {2}


def test_small_counts_get_no_more_options_than_leaves_all_ranks_even() -> None:
    made = maker()
    assert [w.value for w in made.counts(Count(1)) or ()] == [2, 3, 4]
    assert made.counts(Count(1)) is None  # the smallest of four a second time, before it was any other
    ranks = [sum(w.value < 5 for w in made.counts(Count(5)) or ()) for _ in range(3)]
    assert sorted(ranks) == [1, 2, 3]
    assert made.counts(Count(1)) is not None


@given(seeds)
def test_orders_have_each_name_at_each_position_once_whichever_is_true(seed: int) -> None:
    names = ("tv", "bed", "lamp", "sink")
    options = [LabelOrder(names), *maker(seed).orders(LabelOrder(names))]
    assert all({option.labels[k] for option in options} == set(names) for k in range(4))
    # Any of them leads to the same four, so that they do not tell which one was the first.
    for one in options:
        again = [{one.text, *(o.text for o in maker(other).orders(one))} for other in range(20)]
        assert {option.text for option in options} in again


@given(seeds, st.floats(15, 170))
def test_generated_angles_are_evenly_apart(seed: int, angle: float) -> None:
    made = maker(seed).degrees(Degrees(angle))
    values = sorted([Degrees(angle).rounded, *(one.rounded for one in made or ())])
    steps = {high - low for low, high in pairwise(values)}
    assert made is None or (len(values) == 4 and len(steps) == 1 and min(steps) >= max(20, 0.2 * values[-1]))
    assert made is None or (values[0] >= 10 and values[-1] <= 175)


def test_each_rank_of_an_angle_comes_equally_often() -> None:
    # 10, 30, 50, 70 are apart by 20 degrees, 70, 105, 140, 175 by a fifth: 70 can have any rank.
    angles = maker()
    ranks = [sum(one.rounded < 70 for one in angles.degrees(Degrees(70)) or ()) for _ in range(40)]
    assert Counter(ranks) == dict.fromkeys(range(4), 10)
