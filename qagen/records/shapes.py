"""Shapes that marks are drawn as, in pixels of an image; pictures paint them, pages show them as SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageFont

Rect = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two are inside."""
Size = tuple[int, int]
"""Width and height of an image."""

MASK_PERCENT, MASK_STROKE_PX = 35, 2
"""Share of a mask's color inside it, and the width of the outline around it."""
TEXT_SIZE, MIN_TEXT_PX = 0.022, 11.0
"""Size of the text beside a mark, as a share of the image's diagonal, and its minimum."""
BRIGHT = 110
"""Plates brighter than this, of 255, carry black text."""
SMOOTHING = 4


@dataclass(frozen=True, slots=True)
class Disc:
    """A disc with smooth edges."""

    center: tuple[float, float]
    """x, y from the image's left and top edge."""
    radius: float
    color: str

    def paint(self, canvas: Image.Image) -> None:
        (x, y), radius = self.center, self.radius
        left, top = math.floor(x - radius), math.floor(y - radius)
        size = math.ceil(2 * radius) + 1
        mask = Image.new("L", (SMOOTHING * size, SMOOTHING * size))
        low = [SMOOTHING * (x - left - radius), SMOOTHING * (y - top - radius)]
        high = [edge + SMOOTHING * 2 * radius - 1 for edge in low]
        ImageDraw.Draw(mask).ellipse((*low, *high), fill=255)
        canvas.paste(self.color, (left, top, left + size, top + size), mask.reduce(SMOOTHING))


@dataclass(frozen=True, slots=True)
class Border:
    """The lines of a box, which lie inside its outline."""

    outline: Rect
    stroke: int
    color: str

    @property
    def is_filled(self) -> bool:
        """Whether the strokes meet."""
        left, top, right, bottom = self.outline
        return min(right - left, bottom - top) < 2 * self.stroke

    def paint(self, canvas: Image.Image) -> None:
        draw = ImageDraw.Draw(canvas)
        if self.is_filled:  # Pillow would draw strokes that meet past the outline
            draw.rectangle(self.outline, fill=self.color)
        else:
            draw.rectangle(self.outline, outline=self.color, width=self.stroke)


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Pixels blended with a color, and an outline around them."""

    mask: NDArray[np.bool_]
    """(h, w) of the image."""
    color: str

    @property
    def outline(self) -> Rect:
        """The box around the outline; the whole image where there is none."""
        left, top, right, bottom = self._ring(_stencil(self.mask)).getbbox() or (0, 0, *self.mask.shape[::-1])
        return left, top, right - 1, bottom - 1

    def paint(self, canvas: Image.Image) -> None:
        inside, color = _stencil(self.mask), ImageColor.getrgb(self.color)[:3]
        pixels = np.asarray(canvas).astype(np.uint16)
        blended = ((100 - MASK_PERCENT) * pixels + MASK_PERCENT * np.array(color, np.uint16) + 50) // 100
        canvas.paste(Image.fromarray(blended.astype(np.uint8)), mask=inside)
        canvas.paste(color, (0, 0, *canvas.size), self._ring(inside))

    def _ring(self, inside: Image.Image) -> Image.Image:
        return ImageChops.subtract(inside.filter(ImageFilter.MaxFilter(2 * MASK_STROKE_PX + 1)), inside)


@dataclass(frozen=True, slots=True)
class Plate:
    """A text on a rectangle of a color."""

    rect: Rect
    text: str
    color: str

    @property
    def ink(self) -> str:
        red, green, blue = ImageColor.getrgb(self.color)[:3]
        return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > BRIGHT else "white"

    def paint(self, canvas: Image.Image) -> None:
        left, top, _, bottom = self.rect
        size = text_size(canvas.size)
        draw = ImageDraw.Draw(canvas)
        draw.rectangle(self.rect, fill=self.color)
        middle = (left + round(size / 4), (top + bottom + 1) / 2)
        draw.text(middle, self.text, fill=self.ink, font=ImageFont.load_default(size=size), anchor="lm")


Shape = Disc | Border | Region | Plate


def paint(image: Image.Image, shapes: Sequence[Shape]) -> Image.Image:
    """An RGB copy of an image with shapes on it, the last on top."""
    canvas = image.convert("RGB") if image.mode != "RGB" else image.copy()
    for shape in shapes:
        shape.paint(canvas)
    return canvas


def text_size(size: Size) -> float:
    """Height of the text on plates in an image, pixels."""
    return max(TEXT_SIZE * math.hypot(*size), MIN_TEXT_PX)


def place_plate(text: str, color: str, outline: Rect, size: Size, taken: Sequence[Plate]) -> Plate:
    """A plate beside a mark with this outline, in an image of ``size``; it keeps clear of others where it can."""
    text_px = text_size(size)
    width = math.ceil(ImageFont.load_default(size=text_px).getlength(text)) + 2 * round(text_px / 4)
    height = round(1.35 * text_px)
    left, top = _free_corner(outline, (width, height), size, [plate.rect for plate in taken])
    return Plate((left, top, left + width - 1, top + height - 1), text, color)


def _free_corner(outline: Rect, plate: Size, size: Size, taken: Sequence[Rect]) -> tuple[int, int]:
    """Where a plate has room: above the mark, below it, or inside at its top or bottom; the first free one."""
    left, top, right, bottom = outline
    width, height = plate
    rows = (top - height, bottom + 1, top, bottom + 1 - height)
    spots = [(x, y) for y in rows for x in (left, right + 1 - width)]
    most_x, most_y = size[0] - width, size[1] - height
    spots = [(x, y) for x, y in spots if 0 <= x <= most_x and 0 <= y <= most_y] or [(0, 0)]
    free = [
        (x, y)
        for x, y in spots
        if all(x > end_x or x + width <= at_x or y > end_y or y + height <= at_y for at_x, at_y, end_x, end_y in taken)
    ]
    return (free or spots)[0]


def _stencil(mask: NDArray[np.bool_]) -> Image.Image:
    """A mask as an image of 0 and 255."""
    return Image.fromarray(np.where(mask, np.uint8(255), np.uint8(0)))
