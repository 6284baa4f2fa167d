"""Which marked place is nearest, in a room whose depth is known to the last digit.

The camera looks along +y from (0, 0, 1.5) with 160 pixels for 1 m at 1 m, 320 x 240 pixels: thousandths (x, y) are the
pixel (0.32 x - 0.5, 0.24 y - 0.5), so x = 500, y = 500 is straight ahead. The front of the cabinet is at y = 2, that of
the shelf at y = 3, the wall at y = 8, the floor at z = -0.5.
"""

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any, cast

import numpy as np
import pytest

from qagen.core.question import MarkedPlace, Question, Skip
from qagen.core.reasons import NO_DEPTH_IMAGES, SURFACE_UNKNOWN
from qagen.core.scene import Scene
from qagen.rng import rng_for
from qagen.sampling.pool import collect, pick_balanced
from qagen.tasks.places import CANDIDATE_COLORS
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import MemoryDepth, at, looking, room, studio, with_depth
from tests.tasks.asking import question, text

CABINET, SHELF = at(-0.8, 2.5, 1.5, (1.0, 1.0, 1.0)), at(1.0, 3.2, 1.5, (1.2, 0.4, 1.2))


@cache
def scene() -> Scene:
    return with_depth(room({"cabinet": CABINET, "shelf": SHELF}, [looking("+y", at=(0, 0, 1.5))]))


@cache
def views() -> SceneViews:
    return observe(scene())


def ask(*places: tuple[int, int], seen: SceneViews | None = None, **overrides: float) -> Question | Skip:
    """Ask about points in the order of the colors: blue, green, yellow, magenta."""
    family = cast(Any, load_task("depth_order_points", overrides))
    marked = tuple(MarkedPlace(color, 0, place) for color, place in zip(CANDIDATE_COLORS, places, strict=False))
    return family.ask(seen or views(), (0,), marked)


ON_CABINET, ON_SHELF = (300, 500), (670, 500)


def test_the_nearest_surface_wins() -> None:
    # Cabinet: 64 pixels left of the middle, x/z = -0.4, z = 2: 2 * sqrt(1 + 0.16) = 2.154.
    # Shelf: 54.4 pixels right of the middle, x/z = 0.34, z = 3: 3 * sqrt(1 + 0.1156) = 3.169.
    asked = question(ask(ON_CABINET, ON_SHELF, seen=views()))
    assert asked.answer.text == "blue"
    assert asked.measured == pytest.approx({"blue_m": 2.154, "green_m": 3.169}, abs=2e-3)
    # by depth 3 - 2 - 0.15 * 3 = 0.55, by distance 3.169 - 2.154 - 0.475 = 0.540
    assert asked.margin == pytest.approx(0.540, abs=2e-3)
    assert text(ask(ON_SHELF, ON_CABINET)) == "green"


def test_all_points_are_compared() -> None:
    floor = (500, 900)  # row 215.5 is 96 below the middle: slope 0.6, the floor 2 m below at depth 3.33
    asked = question(ask(floor, ON_SHELF, ON_CABINET))
    assert asked.answer.text == "yellow"
    assert asked.facts == {"candidates": ("blue point", "green point", "yellow point")}
    assert asked.classes == ("yellow of 3", "1 lower of 3")  # the floor is lower; the shelf, as high, comes before it


def test_too_small_a_lead_is_refused() -> None:
    assert text(ask(ON_SHELF, (500, 920))) == "Skip: ambiguous"  # the floor at depth 3.17, the shelf at 3
    assert text(ask(ON_CABINET, ON_SHELF, gap_share=0.4)) == "Skip: ambiguous"  # 3 - 2 is a third of 3


def test_a_lead_by_distance_alone_is_refused() -> None:
    # Depths 3 and 3.4 differ by 0.4 < 0.15 * 3.4 = 0.51, although the distances 3 and 3.4 * sqrt(1 + 0.81) do not.
    far = at(3.4, 4.4, 1.5, (1.2, 2.0, 1.2))
    near = at(0.0, 4.0, 1.5, (1.2, 2.0, 1.2))
    seen = observe(with_depth(room({"near": near, "far": far}, [looking("+y", at=(0, 0, 1.5))])))
    assert text(ask((500, 500), (950, 500), seen=seen)) == "Skip: ambiguous"


def test_points_at_edges_are_refused() -> None:
    # The cabinet's right side is at x = -0.3, z = 2: pixel 159.5 - 24 = 135.5, x = 425; the window has 6 pixels, 19.
    assert text(ask((420, 500), ON_SHELF)) == "Skip: depth not sure"
    assert isinstance(ask((390, 500), ON_SHELF), Question)


def test_points_without_depth_around_them_are_refused() -> None:
    depth = scene().frames[0].depth
    assert depth is not None
    holed = depth.read_m().copy()
    holed[120, 100] = 0  # 4 pixels from the cabinet's point
    frame = replace(scene().frames[0], depth=MemoryDepth(holed))
    seen = observe(replace(scene(), frames=(frame,)))
    assert text(ask(ON_CABINET, ON_SHELF, seen=seen)) == "Skip: depth not sure"


def test_points_close_together_are_refused() -> None:
    assert text(ask(ON_CABINET, (330, 530))) == "Skip: marks overlap"


def test_points_on_the_border_are_refused() -> None:
    assert text(ask((10, 500), ON_CABINET)) == "Skip: depth not sure"


def test_without_a_scale_the_share_alone_counts() -> None:
    family = cast(Any, load_task("depth_order_points", {"gap_m": 2.0}))
    marked = tuple(MarkedPlace(c, 0, p) for c, p in zip(CANDIDATE_COLORS, (ON_CABINET, ON_SHELF), strict=False))
    assert text(family.ask(views(), (0,), marked)) == "Skip: ambiguous"
    assert text(family.ask(observe(replace(scene(), unit_m=None)), (0,), marked)) == "blue"


def test_the_lowest_point_is_no_more_often_the_nearest_than_others() -> None:
    seen, rng = observe(studio()), rng_for(0, "order")
    pool = collect(load_task("depth_order_points").propose(seen, rng), 60).pool
    ranks = Counter(one.classes[1] for one in pick_balanced(pool, 60, seen, rng))
    for count in (2, 3, 4):
        of_count = [ranks[f"{lower} lower of {count}"] for lower in range(count)]
        assert min(of_count) > 0.6 * max(of_count), of_count


@pytest.mark.parametrize("has_mesh", [True, False])
def test_a_scene_without_depth_is_refused_once(has_mesh: bool) -> None:
    frames = tuple(replace(frame, depth=None, depth_camera=None) for frame in scene().frames)
    bare = replace(scene(), frames=frames)
    bare = bare if has_mesh else replace(bare, mesh=None, objects=())
    assert load_task("depth_order_points").lacking(bare) == (NO_DEPTH_IMAGES if has_mesh else SURFACE_UNKNOWN)


def test_depth_images_of_another_camera_are_read_where_the_point_is() -> None:
    # Half as wide a view, twice as fine: the same places have the same depth.
    camera = replace(scene().frames[0].camera, fx=320.0, fy=320.0)
    narrow = with_depth(replace(scene(), frames=scene().frames), camera=camera)
    spots = [observe(one).spots.at(0, (420, 560)) for one in (scene(), narrow)]
    assert spots[0] is None  # at the edge for the coarse camera
    seen = observe(narrow).spots.at(0, (300, 500))
    assert seen is not None
    assert seen.depth_m == pytest.approx(2.0)
    assert np.allclose(seen.point, (-0.8, 2.0, 1.5), atol=1e-6)
    assert np.allclose(seen.normal, (0, -1, 0), atol=1e-6)
