"""Files that items name: below which folder they lie, and which frame of an item a prompt is on.

Items hold paths of their authors' machines. The published programs fall back to a file of the same name, then to the
first or the last frame, without a word; here a path that fits nothing or two files is an error.
"""

import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from qagen.core.reasons import PROMPT_ON_NO_FRAME, UNUSABLE_FRAME
from qagen.spacevista.forms import ItemError

MAX_FRAME_PX = 64_000_000
"""Larger images are refused by their header."""
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
"""Formats of frames, as Pillow calls them."""
MIN_COMMON_FOLDERS = 1
"""A path from elsewhere is found by its name and at least this many folders: each scene has a ``frame_00001.png``."""
MAX_TOLD = 160
"""Characters of a path in a message."""
_IMAGES, _SCALED_IMAGES = "images", re.compile(r"images_\d+")


class MediaRoot:
    """The folder below which the files of items lie."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._roots = (root.absolute().parts, root.resolve().parts)
        self._known: dict[tuple[str, ...], list[tuple[int, Path]]] = {}
        self._origins: dict[Path, tuple[str, ...]] = {}
        self._disputed: dict[Path, str] = {}

    def find(self, path: object) -> Path:
        """The file that a path of an item means: the path below the root, else its longest end that exists there.

        Raises:
            ItemError: no file is found, the path leads out of the root, or a path of another folder was found at its
                place, as when the root is one scene's folder. The first of them is an error only once the second is
                known, so where many are to be found, find them all twice.
        """
        parts = path_parts(path)
        *folder, name = parts
        for root in self._roots:
            if parts[: len(root)] == root and _is_file(file := self.root / Path(*parts[len(root) :])):
                return file
        for start, place in self._places(tuple(folder)):
            if _is_file(place / name):
                self._note_origin(place, tuple(folder[:start]), tuple(folder))
                if place in self._disputed:
                    raise ItemError(UNUSABLE_FRAME, self._disputed[place])
                return place / name
        raise ItemError(UNUSABLE_FRAME, f"found no file for {told(path)} below {self.root}, expected one")

    def _places(self, folder: tuple[str, ...]) -> list[tuple[int, Path]]:
        """Where the ends of a path of folders begin that exist below the root, the longest first, and these folders."""
        if folder not in self._known:
            starts = range(folder[:1] == ("/",), max(len(folder) - MIN_COMMON_FOLDERS, 0) + 1)
            places = [(start, self.root / Path(*folder[start:])) for start in starts]
            self._known[folder] = [(start, place) for start, place in places if _is_folder(place)]
        return self._known[folder]

    def _note_origin(self, folder: Path, before: tuple[str, ...], whole: tuple[str, ...]) -> None:
        """Dispute a folder that paths of one machine, or relative ones, mean by different names."""
        first = self._origins.setdefault(folder, before)
        is_one_machine = before[:1] != ("/",) or first[:2] == before[:2]
        if is_one_machine and len(first) == len(before) and first[-1:] != before[-1:]:
            other = Path(*first, *whole[len(before) :])
            self._disputed[folder] = f"found {other} and {Path(*whole)} as the one folder {folder}, expected two"


def _is_file(path: Path) -> bool:
    """False also for names that no file system takes."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def path_parts(path: object) -> tuple[str, ...]:
    """The parts of a path, without empty ones and dots; the first one of an absolute path is ``/``.

    Raises:
        ItemError: it is no text or empty, or leads upward.
    """
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise ItemError(UNUSABLE_FRAME, f"found the path {told(path)}, expected text")
    text = path.replace("\\", "/")
    parts = tuple(part for part in text.split("/") if part not in ("", "."))
    if not parts or ".." in parts:
        raise ItemError(UNUSABLE_FRAME, f"found the path {told(path)}, expected one below the root")
    return ("/", *parts) if text.startswith("/") else parts


def told(path: object) -> str:
    """A path for a message, on one line."""
    text = path if isinstance(path, str) and path.isprintable() and path.strip() else repr(path)
    return text if len(text) <= MAX_TOLD else f"… {text[-MAX_TOLD:]}"


def frame_index(path: object, frames: Sequence[str], media: MediaRoot | None = None) -> int:
    """Which of an item's frames a prompt's path means.

    A frame with the same path; else one whose path has ``images`` in place of a part ``images_8`` or the other way
    round; else one that is the same file below the root.

    Raises:
        ItemError: no frame fits, or more than one does.
    """
    parts = path_parts(path)
    known = [path_parts(frame) for frame in frames]
    for fits in (parts.__eq__, lambda other: _is_swap(parts, other)):
        if found := [index for index, other in enumerate(known) if fits(other)]:
            return _only(found, path, frames)
    if media is None:
        return _only([], path, frames)
    try:
        file = media.find(path)
    except ItemError as error:
        found = f"{told(path)} among none of the item's {len(frames)} frames"
        raise ItemError(PROMPT_ON_NO_FRAME, f"found {found}, expected one ({error})") from error
    return _only([index for index, frame in enumerate(frames) if media.find(frame) == file], path, frames)


def _only(found: Sequence[int], path: object, frames: Sequence[str]) -> int:
    if len(found) == 1:
        return found[0]
    if found:
        raise ItemError(
            PROMPT_ON_NO_FRAME,
            f"found {told(path)} as frames {', '.join(map(str, found))} of the item, expected one of them",
        )
    raise ItemError(
        PROMPT_ON_NO_FRAME, f"found {told(path)} among none of the item's {len(frames)} frames, expected one"
    )


def _is_swap(parts: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two paths differ in one part alone, which is ``images`` in one and ``images_N`` in the other."""
    if len(parts) != len(other):
        return False
    pairs = [sorted(pair) for pair in zip(parts, other, strict=True) if pair[0] != pair[1]]
    return len(pairs) == 1 and pairs[0][0] == _IMAGES and bool(_SCALED_IMAGES.fullmatch(pairs[0][1]))


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of an image from its header, as its pixels are stored.

    EXIF orientation is left aside, as in the published programs: prompts are told in stored pixels.

    Raises:
        ItemError: the file is missing, no image, or too large.
    """
    try:
        info = path.stat()
        return _size(path, info.st_mtime_ns, info.st_size)
    except OSError as error:
        raise ItemError(UNUSABLE_FRAME, f"{path}: cannot be read ({error.strerror})") from error


@lru_cache(maxsize=100_000)
def _size(path: Path, _mtime_ns: int, _bytes: int) -> tuple[int, int]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                width, height = image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ItemError(
            UNUSABLE_FRAME, f"{path}: found a larger image, expected at most {MAX_FRAME_PX} pixels"
        ) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise ItemError(UNUSABLE_FRAME, f"{path}: found no image, expected one of {', '.join(FORMATS)}") from error
    if width * height > MAX_FRAME_PX:
        raise ItemError(UNUSABLE_FRAME, f"{path}: found {width} x {height} pixels, expected at most {MAX_FRAME_PX}")
    return width, height
