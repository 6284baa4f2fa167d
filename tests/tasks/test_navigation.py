"""The way that the video takes."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from qagen.core.question import Question, Skip
from qagen.core.scene import Walk
from qagen.files import TEMPLATES
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_record
from qagen.pipeline.run import TaskCounts, make_samples
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility.views import observe
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import at, looking, room
from tests.tasks.asking import question, text

STEP = 0.25


def views_along(positions, **look):
    """Cameras at (x, y), all looking along +x unless stated otherwise."""
    return observe(
        room(
            {"table": at(6, 6, 0.4)}, [looking(**{"direction": "+x", "at": (x, y, 1.5), **look}) for x, y in positions]
        )
    )


def ask(views, first=0, last=31, **overrides):
    return load_task("nav_video", overrides).ask(views, views.video, first, last)  # pyright: ignore[reportAttributeAccessIssue]


def line(start, heading_deg, count, step=STEP):
    """``count`` positions from ``start`` on, the first of them one step away."""
    turn = np.radians(heading_deg)
    return [(start[0] + k * step * np.cos(turn), start[1] + k * step * np.sin(turn)) for k in range(1, count + 1)]


NORTH_THEN_EAST = [(0.0, -4.0), *line((0, -4), 90, 16), *line((0, 0), 0, 15, 0.24)]
"""16 steps of 0.25 m along +y, then 15 of 0.24 m along +x."""


def test_two_legs():
    # The camera looks along +x. First leg along +y: 90 degrees to the left, 16 x 0.25 = 4.0 m. Then along +x:
    # 90 degrees back to the right, 15 x 0.24 = 3.6 m.
    asked = question(ask(views_along(NORTH_THEN_EAST)))
    assert asked.answer.text == "left 90, forward 4.0, right 90, forward 3.6"
    assert asked.facts == {"first": 0, "last": 31}
    assert asked.measured["turns_deg"] == pytest.approx([90, -90])
    assert asked.measured["lengths_m"] == pytest.approx([4.0, 3.6])
    assert asked.margin == pytest.approx(1 - 90 / 100)  # on the first leg the camera looks aside


def test_where_the_camera_looks_at_the_start_decides_the_first_turn_alone():
    assert text(ask(views_along(NORTH_THEN_EAST, direction="+y"))) == "forward 4.0, right 90, forward 3.6"
    # 98 degrees to the left of +x; the leg is 8 degrees to the right of it, which is 15 in steps of 15.
    assert text(ask(views_along(NORTH_THEN_EAST, left_deg=98))) == "right 15, forward 4.0, right 90, forward 3.6"


def test_a_part_of_the_video():
    # Frame 4 is at y = -3, frame 10 at y = -1.5.
    assert text(ask(views_along(NORTH_THEN_EAST), 4, 10)) == "left 90, forward 1.5"


def test_wobbles_are_smoothed_out():
    rng = rng_for(0, "wobble")
    shaken = [
        (x + dx, y + dy) for (x, y), (dx, dy) in zip(NORTH_THEN_EAST, rng.uniform(-0.04, 0.04, (32, 2)), strict=True)
    ]
    asked = question(ask(views_along(shaken)))
    assert [name for name, _ in asked.answer.moves] == ["left", "forward", "right", "forward"]  # pyright: ignore[reportAttributeAccessIssue]
    assert asked.measured["lengths_m"] == pytest.approx([4.0, 3.6], abs=0.12)


def zigzag(turn_deg, legs, count):
    """Legs of ``count`` steps whose headings alternate."""
    path = [(-4.0, -4.0)]
    for leg in range(legs):
        path += line(path[-1], 45 + (turn_deg / 2 if leg % 2 else -turn_deg / 2), count)
    return (path + line(path[-1], 45, 32))[:32]


OUT_AND_BACK = [(0.0, 0.0), *line((0, 0), 0, 16), *line((4, 0), 178, 15)]
BUMP = [(x, 0.4 if 14 <= i <= 17 else 0.0) for i, (x, _) in enumerate([(0, 0), *line((0, 0), 0, 31)])]
"""0.4 m to the side: within the largest tolerance of 0.5 m, but not within two thirds of it."""


@pytest.mark.parametrize(
    ("path", "part", "reason"),
    [
        (zigzag(90, 6, 5), (0, 31), "too many legs"),
        (NORTH_THEN_EAST, (0, 2), "leg too short"),
        (BUMP, (0, 31), "unclear corners"),
        (OUT_AND_BACK, (0, 31), "half turn"),
        (zigzag(20, 2, 16), (0, 31), "slight turn"),
        (zigzag(155, 2, 16), (0, 31), "half turn"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_routes_that_are_unclear(path, part, reason):
    assert text(ask(views_along(path), *part, max_aside_deg=180)) == f"Skip: {reason}"


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        ((2.0, 0.9), "half turn"),
        ((2.9, 0.0), "camera backtracks"),
        ((5.0, 0.0), "gap in trajectory"),
        ((2.1, 0.1), ""),
    ],
    ids=str,
)
def test_what_happens_between_the_frames_shown_counts(between, reason):
    # 63 frames along +x, of which the video shows every second: x = 0, 0.25, ..., 7.75. Frame 17 of the recording,
    # where x = 2.125, is somewhere else: 0.9 m to the side, or 0.8 m or three meters ahead, or hardly displaced.
    path = [(0.125 * i, 0.0) for i in range(63)]
    path[17] = between
    assert text(ask(views_along(path))) == (f"Skip: {reason}" if reason else "forward 7.8")


def swaying(sway_m, step=STEP):
    """As NORTH_THEN_EAST, swaying to one side and the other every four frames."""
    north, east = NORTH_THEN_EAST[:17], NORTH_THEN_EAST[17:]
    sways = [0.0] + [sway_m * (1 if (i // 4) % 2 else -1) for i in range(1, 16)] + [0.0]
    return [(x + sway, y) for (x, y), sway in zip(north, sways, strict=True)] + east


def test_a_hand_may_sway_on_long_legs():
    # 0.3 m to either side is more than 0.25 m, but no more than 0.35 m, which legs of 2.8 times 0.35 m allow. At 2/3 of
    # it there are more corners, so 0.5 m is the tolerance: two thirds of it are 0.33 m.
    asked = question(ask(views_along(swaying(0.3))))
    assert asked.answer.text == "left 90, forward 4.0, right 90, forward 3.6"
    assert asked.measured["stray_limit"] == 0.5
    assert asked.measured["stray_m"] == pytest.approx(0.3)
    # The same on legs of 4.0 and 3.6 m where 3.7 m are asked for.
    assert text(ask(views_along(swaying(0.3)), leg_per_tolerance=7.4)) == "Skip: leg too short"


@pytest.mark.parametrize(("turn_deg", "answer"), [(115, "forward 7.8"), (125, "Skip: camera looks around")])
def test_nobody_goes_straight_ahead_while_looking_around(turn_deg, answer):
    # Along +x, first looking that way; from the tenth frame on turned ever more to the left.
    turns = np.interp(np.arange(32), [10, 31], [0, turn_deg])
    poses = [looking("+x", at=(STEP * i, 0, 1.5), left_deg=turn) for i, turn in enumerate(turns)]
    views = observe(room({"table": at(6, 6, 0.4)}, poses))
    assert text(ask(views)) == answer


def test_looking_around_without_a_stop_counts_in_full():
    # Three quarters of a circle to the left are 270 degrees, not 90 to the right.
    poses = [looking("+x", at=(STEP * i, 0, 1.5), left_deg=270 * i / 31) for i in range(32)]
    assert text(ask(observe(room({"table": at(6, 6, 0.4)}, poses)))) == "Skip: camera looks around"


@pytest.mark.parametrize(("look_deg", "answer"), [(95, "right 90, forward 7.8"), (105, "Skip: camera walks backward")])
def test_nobody_goes_forward_while_looking_back(look_deg, answer):
    # Along +x, looking to the left of it; 95 degrees are 90 in steps of 15.
    assert text(ask(views_along([(0, 0), *line((0, 0), 0, 31)], left_deg=look_deg))) == answer


def test_corners_may_lie_between_the_frames_shown():
    # 63 frames, of which the video shows every second. The corner is frame 31, which it leaves out: 31 steps of 0.125 m
    # along +y are 3.875 m, and 31 along +x.
    path = [(0.0, 0.0), *line((0, 0), 90, 31, 0.125)]
    path += line(path[-1], 0, 31, 0.125)
    assert text(ask(views_along(path))) == "left 90, forward 3.9, right 90, forward 3.9"


def test_a_camera_that_looks_at_the_floor_has_no_direction():
    assert text(ask(views_along(NORTH_THEN_EAST, up_deg=-75))) == "Skip: looks up or down"
    assert text(ask(views_along(NORTH_THEN_EAST, up_deg=-65))) == "left 90, forward 4.0, right 90, forward 3.6"


def test_what_is_proposed():
    found = list(load_task("nav_video").propose(views_along(NORTH_THEN_EAST), rng_for(0, "nav")))
    assert len(found) == 32 * 31 / 2 - 31  # every run of at least three frames
    asked = [q for q in found if isinstance(q, Question)]
    runs = [set(range(int(q.facts["first"]), int(q.facts["last"]) + 1)) for q in asked]  # pyright: ignore[reportArgumentType]
    assert all(len(run) >= 3 for run in runs)
    assert {len(q.answer.moves) for q in asked} == {1, 2, 4}  # pyright: ignore[reportAttributeAccessIssue]
    shared = [len(one & other) / len(one | other) for one, other in combinations(runs, 2)]
    assert len(runs) > 5
    assert 0.4 < max(shared) <= 0.5
    assert Skip("overlaps another route") in found


def test_no_video():
    assert list(load_task("nav_video").propose(views_along(NORTH_THEN_EAST[:10]), rng_for(0, "nav"))) == [
        Skip("no video")
    ]


# --- walks that somebody described -------------------------------------------------------------------------------

WORDS = "go past the table and stop  at the wall"


def views_of_walks(*walks: tuple[tuple[str, ...], str]):
    """Three cameras: at x = 0 and 3, and from there 4 m along +y; walks as frames and words."""
    scene = room({"table": at(6, 6, 0.4)}, [looking("+x", at=(x, y, 1.5)) for x, y in ((0, 0), (3, 0), (3, 4))])
    described = tuple(Walk(f"walk{k}", frames, words) for k, (frames, words) in enumerate(walks))
    return observe(replace(scene, walks=described))


def ask_walk(words: str, frames: tuple[str, ...] = ("0", "1", "2"), **overrides):
    views = views_of_walks((frames, words))
    return next(iter(load_task("nav_video", overrides).propose(views, rng_for(0, "nav"))))


def test_a_walk_is_told_in_its_own_words():
    asked = question(ask_walk(WORDS))
    assert asked.frames == (0, 1, 2)
    assert not asked.is_video
    assert asked.roles == ()
    # A capital, single blanks and a full stop.
    assert asked.answer.text == "Go past the table and stop at the wall."
    assert asked.measured == {"walk": "walk0", "words": 9, "length_m": 7.0}
    assert asked.margin == pytest.approx(1 - 9 / 300)


def test_walks_go_their_own_way():
    assert question(ask_walk(WORDS, ("2", "0"))).frames == (2, 0)


@pytest.mark.parametrize(
    ("words", "frames", "reason"),
    [
        ("Turn <image> left now.", ("0", "1"), "not plain text"),
        ("Turn left {name} now.", ("0", "1"), "not plain text"),
        ("Turn left\x00 now please.", ("0", "1"), "not plain text"),
        ("See https://a.b for it.", ("0", "1"), "not plain text"),
        ("Turn left.", ("0", "1"), "too few words"),
        ("word " * 301, ("0", "1"), "too many words"),
        (WORDS, ("0",), "fewer than two images"),
        (WORDS, ("1", "1"), "fewer than two images"),
    ],
)
def test_words_that_no_person_says_are_refused(words, frames, reason):
    assert text(ask_walk(words, frames)) == f"Skip: {reason}"


@pytest.mark.parametrize("length", ["2 meters", "a few feet", "10 ft", "a 6-foot gap", "about a mile", "50 cm"])
def test_words_that_state_a_length_are_refused_where_the_scale_is_unknown(length):
    family, views = load_task("nav_video").forms[1], views_of_walks((("0", "1"), WORDS))
    no_scale = replace(views, scene=replace(views.scene, unit_m=None))
    walk = Walk("walk", ("0", "1"), f"Pass {length} and stop at the foot of the bed.")
    assert question(family.ask(views, walk)).answer.text == walk.instruction
    assert text(family.ask(no_scale, walk)) == "Skip: states a length"
    assert question(family.ask(no_scale, replace(walk, instruction="Stop at the foot of the bed."))).frames == (0, 1)


def test_scenes_with_walks_are_asked_for_them_alone():
    views = views_of_walks((("0", "1"), "Walk straight on."), (("1", "2"), "Turn left, go."))
    family = load_task("nav_video")
    found = list(family.propose(views, rng_for(0, "nav")))
    assert sorted(question(each).answer.text for each in found) == ["Turn left, go.", "Walk straight on."]
    assert len({question(each).key for each in found}) == 2
    assert family.form_for(views.scene).name == "walk"
    assert family.form_for(replace(views.scene, walks=())) is family


def test_the_answer_is_written_as_it_was_said():
    views = views_of_walks((("0", "1", "2"), WORDS))
    family, counts = load_task("nav_video"), TaskCounts()
    (sample,) = make_samples(family, views, Phrasebook(TEMPLATES), RunConfig(), counts)
    assert sample.gpt == "Go past the table and stop at the wall."
    assert "Frame-" not in sample.human
    record = to_record(sample, family, views, rgbd=False)
    assert record["type"] == "nav"
    assert record["image"] == [f"room/image_color/{k}.png" for k in range(3)]
    assert set(record) == {"id", "conversations", "image", "type"}


def test_walks_may_show_frames_that_nothing_else_shows():
    # Three cameras at one place are one view for all other questions.
    scene = room({"table": at(6, 6, 0.4)}, [looking("+x", at=(0, 0, 1.5))] * 3)
    views = observe(replace(scene, walks=(Walk("walk", ("0", "2"), WORDS),)))
    assert [frame.id for frame in views.frames] == ["0", "2"]
    assert views.usable.tolist() == [True, False]
