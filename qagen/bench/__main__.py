"""``qagen bench``: draw a held-out benchmark from a run's validation split."""

from pathlib import Path

import click

from qagen import cli
from qagen.errors import ConfigError


@cli.command(
    "qagen generate --scene scannet --split val --out bench_out",
    "qagen bench bench_out --per-task 400 --out bench --train qagen_out",
    "qagen bench bench_out --tasks 'depth_*,obj_count' --out depth_bench",
)
@cli.run_argument()
@cli.path_option("--out", "folder", also=["--to"], required=True, metavar="DIR", help="Folder to create.")
@cli.option("--per-task", type=click.IntRange(min=1), default=400, show_default=True, help="Questions per task.")
@cli.option("--tiny", type=click.IntRange(min=1), default=50, show_default=True, help="Of those, in the tiny one.")
@cli.names_option("--tasks", "TYPE", "Task types (globs allowed).", default="SPAR-Bench's twenty")
@cli.option("--split", default="val", show_default=True, help="Split to draw from.")
@cli.path_option(
    "--train",
    "trained",
    multiple=True,
    metavar="RUN",
    help="Another run that models are trained on; RUN's own other splits always count as such. May be repeated.",
)
@cli.seed_option()
def main(
    run: Path,
    folder: Path,
    per_task: int,
    tiny: int,
    tasks: tuple[str, ...],
    split: str,
    trained: tuple[Path, ...],
    seed: int,
) -> None:
    """Draw a benchmark from RUN: fill and select questions, balanced over letters, answers and scenes.

    Fails if models are trained on a scene of the benchmark, or on another scan of its room.
    """
    from qagen.bench.draw import by_task, draw, draw_tiny, files_of_tasks, find_files
    from qagen.bench.write import write
    from qagen.files import atomic_folder
    from qagen.records.sparbench import TASKS

    if folder.exists():
        raise ConfigError(f"--out: {folder}: found something of that name, expected nothing")
    questions = draw(files_of_tasks(find_files(run, split, trained), tasks), per_task, seed)
    small = draw_tiny(questions, tiny, seed)
    with atomic_folder(folder) as unfinished:
        write(unfinished, questions, {question.id for question in small})
    cli.show(f"{len(questions)} questions, {len(small)} of them in the tiny benchmark, in {folder}")
    short = [f"{task} {len(group)}" for (task, _), group in by_task(questions).items() if len(group) < per_task]
    if short:
        cli.warn(f"fewer than {per_task} questions: {', '.join(short)}")
    missing = set(TASKS).difference(question.task for question in questions)
    if missing and not tasks:
        cli.warn(f"no questions of {', '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
