"""What a camera does between two frames, on paths built step by step in the camera's own axes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from qagen.core.motion import LABELS, STAY
from qagen.core.pose import Pose
from qagen.core.question import Question, Skip
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room
from tests.tasks.asking import question, text

BOXES = {"chair": [at(0, 3, 1), at(3, 0, 1)]}
STEPS: dict[str, tuple[int, float]] = {
    # x is right, y down, z ahead. A positive turn about x takes y to z and so ahead to up; about y it takes z to x,
    # ahead to the right; about z it takes x to y, the right side down.
    "Dolly In": (2, 1),
    "Dolly Out": (2, -1),
    "Truck Right": (0, 1),
    "Truck Left": (0, -1),
    "Pedestal Down": (1, 1),
    "Pedestal Up": (1, -1),
    "Tilt Up": (3, 1),
    "Tilt Down": (3, -1),
    "Pan Right": (4, 1),
    "Pan Left": (4, -1),
    "Roll CW": (5, 1),
    "Roll CCW": (5, -1),
}
MOVE_M, TURN_DEG = 0.1, 5.0
"""From frame to frame, which are half a second apart."""


def path(*parts: tuple[int, str], start: Pose | None = None) -> list[Pose]:
    """A camera that does so many steps of one thing, then of another."""
    poses = [start or looking("+y", at=(0, 0, 1))]
    for count, label in parts:
        step = np.zeros(6)
        for name in label.split("+"):
            if name != STAY:
                axis, sign = STEPS[name]
                step[axis] = sign * (MOVE_M if axis < 3 else TURN_DEG)
        for _ in range(count):
            poses.append(poses[-1] @ Pose(turn(step[3:]), step[:3]))
    return poses


def turn(degrees: np.ndarray) -> np.ndarray:
    """The rotation about one of the camera's axes."""
    c, s = np.cos(np.radians(degrees.sum())), np.sin(np.radians(degrees.sum()))
    x, y, z = (np.abs(degrees) > 0).tolist()
    if x:
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if y:
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) if z else np.eye(3)


def film(*parts: tuple[int, str], start: Pose | None = None) -> SceneViews:
    return observe(room(BOXES, path(*parts, start=start)))


def asked(views: SceneViews, first: int, last: int, listed: Sequence[str]) -> Question | Skip:
    return cast(Any, load_task("motion_direction")).ask(views, views.video, first, last, tuple(listed))


FORWARD_OR_TURN = ("Dolly In", "Dolly Out", "Pan Right", "Pan Left")


def test_first_ahead_and_then_to_the_left() -> None:
    # 16 steps of 0.1 m, 0.2 m/s, and 15 of 5 degrees, 10 degrees/s.
    views = film((16, "Dolly In"), (15, "Pan Left"))
    ahead = question(asked(views, 2, 8, FORWARD_OR_TURN))
    assert ahead.answer.text == "Dolly In"
    assert ahead.measured == {"seconds": 3.0, "moved_m": pytest.approx(0.6)}
    assert (ahead.margin, ahead.margin_unit) == (pytest.approx(0.6 / 0.2 - 1), "fraction")
    left = question(asked(views, 18, 24, FORWARD_OR_TURN))
    assert left.answer.text == "Pan Left"
    assert left.measured == {"seconds": 3.0, "turned_deg": pytest.approx(30)}
    assert left.answer.context == {"answer": "Pan Left"}


@pytest.mark.parametrize(
    ("first", "last", "listed", "expected"),
    [
        (2, 8, ("Dolly Out", "Truck Right", "Pan Left", "Tilt Up"), "Skip: doubtful motion"),  # none of them
        (12, 18, ("Dolly In", "Truck Right", "Truck Left", "Tilt Up"), "Dolly In"),  # 4 of 6 steps
        (14, 18, ("Dolly In", "Truck Right", "Truck Left", "Tilt Up"), "Skip: doubtful motion"),  # 2 of 4 steps
        (12, 18, FORWARD_OR_TURN, "Skip: doubtful motion"),  # it turns to the left by 10 degrees, too
        (2, 3, FORWARD_OR_TURN, "Skip: doubtful motion"),  # 0.1 m
        (2, 4, FORWARD_OR_TURN, "Dolly In"),  # 0.2 m
        (2, 8, ("Dolly In", "Stay", "Pan Right", "Pan Left"), "Dolly In"),
    ],
)
def test_what_is_asked_and_what_is_not(first: int, last: int, listed: Sequence[str], expected: str) -> None:
    assert text(asked(film((16, "Dolly In"), (15, "Pan Left")), first, last, listed)) == expected


@pytest.mark.parametrize(("there", "back"), [("Truck Right", "Truck Left"), ("Pan Right", "Pan Left")])
def test_who_also_goes_back_makes_no_one_move(there: str, back: str) -> None:
    # Three quarters of the time to the right: 1.4 m or 70 degrees more than to the left.
    views = film((12, there), (6, back), (12, there))
    assert text(asked(views, 2, 28, (there, "Dolly In", "Tilt Up", "Roll CW"))) == "Skip: doubtful motion"
    assert text(asked(views, 21, 29, (there, "Dolly In", "Tilt Up", "Roll CW"))) == there


@pytest.mark.parametrize("label", STEPS)
def test_every_move_has_its_word(label: str) -> None:
    views = film((31, label))
    others = [name for name in LABELS if name not in (label, STAY)]
    for start in range(0, len(others) - 2, 3):
        assert text(asked(views, 4, 12, (label, *others[start : start + 3]))) == label


def test_a_still_camera_stays_and_one_that_is_never_still_does_not() -> None:
    views = film((16, "Stay"), (15, "Truck Left"))
    assert text(asked(views, 1, 8, ("Dolly In", "Dolly Out", "Truck Left", "Stay"))) == "Stay"
    assert text(asked(views, 20, 28, ("Dolly In", "Dolly Out", "Truck Left", "Stay"))) == "Truck Left"
    # From Frame-12 to Frame-20 it stays for 2 s and moves for 2 s.
    assert text(asked(views, 12, 20, ("Dolly In", "Dolly Out", "Truck Left", "Stay"))) == "Skip: doubtful motion"


def test_two_motions_at_once_are_asked_about_one_at_a_time() -> None:
    views = film((31, "Truck Right+Pan Left"))
    assert text(asked(views, 4, 12, ("Truck Right", "Truck Left", "Tilt Up", "Tilt Down"))) == "Truck Right"
    assert text(asked(views, 4, 12, FORWARD_OR_TURN)) == "Pan Left"
    assert text(asked(views, 4, 12, ("Truck Right", "Pan Left", "Tilt Up", "Roll CW"))) == "Skip: doubtful motion"


def test_a_camera_that_looks_down_as_it_is_carried_ahead_does_not_move_up() -> None:
    # 20 degrees down: of 0.1 m straight ahead, 0.094 m are along the optical axis and 0.034 m up the image.
    start = looking("+y", at=(0, 0, 1), up_deg=-20)
    poses = [Pose(start.rotation, np.array([0, 0.1 * k, 1.0])) for k in range(32)]
    views = observe(room(BOXES, poses))
    assert text(asked(views, 4, 12, FORWARD_OR_TURN)) == "Dolly In"
    assert text(asked(views, 4, 12, ("Pedestal Up", "Pan Left", "Tilt Up", "Roll CW"))) == "Skip: doubtful motion"
    assert text(asked(views, 4, 12, ("Dolly In", "Pedestal Up", "Pan Left", "Tilt Up"))) == "Skip: doubtful motion"


def test_nothing_is_said_across_a_gap_or_of_frames_that_share_too_little() -> None:
    there = looking("+y", at=(0, 1.6, 1))
    jump = [*path((15, "Stay")), *path((15, "Dolly In"), start=there)]  # 1.6 m from one frame to the next
    assert text(asked(observe(room(BOXES, jump)), 10, 20, FORWARD_OR_TURN)) == "Skip: gap in trajectory"
    fast = [looking("+y", left_deg=25 * k) for k in range(63)]  # every other one is shown: 50 degrees apart
    assert text(asked(observe(room(BOXES, fast)), 4, 8, FORWARD_OR_TURN)) == "Skip: images too far apart"


def proposed(views: SceneViews) -> list[Question | Skip]:
    return list(load_task("motion_direction").propose(views, rng_for(0, "motion_direction")))


def test_each_run_of_a_move_is_asked_about_three_times_and_none_prevails() -> None:
    views = film((10, "Dolly In"), (7, "Truck Left"), (7, "Pan Right"), (7, "Dolly In"))
    found = [one for one in proposed(views) if isinstance(one, Question)]
    counts = Counter(one.answer.text for one in found)
    assert counts == {"Dolly In": 6, "Truck Left": 3, "Pan Right": 3}
    assert max(Counter(one.fact for one in found).values()) == 3
    assert all(len(set(cast(Any, one.facts["listed"]))) == 4 for one in found)


def test_no_video() -> None:
    assert proposed(observe(room(BOXES, path((9, "Dolly In"))))) == [Skip("no video")]


# --- thirds, order, comparison ----------------------------------------------------------------------------------------

THREE = ((10, "Dolly In"), (10, "Pan Left"), (11, "Truck Right"))
"""Frame-0 to Frame-10 ahead by 1 m, to Frame-20 to the left by 50 degrees, to Frame-31 to the right by 1.1 m."""


def asked_of(type_name: str, *where: Any, **more: Any) -> Question | Skip:
    views = film(*THREE)
    return cast(Any, load_task(type_name)).ask(views, views.video, *where, **more)


def test_in_a_third_of_a_part() -> None:
    part = {"begin": 0, "end": 30, "third": "last"}
    last = question(asked_of("motion_span_what", 20, 30, ("Dolly In", "Truck Right", "Truck Left", "Tilt Up"), **part))
    assert last.answer.text == "Truck Right"
    assert last.measured["moved_m"] == pytest.approx(1.0)
    assert last.facts["third"] == "last"


@pytest.mark.parametrize(
    ("first", "last", "move", "expected"),
    [
        (0, 30, "Dolly In", "Frame-0 to Frame-10"),
        (0, 30, "Pan Left", "Frame-10 to Frame-20"),
        (0, 30, "Truck Right", "Frame-20 to Frame-30"),
        (0, 30, "Tilt Up", "Skip: doubtful motion"),  # in none
        (0, 12, "Dolly In", "Skip: doubtful motion"),  # in two
        (1, 22, "Dolly In", "Skip: doubtful motion"),  # Frame-8 to Frame-15 has 0.2 m of it, too
        (5, 20, "Dolly In", "Frame-5 to Frame-10"),
    ],
)
def test_the_third_with_a_move(first: int, last: int, move: str, expected: str) -> None:
    assert text(asked_of("motion_span_when", first, last, move)) == expected


@pytest.mark.parametrize(
    ("first", "last", "listed", "expected"),
    [
        (0, 31, ("Dolly In", "Truck Right", "Pan Left"), "Dolly In, Pan Left, Truck Right"),
        (0, 31, ("Truck Right", "Dolly In"), "Dolly In, Truck Right"),
        (12, 31, ("Truck Right", "Pan Left"), "Pan Left, Truck Right"),
        (12, 31, ("Truck Right", "Dolly In"), "Skip: doubtful motion"),  # it does not move ahead there
        (0, 31, ("Truck Right", "Truck Left"), "Skip: doubtful motion"),
    ],
)
def test_one_after_the_other(first: int, last: int, listed: Sequence[str], expected: str) -> None:
    assert text(asked_of("motion_order", first, last, listed)) == expected


def test_a_move_that_is_made_twice_has_no_place_in_an_order() -> None:
    views = film((8, "Dolly In"), (8, "Pan Left"), (8, "Dolly In"), (7, "Stay"))
    ask = cast(Any, load_task("motion_order")).ask
    assert text(ask(views, views.video, 0, 31, ("Dolly In", "Pan Left"))) == "Skip: doubtful motion"
    assert text(ask(views, views.video, 0, 16, ("Dolly In", "Pan Left"))) == "Dolly In, Pan Left"


@pytest.mark.parametrize(
    ("first", "other", "kind", "expected"),
    [
        ((0, 6), (12, 18), "turn", "Frame-12 to Frame-18"),  # 0 and 30 degrees
        ((0, 6), (12, 18), "move", "Frame-0 to Frame-6"),  # 0.6 and 0 m
        ((6, 12), (12, 18), "turn", "Frame-12 to Frame-18"),  # 10 and 30
        ((0, 6), (22, 28), "move", "Skip: doubtful motion"),  # 0.6 and 0.6
        ((0, 6), (22, 28), "turn", "Skip: doubtful motion"),  # 0 and 0
        ((4, 9), (7, 12), "move", "Frame-4 to Frame-9"),  # 0.5 and 0.3 m
    ],
)
def test_more_in_one_part_than_in_another(
    first: tuple[int, int], other: tuple[int, int], kind: str, expected: str
) -> None:
    assert text(asked_of("motion_compare", *first, *other, kind)) == expected


def test_how_far_in_all() -> None:
    asked = question(asked_of("motion_compare", 6, 12, 12, 18, "turn"))
    assert asked.measured == {"first_deg": pytest.approx(10), "second_deg": pytest.approx(30)}
    # 30 - 1.25 * 10
    assert (asked.margin, asked.margin_unit) == (pytest.approx(17.5), "deg")


def test_going_to_and_fro_is_no_more_in_all_nor_less_from_end_to_end() -> None:
    # 0.6 m from end to end; 0.6 m in all, but none from end to end.
    views = film((6, "Dolly In"), (3, "Stay"), (3, "Truck Left"), (3, "Truck Right"), (16, "Stay"))
    ask = cast(Any, load_task("motion_compare")).ask
    assert text(ask(views, views.video, 0, 6, 9, 15, "move")) == "Skip: doubtful motion"
