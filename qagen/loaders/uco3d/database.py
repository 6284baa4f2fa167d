"""``metadata.sqlite``: a row for each sequence and for each annotated frame, vectors in blobs of native numbers.

Tables and columns are those of uco3d/dataset_utils/orm_types.py (facebookresearch/uco3d, 8f7075d). The file is opened
read-only; what it holds beyond the columns named here is not looked at.
"""

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError, did_you_mean

METADATA = "metadata.sqlite"
MAX_FRAMES = 20_000
"""Most frames of a sequence; uCO3D annotates 200."""
MAX_CELL_BYTES = 1 << 20
"""Larger values are refused before they are read."""
SEQUENCES, FRAMES = "sequence_annots", "frame_annots"
SEQUENCE_COLUMNS = (
    "sequence_name", "category", "_video_path", "_mask_video_path", "_segmented_point_cloud_path", "_point_cloud_path",
)  # fmt: skip
VECTORS = {
    "_image_size": ("<i4", 2),
    "_viewpoint_R": ("<f4", 9),
    "_viewpoint_T": ("<f4", 3),
    "_viewpoint_focal_length": ("<f4", 2),
    "_viewpoint_principal_point": ("<f4", 2),
    "_viewpoint_colmap_distortion_coeffs": ("<f4", 12),
}
"""Columns of frames that hold blobs: type and count of their numbers."""
FRAME_COLUMNS = ("sequence_name", "frame_number", "frame_timestamp", *VECTORS)


@dataclass(frozen=True, slots=True)
class SequenceRow:
    """One sequence; paths are relative to the dataset's root, None where there is no such file."""

    category: str | None
    """Category of LVIS: "pan_(for_cooking)"."""
    video: str
    """The video."""
    masks: str | None
    """The video of masks."""
    object_points: str | None
    """Points of the object."""
    scene_points: str | None
    """Points of the whole scene."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameRow:
    """One annotated frame, as it is stored; what the database leaves empty is None."""

    where: str
    """The row, as errors name it."""
    number: int
    """Number among the annotated frames of its sequence."""
    time_s: float | None
    """Time in the video, seconds."""
    size: tuple[int, int]
    """Width and height of the image, pixels."""
    rotation: NDArray[np.float64] | None
    """(3, 3) R of x_camera = x_world R + T, for row vectors, x left, y up, z forward."""
    translation: NDArray[np.float64] | None
    """(3,) T of the same, in the sequence's own unit."""
    focal: NDArray[np.float64] | None
    """(2,) focal lengths; 1 is half the shorter side of the image."""
    principal: NDArray[np.float64] | None
    """(2,) principal point from the image's middle, x left, y up, in the same unit."""
    distortion: tuple[float, ...] | None
    """Twelve coefficients in OpenCV's order."""


def sequences_among(path: Path, names: Iterable[str]) -> set[str]:
    """Those of the names that are sequences of the database. Raises SceneError."""
    with _reading(path) as database:
        _check_columns(database, path, SEQUENCES, ("sequence_name",))
        query = f"SELECT 1 FROM {SEQUENCES} WHERE sequence_name = ?"
        return {name for name in names if database.execute(query, (name,)).fetchone()}


def read_sequence(path: Path, name: str) -> SequenceRow:
    """The row of a sequence. Raises SceneError where there is none, or it is not as expected."""
    with _reading(path) as database:
        (cells,) = _select(database, path, SEQUENCES, SEQUENCE_COLUMNS, name, 1) or [None]
    if cells is None:
        raise SceneError(path, f"table {SEQUENCES}: found no row of sequence {name!r}, expected one")
    for column, value in zip(SEQUENCE_COLUMNS, cells, strict=True):
        if not (value is None or isinstance(value, str)):
            where = f"table {SEQUENCES}, column {column}, row {name!r}"
            raise SceneError(path, f"{where}: found {_kind(value)}, expected text")
    _, category, video, masks, object_points, scene_points = cells
    if not video:
        where = f"table {SEQUENCES}, column _video_path, row {name!r}"
        raise SceneError(path, f"{where}: found nothing, expected the path of the video")
    return SequenceRow(category, video, masks or None, object_points or None, scene_points or None)


def read_frames(path: Path, name: str) -> list[FrameRow]:
    """The frames of a sequence by time, those without a time first. Raises SceneError."""
    with _reading(path) as database:
        rows = _select(database, path, FRAMES, FRAME_COLUMNS, name, MAX_FRAMES + 1)
    if len(rows) > MAX_FRAMES:
        found = f"more than {MAX_FRAMES} rows of sequence {name!r}"
        raise SceneError(path, f"table {FRAMES}: found {found}, expected about 200")
    frames = [_frame(path, row) for row in rows]
    if len({frame.number for frame in frames}) < len(frames):
        raise SceneError(path, f"table {FRAMES}: found repeated frame numbers of sequence {name!r}, expected each once")
    return sorted(frames, key=lambda frame: (-math.inf if frame.time_s is None else frame.time_s, frame.number))


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The open database; what goes wrong in it becomes a SceneError."""
    if not path.is_file():
        raise SceneError(path, "found no such file, expected the database of sequences and frames")
    journal = path.with_name(f"{path.name}-wal")
    if journal.is_file() and journal.stat().st_size:
        expected = "none; open the database once with sqlite3, which merges them"
        raise SceneError(path, f"found changes in {journal.name} that are not in the file yet, expected {expected}")
    try:
        database = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
        try:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
            database.text_factory = lambda content: content.decode(errors="backslashreplace")
            yield database
        finally:
            database.close()
    except (sqlite3.Error, OverflowError) as error:
        raise SceneError(path, f"cannot be read as an SQLite database ({error})") from error


def _select(
    database: sqlite3.Connection, path: Path, table: str, columns: Sequence[str], name: str, limit: int
) -> list[tuple]:
    """At most ``limit`` rows of a sequence."""
    _check_columns(database, path, table, columns)
    query = f"SELECT {', '.join(columns)} FROM {table} WHERE sequence_name = ? LIMIT ?"
    try:
        return database.execute(query, (name, limit)).fetchall()
    except sqlite3.DataError as error:
        problem = f"found a value of more than {MAX_CELL_BYTES} bytes in a row of sequence {name!r} ({error})"
        raise SceneError(path, f"table {table}: {problem}, expected short ones") from error


def _check_columns(database: sqlite3.Connection, path: Path, table: str, columns: Sequence[str]) -> None:
    """Raise SceneError unless a table has these columns."""
    known = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    if not known:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        raise SceneError(path, f"table {table}: found no such table.{did_you_mean(table, tables)}")
    for column in columns:
        if column not in known:
            raise SceneError(
                path, f"table {table}, column {column}: found no such column.{did_you_mean(column, known)}"
            )


def _frame(path: Path, row: tuple) -> FrameRow:
    cells = dict(zip(FRAME_COLUMNS, row, strict=True))
    number, time_s = cells["frame_number"], cells["frame_timestamp"]
    where = f"row ({cells['sequence_name']!r}, {number!r})"
    if not isinstance(number, int) or number < 0:
        problem = f"found {_kind(number)}, expected a whole number of 0 or more"
        raise SceneError(path, f"table {FRAMES}, column frame_number, {where}: {problem}")
    if not (time_s is None or (isinstance(time_s, (int, float)) and 0 <= time_s < math.inf)):
        problem = f"found {_kind(time_s)}, expected seconds of 0 or more"
        raise SceneError(path, f"table {FRAMES}, column frame_timestamp, {where}: {problem}")
    vectors = {column: _vector(path, column, cells[column], where) for column in VECTORS}
    size, rotation, translation, focal, principal, distortion = vectors.values()
    if size is None or size.min() <= 0:
        found = "nothing" if size is None else size.astype(int).tolist()
        raise SceneError(path, f"table {FRAMES}, column _image_size, {where}: found {found}, expected height and width")
    return FrameRow(
        where=where,
        number=number,
        time_s=None if time_s is None else float(time_s),
        size=(int(size[1]), int(size[0])),
        rotation=None if rotation is None else rotation.reshape(3, 3),
        translation=translation,
        focal=focal,
        principal=principal,
        distortion=None if distortion is None else tuple(distortion.tolist()),
    )


def _vector(path: Path, column: str, value: object, where: str) -> NDArray[np.float64] | None:
    """The numbers of a blob, None where it is empty. Raises SceneError where it has another length."""
    if value is None:
        return None
    kind, count = VECTORS[column]
    expected = count * np.dtype(kind).itemsize
    if not isinstance(value, bytes) or len(value) != expected:
        found = f"{len(value)} bytes" if isinstance(value, bytes) else _kind(value)
        problem = f"found {found}, expected a blob of {expected} bytes ({count} numbers {kind[1:]})"
        raise SceneError(path, f"table {FRAMES}, column {column}, {where}: {problem}")
    return np.frombuffer(value, kind).astype(np.float64)


def _kind(value: object) -> str:
    """A short description of a cell for errors."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else repr(value)[:60]
