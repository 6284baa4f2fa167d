"""``python -m qagen.export NAME OUT --to DIR``: a run's samples in the form that a trainer or evaluator reads."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen.errors import ConfigError, QagenError
from qagen.export import EXPORTERS, load_exporter

if TYPE_CHECKING:
    from qagen.export._job import Exporter
    from qagen.export._samples import RecordSource
    from qagen.records.read import Filter

WIDEST = max(map(len, EXPORTERS))
EPILOG = "\b\nExporters:\n" + "\n".join(f"  {name:{WIDEST}}  {told}" for name, told in EXPORTERS.items())
EPILOG += """

\b
Examples:
  python -m qagen.export llamafactory qagen_out --to exports/llamafactory
  python -m qagen.export huggingface qagen_out --to exports/hub --types 'depth_*,distance_*' --formats fill,select
  python -m qagen.export swift qagen_out --to exports/swift --no-draw
"""


def _split_commas(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def _names(option: str, metavar: str, told: str) -> Callable:
    return click.option(option, multiple=True, callback=_split_commas, metavar=metavar, help=told)


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to", "home", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder of the export."
)
@_names("--types", "TYPE,...", "Only these types; * matches.")
@_names("--formats", "FORMAT,...", "Of fill, select, sentence, judge.")
@_names("--splits", "SPLIT,...", "Only these splits.")
@_names("--scenes", "SCENE,...", "Only these scenes.")
@click.option(
    "--draw/--no-draw",
    default=True,
    help="Draw the marks that questions name onto the images, or leave that to the trainer.  [default: draw]",
)
@click.option("--copy", is_flag=True, help="Copy images that are not drawn on; they are linked otherwise.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, another order.")
def main(name: str, out: Path, home: Path, draw: bool, copy: bool, seed: int, **wish: tuple[str, ...]) -> None:
    """Write the samples of the run in OUT to DIR, in the form that NAME reads.

    Exit code 0: all is written; 2: a mistake in the options, or records or images that cannot be read, and nothing is
    written.
    """
    try:
        told = _export(name, out, home, {"draw": draw, "copy": copy, "seed": seed}, wish)
    except QagenError as error:
        click.echo(f"qagen: {error}", err=True)
        raise SystemExit(2) from error
    click.echo(told)


def _export(name: str, out: Path, home: Path, options: dict[str, Any], wish: dict[str, tuple[str, ...]]) -> str:
    """Returns what to tell the user."""
    exporter = load_exporter(name)
    if exporter.needs_marks and not options["draw"]:
        raise ConfigError(f"--no-draw: {name} has no room for marks; its questions could not be answered")

    from qagen.export._job import ExportJob, check_free, new_folder
    from qagen.records.read import Filter

    home = home.absolute()
    check_free(home, name)
    parts, left_out = _parts(exporter, name, out, Filter(**wish))
    total = sum(part.count for part in parts)
    counts: dict[str, int] = {}
    for part in parts:
        counts[part.name] = counts.get(part.name, 0) + part.count
    with new_folder(home, name, {**options, **wish, "counts": counts}) as folder, _progress(total) as tell:
        hint = exporter.write(ExportJob(tuple(parts), folder, home, on_sample=tell, **options))
    told = f"{total} samples: {home}"
    if left_out:
        told += f"\n{left_out} samples left out: of types or formats that have no place in this form"
    return f"{told}\n{hint}"


def _parts(exporter: "Exporter", name: str, out: Path, wanted: "Filter") -> tuple[list["RecordSource"], int]:
    """What fits, and the number of samples that the consumer has no place for."""
    from qagen.export._samples import find_sources

    found = find_sources(out, wanted)
    taken = [part for part in found if exporter.takes(part.file.type, part.file.format)]
    if not taken:
        kinds = sorted({f"{part.file.type}/{part.file.format}" for part in found})
        raise ConfigError(f"{name} has no place for any of {', '.join(kinds)}")
    return taken, sum(part.count for part in found) - sum(part.count for part in taken)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], object]]:
    """A bar on standard error where somebody looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("", total=total)
        yield lambda: progress.advance(bar)


if __name__ == "__main__":
    main()
