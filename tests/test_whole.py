"""The command as a user runs it: on the demo, on several scenes, with mistakes."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qagen.demo import demo_root
from qagen.tasks.registry import known_types, load_task
from tools.golden import GOLDEN, PER_SCENE, golden_records
from tools.runs import contents, copy_demo, generate

HOME = Path(__file__).resolve().parent.parent
INSTALLS = ("python3 -m venv", ".venv/bin/pip install", "PATH=")
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
TASKS = "depth_prediction_oo,obj_spatial_relation_oo_mv,position_matching"


@pytest.fixture(scope="module")
def demo() -> Path:
    """The demo's root, built when the cache does not have it."""
    return demo_root("scannet")


@pytest.fixture(scope="module")
def demo_out(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    run = generate(out, "--per-scene", str(PER_SCENE))
    assert run.returncode == 0, run.stderr
    return out


@pytest.fixture(scope="module")
def two_scenes(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that holds the demo under two names."""
    return copy_demo(tmp_path_factory.mktemp("two"), 2)


def records(out: Path, type_name: str) -> list[dict]:
    lines = [path.read_text().splitlines() for path in out.glob(f"scannet/qa_jsonl/*/{type_name}/*/*.jsonl")]
    return [json.loads(line) for each in lines for line in each]


def test_every_type_appears_in_every_format(demo_out: Path) -> None:
    for type_name in known_types():
        for answer_format in load_task(type_name).config.formats:
            files = list(demo_out.glob(f"scannet/qa_jsonl/train/{type_name}/{answer_format}/*.jsonl"))
            assert len(files) == 1, f"{type_name} {answer_format}: {files}"
            assert files[0].name == f"{answer_format}_{len(files[0].read_text().splitlines())}.jsonl"


def test_every_record_has_its_images_and_its_evidence(demo_out: Path) -> None:
    for path in demo_out.glob("scannet/qa_jsonl/train/*/*/*.jsonl"):
        twin = Path(str(path).replace("qa_jsonl", "evidence_jsonl"))
        pairs = zip(path.read_text().splitlines(), twin.read_text().splitlines(), strict=True)
        for record, evidence in ((json.loads(line), json.loads(other)) for line, other in pairs):
            assert record["id"] == evidence["id"]
            assert all((demo_out / "scannet" / "images" / image).is_file() for image in record["image"])


def test_the_report_counts_what_was_written(demo_out: Path) -> None:
    report = json.loads((demo_out / "scannet" / "report.json").read_text())
    for type_name, task in report["tasks"].items():
        assert sum(task["samples"].values()) == len(records(demo_out, type_name))
        assert task["candidates"] >= task["askable"] > 0
    assert report["run"]["per_scene"] == PER_SCENE
    assert list(report["scenes"]) == ["scene9000_00"]


def test_golden_records_are_as_they_were(demo_out: Path) -> None:
    assert golden_records(demo_out) == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_the_number_of_workers_changes_no_byte(two_scenes: Path, tmp_path: Path) -> None:
    options = ["--root", str(two_scenes), "--tasks", TASKS, "--per-scene", "4"]
    runs = [generate(tmp_path / workers, *options, "--workers", workers) for workers in ("1", "4")]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert contents(tmp_path / "1") == contents(tmp_path / "4")


def test_a_broken_scene_costs_only_itself(two_scenes: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(two_scenes, root, symlinks=True)
    (root / "scans" / "scene9000_00" / "scene9000_00.aggregation.json").write_text("{")
    run = generate(tmp_path / "out", "--root", str(root), "--tasks", "depth_prediction_oc", "--per-scene", "2")
    assert run.returncode == 1
    scenes = json.loads((tmp_path / "out" / "scannet" / "report.json").read_text())["scenes"]
    assert "scene9000_00.aggregation.json" in scenes["scene9000_00"]["error"]
    assert scenes["scene9001_00"]["samples"]["depth_prediction_oc"]["fill"] == 2
    strict = generate(tmp_path / "strict", "--root", str(root), "--strict", "--workers", "1", "--per-scene", "2")
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


@pytest.mark.parametrize(("options", "told"), MISTAKES.items())
def test_a_mistake_is_told_in_one_line_and_writes_nothing(
    demo: Path, tmp_path: Path, options: tuple[str, str], told: str
) -> None:
    run = generate(tmp_path / "out", *options)
    assert run.returncode == 2
    assert told in run.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_an_unknown_dataset_is_told_with_the_known_ones(tmp_path: Path) -> None:
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


def commands(document: str) -> list[str]:
    """Every command of a document's bash blocks but those that install, which CI runs as they stand."""
    blocks = BLOCK.findall((HOME / document).read_text(encoding="utf-8"))
    steps = [step.strip() for block in blocks for line in block.splitlines() for step in line.split("&&")]
    return [step for step in steps if step and not step.startswith(INSTALLS)]


def test_the_readme_has_commands_to_try() -> None:
    assert len(commands("README.md")) >= 3


def test_the_readmes_commands_work_one_after_another(demo: Path, tmp_path: Path) -> None:
    for command in commands("README.md"):
        words = shlex.split(command.replace("/data/scannet", str(demo)).replace("/data/qa", "qa"))
        words = [sys.executable if word in ("python", ".venv/bin/python") else word for word in words]
        words += ["--per-scene", "3"] if "qagen.generate" in words else []  # only to be quick
        run = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{command}: {run.stderr}"
    assert len(list((tmp_path / "pictures").glob("*.png"))) > 1
