"""Pairs of a run on the room, and what is spoiled in them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qagen.audit.check_media import Media
from qagen.audit.checks import Verdict, worst_verdict
from qagen.audit.raw_scannet import read_scene
from qagen.audit.record_index import AuditSelection, index_records
from qagen.audit.run import Examiner, audit
from qagen.audit.settings import RunSettings
from qagen.audit.truth import SceneTruth
from tests.audit.room import SCENE, Made, make_run

pytestmark = pytest.mark.slow
TYPES = "appearance_order,spatial_imagination_o?_video_hard,obj_count"
OPTIONS = ("--tasks", TYPES, "--formats", "select", "--unanswerable", "0.5", "--video-frames", "18")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Made:
    return make_run(tmp_path_factory.mktemp("twins"), 12, 1.0, *OPTIONS)


@pytest.fixture(scope="module")
def examine(made: Made) -> Callable[..., tuple[Verdict, str]]:
    """What the audit finds wrong with a record."""
    settings = RunSettings.read(made.out / "scannet" / "report.json")
    examiner = Examiner(SceneTruth.of(read_scene(made.root, SCENE)), Media(made.out / "none"), settings=settings)

    def found(line, record, evidence) -> tuple[Verdict, str]:
        checks = examiner.examine(line, record, evidence)
        return worst_verdict(checks), "; ".join(check.what for check in checks if check.verdict is Verdict.DISAGREE)

    return found


def pairs(made: Made) -> list[tuple]:
    """(line, record, evidence) of each original, followed by that of its twin."""
    refs = index_records(made.out, AuditSelection()).scenes[made.out / "scannet", SCENE]
    read = [(ref.line, *ref.read()) for ref in refs]
    members = [one for one in read if "group" in one[2]]
    by_group = {(one[2]["group"]["id"], one[2]["group"]["variant"]): one for one in members}
    ids = sorted({group for group, _ in by_group})
    assert len(members) == 2 * len(ids)
    return [(by_group[group, "original"], by_group[group, "unanswerable"]) for group in ids]


def test_the_run_has_pairs_and_the_audit_agrees(made):
    found = pairs(made)
    assert {original[0].file.type for original, _ in found} >= {"appearance_order"}
    result = audit(made.out, lambda _: made.root, AuditSelection())
    assert result.is_clean
    assert any(row["format"] == "(pairs)" and row["agree"] for row in result.as_data()["rows"])


def test_pairs_differ_in_their_images_alone(made):
    images = made.out / "scannet" / "images"
    for (_, first, _), (_, second, evidence) in pairs(made):
        assert first["conversations"][0] == second["conversations"][0]
        assert first["conversations"][1] != second["conversations"][1]
        assert len(first["image"]) == len(second["image"]) == 18
        assert set(first) == set(second)
        assert all((images / path).is_file() for path in (*first["image"], *second["image"]))
        assert evidence["added"]["options"]["ABCD".index(second["conversations"][1]["value"])] == evidence["answer"]


def spoil(member: tuple, in_record: dict[str, Any], in_evidence: dict[str, Any]) -> tuple:
    line, record, evidence = member
    return line, record | in_record, evidence | in_evidence


def test_a_twin_that_shows_the_object_is_found(made, examine):
    for original, twin in pairs(made):
        found = []
        for frame in sorted(set(original[2]["frames"]) - set(twin[2]["frames"])):
            images = {*twin[1]["image"][1:], f"{SCENE}/image_color/{frame}.jpg"}
            images = sorted(images, key=lambda one: int(Path(one).stem))
            frames = [Path(one).stem for one in images]
            found.append(examine(*spoil(twin, {"image": images}, {"frames": frames})))
        # Where another object that the answer needs happens to be absent as well, the rationale names the wrong one.
        assert any("in view" in told or "rationale" in told for _, told in found)
        assert all(verdict is not Verdict.AGREE for verdict, _ in found)


def test_wrong_letters_are_found(made, examine):
    for original, twin in pairs(made):
        for member, other in ((original, twin), (twin, original)):
            assert examine(*member)[0] is not Verdict.DISAGREE
            turns = [member[1]["conversations"][0], other[1]["conversations"][1]]
            assert examine(*spoil(member, {"conversations": turns}, {}))[0] is Verdict.DISAGREE


def test_a_twin_called_an_original_is_found(made, examine):
    for original, twin in pairs(made):
        for member, variant in ((original, "unanswerable"), (twin, "original")):
            group = member[2]["group"] | {"variant": variant}
            assert examine(*spoil(member, {}, {"group": group}))[0] is Verdict.DISAGREE
            assert "group" in examine(*spoil(member, {}, {"group": None}))[1]


def test_a_rationale_that_names_what_is_in_view_is_found(made, examine):
    for _, twin in pairs(made):
        first, last = twin[2]["rationale"]
        other = next(label for label in ("chair", "bed", "table") if label != first["label"])
        step = first | {"label": other, "says": first["says"].replace(first["label"], other)}
        assert "rationale" in examine(*spoil(twin, {}, {"rationale": [step, last]}))[1]


def test_a_pair_of_one_is_found(made, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(made.out, out)
    for tree in ("qa_jsonl", "evidence_jsonl"):
        for file in sorted((out / "scannet" / tree).glob("*/appearance_order/select/*.jsonl")):
            twins = {two[1]["id"] for _, two in pairs(made)}
            lines = file.read_text().splitlines()
            kept = [line for line in lines if json.loads(line)["id"] not in twins]
            file.unlink()
            file.with_name(f"select_{len(kept)}.jsonl").write_text("".join(f"{line}\n" for line in kept))
    result = audit(out, lambda _: made.root, AuditSelection())
    assert not result.is_clean
    assert any(row["format"] == "(pairs)" and row["disagree"] for row in result.as_data()["rows"])
