"""Small tables in text files."""

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path

from qagen.errors import SceneError

MAX_BYTES = 1 << 26


def read_table(path: Path, columns: Sequence[str], separator: str = ",") -> list[tuple[str, ...]]:
    """The ``columns`` of each row, as text; cells that are missing are empty. Tables by tabs have no quotes.

    Raises:
        SceneError: the file is missing, larger than MAX_BYTES, no table, or lacks a column.
    """
    import pandas as pd

    quoting = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SceneError(path, f"size: found {path.stat().st_size} bytes, expected a short table")
        with warnings.catch_warnings(category=pd.errors.ParserWarning, action="ignore"):  # cells beyond the last column
            table = pd.read_csv(
                path,
                sep=separator,
                quoting=quoting,
                dtype=str,
                keep_default_na=False,
                index_col=False,
                encoding="utf-8",
            ).fillna("")
    except (OSError, ValueError) as error:  # pandas' own and those of the encoding are ValueErrors
        raise SceneError(path, f"cannot be read ({error})") from error
    absent = sorted(set(columns) - set(table.columns))
    if absent:
        raise SceneError(path, f"columns: found {list(table.columns)}, expected also {absent}")
    return list(table[list(columns)].itertuples(index=False, name=None))
