"""Samples as one page for the browser: an overview, each sample with its images large, and statistics."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qagen.core.sample import FORMATS
from qagen.records.shapes import MASK_STROKE_PX, Border, Disc, Plate, Region, Shape, text_size
from qagen.view.floor_map import FloorMap
from qagen.view.page import data_uri, render_page
from qagen.view.picture import measure_image, open_image, read_image
from qagen.view.samples import Viewable, ViewSample
from qagen.view.statistics import summarize

if TYPE_CHECKING:
    import pandas as pd

    from qagen.core.scene import ImageSource

IMAGE_PX, MIN_IMAGE_PX = 960, 320
"""Longer side of an image in the page, and how small it gets where there are more than FULL_SIZE_IMAGES."""
FULL_SIZE_IMAGES = 300
LINES_BETWEEN = {"distance_m", "surface_distance_m", "ratio", "extreme"}
"""Measured quantities that lie between the first object of a question and each of the others."""
FILTERS = ("type", "format", "scene", "dataset", "split")
"""Groups by which the page filters."""
OUTLINE_ERROR_PX = 0.7
"""How far the outline of a mask may lie from its pixels, in an image of its own size."""
Progress = Callable[[int, int, str], None]
"""Is called with how much is done, of how much, and what is being done."""


class Gallery:
    """What the page holds; every image, list of images and floor plan once, however many samples show it."""

    def __init__(self) -> None:
        self._images = _Images()
        self._reels: dict[tuple[tuple[int, str, str], ...], int] = {}
        self._plans: defaultdict[tuple[str, str, bool], FloorMap] = defaultdict(FloorMap)
        self._shown_plans: dict[tuple[str, str, bool], int] = {}
        self._samples: list[dict[str, Any]] = []

    def note(self, sample: ViewSample) -> None:
        """Take in what the evidence of a sample tells about its scene, whether the page shows the sample or not."""
        self._plans[_plan_key(sample)].add(sample.evidence, sample.marks)

    def add(self, sample: Viewable, **more: Any) -> None:
        """Add a sample, with what else its entry shall hold. Raises QagenError where an image cannot be read."""
        placed = [self._images.place(sample, index) for index in range(len(sample.images))]
        frames = sample.frames or [""] * len(placed)
        names = (sample.image_name(index) for index in range(len(placed)))
        reel = tuple(zip((number for number, _ in placed), names, frames, strict=True))
        entry: dict[str, Any] = {
            "id": sample.id,
            **sample.groups,
            "turns": [[turn.speaker, turn.value] for turn in sample.turns],
            "reel": self._reels.setdefault(reel, len(self._reels)),
            "marks": {index: _drawn(sample, index, placed[index][1]) for index in sample.marked},
            "video": sample.is_video,
            "evidence": sample.reasons,
            "steps": sample.steps,
            "map": self._on_map(sample) if isinstance(sample, ViewSample) else None,
        }
        self._keep(entry | more)

    def add_bare(self, name: str, type_name: str, format_name: str, **more: Any) -> None:
        """Add an entry without images, question and answer."""
        groups = dict.fromkeys(FILTERS, "") | {"type": type_name, "format": format_name}
        self._keep({"id": name, **groups, "video": False, **more})

    def _keep(self, entry: dict[str, Any]) -> None:
        self._samples.append({name: value for name, value in entry.items() if value not in (None, [], {})})

    def _on_map(self, sample: ViewSample) -> dict[str, Any] | None:
        """What of the floor plan belongs to a sample."""
        evidence = sample.evidence
        if "frames" not in evidence:
            return None
        measured = evidence.get("measured", {})
        objects = [[str(item["id"]), sample.color_of(item), item["image"]] for item in evidence.get("objects", ())]
        ids = [str(name) for name in measured.get("ids", measured.get("object_ids", ()))]
        path = measured.get("corners_m") or measured.get("corners_u")
        number = self._shown_plans.setdefault(_plan_key(sample), len(self._shown_plans))
        is_between = not LINES_BETWEEN.isdisjoint(measured)
        also = {"objects": objects, "ids": ids, "between": is_between, "path": path}
        return {"plan": number} | {name: value for name, value in also.items() if value}

    def page(
        self,
        title: str,
        counts: "pd.DataFrame | None" = None,
        formats: Sequence[str] = FORMATS,
        format_word: str = "format",
        progress: Progress = lambda *_: None,
    ) -> str:
        """The page.

        Args:
            title: at its head.
            counts: of ``RunCounts``; there are no statistics without.
            formats: in the order in which they are counted.
            format_word: what the page calls them.
            progress: is called after each image.

        Raises:
            QagenError: an image cannot be read.
        """
        data = {
            "samples": self._samples,
            "reels": [*self._reels],
            "sizes": self._images.sizes,
            "plans": [self._plans[key].data() for key in self._shown_plans],
            "words": [(key, format_word if key == "format" else key) for key in FILTERS],
        }
        statistics = None if counts is None else summarize(counts)
        images = self._images.encoded(progress)
        return render_page(
            "gallery.html", title=title, data=data, images=images, statistics=statistics, formats=formats
        )


def _plan_key(sample: ViewSample) -> tuple[str, str, bool]:
    """Dataset, scene, and whether it is seen in the mirror."""
    is_mirrored = (sample.evidence.get("group") or {}).get("variant") == "mirror"
    return sample.groups["dataset"], sample.groups["scene"], is_mirrored


class _Images:
    """Images by content: copies in several folders are one."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []
        """Width and height of each, in its file."""
        self._shown_by: list[tuple[Viewable, int]] = []
        self._by_source: dict[Path | ImageSource, int] = {}
        self._by_content: dict[bytes, int] = {}

    def place(self, sample: Viewable, index: int) -> tuple[int, tuple[int, int]]:
        """Number and size of an image of a sample. Raises QagenError where it cannot be read."""
        source = sample.images[index]
        if source not in self._by_source:
            content = read_image(sample, index)
            digest = blake2b(content, digest_size=16).digest()
            if digest not in self._by_content:
                self._by_content[digest] = len(self.sizes)
                self.sizes.append(measure_image(sample, index, content))
                self._shown_by.append((sample, index))
            self._by_source[source] = self._by_content[digest]
        number = self._by_source[source]
        return number, self.sizes[number]

    def encoded(self, progress: Progress) -> list[str]:
        """All images as sources of the page."""
        count = len(self.sizes)
        side = max(MIN_IMAGE_PX, round(IMAGE_PX * min(1.0, sqrt(FULL_SIZE_IMAGES / max(1, count)))))
        sources = []
        for done, (size, (sample, index)) in enumerate(zip(self.sizes, self._shown_by, strict=True), 1):
            own = min(side, max(size))  # images are not enlarged
            sources.append(data_uri(open_image(sample, index, (own, own)), "WEBP"))
            progress(done, count, "Packing images")
        return sources


# --- marks ------------------------------------------------------------------------------------------------------------


def _drawn(sample: Viewable, index: int, size: tuple[int, int]) -> list[list[Any]]:
    """The marks of an image as the page's script takes them: kind, color, and their numbers."""
    return [_drawn_shape(shape, size) for shape in sample.shapes(index, size)]


def _drawn_shape(shape: Shape, size: tuple[int, int]) -> list[Any]:
    match shape:
        case Disc((x, y), radius, color):
            return ["disc", color, *(round(value, 2) for value in (x, y, radius))]
        case Border((left, top, right, bottom), stroke, color):
            return ["border", color, left, top, right + 1 - left, bottom + 1 - top, 0 if shape.is_filled else stroke]
        case Plate((left, top, right, bottom), text, color):
            place = left, top, right + 1 - left, bottom + 1 - top
            return ["plate", color, *place, round(text_size(size), 1), shape.ink, text]
        case Region():
            return ["region", shape.color, outline_path(shape), MASK_STROKE_PX]


def outline_path(region: Region) -> str:
    """An SVG path of the closed lines in the middle of a region's outline, holes among them."""
    import cv2
    import numpy as np

    grown = cv2.dilate(np.pad(region.mask, 2).astype(np.uint8), np.ones((3, 3), np.uint8))
    lines, _ = cv2.findContours(grown, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    corners = [cv2.approxPolyDP(line, OUTLINE_ERROR_PX, closed=True)[:, 0] - 2 for line in lines]
    return "".join(f"M{' '.join(f'{x + 0.5:g},{y + 0.5:g}' for x, y in line.tolist())}Z" for line in corners)
