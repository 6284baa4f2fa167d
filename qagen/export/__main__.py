"""``qagen export``: a run's samples in the form that a trainer or evaluator reads."""

from collections import Counter
from pathlib import Path
from typing import Literal

import click

from qagen import cli
from qagen.errors import ConfigError, counted
from qagen.export import EXPORTERS, load_exporter

WIDEST = max(map(len, EXPORTERS))


@cli.command(
    "qagen export llamafactory qagen_out --out exports/llamafactory",
    "qagen export huggingface qagen_out --out exports/hub --tasks 'depth_*'",
    "qagen export swift qagen_out --out exports/swift --no-draw",
    "qagen export spacevista qagen_out --out exports/spacevista --think",
    "qagen export recipe qagen_out --out exports/recipe",
    before="Exporters:\n" + "\n".join(f"  {name:{WIDEST}}  {text}" for name, text in EXPORTERS.items()),
)
@click.argument("name")
@cli.run_argument()
@cli.path_option("--out", "home", also=["--to"], required=True, metavar="DIR", help="Folder of the export.")
@cli.tasks_option("--types")
@cli.formats_option()
@cli.splits_option()
@cli.scenes_option()
@cli.option(
    "--draw/--no-draw",
    default=True,
    help="Draw the marks that questions name onto the images, or leave that to the trainer.  [default: draw]",
)
@cli.option(
    "--think/--no-think",
    default=False,
    help="Let the model say the rationale before the answer, or the answer alone.  [default: no-think]",
)
@cli.option(
    "--point-order",
    type=click.Choice(["yx", "xy"]),
    help="Order of the coordinates of points (spacevista only).  [default: yx]",
)
@cli.option("--copy", is_flag=True, help="Copy images without marks instead of linking them.")
@cli.seed_option("Random seed of the order.")
def main(
    name: str,
    run: Path,
    home: Path,
    tasks: tuple[str, ...],
    formats: tuple[str, ...],
    splits: tuple[str, ...],
    scenes: tuple[str, ...],
    draw: bool,
    think: bool,
    point_order: Literal["yx", "xy"] | None,
    copy: bool,
    seed: int,
) -> None:
    """Export the samples of RUN in the form that NAME reads.

    Exit codes: 0: everything is written. 2: a mistake in the options, or records or images that cannot be read;
    nothing is written.
    """
    exporter = load_exporter(name)
    if exporter.needs_marks and not draw:
        raise ConfigError(f"--no-draw: {name} has no room for marks; its questions could not be answered")
    if exporter.is_scored and think:
        raise ConfigError(f"--think: {name} is scored by its bare answers")
    if point_order is not None and not exporter.orders_points:
        raise ConfigError(f"--point-order: {name} has no points; spacevista does")
    if exporter.is_whole:
        choices = {"--tasks": tasks, "--formats": formats, "--splits": splits, "--scenes": scenes}
        changes = {"--no-draw": not draw, "--think": think, "--copy": copy, "--seed": seed}
        _check_whole(name, run, [flag for flag, value in {**choices, **changes}.items() if value])

    from qagen.export._job import ExportJob, check_free, new_folder
    from qagen.export._samples import find_sources
    from qagen.records.card import datasets_of
    from qagen.records.read import Filter

    home = home.absolute()
    check_free(home, name)
    found = find_sources(run, Filter(types=tasks, formats=formats, splits=splits, scenes=scenes))
    sources = [source for source in found if exporter.takes(source.file.type, source.file.format)]
    if not sources:
        kinds = sorted({f"{source.file.type}/{source.file.format}" for source in found})
        raise ConfigError(f"{name} has no place for any of {', '.join(kinds)}")
    counts: Counter[str] = Counter()
    for source in sources:
        counts[source.name] += source.count
    selection = {"tasks": tasks, "formats": formats, "splits": splits, "scenes": scenes}
    order = point_order or "yx"
    choices = {"draw": draw, "think": think} | ({"point_order": order} if exporter.orders_points else {})
    manifest = {**choices, "copy": copy, "seed": seed, **selection, "counts": counts}
    with new_folder(home, name, manifest) as folder, cli.progress("Samples", counts.total()) as bar:
        job = ExportJob(
            sources=tuple(sources),
            folder=folder,
            home=home,
            seed=seed,
            draw=draw,
            copy=copy,
            evidence=exporter.evidence,
            think=think,
            point_order=order,
            selection=selection,
            on_sample=bar.advance,
        )
        hint = exporter.write(job)
    cli.show(f"{counted(counts.total(), 'sample')}: {home}")
    if left_out := sum(source.count for source in found) - counts.total():
        cli.show(f"{left_out} samples left out: of types or formats that have no place in this form")
    cli.show(f"Next, for {EXPORTERS[name].partition(':')[0]}:\n{hint}")
    if exporter.is_published:
        cli.say_how_to_publish(home, datasets_of({source.file.dataset for source in sources}))


def _check_whole(name: str, run: Path, flags: list[str]) -> None:
    """Raise ConfigError where a form of a whole run is to hold anything else."""
    if flags:
        raise ConfigError(f"{flags[0]}: {name} is of a whole run as it is; generate the part into a folder of its own")
    if run.is_file():
        raise ConfigError(
            f"{run}: found a file, expected the folder of a run; of a mix, export each of its runs, and mix again "
            f"after hydrating, which draws the same records"
        )


if __name__ == "__main__":
    main()
