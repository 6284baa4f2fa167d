"""``qagen bench``: draw a held-out benchmark from a run's validation split."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen import cli
from qagen.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qagen.bench.draw import BenchQuestion
    from qagen.records.read import RecordFile


@cli.command(
    "qagen generate --scene scannet --split val --out bench_out",
    "qagen bench bench_out --per-task 400 --out bench --train qagen_out",
    "qagen bench bench_out --tasks 'depth_*,obj_count' --out depth_bench",
    "qagen bench bench_out --form vsi --out vsi",
    "qagen bench out32 --form revsi --also out16 --also out64 --out revsi",
)
@cli.run_argument()
@cli.path_option("--out", "folder", also=["--to"], required=True, metavar="DIR", help="Folder to create.")
@cli.option("--per-task", type=click.IntRange(min=1), default=400, show_default=True, help="Questions per task.")
@cli.option(
    "--tiny", type=click.IntRange(min=1), default=50, show_default=True, help="Of those, in the tiny one (spar only)."
)
@cli.option(
    "--form",
    "form_name",
    type=click.Choice(["spar", "vsi", "revsi", "mmsi", "viewspatial", "mindcube", "blink"]),
    default="spar",
    show_default=True,
    help="Columns, files and question types of this public benchmark.",
)
@cli.path_option(
    "--also",
    "further",
    multiple=True,
    metavar="RUN",
    help="Another run to draw from, of another number of frames (revsi only). May be repeated.",
)
@cli.names_option("--tasks", "TYPE", "Task types (globs allowed).", default="those of the form")
@cli.option("--split", default="val", show_default=True, help="Split to draw from.")
@cli.path_option(
    "--train",
    "trained",
    multiple=True,
    metavar="RUN",
    help="Another run that models are trained on; RUN's own other splits always count as such. May be repeated.",
)
@cli.bias_option()
@cli.seed_option()
def main(
    run: Path,
    folder: Path,
    per_task: int,
    tiny: int,
    form_name: str,
    further: tuple[Path, ...],
    tasks: tuple[str, ...],
    split: str,
    trained: tuple[Path, ...],
    max_bias: float | None,
    seed: int,
) -> None:
    """Draw a benchmark from RUN: fill and select questions, balanced over letters, answers and scenes.

    Consistency groups stay whole: the variants of a question come with it, on top of --per-task, but not in --form.
    Fails if models are trained on a scene of the benchmark, or on another scan of its room.
    """
    from qagen.bench.draw import by_task, draw_tiny, files_of_tasks, find_files
    from qagen.bench.write import write
    from qagen.files import atomic_folder
    from qagen.records.sparbench import TASKS

    if folder.exists():
        raise ConfigError(f"--out: {folder}: found something of that name, expected nothing")
    if further and form_name != "revsi":
        raise ConfigError(f"--also: found {further[0]}, expected nothing with --form {form_name}")
    if len({one.resolve() for one in (run, *further)}) <= len(further):
        raise ConfigError("--also: found a run twice, expected runs of other numbers of frames")
    command = f"qagen bench qagen_out --form {form_name} --split {split} --per-task {per_task} --seed {seed} --out DIR"
    if form_name != "spar":
        _draw_form(form_name, [run, *further], folder, per_task, tasks, split, trained, max_bias, seed, command)
        return
    files = files_of_tasks(find_files(run, split, trained), tasks)
    questions = _draw(files, per_task, seed, max_bias)
    small = draw_tiny(questions, tiny, seed)
    with atomic_folder(folder) as unfinished:
        write(unfinished, questions, {question.id for question in small}, command)
    cli.show(f"{len(questions)} questions, {len(small)} of them in the tiny benchmark, in {folder}")
    counts = {
        task: sum(question.candidate.is_first for question in group) for (task, _), group in by_task(questions).items()
    }
    short = [f"{task} {count}" for task, count in counts.items() if count < per_task]
    if short:
        cli.warn(f"fewer than {per_task} questions: {', '.join(short)}")
    missing = set(TASKS).difference(question.task for question in questions)
    if missing and not tasks:
        cli.warn(f"no questions of {', '.join(sorted(missing))}")
    cli.next_step("score", "predictions.jsonl", "--against", folder)
    cli.say_how_to_publish(folder, _datasets(questions))


def _draw(
    files: "Mapping[tuple[str, str], Sequence[RecordFile]]",
    per_task: int,
    seed: int,
    max_bias: float | None,
    *args: Any,
    **kwargs: Any,
) -> "list[BenchQuestion]":
    """Questions as draw gives them. Raises ConfigError where they are to be left out by a bias that none has."""
    from qagen.bench.draw import draw
    from qagen.records.read import check_has_bias

    if max_bias is not None:
        check_has_bias(file for group in files.values() for file in group)
    return draw(files, per_task, seed, *args, max_bias=1.0 if max_bias is None else max_bias, **kwargs)


def _draw_form(
    name: str,
    runs: list[Path],
    folder: Path,
    per_task: int,
    tasks: tuple[str, ...],
    split: str,
    trained: tuple[Path, ...],
    max_bias: float | None,
    seed: int,
    command: str,
) -> None:
    """Draw a benchmark in the form of a public one, and warn of question types without questions."""
    from qagen.bench.draw import files_of_tasks, find_files
    from qagen.bench.forms import FORMS
    from qagen.bench.write_form import write_form
    from qagen.errors import match_names
    from qagen.files import atomic_folder

    form = FORMS[name]
    match_names(tasks, sorted(form.types), f"--tasks: --form {name} does not ask")
    keep = lambda task, text: form.kind_of(task, text) is not None  # noqa: E731
    drawn = []
    for run in runs:
        files = files_of_tasks(find_files(run, split, trained), tasks, form.types, form.format_of)
        drawn.append(_draw(files, per_task, seed, max_bias, keep, with_variants=False))
    with atomic_folder(folder) as unfinished:
        write_form(unfinished, form, [questions for questions in drawn if questions], command)
    asked = {question.task for questions in drawn for question in questions}
    cli.show(f"{sum(map(len, drawn))} questions of {len(asked)} types in {folder}")
    missing = [task for task in form.types if task not in asked]
    if missing and not tasks:
        cli.warn(f"no questions of {', '.join(missing)}")
    cli.next_step("score", "predictions.jsonl", "--against", folder)
    cli.say_how_to_publish(folder, _datasets([question for questions in drawn for question in questions]))


def _datasets(questions: "Sequence[BenchQuestion]") -> list[str]:
    from qagen.bench.write import homes_of
    from qagen.records.card import datasets_of

    return datasets_of(homes_of(questions))


if __name__ == "__main__":
    main()
