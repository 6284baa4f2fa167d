"""Where an object is for a camera, by hand."""

from typing import Any, cast

import pytest

from qagen.core.pose import Pose
from qagen.core.scene import Scene
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from tests.scenes import at, looking, roles, room
from tests.tasks.asking import ask as asked
from tests.tasks.asking import question, text


def ask(type_name: str, scene: Scene, frames: tuple[int, ...], seen_in: int, frame: int) -> Any:
    """Where the chair, which image ``seen_in`` shows, is for the camera of image ``frame``."""
    family, views = cast(Any, load_task(type_name)), observe(scene)
    return family.ask(views, frames, roles(views, frames, "none", red=("chair", seen_in)), frame=frame)


def around(x: float, y: float, observer: Pose) -> Any:
    """The answer for an observer who does not see the chair, while another camera does."""
    scene = room({"chair": at(x, y, 1)}, [observer, looking("+y", at=(x, y - 3, 1.5))])
    return ask("direction_from_camera_mv", scene, (0, 1), 1, 0)


# The observer stands at (0, 0) and looks along +y; bearings are clockwise from there: x = 3, y = 2.2 is
# at 53.7, just out of view.
@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (3, 2.2, "front-right"),
        (3, 0, "right"),
        (3, -3, "back-right"),
        (0, -3, "back"),
        (-3, -3, "back-left"),
        (-3, 0, "left"),
        (-3, 2.2, "front-left"),
        (3, -1.24, "Skip: ambiguous"),  # at 112.5
        (3, -0.9, "right"),  # at 106.7, 5.8 degrees inside
        (3, -1.0, "Skip: ambiguous"),  # at 108.4, 4.1 degrees inside
        (0.2, -0.4, "Skip: too close for a direction"),  # 0.45 m
    ],
)
def test_eight_directions_around_a_camera(x: float, y: float, expected: str) -> None:
    assert text(around(x, y, looking("+y"))) == expected


def test_directions_are_those_of_the_heading_held_level() -> None:
    # Looking along -x and 40 degrees up: what lies along +y is to the right, what lies along -y to the left.
    assert text(around(0, 3, looking("-x", up_deg=40))) == "right"
    assert text(around(0, -3, looking("-x", up_deg=-40))) == "left"
    assert text(around(0, -3, looking("-x", up_deg=66))) == "Skip: looks up or down"


def test_the_observer_must_not_see_it() -> None:
    # At (0, 3) the chair is straight ahead; at (1.65, 3), 28.8 degrees to the right, the image shows it still.
    assert text(around(0, 3, looking("+y"))) == "Skip: shown by the observer"
    # 40 degrees up, what is straight ahead at 1 m is below the image.
    assert text(around(0, 3, looking("+y", up_deg=40))) == "front"
    assert text(around(1.65, 3, looking("+y"))) == "Skip: shown by the observer"


def test_evidence() -> None:
    # Halfway between left and back-left is 112.5; 3 m to the left and 3 m back is at 135, the middle of its sector.
    found = question(around(-3, -3, looking("+y")))
    assert found.measured["bearing_deg"] == pytest.approx(-135)
    assert found.measured["away_m"] == pytest.approx(18**0.5)
    assert found.margin == pytest.approx(22.5 - 5)


# At a distance of 3 m, 10 degrees are 0.53 m; 7 degrees 0.37 m, 13 degrees 0.69 m.
@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (-1, "left"),
        (-0.72, "left"),
        (-0.5, "Skip: ambiguous"),
        (-0.35, "front"),
        (0, "front"),
        (0.35, "front"),
        (0.6, "Skip: ambiguous"),
        (0.72, "right"),
    ],
)
def test_three_directions_in_one_image(x: float, expected: str) -> None:
    scene = room({"chair": at(x, 3, 1)}, [looking("+y")])
    assert text(asked("direction_from_camera_single", scene, red="chair")) == expected


def across(size: tuple[float, float, float], x: float = -3, y: float = 0) -> Any:
    """The answer for an observer at (0, 0) who looks along +y and does not see the couch."""
    scene = room({"couch": at(x, y, 1, size)}, [looking("+y"), looking("+y", at=(x, y - 3, 1.5))])
    family, views = cast(Any, load_task("direction_from_camera_mv")), observe(scene)
    return family.ask(views, (0, 1), roles(views, (0, 1), "none", red=("couch", 1)), frame=0)


def test_an_object_that_reaches_into_another_direction_is_not_asked_about() -> None:
    # 3 m to the left, "left" is 2 * 3 * tan 22.5 = 2.49 m wide: all of a couch of 2 m, 2.49 / 4 = 62 % of one of 4 m.
    short = question(across((0.2, 2.0, 0.6)))
    assert short.answer.text == "left"
    assert short.measured["share"] == pytest.approx(1)
    assert question(across((0.2, 3.0, 0.6))).measured["share"] == pytest.approx(2.485 / 3, abs=0.01)
    assert text(across((0.2, 4.0, 0.6))) == "Skip: reaches to another side"
