"""The four ways to point at an object, on one furnished room."""

from functools import cache
from typing import Any

import msgspec
import pytest

from qagen.audit.audit_record import AuditRecord
from qagen.audit.checks import Verdict
from qagen.audit.from_loader import to_audit_scene
from qagen.audit.settings import task_parameters
from qagen.audit.solvers.registry import examine
from qagen.audit.truth import SceneTruth
from qagen.core.sample import Sample
from qagen.errors import ConfigError
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_evidence, to_record
from qagen.pipeline.run import TaskCounts, make_samples, phrasebook
from qagen.records.marks import marks_of
from qagen.score import strict
from qagen.score.items import ScoredItem
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import studio

TYPES = {
    "distance_prediction_oo": ("red", "blue"),
    "spatial_volume_infer": ("red",),
    "obj_spatial_relation_oo_mv": ("red", "blue", "green"),
    "distance_infer_center_oo": ("red", "blue", "green"),
    "spatial_imagination_oc_video": ("green", "blue", "red"),
    "distance_infer_center_oo_video": (),
    "spatial_imagination_map_mv": (),
    "obj_frame_locate": ("red",),
    "existence_oo_mv": ("red",),
    "object_orbit": ("red",),
}
KINDS = ("point", "bbox", "mask", "none")
WORDS = {"point": "point", "bbox": "box", "mask": "mask"}
COLORS = ("red", "blue", "green", "yellow")
EACH = pytest.mark.parametrize(("type_name", "kind"), [(name, kind) for name in TYPES for kind in KINDS])


@cache
def views() -> SceneViews:
    return observe(studio())


@cache
def truth() -> SceneTruth:
    return SceneTruth.of(to_audit_scene(studio(), "studio"))


@cache
def made(type_name: str, kind: str) -> list[tuple[Sample, dict[str, Any]]]:
    family = load_task(type_name, {"mark": kind})
    samples = make_samples(family, views(), phrasebook(), RunConfig(per_scene=6), TaskCounts())
    return [(sample, to_record(sample, family, views(), rgbd=False)) for sample in samples]


@EACH
def test_records_hold_the_columns_of_their_kind_alone(type_name: str, kind: str) -> None:
    assert made(type_name, kind)
    for _, record in made(type_name, kind):
        found = {key for key in record if key.endswith(("point", "bbox", "mask", "_list"))}
        listed = {f"{kind}_list"} if not TYPES[type_name] else {f"{color}_{kind}" for color in TYPES[type_name]}
        assert found == (set() if kind == "none" else listed)


@EACH
def test_texts_name_the_mark_that_is_there(type_name: str, kind: str) -> None:
    for sample, record in made(type_name, kind):
        words = {word for word in WORDS.values() for color in COLORS if f"({color} {word})" in sample.human}
        assert words == ({WORDS[kind]} if TYPES[type_name] and kind != "none" else set())
        assert all(mark.text or f"({mark.color} " in sample.human for mark in marks_of(record))
        if kind == "none":
            notes = (*(f"({color}" for color in COLORS), "marked", "(in Frame", "(object", "(Object", "(point")
            assert not any(note in sample.human + sample.gpt for note in notes)


@EACH
def test_marks_are_read_back(type_name: str, kind: str) -> None:
    for sample, record in made(type_name, kind):
        marks = marks_of(msgspec.json.decode(msgspec.json.encode(record)))
        expected = sorted(role.place for role in sample.question.roles) if kind != "none" else []
        assert sorted(mark.place for mark in marks) == expected


@EACH
def test_the_audit_finds_the_objects_and_the_answer(type_name: str, kind: str) -> None:
    parameters = {**task_parameters(type_name), "mark": kind}
    for sample, record in made(type_name, kind):
        audited = AuditRecord(
            type_name, sample.format, sample.id, record, to_evidence(sample, views(), {}), "room", parameters
        )
        checks, marks = examine(audited, truth())
        assert [check for check in checks if check.verdict is not Verdict.AGREE] == [], sample.human
        found = sorted(truth().instances[mark.instance].id for mark in marks.values())
        assert found == sorted(views().scene.objects[role.object].id for role in sample.question.roles)


@EACH
def test_the_right_answer_scores(type_name: str, kind: str) -> None:
    for sample, record in made(type_name, kind):
        assert strict.score(ScoredItem(sample.id, record["type"], sample.human, sample.gpt), sample.gpt) == 1


def test_named_objects_have_a_label_of_their_own() -> None:
    for type_name in TYPES:
        for sample, _ in made(type_name, "none"):
            shown = ~views().absent[list(sample.question.frames)].all(axis=0)
            for role in sample.question.roles:
                alike = views().kinds == views().kinds[role.object]
                assert (alike & shown).sum() == 1


@pytest.mark.parametrize(
    ("type_name", "keys", "message"),
    [
        ("depth_prediction_oc", {"mark": "circle"}, "overrides.depth_prediction_oc.mark: found 'circle', expected"),
        ("depth_prediction_oc_mv", {"mark": "none"}, "expected mark: point, bbox or mask, because a depth is taken"),
        ("position_matching", {"mark": "none"}, "expected mark: point, bbox or mask, because the mark tells"),
        ("distance_infer_center_oc", {"mark": "mask"}, "expected no mark for asks: oc"),
        ("object_matching_candidates", {"mark": "mask"}, "expected mark: bbox, because it asks which of several boxes"),
        ("existence_oc_mv", {"mark": "mask"}, "expected no mark for asks: oc"),
        ("spatial_imagination_oc_video", {"hidden_boxes": True}, "expected mark: none with hidden_boxes"),
        ("room_size", {"mark": "mask"}, "overrides.room_size.mark: unknown key"),
    ],
)
def test_what_makes_no_sense_is_told(type_name: str, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=r"^run\.yaml: ") as caught:
        load_task(type_name, keys, "run.yaml")
    assert message in str(caught.value)
