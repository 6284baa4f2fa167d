"""Images that records name: image files below a run's images folder, and nothing else.

Whoever draws, packs or copies the images of records gets them here, so that no record brings another file of the disk
into what is written. A file may be a link, as ``--media link`` makes them, but what it leads to must be an image.
"""

from functools import lru_cache
from pathlib import Path, PurePosixPath

from qagen.errors import QagenError
from qagen.records.read import MISSING_MEDIA

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
"""Formats that are decoded, by Pillow's names; of others, such as EPS, decoders start other programs."""
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"BM", b"II*\0", b"MM\0*")
"""First bytes of files of these formats."""
MAX_BYTES = 2**28
"""Largest file that is read."""


def image_path(folder: Path, name: object) -> Path:
    """The file that a record names.

    Args:
        folder: the folder of the run's images.

    Raises:
        QagenError: ``name`` is no relative path, or it would lead out of the folder.
    """
    parts = PurePosixPath(name).parts if isinstance(name, str) else ()
    is_below = bool(parts) and parts[0] != "/" and ".." not in parts and "\0" not in str(name)
    if not is_below or not _is_below(folder, folder.joinpath(*parts).parent):
        raise QagenError(f"image: found {str(name)[:80]!r}, expected a path below {folder}")
    return folder.joinpath(*parts)


@lru_cache(maxsize=10_000)
def _is_below(folder: Path, inner: Path) -> bool:
    try:
        return inner.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):
        return False


def check_image(path: Path) -> None:
    """Raise QagenError unless there is an image file; its pixels are not decoded."""
    try:
        if not path.is_file():
            raise QagenError(f"image {path} is missing; {MISSING_MEDIA}")
        if path.stat().st_size > MAX_BYTES:
            raise QagenError(f"image {path}: found {path.stat().st_size} bytes, expected at most {MAX_BYTES}")
        with path.open("rb") as file:
            start = file.read(16)
    except (OSError, ValueError) as error:
        raise QagenError(f"image {str(path)[-200:]} cannot be read ({error})") from error
    if not start.startswith(SIGNATURES):
        raise QagenError(f"image {path} cannot be read (found another kind of file, expected {', '.join(FORMATS)})")


def read_image(path: Path) -> bytes:
    """The content of an image file. Raises QagenError where there is none."""
    check_image(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise QagenError(f"image {path} cannot be read ({error})") from error
