"""The published JSON Schemas are those of the code, and what a run writes is as they say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tools.runs import SETTINGS, generate
from tools.schema import DOCS, schema_texts

OPTIONS = ("--rgbd", "--groups", "paraphrase,permute,inverse", "--per-scene", "2")
TASKS = (
    "depth_prediction_oo,distance_infer_center_oo_mv,position_matching,point_correspondence,contact,appearance_order"
)


def validator(name: str) -> Any:
    schema = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def lines(out: Path, kind: str) -> Iterator[tuple[str, Any]]:
    for path in sorted(out.glob(f"*/{kind}_jsonl/**/*.jsonl")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield f"{path.name}:{number}", json.loads(text)


def check(out: Path) -> int:
    """Hold all records, all evidence and the report of a run against their schemas; returns the number of records."""
    found = {"record": list(lines(out, "qa")), "evidence": list(lines(out, "evidence"))}
    found["report"] = [(path.name, json.loads(path.read_text())) for path in out.glob("*/report.json")]
    for name, values in found.items():
        known = validator(name)
        wrong = [
            (where, error.json_path, error.message) for where, value in values for error in known.iter_errors(value)
        ]
        assert wrong[:3] == []
    assert len(found["record"]) == len(found["evidence"])
    assert len(found["report"]) == 1
    return len(found["record"])


@pytest.mark.parametrize("name", schema_texts())
def test_the_published_schema_is_that_of_the_code(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == schema_texts()[name]


def test_every_type_and_format_is_as_the_schemas_say(demo_run: Path, desk_run: Path) -> None:
    assert check(demo_run) > 500
    assert check(desk_run) > 0


@pytest.mark.slow
def test_variants_depth_and_masks_are_as_the_schemas_say(tmp_path: Path) -> None:
    config = tmp_path / "settings.yaml"
    config.write_text(f"{SETTINGS}overrides: {{depth_prediction_oo: {{mark: mask}}}}\n", encoding="utf-8")
    out = tmp_path / "out"
    generate(out, "--config", str(config), "--tasks", TASKS, *OPTIONS).check_returncode()
    assert check(out) > 50
    records = [record for _, record in lines(out, "qa")]
    assert all("depth" in record for record in records)
    assert any("red_mask" in record for record in records)
    assert {"paraphrase", "inverse"} <= {
        told["group"]["variant"] for _, told in lines(out, "evidence") if "group" in told
    }


@pytest.mark.slow
def test_unanswerable_pairs_are_as_the_schemas_say(tmp_path: Path) -> None:
    asked = (
        "--tasks",
        "direction_*,turn_and_look_mv",
        "--formats",
        "select",
        "--unanswerable",
        "0.5",
        "--per-scene",
        "8",
    )
    generate(tmp_path, *asked).check_returncode()
    assert check(tmp_path) > 10
    assert "unanswerable" in {told["group"]["variant"] for _, told in lines(tmp_path, "evidence") if "group" in told}


@pytest.mark.slow
def test_a_world_without_scale_and_vertical_is_as_the_schemas_say(tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate(out, "--scene", "dl3dv", "--per-scene", "2", "--tasks", "camera_*").check_returncode()
    assert check(out) > 0


def change(value: Any, *path: Any, to: Any) -> Any:
    changed = json.loads(json.dumps(value))
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return changed


def test_what_is_wrong_is_refused(demo_run: Path) -> None:
    told = {"record": next(lines(demo_run, "qa"))[1], "evidence": next(lines(demo_run, "evidence"))[1]}
    report = json.loads((demo_run / "scannet" / "report.json").read_text())
    scene = next(iter(report["scenes"]))
    for name, value, path, to in [
        ("record", told["record"], ["unknown"], 1),
        ("record", told["record"], ["red_point"], [[1, 2001]]),
        ("record", told["record"], ["conversations", 0, "from"], "gpt"),
        ("evidence", told["evidence"], ["format"], "essay"),
        ("evidence", told["evidence"], ["margin"], "wide"),
        ("report", report, ["scenes", scene, "frames"], -1),
        ("report", report, ["run", "seeds"], 1),
    ]:
        assert not validator(name).is_valid(change(value, *path, to=to)), (name, path)
