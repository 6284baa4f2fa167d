"""Marks of a record: which there are, which image carries them, and the shapes that they are drawn as.

The keys are those of the SPAR training record: ``red_point: [[x, y]]``, ``bbox_list: [[[x1, y1, x2, y2], ...]]``,
``point_img_idx: [[i, ...]]``; ``red_mask: [[height, width, run, run, ...]]`` is ours (qagen.core.runs). Records of
SPAR-7M may hold their color keys in any order, so the order of ``*_img_idx`` is that of the type's family. In records
that do not fit a known type it is the order of their keys.
"""

import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from qagen.core.question import listed_name
from qagen.core.runs import MAX_COLUMNS, box_around, from_runs
from qagen.errors import QagenError
from qagen.records.images import FORMATS
from qagen.records.shapes import Border, Disc, Plate, Rect, Region, Shape, Size, paint, place_plate

if TYPE_CHECKING:
    from qagen.tasks._base import MarkColumns

Kind = Literal["point", "box", "mask"]

RECORD_WORD: dict[Kind, str] = {"point": "point", "box": "bbox", "mask": "mask"}
"""How record keys spell a kind of mark."""
FORMS: dict[Kind, str] = {"point": "[x, y]", "box": "[x1, y1, x2, y2]", "mask": "[height, width, run, run, ...]"}
"""What each kind of mark looks like in a record."""
COORDINATES = {"point": 2, "box": 4}

PALETTE = {
    "red": "#ff0000",
    "blue": "#0000ff",
    "green": "#008000",
    "yellow": "#ffff00",
    "magenta": "#ff00ff",
    "cyan": "#00e5ff",
    "orange": "#ff8c00",
}
"""The first five are the colors that questions name; listed marks, which have names beside them, use all."""
NAMED_COLORS = ("red", "blue", "green", "yellow", "magenta")

POINT_RADIUS, MIN_POINT_RADIUS_PX = 0.012, 4.0
RIM_OF_RADIUS, MIN_RIM_PX = 0.16, 1.0
BOX_STROKE, MIN_BOX_STROKE_PX = 0.004, 3
RIM_OF_STROKE = 0.3
"""Sizes as shares of the image's diagonal (rims: of the radius or stroke inside them), and minima in pixels."""
JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Mark:
    """A point, box or mask on one image of a record."""

    kind: Kind
    """Shape."""
    color: str
    """Key of ``PALETTE``."""
    text: str
    """Text beside the mark; "" where the color identifies it."""
    image: int
    """Index into the record's images."""
    place: tuple[int, ...]
    """(x, y) or (x1, y1, x2, y2), thousandths of the image's width and height, measured between its edges; of a mask
    its runs."""

    @property
    def box(self) -> tuple[int, ...]:
        """The place of a point or box; the box around a mask."""
        return box_around(self.place) if self.kind == "mask" else self.place


def marks_of(record: Mapping[str, Any]) -> tuple[Mark, ...]:
    """The marks to draw on a record's images; none where the type forbids to draw them.

    Null marks are skipped, marks without ``*_img_idx`` are on image 0.

    Raises:
        QagenError: marks and indices do not fit together; the message names the key.
    """
    from qagen.tasks.registry import family_of_records

    family = family_of_records(record["type"])
    columns = family and family.marks
    marks: list[Mark] = []
    for kind, word in RECORD_WORD.items():
        if columns is not None and columns.hidden == word:
            continue
        found = [*_colored(record, kind, columns), *_listed(record, kind, columns)]
        images = _image_indices(record, kind, len(found))
        marks += [Mark(kind, color, text, i, place) for (color, text, place), i in zip(found, images, strict=True)]
    return tuple(marks)


def point_px(place: Sequence[int], size: tuple[int, int]) -> tuple[int, int]:
    """x, y of the pixel under a point in an image of ``size`` (w, h); halves go to the even one."""
    x, y = (round(part * length / 1000 - 0.5) for part, length in zip(place, size, strict=True))
    return min(max(x, 0), size[0] - 1), min(max(y, 0), size[1] - 1)


def box_px(place: Sequence[int], size: tuple[int, int]) -> Rect:
    """Left, top, right, bottom of a box in the pixels of an image of ``size`` (w, h); the last two are inside."""
    width, height = size
    x1, y1, x2, y2 = place
    left, top = round(x1 * width / 1000), round(y1 * height / 1000)
    right, bottom = round(x2 * width / 1000) - 1, round(y2 * height / 1000) - 1
    return left, top, max(right, left), max(bottom, top)


def mask_px(place: Sequence[int], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(h, w) the pixels of a mask in an image of ``size`` (w, h), with a smooth outline."""
    cells = Image.fromarray(np.where(from_runs(place), np.uint8(255), np.uint8(0)))
    return np.asarray(cells.resize(size, Image.Resampling.BILINEAR)) >= 128


def shapes_of(marks: Iterable[Mark], size: Size) -> list[Shape]:
    """The shapes of all of ``marks`` in an image of ``size`` (w, h), whichever image they name, the topmost last.

    Sizes scale with the image. A box's stroke lies just outside the box, and inside it where the image ends. Texts come
    last and keep clear of each other where there is room.
    """
    make = {"mask": _region, "box": _borders, "point": _discs}
    shapes: list[Shape] = []
    plates: list[Plate] = []
    for mark in sorted(marks, key=lambda mark: [*make].index(mark.kind)):
        drawn, outline = make[mark.kind](mark, size)
        shapes += drawn
        if mark.text:
            plates.append(place_plate(mark.text, PALETTE[mark.color], outline, size, plates))
    return [*shapes, *plates]


def draw_marks(image: Image.Image, marks: Iterable[Mark]) -> Image.Image:
    """An RGB copy of ``image`` with the shapes of ``marks`` on it."""
    return paint(image, shapes_of(marks, image.size))


def draw_marks_on_file(content: bytes, marks: Iterable[Mark], as_png: bool = False) -> bytes:
    """An image file with marks drawn on it, as JPEG or PNG. Raises OSError when it cannot be read."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        drawn = draw_marks(image, marks)
    if as_png:
        drawn.save(buffer, "PNG", compress_level=1)
    else:  # without chroma subsampling, which would smear thin colored marks
        drawn.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _colored(
    record: Mapping[str, Any], kind: Kind, columns: "MarkColumns | None"
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Color, text and place of the marks with a key of their own, in the order of ``*_img_idx``."""
    suffix = f"_{RECORD_WORD[kind]}"
    present = [key.removesuffix(suffix) for key, value in record.items() if key.endswith(suffix) and value is not None]
    colors = [color for color in present if color in NAMED_COLORS]
    order = columns.colors if columns is not None and set(colors) <= set(columns.colors) else tuple(colors)
    for color in sorted(colors, key=order.index):
        key = color + suffix
        (place,) = _places(record[key], key, kind, count=1)
        yield color, f"object{order.index(color)}" if columns is not None and columns.numbered else "", place


def _listed(
    record: Mapping[str, Any], kind: Kind, columns: "MarkColumns | None"
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Color, text and place of the marks in a list: object0, ... or objectA, to measure from, then point0, ..."""
    anchored = columns.anchored if columns is not None and columns.listed else kind == "point"
    key = f"{RECORD_WORD[kind]}_list"
    if record.get(key) is None:
        return
    (entries,) = _sequence(record[key], key, "one list of marks inside a list", count=1)
    colors = list(PALETTE)
    for index, place in enumerate(_places(entries, key, kind)):
        yield colors[index % len(colors)], listed_name(index, RECORD_WORD[kind], anchored), place


def _places(value: Any, key: str, kind: Kind, count: int | None = None) -> list[tuple[int, ...]]:
    if kind == "mask":
        return [_runs(place, key) for place in _sequence(value, key, f"a list of {FORMS[kind]}", count)]
    expected = f"{'one' if count else 'a list of'} {FORMS[kind]}, 0 to 1000"
    places = _sequence(value, key, expected, count)
    return [tuple(_integers(place, key, expected, COORDINATES[kind], 1000)) for place in places]


def _runs(place: Any, key: str) -> tuple[int, ...]:
    expected = f"{FORMS['mask']} with runs that fill a grid of at most {MAX_COLUMNS} columns"
    if not isinstance(place, list) or len(place) < 3 or not all(type(number) is int for number in place):
        raise QagenError(f"{key}: found {repr(place)[:80]}, expected {expected}")
    try:
        if from_runs(place).any():
            return tuple(place)
    except ValueError:
        pass
    raise QagenError(f"{key}: found {repr(place)[:80]}, expected {expected}")


def _image_indices(record: Mapping[str, Any], kind: Kind, count: int) -> Sequence[int]:
    key = f"{RECORD_WORD[kind]}_img_idx"
    if record.get(key) is None:
        return [0] * count
    expected = f"one index below {len(record['image'])} for each of {count} marks, in a list inside a list"
    (indices,) = _sequence(record[key], key, expected, count=1)
    return _integers(indices, key, expected, count, len(record["image"]) - 1)


def _sequence(value: Any, key: str, expected: str, count: int | None = None) -> list[Any]:
    if not isinstance(value, list) or count not in (None, len(value)):
        raise QagenError(f"{key}: found {repr(value)[:80]}, expected {expected}")
    return value


def _integers(value: Any, key: str, expected: str, count: int, highest: int) -> list[int]:
    numbers = _sequence(value, key, expected, count)
    if not all(type(number) is int and 0 <= number <= highest for number in numbers):
        raise QagenError(f"{key}: found {repr(value)[:80]}, expected {expected}")
    return numbers


def _discs(mark: Mark, size: Size) -> tuple[list[Shape], Rect]:
    """A disc with a white rim, and its outline."""
    x, y = mark.place[0] * size[0] / 1000, mark.place[1] * size[1] / 1000
    radius = max(POINT_RADIUS * math.hypot(*size), MIN_POINT_RADIUS_PX)
    outer = radius + max(RIM_OF_RADIUS * radius, MIN_RIM_PX)
    outline = _inside(size, (x - outer, y - outer, x + outer, y + outer))
    return [Disc((x, y), outer, "white"), Disc((x, y), radius, PALETTE[mark.color])], outline


def _region(mark: Mark, size: Size) -> tuple[list[Shape], Rect]:
    region = Region(mask_px(mark.place, size), PALETTE[mark.color])
    return [region], region.outline


def _borders(mark: Mark, size: Size) -> tuple[list[Shape], Rect]:
    """A frame with a white rim around the box, and the outline of both."""
    stroke = max(round(BOX_STROKE * math.hypot(*size)), MIN_BOX_STROKE_PX)
    rim = max(round(RIM_OF_STROKE * stroke), 1)
    box = box_px(mark.place, size)
    outline = _inside(size, _grow(box, stroke + rim))
    frame = Border(_inside(size, _grow(box, stroke)), stroke, PALETTE[mark.color])
    return [Border(outline, rim, "white"), frame], outline


def _grow(box: Rect, by_px: int) -> Rect:
    return box[0] - by_px, box[1] - by_px, box[2] + by_px, box[3] + by_px


def _inside(size: Size, edges: tuple[float, float, float, float]) -> Rect:
    left, right = (round(min(max(x, 0), size[0] - 1)) for x in edges[::2])
    top, bottom = (round(min(max(y, 0), size[1] - 1)) for y in edges[1::2])
    return left, top, right, bottom
