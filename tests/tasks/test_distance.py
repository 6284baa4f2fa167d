"""Distances by hand."""

import pytest

from qagen.core.answer import Number
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room
from tests.tasks.asking import ask, question, text

SMALL = (0.1, 0.1, 0.1)


@pytest.fixture(scope="module")
def views() -> SceneViews:
    boxes = {"chair": at(0, 2, 1.5), "table": at(1, 3, 1.5), "lamp": at(-1, 3, 2.5)}
    return observe(room(boxes, [looking("+y"), looking("-x", at=(4.5, 2, 1.5))]))


def test_from_the_camera(views: SceneViews) -> None:
    # 1 m to the side, 3 m ahead: sqrt(10) = 3.16, not the depth 3.0.
    asked = question(ask("distance_prediction_oc", views, red="table"))
    assert asked.answer.text == "3.2"
    # 1 m to the side, 3 m ahead, 1 m up: sqrt(11) = 3.32.
    assert text(ask("distance_prediction_oc", views, red="lamp")) == "3.3"
    # All three objects are wrong options or the right one: 2, sqrt(10), sqrt(11).
    assert isinstance(asked.answer, Number)


def test_the_observer_is_the_first_image_wherever_the_mark_is(views: SceneViews) -> None:
    # Marked in image 1, measured from image 0: 3.2. From image 1 it would be sqrt(3.5^2 + 1) = 3.64.
    assert text(ask("distance_prediction_oc_mv", views, (0, 1), red=("table", 1))) == "3.2"
    assert text(ask("distance_prediction_oc_mv", views, (1, 0), red=("table", 1))) == "3.6"


def test_between_two_objects(views: SceneViews) -> None:
    # Chair (0, 2, 1.5) to table (1, 3, 1.5): sqrt(2) = 1.41. To lamp (-1, 3, 2.5): sqrt(3) = 1.73.
    assert text(ask("distance_prediction_oo", views, red="chair", blue="table")) == "1.4"
    assert text(ask("distance_prediction_oo", views, red="chair", blue="lamp")) == "1.7"
    assert text(ask("distance_prediction_oo_mv", views, (0, 1), red="chair", blue=("table", 1))) == "1.4"


@pytest.mark.parametrize(("gap_m", "expected"), [(0.19, "Skip: distance too short"), (0.21, "0.2")])
def test_short_distances_are_not_asked(gap_m: float, expected: str) -> None:
    scene = room({"cup": at(0, 1, 1.5, SMALL), "mug": at(gap_m, 1, 1.5, SMALL)}, [looking("+y")])
    assert text(ask("distance_prediction_oo", scene, red="cup", blue="mug")) == expected


def test_the_margin_is_what_lies_above_the_least_distance(views: SceneViews) -> None:
    assert question(ask("distance_prediction_oo", views, red="chair", blue="table")).margin == pytest.approx(
        2**0.5 - 0.2
    )
