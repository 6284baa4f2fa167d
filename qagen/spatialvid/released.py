"""Motion instructions that others wrote: shown beside ours, never read as truth."""

import re
from pathlib import Path
from typing import Any

from qagen.core.motion import LABELS, Segment
from qagen.errors import SceneError
from qagen.loaders.io.text import read_json

MAX_BYTES = 1 << 20
TOLD = 5
"""Maximum number of sentences about a file."""
_KEY = re.compile(r"(\d{1,9})->(\d{1,9})")


def read_instructions(path: Path, n_rows: int) -> tuple[tuple[Segment, ...], list[str]]:
    """The segments of an instructions.json by their start, and sentences about what of it is left aside.

    Left aside are keys other than ``a->b`` with a < b, rows that the clip does not have, labels that are none, and
    segments that overlap one before.

    Raises:
        SceneError: the file is missing, too large or no JSON object.
    """
    if path.stat().st_size > MAX_BYTES:
        raise SceneError(path, f"size: found {path.stat().st_size} bytes, expected at most {MAX_BYTES}")
    known, problems = [], []
    for key, labels in read_json(path, dict[str, Any]).items():
        segment = _parse(key, labels, n_rows)
        if isinstance(segment, Segment):
            known.append(segment)
        else:
            problems.append(segment)
    kept: list[Segment] = []
    for segment in sorted(known, key=lambda segment: segment.start):
        if kept and segment.start < kept[-1].end:
            problems.append(f"{segment.key!r} overlaps {kept[-1].key!r}")
        else:
            kept.append(segment)
    notes = [f"{path.name}: {problem}; it is left aside." for problem in problems[:TOLD]]
    if len(problems) > TOLD:
        notes.append(f"{path.name}: {len(problems) - TOLD} more entries are left aside.")
    return tuple(kept), notes


def _parse(key: str, labels: Any, n_rows: int) -> Segment | str:
    """A segment, or what is wrong with it."""
    match = _KEY.fullmatch(key)
    if match is None:
        return f"found the key {key[:40]!r}, expected 'a->b'"
    start, end = int(match[1]), int(match[2])
    if not start < end < n_rows:
        return f"found {key!r}, expected rising rows of 0 to {n_rows - 1}"
    if not isinstance(labels, list) or not labels or len(labels) > len(LABELS):
        return f"found {str(labels)[:40]} at {key!r}, expected a list of labels"
    unknown = [label for label in labels if label not in LABELS]
    if unknown:
        return f"found the label {str(unknown[0])[:40]!r} at {key!r}, expected one like {LABELS[0]!r}"
    return Segment(start, end, tuple(dict.fromkeys(labels)))
