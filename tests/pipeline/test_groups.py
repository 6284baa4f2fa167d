"""Consistency groups: every variant by hand, and the laws that hold for those of all types."""

import re
from functools import cache
from typing import Any

import pytest

from qagen.audit.checks import Verdict
from qagen.audit.groups import GroupChecks, turned_round
from qagen.core.answer import Choice, Directions
from qagen.core.mirror import mirrored_place
from qagen.core.motion import OPPOSITES
from qagen.core.sample import VARIANTS, Sample
from qagen.core.sides import MOVES, exchange_sides, other_side
from qagen.errors import ConfigError
from qagen.pipeline.config import RunConfig, load_run
from qagen.pipeline.groups import Mirror
from qagen.pipeline.record import is_mirrored, sample_id, to_evidence, to_record
from qagen.pipeline.report import TaskCounts
from qagen.pipeline.run import make_samples, phrasebook
from qagen.tasks.registry import load_task
from qagen.visibility.views import SceneViews, observe
from tests.scenes import at, looking, room, studio, studio_for

CUBE = (0.4, 0.4, 0.4)


@cache
def pair() -> SceneViews:
    """From (0, 0, 1.5), looking along +y: the cup is 1 m to the left of the mug, 0.5 m above it, and closer, as
    sqrt(1 + 4 + 0.25) = 2.29 m against 3 m."""
    return observe(room({"cup": at(-1, 2, 2, CUBE), "mug": at(0, 3, 1.5, CUBE)}, [looking("+y")]))


@cache
def row() -> SceneViews:
    """Chair and table are sqrt(1 + 1) = 1.41 m apart, table and lamp sqrt(1.5^2 + 1) = 1.80 m, chair and lamp
    sqrt(2.5^2 + 4) = 3.20 m."""
    boxes = {"chair": at(-1, 2, 1.5, CUBE), "table": at(0, 3, 1.5, CUBE), "lamp": at(1.5, 4, 1.5, CUBE)}
    return observe(room(boxes, [looking("+y")]))


def written(type_name: str, views: SceneViews, *variants: str, per_scene: int = 4, **more: Any) -> list[Sample]:
    config = RunConfig(per_scene=per_scene, groups=variants or VARIANTS, **more)  # pyright: ignore[reportArgumentType]
    return list(make_samples(load_task(type_name), views, phrasebook(), config, TaskCounts()))


def groups_of(samples: list[Sample]) -> list[dict[str, Sample]]:
    groups: dict[str, dict[str, Sample]] = {}
    for sample in samples:
        if sample.group is not None:
            groups.setdefault(sample.group.id, {})[sample.group.variant] = sample
    return list(groups.values())


def subject(sample: Sample, views: SceneViews) -> str:
    return views.scene.objects[sample.question.roles[0].object].label


FROM_THE_CUP = {"cup": "left, above, closer", "mug": "right, below, farther"}
IN_THE_MIRROR = {"cup": "right, above, closer", "mug": "left, below, farther"}


def test_a_relation_turned_round_and_in_the_mirror() -> None:
    groups = groups_of(written("obj_spatial_relation_oo", pair(), formats=("sentence",)))
    assert groups
    for group in groups:
        assert {*group} == {"original", "paraphrase", "inverse", "mirror"}
        name = subject(group["original"], pair())
        other = {"cup": "mug", "mug": "cup"}[name]
        assert group["original"].question.answer.text == FROM_THE_CUP[name]
        assert group["paraphrase"].question.answer.text == FROM_THE_CUP[name]
        assert subject(group["inverse"], pair()) == other
        assert group["inverse"].question.answer.text == FROM_THE_CUP[other]
        assert group["mirror"].question.answer.text == IN_THE_MIRROR[name]
        for mine, theirs in zip(group["original"].question.roles, group["mirror"].question.roles, strict=True):
            left, top, right, bottom = mine.place
            assert theirs.place == (1000 - right, top, 1000 - left, bottom)


def test_claims_of_a_relation() -> None:
    for group in groups_of(written("obj_spatial_relation_oo", pair(), formats=("judge",))):
        claims = {variant: str(sample.added["claim"]) for variant, sample in group.items()}
        name = subject(group["original"], pair())
        truth = {
            "original": FROM_THE_CUP[name],
            "paraphrase": FROM_THE_CUP[name],
            "inverse": FROM_THE_CUP[{"cup": "mug", "mug": "cup"}[name]],
            "mirror": IN_THE_MIRROR[name],
        }
        for variant, sample in group.items():
            assert sample.gpt == ("Yes" if claims[variant] in truth[variant].split(", ") else "No")
        assert claims["paraphrase"] == claims["original"]
        assert claims["mirror"] == exchange_sides(claims["original"])


def test_the_closest_becomes_the_farthest() -> None:
    samples = written("distance_infer_center_oo", row(), per_scene=6)
    assert {sample.format for sample in samples} == {"fill", "select", "sentence"}
    for group in groups_of(samples):
        first, inverse = group["original"].question, group["inverse"].question
        assert isinstance(first.answer, Choice)
        assert isinstance(inverse.answer, Choice)
        assert {first.facts["extreme"], inverse.facts["extreme"]} == {"closest", "farthest"}
        assert (inverse.answer.right, *inverse.answer.wrong) == (*first.answer.wrong, first.answer.right)
        assert group["mirror"].human == group["original"].human
        if group["original"].format == "select":
            told = {variant: sample.added["options"]["AB".index(sample.gpt)] for variant, sample in group.items()}
            assert told["permute"] == told["original"] != told["inverse"]
            assert group["permute"].gpt != group["original"].gpt


def test_permuted_options_keep_their_words() -> None:
    for group in groups_of(written("depth_prediction_oc", observe(studio()), "permute", per_scene=8)):
        first, permuted = group["original"], group["permute"]
        assert first.format == "select"
        assert first.gpt != permuted.gpt
        assert sorted(first.human) == sorted(permuted.human)
        assert first.human.split("\n")[0] == permuted.human.split("\n")[0]
        assert permuted.group is not None
        assert permuted.group.answer_map is not None
        table = permuted.group.answer_map["answers"]
        lines = {variant: dict(re.findall(r"^([A-D])\. (.*)$", one.human, re.M)) for variant, one in group.items()}
        assert {letter: lines["permute"][table[letter]] for letter in "ABCD"} == lines["original"]


TYPES = [
    "depth_prediction_oc_mv", "obj_spatial_relation_oo", "distance_infer_center_oc", "position_matching",
    "view_change_infer", "existence_oc_mv", "motion_direction", "spatial_imagination_map_mv", "size_compare",
    "obj_spatial_relation_oo_mv", "object_matching_candidates", "depth_order_points",
]  # fmt: skip


@cache
def filmed(type_name: str) -> SceneViews:
    return observe(studio_for(type_name))


@cache
def pairs(type_name: str) -> list[tuple[dict[str, Any], dict[str, Any], str]]:
    """Records, evidence and formats."""
    views, family = filmed(type_name), load_task(type_name)
    mirror = Mirror(views)
    config = RunConfig(per_scene=8, groups=VARIANTS)
    samples = make_samples(family, views, phrasebook(), config, TaskCounts(), mirror)
    seen = [(sample, mirror.views if is_mirrored(sample) else views) for sample in samples]
    return [(to_record(one, family, at, False), to_evidence(one, at, {}), one.format) for one, at in seen]


def test_a_type_has_its_share_of_the_samples() -> None:
    name = "depth_prediction_oc"
    views, family = observe(studio()), load_task(name)
    config = RunConfig(per_scene=8, formats=("fill",), shares={name: 1, "room_size": 4})
    assert len([*make_samples(family, views, phrasebook(), config, TaskCounts())]) == 2


@pytest.mark.parametrize("type_name", TYPES)
def test_groups_only_add(type_name: str) -> None:
    views, family = filmed(type_name), load_task(type_name)
    alone = list(make_samples(family, views, phrasebook(), RunConfig(per_scene=8), TaskCounts()))
    counts = TaskCounts()
    grouped = list(make_samples(family, views, phrasebook(), RunConfig(per_scene=8, groups=VARIANTS), counts))
    kept = [sample for sample in grouped if sample.group is None or sample.group.variant == "original"]
    assert [(one.id, one.human, one.gpt) for one in kept] == [(one.id, one.human, one.gpt) for one in alone]
    assert len({sample.id for sample in grouped}) == len(grouped)
    for answer_format in family.config.formats:
        ids = [sample.id for sample in grouped if sample.format == answer_format]
        numbers = range(counts.samples[answer_format])
        assert ids == [sample_id(views.scene.id, family.config.code, answer_format, number) for number in numbers]


def faults(type_name: str, found: list[tuple[dict[str, Any], dict[str, Any], str]]) -> list[str]:
    checks = GroupChecks(VARIANTS)
    for record, evidence, answer_format in found:
        checks.add(type_name, answer_format, record, evidence)
    return [one.what for *_, them in checks.check() for one in them if one.verdict is not Verdict.AGREE]


@pytest.mark.parametrize("type_name", TYPES)
def test_the_audit_finds_whole_groups(type_name: str) -> None:
    found = pairs(type_name)
    variants = {evidence["group"]["variant"] for _, evidence, _ in found if "group" in evidence}
    assert {"original", "paraphrase", "mirror"} <= variants
    assert faults(type_name, found) == []


def other_letter(record: dict[str, Any]) -> dict[str, Any]:
    turns = record["conversations"]
    return {**record, "conversations": [turns[0], {**turns[1], "value": "A" if turns[1]["value"] != "A" else "B"}]}


FAULTS = {
    "letter": ("permute", lambda record, evidence: (other_letter(record), evidence)),
    "answer": ("inverse", lambda record, evidence: (other_letter(record), evidence)),
    "mirror": ("mirror", lambda record, evidence: (other_letter(record), evidence)),
    "marks": ("mirror", lambda record, evidence: ({**record, "red_bbox": [[1, 2, 3, 4]]}, evidence)),
    "image": ("mirror", lambda record, evidence: ({**record, "image": ["room/image_color/0.jpg"]}, evidence)),
    "rule": ("paraphrase", lambda record, evidence: (record, with_map(evidence, {"rule": "none"}))),
    "map": ("permute", lambda record, evidence: (record, with_map(evidence, {"rule": "answers", "answers": {}}))),
    "variant": ("paraphrase", lambda record, evidence: (record, with_group(evidence, variant="mirror"))),
    "group": ("permute", lambda record, evidence: (record, with_group(evidence, id="another"))),
    "original": ("original", lambda record, evidence: (record, with_group(evidence, variant="paraphrase"))),
}


def with_map(evidence: dict[str, Any], answer_map: dict[str, Any]) -> dict[str, Any]:
    return with_group(evidence, answer_map=answer_map)


def with_group(evidence: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**evidence, "group": {**evidence["group"], **changed}}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_audit_finds_a_planted_fault(fault: str) -> None:
    variant, spoil = FAULTS[fault]
    found = [one for one in pairs("obj_spatial_relation_oo") if one[2] == "select"]
    at = next(k for k, (_, evidence, _) in enumerate(found) if evidence.get("group", {}).get("variant") == variant)
    record, evidence, answer_format = found[at]
    spoiled = [*found[:at], (*spoil(record, evidence), answer_format), *found[at + 1 :]]
    assert faults("obj_spatial_relation_oo", spoiled)


def test_words_in_the_mirror() -> None:
    assert [*map(other_side, ["left", "front-right", "above", "Truck Left", "Pan Right", "Roll CW", "Dolly In"])] == [
        "right", "front-left", "above", "Truck Right", "Pan Left", "Roll CCW", "Dolly In",
    ]  # fmt: skip
    assert [*map(other_side, ["north", "northeast", "west", "southwest"])] == [
        "north",
        "northwest",
        "east",
        "southeast",
    ]
    assert other_side("left shoe") == "left shoe"
    assert exchange_sides("move_right:1.6,rotate_left:75") == "move_left:1.6,rotate_right:75"
    assert all(OPPOSITES[move] == other for move, other in MOVES.items())
    assert mirrored_place("point", (100, 20)) == (900, 20)
    # Two rows of four cells: the first two cells of the upper row are the object, in the mirror its last two.
    assert mirrored_place("mask", (2, 4, 0, 2, 6)) == (2, 4, 2, 2, 4)


def test_opposites() -> None:
    assert turned_round("left, below,") == "right, above,"
    assert turned_round(", , closer") == ", , farther"
    views = pair()
    for sample in written("obj_spatial_relation_oo", views, formats=("sentence",)):
        assert isinstance(sample.question.answer, Directions)
        assert sample.question.answer.opposite().opposite() == sample.question.answer


def test_config() -> None:
    config, _ = load_run(None, None, {"groups": ("mirror", "permute"), "tasks": ("contact",)})
    assert config.groups == ("permute", "mirror")
    with pytest.raises(ConfigError, match=r"groups: found .*'miror'\. Did you mean 'mirror'"):
        load_run(None, None, {"groups": ("miror",)})
    with pytest.raises(ConfigError, match="mirror beside rgbd"):
        load_run(None, None, {"groups": ("mirror",), "rgbd": True})
