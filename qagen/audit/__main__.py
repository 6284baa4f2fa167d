"""``qagen audit``: every answer of a run, recomputed from the scene's own files."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen import cli
from qagen.errors import ConfigError, counted
from qagen.files import write_atomic

if TYPE_CHECKING:
    from rich.table import Table

    from qagen.audit.record_index import AuditSelection
    from qagen.audit.run import Audit
    from qagen.audit.sheet import SheetPlan

RESULT, PAGE, SHORTCUTS, SHEET = "audit.json", "disagreements.html", "shortcuts.json", "sheet"


@cli.command(
    "qagen audit qagen_out",
    "qagen audit qagen_out --root /data/scannet --scenes scene0000_00",
    "qagen audit qagen_out/scannet --tasks 'depth_*' --n 20",
    "qagen audit qagen_out --perturb --draws 5",
    "qagen audit qagen_out --shortcuts",
    "qagen audit qagen_out --sheet 100 --out check",
    "qagen audit check --verdicts verdicts.jsonl",
)
@cli.run_argument()
@cli.root_option()
@cli.path_option("--out", also=["--to"], metavar="DIR", help=f"Where {RESULT} goes.  [default: the dataset in RUN]")
@cli.tasks_option("--types")
@cli.formats_option()
@cli.scenes_option()
@cli.option("--n", "most", type=click.IntRange(min=1), help="Maximum number per type and format.  [default: all]")
@cli.option("--perturb", is_flag=True, help="Also count the answers that would change under measurement noise.")
@cli.option("--draws", type=click.IntRange(min=1), default=5, show_default=True, help="Repeats of --perturb.")
@cli.seed_option("Random seed of the noise, or of --sheet.")
@cli.option("--shortcuts", is_flag=True, help="Instead: how far text-only classifiers beat chance.")
@cli.option("--with-marks", is_flag=True, help="Let the classifiers of --shortcuts know where the marks are.")
@cli.option("--write-bias", is_flag=True, help="With --shortcuts: write into the evidence how sure they are.")
@cli.option(
    "--sheet", type=click.IntRange(min=1), metavar="N", help="Instead: a folder with N samples to judge by eye."
)
@cli.option("--each", type=click.IntRange(min=1), default=1, help="Minimum on the sheet of every type and format.")
@cli.option(
    "--planted", type=click.FloatRange(0, 1), default=0.1, show_default=True, metavar="SHARE",
    help="Wrong answers to add to the sheet, as a share of N, to see whether they are found.",
)  # fmt: skip
@cli.path_option(
    "--verdicts", multiple=True, metavar="FILE", help="Instead: sum up the judgments of the sheet RUN. May be repeated."
)
@cli.option("--details", is_flag=True, help="Also list the types and formats of which all answers agree.")
def main(
    run: Path,
    root: Path | None,
    out: Path | None,
    tasks: tuple[str, ...],
    formats: tuple[str, ...],
    scenes: tuple[str, ...],
    most: int | None,
    perturb: bool,
    draws: int,
    seed: int,
    shortcuts: bool,
    with_marks: bool,
    write_bias: bool,
    sheet: int | None,
    each: int,
    planted: float,
    verdicts: tuple[Path, ...],
    details: bool,
) -> int:
    """Recompute the answers of RUN from the scenes' own files, with independent code, and compare.

    Every record is parsed, its objects are found by their marks, and its answer is computed from the frames' depth and
    cameras and the scene's annotation. What cannot be decided is reported as undecided, never as agreement.

    Three other checks run instead when asked for: --shortcuts trains small classifiers that see no image; --sheet
    writes a folder with samples that people judge by eye, and --verdicts sums up their judgments.

    Exit codes: 0: nothing disagrees. 1: something does (see audit.json and disagreements.html), or a shortcut was
    found. 2: a mistake in the options or files.
    """
    modes = {"--verdicts": verdicts, "--sheet": sheet, "--shortcuts": shortcuts, "--perturb": perturb}
    wanted = [name for name, value in modes.items() if value]
    if len(wanted) > 1:
        raise ConfigError(f"{' and '.join(wanted)}: found together, expected one of them")
    if with_marks and not shortcuts:
        raise ConfigError("--with-marks: found alone, expected --shortcuts beside it")
    if write_bias and not shortcuts:
        raise ConfigError("--write-bias: found alone, expected --shortcuts beside it")
    if out is not None and out.exists() and not out.is_dir():
        raise ConfigError(f"--out: {out}: found a file, expected a folder")
    if verdicts:
        return _sum_verdicts(run, verdicts)
    cli.check_root(root)

    from qagen.audit.record_index import AuditSelection
    from qagen.audit.sheet import SheetPlan
    from qagen.records.read import find_record_files

    folder = out or find_record_files(run)[0].dataset
    if sheet:
        return _write_sheet(run, out or folder / SHEET, SheetPlan(sheet, each, planted, seed))
    if shortcuts:
        return _find_shortcuts(run, folder, with_marks, write_bias, tasks, details)
    selection = AuditSelection(tasks, formats, scenes, most)
    return _audit(run, root, folder, selection, draws if perturb else 0, seed, details)


def _sum_verdicts(sheet: Path, files: tuple[Path, ...]) -> int:
    from qagen.audit.judgments import judged_tables, read_judged, remarks

    judged = read_judged(sheet, files)
    for table in judged_tables(judged):
        cli.inform(table)
    for remark in remarks(judged):
        cli.inform(remark)
    return 0


def _write_sheet(run: Path, folder: Path, plan: "SheetPlan") -> int:
    from qagen.audit.sheet import PAGE, QUESTIONS, SAVED, write_sheet

    samples = write_sheet(run, folder, plan)
    cli.inform(
        f"{len(samples)} samples to judge, {sum(one.is_planted for one in samples)} of them with a planted error"
    )
    cli.inform(f"Open {folder / PAGE} in a browser, or read {folder / QUESTIONS}, and judge")
    cli.next_step("audit", folder, "--verdicts", SAVED)
    return 0


def _find_shortcuts(
    run: Path, folder: Path, with_marks: bool, with_bias: bool, tasks: tuple[str, ...], details: bool
) -> int:
    from qagen.audit.bias import write_bias
    from qagen.audit.shortcuts import find_shortcuts, shortcut_table

    with cli.progress("Training text-only classifiers"):
        found = find_shortcuts(run, with_marks, tasks)
        scored = write_bias(run, with_marks, tasks) if with_bias else 0
    shown = [one for one in found if details or one.verdict in ("shortcut", "perhaps")]
    if shown:
        cli.inform(shortcut_table(shown))
    verdicts = Counter(one.verdict for one in found)
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    cli.inform(f"Readers of the words alone in {counted(len(found), 'combination')} of type and format: {told}")
    if with_bias:
        cli.inform(_bias_advice(scored))
    write_atomic(folder / SHORTCUTS, json.dumps([one.as_data() for one in found], indent=1).encode() + b"\n")
    listed = "" if len(shown) == len(found) else "; --details lists all"
    cli.inform(f"Written to {folder / SHORTCUTS}, with the words that tell{listed}")
    return 1 if verdicts["shortcut"] else 0


def _bias_advice(scored: int) -> str:
    from qagen.audit.shortcuts import MIN_SAMPLES

    if scored:
        samples = counted(scored, "sample")
        return f"Wrote the bias of {samples} into the evidence; --max-bias of bench and mix leaves biased ones out"
    return f"Wrote no bias: readers need {MIN_SAMPLES} samples of a type to select or judge, from at least 2 scenes"


def _audit(
    run: Path, root: Path | None, folder: Path, selection: "AuditSelection", draws: int, seed: int, details: bool
) -> int:
    import msgspec

    from qagen.audit.checks import Verdict
    from qagen.audit.page import disagreements_page
    from qagen.audit.run import audit

    with cli.progress("Reading") as bar:
        result = audit(run, lambda dataset: root or cli.demo_root(dataset, bar), selection, draws, seed, bar.update)
    rows = [row for row in result.counts.rows if details or row["agree"] < row["checked"]]
    if rows:
        cli.inform(_agreement_table(rows))
    if result.stability:
        _show_noise(result, details)
    cli.inform("In all: " + ", ".join(f"{result.counts.total(verdict)} {verdict.value}" for verdict in Verdict))
    if clean := len(result.counts.rows) - len(rows):
        cli.inform(f"All answers agree in {counted(clean, 'combination')} of type and format, listed with --details")
    if result.without_rationale:
        cli.inform(f"{result.without_rationale} records have no rationale to check, as in older runs")
    page = disagreements_page(result.counts.faults[Verdict.DISAGREE], result.counts.total(Verdict.DISAGREE))
    data = msgspec.json.format(msgspec.json.encode(result.as_data()), indent=2) + b"\n"
    write_atomic(folder / RESULT, data)
    write_atomic(folder / PAGE, page.encode())
    cli.inform(f"Written to {folder / RESULT} and {folder / PAGE}")
    if result.is_clean:
        cli.next_step("export", "llamafactory", run, "--out", "exports/llamafactory")
    else:
        cli.inform(f"Next: open {folder / PAGE} in a browser, which shows what disagrees")
    return 0 if result.is_clean else 1


def _agreement_table(rows: list[dict[str, Any]]) -> "Table":
    columns = ("type", "format", "checked", "disagree", "undecided")
    table = cli.table(*columns, justify="right")
    for row in rows:
        table.add_row(*(str(row[name]) for name in columns), style="red" if row["disagree"] else None)
    return table


def _show_noise(result: "Audit", details: bool) -> None:
    """Print how many answers hold under noise: where too few do, or with details everywhere."""
    from qagen.audit.perturb import rows

    found = rows(result.stability)
    table = cli.table("type", "format", "answers", "hold", title="Under noise", justify="right")
    for row in (row for row in found if details or row["below_target"]):
        hold = "" if row["hold"] is None else f"{row['hold']:.2%}"
        style = "red" if row["below_target"] else None
        table.add_row(row["type"], row["format"], str(row["answers"]), hold, style=style)
    if table.rows:
        cli.inform(table)
    steady = len(found) - sum(row["below_target"] for row in found)
    cli.inform(f"Under noise, enough answers hold in {steady} of {counted(len(found), 'combination')}")


if __name__ == "__main__":
    main()
