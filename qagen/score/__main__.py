"""``qagen score``: score a model's predictions."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen import cli
from qagen.errors import ConfigError
from qagen.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping

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
@cli.option("--details", is_flag=True, help="Also print the scores of each task and of groups.")
def main(
    predictions: Path, bench: Path, mode: str, scorer: str, json_file: Path | None, seed: int, details: bool
) -> None:
    """Score PREDICTIONS and print the scores by level.

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
    _show_scores(report, details)
    if json_file is not None:
        content = {**msgspec.to_builtins(report), **problems, "seed": seed}
        write_atomic(json_file, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
        cli.show(f"Written to {json_file}")


def _show_scores(report: "Report", details: bool) -> None:
    if report.unread:
        reasons = Counter(prediction.reason.partition(":")[0] for prediction in report.unread)
        told = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(LISTED))
        cli.warn(f"{len(report.unread)} predictions could not be read and score 0, as --out lists: {told}")
    if details:
        cli.show(_task_table(report))
        if report.consistency:
            cli.show(_consistency(report))
    cli.show(_table({**report.levels, "overall": report.overall}, f"Scores, {report.mode}"))
    if report.unscored:
        names = ", ".join(f"{task} ({count})" for task, count in report.unscored.items())
        cli.show(f"Not scored, because the scorer does not know them: {names}")
    if not details:
        cli.show("Scores of each task: --details, or in the file of --out")


def _task_table(report: "Report") -> "Table":
    """The scores of all tasks by level, and of SpaceVista's groups."""

    def by_level(row: "tuple[str, ReportLine]") -> tuple[int, str]:
        name, line = row
        return LEVELS.index(line.level) if line.level in LEVELS else len(LEVELS), name

    lines = dict(sorted(report.tasks.items(), key=by_level))
    for group, members in report.groups.items():
        lines |= {name if "," in group else f"{group} {name}": line for name, line in members.items()}
    return _table(lines, f"Scores of tasks, {report.mode}")


def _table(lines: "Mapping[str, ReportLine]", title: str) -> "Table":
    table = cli.table("", "asked", "unread", "score", "95 %", "chance", title=title, justify="right")
    for name, line in lines.items():
        table.add_row(name, *_cells(line))
    return table


def _consistency(report: "Report") -> "Table":
    """How many groups of questions about one fact are all right, beside how many of their questions are."""
    columns = ("", "groups", "questions", "right alone", "all right")
    table = cli.table(*columns, title="Groups whose answers are all right", justify="right")
    for name, line in report.consistency.items():
        shares = [f"{100 * share:.2f}" for share in (line.question_score, line.score)]
        table.add_row(name, str(line.groups), str(line.questions), *shares)
    return table


def _cells(line: "ReportLine") -> list[str]:
    low, high = (100 * bound for bound in line.interval)
    scores = [f"{100 * line.score:.2f}", f"{low:.1f}-{high:.1f}", f"{100 * line.chance:.1f}"]
    return [str(line.questions), str(line.unread), *scores]


if __name__ == "__main__":
    main()
