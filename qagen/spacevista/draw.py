"""Prompts of items, found in their frames and drawn: points, boxes and masks in colors that texts name.

Drawn is what the published programs mean (colors, widths and radii are theirs), without their slips: every prompt is on
its own frame, candidates keep their order, masks let the object be seen, and what cannot be placed is an error.

Source: github.com/PeiwenSun2000/SpaceVista, dataset/save_visualization.py (c37b991) and eval/evaluate_api.py (920a9b7).
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from qagen.core.reasons import FALSE_PROMPT, PROMPT_ON_NO_FRAME, UNKNOWN_COLOR, UNUSABLE_MASK
from qagen.errors import did_you_mean
from qagen.records.marks import PALETTE
from qagen.records.shapes import Border, Disc, Plate, Rect, Region, Shape, Size, place_plate
from qagen.spacevista.forms import Item, ItemError, MaskSource, Prompt, PromptKind
from qagen.spacevista.frames import MediaRoot, frame_index, image_size, told
from qagen.spacevista.masks import Mask, read_mask, scale_mask, split_ids
from qagen.view.picture import spell

Found = TypeVar("Found")
COLORS = {**PALETTE, "red": "#ff0000", "blue": "#0080ff", "green": "#00ff00", "yellow": "#ffd700"}
PROMPTS = ("red", "blue", "green", "yellow")
"""Colors of the prompts of one kind, in turn."""
REFERENCE, CANDIDATES = "red", ("blue", "green", "yellow", "magenta")
"""Colors of object matching, which stay apart where reference and candidates share a frame."""
PUBLISHED_CANDIDATES = ("blue", "green", "yellow", "red")
"""Those of the published evaluation, for texts that name colors, but not magenta."""
STROKE, MIN_STROKE_PX = 0.004, 2
RADIUS, MIN_RADIUS_PX = 0.014, 8
"""Width of a box's line and radius of a point, as shares of the image's shorter side, and minima."""
MAX_NAME = 24
"""Characters of a name that are written beside a mark."""
MAX_SHOWN = 32
"""Most frames of an item that a viewer or a model is shown."""
_COLOR_WORDS = re.compile(r"\b(red|blue|green|yellow|magenta)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """A prompt that is ready to be drawn."""

    kind: PromptKind
    color: str
    """Key of ``COLORS``."""
    frame: int
    """Index into the item's frames."""
    place: tuple[float, ...]
    """Pixels of the frame: (x, y), or (x1, y1, x2, y2) with the last ones inside; () of a mask."""
    mask: Mask | None = None
    """(h, w) of the frame, of a mask."""
    name: str = ""
    """Written beside it."""


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """An item whose frames and prompts are found."""

    files: tuple[Path, ...]
    """Frames, in order."""
    sizes: tuple[tuple[int, int], ...]
    """Width and height of each."""
    marks: tuple[PlacedMark, ...]

    @property
    def marked(self) -> list[int]:
        """Frames that carry marks, rising."""
        return sorted({mark.frame for mark in self.marks})

    def shapes(self, frame: int, size: Size) -> list[Shape]:
        """The marks of a frame, in an image of it that may be scaled."""
        return shapes_of_prompts([mark for mark in self.marks if mark.frame == frame], self.sizes[frame], size)


# --- places -----------------------------------------------------------------------------------------------------------


def place_item(item: Item, media: MediaRoot) -> PlacedItem:
    """Find the frames of an item and the places of its prompts; only headers of images are read.

    Raises:
        ItemError: a frame is missing or no image, a prompt is on none of the frames or outside its own, a mask cannot
            be used, or a color cannot be drawn. Nothing is moved or clipped into place.
    """
    files = tuple(_of("videos", media.find, frame) for frame in item.frames)
    sizes = tuple(_of("videos", image_size, file) for file in files)
    prompts = list(_one_by_one(item))
    colors = choose_colors(prompts, item.question)
    marks = tuple(_place(prompt, color, item, sizes, media) for prompt, color in zip(prompts, colors, strict=True))
    return PlacedItem(files, sizes, marks)


def _of(key: str, find: Callable[..., Found], *place: Any) -> Found:
    """What is found; an ItemError then begins with what of the item asked for it."""
    try:
        return find(*place)
    except ItemError as error:
        raise ItemError(error.reason, f"{key}: {error}") from error


def _one_by_one(item: Item) -> Iterator[Prompt]:
    """Prompts in order; in ``extra_info`` each id of a mask is a prompt with a color of its own."""
    for prompt in item.prompts:
        if prompt.mask is None or item.form not in ("nested", "flat"):
            yield prompt
        else:
            for ids in split_ids(prompt.mask.object_ids):
                yield replace(prompt, mask=MaskSource(prompt.mask.path, ids))


def choose_colors(prompts: Iterable[Prompt], question: str) -> list[str]:
    """The color of each prompt: its own, else that of its role and its place among those of its kind.

    Raises:
        ItemError: a prompt's own color is not known, or two candidates would have the same.
    """
    named = {word.lower() for word in _COLOR_WORDS.findall(question)}
    candidates = PUBLISHED_CANDIDATES if named and "magenta" not in named else CANDIDATES
    seen: Counter[tuple[str, str]] = Counter()
    colors = []
    for prompt in prompts:
        turn = PROMPTS if prompt.role == "prompt" else (REFERENCE,) if prompt.role == "reference" else candidates
        place = seen[prompt.kind, prompt.role]
        if prompt.role == "candidate" and place == len(candidates):
            raise ItemError(UNKNOWN_COLOR, f"bbox: found more than {place} candidates, expected a color for each")
        seen[prompt.kind, prompt.role] += 1
        colors.append(turn[place % len(turn)] if prompt.color is None else _known_color(prompt.color))
    return colors


def _known_color(name: str) -> str:
    color = name.strip().lower()
    if color not in COLORS:
        raise ItemError(UNKNOWN_COLOR, f"color: found {repr(name)[:80]}, expected one.{did_you_mean(color, COLORS)}")
    return color


def _place(prompt: Prompt, color: str, item: Item, sizes: Sequence[tuple[int, int]], media: MediaRoot) -> PlacedMark:
    """A prompt's place in its frame. Raises ItemError."""
    frame = _frame_of(prompt, item, sizes, media)
    if prompt.mask is not None:
        mask = _read_mask(prompt.mask, sizes[frame], media)
        return PlacedMark("mask", color, frame, (), mask, _one_line(prompt.name))
    (width, height), places = sizes[frame], prompt.coords
    xs, ys = places[::2], places[1::2]
    # The far edge of a box may be told as that of the image; a point lies on a pixel.
    is_inside = all(0 <= x <= width for x in xs) and all(0 <= y <= height for y in ys)  # false of NaN
    if prompt.kind == "point":
        is_inside = is_inside and xs[0] < width and ys[0] < height
    elif is_inside and (xs[0] >= xs[1] or ys[0] >= ys[1]):
        raise ItemError(FALSE_PROMPT, f"{prompt.kind}: found {places}, expected x1 < x2 and y1 < y2")
    if not is_inside:
        found = f"{places} on frame {frame}, {told(item.frames[frame])}, of {width} x {height} pixels"
        raise ItemError(FALSE_PROMPT, f"{prompt.kind}: found {found}, expected a place in it")
    return PlacedMark(prompt.kind, color, frame, places, name=_one_line(prompt.name))


def _one_line(name: str) -> str:
    return spell(" ".join(name.split()))[:MAX_NAME]


def _frame_of(prompt: Prompt, item: Item, sizes: Sequence[tuple[int, int]], media: MediaRoot) -> int:
    """The frame that a prompt is on.

    An image that the path names besides must have the frame's size, or coordinates could be meant in either.
    """
    if isinstance(prompt.frame, int):
        if not 0 <= prompt.frame < len(sizes):
            found = f"frame {prompt.frame} of {len(sizes)}"
            raise ItemError(PROMPT_ON_NO_FRAME, f"{prompt.kind}: found {found}, expected one of them")
        return prompt.frame
    frame = _of(prompt.kind, frame_index, prompt.frame, item.frames, media)
    try:
        own_size = image_size(media.find(prompt.frame))
    except ItemError:  # the frame alone is there
        return frame
    if own_size != sizes[frame]:
        found = f"{told(prompt.frame)} of {own_size[0]} x {own_size[1]} pixels"
        expected = f"the size of the item's frame {frame}, {sizes[frame][0]} x {sizes[frame][1]}"
        raise ItemError(PROMPT_ON_NO_FRAME, f"{prompt.kind}: found {found}, expected {expected}")
    return frame


def _read_mask(source: MaskSource, size: tuple[int, int], media: MediaRoot) -> Mask:
    try:
        path = media.find(source.path)
    except ItemError as error:
        raise ItemError(UNUSABLE_MASK, f"mask: {error}") from error
    return _of("mask", read_mask, path, source.object_ids, size)


# --- pixels -----------------------------------------------------------------------------------------------------------


def shapes_of_prompts(marks: Iterable[PlacedMark], frame: Size, size: Size) -> list[Shape]:
    """The shapes of marks, masks below boxes below points, and names beside them.

    Args:
        frame: width and height of the frame, whose pixels the marks are told in.
        size: of the image, which may be scaled; widths and radii are those of this size.
    """
    make = {"mask": _region, "bbox": _border, "point": _disc}
    shapes: list[Shape] = []
    plates: list[Plate] = []
    for mark in sorted(marks, key=lambda mark: [*make].index(mark.kind)):
        shape, outline = make[mark.kind](mark, frame, size)
        shapes.append(shape)
        if mark.name:
            plates.append(place_plate(mark.name, COLORS[mark.color], outline, size, plates))
    return [*shapes, *plates]


def _region(mark: PlacedMark, _: Size, size: Size) -> tuple[Shape, Rect]:
    assert mark.mask is not None
    scaled = scale_mask(mark.mask, size)
    if not scaled.any():  # too small for a scaled image: one pixel stays
        height, width = mark.mask.shape
        rows, columns = np.nonzero(mark.mask)
        scaled[rows[0] * size[1] // height, columns[0] * size[0] // width] = True
    region = Region(scaled, COLORS[mark.color])
    return region, region.outline


def _border(mark: PlacedMark, frame: Size, size: Size) -> tuple[Shape, Rect]:
    """Lines inside the box; its last pixels are those that x2 and y2 lie in."""
    x_scale, y_scale = size[0] / frame[0], size[1] / frame[1]
    x1, y1, x2, y2 = mark.place
    left, top = math.floor(x1 * x_scale), math.floor(y1 * y_scale)
    right, bottom = round((math.floor(x2) + 1) * x_scale) - 1, round((math.floor(y2) + 1) * y_scale) - 1
    outline = (left, top, max(left, min(right, size[0] - 1)), max(top, min(bottom, size[1] - 1)))
    return Border(outline, max(MIN_STROKE_PX, int(STROKE * min(size))), COLORS[mark.color]), outline


def _disc(mark: PlacedMark, frame: Size, size: Size) -> tuple[Shape, Rect]:
    """A disc around the middle of the pixel."""
    x, y = (mark.place[0] + 0.5) * size[0] / frame[0], (mark.place[1] + 0.5) * size[1] / frame[1]
    radius = max(MIN_RADIUS_PX, int(RADIUS * min(size))) + 0.5
    left, top = max(0, math.floor(x - radius)), max(0, math.floor(y - radius))
    right, bottom = min(math.ceil(x + radius), size[0]) - 1, min(math.ceil(y + radius), size[1]) - 1
    return Disc((x, y), radius, COLORS[mark.color]), (left, top, right, bottom)


def choose_shown(count: int, marked: Sequence[int], most: int = MAX_SHOWN) -> list[int]:
    """Which of ``count`` frames to show, rising: all, or those with marks and as many others, evenly spread, as fit.

    Frames with marks are all kept, even where they are more than ``most``.
    """
    if count <= most:
        return list(range(count))
    others = max(0, most - len(set(marked)))
    return sorted({*marked, *(np.linspace(0, count - 1, others).round().astype(int).tolist() if others else ())})
