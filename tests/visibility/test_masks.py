"""Masks of objects, on scenes small enough to count cells."""

import numpy as np
import pytest

from qagen.core.runs import from_runs
from qagen.visibility.masks import FINER, cells_of, mask_grid
from qagen.visibility.views import observe
from tests.scenes import CAMERA, at, boxes_only, looking, room, with_depth

CUBE = at(0, 2.2, 1.5)
"""Its front is 2 m away, so that it spans columns 144 to 175 and rows 104 to 135 of 320 x 240."""


def test_a_cube_is_a_square_of_cells() -> None:
    views = observe(room({"cube": CUBE}, [looking("+y")]))
    mask = from_runs(views.mask(0, 0))
    # Half the resolution: columns 72 to 87, rows 52 to 67 of 160 x 120.
    expected = np.zeros((120, 160), dtype=bool)
    expected[52:68, 72:88] = True
    assert (mask == expected).all()


def test_what_stands_before_it_is_cut_out() -> None:
    # A post 0.1 m wide, 1 m away: 16 pixels, so columns 76 to 83 of the mask's grid, over the cube's whole height.
    post = at(0, 1.05, 1.5, (0.1, 0.1, 1.0))
    views = observe(room({"cube": CUBE, "post": post}, [looking("+y")]))
    mask = from_runs(views.mask(0, 0))
    assert mask[52:68, 72:76].all()
    assert mask[52:68, 84:88].all()
    assert not mask[:, 76:84].any()
    assert not (mask & from_runs(views.mask(0, 1))).any()


@pytest.mark.parametrize(("size", "is_clear"), [((0.4, 0.4, 0.4), True), ((0.1, 0.1, 0.1), False)])
def test_too_small_an_object_has_no_mask(size, is_clear: bool) -> None:
    # 0.1 m at 2 m are 8 pixels of 320: 4 x 4 = 16 cells.
    views = observe(room({"cube": at(0, 2 + size[1] / 2, 1.5, size)}, [looking("+y")]))
    assert bool(views.mask(0, 0)) == is_clear


def test_boxes_and_depth_alone_are_not_exact_enough() -> None:
    from qagen.core.reasons import BOXES_NOT_EXACT
    from qagen.sampling.mark_placement import mark_objects

    views = observe(boxes_only(with_depth(room({"cube": CUBE}, [looking("+y")]))))
    refused = mark_objects(views, (0,), {"red": (0, 0)}, "mask")
    assert getattr(refused, "reason", None) == BOXES_NOT_EXACT


def test_a_cell_belongs_to_what_covers_half_of_it() -> None:
    fine = np.zeros((8 * FINER, 8 * FINER), dtype=bool)
    fine[: 6 * FINER, : 6 * FINER] = True
    fine[: 6 * FINER, 6 * FINER : 6 * FINER + FINER // 2] = True
    cells = cells_of(fine)
    assert cells is not None
    assert cells[:6, :7].all()
    assert cells.sum() == 42


def test_a_comb_that_cells_cannot_show_has_no_mask() -> None:
    # Teeth one pixel wide, one pixel apart: half of each cell is covered, and every second pixel of the mask is wrong.
    fine = np.zeros((8 * FINER, 8 * FINER), dtype=bool)
    fine[:, ::2] = True
    assert cells_of(fine) is None


def test_the_grid_has_the_images_aspect() -> None:
    assert mask_grid(CAMERA) == (120, 160)
    assert mask_grid(CAMERA.scaled(1296, 968)) == (120, 160)
    assert mask_grid(CAMERA.scaled(240, 320)) == (213, 160)
    assert mask_grid(CAMERA.scaled(100, 50)) == (50, 100)
