"""Distances of surfaces and ratios of distances, by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from qagen.core.answer import Ratio
from qagen.core.box import Box3D
from qagen.core.question import Question
from qagen.core.scene import UNLABELED
from qagen.errors import ConfigError
from qagen.rng import rng_for
from qagen.sampling.distractors.shared import choose_with_shared_answers
from qagen.tasks.distance import Distance
from qagen.tasks.registry import load_task
from qagen.visibility.closest import Gaps
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, facing, room
from tests.tasks.asking import ask, question, text

UNIT = (1.0, 1.0, 1.0)
AROUND = [facing((1, 0, 0.5), at=(1 + 3 * math.cos(a), 3 * math.sin(a), 1.6)) for a in np.radians(range(20, 360, 40))]
"""Cameras on a circle, so that all sides are seen."""


def seen(**boxes: Box3D) -> SceneViews:
    return observe(room(boxes, AROUND))


def gap(first: Box3D, second: Box3D) -> float:
    """Distance of the surfaces of two objects."""
    return seen(sofa=first, table=second).gaps.between(0, 1).surfaces_m


@pytest.fixture(scope="module")
def views() -> SceneViews:
    return seen(sofa=at(0, 0, 0.5, UNIT), table=at(2, 0, 0.5, UNIT))


def test_surfaces_are_closer_than_centers(views: SceneViews) -> None:
    # Unit boxes two meters apart: 2.0 between the centers, half a meter less on each side between the surfaces.
    assert text(ask("distance_prediction_oo", views, red="sofa", blue="table")) == "2.0"
    asked = question(ask("distance_surface_oo", views, red="sofa", blue="table"))
    assert asked.answer.text == "1.0"
    assert asked.measured["surface_distance_m"] == pytest.approx(1.0, abs=1e-6)
    # 0.8 above the least distance; 0.1 of 1.0 may be unsure, and all sides are sure.
    assert asked.margin == pytest.approx(0.1, abs=1e-6)
    assert text(ask("distance_surface_oo_mv", views, (0, 1, 2), red="table", blue=("sofa", 1))) == "1.0"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        # The edge of a box turned by 45 degrees lies sqrt(0.5) from its center, in front of the other's side.
        (at(2, 0, 0.5, UNIT, 45), 2 - 0.5 - math.sqrt(0.5)),
        # Corner to corner: one meter aside, one meter farther, one meter up.
        (at(2, 2, 2.5, UNIT), math.sqrt(3)),
    ],
)
def test_turned_boxes(second: Box3D, expected: float) -> None:
    assert gap(at(0, 0, 0.5, UNIT), second) == pytest.approx(expected, abs=1e-6)
    assert gap(second, at(0, 0, 0.5, UNIT)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("gap_m", "expected"),
    [
        (0.02, "Skip: objects touch"),  # less than three hundredths of the smaller object
        (0.1, "Skip: distance too short"),
        (0.24, "Skip: unit too coarse"),  # 0.04 of 0.24 would be lost
        (0.3, "0.3"),
    ],
)
def test_what_is_too_close_is_not_asked(gap_m: float, expected: str) -> None:
    asked = ask(
        "distance_surface_oo",
        seen(sofa=at(0, 0, 0.5, UNIT), table=at(1 + gap_m, 0, 0.5, UNIT)),
        red="sofa",
        blue="table",
    )
    assert text(asked) == expected


def boxed(views: SceneViews, second: Box3D) -> Gaps:
    """The gaps of a scene of boxes alone, the first one of which is the scene's."""
    first, other = (replace(item, points=None) for item in views.scene.objects)
    return Gaps(replace(views.scene, mesh=None, objects=(first, replace(other, box=second))), views.belief.extents)


def test_boxes_stand_for_objects_without_surface(views: SceneViews) -> None:
    found = boxed(views, at(2, 0, 0.5, UNIT, 45)).between(0, 1)
    assert found.surfaces_m == pytest.approx(1.5 - math.sqrt(0.5))
    assert found.boxes_m == pytest.approx(found.surfaces_m)


@pytest.mark.parametrize("second", [at(0.1, 0, 0.5), at(0, 0, 0.5, (5, 0.1, 0.1))])
def test_a_box_in_another_or_through_it_may_touch_it(views: SceneViews, second: Box3D) -> None:
    assert boxed(views, second).between(0, 1).boxes_m == 0


def test_parts_that_were_not_scanned_may_be_closer(views: SceneViews) -> None:
    # The mesh of the table loses the side that faces the sofa: what is left begins one meter farther away. Its box
    # still reaches to one meter from the sofa.
    mesh = views.scene.mesh
    assert mesh is not None
    corners = mesh.vertices[mesh.faces]
    of_table = mesh.face_object == 1
    facing_sofa = of_table & (corners[:, :, 0].min(axis=1) < 1.6)
    owners = np.where(facing_sofa, UNLABELED, mesh.face_object).astype(np.int32)
    partial = replace(views, scene=replace(views.scene, mesh=replace(mesh, face_object=owners)))
    left = partial.gaps.between(0, 1)
    assert (left.surfaces_m, left.boxes_m) == (pytest.approx(2.0, abs=1e-6), pytest.approx(1.0, abs=1e-6))
    assert text(ask("distance_surface_oo", partial, red="sofa", blue="table")) == "Skip: surface not observed"
    allowed = ask("distance_surface_oo", partial, overrides={"max_unsure_share": 0.6}, red="sofa", blue="table")
    assert text(allowed) == "2.0"


def test_a_side_that_may_lie_farther_out_brings_objects_closer(views: SceneViews) -> None:
    # The table may reach 0.4 m beyond the side that faces the sofa, so that the gap may be 0.6 m instead of 1.
    is_sure, slack_m = views.belief.extents.is_sure.copy(), views.belief.extents.slack_m.copy()
    is_sure[1, 0], slack_m[1, 0] = False, 0.4
    gaps = Gaps(views.scene, replace(views.belief.extents, is_sure=is_sure, slack_m=slack_m))
    assert gaps.between(0, 1).boxes_m == pytest.approx(0.6, abs=1e-6)
    slack_m[1, 0] = np.inf
    gaps = Gaps(views.scene, replace(views.belief.extents, is_sure=is_sure, slack_m=slack_m))
    assert gaps.between(0, 1).boxes_m == 0


def test_a_pair_is_measured_once(views: SceneViews) -> None:
    assert views.gaps.between(0, 1) is views.gaps.between(1, 0)


@pytest.fixture(scope="module")
def three() -> SceneViews:
    # From the lamp: 1 m to the chair, 2.5 m to the table.
    return seen(lamp=at(0, 0, 0.5), chair=at(1, 0, 0.5), table=at(0, 2.5, 0.5))


def test_how_many_times_as_far(three: SceneViews) -> None:
    asked = question(ask("distance_ratio_oo", three, red="lamp", blue="table", green="chair"))
    assert asked.answer.text == "2.5"
    assert asked.measured == {"ratio": 2.5, "blue_m": 2.5, "green_m": 1.0}
    # From the chair it is sqrt(1 + 2.5^2) = 2.69 to the table.
    assert text(ask("distance_ratio_oo_mv", three, (0, 1, 2), red="chair", blue="table", green=("lamp", 2))) == "2.7"


def test_blue_is_the_farther_one_however_it_was_drawn(three: SceneViews) -> None:
    asked = question(ask("distance_ratio_oo", three, red="lamp", blue="chair", green="table"))
    assert [(role.color, role.object) for role in asked.roles] == [("red", 0), ("blue", 2), ("green", 1)]
    assert asked.answer.text == "2.5"


@pytest.mark.parametrize(
    ("away_m", "expected"),
    [
        (0.45, "Skip: distance too short"),
        (2.2, "Skip: ratio out of range"),  # 1.14
        (0.55, "4.5"),
    ],
)
def test_ratios_that_nobody_could_tell_are_not_asked(away_m: float, expected: str) -> None:
    views = seen(lamp=at(0, 0, 0.5), chair=at(away_m, 0, 0.5), table=at(0, 2.5, 0.5))
    assert text(ask("distance_ratio_oo", views, red="lamp", blue="table", green="chair")) == expected


def test_a_ratio_above_the_largest_is_not_asked(three: SceneViews) -> None:
    asked = ask("distance_ratio_oo", three, overrides={"max_ratio": 2.4}, red="lamp", blue="table", green="chair")
    assert text(asked) == "Skip: ratio out of range"


@pytest.mark.parametrize(
    ("type_name", "needs"), [("distance_ratio_oo", {"objects"}), ("distance_surface_oo", {"objects", "scale"})]
)
def test_a_ratio_needs_no_scale(type_name: str, needs: set[str]) -> None:
    family = load_task(type_name)
    assert isinstance(family, Distance)
    assert family.needs == needs


def test_only_two_objects_have_a_distance_of_surfaces() -> None:
    with pytest.raises(ConfigError, match="asks: oo for between: surfaces"):
        load_task("distance_surface_oo", {"asks": "oc"})


def test_options_are_ratios_apart(three: SceneViews) -> None:
    asked = question(ask("distance_ratio_oo", three, red="lamp", blue="table", green="chair"))

    def together(*ratios: float) -> bool:
        questions: list[Question] = [
            replace(asked, answer=Ratio(ratio), facts={"number": index}) for index, ratio in enumerate(ratios)
        ]
        return bool(choose_with_shared_answers(questions, 4, rng_for(0)).distractors)

    assert together(1.2, 1.5, 1.8, 2.2)
    assert not together(1.2, 1.4, 1.8, 2.2)  # 0.2 apart, which is 14 %
    assert not together(1.2, 2.0, 4.5, 5.0)  # 10 % apart
