"""``qagen env``: a run, or scenes, as an environment for reinforcement learning."""

from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from qagen import cli
from qagen.errors import ConfigError

if TYPE_CHECKING:
    from qagen.env.check import Report

LISTED = 5
"""Number of tasks without a right answer that are listed."""


@cli.command(
    "qagen env qagen_out",
    "qagen env qagen_out --tasks 'depth_*' --out spatial-depth",
    "qagen env --out spatial-stream",
)
@cli.run_argument(required=False)
@cli.path_option("--out", "folder", metavar="DIR", help="Write a package of this name for verifiers.")
@cli.tasks_option()
@cli.formats_option()
@cli.splits_option()
@cli.seed_option("Random seed of the guesses.")
def main(
    run: Path | None,
    folder: Path | None,
    tasks: tuple[str, ...],
    formats: tuple[str, ...],
    splits: tuple[str, ...],
    seed: int,
) -> int:
    """Check what RUN pays as an environment, and write it as a package for verifiers.

    The right answers must earn 1; guesses show what chance earns. Without RUN the package asks scenes without end, of
    the folder that --env.taskset.root names. TRL takes a run or a stream from Python: docs/environment.md.

    Exit codes: 0. 1: a right answer does not earn 1, and nothing was written. 2: a mistake in the options or files.
    """
    if run is None and (folder is None or tasks or formats or splits):
        raise ConfigError("RUN: found none, expected one, or --out alone for a package that asks scenes")
    from qagen.env.package import module_name, write_package

    if folder is not None:
        module_name(folder)
        if folder.exists():
            raise ConfigError(f"--out: {folder}: found something of that name, expected nothing")
    opened, files = None, []
    if run is not None:
        from qagen.api.run import open_run
        from qagen.env.check import check
        from qagen.records.read import Filter, fitting_files

        opened = open_run(run)
        files = fitting_files(opened.files, Filter(types=tasks, formats=formats, splits=splits))
        paths = {file.path for file in files}
        report = check([sample for sample in opened if sample.file.path in paths], seed)
        show_report(report)
        if report.wrong:
            return 1
    if folder is not None:
        write_package(folder, opened, files)
        cli.inform(f"Written: {folder}")
        cli.inform(f"Next: pip install -e {folder} && vf-eval {folder.name} --env.agent.harness.id null -n 20")
    elif run is not None:
        cli.next_step("env", run, "--out", "spatial-env")
    return 0


def show_report(report: "Report") -> None:
    """Print what the policies earn, by format and in all."""
    from qagen.env.check import Earned

    whole = Earned()
    table = cli.table(
        "format", "tasks", "types", "oracle", "chance", "± 95 %", "guesses", "difficulty", justify="right"
    )
    for earned in report.formats.values():
        whole.add(earned)
    for name, earned in [*sorted(report.formats.items()), ("all", whole)]:
        hard = earned.difficulty
        table.add_row(
            name,
            str(len(earned.oracle)),
            str(len(earned.types)),
            f"{fmean(earned.oracle):.3f}",
            f"{fmean(earned.chance):.3f}",
            f"{earned.half_width:.3f}",
            f"{fmean(earned.guessed):.3f}",
            f"{min(hard):.2f} to {max(hard):.2f}" if hard else "unknown",
        )
    cli.show(table)
    for name in report.wrong[:LISTED]:
        cli.warn(f"{name}: its own answer does not earn 1")


if __name__ == "__main__":
    main()
