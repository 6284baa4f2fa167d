"""Demo layouts of a film that is small enough for tests."""

from importlib import import_module
from pathlib import Path

from qagen.demo import WRITERS
from qagen.demo.film import Film


def write_layout(dataset: str, film: Film, root: Path) -> None:
    """Write a film in a dataset's layout, by its name in WRITERS."""
    module, _, name = WRITERS[dataset].partition(":")
    getattr(import_module(module), name)(film, root)
