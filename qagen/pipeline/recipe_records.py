"""The records of a recipe, written beside images that were made again: all, or those that show no lost image."""

from collections.abc import Callable, Collection, Iterator
from itertools import compress
from pathlib import Path, PurePosixPath

import msgspec

from qagen.errors import QagenError
from qagen.files import decode_json, open_atomic, write_atomic, writing
from qagen.records.recipe import IMAGES, REPORT, Manifest, is_below, lines_of, unpack

PARTIAL = ".partial.json"
"""Lists the files of records that were written without some of their lines, which the next run replaces."""


class _Shown(msgspec.Struct):
    image: list[str]
    depth: list[str] = []


def write_all(recipe: Path, manifest: Manifest, root: Path, on_file: Callable[[], object]) -> None:
    """Write the run's files that are not there yet; the report comes last."""
    for name in sorted(manifest.files.keys() - {IMAGES}, key=lambda name: (name == REPORT, name)):
        if not (root / name).is_file():  # what is there was compared already
            with open_atomic(root / name) as file:
                file.writelines(unpack(recipe, name, manifest.files[name]))
        on_file()


def write_partial(
    recipe: Path, manifest: Manifest, root: Path, lost: Collection[str], on_file: Callable[[], object]
) -> int:
    """Write the records that show none of the ``lost`` images, and their evidence; returns how many there are."""
    samples, plan = 0, dict[str, tuple[str, list[bool]]]()
    for name in sorted(manifest.files):
        if name.startswith("qa_"):
            kept = [_is_whole(line, lost, name) for line in _lines(recipe, manifest, name)]
            samples += sum(kept)
            for own in (name, name.replace("qa_", "evidence_", 1)) if any(kept) else ():
                path = PurePosixPath(own)
                plan[str(path.with_name(f"{path.parent.name}_{sum(kept)}.jsonl"))] = own, kept
        on_file()
    with writing(root):
        for name in manifest.files.keys() - {REPORT}:  # an earlier run may have been complete
            (root / name).unlink(missing_ok=True)
    write_atomic(root / PARTIAL, msgspec.json.encode(list(plan)))
    for target, (name, kept) in plan.items():
        with open_atomic(root / target) as file:
            file.writelines(compress(_lines(recipe, manifest, name), kept))
    return samples


def forget_partial(root: Path) -> None:
    """Remove the files of records that an earlier ``write_partial`` left."""
    path = root / PARTIAL
    if not path.is_file():
        return
    names = decode_json(path.read_bytes(), list[str], path)
    if not all(is_below(name) for name in names):
        raise QagenError(f"{path}: found a path out of {root}, expected files below it")
    with writing(root):
        for name in names:
            (root / name).unlink(missing_ok=True)
        path.unlink()


def _lines(recipe: Path, manifest: Manifest, name: str) -> Iterator[bytes]:
    if name not in manifest.files:
        raise QagenError(f"{recipe}: found no {name}, expected the evidence of all records")
    return lines_of(unpack(recipe, name, manifest.files[name]))


def _is_whole(line: bytes, lost: Collection[str], name: str) -> bool:
    record = decode_json(line, _Shown, name)
    return not any(path in lost for path in (*record.image, *record.depth))
