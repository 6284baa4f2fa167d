"""``qagen spacevista show``: items with their prompts drawn, as pictures, as one sheet or as a page for the browser."""

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import blake2b
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qagen import cli
from qagen.core.reasons import UNUSABLE_FRAME
from qagen.errors import ConfigError, QagenError
from qagen.files import atomic_folder, open_atomic, write_atomic
from qagen.records.read import MAX_IMAGES, Turn
from qagen.spacevista.forms import POINT_ORDERS, Item, ItemError, PointOrder, form_of, input_kind, view
from qagen.spacevista.point_order import decide_point_order, has_points
from qagen.spacevista.stream import Entry, read_items

if TYPE_CHECKING:
    from qagen.records.shapes import Shape, Size
    from qagen.spacevista.draw import PlacedItem, PlacedMark
    from qagen.spacevista.frames import MediaRoot

Group = tuple[str, str]
"""Task, and kind of prompt."""
Counts = Counter[tuple[str, str, str]]
"""Number of items by quantity ("samples" or "scenes"), task, and kind of prompt or source."""
SHEET_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
MAX_ON_SHEET, SHEET_COLUMNS = 48, 4
MAX_NAMED = 10
"""Items that cannot be drawn are named one by one up to this number, and then counted."""
MAX_KNOWN_IDS = 20_000
"""Ids that an unknown one is compared with."""


@dataclass(frozen=True, slots=True)
class ViewItem:
    """An item with its frames and prompts, as pictures and pages show it."""

    where: str
    """File and item."""
    item: Item
    placed: "PlacedItem"
    groups: dict[str, str]
    """Type, format, scene, dataset and split, in the words of pages: task, kind of prompt, source, file, nothing."""
    shown: tuple[int, ...]
    """Frames that are shown: those with marks, then the others."""

    @property
    def id(self) -> str:
        return self.item.id

    @property
    def turns(self) -> tuple[Turn, ...]:
        return Turn("human", self.item.question), Turn("gpt", self.item.answer)

    @property
    def images(self) -> tuple[Path, ...]:
        return tuple(self.placed.files[frame] for frame in self.shown)

    @property
    def is_video(self) -> bool:
        return len(self.shown) > MAX_IMAGES

    @property
    def marked(self) -> list[int]:
        return list(range(len(self.placed.marked)))

    @property
    def caption(self) -> str:
        parts = (self.groups["type"], self.groups["format"], self.item.category, self.item.scale, self.id)
        return " · ".join(part for part in parts if part)

    @property
    def steps(self) -> list[str]:
        return []

    @property
    def frames(self) -> list[str]:
        return []

    @property
    def reasons(self) -> list[str]:
        """A line for each prompt, the number of frames where some are left out, and the reasoning of the answer."""
        count = len(self.placed.files)
        left_out = [f"{len(self.shown)} of {count} frames are shown"] if len(self.shown) < count else []
        thoughts = [f"think: {self.item.think.strip()}"] if self.item.think else []
        return [*map(_describe, self.placed.marks), *left_out, *thoughts]

    def image_name(self, index: int) -> str:
        return f"Frame-{self.shown[index]}"

    def shapes(self, index: int, size: "Size") -> "list[Shape]":
        return self.placed.shapes(self.shown[index], size)


def _describe(mark: "PlacedMark") -> str:
    names = ("x", "y") if len(mark.place) == 2 else ("x1", "y1", "x2", "y2")
    place = ", ".join(f"{name} {value:g}" for name, value in zip(names, mark.place, strict=False))
    if mark.mask is not None:
        place = f"{int(mark.mask.sum())} pixels"
    name = f" ({mark.name})" if mark.name else ""
    return f"{mark.color} {mark.kind}{name} on frame {mark.frame}: {place}"


@cli.command(
    "qagen spacevista show meta.json --root /data/SpaceVista --html items.html",
    "qagen spacevista show all.json --root /data/SpaceVista --to pictures --n 99",
    "qagen spacevista show bench.json --root media --sheet items.png --ids 17,4",
)
@click.argument("file", metavar="FILE", type=cli.PATH)
@cli.path_option("--root", required=True, metavar="MEDIA", help="Folder below which the frames and masks lie.")
@cli.path_option("--to", "folder", metavar="DIR", help="Draw pictures into this new folder.")
@cli.path_option("--html", metavar="FILE", help="Write a page to browse.")
@cli.path_option("--sheet", metavar="FILE", help="Draw all items on one picture, PNG or JPEG.")
@cli.names_option("--ids", "ID", "Items, whatever --n says.", default="any")
@cli.option("--n", "count", default=24, show_default=True, type=click.IntRange(1), help="Number of items.")
@cli.option(
    "--point-order",
    type=click.Choice(POINT_ORDERS),
    help="Order of the coordinates of points.  [default: as the file states it, or as all points are inside]",
)
@cli.seed_option("Random seed of the selection.")
def main(
    file: Path,
    root: Path,
    folder: Path | None,
    html: Path | None,
    sheet: Path | None,
    ids: tuple[str, ...],
    count: int,
    point_order: PointOrder | None,
    seed: int,
) -> None:
    """Show items of FILE: frames with the prompts drawn on them, the marked ones first, question and answer.

    Without --ids, items are drawn at random, evenly from all tasks and kinds of prompt. An item that cannot be drawn
    is named and left out. Nothing that exists is replaced.

    Exit codes: 0: done. 2: a mistake in the options, a file that cannot be read, or no item that can be drawn.
    """
    from qagen.spacevista.frames import MediaRoot

    cli.check_root(root)
    _check_targets(folder, html, sheet)
    with cli.progress("Reading") as bar:
        chosen, counts = choose_items(file, ids, count, seed, bar)
    if sheet is not None and len(chosen) > MAX_ON_SHEET:
        raise ConfigError(f"--sheet: found {len(chosen)} items, expected at most {MAX_ON_SHEET}; take --to or --html")
    if point_order is None and any(has_points(entry.value, form_of(entry.value)) for entry in chosen):
        point_order = decide_point_order(file, MediaRoot(root))
    gallery = Gallery(file, MediaRoot(root), point_order or "yx", chosen)
    usable = gallery.check()
    if folder is not None:
        gallery.draw_pictures(folder)
        cli.show(f"{usable} items in {usable} pictures: {folder}")
    if sheet is not None:
        gallery.draw_sheet(sheet)
        cli.show(f"{usable} items on one sheet: {sheet}")
    if html is not None:
        gallery.write_page(html, counts)
        cli.show(f"{usable} items, {html.stat().st_size / 1e6:.1f} MB: {html}")
        cli.show("Next: open it in a browser; nothing else is needed")


def _check_targets(folder: Path | None, html: Path | None, sheet: Path | None) -> None:
    """Raise ConfigError where nothing is to be written, or something stands where it would be."""
    if folder is None and html is None and sheet is None:
        raise ConfigError("nothing to do: expected --to DIR, --sheet FILE or --html FILE")
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"--to: {folder}: found something there, expected a new or empty folder")
    for name, target in (("--html", html), ("--sheet", sheet)):
        if target is not None and (target.exists() or target.is_symlink()):
            raise ConfigError(f"{name}: {target}: found something there, expected a new file; name another one")
    if sheet is not None and sheet.suffix.lower() not in SHEET_FORMATS:
        raise ConfigError(f"--sheet: found {sheet.name}, expected a name that ends in {', '.join(SHEET_FORMATS)}")


# --- choosing ---------------------------------------------------------------------------------------------------------


def choose_items(path: Path, ids: Sequence[str], count: int, seed: int, bar: cli.Bar) -> tuple[list[Entry], Counts]:
    """The chosen items in the order of the file, and counts of all of its items.

    Without ids the file is read twice, so that only the chosen items are held.

    Raises:
        ConfigError: there is no item, or none with one of the ids.
        QagenError: the file is no list of items.
    """
    counts: Counts = Counter()
    queues: defaultdict[Group, list[tuple[int, int]]] = defaultdict(list)
    by_id: list[Entry] = []
    missing, known = set(ids), list[str]()
    for entry in read_items(path, bar):
        group = group_of(entry.value)
        counts["samples", *group] += 1
        counts["scenes", "", source_of(entry.value)] += 1
        if ids:
            names = _ids_of(entry)
            if not names.isdisjoint(ids):
                by_id.append(entry)
            missing -= names
            known += sorted(names) if len(known) < MAX_KNOWN_IDS else ()
            continue
        key = int.from_bytes(blake2b(f"{seed} {entry.number}".encode(), digest_size=8).digest(), "big")
        push = heapq.heappush if len(queues[group]) < count else heapq.heappushpop
        push(queues[group], (-key, entry.number))  # the smallest keys stay
    if not counts:
        raise ConfigError(f"{path}: found no item, expected at least one")
    for name in sorted(missing):
        near = [f" Did you mean '{other}'?" for other in get_close_matches(name, known, n=1)]
        raise ConfigError(f"--ids: {path}: no item '{name}'.{''.join(near)}")
    return by_id or _with_numbers(path, _take_turns(queues, count), bar), counts


def _with_numbers(path: Path, numbers: set[int], bar: cli.Bar) -> list[Entry]:
    last = max(numbers)
    entries = takewhile(lambda entry: entry.number <= last, read_items(path, bar))
    return [entry for entry in entries if entry.number in numbers]


def _ids_of(entry: Entry) -> set[str]:
    names = (entry.value.get(key) for key in ("problem_id", "id"))
    return {str(name) for name in names if isinstance(name, str | int)}


def _take_turns(queues: dict[Group, list[tuple[int, int]]], count: int) -> set[int]:
    """``count`` numbers, one of each group in turn."""
    ordered = [[number for _, number in sorted(queues[group], reverse=True)] for group in sorted(queues)]
    turns = sorted((place, turn, number) for turn, some in enumerate(ordered) for place, number in enumerate(some))
    return {number for _, _, number in turns[:count]}


def group_of(item: dict[str, Any]) -> Group:
    """Task and kind of prompt of an item that may be damaged; "" where it has none."""
    facts = _facts(item)
    kind = item.get("input_type", facts.get("input_type"))
    parts = input_kind(kind).split("_") if isinstance(kind, str) else []
    return (
        _text(facts, ("task_type", "original_type")) or _text(item, ("TaskType", "original_type")),
        "+".join(part for part in parts if part in ("point", "bbox", "mask")) or "text",
    )


def source_of(item: dict[str, Any]) -> str:
    """Where the scene of an item comes from, or its category."""
    return _text(_facts(item), ("scene_source", "category")) or "unknown"


def _facts(item: dict[str, Any]) -> dict[str, Any]:
    facts = item.get("metadata", item.get("extra_info"))
    return facts if isinstance(facts, dict) else {}


def _text(facts: dict[str, Any], keys: Sequence[str]) -> str:
    """The first value that is text; half of a surrogate pair, which tables cannot hold, as an escape."""
    text = next((value for key in keys if isinstance(value := facts.get(key), str) and value), "")
    return text.encode("utf-8", "backslashreplace").decode()


# --- drawing ----------------------------------------------------------------------------------------------------------


class Gallery:
    """Chosen items of a file, which are placed one at a time."""

    def __init__(self, path: Path, media: "MediaRoot", point_order: PointOrder, entries: Sequence[Entry]) -> None:
        self.path = path
        self._media = media
        self._point_order: PointOrder = point_order
        self._entries = list(entries)

    def check(self) -> int:
        """Name the items that cannot be drawn, leave them out, and return the number of the others.

        Raises:
            ConfigError: none is left.
        """
        self._find_all()
        usable, faults = [], Counter[str]()
        with cli.progress("Checking frames", len(self._entries)) as bar:
            for entry in self._entries:
                try:
                    self._check_pixels(self._load(entry))
                    usable.append(entry)
                except ItemError as error:
                    faults[error.reason] += 1
                    if faults.total() <= MAX_NAMED:
                        cli.warn(f"{self.path}: {entry.name}: {error}")
                bar.advance()
        if faults:
            reasons = ", ".join(f"{reason} {number}" for reason, number in faults.most_common())
            cli.warn(f"{faults.total()} of {len(self._entries)} items cannot be drawn and are left out: {reasons}")
        if not usable:
            raise ConfigError(f"{self.path}: none of the chosen items can be drawn; does --root lead to their frames?")
        self._entries = usable
        return len(usable)

    def _find_all(self) -> None:
        """Find all frames before any is drawn: a folder that two scenes claim is known only then."""
        from qagen.spacevista.forms import frames_of

        for entry in self._entries:
            try:
                for frame in frames_of(entry.item()):
                    self._media.find(frame)
            except ItemError:
                continue  # it is told when the item is placed

    def _load(self, entry: Entry) -> ViewItem:
        """Place an item. Raises ItemError."""
        from qagen.spacevista.draw import choose_shown, place_item

        item = view(entry.item(), form_of(entry.value), self._point_order)
        if not item.frames:
            raise ItemError(UNUSABLE_FRAME, f"found an item of the form '{item.form}', which has no frames to show")
        placed = place_item(item, self._media)
        shown = choose_shown(len(placed.files), placed.marked)
        order = [*placed.marked, *(frame for frame in shown if frame not in placed.marked)]
        task, kind = group_of(entry.value)
        groups = {"type": task, "format": kind, "scene": source_of(entry.value), "dataset": self.path.name, "split": ""}
        return ViewItem(f"{self.path}: {entry.name}", item, placed, groups, tuple(order))

    def _check_pixels(self, sample: ViewItem) -> None:
        """Decode the frames that will be shown. Raises ItemError where one is damaged."""
        from qagen.view.picture import open_image

        for index in range(len(sample.images)):
            try:
                open_image(sample, index, (1, 1))
            except QagenError as error:
                message = str(error).removeprefix(f"{sample.where}: ")
                raise ItemError(UNUSABLE_FRAME, message) from error

    def _samples(self) -> Iterator[ViewItem]:
        with cli.progress("Drawing items", len(self._entries)) as bar:
            for entry in self._entries:
                yield self._load(entry)
                bar.advance()

    def draw_pictures(self, folder: Path) -> None:
        """Draw each item into a file of the new folder."""
        from qagen.view.picture import draw_sample

        with atomic_folder(folder, replace=folder.exists()) as new:  # it was new or empty
            for entry, sample in zip(self._entries, self._samples(), strict=True):
                name = re.sub(r"[^\w-]", "_", f"{entry.number:06d}-{sample.id[:80]}")
                with open_atomic(new / f"{name}.png") as file:
                    draw_sample(sample).save(file, format="PNG")

    def draw_sheet(self, path: Path) -> None:
        """Draw all items on one picture."""
        from qagen.view.picture import SHEET_PICTURE_WIDTH_PX, draw_sample, draw_sheets

        columns = min(SHEET_COLUMNS, max(2, len(self._entries) // 3))
        pictures = (draw_sample(sample, SHEET_PICTURE_WIDTH_PX) for sample in self._samples())
        (page,) = draw_sheets(pictures, MAX_ON_SHEET, columns)
        with open_atomic(path) as file:
            page.save(file, format=SHEET_FORMATS[path.suffix.lower()], quality=90)

    def write_page(self, path: Path, counts: Counts) -> None:
        """Write one page for the browser, with counts of the whole file."""
        import pandas as pd

        from qagen.view.gallery import Gallery as SamplePage

        table = pd.DataFrame(
            [(*key, number) for key, number in counts.items()], columns=["quantity", "type", "value", "count"]
        )
        kinds = sorted({kind for quantity, _, kind in counts if quantity == "samples"})
        gallery = SamplePage()
        for sample in self._samples():
            gallery.add(sample)
        with cli.progress("Packing images") as bar:
            page = gallery.page(self.path.name, table, kinds, "input", bar.update)
        write_atomic(path, page.encode("utf-8", "backslashreplace"))


if __name__ == "__main__":
    main()
