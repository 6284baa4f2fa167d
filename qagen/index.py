"""``qagen index``: list a run's files of records in a data JSON, for trainers and for ``qagen mix``."""

import os
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from qagen import cli
from qagen.errors import ConfigError, match_names
from qagen.files import write_atomic
from qagen.records.entries import Entry, encode_index, measure_records, roots_of

if TYPE_CHECKING:
    from qagen.records.read import RecordFile


@cli.command(
    "qagen index qagen_out",
    "qagen index qagen_out --split val --out data_jsons",
    "qagen index qagen_out --relative-to .",
)
@cli.run_argument()
@cli.path_option(
    "--out",
    "folder",
    also=["--to"],
    metavar="DIR",
    default=Path("data_jsons"),
    show_default=True,
    help="Folder of the data JSON.",
)
@cli.option("--split", default="train", show_default=True, help="Split to list.")
@cli.path_option(
    "--relative-to",
    "base",
    metavar="DIR",
    help="Write paths relative to this folder, where trainers must then be started.  [default: absolute paths]",
)
def main(run: Path, folder: Path, split: str, base: Path | None) -> None:
    """List the records of RUN in data_jsons/<dataset>_<K>k.json for each dataset.

    InternVL and SPAR train from this JSON. Lines are counted; no file is renamed.
    """
    paths = write_indices(run, folder, split, base)
    for path in paths:
        cli.show(str(path))
    cli.next_step("mix", *paths, "--out", "mixes/mix.json")


def write_indices(out: Path, folder: Path, split: str = "train", base: Path | None = None) -> list[Path]:
    """Write a data JSON for each dataset below ``out`` and return where. Files are counted before the first is written.

    Raises:
        ConfigError: there are no records of that split, or a file of that name lists other data.
        QagenError: a file cannot be read, or a line is no record that trainers can read.
    """
    from qagen.records.read import find_record_files

    if base is not None and not base.is_dir():
        raise ConfigError(f"--relative-to: {base}: expected a folder")
    files = find_record_files(out)
    match_names([split], sorted({file.split for file in files}), "--split: no records of split")
    files = [file for file in files if file.split == split]
    indices = [_index(group, folder, split, base) for _, group in groupby(files, key=lambda file: file.dataset)]
    for path, entries in indices:
        _refuse_other_data(path, entries, base or Path())
    for path, entries in indices:
        write_atomic(path, encode_index(entries))
    return [path for path, _ in indices]


def _refuse_other_data(path: Path, entries: list[Entry], base: Path) -> None:
    """Raise ConfigError when ``path`` lists files of another run, which may have as many records."""
    if not path.is_file():
        return
    listed = {entry.root for entry in entries}
    roots = roots_of(path)
    if {(base / root).resolve() for root in roots} != {(base / root).resolve() for root in listed}:
        raise ConfigError(
            f"--out: {path}: lists other data, below {', '.join(sorted(roots)) or 'no root'}; expected none or "
            f"an index of {', '.join(sorted(listed))}: name another folder, or remove it"
        )


def _index(files: "Iterable[RecordFile]", folder: Path, split: str, base: Path | None) -> tuple[Path, list[Entry]]:
    """Path and entries of one dataset's data JSON; files without a line are left out."""
    counted = [(file, measure_records(file.path)[0]) for file in files]
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
