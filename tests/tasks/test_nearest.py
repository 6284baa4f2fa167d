"""Nearest and farthest, by hand."""

import re
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from qagen.core.answer import Choice, LocatedObject
from qagen.core.box import Box3D
from qagen.core.question import Question, Skip
from qagen.core.units import Length
from qagen.errors import ConfigError
from qagen.files import TEMPLATES
from qagen.tasks._base import Family
from qagen.tasks.nearest import LISTED
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from qagen.wording.formats import blocks_of
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import at, looking, roles, room, studio
from tests.tasks.asking import question, text
from tools.proofread import contexts

UNSURE = "Skip: possibly closer object"
ROW = {"chair": at(-1, 2, 1.5), "table": at(0, 3, 1.5), "lamp": at(1.5, 4, 1.5)}
"""Seen from (0, 0, 1.5): chair sqrt(5) = 2.236 m, table 3 m, lamp sqrt(2.25 + 16) = 4.272 m away."""


def ask(
    type_name: str, seen: SceneViews, frames: tuple[int, ...] = (0,), extreme: str = "closest", *parts: Any
) -> Question | Skip:
    return cast(Any, load_task(type_name)).ask(seen, frames, *parts, extreme=extreme)


def look(boxes: dict[str, Box3D | list[Box3D]], *more: Any) -> SceneViews:
    return observe(room(cast(Any, boxes), [looking("+y"), *more]))


def lengths(asked: Question) -> list[float]:
    return [fact.value for fact in asked.facts.values() if isinstance(fact, Length)]


def test_closest_to_and_farthest_from_the_camera() -> None:
    asked = question(ask("distance_infer_center_oc", look({**ROW})))
    # The chair's near face spans x -1.2 to -0.8 at a depth of 1.8 m, so it begins at 159.5 - 1.2 / 1.8 * 160 = 52.8,
    # pixel 53 of 320; its right side ends at 159.5 - 0.8 / 2.2 * 160 = 101.3, pixel 101, so at 102 of 320.
    # Height: 0.2 / 1.8 * 160 = 17.8 to either side of 119.5: rows 102 to 137, so 102 / 240 to 138 / 240.
    assert asked.answer.text == "chair, [166, 425, 319, 575]"
    assert asked.facts == {"extreme": "closest", "kinds": ("chair", "lamp", "table"), "distance": Length(5**0.5)}
    assert asked.measured["distances_m"] == pytest.approx([5**0.5, 3, 18.25**0.5])
    # The table follows 3 - 2.236 = 0.764 later; 15 % of 3 m is 0.45.
    assert asked.margin == pytest.approx(3 - 5**0.5 - 0.45)
    assert isinstance(asked.answer, LocatedObject)
    assert [other.label for other in asked.answer.others] == ["table", "lamp"]
    far = question(ask("distance_infer_center_oc", look({**ROW}), extreme="farthest"))
    assert cast(LocatedObject, far.answer).label == "lamp"
    assert far.facts["distance"] == Length(18.25**0.5)
    # 15 % of 4.272 is 0.641: 1.272 - 0.641.
    assert far.margin == pytest.approx(0.85 * 18.25**0.5 - 3)


@pytest.mark.parametrize(("table_m", "expected"), [(2.63, "chair"), (2.62, "Skip: ambiguous")])
def test_the_first_leads_by_fifteen_percent(table_m: float, expected: str) -> None:
    # sqrt(5) / 0.85 = 2.631 is the least distance of the second, and of the first in the other direction.
    views = look({**ROW, "table": at(0, table_m + 0.002, 1.5)})
    assert text(ask("distance_infer_center_oc", views)).startswith(expected)


def test_fewer_than_three_objects_are_no_choice() -> None:
    views = look({"chair": ROW["chair"], "lamp": ROW["lamp"]})
    assert text(ask("distance_infer_center_oc", views)) == "Skip: too few objects"


def test_the_name_must_tell_the_object() -> None:
    views = look({**ROW, "chairs": at(2.5, 4.2, 1.5)})
    assert text(ask("distance_infer_center_oc", views)) == "Skip: label not unique"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("table", UNSURE),
        ("end table", UNSURE),  # a viewer may call it a table
        ("plant", "chair"),  # the question names chairs, lamps and tables only
    ],
)
def test_an_object_of_a_named_kind_spoils_it_when_the_image_cuts_it(name: str, expected: str) -> None:
    # Reaching from x 1.2 to 4.2 at a depth of 1.5, of which the image shows what is left of 1.5: a tenth.
    # The chair is sqrt(1 + 1.6^2) = 1.887 m away. The other object: center at 3.14 m, near end at 1.92 m.
    thing = at(2.7, 1.6, 1.5, (3.0, 0.2, 0.4))
    boxes = {"chair": at(-1, 1.6, 1.5), "lamp": at(-1, 4, 1.5), "table": at(0, 4, 2.4)}
    views = look({**boxes, name: [boxes["table"], thing] if name == "table" else thing})
    assert not views.askable[0, -1]
    assert not views.absent[0, -1]
    assert text(ask("distance_infer_center_oc", views)).startswith(expected)


def test_an_object_without_surface_may_be_anywhere() -> None:
    scene = room({**ROW}, [looking("+y")])
    assert text(ask("distance_infer_center_oc", observe(replace(scene, unplaced=frozenset({"clock"}))))) != UNSURE
    assert text(ask("distance_infer_center_oc", observe(replace(scene, unplaced=frozenset({"lamp"}))))) == UNSURE


def test_of_several_images_the_first_is_the_observer() -> None:
    # Image 1 looks along -x from (4, 3, 1.5): the lamp, 2.7 m away there, is farthest from image 0.
    views = look({**ROW}, looking("-x", at=(4, 3, 1.5)), looking("+y", at=(0.5, 0, 1.5)))
    asked = question(ask("distance_infer_center_oc_mv", views, (0, 1, 2)))
    chair = cast(LocatedObject, asked.answer)
    assert chair.label == "chair"
    assert chair.text.startswith(f"chair, image {cast(int, chair.image) + 1}, [")
    assert views.visible_pixels[:, 0].argmax() == chair.image
    # From image 1, the lamp at sqrt(2.5^2 + 1) = 2.69 m is closest, the chair at sqrt(25 + 1) = 5.10 m farthest.
    assert text(ask("distance_infer_center_oc_mv", views, (1, 0, 2))).startswith("lamp")
    assert text(ask("distance_infer_center_oc_mv", views, (1, 0, 2), "farthest")).startswith("chair")


def test_which_of_two_is_closer_to_a_third() -> None:
    views = look({**ROW})
    # From the table: chair sqrt(2) = 1.414 m, lamp sqrt(1.5^2 + 1) = 1.803 m; 0.388 m apart, 15 % of 1.803 is 0.270.
    cast_roles = roles(views, (0,), red="table", green="lamp", blue="chair")
    asked = question(ask("distance_infer_center_oo", views, (0,), "closest", cast_roles))
    assert asked.answer == Choice("blue", ("green",))
    assert asked.facts["loser"] == "green"
    assert lengths(asked) == pytest.approx([2**0.5, 3.25**0.5])
    assert asked.margin == pytest.approx(3.25**0.5 * 0.85 - 2**0.5)
    assert asked.classes == ("closest:blue",)
    far = question(ask("distance_infer_center_oo", views, (0,), "farthest", cast_roles))
    assert far.answer == Choice("green", ("blue",))


@pytest.mark.parametrize(("far_m", "expected"), [(0.81, "blue"), (0.79, "Skip: ambiguous")])
def test_the_lead_is_twenty_centimeters_at_least(far_m: float, expected: str) -> None:
    small = (0.1, 0.1, 0.1)
    boxes = {"cup": at(0, 2, 1.5, small), "mug": at(-0.6, 2, 1.5, small), "vase": at(far_m, 2, 1.5, small)}
    views = look({**boxes})
    cast_roles = roles(views, (0,), red="cup", green="vase", blue="mug")
    assert text(ask("distance_infer_center_oo", views, (0,), "closest", cast_roles)) == expected


@pytest.fixture(scope="module")
def furnished() -> SceneViews:
    scene = studio()
    frames = tuple(scene.frames[i % len(scene.frames)] for i in range(40))
    frames = tuple(replace(frame, id=str(i), time_s=float(i)) for i, frame in enumerate(frames))
    return observe(replace(scene, frames=frames))


def first_asked(family: Family, views: SceneViews, count: int) -> list[Question]:
    found = family.propose(views, np.random.default_rng(0))
    asked = [candidate for candidate, _ in zip(found, range(40 * count), strict=False)]
    return [candidate for candidate in asked if isinstance(candidate, Question)][:count]


def test_a_video_offers_four_objects_of_different_kinds_in_frames_of_their_own(furnished: SceneViews) -> None:
    family = load_task("distance_infer_center_oo_video")
    asked = first_asked(family, furnished, 50)
    assert len(asked) == 50
    own_frames = 0
    for each in asked:
        assert each.is_video
        assert each.frames == furnished.video
        assert [role.color for role in each.roles] == list(LISTED)
        assert [role.alias for role in each.roles] == ["objectA", "point0", "point1", "point2", "point3"]
        assert len({furnished.scene.objects[role.object].label for role in each.roles}) == 5
        own_frames += len({role.image for role in each.roles}) == 5
        centers = [furnished.world_centers[role.object] for role in each.roles]
        away = [float(np.linalg.norm(center - centers[0])) for center in centers[1:]]
        best = int(np.argmin(away) if each.facts["extreme"] == "closest" else np.argmax(away))
        assert isinstance(each.answer, Choice)
        assert each.answer.right == f"point{best}"
        assert sorted([each.answer.right, *each.answer.wrong]) == [f"point{i}" for i in range(4)]
    assert own_frames == 50  # 40 frames in which most objects are askable leave room for all


def test_both_ends_are_asked_about(furnished: SceneViews) -> None:
    for name in ("distance_infer_center_oc_mv", "distance_infer_center_oo", "distance_infer_center_oo_video"):
        extremes = [asked.facts["extreme"] for asked in first_asked(load_task(name), furnished, 60)]
        assert 0.3 < extremes.count("closest") / len(extremes) < 0.7, name


def test_without_video_or_things_there_is_nothing_to_ask() -> None:
    few = look({**ROW})
    family = load_task("distance_infer_center_oo_video")
    assert next(family.propose(few, np.random.default_rng(0))) == Skip("no video")
    views = replace(few, video=(0,))
    assert next(family.propose(views, np.random.default_rng(0))) == Skip("too few objects")


def test_a_video_has_no_observer() -> None:
    with pytest.raises(ConfigError, match="asks: oc, because a video has no single observer"):
        load_task("distance_infer_center_oc", {"views": "video"})


WORDS = {
    "closest": r"clos(er|est)|short(er|est)|\bclose to",
    "farthest": r"farth(er|est)|long(er|est)\b|\bfar from",
}


@pytest.mark.parametrize("variant", ["oc", "oc_mv", "oo", "oo_video"])
@pytest.mark.parametrize("kind", ["question", "sentence"])
def test_the_words_are_those_of_the_end_asked_for(variant: str, kind: str) -> None:

    family = load_task(f"distance_infer_center_{variant}")
    file, block = family.name, f"{kind}_{variant}"
    assert (file, block) in blocks_of(family)
    for phrasing in Phrasebook(TEMPLATES).phrasings(file, block):
        for context in contexts(family, file, block):
            said, other = context["extreme"], next(word for word in WORDS if word != context["extreme"])
            rendered = phrasing.render(context)
            assert kind == "sentence" or re.search(WORDS[str(said)], rendered), rendered
            assert not re.search(WORDS[other], rendered), rendered
