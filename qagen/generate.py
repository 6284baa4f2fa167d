"""``qagen generate``: scenes in, spatial question-answer data out."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen import cli
from qagen.core.sample import FORMATS, VARIANTS
from qagen.errors import ConfigError, counted, match_names
from qagen.loaders import LOADERS, make_loader
from qagen.pipeline.engines import ENGINES

if TYPE_CHECKING:
    from qagen.pipeline.exclude import Exclusion
    from qagen.pipeline.report import RunTotals, SceneReport
    from qagen.pipeline.run import Job, Plan

FIRST_LOOK = "quick"
"""The preset of runs on the demo that ask for neither another one nor a number of samples."""


TIMES = {"h": 3600.0, "min": 60.0, "s": 1.0}
SIZES = {"TB": 1e12, "GB": 1e9, "MB": 1e6}


def _shard(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    if value is None:
        return ""
    number, _, count = value.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise click.BadParameter(f"found '{value}', expected i/n with i from 1 to n")
    return f"{int(number)}/{int(count)}"


@cli.command(
    "qagen generate --scene scannet",
    "qagen generate --scene scannet --root /data/scannet --split val",
    "qagen generate --scene scannet --tasks 'depth_*,position_matching' --rgbd",
    "qagen generate --scene scannet --root /data/scannet --dry-run",
    "qagen generate --scene scannet --root /data/scannet --shard 3/16",
    when_stopped="stopped; run the same command to resume",
)
@cli.dataset_option(LOADERS)
@cli.root_option()
@cli.path_option("--out", default=Path("qagen_out"), show_default=True, metavar="DIR", help="Output folder.")
@cli.scenes_option()
@cli.tasks_option()
@cli.formats_option()
@cli.option("--split", help="Official split to read, and folder to write to.  [default: train]")
@cli.path_option("--boxes", metavar="FILE", help="Boxes of EmbodiedScan, mmdetection3d, ReVSI or VSI-Bench to use.")
@cli.option("--preset", metavar="NAME", help="Named settings; see qagen presets.")
@cli.path_option("--config", "config_file", metavar="FILE", help="YAML of settings; options win. See qagen config.")
@cli.option("--per-scene", type=int, help="Samples per scene, type and format.  [default: 100; of the demo 10]")
@cli.option(
    "--video-frames", metavar="N|all", help="Frames that a question about a video shows, at least 11.  [default: 32]"
)
@cli.option(
    "--unanswerable",
    type=float,
    metavar="SHARE",
    help="Share of select samples in pairs of which one cannot be told: 0 to 0.5.  [default: 0]",
)
@cli.names_option(
    "--groups",
    "VARIANT",
    "Write variants whose answers follow: paraphrase, permute, inverse, mirror.",
    default="no variants",
)
@cli.option("--seed", type=int, help="Random seed.  [default: 0]")
@cli.option("--workers", type=click.IntRange(min=1), help="Number of parallel scenes.  [default: one per core]")
@cli.option("--media", metavar="copy|link|none", help="How to place images in the output.  [default: copy]")
@cli.option("--rgbd", is_flag=True, default=None, help="Also write depth images, poses and intrinsics.")
@cli.option("--fuse", is_flag=True, default=None, help="Fuse a mesh from depth for scenes without; kept in the output.")
@cli.path_option(
    "--exclude-scenes",
    "exclusions",
    multiple=True,
    metavar="FILE",
    help="File of scene IDs to exclude (one per line, or a JSON list). "
    "Other scans of the same room are excluded too. May be repeated.",
)
@cli.option("--strict", is_flag=True, help="Stop at the first scene that fails.")
@cli.option("--details", is_flag=True, help="End with samples by type and format, and with why there are few of some.")
@cli.option("--dry-run", is_flag=True, help="Say what would be written, and how long it takes; write nothing.")
@cli.option("--fresh", is_flag=True, help="Remove earlier output of this dataset and split first.")
@cli.option("--engine", type=click.Choice(ENGINES), default=ENGINES[0], show_default=True, help="How to run scenes.")
@cli.option("--address", help="Ray cluster to use, or auto.  [default: Ray on this machine only]")
@cli.option("--shard", callback=_shard, metavar="I/N", help="Do only the I-th of N shares of the scenes; do not merge.")
@cli.option("--merge", "only_merge", is_flag=True, help="Only merge, once all shards are done.")
def main(
    dataset: str,
    root: Path | None,
    out: Path,
    boxes: Path | None,
    scenes: tuple[str, ...],
    preset: str | None,
    config_file: Path | None,
    workers: int | None,
    exclusions: tuple[Path, ...],
    strict: bool,
    details: bool,
    dry_run: bool,
    fresh: bool,
    engine: str,
    address: str | None,
    shard: str,
    only_merge: bool,
    **flags: Any,
) -> int:
    """Generate spatial question-answer data from 3D-annotated scenes.

    The data has SPAR-7M's layout. Runs are resumable: repeat the same command to continue.

    Exit codes: 0: all scenes are done. 1: a scene failed; the others are done and report.json names it. 2: a mistake
    in the options, a config or a template, or the output folder cannot be written. 130: stopped by Ctrl-C or SIGTERM.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _check_combination(dry_run, fresh, shard, only_merge, engine, address)
    cli.check_dataset(dataset, LOADERS)
    cli.check_root(root)
    from qagen.pipeline.engines.local import hold_to_one_thread

    hold_to_one_thread()  # before numpy is loaded
    from qagen.pipeline import lock
    from qagen.pipeline.config import load_run
    from qagen.pipeline.exclude import exclude
    from qagen.tasks.registry import known_types

    flags["tasks"] = match_names(flags["tasks"], known_types(), "--tasks: no task type") if flags["tasks"] else None
    flags["formats"] = flags["formats"] or None
    flags["groups"] = match_names(flags["groups"], VARIANTS, "--groups: no variant") if flags["groups"] else None
    is_first_look = root is None and preset is None and flags["per_scene"] is None
    config, families = load_run(FIRST_LOOK if is_first_look else preset, config_file, flags)
    from qagen.pipeline.run import Job, layout_for

    loader = make_loader(dataset, root or cli.demo_root(dataset), boxes)
    if is_first_look:
        cli.inform(f"For a first look {config.per_scene} samples of each type and format; --per-scene 100 for more.")
    known = loader.scene_ids(config.split)
    exclusion_lists = exclude(exclusions, loader, known)
    scene_ids = _choose_scenes(known, scenes, exclusion_lists, shard)
    job = Job(loader, config, tuple(families), layout_for(out, loader, config, shard), exclusion_lists)
    if dry_run:
        _forecast(job, scene_ids, fresh, workers)
        return 0
    with lock.hold(job.layout):
        has_failed = _run(job, scene_ids, fresh, strict, details, only_merge, (engine, workers, address))
    return 1 if has_failed else 0


def _check_combination(
    dry_run: bool, fresh: bool, shard: str, only_merge: bool, engine: str, address: str | None
) -> None:
    if dry_run and only_merge:
        raise ConfigError("--dry-run: found --merge beside it, which makes no samples")
    if shard and fresh:
        raise ConfigError("--shard: found --fresh beside it, which would remove the other shards' work")
    if shard and only_merge:
        raise ConfigError("--shard: found --merge beside it, which merges all shards")
    if only_merge and fresh:
        raise ConfigError("--merge: found --fresh beside it, which would leave nothing to merge")
    if address is not None and engine != "ray":
        raise ConfigError(f"--address: found --engine {engine}, expected --engine ray")


def _choose_scenes(
    known: Sequence[str], patterns: Sequence[str], exclusion_lists: "Sequence[Exclusion]", shard: str
) -> list[str]:
    """The scenes of this shard."""
    chosen = match_names(patterns, known, "--scenes: no scene")
    excluded = {scene for exclusion in exclusion_lists for scene in exclusion.scenes}
    left = [scene for scene in chosen if scene not in excluded]
    if chosen and not left:
        raise ConfigError(f"--exclude-scenes: all {len(chosen)} scenes are excluded, expected some to be left")
    if not shard:
        return left
    number, count = map(int, shard.split("/"))
    return left[number - 1 :: count]


def _forecast(job: "Job", scene_ids: list[str], fresh: bool, workers: int | None) -> None:
    """Print what a run would write."""
    from qagen.pipeline.forecast import write_trial
    from qagen.pipeline.run import foresee

    plan = foresee(job, scene_ids, fresh)
    todo = len(plan.todo)
    cli.inform(f"{counted(len(scene_ids), 'scene')}: {len(plan.done)} done, {todo} to do")
    if todo:
        with cli.progress("Writing one scene on trial"):
            trial = write_trial(job, plan)
        count = min(workers or os.cpu_count() or 1, todo)
        rounds = -(-todo // count)
        cli.inform(f"Samples: about {todo * trial.samples:,}, {trial.samples:,} a scene")
        cli.inform(
            f"Time: about {_told(trial.seconds * todo, TIMES)} of one core, "
            f"{_told(trial.seconds * rounds, TIMES)} with {counted(count, 'worker')}"
        )
        text, images = (_told(todo * size, SIZES) for size in (trial.text_bytes, trial.image_bytes))
        cli.inform(f"Disk: about {text} of text and {images} of images in {job.layout.root}")
        cli.inform(
            f"This rests on {trial.scene} alone ({_told(trial.seconds, TIMES)} of one core); other scenes differ"
        )
    cli.next_step("generate", *(word for word in sys.argv[1:] if word not in ("generate", "--dry-run")))


def _told(amount: float, units: Mapping[str, float]) -> str:
    """An amount in the largest unit of which it has one, or in the smallest."""
    unit = next((name for name, size in units.items() if amount >= size), [*units][-1])
    return f"{amount / units[unit]:.1f} {unit}"


def _run(
    job: "Job",
    scene_ids: list[str],
    fresh: bool,
    strict: bool,
    details: bool,
    only_merge: bool,
    engine: tuple[str, int | None, str | None],
) -> bool:
    """Write and merge the scenes; returns whether one failed."""
    from qagen.pipeline import run

    started = time.perf_counter()
    plan = run.prepare(job, scene_ids, fresh)
    if plan.done:
        cli.inform(f"{len(plan.done)} of {len(scene_ids)} scenes were already done")
    has_failed = False
    if only_merge:
        run.check_all_done(job, scene_ids, plan)
    elif plan.todo:
        has_failed = _write_scenes(job, plan, strict, *engine)
    if job.layout.shard:
        cli.inform(f"Shard {job.layout.shard} is done; run with --merge when all are")
        return has_failed
    with cli.progress("Merging"):
        totals, is_new = run.merge(job, scene_ids, plan.settings)
    if details and totals.samples:
        _show_details(totals, job.config.samples_of)
    if is_new or plan.todo:
        _summarize(totals, time.perf_counter() - started, job, details)
    else:
        cli.inform(f"Nothing to do: {job.layout.root} is complete")
    if totals.samples:
        cli.next_step("show", job.layout.root, "--html", "samples.html")
    elif totals.failed:
        source = ("--scene", job.loader.name, "--root", job.loader.root)
        cli.next_step("doctor", *source, "--scenes", totals.failed[0])
    return bool(totals.failed)


def _write_scenes(
    job: "Job", plan: "Plan", strict: bool, engine: str, workers: int | None, address: str | None
) -> bool:
    """Returns whether a scene failed."""
    from qagen.pipeline import run
    from qagen.pipeline.engines import make_engine

    if engine == "process" and len(plan.todo) == 1:
        engine = "inline"  # a single scene needs no process of its own
    failed: list[str] = []
    with cli.progress("Scenes", len(plan.todo)) as bar:

        def report(scene: "SceneReport") -> None:
            bar.advance(scene.scene)
            if scene.error is None:
                made = f"{scene.samples} samples from {scene.frames} frames and {scene.objects} objects"
                bar.inform(f"{scene.scene}: {made} in {scene.seconds:.1f} s")
                if scene.notice:
                    bar.warn(f"{scene.scene}: {scene.notice}")
            else:
                failed.append(scene.scene)
                bar.inform(f"{scene.scene}: FAILED after {scene.seconds:.1f} s: {scene.error}")

        run.write_scenes(job, plan, make_engine(engine, workers, address), strict, report)
    return bool(failed)


def _show_details(totals: "RunTotals", samples_of: Callable[[str], int]) -> None:
    formats = [name for name in FORMATS if any(name in task.samples for task in totals.tasks.values())]
    table = cli.table("type", *formats, justify="right")
    for name, task in totals.tasks.items():
        table.add_row(name, *(str(task.samples.get(answer_format, "")) for answer_format in formats))
    cli.inform(table)
    for line in totals.explanation(samples_of):
        cli.inform(line)


def _summarize(totals: "RunTotals", seconds: float, job: "Job", details: bool) -> None:
    filled = sum(any(task.samples.values()) for task in totals.tasks.values())
    scenes = counted(len(totals.scenes) - len(totals.failed), "scene")
    made = f"{counted(totals.samples, 'sample')} of {counted(filled, 'type')} from {scenes} in {seconds:.1f} s"
    cli.inform(f"{made}: {job.layout.root}")
    if job.config.unanswerable:
        cli.inform(totals.pairs)
    scarce = len(totals.scarce(job.config.samples_of))
    if scarce and totals.samples and not details:
        cli.inform(f"Few samples or none of {counted(scarce, 'type')}: --details says why, as does report.json")
    if totals.failed:
        cli.warn(f"{counted(len(totals.failed), 'scene')} failed: {', '.join(totals.failed)}")


if __name__ == "__main__":
    main()
