"""``python -m qagen.index OUT``: list a run's files of records in a data JSON, for trainers and for ``qagen.mix``."""

import os
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qagen.errors import ConfigError, QagenError, did_you_mean
from qagen.records.entries import Entry, count_lines, encode_index, roots_of

if TYPE_CHECKING:
    from qagen.records.read import RecordFile

EPILOG = """\b
Examples:
  python -m qagen.index qagen_out
  python -m qagen.index qagen_out --split val --to data_jsons
  python -m qagen.index qagen_out --relative-to .
"""


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=Path("data_jsons"), show_default=True, help="Folder."
)
@click.option("--split", default="train", show_default=True, help="Which split to list.")
@click.option(
    "--relative-to",
    "base",
    type=click.Path(path_type=Path),
    help="Write paths relative to this folder: trainers must be started there. [default: absolute paths]",
)
@click.version_option(package_name="qagen")
def main(out: Path, folder: Path, split: str, base: Path | None) -> None:
    """Count the records below OUT and write data_jsons/<dataset>_<K>k.json for each dataset.

    The JSON is the one that InternVL and SPAR train from. Lines are counted, no file is renamed.
    """
    try:
        for path in write_indices(out, folder, split, base):
            click.echo(path)
    except QagenError as error:
        click.secho(f"qagen: {error}", fg="red", err=True)
        sys.exit(2)


def write_indices(out: Path, folder: Path, split: str = "train", base: Path | None = None) -> list[Path]:
    """Write a data JSON for each dataset below ``out`` and return where. Files are counted before the first is written.

    Raises:
        ConfigError: there are no records of that split, or a file of that name lists other data.
        QagenError: a file of records cannot be read or has an empty line.
    """
    from qagen.files import write_atomic
    from qagen.records.read import find_record_files

    if base is not None and not base.is_dir():
        raise ConfigError(f"--relative-to: {base}: expected a folder")
    files = _of_split(find_record_files(out), split)
    indices = [_index(group, folder, split, base) for _, group in groupby(files, key=lambda file: file.dataset)]
    for path, entries in indices:
        _refuse_other_data(path, entries, base or Path())
    for path, entries in indices:
        write_atomic(path, encode_index(entries))
    return [path for path, _ in indices]


def _of_split(files: "list[RecordFile]", split: str) -> "list[RecordFile]":
    chosen = [file for file in files if file.split == split]
    if not chosen:
        raise ConfigError(
            f"--split: no records of split '{split}'.{did_you_mean(split, {file.split for file in files})}"
        )
    return chosen


def _refuse_other_data(path: Path, entries: list[Entry], base: Path) -> None:
    """Raise ConfigError when ``path`` lists files of another run: a name tells no more than a count."""
    if not path.is_file():
        return
    listed = {entry.root for entry in entries}
    roots = roots_of(path)
    if {(base / root).resolve() for root in roots} != {(base / root).resolve() for root in listed}:
        raise ConfigError(
            f"--to: {path}: lists other data, below {', '.join(sorted(roots)) or 'no root'}; expected none or "
            f"an index of {', '.join(sorted(listed))}: name another folder, or remove it"
        )


def _index(files: "Iterable[RecordFile]", folder: Path, split: str, base: Path | None) -> tuple[Path, list[Entry]]:
    """Where the data JSON of one dataset goes, and its entries; files without a line are left out."""
    counted = [(file, count_lines(file.path)) for file in files]
    dataset = counted[0][0].dataset.resolve().name
    thousands = max(round(sum(lines for _, lines in counted) / 1000), 1)
    name = f"{dataset}_{thousands}k.json" if split == "train" else f"{dataset}_{split}_{thousands}k.json"
    root = _spell(counted[0][0].dataset / "images", base)
    names: Counter[str] = Counter()
    entries = []
    for file, lines in counted:
        names[f"{file.type}_{file.format}"] += 1
        number = names[f"{file.type}_{file.format}"]
        kind = file.type if number == 1 else f"{file.type}_{number}"
        if lines:
            entries.append(Entry(f"{dataset}_{kind}_{file.format}", root, _spell(file.path, base), lines))
    return folder / name, entries


def _spell(path: Path, base: Path | None) -> str:
    path = path.resolve()
    return str(path) if base is None else Path(os.path.relpath(path, base.resolve())).as_posix()


if __name__ == "__main__":
    main()
