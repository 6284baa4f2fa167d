"""The command as a user runs it: on the demo, on several scenes, with mistakes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from qagen.generate import main
from qagen.tasks.registry import known_types, load_task
from tools.golden import GOLDEN, PER_SCENE, golden_records
from tools.runs import contents, copy_demo, generate

TASKS = "depth_prediction_oo,obj_spatial_relation_oo_mv,position_matching"


@pytest.fixture(scope="module")
def two_scenes(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that holds the demo's scene under two names, with settings for few frames."""
    return copy_demo(tmp_path_factory.mktemp("two"), 2)


def records(out: Path, type_name: str) -> list[dict]:
    lines = [path.read_text().splitlines() for path in out.glob(f"scannet/qa_jsonl/*/{type_name}/*/*.jsonl")]
    return [json.loads(line) for each in lines for line in each]


def test_every_type_appears_in_every_format(demo_run: Path, desk_run: Path) -> None:
    for type_name in known_types():
        for answer_format in load_task(type_name).config.formats:
            name = f"scannet/qa_jsonl/train/{type_name}/{answer_format}/*.jsonl"
            files = [file for run in (demo_run, desk_run) for file in run.glob(name)]
            assert len(files) == 1, f"{type_name} {answer_format}: {files}"
            assert files[0].name == f"{answer_format}_{len(files[0].read_text().splitlines())}.jsonl"


def test_every_record_has_its_images_and_its_evidence(demo_run: Path) -> None:
    for path in demo_run.glob("scannet/qa_jsonl/train/*/*/*.jsonl"):
        twin = Path(str(path).replace("qa_jsonl", "evidence_jsonl"))
        pairs = zip(path.read_text().splitlines(), twin.read_text().splitlines(), strict=True)
        for record, evidence in ((json.loads(line), json.loads(other)) for line, other in pairs):
            assert record["id"] == evidence["id"]
            assert all((demo_run / "scannet" / "images" / image).is_file() for image in record["image"])


def test_the_report_counts_what_was_written(demo_run: Path) -> None:
    report = json.loads((demo_run / "scannet" / "report.json").read_text())
    for type_name, task in report["tasks"].items():
        assert sum(task["samples"].values()) == len(records(demo_run, type_name))
        assert (task["askable"] > 0) == bool(records(demo_run, type_name))
    assert report["run"]["per_scene"] == PER_SCENE
    assert list(report["scenes"]) == ["scene9000_00"]


def test_golden_records_are_as_they_were(demo_run: Path, desk_run: Path) -> None:
    assert [*golden_records(demo_run), *golden_records(desk_run)] == GOLDEN.read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_a_first_look_at_the_demo_is_short_and_goes_on(demo: Path, tmp_path: Path) -> None:
    first, again = (generate(tmp_path, "--tasks", "depth_prediction_oc", "--formats", "fill") for _ in range(2))
    assert "For a first look 10 samples of each type" in first.stderr
    assert "Nothing to do" in again.stderr
    assert len(records(tmp_path, "depth_prediction_oc")) == 10
    more = generate(tmp_path, "--tasks", "depth_prediction_oc", "--formats", "fill", "--per-scene", "100")
    assert "other settings: per_scene: 10 -> 100" in more.stderr


@pytest.mark.slow
def test_the_number_of_workers_changes_no_byte(two_scenes: Path, tmp_path: Path) -> None:
    settings = str(two_scenes / "settings.yaml")
    options = ["--root", str(two_scenes), "--config", settings, "--tasks", TASKS, "--per-scene", "4"]
    runs = [generate(tmp_path / workers, *options, "--workers", workers) for workers in ("1", "4")]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert contents(tmp_path / "1") == contents(tmp_path / "4")


@pytest.mark.slow
def test_a_broken_scene_costs_only_itself(two_scenes: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(two_scenes, root, symlinks=True)
    (root / "scans" / "scene9000_00" / "scene9000_00.aggregation.json").write_text("{")
    options = ["--root", str(root), "--config", str(root / "settings.yaml"), "--tasks", TASKS, "--per-scene", "2"]
    run = generate(tmp_path / "out", *options)
    assert run.returncode == 1
    scenes = json.loads((tmp_path / "out" / "scannet" / "report.json").read_text())["scenes"]
    assert "scene9000_00.aggregation.json" in scenes["scene9000_00"]["error"]
    assert scenes["scene9001_00"]["samples"]["depth_prediction_oo"]["fill"] == 2
    strict = generate(tmp_path / "strict", *options, "--strict", "--workers", "1")
    assert strict.returncode == 1
    assert "scene9001_00" not in strict.stderr


MISTAKES = {
    ("--tasks", "depth_predicton_oc"): "no task type 'depth_predicton_oc'. Did you mean 'depth_prediction_oc'?",
    ("--formats", "sentense"): "found 'sentense', expected: should be 'fill', 'select', 'sentence' or 'judge'",
    ("--preset", "quik"): "no preset 'quik'. Did you mean 'quick'?",
    ("--scenes", "scene9000_01"): "no scene 'scene9000_01'. Did you mean 'scene9000_00'?",
    ("--per-scene", "0"): "per_scene: found 0, expected: should be greater than or equal to 1",
    ("--media", "move"): "media: found 'move', expected: should be 'copy', 'link' or 'none'",
    ("--root", "/nowhere/at/all"): "/nowhere/at/all: found nothing, expected a folder",
    ("--config", "/nowhere.yaml"): "/nowhere.yaml: cannot be read",
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.items())
def test_a_mistake_is_reported_in_one_line_and_nothing_is_written(
    demo: Path, tmp_path: Path, options: tuple[str, str], message: str
) -> None:
    run = CliRunner().invoke(main, ["--scene", "scannet", "--out", str(tmp_path / "out"), *options])
    assert run.exit_code == 2
    assert message in run.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_an_unknown_dataset_is_reported_with_the_nearest_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qagen.generate", "--scene", "scanet", "--out", str(tmp_path / "out")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, "Did you mean 'scannet'?" in run.stderr) == (2, True)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, qagen.generate, qagen.show;"
        "sys.exit(' '.join({'numpy', 'numba', 'pandas', 'pydantic', 'PIL', 'rich', 'open3d'} & set(sys.modules)) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
