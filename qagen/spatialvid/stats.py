"""``qagen spatialvid stats``: statistics of each clip's path, as columns of one table."""

import csv
import io
from pathlib import Path

import click

from qagen import cli
from qagen.errors import ConfigError
from qagen.files import write_atomic
from qagen.loaders.spatialvid.files import Clip, ClipError, find_clips

PUBLISHED = ("anomaly", "moveDist", "distLevel", "rotAngle", "trajTurns", "dynamicRatio")
"""Columns of the release, computed as its program does."""
RIGHT = ("path", "net", "rotation_rad", "net_rotation_rad", "turns", "dynamic_ratio")
"""What is true of the camera, and of all masks."""
COLUMNS = ("id", "group", "rows", *PUBLISHED, *RIGHT)
DECIMALS = 6
MASK_EVERY = 5
"""The published share of moving pixels takes every fifth row."""


@cli.command(
    "qagen spatialvid stats /data/SpatialVid --to stats.csv",
    "qagen spatialvid stats outputs --to stats.csv",
)
@click.argument("root", metavar="DIR", type=cli.PATH)
@cli.path_option("--to", "target", also=["--out"], required=True, metavar="CSV", help="The table, a .csv file.")
@cli.all_option("clips")
def main(root: Path, target: Path, lists_all: bool) -> int:
    """Write a table with the statistics of every clip below DIR.

    anomaly to dynamicRatio are computed as the published program does; path to dynamic_ratio are those of the camera
    itself, in units of the poses and radians. Without masks, the two ratios are empty.

    Exit codes: 0: all clips are in the table. 1: some were left out. 2: a mistake in the options, or no clip.
    """
    if target.suffix.lower() != ".csv":
        raise ConfigError(f"--to: found {target}, expected a name that ends in .csv")
    clips, table = find_clips(root), io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    faults: list[cli.Fault] = []
    with cli.progress("Measuring clips", len(clips)) as bar:
        for clip in clips:
            try:
                writer.writerow(_row(clip))
            except ClipError as error:
                faults.append((error.reason, clip.id, str(error)))
            bar.advance()
    write_atomic(target, table.getvalue().encode())
    cli.show(f"{len(clips)} clips: {len(clips) - len(faults)} rows in {target}")
    cli.show_faults(faults, lists_all)
    return 1 if faults else 0


def _row(clip: Clip) -> list[str]:
    """The cells of a clip. Raises ClipError."""
    from qagen.spatialvid.rows import read_rows
    from qagen.spatialvid.statistics import dynamic_ratio, path_statistics, published_statistics

    rows = read_rows(clip)
    published, right, masks = published_statistics(rows.poses), path_statistics(rows.poses), rows.masks
    ratios = (None, None)
    if masks is not None:
        ratios = dynamic_ratio(masks, range(0, masks.rows, MASK_EVERY)), dynamic_ratio(masks, range(masks.rows))
    values = [
        *(published.anomaly, published.move_dist, published.dist_level, published.rot_angle, published.traj_turns),
        *(ratios[0], right.path, right.net, right.rotation, right.net_rotation, right.turns, ratios[1]),
    ]
    return [clip.id, clip.group, str(len(rows.poses)), *map(_cell, values)]


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.{DECIMALS}f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
