"""Wrong sizes and wrong boxes that a reader of the text alone cannot use."""

import numpy as np
from hypothesis import strategies as st

from qagen.core.answer import Extents, LocatedObject
from qagen.options import OptionMaker
from qagen.rng import rng_for

sides = st.integers(10, 300)


def maker(seed: int = 0) -> OptionMaker:
    return OptionMaker(rng_for(seed, "options"))


def sides_of(size: Extents) -> tuple[int, int, int]:
    return size.length_cm, size.width_cm, size.height_cm


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
    # The ranks of the four lead each other by one at most.
    assert largest <= asked / 4 + 1


def test_ends_of_the_order_are_kept_even_each_on_its_own() -> None:
    options = maker()
    small = (0, 850, 50, 900)
    others = tuple(LocatedObject("thing", None, (200 * i, 500, 200 * i + 150, 900)) for i in range(1, 4))
    truth = LocatedObject("lamp", None, small, others)
    # Always the smallest, with none reaching lower: once for each end, then no more.
    assert [options.located(truth, "farthest") is not None for _ in range(3)] == [True, False, False]
    assert [options.located(truth, "closest") is not None for _ in range(3)] == [True, False, False]
