"""``python -m qagen.audit``: every answer of a run, recomputed from the scene's own files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen.errors import ConfigError, QagenError

if TYPE_CHECKING:
    from rich.console import Console

    from qagen.audit.run import Audit

EPILOG = """\b
Examples:
  python -m qagen.audit qagen_out
  python -m qagen.audit qagen_out --root /data/scannet --scenes scene0000_00
  python -m qagen.audit qagen_out/scannet --types 'depth_*' --n 20
  python -m qagen.audit qagen_out --perturb --draws 5
  python -m qagen.audit qagen_out --shortcuts
  python -m qagen.audit qagen_out --sheet 100 --to check
  python -m qagen.audit --verdicts verdicts.json
"""
PLAIN_WIDTH = 140
RESULT, PAGE, SHORTCUTS = "audit.json", "disagreements.html", "shortcuts.json"


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (value or "").split(",") if name.strip())


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.argument("out", type=click.Path(path_type=Path), required=False)
@click.option("--root", type=click.Path(path_type=Path), help="The dataset's folder. [default: the built-in demo]")
@click.option("--to", type=click.Path(path_type=Path), help=f"Where {RESULT} goes. [default: the dataset in OUT]")
@click.option("--types", callback=_names, metavar="TYPE,...", help="Only these types; * matches. [default: all]")
@click.option("--formats", callback=_names, metavar="FORMAT,...", help="Only these formats. [default: all]")
@click.option("--scenes", callback=_names, metavar="ID,...", help="Only these scenes. [default: all]")
@click.option("--n", "most", type=click.IntRange(min=1), help="At most so many of each type and format. [default: all]")
@click.option("--perturb", is_flag=True, help="Also tell how many answers would change under measurement noise.")
@click.option("--draws", type=click.IntRange(min=1), default=5, show_default=True, help="Repeats of --perturb.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the noise, or of --sheet.")
@click.option("--shortcuts", is_flag=True, help="Instead: how far readers of the words alone beat chance.")
@click.option("--with-marks", is_flag=True, help="Let the readers of --shortcuts know where the marks are.")
@click.option("--sheet", type=click.IntRange(min=1), metavar="N", help="Instead: a page with N samples to judge.")
@click.option("--verdicts", type=click.Path(path_type=Path), multiple=True, help="Instead: sum up saved judgements.")
@click.version_option(package_name="qagen")
def main(out: Path | None, root: Path | None, to: Path | None, perturb: bool, draws: int, **options: Any) -> None:
    """Recompute the answers of a run in OUT from the scenes' own files, by code of their own, and compare.

    Every record is parsed, its objects are found by their marks, and its answer is computed from the frames' depth,
    cameras and the scene's annotation. What cannot be told is undecided, never agreement.

    Three other proofs are run instead when asked for: --shortcuts trains small classifiers that see no image;
    --sheet writes a page on which people judge samples, and --verdicts sums up what they said.

    Exit code 0: nothing disagrees; 1: something does, audit.json and disagreements.html tell what, or a shortcut was
    found; 2: a mistake in the options or files.
    """
    from rich.console import Console

    console = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PLAIN_WIDTH)
    try:
        _refuse_contradictions(out, to, perturb, options)
        if options["verdicts"]:
            is_clean = _sum_verdicts(console, options["verdicts"])
        elif out is None:
            raise ConfigError("OUT: found nothing, expected the folder of a run")
        elif options["sheet"]:
            is_clean = _write_sheet(console, out, to, options)
        elif options["shortcuts"]:
            is_clean = _try_shortcuts(console, out, to, options)
        else:
            is_clean = _audit(console, out, root, to, draws if perturb else 0, options)
    except QagenError as error:
        console.print(f"qagen: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)
    sys.exit(0 if is_clean else 1)


def _refuse_contradictions(out: Path | None, to: Path | None, perturb: bool, options: dict[str, Any]) -> None:
    """Raises ConfigError where options ask for two things at once, or --to is no folder."""
    wanted = [f"--{name}" for name in ("verdicts", "sheet", "shortcuts") if options[name]]
    wanted += ["--perturb"] if perturb else []
    if len(wanted) > 1:
        raise ConfigError(f"{' and '.join(wanted)}: found together, expected one of them")
    if options["with_marks"] and not options["shortcuts"]:
        raise ConfigError("--with-marks: found alone, expected --shortcuts beside it")
    if options["verdicts"] and out is not None:
        raise ConfigError(f"--verdicts: found OUT ({out}) beside it, expected the saved files alone")
    if to is not None and to.exists() and not to.is_dir():
        raise ConfigError(f"--to: {to}: found a file, expected a folder")


def _sum_verdicts(console: "Console", files: tuple[Path, ...]) -> bool:
    from qagen.audit.sheet import read_judgments, remarks, verdict_table

    judgments = read_judgments(files)
    console.print(verdict_table(judgments))
    for remark in remarks(judgments):
        console.print(remark, markup=False, soft_wrap=True)
    return True


def _write_sheet(console: "Console", out: Path, to: Path | None, options: dict[str, Any]) -> bool:
    from qagen.audit.sheet import SAVED, write_sheet

    page, count = write_sheet(out, to or _home(out), options["sheet"], options["seed"])
    console.print(f"{count} samples to judge: open {page} in a browser, then: python -m qagen.audit --verdicts {SAVED}")
    return True


def _try_shortcuts(console: "Console", out: Path, to: Path | None, options: dict[str, Any]) -> bool:
    """Returns whether there are none."""
    import json

    from qagen.audit.shortcuts import find_shortcuts, shortcut_table
    from qagen.files import write_atomic

    with console.status("Reading, and learning from all but the scenes that are tried"):
        found = find_shortcuts(out, options["with_marks"], options["types"])
    console.print(shortcut_table(found))
    path = (to or _home(out)) / SHORTCUTS
    write_atomic(path, json.dumps([one.as_data() for one in found], indent=1).encode() + b"\n")
    console.print(f"Written to {path}", markup=False, soft_wrap=True)
    return all(one.verdict != "shortcut" for one in found)


def _audit(
    console: "Console", out: Path, root: Path | None, to: Path | None, draws: int, options: dict[str, Any]
) -> bool:
    """Returns whether nothing disagrees."""
    if root is not None and not root.is_dir():
        raise ConfigError(f"--root: {root}: found {'a file' if root.exists() else 'nothing'}, expected a folder")
    from rich.progress import Progress

    from qagen.audit.record_index import AuditSelection
    from qagen.audit.run import audit

    wanted = AuditSelection(options["types"], options["formats"], options["scenes"], options["most"])
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("Reading", total=None)
        result = audit(
            out,
            lambda dataset: root or _demo(console, dataset),
            wanted,
            draws,
            options["seed"],
            lambda done, total, scene: progress.update(bar, completed=done, total=total, description=scene),
        )
    _summarize(console, result)
    _write(console, result, to or _home(out))
    return result.is_clean


def _demo(console: "Console", dataset: str) -> Path:
    from qagen.demo import demo_root

    console.print("No --root given: using the built-in demo apartment.")
    return demo_root(dataset)


def _home(out: Path) -> Path:
    from qagen.records.read import find_record_files

    return find_record_files(out)[0].dataset


def _write(console: "Console", result: "Audit", folder: Path) -> None:
    import msgspec

    from qagen.audit.checks import Verdict
    from qagen.audit.page import disagreements_page
    from qagen.files import write_atomic

    data = msgspec.json.format(msgspec.json.encode(result.as_data()), indent=2) + b"\n"
    page = disagreements_page(result.counts.faults[Verdict.DISAGREE], result.counts.total(Verdict.DISAGREE))
    write_atomic(folder / RESULT, data)
    write_atomic(folder / PAGE, page.encode())
    console.print(f"Written to {folder / RESULT} and {folder / PAGE}", markup=False, soft_wrap=True)


def _summarize(console: "Console", result: "Audit") -> None:
    from rich.table import Table

    from qagen.audit.checks import Verdict

    table = Table(title="Agreement by type and format", title_justify="left")
    for name in ("type", "format", "checked", "agree", "disagree", "undecided", "agreement (95 %)"):
        table.add_column(name, justify="left" if name in ("type", "format") else "right")
    for row in result.counts.rows:
        cells = [str(row[name]) for name in ("type", "format", "checked", "agree", "disagree", "undecided")]
        table.add_row(*cells, _share(row["agreement"], row["interval"]), style="red" if row["disagree"] else None)
    console.print(table)
    if result.stability:
        console.print(_noise_table(result))
    totals = ", ".join(f"{result.counts.total(verdict)} {verdict.value}" for verdict in Verdict)
    console.print(f"In all: {totals}", markup=False)


def _share(share: float | None, interval: list[float]) -> str:
    return "" if share is None else f"{share:.2%} ({interval[0]:.1%} to {interval[1]:.1%})"


def _noise_table(result: "Audit") -> Any:
    from rich.table import Table

    from qagen.audit.perturb import rows

    table = Table(title="Under noise", title_justify="left")
    for name in ("type", "format", "answers", "hold", "crossed", "moved: median, 95 %"):
        table.add_column(name)
    for row in rows(result.stability):
        crossed = ", ".join(f"{name} {count}" for name, count in row["crossed"].items())
        moved = "; ".join(f"{name} {by['median']:.3g}, {by['p95']:.3g}" for name, by in row["moved"].items())
        hold = "" if row["hold"] is None else f"{row['hold']:.2%}"
        style = "red" if row["below_target"] else None
        table.add_row(row["type"], row["format"], str(row["answers"]), hold, crossed, moved, style=style)
    return table


if __name__ == "__main__":
    main()
