"""``python -m qagen.score PREDICTIONS --against BENCH``: what predictions are worth."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen.errors import QagenError

if TYPE_CHECKING:
    from rich.console import Console

    from qagen.score.read import Predictions
    from qagen.score.report import Report, ReportLine

EPILOG = """\b
Examples:
  python -m qagen.score predictions.jsonl --against bench
  python -m qagen.score predictions.jsonl --against bench --mode official
  python -m qagen.score samples.jsonl --against SPAR-Bench.parquet --mode official --json scores.json
"""
PLAIN_WIDTH = 120
"""Columns of the table where there is no terminal to ask."""
LISTED = 5
"""Ids that a warning names."""


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option(
    "--against",
    "bench",
    required=True,
    type=click.Path(path_type=Path),
    help="The benchmark: SPAR-Bench columns as parquet or JSONL, a folder of qagen.bench, or a run's output.",
)
@click.option(
    "--mode",
    type=click.Choice(["strict", "official"]),
    default="strict",
    show_default=True,
    help="Strict scores, or those that the public scorers give.",
)
@click.option(
    "--scorer",
    type=click.Choice(["lmms-eval", "vlmevalkit"]),
    default="lmms-eval",
    show_default=True,
    help="Whose scores --mode official gives.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write everything to this file.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of intervals and guesses.")
@click.version_option(package_name="qagen")
def main(predictions: Path, bench: Path, mode: str, scorer: str, json_file: Path | None, seed: int) -> None:
    """Score PREDICTIONS, lines of {"id": ..., "prediction": ...}, and print a table by task and level.

    Questions without a prediction score 0. Unknown and repeated ids are reported and do not count.
    """
    from rich.console import Console

    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    try:
        _score(console, predictions, bench, scorer if mode == "official" else "strict", json_file, seed)
    except QagenError as error:
        click.secho(f"qagen: {error}", fg="red", err=True)
        sys.exit(2)


def _score(console: "Console", path: Path, bench: Path, scorer: str, json_file: Path | None, seed: int) -> None:
    import msgspec

    from qagen.errors import ConfigError
    from qagen.files import write_atomic
    from qagen.score.read import read_items, read_predictions
    from qagen.score.report import make_report, mode_of
    from qagen.tasks.registry import known_types, load_task

    items = read_items(bench)
    predictions = read_predictions(path, items)
    levels = {name: load_task(name).config.level for name in known_types()}
    report = make_report(items, predictions, mode_of(scorer, levels), levels, seed)
    if report is None:
        raise ConfigError(f"--mode official: {bench}: found none of SPAR-Bench's tasks")
    _warn(predictions)
    _print(console, report)
    if json_file is not None:
        told = {**msgspec.to_builtins(report), **_ids(predictions), "seed": seed}
        write_atomic(json_file, msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")


def _ids(predictions: "Predictions") -> dict[str, Any]:
    return {key: list(getattr(predictions, key)) for key in ("missing", "unknown", "duplicates")}


def _warn(predictions: "Predictions") -> None:
    told = {
        "missing": "questions have no prediction and score 0",
        "unknown": "predictions are of unknown questions",
        "duplicates": "predictions repeat a question and do not count",
    }
    for key, names in _ids(predictions).items():
        if names:
            listed = ", ".join(names[:LISTED]) + (", ..." if len(names) > LISTED else "")
            click.secho(f"qagen: {len(names)} {told[key]}: {listed}", fg="yellow", err=True)


def _print(console: "Console", report: "Report") -> None:
    from rich.table import Table

    table = Table(title=f"Scores, {report.mode}", title_justify="left")
    for name in ("", "level", "metric"):
        table.add_column(name, no_wrap=True)
    for name in ("questions", "score", "95 % interval", "chance"):
        table.add_column(name, justify="right", no_wrap=True)
    order = ("low", "medium", "high")
    for name, line in sorted(
        report.tasks.items(), key=lambda pair: (order.index(pair[1].level) if pair[1].level in order else 3, pair[0])
    ):
        table.add_row(name, line.level, line.metric, *_cells(line))
    table.add_section()
    for name, line in report.levels.items():
        table.add_row(name, "", "", *_cells(line))
    table.add_row("overall", "", "", *_cells(report.overall))
    console.print(table)
    if report.unscored:
        told = ", ".join(f"{task} ({count})" for task, count in report.unscored.items())
        console.print(f"Not scored, because the scorer does not know them: {told}", soft_wrap=True)


def _cells(line: "ReportLine") -> list[str]:
    low, high = line.interval
    return [
        str(line.questions),
        f"{100 * line.score:.2f}",
        f"{100 * low:.1f} - {100 * high:.1f}",
        f"{100 * line.chance:.1f}",
    ]


if __name__ == "__main__":
    main()
