"""``qagen spatialvid filter``: the rows of a table whose scores lie between bounds."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen import cli
from qagen.errors import ConfigError
from qagen.files import open_atomic
from qagen.spatialvid.rules import PRESETS, Rule, Sifting, choose_rules
from qagen.spatialvid.table import column_index, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from qagen.spatialvid.table import Row

STEP = 20_000
"""Rows between two steps of the progress bar."""


@cli.command(
    "qagen spatialvid filter clips_scores.csv --preset spatialvid --out kept.csv",
    "qagen spatialvid filter scores.csv --keep 'luminance mean=20..140' --keep 'motion score=2..14' --out kept.csv",
    "qagen spatialvid filter scores.csv --keep 'resolution=921600..' --nan keep --out kept.csv",
)
@click.argument("table", metavar="CSV", type=cli.PATH)
@cli.path_option("--out", "target", also=["--to"], required=True, metavar="FILE", help="The table of the rows kept.")
@cli.option("--keep", multiple=True, metavar="'COLUMN=LOW..HIGH'", help="A rule; a bound may be left out.")
@cli.option(
    "--preset",
    type=click.Choice(sorted(PRESETS)),
    help=f"Rules of SpatialVID: {'; '.join(PRESETS['spatialvid'])}. --keep wins over its rule of a column.",
)
@cli.option(
    "--nan",
    type=click.Choice(["drop", "keep"]),
    default="drop",
    show_default=True,
    help="What becomes of a row without a number in the column of a rule.",
)
def main(table: Path, target: Path, keep: tuple[str, ...], preset: str | None, nan: str) -> None:
    """Keep the rows of CSV whose numbers lie within all intervals, bounds included.

    Rows are copied byte for byte, in their order. Luminance and motion come from qagen spatialvid score; aesthetic and
    OCR scores come from neural networks, which qagen reads the results of and does not run.
    """
    rules = choose_rules(keep, preset)
    if not rules:
        raise ConfigError(f"found no rule, expected --keep or --preset {'|'.join(sorted(PRESETS))}")
    if target.exists() and table.exists() and target.samefile(table):
        raise ConfigError(f"--out {target}: is the table that is read, expected another file")
    rows = read_rows(table)
    header = next(rows)
    _check_columns(rules, header.cells, table)
    sifting = Sifting(table, header.cells, rules, nan == "keep")
    with open_atomic(target) as file, cli.progress(f"Reading {table.name}", table.stat().st_size) as bar:
        file.write(header.raw)
        for row in sifting.sift(_report(rows, bar, table)):
            file.write(row.raw)
    cli.show(_summary(sifting))
    cli.show(f"{sifting.kept:,} of {sifting.rows:,} rows kept: {target}")
    if not sifting.kept:
        cli.warn("no row is kept; the table above shows which rule refuses most")


def _check_columns(rules: list[Rule], columns: list[str], table: Path) -> None:
    """Raise ConfigError, with the rules that can be held, where the table lacks a column."""
    fitting: list[str] = []
    missing: ConfigError | None = None
    for rule in rules:
        try:
            column_index(rule.column, columns, table)
            fitting.append(f"--keep {shlex.quote(rule.text)}")
        except ConfigError as error:
            missing = missing or error
    if missing and fitting:
        raise ConfigError(f"{missing} Rules that it has the columns for: {' '.join(fitting)}")
    if missing:
        raise missing


def _report(rows: "Iterator[Row]", bar: cli.Bar, table: Path) -> "Iterator[Row]":
    """The rows as they are; the bar learns of the bytes read."""
    done, total = 0, table.stat().st_size
    for number, row in enumerate(rows):
        done += len(row.raw)
        if number % STEP == 0:
            bar.update(done, total, f"Reading {table.name}")
        yield row


def _summary(sifting: Sifting) -> "Table":
    shown = cli.table("rule", "refused", "by it alone", "no number", justify="right")
    for count in sifting.counts:
        shown.add_row(count.rule.text, f"{count.failed:,}", f"{count.alone:,}", f"{count.missing:,}")
    return shown


if __name__ == "__main__":
    main()
