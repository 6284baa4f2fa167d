"""What a finished scene leaves: all of it or nothing, and known again only while nothing it came from has changed."""

import json
import os
import re
from pathlib import Path

import msgspec
import pytest

from qagen.errors import ConfigError
from qagen.files import OutputError
from qagen.pipeline import checkpoint
from qagen.pipeline.checkpoint import (
    LINES,
    MANIFEST,
    check_settings,
    checkpoint_writer,
    clear_unfinished,
    fingerprint,
    read_manifest,
    start_over,
)
from qagen.pipeline.layout import Layout

TYPE = "depth_prediction_oc"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "out" / "handmade", "train")


def write(layout: Layout, scene: str, samples: int = 2, settings: str = "a") -> None:
    with checkpoint_writer(layout, scene) as part:
        part.add(TYPE, "fill", [({"id": f"{scene}_{i}"}, {"id": f"{scene}_{i}", "margin": i}) for i in range(samples)])
        part.media.mkdir()
        (part.media / "video_idx.txt").write_text("0\n")
        part.finish(settings, scene, {"file": "1 byte"}, {"frames": 3})


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_finished_scene_is_its_lines_its_manifest_and_its_images(layout: Layout) -> None:
    write(layout, "room")
    done = ".parts/train/done/room"
    assert files(layout.root) == [f"{done}/{MANIFEST}", f"{done}/{LINES}", "images/room/video_idx.txt"]
    manifest = read_manifest(layout, "room", "a")
    assert manifest is not None
    assert (manifest.source, manifest.inputs, bytes(manifest.report)) == ("room", {"file": "1 byte"}, b'{"frames":3}')
    assert [(block.type, block.format, block.lines) for block in manifest.blocks] == [(TYPE, "fill", 2)]


@pytest.mark.parametrize("step", ["replace", "rename"], ids=["images", "part"])
def test_a_scene_that_is_ended_while_it_is_put_in_place_is_not_finished(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, step, full)
    with pytest.raises(OutputError, match=r"done/room: cannot be written \(No space left"):
        write(layout, "room")
    monkeypatch.undo()
    assert read_manifest(layout, "room", "a") is None
    assert files(layout.checkpoints) == []
    write(layout, "room")
    assert read_manifest(layout, "room", "a") is not None


def test_a_file_in_the_way_is_named(layout: Layout) -> None:
    layout.root.parent.mkdir(parents=True)
    layout.root.write_text("a file")
    with pytest.raises(OutputError, match=r"handmade/\.parts/train/tmp/room\..*: cannot be written \("):
        write(layout, "room")


def test_a_scene_is_known_again_under_its_own_settings_and_with_whole_lines_only(layout: Layout) -> None:
    write(layout, "room")
    assert read_manifest(layout, "room", "b") is None
    assert read_manifest(layout, "hall", "a") is None
    lines = layout.checkpoint("room") / LINES
    whole = lines.read_bytes()
    for damaged in (whole[:-1], whole[:-1] + b"\0", b""):
        lines.write_bytes(damaged)
        assert read_manifest(layout, "room", "a") is None
    lines.write_bytes(whole)
    assert read_manifest(layout, "room", "a") is not None
    for damaged in (b"", b"{}", (layout.checkpoint("room") / MANIFEST).read_bytes()[:-9]):
        (layout.checkpoint("room") / MANIFEST).write_bytes(damaged)
        assert read_manifest(layout, "room", "a") is None


def test_a_damaged_part_is_replaced(layout: Layout) -> None:
    write(layout, "room", settings="old")
    (layout.checkpoint("room") / "stray").touch()
    write(layout, "room", settings="new")
    assert read_manifest(layout, "room", "new") is not None
    assert files(layout.checkpoint("room")) == [MANIFEST, LINES]


def test_other_settings_are_refused_with_what_differs(layout: Layout) -> None:
    settings = {"per_scene": 2, "tasks": None, "task_configs": {"a": {"code": 1, "formats": ["fill"]}}}
    digest = check_settings(layout, settings)
    assert check_settings(layout, dict(reversed(settings.items()))) == digest
    other = {"per_scene": 3, "tasks": ["a"], "task_configs": {"a": {"code": 1, "formats": ["fill", "select"]}}}
    told = 'per_scene: 2 -> 3, task_configs.a.formats: ["fill"] -> ["fill","select"], tasks: nothing -> ["a"]'
    with pytest.raises(ConfigError, match=re.escape(f"split 'train' with other settings: {told}. Give those")):
        check_settings(layout, other)
    assert check_settings(layout, settings) == digest
    assert check_settings(Layout(layout.root, "val"), other) != digest


def test_many_differences_are_counted() -> None:
    told = checkpoint.differences({str(i): i for i in range(9)}, {})
    assert told == "0: 0 -> nothing, 1: 1 -> nothing, 2: 2 -> nothing, 3: 3 -> nothing, 4: 4 -> nothing and 4 more"


def later(path: Path) -> None:
    """Change a file's time, and nothing else of it."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def test_every_change_below_a_scenes_folder_changes_its_fingerprint(tmp_path: Path) -> None:
    scene, out, labels = tmp_path / "scene", tmp_path / "scene" / "out", tmp_path / "labels.tsv"
    for path in (scene / "a.json", scene / "color" / "0.jpg", scene / "color" / "deep" / "1.jpg", out / "x", labels):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    found = [fingerprint(scene, [labels], out)]
    assert sorted(found[0]) == ["a.json", "color", "labels.tsv"]
    assert found[0]["color"].startswith("2 files, ")
    (out / "x").write_text("the output may lie inside the input")
    (scene / ".DS_Store").touch()
    assert fingerprint(scene, [labels], out) == found[0]
    for path in (scene / "a.json", scene / "color" / "deep" / "1.jpg", labels):
        later(path)
        found.append(fingerprint(scene, [labels], out))
    (scene / "color" / "0.jpg").rename(scene / "color" / "2.jpg")
    found.append(fingerprint(scene, [labels], out))
    (scene / "a.json").unlink()
    found.append(fingerprint(scene, [labels], out))
    assert len({json.dumps(one) for one in found}) == len(found) == 6


def test_a_single_file_is_a_source_too(tmp_path: Path) -> None:
    (tmp_path / "scene.zip").write_text("1")
    assert list(fingerprint(tmp_path / "scene.zip", [], tmp_path / "out")) == ["scene.zip"]
    assert fingerprint(tmp_path / "gone", [], tmp_path / "out") == {}


def test_a_failure_is_remembered_until_the_scene_is_finished(layout: Layout) -> None:
    checkpoint.record_failure(layout, "room", "a", "no frames")
    assert checkpoint.read_failure(layout, "room", "a") == "no frames"
    assert checkpoint.read_failure(layout, "room", "b") is None
    checkpoint.forget_failure(layout, "room")
    assert checkpoint.read_failure(layout, "room", "a") is None


def unfinished(layout: Layout, names: list[str]) -> None:
    for name in names:
        path = layout.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")


LEFT = [
    ".parts/train/tmp/room.1/part/lines",
    ".parts/train/tmp-1-of-2/hall.2/part/lines",
    ".parts/train/tmp-2-of-2/attic.3/part/lines",
    ".parts/train/.run.json.x1",
    ".parts/train/failed/.room.json.x2",
    ".report.json.x3",
    "qa_jsonl/train/depth/fill/.fill_3.jsonl.x4",
    "evidence_jsonl/train/depth/fill/.fill_3.jsonl.x5",
    ".lock-1-of-2",
]
KEPT = ["qa_jsonl/train/depth/fill/fill_3.jsonl", "report.json", ".lock", ".parts/val/tmp/room.1/part/lines"]


def test_what_killed_runs_left_half_written_is_cleared(layout: Layout) -> None:
    unfinished(layout, [*LEFT, *KEPT])
    clear_unfinished(layout)
    assert files(layout.root) == sorted(KEPT)


def test_a_shard_clears_its_own_only(layout: Layout) -> None:
    unfinished(layout, [*LEFT, *KEPT])
    clear_unfinished(Layout(layout.root, "train", "2/2"))
    assert files(layout.root) == sorted({*LEFT, *KEPT} - {LEFT[2]})


def test_starting_over_removes_what_was_written_and_nothing_else(layout: Layout) -> None:
    write(layout, "room")
    write(layout, "shared")
    write(Layout(layout.root, "val"), "shared")
    mine = ["images/room/notes.txt", "qa_jsonl/train/depth/fill/readme.txt", "qa_jsonl/val/depth/fill/fill_1.jsonl"]
    images = ["images/room/image_color/0.jpg", "images/half/pose/0.txt"]
    unfinished(layout, [*mine, *images, "qa_jsonl/train/depth/fill/fill_3.jsonl", "report.json"])
    start_over(layout, ["half"])
    other = [".parts/val/done/shared/done.json", ".parts/val/done/shared/lines", "images/shared/video_idx.txt"]
    assert files(layout.root) == sorted([*mine, *other])


def test_manifests_hold_no_time_of_day(layout: Layout) -> None:
    write(layout, "room")
    first = {path.name: path.read_bytes() for path in layout.checkpoint("room").iterdir()}
    write(layout, "room")
    assert {path.name: path.read_bytes() for path in layout.checkpoint("room").iterdir()} == first
    assert msgspec.json.decode(first[MANIFEST])["sha256"] != ""
