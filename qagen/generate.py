"""``python -m qagen.generate``: scenes in, spatial question-answer data out."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen.errors import ConfigError, QagenError, did_you_mean
from qagen.loaders import LOADERS

if TYPE_CHECKING:
    from rich.console import Console

    from qagen.loaders._held_out import HeldOut
    from qagen.pipeline import SceneOutcome

EPILOG = """\b
Examples:
  python -m qagen.generate --scene scannet
  python -m qagen.generate --scene scannet --root /data/scannet --split val --per-scene 50
  python -m qagen.generate --scene scannet --root /data/scannet --tasks 'depth_*,position_matching' --rgbd
"""
PLAIN_WIDTH = 140
"""Columns of the summary where there is no terminal to ask."""


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",") if name.strip()]


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
    "--exclude-scenes",
    "exclusions",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Scene ids that are not read, one a line or a JSON list; rescans of their rooms are left out too. Repeatable.",
)
@click.option("--strict", is_flag=True, help="Stop at the first scene that fails.")
@click.version_option(package_name="qagen")
def main(
    dataset: str,
    root: Path | None,
    out: Path,
    scenes: list[str] | None,
    preset: str | None,
    config_file: Path | None,
    workers: int | None,
    exclusions: tuple[Path, ...],
    strict: bool,
    **flags: Any,
) -> None:
    """Generate spatial question-answer data from 3D-annotated scenes, in SPAR-7M's layout.

    Exit code 0: all scenes done; 1: a scene failed, the others are done and report.json names it; 2: a mistake in the
    options, a config or a template, nothing was written.
    """
    from rich.console import Console

    console = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PLAIN_WIDTH)
    try:
        failed = _generate(console, dataset, root, out, scenes, preset, config_file, workers, exclusions, strict, flags)
    except QagenError as error:
        console.print(f"qagen: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    sys.exit(1 if failed else 0)


def _generate(
    console: "Console",
    dataset: str,
    root: Path | None,
    out: Path,
    scenes: list[str] | None,
    preset: str | None,
    config_file: Path | None,
    workers: int | None,
    exclusions: tuple[Path, ...],
    strict: bool,
    flags: dict[str, Any],
) -> bool:
    """Returns whether a scene failed."""
    if dataset not in LOADERS:
        raise ConfigError(f"--scene: no dataset '{dataset}'.{did_you_mean(dataset, LOADERS)}")
    if root is not None and not root.is_dir():
        raise ConfigError(f"--root: {root}: found {'a file' if root.exists() else 'nothing'}, expected a folder")

    from qagen.config import known_types, load_run
    from qagen.loaders import make_loader
    from qagen.loaders._held_out import hold_out

    flags["tasks"] = _matching(flags["tasks"], known_types())
    config, families = load_run(preset, config_file, flags)

    from qagen import pipeline

    loader = make_loader(dataset, root or _demo(console, dataset))
    known = loader.scene_ids(config.split)
    held_out = hold_out(exclusions, loader, known)
    scene_ids = _allowed(_chosen(known, scenes), held_out)
    job = pipeline.Job(loader, config, tuple(families), pipeline.layout_for(out, loader, config), held_out)
    workers = workers or os.cpu_count() or 1
    report, seconds = _run(console, job, scene_ids, workers, strict)
    _summarize(console, report, seconds)
    console.print(f"Written to {job.layout.root}", markup=False)
    return any("error" in scene for scene in report["scenes"].values())


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


def _allowed(chosen: list[str], held_out: "tuple[HeldOut, ...]") -> list[str]:
    excluded = {scene for one in held_out for scene in one.scenes}
    left = [scene for scene in chosen if scene not in excluded]
    if chosen and not left:
        raise ConfigError(f"--exclude-scenes: all {len(chosen)} scenes are excluded, expected some to be left")
    return left


def _run(console: "Console", job: Any, scene_ids: list[str], workers: int, strict: bool) -> tuple[dict, float]:
    import time

    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from qagen import pipeline

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    started = time.perf_counter()
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("Scenes (the first run also compiles kernels)", total=len(scene_ids))

        def tell(outcome: "SceneOutcome") -> None:
            progress.advance(bar)
            progress.console.print(_scene_line(outcome), markup=False, soft_wrap=True)

        report = pipeline.run(job, scene_ids, workers, strict, tell)
    return report, time.perf_counter() - started


def _scene_line(outcome: "SceneOutcome") -> str:
    if outcome.error is not None:
        return f"{outcome.scene}: FAILED after {outcome.seconds:.1f} s: {outcome.error}"
    return (
        f"{outcome.scene}: {outcome.samples} samples from {outcome.frames} frames and {outcome.objects} objects "
        f"in {outcome.seconds:.1f} s"
    )


def _summarize(console: "Console", report: dict[str, Any], seconds: float) -> None:
    from rich.table import Table

    formats = [name for name in ("fill", "select", "sentence", "judge") if _any_has(report, name)]
    table = Table(title="Samples per task and format", title_justify="left")
    table.add_column("task", no_wrap=True)
    for name in formats:
        table.add_column(name, justify="right")
    table.add_column("candidates refused, by reason")
    for name, task in report["tasks"].items():
        skips = sorted(task["skips"].items(), key=lambda item: -item[1])
        told = ", ".join(f"{reason} {count}" for reason, count in skips)
        table.add_row(name, *(str(task["samples"].get(answer_format, "")) for answer_format in formats), told)
    console.print(table)
    total = sum(sum(task["samples"].values()) for task in report["tasks"].values())
    failed = [name for name, scene in report["scenes"].items() if "error" in scene]
    console.print(f"{total} samples from {len(report['scenes']) - len(failed)} scenes in {seconds:.1f} s")
    if failed:
        console.print(f"{len(failed)} failed: {', '.join(failed)}", style="red", markup=False)


def _any_has(report: dict[str, Any], answer_format: str) -> bool:
    return any(answer_format in task["samples"] for task in report["tasks"].values())


if __name__ == "__main__":
    main()
