"""What every task type promises, whatever it asks: shown on one furnished room."""

import math
import re
from collections import Counter
from functools import cache
from typing import Any

import msgspec
import pytest

from qagen.core.answer import (
    OPPOSITE,
    BoxAnswer,
    Degrees,
    Directions,
    GridMap,
    ImagePoint,
    ImagePosition,
    Motion,
    Number,
    ViewAngles,
    YesNo,
)
from qagen.core.question import Skip
from qagen.core.reasons import SAME_WORDS
from qagen.core.sample import Sample
from qagen.core.scene import Scene
from qagen.core.units import Units
from qagen.pipeline.config import RunConfig
from qagen.pipeline.record import to_evidence, to_record
from qagen.pipeline.run import TaskCounts, make_samples, phrasebook
from qagen.records.marks import marks_of
from qagen.rng import rng_for
from qagen.sampling.choose import Distractors
from qagen.sampling.pool import Selection
from qagen.tasks._base import Family
from qagen.tasks.registry import known_types, load_task
from qagen.view.variety import Variety
from qagen.visibility.views import SceneViews, observe
from qagen.wording.formats import CLAIMABLE, FORMAT_SKIPS, LETTERS, Formatter
from tests.scenes import studio_for

TYPES = known_types()
QUICK = [name for name in TYPES if load_task(name).name != "room"]
"""Types whose facts do not take seconds to measure."""
CONFIG = RunConfig(per_scene=12)
LEAST_FORMS = 12
"""Number of forms in which each type asks one and the same question."""
STAMP = {"seed": 0, "qagen": "0", "config": "0"}

# The keys of SPAR-7M's records and the order of the colors in *_img_idx. "+" before the names: with *_img_idx.
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
SPAR_MARKS_USED = {"obj_spatial_relation_oc_mv": 1, "obj_spatial_relation_oo_mv": 2}
"""How many of their colors SPAR's records use, where not all."""
MARKED = [name for name in TYPES if load_task(name).marks is not None]
COLORED = [name for name in MARKED if (marks := load_task(name).marks) and not marks.listed]


@cache
def filmed(scene: Scene) -> SceneViews:
    return observe(scene)


def views(type_name: str = "depth_prediction_oc") -> SceneViews:
    """The studio, filmed for a type."""
    return filmed(studio_for(type_name))


@cache
def made(type_name: str) -> tuple[Family, list[Sample], TaskCounts]:
    family, counts = load_task(type_name), TaskCounts()
    return family, list(make_samples(family, views(type_name), phrasebook(), CONFIG, counts)), counts


def record_of(sample: Sample, family: Family) -> dict[str, Any]:
    return to_record(sample, family, views(sample.type), rgbd=False)


@pytest.mark.parametrize("type_name", TYPES)
def test_it_asks_in_every_format_of_its_config(type_name: str) -> None:
    family, samples, counts = made(type_name)
    assert counts.askable > 0
    assert list(counts.samples) == list(family.config.formats)
    assert min(counts.samples.values()) > 0
    assert {sample.format for sample in samples} == set(family.config.formats)
    assert {sample.type for sample in samples} == {type_name}


@pytest.mark.parametrize("type_name", TYPES)
def test_it_refuses_for_declared_reasons_only(type_name: str) -> None:
    family, _, counts = made(type_name)
    in_formats = {f"{name}: {reason}" for name in family.config.formats for reason in FORMAT_SKIPS | {SAME_WORDS}}
    assert {*counts.skips, *counts.balanced_out} <= family.skips | in_formats


@pytest.mark.parametrize("type_name", SPAR_MARKS)
def test_spars_types_have_the_mark_keys_of_spar(type_name: str) -> None:
    marks, (is_indexed, names) = load_task(type_name).marks, (SPAR_MARKS[type_name][:1] == "+", SPAR_MARKS[type_name])
    keys = tuple(names.lstrip("+").split())
    kinds = {"point" if "point" in key else "bbox" for key in keys}
    assert (marks.names if marks else ()) == keys + tuple(f"{kind}_img_idx" for kind in kinds if is_indexed)
    used = SPAR_MARKS_USED.get(type_name, len(keys))
    assert type_name not in COLORED or {len(sample.question.roles) for sample in made(type_name)[1]} == {used}


@pytest.mark.parametrize("type_name", TYPES)
def test_every_record_has_all_keys_of_its_type(type_name: str) -> None:
    family, samples, _ = made(type_name)
    for sample in samples:
        record = record_of(sample, family)
        assert tuple(record) == ("id", "conversations", "image", "type", *(family.marks.names if family.marks else ()))
        assert [turn["from"] for turn in record["conversations"]] == ["human", "gpt"]
        assert all(isinstance(turn["value"], str) and turn["value"] for turn in record["conversations"])


@pytest.mark.parametrize("type_name", TYPES)
def test_it_shows_as_many_images_as_its_config_says(type_name: str) -> None:
    family, samples, _ = made(type_name)
    count = len(views(type_name).video) if family.images == "video" else family.images
    for sample in samples:
        images = record_of(sample, family)["image"]
        assert len(images) == len(set(images))
        assert (family.least_images or count) <= len(images) <= count
        assert sample.question.is_video == (family.images == "video")


def test_spars_types_show_as_many_images_as_spars() -> None:
    shown = {name: load_task(name).images for name in SPAR_MARKS}
    assert {name for name, count in shown.items() if count == 3} == {name for name in SPAR_MARKS if name[-3:] == "_mv"}
    assert {name for name, count in shown.items() if count == 2} == {
        "position_matching",
        "camera_motion_infer",
        "view_change_infer",
    }
    assert {name for name, count in shown.items() if count == "video"} == {
        *(name for name in SPAR_MARKS if "_video" in name),
        *("obj_frame_locate", "appearance_order", "obj_count", "room_size"),
    }


@pytest.mark.parametrize("type_name", MARKED)
def test_its_marks_are_those_that_are_drawn(type_name: str) -> None:
    family, samples, _ = made(type_name)
    columns = family.marks
    assert columns is not None
    for sample in samples:
        record, roles = record_of(sample, family), sample.question.marks
        drawn = marks_of(record)
        if not columns.drawn:
            assert drawn == ()
            continue
        assert sorted((mark.image, mark.place) for mark in drawn) == sorted((r.image, r.place) for r in roles)
        if not columns.listed:
            assert {mark.color: (mark.image, mark.place) for mark in drawn} == {
                role.color: (role.image, role.place) for role in roles
            }
        # What the question calls an object besides its label stands beside its mark.
        assert [mark.text.lower() for mark in drawn] == [role.alias.lower() for role in roles]
        assert columns.indexed or {role.image for role in roles} == {0}


@pytest.mark.parametrize("type_name", COLORED)
def test_its_unused_marks_are_null(type_name: str) -> None:
    family, samples, _ = made(type_name)
    for sample in samples:
        record, roles = record_of(sample, family), sample.question.marks
        used = {key for key, value in record.items() if key.endswith(("_point", "_bbox")) and value is not None}
        assert used == {f"{role.color}_{role.kind}" for role in roles if role.kind != "none"}
        assert all(len(value[0]) == len(roles) for key, value in record.items() if key.endswith("_img_idx"))


@pytest.mark.parametrize("type_name", COLORED)
def test_every_color_is_used(type_name: str) -> None:
    family, samples, _ = made(type_name)
    assert family.marks is not None
    assert {mark.color for sample in samples for mark in sample.question.marks} == set(family.marks.colors)


@pytest.mark.parametrize("type_name", TYPES)
def test_marked_objects_can_be_seen_where_they_are_marked(type_name: str) -> None:
    _, samples, _ = made(type_name)
    for question in (sample.question for sample in samples):
        assert len({(role.object, role.image) for role in question.roles}) == len(question.roles)
        for role in question.roles:
            assert views().askable[question.frames[role.image], role.object]
            if role.kind == "none":
                continue
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
        evidence = to_evidence(sample, views(type_name), STAMP)
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
    samples = make_samples(family, seen, phrasebook(), config, TaskCounts())
    return [
        msgspec.json.encode([to_record(sample, family, seen, rgbd=True), to_evidence(sample, seen, STAMP)])
        for sample in samples
    ]


@cache
def again() -> dict[str, list[bytes]]:
    """All types once more, in another order and from a scene looked at anew."""
    seen = {scene: observe(scene) for scene in dict.fromkeys(map(studio_for, TYPES))}
    return {name: lines_of(name, CONFIG, seen[studio_for(name)]) for name in reversed(TYPES)}


@pytest.mark.parametrize("type_name", TYPES)
def test_the_same_seed_gives_the_same_bytes_whatever_is_made_beside(type_name: str) -> None:
    assert lines_of(type_name, CONFIG, views(type_name)) == again()[type_name]


@pytest.mark.parametrize("type_name", QUICK)
def test_another_seed_gives_other_samples(type_name: str) -> None:
    config = CONFIG.model_copy(update={"seed": 1, "per_scene": 6})
    assert lines_of(type_name, config, views(type_name)) != again()[type_name][:6]


@pytest.mark.parametrize("type_name", QUICK)
def test_other_formats_beside_change_nothing(type_name: str) -> None:
    family, samples, _ = made(type_name)
    last = family.config.formats[-1]
    config = CONFIG.model_copy(update={"formats": (last,)})
    written = list(make_samples(family, views(type_name), phrasebook(), config, TaskCounts()))
    assert [(s.id, s.human, s.gpt) for s in written] == [(s.id, s.human, s.gpt) for s in samples if s.format == last]


@pytest.mark.parametrize("type_name", TYPES)
def test_one_question_is_asked_in_many_forms(type_name: str) -> None:
    family, samples, _ = made(type_name)
    seen, rng, variety = views(type_name), rng_for(0, type_name), Variety()
    form, labels = family.form_for(seen.scene), {item.label for item in seen.scene.objects}
    formats = family.config.formats
    for _ in range(200):
        formatter = Formatter(form, seen.scene, seen.units, phrasebook(), Distractors(Selection([]), rng), rng)
        written = formatter.write(samples[0].question, "sentence" if "sentence" in formats else formats[-1])
        assert not isinstance(written, Skip)
        variety.add(written.human, labels)
    assert len(variety.forms) >= LEAST_FORMS


def test_ids_are_unique_over_all_types_and_formats() -> None:
    ids = [sample.id for name in TYPES for sample in made(name)[1]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"room_\d+", name) for name in ids)


@pytest.mark.parametrize("type_name", TYPES)
def test_one_fact_is_asked_in_all_formats_but_select_unless_independent(type_name: str) -> None:
    family, samples, counts = made(type_name)
    names = [name for name in family.config.formats if name != "select"]
    keys = [[s.question.key for s in samples if s.format == name] for name in names]
    if family.config.independent or any(":" in reason for reason in counts.skips | counts.balanced_out):
        return
    assert all(key == keys[0] for key in keys)


@pytest.mark.parametrize("type_name", TYPES)
def test_no_answer_about_the_same_objects_comes_more_than_three_times(type_name: str) -> None:
    family, samples, _ = made(type_name)
    if family.marks is None:
        return
    questions = [(s.format, s.question) for s in samples]
    asked = Counter((name, *(r.object for r in q.roles), *q.places, q.answer.text) for name, q in questions)
    assert max(asked.values(), default=0) <= 3


@pytest.mark.parametrize("type_name", TYPES)
def test_no_text_holds_what_trainers_read_as_a_tag(type_name: str) -> None:
    _, samples, _ = made(type_name)
    for sample in samples:
        for text in (sample.human, sample.gpt):
            text = text if load_task(type_name).answer is not GridMap else re.sub(r"[{}]", "", text)  # its JSON
            assert not re.search(r"[<>{}]|  |\bNone\b|\bnan\b", text), text
            assert text == text.strip()
        assert sample.human[0].isupper()


BARE = {
    Number: r"\d+\.\d",
    Degrees: r"\d+",
    BoxAnswer: r"\[\d+, \d+, \d+, \d+\]",
    ImagePoint: r"\(\d+,\d+\),\d+\.\d",
    ImagePosition: r"\(\d+,\d+\)",
    Motion: r"(\w+:\d+(\.\d)?,){4}\w+:\d+",
    ViewAngles: r"rotate_(up|down):\d+,rotate_(left|right):\d+",
}


@pytest.mark.parametrize("type_name", TYPES)
def test_fill_answers_are_bare_and_sentences_are_sentences(type_name: str) -> None:
    family, samples, _ = made(type_name)
    for sample in samples:
        if sample.format == "fill" and family.answer in BARE:
            is_whole = getattr(family.config, "is_fine", False)
            assert re.fullmatch(r"\d+" if is_whole else BARE[family.answer], sample.gpt)
            assert sample.gpt == sample.question.answer.told(Units()).text
        if sample.format == "sentence":
            assert sample.gpt[0].isupper()
            assert sample.gpt[-1] in ".!"
            assert family.answer is not Number or sample.question.answer.told(Units()).text in sample.gpt


@pytest.mark.parametrize("type_name", TYPES)
def test_the_right_option_is_there_once_and_at_its_letter(type_name: str) -> None:
    family, samples, _ = made(type_name)
    for sample in (s for s in samples if s.format == "select"):
        options = sample.added["options"]
        assert isinstance(options, list)
        assert (family.least_options or family.options) <= len(options) == len(set(options)) <= family.options
        listed = re.findall(r"^([A-D])\. (.+)$", sample.human, re.MULTILINE)
        assert listed == list(zip(LETTERS, options, strict=False))
        if family.answer is Number:
            assert options.index(sample.question.answer.told(Units()).text) == LETTERS.index(sample.gpt)
        assert sample.gpt in LETTERS[: len(options)]


@pytest.mark.parametrize("type_name", TYPES)
def test_judges_answer_yes_to_what_is_so_and_no_to_its_opposite(type_name: str) -> None:
    family, samples, _ = made(type_name)
    for sample in (s for s in samples if s.format == "judge"):
        if family.answer is YesNo:
            assert sample.gpt == sample.question.answer.told(Units()).text
            continue
        claim, answer = sample.added["claim"], sample.question.answer
        assert isinstance(claim, str)
        assert isinstance(answer, CLAIMABLE)
        assert (claim, sample.gpt == "Yes") in answer.claims
        if isinstance(answer, Directions):
            words = {name.partition(":")[2] for name in sample.question.classes}
            assert sample.gpt == ("Yes" if claim in words else "No")
            assert claim in words or OPPOSITE[claim] in words


@pytest.mark.parametrize("type_name", TYPES)
def test_every_claim_holds_half_of_the_time(type_name: str) -> None:
    _, samples, _ = made(type_name)
    held = Counter((str(s.added["claim"]), s.gpt) for s in samples if "claim" in s.added)
    for claim in {claim for claim, _ in held}:
        assert abs(held[claim, "Yes"] - held[claim, "No"]) <= 1
