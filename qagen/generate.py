"""``python -m qagen.generate``: scenes in, spatial question-answer data out."""

import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen.errors import ConfigError, QagenError, did_you_mean
from qagen.loaders import LOADERS
from qagen.pipeline.engines import ENGINES

if TYPE_CHECKING:
    from rich.console import Console

    from qagen.pipeline.exclude import Exclusion
    from qagen.pipeline.report import RunTotals, SceneReport
    from qagen.pipeline.run import Job, Plan

EPILOG = """\b
Examples:
  python -m qagen.generate --scene scannet
  python -m qagen.generate --scene scannet --root /data/scannet --split val --per-scene 50
  python -m qagen.generate --scene scannet --root /data/scannet --tasks 'depth_*,position_matching' --rgbd
  python -m qagen.generate --scene scannet --root /data/scannet --shard 3/16
"""
PLAIN_WIDTH = 140
"""Columns of the summary where there is no terminal to ask."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",") if name.strip()]


def _shard(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    if value is None:
        return ""
    number, _, count = value.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise click.BadParameter(f"found '{value}', expected i/n with i from 1 to n")
    return f"{int(number)}/{int(count)}"


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.option(
    "--scene", "dataset", required=True, metavar="DATASET", help=f"Which dataset to read: {', '.join(LOADERS)}."
)
@click.option(
    "--root", type=click.Path(path_type=Path), help="The dataset's folder. [default: a built-in demo apartment]"
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("qagen_out"), show_default=True, help="Output folder."
)
@click.option(
    "--boxes", type=click.Path(path_type=Path), help="Objects from this info file of EmbodiedScan or mmdetection3d."
)
@click.option("--scenes", callback=_names, metavar="ID,...", help="Only these scenes. [default: all]")
@click.option("--tasks", callback=_names, metavar="TYPE,...", help="Only these task types; * matches. [default: all]")
@click.option(
    "--formats", callback=_names, metavar="FORMAT,...", help="Of fill, select, sentence, judge. [default: all]"
)
@click.option("--split", help="Official split to read, and the folder to write to. [default: train]")
@click.option("--preset", metavar="NAME", help="A named choice of settings from task_configs/presets.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="YAML with settings; flags win over it.")
@click.option("--per-scene", type=int, help="Samples per scene, type and format. [default: 100]")
@click.option("--seed", type=int, help="Seed of all drawing. [default: 0]")
@click.option("--workers", type=click.IntRange(min=1), help="Scenes at a time. [default: one per core]")
@click.option("--media", metavar="copy|link|none", help="How images get into the output. [default: copy]")
@click.option("--rgbd", is_flag=True, default=None, help="Also write depth images, poses and intrinsics.")
@click.option(
    "--fuse", is_flag=True, default=None, help="Fuse a mesh from depth for scenes that have none; kept in OUT."
)
@click.option(
    "--exclude-scenes",
    "exclusions",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Scene ids that are not read, one a line or a JSON list; rescans of their rooms are left out too. Repeatable.",
)
@click.option("--strict", is_flag=True, help="Stop at the first scene that fails.")
@click.option("--fresh", is_flag=True, help="Remove first what earlier runs wrote for this dataset and split.")
@click.option(
    "--engine", type=click.Choice(ENGINES), default=ENGINES[0], show_default=True, help="What runs the scenes."
)
@click.option("--address", help="Of a Ray cluster, or auto. [default: Ray on this machine alone]")
@click.option(
    "--shard", callback=_shard, metavar="I/N", help="Only the I-th of N shares of the scenes, and no merging."
)
@click.option("--merge", "only_merge", is_flag=True, help="Only merge, once all shards are done.")
@click.version_option(package_name="qagen")
def main(
    dataset: str,
    root: Path | None,
    out: Path,
    boxes: Path | None,
    scenes: list[str] | None,
    preset: str | None,
    config_file: Path | None,
    workers: int | None,
    exclusions: tuple[Path, ...],
    strict: bool,
    fresh: bool,
    engine: str,
    address: str | None,
    shard: str,
    only_merge: bool,
    **flags: Any,
) -> None:
    """Generate spatial question-answer data from 3D-annotated scenes, in SPAR-7M's layout.

    A run that was ended in any way goes on where it was when the same command is given again.

    Exit code 0: all scenes done; 1: a scene failed, the others are done and report.json names it; 2: a mistake in the
    options, a config or a template, or the output folder cannot be written; 130: stopped by Ctrl-C or SIGTERM.
    """
    from rich.console import Console

    console = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PLAIN_WIDTH)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _check_together(fresh, shard, only_merge, engine, address)
        source = _Source(dataset, root, boxes, scenes, exclusions, shard)
        job, scene_ids = _resolve(console, source, out, preset, config_file, flags)
        how = _Run(console, workers, strict, fresh, engine, address, only_merge)
        failed = how.run(job, scene_ids)
    except QagenError as error:
        console.print(f"qagen: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        console.print("qagen: stopped; run the same command to go on", soft_wrap=True)
        sys.exit(INTERRUPTED)
    sys.exit(1 if failed else 0)


def _check_together(fresh: bool, shard: str, only_merge: bool, engine: str, address: str | None) -> None:
    if shard and (fresh or only_merge):
        other, why = (
            ("--fresh", "it would remove the other shards' work") if fresh else ("--merge", "merging is for all")
        )
        raise ConfigError(f"--shard: found {other} beside it, expected one of them: {why}")
    if only_merge and fresh:
        raise ConfigError("--merge: found --fresh beside it, which would leave nothing to merge")
    if address is not None and engine != "ray":
        raise ConfigError(f"--address: found --engine {engine}, expected --engine ray")


@dataclass(frozen=True, slots=True)
class _Source:
    """Which scenes are read, and from where."""

    dataset: str
    root: Path | None
    boxes: Path | None
    scenes: list[str] | None
    exclusions: tuple[Path, ...]
    shard: str


def _resolve(
    console: "Console",
    source: _Source,
    out: Path,
    preset: str | None,
    config_file: Path | None,
    flags: dict[str, Any],
) -> "tuple[Job, list[str]]":
    """The options checked and read: what is to be done with each scene, and the scenes of this shard."""
    dataset, root = source.dataset, source.root
    if dataset not in LOADERS:
        raise ConfigError(f"--scene: no dataset '{dataset}'.{did_you_mean(dataset, LOADERS)}")
    if root is not None and not root.is_dir():
        raise ConfigError(f"--root: {root}: found {'a file' if root.exists() else 'nothing'}, expected a folder")

    from qagen.pipeline.engines.local import hold_to_one_thread

    hold_to_one_thread()  # before numpy is loaded
    from qagen.loaders import make_loader
    from qagen.pipeline.config import load_run
    from qagen.pipeline.exclude import exclude
    from qagen.tasks.registry import known_types

    flags["tasks"] = _matching(flags["tasks"], known_types())
    config, families = load_run(preset, config_file, flags)

    from qagen.pipeline import run

    loader = make_loader(dataset, root or _demo(console, dataset), source.boxes)
    known = loader.scene_ids(config.split)
    exclusion_lists = exclude(source.exclusions, loader, known)
    scene_ids = _allowed(_chosen(known, source.scenes), exclusion_lists)
    if source.shard:
        number, count = map(int, source.shard.split("/"))
        scene_ids = scene_ids[number - 1 :: count]
    layout = run.layout_for(out, loader, config, source.shard)
    return run.Job(loader, config, tuple(families), layout, exclusion_lists), scene_ids


def _matching(patterns: list[str] | None, known: list[str]) -> list[str] | None:
    """Types that the patterns match; a name that matches none stays, for load_run to refuse."""
    if patterns is None:
        return None
    from fnmatch import fnmatchcase

    found: list[str] = []
    for pattern in patterns:
        found += [name for name in known if fnmatchcase(name, pattern)] or [pattern]
    return found


def _demo(console: "Console", dataset: str) -> Path:
    from rich.progress import Progress

    from qagen.demo import demo_root

    console.print("No --root given: using the built-in demo apartment.")
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("Building the demo (once)", total=None)
        return demo_root(
            dataset, lambda done, total, what: progress.update(bar, completed=done, total=total, description=what)
        )


def _chosen(known: list[str], wanted: list[str] | None) -> list[str]:
    for name in wanted or ():
        if name not in known:
            raise ConfigError(f"--scenes: no scene '{name}'.{did_you_mean(name, known)}")
    return known if wanted is None else sorted(set(wanted))


def _allowed(chosen: list[str], exclusion_lists: "tuple[Exclusion, ...]") -> list[str]:
    excluded = {scene for one in exclusion_lists for scene in one.scenes}
    left = [scene for scene in chosen if scene not in excluded]
    if chosen and not left:
        raise ConfigError(f"--exclude-scenes: all {len(chosen)} scenes are excluded, expected some to be left")
    return left


@dataclass(frozen=True, slots=True)
class _Run:
    """How the scenes are run, and where it is told."""

    console: "Console"
    workers: int | None
    strict: bool
    fresh: bool
    engine: str
    address: str | None
    only_merge: bool

    def run(self, job: "Job", scene_ids: list[str]) -> bool:
        """Returns whether a scene failed."""
        from qagen.pipeline import lock, run

        with lock.hold(job.layout):
            started = time.perf_counter()
            plan = run.prepare(job, scene_ids, self.fresh)
            if plan.done:
                self.console.print(f"{len(plan.done)} of {len(scene_ids)} scenes were already done")
            if self.only_merge:
                run.check_all_done(job, scene_ids, plan)
                failed = False
            else:
                failed = bool(plan.todo) and self._write(job, plan)
            if job.layout.shard:
                self.console.print(f"Shard {job.layout.shard} is done; give --merge when all are")
                return failed
            totals, is_new = run.merge(job, scene_ids, plan.settings)
        if is_new or plan.todo:
            _summarize(self.console, totals, time.perf_counter() - started)
            self.console.print(f"Written to {job.layout.root}", markup=False)
        else:
            self.console.print(f"Nothing to do: {job.layout.root} is complete", markup=False)
        return bool(totals.failed)

    def _write(self, job: "Job", plan: "Plan") -> bool:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        from qagen.pipeline import run
        from qagen.pipeline.engines import make_engine

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        failed = False
        with Progress(*columns, console=self.console, transient=True) as progress:
            bar = progress.add_task("Scenes (the first run also compiles kernels)", total=len(plan.todo))

            def tell(outcome: "SceneReport") -> None:
                nonlocal failed
                failed |= outcome.error is not None
                progress.advance(bar)
                progress.console.print(_scene_line(outcome), markup=False, soft_wrap=True)

            engine = make_engine(self._engine_for(plan), self.workers, self.address)
            run.write_scenes(job, plan, engine, self.strict, tell)
        return failed

    def _engine_for(self, plan: "Plan") -> str:
        """A single scene needs no process of its own."""
        return "inline" if self.engine == "process" and len(plan.todo) <= 1 else self.engine


def _scene_line(outcome: "SceneReport") -> str:
    if outcome.error is not None:
        return f"{outcome.scene}: FAILED after {outcome.seconds:.1f} s: {outcome.error}"
    return (
        f"{outcome.scene}: {outcome.samples} samples from {outcome.frames} frames and {outcome.objects} objects "
        f"in {outcome.seconds:.1f} s"
    )


def _summarize(console: "Console", totals: "RunTotals", seconds: float) -> None:
    from rich.table import Table

    formats = [
        name
        for name in ("fill", "select", "sentence", "judge")
        if any(name in task.samples for task in totals.tasks.values())
    ]
    table = Table(title="Samples per task and format", title_justify="left")
    table.add_column("task", no_wrap=True)
    for name in formats:
        table.add_column(name, justify="right")
    table.add_column("candidates refused, by reason")
    for name, task in totals.tasks.items():
        skips = sorted(sorted(task.skips.items()), key=lambda item: -item[1])
        told = ", ".join(f"{reason} {count}" for reason, count in skips)
        table.add_row(name, *(str(task.samples.get(answer_format, "")) for answer_format in formats), told)
    console.print(table)
    console.print(f"{totals.samples} samples from {len(totals.scenes) - len(totals.failed)} scenes in {seconds:.1f} s")
    if totals.failed:
        console.print(f"{len(totals.failed)} failed: {', '.join(totals.failed)}", style="red", markup=False)


if __name__ == "__main__":
    main()
