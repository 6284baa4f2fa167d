"""What every task type promises, whatever it asks: shown on one furnished room."""

import math
import re
from functools import cache
from typing import Any

import msgspec
import pytest

from qagen.core.answer import OPPOSITE, BoxAnswer, ImagePoint, Motion, Number
from qagen.core.sample import Sample
from qagen.files import TEMPLATES
from qagen.pipeline.config import RunConfig, known_types, load_task
from qagen.pipeline.record import to_evidence, to_record
from qagen.pipeline.run import REPEAT, TaskCounts, make_samples
from qagen.records.marks import mark_order, marks_of
from qagen.tasks._base import Family
from qagen.visibility.views import SceneViews, observe
from qagen.wording.formats import FORMAT_SKIPS, LETTERS
from qagen.wording.phrasebook import Phrasebook
from tests.scenes import studio

TYPES = known_types()
QUICK = [name for name in TYPES if name != "room_size"]
"""Types whose facts do not take seconds to measure."""
CONFIG = RunConfig(per_scene=12)
STAMP = {"seed": 0, "qagen": "0", "config": "0"}

# The keys of SPAR-7M's records and the order of the colours in *_img_idx. "+" before the names: with *_img_idx.
SPAR_MARKS = {
    "depth_prediction_oc": "red_point blue_point",
    "depth_prediction_oo": "red_point blue_point green_point",
    "depth_prediction_oc_mv": "+red_point blue_point",
    "depth_prediction_oo_mv": "+red_point blue_point green_point",
    "distance_prediction_oc": "red_point",
    "distance_prediction_oo": "red_point blue_point",
    "distance_prediction_oc_mv": "+red_point",
    "distance_prediction_oo_mv": "+red_point blue_point",
    "distance_prediction_oo_video": "+red_point blue_point",
    "distance_infer_center_oc": "",
    "distance_infer_center_oo": "red_point blue_point green_point",
    "distance_infer_center_oc_mv": "",
    "distance_infer_center_oo_mv": "+red_point green_point blue_point",
    "distance_infer_center_oo_video": "+point_list",
    "obj_spatial_relation_oo": "red_bbox blue_bbox",
    "obj_spatial_relation_oc_mv": "+red_bbox blue_bbox green_bbox",
    "obj_spatial_relation_oo_mv": "+red_bbox blue_bbox green_bbox",
    "spatial_imagination_oc": "green_bbox blue_bbox red_bbox",
    "spatial_imagination_oo": "green_bbox blue_bbox red_bbox yellow_bbox",
    "spatial_imagination_oc_mv": "+green_bbox blue_bbox red_bbox",
    "spatial_imagination_oo_mv": "+green_bbox blue_bbox red_bbox yellow_bbox",
    "spatial_imagination_oc_video": "+green_bbox blue_bbox red_bbox",
    "spatial_imagination_oo_video": "+green_bbox blue_bbox red_bbox yellow_bbox",
    "spatial_imagination_oc_video_hard": "+green_bbox blue_bbox red_bbox",
    "spatial_imagination_oo_video_hard": "+green_bbox blue_bbox red_bbox yellow_bbox",
    "spatial_imagination_map_mv": "+bbox_list",
    "spatial_volume_infer": "red_bbox",
    "position_matching": "red_bbox",
    "camera_motion_infer": "",
    "view_change_infer": "",
    "obj_frame_locate": "+red_bbox",
    "appearance_order": "",
    "obj_count": "",
    "room_size": "",
    "nav_video": "",
}
PAIRS = {"position_matching", "camera_motion_infer", "view_change_infer"}
VIDEOS = {"obj_frame_locate", "appearance_order", "obj_count", "room_size", "nav_video"}
RELATIONS_OF_SOME = {"obj_spatial_relation_oc_mv", "obj_spatial_relation_oo_mv"}


@cache
def views() -> SceneViews:
    return observe(studio())


@cache
def made(type_name: str) -> tuple[Family, list[Sample], TaskCounts]:
    family, tally = load_task(type_name), TaskCounts()
    return family, list(make_samples(family, views(), Phrasebook(TEMPLATES), CONFIG, tally)), tally


def record_of(sample: Sample, family: Family) -> dict[str, Any]:
    return to_record(sample, family, views(), rgbd=False)


def image_count(type_name: str) -> int:
    if type_name in PAIRS:
        return 2
    if type_name in VIDEOS or "_video" in type_name:
        return 32
    return 3 if type_name.endswith("_mv") else 1


@pytest.mark.parametrize("type_name", TYPES)
def test_it_asks_in_every_format_of_its_config(type_name: str) -> None:
    family, samples, tally = made(type_name)
    assert tally.askable > 0
    assert list(tally.samples) == list(family.config.formats)
    assert min(tally.samples.values()) > 0
    assert {sample.format for sample in samples} == set(family.config.formats)
    assert {sample.type for sample in samples} == {type_name}


@pytest.mark.parametrize("type_name", TYPES)
def test_it_refuses_for_declared_reasons_only(type_name: str) -> None:
    family, _, tally = made(type_name)
    in_formats = {f"{name}: {reason}" for name in family.config.formats for reason in FORMAT_SKIPS}
    assert set(tally.skips) <= family.skips | in_formats | {REPEAT}


@pytest.mark.parametrize("type_name", TYPES)
def test_its_records_have_the_keys_of_spar(type_name: str) -> None:
    family, samples, _ = made(type_name)
    marks = SPAR_MARKS[type_name]
    kinds = {name.rpartition("_")[2] for name in marks.split()} if "_list" not in marks else {marks[1:].split("_")[0]}
    columns = set(marks.lstrip("+").split()) | (
        {f"{kind}_img_idx" for kind in kinds} if marks.startswith("+") else set()
    )
    for sample in samples:
        record = record_of(sample, family)
        assert list(record)[:4] == ["id", "conversations", "image", "type"]
        assert set(list(record)[4:]) == columns
        assert list(record) == list(record_of(samples[0], family))
        assert [turn["from"] for turn in record["conversations"]] == ["human", "gpt"]
        assert all(isinstance(turn["value"], str) and turn["value"] for turn in record["conversations"])
        assert len(record["image"]) == len(set(record["image"])) == image_count(type_name)


@pytest.mark.parametrize("type_name", [name for name in TYPES if SPAR_MARKS[name]])
def test_its_marks_are_those_that_are_drawn(type_name: str) -> None:
    family, samples, _ = made(type_name)
    spar_order = tuple(name.split("_")[0] for name in SPAR_MARKS[type_name].lstrip("+").split())
    assert family.marks is not None
    if not family.marks.listed:
        assert family.marks.colors == spar_order
        assert tuple(color for color in mark_order(type_name) if color in spar_order) == spar_order
    for sample in samples:
        record, roles = record_of(sample, family), sample.question.roles
        drawn = marks_of(record)
        if family.marks.drawn:
            assert sorted((mark.image, mark.place) for mark in drawn) == sorted((r.image, r.place) for r in roles)
        if family.marks.drawn and not family.marks.listed:
            assert [mark.color for mark in drawn] == [c for c in spar_order if c in {r.color for r in roles}]
            assert {mark.color: mark.place for mark in drawn} == {role.color: role.place for role in roles}
        if not family.marks.indexed:
            assert {role.image for role in roles} == {0}


@pytest.mark.parametrize("type_name", [name for name in TYPES if SPAR_MARKS[name]])
def test_its_unused_marks_are_null(type_name: str) -> None:
    family, samples, _ = made(type_name)
    used = {"obj_spatial_relation_oc_mv": 1, "obj_spatial_relation_oo_mv": 2}.get(type_name)
    for sample in samples:
        record = record_of(sample, family)
        marks = [value for key, value in record.items() if key.endswith(("_point", "_bbox"))]
        assert sum(value is not None for value in marks) == (used or len(marks))
        for key, value in record.items():
            if key.endswith("_img_idx"):
                assert len(value) == 1
                assert len(value[0]) == len(sample.question.roles)


@pytest.mark.parametrize("type_name", sorted(RELATIONS_OF_SOME))
def test_every_colour_is_used(type_name: str) -> None:
    _, samples, _ = made(type_name)
    assert {role.color for sample in samples for role in sample.question.roles} == {"red", "blue", "green"}


@pytest.mark.parametrize("type_name", TYPES)
def test_marked_objects_can_be_seen_where_they_are_marked(type_name: str) -> None:
    _, samples, _ = made(type_name)
    for question in (sample.question for sample in samples):
        assert len({role.object for role in question.roles}) == len(question.roles)
        for role in question.roles:
            assert views().askable[question.frames[role.image], role.object]
            x, y = 1000 * views().mark_xy[question.frames[role.image], role.object]
            box = role.place if role.kind == "bbox" else (*role.place, *role.place)
            assert box[0] - 1 <= x <= box[2] + 1
            assert box[1] - 1 <= y <= box[3] + 1


@pytest.mark.parametrize("type_name", TYPES)
def test_its_measures_are_finite_and_its_margins_not_negative(type_name: str) -> None:
    _, samples, _ = made(type_name)
    for sample in samples:
        assert math.isfinite(sample.question.margin)
        assert sample.question.margin >= 0
        evidence = to_evidence(sample, views(), STAMP)
        assert evidence["measured"]
        assert all(math.isfinite(number) for number in numbers_in(evidence))


def numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for part in value.values() for number in numbers_in(part)]
    if isinstance(value, list | tuple):
        return [number for part in value for number in numbers_in(part)]
    return [value] if isinstance(value, int | float) else []


def lines_of(type_name: str, config: RunConfig, seen: SceneViews) -> list[bytes]:
    family = load_task(type_name)
    samples = make_samples(family, seen, Phrasebook(TEMPLATES), config, TaskCounts())
    return [
        msgspec.json.encode([to_record(sample, family, seen, rgbd=True), to_evidence(sample, seen, STAMP)])
        for sample in samples
    ]


@cache
def again() -> dict[str, list[bytes]]:
    """All types once more, in another order and from a scene looked at anew."""
    seen = observe(studio())
    return {name: lines_of(name, CONFIG, seen) for name in reversed(TYPES)}


@pytest.mark.parametrize("type_name", TYPES)
def test_the_same_seed_gives_the_same_bytes_whatever_is_made_beside(type_name: str) -> None:
    assert lines_of(type_name, CONFIG, views()) == again()[type_name]


@pytest.mark.parametrize("type_name", QUICK)
def test_another_seed_gives_other_samples(type_name: str) -> None:
    config = CONFIG.model_copy(update={"seed": 1, "per_scene": 6})
    assert lines_of(type_name, config, views()) != again()[type_name][:6]


@pytest.mark.parametrize("type_name", QUICK)
def test_other_formats_beside_change_nothing(type_name: str) -> None:
    family, samples, _ = made(type_name)
    last = family.config.formats[-1]
    config = CONFIG.model_copy(update={"formats": (last,)})
    alone = list(make_samples(family, views(), Phrasebook(TEMPLATES), config, TaskCounts()))
    assert [(s.id, s.human, s.gpt) for s in alone] == [(s.id, s.human, s.gpt) for s in samples if s.format == last]


def test_ids_are_unique_over_all_types_and_formats() -> None:
    ids = [sample.id for name in TYPES for sample in made(name)[1]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"room_\d+", name) for name in ids)


@pytest.mark.parametrize("type_name", TYPES)
def test_one_fact_is_told_in_all_formats_unless_independent(type_name: str) -> None:
    family, samples, tally = made(type_name)
    keys = [[s.question.key for s in samples if s.format == name] for name in family.config.formats]
    if family.config.independent or any(":" in reason for reason in tally.skips):
        return
    assert all(key == keys[0] for key in keys)


@pytest.mark.parametrize("type_name", TYPES)
def test_no_text_holds_what_trainers_read_as_a_tag(type_name: str) -> None:
    _, samples, _ = made(type_name)
    for sample in samples:
        for text in (sample.human, sample.gpt):
            assert not re.search(r"[<>{}]|  |\bNone\b|\bnan\b", text), text
            assert text == text.strip()
        assert sample.human[0].isupper()


BARE = {
    Number: r"\d+\.\d",
    BoxAnswer: r"\[\d+, \d+, \d+, \d+\]",
    ImagePoint: r"\(\d+,\d+\),\d+\.\d",
    Motion: r"(\w+:\d+(\.\d)?,){4}\w+:\d+",
}


@pytest.mark.parametrize("type_name", TYPES)
def test_fill_answers_are_bare_and_sentences_are_sentences(type_name: str) -> None:
    family, samples, _ = made(type_name)
    for sample in samples:
        if sample.format == "fill" and family.answer in BARE:
            assert re.fullmatch(BARE[family.answer], sample.gpt)
            assert sample.gpt == sample.question.answer.text
        if sample.format == "sentence":
            assert sample.gpt[0].isupper()
            assert sample.gpt[-1] in ".!"
            assert family.answer is not Number or sample.question.answer.text in sample.gpt


@pytest.mark.parametrize("type_name", TYPES)
def test_the_right_option_is_there_once_and_at_its_letter(type_name: str) -> None:
    family, samples, _ = made(type_name)
    for sample in (s for s in samples if s.format == "select"):
        options = sample.added["options"]
        assert isinstance(options, list)
        assert len(options) == len(set(options)) == family.options
        listed = re.findall(r"^([A-D])\. (.+)$", sample.human, re.MULTILINE)
        assert listed == list(zip(LETTERS, options, strict=False))
        if family.answer is Number:
            assert options.index(sample.question.answer.text) == LETTERS.index(sample.gpt)
        assert sample.gpt in LETTERS[: family.options]


@pytest.mark.parametrize("type_name", TYPES)
def test_judges_answer_yes_to_what_is_so_and_no_to_its_opposite(type_name: str) -> None:
    _, samples, _ = made(type_name)
    for sample in (s for s in samples if s.format == "judge"):
        words = {name.partition(":")[2] for name in sample.question.classes}
        claim = sample.added["claim"]
        assert isinstance(claim, str)
        assert sample.gpt == ("Yes" if claim in words else "No")
        assert claim in words or OPPOSITE[claim] in words
