"""``python -m qagen.bench OUT --to DIR``: draw a held-out benchmark from a run's validation split."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen.errors import ConfigError, QagenError

if TYPE_CHECKING:
    from qagen.bench.draw import BenchQuestion

EPILOG = """\b
Examples:
  python -m qagen.generate --scene scannet --split val --out bench_out
  python -m qagen.bench bench_out --per-task 400 --to bench --train qagen_out
  python -m qagen.bench bench_out --per-task 100 --tasks 'depth_*,obj_count,room_size' --to depth_bench
"""


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="Folder to make.")
@click.option("--per-task", type=click.IntRange(min=1), default=400, show_default=True, help="Questions of each task.")
@click.option("--tiny", type=click.IntRange(min=1), default=50, show_default=True, help="Of those, in the tiny one.")
@click.option("--tasks", metavar="TYPE,...", help="Task types; * matches. [default: SPAR-Bench's twenty]")
@click.option("--split", default="val", show_default=True, help="Which split to draw from.")
@click.option(
    "--train",
    "trained",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Output of another run that is trained on; OUT's own other splits always are. May be repeated.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the drawing.")
@click.version_option(package_name="qagen")
def main(
    out: Path,
    folder: Path,
    per_task: int,
    tiny: int,
    tasks: str | None,
    split: str,
    trained: tuple[Path, ...],
    seed: int,
) -> None:
    """Draw a benchmark from the records below OUT: fill and select, balanced over letters, answers and scenes.

    Refused when a scene, or another scan of its room, is trained on.
    """
    try:
        questions, small = make_bench(out, folder, per_task, tiny, tasks, split, trained, seed)
    except QagenError as error:
        click.secho(f"qagen: {error}", fg="red", err=True)
        sys.exit(2)
    _print(questions, small, per_task, tasks, folder)


def make_bench(
    out: Path,
    folder: Path,
    per_task: int,
    tiny: int,
    patterns: str | None,
    split: str,
    trained: Sequence[Path],
    seed: int,
) -> "tuple[list[BenchQuestion], list[BenchQuestion]]":
    """Write a benchmark and return its questions, and those of the tiny one.

    Raises:
        ConfigError: ``folder`` exists, a name is unknown, or there is nothing to draw from.
        QagenError: a scene is trained on, or a record or image cannot be read.
    """
    from qagen.bench.draw import draw, draw_tiny, files_of_tasks, find_files
    from qagen.bench.write import write
    from qagen.files import atomic_folder

    if folder.exists():
        raise ConfigError(f"--to: {folder}: found something of that name, expected nothing")
    questions = draw(files_of_tasks(find_files(out, split, trained), patterns), per_task, seed)
    small = draw_tiny(questions, tiny, seed)
    with atomic_folder(folder) as unfinished:
        write(unfinished, questions, {question.id for question in small})
    return questions, small


def _print(
    questions: "Sequence[BenchQuestion]",
    small: "Sequence[BenchQuestion]",
    per_task: int,
    patterns: str | None,
    folder: Path,
) -> None:
    from qagen.bench.draw import by_task
    from qagen.records.sparbench import TASKS

    click.echo(f"{len(questions)} questions, {len(small)} of them in the tiny benchmark, in {folder}")
    short = [f"{task} {len(group)}" for (task, _), group in by_task(questions).items() if len(group) < per_task]
    if short:
        click.secho(f"qagen: fewer than {per_task} questions: {', '.join(short)}", fg="yellow", err=True)
    missing = set(TASKS).difference(question.task for question in questions)
    if missing and not patterns:
        click.secho(f"qagen: no questions of {', '.join(sorted(missing))}", fg="yellow", err=True)


if __name__ == "__main__":
    main()
