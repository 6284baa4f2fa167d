"""What --dry-run foretells is what a run then writes, and foretelling writes nothing."""

import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from qagen.errors import ConfigError, SceneError
from qagen.generate import main
from qagen.pipeline.checkpoint import read_manifest
from qagen.pipeline.forecast import write_trial
from qagen.pipeline.report import SceneReport
from qagen.pipeline.run import foresee, prepare, run_scene
from tests.pipeline.test_run import make_job
from tools.runs import copy_demo

SCENES = ["first", "second", "third"]


def test_a_trial_is_as_large_as_the_scene_that_is_written(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    trial = write_trial(job, foresee(job, SCENES))
    assert not job.layout.root.exists()
    plan = prepare(job, SCENES)
    run_scene(job, plan.settings, trial.scene)
    manifest = read_manifest(job.layout, trial.scene, plan.settings)
    assert manifest is not None
    lines = job.layout.checkpoint(trial.scene) / "lines"
    text = sum(sum(block.text_bytes) for block in manifest.blocks)
    images = sum(path.stat().st_size for path in job.layout.images.rglob("*") if path.is_file())
    assert (trial.text_bytes, trial.image_bytes) == (text + lines.stat().st_size, images)
    assert trial.samples == msgspec.json.decode(manifest.report, type=SceneReport).samples > 0
    assert foresee(job, SCENES).done == (trial.scene,)
    assert foresee(job, SCENES, fresh=True).done == ()


def test_links_take_no_space(tmp_path: Path) -> None:
    job = make_job(tmp_path, media="none")
    assert write_trial(job, foresee(job, SCENES)).image_bytes == 0


def test_the_next_scene_is_tried_where_one_fails(tmp_path: Path) -> None:
    job = make_job(tmp_path, errors={"second": SceneError("here", "broken")})
    assert write_trial(job, foresee(job, SCENES)).scene == "third"
    job = make_job(tmp_path, errors={name: SceneError("here", "broken") for name in SCENES})
    with pytest.raises(SceneError, match=r"3 scenes tried, each fails, the last with: here: broken$"):
        write_trial(job, foresee(job, SCENES))


def test_other_settings_are_refused_as_by_the_run(tmp_path: Path) -> None:
    prepare(make_job(tmp_path), SCENES)
    job = make_job(tmp_path, seed=1)
    with pytest.raises(ConfigError, match="with other settings: seed: 0 -> 1"):
        foresee(job, SCENES)
    assert foresee(job, SCENES, fresh=True).todo == tuple(SCENES)


def dry_run(root: Path, out: Path, *more: str) -> Result:
    options = ["--scene", "scannet", "--root", root, "--out", out, "--config", root / "settings.yaml"]
    words = [*map(str, options), "--tasks", "depth_prediction_oc", "--dry-run", *more]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["qagen", "generate", *words])
        return CliRunner().invoke(main, words)


def test_the_command_tells_scenes_samples_time_and_disk(demo: Path, tmp_path: Path) -> None:
    root = copy_demo(tmp_path / "root", 5)
    result = dry_run(root, tmp_path / "out", "--workers", "2", "--shard", "1/2")
    assert result.exit_code == 0, result.output
    told = result.stderr.splitlines()
    assert [line.split(":")[0] for line in told] == ["3 scenes", "Samples", "Time", "Disk", told[4], "Next"]
    assert told[0] == "3 scenes: 0 done, 3 to do"
    assert told[2].endswith("with 2 workers")
    assert told[4].startswith("This rests on scene9002_00 alone")
    assert "--dry-run" not in told[5]
    assert told[5].endswith("--tasks depth_prediction_oc --workers 2 --shard 1/2")
    assert not (tmp_path / "out").exists()


def test_a_merge_cannot_be_foretold(tmp_path: Path) -> None:
    result = dry_run(tmp_path, tmp_path / "out", "--merge")
    assert result.stderr == "qagen: --dry-run: found --merge beside it, which makes no samples\n"
