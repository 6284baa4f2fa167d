"""Where the consumers' tests find what they read: the folder ``QAGEN_EXPORTS``, written by ``tests.consumers.run``."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

SAMPLED = 24
"""Samples that are taken through the slow parts: image processing and tokenization."""


def export_of(name: str) -> Path:
    """The export of that name; the test is skipped where there is none."""
    folder = Path(os.environ.get("QAGEN_EXPORTS", "/nonexistent")).absolute() / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}: write it with python -m tests.consumers.run")
    return folder


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """All lines of an export in JSON lines."""
    return [json.loads(line) for path in sorted(folder.rglob("*.jsonl")) for line in path.read_text().splitlines()]


def spread(count: int) -> range:
    """Indices of ``SAMPLED`` samples or fewer, over the whole."""
    return range(0, count, max(1, count // SAMPLED))
