"""CSV tables of clips, read row by row with the bytes of each row, and the names of their columns."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from qagen.errors import ConfigError, did_you_mean

SYNONYMS = (
    ("luminance mean", "luminance score"),
    ("motion score", "motion"),
    ("num_frames", "num frames"),
    ("video_path", "video path"),
)
"""Names of one and the same column in different official files."""
MAX_LINE_BYTES = 1 << 20


class Row(NamedTuple):
    """A row of a table."""

    line: int
    """The last line of the row, from 1; quoted cells may hold line ends."""
    cells: list[str]
    raw: bytes
    """The row as it stands in the file, with its line end."""


def read_rows(path: Path) -> Iterator[Row]:
    """The header and the rows of a CSV file in UTF-8, one at a time; empty lines are passed over.

    Bytes that are no UTF-8 are kept as surrogates, so that cells can be written as they were.

    Raises:
        ConfigError: the file cannot be read, is no CSV, has no header, or a row has other cells than the header.
    """
    line = width = 0
    pending: list[bytes] = []
    try:
        with path.open("rb") as file:
            rows = csv.reader(_lines(path, file, pending), strict=True)
            for cells in rows:
                line, raw = rows.line_num, b"".join(pending)
                pending.clear()
                width = width or _width(cells, path)
                if cells and len(cells) != width:
                    raise ConfigError(f"{path} line {line}: found {len(cells)} cells, expected {width}")
                if cells:
                    yield Row(line, cells, raw)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except csv.Error as error:
        raise ConfigError(f"{path}: the row after line {line} is no CSV ({error})") from error
    if not width:
        raise ConfigError(f"{path}: found no header, expected a CSV table")


def _width(header: list[str], path: Path) -> int:
    """The number of a table's columns. Raises ConfigError where other characters than commas separate them."""
    separator = next((mark for mark in (";", "\t", "|") if len(header) == 1 and mark in header[0]), None)
    if separator is not None:
        raise ConfigError(f"{path} line 1: found columns separated by {separator!r}, expected commas")
    return len(header)


def _lines(path: Path, file: BinaryIO, pending: list[bytes]) -> Iterator[str]:
    """The lines of a file as text; their bytes are added to ``pending``, without a byte order mark."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES):
        number += 1
        if b"\0" in line:
            raise ConfigError(f"{path} line {number}: found NUL bytes, expected a CSV table in UTF-8")
        if len(line) == MAX_LINE_BYTES:
            raise ConfigError(f"{path} line {number}: found more than {MAX_LINE_BYTES} bytes, expected a shorter line")
        pending.append(line)
        text = line.decode("utf-8", "surrogateescape")
        yield text.removeprefix("\ufeff") if number == 1 else text


def usual_name(name: str) -> str:
    """The first of a column's synonyms; the name itself where it has none."""
    return next((group[0] for group in SYNONYMS if name in group), name)


def column_index(name: str, columns: Sequence[str], path: Path) -> int:
    """Where a table has a column of this name, or else of a synonym.

    Raises:
        ConfigError: there is none, with the nearest name, or more than one.
    """
    synonyms = next((group for group in SYNONYMS if name in group), ())
    for known in (name, *synonyms):
        if columns.count(known) > 1:
            raise ConfigError(f"{path}: found column '{known}' {columns.count(known)} times, expected it once")
        if known in columns:
            return columns.index(known)
    raise ConfigError(f"{path}: no column '{name}'.{did_you_mean(name, columns)}")
