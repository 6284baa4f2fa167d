"""One scene as a job: it leaves a whole part, an outcome that says why not, or an error that ends the run."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from qagen.core.scene import Scene
from qagen.errors import ConfigError
from qagen.files import OutputError
from qagen.pipeline import run as pipeline
from qagen.pipeline.checkpoint import read_manifest
from qagen.pipeline.config import load_run
from qagen.pipeline.engines import Lost
from qagen.pipeline.layout import Layout
from qagen.pipeline.report import SceneReport
from qagen.pipeline.run import Job, run_scene
from tests.scenes import at, looking, room, with_depth

BARE = room({"chair": at(0, 2, 1.5), "table": at(0.8, 2, 1.5)}, [looking("+y")])


class Rooms:
    """A loader whose scenes are all the same, but those whose loading raises."""

    name = "handmade"

    def __init__(self, scene: Scene, root: Path, **errors: BaseException) -> None:
        self.scene, self.root, self.errors = scene, root, errors

    def shared_files(self) -> list[Path]:
        return []

    def files_beside(self, source: Path) -> list[Path]:
        return []

    def load(self, scene_id: str) -> Scene:
        if scene_id in self.errors:
            raise self.errors[scene_id]
        folder = self.root / scene_id
        if not folder.exists():
            folder.mkdir()
            (folder / "scan").touch()
        return replace(self.scene, id=scene_id, source=folder)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return make_job(tmp_path)


def make_job(folder: Path, scene: Scene = BARE, errors: dict[str, BaseException] | None = None, **settings: Any) -> Job:
    config, families = load_run(None, None, {"tasks": ["distance_prediction_oc"], **settings})
    (folder / "in").mkdir(exist_ok=True)
    loader = cast(Any, Rooms(scene, folder / "in", **(errors or {})))
    return Job(loader, config, tuple(families), Layout(folder / "out" / "handmade", "train"))


def run(job: Job, scene_ids: list[str], *, strict: bool = False, fresh: bool = False) -> list[str]:
    """The scenes that were written."""
    plan, written = pipeline.prepare(job, scene_ids, fresh), []
    pipeline.write_scenes(job, plan, inline, strict, lambda outcome: written.append(outcome.scene))
    pipeline.merge(job, scene_ids, plan.settings)
    return written


def inline(task: Any, names: Any) -> Iterator[tuple[str, Any]]:
    for name in names:
        yield name, Lost("set aside") if name == "deadly" else task(name)


def told(job: Job) -> dict[str, Any]:
    return json.loads(job.layout.report.read_text())["scenes"]


@pytest.mark.parametrize("media", ["copy", "none"])
def test_depth_that_records_would_name_must_be_there(tmp_path: Path, media: str) -> None:
    job = make_job(tmp_path, rgbd=True, media=media)
    error = run_scene(job, "abc", "room").error
    assert error is not None
    assert error.endswith("in/room: frame 0: found no depth image, expected one because of --rgbd")
    assert not [path for path in job.layout.root.rglob("*") if path.is_file()]
    assert run_scene(make_job(tmp_path, with_depth(BARE), rgbd=True, media=media), "abc", "room").error is None


def test_a_scenes_job_may_be_run_again_and_leaves_the_same(job: Job) -> None:
    found = []
    for _ in range(2):
        assert run_scene(job, "abc", "room").samples > 0
        found.append({path: path.read_bytes() for path in job.layout.root.rglob("*") if path.is_file()})
    assert found[0] == found[1]
    assert read_manifest(job.layout, "room", "abc") is not None


def test_a_full_disk_ends_the_run_wherever_it_is_met(tmp_path: Path) -> None:
    job = make_job(tmp_path, errors={"room": OSError(28, "No space left on device", "/tmp/x")})
    with pytest.raises(OutputError, match=r"/tmp/x: cannot be written \(No space left on device\)"):
        run_scene(job, "abc", "room")
    other = make_job(tmp_path, errors={"room": OSError(5, "Input/output error")})
    assert "Input/output error" in str(run_scene(other, "abc", "room").error)


def test_finished_scenes_are_not_done_again(job: Job) -> None:
    assert run(job, ["attic"]) == ["attic"]
    assert run(job, ["attic", "hall"]) == ["hall"]
    assert run(job, ["attic", "hall"]) == []
    assert list(told(job)) == ["attic", "hall"]
    assert run(job, ["hall"]) == []
    assert list(told(job)) == ["hall"]
    assert run(job, ["attic", "hall"], fresh=True) == ["attic", "hall"]


def test_a_complete_run_writes_nothing(job: Job) -> None:
    run(job, ["room"])
    before = {path: path.stat().st_mtime_ns for path in job.layout.root.rglob("*.json*")}
    assert run(job, ["room"]) == []
    assert {path: path.stat().st_mtime_ns for path in job.layout.root.rglob("*.json*")} == before


def test_failed_scenes_are_reported_and_tried_again(tmp_path: Path) -> None:
    broken = make_job(tmp_path, errors={"hall": ValueError("a bug")})
    assert run(broken, ["attic", "deadly", "hall"]) == ["attic", "deadly", "hall"]
    assert told(broken)["deadly"] == {"error": "set aside"}
    assert "a bug" in told(broken)["hall"]["error"]
    mended = make_job(tmp_path)
    assert run(mended, ["attic", "deadly", "hall"]) == ["deadly", "hall"]
    assert "error" not in told(mended)["hall"]


def test_another_split_leaves_the_first_alone(tmp_path: Path) -> None:
    train, val = (replace(make_job(tmp_path, split=name), layout=Layout(tmp_path, name)) for name in ("train", "val"))
    run(train, ["attic"])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    assert run(val, ["attic", "hall"]) == ["attic", "hall"]
    assert {path: path.read_bytes() for path in before} == before
    assert json.loads(val.layout.report.read_text())["split"] == "val"
    assert run(val, ["attic", "hall"], fresh=True) == ["attic", "hall"]
    assert {path: path.read_bytes() for path in before} == before
    assert (tmp_path / "images" / "attic").is_dir()


def test_strict_stops_at_the_first_scene_that_fails(tmp_path: Path) -> None:
    job = make_job(tmp_path, errors={"hall": ValueError("a bug")})
    assert run(job, ["attic", "hall", "room"], strict=True) == ["attic", "hall"]
    assert list(told(job)) == ["attic", "hall"]


def test_a_changed_input_is_refused_with_what_changed(job: Job) -> None:
    run(job, ["attic", "hall"])
    (job.loader.root / "hall" / "scan").write_text("new")
    with pytest.raises(
        ConfigError, match=r"the input has changed since it was read: hall: scan: 0 bytes of .* -> 3 bytes"
    ):
        run(job, ["attic", "hall"])
    assert run(job, ["attic"]) == []
    assert run(job, ["attic", "hall"], fresh=True) == ["attic", "hall"]


def test_other_settings_are_refused(tmp_path: Path) -> None:
    run(make_job(tmp_path), ["room"])
    with pytest.raises(ConfigError, match="with other settings: per_scene: 100 -> 7, seed: 0 -> 1"):
        run(make_job(tmp_path, per_scene=7, seed=1), ["room"])


def test_other_templates_are_other_settings(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pipeline.settings_of(job)
    (tmp_path / "depth.jinja").write_text("How deep is it?")
    monkeypatch.setattr(pipeline, "TEMPLATES", tmp_path)
    assert {key for key, value in pipeline.settings_of(job).items() if before[key] != value} == {"templates"}


def test_a_merge_waits_for_all_scenes(job: Job) -> None:
    plan = pipeline.prepare(job, ["attic", "hall", "room"])
    pipeline.write_scenes(job, replace(plan, todo=("attic", "deadly")), inline, False, lambda _: None)
    with pytest.raises(ConfigError, match="--merge: 2 of 3 scenes are not done: hall, room; run their shards again"):
        pipeline.check_all_done(job, ["attic", "hall", "room"], pipeline.prepare(job, ["attic", "hall", "room"]))
    pipeline.check_all_done(job, ["attic", "deadly"], pipeline.prepare(job, ["attic", "deadly"]))


def test_the_report_is_of_what_was_written_not_of_who_wrote_it(tmp_path: Path) -> None:
    reports = []
    for name, steps in (("once", [["attic", "hall"]]), ("twice", [["hall"], ["attic", "hall"]])):
        (tmp_path / name).mkdir()
        job = make_job(tmp_path / name)
        for scene_ids in steps:
            run(job, scene_ids)
        reports.append(job.layout.report.read_bytes())
    assert reports[0] == reports[1]


def test_outcomes_say_nothing_of_time(job: Job) -> None:
    outcome = run_scene(job, "abc", "room")
    manifest = read_manifest(job.layout, "room", "abc")
    assert manifest is not None
    assert replace(msgspec.json.decode(manifest.report, type=SceneReport), seconds=outcome.seconds) == outcome
    assert b'"seconds":0.0' in bytes(manifest.report)
