"""Matterport3D's text files of commands, one a line: a keyword, then words and numbers apart by blanks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qagen.errors import SceneError
from qagen.loaders.io.text import parse_float

MAX_BYTES = 1 << 28
"""The description of the largest house has a hundredth of it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    path: Path
    """The file of the command."""
    number: int
    """Number of the line, counted from 1."""
    words: tuple[str, ...]
    """The keyword and what follows."""

    def error(self, message: str) -> SceneError:
        """The error that names the line; ``message`` says what was found and expected."""
        return SceneError(self.path, f"line {self.number} ({self.words[0]}): {message}")

    def check_count(self, count: int) -> None:
        """Raises SceneError when there are fewer words than ``count``, keyword included."""
        if len(self.words) < count:
            raise self.error(f"found {len(self.words)} words, expected {count}")

    def integer(self, at: int) -> int:
        """The whole number at an index, which may be written 640.0. Raises SceneError."""
        try:
            value = float(self.words[at])
            if value.is_integer():
                return int(value)
        except ValueError:
            pass
        raise self.error(f"word {at}: found {self.words[at][:40]!r}, expected a whole number")

    def floats(self, start: int, count: int) -> NDArray[np.float64]:
        """``count`` numbers from an index on, which may be "nan" or "inf". Raises SceneError."""
        self.check_count(start + count)
        try:
            return np.array([parse_float(word) for word in self.words[start : start + count]])
        except ValueError as error:
            raise self.error(f"words {start} to {start + count - 1}: {error}, expected {count} numbers") from error


def read_commands(path: Path) -> list[Command]:
    """The lines of a file that say something; "#" begins a comment line.

    Raises:
        SceneError: the file is missing, larger than MAX_BYTES, or no text.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SceneError(path, f"size: found {path.stat().st_size} bytes, expected at most {MAX_BYTES}")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SceneError(path, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SceneError(path, f"content: found binary data at byte {error.start}, expected text") from error
    lines = (Command(path, number, tuple(line.split())) for number, line in enumerate(text.split("\n"), 1))
    return [line for line in lines if line.words and not line.words[0].startswith("#")]
