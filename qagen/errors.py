"""The errors that a user can cause, and the matching of names that users give. All other errors are bugs."""

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

MAX_KNOWN = 200
"""Most names that an error lists: more than there are task types, fewer than there are scenes of a large dataset."""


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
    """Return " Did you mean 'x'?" for the nearest known name, or the list of known names, if it is not too long."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f" Did you mean '{near[0]}'?"
    more = f" and {len(names) - MAX_KNOWN} more" if len(names) > MAX_KNOWN else ""
    return f" Known: {', '.join(names[:MAX_KNOWN])}{more}."


def counted(number: int, noun: str) -> str:
    """A number with a noun whose plural ends in s: ``1 scene``, ``2 scenes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@lru_cache(maxsize=4096)
def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is one of the patterns, or fits one as a glob (``depth_*``); without patterns, all names do."""
    return not patterns or name in patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def match_names(patterns: Iterable[str], known: Iterable[str], problem: str) -> list[str]:
    """The known names, in their order, that match the patterns.

    Args:
        problem: begins the error's message: ``--tasks: no task type``.

    Raises:
        ConfigError: a pattern matches nothing; the message has the nearest known name.
    """
    names, patterns = list(known), tuple(patterns)
    for pattern in patterns:
        if not any(matches(name, (pattern,)) for name in names):
            raise ConfigError(f"{problem} '{pattern}'.{did_you_mean(pattern, names)}")
    return [name for name in names if matches(name, patterns)]
