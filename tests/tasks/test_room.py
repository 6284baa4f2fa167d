"""How much floor there is."""

from dataclasses import replace

import numpy as np
import pytest

from qagen.core.question import Skip
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility import surfaces
from qagen.visibility.views import observe
from tests.scenes import at, looking, room
from tests.tasks.asking import question, text

SHELL = at(0, 0, 1.4, (5, 4, 2.8))
TABLE = at(1.5, 1, 0.4, (1.2, 0.8, 0.8))


@pytest.fixture(autouse=True)
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walls that are straight to the last bit take a triangulation long."""
    monkeypatch.setattr(surfaces, "COVISIBILITY_POINTS", 4000)


def spin(downs=(0, -60), count=32, heights=(1.5,)):
    """Cameras that turn on the spot, half of them tilted to see the floor at their feet."""
    return [
        looking("+x", (0, 0, heights[i % len(heights)]), left_deg=360 / count * i, up_deg=downs[i % len(downs)])
        for i in range(count)
    ]


def ask(views, **overrides):
    return load_task("room_size", overrides).ask(views, views.video)  # pyright: ignore[reportAttributeAccessIssue]


def test_a_box_of_known_size():
    # 5 m x 4 m; the table takes nothing away.
    asked = question(ask(observe(room({"table": TABLE}, spin(), SHELL))))
    assert asked.answer.text == "20.0"
    assert asked.measured["low_area_m2"] == pytest.approx(20, rel=0.01)
    assert asked.measured["shown_area_m2"] == pytest.approx(20, rel=0.02)
    assert 0.13 < asked.margin <= 0.15


def test_the_polygon_of_the_dataset_comes_first():
    # A triangle: 6 x 7 / 2 = 21, whatever the hull says; the video shows 20 of it, which is near enough.
    outline = np.array([(-3, -3), (3, -3), (0, 4.0)])
    scene = replace(room({"table": TABLE}, spin(), SHELL), room_polygon=outline)
    assert text(ask(observe(scene))) == "21.0"
    larger = replace(scene, room_polygon=1.2 * outline)  # 30.2, of which the video shows two thirds
    assert text(ask(observe(larger))) == "Skip: room not all shown"


def test_a_floor_that_the_video_does_not_show():
    # Level cameras on the spot miss what is nearer than 1.5 / tan 36.9 deg = 2 m, above and below: most of the room.
    views = observe(room({"table": TABLE}, spin(downs=(0,)), SHELL))
    assert text(ask(views)) == "Skip: room not all shown"


def test_an_annex_that_is_reached_across_a_gap_only():
    # 3 x 2 and, 0.7 m apart, another 3 x 2: half the radius does not bridge the gap.
    boxes = {"stage": at(3.7, 0, 1.4, (3, 2, 2.8))}
    views = observe(room(boxes, spin(), at(0, 0, 1.4, (3, 2, 2.8))))
    assert text(ask(views)) == "Skip: uncertain outline"


def test_something_high_above_the_cameras_only():
    # A loft of 3 x 4 beside the room, from 2 m up: the hull has 12 m2 more than what lies below the cameras.
    views = observe(room({"loft": at(4, 0, 2.4, (3, 4, 0.8))}, spin(), SHELL))
    assert text(ask(views)) == "Skip: uncertain outline"


def test_cameras_on_two_floors():
    tall = at(0, 0, 2.4, (5, 4, 4.8))
    assert text(ask(observe(room({"table": TABLE}, spin(heights=(1.5, 3.5)), tall)))) == "Skip: several floors"


def test_a_space_too_small_to_be_a_room():
    assert text(ask(observe(room({"table": TABLE}, spin(), SHELL)), min_area_m2=25)) == "Skip: room too small"


def test_no_video():
    views = observe(room({"table": TABLE}, spin(count=10), SHELL))
    assert list(load_task("room_size").propose(views, rng_for(0, "room"))) == [Skip("no video")]


def test_a_lounge_without_walls_has_no_size():
    # A floor and a ceiling of 5 m x 4 m, and wall along one long side only: 5 m of an outline of 18 m.
    slabs = [at(0, 0, z, (5, 4, 0.02)) for z in (0.0, 2.8)]
    wall = at(0, 2, 1.4, (5, 0.02, 2.8))
    others = [at(0, -2, 1.4, (5, 0.02, 2.8)), at(2.5, 0, 1.4, (0.02, 4, 2.8))]
    open_lounge, closed = [*slabs, wall], [*slabs, wall, *others]
    views = [observe(room({"table": TABLE}, spin(), shell, walls=walls)) for shell, *walls in (open_lounge, closed)]
    assert text(ask(views[0])) == "Skip: scan without walls"
    asked = question(ask(views[1]))
    # All but 4 m of 18 m, of which 0.3 m at either end are near a wall.
    assert asked.measured["walled_share"] == pytest.approx(1 - 3.4 / 18, abs=0.05)
