"""Comparisons of two named objects, by hand."""

from collections import Counter
from typing import Any, cast

import numpy as np
import pytest

from qagen.core.box import Box3D
from qagen.core.question import Question, Skip
from qagen.sampling.even import EvenLabels
from qagen.tasks.compare import OTHER, QUALITIES, WORDS
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, boxes_only, looking, roles, room, studio, with_depth
from tests.tasks.asking import question

SIDEWAYS = looking("+x", at=(-3.5, 3, 2.0), up_deg=-15)
"""A second camera, so that the ends of what the first one sees are known."""
CUBE = (0.4, 0.4, 0.4)


def seen(desk: Box3D, shelf: Box3D, roll_deg: float = 0.0) -> SceneViews:
    """What a camera at (0, 0, 1.5) that looks along +y sees of two objects."""
    return observe(room({"desk": desk, "shelf": shelf}, [looking("+y", roll_deg=roll_deg), SIDEWAYS]))


def ask(views: SceneViews, relation: str, red: str = "desk", blue: str = "shelf") -> Question | Skip:
    cast_roles = roles(views, (0,), "none", red=red, blue=blue)
    return cast(Any, load_task("compare_single")).ask(views, (0,), cast_roles, relation)


def answer(views: SceneViews, relation: str) -> str:
    """The name that answers, the same whichever object is named first; or why there is no answer."""
    told = set()
    for red, blue in (("desk", "shelf"), ("shelf", "desk")):
        found = ask(views, relation, red, blue)
        chosen = found.reason if isinstance(found, Skip) else {"red": red, "blue": blue}[found.answer.text]
        told.add(f"Skip: {chosen}" if isinstance(found, Skip) else chosen)
    assert len(told) == 1, told
    return told.pop()


# The desk's closest point is (-0.6, 2.8, 1.4), 2.865 m away, and its center 3.119 m.
@pytest.mark.parametrize(
    ("y", "depth", "expected"),
    [
        (3.6, 0.4, "desk"),  # the shelf's surface 3.494 m, its center 3.748 m: by 18 and 17 %
        (3.5, 0.4, "Skip: ambiguous"),  # surface 3.397 m, center 3.652 m: by 15.7 and 14.6 %
        (2.3, 0.4, "shelf"),  # surface 2.250 m, center 2.526 m
        (3.6, 3.2, "Skip: ambiguous"),  # from 2 m to 5.2 m: its surface is closer, its center is farther
    ],
)
def test_closer_by_surfaces_and_centers(y: float, depth: float, expected: str) -> None:
    views = seen(at(-0.8, 3, 1.2, CUBE), at(1.0, y, 1.2, (0.4, depth, 0.4)))
    assert answer(views, "closer") == expected


def test_distances_are_those_of_closest_points() -> None:
    found = question(ask(seen(at(-0.8, 3, 1.2, CUBE), at(1.0, 3.6, 1.2, CUBE)), "closer"))
    assert found.measured["relation"] == "closer"
    assert found.number("red_m") == pytest.approx(np.sqrt(0.6**2 + 2.8**2 + 0.1**2), abs=1e-6)
    assert found.number("blue_center_m") == pytest.approx(np.sqrt(1 + 3.6**2 + 0.3**2), abs=1e-6)


def test_what_is_not_known_to_end_may_be_as_close() -> None:
    # Nobody has seen where the shelf ends towards the camera: it may reach as far as the desk.
    views = seen(at(-0.8, 3, 1.2, CUBE), at(1.0, 3.6, 1.2, CUBE))
    views.belief.extents.is_sure[1, 2] = False
    views.belief.extents.slack_m[1, 2] = 0.5
    assert answer(views, "closer") == "Skip: ambiguous"


# The desk is 1.0 m to 1.4 m high.
@pytest.mark.parametrize(
    ("z", "height", "expected"),
    [
        (1.6, 0.4, "shelf"),
        (1.42, 0.4, "shelf"),  # from 1.22 m: above the desk's center
        (1.39, 0.4, "Skip: ambiguous"),  # 0.19 m higher
        (1.75, 1.2, "Skip: ambiguous"),  # from 1.15 m
        (0.9, 0.3, "desk"),  # up to 1.05 m
        (0.98, 0.9, "Skip: ambiguous"),  # lower by 0.22 m, but up to 1.43 m
    ],
)
def test_higher_by_center_and_both_ends(z: float, height: float, expected: str) -> None:
    views = seen(at(-0.8, 3, 1.2, CUBE), at(1.0, 3, z, (0.4, 0.4, height)))
    assert answer(views, "higher") == expected


@pytest.mark.parametrize(
    ("height", "expected"),
    [
        (1.1, "shelf"),  # 0.3 of 1.1 m are 27 %
        (1.05, "Skip: ambiguous"),  # 0.25 of 1.05 m are 24 %
        (0.55, "desk"),
        (0.3, "Skip: too different"),  # 2.7 times
    ],
)
def test_taller(height: float, expected: str) -> None:
    views = seen(at(-0.8, 3, 1.2, (0.4, 0.4, 0.8)), at(1.0, 3, 1.2, (0.4, 0.4, height)))
    assert answer(views, "taller") == expected


# What is visible of the desk ends at x = -0.6, y = 3.2, column 130 of 320.
@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.8, "desk"),
        (-0.08, "desk"),  # from column 144 on, 4.4 % of the width further right
        (-0.2, "Skip: ambiguous"),  # from column 137
        (-1.7, "shelf"),
    ],
)
def test_farther_left_by_all_that_is_visible(x: float, expected: str) -> None:
    assert answer(seen(at(-0.8, 3, 1.2, CUBE), at(x, 3, 1.2, CUBE)), "left") == expected


# The desk is 1 m wide and 1.0 m to 1.4 m high.
@pytest.mark.parametrize(
    ("x", "z", "expected"),
    [
        (0.2, 1.55, "shelf"),  # stands on it
        (0.2, 1.8, "shelf"),  # hangs over it
        (0.2, 1.5, "Skip: ambiguous"),  # 5 cm sunk into it
        (0.52, 1.55, "Skip: ambiguous"),  # 43 % of it over the desk
        (0.2, 0.5, "Skip: ambiguous"),  # 9 % of the desk over it
    ],
)
def test_above_by_ends_footprints_and_image(x: float, z: float, expected: str) -> None:
    views = seen(at(0.0, 3, 1.2, (1.0, 1.0, 0.4)), at(x, 3, z, (0.3, 0.3, 0.3)))
    assert answer(views, "above") == expected


def test_what_lies_above_must_look_so() -> None:
    # From z = 3.2, the far edge of the desk, at y = 4.2 and z = 0.9, is 29 degrees down; the upper end of the shelf,
    # at y = 2.6 and z = 1.45, which hangs over its near edge, 34 degrees.
    cameras = [looking("+y", at=(0, 0, 3.2), up_deg=-45), SIDEWAYS]
    boxes = {"desk": at(0.0, 3.3, 0.8, (1.0, 1.8, 0.2)), "shelf": at(0.0, 2.5, 1.3, (0.3, 0.2, 0.3))}
    assert answer(observe(room(boxes, cameras)), "above") == "Skip: ambiguous"


@pytest.mark.parametrize(("relation", "expected"), [("left", "Skip: held askew"), ("closer", "desk")])
def test_sides_of_an_image_held_askew_are_not_asked(relation: str, expected: str) -> None:
    assert answer(seen(at(-0.8, 3, 1.2, CUBE), at(0.8, 3.8, 1.2, CUBE), roll_deg=15), relation) == expected


def test_all_of_both_must_be_in_view() -> None:
    assert answer(seen(at(-2.9, 3, 1.2, CUBE), at(1.0, 3.8, 1.2, CUBE)), "closer") == "Skip: cut off by the image"
    views = seen(at(0.05, 2, 1.45, (0.3, 0.3, 0.3)), at(0.2, 4, 1.45, CUBE))  # 0.62 of the shelf are hidden
    assert answer(views, "closer") == "Skip: mostly occluded"


def test_sides_of_the_image_need_exact_pixels() -> None:
    scene = boxes_only(with_depth(room({"desk": at(-0.8, 3, 1.2), "shelf": at(0.8, 3, 1.2)}, [looking("+y")])))
    assert answer(observe(scene), "left") == "Skip: boxes not exact"


@pytest.mark.parametrize("relation", [*QUALITIES])
def test_the_opposite_word_is_answered_by_the_other_object(relation: str) -> None:
    stacked = seen(at(0.0, 3, 1.0, (1.0, 1.0, 0.4)), at(0.2, 3, 1.5, (0.3, 0.3, 0.6)))
    aside = seen(at(-0.8, 3, 1.2, CUBE), at(1.0, 3.8, 1.7, (0.4, 0.4, 0.6)))
    views = stacked if QUALITIES[relation] == "stack" else aside
    found, family = question(ask(views, relation)), load_task("compare_single")
    inverse = question(family.inverse(views, found))  # pyright: ignore[reportArgumentType]
    assert inverse.facts == {"relation": OTHER[relation]}
    assert inverse.answer.text != found.answer.text
    assert inverse.fact == found.fact


def test_every_quality_is_asked_and_names_do_not_tell_who_has_more_of_it() -> None:
    views = observe(studio())
    found = list(load_task("compare_single").propose(views, np.random.default_rng(0)))
    asked = [one for one in found if isinstance(one, Question)]
    assert {QUALITIES[str(one.facts["relation"])] for one in asked} == {*WORDS}
    assert Skip("class quota reached") in found
    leads: Counter[tuple[str, str, str]] = Counter()
    for one in asked:
        relation = str(one.facts["relation"])
        first, second = (views.scene.objects[role.object].label for role in one.roles)
        first_has_more = (one.answer.text == "red") == (relation == WORDS[QUALITIES[relation]][1])
        pair = (first, second) if first_has_more else (second, first)
        leads[QUALITIES[relation], *pair] += 1
    for quality, more, _ in leads:
        has_more = sum(n for (kind, first, _), n in leads.items() if (kind, first) == (quality, more))
        has_less = sum(n for (kind, _, second), n in leads.items() if (kind, second) == (quality, more))
        assert abs(has_more - has_less) <= 1
    # The same two names the other way round, in other images.
    assert any(leads["distance", less, more] for quality, more, less in leads if quality == "distance")


def test_names_that_lead_wait_until_they_have_trailed() -> None:
    labels = EvenLabels(1)
    pairs = [("bed", "cup"), ("bed", "hat"), ("hat", "bed"), ("bed", "cup"), ("bed", "rug"), ("cup", "cup")]
    assert [labels.admits("size", *pair) for pair in pairs] == [True, False, True, False, True, True]
    assert labels.admits("height", "bed", "cup")
