"""``python -m qagen.show OUT --to DIR``: draw samples as pictures, to look at what a run has made.

A picture shows the sample's images with their marks, the question and the answer, and one grey line with type, format,
id and the margin kept as evidence.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from qagen.errors import ConfigError, QagenError, did_you_mean
from qagen.records import (
    Line,
    Record,
    RecordFile,
    Turn,
    check_same_id,
    decode,
    find_record_files,
    read_lines,
    scene_of,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

    from qagen.marks import Mark

PAPER, DESK, INK, FAINT, ACCENT = "#ffffff", "#e4e4e8", "#1c1c1e", "#8a8a8e", "#0a6b3d"
FRAMED = "#7048c8"
"""Around frames that carry marks; no colour of a mark."""
CARD_WIDTH_PX, SHEET_CARD_WIDTH_PX = 1400, 960
CARDS_PER_PAGE, PAGE_COLUMNS = 6, 2
TEXT_SIZE, SMALL_TEXT_SIZE = 0.0175, 0.0125
GAP, MARGIN = 0.012, 0.024
"""Sizes as shares of a card's width."""
LINE_HEIGHT = 1.42
SINGLE_HEIGHT = 0.62
"""A lone image is at most this high, as a share of the card's width."""
ROW_OF_IMAGES, ROW_OF_FRAMES = 3, 8
IN_ASCII = {"–": "-", "—": "-", "−": "-", "×": "x", "²": "^2", "³": "^3", "→": "->", "←": "<-", "≥": ">=", "≤": "<="}
"""Stand-ins for signs that the font which comes with Pillow does not have."""

EPILOG = """\b
Examples:
  python -m qagen.show qagen_out --to pictures --sheet
  python -m qagen.show qagen_out --to pictures --type 'depth_*' --format select --n 5
  python -m qagen.show qagen_out --to pictures --ids scene0000_00_6,scene0000_00_1029
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which samples to show. An empty tuple asks for all."""

    types: tuple[str, ...] = ()
    """Names or patterns such as ``depth_*``."""
    formats: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    """When there are any, all of these are shown."""
    per_group: int = 1
    """Samples of each type and format."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A record with all that its picture needs."""

    line: Line
    turns: tuple[Turn, ...]
    images: tuple[Path, ...]
    marks: "tuple[Mark, ...]"
    is_video: bool
    margin: str
    """As printed, "" when there is no evidence."""

    @property
    def name(self) -> str:
        file = self.line.file
        return re.sub(r"[^\w-]", "_", f"{file.type}-{file.format}-{self.line.id}")

    @property
    def caption(self) -> str:
        file = self.line.file
        return " · ".join(part for part in (file.type, file.format, self.line.id, self.margin) if part)


# --- which samples ----------------------------------------------------------------------------------------------------


def choose_samples(files: Sequence[RecordFile], wish: Wish) -> list[Line]:
    """Draw the wished samples, spread over types, formats and scenes.

    Raises:
        ConfigError: an unknown name, or nothing fits.
        QagenError: a line that cannot be read.
    """
    from qagen.rng import rng_for

    uses: Counter[str] = Counter()
    known = Known({scene_of(name) for name in wish.ids})
    chosen: list[Line] = []
    for (type_name, format_name), group in groupby(sorted(_fitting_files(files, wish), key=_group), key=_group):
        lines = known.note([line for file in group for line in read_lines(file)])
        rng = rng_for(wish.seed, "show", type_name, format_name)
        chosen += _draw_spread([line for line in lines if _is_wished(line, wish)], wish, uses, rng)
    known.refuse_others(wish)
    if not chosen:
        raise ConfigError("no record fits all of the options together")
    return chosen


class Known:
    """Scenes and ids that were read, to tell an unknown name from one that other options exclude."""

    def __init__(self, scenes_of_ids: set[str]) -> None:
        self._scenes_of_ids = scenes_of_ids
        self._scenes: set[str] = set()
        self._ids: set[str] = set()

    def note(self, lines: list[Line]) -> list[Line]:
        self._scenes.update(line.scene for line in lines)
        self._ids.update(line.id for line in lines if line.scene in self._scenes_of_ids)
        return lines

    def refuse_others(self, wish: Wish) -> None:
        for scene in wish.scenes:
            if scene not in self._scenes:
                raise ConfigError(f"no records of scene '{scene}'.{did_you_mean(scene, self._scenes)}")
        for name in wish.ids:
            if name not in self._ids:
                raise ConfigError(f"no record with id '{name}'.{did_you_mean(name, self._ids or self._scenes)}")


def _fitting_files(files: Sequence[RecordFile], wish: Wish) -> list[RecordFile]:
    types = _matching("type", wish.types, {file.type for file in files})
    formats = _matching("format", wish.formats, {file.format for file in files})
    splits = _matching("split", wish.splits, {file.split for file in files})
    return [file for file in files if file.type in types and file.format in formats and file.split in splits]


def _matching(kind: str, patterns: Sequence[str], known: set[str]) -> set[str]:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise ConfigError(f"no records of {kind} '{pattern}'.{did_you_mean(pattern, known)}")
    return {name for name in known if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)}


def _group(file: RecordFile) -> tuple[str, str]:
    return file.type, file.format


def _is_wished(line: Line, wish: Wish) -> bool:
    return (not wish.scenes or line.scene in wish.scenes) and (not wish.ids or line.id in wish.ids)


def _draw_spread(lines: list[Line], wish: Wish, uses: "Counter[str]", rng: "Generator") -> list[Line]:
    """Draw lines of the scenes that were used least, and count them in ``uses``."""
    if wish.ids:
        return lines
    by_scene: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_scene[line.scene].append(line)
    chosen = []
    for _ in range(min(wish.per_group, len(lines))):
        fewest = min(uses[scene] for scene in by_scene)
        scenes = [scene for scene in by_scene if uses[scene] == fewest]
        scene = scenes[int(rng.integers(len(scenes)))]
        chosen.append(by_scene[scene].pop(int(rng.integers(len(by_scene[scene])))))
        uses[scene] += 1
        if not by_scene[scene]:
            del by_scene[scene]
    return chosen


# --- what a sample holds ----------------------------------------------------------------------------------------------


def load_sample(line: Line) -> Sample:
    """Read the record and its evidence. Raises QagenError, with file and line, where either is not as it should be."""
    from qagen.marks import marks_of

    with line.file.path.open("rb") as stream:
        stream.seek(line.start)
        text = stream.readline()
    record = decode(text, Record, line.file.path, line.number)
    try:
        marks = marks_of(decode(text, dict[str, Any], line.file.path, line.number))
    except QagenError as error:
        raise QagenError(f"{line}: {error}") from error
    images = tuple(line.file.dataset / "images" / name for name in record.image)
    return Sample(line, tuple(record.conversations), images, marks, record.is_video, _read_margin(line))


def _read_margin(line: Line) -> str:
    path = line.file.evidence
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        text = next(islice(stream, line.number - 1, None), b"")
    evidence = decode(text, dict[str, Any], path, line.number)
    check_same_id(evidence, line)
    margin = evidence.get("margin")
    if margin is None:
        return ""
    amount = f"{margin:.3g}" if isinstance(margin, float) else str(margin)
    return f"margin {amount} {evidence.get('margin_unit', '')}".rstrip()


# --- pictures ---------------------------------------------------------------------------------------------------------


def draw_card(sample: Sample, width_px: int = CARD_WIDTH_PX) -> "Image":
    """The picture of one sample, ``width_px`` wide and as high as it needs.

    Raises:
        QagenError: an image is missing or cannot be read.
    """
    inner_px = width_px - 2 * round(MARGIN * width_px)
    blocks = [*_image_blocks(sample, inner_px), _text_block(sample.turns, inner_px), _caption_block(sample, inner_px)]
    return _pad(_stack(blocks, round(GAP * 1.5 * width_px)), round(MARGIN * width_px))


def draw_pages(cards: Iterable["Image"]) -> "Iterator[Image]":
    """Contact sheets: cards of one width, each put into the shortest column of its page."""
    cards = iter(cards)
    while page := list(islice(cards, CARDS_PER_PAGE)):
        columns: list[list[Image]] = [[] for _ in range(min(PAGE_COLUMNS, len(page)))]
        for card in page:
            min(columns, key=lambda column: sum(image.height for image in column)).append(card)
        gap_px = round(GAP * page[0].width)
        stacks = [_stack(column, gap_px, DESK) for column in columns]
        yield _pad(_row(stacks, gap_px, DESK), gap_px, DESK)


def _image_blocks(sample: Sample, width_px: int) -> "Iterator[Image]":
    """Rows of captioned images; of a video first the frames that carry marks, large, then all of them."""
    if not sample.images:
        return
    every = range(len(sample.images))
    if not sample.is_video:
        yield _grid(sample, every, min(ROW_OF_IMAGES, len(every)), width_px)
        return
    marked = sorted({mark.image for mark in sample.marks})
    if marked:
        yield _grid(sample, marked, len(marked) if len(marked) in (2, 4) else ROW_OF_IMAGES, width_px)
    yield _grid(sample, every, ROW_OF_FRAMES, width_px, framed=marked)


def _grid(sample: Sample, indices: Sequence[int], columns: int, width_px: int, framed: Sequence[int] = ()) -> "Image":
    gap_px = round(GAP * width_px)
    tile_px = (width_px - (columns - 1) * gap_px) // columns
    tiles = [_tile(sample, index, tile_px, width_px, index in framed) for index in indices]
    rows = [_row(tiles[start : start + columns], gap_px) for start in range(0, len(tiles), columns)]
    return _stack(rows, gap_px)


def _tile(sample: Sample, index: int, tile_px: int, width_px: int, is_framed: bool) -> "Image":
    from PIL import ImageOps

    from qagen.marks import draw_marks

    image = _open_scaled(sample, index, (tile_px, round(min(SINGLE_HEIGHT * width_px, 1.5 * tile_px))))
    image = draw_marks(image, [mark for mark in sample.marks if mark.image == index])
    if is_framed:
        image = ImageOps.expand(ImageOps.crop(image, 3), 3, FRAMED)
    if len(sample.images) == 1:
        return image
    title = f"Frame-{index}" if sample.is_video else f"Image {index + 1}"
    font = _font(SMALL_TEXT_SIZE * width_px)
    return _stack([_lines_block([title], font, FRAMED if is_framed else FAINT, tile_px), image], 0)


def _open_scaled(sample: Sample, index: int, box_px: tuple[int, int]) -> "Image":
    """The image scaled to fit a box. A JPEG is decoded no larger than needed."""
    from PIL import Image, ImageOps

    path = sample.images[index]
    if not path.is_file():
        raise QagenError(
            f"{sample.line}: image {path} of record {sample.line.id} is missing; "
            "a run without media keeps records only: generate again with --media copy"
        )
    try:
        with Image.open(path) as image:
            image.draft("RGB", box_px)
            return ImageOps.contain(image.convert("RGB"), box_px)
    except (OSError, Image.DecompressionBombError) as error:
        raise QagenError(f"{sample.line}: image {path} cannot be read ({error})") from error


def _text_block(turns: Sequence[Turn], width_px: int) -> "Image":
    """Each turn behind a coloured letter: Q for the question, A for the answer."""
    font = _font(TEXT_SIZE * width_px)
    letter_px = round(2 * TEXT_SIZE * width_px)
    blocks = []
    for turn in turns:
        letter, color = ("Q", FAINT) if turn.speaker == "human" else ("A", ACCENT)
        lines = wrap(spell(turn.value), width_px - letter_px, font.getlength)
        text = _lines_block(lines, font, INK if letter == "Q" else ACCENT, width_px - letter_px)
        blocks.append(_row([_lines_block([letter], font, color, letter_px), text], 0))
    return _stack(blocks, round(GAP / 2 * width_px))


def _caption_block(sample: Sample, width_px: int) -> "Image":
    font = _font(SMALL_TEXT_SIZE * width_px)
    return _lines_block(wrap(spell(sample.caption), width_px, font.getlength), font, FAINT, width_px)


def wrap(text: str, width_px: float, length_of: Callable[[str], float]) -> list[str]:
    """Break lines between words where ``length_of`` exceeds the width; longer words are broken anywhere."""
    return [line for paragraph in text.split("\n") for line in _wrap_paragraph(paragraph, width_px, length_of)]


def _wrap_paragraph(text: str, width_px: float, length_of: Callable[[str], float]) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if length_of(longer) <= width_px:
            line = longer
            continue
        if line:
            yield line
        line = word
        while len(line) > 1 and length_of(line) > width_px:
            cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or length_of(line[:n]) <= width_px)
            yield line[:cut]
            line = line[cut:]
    yield line


def spell(text: str) -> str:
    """``text`` in signs that the font has: a stand-in or the letter without its accent, else the sign's code.

    The font that comes with Pillow covers ASCII and little else.
    """
    return "".join(_spell_sign(sign) for sign in text)


def _spell_sign(sign: str) -> str:
    if sign == "\n" or " " <= sign <= "~" or sign in "·°±“”‘’…":
        return sign
    if sign.isspace() or sign in IN_ASCII:
        return IN_ASCII.get(sign, " ")
    bare = unicodedata.normalize("NFKD", sign)[0]
    return bare if bare.isascii() and bare.isprintable() else sign.encode("unicode_escape").decode()


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


# --- the command ------------------------------------------------------------------------------------------------------


def show(out: Path, folder: Path, wish: Wish, as_sheets: bool) -> tuple[int, int]:
    """Draw the wished samples of a run into ``folder`` and return how many samples and pictures there are.

    Raises:
        QagenError: an unknown name, a file that cannot be read, a missing image.
    """
    samples = [load_sample(line) for line in choose_samples(find_record_files(out), wish)]
    _make_folder(folder)
    if as_sheets:
        pages = draw_pages(draw_card(sample, SHEET_CARD_WIDTH_PX) for sample in samples)
        pictures = ((f"sheet-{number:03d}", page) for number, page in enumerate(pages, 1))
    else:
        pictures = ((sample.name, draw_card(sample)) for sample in samples)
    count = 0
    for name, picture in pictures:
        _write_png(picture, folder / f"{name}.png")
        count += 1
    return len(samples), count


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--to {folder}: cannot be made a folder ({error.strerror})") from error


def _write_png(picture: "Image", path: Path) -> None:
    """Write so that ``path`` is never half a picture."""
    part = path.with_name(f".{path.name}.part")
    try:
        picture.save(part, format="PNG")
        part.replace(path)
    except OSError as error:
        raise QagenError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)


def _split_commas(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


@click.command(epilog=EPILOG, context_settings={"max_content_width": 110})
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder for the pictures."
)
@click.option(
    "--type", "types", multiple=True, callback=_split_commas, metavar="TYPE,...", help="Only these types; * matches."
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    callback=_split_commas,
    metavar="FORMAT,...",
    help="Of fill, select, sentence, judge.",
)
@click.option(
    "--split", "splits", multiple=True, callback=_split_commas, metavar="SPLIT,...", help="Only these splits."
)
@click.option(
    "--scene", "scenes", multiple=True, callback=_split_commas, metavar="SCENE,...", help="Only these scenes."
)
@click.option(
    "--ids", multiple=True, callback=_split_commas, metavar="ID,...", help="Just these records, whatever --n says."
)
@click.option(
    "--n", "per_group", default=1, show_default=True, type=click.IntRange(1), help="Samples of each type and format."
)
@click.option("--sheet", "as_sheets", is_flag=True, help="Six samples on a page.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, other samples.")
def main(out: Path, folder: Path, as_sheets: bool, **wish: Any) -> None:
    """Draw samples of the run in OUT as pictures: images with their marks, question, answer.

    Without options, one sample of every type and format is drawn, spread over the scenes.

    Exit code 0: the pictures are drawn; 2: an option that fits nothing, or output that cannot be read.
    """
    try:
        samples, pictures = show(out, folder, Wish(**wish), as_sheets)
    except QagenError as error:
        click.echo(f"qagen: {error}", err=True)
        raise SystemExit(2) from error
    click.echo(f"{samples} samples in {pictures} pictures: {folder}")


if __name__ == "__main__":
    main()
