"""One HTML file to look through a run: samples with their marks and evidence, and how everything is distributed.

The file needs nothing beside it. Marks are pictures of their own on top of the images, made by the one function that
draws marks, so that they can be switched off.
"""

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from qagen.records.marks import Mark, draw_marks
from qagen.view.picture import open_image
from qagen.view.samples import ViewSample
from qagen.view.statistics import DISTANCE_BIN_M, Distributions, chart

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGE_PX, FRAME_PX = (960, 720), (400, 300)
"""Largest size of an image, and of a frame of a video, in the page."""
JPEG_QUALITY = 80
MOST_LABELS = 40
PAGE = Path(__file__).with_suffix(".html")
DATA_PLACE = "/*DATA*/"


def gallery_page(samples: Sequence[ViewSample], told: Distributions) -> str:
    """The page.

    Raises:
        QagenError: an image is missing or cannot be read.
    """
    images = _Images()
    data = {
        "samples": [_sample(sample, images) for sample in samples],
        "images": images.encoded,
        "statistics": _statistics(told),
    }
    text = msgspec.json.encode(data).decode().replace("<", "\\u003c")  # so that no text can end the script element
    return PAGE.read_text(encoding="utf-8").replace(DATA_PLACE, text)


class _Images:
    """Every image once, however many samples show it."""

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self._places: dict[tuple[Path, tuple[int, int]], int] = {}
        self._sizes: list[tuple[int, int]] = []

    def place(self, sample: ViewSample, index: int) -> int:
        """Where an image of a sample is in ``encoded``."""
        box = FRAME_PX if sample.is_video else IMAGE_PX
        key = (sample.images[index], box)
        if key not in self._places:
            image = open_image(sample, index, box)
            self._places[key] = len(self.encoded)
            self._sizes.append(image.size)
            self.encoded.append(_data_uri(image, "JPEG"))
        return self._places[key]

    def size(self, place: int) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self._sizes[place]


def _sample(sample: ViewSample, images: _Images) -> dict[str, Any]:
    file = sample.line.file
    places = [images.place(sample, index) for index in range(len(sample.images))]
    marked = sorted({mark.image for mark in sample.marks})
    return {
        "id": sample.line.id,
        "type": file.type,
        "format": file.format,
        "split": file.split,
        "dataset": file.dataset.name,
        "scene": sample.line.scene,
        "turns": [[turn.speaker, turn.value] for turn in sample.turns],
        "images": places,
        "names": [sample.image_name(index) for index in range(len(places))],
        "marks": {index: _overlay(sample.marks, index, images.size(places[index])) for index in marked},
        "video": sample.is_video,
        "evidence": sample.reasons,
    }


def _overlay(marks: Sequence[Mark], index: int, size: tuple[int, int]) -> str:
    """The marks of one image on glass: what drawing them on black and on white leaves the same is theirs."""
    from PIL import Image, ImageChops, ImageOps

    own = [mark for mark in marks if mark.image == index]
    on_black, on_white = (draw_marks(Image.new("RGB", size, ground), own) for ground in ("black", "white"))
    glass = ImageOps.invert(ImageChops.difference(on_black, on_white).convert("L"))
    on_white.putalpha(glass)
    return _data_uri(on_white, "PNG")


def _data_uri(image: "Image", kind: str) -> str:
    buffer = BytesIO()
    image.save(buffer, kind, quality=JPEG_QUALITY)
    return f"data:image/{kind.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


def _statistics(told: Distributions) -> dict[str, Any]:
    distances = [[f"{bin_ * DISTANCE_BIN_M:g}", count] for bin_, count in sorted(told.distances.items())]
    return {
        "types": {
            name: {
                "samples": counts.samples,
                "chosen": chart(counts.chosen),
                "answers": chart(counts.answers),
                "skips": told.skips[name].most_common() if name in told.skips else [],
            }
            for name, counts in sorted(told.types.items())
        },
        "scenes": told.scenes.most_common(),
        "labels": told.labels.most_common(MOST_LABELS),
        "more_labels": max(0, len(told.labels) - MOST_LABELS),
        "distances": distances,
        "unasked": {name: skips.most_common() for name, skips in sorted(told.skips.items()) if name not in told.types},
    }
