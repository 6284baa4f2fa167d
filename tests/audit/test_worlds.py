"""The audit on scenes without scale or gravity: clean on right records, and it finds what they cannot tell."""

from functools import cache
from typing import Any

import pytest

from qagen.audit.audit_record import AuditRecord
from qagen.audit.check_record import check_record
from qagen.audit.checks import Check, Verdict, worst_verdict
from qagen.audit.eligibility import check_eligibility
from qagen.audit.evidence import in_world_units
from qagen.audit.from_loader import to_audit_scene
from qagen.audit.physical import check_scene
from qagen.audit.scene import AuditScene
from qagen.audit.settings import RunSettings, task_parameters
from qagen.audit.solvers.registry import examine
from qagen.audit.truth import SceneTruth
from qagen.core.scene import Scene
from tests.test_worlds import TYPES, needs, views_of, written

WORLDS = {"no scale": "scale", "turned": "gravity"}
"""What each world lacks."""


@cache
def truth_about(scene: Scene) -> SceneTruth:
    return SceneTruth.of(to_audit_scene(scene, "handmade"))


def truth_of(world: str, type_name: str = "depth_prediction_oc") -> SceneTruth:
    """What the audit knows of the studio in another world, filmed for a type."""
    return truth_about(views_of(world, type_name).scene)


def record_of(type_name: str, raw: dict[str, Any], evidence: dict[str, Any], scene: AuditScene) -> AuditRecord:
    told = in_world_units(evidence, scene)
    return AuditRecord(type_name, evidence["format"], raw["id"], raw, told, "room", task_parameters(type_name))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("type_name", "world"),
    [(name, world) for name in TYPES for world, lack in WORLDS.items() if lack not in needs(name)],
)
def test_what_is_asked_without_scale_or_gravity_is_right(type_name: str, world: str) -> None:
    truth, lines = truth_of(world, type_name), written(world, type_name)
    for raw, evidence in zip(lines[::2], lines[1::2], strict=True):
        record = record_of(type_name, raw, evidence, truth.scene)
        found, marks = examine(record, truth)
        checks = [*found, *check_record(record, truth.scene, truth.scene.video(32))]
        checks += check_eligibility(record, marks, truth, RunSettings())
        assert [str(check) for check in checks if check.verdict is Verdict.DISAGREE] == []


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_a_scene_without_scale_or_gravity_is_consistent_with_itself(world: str) -> None:
    assert worst_verdict(list(check_scene(truth_of(world)))) is not Verdict.DISAGREE


def checked(world: str, type_name: str, human: str, answer: str, **evidence: Any) -> list[Check]:
    """Checks of the words of a record in which only these turns and this evidence differ from a right one."""
    scene = to_audit_scene(views_of(world).scene, "handmade")
    raw, right = written(world, type_name)[:2]
    turns = [{"from": "human", "value": human}, {"from": "gpt", "value": answer}]
    record = record_of(type_name, raw | {"conversations": turns}, right | evidence, scene)
    return [check for check in check_record(record, scene, scene.video(32)) if check.what in ("words", "evidence unit")]


@pytest.mark.parametrize(
    "answer",
    ["It is 2 meters away.", "It lies 40 cm away.", "It is 2.4 away.", "At 3 m, the table.", "It is twelve feet away."],
)
def test_a_length_without_a_scale_is_found(answer: str) -> None:
    assert worst_verdict(checked("no scale", "position_matching", "Where is it?", answer)) is Verdict.DISAGREE
    assert checked("level", "position_matching", "Where is it?", answer) == []


def test_ratios_degrees_counts_and_coordinates_are_no_lengths() -> None:
    assert checked("no scale", "obj_count", "How many times as far is it?", "2.5") == []
    assert checked("no scale", "obj_count", "By how many degrees does it turn?", "About 12.5 degrees.") == []
    assert checked("no scale", "obj_count", "How many chairs?", "3 chairs, in Frame-12, at [10, 20, 30, 40].") == []
    assert worst_verdict(checked("no scale", "obj_count", "How many?", "3", unit="m")) is Verdict.DISAGREE


@pytest.mark.parametrize("answer", ["It is above the table.", "The higher one.", "left, below, closer", "Its height."])
def test_a_height_without_gravity_is_found(answer: str) -> None:
    assert worst_verdict(checked("turned", "position_matching", "Where is it?", answer)) is Verdict.DISAGREE
    assert checked("level", "position_matching", "Where is it?", answer) == []


def test_names_and_references_to_the_text_are_no_heights() -> None:
    assert checked("turned", "position_matching", "Of the objects boxed below, name one as above.", "The lamp.") == []
    scene = to_audit_scene(views_of("turned").scene, "handmade")
    assert scene.without_names("the table above the box") == "the  above the "


@pytest.mark.parametrize("unit", [1.0, 2.5])
def test_evidence_is_read_in_units_of_the_world(unit: float) -> None:
    scene = AuditScene("handmade", "room", {}, (), None, None, None, unit_m=None, reported_unit=unit)
    told = {"margin_unit": "u", "objects": [{"center_u": [unit, 0.0], "id": 3}], "measured": {"area_u2": 2 * unit**2}}
    read = {"margin_unit": "u", "objects": [{"center_m": [1.0, 0.0], "id": 3}], "measured": {"area_m2": 2.0}}
    assert in_world_units(told, scene) == read
