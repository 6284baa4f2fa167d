"""The audit of a run on a small copy of the room: nothing disagrees, and faults of units are found."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from qagen.audit.check_media import Media
from qagen.audit.checks import Verdict, worst_verdict
from qagen.audit.raw_scannet import read_scene
from qagen.audit.record_index import AuditSelection, RecordRef, index_records
from qagen.audit.run import Examiner, audit
from qagen.audit.scale import at_room_scale, check_scale
from qagen.audit.truth import SceneTruth
from tests.audit.room import SCENE, Made, make_run

pytestmark = pytest.mark.slow

FACTOR = 0.01
TYPES = ("depth_prediction_oc", "distance_prediction_oo", "spatial_volume_infer", "view_change_infer", "room_size")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The room as a doll's house, told in millimeters, with depth images."""
    return make_run(tmp_path_factory.mktemp("house"), 8, FACTOR, "--rgbd")


@pytest.fixture(scope="module")
def examiner(made: Made) -> Examiner:
    scene = at_room_scale(read_scene(made.root, SCENE))
    return Examiner(SceneTruth.of(scene), Media(made.out / "scannet" / "images"))


def refs(made: Made, type_name: str, answer_format: str) -> list[RecordRef]:
    found = index_records(made.out, AuditSelection()).scenes[made.out / "scannet", SCENE]
    return [ref for ref in found if (ref.line.file.type, ref.line.file.format) == (type_name, answer_format)]


def test_nothing_disagrees(made: Made) -> None:
    result = audit(made.out, lambda dataset: made.root, AuditSelection())
    assert [fault.as_data() for fault in result.counts.faults[Verdict.DISAGREE]] == []
    assert result.counts.total(Verdict.AGREE) > 200


def test_coarse_printing_is_no_fault(tmp_path: Path) -> None:
    """At a size that no power of ten brings to room scale, a printed step is a third of one of rooms."""
    made = make_run(tmp_path, 24, 0.03, "--tasks", "distance_surface_*,distance_prediction_*", "--formats", "select")
    result = audit(made.out, lambda dataset: made.root, AuditSelection())
    assert [fault.as_data() for fault in result.counts.faults[Verdict.DISAGREE]] == []
    assert result.counts.total(Verdict.AGREE) > 50


def exchange(record: dict[str, Any], evidence: dict[str, Any], pattern: str, word: str) -> None:
    for turn in record["conversations"]:
        turn["value"] = re.sub(pattern, word, turn["value"])
    evidence["answer"] = record["conversations"][1]["value"] if evidence["format"] == "fill" else evidence["answer"]


def told_in(unit: str, symbol: str, also_evidence: bool) -> Any:
    """The same numbers with another unit."""

    def spoil(record: dict[str, Any], evidence: dict[str, Any]) -> None:
        exchange(record, evidence, r"\bmillimeters\b", unit)
        exchange(record, evidence, r"\bmm\b", symbol)
        evidence["unit"] = symbol if also_evidence else evidence["unit"]

    return spoil


def ten_times(record: dict[str, Any], evidence: dict[str, Any]) -> None:
    """Numbers of the answer ten times as large."""
    turn = record["conversations"][1]
    turn["value"] = re.sub(r"\d+(?:\.\d+)?", lambda match: f"{match[0]}0", turn["value"])
    evidence["answer"] = turn["value"] if evidence["format"] == "fill" else evidence["answer"]


def evidence_in_meters_of_a_room(record: dict[str, Any], evidence: dict[str, Any]) -> None:
    for row in evidence["objects"]:
        row["center_m"] = [100 * value for value in row["center_m"]]
    evidence["measured"] = {
        name: 100 * value if name.endswith("_m") and isinstance(value, float) else value
        for name, value in evidence["measured"].items()
    }


FAULTS = {
    "centimeters": told_in("centimeters", "cm", also_evidence=False),
    "centimeters in evidence, too": told_in("centimeters", "cm", also_evidence=True),
    "meters": told_in("meters", "m", also_evidence=False),
    "ten times": ten_times,
    "evidence at room scale": evidence_in_meters_of_a_room,
    "evidence in meters": lambda record, evidence: evidence.update(unit="m"),
}


@pytest.mark.parametrize("answer_format", ["fill", "sentence"])
@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_units_is_found(
    name: str, type_name: str, answer_format: str, made: Made, examiner: Examiner
) -> None:
    if name == "evidence at room scale" and type_name == "room_size":
        pytest.skip("its evidence has no object and no length")
    if (type_name, answer_format) == ("view_change_infer", "sentence"):
        pytest.skip("not a format of the type")
    tried = refs(made, type_name, answer_format)
    assert tried
    for ref in tried:
        record, evidence = copy.deepcopy(ref.read())
        assert record is not None
        FAULTS[name](record, evidence)
        assert worst_verdict(examiner.examine(ref.line, record, evidence)) is Verdict.DISAGREE, record


def test_a_factor_that_is_no_room_is_found(made: Made) -> None:
    scene = read_scene(made.root, SCENE)
    assert list(check_scale(scene, 100.0)) == []
    assert [check.verdict for check in check_scale(scene, 1.0)] == [Verdict.DISAGREE]
    assert [check.verdict for check in check_scale(scene, 1000.0)] == [Verdict.DISAGREE]


def test_depth_images_in_another_unit_are_found(made: Made, tmp_path: Path) -> None:
    scene = at_room_scale(read_scene(made.root, SCENE))
    ref = refs(made, "depth_prediction_oc", "fill")[0]
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / SCENE).mkdir()
    for path in (made.out / "scannet" / "images" / SCENE).iterdir():
        (folder / SCENE / path.name).symlink_to(path)
    examiner = Examiner(SceneTruth.of(scene), Media(folder))
    assert worst_verdict(examiner.examine(ref.line, *ref.read())) is Verdict.AGREE
    (folder / SCENE / "depth_unit.txt").unlink()  # so that a stored 1 is a millimeter
    examiner = Examiner(SceneTruth.of(scene), Media(folder))
    assert any(check.what == "depth content" for check in examiner.examine(ref.line, *ref.read()))
