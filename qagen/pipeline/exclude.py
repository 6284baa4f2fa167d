"""Scenes that must not be read because a benchmark tests on them: lists of ids, matched by room.

A room that was scanned twice leaks as surely as a scan that is read twice, so an id of a list holds out every scan of
its room (Loader.room_of).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qagen.errors import ConfigError
from qagen.loaders._base import Loader

MAX_ID_CHARS = 200
MAX_LIST_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What one list of ids keeps out of a run."""

    file: str
    """The list, as it was named."""
    ids: int
    """Different ids in the list."""
    scenes: tuple[str, ...]
    """Scenes of the run's split that are not read because of this list, sorted."""
    unmatched: int
    """Ids of the list that name no room of the split."""


def exclude(files: Sequence[Path], loader: Loader, scene_ids: Iterable[str]) -> tuple[Exclusion, ...]:
    """What each list keeps out of the scenes ``scene_ids``, in the order of the files.

    Raises:
        ConfigError: a file cannot be read or holds something other than scene ids.
    """
    scene_ids = sorted(scene_ids)
    return tuple(_match(file, read_ids(file), loader, scene_ids) for file in files)


def _match(file: Path, ids: list[str], loader: Loader, scene_ids: list[str]) -> Exclusion:
    known = {loader.room_of(scene) for scene in scene_ids}
    rooms = {loader.room_of(name) for name in ids}
    scenes = tuple(scene for scene in scene_ids if loader.room_of(scene) in rooms)
    return Exclusion(str(file), len(ids), scenes, sum(loader.room_of(name) not in known for name in ids))


def read_ids(file: Path) -> list[str]:
    """The different ids of a list, sorted: one a line with # comments, or a JSON list.

    Raises:
        ConfigError: the file cannot be read, is no text, or has an entry that cannot be a scene's id.
    """
    try:
        if file.stat().st_size > MAX_LIST_BYTES:
            raise ConfigError(f"--exclude-scenes: {file}: expected a list of scene ids, found over 100 MB")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"--exclude-scenes: {file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"--exclude-scenes: {file}: is no text file ({error.reason})") from error
    entries = _json_entries(file, text) if text.lstrip().startswith(("[", "{")) else _line_entries(text)
    for where, entry in entries:
        _check_id(file, where, entry)
    if not entries:
        raise ConfigError(f"--exclude-scenes: {file}: found no scene id, expected one a line or a JSON list")
    return sorted({str(entry) for _, entry in entries})


def _line_entries(text: str) -> list[tuple[str, object]]:
    lines = ((number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(f"line {number}", line) for number, line in lines if line]


def _json_entries(file: Path, text: str) -> list[tuple[str, object]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"--exclude-scenes: {file}: is not JSON: {error}") from error
    if not isinstance(content, list):
        raise ConfigError(f"--exclude-scenes: {file}: found a JSON {type(content).__name__}, expected a list of ids")
    return [(f"entry {number}", entry) for number, entry in enumerate(content)]


def _check_id(file: Path, where: str, entry: object) -> None:
    is_number = isinstance(entry, int) and not isinstance(entry, bool)
    is_name = isinstance(entry, str) and 0 < len(entry) <= MAX_ID_CHARS and entry.isprintable() and " " not in entry
    if not is_number and not is_name:
        found = repr(entry)[:60]
        raise ConfigError(f"--exclude-scenes: {file}: {where}: found {found}, expected a scene id without blanks")
