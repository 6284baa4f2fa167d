"""Rationales: each sentence by hand, and what holds for those of every type, with meters and without."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, cast

import pytest

from qagen.audit.rationale.read import TURNS
from qagen.core.rationale import Step
from qagen.core.sample import Format, Sample
from qagen.core.scale import at_room_scale
from qagen.core.scene import Scene
from qagen.pipeline.run import phrasebook
from qagen.rng import rng_for
from qagen.sampling.choose import Distractors
from qagen.sampling.pool import Selection
from qagen.tasks.registry import FAMILIES, known_types, load_task
from qagen.visibility.views import SceneViews, observe
from qagen.wording.formats import Formatter, Turns
from qagen.wording.rationale import FILE, MAX_WORDS, Rationales, fitting
from tests.scenes import at, facing, looking, roles, room, scaled
from tests.tasks.asking import ask, question
from tests.test_contract import made as made_with_meters
from tests.test_worlds import WITHOUT_SCALE
from tests.test_worlds import made as made_in
from tests.wording.test_templates import SLOPPY
from tests.wording.words_of_needs import UNIT

TYPES = known_types()
WORLDS = [*(("meters", name) for name in TYPES), *(("no scale", name) for name in WITHOUT_SCALE)]
BY_HAND = {"answer_description", "locate_all", "locate_walk", "measure_shown_area", "measure_inside"}
"""Sentences that the studio need not have."""
SMALL = (0.1, 0.1, 0.1)


def told(type_name: str, seen: Scene | SceneViews, asked: Any, answer_format: Format = "sentence") -> list[str]:
    """The sentences of a question's rationale."""
    views = observe(seen) if isinstance(seen, Scene) else seen
    family, rng, found = load_task(type_name), rng_for(0), question(asked)
    formatter = Formatter(family, views.scene, views.units, phrasebook(), Distractors(Selection([]), rng), rng)
    turns = cast(Turns, formatter.write(found, answer_format))
    return [one["says"] for one in Rationales(family, views, phrasebook()).of(found, answer_format, turns)]


def chain(type_name: str, scene: Scene, frames: tuple[int, ...] = (0,), **parts: Any) -> list[str]:
    """The same of a question about marked objects."""
    views = observe(scene)
    return told(type_name, views, ask(type_name, views, frames, **parts))


# The camera is at (0, 0, 1.5) and looks along +y: right is x, down is 1.5 - z, ahead is y.
PAIR = room({"chair": at(-0.5, 2, 1.2), "table": at(1, 4, 1.5)}, [looking("+y")])


def test_a_distance_in_the_axes_of_the_camera() -> None:
    # Offset (1.5, -0.3, 2); its square is 2.25 + 0.09 + 4 = 6.34, and the root of that 2.518.
    assert chain("distance_prediction_oo", PAIR, red="chair", blue="table") == [
        "Image 1 shows the chair (red point) and the table (blue point).",
        "Centers in the axes of image 1's camera (right, down, ahead; meters): chair at (-0.50, 0.30, 2.00), "
        "table at (1.00, 0.00, 4.00).",
        "The offset from the center of the chair to that of the table is (1.50, -0.30, 2.00) meters.",
        "The distance from the center of the chair to that of the table is 2.52 meters.",
        "So the answer is 2.5.",
    ]


def test_numbers_have_more_decimals_where_they_would_not_lead_to_the_answer() -> None:
    # Printed as 2.04 and 4.49, the depths would differ by 2.45, which rounds to 2.5 (2.45 is 2.4500000000000002 in
    # binary); they differ by 4.494 - 2.0450 = 2.449, so that the answer is 2.4.
    scene = room({"chair": at(0, 2, 1.5), "table": at(1, 2.045, 1.5), "lamp": at(-1, 4.494, 1.5)}, [looking("+y")])
    steps = chain("depth_prediction_oo", scene, red="chair", blue="table", green="lamp")
    assert steps[1:] == [
        "The depth of the center of the table in image 1 is 2.045 meters.",
        "The depth of the center of the lamp in image 1 is 4.494 meters.",
        "The two depths differ by 2.449 meters.",
        "So the answer is 2.4.",
    ]


def test_what_follows_adds_up_as_printed() -> None:
    # 2.004 and 4.496 are printed as 2.00 and 4.50: by 2.50, though they differ by 2.492.
    scene = room({"chair": at(0, 2, 1.5), "table": at(1, 2.004, 1.5), "lamp": at(-1, 4.496, 1.5)}, [looking("+y")])
    steps = chain("depth_prediction_oo", scene, red="chair", blue="table", green="lamp")
    assert steps[2:4] == [
        "The depth of the center of the lamp in image 1 is 4.50 meters.",
        "The two depths differ by 2.50 meters.",
    ]


@pytest.mark.parametrize(
    ("factor", "place", "distance"),
    [
        (0.1, "(-50.0, 30.0, 200.0)", "251.8 millimeters"),
        (0.01, "(-5.0, 3.0, 20.0)", "25.2 millimeters"),
        (1000.0, "(-0.500, 0.300, 2.000)", "2.518 kilometers"),
    ],
)
def test_lengths_have_the_scenes_unit_and_one_decimal_more_than_answers(
    factor: float, place: str, distance: str
) -> None:
    steps = chain("distance_prediction_oo", at_room_scale(scaled(PAIR, factor)), red="chair", blue="table")
    assert f"chair at {place}" in steps[1]
    assert steps[3].endswith(f"is {distance}.")


def test_without_meters_lengths_are_multiples_of_one_of_them() -> None:
    # Blue (1, 4, 1.5) is 2.518 from red, green (-0.5, 2, 2.2) exactly 1.0 above it: d is 1.0 whatever the scale.
    boxes = {"chair": at(-0.5, 2, 1.2), "table": at(1, 4, 1.5), "lamp": at(-0.5, 2, 2.2, SMALL)}
    scene = at_room_scale(scaled(replace(room(boxes, [looking("+y")]), unit_m=None), 37.0))
    steps = chain("distance_ratio_oo", scene, red="chair", blue="table", green="lamp")
    assert steps[1:] == [
        "Let d be the distance between the centers of the chair and the lamp.",
        "Centers in the axes of image 1's camera (right, down, ahead; multiples of d): chair at (-0.50, 0.30, 2.00), "
        "table at (1.00, 0.00, 4.00), lamp at (-0.50, -0.70, 2.00).",
        "The distance from the center of the chair is 2.52 d to that of the table and 1.00 d to that of the lamp.",
        "The larger of the two is 2.52 times the smaller.",
        "So the answer is 2.5.",
    ]


def test_a_depth_is_that_of_the_image_with_the_mark() -> None:
    # Camera 1 looks along -x from x = 4.5: the table's depth there is 3.5, and 4 in camera 0.
    scene = room({"chair": at(0, 2, 1.5), "table": at(1, 4, 1.5)}, [looking("+y"), looking("-x", at=(4.5, 3, 1.5))])
    steps = chain("depth_prediction_oc_mv", scene, (0, 1), red="chair", blue=("table", 1))
    assert steps[1:3] == [
        "The depth of the center of the chair in image 1 is 2.00 meters.",
        "The depth of the center of the table in image 2 is 3.50 meters.",
    ]


def test_directions_with_one_that_is_not_clear() -> None:
    # Red 1 left, 1.0 nearer along y, as high: sqrt(1 + 4) = 2.236 against 3, so 0.764 closer.
    scene = room({"cup": at(-1, 2, 1.5, SMALL), "mug": at(0, 3, 1.5, SMALL)}, [looking("+y")])
    assert chain("obj_spatial_relation_oo", scene, red="cup", blue="mug")[1:] == [
        "Centers in the axes of image 1's camera (right, down, ahead; meters): cup at (-1.00, 0.00, 2.00), "
        "mug at (0.00, 0.00, 3.00).",
        "From image 1's camera, the cup is 2.24 meters away and, along gravity, 0.00 meters above; the mug is 3.00 "
        "meters away and, along gravity, 0.00 meters above.",
        "The cup relative to the mug, in meters: 1.00 left, hardly above or below (0.00), 0.76 closer.",
        "So the answer is left, closer.",
    ]


def test_up_follows_gravity_where_the_camera_looks_down() -> None:
    # Tilted down by 30 degrees: ahead of the cup, 2 along y and 1 below, is 2 cos 30 + 1 sin 30 = 2.232; down is
    # 1 cos 30 - 2 sin 30 = -0.134.
    scene = room({"cup": at(0, 2, 0.5, SMALL)}, [looking("+y", up_deg=-30)])
    views = observe(scene)
    asked = ask("obj_spatial_relation_oc_mv", views, (0,), red="cup")
    steps = told("obj_spatial_relation_oc_mv", views, asked)
    assert steps[1:] == [
        "Center in the axes of image 1's camera (right, down, ahead; meters): cup at (0.00, -0.13, 2.23).",
        "Along gravity, the center of the cup is 1.00 meters below the camera.",
        "The cup relative to the observer, in meters: hardly left or right (0.00), 1.00 below, 2.23 in front.",
        "So the answer is below, in front.",
    ]


def test_which_object_is_in_front_follows_from_places() -> None:
    # The cup is 2 ahead of the camera at (0, 0, 1.5), the mug 3 behind it and 1 right: sqrt(1 + 9) - 2 = 1.162.
    boxes = {"cup": at(0, 2, 1.5, SMALL), "mug": at(1, -3, 1.5, SMALL)}
    scene = room(boxes, [looking("+y"), looking("-y")])
    steps = chain("obj_spatial_relation_oo_mv", scene, (0, 1), red="cup", blue=("mug", 1))
    assert "cup at (0.00, 0.00, 2.00), mug at (1.00, 0.00, -3.00)" in steps[1]
    assert steps[3:] == [
        "The cup relative to the mug, in meters: 1.00 left, hardly above or below (0.00), 1.16 closer.",
        "So the answer is left, closer, the first in front, the second behind.",
    ]


def test_places_are_as_far_away_as_their_distances_say() -> None:
    checked = 0
    for world, name in WORLDS:
        if not name.startswith("obj_spatial_relation_oo"):
            continue
        for sample in samples(world, name):
            steps: dict[str, Any] = {step["form"]: step for step in map(dict, sample.rationale)}
            places = dict(steps["camera"]["points"])
            for role, away, _ in steps["away"]["to"]:
                assert math.hypot(*places[role]) == pytest.approx(away, abs=0.02)
                checked += 1
    assert checked > 10


def test_a_moved_observer() -> None:
    # From the cup at (0, 0, 1) to the mug at (2, 0, 1) is along +x: right is -y. The first camera, at (2, -6, 3), looks
    # along +y: held level, its right is x, ahead y. The tin at (1, -1, 1.6): 1 right, 0.6 up, 1 ahead.
    boxes = {"cup": at(0, 0, 1, SMALL), "mug": at(2, 0, 1, SMALL), "tin": at(1, -1, 1.6, SMALL)}
    scene = room(boxes, [looking("+y", at=(2, -6, 3), up_deg=-20)])
    parts: dict[str, Any] = {"green": "cup", "blue": "mug", "red": "tin"}
    sentence = chain("spatial_imagination_oc", scene, **parts)
    assert sentence[1:] == [
        # Along the tilted axis: 5 cos 20 + 1.4 sin 20 = 5.177.
        "Before the move, along image 1's camera axes and gravity, in meters, the tin is 1.00 left, 1.40 below, 5.18 "
        "in front.",
        "Centers from image 1's camera held level (right, up, ahead; meters): cup at (-2.00, -2.00, 6.00), "
        "mug at (0.00, -2.00, 6.00), tin at (-1.00, -1.40, 5.00).",
        "Center from the cup, facing the mug, upright (right, up, ahead; meters): tin at (1.00, 0.60, 1.00).",
        "After the move, in meters, the tin is 1.00 right, 0.60 above, 1.00 in front.",
        "So the answer is: before the move, left, below, in front; after it, right, above, in front.",
    ]
    views = observe(scene)
    asked = question(ask("spatial_imagination_oc", views, **parts))
    steps = load_task("spatial_imagination_oc").rationale(asked, views)
    assert [step.form for step in steps if step.asked_by == "sentence"] == ["before"]


def test_long_labels_leave_out_what_held_before_the_move_and_keep_places() -> None:
    sizes = {"wooden box": at(0, 0, 1, SMALL), "glass bowl": at(2, 0, 1, SMALL)}
    sizes |= {"watering can": at(1, -1, 1.6, SMALL), "floor lamp": at(1, 2, 1, SMALL)}
    scene = room(sizes, [looking("+y", at=(2, -6, 3), up_deg=-20)])
    parts = dict(zip(("green", "blue", "red", "yellow"), sizes, strict=True))
    steps = chain("spatial_imagination_oo", scene, **parts)
    assert [step.split(" (")[0] for step in steps[1:3]] == [
        "Centers from image 1's camera held level",
        "Centers from the wooden box, facing the glass bowl, upright",
    ]
    assert steps[3].startswith("After the move, in meters, the first relative to the second: 3.00 right, 0.60 above, ")
    assert sum(len(step.split()) for step in steps) <= MAX_WORDS


def test_a_map_of_seven_long_labels_is_short() -> None:
    # From above, the first camera at (0, 0) looks along +y: right is x, ahead is y.
    labels = [
        f"{size} {look} {thing}" for size in ("small", "large") for look in ("old", "new") for thing in ("box", "jar")
    ]
    boxes = {label: at(0.6 * (k - 3), 3 + k % 2, 1.5, SMALL) for k, label in enumerate(labels[:7])}
    scene = room(boxes, [looking("+y", at=(x, 0, 1.5)) for x in (0, 0.4, -0.4)])
    parts: dict[str, Any] = {f"object{k}": (label, k % 3) for k, label in enumerate(boxes)}
    steps = chain("spatial_imagination_map_mv", scene, (0, 1, 2), **parts)
    places = [f"object{k}: ({0.6 * (k - 3):.2f}, {3 + k % 2:.2f})" for k in range(7)]
    assert steps[1:2] == [
        f"Centers seen from above, in the axes of image 1's camera (right, ahead; meters): {', '.join(places)}."
    ]
    assert sum(len(step.split()) for step in steps) <= MAX_WORDS


def test_an_angle_around_an_object() -> None:
    # A quarter around the chair from 2.5 m east of it to its north. The first camera looks west: its right is north.
    cameras = [facing((0, 0, 1), at=(2.5, 0, 1.5)), facing((0, 0, 1), at=(0, 2.5, 1.5))]
    assert chain("object_orbit", room({"chair": at(0, 0, 1, (0.5, 0.5, 1.0))}, cameras), (0, 1), red="chair")[1:] == [
        "Centers seen from above, in the axes of image 1's camera (right, ahead; meters): chair at (0.00, 2.50), "
        "camera of image 2 at (2.50, 2.50).",
        "Seen from above, the directions from the center of the chair to the two cameras are 90.0 degrees apart.",
        "So the answer is 90.",
    ]


def test_a_camera_that_is_projected() -> None:
    # 0.5 right, 0.2 down, 2 ahead. Of 320 x 240 pixels, 160 are a half and two thirds: 500 + 500 * 0.25 = 625;
    # 500 + 666.7 * 0.1 = 566.7.
    scene = room({"chair": at(0, 3, 1)}, [looking("+y"), looking("-x", at=(0.5, 2, 1.3))])
    assert chain("camera_motion_infer", scene, (0, 1))[:3] == [
        "Center in the axes of image 1's camera (right, down, ahead; meters): camera of image 2 at (0.50, 0.20, 2.00).",
        "Divided by the third coordinate, the first two are (0.2500, 0.1000).",
        "With a focal length of (500.0, 666.7) and a principal point at (500.0, 500.0) in coordinates from 0 to 1000, "
        "this projects to (625, 567) in image 1.",
    ]


def test_a_move_and_a_turn() -> None:
    scene = room({"chair": at(0, 3, 1)}, [looking("+y"), looking("+y", at=(1.6, 0.5, 1.2), left_deg=76, up_deg=14)])
    steps = chain("view_change_infer", scene, (0, 1))
    assert steps[:2] == [
        "Center in the axes of image 1's camera (right, down, ahead; meters): camera of image 2 at (1.60, 0.30, 0.50).",
        "From image 1 to image 2, the camera's heading turns 76.0 degrees to the left, and its elevation goes up "
        "14.0 degrees, from 0.0 to 14.0.",
    ]
    assert steps[2].startswith("So the answer is: ")


def test_angles_in_the_axes_of_the_first_camera() -> None:
    # The first camera is level, so that heading, elevation and roll are those of the world: a clockwise roll lowers the
    # camera's right side.
    second = looking("+y", left_deg=30, up_deg=20, roll_deg=5)
    assert chain("view_change_angles", room({"chair": at(0, 3, 1)}, [looking("+y"), second]), (0, 1))[0] == (
        "From image 1 to image 2, in its own axes, the camera turns 30.0 degrees to the left, tilts 20.0 degrees up, "
        "and rolls 5.0 degrees clockwise."
    )


def test_what_is_visible_of_a_label_on_one_side() -> None:
    # Chairs 1 left and 2 ahead, 1 right and 3 ahead: one of the two is on the left.
    boxes = {"chair": [at(-1, 2, 1.5), at(1, 3, 1.5)], "table": at(0, 4, 0.5, (3, 1, 0.8))}
    views = observe(room(boxes, [looking("+y"), looking("+y", at=(0, -1, 1.5))]))
    asked = cast(Any, load_task("existence_oc_mv", {"views": 2})).ask(views, (0, 1), "chair", "left")
    assert told("existence_oc_mv", views, asked, "judge") == [
        'In view, there are 2 objects called "chair".',
        "From image 1's camera, their centers are 1.00 meters to the left and 1.00 meters to the right.",
        "There is 1 to the left.",
        "So the answer is Yes.",
    ]


def test_the_larger_side_and_a_claim_that_is_false() -> None:
    scene = room(
        {"desk": at(-0.8, 3, 1.2, (0.4, 1.0, 0.8), 50), "shelf": at(1.2, 3, 1.2, (0.4, 1.0, 1.2), -60)},
        [looking("+y"), looking("+x", at=(-3, 3, 2.0), up_deg=-15)],
    )
    views = observe(scene)
    marked = roles(views, (0,), "bbox", red="desk", blue="shelf")
    asked = cast(Any, load_task("size_compare")).ask(views, (0,), marked, "height")
    family, rng, found = load_task("size_compare"), rng_for(0), question(asked)
    formatter = Formatter(family, views.scene, views.units, phrasebook(), Distractors(Selection([]), rng), rng)
    answers = set()
    for _ in range(2):  # of two claims about the same, one is true
        turns = cast(Any, formatter.write(found, "judge"))
        steps = [one["says"] for one in Rationales(family, views, phrasebook()).of(found, "judge", turns)]
        assert steps[1:4] == [
            "The height of the desk is 0.80 meters.",
            "The height of the shelf is 1.20 meters.",
            "Since 1.20 meters is more than 0.80 meters, the taller one is the shelf.",
        ]
        assert steps[4] == f"So the answer is {turns.gpt}."
        answers.add((turns.added["claim"], turns.gpt))
    assert answers == {("blue", "Yes"), ("red", "No")}


def test_long_rationales_leave_out_what_is_optional_the_first_first() -> None:
    def kept(*words: int) -> list[int]:
        """How many words the steps have that are kept; of so many words, a negative number for an optional step."""
        steps = [Step("tally", "total", {}, is_optional=count < 0) for count in words]
        told = fitting([(step, {"says": "word " * abs(count)}) for step, count in zip(steps, words, strict=True)])
        return [len(said["says"].split()) for said in told]

    assert kept(20, -30, -40, 30) == [20, 30, 40, 30]  # 120 words
    assert kept(20, -30, -40, 31) == [20, 40, 31]
    assert kept(20, -30, -40, 90) == [20, 90]
    assert kept(20, 30, -10, 71) == [20, 30, 71]  # nothing more to leave out


@cache
def samples(world: str, type_name: str) -> list[Sample]:
    return made_with_meters(type_name)[1] if world == "meters" else made_in(world, type_name)[0]


def steps_of(world: str, type_name: str) -> Iterator[tuple[Sample, dict[str, Any]]]:
    yield from ((sample, dict(step)) for sample in samples(world, type_name) for step in sample.rationale)


def plain_numbers(value: Any) -> list[float]:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [number for part in parts for number in plain_numbers(part)]
    return [float(value)] if isinstance(value, int | float) else []


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_every_family_has_a_rationale(name: str) -> None:
    assert "rationale" in vars(FAMILIES[name]) or name == "candidates"
    assert not getattr(FAMILIES[name].rationale, "__isabstractmethod__", False)


@pytest.mark.parametrize(("world", "type_name"), WORLDS)
def test_a_rationale_is_short_and_ends_with_the_answer(world: str, type_name: str) -> None:
    for sample in samples(world, type_name):
        *steps, answer = sample.rationale
        assert 1 <= len(steps) <= 6
        assert [step["step"] for step in sample.rationale].count("answer") == 1
        assert sum(len(step["says"].split()) for step in sample.rationale) <= MAX_WORDS
        assert answer["step"] == "answer"
        if sample.format == "select":
            options = cast(list[str], sample.added["options"])
            assert answer["letter"] == sample.gpt
            option = options["ABCD".index(sample.gpt)].removesuffix(".")
            if answer["form"] == "option":
                words = [word for _, word in cast(Any, answer["value"])]
                assert words == [word.strip() for word in option.split(",") if word.strip()]
            else:
                assert answer["value"] == option
        if sample.format in ("fill", "judge"):
            assert answer["says"] == f"So the answer is {sample.gpt}."


@pytest.mark.parametrize(("world", "type_name"), WORLDS)
def test_every_sentence_is_clean(world: str, type_name: str) -> None:
    for _, step in steps_of(world, type_name):
        says = step["says"]
        assert says[0].isupper()
        assert says.endswith(".")
        assert ". " not in says
        if step["step"] != "answer":
            found = [
                name for name, pattern in SLOPPY.items() if name != "bracket after bracket" and re.search(pattern, says)
            ]
            assert not found, (found, says)


@pytest.mark.parametrize(("world", "type_name"), WORLDS)
def test_every_number_that_is_said_is_a_value(world: str, type_name: str) -> None:
    for _, step in steps_of(world, type_name):
        if step["step"] == "answer":
            continue
        values = plain_numbers({name: value for name, value in step.items() if name not in ("step", "form", "says")})
        said = re.sub(r"\bimage (\d+)\b", lambda found: str(int(found[1]) - 1), step["says"], flags=re.I)
        said = re.sub(r"Frame-|from 0 to 1000|\(?(?:object|point)\d\)?", " ", said, flags=re.I)
        said = re.sub("|".join(TURNS), " ", said)
        for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", said):
            assert float(number) in values, (number, step)


@pytest.mark.parametrize(("world", "type_name"), WORLDS)
def test_lengths_have_the_unit_of_their_step(world: str, type_name: str) -> None:
    for _, step in steps_of(world, type_name):
        if step["step"] == "answer":
            continue
        units = {found.lower() for found in UNIT.findall(step["says"])}
        assert units == ({step["unit"]} if "unit" in step and world == "meters" else set())
        assert step.get("unit", "d") == "d" or world == "meters"
        assert "unit" not in step or world == "meters" or re.search(r"\bd\b", step["says"])


def test_labels_that_would_tell_the_answer_stay_hidden() -> None:
    hidden = 0
    family = load_task("object_matching_candidates")
    for sample in samples("meters", family.config.type):
        if "the object (red box)" in sample.human:
            text = " ".join(step["says"] for step in sample.rationale)
            labels = {item.label for item in observe_studio().scene.objects} - {"box"}
            assert not any(re.search(rf"\b{label}\b", text) for label in labels), text
            hidden += 1
    assert hidden


def observe_studio() -> SceneViews:
    from tests.test_contract import views

    return views()


def test_every_sentence_is_said() -> None:
    said = {f"{step['step']}_{step['form']}" for key in WORLDS for _, step in steps_of(*key)}
    assert said | BY_HAND == set(phrasebook().blocks(FILE))
