"""Named objects of a video, with nothing drawn, true of exactly the frames that are shown."""

from dataclasses import replace

import pytest

from qagen.core.box import Box3D
from qagen.core.question import Question, Skip
from qagen.errors import ConfigError
from qagen.rng import rng_for
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room
from tests.scenes import roles as marked
from tests.tasks.asking import ask, question, text
from tests.tasks.carousel import BESIDE, EAST, NORTH, SIZE, SOUTH, WEST, carousel

PLACES = {"sofa": NORTH, "piano": BESIDE, "stove": WEST, "toilet": SOUTH, "fan": EAST}
ROLES = {"anchor": "sofa", "point0": "piano", "point1": ("stove", 8), "point2": ("toilet", 16), "point3": ("fan", 24)}


@pytest.fixture(scope="module")
def views() -> SceneViews:
    return carousel(PLACES)


def nearest(views: SceneViews, extreme: str, roles: dict = ROLES) -> Question | Skip:
    family, placed = load_task("relative_distance_video"), marked(views, views.video, "none", **roles)
    return family.ask(views, views.video, placed, extreme)  # pyright: ignore[reportCallIssue]


def count(views: SceneViews, label: str, other: str) -> Question | Skip:
    return load_task("obj_count_two_video").ask(views, views.video, label, other)  # pyright: ignore[reportCallIssue]


def test_the_closest_and_the_farthest_by_surface(views: SceneViews) -> None:
    # Cubes of 0.6 m. From the sofa at (0, 3): the piano at (1, 3) begins 0.4 m away, the stove at (-3, 0) and
    # the fan at (3, 0) 2.4 m along both axes, sqrt(2) * 2.4 = 3.39 m away, the toilet at (0, -3) 5.4 m.
    closest = question(nearest(views, "closest"))
    assert closest.answer.text == "point0"
    assert closest.measured["point0_m"] == pytest.approx(0.4, abs=1e-4)
    assert closest.measured["point1_m"] == pytest.approx(3.394, abs=1e-3)
    # The lead of 2.99 m is 2.99 - 0.15 * 3.39 = 2.485 m more than it must be.
    assert closest.margin == pytest.approx(2.485, abs=2e-3)
    assert question(nearest(views, "farthest")).answer.text == "point2"


def test_two_that_are_as_close_are_not_compared(views: SceneViews) -> None:
    # Without the piano's lead: the stove and the fan are equally near to the toilet.
    drawn = {
        "anchor": ("toilet", 16),
        "point0": "sofa",
        "point1": ("stove", 8),
        "point2": ("fan", 24),
        "point3": "piano",
    }
    assert text(nearest(views, "closest", drawn)) == "Skip: ambiguous"


def test_centers_and_surfaces_may_tell_different_things() -> None:
    # From the sofa at (0, 3): the center of the long shelf unit at (2, 3) is 2 m away, its end 0.7 m; the center of the
    # piano at (-1.45, 3) is 1.45 m away, its side 0.85 m. By centers the piano leads;
    # 0.7 and 0.85 are too close to compare.
    long = at(2, 3, 1.5, (2.0, 0.6, 0.6))
    views = carousel({**PLACES, "shelf unit": long, "piano": at(-1.45, 3, 1.5, SIZE)})
    drawn = {**ROLES, "point1": "shelf unit"}
    assert text(nearest(views, "closest", drawn)) == "Skip: ambiguous"
    longer = carousel({**PLACES, "shelf unit": at(2, 3, 1.5, (2.8, 0.6, 0.6)), "piano": at(-1.45, 3, 1.5, SIZE)})
    assert question(nearest(longer, "closest", drawn)).answer.text == "point1"  # 0.3 m


def test_surfaces_need_a_video_of_marked_objects() -> None:
    with pytest.raises(ConfigError, match="views: video for between: surfaces"):
        load_task("relative_distance_video", {"views": 3})


def test_the_distance_of_named_objects() -> None:
    views = carousel({"sofa": NORTH, "piano": at(1.6, 3, 1.5, SIZE)})
    # Centers 1.6 m apart, less twice 0.3.
    assert text(ask("distance_closest_video", views, views.video, red="sofa", blue="piano")) == "1.0"


def drawn(type_name: str, views: SceneViews) -> set[str]:
    """The labels of the objects that a type asks about in its first questions."""
    found: set[str] = set()
    for _, one in zip(range(300), load_task(type_name).propose(views, rng_for(0, type_name)), strict=False):
        found |= {views.scene.objects[role.object].label for role in one.roles} if isinstance(one, Question) else set()
    return found


@pytest.mark.parametrize(
    ("others", "lost"),
    [
        ({"sofa": [NORTH, EAST]}, "sofa"),  # two of the name
        ({"couch": EAST}, "sofa"),  # another name for such a thing
    ],
)
def test_names_that_may_mean_something_else_are_not_used(others: dict, lost: str) -> None:
    boxes: dict[str, Box3D | list[Box3D]] = {"sofa": NORTH, "stove": WEST, "toilet": SOUTH}
    assert lost in drawn("distance_closest_video", carousel(boxes))
    assert lost not in drawn("distance_closest_video", carousel(boxes | others))


def test_a_name_that_something_without_a_place_may_have_is_not_used() -> None:
    views = carousel({"sofa": NORTH, "stove": WEST, "toilet": SOUTH})
    lost = replace(views, scene=replace(views.scene, unplaced=frozenset({"couch"})))
    assert drawn("distance_closest_video", lost) == {"stove", "toilet"}


def test_the_longest_side_in_centimeters() -> None:
    views = carousel({"sofa": at(0, 3, 1.5, (1.234, 0.6, 0.6))})
    asked = question(ask("object_size_video", views, views.video, red="sofa"))
    assert views.units is not None
    assert asked.answer.told(views.units).text == "123"
    assert asked.is_video


def test_only_a_side_that_is_asked_alone_is_told_more_finely() -> None:
    with pytest.raises(ConfigError, match="is_fine: false for asks: size"):
        load_task("object_size_video", {"asks": "size"})


def test_instances_of_two_labels_together() -> None:
    views = carousel({"chair": [NORTH, BESIDE, WEST], "stove": [SOUTH, EAST], "piano": at(-1, 3, 1.5, SIZE)})
    asked = question(count(views, "chair", "stove"))
    assert asked.answer.text == "5"
    assert asked.measured["labels"] == ["chair", "stove"]
    assert asked.measured["counts"] == [3, 2]
    assert asked.classes == ("count:5",)
    # The same question whichever comes first.
    assert question(count(views, "stove", "chair")).fact == asked.fact


def test_a_single_instance_is_not_counted_together_with_others() -> None:
    views = carousel({"chair": [NORTH, BESIDE, WEST], "stove": [SOUTH, EAST], "piano": at(-1, 3, 1.5, SIZE)})
    assert text(count(views, "piano", "stove")) == "Skip: too few objects"
    proposed = [*load_task("obj_count_two_video").propose(views, rng_for(0, "two"))]
    assert [one.fact for one in proposed if isinstance(one, Question)] == [("chair", "stove")]


def seldom_seen(frames: int) -> SceneViews:
    """A walk of 64 frames, two of which (number 1 and 2, which 16 frames leave out) look at what is in the south."""
    boxes = {
        "chair": [NORTH, BESIDE],
        "clock": [at(1, 3, 2.8, SIZE), at(-1, 3, 2.8, SIZE)],
        "piano": at(-1, 3, 1.5, SIZE),
        "fan": at(0, 3, 2.8, SIZE),
        "stove": SOUTH,
        "radiator": [at(1, -3, 1.5, SIZE), at(-1, -3, 1.5, SIZE)],
    }
    poses = [looking("+y", left_deg=180 if i in (1, 2) else 0) for i in range(64)]
    return observe(room(boxes, poses), video_frames=frames)


def test_what_the_shown_frames_leave_out_is_not_asked() -> None:
    few, many = seldom_seen(16), seldom_seen(64)
    assert (len(few.video), len(many.video)) == (16, 64)
    assert text(count(many, "chair", "radiator")) == "4"
    assert text(count(few, "chair", "radiator")) == "Skip: not all instances shown"
    assert text(count(few, "chair", "clock")) == "4"
    for name in ("distance_closest_video", "object_size_video"):
        assert "stove" in drawn(name, many), name
        assert "stove" not in drawn(name, few), name
        assert "piano" in drawn(name, few), name
