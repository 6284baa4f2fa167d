"""Wrong sizes and wrong boxes that a reader of the text alone cannot use."""

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qagen.core.answer import Extents, LocatedObject
from qagen.options import OptionMaker
from qagen.rng import rng_for

sides = st.integers(10, 300)


def maker(seed: int = 0) -> OptionMaker:
    return OptionMaker(Counter(), rng_for(seed, "options"))


def sides_of(size: Extents) -> tuple[int, int, int]:
    return size.length_cm, size.width_cm, size.height_cm


@given(st.integers(0, 2**31), sides, sides, sides)
def test_sizes_differ_clearly_in_some_side(seed: int, one: int, other: int, height: int) -> None:
    truth = Extents(max(one, other), min(one, other), height)
    wrong = maker(seed).extents(truth)
    if wrong is None:
        return
    for a, b in combinations([truth, *wrong], 2):
        assert any(abs(x - y) >= 0.15 * max(x, y) - 1e-9 for x, y in zip(sides_of(a), sides_of(b), strict=True))
    for size in wrong:
        assert size.length_cm >= size.width_cm >= 10
        assert size.height_cm >= 10
        # The truth and an option are within e^0.5 of a middle, so within e of each other, and half a centimetre.
        ratios = [x / y for x, y in zip(sides_of(size), sides_of(truth), strict=True)]
        assert all(np.exp(-1) * 0.9 <= ratio <= np.exp(1) * 1.1 for ratio in ratios)


def test_true_sizes_of_other_things_come_first() -> None:
    # 85 x 60 x 70 differs by 15 % of 85 = 12.75 < 15 from 100, and lies within e^0.5 of most middles; 900 never does.
    truth = Extents(100, 60, 70, ((85, 60, 70), (900, 600, 700)))
    offered = [sides_of(size) for seed in range(200) for size in maker(seed).extents(truth) or []]
    assert (900, 600, 700) not in offered
    # Both lengths are within 0.5 of the middle's logarithm in 1 - 0.1625 / 1 = 84 % of the cases.
    assert 0.7 < offered.count((85, 60, 70)) / 200 < 0.95


def test_the_size_amidst_the_others_is_the_truth_one_time_in_four() -> None:
    rng = rng_for(0, "truths")
    amidst, largest, count = 0, 0, 800
    for seed in range(count):
        length, width, height = np.exp(rng.uniform(np.log((60, 40, 40)), np.log((150, 59, 150))))
        truth = Extents(round(length), round(width), round(height))
        wrong = maker(seed).extents(truth)
        assert wrong is not None
        logs = np.log([sides_of(truth), *(sides_of(size) for size in wrong)])
        away = np.abs(logs[:, None] - logs[None]).sum(axis=(1, 2))
        amidst += int(np.argmin(away) == 0)
        largest += int(np.argmax(logs.sum(axis=1)) == 0)
    assert amidst / count < 0.32
    assert 0.18 < largest / count < 0.32


def test_neither_the_largest_nor_the_lowest_box_is_a_hint() -> None:
    # What is closest fills the largest box of five in three of four images, and reaches lowest.
    rng, options = rng_for(0, "boxes"), maker()
    largest = asked = 0
    for turn in range(400):
        edges = sorted(int(edge) for edge in rng.choice(np.arange(100, 400, 20), 5, replace=False))
        boxes = [(190 * i, 0, 190 * i + edge // 3, edge) for i, edge in enumerate(edges)]
        place = 4 if turn % 4 else int(rng.integers(4))
        others = tuple(LocatedObject("thing", None, box) for i, box in enumerate(boxes) if i != place)
        truth = LocatedObject("lamp", None, boxes[place], others)
        wrong = options.located(truth, "closest")
        if wrong is None:
            continue
        asked += 1
        largest += all(box.box[3] < truth.box[3] for box in wrong)
    assert asked > 50
    # The ranks of the four lead each other by three at most.
    assert largest <= asked / 4 + 3


def test_ends_of_the_order_are_kept_even_each_on_its_own() -> None:
    options = maker()
    small = (0, 850, 50, 900)
    others = tuple(LocatedObject("thing", None, (200 * i, 500, 200 * i + 150, 900)) for i in range(1, 4))
    truth = LocatedObject("lamp", None, small, others)
    # Always the smallest, with none reaching lower: three times for each end, then no more.
    assert [options.located(truth, "farthest") is not None for _ in range(5)] == [True] * 3 + [False] * 2
    assert [options.located(truth, "closest") is not None for _ in range(5)] == [True] * 3 + [False] * 2
