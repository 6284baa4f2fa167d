"""The note in an image file that tells viewers to turn its pixels (EXIF orientation).

Cameras describe pixels as they are stored. Some readers honor the note and others do not, so it is taken out: then all
of them show what the camera describes. Nothing is encoded anew.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from qagen.errors import SceneError

ORIENTATION = 0x0112
UPRIGHT = 1
_ON_SIDE = range(5, 9)
"""Orientations that exchange width and height."""
_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_JPEG_PIXELS = 0xDA
_JPEG_NOTES = 0xE1
"""APP1: EXIF and XMP, either of which may tell an orientation."""
_PNG_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PNG_NOTES = (b"XML:com.adobe.xmp", b"Raw profile type")


def as_stored(image: bytes, source: Path) -> bytes:
    """The encoded image without a note that turns it; the same bytes where there is none.

    Raises:
        SceneError: the note keeps width and height, so that the camera's size does not tell whether it was honored.
    """
    parts = list(_parts(image))
    if all(is_kept for _, is_kept in parts):
        return image
    orientation, (width, height) = _read(image)
    if orientation == UPRIGHT:
        return image
    if orientation not in _ON_SIDE or width == height:
        found = f"{orientation} of an image of {width} x {height} pixels"
        expected = f"{UPRIGHT}: whether its camera describes the pixels before or after turning cannot be told"
        raise SceneError(source, f"EXIF orientation: found {found}, expected {expected}; turn them and drop the note")
    return b"".join(part for part, is_kept in parts if is_kept)


def _read(image: bytes) -> tuple[int, tuple[int, int]]:
    """Orientation, and width and height as stored; upright where the file cannot be read."""
    from PIL import Image

    try:
        with Image.open(BytesIO(image)) as opened:
            orientation = opened.getexif().get(ORIENTATION, UPRIGHT)
            return orientation if orientation in range(1, 9) else UPRIGHT, opened.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # whoever decodes it will say so
        return UPRIGHT, (0, 0)


def _parts(image: bytes) -> Iterator[tuple[bytes, bool]]:
    """The pieces of a JPEG or PNG file, and whether each stays when notes go; one piece of any other file."""
    if image.startswith(_JPEG):
        return _jpeg_parts(image)
    return _png_parts(image) if image.startswith(_PNG) else iter([(image, True)])


def _jpeg_parts(image: bytes) -> Iterator[tuple[bytes, bool]]:
    at = len(_JPEG)
    yield image[:at], True
    while at + 4 <= len(image) and image[at] == 0xFF and image[at + 1] != _JPEG_PIXELS:
        end = at + 2 + int.from_bytes(image[at + 2 : at + 4], "big")
        yield image[at:end], image[at + 1] != _JPEG_NOTES
        at = end
    yield image[at:], True


def _png_parts(image: bytes) -> Iterator[tuple[bytes, bool]]:
    at = len(_PNG)
    yield image[:at], True
    while at < len(image):
        end = at + 12 + int.from_bytes(image[at : at + 4], "big")
        kind, head = image[at + 4 : at + 8], image[at + 8 : at + 40]
        yield image[at:end], kind != b"eXIf" and not (kind in _PNG_TEXTS and head.startswith(_PNG_NOTES))
        at = end
