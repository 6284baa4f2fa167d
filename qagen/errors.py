"""The errors that a user can cause. Everything else is a bug and keeps its traceback."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class QagenError(Exception):
    """Base of all errors that carry a message for the user."""


class ConfigError(QagenError):
    """A mistake in a config file, a template or an option. Ends the run with exit code 2."""


class SceneError(QagenError):
    """One scene cannot be used. The message names the file, the field, what was found and what was expected."""

    def __init__(self, path: Path | str, message: str) -> None:
        self.path = Path(path)
        super().__init__(f"{path}: {message}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest known name, or the list of known names."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f" Did you mean '{near[0]}'?"
    return f" Known: {', '.join(names)}."
