"""``qagen score``: score a model's predictions."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen import cli
from qagen.errors import ConfigError
from qagen.files import write_atomic

if TYPE_CHECKING:
    from rich.table import Table

    from qagen.score.report import Report, ReportLine

LISTED = 5
"""Maximum number of ids in a warning."""
LEVELS = ("low", "medium", "high")
SCORER_NAMES = (
    *("lmms-eval", "vlmevalkit", "spacevista", "lmms-vsibench", "vlmevalkit-vsibench", "thinking-in-space", "revsi"),
    *("lmms-mmsi", "vlmevalkit-mmsi", "lmms-viewspatial", "vlmevalkit-viewspatial", "lmms-mindcube"),
    *("vlmevalkit-mindcube", "lmms-blink"),
)
"""The first is SPAR-Bench's; the fourth and those after it are of ``qagen.score.scorers``."""


@cli.command(
    "qagen score predictions.jsonl --against bench",
    "qagen score predictions.jsonl --against bench --mode official",
    "qagen score samples.jsonl --against SPAR-Bench.parquet --out scores.json",
    "qagen score my.jsonl --against b.json --mode official --scorer spacevista",
    "qagen score my.jsonl --against vsi --mode official --scorer lmms-vsibench",
)
@click.argument("predictions", metavar="PREDICTIONS", type=cli.PATH)
@cli.path_option(
    "--against",
    "bench",
    required=True,
    metavar="BENCH",
    help="The benchmark: SPAR-Bench columns as parquet or JSONL, SpaceVista's items, a folder of qagen bench, a run.",
)
@cli.option(
    "--mode",
    type=click.Choice(["strict", "official"]),
    default="strict",
    show_default=True,
    help="Strict scores, or those of the public scorers.",
)
@cli.option(
    "--scorer",
    type=click.Choice(SCORER_NAMES),
    metavar="NAME",
    default="lmms-eval",
    show_default=True,
    help=f"The public scorer of --mode official: {', '.join(SCORER_NAMES)}.",
)
@cli.path_option("--out", "json_file", also=["--json"], metavar="FILE", help="Also write everything to this JSON file.")
@cli.seed_option("Random seed of intervals and guesses.")
def main(predictions: Path, bench: Path, mode: str, scorer: str, json_file: Path | None, seed: int) -> None:
    """Score PREDICTIONS and print a table by task and level.

    PREDICTIONS has lines of {"id": ..., "prediction": ...}. Questions without a prediction score 0. Unknown and
    repeated ids are reported and do not count.
    """
    import msgspec

    from qagen.score.read import read_items, read_predictions
    from qagen.score.report import make_report, mode_of
    from qagen.score.scorers import SCORERS
    from qagen.tasks.registry import known_types, load_task

    items = read_items(bench)
    found = read_predictions(predictions, items)
    grouped = any(item.groups for item in items)
    levels = {name: load_task(name).config.level for name in known_types()}
    report = make_report(
        items, found, mode_of(scorer if mode == "official" else "strict", levels, grouped), levels, seed
    )
    if report is None:
        expected = "SpaceVista's items" if scorer == "spacevista" else "SPAR-Bench's tasks"
        if scorer in SCORERS:
            expected = f"the question types of {SCORERS[scorer].benchmark}"
        hint = "; SpaceVista's have --scorer spacevista" if grouped else ""
        if fitting := [name for name, known in SCORERS.items() if any(map(known.knows, items))]:
            hint = f"; theirs is --scorer {' or '.join(fitting)}"
        raise ConfigError(f"--mode official: {bench}: found none of {expected}{hint}")
    keys = ("missing", "unknown", "duplicates", "contradicting")
    problems = {key: list(getattr(found, key)) for key in keys}
    for key, problem in (
        ("missing", "questions have no prediction and score 0"),
        ("unknown", "predictions are of unknown questions"),
        ("duplicates", "predictions repeat a question and do not count"),
        ("contradicting", "predictions name another true answer than the benchmark, which counts"),
    ):
        if ids := problems[key]:
            cli.warn(f"{len(ids)} {problem}: {', '.join(ids[:LISTED])}{', ...' if len(ids) > LISTED else ''}")
    if report.unread:
        reasons = Counter(prediction.reason.partition(":")[0] for prediction in report.unread)
        told = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(LISTED))
        where = "" if json_file is not None else "; --out lists them"
        cli.warn(f"{len(report.unread)} predictions could not be read and score 0: {told}{where}")
    cli.show(_table(report))
    if report.consistency:
        cli.show(_consistency(report))
    if report.unscored:
        names = ", ".join(f"{task} ({count})" for task, count in report.unscored.items())
        cli.show(f"Not scored, because the scorer does not know them: {names}")
    if json_file is not None:
        content = {**msgspec.to_builtins(report), **problems, "seed": seed}
        write_atomic(json_file, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def _table(report: "Report") -> "Table":
    from rich.table import Table

    table = Table(title=f"Scores, {report.mode}", title_justify="left")
    level = [""] * (not report.groups)  # SpaceVista has none
    for name in ("", *(["level"] if level else []), "metric"):
        table.add_column(name, overflow="fold")  # these give way in a narrow terminal, numbers do not
    for name in ("questions", "unread", "score", "95 % interval", "chance"):
        table.add_column(name, justify="right", no_wrap=True)

    def by_level(row: "tuple[str, ReportLine]") -> tuple[int, str]:
        name, line = row
        return LEVELS.index(line.level) if line.level in LEVELS else len(LEVELS), name

    for name, line in sorted(report.tasks.items(), key=by_level):
        table.add_row(name, *([line.level] if level else []), _metric(line), *_cells(line))
    table.add_section()
    for group, lines in report.groups.items():
        for name, line in lines.items():
            table.add_row(name if "," in group else f"{group} {name}", *level, _metric(line), *_cells(line))
    for name, line in {**report.levels, "overall": report.overall}.items():
        table.add_row(name, *level, "", *_cells(line))
    return table


def _consistency(report: "Report") -> "Table":
    """How many groups of questions about one fact are all right, beside how many of their questions are."""
    from rich.table import Table

    table = Table(title="Groups whose answers are all right", title_justify="left")
    table.add_column("", overflow="fold")
    for name in ("groups", "questions", "right alone", "all right"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, line in report.consistency.items():
        shares = [f"{100 * share:.2f}" for share in (line.question_score, line.score)]
        table.add_row(name, str(line.groups), str(line.questions), *shares)
    return table


def _metric(line: "ReportLine") -> str:
    return "mixed" if "/" in line.metric else line.metric


def _cells(line: "ReportLine") -> list[str]:
    low, high = (100 * bound for bound in line.interval)
    scores = [f"{100 * line.score:.2f}", f"{low:.1f} - {high:.1f}", f"{100 * line.chance:.1f}"]
    return [str(line.questions), str(line.unread), *scores]


if __name__ == "__main__":
    main()
