"""The table that scores are entered in: which video and frames each row is about, and what is scored already."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qagen.errors import ConfigError
from qagen.files import open_atomic
from qagen.spatialvid.table import column_index, read_rows
from qagen.spatialvid.video_scores import FrameRange, Scores, VideoScores

SCORES = (
    *("luminance mean", "luminance min", "luminance max", "motion score"),
    *("full luminance mean", "full luminance min", "full luminance max"),
)
"""The columns that are added; the first four are official."""
FOUND = ("num_frames", "height", "width", "aspect_ratio", "fps", "resolution")
"""Official columns of a video that are added where the table is made from videos."""
SUFFIXES = (".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v")
LEVELS_UP = 3
"""Where videos of a table are looked for: its folder and so many above it, and the current folder."""


@dataclass(slots=True)
class ScoreTable:
    """Rows of clips, each with its own cells and those that are found out."""

    columns: list[str]
    """Of the input."""
    added: Sequence[str]
    """Of what is found out, at the end of each row."""
    rows: list[list[str]]
    """Cells of the input."""
    videos: list[Path]
    """The video of each row."""
    ranges: list[FrameRange]
    """The frames of each row."""
    cells: dict[int, list[str]] = field(default_factory=dict)
    """Row to the cells added, for the rows that are scored."""

    def waiting(self) -> dict[Path, list[int]]:
        """The videos of rows that have no scores, with these rows, in the order of the table."""
        videos: dict[Path, list[int]] = {}
        for row, video in enumerate(self.videos):
            if row not in self.cells:
                videos.setdefault(video, []).append(row)
        return videos

    def enter(self, row: int, video: VideoScores, scores: Scores) -> None:
        """Enter what was found of a row."""
        values = [*scores.luminance, scores.motion, *scores.full_luminance]
        found: list[object] = []
        if FOUND[0] in self.added:
            width, height = video.width, video.height
            found = [video.frames, height, width, width / height, video.fps, f"{width}x{height}"]
        self.cells[row] = [str(value) for value in [*found, *values]]

    def continue_from(self, path: Path) -> None:
        """Take the scores of the same rows from a table that was written before.

        Raises:
            ConfigError: the file is another table.
        """
        lines = read_rows(path)
        header = next(lines).cells
        if header != [*self.columns, *self.added]:
            raise ConfigError(f"--out {path}: is another table, expected none, or scores of this input to go on with")
        known = {}
        for line in lines:
            own, added = line.cells[: len(self.columns)], line.cells[len(self.columns) :]
            if all(added):
                known[tuple(own)] = added
        self.cells = {row: known[tuple(own)] for row, own in enumerate(self.rows) if tuple(own) in known}

    def write(self, path: Path) -> None:
        """Write the whole table; rows without scores have empty cells."""
        with open_atomic(path) as file:
            text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="", write_through=True)
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow([*self.columns, *self.added])
            empty = [""] * len(self.added)
            writer.writerows([*own, *self.cells.get(row, empty)] for row, own in enumerate(self.rows))
            text.detach()


def table_of_videos(paths: Sequence[Path]) -> ScoreTable:
    """One row for each video, and for each video below the folders, by name.

    Raises:
        ConfigError: there is nothing at a path, or no video at all.
    """
    videos: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: found nothing, expected a video, a folder or a CSV table")
        videos += sorted(_videos_below(path)) if path.is_dir() else [path]
    if not videos:
        raise ConfigError(f"{paths[0]}: found no video, expected files that end in {', '.join(SUFFIXES)}")
    videos = list(dict.fromkeys(videos))
    rows = [[str(video), video.stem] for video in videos]
    return ScoreTable(["video_path", "id"], (*FOUND, *SCORES), rows, videos, [FrameRange()] * len(videos))


def _videos_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def table_of_csv(path: Path, root: Path | None) -> ScoreTable:
    """The rows of a table with a column ``video_path``, and ``frame_start`` and ``frame_end`` where it has them.

    Args:
        root: the folder that paths in the table begin at; None to look for it near the table.

    Raises:
        ConfigError: the table cannot be read, has no such column, has scores already, or a frame is no number.
    """
    lines = read_rows(path)
    header = next(lines).cells
    scored = [name for name in SCORES if name in header]
    if scored:
        raise ConfigError(f"{path}: found column '{scored[0]}', which would be written; rename or drop it first")
    place = column_index("video_path", header, path)
    bounds = [_optional(name, header, path) for name in ("frame_start", "frame_end")]
    if (bounds[0] is None) != (bounds[1] is None):
        raise ConfigError(f"{path}: found one of frame_start and frame_end, expected both or none")
    rows, ranges = [], []
    for line in lines:
        where = f"{path} line {line.line}"
        rows.append(line.cells)
        first, last = ("" if at is None else line.cells[at] for at in bounds)
        ranges.append(_range(first, last, where))
    if not rows:
        raise ConfigError(f"{path}: found a header alone, expected rows")
    names = [Path(row[place]) for row in rows]
    root = root if root is not None else _find_root(path, names[0])
    return ScoreTable(header, SCORES, rows, [root / name for name in names], ranges)


def _optional(name: str, columns: Sequence[str], path: Path) -> int | None:
    return column_index(name, columns, path) if name in columns else None


def _range(first: str, last: str, where: str) -> FrameRange:
    """The frames of a row; all of the video where both cells are empty."""
    if not first.strip() and not last.strip():
        return FrameRange()
    numbers = [_frame(first, f"{where}: frame_start"), _frame(last, f"{where}: frame_end")]
    if numbers[0] > numbers[1]:
        raise ConfigError(f"{where}: found frame_start {first} and frame_end {last}, expected them in order")
    return FrameRange(*numbers)


def _frame(text: str, where: str) -> int:
    """A frame's number; pandas writes whole ones as 8.0 where others are missing."""
    try:
        number = float(text)
        if number < 0 or number != int(number):
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{where}: found {text!r}, expected a whole number") from error
    return int(number)


def _find_root(table: Path, first: Path) -> Path:
    """The nearest folder from which the first video of a table is found; the table's own where there is none."""
    home = table.absolute().parent
    near = [home, *list(home.parents)[:LEVELS_UP], Path.cwd()]
    return next((folder for folder in near if (folder / first).is_file()), home)
