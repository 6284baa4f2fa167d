"""A file of items written anew, item by item: what flatten, nest and convert have in common."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qagen import cli
from qagen.core.reasons import UNLIKE_ITS_FORM
from qagen.errors import ConfigError, QagenError
from qagen.spacevista.forms import ItemError, MissingKeyError
from qagen.spacevista.stream import Entry, open_list, read_items


def rewrite(
    source: Path,
    target: Path,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    lists_all: bool,
    finish: Callable[[], None] = lambda: None,
) -> int:
    """Write what ``change`` makes of each item; those that it refuses are left out, counted and shown.

    Args:
        finish: is called before the file appears, and may raise.

    Returns:
        The exit code: 1 where an item was left out.

    Raises:
        QagenError: the file is no list of items, an item lacks a key of its form, or none is left. Nothing is written.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise ConfigError(f"--to {target}: is the file that is read, expected another")
    faults: list[cli.Fault] = []
    written = 0
    with open_list(target) as write, cli.progress(f"Reading {source.name}", _size(source)) as bar:
        for entry in read_items(source, bar):
            try:
                write(change(entry.item()))
                written += 1
            except ItemError as error:
                faults.append(fault_of(source, entry, error))
            except RecursionError:
                faults.append((UNLIKE_ITS_FORM, entry.name, "found brackets nested too deeply"))
        finish()
        if faults and not written:
            raise QagenError(f"{source}: found no item that can be written; {faults[0][1]}: {faults[0][2]}")
    left_out = f", {len(faults):,} left out" if faults else ""
    cli.show(f"{written:,} items written{left_out}: {target}")
    cli.show_faults(faults, lists_all)
    cli.next_step("spacevista", "check", target)
    return 1 if faults else 0


def fault_of(source: Path, entry: Entry, error: ItemError) -> cli.Fault:
    """What is wrong with an item. Raises QagenError where the whole file is probably of another kind."""
    if isinstance(error, MissingKeyError):
        raise QagenError(f"{source}: {entry.name}: {error}") from error
    return error.reason, entry.name, str(error)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
