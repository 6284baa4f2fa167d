"""Merging: one shuffled file per type and format, evidence beside the records, memory flat."""

import json
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from qagen.pipeline.checkpoint import checkpoint_writer, read_manifest
from qagen.pipeline.layout import Layout
from qagen.pipeline.merge import MergeGroups, is_merged, merge_checkpoints, record_merged, shuffled
from qagen.rng import rng_for

TYPE = "depth_prediction_oc"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "out" / "handmade", "train")


def write_scenes(layout: Layout, counts: Mapping[str, int], answer_format: str = "fill") -> None:
    for scene, count in counts.items():
        pairs = [({"id": f"{scene}_{i}"}, {"id": f"{scene}_{i}", "margin": i / 10}) for i in range(count)]
        with checkpoint_writer(layout, scene) as part:
            part.add(TYPE, "sentence", pairs[:1])
            part.add(TYPE, answer_format, pairs)
            part.finish("settings", scene, {}, {})


def merge(layout: Layout, scenes: list[str], seed: int = 0) -> list[str]:
    groups = MergeGroups()
    for index, scene in enumerate(scenes):
        manifest = read_manifest(layout, scene, "settings")
        assert manifest is not None
        groups.add_scene(index, manifest.blocks)
    return [path.name for path in merge_checkpoints(layout, scenes, groups, [TYPE], seed)]


def lines(layout: Layout, kind: str, answer_format: str = "fill") -> list[dict]:
    (path,) = layout.lines(kind, TYPE, answer_format).iterdir()
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert path.name == f"{answer_format}_{len(found)}.jsonl"
    return found


def test_evidence_stands_on_the_same_line(layout: Layout) -> None:
    write_scenes(layout, {"room": 7, "hall": 5})
    assert merge(layout, ["room", "hall"]) == ["fill_12.jsonl", "fill_12.jsonl", "sentence_2.jsonl", "sentence_2.jsonl"]
    records, evidence = lines(layout, "qa"), lines(layout, "evidence")
    assert [record["id"] for record in records] == [line["id"] for line in evidence]
    assert all("margin" in line for line in evidence)
    assert {record["id"] for record in records} == {f"room_{i}" for i in range(7)} | {f"hall_{i}" for i in range(5)}


def test_lines_are_shuffled_by_the_seed(layout: Layout) -> None:
    write_scenes(layout, {"room": 20, "hall": 20})
    orders = []
    for seed in (0, 0, 1):
        merge(layout, ["room", "hall"], seed)
        orders.append([record["id"] for record in lines(layout, "qa")])
    assert orders[0] == orders[1] != orders[2]
    assert len({name.split("_")[0] for name in orders[0][:15]}) == 2
    expected = [*(f"room_{i}" for i in range(20)), *(f"hall_{i}" for i in range(20))]
    assert orders[0] == [expected[i] for i in rng_for(0, "shuffle", "train", TYPE, "fill").permutation(40)]


def test_the_order_in_which_scenes_end_does_not_matter(tmp_path: Path) -> None:
    found = []
    for counts in ({"room": 6, "hall": 4}, {"hall": 4, "room": 6}):
        layout = Layout(tmp_path / str(len(found)), "train")
        write_scenes(layout, counts)
        merge(layout, ["hall", "room"])
        found.append(lines(layout, "qa"))
    assert found[0] == found[1]


def test_files_of_an_earlier_merge_are_replaced(layout: Layout) -> None:
    write_scenes(layout, {"room": 5})
    write_scenes(layout, {"hall": 5}, "select")
    merge(layout, ["room", "hall"])
    assert merge(layout, ["room"])[0] == "fill_5.jsonl"
    for kind in ("qa", "evidence"):
        assert len(lines(layout, kind)) == 5
        assert list(layout.lines(kind, TYPE, "select").iterdir()) == []


def test_scenes_that_are_not_named_stay_out_and_stay_finished(layout: Layout) -> None:
    write_scenes(layout, {"room": 5, "other": 5})
    merge(layout, ["room"])
    assert {record["id"].split("_")[0] for record in lines(layout, "qa")} == {"room"}
    merge(layout, ["other", "room"])
    assert len(lines(layout, "qa")) == 10


def test_a_merge_is_known_again_until_a_file_or_a_part_changes(layout: Layout) -> None:
    write_scenes(layout, {"room": 5})
    merge(layout, ["room"])
    files = list(layout.root.glob("*_jsonl/**/*.jsonl"))
    assert not is_merged(layout, "abc")
    record_merged(layout, "abc", files)
    assert is_merged(layout, "abc")
    assert not is_merged(layout, "abd")
    files[1].write_bytes(files[1].read_bytes()[:-1])
    assert not is_merged(layout, "abc")
    files[1].unlink()
    assert not is_merged(layout, "abc")


@pytest.mark.parametrize("bucket_bytes", [1, 50, 10**6])
def test_piles_change_no_line(tmp_path: Path, bucket_bytes: int) -> None:
    given = [b"%d %s\n" % (i, b"x" * (i % 7)) for i in range(1000)]
    order = np.random.default_rng(0).permutation(len(given))
    found = shuffled(iter(given), order, sum(map(len, given)), tmp_path, bucket_bytes)
    assert list(found) == [given[i] for i in order]
    assert list(tmp_path.iterdir()) == []


OPEN_FILES = Path("/proc/self/fd")


@contextmanager
def few_open_files(more: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (sum(1 for _ in OPEN_FILES.iterdir()) + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="counts open files in /proc")
def test_many_scenes_can_be_merged(layout: Layout) -> None:
    # A split has more scenes than a process may usually open files (1024).
    scenes = {f"room{i}": 1 for i in range(40)}
    write_scenes(layout, scenes)
    with few_open_files(more=20):
        assert merge(layout, list(scenes))[0] == "fill_40.jsonl"
