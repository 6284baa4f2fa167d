"""--exclude-scenes: scenes of benchmarks are not read, and the report says so."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qagen.errors import ConfigError
from qagen.generate import main
from qagen.loaders import make_loader
from qagen.pipeline.exclude import exclude, read_ids
from tools.runs import copy_demo, generate

SCENES = ["scene0000_00", "scene0000_01", "scene0001_00", "lab"]


def write_list(folder: Path, text: str) -> Path:
    file = folder / "benchmark.txt"
    file.write_text(text)
    return file


def test_a_list_excludes_every_scan_of_its_rooms_and_counts_unmatched_ids(tmp_path: Path):
    file = write_list(tmp_path, "# of a benchmark\nscene0000_01  # a rescan\n\nlab\nscene0707_00\n41069021\nlab\n")
    (exclusion,) = exclude([file], make_loader("scannet", tmp_path), SCENES)
    # Four different ids; scene0000_01 takes scene0000_00 with it; scene0707_00 and 41069021 are of no room here.
    assert (exclusion.ids, exclusion.scenes, exclusion.unmatched) == (4, ("lab", "scene0000_00", "scene0000_01"), 2)


def test_a_space_may_be_named_without_its_scan_and_is_not_a_prefix(tmp_path: Path):
    (exclusion,) = exclude([write_list(tmp_path, "scene0001\nscene00\n")], make_loader("scannet", tmp_path), SCENES)
    assert (exclusion.scenes, exclusion.unmatched) == (("scene0001_00",), 1)


def test_a_json_list_of_names_and_numbers_is_a_list_too(tmp_path: Path):
    assert read_ids(write_list(tmp_path, '\n["scene0001_00", 41069021]')) == ["41069021", "scene0001_00"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"# nothing but a comment\n", "found no scene id"),
        (b"scene0000_00\nscene0001_00, scene0002_00\n", "ids:2: found 'scene0001_00, scene0002_00'"),
        (b'["scene0000_00", {"id": 3}]', "entry 1: found {'id': 3}"),
        (b'["scene0000_00", true]', "entry 1: found True"),
        (b'{"val": ["scene0000_00"]}', "found a JSON dict, expected a list"),
        (b'["scene0000_00"', "is not JSON"),
        (b"\xff\xfe\x00", "is no text file"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_is_no_list_of_ids_is_refused(tmp_path: Path, content: bytes, message: str):
    file = tmp_path / "ids"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"--exclude-scenes: .*ids:") as refused:
        read_ids(file)
    assert message in str(refused.value)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's scene, and a second one that cannot be read: reading it would fail the run."""
    root = copy_demo(tmp_path_factory.mktemp("root"), 1)
    (root / "scans" / "scene9001_00").mkdir()
    (root / "scans" / "scene9001_00" / "scene9001_00.sens").write_bytes(b"damaged")
    return root


@pytest.mark.slow
def test_excluded_scenes_are_not_read_and_the_report_names_them_by_file(root: Path, tmp_path: Path):
    first, second = tmp_path / "a.txt", tmp_path / "b.json"
    first.write_text("scene9001_07\nscene8000_00\n")
    second.write_text('["scene8000_00"]')
    options = ["--root", str(root), "--config", str(root / "settings.yaml"), "--tasks", "position_matching"]
    lists = ["--exclude-scenes", str(first), "--exclude-scenes", str(second)]
    run = generate(tmp_path / "out", *options, "--per-scene", "1", *lists)
    assert run.returncode == 0, run.stderr
    report = json.loads((tmp_path / "out/scannet/report.json").read_text())
    assert "scene9001_00" not in report["scenes"]
    assert report["excluded"] == [
        {"file": str(first), "ids": 2, "scenes": ["scene9001_00"], "unmatched": 1},
        {"file": str(second), "ids": 1, "scenes": [], "unmatched": 1},
    ]


def test_excluding_everything_or_a_missing_list_is_a_mistake_of_the_user(root: Path, tmp_path: Path):
    everything = write_list(tmp_path, "\n".join(path.name for path in (root / "scans").iterdir()))
    for file, message in ((everything, "all 2 scenes are excluded"), (tmp_path / "none.txt", "cannot be read")):
        options = ["--root", str(root), "--out", str(tmp_path / "out"), "--exclude-scenes", str(file)]
        run = CliRunner().invoke(main, ["--scene", "scannet", *options])
        assert (run.exit_code, message in run.stderr) == (2, True), run.stderr
    assert not (tmp_path / "out").exists()
