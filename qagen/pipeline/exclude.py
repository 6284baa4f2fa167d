"""Exclude scenes that a benchmark tests on: lists of scene ids, matched by room.

Another scan of a test room leaks as much as the test scan itself, so each id excludes all scans of its room
(Loader.room_of).
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
    """The scenes that one list of ids excludes from a run."""

    file: str
    """Path of the list, as given."""
    ids: int
    """Number of different ids in the list."""
    scenes: tuple[str, ...]
    """Excluded scenes of the run's split, sorted."""
    unmatched: int
    """Number of ids that match no room of the split."""


def exclude(files: Sequence[Path], loader: Loader, scene_ids: Iterable[str]) -> tuple[Exclusion, ...]:
    """Match each list against the scenes of the split, in the order of the files.

    Raises:
        ConfigError: a file cannot be read or holds something other than scene ids.
    """
    room_of_scene = {scene: loader.room_of(scene) for scene in sorted(scene_ids)}
    known, exclusions = set(room_of_scene.values()), []
    for file in files:
        rooms = [loader.room_of(name) for name in read_ids(file)]
        scenes = tuple(scene for scene, room in room_of_scene.items() if room in rooms)
        exclusions.append(Exclusion(str(file), len(rooms), scenes, sum(room not in known for room in rooms)))
    return tuple(exclusions)


def read_ids(file: Path) -> list[str]:
    """The different ids of a list, sorted. The file has one id per line (# starts a comment), or is a JSON list.

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
    if text.lstrip().startswith(("[", "{")):
        entries = _json_entries(file, text)
    else:
        lines = ((number, line.partition("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1))
        entries = [(f"{file}:{number}", line) for number, line in lines if line]
    for where, entry in entries:
        is_number = isinstance(entry, int) and not isinstance(entry, bool)
        is_name = isinstance(entry, str) and 0 < len(entry) <= MAX_ID_CHARS and entry.isprintable() and " " not in entry
        if not is_number and not is_name:
            found = repr(entry)[:60]
            raise ConfigError(f"--exclude-scenes: {where}: found {found}, expected a scene id without blanks")
    if not entries:
        raise ConfigError(f"--exclude-scenes: {file}: found no scene id, expected one a line or a JSON list")
    return sorted({str(entry) for _, entry in entries})


def _json_entries(file: Path, text: str) -> list[tuple[str, object]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"--exclude-scenes: {file}: is not JSON: {error}") from error
    if not isinstance(content, list):
        raise ConfigError(f"--exclude-scenes: {file}: found a JSON {type(content).__name__}, expected a list of ids")
    return [(f"{file}: entry {number}", entry) for number, entry in enumerate(content)]
