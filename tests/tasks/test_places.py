"""The same place in two images, and whether the second one shows it, in a room whose depth is known to the last digit.

Both cameras look along +y, from (0, 0, 1.5) and from (1, 0, 1.5), with 160 pixels for 1 m at 1 m and 320 x 240 pixels:
thousandths (x, y) see along (x / 500 - 1, y * 0.0015 - 0.75, 1) in right, down, ahead. The wall is at y = 8, the floor
at z = -0.5; the screen, from x = 0.9 to 1.1 and y = 2 to 2.2, stands before the second camera.
"""

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any, cast

import pytest

from qagen.core.question import MarkedPlace, Question, Skip
from qagen.core.reasons import NO_DEPTH_IMAGES
from qagen.core.scene import Scene
from qagen.rng import rng_for
from qagen.sampling.pool import collect, pick_balanced
from qagen.tasks.places import CANDIDATE_COLORS
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room, studio, with_depth
from tests.tasks.asking import question, text

CAMERAS = [looking("+y", at=(0, 0, 1.5)), looking("+y", at=(1, 0, 1.5))]
SCREEN = at(1.0, 2.1, 1.5, (0.2, 0.2, 1.0))


@cache
def views() -> SceneViews:
    return observe(with_depth(room({"screen": SCREEN}, CAMERAS)))


def ask(type_name: str, red: tuple[int, int], *places: tuple[int, int], seen: SceneViews | None = None) -> Any:
    """Ask about a point of the first image, and points of the second in the order of the colors."""
    colors = zip(CANDIDATE_COLORS, places, strict=False)
    marked = (MarkedPlace("red", 0, red), *(MarkedPlace(color, 1, place) for color, place in colors))
    return cast(Any, load_task(type_name)).ask(seen or views(), (0, 1), marked)


ON_WALL = (500, 400)
"""1.2 m above the cameras and 8 m ahead of the first; for the second, also 1 m to the left: x = 500 - 62.5."""
AGAIN = (438, 400)


def test_the_place_is_found_again_by_depth() -> None:
    asked = question(ask("point_correspondence", ON_WALL, (800, 400), AGAIN, (438, 500)))
    assert asked.answer.text == "green"
    # blue: 0.362 * 2 * 8 = 5.79 m aside; green: 0.5 thousandths * 2 * 8 = 0.008 m; yellow: 0.1 * 1.5 * 8 = 1.2 m
    away = {f"{color}_away_m": value for color, value in (("blue", 5.792), ("green", 0.008), ("yellow", 1.2))}
    assert {name: asked.measured[name] for name in away} == pytest.approx(away, abs=0.01)
    assert asked.margin == pytest.approx(0.02 + 0.01 * 8 - 0.008, abs=0.01)  # less than 1.2 - 0.15
    assert asked.facts == {"candidates": ("blue point", "green point", "yellow point")}


def test_without_the_right_place_or_with_two_nearly_right_ones_nothing_is_asked() -> None:
    assert text(ask("point_correspondence", ON_WALL, (800, 400), (438, 500))) == "Skip: ambiguous"
    assert text(ask("point_correspondence", ON_WALL, AGAIN, (410, 400))) == "Skip: marks overlap"


def test_wrong_places_are_far_enough_away_in_the_world_too() -> None:
    # On the floor in the foreground, 60 thousandths are 0.12 of a depth of 2 / 0.66 = 3.03 m: 0.36 m.
    red = (500, 940)  # 0.66 down: the floor 2 m below, at y = 3.03; the second camera sees it at 500 - 500 / 3.03 = 335
    assert text(ask("point_correspondence", red, (335, 940), (395, 940))) == "blue"
    apart = load_task("point_correspondence", {"min_apart_m": 0.5})
    marked = (MarkedPlace("red", 0, red), MarkedPlace("blue", 1, (335, 940)), MarkedPlace("green", 1, (395, 940)))
    assert text(cast(Any, apart).ask(views(), (0, 1), marked)) == "Skip: ambiguous"


def test_a_place_in_view_is_shown() -> None:
    asked = question(ask("covisibility", ON_WALL))
    assert asked.answer.text == "Yes"
    assert asked.measured == pytest.approx(
        {"depth_m": 8, "distance_m": 8.09, "second_depth_m": 8, "how": "shown", "measured_m": 8}, abs=2e-3
    )


def test_a_place_behind_something_is_not_shown() -> None:
    # Ray 0.125: (1, 8), straight ahead of the second camera, where the screen's front is at y = 2.
    asked = question(ask("covisibility", (563, 500)))
    assert asked.answer.text == "No"
    assert asked.measured["how"] == "hidden"
    assert asked.measured["measured_m"] == pytest.approx(2)


def test_a_place_just_outside_is_not_shown() -> None:
    # The screen's front from the first camera: x = 1 at y = 2 is 750. A camera at x = -1.6 has it at 2.6 / 2 = 1.3:
    # 500 + 650 = 1150, 15 % outside.
    far = observe(with_depth(room({"screen": SCREEN}, [CAMERAS[0], looking("+y", at=(-1.6, 0, 1.5))])))
    asked = question(ask("covisibility", (750, 500), seen=far))
    assert (asked.answer.text, asked.measured["how"]) == ("No", "outside")
    assert asked.margin == pytest.approx(0.15 / 0.05 - 1, abs=0.01)
    # x = -1.08 gives 2.08 / 2: 1020, only 2 % outside; x = -4 gives 5 / 2: 1750, too far.
    for x in (-1.08, -4.0):
        seen = observe(with_depth(room({"screen": SCREEN}, [CAMERAS[0], looking("+y", at=(x, 0, 1.5))])))
        assert text(ask("covisibility", (750, 500), seen=seen)) == "Skip: doubtful sighting"


def test_a_place_at_the_border_of_the_second_image_is_doubtful() -> None:
    # The screen's front at x = 1, y = 2: a camera at x = 2.76 has it at 500 * (1 - 1.76 / 2) = 60,
    # one at x = 2.84 at 40, less than 5 % of the width from the border.
    for x, expected in ((2.76, "Yes"), (2.84, "Skip: doubtful sighting")):
        seen = observe(with_depth(room({"screen": SCREEN}, [CAMERAS[0], looking("+y", at=(x, 0, 1.5))])))
        assert text(ask("covisibility", (750, 500), seen=seen)) == expected


def test_the_edge_of_what_hides_a_place_is_doubtful() -> None:
    assert text(ask("covisibility", (563, 500))) == "No"
    edge = 500 + round(500 * (1 + 0.05 * 8) / 8)  # the second camera sees it at 0.05, the end of the screen
    assert text(ask("covisibility", (edge, 500))) == "Skip: doubtful sighting"


def test_the_other_side_of_a_thin_thing_is_not_the_same_place() -> None:
    # A board of 2 cm, seen from both sides: depth agrees to 2 cm, but its two sides face opposite ways.
    board = at(0.0, 2.0, 1.5, (1.2, 0.02, 1.0))
    cameras = [CAMERAS[0], looking("-y", at=(0, 4, 1.5))]
    seen = observe(with_depth(room({"board": board}, cameras)))
    assert text(ask("covisibility", (500, 500), seen=seen)) == "Skip: doubtful sighting"


def picked(type_name: str) -> list[Question]:
    seen, rng = observe(studio()), rng_for(0, type_name)
    return pick_balanced(collect(load_task(type_name).propose(seen, rng), 40).pool, 40, seen, rng)


def test_half_of_the_places_are_shown_and_pairs_of_images_have_both_answers() -> None:
    seen, rng = observe(studio()), rng_for(0, "both")
    pool = collect(load_task("covisibility").propose(seen, rng), 40).pool
    answers: dict[tuple[int, ...], set[str]] = {}
    for one in pool:
        answers.setdefault(one.frames, set()).add(one.answer.text)
    assert sum(len(both) == 2 for both in answers.values()) >= len(answers) - 1
    shown = Counter(one.answer.text for one in pick_balanced(pool, 40, seen, rng))
    assert abs(shown["Yes"] - shown["No"]) <= 2
    assert min(Counter(one.measured["how"] for one in pool if one.answer.text == "No").values()) > 20


def test_the_right_point_is_no_more_often_at_the_coordinates_of_the_first() -> None:
    ranks = Counter(one.classes[1] for one in picked("point_correspondence"))
    for count in (2, 3, 4):
        of_count = [ranks[f"{closer} closer of {count}"] for closer in range(count)]
        assert max(of_count) - min(of_count) <= 2, of_count


def without_depth(scene: Scene) -> Scene:
    return replace(scene, frames=tuple(replace(one, depth=None, depth_camera=None) for one in scene.frames))


@pytest.mark.parametrize("type_name", ["point_correspondence", "covisibility"])
def test_a_scene_without_depth_is_refused(type_name: str) -> None:
    assert load_task(type_name).lacking(without_depth(studio())) == NO_DEPTH_IMAGES


def test_places_are_refused_where_depth_is_not_sure() -> None:
    assert isinstance(ask("covisibility", (5, 500)), Skip)
    assert text(ask("point_correspondence", ON_WALL, AGAIN, (995, 400))) == "Skip: depth not sure"
