"""Depths by hand."""

from typing import Any

import pytest

from qagen.core.answer import Number
from qagen.core.units import Length
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room
from tests.tasks.asking import ask, question, text


@pytest.fixture(scope="module")
def views() -> SceneViews:
    """Image 0 looks along +y from x = y = 0, so that depth is y; image 1 along -x from x = 4.5: depth is 4.5 - x."""
    boxes = {"chair": at(0, 2, 1.5), "table": at(1, 3, 1.5), "lamp": at(-1, 3.7, 1.5), "vase": at(-0.7, 3.19, 2.2)}
    return observe(room(boxes, [looking("+y"), looking("-x", at=(4.5, 2, 1.5))]))


def test_depth_of_blue_is_along_the_axis(views: SceneViews) -> None:
    # The table stands 1 m to the side and 3 m ahead: depth 3.0, although it is sqrt(10) = 3.16 m away.
    asked = question(ask("depth_prediction_oc", views, red="chair", blue="table"))
    assert asked.answer.text == "3.0"
    assert asked.facts["given"] == Length(2.0)
    assert asked.measured == pytest.approx({"red_depth_m": 2, "blue_depth_m": 3})


def test_wrong_options_are_depths_of_the_same_image(views: SceneViews) -> None:
    asked = question(ask("depth_prediction_oc", views, red="chair", blue="table"))
    assert isinstance(asked.answer, Number)


def test_difference_of_green_and_blue(views: SceneViews) -> None:
    # Lamp 3.7, table 3.0: 0.7, which is 0.5 above the least difference of 0.2.
    asked = question(ask("depth_prediction_oo", views, red="chair", blue="table", green="lamp"))
    assert asked.answer.text == "0.7"
    assert asked.margin == pytest.approx(0.5)
    assert text(ask("depth_prediction_oo", views, red="chair", blue="lamp", green="table")) == "0.7"


def test_a_small_difference_is_not_asked(views: SceneViews) -> None:
    # Vase 3.19 and table 3.0: 0.19 is less than 0.2.
    cast: Any = {"red": "chair", "blue": "table", "green": "vase"}
    assert text(ask("depth_prediction_oo", views, **cast)) == "Skip: difference too small"
    assert text(ask("depth_prediction_oo", views, overrides={"min_difference_m": 0.18}, **cast)) == "0.2"


def test_each_depth_is_taken_in_the_image_of_its_mark(views: SceneViews) -> None:
    # Chair in image 0: y = 2. Table in image 1: 4.5 - 1 = 3.5 (in image 0 it would be 3.0).
    asked = question(ask("depth_prediction_oc_mv", views, (0, 1), red="chair", blue=("table", 1)))
    assert (asked.facts["given"], asked.answer.text) == (Length(2.0), "3.5")
    # Chair in image 1: 4.5; lamp in image 0: 3.7.
    cast: Any = {"red": "table", "blue": ("chair", 1), "green": "lamp"}
    assert text(ask("depth_prediction_oo_mv", views, (0, 1), **cast)) == "0.8"


def test_the_order_of_the_images_is_that_of_the_question(views: SceneViews) -> None:
    # The same marks with the images exchanged: the chair's image comes second now.
    assert text(ask("depth_prediction_oc_mv", views, (1, 0), red=("chair", 1), blue=("table", 0))) == "3.5"


def test_marks_of_several_images_are_in_more_than_one(views: SceneViews) -> None:
    cast: Any = {"red": "chair", "blue": "table"}
    assert text(ask("depth_prediction_oc_mv", views, (0, 1), **cast)) == "Skip: marks in one image"
