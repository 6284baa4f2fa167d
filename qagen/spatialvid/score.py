"""``qagen spatialvid score``: luminance and motion of videos."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from qagen import cli
from qagen.core.reasons import meaning_of
from qagen.errors import ConfigError

if TYPE_CHECKING:
    from qagen.loaders.spatialvid.files import ClipError
    from qagen.spatialvid.score_table import ScoreTable
    from qagen.spatialvid.video_scores import VideoScores

SAVE_EVERY_S = 60.0
"""How much work a crash may lose."""
LISTED = 3
"""Maximum number of examples of a reason."""


@cli.command(
    "qagen spatialvid score clips/ --out scores.csv",
    "qagen spatialvid score first.mp4 second.mp4 --out scores.csv",
    "qagen spatialvid score clips_info.csv --root /data --out clips_scores.csv",
    when_stopped="stopped; what is scored has been written, and the same command goes on from there",
)
@click.argument("inputs", metavar="DIR|VIDEO...|CSV", nargs=-1, required=True, type=cli.PATH)
@cli.path_option("--out", "target", also=["--to"], required=True, metavar="FILE", help="The table with the scores.")
@cli.path_option(
    "--root",
    metavar="DIR",
    help="Folder that paths in CSV begin at.  [default: CSV's, or one above it, or the current]",
)
@cli.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Videos read at a time.")
def main(inputs: tuple[Path, ...], target: Path, root: Path | None, workers: int) -> int:
    """Measure luminance and motion of videos, as SpatialVID does, and write them beside the columns of CSV.

    A folder or videos give a row each. A CSV has a column video_path, and frame_start and frame_end where a row is a
    part of its video; its other columns are kept. If the table of --out exists, it is continued: delete it to begin
    anew.

    "luminance mean, min, max" and "motion score" agree with the official code: three frames scaled to 640x360 and coded
    as JPEG; the integer_motion2 of libvmaf. "full luminance ..." is of the same frames as they are. Aesthetic and
    OCR scores come from neural networks, and are not made here.

    Exit codes: 0: all rows are scored. 1: some cannot be. 2: a mistake in the options or in CSV.
    """
    cli.check_root(root)
    table = _read_table(inputs, root)
    if target.exists():
        if any(path.exists() and target.samefile(path) for path in inputs):
            raise ConfigError(f"--out {target}: is the table that is read, expected another file")
        table.continue_from(target)
        cli.inform(f"{target}: {len(table.cells):,} of {len(table.rows):,} rows are scored already, going on.")
    table.write(target)
    faults = _score(table, target, workers)
    _show_faults(faults)
    cli.show(f"{len(table.cells):,} of {len(table.rows):,} rows scored: {target}")
    if table.cells:
        rules = ("--keep", "luminance mean=20..140", "--keep", "motion score=2..14")
        cli.next_step("spatialvid", "filter", target, *rules, "--out", "kept.csv")
    return 1 if faults else 0


def _read_table(inputs: tuple[Path, ...], root: Path | None) -> "ScoreTable":
    from qagen.spatialvid.score_table import table_of_csv, table_of_videos

    tables = [path for path in inputs if path.suffix.lower() == ".csv"]
    if tables and len(inputs) > 1:
        raise ConfigError(f"found {tables[0]} among {len(inputs)} arguments, expected one CSV alone, or videos")
    if root is not None and not tables:
        raise ConfigError("--root: found it beside videos, expected a CSV, whose paths begin there")
    return table_of_csv(tables[0], root) if tables else table_of_videos(inputs)


def _score(table: "ScoreTable", target: Path, workers: int) -> "list[ClipError]":
    """Enter the scores of all rows that wait for them; what is done is written now and then, and at the end."""
    from qagen.loaders.spatialvid.files import ClipError
    from qagen.spatialvid.video_scores import Scores

    waiting = table.waiting()
    faults: list[ClipError] = []
    saved_s = time.monotonic()
    with cli.progress("Scoring videos", len(waiting)) as bar:
        try:
            for rows, result in _results(table, waiting, workers, bar):
                clips = [result] * len(rows) if isinstance(result, ClipError) else result.clips
                for row, clip in zip(rows, clips, strict=True):
                    if isinstance(clip, Scores) and not isinstance(result, ClipError):
                        table.enter(row, result, clip)
                    elif isinstance(clip, ClipError):
                        faults.append(clip)
                if time.monotonic() - saved_s > SAVE_EVERY_S:
                    table.write(target)
                    saved_s = time.monotonic()
        finally:
            table.write(target)
    return faults


def _results(
    table: "ScoreTable", waiting: dict[Path, list[int]], workers: int, bar: cli.Bar
) -> "Iterator[tuple[list[int], VideoScores | ClipError]]":
    """The rows of each video with what was found, as it comes; a few videos more than are read are in memory."""
    from qagen.loaders.spatialvid.files import ClipError
    from qagen.spatialvid.video_scores import score_video

    stop, finished = Event(), 0

    def work(video: Path, rows: list[int]) -> "tuple[list[int], VideoScores | ClipError]":
        def report(done: int, total: int) -> None:
            if stop.is_set():
                raise InterruptedError
            bar.update(finished, len(waiting), f"Scoring {video.name}, frame {done:,} of {total:,}")

        try:
            return rows, score_video(video, [table.ranges[row] for row in rows], report)
        except ClipError as error:
            return rows, error

    with ThreadPoolExecutor(workers) as pool:
        try:
            items = iter(waiting.items())
            running = {pool.submit(work, *item) for item in islice(items, 2 * workers)}
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(work, *item) for item in islice(items, len(done))}
                finished += len(done)
                yield from (future.result() for future in done)
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def _show_faults(faults: "list[ClipError]") -> None:
    """Each reason with its rows, its meaning and a few examples."""
    for reason, count in Counter(fault.reason for fault in faults).most_common():
        cli.show(f"{reason} ({count:,}): {meaning_of(reason)}")
        examples = dict.fromkeys(str(fault) for fault in faults if fault.reason == reason)
        for text in islice(examples, LISTED):
            cli.show(f"  {text}")


if __name__ == "__main__":
    main()
