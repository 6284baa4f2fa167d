"""``qagen spatialvid instruct``: how the camera of each clip moves, as files beside its poses."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen import cli
from qagen.core.reasons import TOO_FEW_ROWS
from qagen.files import write_atomic
from qagen.loaders.spatialvid.files import Clip, ClipError, find_clips

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from qagen.core.motion import Segment
    from qagen.spatialvid.rows import FrameRates

EXACT = "exact"
MODES = (EXACT, "2025-09", "2026-03", "2026-04")
FORMS = ("enhanced", "standard")
SPANS_NAME = "instructions_exact.json"
TIME_DECIMALS = 3


@cli.command(
    "qagen spatialvid instruct /data/SpatialVid",
    "qagen spatialvid instruct outputs --csv clips.csv --force",
    "qagen spatialvid instruct /data/SpatialVid --mode 2025-09    # as released, faults and all",
)
@click.argument("root", metavar="DIR", type=cli.PATH)
@cli.option(
    "--mode",
    type=click.Choice(MODES),
    default=EXACT,
    show_default=True,
    help="The camera's own motion, or a version of the published program.",
)
@cli.option("--form", type=click.Choice(FORMS), help="Form of the published program.  [default: enhanced]")
@cli.path_option(
    "--csv", "table", metavar="FILE", help="Table with the fps of clips without video.  [default: those in data/train]"
)
@cli.option("--force", is_flag=True, help="Replace files that exist.")
@cli.all_option("clips")
def main(root: Path, mode: str, form: str | None, table: Path | None, force: bool, lists_all: bool) -> int:
    """Write instructions.json, the motion of the camera from row to row, beside the poses of every clip below DIR.

    The exact mode also writes instructions_exact.json, with rows, frames of the video and seconds. Times come from the
    video, and without one from the fps of the table. Where there is neither, rows count as 0.2 s apart, and seconds are
    null. Files that exist are kept.

    Exit codes: 0: all clips have their files. 1: some were left out. 2: a mistake in the options, or no clip.
    """
    from qagen.spatialvid.rows import is_timed, read_frame_rates

    if mode == EXACT and form is not None:
        raise click.UsageError(f"--form {form}: found --mode exact, expected one of {', '.join(MODES[1:])}")
    clips = find_clips(root)
    rates = read_frame_rates(root, table, clips) if mode == EXACT else {}
    counts: Counter[str] = Counter()
    faults: list[cli.Fault] = []
    with cli.progress("Writing instructions", len(clips)) as bar:
        for clip in clips:
            targets = [path for path in _targets(clip, mode) if force or not path.exists()]
            counts["kept"] += len(_targets(clip, mode)) - len(targets)
            try:
                for path, content in _contents(clip, targets, mode, form or FORMS[0], rates):
                    write_atomic(path, content)
                    counts[path.name] += 1
            except ClipError as error:
                faults.append((error.reason, clip.id, str(error)))
            bar.advance()
    _show_counts(len(clips), counts)
    untimed = sum(not is_timed(clip, rates) for clip in clips) if mode == EXACT else 0
    if untimed:
        cli.show(f"{untimed} have neither video nor fps (--csv names a table): their rows count as 0.2 s apart")
    cli.show_faults(faults, lists_all)
    if len(faults) < len(clips):
        cli.next_step("spatialvid", "stats", root, "--to", "stats.csv")
    return 1 if faults else 0


def _targets(clip: Clip, mode: str) -> list[Path]:
    return [clip.instructions, clip.folder / SPANS_NAME] if mode == EXACT else [clip.instructions]


def _contents(
    clip: Clip, targets: Sequence[Path], mode: str, form: str, rates: "FrameRates"
) -> Iterator[tuple[Path, bytes]]:
    """The files to write and what belongs into them. Raises ClipError before the first."""
    from qagen.core.motion import motion_of
    from qagen.spatialvid.compat import TooShortError, published_segments
    from qagen.spatialvid.rows import read_rows, times_of, usual_times, world_from_camera

    if not targets:
        return
    rows = read_rows(clip)
    if mode == EXACT:
        times_s = times_of(rows, rates)
        counted = usual_times(rows) if times_s is None else times_s
        segments = motion_of(*world_from_camera(rows.poses), counted).segments()
    else:
        try:
            segments, times_s = published_segments(rows.poses, mode, form), None
        except TooShortError as error:
            raise ClipError(TOO_FEW_ROWS, clip.poses, str(error)) from error
    contents = instruction_files(segments, rows.frames, times_s)
    for path in targets:
        yield path, contents[path.name]


def instruction_files(
    segments: "Sequence[Segment]", indexes: "NDArray[np.int64]", times_s: "NDArray[np.float64] | None"
) -> dict[str, bytes]:
    """The contents of instructions.json and instructions_exact.json, by name.

    Args:
        indexes: (N,) number of the video's frame of each row.
        times_s: (N,) seconds of the rows; None where nothing tells the frame rate.
    """
    official = json.dumps({segment.key: list(segment.labels) for segment in segments}, indent=2).encode()
    return {"instructions.json": official, SPANS_NAME: _spans(segments, indexes, times_s)}


def _spans(segments: "Sequence[Segment]", indexes: "NDArray[np.int64]", times_s: "NDArray[np.float64] | None") -> bytes:
    """A line of JSON for each segment: its labels, its first and last row, their frames in the video, their seconds.

    Seconds are null where nothing tells the frame rate.
    """
    frames, lines = indexes.tolist(), []
    for segment in segments:
        ends = segment.start, segment.end
        seconds = None if times_s is None else [round(float(times_s[row]), TIME_DECIMALS) for row in ends]
        span = {"labels": segment.labels, "rows": ends, "frames": [frames[row] for row in ends], "seconds": seconds}
        lines.append(json.dumps(span))
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def _show_counts(clips: int, counts: Counter[str]) -> None:
    written = [f"{counts[name]} {name}" for name in ("instructions.json", SPANS_NAME) if counts[name]]
    kept = f"; kept {counts['kept']} files that exist (--force replaces them)" if counts["kept"] else ""
    cli.show(f"{clips} clips: wrote {' and '.join(written) or 'nothing'}{kept}")


if __name__ == "__main__":
    main()
