"""Generated sizes and areas that a text-only model cannot exploit."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.answer import Extents, Number
from qagen.rng import rng_for
from qagen.sampling.distractors.generated import DistractorMaker

sides = st.integers(10, 300)


def maker(seed: int = 0) -> DistractorMaker:
    return DistractorMaker(rng_for(seed, "options"))


@given(sides, sides, sides)
def test_sizes_differ_in_one_side_by_fifteen_percent(first: int, second: int, height: int) -> None:
    truth = Extents(max(first, second), min(first, second), height)
    wrong = maker().sizes(truth)
    assert wrong is not None
    options = [truth, *wrong]
    assert all(size.length >= size.width for size in options)
    seen = [Counter((size.length, size.width)) + Counter({("height", size.height): 1}) for size in options]
    if len({size.height for size in options}) == 4:
        assert len({(size.length, size.width) for size in options}) == 1
        values = sorted(size.height for size in options)
    else:
        assert len({size.height for size in options}) == 1
        kept = set.intersection(*({size.length, size.width} for size in options))
        assert kept & {first, second}
        values = sorted(size.length * size.width for size in options)
    assert len(seen) == 4
    assert all(high - low >= 0.149 * high for low, high in pairwise(values))


def test_the_truths_rank_in_its_side_is_even() -> None:
    options = maker()
    ranks: Counter[int] = Counter()
    for _ in range(240):
        wrong = options.sizes(Extents(120, 60, 75))
        assert wrong is not None
        ranks[sum(size.length * size.width * size.height < 120 * 60 * 75 for size in wrong)] += 1
    assert ranks == dict.fromkeys(range(4), 60)


@given(st.integers(0, 2**31), st.floats(5, 90))
def test_each_area_is_a_quarter_larger_than_the_one_before(seed: int, area: float) -> None:
    wrong = maker(seed).numbers(Number(area, (20.0, 0.4)))
    assert wrong is not None
    values = sorted(float(number.text) for number in [Number(area), *wrong])
    assert all(high >= 1.25 * low - 1e-9 for low, high in pairwise(values))


def guessed(truths: np.ndarray, prior: tuple[float, float] | None) -> tuple[float, Counter[int]]:
    """How often the option nearest to 20 is right, and the truth's ranks."""
    options, right, ranks = maker(), 0, Counter[int]()
    for truth in truths:
        wrong = options.numbers(Number(float(truth), prior))
        assert wrong is not None
        values = [round(float(truth), 1), *(option.value for option in wrong)]
        right += int(np.argmin(np.abs(np.log(np.array(values) / 20)))) == 0
        ranks[sum(option.value < values[0] for option in wrong)] += 1
    return right / len(truths), ranks


def test_the_most_usual_number_is_right_one_time_in_four() -> None:
    truths = np.exp(rng_for(5, "areas").normal(np.log(20), 0.4, 2000))
    share, ranks = guessed(truths, (20.0, 0.4))
    assert share == pytest.approx(0.25, abs=0.03)
    assert all(count == pytest.approx(500, abs=60) for count in ranks.values())
    # Steps of up to 1.3 with every rank as likely for every truth let it be right far more often.
    assert guessed(truths, None)[0] > 0.35
