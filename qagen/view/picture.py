"""Pictures of samples: the images with their marks, the question, the answer and, in small print, the evidence."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from qagen.errors import QagenError
from qagen.records import images
from qagen.records.read import Turn
from qagen.view.samples import Viewable

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

PAPER, DESK, INK, FAINT, ACCENT = "#ffffff", "#e4e4e8", "#1c1c1e", "#8a8a8e", "#0a6b3d"
FRAMED = "#7048c8"
"""Color around frames that carry marks; no mark has it."""
PICTURE_WIDTH_PX, SHEET_PICTURE_WIDTH_PX = 1400, 960
PICTURES_PER_SHEET, SHEET_COLUMNS = 6, 2
TEXT_SIZE, SMALL_TEXT_SIZE = 0.0175, 0.0125
GAP, MARGIN = 0.012, 0.024
"""Sizes as shares of the picture's width."""
LINE_HEIGHT = 1.42
SINGLE_HEIGHT = 0.62
"""Maximum height of a single image, as a share of the picture's width."""
ROW_OF_IMAGES, ROW_OF_FRAMES = 3, 8
IN_ASCII = {"–": "-", "—": "-", "−": "-", "×": "x", "²": "^2", "³": "^3", "→": "->", "←": "<-", "≥": ">=", "≤": "<="}
"""Replacements of characters that Pillow's font does not have."""


def draw_sample(sample: Viewable, width_px: int = PICTURE_WIDTH_PX) -> "Image":
    """The picture of one sample, ``width_px`` wide and as high as its content.

    Raises:
        QagenError: an image is missing or cannot be read.
    """
    inner_px = width_px - 2 * round(MARGIN * width_px)
    font = _font(SMALL_TEXT_SIZE * inner_px)
    small = [line for text in (sample.caption, *sample.reasons) for line in wrap(spell(text), inner_px, font.getlength)]
    text_blocks = [_text_block(sample.turns, inner_px), _lines_block(small, font, FAINT, inner_px)]
    blocks = [*_image_blocks(sample, inner_px), *text_blocks]
    return _pad(_stack(blocks, round(GAP * 1.5 * width_px)), round(MARGIN * width_px))


def draw_sheets(
    pictures: Iterable["Image"], per_sheet: int = PICTURES_PER_SHEET, max_columns: int = SHEET_COLUMNS
) -> "Iterator[Image]":
    """Contact sheets: pictures of one width, each put into the shortest column of its sheet."""
    pictures = iter(pictures)
    while sheet := list(islice(pictures, per_sheet)):
        columns: list[list[Image]] = [[] for _ in range(min(max_columns, len(sheet)))]
        for picture in sheet:
            min(columns, key=lambda column: sum(image.height for image in column)).append(picture)
        gap_px = round(GAP * sheet[0].width)
        stacks = [_stack(column, gap_px, DESK) for column in columns]
        yield _pad(_row(stacks, gap_px, DESK), gap_px, DESK)


def _image_blocks(sample: Viewable, width_px: int) -> "Iterator[Image]":
    """Rows of captioned images; for a video first the frames that carry marks, enlarged, then all frames."""
    if not sample.images:
        return
    every = range(len(sample.images))
    if not sample.is_video:
        yield _grid(sample, every, min(ROW_OF_IMAGES, len(every)), width_px)
        return
    marked = sample.marked
    if marked:
        yield _grid(sample, marked, len(marked) if len(marked) in (2, 4) else ROW_OF_IMAGES, width_px)
    yield _grid(sample, every, ROW_OF_FRAMES, width_px, framed=marked)


def _grid(sample: Viewable, indices: Sequence[int], columns: int, width_px: int, framed: Sequence[int] = ()) -> "Image":
    gap_px = round(GAP * width_px)
    tile_px = (width_px - (columns - 1) * gap_px) // columns
    tiles = [_tile(sample, index, tile_px, width_px, index in framed) for index in indices]
    rows = [_row(tiles[start : start + columns], gap_px) for start in range(0, len(tiles), columns)]
    return _stack(rows, gap_px)


def _tile(sample: Viewable, index: int, tile_px: int, width_px: int, is_framed: bool) -> "Image":
    from PIL import ImageOps

    image = draw_image(sample, index, (tile_px, round(min(SINGLE_HEIGHT * width_px, 1.5 * tile_px))))
    if is_framed:
        image = ImageOps.expand(ImageOps.crop(image, 3), 3, FRAMED)
    if len(sample.images) == 1:
        return image
    font = _font(SMALL_TEXT_SIZE * width_px)
    return _stack([_lines_block([sample.image_name(index)], font, FRAMED if is_framed else FAINT, tile_px), image], 0)


def draw_image(sample: Viewable, index: int, box_px: tuple[int, int]) -> "Image":
    """An image of a sample with its marks, scaled to fit a box. Raises QagenError as ``open_image`` does."""
    from qagen.records.shapes import paint

    image = open_image(sample, index, box_px)
    return paint(image, sample.shapes(index, image.size))


def open_image(sample: Viewable, index: int, box_px: tuple[int, int]) -> "Image":
    """An image of a sample, scaled to fit a box. A JPEG is decoded at the smallest sufficient size.

    Raises:
        QagenError: it is missing or cannot be read.
    """
    from PIL import ImageOps

    with _opened(sample, index, read_image(sample, index)) as image:
        image.draft("RGB", box_px)
        return ImageOps.contain(image.convert("RGB"), box_px)


def read_image(sample: Viewable, index: int) -> bytes:
    """The file of an image of a sample. Raises QagenError where it is missing or cannot be read."""
    image = sample.images[index]
    try:
        return images.read_image(image) if isinstance(image, Path) else image.read_bytes()
    except (QagenError, OSError) as error:
        raise QagenError(f"{sample.where}: record {sample.id}: {error}") from error


def measure_image(sample: Viewable, index: int, content: bytes) -> tuple[int, int]:
    """Width and height by the header of a file. Raises QagenError where it is no image."""
    with _opened(sample, index, content) as image:
        return image.size


@contextmanager
def _opened(sample: Viewable, index: int, content: bytes) -> "Iterator[Image]":
    from PIL import Image

    try:
        with Image.open(BytesIO(content), formats=images.FORMATS) as image:
            yield image
    except (OSError, Image.DecompressionBombError) as error:
        raise QagenError(f"{sample.where}: image {sample.images[index]} cannot be read ({error})") from error


def _text_block(turns: Sequence[Turn], width_px: int) -> "Image":
    """Each turn after a colored letter: Q for the question, A for the answer."""
    font = _font(TEXT_SIZE * width_px)
    letter_px = round(2 * TEXT_SIZE * width_px)
    blocks = []
    for turn in turns:
        letter, color = ("Q", FAINT) if turn.speaker == "human" else ("A", ACCENT)
        lines = wrap(spell(turn.value), width_px - letter_px, font.getlength)
        text = _lines_block(lines, font, INK if letter == "Q" else ACCENT, width_px - letter_px)
        blocks.append(_row([_lines_block([letter], font, color, letter_px), text], 0))
    return _stack(blocks, round(GAP / 2 * width_px))


def wrap(text: str, width_px: float, length_of: Callable[[str], float]) -> list[str]:
    """Break lines between words where ``length_of`` exceeds the width; longer words are broken anywhere."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if length_of(longer) <= width_px:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while len(line) > 1 and length_of(line) > width_px:
                cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or length_of(line[:n]) <= width_px)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line)
    return lines


def spell(text: str) -> str:
    """``text`` in characters that the font has: a replacement or the letter without its accent, else the code.

    Pillow's font covers ASCII and little else.
    """
    return "".join(map(_spell_character, text))


def _spell_character(character: str) -> str:
    if character == "\n" or " " <= character <= "~" or character in "·°±“”‘’…":
        return character
    if character.isspace() or character in IN_ASCII:
        return IN_ASCII.get(character, " ")
    bare = unicodedata.normalize("NFKD", character)[0]
    return bare if bare.isascii() and bare.isprintable() else character.encode("unicode_escape").decode()


def _font(size_px: float) -> "FreeTypeFont":
    from PIL import ImageFont

    return cast("FreeTypeFont", ImageFont.load_default(size=size_px))


def _lines_block(lines: Sequence[str], font: "FreeTypeFont", color: str, width_px: int) -> "Image":
    from PIL import Image, ImageDraw

    line_px = round(LINE_HEIGHT * font.size)
    block = Image.new("RGB", (width_px, line_px * len(lines)), PAPER)
    draw = ImageDraw.Draw(block)
    for number, line in enumerate(lines):
        draw.text((0, (number + 0.5) * line_px), line, fill=color, font=font, anchor="lm")
    return block


def _stack(images: Sequence["Image"], gap_px: int, ground: str = PAPER) -> "Image":
    from PIL import Image

    height = sum(image.height for image in images) + gap_px * (len(images) - 1)
    canvas = Image.new("RGB", (max(image.width for image in images), height), ground)
    top = 0
    for image in images:
        canvas.paste(image, (0, top))
        top += image.height + gap_px
    return canvas


def _row(images: Sequence["Image"], gap_px: int, ground: str = PAPER) -> "Image":
    from PIL import Image

    width = sum(image.width for image in images) + gap_px * (len(images) - 1)
    canvas = Image.new("RGB", (width, max(image.height for image in images)), ground)
    left = 0
    for image in images:
        canvas.paste(image, (left, 0))
        left += image.width + gap_px
    return canvas


def _pad(image: "Image", margin_px: int, ground: str = PAPER) -> "Image":
    from PIL import ImageOps

    return ImageOps.expand(image, margin_px, ground)
